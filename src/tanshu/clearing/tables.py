"""Tables of the clearing house. Told by the registry's log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

CLEARING_DAY = Table(
    "clearing_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("state", Text, nullable=False, comment="how far it is: DayState"),
    Column("collected_by", Text, nullable=False),
    Column("collected_seq", BigInteger, nullable=False),
    Column("cleared_seq", BigInteger),
    Column("confirmed_by", Text, comment="who of the exchange confirmed its totals"),
    Column("confirmed_seq", BigInteger),
    Column("reviewed_by", Text, comment="初审"),
    Column("reviewed_seq", BigInteger),
    Column("approved_by", Text, comment="复审"),
    Column("approved_seq", BigInteger),
    Column("delivered_seq", BigInteger, comment="the last block"),
    Column("effected_seq", BigInteger),
    Column("reconciled_seq", BigInteger),
    Column("differences", Integer, comment="breaks that stood open when it was last reconciled"),
    Column("stated_seq", BigInteger),
    Column("statements_hash", Text, comment="SHA-256 over the day's statements"),
    Column("sealed_seq", BigInteger),
    Column("log_seq", BigInteger, comment="the entry up to which the seal speaks"),
    Column("log_hash", Text, comment="that entry's hash"),
    Column("state_hash", Text, comment="SHA-256 over all accounts, cells and holds at that entry"),
    Column("returned_seq", BigInteger, comment="the entry that last sent it back to be cleared again"),
    Column("comment", Text, nullable=False, comment="why it was sent back"),
    comment="Settlement days of the house.",
)

CLEARING_MARKET = Table(
    "clearing_market",
    metadata,
    Column("day", Date, ForeignKey("clearing_day.day"), primary_key=True),
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("pack", Text, nullable=False, comment="its clearing pack"),
    Column("model", Text, nullable=False, comment="gross, net_cash, net"),
    Column("trades", Integer, nullable=False),
    Column("tonnes", BigInteger, nullable=False),
    Column("amount", BigInteger, nullable=False, comment="fen"),
    Column("trading_fees", BigInteger, nullable=False, comment="fen, of both sides"),
    Column("settlement_fees", BigInteger, nullable=False, comment="fen, of both sides"),
    Column("trades_hash", Text, nullable=False, comment="SHA-256 over the trades as columns"),
    Column("delivered", Integer, nullable=False, comment="trades delivered so far"),
    Column("failed", Integer, nullable=False, comment="trades that could not be delivered"),
    comment="What a day took over from each market.",
)

CLEARING_BLOCK = Table(
    "clearing_block",
    metadata,
    Column("day", Date, primary_key=True),
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("block", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False, unique=True, comment="the entry that delivered it"),
    Column("first", Integer, nullable=False, comment="number of its first trade"),
    Column("last", Integer, nullable=False, comment="number of its last trade"),
    Column("trades", Integer, nullable=False),
    Column("skipped", Text, nullable=False, comment="JSON: numbers in between that were not delivered"),
    comment="Blocks of trades delivered, one entry each: chain k is the k-th not skipped.",
)

CLEARING_FAIL = Table(
    "clearing_fail",
    metadata,
    Column("day", Date, primary_key=True),
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("trade", Integer, primary_key=True, autoincrement=False),
    Column("quantity", BigInteger, nullable=False, comment="tonnes not delivered"),
    Column("amount", BigInteger, nullable=False, comment="fen not paid"),
    Column("account", Integer, ForeignKey("account.number"), nullable=False, comment="in the way"),
    Column("why", Text, nullable=False, comment="stopped, short, depends"),
    Column("state", Text, nullable=False, comment="waiting, delivered, unwound"),
    Column("ended_seq", BigInteger),
    comment="Trades that could not be delivered on their day; what they hold stays held for them.",
)

CLEARING_UNWINDING = Table(
    "clearing_unwinding",
    metadata,
    Column("day", Date, primary_key=True),
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("trade", Integer, primary_key=True, autoincrement=False),
    Column("state", Text, nullable=False, comment="asked, granted, declined"),
    Column("why", Text, nullable=False),
    Column("asked_by", Text, nullable=False),
    Column("asked_seq", BigInteger, nullable=False),
    Column("decided_by", Text),
    Column("decided_seq", BigInteger),
    Column("comment", Text, nullable=False, comment="of who decided"),
    comment="Failed trades that somebody asked to give up: asked by one, granted by another.",
)

CLEARING_BREAK = Table(
    "clearing_break",
    metadata,
    Column("day", Date, primary_key=True),
    Column("round", Integer, primary_key=True, autoincrement=False, comment="of the reconciliation"),
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("side", Text, nullable=False, comment="market, book, bank: which disagrees with the others"),
    Column("about", Text, nullable=False, comment="an account, a trade, a request, a bank"),
    Column("ours", BigInteger, nullable=False),
    Column("theirs", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    comment="Differences that a reconciliation found. The newest round counts.",
)

CLEARING_EXPLAINED = Table(
    "clearing_explained",
    metadata,
    Column("id", Text, primary_key=True),
    Column("day", Date, ForeignKey("clearing_day.day"), nullable=False, index=True),
    Column("bank_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("kind", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("ours", BigInteger, nullable=False),
    Column("theirs", BigInteger, nullable=False),
    Column("cause", Text, nullable=False),
    Column("left", Text, nullable=False, comment="JSON: fen the bank has more from now on, by sub-ledger"),
    Column("reason", Text, nullable=False),
    Column("document", Text, nullable=False, comment="SHA-256 of what proves it, or nothing"),
    Column("state", Text, nullable=False, comment="asked, declined, granted, ending, ended"),
    Column("asked_by", Text, nullable=False),
    Column("asked_seq", BigInteger, nullable=False),
    Column("granted_by", Text, comment="who granted it, or declined to"),
    Column("granted_seq", BigInteger),
    Column("comment", Text, nullable=False, comment="of who decided last"),
    Column("ending_by", Text, comment="who asked to end it"),
    Column("ending_seq", BigInteger),
    Column("ending_reason", Text, nullable=False),
    Column("ended_by", Text),
    Column("ended_seq", BigInteger),
    Column("ended_on", Date, comment="from this day on the bank has it no more"),
    Column(
        "ended_reference", Text, nullable=False, comment="the line by which the bank put it right, or nothing"
    ),
    comment="Differences whose cause lies outside of the house: explained by one person, granted by another.",
)
