"""California's files as published: two compliance reports and the table of offset credits issued.

A compliance report has three sheets that belong together by entity id: the summary (obligation, instruments,
status), the allowances by vintage and the offsets by issuance. Ids are written with blanks around them;
totals, percentages and footnotes stand below the entities and are told from them by their cells. Nothing is
judged here: a row is either read as it stands or makes the file unusable.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from tanshu.base.quantity import YEAR_MAX, YEAR_MIN
from tanshu.replay.checks import NOT_A_DATE
from tanshu.replay.files import Findings, Row, Table, xlsx
from tanshu.replay.loaders import california_checks as checks
from tanshu.replay.loaders.california_facts import (
    ALLOWANCES,
    INSTRUMENTS,
    ISSUANCE_TABLE,
    NOBODY,
    OFFSETS,
    QUANTITY,
    REPORTS,
    STATUSES,
    Issuance,
    IssuanceTable,
    Layout,
    Obligation,
    OffsetUse,
    PeriodFacts,
    Published,
    Total,
    Vintages,
    vintage_column,
)
from tanshu.replay.model import Source

_ID, _NAME, _FACILITIES = "Entity ID", "Legal Name", "ARB GHG ID"
_STATUS = "Obligation Status"
_VINTAGE, _PROJECT = "Vintage", "ARB Project ID #"
_HEADER_ROW: Final = 5
TONNES_MAX: Final = 10**12
"""What a cell may hold: twenty times the world's emissions of a year, and no sheet's sum beyond the book."""
_TOTAL, _SHARE, _EXCLUDING = "Column Total", "Percent of Total", "excluding"
_ENTITY_ID = re.compile(r"CA\d{4}")
_ISSUANCE_ID = re.compile(r"CA[A-Z]{2}\d{4}-[A-Z]{1,2}\d?")


def read_files(folder: Path, findings: Findings) -> Published | None:
    """Everything the three files say; None where a finding makes one of them unusable."""
    periods = [_period(folder, layout, findings) for layout in REPORTS]
    table = _issuance_table(folder / ISSUANCE_TABLE, findings)
    if findings.unusable or table is None:
        return None
    return Published(tuple(one for one in periods if one is not None), table)


# -- a compliance report -----------------------------------------------------------------------------------


@dataclass(slots=True)
class _Sheet:
    """A sheet sorted out: rows of entities, rows of totals."""

    entities: list[tuple[Row, str]]
    totals: list[Row]


def _period(folder: Path, layout: Layout, findings: Findings) -> PeriodFacts | None:
    path = folder / layout.file
    figures = (layout.obligation, ALLOWANCES, OFFSETS, INSTRUMENTS)
    by_vintage = [vintage_column(year) for year in layout.vintages]
    columns = (_ID, _NAME, _FACILITIES, *figures, _STATUS)
    summary = xlsx(path, f"{layout.period} Compliance Summary", columns, findings, header_row=_HEADER_ROW)
    if summary is None:
        return None  # the other sheets of a broken workbook would only say the same again
    columns = (_ID, _NAME, *by_vintage, ALLOWANCES)
    detail = xlsx(path, f"{layout.period} Allowance Detail", columns, findings, header_row=_HEADER_ROW)
    columns = (_ID, _NAME, _VINTAGE, QUANTITY, _PROJECT)
    credits = xlsx(path, f"{layout.period} Offset Detail", columns, findings, header_row=_HEADER_ROW)
    if detail is None or credits is None:
        return None
    owed = _sorted_out(summary, figures, nobody=True)
    if not owed.totals:
        findings.refuse(checks.TOTAL_MISSING, Source(summary.file, summary.sheet), label=_TOTAL)
    held = _sorted_out(detail, (*by_vintage, ALLOWANCES))
    used = _sorted_out(credits, (_VINTAGE, QUANTITY, _PROJECT))
    _each_once(owed)
    _each_once(held)
    facts = PeriodFacts(
        layout,
        tuple(_obligation(row, entity, layout) for row, entity in owed.entities),
        tuple(_vintages(row, entity, layout) for row, entity in held.entities),
        tuple(_offset_use(row, entity, credits) for row, entity in used.entities),
        {
            "summary": _totals(owed, figures),
            "vintages": _totals(held, (*by_vintage, ALLOWANCES)),
            "offsets": _totals(used, (QUANTITY,)),
        },
    )
    _no_line_twice(used, facts.offsets)
    return facts


def _sorted_out(table: Table, figures: Sequence[str], *, nobody: bool = False) -> _Sheet:
    """Rows with an entity and figures are entities; figures under a total's label are totals; a row of words
    alone is a footnote. Everything else makes the sheet unusable.
    """
    sheet = _Sheet([], [])
    for row in table.rows:
        entity, label = row.raw(_ID), row.raw(_NAME)
        filled = any(row.raw(column) is not None for column in figures)
        if entity is None:
            if filled and str(label).startswith(_TOTAL):
                sheet.totals.append(row)
            elif filled and not str(label).startswith(_SHARE):
                table.findings.refuse(checks.FIGURES_OF_NOBODY, row.source, label=label or "")
            continue
        if not filled and label is None and not _ENTITY_ID.fullmatch(str(entity)):
            continue  # a footnote
        known = _entity_id(row, entity, table, nobody=nobody)
        if sheet.totals:
            table.findings.refuse(checks.BELOW_TOTAL, row.source, entity=known)
        sheet.entities.append((row, known))
    return sheet


def _entity_id(row: Row, cell: object, table: Table, *, nobody: bool) -> str:
    """The id in capitals; ids are written with blanks around them, which the reader has taken off."""
    entity = str(cell).upper()
    if not _ENTITY_ID.fullmatch(entity) and not (nobody and entity == NOBODY):
        table.findings.refuse(checks.ENTITY_FORM, row.source, value=entity[:40], column=_ID)
    return entity


def _each_once(sheet: _Sheet) -> None:
    first: dict[str, int] = {}
    for row, entity in sheet.entities:
        if entity in first:
            row.twice(entity, first[entity])
        first.setdefault(entity, row.number)


def _no_line_twice(sheet: _Sheet, uses: Sequence[OffsetUse]) -> None:
    """One issuance may serve an entity twice, with other quantities; the very same line again is a copy."""
    first: dict[tuple[str, str, int], int] = {}
    for (row, _), use in zip(sheet.entities, uses, strict=True):
        key = (use.entity, use.issuance, use.quantity)
        if key in first:
            row.twice(f"{use.entity} · {use.issuance} · {use.quantity}", first[key])
        first.setdefault(key, row.number)


def _tonnes(row: Row, column: str, most: int = TONNES_MAX) -> int:
    return row.whole(column, most=most) or 0


def _totals(sheet: _Sheet, columns: Sequence[str]) -> tuple[Total, ...]:
    """A total's label says whether rows without an entity are left out."""
    return tuple(
        Total(row.source, column, _tonnes(row, column), _EXCLUDING not in str(row.raw(_NAME)))
        for row in sheet.totals
        for column in columns
    )


def _obligation(row: Row, entity: str, layout: Layout) -> Obligation:
    facilities = row.text(_FACILITIES, blank=True).split(",")
    return Obligation(
        row.source,
        entity,
        row.text(_NAME),
        tuple(one.strip() for one in facilities if one.strip()),
        _tonnes(row, layout.obligation),
        _tonnes(row, ALLOWANCES),
        _tonnes(row, OFFSETS),
        _tonnes(row, INSTRUMENTS),
        row.one_of(_STATUS, STATUSES),
    )


def _vintages(row: Row, entity: str, layout: Layout) -> Vintages:
    cells = {year: row.whole(vintage_column(year), most=TONNES_MAX, blank=True) for year in layout.vintages}
    return Vintages(row.source, entity, row.text(_NAME), cells, _tonnes(row, ALLOWANCES))


def _offset_use(row: Row, entity: str, table: Table) -> OffsetUse:
    return OffsetUse(
        row.source,
        entity,
        row.text(_NAME),
        row.year(_VINTAGE) or 0,
        row.whole(QUANTITY, least=1, most=TONNES_MAX) or 0,
        _issuance_id(row, _PROJECT, table),
    )


# -- the issuance table ------------------------------------------------------------------------------------

_ISSUANCE, _TYPE, _ROUTE = "CARB Issuance ID", "Project Type", "Early Action/ Compliance"
_ISSUED, _BUFFER = "ARB Offset Credits Issued", "Forest Buffer Account Contribution"
_DAY, _COMMENT = "Issuance Date", "Comment"
_NONE: Final = ("n/a", "reforest defer")
"""What stands in place of the credits where a row issues none."""
_IDLE_ID = re.compile(r"CA[A-Z]{2}\d{4}-\([a-z ]+\)")
_RETIRED: Final = (
    "Buffer Pool Retired",
    "Retired for Intentional Reversal",
    "Retired Voluntarily",
    "Retired 1st Compliance Period (CA)",
    "Retired 2nd Compliance Period (CA)",
    "Retired 3rd Compliance Period (CA)",
    "Retired 4th Compliance Period (CA)",
    "Retired for Compliance in Quebec",
)
_ROUTES: Final = {"Compliance": "COP", "Early Action": "EA"}
_TYPES: Final = {
    "ODS": "ODS",
    "Livestock": "Livestock",
    "U.S. Forest": "Forest",
    "Urban Forest": "Urban",
    "MMC": "MMC",
    "Rice Cultivation": "Rice",
}
"""Column of the summary by type → word in the table."""
_NO_CREDITS: Final = "- -"


def _issuance_table(path: Path, findings: Findings) -> IssuanceTable | None:
    columns = (_ISSUANCE, _TYPE, _ROUTE, _VINTAGE, _ISSUED, _BUFFER, _DAY, *_RETIRED, _COMMENT)
    table = xlsx(path, "ARB Offset Credit Issuance", columns, findings)
    if table is None:
        return None
    summary = xlsx(path, "Summary by Type", (_TYPE, *_TYPES), findings)
    issuances: list[Issuance] = []
    idle: list[tuple[Source, str]] = []
    first: dict[str, int] = {}
    for row in table.rows:
        if row.raw(_ISSUED) in _NONE:
            idle.append((row.source, _issuance_id(row, _ISSUANCE, table, _IDLE_ID)))
            continue
        issuance = _issuance(row, table)
        if issuance.id in first:
            row.twice(issuance.id, first[issuance.id])
        first.setdefault(issuance.id, row.number)
        issuances.append(issuance)
    return IssuanceTable(tuple(issuances), tuple(idle), _by_type(summary) if summary else ())


def _issuance(row: Row, table: Table) -> Issuance:
    issued = _tonnes(row, _ISSUED)
    return Issuance(
        row.source,
        _issuance_id(row, _ISSUANCE, table),
        row.one_of(_TYPE, tuple(_TYPES.values())),
        row.one_of(_ROUTE, tuple(_ROUTES.values())),
        row.year(_VINTAGE) or 0,
        issued,
        _or_none(row, _BUFFER, most=issued),
        _day(row, table),
        {column: _or_none(row, column) for column in _RETIRED},
        str(row.raw(_COMMENT) or ""),
    )


def _day(row: Row, table: Table) -> date:
    day = row.day(_DAY) or date.min
    if day > date.min and not YEAR_MIN <= day.year <= YEAR_MAX:
        table.findings.refuse(NOT_A_DATE, row.source, column=_DAY, value=day.isoformat())
    return day


def _or_none(row: Row, column: str, most: int = TONNES_MAX) -> int:
    """A number of credits, 0 where the table says that there is no such thing (no buffer for a dairy)."""
    return 0 if row.raw(column) == _NONE[0] else _tonnes(row, column, most)


def _issuance_id(row: Row, column: str, table: Table, form: re.Pattern[str] = _ISSUANCE_ID) -> str:
    value = row.text(column)
    if value and not form.fullmatch(value):
        table.findings.refuse(checks.ISSUANCE_FORM, row.source, column=column, value=value[:40])
    return value


def _by_type(summary: Table) -> tuple[tuple[Source, str, str, int], ...]:
    rows: list[tuple[Any, ...]] = []
    for row in summary.rows:
        route = _ROUTES.get(str(row.raw(_TYPE)))
        if route is None:
            continue  # the sheet has a chart's cells below
        for column, kind in _TYPES.items():
            value = 0 if row.raw(column) == _NO_CREDITS else _tonnes(row, column)
            rows.append((row.source, route, kind, value))
    return tuple(rows)
