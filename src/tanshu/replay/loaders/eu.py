"""The EU Emissions Trading System 2013–2017: what is posted from an extract of its transaction log.

Published are installations, and for each year of each its free allocation and its verified emissions. Made
up here: when units were issued, that every installation surrendered exactly what it emitted, and that what it
had not been allocated for the year it bought from a synthetic market. So whoever is short shows, and the book
closes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry.types import InstrumentKind
from tanshu.replay.loaders import eu_facts, eu_report
from tanshu.replay.loaders.eu_facts import COMPLIANCE, YEARS, Facts, InstallationYear, handle, state_of
from tanshu.replay.model import (
    Emissions,
    Instrument,
    Line,
    Loader,
    Plan,
    Posting,
    Side,
    Subject,
    Tonnes,
)
from tanshu.rules import compliance_calendar

JURISDICTION = "eu"
OPENING = date(2013, 1, 2)
AUTHORITY, MARKET, REGISTER = "eu", "synthetic-market", "registry"
SOURCE = Side(REGISTER, AccountKind.ISSUANCE)
SINK = Side(REGISTER, AccountKind.SURRENDER)
STOCK = Side(AUTHORITY, AccountKind.NATIONAL)
SELLER = Side(MARKET, AccountKind.REGISTRATION)


def plan(facts: Facts) -> Plan:
    """Year by year, state by state: allocated in February, verified in March, surrendered in April."""
    work: list[Posting | Emissions] = []
    for year in YEARS:
        by_state: dict[str, list[InstallationYear]] = defaultdict(list)
        for one in facts.years:
            if one.year == year:
                by_state[state_of(one.id)].append(one)
        states = dict(sorted(by_state.items()))
        work += [*_allocation(year, states), *_emissions(year, states), *_settlement(year, states)]
    title = Text("欧盟碳排放配额(第三期)", "EU general allowance, third period")
    return Plan(
        opening=OPENING,
        subjects=tuple(_subjects(facts)),
        instruments=(Instrument(_instrument(), InstrumentKind.ALLOWANCE, title),),
        work=sorted(work, key=lambda one: one.day),
    )


def _subjects(facts: Facts) -> Iterator[Subject]:
    authority = SubjectKind.AUTHORITY
    yield Subject(AUTHORITY, "European Commission", "EU0000", authority, (AccountKind.NATIONAL,))
    for state in sorted({state_of(id) for id in facts.names}):
        name = f"National administrator of {state}"
        yield Subject(state.lower(), name, f"{state}0000", authority, (AccountKind.PROVINCIAL,))
    name = "Synthetic market (nobody: who sold to whom is not published)"
    yield Subject(MARKET, name, "EU0000", SubjectKind.INSTITUTION, fictional=True)
    for id, name in facts.names.items():
        yield Subject(handle(id), name or id, f"{state_of(id)}0000")


def _allocation(year: int, states: Mapping[str, Sequence[InstallationYear]]) -> Iterator[Posting]:
    """What is allocated is issued to the member states first."""
    step, title = f"allocation-{year}", Text(f"{year} 年发行与分配", f"issue and allocation of {year}")
    day, unit = _day(year, "issue"), _instrument()
    free = {state: sum(one.free for one in some) for state, some in states.items()}
    issued = [Line(SOURCE, _of_state(state), unit, total) for state, total in free.items() if total]
    label = "issued for the free allocation of the year; amount and day follow from it"
    yield Posting(step, title, day, "issuance", year, label, synthetic=True, lines=issued)
    label = "free allocation as published; the day is that of the rules"
    for state, some in states.items():
        lines = [Line(_of_state(state), _account(one), unit, one.free) for one in some if one.free]
        yield Posting(step, title, day, "final-allocation", year, label, synthetic=False, lines=lines)


def _emissions(year: int, states: Mapping[str, Sequence[InstallationYear]]) -> Iterator[Emissions]:
    step, title = f"emissions-{year}", Text(f"{year} 年核查排放", f"verified emissions of {year}")
    for state, some in states.items():
        rows = [Tonnes(one.handle, one.emitted) for one in some]
        day, source = _day(year, "verify"), COMPLIANCE.name
        yield Emissions(step, title, day, year, state.lower(), source, rows)


def _settlement(year: int, states: Mapping[str, Sequence[InstallationYear]]) -> Iterator[Posting]:
    """The short buy what they lack; then everybody surrenders what they emitted."""
    step, title = f"settlement-{year}", Text(f"{year} 年购买与清缴", f"purchases and surrender of {year}")
    day, unit = _day(year, "surrender"), _instrument()
    short = sum(one.short for some in states.values() for one in some)
    if short:
        label = "issued for what the short must buy; made up"
        lines = [Line(SOURCE, STOCK, unit, short)]
        yield Posting(step, title, day, "issuance", year, label, synthetic=True, lines=lines)
        label = "to the synthetic market; made up"
        lines = [Line(STOCK, SELLER, unit, short)]
        yield Posting(step, title, day, "auction", year, label, synthetic=True, lines=lines)
    label = "emitted beyond the free allocation of the year, so bought; seller, day and amount are made up"
    for some in states.values():
        lines = [Line(SELLER, _account(one), unit, one.short) for one in some if one.short]
        yield Posting(step, title, day, "free-transfer", year, label, synthetic=True, lines=lines)
    label = "as much as was emitted; the extract does not publish surrenders"
    for some in states.values():
        lines = [Line(_account(one), SINK, unit, one.emitted) for one in some if one.emitted]
        yield Posting(step, title, day, "surrender", year, label, synthetic=True, lines=lines)


def _of_state(state: str) -> Side:
    return Side(state.lower(), AccountKind.PROVINCIAL)


def _account(one: InstallationYear) -> Side:
    return Side(one.handle, AccountKind.REGISTRATION)


def _instrument() -> str:
    """The allowance that the pack names: one for the whole period."""
    return need(compliance_calendar.instrument(JURISDICTION, YEARS[0]))


def _day(year: int, milestone: str) -> date:
    """A day of a year's calendar in the rule pack."""
    found = need(compliance_calendar.milestones(JURISDICTION, year))
    return next(one.on for one in found if one.key == milestone)


LOADER = Loader(
    name="eu",
    title=Text("欧盟碳市场 2013–2017", "EU ETS 2013–2017"),
    jurisdiction=JURISDICTION,
    files=(eu_facts.COMPLIANCE, eu_facts.INSTALLATIONS),
    read=eu_facts.read,
    plan=plan,
    report=eu_report.report,
)
