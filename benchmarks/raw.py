"""The machine's own limits, with nothing of ours on top: file, SQLite, PostgreSQL."""

from __future__ import annotations

import os
import sqlite3
import statistics
import struct
import time
from pathlib import Path

import numpy as np
import psycopg

from benchmarks.common import batches, seconds
from tanshu.book.records import Records
from tanshu.book.state import State

COPY_ROWS = 64_000
HEADER_BYTES = 256
"""About what an entry's header takes."""


class Journal:
    """A file allocated beforehand; each append is followed by fdatasync."""

    def __init__(self, folder: Path, size: int = 256 * 2**20):
        self.file = os.open(folder / "journal", os.O_RDWR | os.O_CREAT, 0o600)
        os.posix_fallocate(self.file, 0, size)
        block = bytes(2**20)
        for at in range(0, size, len(block)):  # touch it: an unwritten extent would be written twice
            os.pwrite(self.file, block, at)
        os.fsync(self.file)
        self.size, self.at = size, 0

    def append(self, data: bytes) -> None:
        if self.at + len(data) > self.size:
            self.at = 0
        os.pwrite(self.file, data, self.at)
        os.fdatasync(self.file)
        self.at += len(data)

    def close(self) -> None:
        os.close(self.file)


def journal_per_second(journal: Journal, blocks: list[Records], state: State | None, seq: int) -> float:
    """Transfers per second: appended, and applied by the kernel first when a state is given."""
    header = bytes(HEADER_BYTES)

    def work() -> None:
        for n, block in enumerate(blocks):
            if state is not None:
                state.apply(seq + n, block)
            journal.append(header + block.tobytes())

    return sum(map(len, blocks)) / seconds(work)


def fdatasync_ms(journal: Journal, count: int = 100) -> float:
    """The median of one small write made durable, in ms."""
    taken = []
    for _ in range(count):
        started = time.perf_counter()
        journal.append(bytes(512))
        taken.append(time.perf_counter() - started)
    return statistics.median(taken) * 1_000


def sqlite_rows_per_second(path: Path, batch: int, count: int) -> float:
    """Rows of five integers inserted without an index, WAL, synchronous=FULL, `batch` per commit."""
    conn = sqlite3.connect(path, isolation_level=None)
    conn.execute("PRAGMA journal_mode=WAL")
    conn.execute("PRAGMA synchronous=FULL")
    conn.execute("CREATE TABLE IF NOT EXISTS t (seq INT, debit INT, credit INT, instrument INT, amount INT)")
    rows = [_five(n, block) for n, block in enumerate(batches(count, batch))]

    def work() -> None:
        for block in rows:
            conn.execute("BEGIN IMMEDIATE")
            conn.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", block)
            conn.execute("COMMIT")

    taken = seconds(work)
    conn.close()
    return count * batch / taken


def copy_rows_per_second(url: str, commits: int = 3) -> float:
    """Rows of five integers through binary COPY, no index, 64,000 per commit."""
    (block,) = batches(1, COPY_ROWS)
    data = _copy_bytes(block)
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("DROP TABLE IF EXISTS raw_copy")
        conn.execute(
            "CREATE TABLE raw_copy (seq INT8, debit INT4, credit INT4, instrument INT4, amount INT8)"
        )

        def work() -> None:
            for _ in range(commits):
                with (
                    conn.transaction(),
                    conn.cursor().copy("COPY raw_copy FROM STDIN (FORMAT binary)") as copy,
                ):
                    copy.write(data)

        taken = seconds(work)
        conn.execute("DROP TABLE raw_copy")
    return commits * COPY_ROWS / taken


def _five(seq: int, block: Records) -> list[tuple[int, ...]]:
    return [(seq, debit, credit, of, amount) for _, _, of, debit, credit, amount, *_ in block.tolist()]


def _copy_bytes(block: Records) -> bytes:
    """The rows as PostgreSQL's binary COPY wants them: each field behind its length, big-endian."""
    row = np.dtype(
        [("fields", ">i2")]
        + [part for name, kind in _COPY_FIELDS for part in ((f"{name}_bytes", ">i4"), (name, kind))]
    )
    rows = np.zeros(len(block), row)
    rows["fields"] = len(_COPY_FIELDS)
    for name, kind in _COPY_FIELDS:
        rows[f"{name}_bytes"] = np.dtype(kind).itemsize
        rows[name] = 1 if name == "seq" else block[name]
    return b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0) + rows.tobytes() + struct.pack(">h", -1)


_COPY_FIELDS = [("seq", ">i8"), ("debit", ">i4"), ("credit", ">i4"), ("instrument", ">i4"), ("amount", ">i8")]
