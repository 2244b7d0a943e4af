"""Penalties: the system shows the range and its basis; only an authority's recorded decision creates one.

Source of the base price: average traded price of the month before the deadline (国务院令第775号 art. 24).
Which trades count is not published, so all modes and vintages are taken, weighted by volume.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, obligations
from tanshu.compliance.tables import PENALTY_DECISION
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right, Subject
from tanshu.registry import settled
from tanshu.rules import penalties
from tanshu.rules.penalties import PenaltyRange


@dataclass(frozen=True, slots=True)
class DecidePenalty:
    """An authority's decision: fen, the law and article it states, the number of the document."""

    subject: str
    year: int
    amount_fen: int
    basis: str
    document: str


def penalty_range(
    conn: Connection,
    subject: Subject,
    year: int,
    *,
    average_price_fen: int | None = None,
    today: date | None = None,
) -> PenaltyRange | Refusal:
    """The range of the fine for what was unpaid at the deadline, under the law in force the day after it."""
    owed = obligations.owed(conn, subject, year, today=today)
    if isinstance(owed, Refusal):
        return owed
    if owed.status_at_deadline is None:
        return checks.DEADLINE_AHEAD(field="year", year=year, deadline=owed.deadline)
    if not owed.due_at_deadline_t:
        return checks.NOT_SHORT(field="subject", subject=subject.name, year=year)
    month_end = owed.deadline.replace(day=1) - timedelta(days=1)
    price = average_price_fen
    if not price:
        price = settled.totals(conn, month_end.replace(day=1), month_end).average_price_fen()
    if price is None:
        return checks.NO_PRICE(field="average_price", month=f"{month_end:%Y-%m}")
    return penalties.non_surrender(
        parties.jurisdiction(conn), owed.deadline + timedelta(days=1), owed.due_at_deadline_t, price
    )


@verb("compliance.decide-penalty")
def decide_penalty(act: Act, command: DecidePenalty) -> Decision:
    """Record an authority's penalty decision. The register takes it down; it does not judge it."""
    subject = need(parties.subject(act.conn, command.subject))
    authority = parties.authority_of(act.conn, subject.region)
    if authority is None:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year=command.year)
    need(may(act.conn, act.actor, Right.CHECKER, authority.id))
    if command.amount_fen <= 0 or not command.basis.strip() or not command.document.strip():
        return checks.DECISION_NEEDS(field="amount_fen")
    owed = need(obligations.owed(act.conn, subject, command.year, today=act.today))
    if owed.status_at_deadline is None:
        return checks.DEADLINE_AHEAD(field="year", year=command.year, deadline=owed.deadline)
    if owed.pending_in_time:
        return checks.PAYMENTS_PENDING(field="subject", count=owed.pending_in_time)
    if not owed.due_at_deadline_t:
        return checks.NOT_SHORT(field="subject", subject=subject.name, year=command.year)
    id = act.id("PEN")
    act.insert(
        PENALTY_DECISION,
        {
            "id": id,
            "subject_id": subject.id,
            "year": command.year,
            "unpaid_t": owed.due_at_deadline_t,
            "amount_fen": command.amount_fen,
            "basis": command.basis.strip(),
            "document": command.document.strip(),
            "person": act.actor,
            "seq": act.seq,
        },
    )
    return {"id": id, "subject": subject.handle, "year": command.year, "amount_fen": command.amount_fen}


def decisions(conn: Connection, year: int) -> list[dict[str, Any]]:
    """The recorded decisions of a year, oldest first."""
    query = select(PENALTY_DECISION).where(PENALTY_DECISION.c.year == year)
    return [dict(row._mapping) for row in conn.execute(query.order_by(PENALTY_DECISION.c.seq))]
