"""Questions about objections to settlement days."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal
from tanshu.clearing.objections import checks
from tanshu.clearing.objections.tables import CLEARING_OBJECTION
from tanshu.clearing.tables import CLEARING_MARKET
from tanshu.exchange.tables import MARKET, MARKET_DAY


def objection(conn: Connection, id: str) -> Any | Refusal:
    """Its row. Refuses with CLR-6001."""
    row = conn.execute(select(CLEARING_OBJECTION).where(CLEARING_OBJECTION.c.id == id)).first()
    return checks.UNKNOWN(field="objection", id=id) if row is None else row


def objections(conn: Connection, day: date | None = None) -> Sequence[Any]:
    """All of them, or those to one day; the oldest first."""
    query = select(CLEARING_OBJECTION)
    if day is not None:
        query = query.where(CLEARING_OBJECTION.c.day == day)
    return conn.execute(query.order_by(CLEARING_OBJECTION.c.filed_seq, CLEARING_OBJECTION.c.id)).all()


def next_opening(conn: Connection, day: date) -> Any | None:
    """The first opening, after a settlement day, of a market that it settled: market and day; None before it.

    Until then one may object. Who did not has accepted. Of a day without a market any opening counts.
    """
    settled = conn.execute(select(CLEARING_MARKET.c.log).where(CLEARING_MARKET.c.day == day)).scalars().all()
    joined = MARKET_DAY.join(MARKET, MARKET.c.log == MARKET_DAY.c.log)
    query = select(MARKET.c.name.label("market"), MARKET_DAY.c.day).select_from(joined)
    query = query.where(MARKET_DAY.c.day > day)
    if settled:
        query = query.where(MARKET_DAY.c.log.in_(settled))
    return conn.execute(query.order_by(MARKET_DAY.c.opened_seq).limit(1)).first()
