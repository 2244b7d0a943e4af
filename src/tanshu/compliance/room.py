"""What compliance brings to the register's transactions; `tanshu.app` registers it at start-up."""

from tanshu.compliance import allocation, surrender
from tanshu.registry.rooms import Room

ROOM = Room(
    name="compliance",
    checks={
        "pre-allocation": (allocation.check_allocation,),
        "final-allocation": (allocation.check_allocation,),
        "return-of-excess": (allocation.check_return,),
        "surrender": (surrender.check_surrender,),
        "offset": (surrender.check_offset,),
    },
    on_proposed={
        "pre-allocation": allocation.link_allocation,
        "final-allocation": allocation.link_allocation,
        "return-of-excess": allocation.link_return,
        "offset": surrender.keep_claims,
    },
    on_dropped={
        "pre-allocation": allocation.unlink_allocation,
        "final-allocation": allocation.unlink_allocation,
        "return-of-excess": allocation.unlink_return,
        "offset": surrender.free_claims,
    },
)
