"""What a measure does to the market: a suspension is the market's own; a restriction closes buying.

A restricted participant's orders are cancelled and its holding limit becomes one tonne: it may sell what it
has, and buy nothing. That stands on every day until it is lifted; `cases.restricted` tells the opening of a
day.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.refusal import need
from tanshu.book.act import Act
from tanshu.book.commit import Decision
from tanshu.exchange import standing
from tanshu.exchange.bridge import sessions
from tanshu.exchange.bridge.tables import MARKET_SUSPENSION
from tanshu.exchange.engine.records import Op, Why, row
from tanshu.exchange.engine.state import OUTSIDE, SUSPENDED
from tanshu.exchange.market import MarketAct
from tanshu.exchange.standing import Lift, Standing, Suspend
from tanshu.exchange.supervision import cases
from tanshu.exchange.supervision.commands import Kind
from tanshu.exchange.tables import MARKET_PARTY


def take(act: Act, asked: Row[Any], market: str, log: int, handle: str) -> Decision:
    """Let a measure take effect in both logs. asked: the act that proposed it. Refuses as the market does."""
    kind, party = Kind(asked.kind), party_number(act.conn, log, asked.subject_id)
    if kind is Kind.SUSPEND:
        return standing.decide_suspend(act, Suspend(market, handle), Why.SUPERVISION)
    if kind is Kind.LIFT_SUSPEND:
        _ask_to_lift(act, asked, log, party)
        return standing.decide_lift(act, Lift(market, handle))
    session = sessions.last(act.conn, log)
    if kind is Kind.RESTRICT and session is not None and session.state == sessions.OPEN:
        told = Standing(party, Why.SUPERVISION)
        need(sessions.at(act, log).join(act, "market.restrict", told, _restrict))
    return {"participant": handle, "restricted": kind is Kind.RESTRICT}


def party_number(conn: Connection, log: int, subject_id: str) -> int:
    """The number of a participant in a market."""
    here = (MARKET_PARTY.c.log == log, MARKET_PARTY.c.subject_id == subject_id)
    return int(conn.execute(select(MARKET_PARTY.c.number).where(*here)).scalar_one())


def _ask_to_lift(act: Act, asked: Row[Any], log: int, party: int) -> None:
    """Whoever proposed the end of a suspension has asked the market for it, with that entry."""
    suspended = standing.standing(act.conn, log, party)
    if suspended is not None and suspended.asked_by is None:
        this = {"log": log, "party": party, "seq": suspended.seq}
        told = {"asked_by": asked.person, "asked_seq": asked.seq, "asked_why": asked.note}
        act.update(MARKET_SUSPENSION, this, **told)


def _restrict(inner: MarketAct, told: Standing) -> Decision:
    """Cancel what the participant has on the market, and close buying for the day."""
    parties = inner.engine.arrays.parties
    outside = int(parties[told.party, OUTSIDE])
    if not parties[told.party, SUSPENDED]:
        inner.must([row(Op.SUSPEND, party=told.party, other=told.why)])
        inner.must([row(Op.LIFT, party=told.party, other=told.why)])
    inner.must([row(Op.HOLDING, party=told.party, quantity=outside, price=cases.RESTRICTED_LIMIT)])
    return {"restricted": told.party}
