"""Where serial numbers are kept: the tables of the projection, and how its rows are read and written in bulk.

A row of `serial_range` says: these numbers were in this place from record `since` until record `until`.
Where a part of them moves away, the row shrinks to the rest; the part has a row that ended, and a new one at
its new place. So

* the rows with `since` = p are exactly what record p moved;
* the rows that contain n, by `since`, are the life of unit n;
* the rows with since ≤ p < until are all holdings after record p.

`fork` finds the rows that contain a number without reading the others. It is the number within start to end
that is divisible by the highest power of two: each range has one, and a range with n in it has it on the way
from the root of a binary tree down to n, at one of some sixty places (a relational interval tree: Kriegel,
Pötke, Seidl, VLDB 2000). Since a row contains its own fork, only the life of one unit lies at each place.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, SmallInteger, Table

from tanshu.base.database import driver, metadata
from tanshu.book.serial_queues import Stretch

SERIAL_RANGE = Table(
    "serial_range",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("since", BigInteger, primary_key=True, autoincrement=False, comment="the record that brought it"),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("end", BigInteger, nullable=False),
    Column("instrument", Integer, nullable=False),
    Column("account", Integer, nullable=False),
    Column("hold", BigInteger, nullable=False, comment="position of the hold, 0: available"),
    Column("acquired", BigInteger, nullable=False, comment="the record that brought it to the account"),
    Column("until", BigInteger, comment="the record that took it away"),
    Column("fork", BigInteger, nullable=False, comment="finds the rows that contain a number"),
    comment="Which numbers were in which place, from record to record.",
    info={"derived": True},
)
Index("ix_serial_range_fork", SERIAL_RANGE.c.log, SERIAL_RANGE.c.instrument, SERIAL_RANGE.c.fork)
_CELL = (SERIAL_RANGE.c.log, SERIAL_RANGE.c.account, SERIAL_RANGE.c.instrument)
_GOES_ON, _IS_OVER = SERIAL_RANGE.c.until.is_(None), SERIAL_RANGE.c.until.is_not(None)
# Each row is in one of these two: what goes on is the state, and small beside what is over.
Index("ix_serial_range_now", *_CELL, sqlite_where=_GOES_ON, postgresql_where=_GOES_ON)
Index("ix_serial_range_past", *_CELL, SERIAL_RANGE.c.until, sqlite_where=_IS_OVER, postgresql_where=_IS_OVER)

SERIAL_INSTRUMENT = Table(
    "serial_instrument",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("instrument", Integer, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False, comment="the last number made, 0: none yet"),
    comment="The instruments whose units have numbers.",
    info={"derived": True},
)
SERIAL_SOURCE = Table(
    "serial_source",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Integer, primary_key=True, autoincrement=False),
    Column("instrument", Integer, primary_key=True, autoincrement=False),
    Column("made", BigInteger, nullable=False, comment="how many numbers it made"),
    comment="The accounts that brought new numbers into the world.",
    info={"derived": True},
)

_STRETCH = ("since", "start", "end", "instrument", "account", "hold", "acquired", "until")
_COLUMNS = ("log", *_STRETCH, "fork")
_BULK = 10_000
"""From so many rows at once it pays to prepare for them."""
_DEEPEST = 62
"""The highest power of two that a number may be divisible by."""


def fork(start: int, end: int) -> int:
    """The number within start to end that is divisible by the highest power of two."""
    power = ((start - 1) ^ end).bit_length() - 1
    return end >> power << power


def forks_over(n: int) -> list[int]:
    """Every number that can be the fork of a range with n in it: n, and what lies above it in the tree."""
    lowest = (n & -n).bit_length()
    return [n, *((n >> k + 1 << k + 1) + (1 << k) for k in range(lowest, _DEEPEST + 1))]


# -- reading and writing, on the raw connection ------------------------------------------------------------


def going_on(conn: Connection, log: int, *cell: int) -> list[Stretch]:
    """The stretches that go on, of one cell (account, instrument) or of all."""
    this = "log = ? AND until IS NULL" + (" AND account = ? AND instrument = ?" if cell else "")
    query = _sql(conn, f"SELECT {_named(_STRETCH)} FROM serial_range WHERE {this}")
    return driver(conn).execute(query, (log, *cell)).fetchall()


def replace(conn: Connection, log: int, gone: Sequence[tuple[int, int]], new: Sequence[Stretch]) -> None:
    """Take rows away, by (since, start), and put others there."""
    if conn.dialect.name == "sqlite" and len(new) >= _BULK:
        conn.exec_driver_sql("PRAGMA cache_size = -65536")  # the indexes would not fit into the usual 2 MB
    _remove(conn, [(log, *key) for key in gone])
    _add(conn, [(log, *one, fork(one[1], one[2])) for one in new])
    if conn.dialect.name == "postgresql" and len(new) >= _BULK:
        conn.exec_driver_sql("ANALYZE serial_range")  # else it plans for the few rows it knew of


def _remove(conn: Connection, keys: Sequence[tuple[int, int, int]]) -> None:
    if keys:
        _run_many(conn, "DELETE FROM serial_range WHERE log = ? AND since = ? AND start = ?", keys)


def _add(conn: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
    if not rows:
        return
    into = f"serial_range ({_named(_COLUMNS)})"
    if conn.dialect.name == "sqlite":
        _run_many(conn, f"INSERT INTO {into} VALUES ({', '.join('?' * len(_COLUMNS))})", rows)
        return
    with driver(conn).cursor() as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _run_many(conn: Connection, sql: str, rows: Sequence[Sequence[Any]]) -> None:
    with closing(driver(conn).cursor()) as cursor:
        cursor.executemany(_sql(conn, sql), rows)


def _sql(conn: Connection, sql: str) -> str:
    return sql if conn.dialect.name == "sqlite" else sql.replace("?", "%s")


def _named(columns: Sequence[str]) -> str:
    return ", ".join(f'"{name}"' for name in columns)
