"""PostgreSQL itself fails: stopped as by a power cut, out of room, a page spoilt. Fsync is on here."""

from __future__ import annotations

import random
import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text

from tanshu import audit
from tanshu.base.database import Database, failure
from tanshu.base.refusal import Refused
from tanshu.book.commit import Answer, Book
from tests.crash.acknowledger import TAKER, UNIT, Told, Writer, move, open_book
from tests.crash.full_disk import fill
from tests.support.databases import PostgresServer

# One worker runs all of these, so that one server is enough.
STOPS = 3
WRITERS = 2
MIB = 2**20
KEYS = [n.to_bytes(16, "big") for n in range(1, 100)]


@pytest.fixture
def book(register_server: PostgresServer) -> Iterator[Book]:
    with register_server.fresh() as url:
        database = Database.open(url)
        yield open_book(database)
        database.close()


def code_of(error: BaseException, book: Book) -> str:
    refusal = error.refusal if isinstance(error, Refused) else failure(error, book.database.url)
    assert refusal, error
    return refusal.code


# -- stopped -----------------------------------------------------------------------------------------------


def test_everything_answered_is_there_after_an_immediate_stop(book: Book, register_server: PostgresServer):
    dice, told = random.Random(), Told()
    for _ in range(STOPS):
        writers = [Writer(book.database.url) for _ in range(WRITERS)]
        for writer in writers:
            for _ in range(6):
                writer.hear(told)
        time.sleep(dice.random() / 20)
        register_server.shut_down("immediate")
        for writer in writers:  # nobody is left to write to: they end by themselves
            writer.hear_the_rest(told)
        register_server.start()
        with book.database.read() as conn:
            book.catch_up(conn)
        for key, seq in told.answered.items():
            outcome = book.commit([move(book, key)])[0]
            assert isinstance(outcome, Answer)
            assert (outcome.seq, outcome.repeated) == (seq, True)
    report = audit.run(book.database)
    assert report.ok, report.first_bad
    with book.database.read() as conn:
        moved = book.catch_up(conn).cell(TAKER, UNIT).available
    assert len(told.answered) <= moved <= len(told.asked)


def test_while_the_server_is_down_nothing_is_written_and_afterwards_all_goes_on(
    book: Book, register_server: PostgresServer
):
    register_server.shut_down("immediate")
    with pytest.raises(Exception) as down:
        book.commit([move(book, KEYS[0])])
    assert code_of(down.value, book) == "BASE-1107"
    with pytest.raises(Refused, match="BASE-1103"):
        Database.open(book.database.url)
    register_server.start()
    outcome = book.commit([move(book, KEYS[0])])[0]
    assert isinstance(outcome, Answer)
    assert (outcome.seq, outcome.repeated) == (2, False)


# -- full --------------------------------------------------------------------------------------------------


@contextmanager
def no_file_beyond(server: PostgresServer, size: int) -> Iterator[None]:
    """No process of the server may make a file longer than this: writing then fails as on a full disk.

    The server inherits the limit from this process, which lifts it again from itself only.
    """
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    server.shut_down("fast")
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, usual[1]))
    try:
        server.start()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    yield
    server.shut_down("fast")
    server.start()


def test_a_full_disk_is_named_nothing_is_half_written_and_with_room_it_goes_on(
    book: Book, register_server: PostgresServer
):
    with no_file_beyond(register_server, 17 * MIB):  # room for a segment of the WAL, not for the table
        assert fill(book, MIB) == "BASE-1109"
        done = audit.run(book.database)
        assert done.ok, done.first_bad
    outcome = book.commit([move(book, KEYS[0])])[0]
    assert isinstance(outcome, Answer)
    assert outcome.seq == done.entries
    assert audit.run(book.database).ok


# -- spoilt ------------------------------------------------------------------------------------------------


def test_a_spoilt_page_is_named_and_nothing_is_served_from_it(book: Book, register_server: PostgresServer):
    for key in KEYS:
        book.commit([move(book, key)])
    with book.database.read() as conn:
        found = conn.execute(text("SELECT pg_relation_filepath('log_entry')")).scalar_one()
    book.database.close()
    register_server.shut_down("fast")
    path = Path(register_server.folder) / str(found)
    whole = path.read_bytes()
    path.write_bytes(whole[:9_000] + random.randbytes(100) + whole[9_100:])
    register_server.start()

    with pytest.raises(Exception) as damaged, book.database.read() as conn:
        Book(book.database).catch_up(conn)
    assert code_of(damaged.value, book) == "BASE-1106"
    report = audit.run(book.database)
    assert report.first_bad
    assert report.first_bad.what.code == "AUD-3001"
    assert report.first_bad.seq is not None
