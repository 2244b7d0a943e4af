"""Threads that commit at the same time share one transaction; each still has an outcome of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from threading import Event

import pytest
from sqlalchemy import event, text

from tanshu import audit
from tanshu.base.database import Database, driver
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import commit, records
from tanshu.book.commit import Act, Answer, Book, Outcome, Request
from tanshu.book.turns import Ask, Turns
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, NO, TAKER, accepted, opening, refused, request, send

GIVE = records.transfer(MAKER, TAKER, CEA, 1)
PATIENCE = 20
BLOCKERS = count(1_000_000)


@pytest.fixture
def opened(book: Book, context) -> Book:
    with book.database.write() as conn:
        conn.execute(text("CREATE TABLE note (n INTEGER PRIMARY KEY)"))
    accepted(send(context(), *opening()))
    return book


def asking(book: Book, ticker: Ticker, n: int, *rows: records.Row, then: Callable | None = None) -> Request:
    """The n-th command: notes n in a table, records rows, then perhaps raises or refuses."""

    def decide(act: Act, _command: object):
        act.conn.execute(text("INSERT INTO note VALUES (:n)"), {"n": n})
        for row in rows:
            act.record(row)
        return (then() if then else None) or {"n": n}

    return replace(request(book, n, *rows, ticker=ticker), decide=decide)


def notes(book: Book) -> list[int]:
    with book.database.read() as conn:
        return [row[0] for row in conn.execute(text("SELECT n FROM note ORDER BY n"))]


def until(true: Callable[[], bool]) -> None:
    patience = threading.Event()
    for _ in range(PATIENCE * 1_000):
        if true():
            return
        patience.wait(0.001)
    raise AssertionError("waited in vain")


def at_once(
    book: Book, ticker: Ticker, calls: Sequence[Sequence[Request]], *, first: Callable | None = None
) -> list[Future[list[Outcome]]]:
    """Every call of `commit` in a thread of its own, all waiting while another command is being decided.

    first: what that other command's decision does once all of them wait.
    """
    inside, go = Event(), Event()

    def hold_up(act: Act, _command: object):
        act.record(GIVE)
        inside.set()
        assert go.wait(PATIENCE)
        if first:
            first()
        return {}

    blocker = replace(request(book, next(BLOCKERS), ticker=ticker), decide=hold_up)
    with ThreadPoolExecutor(len(calls) + 1) as pool:
        futures = [pool.submit(book.commit, [blocker])]
        assert inside.wait(PATIENCE)
        for waiting, call in enumerate(calls, 1):
            futures.append(pool.submit(book.commit, call))
            until(lambda waiting=waiting: len(book._turns._line) == waiting)  # so they come in this order
        go.set()
    return futures


def outcome(future: Future[list[Outcome]]) -> int | str | type[BaseException]:
    """A sequence number, the code of a refusal, or what was raised."""
    if error := future.exception():
        return type(error)
    (one,) = future.result()
    return one.seq if isinstance(one, Answer) else one.code


@contextmanager
def counting_commits(database: Database) -> Iterator[list[int]]:
    counted = [0]

    def one_more(_conn: object) -> None:
        counted[0] += 1

    event.listen(database.engine, "commit", one_more)
    try:
        yield counted
    finally:
        event.remove(database.engine, "commit", one_more)


# -- sharing -----------------------------------------------------------------------------------------------


def test_commands_that_wait_together_become_durable_together(opened: Book, ticker: Ticker):
    with counting_commits(opened.database) as commits:
        done = at_once(opened, ticker, [[asking(opened, ticker, n, GIVE)] for n in range(10)])
    assert [outcome(future) for future in done] == list(range(2, 13))
    assert [accepted(future.result()[0])["n"] for future in done[1:]] == list(range(10))
    assert commits == [2]  # the first command, then all the others
    assert notes(opened) == list(range(10))
    assert opened._state.cell(TAKER, CEA).available == 11
    report = audit.run(opened.database)
    assert (report.ok, report.entries) == (True, 13)


def test_together_they_give_the_entries_they_give_one_by_one(database: Database):
    def filled(log: int, send_all: Callable[[Book, list[Request]], object]) -> Book:
        book, clock = Book(database, log), Ticker()
        book.create("test", clock())
        book.commit([request(book, 99, *opening(), ticker=clock)])
        send_all(book, [request(book, n, GIVE, ticker=clock) for n in range(6)])
        return book

    def together(book: Book, asks: list[Request]) -> None:
        at_once(book, Ticker(), [[ask] for ask in asks], first=refuse)

    def one_by_one(book: Book, asks: list[Request]) -> None:
        for ask in asks:
            book.commit([ask])

    alone, shared = filled(7, one_by_one), filled(8, together)
    assert alone.tail.seq == shared.tail.seq == 7
    assert alone.tail.hash == shared.tail.hash


def refuse() -> None:
    raise Refused(NO())


def test_many_threads_lose_and_double_nothing(opened: Book, ticker: Ticker):
    def send_twenty(who: int) -> list[int]:
        made = [request(opened, n, GIVE, actor=f"exchange-{who}", ticker=ticker) for n in range(20)]
        return [accepted(opened.commit([ask])[0]).seq for ask in made]

    with ThreadPoolExecutor(8) as pool:
        seqs = [seq for theirs in pool.map(send_twenty, range(8)) for seq in theirs]
    assert sorted(seqs) == list(range(2, 162))
    assert opened._state.cell(TAKER, CEA).available == 160
    assert not opened._turns._line and opened._turns._leader is None
    report = audit.run(opened.database)
    assert (report.ok, report.entries) == (True, 162)


def test_a_list_and_a_rehearsal_share_with_nobody(opened: Book, ticker: Ticker):
    class Rehearsed(Exception):
        pass

    def take_back(_conn: object) -> None:
        raise Rehearsed

    one, pair, three = (
        [asking(opened, ticker, 1, GIVE)],
        [asking(opened, ticker, n, GIVE) for n in (2, 3)],
        [asking(opened, ticker, 4, GIVE)],
    )
    with counting_commits(opened.database) as commits:
        done = at_once(opened, ticker, [one, pair, three])
    assert commits == [4]
    assert [one.seq for one in map(accepted, done[2].result())] == [4, 5]
    with pytest.raises(Rehearsed):
        opened.commit([asking(opened, ticker, 5, GIVE)], take_back)
    assert notes(opened) == [1, 2, 3, 4]


def test_a_transaction_that_carries_enough_records_leaves_the_rest_to_the_next(
    opened: Book, ticker: Ticker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(records, "RECORDS_MAX", 4)
    with counting_commits(opened.database) as commits:
        done = at_once(opened, ticker, [[asking(opened, ticker, n, GIVE, GIVE)] for n in range(5)])
    assert [outcome(future) for future in done] == list(range(2, 8))
    assert commits == [1 + 3]  # two, two and one


def test_no_more_threads_share_than_are_allowed(
    opened: Book, ticker: Ticker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(opened._turns, "_together_max", 3)
    with counting_commits(opened.database) as commits:
        done = at_once(opened, ticker, [[asking(opened, ticker, n, GIVE)] for n in range(7)])
    assert [outcome(future) for future in done] == list(range(2, 10))
    assert commits == [1 + 3]


# -- refusals and failures ---------------------------------------------------------------------------------


def test_a_refusal_takes_back_its_own_rows_and_nobody_elses(opened: Book, ticker: Ticker):
    asks = [
        asking(opened, ticker, 1, GIVE),
        asking(opened, ticker, 2, GIVE, then=NO),
        asking(opened, ticker, 3, records.transfer(MAKER, TAKER, CEA, 9_999)),
        asking(opened, ticker, 4, GIVE),
    ]
    with counting_commits(opened.database) as commits:
        done = at_once(opened, ticker, [[ask] for ask in asks])
    assert [outcome(future) for future in done] == [2, 3, "TEST-1001", "BOOK-2022", 4]
    assert (notes(opened), commits) == ([1, 4], [2])
    assert audit.run(opened.database).ok


def test_a_key_that_two_threads_use_is_committed_once(opened: Book, ticker: Ticker):
    asks = [request(opened, 1, GIVE, ticker=ticker) for _ in range(3)]
    done = at_once(opened, ticker, [[ask] for ask in asks])
    answers = [accepted(future.result()[0]) for future in done[1:]]
    assert [(one.seq, one.repeated) for one in answers] == [(3, False), (3, True), (3, True)]
    again = at_once(opened, ticker, [[request(opened, 1, ticker=ticker)], [asking(opened, ticker, 2, GIVE)]])
    assert [outcome(future) for future in again] == [4, "LOG-1001", 5]


def test_what_one_command_raises_reaches_its_own_thread_only(opened: Book, ticker: Ticker):
    def burst() -> None:
        raise ZeroDivisionError

    asks = [
        asking(opened, ticker, 1, GIVE),
        asking(opened, ticker, 2, GIVE, then=burst),
        asking(opened, ticker, 3, GIVE),
    ]
    done = at_once(opened, ticker, [[ask] for ask in asks])
    assert [outcome(future) for future in done] == [2, 3, ZeroDivisionError, 4]
    assert notes(opened) == [1, 3]
    assert opened._state.cell(TAKER, CEA).available == 3
    assert audit.run(opened.database).ok


@pytest.mark.parametrize("written", [True, False], ids=["it was written", "it was not"])
def test_when_nobody_knows_whether_it_was_written_all_are_told_so(
    opened: Book, ticker: Ticker, written: bool
):
    class Lost(Exception):
        pass

    commits = [0]

    def lose_the_second(conn) -> None:
        commits[0] += 1
        if commits[0] == 2:
            if written:
                driver(conn).execute("COMMIT")
            raise Lost

    asks = [asking(opened, ticker, n, GIVE) for n in range(3)]
    event.listen(opened.database.engine, "commit", lose_the_second)
    try:
        done = at_once(opened, ticker, [[ask] for ask in asks])
    finally:
        event.remove(opened.database.engine, "commit", lose_the_second)
    assert [outcome(future) for future in done] == [2, Lost, Lost, Lost]
    assert opened.tail.seq == -1  # the replica is gone

    again = [accepted(opened.commit([ask])[0]) for ask in asks]

    assert [(one.seq, one.repeated) for one in again] == [(3 + n, written) for n in range(3)]
    assert notes(opened) == [0, 1, 2]
    assert audit.run(opened.database).ok


def test_when_the_one_that_leads_is_interrupted_the_others_are_served_all_the_same(
    opened: Book, ticker: Ticker
):
    def stop() -> None:
        raise KeyboardInterrupt

    asks = [asking(opened, ticker, n, GIVE) for n in range(4)]
    done = at_once(opened, ticker, [[ask] for ask in asks], first=stop)
    assert [outcome(future) for future in done] == [KeyboardInterrupt, 2, 3, 4, 5]

    # The same for one that leads others: what it took with it goes back into the line.
    asks = [asking(opened, ticker, n, GIVE) for n in range(4, 7)]
    asks[0] = asking(opened, ticker, 4, GIVE, then=stop)
    done = at_once(opened, ticker, [[ask] for ask in asks])
    assert [outcome(future) for future in done] == [6, KeyboardInterrupt, 7, 8]
    assert notes(opened) == [0, 1, 2, 3, 5, 6]
    assert audit.run(opened.database).ok


# -- readers -----------------------------------------------------------------------------------------------


def test_a_reader_never_sees_what_is_not_durable(opened: Book, ticker: Ticker):
    undurable, go = Event(), Event()

    def wait_for_the_reader(_conn: object) -> None:
        undurable.set()
        assert go.wait(PATIENCE)

    def look() -> tuple[int, int, int]:
        with opened.reading() as (conn, state):
            written = conn.execute(text("SELECT count(*) FROM log_entry")).scalar_one()
            return written, opened.tail.seq, state.cell(TAKER, CEA).available

    event.listen(opened.database.engine, "commit", wait_for_the_reader)
    with ThreadPoolExecutor(2) as pool:
        writer = pool.submit(opened.commit, [request(opened, 1, GIVE, ticker=ticker)])
        assert undurable.wait(PATIENCE)
        assert opened._state.cell(TAKER, CEA).available == 1  # applied, not durable
        reader = pool.submit(look)
        with pytest.raises(TimeoutError):
            reader.result(0.1)
        go.set()
        assert accepted(writer.result()[0]).seq == 2
        assert reader.result() == (3, 2, 1)
    event.remove(opened.database.engine, "commit", wait_for_the_reader)


def test_while_a_reader_looks_nothing_is_committed(opened: Book, ticker: Ticker):
    with ThreadPoolExecutor(1) as pool:
        with opened.reading() as (_conn, state):
            writer = pool.submit(opened.commit, [request(opened, 1, GIVE, ticker=ticker)])
            with pytest.raises(TimeoutError):
                writer.result(0.1)
            assert (opened.tail.seq, state.cell(TAKER, CEA).available) == (1, 0)
        assert accepted(writer.result()[0]).seq == 2


def test_a_command_refused_before_it_is_decided_needs_nobodys_transaction(opened: Book, ticker: Ticker):
    nameless = request(opened, 1, GIVE, actor="", ticker=ticker)
    done = at_once(opened, ticker, [[nameless], [asking(opened, ticker, 2, GIVE)]])
    assert refused(done[1].result()[0]) == "BOOK-1002"
    assert isinstance(nameless, Request) and not isinstance(done[2].result()[0], Refusal)


# -- the line itself ---------------------------------------------------------------------------------------


def serve(asks: Sequence[Ask[int, int]]) -> None:
    for ask in asks:
        ask.tell(-ask.what)


def test_who_is_alone_leads_at_once():
    turns: Turns[int, int] = Turns(4)
    assert [turns.run(Ask(n, alone=False), serve) for n in range(3)] == [0, -1, -2]


def test_one_that_is_interrupted_while_it_waits_leaves_the_line():
    turns: Turns[int, int] = Turns(4)
    entered, go = Event(), Event()

    def slow(asks: Sequence[Ask[int, int]]) -> None:
        entered.set()
        assert go.wait(PATIENCE)
        serve(asks)

    class Impatient(Ask[int, int]):
        def wait(self) -> None:
            raise KeyboardInterrupt

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(turns.run, Ask(1, alone=False), slow)
        assert entered.wait(PATIENCE)
        with pytest.raises(KeyboardInterrupt):
            pool.submit(lambda: turns.run(Impatient(2, alone=False), serve)).result()
        third = pool.submit(lambda: turns.run(Ask(3, alone=False), serve))
        go.set()
        assert (first.result(), third.result()) == (-1, -3)


def test_one_that_is_interrupted_as_it_is_to_lead_passes_the_lead_on():
    turns: Turns[int, int] = Turns(4)
    entered, go, called = Event(), Event(), Event()

    def slow(asks: Sequence[Ask[int, int]]) -> None:
        entered.set()
        assert go.wait(PATIENCE)
        serve(asks)

    class Interrupted(Ask[int, int]):
        def wait(self) -> None:
            super().wait()  # called upon to lead
            called.set()
            raise KeyboardInterrupt

    with ThreadPoolExecutor(3) as pool:
        first = pool.submit(turns.run, Ask(1, alone=False), slow)
        assert entered.wait(PATIENCE)
        second = pool.submit(lambda: turns.run(Interrupted(2, alone=False), serve))
        until(lambda: len(turns._line) == 1)
        third = pool.submit(lambda: turns.run(Ask(3, alone=False), serve))
        until(lambda: len(turns._line) == 2)
        go.set()
        assert (first.result(), third.result()) == (-1, -3)
        assert isinstance(second.exception(), KeyboardInterrupt) and called.is_set()
    assert turns._leader is None


def test_the_limit_is_what_the_book_says(opened: Book):
    assert opened._turns._together_max == commit.TOGETHER_MAX
