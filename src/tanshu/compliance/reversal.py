"""Reversal of a surrender 清缴撤销: what was surrendered comes back, and counts as never paid.

The register asks whether the original may be reversed (its term, its lines, its evidence); this room asks
for its year: the same one, and not closed. From then on the entity owes again what comes back.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.compliance import duty_checks
from tanshu.compliance.tables import YEAR_CLOSED
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.registry.model import Proposed


def check_reversal(act: Act, proposed: Proposed) -> Refusal | None:
    """Of the original's year, while that is open in the entity's province."""
    original = proposed.original
    assert original is not None, "its type names one"
    if original.year is None:
        return None
    if proposed.year != original.year:
        return duty_checks.YEAR_DIFFERS(field="year", original=original.id, year=original.year)
    region = closed_region(act.conn, proposed.subject, original.year)
    if region:
        return duty_checks.REVERSAL_AFTER_CLOSE(field="original", region=region, year=original.year)
    return None


def closed_region(conn: Connection, subject: Subject, year: int) -> str | None:
    """The region of the province that closed this entity's year; None while it is open."""
    authority = parties.authority_of(conn, subject.region)
    if authority is None:
        return None
    query = select(YEAR_CLOSED.c.region)
    return conn.execute(
        query.where(YEAR_CLOSED.c.region == authority.region, YEAR_CLOSED.c.year == year)
    ).scalar()
