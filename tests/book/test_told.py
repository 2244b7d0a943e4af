"""The changes of the log, made on dictionaries, give the rows that they give in a database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Boolean, Column, Date, Integer, LargeBinary, MetaData, Table, Text, text
from sqlalchemy.exc import IntegrityError

from tanshu import app  # noqa: F401 - declares the tables of the house
from tanshu.base.database import Database
from tanshu.base.database import metadata as house
from tanshu.base.refusal import Refused
from tanshu.book import rows, told
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.book.told import ROW, Difference

WHAT = MetaData()
PAPER = Table(
    "paper",
    WHAT,
    Column("shelf", Text, primary_key=True),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("word", Text),
    Column("day", Date),
    Column("seal", LargeBinary),
    Column("open", Boolean),
)
COUNTER = Table("counter", WHAT, Column("n", BigInteger, primary_key=True), info={"derived": True})
DAY = date(2024, 12, 31)
FIRST = {"shelf": "甲", "n": 1, "word": "x", "day": DAY, "seal": b"\x00\xff", "open": True}


@pytest.fixture(autouse=True)
def a_table_of_a_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rows, "metadata", WHAT)


@pytest.fixture
def papers(database: Database) -> Iterator[Database]:
    WHAT.create_all(database.engine)
    yield database


def added(**values: object) -> Change:
    return Change(INSERT, "paper", {}, FIRST | values)


def differences(database: Database, tables: told.Tables) -> list[Difference]:
    with database.read() as conn:
        return list(told.differences(conn, tables))


# -- fold = apply ------------------------------------------------------------------------------------------

VALUES = {
    "shelf": st.sampled_from(["甲", "乙"]),
    "n": st.integers(0, 2),
    "word": st.sampled_from([None, "", "x", "X ", "é"]),
    "day": st.sampled_from([None, DAY, date(1, 1, 1)]),
    "seal": st.sampled_from([None, b"", b"\x00\xff"]),
    "open": st.sampled_from([None, True, False]),
}
KEY = {"shelf": VALUES["shelf"], "n": VALUES["n"]}
REST = {name: values for name, values in VALUES.items() if name not in KEY}
SOME = st.fixed_dictionaries({}, optional=VALUES)
CHANGES = st.one_of(
    st.builds(
        Change, st.just(INSERT), st.just("paper"), st.just({}), st.fixed_dictionaries(KEY, optional=REST)
    ),
    st.builds(Change, st.just(UPDATE), st.just("paper"), SOME, SOME.filter(bool)),
    st.builds(Change, st.just(DELETE), st.just("paper"), SOME.filter(bool), st.just({})),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(CHANGES, min_size=3, max_size=12))
def test_the_fold_of_any_changes_is_what_the_database_makes_of_them(papers: Database, wanted: list[Change]):
    tables = told.Tables()
    with papers.write() as conn:
        conn.execute(PAPER.delete())
        for change in rows.decode(rows.encode(wanted)):
            try:
                with conn.begin_nested():
                    rows.apply(conn, [change])
            except IntegrityError:
                continue  # a database refuses it: no such change is ever told
            tables.apply([change])
    assert differences(papers, tables) == []


def test_a_row_written_twice_contradicts_itself():
    with pytest.raises(Refused, match="BOOK-1301"):
        told.fold([added(), added(word="y")])


def test_an_unknown_column_or_table_is_no_change_of_this_version():
    with pytest.raises(KeyError):
        told.fold([added(weight=3)])
    with pytest.raises(KeyError):
        told.fold([Change(INSERT, "scroll", {}, {})])


# -- differences -------------------------------------------------------------------------------------------

SECOND = tuple((FIRST | {"n": 2}).values())
ALTERED = {
    "a word": ("UPDATE paper SET word = 'y' WHERE n = 1", [("paper", ("甲", 1), "word", "x", "y")]),
    "a word to nothing": (
        "UPDATE paper SET word = NULL WHERE n = 1",
        [("paper", ("甲", 1), "word", "x", None)],
    ),
    "a date": (
        "UPDATE paper SET day = '2025-01-01' WHERE n = 2",
        [("paper", ("甲", 2), "day", DAY, date(2025, 1, 1))],
    ),
    "two columns": (
        "UPDATE paper SET open = false, word = 'z' WHERE n = 1",
        [("paper", ("甲", 1), "word", "x", "z"), ("paper", ("甲", 1), "open", True, False)],
    ),
    "a row gone": ("DELETE FROM paper WHERE n = 2", [("paper", ("甲", 2), ROW, SECOND, None)]),
    "a row too many": (
        "INSERT INTO paper (shelf, n) VALUES ('乙', 7)",
        [("paper", ("乙", 7), ROW, None, ("乙", 7, None, None, None, None))],
    ),
    "a key": (
        "UPDATE paper SET n = 9 WHERE n = 2",
        [
            ("paper", ("甲", 9), ROW, None, ("甲", 9, *SECOND[2:])),
            ("paper", ("甲", 2), ROW, SECOND, None),
        ],
    ),
    "a table the log does not tell": ("INSERT INTO counter VALUES (5)", []),
}


@pytest.mark.parametrize("name", ALTERED)
def test_what_was_altered_behind_the_log_is_named(papers: Database, name: str):
    statement, expected = ALTERED[name]
    changes = [added(), added(n=2)]
    with papers.write() as conn:
        rows.apply(conn, changes)
        conn.execute(text(statement))
    assert differences(papers, told.fold(changes)) == [Difference(*one) for one in expected]


def test_stored_values_of_another_kind_are_differences_not_failures(sqlite_url: str):
    database = Database.open(sqlite_url)
    WHAT.create_all(database.engine)
    with database.write() as conn:
        rows.apply(conn, [added()])
        conn.execute(
            text("UPDATE paper SET word = CAST(x'ff' AS TEXT), day = 'soon', open = 'yes', seal = 'text'")
        )
    found = {
        difference.column: difference.found for difference in differences(database, told.fold([added()]))
    }
    database.close()
    assert found == {"word": "\udcff", "day": "soon", "open": "yes", "seal": "text"}


# -- the tables of the house -------------------------------------------------------------------------------


def test_every_told_table_means_the_same_with_and_without_a_database():
    """No value that a database adds by itself, none that JSON would not bring back."""
    for table in house.sorted_tables:
        if table.info.get("derived"):
            continue
        assert table.primary_key.columns, table.name
        for column in table.columns:
            assert column.default is None and column.server_default is None, column
            assert isinstance(column.type, Text | Integer | Boolean | Date | LargeBinary), column
