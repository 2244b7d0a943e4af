"""Questions to the clearing house's days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.refusal import Refusal
from tanshu.clearing import checks
from tanshu.clearing.model import DAY_LABELS, DayState, ExplanationState, FailState
from tanshu.clearing.tables import (
    CLEARING_BLOCK,
    CLEARING_BREAK,
    CLEARING_DAY,
    CLEARING_EXPLAINED,
    CLEARING_FAIL,
    CLEARING_MARKET,
)
from tanshu.exchange.tables import MARKET


def day(conn: Connection, day: date) -> Row[Any] | Refusal:
    """The row of a settlement day. Refuses with CLR-1001."""
    row = conn.execute(select(CLEARING_DAY).where(CLEARING_DAY.c.day == day)).first()
    return checks.NO_SUCH_DAY(field="day", day=day) if row is None else row


def day_in(conn: Connection, when: date, *states: DayState) -> Row[Any] | Refusal:
    """The row of a day that stands at one of these states. Refuses with CLR-1001, CLR-1002."""
    row = day(conn, when)
    if isinstance(row, Refusal) or DayState(row.state) in states:
        return row
    facts = {"state": DAY_LABELS[DayState(row.state)], "needed": DAY_LABELS[states[0]]}
    return checks.WRONG_STATE(field="day", day=when, **facts)


def days(conn: Connection) -> Sequence[Any]:
    """All settlement days, the oldest first."""
    return conn.execute(select(CLEARING_DAY).order_by(CLEARING_DAY.c.day)).all()


def last_day(conn: Connection) -> Any | None:
    return conn.execute(select(CLEARING_DAY).order_by(CLEARING_DAY.c.day.desc()).limit(1)).first()


def markets(conn: Connection, when: date) -> Sequence[Any]:
    """What a day took over, market by market, with the market's name."""
    joined = CLEARING_MARKET.join(MARKET, MARKET.c.log == CLEARING_MARKET.c.log)
    query = select(CLEARING_MARKET, MARKET.c.name.label("market")).select_from(joined)
    return conn.execute(query.where(CLEARING_MARKET.c.day == when).order_by(CLEARING_MARKET.c.log)).all()


def blocks(conn: Connection, when: date, log: int) -> Sequence[Any]:
    """The blocks in which a market's day was delivered so far."""
    here = (CLEARING_BLOCK.c.day == when, CLEARING_BLOCK.c.log == log)
    return conn.execute(select(CLEARING_BLOCK).where(*here).order_by(CLEARING_BLOCK.c.block)).all()


def fails(conn: Connection, when: date, log: int) -> Sequence[Any]:
    """The trades of a market's day that could not be delivered."""
    here = (CLEARING_FAIL.c.day == when, CLEARING_FAIL.c.log == log)
    return conn.execute(select(CLEARING_FAIL).where(*here).order_by(CLEARING_FAIL.c.trade)).all()


def waiting(conn: Connection, before: date, market: str = "", traded_on: date | None = None) -> Sequence[Any]:
    """Failed trades of days before this one that still wait: of a market, of a day, or all."""
    t = CLEARING_FAIL.c
    query = select(CLEARING_FAIL).join(MARKET, MARKET.c.log == t.log)
    query = query.where(t.day < before, t.state == FailState.WAITING)
    query = query if not market else query.where(MARKET.c.name == market)
    query = query if traded_on is None else query.where(t.day == traded_on)
    return conn.execute(query.order_by(t.day, t.log, t.trade)).all()


def delivered_late(conn: Connection, after: int, upto: int) -> Sequence[Any]:
    """Failed trades that entries after one and up to another delivered, in the order in which they went."""
    t = CLEARING_FAIL.c
    query = select(CLEARING_FAIL).where(
        t.state == FailState.DELIVERED, t.ended_seq > after, t.ended_seq <= upto
    )
    return conn.execute(query.order_by(t.ended_seq, t.day, t.log, t.trade)).all()


def is_begun(conn: Connection, when: date) -> bool:
    """Has the delivery of the day's own trades begun?"""
    query = select(CLEARING_BLOCK.c.seq).where(CLEARING_BLOCK.c.day == when).limit(1)
    return conn.execute(query).first() is not None


def breaks(conn: Connection, when: date) -> Sequence[Any]:
    """What the newest reconciliation of a day found."""
    here = CLEARING_BREAK.c.day == when
    newest = select(CLEARING_BREAK.c.round).where(here).order_by(CLEARING_BREAK.c.round.desc()).limit(1)
    query = select(CLEARING_BREAK).where(here, CLEARING_BREAK.c.round == newest.scalar_subquery())
    return conn.execute(query.order_by(CLEARING_BREAK.c.n)).all()


def explanations(conn: Connection, when: date, *states: ExplanationState) -> Sequence[Any]:
    """The explanations of a day's differences, at these states or any, the oldest first."""
    t = CLEARING_EXPLAINED.c
    query = select(CLEARING_EXPLAINED).where(t.day == when)
    query = query.where(t.state.in_(states)) if states else query
    return conn.execute(query.order_by(t.asked_seq, t.id)).all()


def granted_explanations(conn: Connection, when: date) -> Sequence[Any]:
    """The differences of a day that were explained, whether the explanation has ended since or not."""
    granted = (ExplanationState.GRANTED, ExplanationState.ENDING, ExplanationState.ENDED)
    return explanations(conn, when, *granted)
