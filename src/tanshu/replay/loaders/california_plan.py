"""What the replay of California posts: published issues of credits, obligations and surrenders, and between
them the transfers that no file tells.

Synthetic, and labelled so: allowances of a vintage are issued just before a deadline, as many as were
surrendered, and go from the Air Resources Board to who surrendered them; the operators of all offset projects
are one pool, which sells each entity what it surrendered; the day of a surrender is the period's deadline.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, NamedTuple

from tanshu.base.text import Text
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry.types import InstrumentKind
from tanshu.replay.loaders.california_facts import NOBODY, Issuance, PeriodFacts, Published
from tanshu.replay.loaders.california_findings import ByVintage, Note
from tanshu.replay.loaders.california_offsets import Posted
from tanshu.replay.model import Emissions, Instrument, Line, Plan, Posting, Side, Subject, Tonnes
from tanshu.rules.compliance_periods import Period

BOARD: Final = "carb"
OPERATORS: Final = "offset-operators"
BUFFER: Final = "forest-buffer"
UNDATED: Final = "CCA-UNDATED"
"""Allowances for which the files give no vintage."""
REGION: Final = "CA0000"
_BOARD_SIDE = Side(BOARD, AccountKind.PROVINCIAL)
_OPERATORS_SIDE = Side(OPERATORS, AccountKind.REGISTRATION)
_BUFFER_SIDE = Side(BUFFER, AccountKind.REGISTRATION)
_SOURCE, _SINK = Side("registry", AccountKind.ISSUANCE), Side("registry", AccountKind.SURRENDER)


@dataclass(frozen=True, slots=True)
class Facts:
    """The files, read and judged. allowances: by period and entity, as posted; uses: credits, by period.

    notes: what is odd and explained.
    """

    published: Published
    rules: Mapping[str, Period]
    allowances: Mapping[str, Mapping[str, ByVintage]]
    uses: Mapping[str, tuple[Posted, ...]]
    notes: tuple[Note, ...]


def plan(facts: Facts) -> Plan:
    """Everything in the order of its days."""
    work = list(_work(facts))
    return Plan(
        opening=min(one.day for one in work),
        subjects=tuple(_subjects(facts.published)),
        instruments=tuple(_instruments(facts)),
        work=tuple(work),
    )


def handle(entity: str) -> str:
    return "no-entity" if entity == NOBODY else entity.lower()


def allowance(vintage: int | None) -> str:
    """The instrument of a vintage: CCA15."""
    return UNDATED if vintage is None else f"CCA{vintage % 100:02d}"


# -- who and what ------------------------------------------------------------------------------------------


def _subjects(published: Published) -> Iterator[Subject]:
    """An entity bears the name under which it was published last."""
    yield Subject(
        BOARD,
        "California Air Resources Board",
        REGION,
        SubjectKind.AUTHORITY,
        (AccountKind.PROVINCIAL,),
    )
    yield Subject(OPERATORS, "Operators of offset projects (one pool)", REGION, fictional=True)
    yield Subject(BUFFER, "Forest Buffer Account", REGION, fictional=True)
    names = {row.entity: row.name for period in published.periods for row in period.obligations}
    for entity, name in sorted(names.items()):
        yield Subject(handle(entity), name, REGION)


def _instruments(facts: Facts) -> Iterator[Instrument]:
    vintages = {
        vintage
        for by_entity in facts.allowances.values()
        for by_vintage in by_entity.values()
        for vintage in by_vintage
    }
    for vintage in sorted(one for one in vintages if one is not None):
        title = Text(f"加州{vintage}年配额", f"California allowance, vintage {vintage}")
        yield Instrument(allowance(vintage), InstrumentKind.ALLOWANCE, title, vintage)
    if None in vintages:
        title = Text("加州配额,年份未公布", "California allowance, vintage not published")
        yield Instrument(UNDATED, InstrumentKind.ALLOWANCE, title)
    for one in facts.published.table.issuances:
        title = Text(f"加州抵消信用 {one.id}", f"California offset credit {one.id}")
        yield Instrument(one.id, InstrumentKind.CREDIT, title, one.vintage)


# -- what is done, by day ----------------------------------------------------------------------------------


class _Settlement(NamedTuple):
    """A day on which surrenders for a period are posted: its deadline, or a later one.

    year: the period's last, under which its obligation stands.
    """

    period: PeriodFacts
    year: int
    due: date
    day: date

    @property
    def name(self) -> str:
        return self.period.layout.period

    def step(self, what: str) -> str:
        """The step's name; steps of later days bear the day."""
        late = "" if self.day == self.due else f"-{self.day.isoformat()}"
        return f"{what}-{self.name}{late}"


def _work(facts: Facts) -> Iterator[Posting | Emissions]:
    """Credits are issued on their days; each period is settled on its deadline; credits that the files
    surrender before they were issued follow on the day of their issuance.
    """
    issued = sorted(facts.published.table.issuances, key=lambda one: (one.day, one.source.row))
    done = 0
    for when in _settlements(facts):
        upto = sum(1 for one in issued if one.day <= when.day)
        yield from _issues(issued[done:upto], when.step("credits"))
        done = upto
        yield from _settle(facts, when)
    yield from _issues(issued[done:], "credits-later")


def _settlements(facts: Facts) -> list[_Settlement]:
    """The days on which periods are settled, in order: deadlines, and days of credits that came later."""
    found: list[_Settlement] = []
    for period in facts.published.periods:
        rule = facts.rules[period.layout.period]
        days = {rule.due, *(one.day for one in facts.uses[rule.name])}
        found += [_Settlement(period, rule.years[-1], rule.due, day) for day in sorted(days)]
    return sorted(found, key=lambda one: one.day)


def _issues(issuances: Sequence[Issuance], step: str) -> Iterator[Posting]:
    """One posting a day, quantities and days as published."""
    by_day: dict[date, list[Line]] = {}
    for one in issuances:
        lines = by_day.setdefault(one.day, [])
        if one.available:
            lines.append(Line(_SOURCE, _OPERATORS_SIDE, one.id, one.available))
        if one.buffer:
            lines.append(Line(_SOURCE, _BUFFER_SIDE, one.id, one.buffer))
    for day, lines in by_day.items():
        yield Posting(
            step,
            Text("签发抵消信用", "offset credits issued"),
            day,
            "credit-issuance",
            None,
            "credits and days as published; all operators are one pool",
            synthetic=False,
            lines=lines,
        )


def _settle(facts: Facts, when: _Settlement) -> Iterator[Posting | Emissions]:
    uses = [one.use for one in facts.uses[when.name] if one.day == when.day]
    allowances = facts.allowances[when.name] if when.day == when.due else {}
    given = [*_allowance_lines(allowances)]
    credits = [Line(_holder(one.entity), _SINK, one.issuance, one.quantity) for one in uses]
    if when.day == when.due:
        yield _obligations(when)
    yield from _allowances_come(when, given)
    yield _credits_come(when, credits)
    yield _surrender(when, "surrender", given)
    yield _surrender(when, "credit-surrender", credits)


def _obligations(when: _Settlement) -> Emissions:
    """The whole period's obligation, entered under its last year."""
    return Emissions(
        when.step("obligations"),
        Text(f"{when.name} 履约义务", f"obligations of {when.name}"),
        when.day,
        when.year,
        BOARD,
        when.period.layout.file,
        tuple(Tonnes(handle(row.entity), row.obligation) for row in when.period.obligations),
    )


def _allowances_come(when: _Settlement, given: Sequence[Line]) -> Iterator[Posting]:
    """Synthetic: issued and passed on, as many of each vintage as are surrendered."""
    totals: Counter[str] = Counter()
    for line in given:
        totals[line.instrument] += line.quantity
    issued = [Line(_SOURCE, _BOARD_SIDE, code, quantity) for code, quantity in sorted(totals.items())]
    for type, lines in (("issuance", issued), ("auction", _before(given, _BOARD_SIDE))):
        yield Posting(
            when.step("allowances"),
            Text(f"{when.name} 配额创设与取得(虚构)", f"allowances for {when.name} (synthetic)"),
            when.day,
            type,
            when.year,
            "as many as were surrendered; who got them when, and how, is not published",
            synthetic=True,
            lines=lines,
        )


def _credits_come(when: _Settlement, given: Sequence[Line]) -> Posting:
    """Synthetic: the pool of operators passes each entity what it surrenders."""
    return Posting(
        when.step("credits-sold"),
        Text(f"{when.name} 抵消信用转让(虚构)", f"offset credits sold for {when.name} (synthetic)"),
        when.day,
        "free-transfer",
        when.year,
        "who sold to whom, and when, is not published",
        synthetic=True,
        lines=_before(given, _OPERATORS_SIDE),
    )


def _surrender(when: _Settlement, type: str, given: Sequence[Line]) -> Posting:
    return Posting(
        when.step("surrender"),
        Text(f"{when.name} 清缴", f"surrenders for {when.name}"),
        when.day,
        type,
        when.year,
        "quantities as published; on the deadline, or where credits came later on the day of their issuance",
        synthetic=False,
        lines=given,
    )


def _allowance_lines(allowances: Mapping[str, ByVintage]) -> Iterator[Line]:
    for entity, by_vintage in allowances.items():
        for vintage, quantity in by_vintage.items():
            yield Line(_holder(entity), _SINK, allowance(vintage), quantity)


def _before(given: Sequence[Line], seller: Side) -> list[Line]:
    """What must come in for this to be given."""
    return [Line(seller, line.debit, line.instrument, line.quantity) for line in given]


def _holder(entity: str) -> Side:
    return Side(handle(entity), AccountKind.REGISTRATION)
