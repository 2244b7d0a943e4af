"""Tables for other programs: CSV, XLSX and Parquet, written row by row.

Memory does not grow with the rows. A number stays the number it is: CSV and Parquet carry all 64 bits, and a
workbook, whose numbers are floats, gets those beyond 15 digits as text. Text that a spreadsheet would take
for a formula cannot become one. A file appears under its name only when it is whole.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tanshu.base.clock import NS
from tanshu.base.refusal import Refusal, refusal
from tanshu.base.text import Lang, Text

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

FORMAT_UNKNOWN = refusal(
    "BASE-1501",
    "不认识格式“{value}”,可用:{known}。",
    "“{value}” is no known format; known are {known}.",
)

Cell = str | int | date | None
SHEET_ROWS = 1_000_000
"""Rows of one sheet of a workbook, which takes 1,048,576; more go to a further sheet."""
EXACT_IN_A_SHEET = 10**15
"""From here on a workbook's numbers are no longer all exact."""
BATCH_ROWS = 20_000
"""Rows of a Parquet file that are written together."""
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "=", "+", "-", "@")
"""What some spreadsheet takes for the beginning of a formula; full width where they are set to Chinese."""
_CELL_MAX = 32_767
"""Characters that a workbook's cell can hold."""
ABOUT = Text("说明", "About")


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    DAY = "day"


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Column:
    """name: as programs know it, in every language; label: as people read it."""

    name: str
    label: Text
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table to be written. about: where it is from and what its reader must know, label and value.

    made_ns: the moment it speaks of, which is the date of the file: equal rows give equal bytes.
    """

    title: Text
    columns: Sequence[Column]
    rows: Iterable[Sequence[Cell]]
    about: Sequence[tuple[Text, Text | str]]
    made_ns: int


def format_named(value: str) -> Format | Refusal:
    """Refuses with BASE-1501."""
    try:
        return Format(value)
    except ValueError:
        return FORMAT_UNKNOWN(field="format", value=value, known=", ".join(Format))


def write(
    path: Path, form: Format, sheet: Sheet, lang: Lang, tick: Callable[[int], None] = lambda _: None
) -> int:
    """Write the table; returns its number of rows. tick is told how many there are so far.

    Raises OSError where the file cannot be written.
    """
    part = path.with_name(f".{path.name}.part")
    counted = _Counted(sheet.rows, tick)
    try:
        _WRITERS[form](part, sheet, iter(counted), lang)
        if form is Format.CSV and sheet.about:
            _about_beside(path, sheet, lang)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return counted.count


class _Counted:
    """Rows on their way through, counted."""

    def __init__(self, rows: Iterable[Sequence[Cell]], tick: Callable[[int], None]):
        self._rows, self._tick, self.count = rows, tick, 0

    def __iter__(self) -> Iterator[Sequence[Cell]]:
        for row in self._rows:
            self.count += 1
            if self.count % 1_000 == 0:
                self._tick(self.count)
            yield row


# -- CSV ---------------------------------------------------------------------------------------------------


def _write_csv(path: Path, sheet: Sheet, rows: Iterator[Sequence[Cell]], _lang: Lang) -> None:
    """UTF-8 with a byte order mark, which spreadsheets need to read Chinese."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([column.name for column in sheet.columns])
        writer.writerows([_csv_cell(cell) for cell in row] for row in rows)


def _csv_cell(cell: Cell) -> str | int:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return f"'{cell}" if cell.startswith(FORMULA) else cell
    return cell.isoformat() if isinstance(cell, date) else cell


def _about_beside(path: Path, sheet: Sheet, lang: Lang) -> None:
    """A CSV has no place for what it is: that goes into a text file of the same name."""
    lines = [sheet.title.in_(lang), *(f"{label}: {value}" for label, value in _about_lines(sheet, lang))]
    path.with_name(f"{path.name}.about.txt").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _about_lines(sheet: Sheet, lang: Lang) -> Iterator[tuple[str, str]]:
    for label, value in sheet.about:
        yield label.in_(lang), value.in_(lang) if isinstance(value, Text) else value


# -- XLSX --------------------------------------------------------------------------------------------------


def _write_xlsx(path: Path, sheet: Sheet, rows: Iterator[Sequence[Cell]], lang: Lang) -> None:
    """What it is on the first sheet; the rows on as many further ones as they need."""
    from xlsxwriter import Workbook  # slow to import, and most commands write no workbook

    never = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with Workbook(str(path), never) as workbook:
        made = datetime.fromtimestamp(sheet.made_ns // NS, tz=UTC).replace(tzinfo=None)
        workbook.set_properties({"created": made, "title": sheet.title.in_(lang)})
        look = {
            "heading": workbook.add_format({"bold": True, "font_color": "#ffffff", "bg_color": "#0d4f43"}),
            "whole": workbook.add_format({"num_format": "#,##0;[Red]-#,##0"}),
            "day": workbook.add_format({"num_format": "yyyy-mm-dd", "align": "left"}),
        }
        _about(workbook, sheet, lang, look["heading"])
        for n in count(1):
            some = list(islice(rows, 1))
            if n > 1 and not some:
                break
            name = sheet.title.in_(lang) if n == 1 else f"{sheet.title.in_(lang)} {n}"
            _page(workbook.add_worksheet(name), sheet.columns, _first_then(some, rows), lang, look)


def _about(workbook: Workbook, sheet: Sheet, lang: Lang, heading: Any) -> None:
    page = workbook.add_worksheet(ABOUT.in_(lang))
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 96)
    page.write_string(0, 0, sheet.title.in_(lang), heading)
    for r, (label, value) in enumerate(_about_lines(sheet, lang), start=1):
        page.write_string(r, 0, label)
        page.write_string(r, 1, _fitting(value))


def _fitting(text: str) -> str:
    """A longer text would be left out without a word; cut, it shows that it was."""
    return text if len(text) <= _CELL_MAX else f"{text[: _CELL_MAX - 1]}…"


def _first_then(some: list[Sequence[Cell]], rows: Iterator[Sequence[Cell]]) -> Iterator[Sequence[Cell]]:
    yield from some
    yield from islice(rows, SHEET_ROWS - len(some))


def _page(
    page: Worksheet,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    lang: Lang,
    look: dict[str, Any],
) -> None:
    for c, column in enumerate(columns):
        page.set_column(c, c, 18)
        page.write_string(0, c, column.label.in_(lang), look["heading"])
    page.freeze_panes(1, 0)
    for r, row in enumerate(rows, start=1):
        for c, cell in enumerate(row):
            if isinstance(cell, str):
                page.write_string(r, c, _fitting(cell))
            elif isinstance(cell, date):
                page.write_datetime(r, c, datetime.combine(cell, time.min), look["day"])
            elif isinstance(cell, int) and abs(cell) < EXACT_IN_A_SHEET:
                page.write_number(r, c, cell, look["whole"])
            elif cell is not None:
                page.write_string(r, c, str(cell))


# -- Parquet -----------------------------------------------------------------------------------------------


def _write_parquet(path: Path, sheet: Sheet, rows: Iterator[Sequence[Cell]], lang: Lang) -> None:
    """What it is stands in the schema's metadata, label by label."""
    import pyarrow as pa  # slow to import, and seldom needed
    from pyarrow.parquet import ParquetWriter

    types = {Kind.TEXT: pa.string(), Kind.INTEGER: pa.int64(), Kind.DAY: pa.date32()}
    about = {label.en: value.in_(lang) if isinstance(value, Text) else value for label, value in sheet.about}
    fields = [pa.field(column.name, types[column.kind]) for column in sheet.columns]
    schema = pa.schema(fields, metadata=about)
    with ParquetWriter(path, schema) as writer:
        while some := list(islice(rows, BATCH_ROWS)):
            arrays = [
                pa.array(cells, field.type)
                for cells, field in zip(zip(*some, strict=True), fields, strict=True)
            ]
            writer.write_batch(pa.record_batch(arrays, schema=schema))


_WRITERS: dict[Format, Callable[[Path, Sheet, Iterator[Sequence[Cell]], Lang], None]] = {
    Format.CSV: _write_csv,
    Format.XLSX: _write_xlsx,
    Format.PARQUET: _write_parquet,
}
