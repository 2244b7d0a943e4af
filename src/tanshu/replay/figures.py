"""What the register holds after a replay, by handle: the side of a comparison that no file has written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tanshu.app import Installation
from tanshu.mrv.tables import VERIFIED_EMISSIONS
from tanshu.parties.tables import ACCOUNT, SUBJECT
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE


class Held(NamedTuple):
    """The book at its newest entry.

    conservation: instrument code → Σ over all accounts, zero when all is well. outstanding: instrument code →
    units that left their source.
    """

    log_seq: int
    log_hash: str
    conservation: Mapping[str, int]
    outstanding: Mapping[str, int]
    accounts: int


def held(installation: Installation) -> Held:
    """Catch up with the log and look at the book."""
    book = installation.book
    with installation.database.read() as conn:
        state = book.catch_up(conn)
        codes = {one.number: one.code for one in registry.instruments(conn)}
    sums = state.sums()
    return Held(
        book.tail.seq,
        book.tail.hash.hex(),
        {code: sums[number] for number, code in codes.items()},
        {code: state.instrument_facts(number)[3] for number, code in codes.items()},
        state.accounts,
    )


def verified(conn: Connection) -> dict[tuple[str, int], int]:
    """Verified tonnes by (handle, year); of several imports the newest counts."""
    query = (
        select(SUBJECT.c.handle, VERIFIED_EMISSIONS.c.year, VERIFIED_EMISSIONS.c.verified_t)
        .join(SUBJECT, SUBJECT.c.id == VERIFIED_EMISSIONS.c.subject_id)
        .order_by(VERIFIED_EMISSIONS.c.seq)
    )
    return {(handle, year): tonnes for handle, year, tonnes in conn.execute(query)}


def given(conn: Connection, type: str) -> dict[tuple[str, int | None], int]:
    """Units that effected transactions of a type took from each subject, by (handle, year)."""
    return _moved(conn, type, "debit")


def received(conn: Connection, type: str) -> dict[tuple[str, int | None], int]:
    """Units that effected transactions of a type brought to each subject, by (handle, year)."""
    return _moved(conn, type, "credit")


def _moved(conn: Connection, type: str, side: str) -> dict[tuple[str, int | None], int]:
    line, head = TRANSACTION_LINE, TRANSACTION
    query = (
        select(SUBJECT.c.handle, head.c.year, func.sum(line.c.quantity))
        .select_from(line)
        .join(head, head.c.id == line.c.transaction_id)
        .join(ACCOUNT, ACCOUNT.c.number == line.c[side])
        .join(SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id)
        .where(head.c.type == type, head.c.state == TransactionState.EFFECTED)
        .group_by(SUBJECT.c.handle, head.c.year)
    )
    return {(handle, year): int(total) for handle, year, total in conn.execute(query)}
