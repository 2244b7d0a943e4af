"""Projections: tables that follow the log, and can be dropped and built again from it.

A projection keeps its watermark (sequence number and hash of the newest entry it has seen) in the same
transaction as its rows, so it is never seen further than its work. It catches up when somebody reads it; no
daemon is needed. Where the log under it was replaced, or the projection itself has a new version, its rows
are dropped and built anew.
"""

from __future__ import annotations

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple, TypeVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from tanshu.base.database import Database, driver, metadata
from tanshu.book.replay import Tail
from tanshu.log import store
from tanshu.log.entry import Entry

PROJECTION = Table(
    "projection",
    metadata,
    Column("name", Text, primary_key=True),
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("version", Integer, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the newest entry it has seen"),
    Column("time_ns", BigInteger, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    comment="How far each projection follows each log.",
    info={"derived": True},
)

CHUNK_RECORDS = 100_000
CHUNK_ENTRIES = 2_000
"""A chunk, one transaction, ends at whichever comes first."""
# Any constant will do, as long as every reader that catches up takes the same one.
_PG_LOCK_SPACE = 0x7A6

Progress = Callable[[int, int], None]
"""Told the sequence number reached and the one wanted."""


class Projection(ABC):
    """One projection of one log. A subclass names its tables; each has a column `log`.

    `load` takes up where the rows stand (nothing, when they were just dropped); `follow` writes the rows of
    further entries, which come in order and are intact. Both run inside the transaction they are given.
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[Table, ...]]

    def __init__(self, log: int):
        self.log = log

    @abstractmethod
    def load(self, conn: Connection) -> None: ...

    @abstractmethod
    def follow(self, conn: Connection, entries: Sequence[Entry]) -> None: ...

    def drop(self, conn: Connection) -> None:
        """Forget every row."""
        for table in self.tables:
            conn.execute(delete(table).where(table.c.log == self.log))


P = TypeVar("P", bound=Projection)


class Mark(NamedTuple):
    """A watermark."""

    version: int
    tail: Tail


def catch_up(
    database: Database,
    kind: type[P],
    log: int = store.REGISTRY_LOG,
    *,
    upto: int | None = None,
    progress: Progress | None = None,
) -> P:
    """Bring a projection to entry `upto` (None: the newest) or beyond; return it, loaded or not.

    Raises Refused LOG-1003 where the log itself is broken. Safe to call from many processes at once.
    """
    projection = kind(log)
    with database.read() as conn:
        wanted = _wanted(conn, log, upto)
        mark = watermark(conn, kind.name, log)
        if _stands(conn, log, kind, mark) and mark is not None and mark.tail.seq >= wanted:
            return projection
    known: int | None = None  # where the projection in memory stands
    while known is None or known < wanted:
        with database.write() as conn:
            known = _step(conn, projection, known, wanted)
        if progress:
            progress(known, wanted)
    return projection


def rebuild(
    database: Database, kind: type[P], log: int = store.REGISTRY_LOG, progress: Progress | None = None
) -> P:
    """Drop a projection's rows and build them again."""
    with database.write() as conn:
        lock(conn, kind.name, log)
        kind(log).drop(conn)
        conn.execute(delete(PROJECTION).where(PROJECTION.c.name == kind.name, PROJECTION.c.log == log))
    return catch_up(database, kind, log, progress=progress)


def watermark(conn: Connection, name: str, log: int) -> Mark | None:
    """How far a projection has come; None when it was never built."""
    this = select(PROJECTION).where(PROJECTION.c.name == name, PROJECTION.c.log == log)
    row = conn.execute(this).first()
    return None if row is None else Mark(row.version, Tail(row.seq, row.time_ns, bytes(row.hash)))


# -- one step ----------------------------------------------------------------------------------------------


def _step(conn: Connection, projection: Projection, known: int | None, wanted: int) -> int:
    """Follow one chunk, under the projection's lock; returns the sequence number reached."""
    log, kind = projection.log, type(projection)
    lock(conn, kind.name, log)
    mark = watermark(conn, kind.name, log)
    if not _stands(conn, log, kind, mark):
        projection.drop(conn)
        conn.execute(delete(PROJECTION).where(PROJECTION.c.name == kind.name, PROJECTION.c.log == log))
        mark = known = None
    tail = Tail(mark.tail.seq, mark.tail.time_ns, mark.tail.hash) if mark else Tail()
    if known is None or known != tail.seq:  # somebody else went on in between
        projection.load(conn)
    entries = _chunk(store.read(conn, log, after=tail.seq, upto=wanted))
    for entry in entries:
        tail.follow(entry)
    if entries:
        projection.follow(conn, entries)
        _write_mark(conn, kind, log, tail, is_new=mark is None)
    return tail.seq


def _write_mark(conn: Connection, kind: type[Projection], log: int, tail: Tail, *, is_new: bool) -> None:
    values = {"version": kind.version, "seq": tail.seq, "time_ns": tail.time_ns, "hash": tail.hash}
    if is_new:
        conn.execute(insert(PROJECTION).values(name=kind.name, log=log, **values))
    else:
        this = (PROJECTION.c.name == kind.name, PROJECTION.c.log == log)
        conn.execute(update(PROJECTION).where(*this).values(**values))


def _stands(conn: Connection, log: int, kind: type[Projection], mark: Mark | None) -> bool:
    """Is the watermark of this version, and still an entry of this log?"""
    if mark is None:
        return True
    return mark.version == kind.version and store.hash_at(conn, log, mark.tail.seq) == mark.tail.hash


def _wanted(conn: Connection, log: int, upto: int | None) -> int:
    newest = store.tail(conn, log)
    seq = -1 if newest is None else newest[0]
    return seq if upto is None else min(upto, seq)


def _chunk(entries: Iterator[Entry]) -> list[Entry]:
    chunk: list[Entry] = []
    records = 0
    for entry in entries:
        chunk.append(entry)
        records += len(entry.results)
        if len(chunk) == CHUNK_ENTRIES or records >= CHUNK_RECORDS:
            break
    return chunk


def lock(conn: Connection, name: str, log: int) -> None:
    """Be the only one who changes this projection (SQLite's write transaction already is)."""
    if conn.dialect.name == "postgresql":
        key = zlib.crc32(f"{name} {log}".encode()) & 0x7FFFFFFF
        driver(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_PG_LOCK_SPACE, key))
