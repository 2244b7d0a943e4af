"""The tables beside the book, built again from what the entries tell, without a database.

`fold` makes the changes on plain dictionaries and means what `rows.apply` means in SQL. So an audit can say
which stored row does not follow from the log, and a backup can be checked where there is no database.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Date, Table, select

from tanshu.base.database import driver
from tanshu.base.refusal import Refused, refusal
from tanshu.book import rows
from tanshu.book.rows import DELETE, INSERT, Change
from tanshu.log import store

Row = tuple[Any, ...]
"""One row: its values in the order of the table's columns."""
Key = tuple[Any, ...]
"""The primary key of a row."""

CONTRADICTION = refusal(
    "BOOK-1301",
    "日志所载的表行变更自相矛盾:表 {table} 的行 {key} 被写入两次。",
    "The row changes of the log contradict themselves: row {key} of table {table} is written twice.",
)

_FETCH = 500
ROW = ""
"""Where a whole row is missing or too many, this stands for its column."""


class Difference(NamedTuple):
    """Where a stored table is not what the log tells. column: ROW when the whole row is too many (expected
    is None) or missing (found is None); else expected and found are that column's values."""

    table: str
    key: Key
    column: str
    expected: Any
    found: Any


class Rows:
    """The rows of one table by primary key."""

    def __init__(self, table: Table):
        self.name = table.name
        self.columns = tuple(column.name for column in table.columns)
        self.by_key: dict[Key, Row] = {}
        self._place = {name: at for at, name in enumerate(self.columns)}
        self._key_at = tuple(self._place[column.name] for column in table.primary_key)
        # Columns by which rows were looked for, with the keys of the rows that have the same values there.
        self._found_by: dict[tuple[int, ...], dict[Row, dict[Key, None]]] = {}

    def key(self, row: Row) -> Key:
        return tuple(row[at] for at in self._key_at)

    def insert(self, values: Mapping[str, Any]) -> None:
        """Add a row; columns that are not named are None."""
        unknown = values.keys() - self._place.keys()
        if unknown:
            raise KeyError(*unknown)
        self._put(tuple(values.get(name) for name in self.columns))

    def update(self, where: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Change the rows that equal `where`."""
        changes = {self._place[name]: value for name, value in values.items()}
        for row in [self._take(key) for key in self.matching(where)]:
            self._put(tuple(changes.get(at, value) for at, value in enumerate(row)))

    def delete(self, where: Mapping[str, Any]) -> None:
        for key in self.matching(where):
            self._take(key)

    def matching(self, where: Mapping[str, Any]) -> list[Key]:
        """The keys of the rows whose columns equal `where`; None equals None, as IS NULL does."""
        at = tuple(sorted(self._place[name] for name in where))
        if set(self._key_at) <= set(at):  # one row at most
            key = tuple(where[self.columns[place]] for place in self._key_at)
            row = self.by_key.get(key)
            equal = row and all(row[self._place[name]] == value for name, value in where.items())
            return [key] if equal else []
        if at not in self._found_by:
            self._found_by[at] = {}
            for key, row in self.by_key.items():
                self._found_by[at].setdefault(_at(row, at), {})[key] = None
        return list(self._found_by[at].get(tuple(where[self.columns[place]] for place in at), ()))

    def _put(self, row: Row) -> None:
        key = self.key(row)
        if key in self.by_key:
            raise Refused(CONTRADICTION(table=self.name, key=key))
        self.by_key[key] = row
        for at, found in self._found_by.items():
            found.setdefault(_at(row, at), {})[key] = None

    def _take(self, key: Key) -> Row:
        row = self.by_key.pop(key)
        for at, found in self._found_by.items():
            same = found[_at(row, at)]
            del same[key]
            if not same:
                del found[_at(row, at)]
        return row


class Tables(dict[str, Rows]):
    """Every told table by name, empty at first."""

    def __init__(self) -> None:
        super().__init__({table.name: Rows(table) for table in rows.told_tables()})

    def apply(self, changes: Iterable[Change]) -> None:
        """Make changes, in order, as `rows.apply` makes them in a database.

        Raises Refused BOOK-1301 where a database would find a primary key twice, KeyError where a table or a
        column is not of this version.
        """
        for change in changes:
            table = self[change.table]
            if change.kind == DELETE:
                table.delete(change.where)
            elif change.kind == INSERT:
                table.insert(change.values)
            else:
                table.update(change.where, change.values)


def fold(changes: Iterable[Change]) -> Tables:
    """The tables after these changes, from the first one on."""
    tables = Tables()
    tables.apply(changes)
    return tables


def rebuilt(conn: Connection, log: int = store.REGISTRY_LOG, upto: int | None = None) -> Tables:
    """The tables as the entries of a log tell them, as of entry `upto` (None: the newest)."""
    return fold(change for _, data in store.rows(conn, log, upto=upto) for change in rows.decode(data))


def differences(conn: Connection, tables: Tables) -> Iterator[Difference]:
    """Everything in which the stored tables are not what the log tells, table by table.

    What is stored is read as it lies there: a value of another kind is a difference, not an exception.
    """
    for table in rows.told_tables():
        expected = tables[table.name]
        seen = 0
        for stored in _stored(conn, table):
            key = expected.key(stored)
            wanted = expected.by_key.get(key)
            if wanted is None:
                yield Difference(table.name, key, ROW, None, stored)
                continue
            seen += 1
            if wanted != stored:
                yield from _unequal(table.name, key, expected.columns, wanted, stored)
        if seen < len(expected.by_key):
            yield from _missing(conn, table, expected)


def _unequal(
    table: str, key: Key, columns: tuple[str, ...], wanted: Row, stored: Row
) -> Iterator[Difference]:
    for column, expected, found in zip(columns, wanted, stored, strict=True):
        if expected != found:
            yield Difference(table, key, column, expected, found)


def _missing(conn: Connection, table: Table, expected: Rows) -> Iterator[Difference]:
    there = {expected.key(stored) for stored in _stored(conn, table)}
    for key, row in expected.by_key.items():
        if key not in there:
            yield Difference(table.name, key, ROW, row, None)


def _stored(conn: Connection, table: Table) -> Iterator[Row]:
    """The rows of a table as they lie in the database, past SQLAlchemy's conversions."""
    sql = str(select(table).compile(dialect=conn.dialect))
    if conn.dialect.name == "postgresql":
        with driver(conn).cursor(name="told", binary=True) as cursor:
            cursor.itersize = _FETCH
            cursor.execute(sql)
            yield from cursor
        return
    is_date = [isinstance(column.type, Date) for column in table.columns]
    with _any_text(conn) as raw:
        for row in raw.execute(sql):
            yield tuple(_date(value) if day else value for value, day in zip(row, is_date, strict=True))


@contextmanager
def _any_text(conn: Connection) -> Iterator[Any]:
    """The SQLite connection, handing out damaged text instead of failing on it."""
    raw = driver(conn)
    usual, raw.text_factory = raw.text_factory, lambda data: data.decode(errors="surrogateescape")
    try:
        yield raw
    finally:
        raw.text_factory = usual


def _date(value: Any) -> Any:
    """SQLite keeps dates as text; anything that is none stays what it is."""
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        return value
    return day if day.isoformat() == value else value


def _at(row: Row, places: tuple[int, ...]) -> Row:
    return tuple(row[at] for at in places)
