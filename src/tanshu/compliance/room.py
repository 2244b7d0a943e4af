"""What compliance brings to the register's transactions; `tanshu.app` registers it at start-up."""

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.compliance import (
    allocation,
    carry_over_service,
    duty_checks,
    obligations,
    reversal,
    surplus,
    surrender,
    withheld,
    withholding,
)
from tanshu.mrv import queries as mrv
from tanshu.parties import checks as party_checks
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind
from tanshu.registry.rooms import Room


def check_closing(act: Act, account: Account) -> Refusal | None:
    """A registration account stays open while its owner owes something for any year, or is owed something."""
    if account.kind is not AccountKind.REGISTRATION:
        return None
    subject = parties.subject_by_id(act.conn, account.subject_id)
    for year in mrv.years(act.conn):
        owed = obligations.owed(act.conn, subject, year, today=act.today)
        due = 0 if isinstance(owed, Refusal) else owed.due_t + owed.return_due_t
        if due:
            return party_checks.OPEN_OBLIGATION(field="account", account=account.code, year=year, due=due)
        kept = withheld.kept_for(act.conn, subject.id, year)
        if kept and kept.left_t:
            told = {"account": account.code, "year": year, "left": kept.left_t}
            return duty_checks.STILL_WITHHELD(field="account", **told)
    return None


ROOM = Room(
    name="compliance",
    before={
        "forced-surrender": withholding.take_out,
        "withheld-release": withholding.take_out,
    },
    checks={
        "pre-allocation": (allocation.check_allocation,),
        "final-allocation": (withholding.check_not_withheld, allocation.check_allocation),
        "return-of-excess": (allocation.check_return,),
        "surrender": (surrender.check_surrender,),
        "offset": (surrender.check_offset,),
        "surrender-reversal": (reversal.check_reversal,),
        "carry-over": (carry_over_service.check_application,),
        "carry-over-issuance": (carry_over_service.check_issuance,),
        "forced-surrender": (withholding.check_forced,),
        "withheld-release": (withholding.check_release,),
        "helping-surrender": (surrender.check_helping,),
        "surplus-cancellation": (surplus.check,),
    },
    on_proposed={
        "pre-allocation": allocation.link_allocation,
        "final-allocation": allocation.link_allocation,
        "offset": surrender.keep_claims,
    },
    on_effected={
        "pre-allocation": allocation.put_in_force,
        "final-allocation": allocation.put_in_force,
    },
    on_dropped={
        "pre-allocation": allocation.unlink_allocation,
        "final-allocation": allocation.unlink_allocation,
        "offset": surrender.free_claims,
        "forced-surrender": withholding.hold_again,
        "withheld-release": withholding.hold_again,
    },
    on_undone=dict.fromkeys(("forced-surrender", "withheld-release"), withholding.hold_again),
)
