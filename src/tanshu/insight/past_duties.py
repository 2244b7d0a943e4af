"""What entities owed for a year at any past moment, by the decisions that were in force then, as adjusted.

The tables say how decisions stand now; what they were at an earlier entry is folded from what the entries up
to it told. So a report as of a moment is the same whenever it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Table, func, select

from tanshu.book import rows
from tanshu.book.rows import DELETE, INSERT
from tanshu.book.told import Rows
from tanshu.compliance import adjustment
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.upload_tables import ADJUSTMENT
from tanshu.log import store
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION

_TABLES = (ALLOCATION, ADJUSTMENT)
_MARKS = tuple(f'"{table.name}"'.encode() for table in _TABLES)
Told = Iterable[dict[str, Any]]


def obligations(conn: Connection, log: int, seq: int, year: int) -> dict[str, int]:
    """Tonnes by subject id: what its final decision in force after entry `seq` says, as adjusted by then."""
    decisions, adjustments = _then(conn, log, seq, year)
    found = {one["subject_id"]: one["obligation_t"] for one in decisions if one["in_force"]}
    effected = _effected(conn, seq, year)
    for one in sorted(adjustments, key=lambda row: (row["seq"], row["id"])):
        if one["confirmed"] or one["transaction_id"] in effected:
            found[one["subject_id"]] = one["obligation_t"]
    return {id: obligation for id, obligation in found.items() if obligation is not None}


def _then(conn: Connection, log: int, seq: int, year: int) -> tuple[Told, Told]:
    """The year's final decisions and their adjustments, as they stood after an entry."""
    newest = store.tail(conn, log)
    now = newest is not None and newest[0] == seq
    tables = [_stored(conn, table, year) for table in _TABLES] if now else _folded(conn, log, seq, year)
    decisions, adjustments = ([row for row in told if row["year"] == year] for told in tables)
    return [row for row in decisions if row["stage"] == "final"], adjustments


def _stored(conn: Connection, table: Table, year: int) -> Told:
    return [dict(row._mapping) for row in conn.execute(select(table).where(table.c.year == year))]


def _folded(conn: Connection, log: int, seq: int, year: int) -> list[Told]:
    """Only entries that changed a decision or an adjustment are read into anything."""
    ours = (ALLOCATION.c.year == year, ALLOCATION.c.stage == "final")
    first = conn.execute(select(func.min(ALLOCATION.c.seq)).where(*ours)).scalar()
    if first is None or first > seq:
        return [[], []]
    tables = {table.name: Rows(table) for table in _TABLES}
    for _, told in store.rows(conn, log, first - 1, seq):
        if not any(mark in told for mark in _MARKS):
            continue
        for change in rows.decode(told):
            table = tables.get(change.table)
            if table is None:
                continue
            if change.kind == INSERT:
                table.insert(change.values)
            elif change.kind == DELETE:
                table.delete(change.where)
            else:
                table.update(change.where, change.values)
    return [
        [dict(zip(one.columns, row, strict=True)) for row in one.by_key.values()] for one in tables.values()
    ]


def _effected(conn: Connection, seq: int, year: int) -> set[str]:
    """The adjusting transactions of a year that had taken effect by an entry."""
    t = TRANSACTION.c
    query = select(t.id).where(
        t.type == adjustment.TYPE,
        t.year == year,
        t.state == TransactionState.EFFECTED,
        t.ended_seq <= seq,
    )
    return set(conn.execute(query).scalars())
