"""What an uploaded allocation table is made of, and the commands about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

COLUMNS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "pre": {
        "credit_code": ("统一社会信用代码", "credit_code"),
        "name": ("单位名称", "name"),
        "quantity": ("预分配量", "quantity"),
        "last_verified_t": ("上年核查排放量", "last_verified_t"),
    },
    "final": {
        "credit_code": ("统一社会信用代码", "credit_code"),
        "name": ("单位名称", "name"),
        "quantity": ("核定分配量", "quantity"),
        "verified_t": ("核查排放量", "verified_t"),
        "pre_allocated_t": ("预分配量", "pre_allocated_t"),
    },
}
"""Each stage's columns, and what their headings may be called. The last ones are the facts, in tonnes."""


@dataclass(frozen=True, slots=True)
class UploadedRow:
    """One row as it came: its number as a spreadsheet shows it, its cells as text by column."""

    number: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True, slots=True)
class UploadAllocation:
    """A stage's table of a year. authority: the province's handle. sha256, size: of the file's bytes."""

    authority: str
    year: int
    stage: str
    file: str
    sheet: str
    sha256: str
    size: int
    rows: tuple[UploadedRow, ...]


@dataclass(frozen=True, slots=True)
class KeySealedLetter:
    """What the sealed letter says of a table, keyed from paper. total_t: tonnes."""

    authority: str
    year: int
    stage: str
    number: str
    dated: date
    count: int
    total_t: int
    sha256: str


@dataclass(frozen=True, slots=True)
class CompareUpload:
    """Lay an upload beside a sealed letter."""

    upload: str
    letter: str
