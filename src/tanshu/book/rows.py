"""What a command changed in the tables of the rooms, told with its entry.

Rows beside the book (subjects, transactions, reports) change only through `Act.insert`, `update`, `delete`.
The changes are kept with the entry and their hash stands in its header. So every table can be built again
from the log, as of any entry, on another kind of database; and an audit can tell when a row was altered
behind the log's back. Conditions are equalities only: the same changes give the same rows everywhere.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from datetime import date
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Date,
    Delete,
    Insert,
    LargeBinary,
    Table,
    Update,
    bindparam,
    delete,
    insert,
    update,
)

from tanshu.base.canonical import canonical, canonical_rows
from tanshu.base.database import driver, metadata

INSERT, UPDATE, DELETE = "insert", "update", "delete"


class Change(NamedTuple):
    """One change: the rows of `table` whose columns equal `where` get `values` (insert: where is empty)."""

    kind: str
    table: str
    where: Mapping[str, Any]
    values: Mapping[str, Any]


def apply(conn: Connection, changes: Sequence[Change]) -> int:
    """Make changes, in order; inserts of one shape into one table go together. Returns the rows changed."""
    return sum(_make(conn, some[0], some) for some in _together(changes))


def encode(changes: Sequence[Change]) -> bytes:
    """Canonical JSON: a list of [kind, table, where, values]; no bytes at all for no change."""
    if not changes:
        return b""
    parts = (_encoded(some) for some in _together(changes))
    return b"[" + b",".join(parts) + b"]"


def decode(data: bytes) -> list[Change]:
    """The changes as they were made, values in the types of their columns."""
    if not data:
        return []
    return [
        Change(kind, table, _typed(metadata.tables[table], where), _typed(metadata.tables[table], values))
        for kind, table, where, values in json.loads(data)
    ]


def told_tables() -> list[Table]:
    """The tables whose rows follow from the log's changes, parents first."""
    return [table for table in metadata.sorted_tables if not table.info.get("derived")]


def _encoded(changes: Sequence[Change]) -> bytes:
    """Changes that go together, without the brackets around them."""
    if len(changes) < MANY:
        return canonical([list(change) for change in changes])[1:-1]
    head = canonical(list(changes[0][:3])).decode()[:-1]
    return ",".join(f"{head},{row}]" for row in canonical_rows([one.values for one in changes])).encode()


def _together(changes: Sequence[Change]) -> Iterator[Sequence[Change]]:
    """Changes in their order; inserts of one shape into one table go together."""
    start = 0
    while start < len(changes):
        first, end = changes[start], start + 1
        if first.kind == INSERT:
            while end < len(changes) and _goes_with(first, changes[end]):
                end += 1
        yield changes[start:end]
        start = end


def _goes_with(first: Change, other: Change) -> bool:
    same = (other.kind, other.table) == (first.kind, first.table)
    return same and other.values.keys() == first.values.keys()


def _make(conn: Connection, first: Change, changes: Sequence[Change]) -> int:
    table = metadata.tables[first.table]
    if first.kind == INSERT:
        names = tuple(first.values)
        if len(changes) >= MANY and all(name in table.c for name in names):
            _insert_at_once(conn, table, names, changes)
            return len(changes)
        conn.execute(_insert(table, names), [dict(change.values) for change in changes])
        return len(changes)
    named, unset = _told_apart(first.where)
    found = {_WHERE + name: first.where[name] for name in named}
    if first.kind == UPDATE:
        statement = _update(table, named, unset, tuple(first.values))
        return conn.execute(statement, {**found, **first.values}).rowcount
    return conn.execute(_delete(table, named, unset), found).rowcount


MANY = 200
"""Rows of one shape from which they go to the driver past SQLAlchemy; by COPY where there is one."""


def _insert_at_once(
    conn: Connection, table: Table, names: tuple[str, ...], changes: Sequence[Change]
) -> None:
    columns = (_as_written(conn, table.c[name], [one.values[name] for one in changes]) for name in names)
    rows = zip(*columns, strict=True)
    shown = conn.dialect.identifier_preparer
    into = f"{shown.format_table(table)} ({', '.join(shown.format_column(table.c[name]) for name in names)})"
    if conn.dialect.name == "sqlite":
        driver(conn).executemany(f"INSERT INTO {into} VALUES ({', '.join('?' * len(names))})", rows)
        return
    with closing(driver(conn).cursor()) as cursor, cursor.copy(f"COPY {into} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _as_written(conn: Connection, column: Column[Any], values: list[Any]) -> list[Any]:
    """A column's values as SQLAlchemy would hand them to the driver."""
    written = column.type.dialect_impl(conn.dialect).bind_processor(conn.dialect)
    return list(map(written, values)) if written else values


# Statements are built once for each shape of change: putting one together costs more than running it.
# They name what they write: so a column that does not exist is an error, and not passed over in silence.

_WHERE = "where_"


def _told_apart(where: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns that equal something, and those that are NULL."""
    return (
        tuple(name for name, value in where.items() if value is not None),
        tuple(name for name, value in where.items() if value is None),
    )


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name) for name in columns})


@cache
def _update(table: Table, named: tuple[str, ...], unset: tuple[str, ...], changed: tuple[str, ...]) -> Update:
    values = {name: bindparam(name) for name in changed}
    return update(table).where(*_same(table, named, unset)).values(values)


@cache
def _delete(table: Table, named: tuple[str, ...], unset: tuple[str, ...]) -> Delete:
    return delete(table).where(*_same(table, named, unset))


def _same(table: Table, named: tuple[str, ...], unset: tuple[str, ...]) -> list[ColumnElement[bool]]:
    equal = [table.c[name] == bindparam(_WHERE + name) for name in named]
    return equal + [table.c[name].is_(None) for name in unset]


def _typed(table: Table, values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _value(table.c[name], value) for name, value in values.items()}


def _value(column: Column[Any], value: Any) -> Any:
    if isinstance(value, str) and isinstance(column.type, Date):
        return date.fromisoformat(value)
    if isinstance(value, str) and isinstance(column.type, LargeBinary):
        return bytes.fromhex(value)
    return value
