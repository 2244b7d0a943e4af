"""A file's rows as commands: what each row says, and what is wrong with it before anybody is asked.

A row that can be read becomes a command; one that cannot becomes a finding. Whether a command is allowed is
for its verb to say.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any, cast

from tanshu.base.files import COLUMN_MISSING, FileRow, Finding
from tanshu.base.refusal import Refusal, Refused
from tanshu.cli import checks

if TYPE_CHECKING:
    from tanshu.book.commit import Context, Outcome

_TRUE, _FALSE = ("true", "yes", "1", "是", "y", "x"), ("", "false", "no", "0", "否", "n")
_YEAR = re.compile(r"^(19|20)\d\d$")
_LINE_NUMBERS = ("output", "intensity", "base_t", "days")
_TONNES = re.compile(r"^\d{1,19}$")
_GROUPED = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$")

Verb = Callable[["Context", Any], "Outcome"]


@dataclass(frozen=True, slots=True)
class Planned:
    """One command that a file asks for, and the row it is blamed on. `expected`: what it must come to."""

    row: int
    verb: Verb
    body: object
    expected: int | None = None


Plan = tuple[list[Planned], list[Finding]]


def each(rows: Sequence[FileRow], read: Callable[[FileRow], Planned]) -> Plan:
    """Read every row; collect what cannot be read."""
    planned: list[Planned] = []
    findings: list[Finding] = []
    for row in rows:
        try:
            planned.append(read(row))
        except Refused as refused:
            findings.append(Finding(row.number, refused.refusal))
    return planned, findings


def accounts(rows: Sequence[FileRow]) -> Plan:
    """kind, name, uscc, handle, region, accounts, people [, fictional]: one subject a row."""
    from tanshu.parties.model import NewPerson, Register
    from tanshu.parties.service import register

    def people(row: FileRow) -> Iterator[NewPerson]:
        for one in _items(row["people"]):
            handle, colon, rights = one.rpartition(":")
            if not colon:
                raise _bad(one, "people", "HANDLE:maker; HANDLE:checker")
            yield NewPerson(handle.strip(), tuple(right.strip() for right in rights.split("+")))

    def read(row: FileRow) -> Planned:
        body = Register(
            row["kind"],
            row["name"],
            row["handle"],
            row["uscc"],
            row["region"],
            _flag(row, "fictional"),
            accounts=tuple(_items(row["accounts"])),
            people=tuple(people(row)),
        )
        return Planned(row.number, register, body)

    return each(rows, read)


def listed(rows: Sequence[FileRow], year: int) -> Plan:
    """handle (or uscc) [, excluded] [, note] [, sector]: the year's list."""
    from tanshu.mrv.service import ListedEntity, ListEntities, list_entities

    def read(row: FileRow) -> Planned:
        entity = ListedEntity(_who(row), _flag(row, "excluded"), row["note"], row["sector"].lower())
        return Planned(row.number, list_entities, ListEntities(year, (entity,)))

    return _once(each(rows, read), rows)


def emissions(rows: Sequence[FileRow], year: int) -> Plan:
    """handle (or uscc), verified_t [, source]: verified emissions of a year in whole tonnes."""
    from tanshu.mrv.service import EntityEmissions, ImportEmissions, import_emissions

    def read(row: FileRow) -> Planned:
        entity = EntityEmissions(_who(row), _tonnes(row, "verified_t"))
        return Planned(row.number, import_emissions, ImportEmissions(year, (entity,), row["source"]))

    return _once(each(rows, read), rows)


def activity(rows: Sequence[FileRow], year: int) -> Plan:
    """One unit a row; an entity's units make one command, for the newest entry of an entity counts."""
    from tanshu.mrv.service import EntityUnits, ImportActivity, import_activity

    def planned(row: int, who: str, units: Sequence[Any]) -> Planned:
        return Planned(row, import_activity, ImportActivity(year, (EntityUnits(who, tuple(units)),)))

    return _by_entity(rows, lambda row: _unit(row, year), "unit", planned)


def output(rows: Sequence[FileRow], year: int) -> Plan:
    """One line a row; an entity's lines make one command, for the newest entry of an entity counts."""
    from tanshu.mrv.output_service import EntityLines, ImportOutput, import_output

    def planned(row: int, who: str, lines: Sequence[Any]) -> Planned:
        return Planned(row, import_output, ImportOutput(year, (EntityLines(who, tuple(lines)),)))

    return _by_entity(rows, lambda row: _line(row, year), "line", planned)


def _by_entity(
    rows: Sequence[FileRow],
    read: Callable[[FileRow], Any],
    name: str,
    planned: Callable[[int, str, Sequence[Any]], Planned],
) -> Plan:
    """One command an entity, of all its rows. name: the field in which no two rows of an entity agree."""
    from tanshu.mrv import checks as mrv

    parts: dict[str, list[Any]] = {}
    first: dict[str, int] = {}
    findings: list[Finding] = []
    spoilt: set[str] = set()
    """Entities with a bad row: half of an entity's units would be taken for all of them."""
    for row in rows:
        try:
            who, part = _who(row), read(row)
            if any(getattr(other, name) == getattr(part, name) for other in parts.get(who, ())):
                raise Refused(mrv.UNIT_TWICE(field=name, unit=getattr(part, name)))
        except Refused as refused:
            findings.append(Finding(row.number, refused.refusal))
            spoilt.add(_named(row))
            continue
        parts.setdefault(who, []).append(part)
        first.setdefault(who, row.number)
    return [planned(first[who], who, own) for who, own in parts.items() if who not in spoilt], findings


def allocations(rows: Sequence[FileRow]) -> Plan:
    """handle (or uscc), year, stage [, expected_t]: decisions to compute, and what they should come to."""
    from tanshu.compliance.allocation import Allocate, allocate

    def read(row: FileRow) -> Planned:
        year, stage = _year(row), row["stage"]
        expected = _tonnes(row, "expected_t") if row["expected_t"] else None
        body = Allocate(_who(row), year, stage, f"{year}-{stage}")
        return Planned(row.number, allocate, body, expected)

    return each(rows, read)


# -- cells -------------------------------------------------------------------------------------------------


def need_who(rows: Sequence[FileRow]) -> None:
    """A file about entities names them by handle or by uscc. Raises Refused BASE-1203."""
    if rows and not {"handle", "uscc"} & rows[0].cells.keys():
        raise Refused(COLUMN_MISSING(field="file", columns="handle", needed="handle | uscc"))


def _named(row: FileRow) -> str:
    return row["handle"] or row["uscc"].upper()


def _who(row: FileRow) -> str:
    if not _named(row):
        raise _bad("", "handle", "a handle or a credit code")
    return _named(row)


def _once(plan: Plan, rows: Sequence[FileRow]) -> Plan:
    """An entity stands in such a file once."""
    from tanshu.mrv.checks import SUBJECT_TWICE

    seen: set[str] = set()
    twice: dict[int, str] = {}
    for row in rows:
        if _named(row) in seen:
            twice[row.number] = _named(row)
        seen.add(_named(row))
    planned, findings = plan
    said = {finding.row for finding in findings}
    more = [
        Finding(number, SUBJECT_TWICE(field="handle", handle=handle))
        for number, handle in twice.items()
        if number not in said
    ]
    return [one for one in planned if one.row not in twice], sorted([*findings, *more], key=lambda f: f.row)


def _unit(row: FileRow, year: int) -> Any:
    """A unit's year, possible in itself; its verb checks it again."""
    from tanshu.mrv.service import check_unit
    from tanshu.rules.activity import UnitYear

    if row["year"] and _year(row) != year:
        raise _bad(row["year"], "year", str(year))
    if not row["unit"]:
        raise _bad("", "unit", "a name")
    unit = UnitYear(
        unit=row["unit"],
        year=year,
        unit_class=cast(Any, row["unit_class"]),
        capacity_mw=_number(row, "capacity_mw"),
        generation_mwh=_number(row, "generation_mwh"),
        heat_gj=_number(row, "heat_gj"),
        running_hours=_number(row, "running_hours"),
        verified_t=_tonnes(row, "verified_t"),
        supply_mwh=_number(row, "supply_mwh") if row["supply_mwh"] else None,
        heat_ratio=_number(row, "heat_ratio") if row["heat_ratio"] else None,
        cooling=cast(Any, row["cooling"] or "water"),
        chp=_flag(row, "chp"),
        exclusion=row["exclusion"] or None,
    )
    refused = check_unit(unit)
    if refused:
        raise Refused(refused)
    return unit


def _line(row: FileRow, year: int) -> Any:
    """A line's year; which numbers its product needs is the allocation pack's to say."""
    from tanshu.rules.activity import OutputYear

    if row["year"] and _year(row) != year:
        raise _bad(row["year"], "year", str(year))
    for column in ("line", "product"):
        if not row[column]:
            raise _bad("", column, "a name")
    numbers = {name: _number(row, name) if row[name] else None for name in _LINE_NUMBERS}
    return OutputYear(row["line"], year, row["product"], _tonnes(row, "verified_t"), **numbers)


def _number(row: FileRow, column: str) -> Decimal:
    from tanshu.mrv.checks import NOT_A_NUMBER

    try:
        return Decimal(_ungrouped(row[column]))
    except InvalidOperation:
        raise Refused(NOT_A_NUMBER(field=column, value=row[column], field_name=column)) from None


def _tonnes(row: FileRow, column: str) -> int:
    from tanshu.mrv.checks import NOT_TONNES

    digits = _ungrouped(row[column])
    if not _TONNES.match(digits):
        raise Refused(NOT_TONNES(field=column, value=row[column]))
    return int(digits)


def _ungrouped(cell: str) -> str:
    """A number without its thousands commas; any other comma stays, and makes it no number."""
    return cell.replace(",", "") if _GROUPED.match(cell) else cell


def _year(row: FileRow) -> int:
    from tanshu.mrv.checks import YEAR_INVALID

    if not _YEAR.match(row["year"]):
        raise Refused(YEAR_INVALID(field="year", value=row["year"]))
    return int(row["year"])


def _flag(row: FileRow, column: str) -> bool:
    value = row[column].lower()
    if value not in (*_TRUE, *_FALSE):
        raise _bad(row[column], column, "true | false")
    return value in _TRUE


def _items(cell: str) -> list[str]:
    return [one.strip() for one in re.split("[;；]", cell) if one.strip()]


def _bad(value: str, column: str, expected: str) -> Refused:
    return Refused(checks.BAD_CELL(field=column, value=value, column=column, expected=expected))


def mismatch(planned: Planned, decided: Any) -> Refusal | None:
    """The refusal for a decision that does not come to what its file expects."""
    if planned.expected is None or decided["quantity"] == planned.expected:
        return None
    return checks.NOT_AS_EXPECTED(
        field="expected_t",
        subject=decided["subject"],
        year=decided["year"],
        stage=decided["stage"],
        computed=decided["quantity"],
        expected=planned.expected,
    )
