"""Every column of every table beside the log: alter one value, and it is named."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import Boolean, Column, Connection, Date, Integer, Table, select, update
from sqlalchemy.exc import IntegrityError

from tanshu import audit
from tanshu.audit import reconcile
from tanshu.audit.report import Finding
from tanshu.audit.settled import FINAL
from tanshu.book import rows
from tests.audit.full import fill
from tests.audit.house import House

TOLD = {table.name: table for table in rows.told_tables()}


class TakenBack(Exception):
    """Ends a write transaction without committing it."""


@contextmanager
def altering(house: House) -> Iterator[Connection]:
    """A connection whose changes are taken back."""
    with pytest.raises(TakenBack), house.market.database.write() as conn:
        yield conn
        raise TakenBack


@pytest.fixture(scope="module")
def full(shared_house: House) -> House:
    """The shared house with at least one row in every table, transactions that wait among them."""
    house = shared_house
    fill(house)
    assert [str(finding) for finding in house.news()] == []
    return house


def found_in(house: House, conn: Connection) -> list[Finding]:
    judge = house.judge
    return reconcile.tables(conn, house.market.book.log, judge.business, judge.tail.seq)


def another(conn: Connection, column: Column[Any], value: Any) -> Any:
    """A value of the column's type that is not this one; of a row that there is, where it must name one."""
    for key in column.foreign_keys:
        return conn.execute(select(key.column).where(key.column != value).limit(1)).scalar()
    if isinstance(column.type, Boolean):
        return not value
    if isinstance(column.type, Date):
        return value + timedelta(days=1) if value else date(2024, 1, 1)
    if isinstance(column.type, Integer):
        return (value or 0) + 1
    return f"{value or ''}x"


def test_a_house_as_it_was_told_has_no_difference(full: House):
    with full.market.database.read() as conn:
        assert found_in(full, conn) == []
        counts = {name: len(conn.execute(select(table)).all()) for name, table in TOLD.items()}
    assert 0 not in counts.values(), counts
    assert full.judge.business.rows == sum(counts.values())


@pytest.mark.parametrize("name", TOLD)
def test_an_altered_value_of_any_column_is_named(full: House, name: str):
    """In the first row; where transactions are, in the last one too: some have ended, some wait."""
    table = TOLD[name]
    rows = (0, -1) if name in FINAL else (0,)
    tried = sum(alter(full, table, column, at) for column in table.columns for at in rows)
    assert tried >= len(table.columns) // 2


def alter(full: House, table: Table, column: Column[Any], at: int) -> bool:
    """Alter one value of the first or last row, look, and take it back; False: the database refused."""
    with altering(full) as conn:
        row = conn.execute(select(table).order_by(*table.primary_key)).all()[at]._mapping
        key = {one.name: row[one.name] for one in table.primary_key}
        this = [table.c[name] == value for name, value in key.items()]
        new = another(conn, column, row[column])
        try:
            with conn.begin_nested():
                conn.execute(update(table).where(*this).values({column: new}))
        except IntegrityError:  # a name already taken, a key in use, nothing else to name
            return False
        check(found_in(full, conn), table, column, list(key.values()))
    return True


def check(found: list[Finding], table: Table, column: Column[Any], key: list[Any]) -> None:
    named = {(one.what.code, one.what.facts["table"], one.what.facts["key"]) for one in found}
    wanted = ", ".join(map(str, key))
    if column.primary_key:
        assert ("AUD-4002", table.name, wanted) in named
        assert {code for code, _, _ in named} == {"AUD-4001", "AUD-4002"}
    else:
        assert named == {("AUD-4003", table.name, wanted)}
        assert found[0].what.facts["column"] == column.name
    if table.name in {*FINAL, "account"}:
        assert all(one.accounts for one in found)


def test_a_row_struck_out_or_slipped_in_is_named(full: House):
    line = TOLD["transaction_line"]
    with altering(full) as conn:
        conn.execute(line.delete().where(line.c.n == 0))
        found = found_in(full, conn)
        assert {one.what.code for one in found} == {"AUD-4002"}
        assert len(found) == full.judge.business.transactions
    with altering(full) as conn:
        row = conn.execute(select(line)).first()
        assert row
        conn.execute(line.insert().values({**row._mapping, "n": 9}))
        (one,) = found_in(full, conn)
        assert one.what.code == "AUD-4001" and one.accounts == (row.debit, row.credit)


def test_the_whole_audit_names_what_was_altered(full: House):
    names = TOLD["subject_name"]
    assert audit.run(full.market.database).ok
    with full.market.database.write() as conn:
        before = conn.execute(select(names).order_by(names.c.subject_id)).first()
        assert before
        conn.execute(update(names).where(names.c.subject_id == before.subject_id).values(name="别名"))
    (one,) = audit.run(full.market.database).findings
    assert (one.what.code, one.what.facts["column"], one.what.facts["found"]) == ("AUD-4003", "name", "别名")
    assert before.name in one.sentence("zh") and "别名" in one.sentence("en")
    with full.market.database.write() as conn:
        conn.execute(update(names).where(names.c.subject_id == before.subject_id).values(name=before.name))
    assert audit.run(full.market.database).ok
