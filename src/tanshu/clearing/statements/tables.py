"""Everybody's statement of a settlement day. Told by the registry's log."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Integer, Table, Text

from tanshu.base.database import metadata


def _amount(name: str, comment: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False, comment=comment)


CLEARING_STATEMENT = Table(
    "clearing_statement",
    metadata,
    Column("day", Date, ForeignKey("clearing_day.day"), primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    _amount("opening", "fen in the cash account at the statement before"),
    _amount("cash_in", "fen paid in since then"),
    _amount("cash_out", "fen paid out since then"),
    _amount("other", "fen of everything else: interest, covers, corrections; below zero: given"),
    _amount("trades", "sides of trades of the day; with itself it has two"),
    _amount("bought_t", "tonnes bought"),
    _amount("sold_t", "tonnes sold"),
    _amount("buys", "fen to pay for them"),
    _amount("sells", "fen to receive for them"),
    _amount("buy_fee", "fen, the trading fee of purchases"),
    _amount("sell_fee", "fen, the trading fee of sales"),
    _amount("settlement_fee", "fen, of both sides"),
    _amount("failed_bought_t", "of the tonnes bought, what was not delivered"),
    _amount("failed_sold_t", "of the tonnes sold, what was not delivered"),
    _amount("failed_buys", "fen of them that were not paid"),
    _amount("failed_sells", "fen of them that were not received"),
    _amount("failed_fees", "fen of fees on them that were not taken"),
    _amount("late_bought_t", "tonnes of earlier days, delivered since the statement before"),
    _amount("late_sold_t", "tonnes"),
    _amount("late_buys", "fen of them"),
    _amount("late_sells", "fen of them"),
    _amount("late_fees", "fen of fees on them"),
    _amount("closing", "fen in the cash account"),
    _amount("available", "fen of it that are free"),
    _amount("held", "fen of it that are held"),
    comment="What everybody who takes part in a market had, did and has on a settlement day.",
)

CLEARING_HOLDING = Table(
    "clearing_holding",
    metadata,
    Column("day", Date, ForeignKey("clearing_day.day"), primary_key=True),
    Column("subject_id", Text, ForeignKey("subject.id"), primary_key=True),
    Column("instrument", Integer, primary_key=True, autoincrement=False, comment="the book's number"),
    _amount("trading_available", "tonnes in the trading account, free"),
    _amount("trading_held", "tonnes in the trading account, held"),
    _amount("registration_available", "tonnes in the registration account, free"),
    _amount("registration_held", "tonnes in the registration account, held"),
    comment="What everybody held at the end of a settlement day, by vintage.",
)
