"""Who carries over after an allocation round, how much, when; and whose application is refused.

All of it follows from the round: who has units left once its year is paid, and in which order they come.
First those that pay late, then those that are short for the next year, then the frozen ones, then all others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from tanshu.base.refusal import need
from tanshu.compliance.carry_over import Batch
from tanshu.rules import packs
from tanshu.rules.carry_over import estimate
from tanshu.scenario.allocation_round_model import Entity, Round
from tanshu.scenario.reading import Table

NAMES = {Batch.FIRST: "first", Batch.SECOND: "second", Batch.LATE: "late"}
LATE, BEYOND, FROZEN, CLOSED = "CMP-7007", "CMP-7010", "REG-2006", "CMP-7009"
"""With what an application is refused: late for a year, beyond what is carryable, frozen, window closed."""


@dataclass(frozen=True, slots=True)
class Asked:
    """An application. refused: the number it meets, "" where it is taken."""

    entity: Entity
    tonnes: int
    refused: str = ""


class CarryOver:
    """The carry-over of a round's units. Raises Refused SCN-1xxx (its table), RULE-10xx (no such pack)."""

    def __init__(self, round: Round, told: Table):
        self.round = round
        self._told = told
        self.dates: Mapping[str, date] = {name: told.table("dates").day(name) for name in DATES}
        self.pack = need(packs.load(f"{round.jurisdiction}.carry_over"))
        self.target: str = self.pack.table("vintages")["to"]

    @property
    def target_year(self) -> int:
        """The vintage that is issued: CEA25 is of 2025."""
        return 2000 + int(self.target[-2:])

    # -- who -----------------------------------------------------------------------------------------------

    @cached_property
    def paying(self) -> tuple[Entity, ...]:
        """Those that surrender what they owe and have units left."""
        able = [one for one in self.round.acting if not one.deduction_t and self.left_t(one) > 1]
        return tuple(able[: self._told.whole("paying")])

    @property
    def late(self) -> tuple[Entity, ...]:
        return self.paying[: self._told.whole("late")]

    @property
    def late_next_year(self) -> tuple[Entity, ...]:
        first = len(self.late)
        return self.paying[first : first + self._told.whole("late_next_year")]

    @property
    def frozen(self) -> tuple[Entity, ...]:
        first = len(self.late) + len(self.late_next_year)
        return self.paying[first : first + self._told.whole("frozen")]

    @property
    def eligible(self) -> tuple[Entity, ...]:
        """Those that paid all their years in time."""
        return self.paying[len(self.late) + len(self.late_next_year) :]

    @property
    def carrying(self) -> tuple[Entity, ...]:
        """The eligible ones whose units nobody froze."""
        return self.eligible[len(self.frozen) :]

    @property
    def unpaid(self) -> Entity:
        """One that pays nothing and applies all the same."""
        others = (one for one in self.round.acting if one not in self.paying)
        return next(one for one in others if not one.deduction_t)

    # -- how much ------------------------------------------------------------------------------------------

    def left_t(self, entity: Entity) -> int:
        """What it holds once its year is paid."""
        return self.round.allocated_t(entity) - self.round.verified_t(entity)

    def carryable_t(self, entity: Entity) -> int:
        """Nobody trades here: the base quantity, or less where less is left."""
        return estimate(self.pack, 0, 0, self.left_t(entity)).carryable_t

    def asked(self, batch: Batch) -> tuple[Asked, ...]:
        """The applications of a batch in the order of filing; those that are refused come first."""
        last, forgotten = self.carrying[-1], 1  # the last one forgets a tonne, and remembers it too late
        match batch:
            case Batch.FIRST:
                late = (*self.late, *self.late_next_year, self.unpaid)
                refused = [Asked(one, 1, LATE) for one in late]
                refused += [Asked(one, self.carryable_t(one), FROZEN) for one in self.frozen]
                # Refused for the ceiling only where the units are there.
                rich = [one for one in self.carrying if self.carryable_t(one) < self.left_t(one)]
                refused += [Asked(one, self.carryable_t(one) + 1, BEYOND) for one in rich[:5]]
                taken = [part for one in self.carrying[:-1] for part in self._parts(one)[:2]]
                return (*refused, *taken, Asked(last, self.carryable_t(last) - forgotten))
            case Batch.SECOND:
                return tuple(part for one in self.carrying[:-1] for part in self._parts(one)[2:])
            case Batch.LATE:
                still = [Asked(one, self.carryable_t(one), FROZEN) for one in self.frozen[1:]]
                freed = [Asked(one, self.carryable_t(one)) for one in self.frozen[:1]]
                return (*still, Asked(last, forgotten, CLOSED), *freed)

    def _parts(self, entity: Entity) -> list[Asked]:
        """One application for everything; in three: a half, a quarter, and later the rest."""
        whole = self.carryable_t(entity)
        if self.carrying.index(entity) >= self._told.whole("in_three") or whole < 4:
            return [Asked(entity, whole)]
        return [Asked(entity, tonnes) for tonnes in (whole // 2, whole // 4, whole - whole // 2 - whole // 4)]


def of(round: Round) -> CarryOver | None:
    """The carry-over after a round; None where its facts tell of none."""
    return CarryOver(round, round.later) if round.later else None


DATES = (
    *("paid", "paid_late", "next_year", "notices", "frozen", "freed"),
    *(f"{name}_{what}" for name in NAMES.values() for what in ("filed", "recalled", "issued")),
)
