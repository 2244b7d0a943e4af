"""A writer that stands still while it holds the book: another gives up in time, and takes over in the end."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import Any

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tanshu import audit
from tanshu.base import database as base
from tanshu.base.database import Database, failure
from tanshu.base.refusal import Refused
from tanshu.book.commit import Answer, Book
from tests.crash.acknowledger import FORKS, PATIENCE_S, TAKER, UNIT, move, open_book
from tests.test_operations import blocks

FIRST, SECOND = b"first " * 2 + b"key.", b"second" * 2 + b"key."
TAKE_OVER = blocks("operations.md", "sql")
"""What docs/operations.md tells an operator to do: look who it is, and end that connection."""


@pytest.fixture
def book(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Book]:
    monkeypatch.setattr(base, "BUSY_MS", 200)
    database = Database.open(database_url)
    yield open_book(database)
    database.close()


class Holder:
    """A child process that stands still in the middle of its transaction."""

    def __init__(self, url: str):
        self.told, mouth = FORKS.Pipe()
        self.process = FORKS.Process(target=hold_on, args=(url, mouth), daemon=True)
        self.process.start()
        assert self.hear() == "holding"
        assert self.process.pid
        os.kill(self.process.pid, signal.SIGSTOP)

    def hear(self) -> Any:
        assert self.told.poll(PATIENCE_S), "it says nothing"
        return self.told.recv()

    def go_on(self) -> None:
        assert self.process.pid
        self.told.send("go on")
        os.kill(self.process.pid, signal.SIGCONT)

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.told.close()


def hold_on(url: str, mouth: Connection) -> None:
    """In the child: stop before the commit; then say how it ended, and how it ends when asked again."""
    book = Book(Database.open(url))

    def stand_still(_conn: object) -> None:
        mouth.send("holding")
        mouth.recv()

    try:
        outcome = book.commit([move(book, FIRST)], stand_still)[0]
    except Refused as refused:
        mouth.send(refused.refusal.code)
        outcome = book.commit([move(book, FIRST)])[0]
    assert isinstance(outcome, Answer)
    mouth.send((outcome.seq, outcome.repeated))


@pytest.fixture
def holder(book: Book) -> Iterator[Holder]:
    child = Holder(book.database.url)
    yield child
    child.end()


def ask(book: Book) -> str | int:
    """The entry that the second command became, or why not."""
    try:
        outcome = book.commit([move(book, SECOND)])[0]
    except Exception as error:
        refusal = failure(error, book.database.url)
        assert refusal, error
        return refusal.code
    assert isinstance(outcome, Answer)
    return outcome.seq


def moved(book: Book) -> int:
    with book.database.read() as conn:
        return book.catch_up(conn).cell(TAKER, UNIT).available


def test_another_writer_gives_up_in_time_and_the_first_one_finishes(book: Book, holder: Holder):
    assert ask(book) == "BASE-1104"
    holder.go_on()
    assert holder.hear() == (2, False)
    assert ask(book) == 3
    assert moved(book) == 2


def test_when_the_holder_is_killed_another_writer_takes_over(book: Book, holder: Holder):
    assert ask(book) == "BASE-1104"
    holder.process.kill()
    holder.process.join()
    assert _in_the_end(book) == 2
    assert audit.run(book.database).ok


def _in_the_end(book: Book) -> str | int:
    """PostgreSQL may need a moment to notice that somebody died."""
    for _ in range(100):
        if (answer := ask(book)) != "BASE-1104":
            return answer
    return "BASE-1104"


def test_when_the_holders_connection_is_ended_another_takes_over_and_it_finds_out(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(base, "BUSY_MS", 200)
    database = Database.open(postgresql_url)
    book = open_book(database)
    holder = Holder(postgresql_url)
    try:
        assert ask(book) == "BASE-1104"
        address = make_url(postgresql_url).render_as_string(hide_password=False)
        with psycopg.connect(address, autocommit=True) as conn:
            for statement in "\n".join(TAKE_OVER).split(";\n"):
                (found,) = conn.execute(statement.encode()).fetchall()
                assert found[0]
        assert _in_the_end(book) == 2
        holder.go_on()
        assert holder.hear() == "BASE-1108"  # it had sent all, and asked for the commit
        assert holder.hear() == (3, False)
        assert moved(book) == 2
        assert audit.run(database).ok
    finally:
        holder.end()
        database.close()
