"""The entities of an allocation round, generated from its seed: the same on every machine, and nobody's.

Who is what follows from an entity's number: 0 is the worked example of the draft, the next ones owe other
deductions; then come those that object, those whose verification changes, and all the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from tanshu.base.canonical import digest
from tanshu.base.refusal import need
from tanshu.compliance import deductions
from tanshu.parties.credit_code import check_character, organisation_check_character
from tanshu.rules import calendars, packs, power
from tanshu.rules.activity import UnitYear
from tanshu.scenario.folder import Folder

REGION, DIVISION = "990000", "990100"
"""No province of China has this code."""
FIRST_OBJECTOR = 10
PPM = 1_000_000
APPLY_DAYS, DECIDE_AFTER = 7, 8
"""Working days: the term to object; when, after the filing, the province decides."""


@dataclass(frozen=True, slots=True)
class Entity:
    """One generated entity; tonnes. pre_t: 0 where it is in no pre-allocation table."""

    n: int
    code: str
    name: str
    verified_t: int
    last_verified_t: int
    pre_t: int
    approved_t: int
    deduction_t: int
    unit: UnitYear | None

    @property
    def maker(self) -> str:
        return f"{self.code.lower()}-maker-1"

    @property
    def checker(self) -> str:
        return f"{self.code.lower()}-checker-1"


@dataclass(frozen=True, slots=True)
class Objection:
    """What an entity objects to, and what becomes of it. quantity: the new one, of one that is upheld."""

    entity: Entity
    day: date
    claimed_t: int
    late: bool
    quantity: int | None
    decided: date


@dataclass(frozen=True, slots=True)
class Change:
    """Verification that changed after the round: new emissions, and the quantity approved on them."""

    entity: Entity
    verified_t: int
    approved_t: int


class Round:
    """A round's facts and everything that follows from them."""

    def __init__(self, folder: Folder):
        head = folder.head
        self.id, self.seed = folder.id, head.text("seed")
        self.stamp = folder.stamp
        self.year = head.whole("compliance_year")
        self.jurisdiction = folder.jurisdiction
        self.dates: Mapping[str, date] = {name: head.table("dates").day(name) for name in _DATES}
        self._model, self._objections = head.table("model"), head.table("objections")
        self._example = head.table("worked_example")
        self._deductions: list[int] = list(head.table("deductions").value("quantities"))
        self.later = head.table("carry_over") if "carry_over" in head.data else None
        self.part = self._model.whole("part")
        self.wrong_total = self._model.whole("wrong_total")
        self.people = self._model.whole("with_people")
        self.pack = need(packs.load(f"{self.jurisdiction}.power.{self.year}"))

    # -- entities ------------------------------------------------------------------------------------------

    @cached_property
    def entities(self) -> tuple[Entity, ...]:
        count = self._model.whole("entities")
        first_active = count - self._model.whole("with_activity")
        return tuple(self._entity(n, n >= first_active) for n in range(count))

    @cached_property
    def pre(self) -> tuple[Entity, ...]:
        """Those of the pre-allocation table."""
        return tuple(one for one in self.entities if one.pre_t)

    @cached_property
    def active(self) -> tuple[Entity, ...]:
        return tuple(one for one in self.entities if one.unit)

    @property
    def acting(self) -> tuple[Entity, ...]:
        """Those whose people act."""
        return self.entities[: self.people]

    def _entity(self, n: int, active: bool) -> Entity:
        low, high = self._model.value("verified")
        verified = low + self._draw("verified", n) ** 2 % (high - low)
        last = verified * self._ratio("last_year", n) // PPM
        approved = verified * self._ratio("approved", n) // PPM
        unit = None
        if active:
            unit = self._unit(n)
            verified = unit.verified_t
            approved = need(power.allocate(self.pack, (unit,))).approved_t + self._other(n)
            last = verified
        deduction = self._deductions[n - 1] if 1 <= n <= len(self._deductions) else 0
        if n == 0:
            verified, last = self._example.whole("verified_t"), self._example.whole("last_verified_t")
            approved, deduction = self._example.whole("approved_t"), self._example.whole("deduction_t")
        has_pre = n < self._model.whole("pre_allocated")
        pre = need(power.pre_allocation(self.pack, last)) if has_pre else 0
        return Entity(
            n, credit_code(n), f"示例单位{n:04d}(生成)", verified, last, pre, approved, deduction, unit
        )

    def _unit(self, n: int) -> UnitYear:
        """A class I unit of 600 MW, whose emissions lie around the benchmark."""
        hours = 4_000 + self._draw("hours", n) % 3_000
        generation = 600 * hours * (660 + self._draw("load", n) % 130) // 1000
        verified = generation * (760 + self._draw("rate", n) % 75) // 1000
        return UnitYear(
            unit="1",
            year=self.year,
            unit_class="I",
            capacity_mw=Decimal(600),
            generation_mwh=Decimal(generation),
            heat_gj=Decimal(0),
            running_hours=Decimal(hours),
            verified_t=verified,
        )

    def _other(self, n: int) -> int:
        """A few tables say another quantity than the rule pack: someone will be asked to explain."""
        count, differ = self._model.whole("entities"), self._model.whole("other_quantity")
        return -7 if n >= count - differ else 0

    # -- what comes after ----------------------------------------------------------------------------------

    @cached_property
    def objections(self) -> tuple[Objection, ...]:
        """In the order of filing."""
        filed, late = self._objections.whole("filed"), self._objections.whole("late")
        more, less = self._objections.whole("upheld_more"), self._objections.whole("upheld_less")
        found: list[Objection] = []
        for i, entity in enumerate(self.entities[FIRST_OBJECTOR : FIRST_OBJECTOR + filed]):
            step = 1 + entity.approved_t // 100
            upheld = late <= i < late + more + less
            change = step if i < late + more else -step
            day = self._after(
                self.dates["served"], (APPLY_DAYS + 1 + i % 3) if i < late else 1 + i % APPLY_DAYS
            )
            decided = self._after(day, DECIDE_AFTER)
            quantity = entity.approved_t + change if upheld else None
            found.append(Objection(entity, day, entity.approved_t + 2 * step, i < late, quantity, decided))
        return tuple(sorted(found, key=lambda one: (one.day, one.entity.n)))

    @cached_property
    def decided(self) -> tuple[Objection, ...]:
        """Those that came in time, in the order of decision."""
        in_time = (one for one in self.objections if not one.late)
        return tuple(sorted(in_time, key=lambda one: (one.decided, one.entity.n)))

    @cached_property
    def upheld(self) -> tuple[Objection, ...]:
        return tuple(one for one in self.decided if one.quantity is not None)

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        first = FIRST_OBJECTOR + self._objections.whole("filed")
        count = self._objections.whole("changed_verification")
        signs = [1 if i % 2 else -1 for i in range(count)]
        return tuple(
            Change(one, one.verified_t * (100 + 3 * sign) // 100, one.approved_t * (100 + 2 * sign) // 100)
            for sign, one in zip(signs, self.entities[first : first + count], strict=True)
        )

    def issued_pre(self, entity: Entity) -> int:
        """What the pre-allocation issues after deduction."""
        return deductions.settle_pre(entity.pre_t, entity.deduction_t).issue_t

    def settled(self, entity: Entity) -> deductions.Settled:
        """What the final allocation comes to."""
        pre = deductions.settle_pre(entity.pre_t, entity.deduction_t)
        return deductions.settle_final(entity.approved_t, entity.pre_t, pre.deducted_t, pre.remaining_t)

    def verified_t(self, entity: Entity) -> int:
        """The verified emissions, as changed after the round."""
        return next((one.verified_t for one in self.changes if one.entity is entity), entity.verified_t)

    def allocated_t(self, entity: Entity) -> int:
        """The final quantity, as objections and changed verification left it."""
        changed = [(one.entity, one.approved_t) for one in self.changes]
        upheld = [(one.entity, one.quantity) for one in self.upheld]
        known = (quantity for one, quantity in (*changed, *upheld) if one is entity and quantity is not None)
        return next(known, entity.approved_t)

    @cached_property
    def added_t(self) -> int:
        """What the adjustments add at most: the units for it are issued with the final round."""
        more = [max(0, one.quantity - one.entity.approved_t) for one in self.upheld if one.quantity]
        return sum(more) + sum(max(0, one.approved_t - one.entity.approved_t) for one in self.changes)

    # -- drawing -------------------------------------------------------------------------------------------

    def _draw(self, what: str, n: int) -> int:
        """A number below 2^32 that only the seed, a word and an entity's number decide."""
        return int.from_bytes(digest(f"{self.seed}\x1f{what}\x1f{n}".encode())[:4], "big")

    def _ratio(self, column: str, n: int) -> int:
        """A fraction of the model's span, in millionths."""
        low, high = (int(bound * PPM) for bound in self._model.span(column))
        return low + self._draw(column, n) % (high - low + 1)

    def _after(self, start: date, n: int) -> date:
        """The n-th working day after a day."""
        return need(calendars.add_working_days(self.jurisdiction, start, n, count_first=False))


_DATES = (
    "opening",
    "deductions",
    "pre_allocation",
    "verification",
    "final_allocation",
    "served",
    "verification_changed",
)


def credit_code(n: int) -> str:
    """A well-formed credit code; the organisation number is counted, nobody's."""
    body = f"GEN{n:05d}"
    first = f"91{DIVISION}{body}{organisation_check_character(body)}"
    return first + check_character(first)
