"""What a record takes on disk: the log's table with all that belongs to it, headers, hashes, indexes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from sqlalchemy import text

from benchmarks.common import ACCOUNTS, SEED, Figure, open_log, transfers
from benchmarks.durable import new_book, transfer_request
from benchmarks.verbs import fresh_postgresql
from tanshu.base.database import Database, driver
from tanshu.book.commit import Answer, Book
from tanshu.book.records import RECORD, Op, Records, positions

BATCH, ENTRIES = 8_000, 50
GOAL = "≤ 35"
KINDS_OF_TRANSACTION = 24


def figures(folder: Path, postgres: str) -> list[Figure]:
    """Bytes per record."""
    found: list[Figure] = []
    for n, (name, blocks) in enumerate(WORKLOADS.items()):
        for place, url in (
            ("SQLite", f"sqlite:///{folder}/space-{n}.db"),
            ("PostgreSQL", fresh_postgresql(postgres, f"space_{n}")),
        ):
            taken = bytes_per_record(open_log(url), blocks)
            width = RECORD.itemsize
            found.append(
                Figure(
                    f"{name}, batch {BATCH:,}, {place}",
                    taken,
                    "bytes",
                    taken / width,
                    f"a record of {width} bytes",
                    GOAL,
                )
            )
    return found


def bytes_per_record(database: Database, blocks: Callable[[Book], Iterator[Records]]) -> float:
    """By how much the database grows while the log does, per record."""
    book = new_book(database)
    before, records = size(database), 0
    for block in blocks(book):
        (outcome,) = book.commit([transfer_request(book, block)])
        assert isinstance(outcome, Answer), outcome
        records += len(block)
    grown = size(database) - before
    database.close()
    return grown / records


def size(database: Database) -> int:
    """Bytes in use: the file after a checkpoint; the table with its large values and its indexes."""
    with database.engine.connect() as conn:
        if not database.is_sqlite:
            return conn.execute(text("SELECT pg_total_relation_size('log_entry')")).scalar_one()
        raw = driver(conn)  # a checkpoint wants no transaction around it
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        return raw.execute("PRAGMA page_count").fetchone()[0] * raw.execute("PRAGMA page_size").fetchone()[0]


# -- what is recorded --------------------------------------------------------------------------------------


def plain(_book: Book) -> Iterator[Records]:
    """Small transfers of one instrument."""
    rng = np.random.default_rng(SEED)
    for _ in range(ENTRIES):
        yield transfers(BATCH, rng)


def tagged(_book: Book) -> Iterator[Records]:
    """The same with a transaction type each, and amounts up to ten million."""
    rng = np.random.default_rng(SEED)
    for _ in range(ENTRIES):
        made = transfers(BATCH, rng)
        made["tag"] = rng.integers(1, KINDS_OF_TRANSACTION, BATCH)
        made["amount"] = rng.integers(1, 10**7, BATCH)
        yield made


def held(book: Book) -> Iterator[Records]:
    """Entries that hold, each followed by one that captures what was held, the two kinds of record mixed."""
    rng = np.random.default_rng(SEED)
    last = None
    for _ in range(ENTRIES):
        made = transfers(BATCH, rng)
        made["tag"] = rng.integers(1, KINDS_OF_TRANSACTION, BATCH)
        captures = made[1::2]
        if last is not None:
            captures[:] = last
            captures["op"] = Op.CAPTURE
            captures["credit"] = (captures["debit"] + rng.integers(1, ACCOUNTS - 1, len(captures))) % ACCOUNTS
            captures["credit"] += 1
            captures["hold"] = positions(book.tail.seq, BATCH)[0::2]
        holds = made[0::2]
        holds["op"] = Op.HOLD
        holds["credit"] = 0
        last = holds.copy()
        yield made


WORKLOADS: dict[str, Callable[[Book], Iterator[Records]]] = {
    f"transfers among {ACCOUNTS:,} accounts on disk": plain,
    "transfers with a type and amounts to 10,000,000 on disk": tagged,
    "holds and captures in turns on disk": held,
}
