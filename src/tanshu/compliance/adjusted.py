"""What adjustments there are, and where those in force have brought a year's allocations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, select

from tanshu.compliance.upload_tables import ADJUSTMENT
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION

DROPPED: Final = (TransactionState.REJECTED, TransactionState.WITHDRAWN, TransactionState.EXPIRED)


@dataclass(frozen=True, slots=True)
class InForce:
    """What is approved and owed for a year by the newest adjustment that counts, in tonnes."""

    quantity: int
    obligation_t: int | None


def in_force(conn: Connection, year: int, subject_id: str | None = None) -> dict[str, InForce]:
    """By subject id, where the adjustments in force have brought the year's final allocation."""
    return {
        row.subject_id: InForce(row.after_t, row.obligation_t)
        for row, state in rows(conn, year, subject_id)
        if row.confirmed or state == TransactionState.EFFECTED
    }


def rows(
    conn: Connection, year: int, subject_id: str | None = None
) -> list[tuple[Row[Any], TransactionState | None]]:
    """A year's adjustments, oldest first, each with the state of its transaction (None where it has none)."""
    query = _with_state().where(ADJUSTMENT.c.year == year)
    if subject_id is not None:
        query = query.where(ADJUSTMENT.c.subject_id == subject_id)
    found = conn.execute(query.order_by(ADJUSTMENT.c.seq, ADJUSTMENT.c.id))
    return [(row, TransactionState(row.state) if row.state else None) for row in found]


def dropped(conn: Connection) -> set[str]:
    """The adjustments whose transaction came to nothing."""
    return {row.id for row in conn.execute(_with_state().where(TRANSACTION.c.state.in_(DROPPED)))}


def _with_state() -> Any:
    joined = ADJUSTMENT.outerjoin(TRANSACTION, TRANSACTION.c.id == ADJUSTMENT.c.transaction_id)
    return select(ADJUSTMENT, TRANSACTION.c.state).select_from(joined)
