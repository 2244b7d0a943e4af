"""Questions about what a market's log told: trades and orders as rows, trades for K-lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, exists, func, select

from tanshu.exchange.engine.records import Mode
from tanshu.exchange.figures import bars
from tanshu.exchange.figures.quotes import day_of, number_of
from tanshu.exchange.figures.tables import MARKET_ORDER, MARKET_TRADE, MARKET_TRADING_DAY
from tanshu.exchange.figures.words import State


class Which(NamedTuple):
    """What is asked for; None, 0 and "" ask for everything."""

    first: date = date.min
    last: date = date.max
    instrument: int = 0
    mode: Mode = Mode.NONE
    party: int = 0


def newest_day(conn: Connection, log: int) -> date | None:
    """The day that the market opened last."""
    newest = conn.execute(select(func.max(MARKET_TRADING_DAY.c.day)).where(MARKET_TRADING_DAY.c.log == log))
    number = newest.scalar_one()
    return None if number is None else day_of(number)


def trades(conn: Connection, log: int, which: Which, limit: int | None = None) -> list[Row[Any]]:
    """Rows of market_trade in the order in which they were made; of more than `limit` the newest."""
    t = MARKET_TRADE.c
    query = _within(select(MARKET_TRADE), t, log, which)
    if which.party:
        query = query.where((t.buyer == which.party) | (t.seller == which.party))
    found = conn.execute(query.order_by(t.day.desc(), t.number.desc()).limit(limit)).all()
    return list(found)[::-1]


def orders(conn: Connection, log: int, which: Which, limit: int | None = None) -> list[Row[Any]]:
    """Rows of market_order in the order in which they were accepted; of more than `limit` the newest.

    What belongs to an auction is told when its result is there: its bids may be sealed, its reserve hidden.
    """
    t = MARKET_ORDER.c
    query = _within(select(MARKET_ORDER), t, log, which).where(~_of_running_auction(log))
    if which.party:
        query = query.where(t.party == which.party)
    found = conn.execute(query.order_by(t.day.desc(), t.number.desc()).limit(limit)).all()
    return list(found)[::-1]


def for_bars(conn: Connection, log: int, which: Which) -> Iterator[bars.Trade]:
    """Trades as K-lines take them, in the order in which they were made."""
    t = MARKET_TRADE.c
    query = select(t.day, t.time_ns, t.quantity, t.price)
    days: dict[int, date] = {}
    for row in conn.execute(_within(query, t, log, which).order_by(t.day, t.number)):
        day = days.setdefault(row.day, day_of(row.day))
        yield bars.Trade(day, row.time_ns, row.quantity, row.price)


def _within(query: Any, t: Any, log: int, which: Which) -> Select[Any]:
    query = query.where(t.log == log, t.day >= number_of(which.first), t.day <= number_of(which.last))
    if which.instrument:
        query = query.where(t.instrument == which.instrument)
    return query.where(t.mode == int(which.mode)) if which.mode else query


def _of_running_auction(log: int) -> ColumnElement[bool]:
    """Is it an order of an auction of which one still rests: the initiator's, a bid, or a deposit?"""
    t, other = MARKET_ORDER.c, MARKET_ORDER.alias()
    rests = other.c.state.in_([int(State.RESTING), int(State.PART)])
    same = (other.c.log == log, other.c.day == t.day, other.c.mode == int(Mode.AUCTION))
    return (t.mode == int(Mode.AUCTION)) & exists().where(*same, other.c.counter == t.counter, rests)


def count_trades(conn: Connection, log: int) -> int:
    """How many trades the market has had."""
    counted = select(func.count()).select_from(MARKET_TRADE).where(MARKET_TRADE.c.log == log)
    return conn.execute(counted).scalar_one()
