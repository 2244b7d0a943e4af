"""Tables that follow a market's log: its days and their terms, orders, trades, figures and closes.

They are projections (book/projections.py): dropped, they come back from the log as they were. Days are
yyyymmdd numbers, prices fen per tonne, quantities tonnes, amounts and fees fen, times UTC nanoseconds.
Participants, operators and instruments are the market's own numbers.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, SmallInteger, Table

from tanshu.base.database import metadata


def _key(name: str, kind: type[BigInteger | Integer | SmallInteger]) -> Column[int]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _number(name: str, comment: str | None = None, *, null: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=null, comment=comment)


def _small(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, SmallInteger, nullable=False, comment=comment)


def _whole(name: str, comment: str | None = None) -> Column[int]:
    return Column(name, Integer, nullable=False, comment=comment)


MARKET_TRADING_DAY = Table(
    "market_trading_day",
    metadata,
    _key("log", SmallInteger),
    _key("day", Integer),
    _number("opened_seq", "the entry that opened it"),
    _number("opened_ns"),
    _number("closed_seq", null=True),
    _number("closed_ns", null=True),
    comment="The trading days of every market.",
    info={"derived": True},
)
MARKET_TERM = Table(
    "market_term",
    metadata,
    _key("log", SmallInteger),
    _key("day", Integer),
    _key("instrument", Integer),
    _key("mode", SmallInteger),
    _key("term", SmallInteger),
    _number("value"),
    comment="The terms of a day as its log states them; instrument 0 is all of them.",
    info={"derived": True},
)
MARKET_ORDER = Table(
    "market_order",
    metadata,
    _key("log", SmallInteger),
    _key("day", Integer),
    _key("number", Integer),
    _number("seq", "the entry that it was accepted with"),
    _number("time_ns"),
    _small("mode"),
    _small("side"),
    _small("kind"),
    _whole("instrument"),
    _whole("party"),
    _whole("operator"),
    _whole("counter", "to whom a block is quoted, 0 all"),
    _number("quantity", "as it was entered"),
    _number("price", "as it stands"),
    _number("ref", "the client's own number"),
    _number("remaining"),
    _number("filled"),
    _number("amount", "traded so far"),
    _small("state", "1 resting, 2 partly filled, 3 filled, 4 cancelled, 5 withdrawn by the system"),
    _small("why", "why it left, 0 it did not"),
    _number("ended_seq", null=True),
    _number("ended_ns", null=True),
    comment="Every order of every market, as its client knows it.",
    info={"derived": True},
)
Index("ix_market_order_party", MARKET_ORDER.c.log, MARKET_ORDER.c.party, MARKET_ORDER.c.day)
MARKET_TRADE = Table(
    "market_trade",
    metadata,
    _key("log", SmallInteger),
    _key("day", Integer),
    _key("number", Integer),
    _number("seq", "the entry that it came of"),
    _number("time_ns"),
    _small("mode"),
    _small("aggressor", "0 buyer, 1 seller, 2 neither"),
    _whole("instrument"),
    _whole("buyer"),
    _whole("seller"),
    _number("quantity"),
    _number("price"),
    _whole("buy_order"),
    _whole("sell_order"),
    _number("buyer_trading_fee"),
    _number("buyer_settlement_fee"),
    _number("seller_trading_fee"),
    _number("seller_settlement_fee"),
    comment="Every trade of every market.",
    info={"derived": True},
)
MARKET_DAY_FIGURE = Table(
    "market_day_figure",
    metadata,
    _key("log", SmallInteger),
    _key("day", Integer),
    _key("instrument", Integer),
    _key("mode", SmallInteger),
    _number("open"),
    _number("high"),
    _number("low"),
    _number("last"),
    _number("volume"),
    _number("amount"),
    _number("trades"),
    _whole("first_trade", "its number on the day"),
    _whole("last_trade"),
    comment="What was traded of an instrument in a mode on a day; no row where nothing was.",
    info={"derived": True},
)
MARKET_CLOSE = Table(
    "market_close",
    metadata,
    _key("log", SmallInteger),
    _key("day", Integer),
    _key("instrument", Integer),
    _number("close"),
    _number("volume", "of the trades that made it"),
    _number("amount"),
    _number("trades"),
    comment="The close of every instrument on every day; day 0 is the reference it was listed with.",
    info={"derived": True},
)

TABLES = (MARKET_TRADING_DAY, MARKET_TERM, MARKET_ORDER, MARKET_TRADE, MARKET_DAY_FIGURE, MARKET_CLOSE)
