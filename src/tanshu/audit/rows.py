"""Reading what is stored, trusting nothing: neither the kind of a value, nor its width, nor its order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, NamedTuple

import psycopg
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from tanshu.base.database import driver
from tanshu.log import packing
from tanshu.log.entry import Entry

DATABASE_ERRORS = (sqlite3.Error, psycopg.Error, SQLAlchemyError)

CHUNK_ENTRIES = 500
CHUNK_BYTES = 16 * 2**20
"""A chunk ends at whichever comes first, so that memory does not grow with the log."""
_PG_FETCH = 50

_INTEGERS = ("seq", "time_ns", "engine", "era")
_TEXTS = ("actor", "command")
_BYTES = (
    "key",
    "body_hash",
    "answer_hash",
    "rows_hash",
    "prev_hash",
    "records",
    "results",
    "hash",
    "answer",
    "rows",
)
_COLUMNS = _INTEGERS + _TEXTS + _BYTES
_WIDTHS = {"key": 16, "body_hash": 32, "answer_hash": 32, "rows_hash": 32, "prev_hash": 32, "hash": 32}
_PACKED = {"records": packing.RECORD, "results": packing.RESULT}


class Stored(NamedTuple):
    """One row. `wrong` names a column that holds something of another kind or width; then entry is None."""

    seq: int | None
    entry: Entry | None
    answer: bytes
    rows: bytes
    wrong: str = ""


def chunks(conn: Connection, log: int, after: int = -1, upto: int | None = None) -> Iterator[list[Stored]]:
    """Every row with after < seq ≤ upto, in the order of its number; from −1 on, whatever its number is.

    Raises one of DATABASE_ERRORS where reading fails.
    """
    chunk: list[Stored] = []
    size = 0
    for row in _rows(conn, log, after, upto):
        chunk.append(row)
        size += len(row.answer) + len(row.rows) + (len(row.entry.records) if row.entry else 0)
        if len(chunk) == CHUNK_ENTRIES or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def used_twice(conn: Connection, log: int) -> list[tuple[int, int]]:
    """(first entry, later entry) for every key that two entries share."""
    # min and max over a cast: SQLite compares a damaged value without failing.
    sql = "SELECT min(seq), max(seq) FROM log_entry WHERE log = ? GROUP BY key HAVING count(*) > 1"
    return [(int(first), int(again)) for first, again in _all(conn, sql, (log,))]


def other_logs(conn: Connection, log: int) -> list[tuple[object, int, object, object]]:
    """(log, entries, first, last) of every other log on this database."""
    sql = "SELECT log, count(*), min(seq), max(seq) FROM log_entry WHERE log <> ? OR log IS NULL GROUP BY log"
    return [tuple(row) for row in _all(conn, sql, (log,))]


def integrity(conn: Connection) -> list[str]:
    """What the database's own check complains of. PostgreSQL checks each page as it is read."""
    if conn.dialect.name != "sqlite":
        return []
    found = driver(conn).execute("PRAGMA integrity_check(10)").fetchall()
    return [str(row[0]) for row in found if row[0] != "ok"]


def _rows(conn: Connection, log: int, after: int, upto: int | None) -> Iterator[Stored]:
    # A damaged number can be anything: where no bound is needed none is given, so that it is read.
    values = [log, *([after] if after >= 0 else []), *([upto] if upto is not None else [])]
    where = f"log = ?{' AND seq > ?' if after >= 0 else ''}{' AND seq <= ?' if upto is not None else ''}"
    if conn.dialect.name == "sqlite":
        yield from map(_from_sqlite, driver(conn).execute(_SQLITE.format(where=where), values))
        return
    # A named cursor stays on the server and hands out a few rows at a time.
    with closing(driver(conn).cursor(name="audit", binary=True)) as cursor:
        cursor.itersize = _PG_FETCH
        where = where.replace("?", "%s")
        cursor.execute(f"SELECT {', '.join(_COLUMNS)} FROM log_entry WHERE {where} ORDER BY seq", values)
        for row in cursor:
            yield _stored(dict(zip(_COLUMNS, row, strict=True)))


# Everything but numbers is read as bytes: a damaged text must reach the hash, not stop the driver.
_SQLITE = (
    "SELECT "
    + ", ".join(f"typeof({name})" for name in _COLUMNS)
    + ", "
    + ", ".join(name if name in _INTEGERS else f"CAST({name} AS BLOB)" for name in _COLUMNS)
    + " FROM log_entry WHERE {where} ORDER BY seq"
)
_SQLITE_KINDS = tuple(
    "integer" if name in _INTEGERS else "text" if name in _TEXTS else "blob" for name in _COLUMNS
)


def _from_sqlite(row: tuple[Any, ...]) -> Stored:
    kinds, values = row[: len(_COLUMNS)], row[len(_COLUMNS) :]
    if kinds != _SQLITE_KINDS:
        name = next(n for n, is_, should in zip(_COLUMNS, kinds, _SQLITE_KINDS, strict=True) if is_ != should)
        return Stored(values[0] if kinds[0] == "integer" else None, None, b"", b"", name)
    return _stored(dict(zip(_COLUMNS, values, strict=True)))


def _stored(row: dict[str, Any]) -> Stored:
    for name, width in _WIDTHS.items():
        if len(row[name]) != width:
            return Stored(row["seq"], None, b"", b"", name)
    for name, fields in _PACKED.items():
        try:
            row[name] = packing.unpack(bytes(row[name]), fields)
        except packing.Damaged:
            return Stored(row["seq"], None, b"", b"", name)
    answer, changed = bytes(row.pop("answer")), bytes(row.pop("rows"))
    for name in _TEXTS:
        if not isinstance(row[name], str):
            row[name] = bytes(row[name]).decode(errors="surrogateescape")
    return Stored(row["seq"], Entry(**row), answer, changed)


def _all(conn: Connection, sql: str, values: Iterable[object]) -> list[Any]:
    if conn.dialect.name == "postgresql":
        sql = sql.replace("?", "%s")
    return driver(conn).execute(sql, tuple(values)).fetchall()
