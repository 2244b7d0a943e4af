"""What a book's past costs: movements beside a bare bulk insert of the same rows, opening with and without a
snapshot.
"""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from sqlalchemy import delete

from benchmarks.common import Figure, batches, in_turns, open_log, ratio, seconds
from benchmarks.durable import new_book, transfer_request
from tanshu.base import bulk
from tanshu.base.database import Database, driver
from tanshu.book import projections, snapshots
from tanshu.book.commit import Book
from tanshu.book.movements import HOLDING, MOVEMENT, Movements
from tanshu.book.projections import CHUNK_RECORDS, PROJECTION
from tanshu.book.replay import Tail
from tanshu.log import store

BATCH, ENTRIES = 8_000, 25
TAIL = 2
"""Entries after the snapshot."""
TABLES = (HOLDING, MOVEMENT, PROJECTION)
PEER = "movement_peer"
FOLLOWED, BARE, REPLAYED, RECOVERED = "movements", "bare insert", "replay", "recovery"


def figures(folder: Path, postgres: str) -> list[Figure]:
    found: list[Figure] = []
    for place, url in (("SQLite", f"sqlite:///{folder}/history.db"), ("PostgreSQL", postgres)):
        database = open_log(url)
        for table in TABLES:
            table.drop(database.engine, checkfirst=True)
            table.create(database.engine)
        book = new_book(database)
        for block in batches(ENTRIES, BATCH):
            book.commit([transfer_request(book, block)])
        found += _movements(place, database)
        found += _recovery(place, book)
        for table in TABLES:
            table.drop(database.engine)
        database.close()
    return found


# -- movements ---------------------------------------------------------------------------------------------


def _movements(place: str, database: Database) -> list[Figure]:
    """Rows per second, from the log to the table with its key; and the same rows put there with no work."""
    projections.catch_up(database, Movements)
    chunks = _chunks(database)
    rows = sum(len(chunk[0].values) for chunk in chunks)
    write = _copy if place == "PostgreSQL" else _insert

    def followed() -> float:
        _empty(database)
        return rows / seconds(lambda: projections.catch_up(database, Movements))

    turns = in_turns({FOLLOWED: followed, BARE: lambda: rows / write(database, chunks)})
    words = "COPY" if place == "PostgreSQL" else "executemany"
    return [
        Figure(
            f"movements projection on {place}",
            statistics.median(turns[FOLLOWED]),
            "rows/s",
            ratio(turns, FOLLOWED, BARE),
            f"{words} of the same rows into a table with the same key",
            "≥ 0.5",
        ),
        Figure(f"{words} of those rows into {place}", statistics.median(turns[BARE]), "rows/s"),
    ]


def _chunks(database: Database) -> list[list[bulk.Column]]:
    """The rows of `movement` as they were written: a chunk of the log at a time, sorted by key."""
    made: list[list[bulk.Column]] = []
    with database.read() as conn:
        rows = conn.execute(MOVEMENT.select()).all()
    names = [column.name for column in MOVEMENT.columns]
    table = {name: np.array([_number(row[n]) for row in rows]) for n, name in enumerate(names)}
    seq = table["position"] >> 16
    per_chunk = -(-CHUNK_RECORDS // BATCH)
    for first in range(1, seq.max() + 1, per_chunk):
        these = np.flatnonzero((seq >= first) & (seq < first + per_chunk))
        these = these[np.lexsort([table[name][these] for name in ("position", "instrument", "account")])]
        made.append([_column(name, table[name][these]) for name in names])
    return made


def _number(value: int | None) -> int:
    return -1 if value is None else value


def _column(name: str, values: np.ndarray) -> bulk.Column:
    width = {"log": 2, "op": 2, "account": 4, "instrument": 4, "counter": 4}.get(name, 8)
    return bulk.Column(name, values, width, values < 0 if name in ("counter", "hold") else None)


def _empty(database: Database) -> None:
    with database.write() as conn:
        for table in TABLES:
            if database.is_sqlite:
                conn.execute(delete(table))
            else:
                driver(conn).execute(f"TRUNCATE {table.name}")


def _copy(database: Database, chunks: list[list[bulk.Column]]) -> float:
    """Seconds for COPY alone: its bytes are made beforehand."""
    names = ", ".join(column.name for column in chunks[0])
    ready = [bulk.copy_bytes(chunk) for chunk in chunks]
    address = database.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(address, autocommit=True) as conn:
        conn.execute(f"DROP TABLE IF EXISTS {PEER}".encode())
        conn.execute(f"CREATE TABLE {PEER} (LIKE movement INCLUDING ALL)".encode())
        statement = f"COPY {PEER} ({names}) FROM STDIN (FORMAT binary)".encode()

        def work() -> None:
            for data in ready:
                with conn.transaction(), conn.cursor().copy(statement) as copy:
                    copy.write(data)

        taken = seconds(work)
        conn.execute(f"DROP TABLE {PEER}".encode())
    return taken


def _insert(database: Database, chunks: list[list[bulk.Column]]) -> float:
    """Seconds for executemany alone: its tuples are made beforehand."""
    ready: list[list[tuple[Any, ...]]] = [
        list(zip(*(bulk._listed(column) for column in chunk), strict=True)) for chunk in chunks
    ]
    with database.read() as conn:
        query = "SELECT sql FROM sqlite_master WHERE name = 'movement'"
        made = driver(conn).execute(query).fetchone()[0]
    with database.write() as conn:
        driver(conn).execute(made.replace("TABLE movement", f"TABLE {PEER}"))
    sql = f"INSERT INTO {PEER} VALUES ({', '.join('?' * len(chunks[0]))})"

    def work() -> None:
        for rows in ready:
            with database.write() as conn:
                driver(conn).executemany(sql, rows)

    taken = seconds(work)
    with database.write() as conn:
        driver(conn).execute(f"DROP TABLE {PEER}")
    return taken


# -- recovery ----------------------------------------------------------------------------------------------


def _recovery(place: str, book: Book) -> list[Figure]:
    """Milliseconds until a book is open: from genesis, and from a snapshot TAIL entries before the end."""
    database, log = book.database, book.log
    with database.read() as conn:
        book.catch_up(conn)
        state, tail = book.as_of(conn, book.tail.seq - TAIL), book.tail.seq - TAIL
        entry = next(iter(store.read(conn, log, after=tail - 1, upto=tail)))

    def opened() -> float:
        fresh = Book(database)
        with database.read() as conn:
            taken = seconds(lambda: fresh.catch_up(conn))
        assert fresh.tail.hash == book.tail.hash
        return taken * 1_000

    def replayed() -> float:
        with database.write() as conn:
            snapshots.drop(conn, log)
        return opened()

    def recovered() -> float:
        snapshots.take(database, log, state, Tail.at(entry))
        return opened()

    turns = in_turns({REPLAYED: replayed, RECOVERED: recovered})
    with database.write() as conn:
        snapshots.drop(conn, log)
    records = f"{ENTRIES * BATCH:,} records"
    return [
        Figure(f"a book of {records} opened by replay, {place}", statistics.median(turns[REPLAYED]), "ms"),
        Figure(
            f"the same from a snapshot and {TAIL * BATCH:,} records, {place}",
            statistics.median(turns[RECOVERED]),
            "ms",
            ratio(turns, RECOVERED, REPLAYED),
            "opening by replay",
        ),
    ]
