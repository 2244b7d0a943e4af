"""Cancellation of untraded surplus 未交易配额注销, as in Hubei: what is left over and was never traded.

Bought allowances may be kept for later years; those that were allocated, not needed and never sold may not.
Our reading: untraded = max(0, allocated − obligation − net sold), in the year's own instrument, over the
trades since the year's first allocation to the entity. With which units it paid does not matter: one that
pays with bought units keeps as many allocated ones untraded.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act
from tanshu.compliance import checks, duty_checks, obligations, packs
from tanshu.compliance.reversal import closed_region
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.registry import queries as registry
from tanshu.registry import settled
from tanshu.registry.model import Proposed, TransactionState

SURPLUS = "surplus-cancellation"
_ALLOCATIONS = ("pre-allocation", "final-allocation", "withheld-release")
_TAKEN = (TransactionState.PENDING, TransactionState.EFFECTED)


def untraded_t(allocated_t: int, obligation_t: int, sold_t: int, bought_t: int) -> int:
    """Tonnes of a year's allocation that were neither needed nor traded."""
    return max(0, allocated_t - obligation_t - max(0, sold_t - bought_t))


def of_entity(conn: Connection, subject: Subject, year: int) -> int | Refusal:
    """The untraded surplus of an entity's year. Refuses with CMP-7402 (no final allocation), CMP-10xx."""
    owed = obligations.owed(conn, subject, year)
    if isinstance(owed, Refusal):
        return owed
    if owed.approved_t is None:
        return duty_checks.NOT_ALLOCATED(field="year", subject=subject.name, year=year)
    traded = settled.totals(conn, since=_first_allocated(conn, subject, year))
    sold, bought = traded.of(subject.id, {packs.instrument(conn, year)})
    return untraded_t(owed.approved_t, owed.obligation_t, sold, bought)


def check(act: Act, proposed: Proposed) -> Refusal | None:
    """After the year is closed: of its vintage, and no more than is left untraded."""
    year, subject = proposed.year, proposed.subject
    if year is None:
        return checks.YEAR_NEEDED(field="year")
    vintage = packs.instrument(act.conn, year)
    for line in proposed.lines:
        if line.instrument.code != vintage:
            return checks.WRONG_VINTAGE(
                field="instrument", instrument=line.instrument.code, year=year, permitted=vintage
            )
    if closed_region(act.conn, subject, year) is None:
        authority = parties.authority_of(act.conn, subject.region)
        region = authority.region if authority else subject.region
        return duty_checks.YEAR_OPEN(field="year", region=region, year=year)
    surplus = need(of_entity(act.conn, subject, year))
    used = sum(
        made.quantity
        for made in registry.transactions(act.conn, type=SURPLUS, subject_id=subject.id, year=year)
        if made.state in _TAKEN and made.id != proposed.id
    )
    if used + proposed.quantity > surplus:
        return duty_checks.BEYOND_SURPLUS(
            field="quantity",
            subject=subject.name,
            year=year,
            surplus=surplus,
            used=used,
            quantity=proposed.quantity,
        )
    return None


def _first_allocated(conn: Connection, subject: Subject, year: int) -> date | None:
    """The day of the year's first allocation: one instrument may serve several years."""
    days = [
        business_date(made.ended_ns)
        for made in registry.transactions(conn, subject_id=subject.id, year=year)
        if made.type.code in _ALLOCATIONS and made.state is TransactionState.EFFECTED and made.ended_ns
    ]
    return min(days, default=None)
