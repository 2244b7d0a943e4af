"""The steps of a carry-over after an allocation round: paying, notices, freezes, two batches, one latecomer.

An application that is to be refused is tried where it would be filed. It writes nothing; that it meets its
number is what lets the run go on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from tanshu.base.ids import derived_id, scenario_key
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.commit import Answer, Context, Outcome
from tanshu.compliance import carry_over_service as service
from tanshu.compliance.carry_over import BATCH_LABELS, Batch
from tanshu.job import Command, Desk, Step
from tanshu.mrv import service as mrv
from tanshu.registry.batches import DecideMany, approve_many, parts
from tanshu.registry.model import Decide, DefineInstrument, Propose, ProposedLine
from tanshu.registry.service import approve, define_instrument, propose
from tanshu.scenario import checks
from tanshu.scenario.allocation_round_carry_over_model import NAMES, Asked, CarryOver, of
from tanshu.scenario.allocation_round_model import Entity, Round
from tanshu.scenario.allocation_round_plan import CHECKER, CLERK, MAKER, REVIEWER

FREEZES = "freezes"
UNTIL = date(2028, 12, 31)
"""The last day of a freeze."""
Verb = Callable[[Context, Any], Outcome]


def steps(round: Round) -> tuple[Step, ...]:
    """The carry-over, in order; none where the round's facts tell of none."""
    facts = of(round)
    if facts is None:
        return ()
    plan = _Plan(facts)
    batches = (
        Step(f"carry-over-{batch}", Text(f"结转{label.zh}", f"carry-over, {label.en}"), plan.batch(batch))
        for batch, label in BATCH_LABELS.items()
    )
    first, second, late = batches
    return (
        Step("surrender", Text("部分单位清缴", "some pay what they owe"), plan.pay),
        Step("next-year", Text("次年名录与排放", "the next year's list and emissions"), plan.next_year),
        Step("notices", Text("结转告知", "notices of carry-over"), plan.notices),
        Step(FREEZES, Text("司法冻结", "freezes by a court"), plan.freeze),
        first,
        second,
        Step("freed", Text("解除冻结", "a freeze is lifted"), plan.free),
        late,
    )


class _Plan:
    """The commands of each step."""

    def __init__(self, facts: CarryOver):
        self.facts = facts
        self.round = facts.round

    # -- before --------------------------------------------------------------------------------------------

    def pay(self, desk: Desk) -> list[Command]:
        """What is owed is surrendered, by most in time."""
        late = self.facts.late
        in_time = [one for one in self.facts.paying if one not in late]
        made = self._paid(desk, in_time, self.facts.dates["paid"], 0)
        return [*made, *self._paid(desk, late, self.facts.dates["paid_late"], len(made))]

    def _paid(self, desk: Desk, some: Sequence[Entity], day: date, first: int) -> list[Command]:
        made: list[Command] = []
        ids: list[str] = []
        for one in some:
            line = ProposedLine(self._instrument, self.round.verified_t(one))
            ids.append(desk.transaction(first + len(made)))
            made.append(Command(one.maker, propose, Propose("surrender", (line,), year=self.round.year), day))
            made.append(Command(one.checker, approve, Decide(ids[-1]), day))
        return [*made, *_approved(CHECKER, ids, day), *_approved(REVIEWER, ids, day)]

    def next_year(self, _desk: Desk) -> list[Command]:
        """Some are on the next year's list, and will pay nothing for it."""
        day, year, some = self.facts.dates["next_year"], self.round.year + 1, self.facts.late_next_year
        listed = tuple(mrv.ListedEntity(one.code, note="") for one in some)
        emitted = tuple(mrv.EntityEmissions(one.code, one.verified_t) for one in some)
        emissions = mrv.ImportEmissions(year, emitted, self.round.stamp.zh)
        return [
            Command(MAKER, mrv.list_entities, mrv.ListEntities(year, listed), day),
            Command(MAKER, mrv.import_emissions, emissions, day),
        ]

    def notices(self, _desk: Desk) -> list[Command]:
        """Everybody on the list is told; a second person confirms. The new vintage is defined with it."""
        day, code, year = self.facts.dates["notices"], self.facts.target, self.facts.target_year
        target = DefineInstrument(code, "allowance", f"碳排放配额 {code}", f"emission allowance {code}", year)
        told = service.in_parts(one.code for one in self.round.entities)
        return [
            Command(CLERK, define_instrument, target, day),
            *(Command(CLERK, service.draw_up, some, day) for some in told),
            *(Command(REVIEWER, service.confirm, some, day) for some in told),
        ]

    def freeze(self, desk: Desk) -> list[Command]:
        """Everything that some have left is frozen."""
        day = self.facts.dates["frozen"]
        made: list[Command] = []
        for one in self.facts.frozen:
            line = ProposedLine(self._instrument, self.facts.left_t(one))
            details = {**_order(one, "冻", day), "until": str(UNTIL)}
            body = Propose("judicial-freeze", (line,), subject=one.code, details=details)
            made += _by_two(desk, len(made), body, day)
        return made

    def free(self, desk: Desk) -> list[Command]:
        """The first freeze is lifted, after the window."""
        day = self.facts.dates["freed"]
        (freed,) = self.facts.frozen[:1]
        frozen = derived_id("TX", scenario_key(self.round.id, self.round.seed, FREEZES, 0))
        details = {**_order(freed, "解", day), "original": frozen}
        return _by_two(desk, 0, Propose("judicial-release", (), subject=freed.code, details=details), day)

    # -- a batch -------------------------------------------------------------------------------------------

    def batch(self, batch: Batch) -> Callable[[Desk], list[Command]]:
        """Filed, checked by the holder, recalled; then exactly that is issued in the new vintage."""

        def commands(desk: Desk) -> list[Command]:
            filed, recalled, issued = (
                self.facts.dates[f"{NAMES[batch]}_{what}"] for what in ("filed", "recalled", "issued")
            )
            made: list[Command] = []
            ids: list[str] = []
            for one in self.facts.asked(batch):
                if one.refused:
                    made.append(Command(one.entity.maker, to_be_refused(one), self._application(one), filed))
                    continue
                ids.append(desk.transaction(len(made)))
                made.append(Command(one.entity.maker, propose, self._application(one), filed))
                made.append(Command(one.entity.checker, approve, Decide(ids[-1]), filed))
            made += _approved(REVIEWER, ids, recalled)
            return [*made, *_issued(desk, batch, len(ids), issued, len(made))]

        return commands

    def _application(self, one: Asked) -> Propose:
        return Propose("carry-over", (ProposedLine(self._instrument, one.tonnes),))

    @property
    def _instrument(self) -> str:
        return f"CEA{self.round.year % 100}"


def _issued(desk: Desk, batch: Batch, count: int, day: date, first: int) -> list[Command]:
    """Issuances are proposed in parts, and approved by a second person."""
    made: list[Command] = []
    ids: list[str] = []
    for start in range(0, count, service.ISSUES_MAX):
        key = desk.key(first + len(made))
        ids += [derived_id("TX", key, n) for n in range(min(service.ISSUES_MAX, count - start))]
        made.append(Command(CLERK, service.issue, service.IssueCarriedOver(batch), day))
    return [*made, *_approved(REVIEWER, ids, day)]


def _approved(who: str, ids: Sequence[str], day: date) -> list[Command]:
    return [Command(who, approve_many, DecideMany(part), day) for part in parts(ids)]


def _by_two(desk: Desk, n: int, body: Propose, day: date) -> list[Command]:
    """What the registry does by itself: proposed by one person, approved by another."""
    return [
        Command(CLERK, propose, body, day),
        Command(REVIEWER, approve, Decide(desk.transaction(n)), day),
    ]


def _order(entity: Entity, word: str, day: date) -> dict[str, Any]:
    """A court's order, made up."""
    number = f"(2026)示例{word}{entity.n}号"
    paper = {"title": "示例裁定书", "number": number, "date": str(day), "sha256": "00" * 32}
    return {"court": "示例市中级人民法院(虚构)", "document": number, "documents": [paper]}


def to_be_refused(one: Asked) -> Verb:
    """Propose it: it must be refused with its number, and writes nothing."""

    def attempt(ctx: Context, body: Propose) -> Outcome:
        outcome = propose(ctx, body)
        if isinstance(outcome, Refusal) and outcome.code == one.refused:
            return Answer(ctx.book.tail.seq, {"refused": one.refused})
        found = outcome if isinstance(outcome, Refusal) else Text("已受理", "accepted")
        return checks.NOT_REFUSED(who=one.entity.code, expected=one.refused, found=found)

    return attempt
