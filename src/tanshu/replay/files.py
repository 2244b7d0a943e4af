"""Reading published files without trusting them: limits first, then shape, then every cell by its kind.

Whatever is wrong comes out as a finding with file, sheet and row; nothing a file may hold raises. A `Table`
is read whole before anything is done with it, and every cell is asked for by the kind it must have.
"""

from __future__ import annotations

import csv
import io
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from tanshu.base.refusal import RefusalKind
from tanshu.replay import checks
from tanshu.replay.model import Finding, Severity, Source

FILE_BYTES_MAX = 32 * 2**20
UNPACKED_BYTES_MAX = 32 * 2**20
"""A workbook is a zip: a small one can unpack to anything. The unpacked sizes are looked at first."""
ROWS_MAX = 250_000
COLUMNS_MAX = 256
TEXT_MAX = 1_000
TONNES_MAX = 10**12
"""What a cell may hold: twenty times the world's emissions of a year, so no sum passes the book's cap."""
FINDINGS_MAX = 200
"""Findings that one table lists before it says that there is more."""
YEARS = (1990, 2200)
_SHOWN = 80
"""Characters of a wrong cell that a finding shows."""


@dataclass(slots=True)
class Findings:
    """What reading found so far, in order."""

    all: list[Finding] = field(default_factory=list)

    @property
    def unusable(self) -> bool:
        return any(finding.severity is Severity.UNUSABLE for finding in self.all)

    def refuse(self, kind: RefusalKind, source: Source, **facts: object) -> None:
        """The file cannot be used as it is."""
        self._add(Finding(kind(**_named(facts)), source, Severity.UNUSABLE))

    def note(
        self,
        kind: RefusalKind,
        source: Source,
        evidence: Mapping[str, int | str | None] | None = None,
        **facts: object,
    ) -> None:
        """The file contradicts itself or another; the replay goes on."""
        self.all.append(Finding(kind(**_named(facts)), source, Severity.ANOMALY, evidence or {}))

    def _add(self, finding: Finding) -> None:
        here = (finding.source.file, finding.source.sheet)
        known = sum(1 for one in self.all if one.severity is Severity.UNUSABLE and one.source[:2] == here)
        if known < FINDINGS_MAX:
            self.all.append(finding)
        elif known == FINDINGS_MAX:
            more = checks.TOO_MANY_FINDINGS(limit=FINDINGS_MAX)
            self.all.append(Finding(more, Source(*here), Severity.UNUSABLE))


def _named(facts: dict[str, object]) -> dict[str, Any]:
    """A finding about a column names it as the refusal's field, too."""
    return {**facts, "field": facts["column"]} if "column" in facts else facts


class Row:
    """One row of a table: cells by the name of their column, each asked for by its kind.

    A cell that is not of its kind leaves a finding and counts as None, so that one reading finds everything.
    """

    __slots__ = ("_cells", "_table", "number")

    def __init__(self, table: Table, number: int, cells: Mapping[str, object]):
        self._table, self.number, self._cells = table, number, cells

    @property
    def source(self) -> Source:
        return Source(self._table.file, self._table.sheet, self.number)

    def raw(self, column: str) -> object:
        """The cell as it is: text stripped, None where it is blank."""
        return self._cells[column]

    def whole(
        self, column: str, *, least: int = 0, most: int = TONNES_MAX, blank: bool = False
    ) -> int | None:
        """A whole number. blank: it may be blank (then None)."""
        value = self._cells[column]
        if value is None:
            return None if blank else self.refuse(checks.BLANK, column)
        number = _whole(value, text=self._table.texts)
        if number is None:
            return self.refuse(checks.NOT_WHOLE, column, value=_shown(value))
        if not least <= number <= most:
            return self.refuse(checks.OUT_OF_RANGE, column, value=number, least=least, most=most)
        return number

    def year(self, column: str, *, blank: bool = False) -> int | None:
        return self.whole(column, least=YEARS[0], most=YEARS[1], blank=blank)

    def text(self, column: str, *, blank: bool = False) -> str:
        """Visible text; a number in a column of texts is written out. "" where it is blank and may be."""
        value = self._cells[column]
        if value is None:
            if not blank:
                self.refuse(checks.BLANK, column)
            return ""
        number = _whole(value, text=False)
        words = str(number) if number is not None else value
        if not isinstance(words, str) or len(words) > TEXT_MAX or not words.isprintable():
            self.refuse(checks.NOT_TEXT, column, value=_shown(value), limit=TEXT_MAX)
            return ""
        return words

    def one_of(self, column: str, known: Sequence[str], *, blank: bool = False) -> str:
        """One of a list of words; "" where it is blank and may be."""
        value = self.text(column, blank=blank)
        if value and value not in known:
            self.refuse(checks.NOT_ONE_OF, column, value=_shown(value), known=", ".join(known))
            return ""
        return value

    def day(self, column: str, *, blank: bool = False) -> date | None:
        """A date."""
        value = self._cells[column]
        if value is None:
            return None if blank else self.refuse(checks.BLANK, column)
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        return self.refuse(checks.NOT_A_DATE, column, value=_shown(value))

    def twice(self, name: str, first: int) -> None:
        """This row's key stands in an earlier one, and the file means nothing then."""
        self._table.findings.refuse(checks.TWICE, self.source, name=name, first=first)

    def refuse(self, kind: RefusalKind, column: str, **facts: object) -> None:
        self._table.findings.refuse(kind, self.source, column=column, **facts)


@dataclass(slots=True)
class Table:
    """A heading and its rows. texts: every cell is text (CSV), so numbers are read from text."""

    file: str
    sheet: str
    findings: Findings
    texts: bool
    rows: list[Row] = field(default_factory=list)


def xlsx(
    path: Path, sheet: str, columns: Sequence[str], findings: Findings, *, header_row: int = 1
) -> Table | None:
    """A sheet of a workbook; None where it cannot be used, with findings that say why.

    columns: those that must be there; others are kept, too. Headings are compared with blanks pressed to one.
    """
    whole = Source(path.name)
    if not _small_enough(path, findings) or not _unpacks_small_enough(path, findings):
        return None
    try:
        lines = _cells(path, sheet, header_row + ROWS_MAX + 1)
    except Exception as error:  # a broken workbook makes the reader stumble over anything
        findings.refuse(checks.FILE_UNREADABLE, whole, why=_why(error), format="XLSX")
        return None
    if isinstance(lines, str):
        findings.refuse(checks.SHEET_MISSING, whole, sheet=sheet, found=lines)
        return None
    table = Table(path.name, sheet, findings, texts=False)
    return _filled(table, lines, columns, header_row)


def _cells(path: Path, sheet: str, rows: int) -> list[Sequence[object]] | str:
    """At most so many rows of a sheet; where there is no such sheet, the names of those there are."""
    from openpyxl import load_workbook  # slow to import, and most commands read no workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of styles and extensions, which nobody asks for here
        workbook = load_workbook(path, read_only=True, data_only=True)
        try:
            if sheet not in workbook.sheetnames:
                return ", ".join(workbook.sheetnames)
            found = workbook[sheet].iter_rows(max_row=rows, max_col=COLUMNS_MAX, values_only=True)
            return [_trimmed(row) for row in found]
        finally:
            workbook.close()


def comma_separated(path: Path, columns: Sequence[str], findings: Findings) -> Table | None:
    """A CSV in UTF-8 with a heading; None where it cannot be used, with findings that say why."""
    whole = Source(path.name)
    if not _small_enough(path, findings):
        return None
    try:
        text = path.read_bytes().decode("utf-8-sig")
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        lines: list[Sequence[object]] = list(islice(reader, ROWS_MAX + 2))
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        findings.refuse(checks.FILE_UNREADABLE, whole, why=_why(error), format="UTF-8 CSV")
        return None
    if text and not text.endswith("\n"):
        findings.refuse(checks.CUT_SHORT, Source(path.name, "", len(lines)))
        return None
    width = len(lines[0]) if lines else 0
    for number, line in enumerate(lines[1:], start=2):
        if line and len(line) != width:
            source = Source(path.name, "", number)
            findings.refuse(checks.ROW_WIDTH, source, cells=len(line), columns=width)
    return _filled(Table(path.name, "", findings, texts=True), lines, columns, 1)


# -- from cells to a table ---------------------------------------------------------------------------------


def _filled(
    table: Table, lines: Sequence[Sequence[object]], columns: Sequence[str], header_row: int
) -> Table | None:
    whole = Source(table.file, table.sheet)
    heading = [_pressed(cell) for cell in lines[header_row - 1]] if len(lines) >= header_row else []
    if not _heading_fits(table, heading, columns, header_row):
        return None
    if len(lines) > header_row + ROWS_MAX:
        table.findings.refuse(checks.TOO_MANY_ROWS, whole, limit=ROWS_MAX)
        return None
    places = {name: at for at, name in enumerate(heading) if name}
    for number, line in _numbered(lines, header_row):
        cells = {name: _clean(line[at]) if at < len(line) else None for name, at in places.items()}
        if any(value is not None for value in cells.values()):
            table.rows.append(Row(table, number, cells))
    if not table.rows:
        table.findings.refuse(checks.NO_ROWS, whole)
        return None
    return table


def _heading_fits(table: Table, heading: list[str], columns: Sequence[str], header_row: int) -> bool:
    source = Source(table.file, table.sheet, header_row)
    missing = [name for name in columns if name not in heading]
    for name in missing:
        table.findings.refuse(checks.COLUMN_MISSING, source, column=name, row=header_row)
    twice = [name for name in columns if heading.count(name) > 1]
    for name in twice:
        table.findings.refuse(checks.COLUMN_TWICE, source, column=name)
    return not missing and not twice


def _numbered(lines: Sequence[Sequence[object]], header_row: int) -> Iterator[tuple[int, Sequence[object]]]:
    return enumerate(lines[header_row:], start=header_row + 1)


def _trimmed(row: Sequence[object]) -> Sequence[object]:
    """Without the blanks at its end: a sheet may claim to be wider and longer than it is."""
    end = len(row)
    while end and row[end - 1] is None:
        end -= 1
    return row[:end]


def _pressed(cell: object) -> str:
    return " ".join(str(cell).split()) if cell is not None else ""


def _clean(cell: object) -> object:
    """Text without blanks around it; None where nothing is left."""
    return cell.strip() or None if isinstance(cell, str) else cell


def _whole(value: object, *, text: bool) -> int | None:
    """The whole number that a cell is, None when it is something else. text: digits count, too."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return int(value) if value.is_integer() and abs(value) < 2**53 else None
    if text and isinstance(value, str) and len(value) <= 20:
        digits = value.removeprefix("-")
        return int(value) if digits.isascii() and digits.isdigit() else None
    return None


def _shown(value: object) -> str:
    words = ascii(value) if isinstance(value, str) and not value.isprintable() else str(value)
    return words if len(words) <= _SHOWN else words[:_SHOWN] + "…"


# -- limits ------------------------------------------------------------------------------------------------


def _small_enough(path: Path, findings: Findings) -> bool:
    try:
        size = path.stat().st_size
        readable = path.is_file()
    except OSError:
        readable, size = False, 0
    if not readable:
        findings.refuse(checks.FILE_MISSING, Source(path.name), name=path.name)
        return False
    if size > FILE_BYTES_MAX:
        findings.refuse(checks.FILE_TOO_LARGE, Source(path.name), bytes=size, limit=FILE_BYTES_MAX)
        return False
    return True


def _unpacks_small_enough(path: Path, findings: Findings) -> bool:
    """Python's zipfile never unpacks a member beyond the size it declares, so the declared sizes hold."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(member.file_size for member in archive.infolist())
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        findings.refuse(checks.FILE_UNREADABLE, Source(path.name), why=_why(error), format="XLSX")
        return False
    if size > UNPACKED_BYTES_MAX:
        source, limit = Source(path.name), UNPACKED_BYTES_MAX
        findings.refuse(checks.FILE_UNPACKS_TOO_LARGE, source, bytes=size, limit=limit)
        return False
    return True


def _why(error: Exception) -> str:
    words = " ".join(str(error).split()) or type(error).__name__
    return words if len(words) <= 200 else words[:200] + "…"
