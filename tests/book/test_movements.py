"""Movements: statements of account with running balances, holdings of any moment, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select, update

from tanshu.base import bulk
from tanshu.base.database import Database, driver
from tanshu.base.refusal import Refused
from tanshu.book import movements as module
from tanshu.book import projections, records
from tanshu.book.commit import Book
from tanshu.book.movements import (
    HOLDING,
    MOVEMENT,
    Disagreement,
    Movements,
    disagreements,
    holdings,
    holdings_at,
    movements,
)
from tanshu.book.records import AMOUNT_MAX, Op
from tanshu.book.reference import ReferenceBook
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tests.support.clock import NS, START_NS
from tests.support.commands import CEA, CNY, ISSUER, MAKER, SINK, TAKER, accepted, opening, request, send
from tests.support.stories import Story
from tests.support.worlds import entries, worlds

NAMES = {ISSUER: "issuer", MAKER: "maker", TAKER: "taker", SINK: "sink", None: ""}


@pytest.fixture
def told(book: Book, context) -> Book:
    """1 opens; 2 gives 100 and 50 of tag 7; 3 holds 500; 4 captures 200 to the sink, releases 100; 5 pays."""
    send(context(), *opening())
    give = [records.transfer(MAKER, TAKER, CEA, 100), records.transfer(TAKER, MAKER, CEA, 50, tag=7)]
    send(context(), *give)
    held = accepted(send(context(), records.hold(MAKER, CEA, 500)))["positions"][0]
    send(
        context(),
        records.capture(held, MAKER, SINK, CEA, 200),
        records.release(held, MAKER, CEA, 100),
    )
    send(context(), records.transfer(TAKER, MAKER, CNY, 50_000))
    projections.catch_up(book.database, Movements)
    return book


STATEMENT = """
| entry | record | op       | who    | what | available ± | held ± | available | held | hold | tag |
| 1     | 6      | TRANSFER | issuer | 0    |        1000 |      0 |      1000 |    0 |      | 0   |
| 2     | 0      | TRANSFER | taker  | 0    |        -100 |      0 |       900 |    0 |      | 0   |
| 2     | 1      | TRANSFER | taker  | 0    |          50 |      0 |       950 |    0 |      | 7   |
| 3     | 0      | HOLD     |        | 0    |        -500 |    500 |       450 |  500 | 3/0  | 0   |
| 4     | 0      | CAPTURE  | sink   | 0    |           0 |   -200 |       450 |  300 | 3/0  | 0   |
| 4     | 1      | RELEASE  |        | 0    |         100 |   -100 |       550 |  200 | 3/0  | 0   |
| 5     | 0      | TRANSFER | taker  | 1    |       50000 |      0 |     50000 |    0 |      | 0   |
"""


def test_a_statement_tells_every_change_and_the_balance_after_it(told: Book):
    with told.database.read() as conn:
        found = movements(conn, told.log, MAKER)
    _, _, *lines = [line.strip("| ").split("|") for line in STATEMENT.splitlines()]
    assert [
        [
            str(m.seq),
            str(m.position & 0xFFFF),
            Op(m.op).name,
            NAMES[m.counter],
            str(m.instrument),
            *(str(n) for n in (m.available_change, m.held_change, m.available, m.held)),
            "" if m.hold is None else f"{m.hold >> 16}/{m.hold & 0xFFFF}",
            str(m.tag),
        ]
        for m in found
    ] == [[cell.strip() for cell in line] for line in lines]
    assert [(m.time_ns - START_NS) % NS for m in found] == [0] * 7
    assert {m.account for m in found} == {MAKER}


@pytest.mark.parametrize(
    ("asked", "seqs"),
    [
        ({}, [1, 2, 2, 3, 4, 4, 5]),
        ({"instrument": CEA}, [1, 2, 2, 3, 4, 4]),
        ({"instrument": CNY}, [5]),
        ({"after": 1}, [2, 2, 3, 4, 4, 5]),
        ({"after": 1, "upto": 3}, [2, 2, 3]),
        ({"upto": 0}, []),
        ({"limit": 3}, [4, 4, 5]),
        ({"limit": 1, "upto": 2}, [2]),
        ({"instrument": CEA, "after": 4}, []),
    ],
)
def test_a_statement_of_a_part(told: Book, asked: dict[str, int], seqs: list[int]):
    with told.database.read() as conn:
        assert [m.seq for m in movements(conn, told.log, MAKER, **asked)] == seqs


def test_the_captured_side_names_the_hold_it_came_from(told: Book):
    with told.database.read() as conn:
        (got,) = movements(conn, told.log, SINK)
    assert (got.op, got.available_change, got.counter) == (Op.CAPTURE, 200, MAKER)
    assert got.hold == records.position(3, 0)


def test_holdings_of_every_moment_are_the_states_of_the_book(told: Book):
    with told.database.read() as conn:
        for seq in range(6):
            state = told.as_of(conn, seq)
            assert holdings_at(conn, told.log, seq) == list(state.cells())
            assert holdings_at(conn, told.log, seq, MAKER) == [c for c in state.cells() if c.account == MAKER]
        assert holdings(conn, told.log) == list(told.as_of(conn, 5).cells())


def test_an_emptied_cell_has_no_row_and_comes_back(told: Book, context):
    with told.database.read() as conn:
        assert (TAKER, CNY) not in {(c.account, c.instrument) for c in holdings(conn, told.log)}
    send(context(), records.transfer(MAKER, TAKER, CNY, 1))
    projections.catch_up(told.database, Movements)
    with told.database.read() as conn:
        assert (TAKER, CNY, 1, 0) in holdings(conn, told.log)
        (row,) = conn.execute(
            select(HOLDING.c.seq).where(HOLDING.c.account == TAKER, HOLDING.c.instrument == CNY)
        )
    assert row.seq == 6


def test_a_moment_beyond_what_was_followed_is_refused(told: Book, context):
    send(context(), records.transfer(MAKER, TAKER, CEA, 1))
    with told.database.read() as conn:
        for ask in (lambda: movements(conn, told.log, MAKER, upto=6), lambda: holdings_at(conn, told.log, 6)):
            with pytest.raises(Refused) as caught:
                ask()
            assert caught.value.refusal.code == "BOOK-1404"
            assert caught.value.refusal.facts == {"known": 5, "wanted": 6}


FAULTS = {
    "another amount": (update(HOLDING).values(available=551), [(MAKER, CEA, (551, 200), (550, 200))]),
    "a row gone": (delete(HOLDING), [(MAKER, CEA, (0, 0), (550, 200))]),
    "another account": (update(HOLDING).values(account=9), [
        (MAKER, CEA, (0, 0), (550, 200)),
        (9, CEA, (550, 200), (0, 0)),
    ]),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_holding_that_disagrees_with_the_state_is_named(told: Book, name: str):
    with told.database.read() as conn:
        assert disagreements(conn, told.log, told.catch_up(conn)) == []
    statement, expected = FAULTS[name]
    with told.database.write() as conn:
        conn.execute(statement.where(HOLDING.c.account == MAKER, HOLDING.c.instrument == CEA))
    with told.database.read() as conn:
        found = disagreements(conn, told.log, told.catch_up(conn))
    assert found == [Disagreement(*one) for one in expected]


# -- any book, in any chunks -------------------------------------------------------------------------------

on_one_database = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def logs() -> Iterator[int]:
    """Numbers of logs, one for each example on the same database."""
    return count(10)


@settings(on_one_database)
@given(
    data=worlds(records=32), size=st.integers(1, 7), few=st.sampled_from([0, 500]), part=st.integers(0, 30)
)
def test_followed_in_any_chunks_or_rebuilt_the_rows_are_what_the_reference_kernel_says(
    database: Database, logs: Iterator[int], data: bytes, size: int, few: int, part: int
):
    story, log = Story(), next(logs)
    story.add(*opening())
    for rows in entries(data):
        story.add(*rows)
    story.store_in(database, log)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projections, "CHUNK_ENTRIES", size)
        patch.setattr(module, "_FEW_CELLS", few)
        projections.catch_up(database, Movements, log, upto=part)
        projections.catch_up(database, Movements, log)
    followed = _rows(database, log)
    _check(database, log, story)
    projections.rebuild(database, Movements, log)
    assert _rows(database, log) == followed


def _rows(database: Database, log: int) -> list[tuple[int, ...]]:
    with database.read() as conn:
        return [
            tuple(row)
            for table in (MOVEMENT, HOLDING)
            for row in conn.execute(select(table).where(table.c.log == log).order_by(*table.primary_key))
        ]


def _check(database: Database, log: int, story: Story) -> None:
    """Running balances are the reference kernel's after each entry; holdings, at every moment."""
    book, state = ReferenceBook(), State()
    replay(story.entries, state, Tail())
    with database.read() as conn:
        statements = {account: movements(conn, log, account) for account in story.reference.accounts}
        for entry in story.entries:
            changed = {
                (m.account, m.instrument): (m.available, m.held)  # the last one of the entry stays
                for statement in statements.values()
                for m in statement
                if m.seq == entry.seq
            }
            before = {(a, i): (available, held) for a, i, available, held in book.cells()}
            book.apply(entry.seq, records.decode(entry.records).tolist())
            now = {(a, i): (available, held) for a, i, available, held in book.cells()}
            assert {cell for cell, _ in before.items() ^ now.items()} <= changed.keys()
            assert {cell: now.get(cell, (0, 0)) for cell in changed} == changed
            assert [tuple(cell) for cell in holdings_at(conn, log, entry.seq)] == book.cells()
        assert disagreements(conn, log, state) == []


def test_a_projection_of_two_processes_goes_on_where_the_other_stopped(
    told: Book, context, monkeypatch: pytest.MonkeyPatch
):
    """The balances one of them remembers are read anew when the other has been at work."""
    monkeypatch.setattr(module, "_FEW_CELLS", 0)
    mine = Movements(told.log)
    known: int | None = None
    for n in (6, 8):
        send(context(), records.transfer(MAKER, TAKER, CEA, n))
        with told.database.write() as conn:
            known = projections._step(conn, mine, known, n)
        assert (known, mine._known is None) == (n, False)
        send(context(), records.transfer(MAKER, TAKER, CEA, n + 1))
        projections.catch_up(told.database, Movements)
    with told.database.read() as conn:
        assert disagreements(conn, told.log, told.catch_up(conn)) == []


# -- many rows at once -------------------------------------------------------------------------------------


def test_columns_arrive_as_they_are_with_their_nulls_and_extremes(database: Database):
    kind = "bigint" if not database.is_sqlite else "integer"
    values = np.array([0, -1, AMOUNT_MAX, -(2**63)], np.int64)
    small = np.array([1, -2, 2**15 - 1, -(2**15)], np.int64)
    columns = [
        bulk.Column("a", small, 2),
        bulk.Column("b", values, 8, np.array([True, False, False, True])),
        bulk.Column("c", small * 65_536, 4, np.array([False, False, True, False])),
        bulk.Column("d", values),
    ]
    with database.write() as conn:
        driver(conn).execute(f"CREATE TABLE plenty (a smallint, b {kind}, c integer, d {kind})")
        bulk.insert(conn, "plenty", columns)
        bulk.insert(conn, "plenty", [c._replace(values=c.values[:0], missing=None) for c in columns])
        rows = driver(conn).execute("SELECT a, b, c, d FROM plenty").fetchall()
    assert [tuple(row) for row in rows] == [
        (1, None, 65_536, 0),
        (-2, -1, -131_072, -1),
        (2**15 - 1, AMOUNT_MAX, None, AMOUNT_MAX),
        (-(2**15), None, -(2**31), -(2**63)),
    ]


def test_an_entry_without_movements_moves_the_watermark_only(told: Book):
    told.commit([request(told, 70)])
    projections.catch_up(told.database, Movements)
    with told.database.read() as conn:
        mark = projections.watermark(conn, Movements.name, told.log)
        assert mark is not None and mark.tail.seq == 6
        assert movements(conn, told.log, MAKER, after=5) == []
