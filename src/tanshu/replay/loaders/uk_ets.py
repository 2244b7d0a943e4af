"""The UK Emissions Trading Scheme: what is posted from its registry's two public workbooks.

Not published, and made up here: on which days units were issued, allocated and surrendered (surrenders are
published in one sum), and from whom allowances were bought. Free allocation, emissions and surrendered totals
are the files' own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry.types import InstrumentKind
from tanshu.replay.loaders import uk_ets_facts, uk_ets_report
from tanshu.replay.loaders.uk_ets_facts import (
    ALLOCATED,
    PUBLISHED,
    REGULATORS,
    REPORTED,
    Facts,
    Operator,
)
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

JURISDICTION = "uk"
OPENING = date(2021, 1, 4)
AUTHORITY, MARKET, REGISTER = "uk-ets-authority", "synthetic-market", "registry"
SOURCE = Side(REGISTER, AccountKind.ISSUANCE)
SINK = Side(REGISTER, AccountKind.SURRENDER)
STOCK = Side(AUTHORITY, AccountKind.NATIONAL)
SELLER = Side(MARKET, AccountKind.REGISTRATION)


def plan(facts: Facts) -> Plan:
    """Everything that is posted, in the order of its day."""
    work = [
        *(work for year in ALLOCATED for work in _allocation(facts, year)),
        *(work for year in REPORTED for work in _emissions(facts, year)),
        *_surrender(facts),
    ]
    allowance = Text("英国碳排放配额", "UK allowance")
    return Plan(
        opening=OPENING,
        subjects=tuple(_subjects(facts)),
        instruments=(Instrument(_instrument(), InstrumentKind.ALLOWANCE, allowance),),
        work=sorted(work, key=lambda one: one.day),
    )


def _subjects(facts: Facts) -> Iterable[Subject]:
    authority, national = SubjectKind.AUTHORITY, (AccountKind.NATIONAL,)
    yield Subject(AUTHORITY, "UK ETS Authority", "UK0000", authority, national)
    for short, name in REGULATORS.items():
        yield Subject(short.lower(), name, _region(short), authority, ())
    name = "Synthetic market (nobody: who sold to whom is not published)"
    yield Subject(MARKET, name, "UK0000", SubjectKind.INSTITUTION, fictional=True)
    for one in facts.operators:
        yield Subject(one.handle, _name(one), _region(one.regulator))


def _name(one: Operator) -> str:
    if one.installation and one.holder:
        return f"{one.installation} ({one.holder})"
    return one.installation or one.holder or f"operator {one.id}"


def _region(regulator: str) -> str:
    """Who is in charge of an operator: its regulator, by the first two letters."""
    return f"{regulator[:2]}0000"


def _allocation(facts: Facts, year: int) -> list[Posting]:
    unit = _instrument()
    lines = tuple(
        Line(STOCK, _account(one.handle), unit, one.tonnes[year])
        for one in facts.allocations
        if one.tonnes[year]
    )
    total = sum(line.quantity for line in lines)
    step, title = f"allocation-{year}", Text(f"{year} 年免费分配", f"free allocation of {year}")
    day = _day(year, "issue")
    return [
        Posting(
            step,
            title,
            day,
            "issuance",
            year,
            "issued for the free allocation of the year; amount and day follow from it",
            synthetic=True,
            lines=(Line(SOURCE, STOCK, unit, total),) if total else (),
        ),
        Posting(
            step,
            title,
            day,
            "final-allocation",
            year,
            "free allocation as published; the day is that of the rules",
            synthetic=False,
            lines=lines,
        ),
    ]


def _emissions(facts: Facts, year: int) -> list[Emissions]:
    """Emissions of a year, as each regulator's maker enters them."""
    by_regulator: dict[str, list[Tonnes]] = defaultdict(list)
    for one in facts.operators:
        cell = one.emissions[year]
        if isinstance(cell, int):
            by_regulator[one.regulator].append(Tonnes(one.handle, cell))
    title = Text(f"{year} 年核查排放", f"verified emissions of {year}")
    return [
        Emissions(
            f"emissions-{year}",
            title,
            _day(year, "verify"),
            year,
            regulator.lower(),
            uk_ets_facts.REPORT.name,
            by_regulator[regulator],
        )
        for regulator in REGULATORS
        if by_regulator[regulator]
    ]


def _surrender(facts: Facts) -> list[Posting]:
    """The surrenders of all years in one sum, as published; what was not allocated is bought before."""
    unit = _instrument()
    allocated: dict[str, int] = defaultdict(int)
    for one in facts.allocations:
        allocated[one.handle] += sum(
            tonnes for year, tonnes in one.tonnes.items() if _day(year, "issue") <= PUBLISHED
        )
    bought = tuple(
        Line(SELLER, _account(one.handle), unit, one.surrendered - allocated[one.handle])
        for one in facts.operators
        if one.surrendered > allocated[one.handle]
    )
    surrendered = tuple(
        Line(_account(one.handle), SINK, unit, one.surrendered) for one in facts.operators if one.surrendered
    )
    total = sum(line.quantity for line in bought)
    as_one = (Line(SOURCE, STOCK, unit, total),) if total else ()
    to_market = (Line(STOCK, SELLER, unit, total),) if total else ()
    buying = Text("购买(虚构)", "purchases (synthetic)")
    settling = Text("清缴(截至 2025-06-11)", "surrenders (as published 2025-06-11)")
    issued, sold = "issued for what was bought; made up", "to the synthetic market; made up"
    return [
        Posting("purchases", buying, PUBLISHED, "issuance", None, issued, True, as_one),
        Posting("purchases", buying, PUBLISHED, "auction", None, sold, True, to_market),
        Posting(
            "purchases",
            buying,
            PUBLISHED,
            "free-transfer",
            None,
            "surrendered beyond the free allocation, so bought; seller and day are made up",
            synthetic=True,
            lines=bought,
        ),
        Posting(
            "surrenders",
            settling,
            PUBLISHED,
            "surrender",
            None,
            "cumulative surrenders as published 2025-06-11; the single days are not published",
            synthetic=False,
            lines=surrendered,
        ),
    ]


def _account(handle: str) -> Side:
    return Side(handle, AccountKind.REGISTRATION)


def _instrument() -> str:
    """The allowance that the pack names; UK allowances carry no vintage."""
    return need(compliance_calendar.instrument(JURISDICTION, ALLOCATED[0]))


def _day(year: int, milestone: str) -> date:
    """A day of a year's calendar in the rule pack."""
    found = need(compliance_calendar.milestones(JURISDICTION, year))
    return next(one.on for one in found if one.key == milestone)


LOADER = Loader(
    name="uk-ets",
    title=Text("英国碳市场 2021–2024", "UK ETS 2021–2024"),
    jurisdiction=JURISDICTION,
    files=(uk_ets_facts.REPORT, uk_ets_facts.ALLOCATIONS),
    read=uk_ets_facts.read,
    plan=plan,
    report=uk_ets_report.report,
)
