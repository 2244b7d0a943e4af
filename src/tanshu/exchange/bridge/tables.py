"""What a market's day leaves to be done; who and what was stopped. Told by the registry's log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

MARKET_DUE = Table(
    "market_due",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("account", Integer, ForeignKey("account.number"), primary_key=True, autoincrement=False),
    Column("instrument", Integer, primary_key=True, autoincrement=False, comment="the book's number"),
    Column("due", BigInteger, nullable=False, comment="tonnes sold, or fen to pay for what was bought"),
    Column("left", BigInteger, nullable=False, comment="of it, what no settlement was proposed for yet"),
    Column("fees", BigInteger, nullable=False, comment="fen of fees, held until they are collected"),
    comment="What a closed trading day owes from each cell.",
)

MARKET_DELIVERY = Table(
    "market_delivery",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("day", Date, primary_key=True),
    Column("trade", Integer, primary_key=True, autoincrement=False, comment="its number that day"),
    Column("transaction_id", Text, nullable=False, index=True, comment="the settlement, pending or effected"),
    Column("seq", BigInteger, nullable=False),
    comment="Which transaction delivers which trade.",
)

MARKET_SUSPENSION = Table(
    "market_suspension",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("party", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("person", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("asked_by", Text, comment="who asked for its end"),
    Column("asked_seq", BigInteger),
    Column("asked_why", Text),
    Column("ended_by", Text, comment="who granted it"),
    Column("ended_seq", BigInteger),
    comment="Participants that may not trade, and how that ended.",
)

MARKET_HALT = Table(
    "market_halt",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("mode", Text, nullable=False, comment="blank for all"),
    Column("instrument", Integer, nullable=False, comment="its number in the market, 0 for all"),
    Column("emergency", SmallInteger, nullable=False),
    Column("person", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("ended_by", Text),
    Column("ended_why", Text),
    Column("ended_seq", BigInteger),
    comment="Trading stopped by the exchange; it stays stopped over days, until it is resumed.",
)
