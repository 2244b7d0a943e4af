"""The trades of a closed market day as columns: read from the market's log, by its numbers and the book's.

A day of a million trades is arithmetic on arrays; nothing here looks at a trade by itself.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import date
from hashlib import sha256
from threading import Lock
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal
from tanshu.clearing import checks
from tanshu.exchange.bridge.trades import stretches
from tanshu.exchange.engine.records import Op, Side
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.log import store

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
        hashed = sha256()
        for column in self:
            hashed.update(np.ascontiguousarray(column, "<i8").data)
        return hashed.hexdigest()


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
    party, listed = MARKET_PARTY.c, MARKET_INSTRUMENT.c
    columns = (party.number, party.units_account, party.cash_account, party.subject_id)
    people = {one[0]: one[1:] for one in conn.execute(select(*columns).where(party.log == log)).all()}
    columns = (listed.number, listed.instrument, listed.code)
    kinds = {one[0]: one[1:] for one in conn.execute(select(*columns).where(listed.log == log)).all()}
    numbers, places = range(max(people, default=0) + 1), range(max(kinds, default=0) + 1)
    units, cash, subject = zip(*(people.get(n, (0, 0, "")) for n in numbers), strict=True)
    instruments, codes = zip(*(kinds.get(n, (0, "")) for n in places), strict=True)
    return TradedDay(
        log,
        found.name,
        found.pack,
        day,
        found.currency,
        of_entries(conn, log, found.market_opened, found.market_closed),
        np.array(units, np.int64),
        np.array(cash, np.int64),
        subject,
        np.array(instruments, np.int64),
        codes,
    )


# -- reading a market's log --------------------------------------------------------------------------------

TRADES_KEPT = 2_000_000
"""So many trades of the days read last stay in memory: every step of a settlement day asks for the same."""
_kept: OrderedDict[tuple[int, int, int, bytes], Trades] = OrderedDict()
_keeping = Lock()


def of_entries(conn: Connection, log: int, first: int, last: int) -> Trades:
    """The trades that these entries of a market's log told of, with the fees charged for each: read-only.

    They are kept by the hash of the last entry, which no other entries before it lead to.
    """
    hash_ = store.hash_at(conn, log, last)
    if hash_ is None:
        return _read(conn, log, first, last)
    name = (log, first, last, hash_)
    with _keeping:
        if name in _kept:
            _kept.move_to_end(name)
            return _kept[name]
    trades = _read(conn, log, first, last)
    with _keeping:
        _kept[name] = trades
        while sum(map(len, _kept.values())) > TRADES_KEPT:
            _kept.popitem(last=False)
    return trades


def forget() -> None:
    """Read every day from its log again: for who changed a log behind its back, and to measure."""
    with _keeping:
        _kept.clear()


def _read(conn: Connection, log: int, first: int, last: int) -> Trades:
    parts = [
        _columns(records[records["op"] == _TRADE], records[records["op"] == _FEE])
        for records in stretches(conn, log, first, last)
    ]
    trades = Trades(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    for column in trades:
        column.flags.writeable = False
    return trades


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
