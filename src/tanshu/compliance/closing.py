"""Closing a compliance year: the province states, in the log, how its year ended at the deadline."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from tanshu.base.canonical import canonical
from tanshu.base.refusal import need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, obligations, packs
from tanshu.compliance.obligations import Status
from tanshu.compliance.tables import YEAR_CLOSED
from tanshu.mrv import service as mrv_service
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right


@dataclass(frozen=True, slots=True)
class CloseYear:
    """region: six-digit division of the province whose year it is."""

    region: str
    year: int


@verb("compliance.close-year")
def close_year(act: Act, command: CloseYear) -> Decision:
    """Fix the statuses at the deadline, once, when nothing submitted in time waits any more.

    The answer, and so the log, holds the figures. The year's data are locked; later surrenders change today's
    status and leave these figures as they are.
    """
    authority = parties.authority_of(act.conn, command.region)
    if authority is None:
        return checks.NO_AUTHORITY(field="region", region=command.region)
    need(may(act.conn, act.actor, Right.CHECKER, authority.id))
    deadline = packs.deadline(act.conn, command.year)
    if act.today <= deadline:
        return checks.DEADLINE_AHEAD(field="year", year=command.year, deadline=deadline)
    mine = [
        row
        for row in obligations.board(act.conn, command.year, today=act.today)
        if row.subject.region[:2] == command.region[:2]
    ]
    waiting = sum(row.pending_in_time for row in mine)
    if waiting:
        return checks.PAYMENTS_PENDING(field="year", count=waiting)
    closed = select(YEAR_CLOSED.c.seq).where(
        YEAR_CLOSED.c.region == authority.region, YEAR_CLOSED.c.year == command.year
    )
    if act.conn.execute(closed).first():
        return checks.CLOSED(field="year", region=authority.region, year=command.year)
    counts = {status.value: 0 for status in Status}
    for row in mine:
        assert row.status_at_deadline is not None
        counts[row.status_at_deadline.value] += 1
    figures = {
        "region": authority.region,
        "year": command.year,
        "deadline": deadline,
        "entities": len(mine),
        "status_at_deadline": counts,
        "obligation_t": sum(row.obligation_t for row in mine),
        "surrendered_t": sum(row.surrendered_t for row in mine),
        "offset_t": sum(row.offset_t for row in mine),
        "short_t": sum(row.due_at_deadline_t for row in mine),
        "return_due_t": sum(row.return_due_t for row in mine),
    }
    act.insert(
        YEAR_CLOSED,
        {
            "region": authority.region,
            "year": command.year,
            "figures": canonical(figures).decode(),
            "seq": act.seq,
        },
    )
    for row in mine:
        mrv_service.lock(act, row.subject.id, command.year, f"closed-{command.year}")
    return figures
