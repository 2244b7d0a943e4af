"""Following a market's log: its records become rows of days, orders, trades, figures and closes.

An entry's records are the market's own (exchange/engine/records.py), what went in and what came of it. Of
the former only those that were accepted count here, and only a few tell anything new: a day and its terms, a
product. Everything else is told by what came out. An entry that opens a day has nothing of the day before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from sqlalchemy import BigInteger, Connection, Integer, SmallInteger, Table, delete, func, select

from tanshu.base import bulk
from tanshu.base.database import driver
from tanshu.book.projections import Projection
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import Op, Side, decode
from tanshu.exchange.figures.tables import (
    MARKET_CLOSE,
    MARKET_DAY_FIGURE,
    MARKET_ORDER,
    MARKET_TERM,
    MARKET_TRADE,
    MARKET_TRADING_DAY,
    TABLES,
)
from tanshu.exchange.figures.words import OVER, state_of
from tanshu.log.entry import Entry

_NONE = -1
"""A NULL on its way into a column that may have one."""
_WIDTHS: Mapping[type, int] = {SmallInteger: 2, Integer: 4, BigInteger: 8}
_SPEAKING = (
    *(Op.INSTRUMENT, Op.TERM, Op.DAY, Op.CLOSE_DAY),
    *(Op.ENTERED, Op.TRADE, Op.FEE, Op.GONE, Op.AMENDED, Op.CLOSE),
)
_FOLLOWED = np.array(_SPEAKING, np.uint8)
LISTED = 0
"""The day under which the price stands that a product was listed with."""

Fields = tuple[int, ...]
"""One record, field by field, in their order: op, mode, side, kind, instrument, party, and so on."""


class Place(NamedTuple):
    """The entry a record stands in."""

    seq: int
    time_ns: int


_NEVER = Place(_NONE, _NONE)


class MarketData(Projection):
    """The tables of one market."""

    name: ClassVar[str] = "market-data"
    tables: ClassVar[tuple[Table, ...]] = TABLES

    def __init__(self, log: int):
        super().__init__(log)
        self._day: _Day | None = None

    def load(self, conn: Connection) -> None:
        """The newest day as it stands: what further entries may still change."""
        newest = conn.execute(
            select(func.max(MARKET_TRADING_DAY.c.day)).where(MARKET_TRADING_DAY.c.log == self.log)
        ).scalar_one()
        self._day = None if newest is None else _read_day(conn, self.log, newest)

    def follow(self, conn: Connection, entries: Sequence[Entry]) -> None:
        days = [self._day] if self._day else []
        listed: list[Fields] = []
        for place, record in _told(entries):
            if record[0] == Op.INSTRUMENT:
                listed.append((LISTED, record[4], record[8], 0, 0, 0))
            elif record[0] == Op.DAY:
                days.append(_Day(record[7], place))
            else:
                days[-1].take(place, record)
        _insert(conn, self.log, MARKET_CLOSE, listed)
        for day in days:
            day.write(conn, self.log)
        self._day = days[-1] if days else None


def _told(entries: Sequence[Entry]) -> Iterator[tuple[Place, Fields]]:
    """Every record that tells something, in order, with its place."""
    records = decode(b"".join(entry.records for entry in entries))
    codes = np.frombuffer(b"".join(entry.results for entry in entries), np.uint8)
    which = np.repeat(np.arange(len(entries)), [len(entry.results) for entry in entries])
    kept = np.flatnonzero((codes == Code.OK) & np.isin(records["op"], _FOLLOWED))
    places = [Place(entry.seq, entry.time_ns) for entry in entries]
    for at, record in zip(which[kept].tolist(), records[kept].tolist(), strict=True):
        yield places[at], record


class _Order:
    """An order's row as it changes; `first` are the columns that never do."""

    __slots__ = (
        "amount",
        "ended",
        "filled",
        "first",
        "is_stored",
        "price",
        "ref",
        "remaining",
        "why",
    )

    def __init__(self, first: Fields, remaining: int, price: int, ref: int):
        self.first, self.remaining, self.price, self.ref = first, remaining, price, ref
        self.filled = self.amount = self.why = 0
        self.ended = _NEVER
        self.is_stored = False

    @property
    def is_over(self) -> bool:
        return self.ended is not _NEVER

    def trade(self, place: Place, quantity: int, price: int) -> None:
        self.remaining -= quantity
        self.filled += quantity
        self.amount += quantity * price
        if not self.remaining:
            self.ended = place

    def leave(self, place: Place, why: int) -> None:
        self.why, self.ended = why, place

    def row(self, day: int) -> Fields:
        return (
            day, *self.first, self.filled + self.remaining, self.price, self.ref, self.remaining, self.filled,
            self.amount, state_of(self.remaining, self.filled, self.why), self.why, *self.ended,
        )  # fmt: skip


class _Day:
    """A trading day as far as it was followed: the rows to be written, and those that may still change."""

    def __init__(self, number: int, opened: Place, closed: Place = _NEVER):
        self.number, self.opened, self.closed = number, opened, closed
        self.terms: dict[tuple[int, int, int], int] = {}
        self.figures: dict[tuple[int, int], list[int]] = {}
        self.orders: dict[int, _Order] = {}
        self.touched: dict[int, _Order] = {}
        self.trades: dict[int, list[int]] = {}
        self.closes: list[Fields] = []
        self.is_stored = False
        self._take: dict[int, Callable[[Place, Fields], None]] = {
            Op.TERM: self._term,
            Op.CLOSE_DAY: self._close_day,
            Op.ENTERED: self._entered,
            Op.TRADE: self._trade,
            Op.FEE: self._fee,
            Op.GONE: self._gone,
            Op.AMENDED: self._amended,
            Op.CLOSE: self._close,
        }

    def take(self, place: Place, record: Fields) -> None:
        self._take[record[0]](place, record)

    def _term(self, _place: Place, r: Fields) -> None:
        instrument, mode, term, value = r[4], r[1], r[3], r[7]
        if not instrument:  # it holds for all of them, whatever was said of one before
            self.terms = {key: v for key, v in self.terms.items() if key[1:] != (mode, term)}
        self.terms[instrument, mode, term] = value

    def _close_day(self, place: Place, _r: Fields) -> None:
        self.closed = place

    def _entered(self, place: Place, r: Fields) -> None:
        _, mode, side, kind, instrument, party, counter, quantity, price, number, operator, ref = r
        first = (number, *place, mode, side, kind, instrument, party, operator, counter)
        self.orders[number] = self.touched[number] = _Order(first, quantity, price, ref)

    def _trade(self, place: Place, r: Fields) -> None:
        _, mode, aggressor, _, instrument, buyer, seller, quantity, price, buy, sell, number = r
        about = (mode, aggressor, instrument, buyer, seller, quantity, price, buy, sell)
        self.trades[number] = [self.number, number, *place, *about, 0, 0, 0, 0]
        for order in (buy, sell):
            self._order(order).trade(place, quantity, price)
        fresh = [price, price, price, price, 0, 0, 0, number, number]
        figure = self.figures.setdefault((instrument, mode), fresh)
        figure[1], figure[2], figure[3] = max(figure[1], price), min(figure[2], price), price
        figure[4] += quantity
        figure[5] += quantity * price
        figure[6] += 1
        figure[8] = number

    def _fee(self, _place: Place, r: Fields) -> None:
        at = -4 if r[2] == Side.BUY else -2
        self.trades[r[11]][at] += r[7]
        self.trades[r[11]][at + 1] += r[8]

    def _gone(self, place: Place, r: Fields) -> None:
        self._order(r[9]).leave(place, r[3])

    def _amended(self, _place: Place, r: Fields) -> None:
        if r[10] == 0:  # else another order stands for it, and it is told that this one left
            order = self._order(r[9])
            order.remaining, order.price = r[7], r[8]

    def _close(self, _place: Place, r: Fields) -> None:
        self.closes.append((self.number, r[4], r[8], r[7], r[11], r[10]))

    def _order(self, number: int) -> _Order:
        order = self.touched[number] = self.orders[number]
        return order

    def write(self, conn: Connection, log: int) -> None:
        """Bring the tables to this day as it is now, and forget what cannot change any more."""
        if self.is_stored:
            for table in (MARKET_TRADING_DAY, MARKET_TERM, MARKET_DAY_FIGURE):
                conn.execute(delete(table).where(table.c.log == log, table.c.day == self.number))
            _forget(conn, log, self.number, [n for n, order in self.touched.items() if order.is_stored])
        _insert(conn, log, MARKET_TRADING_DAY, [(self.number, *self.opened, *self.closed)])
        _insert(conn, log, MARKET_TERM, [(self.number, *key, value) for key, value in self.terms.items()])
        figures = [(self.number, *key, *figure) for key, figure in self.figures.items()]
        _insert(conn, log, MARKET_DAY_FIGURE, figures)
        _insert(conn, log, MARKET_ORDER, [order.row(self.number) for order in self.touched.values()])
        _insert(conn, log, MARKET_TRADE, list(self.trades.values()))
        _insert(conn, log, MARKET_CLOSE, self.closes)
        self.is_stored = True
        self.trades, self.closes, self.touched = {}, [], {}
        self.orders = {n: order for n, order in self.orders.items() if not order.is_over}
        for order in self.orders.values():
            order.is_stored = True


# -- rows --------------------------------------------------------------------------------------------------


def _read_day(conn: Connection, log: int, number: int) -> _Day:
    """A day that was written: its terms, its figures, the orders that rest."""

    def rows(table: Table) -> Iterator[tuple[int, ...]]:
        query = select(table).where(table.c.log == log, table.c.day == number)
        if table is MARKET_ORDER:
            query = query.where(table.c.state.not_in([int(state) for state in OVER]))
        for row in conn.execute(query):
            yield tuple(_NONE if value is None else value for value in row)[2:]

    ((opened_seq, opened_ns, closed_seq, closed_ns),) = rows(MARKET_TRADING_DAY)
    day = _Day(number, Place(opened_seq, opened_ns), Place(closed_seq, closed_ns))
    day.is_stored = True
    day.terms = {(r[0], r[1], r[2]): r[3] for r in rows(MARKET_TERM)}
    day.figures = {(r[0], r[1]): list(r[2:]) for r in rows(MARKET_DAY_FIGURE)}
    for r in rows(MARKET_ORDER):
        _quantity, price, ref, remaining, filled, amount = r[10:16]
        order = day.orders[r[0]] = _Order(r[:10], remaining, price, ref)
        order.filled, order.amount = filled, amount
        order.is_stored = True
    return day


def _insert(conn: Connection, log: int, table: Table, rows: Sequence[Sequence[int]]) -> None:
    """Add rows that have a table's columns, `log` left out, in their order."""
    if not rows:
        return
    values = np.array(rows, np.int64).T
    columns = list(table.columns)
    made = [bulk.Column("log", np.full(len(rows), log), 2)]
    for column, found in zip(columns[1:], values, strict=True):
        missing = found == _NONE if column.nullable else None
        made.append(bulk.Column(column.name, found, _WIDTHS[type(column.type)], missing))
    bulk.insert(conn, table.name, made)


def _forget(conn: Connection, log: int, day: int, numbers: Sequence[int]) -> None:
    """Take out the rows of orders that are written again."""
    if conn.dialect.name == "sqlite":
        sql = "DELETE FROM market_order WHERE log = ? AND day = ? AND number = ?"
        driver(conn).executemany(sql, [(log, day, number) for number in numbers])
    else:
        sql = "DELETE FROM market_order WHERE log = %s AND day = %s AND number = ANY(%s)"
        driver(conn).execute(sql, (log, day, list(numbers)))
