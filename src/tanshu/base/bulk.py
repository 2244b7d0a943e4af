"""Many rows at once, from columns of numbers: PostgreSQL's binary COPY, or SQLite's prepared statement.

Both go through the raw connection of the caller's transaction. Nothing is converted row by row on the way to
PostgreSQL: the rows are laid out as it wants them, as one array.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from contextlib import closing
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from tanshu.base.database import driver

_COPY_HEAD = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_COPY_END = struct.pack(">h", -1)


class Column(NamedTuple):
    """One column: bytes is 2, 4 or 8, the width it has in PostgreSQL; missing marks its NULLs."""

    name: str
    values: NDArray[Any]
    bytes: int = 8
    missing: NDArray[np.bool_] | None = None


def insert(conn: Connection, table: str, columns: Sequence[Column]) -> None:
    """Add rows to a table. Raises the driver's error where one is there already."""
    names = ", ".join(column.name for column in columns)
    if conn.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        run_many(conn, f"INSERT INTO {table} ({names}) VALUES ({marks})", columns)
        return
    statement = f"COPY {table} ({names}) FROM STDIN (FORMAT binary)"
    with driver(conn).cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(copy_bytes(columns))


def run_many(conn: Connection, sql: str, columns: Sequence[Column]) -> None:
    """Run one statement for each row, on SQLite."""
    with closing(driver(conn).cursor()) as cursor:
        cursor.executemany(sql, zip(*map(_listed, columns), strict=True))


def copy_bytes(columns: Sequence[Column]) -> bytes:
    """The rows as binary COPY takes them: a count of fields, each field behind its length, big-endian."""
    layout: list[tuple[str, str]] = [("fields", ">i2")]
    for n, column in enumerate(columns):
        layout += [(f"bytes{n}", ">i4"), (f"value{n}", f">i{column.bytes}")]
    rows = np.zeros(len(columns[0].values), np.dtype(layout))
    rows["fields"] = len(columns)
    for n, column in enumerate(columns):
        rows[f"bytes{n}"] = column.bytes
        rows[f"value{n}"] = column.values
    return _COPY_HEAD + _without_missing(rows, columns) + _COPY_END


def _without_missing(rows: NDArray[np.void], columns: Sequence[Column]) -> bytes:
    """The rows' bytes; a NULL has length −1 and no bytes of its own."""
    absent = [(n, column.missing) for n, column in enumerate(columns) if column.missing is not None]
    if not absent:
        return rows.tobytes()
    kept = np.ones((len(rows), rows.dtype.itemsize), bool)
    for n, missing in absent:
        rows[f"bytes{n}"][missing] = -1
        at = 2 + sum(4 + column.bytes for column in columns[:n]) + 4
        kept[missing, at : at + columns[n].bytes] = False
    return rows.view(np.uint8).reshape(kept.shape)[kept].tobytes()


def _listed(column: Column) -> list[int | None]:
    if column.missing is None:
        return column.values.tolist()
    values = column.values.astype(object)
    values[column.missing] = None
    return values.tolist()
