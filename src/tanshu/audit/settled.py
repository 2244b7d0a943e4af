"""Rows that never change again, kept as a sum: the judge's memory follows what is open, not all of history.

A transaction that has ended, its lines and its steps are final; so is a claim that has ended. Of each only a
digest is kept, added up per table, in any order: the stored rows must add up to the same. Where they do not,
the log is folded once more, to say which row it is. The digests are wide, so that nobody finds other rows
with the same sum.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from sqlalchemy import Connection

from tanshu.book import told
from tanshu.book.told import ROW, Difference, Row, Tables

TRANSACTION = {
    "transaction_step": "transaction_id",
    "transaction_line": "transaction_id",
    "registry_transaction": "id",
}
CLAIM = {"claim_hold": "claim_id", "claim": "id"}
FINAL = {**TRANSACTION, **CLAIM}
"""Tables whose rows are final when their transaction, or their claim, has ended; the column that names it."""
_DIGEST_BYTES = 256
_MODULUS = 1 << 8 * _DIGEST_BYTES


class Settled:
    """How many rows of each table are final, and the sum of their digests."""

    def __init__(self, sums: dict[str, tuple[int, int]] | None = None):
        self.sums: dict[str, tuple[int, int]] = sums or dict.fromkeys(FINAL, (0, 0))

    @property
    def rows(self) -> int:
        return sum(count for count, _ in self.sums.values())

    def settle(self, tables: Tables, id: str, what: Mapping[str, str] = TRANSACTION) -> None:
        """A transaction, or a claim, has ended: its rows leave the tables and enter the sums."""
        for name, column in what.items():
            table, this = tables[name], {column: id}
            for key in table.matching(this):
                self.add(name, table.by_key[key])
            table.delete(this)

    def add(self, table: str, row: Row) -> None:
        """Take in one final row."""
        count, total = self.sums[table]
        self.sums[table] = (count + 1, (total + _digest(row)) % _MODULUS)


def differences(
    conn: Connection, tables: Tables, settled: Settled, log: int, upto: int
) -> Iterator[tuple[Difference, Tables]]:
    """Everything in which the stored tables are not what the log told up to entry `upto`.

    Each difference comes with the tables in which what belongs to it can be looked up.
    """
    stored = Settled()
    open_ones: list[Difference] = []
    for one in told.differences(conn, tables):
        if one.table not in FINAL:
            yield one, tables
        elif one.column == ROW and one.expected is None:
            stored.add(one.table, one.found)
        else:
            open_ones.append(one)
    if stored.sums == settled.sums:
        yield from ((one, tables) for one in open_ones)
        return
    whole = told.rebuilt(conn, log, upto)
    yield from ((one, whole) for one in told.differences(conn, whole) if one.table in FINAL)


def _digest(row: Row) -> int:
    """Of texts, integers, dates and None: these tables hold nothing else, and a driver hands out the same."""
    return int.from_bytes(hashlib.shake_256(ascii(row).encode()).digest(_DIGEST_BYTES), "big")
