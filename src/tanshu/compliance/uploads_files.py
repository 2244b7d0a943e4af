"""Reading an uploaded allocation table without trusting it: limits first, then its shape, then cells as text.

What the cells mean is judged in `uploads`, under the lock, whatever door they came through.
"""

from __future__ import annotations

import hashlib
import zipfile
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

_BROKEN = (zipfile.BadZipFile, KeyError, ValueError, OSError, EOFError, TypeError, AttributeError, IndexError)
"""What openpyxl meets in a file that is no workbook, or a forged one."""


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A table as read: the file's name, its bytes' SHA-256 and size, the sheet, its rows as text."""

    file: str
    sha256: str
    size: int
    sheet: str
    rows: tuple[UploadedRow, ...]


def read(path: Path, stage: str, sheet: str = "") -> ReadTable:
    """Read a stage's table from a workbook: the sheet named, or the first.

    Raises Refused BASE-1201 (no file), CMP-6001 (bytes), 6002 (no workbook), 6003 (rows), 6004 (columns),
    6005 (a column is missing), 6007 (no such sheet).
    """
    if not path.is_file():
        raise Refused(NO_FILE(field="file", path=path))
    size = path.stat().st_size
    if size > FILE_BYTES_MAX:
        raise Refused(checks.TOO_BIG(field="file", file=path.name, size=size, limit=FILE_BYTES_MAX))
    data = path.read_bytes()
    _check_unpacked(path)
    name, grid = _grid(path, sheet)
    return ReadTable(path.name, hashlib.sha256(data).hexdigest(), len(data), name, _rows(name, stage, grid))


def _check_unpacked(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(one.file_size for one in archive.infolist())
    except _BROKEN as error:
        raise Refused(checks.UNREADABLE(field="file", file=path.name, why=error)) from error
    if unpacked > UNPACKED_BYTES_MAX:
        raise Refused(checks.TOO_BIG(field="file", file=path.name, size=unpacked, limit=UNPACKED_BYTES_MAX))


def _grid(path: Path, sheet: str) -> tuple[str, list[tuple[Any, ...]]]:
    """The sheet's name and its cells, no more of them than the limits allow."""
    from openpyxl import load_workbook  # slow to import, and most commands read no workbook

    try:
        workbook = load_workbook(path, read_only=True, data_only=True)
        if sheet and sheet not in workbook.sheetnames:
            known = ", ".join(workbook.sheetnames)
            raise Refused(checks.SHEET_UNKNOWN(field="sheet", sheet=sheet, known=known))
        chosen = workbook[sheet] if sheet else workbook.worksheets[0]
        rows = list(islice(chosen.iter_rows(max_col=COLUMNS_MAX + 1, values_only=True), ROWS_MAX + 2))
        name = str(chosen.title)
        workbook.close()
    except _BROKEN as error:
        raise Refused(checks.UNREADABLE(field="file", file=path.name, why=error)) from error
    if len(rows) > ROWS_MAX + 1:
        raise Refused(checks.TOO_MANY_ROWS(field="file", sheet=name, limit=ROWS_MAX))
    if any(len(row) > COLUMNS_MAX and row[COLUMNS_MAX] is not None for row in rows):
        raise Refused(checks.TOO_MANY_COLUMNS(field="file", sheet=name, limit=COLUMNS_MAX))
    return name, rows


def _rows(sheet: str, stage: str, grid: Sequence[Sequence[Any]]) -> tuple[UploadedRow, ...]:
    """The rows below the heading that have something in them; blank ones are passed over."""
    heading = [cell_text(cell).strip() for cell in grid[0]] if grid else []
    places = {name: _place(heading, names) for name, names in COLUMNS[stage].items()}
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


def _place(heading: Sequence[str], names: Sequence[str]) -> int | None:
    return next((n for n, cell in enumerate(heading) if cell in names), None)


def _filled(grid: Sequence[Sequence[Any]], places: dict[str, int | None]) -> Iterator[UploadedRow]:
    for number, cells in enumerate(grid[1:], start=2):
        texts = {
            name: cell_text(cells[place]).strip() if place is not None and place < len(cells) else ""
            for name, place in places.items()
        }
        if any(texts.values()):
            yield UploadedRow(number, texts)
