"""Reading an uploaded allocation table without trusting it: limits first, then its shape, then cells as text.

What the cells mean is judged in `uploads`, under the lock, whatever door they came through.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from tanshu.base.files import NO_FILE, cell_text
from tanshu.base.refusal import Refused
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.allocation import STAGE_LABELS
from tanshu.compliance.upload_model import COLUMNS, UploadedRow

FILE_BYTES_MAX = 16 * 2**20
UNPACKED_BYTES_MAX = 128 * 2**20
"""A workbook is a zip: a small one can unpack to anything."""
ROWS_MAX = 20_000
COLUMNS_MAX = 64

_BROKEN = (
    *(zipfile.BadZipFile, zlib.error, OSError, EOFError),
    *(SyntaxError, RuntimeError),  # XML that is none, or swells; a zip that is locked, or packed otherwise
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
)
"""What openpyxl meets in a file that is no workbook, or a forged one."""
_VISIBLE = "visible"


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as read: the file's name, its bytes' SHA-256 and size, the sheet, its rows as text."""

    file: str
    sha256: str
    size: int
    sheet: str
    rows: tuple[UploadedRow, ...]


def read(path: Path, stage: str, sheet: str = "") -> ReadTable:
    """Read a stage's table from a workbook: the sheet named, or the first; one that is hidden is none.

    The file is read once: its rows are those of the bytes that its hash is of. Raises Refused BASE-1201 (no
    file), CMP-6001 (bytes), 6002 (no workbook), 6003 (rows), 6004 (columns), 6005 (a column is missing),
    6007 (no such sheet), 6009 (a column is there twice).
    """
    if not path.is_file():
        raise Refused(NO_FILE(field="file", path=path))
    _check_size(path.name, path.stat().st_size, FILE_BYTES_MAX)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Refused(checks.UNREADABLE(field="file", file=path.name, why=error)) from error
    _check_size(path.name, len(data), FILE_BYTES_MAX)
    _check_unpacked(path.name, data)
    name, grid = _grid(path.name, data, sheet)
    return ReadTable(path.name, hashlib.sha256(data).hexdigest(), len(data), name, _rows(name, stage, grid))


def _check_size(file: str, size: int, limit: int) -> None:
    if size > limit:
        raise Refused(checks.TOO_BIG(field="file", file=file, size=size, limit=limit))


def _check_unpacked(file: str, data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
    except _BROKEN as error:
        raise Refused(checks.UNREADABLE(field="file", file=file, why=error)) from error
    _check_size(file, unpacked, UNPACKED_BYTES_MAX)


def _grid(file: str, data: bytes, sheet: str) -> tuple[str, list[tuple[Any, ...]]]:
    """The sheet's name and its cells, no more of them than the limits allow."""
    from openpyxl import load_workbook  # slow to import, and most commands read no workbook

    try:
        workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        shown = {str(one.title): one for one in workbook.worksheets if one.sheet_state == _VISIBLE}
        name = sheet or next(iter(shown), "")
        if name not in shown:
            known = ", ".join(shown)
            raise Refused(checks.SHEET_UNKNOWN(field="sheet", sheet=name, known=known))
        shown[name].reset_dimensions()  # what a sheet says of its own size need not be true
        rows = list(islice(shown[name].iter_rows(max_col=COLUMNS_MAX + 1, values_only=True), ROWS_MAX + 2))
        workbook.close()
    except _BROKEN as error:
        raise Refused(checks.UNREADABLE(field="file", file=file, why=error)) from error
    if len(rows) > ROWS_MAX + 1:
        raise Refused(checks.TOO_MANY_ROWS(field="file", sheet=name, limit=ROWS_MAX))
    if any(len(row) > COLUMNS_MAX and row[COLUMNS_MAX] is not None for row in rows):
        raise Refused(checks.TOO_MANY_COLUMNS(field="file", sheet=name, limit=COLUMNS_MAX))
    return name, rows


def _rows(sheet: str, stage: str, grid: Sequence[Sequence[Any]]) -> tuple[UploadedRow, ...]:
    """The rows below the heading that have something in them; blank ones are passed over."""
    heading = [cell_text(cell).strip() for cell in grid[0]] if grid else []
    places = {name: _place(sheet, heading, names) for name, names in COLUMNS[stage].items()}
    missing = [name for name, place in places.items() if place is None]
    if missing:
        needed = ", ".join(f"{name} ({COLUMNS[stage][name][0]})" for name in COLUMNS[stage])
        raise Refused(
            checks.COLUMN_MISSING(
                field="file",
                sheet=sheet,
                columns=", ".join(missing),
                stage=STAGE_LABELS[stage],
                needed=needed,
            )
        )
    return tuple(_filled(grid, places))


def _place(sheet: str, heading: Sequence[str], names: Sequence[str]) -> int | None:
    """Where a column is. Raises Refused CMP-6009 where two columns could be meant."""
    found = [n for n, cell in enumerate(heading) if cell in names]
    if len(found) > 1:
        raise Refused(checks.COLUMN_TWICE(field="file", sheet=sheet, column=names[0]))
    return found[0] if found else None


def _filled(grid: Sequence[Sequence[Any]], places: dict[str, int | None]) -> Iterator[UploadedRow]:
    for number, cells in enumerate(grid[1:], start=2):
        texts = {
            name: cell_text(cells[place]).strip() if place is not None and place < len(cells) else ""
            for name, place in places.items()
        }
        if any(texts.values()):
            yield UploadedRow(number, texts)
