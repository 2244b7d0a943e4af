"""Tables of markets: what their numbers mean. Told by the registry's log; a market's own log has numbers.

Projections of a market's own log (orders, trades, figures) are in exchange/figures.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

MARKET = Table(
    "market",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False, comment="the number of its log"),
    Column("name", Text, nullable=False, unique=True),
    Column("pack", Text, nullable=False, comment="its rule pack, cn.cea"),
    Column("currency", Integer, nullable=False, comment="the book's number of the money it trades for"),
    Column("seq", BigInteger, nullable=False, comment="the entry that founded it"),
    comment="Markets, each with a log of its own.",
)

MARKET_PARTY = Table(
    "market_party",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False, index=True),
    Column("units_account", Integer, ForeignKey("account.number"), nullable=False, comment="trading account"),
    Column("cash_account", Integer, ForeignKey("account.number"), nullable=False),
    Column("related", Text, nullable=False, comment="the related group it belongs to, blank for none"),
    Column("seq", BigInteger, nullable=False),
    comment="Participants by their number in a market.",
)

MARKET_OPERATOR = Table(
    "market_operator",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("party", Integer, nullable=False),
    Column("person", Text, ForeignKey("person.handle"), nullable=False, index=True),
    Column("seq", BigInteger, nullable=False),
    comment="Operators (交易员) by their code in a market: who may give orders for whom.",
)

MARKET_INSTRUMENT = Table(
    "market_instrument",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("instrument", Integer, nullable=False, comment="the book's number"),
    Column("code", Text, nullable=False),
    Column("vintage", Integer, comment="none where the product carries none"),
    Column("reference_fen", BigInteger, nullable=False, comment="what its first day's band is about"),
    Column("seq", BigInteger, nullable=False),
    comment="What a market trades.",
)

MARKET_DAY = Table(
    "market_day",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("state", Text, nullable=False, comment="open, closed, clearing, settled"),
    Column("opened_seq", BigInteger, nullable=False, comment="the book's entry"),
    Column("closed_seq", BigInteger),
    Column("market_opened", BigInteger, nullable=False, comment="the market's entry"),
    Column("market_closed", BigInteger),
    Column("state_hash", Text, comment="the engine's, at the close"),
    comment="Trading days of markets.",
)
