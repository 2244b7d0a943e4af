"""Reading a scenario's files with a clear "no": which file, which place, which value."""

from __future__ import annotations

import csv
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

from tanshu.base.refusal import Refused, refusal
from tanshu.base.text import Text

Span = tuple[Decimal, Decimal]  # low, high

BAD_FILE = refusal("SCN-1001", "{file} 无法读取:{why}", "{file} cannot be read: {why}")
BAD_VALUE = refusal(
    "SCN-1002",
    "{file} 的 {place}:{column} 的值“{value}”不可用,应为 {expected}。",
    "{file}, {place}: the value “{value}” of {column} cannot be used; expected {expected}.",
)
MISSING = refusal("SCN-1003", "{file} 的 {place} 缺少 {column}。", "{file}, {place}: {column} is missing.")

_USCC = re.compile(r"^[0-9A-HJ-NPQRTUWXY]{18}$")


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a TOML file or a row of a CSV file, which knows where it stands."""

    file: str
    place: str
    data: Mapping[str, Any]

    def bad(self, column: str, value: object, expected: str) -> Refused:
        no = BAD_VALUE(file=self.file, place=self.place, column=column, value=value, expected=expected)
        return Refused(no)

    def value(self, column: str) -> Any:
        if (value := self.data.get(column)) in (None, ""):
            raise Refused(MISSING(file=self.file, place=self.place, column=column))
        return value

    def text(self, column: str) -> str:
        if not isinstance(value := self.value(column), str):
            raise self.bad(column, value, "text")
        return value

    def choice(self, column: str, allowed: Iterable[str]) -> str:
        if (value := self.text(column)) not in (known := tuple(allowed)):
            raise self.bad(column, value, " | ".join(known) if len(known) < 10 else "a known value")
        return value

    def uscc(self, column: str) -> str:
        if not _USCC.match(value := self.text(column)):
            raise self.bad(column, value, "18 characters of a unified social credit code")
        return value

    def whole(self, column: str) -> int:
        if isinstance(value := self.value(column), bool) or not isinstance(value, int):
            raise self.bad(column, value, "a whole number")
        return value

    def count(self, column: str) -> int:
        """A whole number from zero on, as a CSV file writes it."""
        if not (value := self.text(column)).isascii() or not value.isdigit() or len(value) > 18:
            raise self.bad(column, value, "a whole number, without commas")
        return int(value)

    def maybe(self, column: str) -> str:
        """Text that may be left out."""
        return str(self.data.get(column) or "").strip()

    def maybe_decimal(self, column: str) -> Decimal | None:
        return self.decimal(column) if self.maybe(column) else None

    def iso_day(self, column: str) -> date:
        """A day as a CSV file writes it."""
        try:
            return date.fromisoformat(self.text(column))
        except ValueError:
            raise self.bad(column, self.data[column], "a date like 2024-12-31") from None

    def decimal(self, column: str) -> Decimal:
        try:
            value = Decimal(self.value(column))
        except (InvalidOperation, TypeError, ValueError):
            raise self.bad(column, self.data[column], "a decimal number") from None
        if not value.is_finite() or value < 0:
            raise self.bad(column, value, "a decimal number, not negative")
        return value

    def positive(self, column: str) -> Decimal:
        if (value := self.decimal(column)) == 0:
            raise self.bad(column, value, "a number above zero")
        return value

    def span(self, column: str) -> Span:
        if not isinstance(value := self.value(column), list) or sorted(value) != value or len(value) != 2:
            raise self.bad(column, value, "two numbers, low and high")
        return Decimal(value[0]), Decimal(value[1])

    def day(self, column: str) -> date:
        if not isinstance(value := self.value(column), date):
            raise self.bad(column, value, "a date like 2024-12-31")
        return value

    def days_in_order(self, names: Sequence[str]) -> dict[str, date]:
        """Days by name, none before the one named before it."""
        for earlier, later in pairwise(names):
            if self.day(later) < self.day(earlier):
                raise self.bad(later, self.day(later), f"a day not before {earlier}")
        return {name: self.day(name) for name in names}

    def table(self, column: str) -> Table:
        if not isinstance(value := self.value(column), dict):
            raise self.bad(column, value, "a table")
        return Table(self.file, f"[{column}]", value)

    def tables(self, column: str) -> list[Table]:
        return [Table(self.file, f"[[{column}]] {n}", row) for n, row in enumerate(self.value(column), 1)]

    def both_languages(self) -> Text:
        return Text(self.text("zh"), self.text("en"))

    def sources(self, fields: Iterable[str], known: Mapping[str, Text]) -> Mapping[str, str]:
        return MappingProxyType({name: self.choice(f"{name}_source", sorted(known)) for name in fields})


def toml(folder: Path, name: str) -> dict[str, Any]:
    """A TOML file, its decimals exact."""
    try:
        return tomllib.loads(_text(folder, name), parse_float=Decimal)
    except tomllib.TOMLDecodeError as why:
        raise Refused(BAD_FILE(file=name, why=why)) from why


def rows_of(folder: Path, name: str) -> list[Table]:
    """The rows of a CSV file with a header; each knows its line."""
    rows = csv.DictReader(_text(folder, name).splitlines())
    return [Table(name, f"line {rows.line_num}", row) for row in rows]


def _text(folder: Path, name: str) -> str:
    try:
        return (folder / name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as why:
        raise Refused(BAD_FILE(file=name, why=why)) from why


def unique(rows: Iterable[Table], *columns: str) -> None:
    """No two rows have the same value in these columns."""
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        key = tuple(row.text(column) for column in columns)
        if key in seen:
            raise row.bad(" + ".join(columns), " ".join(key), "a value not used before")
        seen.add(key)
