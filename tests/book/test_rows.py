"""What a command changes in the tables beside the book is told with its entry."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Date, LargeBinary, MetaData, Table, Text, select, text
from sqlalchemy.exc import CompileError

from tanshu.base.database import Database
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import rows
from tanshu.book.commit import Act, Book, verb
from tanshu.book.records import transfer
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.log import store
from tanshu.log.entry import NO_ROWS

WHAT = MetaData()
PAPER = Table(
    "paper",
    WHAT,
    Column("id", Text, primary_key=True),
    Column("day", Date),
    Column("size", BigInteger),
    Column("seal", LargeBinary),
    Column("open", Boolean),
)
DAY = date(2024, 12, 31)
FIRST = {"id": "甲", "day": DAY, "size": 2**60, "seal": b"\x00\xff", "open": True}


@pytest.fixture(autouse=True)
def a_table_of_a_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(rows, "metadata", WHAT)


@pytest.fixture
def papers(book: Book) -> Book:
    WHAT.create_all(book.database.engine)
    return book


@verb("test.file")
def file(act: Act, command: list[Change]):
    for change in command:
        if change.kind == INSERT:
            act.insert(PAPER, change.values)
        elif change.kind == UPDATE:
            act.update(PAPER, change.where, **change.values)
        else:
            act.delete(PAPER, change.where)
    return {}


def found(database: Database) -> list[dict]:
    with database.read() as conn:
        return [dict(row._mapping) for row in conn.execute(select(PAPER).order_by(PAPER.c.id))]


def test_the_changes_come_back_from_the_log_in_the_types_of_their_columns(papers: Book, context):
    changes = [
        Change(INSERT, "paper", {}, FIRST),
        Change(INSERT, "paper", {}, FIRST | {"id": "乙", "day": None}),
        Change(UPDATE, "paper", {"id": "甲"}, {"open": False, "size": 3}),
        Change(DELETE, "paper", {"day": None}, {}),
    ]
    file(context(), changes)
    with papers.database.read() as conn:
        ((seq, data),) = list(store.rows(conn, papers.log))
    assert seq == 1
    assert rows.decode(data) == changes


def test_the_changes_made_again_elsewhere_give_the_same_rows(papers: Book, context, database: Database):
    file(context(), [Change(INSERT, "paper", {}, FIRST), Change(INSERT, "paper", {}, FIRST | {"id": "乙"})])
    file(context(), [Change(UPDATE, "paper", {"day": DAY}, {"size": 7})])
    file(context(), [Change(DELETE, "paper", {"id": "甲"}, {})])
    there = found(database)
    with database.write() as conn:
        conn.execute(PAPER.delete())
        told = [change for _, data in store.rows(conn, papers.log) for change in rows.decode(data)]
        rows.apply(conn, told)
    assert found(database) == there == [FIRST | {"id": "乙", "size": 7}]


@pytest.mark.usefixtures("papers")
def test_what_a_row_is_found_by_may_itself_change(context, database: Database):
    file(context(), [Change(INSERT, "paper", {}, FIRST)])
    file(context(), [Change(UPDATE, "paper", {"id": "甲", "day": DAY}, {"id": "乙", "day": None})])
    file(context(), [Change(UPDATE, "paper", {"id": "甲"}, {"size": 1})])
    assert found(database) == [FIRST | {"id": "乙", "day": None}]


@pytest.mark.parametrize(
    "change",
    [
        Change(INSERT, "paper", {}, FIRST | {"colour": "red"}),
        Change(UPDATE, "paper", {"id": "甲"}, {"colour": "red"}),
        Change(UPDATE, "paper", {"colour": "red"}, {"size": 1}),
        Change(DELETE, "paper", {"colour": "red"}, {}),
    ],
    ids=["inserted", "changed", "asked for", "removed by"],
)
def test_a_column_that_the_table_has_not_is_an_error(papers: Book, context, change: Change):
    with pytest.raises((CompileError, KeyError)):
        file(context(), [change])
    with papers.database.read() as conn:
        assert list(store.rows(conn, papers.log)) == []


def test_a_refused_command_tells_nothing(papers: Book, context, database: Database):
    @verb("test.fail")
    def fail(act: Act, _command: object):
        act.insert(PAPER, FIRST)
        act.record(transfer(7, 8, 0, 1))
        return {}

    assert isinstance(fail(context(), None), Refusal)
    with database.read() as conn:
        assert list(store.rows(conn, papers.log)) == []
    assert found(database) == []


def test_an_entry_without_changes_says_so_and_stores_none(papers: Book, context, database: Database):
    file(context(), [])
    with database.read() as conn:
        assert [entry.rows_hash for entry in store.read(conn, papers.log)] == [NO_ROWS, NO_ROWS]
        assert list(store.rows(conn, papers.log)) == []


def test_damaged_rows_are_refused_by_name(papers: Book, context, database: Database):
    file(context(), [Change(INSERT, "paper", {}, FIRST)])
    for junk in (b"\x78junk", b"[]"):
        with database.write() as conn:
            conn.execute(text("UPDATE log_entry SET rows = :junk WHERE seq = 1"), {"junk": junk})
        with database.read() as conn, pytest.raises(Refused) as refused:
            list(store.rows(conn, papers.log))
        assert refused.value.refusal.code == "LOG-1003"


def test_many_rows_are_stored_deflated_and_come_back_whole(papers: Book, context, database: Database):
    many = [Change(INSERT, "paper", {}, FIRST | {"id": f"{n:05}"}) for n in range(500)]
    file(context(), many)
    with database.read() as conn:
        ((_, data),) = list(store.rows(conn, papers.log))
        stored = conn.exec_driver_sql("SELECT length(rows) FROM log_entry WHERE seq = 1").scalar_one()
    assert rows.decode(data) == many
    assert stored < len(data) / 5


def test_many_rows_at_once_are_told_and_stored_like_a_few(
    papers: Book, context, monkeypatch: pytest.MonkeyPatch
):
    many = [
        Change(INSERT, "paper", {}, FIRST | {"id": f"甲\t%s\\{n}", "size": n, "day": None if n % 2 else DAY})
        for n in range(rows.MANY)
    ]
    changed = [*many, Change(UPDATE, "paper", {"day": None}, {"seal": None}), many[0]]
    together = rows.encode(changed)
    file(context(), changed[:-1])
    there = found(papers.database)
    assert len(there) == rows.MANY
    file(context(), [Change(DELETE, "paper", {"open": True}, {})])
    monkeypatch.setattr(rows, "MANY", 10**9)
    file(context(), changed[:-1])
    assert found(papers.database) == there
    assert rows.encode(changed) == together
    assert rows.decode(together) == changed


def test_many_rows_with_a_column_that_the_table_lacks_are_an_error(papers: Book, context):
    wrong = [Change(INSERT, "paper", {}, FIRST | {"id": str(n), "colour": 1}) for n in range(rows.MANY)]
    with pytest.raises(CompileError):
        file(context(), wrong)
    assert found(papers.database) == []
