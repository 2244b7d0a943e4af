"""What goes wrong on the way leaves the book as it was, or makes it read the log again."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import event, text

from tanshu import audit
from tanshu.base.database import driver
from tanshu.base.refusal import Refused
from tanshu.book import records
from tanshu.book.commit import Act, Book, Request
from tanshu.log import store
from tanshu.log.entry import Draft, seal
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, TAKER, accepted, opening, recording, request, send

GIVE = records.transfer(MAKER, TAKER, CEA, 100)
TAKEN = (sqlite3.IntegrityError, psycopg.errors.UniqueViolation)


@pytest.fixture
def opened(book: Book, context) -> Book:
    accepted(send(context(), *opening()))
    return book


def entries(book: Book) -> int:
    with book.database.read() as conn:
        return len(list(store.read(conn, book.log)))


def fresh_digest(book: Book) -> bytes:
    """The digest of a state rebuilt from the log alone."""
    with book.database.read() as conn:
        return Book(book.database, book.log).catch_up(conn).digest()


def deciding(book: Book, n: int, decide: Callable, ticker: Ticker) -> Request:
    return replace(request(book, n, ticker=ticker), decide=decide)


def take_the_next_number(act: Act, _command) -> dict:
    """Record something, and let somebody else have this entry's sequence number first."""
    act.record(GIVE)
    draft = Draft(act.now_ns, b"somebody else's k", bytes(32), bytes(32), "somebody", "else")
    store.append(act.conn, act.ctx.book.log, [store.Written(seal(draft, act.seq, bytes(32)), b"")])
    return {}


def fail(_act: Act, _command) -> dict:
    raise ZeroDivisionError


def strange_answer(act: Act, _command) -> dict:
    act.record(records.open_account(4))
    return {"answer": object()}


def many_new_cells(act: Act, _command) -> dict:
    """Enough new accounts with holdings that the table of cells must move to a larger one."""
    for _ in range(900):
        act.record(records.transfer(MAKER, act.open_account(), CEA, 1))
    return {}


FAILURES = {
    "an exception in the first decision": ([fail], ZeroDivisionError),
    "an exception after others were applied": ([recording(GIVE), recording(GIVE), fail], ZeroDivisionError),
    "a sequence number taken": ([take_the_next_number], TAKEN),
    "a sequence number taken, in a group": ([recording(GIVE), take_the_next_number], TAKEN),
    "an answer that cannot be written": ([recording(GIVE), strange_answer], TypeError),
    "a failure after the table of cells has moved": (
        [recording(GIVE), many_new_cells, recording(GIVE), fail],
        ZeroDivisionError,
    ),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_known_failure_restores_state_and_rows(opened: Book, ticker: Ticker, name: str):
    decisions, error = FAILURES[name]
    before = opened._state.digest()

    with pytest.raises(error):
        opened.commit([deciding(opened, n, d, ticker) for n, d in enumerate(decisions, 50)])

    assert opened._state.digest() == before
    assert entries(opened) == 2
    assert accepted(opened.commit([request(opened, 1, GIVE, ticker=ticker)])[0]).seq == 2
    assert opened._state.digest() == fresh_digest(opened)
    assert audit.run(opened.database).ok


def test_a_failing_row_beside_the_entry_takes_the_entry_back(opened: Book, context):
    def also(act):
        act.conn.execute(text("INSERT INTO nowhere VALUES (1)"))

    before = opened._state.digest()
    with pytest.raises(Exception, match="nowhere"):
        send(context(also=also), GIVE)
    assert (opened._state.digest(), entries(opened)) == (before, 2)


# -- the answer of COMMIT never arrives --------------------------------------------------------------------


class Lost(Exception):
    """The connection is gone; nobody knows whether the commit came through."""


@contextmanager
def losing_the_commit(book: Book, *, written: bool) -> Iterator[None]:
    """The next COMMIT raises, after it was done or before."""

    def lose(conn) -> None:
        if written:
            driver(conn).execute("COMMIT")
        raise Lost

    event.listen(book.database.engine, "commit", lose)
    try:
        yield
    finally:
        event.remove(book.database.engine, "commit", lose)


@pytest.mark.parametrize("written", [True, False], ids=["it was written", "it was not"])
def test_after_an_unknown_outcome_the_log_decides(opened: Book, ticker: Ticker, written: bool):
    ask = request(opened, 1, GIVE, ticker=ticker)
    with losing_the_commit(opened, written=written), pytest.raises(Lost):
        opened.commit([ask])
    assert opened.tail.seq == -1  # the replica is gone

    answer = accepted(opened.commit([ask])[0])

    assert (answer.seq, answer.repeated) == (2, written)
    assert entries(opened) == 3
    assert opened._state.cell(TAKER, CEA).available == 100
    assert opened._state.digest() == fresh_digest(opened)


# -- the log under a living process ------------------------------------------------------------------------


def test_a_process_whose_newest_entries_vanished_goes_on_from_what_is_there(opened: Book, ticker: Ticker):
    """A standby that lagged was promoted: nobody may write an entry after a hole."""
    for n in range(1, 5):
        opened.commit([request(opened, n, GIVE, ticker=ticker)])
    with opened.database.write() as conn:
        conn.execute(text("DELETE FROM log_entry WHERE seq >= 4"))

    answer = accepted(opened.commit([request(opened, 9, GIVE, ticker=ticker)])[0])

    assert (answer.seq, entries(opened)) == (4, 5)
    assert opened._state.digest() == fresh_digest(opened)
    assert audit.run(opened.database).ok


def test_a_reader_does_not_show_entries_that_vanished(opened: Book, ticker: Ticker):
    opened.commit([request(opened, 1, GIVE, ticker=ticker)])
    with opened.database.write() as conn:
        conn.execute(text("DELETE FROM log_entry WHERE seq >= 2"))
    with opened.reading() as (_, state):
        assert (opened.tail.seq, state.cell(TAKER, CEA).available) == (1, 0)


@pytest.mark.parametrize("column", ["answer", "body_hash"])
def test_a_damaged_answer_is_not_given_again(opened: Book, ticker: Ticker, column: str):
    ask = request(opened, 1, GIVE, ticker=ticker)
    opened.commit([ask])
    with opened.database.write() as conn:
        conn.execute(text(f"UPDATE log_entry SET {column} = :junk WHERE seq = 2"), {"junk": b"{}".ljust(32)})
    with pytest.raises(Refused) as refused:
        opened.commit([ask])
    assert refused.value.refusal.code == "LOG-1003"


def test_who_reads_must_not_commit(opened: Book, ticker: Ticker):
    with opened.reading(), pytest.raises(AssertionError):
        opened.commit([request(opened, 1, GIVE, ticker=ticker)])


# -- two writers -------------------------------------------------------------------------------------------


def test_two_books_taking_turns_follow_each_other(opened: Book, ticker: Ticker):
    other = Book(opened.database)
    for n in range(6):
        book = (opened, other)[n % 2]
        assert accepted(book.commit([request(book, n, GIVE, ticker=ticker)])[0]).seq == 2 + n
    with opened.database.read() as conn:
        assert opened.catch_up(conn).digest() == other.catch_up(conn).digest() == fresh_digest(opened)
    assert opened.tail.hash == other.tail.hash


def test_a_key_used_through_one_book_is_known_to_the_other(opened: Book, ticker: Ticker):
    other = Book(opened.database)
    first = accepted(opened.commit([request(opened, 1, GIVE, ticker=ticker)])[0])
    again = accepted(other.commit([request(other, 1, GIVE, ticker=ticker)])[0])
    assert (again.seq, again.repeated) == (first.seq, True)


def test_a_writer_that_missed_an_entry_is_fenced(
    opened: Book, ticker: Ticker, monkeypatch: pytest.MonkeyPatch
):
    stale = Book(opened.database)
    with opened.database.read() as conn:
        stale.catch_up(conn)
    opened.commit([request(opened, 1, GIVE, ticker=ticker)])
    before = stale._state.digest()

    with monkeypatch.context() as patch:
        patch.setattr(stale, "catch_up", lambda _conn: stale._state)
        with pytest.raises(TAKEN):
            stale.commit([request(stale, 2, GIVE, ticker=ticker)])

    assert stale._state.digest() == before
    assert entries(opened) == 3
    assert accepted(stale.commit([request(stale, 2, GIVE, ticker=ticker)])[0]).seq == 3
