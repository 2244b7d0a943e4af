"""The trades of a closed market day as columns: read from the market's log, by its numbers and the book's.

A day of a million trades is arithmetic on arrays; nothing here looks at a trade by itself.
"""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.clearing import checks
from tanshu.exchange.bridge.trades import stretches
from tanshu.exchange.engine.records import Op, Side
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_PARTY

Ints = NDArray[np.int64]


class Trades(NamedTuple):
    """Trades in the order of their numbers; every column has one value for each.

    mode: as in the market's records. instrument, buyer, seller: the market's numbers. quantity: tonnes;
    price: fen per tonne; the fees of both sides: fen, as the market charged them with this trade.
    """

    number: Ints
    mode: Ints
    instrument: Ints
    buyer: Ints
    seller: Ints
    quantity: Ints
    price: Ints
    buyer_trading: Ints
    buyer_settlement: Ints
    seller_trading: Ints
    seller_settlement: Ints

    @property
    def amount(self) -> Ints:
        """Fen."""
        return self.quantity * self.price

    def __len__(self) -> int:  # type: ignore[override]
        return len(self.number)

    def only(self, which: NDArray[np.bool_] | slice) -> Trades:
        """Some of them."""
        return Trades(*(column[which] for column in self))

    def changed(self, **columns: Ints) -> Trades:
        """The same with other values in some columns."""
        return Trades(**{**self._asdict(), **columns})

    def hash(self) -> str:
        """What the house binds itself to: SHA-256 over the columns, as hexadecimal digits."""
        return digest(b"".join(np.ascontiguousarray(column, "<i8").tobytes() for column in self)).hex()


FEES = ("buyer_trading", "buyer_settlement", "seller_trading", "seller_settlement")


class TradedDay(NamedTuple):
    """A closed day of one market, and what its numbers mean.

    currency: the book's number. units_account, cash_account: the book's, by the participant's number;
    subject: its id. instruments: the book's number, codes: the code, by the market's number. 0 or "" stands
    where there is none.
    """

    log: int
    market: str
    pack: str
    day: date
    currency: int
    trades: Trades
    units_account: Ints
    cash_account: Ints
    subject: tuple[str, ...]
    instruments: Ints
    codes: tuple[str, ...]


def read_day(conn: Connection, log: int, day: date) -> TradedDay | Refusal:
    """A market's day. Refuses with CLR-1004: there is no such day, or it is not closed."""
    query = select(MARKET, MARKET_DAY.c.market_opened, MARKET_DAY.c.market_closed)
    here = (MARKET.c.log == log, MARKET_DAY.c.log == MARKET.c.log, MARKET_DAY.c.day == day)
    found = conn.execute(query.where(*here)).first()
    if found is None or found.market_closed is None:
        return checks.NOT_CLOSED(field="day", market=found.name if found else log, day=day)
    parties = conn.execute(select(MARKET_PARTY).where(MARKET_PARTY.c.log == log)).all()
    listed = conn.execute(select(MARKET_INSTRUMENT).where(MARKET_INSTRUMENT.c.log == log)).all()
    people = {one.number: one for one in parties}
    kinds = {one.number: one for one in listed}
    numbers, places = range(max(people, default=0) + 1), range(max(kinds, default=0) + 1)
    return TradedDay(
        log,
        found.name,
        found.pack,
        day,
        found.currency,
        of_entries(conn, log, found.market_opened, found.market_closed),
        np.array([people[n].units_account if n in people else 0 for n in numbers], np.int64),
        np.array([people[n].cash_account if n in people else 0 for n in numbers], np.int64),
        tuple(people[n].subject_id if n in people else "" for n in numbers),
        np.array([kinds[n].instrument if n in kinds else 0 for n in places], np.int64),
        tuple(kinds[n].code if n in kinds else "" for n in places),
    )


def of_entries(conn: Connection, log: int, first: int, last: int) -> Trades:
    """The trades that these entries of a market's log told of, with the fees charged for each."""
    parts = [
        _columns(records[records["op"] == _TRADE], records[records["op"] == _FEE])
        for records in stretches(conn, log, first, last)
    ]
    return Trades(*(np.concatenate(column) for column in zip(*parts, strict=True)))


_TRADE, _FEE = int(Op.TRADE), int(Op.FEE)


def _columns(trades: NDArray[np.void], fees: NDArray[np.void]) -> Trades:
    """Trades beside the fees that name their numbers; a fee has its side."""
    trades = trades[np.argsort(trades["extra"], kind="stable")]
    number = trades["extra"].astype(np.int64)
    charged = np.zeros((4, len(number)), np.int64)
    at = np.searchsorted(number, fees["extra"].astype(np.int64))
    for side, column in ((Side.BUY, 0), (Side.SELL, 2)):
        mine = fees["side"] == side
        np.add.at(charged[column], at[mine], fees["quantity"][mine].astype(np.int64))
        np.add.at(charged[column + 1], at[mine], fees["price"][mine].astype(np.int64))
    names = ("mode", "instrument", "party", "counter", "quantity", "price")
    mode, instrument, buyer, seller, quantity, price = (trades[name].astype(np.int64) for name in names)
    return Trades(number, mode, instrument, buyer, seller, quantity, price, *charged)
