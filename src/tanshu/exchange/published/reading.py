"""Reading a published file: its hash, its layout by the header, its rows as whole numbers in their units.

Cells are decimals, read exactly. A value that is not whole in its unit by less than a millionth of it is the
noise of a float on its way through somebody's program (679471.0000000001 t) and is read as the nearest unit;
anything else that is finer is read rounded half up, and told.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation
from pathlib import Path

from tanshu.base.files import COLUMN_MISSING, COLUMN_TWICE, NO_FILE, UNREADABLE, read_table
from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refused
from tanshu.exchange.published import checks, layouts
from tanshu.exchange.published.model import FIELDS, Flaw, Layout, Row

FILE_BYTES_MAX = 256 * 2**20
NOISE = Decimal("0.000001")
"""Of a unit: what a float leaves behind."""
TEXT_MAX = 40
"""Characters of an unreadable cell that are repeated to the reader."""
TITLE_MAX = 200
_NUMBER = re.compile(r"^[+-]?(\d{1,3}(,\d{3})+|\d+)?(\.\d+)?([eE][+-]?\d{1,3})?$", re.ASCII)
_MONTH = re.compile(r"^(\d{4})-(\d{2})$", re.ASCII)
_BLANKS = frozenset({"", "-", "--", "—", "NA", "N/A", "nan", "NaN", "null"})
_EXACT = Context(prec=60)


@dataclass(frozen=True, slots=True)
class Source:
    """A file that was looked at: its name, its bytes' SHA-256, what it is, and how many rows it has."""

    path: Path
    sha256: str
    layout: Layout
    header: tuple[str, ...]
    rows: int

    @property
    def file(self) -> str:
        return self.path.name


def look(path: Path, layout: Layout | None = None) -> Source:
    """What a file is. Its layout follows from the header unless one is given.

    Raises Refused BASE-1201 (no file), 1202 (unreadable), 1203 (a column is missing), 1205 (one is there
    twice), EXC-6001 (unknown header), 6003 (bytes), 6004 (no rows).
    """
    if not path.is_file():
        raise Refused(NO_FILE(field="file", path=path))
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise Refused(checks.FILE_TOO_BIG(field="file", file=path.name, size=size, limit=FILE_BYTES_MAX))
    table = _lines(path)
    header = tuple(cell.strip() for cell in next(table, []))
    count = sum(1 for cells in table if any(cell.strip() for cell in cells))
    found = layout or layouts.chosen(header)
    _check_header(header, found)
    if not count:
        raise Refused(checks.NO_ROWS(field="file"))
    with path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    return Source(path, sha256, found, header, count)


def rows(source: Source) -> Iterator[Row]:
    """The rows of a file in its order, read as they are asked for; blank ones are passed over."""
    table = _lines(source.path)
    next(table, None)
    for number, cells in enumerate(table, start=2):
        if any(cell.strip() for cell in cells):
            named = dict(zip(source.header, (cell.strip() for cell in cells), strict=False))
            yield read_row(number, named, source.layout)


def read_row(number: int, cells: Mapping[str, str], layout: Layout) -> Row:
    """One row from its cells as text."""
    texts = {field: cells.get(column, "") for column, field in layout.columns.items()}
    flaws: list[Flaw] = []
    values = {name: _number(name, text, flaws) for name, text in texts.items() if name in FIELDS}
    day = _day(texts["day"], layout.period)
    if day is None:
        flaws.append(Flaw("day", "text", _shortened(texts["day"])))
    title = texts.get("title", "")[:TITLE_MAX]
    return Row(number, day, texts.get("vintage", "")[: layouts.NAME_MAX], values, title, tuple(flaws))


def _lines(path: Path) -> Iterator[Sequence[str]]:
    """The lines of a table, heading first, blank ones too. Raises Refused BASE-1202."""
    if path.suffix.lower() == ".xlsx":
        yield from _workbook(path)
        return
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        raise Refused(UNREADABLE(field="file", path=path, why=error)) from error


def _workbook(path: Path) -> list[Sequence[str]]:
    found = read_table(path, ())
    heading = list(found[0].cells) if found else []
    lines: list[Sequence[str]] = [heading]
    for row in found:
        lines += [[]] * (row.number - 1 - len(lines))  # blank rows keep their numbers
        lines.append([row[name] for name in heading])
    return lines


def _check_header(header: Sequence[str], layout: Layout) -> None:
    for name in layout.columns:
        if header.count(name) > 1:
            raise Refused(COLUMN_TWICE(field="file", column=name))
    missing = [name for name in layout.columns if name not in header]
    if missing:
        needed = ", ".join(layout.columns)
        raise Refused(COLUMN_MISSING(field="file", columns=", ".join(missing), needed=needed))


def _day(text: str, period: str) -> date | None:
    if period == "month" and (found := _MONTH.match(text)):
        text = f"{found[1]}-{found[2]}-01"
    try:
        return date.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None


def _number(name: str, text: str, flaws: list[Flaw]) -> int | None:
    """The cell in its unit; None where it is blank, or no number that the book could keep."""
    if text in _BLANKS:
        return None
    value = _decimal(text.removesuffix("%") if name.endswith("_change") else text)
    if value is None:
        flaws.append(Flaw(name, "text", _shortened(text)))
        return None
    units = value.scaleb(FIELDS[name], _EXACT)
    whole = units.to_integral_value(ROUND_HALF_UP)
    if abs(whole) > QUANTITY_MAX:
        flaws.append(Flaw(name, "text", _shortened(text)))
        return None
    if abs(units - whole) > NOISE and not name.endswith(("_average", "_change")):
        flaws.append(Flaw(name, "fraction", _shortened(text)))
    if whole < 0 and not name.endswith("_change"):
        flaws.append(Flaw(name, "negative", _shortened(text)))
        return None
    return int(whole)


def _decimal(text: str) -> Decimal | None:
    if not _NUMBER.match(text) or len(text) > TEXT_MAX:
        return None
    try:
        return Decimal(text.replace(",", ""), _EXACT)
    except InvalidOperation:
        return None


def _shortened(text: str) -> str:
    """What a person is shown of a cell: no control characters, and not a whole novel."""
    shown = "".join(c if c.isprintable() else "�" for c in text)
    return shown if len(shown) <= TEXT_MAX else f"{shown[:TEXT_MAX]}…"
