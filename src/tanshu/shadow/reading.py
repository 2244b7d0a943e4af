"""An operator's folder, read without trusting it: every cell by its kind, every error with file and line."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal, DecimalException
from pathlib import Path

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.shadow import checks
from tanshu.shadow.mapping import COLUMNS, Layout
from tanshu.shadow.model import MONEY_MOVES, Account, Cash, Day, Holding, Month, Moved, Movement, Trade

AMOUNT_MAX = 2**53
"""Tonnes or fen of one cell: far beyond any market, and sums of many stay below the book's cap."""
YUAN, FEN, TONNES = Text("元", "yuan"), Text("分", "fen"), Text("吨", "tonnes")


def read(folder: Path, layout: Layout, tick: Callable[[int], None] = lambda _: None) -> Month:
    """Everything in the folder, days in order. tick is told how many days are read.

    Refuses with SHD-1001 to 1011, each naming the file and, where it is about one, the line.
    """
    if not folder.is_dir():
        raise Refused(checks.NO_FOLDER(field="dir", path=folder))
    files = _Files(folder, layout)
    subjects = {row.text("id"): row.text("name", blank=True) for row in files.rows("subjects")}
    instruments = {row.text("code"): row.text("name", blank=True) for row in files.rows("instruments")}
    opening = files.holdings(layout.files["opening"])
    days = []
    for day, name in days_of(folder, layout):
        days.append(_day(files, day, name))
        tick(len(days))
    if not days:
        pattern = date(2024, 11, 4).strftime(layout.day_format)
        raise Refused(checks.NO_DAYS(field="dir", path=folder, pattern=pattern))
    return Month(subjects, instruments, opening, days)


def days_of(folder: Path, layout: Layout) -> list[tuple[date, str]]:
    """The days in a folder, and the names of theirs; other folders are let alone."""
    found = []
    for path in folder.iterdir():
        if path.is_dir():
            try:
                found.append((datetime.strptime(path.name, layout.day_format).date(), path.name))  # noqa: DTZ007
            except ValueError:
                continue
    return sorted(found)


def _day(files: _Files, day: date, name: str) -> Day:
    place = {table: f"{name}/{file}" for table, file in files.layout.files.items()}
    trades = [_trade(row) for row in files.rows("trades", place["trades"])]
    movements = [_movement(row) for row in files.rows("movements", place["movements"])]
    return Day(day, name, trades, movements, files.holdings(place["holdings"]), files.cash(place["cash"]))


class _Row:
    """A line of a table: cells by the program's names, each asked for by the kind it must have."""

    def __init__(self, files: _Files, table: str, file: str, line: int, cells: Mapping[str, str]):
        self._layout, self._table, self._cells = files.layout, table, cells
        self.file, self.line = file, line

    def text(self, name: str, *, blank: bool = False) -> str:
        value = self._cells[name]
        if not value and not blank:
            raise Refused(checks.BLANK(file=self.file, line=self.line, column=self._theirs(name)))
        return value

    def word(self, name: str, table: str) -> str:
        value = self.text(name)
        known = self._layout.words[table]
        if value not in known:
            listed = ", ".join(dict.fromkeys(known))
            raise Refused(
                checks.WORD_UNKNOWN(
                    file=self.file,
                    line=self.line,
                    column=self._theirs(name),
                    value=value,
                    known=listed,
                    table=table,
                )
            )
        return known[value]

    def money(self, name: str) -> int:
        """Fen; a blank cell is nothing."""
        in_yuan = self._layout.money == "yuan"
        return self._number(name, Decimal(100 if in_yuan else 1), YUAN if in_yuan else FEN)

    def tonnes(self, name: str, *, positive: bool = False) -> int:
        """Tonnes; a blank cell is nothing."""
        return self.positive(name, self._number(name, self._layout.tonnes_per_unit, TONNES), positive)

    def positive(self, name: str, value: int, must: bool = True) -> int:
        if must and value <= 0:
            column = self._theirs(name)
            raise Refused(checks.NOT_POSITIVE(file=self.file, line=self.line, column=column, value=value))
        return value

    def _number(self, name: str, factor: Decimal, unit: Text) -> int:
        written = self._cells[name]
        plain = written.replace(self._layout.thousands, "") if self._layout.thousands else written
        try:
            value = Decimal(plain) * factor if plain else Decimal(0)
            exact = value.is_finite() and abs(value) <= AMOUNT_MAX and value == value.to_integral_value()
        except DecimalException:
            value, exact = Decimal(0), False
        if not exact:
            column = self._theirs(name)
            raise Refused(
                checks.NOT_A_NUMBER(file=self.file, line=self.line, column=column, value=written, unit=unit)
            )
        return int(value)

    def _theirs(self, name: str) -> str:
        return self._layout.columns[self._table][name]


class _Files:
    """The folder, table by table."""

    def __init__(self, folder: Path, layout: Layout):
        self.folder, self.layout = folder, layout

    def rows(self, table: str, file: str | None = None) -> list[_Row]:
        """The lines of a table that are not blank. Refuses with SHD-1002, 1003, 1004, 1010."""
        name = file or self.layout.files[table]
        lines = self._lines(name)
        header = [cell.strip() for cell in lines[0]] if lines else []
        places = {}
        for column in COLUMNS[table]:
            theirs = self.layout.columns[table][column]
            if theirs not in header:
                found = ", ".join(header) or "-"
                raise Refused(checks.COLUMN_MISSING(file=name, column=theirs, found=found, table=table))
            places[column] = header.index(theirs)
        found = []
        for number, cells in enumerate(lines[1:], start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise Refused(checks.ROW_WIDTH(file=name, line=number, cells=len(cells), columns=len(header)))
            row = {column: cells[at].strip().removeprefix("'") for column, at in places.items()}
            found.append(_Row(self, table, name, number, row))
        return found

    def holdings(self, file: str) -> Sequence[Holding]:
        found = [_holding(row) for row in self.rows("holdings", file)]
        _once(file, [(f"{one.subject} {one.instrument} {one.account}", one.line) for one in found])
        return found

    def cash(self, file: str) -> Sequence[Cash]:
        found = [_cash(row) for row in self.rows("cash", file)]
        _once(file, [(one.subject, one.line) for one in found])
        return found

    def _lines(self, name: str) -> list[list[str]]:
        path = self.folder / name
        if not path.is_file():
            raise Refused(checks.FILE_MISSING(field="dir", file=name))
        try:
            text = self._decoded(path.read_bytes())
            return list(csv.reader(io.StringIO(text, newline=""), strict=True))
        except (UnicodeDecodeError, csv.Error, OSError) as error:
            raise Refused(checks.UNREADABLE(field="dir", file=name, why=error)) from error

    def _decoded(self, data: bytes) -> str:
        """UTF-8 with or without a mark at its beginning; else GBK, unless the mapping says which it is."""
        if self.layout.encoding == "gb18030":
            return data.decode("gb18030")
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError:
            if self.layout.encoding == "utf-8":
                raise
            return data.decode("gb18030")


def _once(file: str, rows: Sequence[tuple[str, int]]) -> None:
    """No two rows are about the same. Refuses with SHD-1008."""
    first: dict[str, int] = {}
    for name, line in rows:
        if first.setdefault(name, line) != line:
            raise Refused(checks.ROW_TWICE(file=file, line=line, name=name, first=first[name]))


def _holding(row: _Row) -> Holding:
    account = Account(row.word("account", "account"))
    names = row.text("subject"), row.text("instrument")
    return Holding(*names, account, row.tonnes("quantity"), row.tonnes("frozen"), row.line)


def _cash(row: _Row) -> Cash:
    figures = [row.money(name) for name in COLUMNS["cash"][1:]]
    return Cash._make((row.text("subject"), *figures, row.line))


def _trade(row: _Row) -> Trade:
    return Trade(
        row.text("number"),
        row.text("time", blank=True),
        row.word("mode", "mode"),
        row.text("instrument"),
        row.text("buyer"),
        row.text("seller"),
        row.tonnes("quantity", positive=True),
        row.positive("price", row.money("price")),
        row.money("amount"),
        row.money("buyer_fee"),
        row.money("seller_fee"),
        row.money("buyer_settlement_fee"),
        row.money("seller_settlement_fee"),
        row.line,
    )


def _movement(row: _Row) -> Movement:
    kind = Moved(row.word("kind", "movement"))
    money = kind in MONEY_MOVES
    moved_to = {Moved.ALLOCATION: Account.REGISTRATION, Moved.SURRENDER: Account.REGISTRATION}
    named = row.text("account", blank=True)
    account = Account(row.word("account", "account")) if named else moved_to.get(kind, Account.TRADING)
    return Movement(
        row.text("number", blank=True),
        row.text("time", blank=True),
        kind,
        row.text("subject"),
        row.text("instrument", blank=money),
        account,
        0 if money else row.tonnes("quantity", positive=True),
        row.positive("amount", row.money("amount")) if money else 0,
        row.line,
    )
