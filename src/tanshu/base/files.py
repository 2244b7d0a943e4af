"""Tables as people send them: CSV (UTF-8, with or without BOM) or the first sheet of an XLSX workbook.

The first that a person sees: a hidden sheet is none.
"""

from __future__ import annotations

import csv
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from tanshu.base.refusal import Refusal, Refused, refusal

NO_FILE = refusal("BASE-1201", "找不到文件 {path}。", "There is no file {path}.")
UNREADABLE = refusal(
    "BASE-1202",
    "无法读取 {path}:{why}。需要 UTF-8 编码的 CSV 或 XLSX。",
    "Cannot read {path}: {why}. A CSV in UTF-8 or an XLSX is needed.",
)
COLUMN_MISSING = refusal(
    "BASE-1203",
    "文件缺少列“{columns}”。应有的列:{needed}。",
    "The file lacks the columns {columns}. It needs {needed}.",
)
FINDINGS = refusal(
    "BASE-1204",
    "文件有 {count} 处问题,未导入任何内容。改正后重试,或加 --accept-valid 只导入无误的行。",
    "The file has {count} findings; nothing was imported. Mend them, or import only the good "
    "rows with --accept-valid.",
)
COLUMN_TWICE = refusal(
    "BASE-1205",
    "文件有两列都叫“{column}”。只留一列。",
    "The file has two columns called “{column}”. Leave one.",
)
UNPACKED_BYTES_MAX = 512 * 2**20
"""A workbook is a zip: a small one can unpack to anything."""
_BROKEN = (
    *(BadZipFile, zlib.error, OSError, EOFError, csv.Error),
    *(SyntaxError, RuntimeError),  # XML that is none, or swells; a zip that is locked, or packed otherwise
    *(LookupError, ValueError, TypeError, AttributeError, ArithmeticError),
)
"""What a reader meets in a file that is no table, or a forged one."""


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: its number as a spreadsheet shows it (the header is 1), and its cells as text."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong in one row of a file."""

    row: int
    refusal: Refusal

    def as_json(self) -> dict[str, object]:
        return {"row": self.row, **self.refusal.as_json()}


def read_table(path: Path, needed: Sequence[str]) -> list[FileRow]:
    """The rows of a table.

    Raises Refused: BASE-1201 no file, 1202 unreadable, 1203 a column is missing, 1205 one is there twice.
    """
    if not path.exists():
        raise Refused(NO_FILE(field="file", path=path))
    try:
        table = list(_xlsx(path) if path.suffix.lower() == ".xlsx" else _csv(path))
    except _BROKEN as error:
        raise Refused(UNREADABLE(field="file", path=path, why=error)) from error
    header = [cell.strip() for cell in table[0]] if table else []
    for name in needed:
        if header.count(name) > 1:
            raise Refused(COLUMN_TWICE(field="file", column=name))
    missing = [name for name in needed if name not in header]
    if missing:
        raise Refused(COLUMN_MISSING(field="file", columns=", ".join(missing), needed=", ".join(needed)))
    return [
        FileRow(number, dict(zip(header, (cell.strip() for cell in cells), strict=False)))
        for number, cells in enumerate(table[1:], start=2)
        if any(cell.strip() for cell in cells)
    ]


def _csv(path: Path) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.reader(file)


def _xlsx(path: Path) -> Iterator[list[str]]:
    from openpyxl import load_workbook  # slow to import, and most commands read no workbook

    with ZipFile(path) as archive:
        if sum(one.file_size for one in archive.infolist()) > UNPACKED_BYTES_MAX:
            raise ValueError(f"it unpacks to more than {UNPACKED_BYTES_MAX} bytes")
    workbook = load_workbook(path, read_only=True, data_only=True)
    sheet = next(one for one in workbook.worksheets if one.sheet_state == "visible")
    sheet.reset_dimensions()  # what a sheet says of its own size need not be true
    for row in sheet.iter_rows(values_only=True):
        yield [cell_text(cell) for cell in row]


def cell_text(cell: Any) -> str:
    """A workbook's cell as text: a day as 2024-12-31, a whole number without a point, a blank as ""."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell)
