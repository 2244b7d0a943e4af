"""What two public workbooks of the UK ETS registry say, read cell by cell and held against each other.

The compliance report has a row for every operator account; the allocation table one for every installation
with free allocation. They are joined on Operator ID = Installation ID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

from tanshu.base.text import Text
from tanshu.replay import files
from tanshu.replay.files import Findings, Row, Table
from tanshu.replay.loaders import uk_ets_checks as checks
from tanshu.replay.model import FileNeeded, Finding

REPORT = FileNeeded(
    "20250611_Compliance_Report_Emissions_and_Surrenders.xlsx",
    Text("履约报告:排放与清缴(2025-06-11)", "compliance report: emissions and surrenders (2025-06-11)"),
)
ALLOCATIONS = FileNeeded(
    "ukets-allocation-table-december-2025.xlsx",
    Text("免费配额分配表(2025 年 12 月)", "table of free allocation (December 2025)"),
)
PUBLISHED = date(2025, 6, 11)
"""When the compliance report was published; its surrenders are as of that day."""
REPORTED = (2021, 2022, 2023, 2024)
ALLOCATED = (2021, 2022, 2023, 2024, 2025, 2026)

EXCLUDED, NOT_APPLICABLE = "EXCLUDED", "NOT_APPLICABLE"
STATUSES = ("A", "B", "C", EXCLUDED, NOT_APPLICABLE)
REGULATORS = {
    "EA": "Environment Agency",
    "SEPA": "Scottish Environment Protection Agency",
    "NRW": "Natural Resources Wales",
    "DAERA": "Department of Agriculture, Environment and Rural Affairs",
    "OPRED": "Offshore Petroleum Regulator for Environment and Decommissioning",
}
_TYPES = ("OPERATOR_HOLDING_ACCOUNT", "AIRCRAFT_OPERATOR_HOLDING_ACCOUNT")
_OPEN, _CLOSED = "OPEN", "CLOSED"
_ID_MAX = 10**9

Cell = int | str | None
"""An emissions cell: whole tonnes, EXCLUDED, or blank."""


@dataclass(frozen=True, slots=True)
class Operator:
    """One row of the compliance report. last: None while it goes on. statuses: the published ones by year."""

    row: int
    id: int
    regulator: str
    holder: str
    installation: str
    permit: str
    open: bool
    first: int
    last: int | None
    emissions: Mapping[int, Cell]
    cumulative: int
    surrendered: int
    statuses: Mapping[int, str]

    @property
    def handle(self) -> str:
        return str(self.id)

    def tonnes(self, upto: int) -> int:
        """The emissions of the years up to and with `upto`."""
        return sum(cell for year, cell in self.emissions.items() if year <= upto and isinstance(cell, int))


@dataclass(frozen=True, slots=True)
class Allocation:
    """One row of the allocation table. tonnes: the published total by year."""

    row: int
    id: int
    permit: str
    tonnes: Mapping[int, int]

    @property
    def handle(self) -> str:
        return str(self.id)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the two workbooks say. allocations: those of installations that have an account."""

    operators: tuple[Operator, ...]
    allocations: tuple[Allocation, ...]


# -- reading -----------------------------------------------------------------------------------------------

_EMISSIONS, _STATUS = "Recorded emissions {}", "Static surrender status {}"
_REPORT_COLUMNS = (
    "Regulator",
    "Account Holder Name",
    "Account type",
    "Account status",
    "Operator ID",
    "Permit ID or Monitoring plan ID",
    "Installation name",
    "First Year of Operation",
    "Last Year of Operation",
    *(_EMISSIONS.format(year) for year in REPORTED),
    "Cumulative emissions",
    "Cumulative surrenders",
    *(_STATUS.format(year) for year in REPORTED),
)
_STANDARD, _ENTRANT, _TOTAL = (
    "(A) Allocation (Standard) {}",
    "(B) Allocation (NER) {}",
    "(C) Allocation (Total) {}",
)
_ALLOCATION_COLUMNS = (
    "Permit ID",
    "Installation ID",
    "Installation Name",
    "Account Holder Name",
    *(part.format(year) for year in ALLOCATED for part in (_STANDARD, _ENTRANT, _TOTAL)),
)

T = TypeVar("T")


def read(folder: Path) -> tuple[Facts | None, Sequence[Finding]]:
    """Both workbooks: (facts, findings); no facts where a finding makes them unusable."""
    findings = Findings()
    report = files.xlsx(folder / REPORT.name, "Data", _REPORT_COLUMNS, findings)
    table = files.xlsx(folder / ALLOCATIONS.name, "Sheet1", _ALLOCATION_COLUMNS, findings)
    operators = _each_once(report, "Operator ID", _operator)
    allocations = _each_once(table, "Installation ID", _allocation)
    if findings.unusable:
        return None, findings.all
    for row, operator in operators:
        _look_at_operator(findings, row, operator)
    known = {operator.id: operator for _, operator in operators}
    kept = [one for row, one in allocations if _look_at_allocation(findings, row, one, known.get(one.id))]
    return Facts(tuple(operator for _, operator in operators), tuple(kept)), findings.all


def _each_once(table: Table | None, column: str, build: Callable[[Row, int], T]) -> list[tuple[Row, T]]:
    """Every row under its id. An id that stands in two rows makes the file unusable."""
    seen: dict[int, int] = {}
    built: list[tuple[Row, T]] = []
    for row in table.rows if table else ():
        id = row.whole(column, least=1, most=_ID_MAX) or 0
        if id in seen:
            row.twice(f"{column} {id}", seen[id])
        seen.setdefault(id, row.number)
        built.append((row, build(row, id)))
    return built


def _operator(row: Row, id: int) -> Operator:
    row.one_of("Account type", _TYPES)
    return Operator(
        row.number,
        id,
        row.one_of("Regulator", tuple(REGULATORS)),
        row.text("Account Holder Name", blank=True),
        row.text("Installation name", blank=True),
        row.text("Permit ID or Monitoring plan ID"),
        row.one_of("Account status", (_OPEN, _CLOSED)) == _OPEN,
        row.year("First Year of Operation") or 0,
        row.year("Last Year of Operation", blank=True),
        {year: _cell(row, _EMISSIONS.format(year)) for year in REPORTED},
        row.whole("Cumulative emissions") or 0,
        row.whole("Cumulative surrenders") or 0,
        {year: row.one_of(_STATUS.format(year), STATUSES, blank=True) for year in REPORTED},
    )


def _cell(row: Row, column: str) -> Cell:
    return EXCLUDED if row.raw(column) == EXCLUDED else row.whole(column, blank=True)


def _allocation(row: Row, id: int) -> Allocation:
    tonnes = {year: row.whole(_TOTAL.format(year)) or 0 for year in ALLOCATED}
    for year in ALLOCATED:
        row.whole(_STANDARD.format(year))
        row.whole(_ENTRANT.format(year))
    return Allocation(row.number, id, row.text("Permit ID"), tonnes)


# -- what contradicts itself -------------------------------------------------------------------------------


def _look_at_operator(findings: Findings, row: Row, one: Operator) -> None:
    """Anomalies of one row of the compliance report."""
    at, first, last = row.source, one.first, one.last
    if not one.holder:
        findings.note(checks.HOLDER_BLANK, at, {"Operator ID": one.id})
    if one.cumulative != one.tonnes(REPORTED[-1]):
        findings.note(checks.CUMULATIVE_DIFFERS, at, cumulative=one.cumulative, sum=one.tonnes(REPORTED[-1]))
    if last is not None and last < first:
        findings.note(checks.YEARS_CROSSED, at, first=first, last=last)
    if one.open and last is not None and last <= PUBLISHED.year:
        findings.note(checks.OPEN_WITH_LAST_YEAR, at, {"Operator ID": one.id}, last=last)
    if not one.open and last is None:
        findings.note(checks.CLOSED_WITHOUT_LAST_YEAR, at, {"Operator ID": one.id})
    for year, cell in one.emissions.items():
        if isinstance(cell, int) and not first <= year <= (last or year):
            findings.note(checks.EMISSIONS_OUTSIDE, at, year=year, tonnes=cell, first=first, last=last or "…")
    _look_at_statuses(findings, row, one)
    for column in ("Account Holder Name", "Installation name"):
        _look_at_text(findings, row, column)


def _look_at_statuses(findings: Findings, row: Row, one: Operator) -> None:
    shown = {f"status {year}": one.statuses[year] or None for year in REPORTED}
    published = [year for year in REPORTED if one.statuses[year]]
    for year in published:
        status = one.statuses[year]
        if year < one.first and status != NOT_APPLICABLE:
            findings.note(
                checks.STATUS_TOO_EARLY, row.source, shown, year=year, status=status, first=one.first
            )
        cells = [one.emissions[other] for other in REPORTED if other <= year]
        if status == EXCLUDED and EXCLUDED not in cells:
            evidence = {f"emissions {other}": one.emissions[other] for other in REPORTED}
            findings.note(checks.EXCLUDED_WITHOUT_CELL, row.source, evidence, year=year)
    for year in REPORTED:
        if not one.statuses[year] and published and published[0] < year < published[-1]:
            findings.note(checks.STATUS_GAP, row.source, shown, year=year)


def _look_at_allocation(findings: Findings, row: Row, one: Allocation, of: Operator | None) -> bool:
    """Anomalies of one row of the allocation table; False where nobody could receive it."""
    for column in ("Account Holder Name", "Installation Name"):
        _look_at_text(findings, row, column)
    if of is None:
        findings.note(checks.ALLOCATION_OF_NOBODY, row.source, installation=one.id)
        return False
    if one.permit != of.permit:
        evidence = {"compliance report row": of.row}
        findings.note(
            checks.PERMIT_DIFFERS,
            row.source,
            evidence,
            installation=one.id,
            permit=one.permit,
            other=of.permit,
        )
    for year, total in one.tonnes.items():
        standard, entrant = (row.whole(part.format(year)) or 0 for part in (_STANDARD, _ENTRANT))
        if total != standard + entrant:
            findings.note(
                checks.ALLOCATION_SUM,
                row.source,
                year=year,
                total=total,
                standard=standard,
                entrant=entrant,
            )
        if total and of.last is not None and year > of.last:
            findings.note(checks.ALLOCATED_AFTER_END, row.source, year=year, tonnes=total, last=of.last)
    return True


def _look_at_text(findings: Findings, row: Row, column: str) -> None:
    """UTF-8 that was once read as Windows-1252 can be told: read back, it makes other words."""
    value = row.text(column, blank=True)
    try:
        mended = value.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return
    if mended != value:
        findings.note(checks.TEXT_DAMAGED, row.source, column=column, value=value, mended=mended)
