"""Tables of published auctions. They are told by the registry's log; bids stand in the market's own log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Integer, SmallInteger, Table, Text

from tanshu.base.database import metadata

AUCTION_NOTICE = Table(
    "auction_notice",
    metadata,
    Column("log", SmallInteger, ForeignKey("market.log"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False, comment="in its market, from 1"),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("initiator_id", Text, ForeignKey("subject.id"), nullable=False),
    Column("side", Text, nullable=False, comment="the initiator's: sell, buy"),
    Column("instrument", Text, nullable=False, comment="code"),
    Column("quantity", BigInteger, nullable=False, comment="tonnes offered or sought"),
    Column("reserve_fen", BigInteger, nullable=False, comment="per tonne; 0 for none"),
    Column("reserve_hidden", Boolean, nullable=False, comment="told with the result only"),
    Column("pricing", Text, nullable=False, comment="uniform, pay_as_bid"),
    Column("ties", Text, nullable=False, comment="time, pro_rata"),
    Column("sealed", Boolean, nullable=False),
    Column("one_bid", Boolean, nullable=False, comment="a bidder's new bid replaces its former"),
    Column("binding", Boolean, nullable=False, comment="bids are not cancelled, only bettered"),
    Column("day", Date, nullable=False),
    Column("opens", Text, nullable=False, comment="Shanghai time of day, HH:MM"),
    Column("closes", Text, nullable=False),
    Column("deposit_share", Text, nullable=False, comment="decimal, of the worth of what a bidder is for"),
    Column("cap_t", BigInteger, nullable=False, comment="tonnes one bidder may bid for; 0 for no limit"),
    Column("criteria_zh", Text, nullable=False, comment="who may qualify, in words"),
    Column("criteria_en", Text, nullable=False),
    Column("pack", Text, nullable=False, comment="the market's rule pack"),
    Column("paid_year", Integer, comment="of which year allowances are allocated against payment"),
    Column("year_total_t", BigInteger, comment="that year's total, as the authority gave it"),
    Column("published_on", Date, nullable=False),
    Column("person", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Notices of auctions, 竞价公告.",
)

AUCTION_BIDDER = Table(
    "auction_bidder",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the newest is in force"),
    Column("tonnes", BigInteger, nullable=False, comment="that it may bid for"),
    Column("deposit_fen", BigInteger, nullable=False),
    Column("person", Text, nullable=False),
    comment="Who was found qualified to bid.",
)

AUCTION_RESULT = Table(
    "auction_result",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("outcome", Text, nullable=False),
    Column("why", Text, nullable=False, comment="of one that was called off"),
    Column("sold_t", BigInteger, nullable=False),
    Column("clearing_fen", BigInteger, nullable=False, comment="0 where nothing was sold"),
    Column("amount_fen", BigInteger, nullable=False),
    Column("bids", Integer, nullable=False, comment="valid ones"),
    Column("valid_t", BigInteger, nullable=False),
    Column("best_fen", BigInteger, nullable=False, comment="the best valid bid; 0 for none"),
    Column("market_seq", BigInteger, comment="of the market's log; none where the day's close ended it"),
    Column("ended_by", Text, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("published_by", Text),
    Column("published_on", Date),
    Column("published_seq", BigInteger),
    comment="Results of auctions, 竞价结果; public once a second person of the exchange has published them.",
)

AUCTION_AWARD = Table(
    "auction_award",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("trade", Integer, primary_key=True, autoincrement=False, comment="the day's number of the trade"),
    Column("subject_id", Text, ForeignKey("subject.id"), nullable=False, comment="the bidder"),
    Column("quantity", BigInteger, nullable=False),
    Column("price_fen", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    comment="Who was awarded what; market_delivery says how it was settled.",
)
