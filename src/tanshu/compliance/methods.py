"""How an entity's quota is computed: one row per kind of allocation pack.

To add a method: a schema and its formulas in rules, the data it needs in mrv, and a row here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final, Protocol

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal, need
from tanshu.mrv import output_queries
from tanshu.mrv import queries as mrv
from tanshu.rules import factors, output, power
from tanshu.rules.explain import Explained
from tanshu.rules.pack_model import Pack


class Allocation(Explained, Protocol):
    """What every method comes to, in whole tonnes; gap_rate is a fraction."""

    @property
    def verified_t(self) -> int: ...

    @property
    def approved_t(self) -> int: ...

    @property
    def obligation_t(self) -> int: ...

    @property
    def gap_t(self) -> int: ...

    @property
    def gap_rate(self) -> Decimal: ...

    def as_json(self) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True)
class Method:
    """data: what MRV holds of an entity's year. allocate: from pack, data and the operator's factors."""

    data: Callable[[Connection, str, int], Sequence[Any]]
    allocate: Callable[[Pack, Sequence[Any], Pack | None], Allocation | Refusal]


METHODS: Final[Mapping[str, Method]] = {
    "power": Method(mrv.units, lambda pack, units, _factors: power.allocate(pack, units)),
    "output": Method(output_queries.lines, output.allocate),
}
"""By the schema of the allocation pack."""


def of(pack: Pack) -> Method:
    """Raises Refused RULE-1203 for a pack that allocates nothing."""
    return METHODS[pack.must_be(*METHODS).schema]


def allocate(pack: Pack, data: Sequence[Any], *, allow_draft: bool = False) -> Allocation | Refusal:
    """An entity's allocation of the pack's year under the pack's own method."""
    return of(pack).allocate(pack, data, need(operators(pack, allow_draft=allow_draft)))


def operators(pack: Pack, *, allow_draft: bool = False) -> Pack | Refusal | None:
    """The operator's numbers that belong to an allocation pack, where it leaves any to them."""
    return factors.operators_pack(pack, allow_draft=allow_draft)
