"""What a day came to in all: once by everybody's statements, once by the market. The two are equal, exactly.

By the market: what was taken over from each market's log, what failed, and what transactions moved on all
participants' cash accounts together. None of it is read from a statement.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

import numpy as np
from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.clearing.statements import checks
from tanshu.clearing.statements.computing import (
    DELIVERED,
    DEPOSIT,
    WITHDRAWAL,
    Money,
    Statements,
    told_since,
)
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_DAY, CLEARING_FAIL, CLEARING_MARKET
from tanshu.clearing.trades import Trades, read_day
from tanshu.exchange.tables import MARKET, MARKET_PARTY
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE


class Totals(NamedTuple):
    """A day in all: tonnes and fen. change: how much more cash all participants have than the time before."""

    trades: int
    bought_t: int
    sold_t: int
    buys: int
    sells: int
    trading_fees: int
    settlement_fees: int
    failed_bought_t: int
    failed_sold_t: int
    failed_buys: int
    failed_sells: int
    failed_fees: int
    late_buys: int
    late_sells: int
    late_fees: int
    cash_in: int
    cash_out: int
    other: int
    change: int


LABELS: tuple[Text, ...] = (
    Text("成交笔数(双边)", "trades (both sides)"),
    Text("买入吨数", "tonnes bought"),
    Text("卖出吨数", "tonnes sold"),
    Text("买入金额(分)", "fen of purchases"),
    Text("卖出金额(分)", "fen of sales"),
    Text("交易手续费(分)", "fen of trading fees"),
    Text("结算手续费(分)", "fen of settlement fees"),
    Text("未交收买入吨数", "tonnes bought and not delivered"),
    Text("未交收卖出吨数", "tonnes sold and not delivered"),
    Text("未交收买入金额(分)", "fen of purchases not delivered"),
    Text("未交收卖出金额(分)", "fen of sales not delivered"),
    Text("未交收成交的费用(分)", "fen of fees on what was not delivered"),
    Text("补交收买入金额(分)", "fen of purchases delivered late"),
    Text("补交收卖出金额(分)", "fen of sales delivered late"),
    Text("补交收成交的费用(分)", "fen of fees on what was delivered late"),
    Text("入金(分)", "fen paid in"),
    Text("出金(分)", "fen paid out"),
    Text("其他收付(分)", "fen of everything else"),
    Text("客户资金增减(分)", "fen by which clients' cash grew"),
)
"""Of the fields of `Totals`, in their order."""


def sums(money: Money) -> Totals:
    """The sum of statements. A trade between two participants is told by both: half of the sides."""
    return _totals({name: int(column.sum()) for name, column in zip(Money._fields, money, strict=True)})


def told(conn: Connection, day: date) -> Totals:
    """The sum of a day's statements as they were told."""
    t = CLEARING_STATEMENT.c
    columns = [func.coalesce(func.sum(t[name]), 0).label(name) for name in Money._fields]
    found = conn.execute(select(*columns).where(t.day == day)).one()
    return _totals({name: int(value) for name, value in found._mapping.items()})


def of_market(conn: Connection, day: date) -> Totals:
    """The same by the market's own figures, as the statements know them."""
    market = _traded(conn, day)
    window = (told_since(conn, day), _stated(conn, day))
    failed, late = _failed(conn, day, window[1]), _late(conn, day, window)
    cash_in, cash_out, other = _moved(conn, window)
    fees = market.trading_fees + market.settlement_fees - failed.fees + late.fees
    return Totals(
        trades=2 * market.trades,
        bought_t=market.tonnes,
        sold_t=market.tonnes,
        buys=market.amount,
        sells=market.amount,
        trading_fees=market.trading_fees,
        settlement_fees=market.settlement_fees,
        failed_bought_t=failed.tonnes,
        failed_sold_t=failed.tonnes,
        failed_buys=failed.amount,
        failed_sells=failed.amount,
        failed_fees=failed.fees,
        late_buys=late.amount,
        late_sells=late.amount,
        late_fees=late.fees,
        cash_in=cash_in,
        cash_out=cash_out,
        other=other,
        change=cash_in - cash_out + other - fees,
    )


def check(conn: Connection, made: Statements) -> Refusal | None:
    """Do these statements sum to the market's report? Refuses with CLR-5002."""
    return _first_difference(made.day, sums(made.money), of_market(conn, made.day))


def check_told(conn: Connection, day: date) -> Refusal | None:
    """Do a day's statements as they were told? For the seal. Refuses with CLR-5002."""
    return _first_difference(day, told(conn, day), of_market(conn, day))


def _first_difference(day: date, ours: Totals, theirs: Totals) -> Refusal | None:
    for label, mine, other in zip(LABELS, ours, theirs, strict=True):
        if mine != other:
            return checks.NOT_THE_MARKET(field="day", day=day, what=label, ours=mine, theirs=other)
    return None


def _totals(of: Mapping[str, int]) -> Totals:
    here = {name: of[name] for name in Totals._fields if name in of}
    fees = of["buy_fee"] + of["sell_fee"]
    change = of["closing"] - of["opening"]
    return Totals(**here, trading_fees=fees, settlement_fees=of["settlement_fee"], change=change)


# -- by the market -----------------------------------------------------------------------------------------


class _Traded(NamedTuple):
    trades: int
    tonnes: int
    amount: int
    trading_fees: int
    settlement_fees: int


def _traded(conn: Connection, day: date) -> _Traded:
    t = CLEARING_MARKET.c
    columns = [func.coalesce(func.sum(t[name]), 0) for name in _Traded._fields]
    return _Traded(*map(int, conn.execute(select(*columns).where(t.day == day)).one()))


def _stated(conn: Connection, day: date) -> int:
    """The entry that made the statements; while it is being written, whatever comes."""
    query = select(CLEARING_DAY.c.stated_seq).where(CLEARING_DAY.c.day == day)
    seq = conn.execute(query).scalar()
    return QUANTITY_MAX if seq is None else seq


class _Undelivered(NamedTuple):
    tonnes: int
    amount: int
    fees: int


def _failed(conn: Connection, day: date, upto: int) -> _Undelivered:
    t = CLEARING_FAIL.c
    return _of_fails(conn, t.day == day, or_(t.ended_seq.is_(None), t.ended_seq > upto))


def _late(conn: Connection, day: date, window: tuple[int, int]) -> _Undelivered:
    t = CLEARING_FAIL.c
    delivered = (t.state == DELIVERED, t.ended_seq > window[0], t.ended_seq <= window[1])
    return _of_fails(conn, t.day < day, *delivered)


def _of_fails(conn: Connection, *which: ColumnElement[bool]) -> _Undelivered:
    rows = conn.execute(select(CLEARING_FAIL).where(*which)).all()
    missing: dict[tuple[int, date], dict[int, int]] = {}
    for row in rows:
        missing.setdefault((row.log, row.day), {})[row.trade] = row.quantity
    fees = sum(_fees(need(read_day(conn, *of)).trades, some) for of, some in missing.items())
    return _Undelivered(sum(row.quantity for row in rows), sum(row.amount for row in rows), fees)


def _fees(trades: Trades, missing: Mapping[int, int]) -> int:
    """All fees of the trades of which everything is missing, fen: those of a part go with the other part."""
    some = trades.only(np.isin(trades.number, list(missing)))
    whole = some.only(some.quantity == [missing[number] for number in some.number.tolist()])
    columns = (whole.buyer_trading, whole.buyer_settlement, whole.seller_trading, whole.seller_settlement)
    return sum(int(column.sum()) for column in columns)


def _moved(conn: Connection, window: tuple[int, int]) -> tuple[int, int, int]:
    """(in, out, other) of all participants' cash accounts together."""
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    theirs = select(MARKET_PARTY.c.cash_account)
    gives, takes = line.debit.in_(theirs), line.credit.in_(theirs)

    def total(of: ColumnElement[bool], name: str) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((of, line.quantity), else_=0)), 0).label(name)

    query = (
        select(
            total(and_(takes, t.type == DEPOSIT), "paid_in"),
            total(and_(gives, t.type == WITHDRAWAL), "paid_out"),
            total(and_(takes, t.type != DEPOSIT), "received"),
            total(and_(gives, t.type != WITHDRAWAL), "given"),
        )
        .join(TRANSACTION_LINE, line.transaction_id == t.id)
        .where(t.state == TransactionState.EFFECTED, line.instrument.in_(select(MARKET.c.currency)))
        .where(t.ended_seq > window[0], t.ended_seq <= window[1])
    )
    found = conn.execute(query).one()
    return int(found.paid_in), int(found.paid_out), int(found.received) - int(found.given)
