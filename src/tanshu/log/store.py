"""Where entries lie: one table, written through the raw driver connection of the caller's transaction."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any, NamedTuple

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    event,
)

from tanshu.base.canonical import digest
from tanshu.base.database import driver, metadata
from tanshu.base.refusal import Refused
from tanshu.log import checks, packing
from tanshu.log.entry import NO_ROWS, Entry, is_intact


class Written(NamedTuple):
    """An entry with what lies beside it: the answer that was given, the rows that were changed."""

    entry: Entry
    answer: bytes
    rows: bytes = b""


LOG_ENTRY = Table(
    "log_entry",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("engine", SmallInteger, nullable=False),
    Column("era", SmallInteger, nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("body_hash", LargeBinary, nullable=False),
    Column("answer_hash", LargeBinary, nullable=False),
    Column("rows_hash", LargeBinary, nullable=False),
    Column("actor", Text, nullable=False),
    Column("command", Text, nullable=False),
    Column("prev_hash", LargeBinary, nullable=False),
    # As packing.py stores them; the hash is over the bytes that went in.
    Column("records", LargeBinary, nullable=False),
    Column("results", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    # Not in the chain themselves: their hashes are. So they can be handed out again, and checked.
    Column("answer", LargeBinary, nullable=False),
    Column("rows", LargeBinary, nullable=False),
    UniqueConstraint("log", "key"),
    comment="The append-only log. The primary key fences a stale writer.",
    info={"derived": True},
)

UNCOMPRESSED = DDL("ALTER TABLE log_entry ALTER COLUMN records SET STORAGE EXTERNAL")
"""PostgreSQL would compress each entry once more inside its commit: packed bytes hardly get smaller."""
event.listen(LOG_ENTRY, "after_create", UNCOMPRESSED.execute_if(dialect="postgresql"))

REGISTRY_LOG = 1
"""Registry and money share one book; each market and the points book will have logs of their own."""

_COLUMNS = (
    "log, seq, time_ns, engine, era, key, body_hash, answer_hash, rows_hash, actor, command, "
    "prev_hash, records, results, hash, answer, rows"
)
# Texts are read as bytes where SQLite may hold a damaged one: the hash must judge it, not the driver.
_READ = (
    "SELECT seq, time_ns, key, body_hash, answer_hash, rows_hash, {actor}, {command}, "
    "prev_hash, records, results, hash, engine, era FROM log_entry "
    "WHERE log = ? AND seq > ? AND seq <= ? ORDER BY seq"
)
_READ_BY = {
    "sqlite": _READ.format(actor="CAST(actor AS BLOB)", command="CAST(command AS BLOB)"),
    "postgresql": _READ.format(actor="actor", command="command"),
}
_READ_ENTRIES = 2_000
_READ_ROWS = 200
_PACK_FROM = 1_024
"""Bytes of changed rows from which deflating them pays."""
_READ_BYTES = 16 * 2**20
"""A stretch of the log is read at once up to whichever comes first, so that memory does not grow with it."""
_SQLITE_INSERT = f"INSERT INTO log_entry ({_COLUMNS}) VALUES ({', '.join('?' * 17)})"
_PG_INSERT = (  # %b sends bytes as they are
    f"INSERT INTO log_entry ({_COLUMNS}) "
    "VALUES (%s, %s, %s, %s, %s, %b, %b, %b, %b, %s, %s, %b, %b, %b, %b, %b, %b)"
)
_PG_COPY = f"COPY log_entry ({_COLUMNS}) FROM STDIN (FORMAT BINARY)"
_PG_TYPES = ["int2", "int8", "int8", "int2", "int2", *["bytea"] * 4, *["text"] * 2, *["bytea"] * 6]
_COPY_FROM = 3
"""Entries from which COPY is quicker than as many INSERTs."""
# Any constant will do, as long as every writer of this log takes the same one.
_PG_LOCK_SPACE = 0x7A5


def lock(conn: Connection, log: int) -> None:
    """Be the only writer of this log until the transaction ends (SQLite's write transaction already is)."""
    if conn.dialect.name == "postgresql":
        driver(conn).execute("SELECT pg_advisory_xact_lock(%s, %s)", (_PG_LOCK_SPACE, log))


def append(conn: Connection, log: int, entries: Sequence[Written]) -> None:
    """Append entries with what lies beside them.

    A duplicate (log, seq) or (log, key) raises the driver's error.
    """
    rows = [
        (
            log,
            e.seq,
            e.time_ns,
            e.engine,
            e.era,
            e.key,
            e.body_hash,
            e.answer_hash,
            e.rows_hash,
            e.actor,
            e.command,
            e.prev_hash,
            packing.pack(e.records, packing.RECORD),
            packing.pack(e.results, packing.RESULT),
            e.hash,
            answer,
            _packed(rows),
        )
        for e, answer, rows in entries
    ]
    raw = driver(conn)
    if conn.dialect.name == "sqlite":
        raw.executemany(_SQLITE_INSERT, rows)
    elif len(rows) < _COPY_FROM:
        for row in rows:
            raw.execute(_PG_INSERT, row)
    else:
        with closing(raw.cursor()) as cursor, cursor.copy(_PG_COPY) as copy:
            copy.set_types(_PG_TYPES)
            for row in rows:
                copy.write_row(row)


def find(conn: Connection, log: int, key: bytes) -> tuple[int, bytes, bytes] | None:
    """(seq, body hash, answer) of the entry with this key, or None. Raises Refused LOG-1003 (damaged)."""
    row = _one(conn, "SELECT seq, answer FROM log_entry WHERE log = ? AND key = ?", (log, key))
    return None if row is None else _found(conn, log, row[0], bytes(row[1]))


def _found(conn: Connection, log: int, seq: int, answer: bytes) -> tuple[int, bytes, bytes]:
    """What is answered a second time is what was answered the first time: the hashes say so."""
    entry = next(read(conn, log, seq - 1, seq))
    if not is_intact(entry) or digest(answer) != entry.answer_hash:
        raise Refused(checks.BROKEN(seq=seq, why="the answer kept is not the one that was given"))
    return seq, entry.body_hash, answer


def find_all(conn: Connection, log: int, keys: Sequence[bytes]) -> dict[bytes, tuple[int, bytes, bytes]]:
    """Of the keys that entries have: (seq, body hash, answer), by key."""
    if len(keys) == 1 or conn.dialect.name == "sqlite":  # where asking again costs nothing
        return {key: found for key in keys if (found := find(conn, log, key))}
    rows = _all(
        conn,
        "SELECT key, seq, answer FROM log_entry WHERE log = ? AND key = ANY(?)",
        (log, list(keys)),
    )
    return {bytes(row[0]): _found(conn, log, row[1], bytes(row[2])) for row in rows}


def book_name(conn: Connection, log: int) -> str | None:
    """The name in the genesis entry, or None before genesis."""
    row = _one(conn, "SELECT answer FROM log_entry WHERE log = ? AND seq = 0", (log,))
    return None if row is None else json.loads(bytes(row[0]))["book"]


def tail(conn: Connection, log: int) -> tuple[int, int, bytes] | None:
    """(seq, time_ns, hash) of the newest entry, or None before genesis."""
    row = _one(
        conn, "SELECT seq, time_ns, hash FROM log_entry WHERE log = ? ORDER BY seq DESC LIMIT 1", (log,)
    )
    return None if row is None else (row[0], row[1], bytes(row[2]))


def hash_at(conn: Connection, log: int, seq: int) -> bytes | None:
    """The hash of one entry, or None when there is no such entry."""
    row = _one(conn, "SELECT hash FROM log_entry WHERE log = ? AND seq = ?", (log, seq))
    return None if row is None else bytes(row[0])


def seq_at(conn: Connection, log: int, time_ns: int) -> int | None:
    """The newest sequence number at or before an instant, or None when the log is younger."""
    row = _one(
        conn,
        "SELECT seq FROM log_entry WHERE log = ? AND time_ns <= ? ORDER BY seq DESC LIMIT 1",
        (log, time_ns),
    )
    return None if row is None else row[0]


def read(conn: Connection, log: int, after: int = -1, upto: int | None = None) -> Iterator[Entry]:
    """Entries with after < seq ≤ upto, in order, a chunk at a time.

    Raises Refused LOG-1003 at an entry whose stored bytes are damaged.
    """
    last = 2**62 if upto is None else upto
    while (end := _stretch(conn, log, after, last)) is not None:
        for row in _all(conn, _READ_BY[conn.dialect.name], (log, after, end)):
            yield _entry(row)
        after = end


def _stretch(conn: Connection, log: int, after: int, last: int) -> int | None:
    """Where the next stretch to be read ends, or None when there is nothing more."""
    sizes = _all(
        conn,
        "SELECT seq, length(records) FROM log_entry WHERE log = ? AND seq > ? AND seq <= ? "
        f"ORDER BY seq LIMIT {_READ_ENTRIES}",
        (log, after, last),
    )
    total = 0
    for seq, size in sizes:
        total += size
        if total >= _READ_BYTES:
            return seq
    return sizes[-1][0] if sizes else None


def answers(conn: Connection, log: int, after: int, upto: int) -> dict[int, bytes]:
    """The answers of entries after < seq ≤ upto, by sequence number."""
    rows = _all(
        conn,
        "SELECT seq, answer FROM log_entry WHERE log = ? AND seq > ? AND seq <= ? ORDER BY seq",
        (log, after, upto),
    )
    return {row[0]: bytes(row[1]) for row in rows}


def rows(conn: Connection, log: int, after: int = -1, upto: int | None = None) -> Iterator[tuple[int, bytes]]:
    """(seq, rows changed) of the entries after < seq ≤ upto that changed any, in order.

    Raises Refused LOG-1003 where the rows are not those whose hash the entry carries.
    """
    last = 2**62 if upto is None else upto
    while found := _all(
        conn,
        "SELECT seq, rows, rows_hash FROM log_entry WHERE log = ? AND seq > ? AND seq <= ? "
        f"AND rows_hash <> ? ORDER BY seq LIMIT {_READ_ROWS}",
        (log, after, last, NO_ROWS),
    ):
        for seq, packed, hash_ in found:
            yield seq, _rows(seq, bytes(packed), bytes(hash_))
        after = found[-1][0]


def _rows(seq: int, packed: bytes, hash_: bytes) -> bytes:
    try:
        changed = unpacked(packed)
    except zlib.error as damage:
        raise Refused(checks.BROKEN(seq=seq, why=f"stored rows are damaged: {damage}")) from None
    if digest(changed) != hash_:
        raise Refused(checks.BROKEN(seq=seq, why="the rows kept are not those that were changed"))
    return changed


def _packed(rows: bytes) -> bytes:
    """Rows as they are stored: deflated where that is shorter (JSON never begins like a zlib stream)."""
    return zlib.compress(rows, 1) if len(rows) > _PACK_FROM else rows


def unpacked(stored: bytes) -> bytes:
    """Rows as they were written. Raises zlib.error where the bytes are damaged."""
    return zlib.decompress(stored) if stored[:1] == b"\x78" else stored


def _entry(row: Sequence[Any]) -> Entry:
    seq, time_ns, key, body, answer, rows_hash, actor, command, prev, records, results, hash_, engine, era = (
        row
    )
    try:
        records = packing.unpack(bytes(records), packing.RECORD)
        results = packing.unpack(bytes(results), packing.RESULT)
    except packing.Damaged as damage:
        raise Refused(checks.BROKEN(seq=seq, why=f"stored bytes are damaged: {damage}")) from None
    return Entry(
        seq,
        time_ns,
        bytes(key),
        bytes(body),
        bytes(answer),
        bytes(rows_hash),
        _text(actor),
        _text(command),
        bytes(prev),
        records,
        results,
        bytes(hash_),
        engine,
        era,
    )


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode(errors="surrogateescape")


def _one(conn: Connection, sql: str, values: tuple[object, ...]) -> Any:
    return _run(conn, sql, values).fetchone()


def _all(conn: Connection, sql: str, values: tuple[object, ...]) -> list[Any]:
    return _run(conn, sql, values).fetchall()


def _run(conn: Connection, sql: str, values: tuple[object, ...]) -> Any:
    if conn.dialect.name == "sqlite":
        return driver(conn).execute(sql, values)
    return driver(conn).cursor(binary=True).execute(sql.replace("?", "%s"), values)
