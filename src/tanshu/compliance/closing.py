"""Closing a compliance year: the province states, in the log, how its year ended at the deadline."""

from __future__ import annotations

from dataclasses import dataclass

from tanshu.base.refusal import need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, obligations, packs
from tanshu.compliance.obligations import Status
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
    """Fix the statuses at the deadline. The answer, and so the log, holds the figures; nothing is locked:
    later surrenders change today's status and leave these as they are."""
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
    counts = {status.value: 0 for status in Status}
    for row in mine:
        assert row.status_at_deadline is not None
        counts[row.status_at_deadline.value] += 1
    return {
        "region": command.region,
        "year": command.year,
        "deadline": deadline,
        "entities": len(mine),
        "status_at_deadline": counts,
        "obligation_t": sum(row.obligation_t for row in mine),
        "surrendered_t": sum(row.surrendered_t for row in mine),
        "offset_t": sum(row.offset_t for row in mine),
        "short_t": sum(row.due_at_deadline_t for row in mine),
    }
