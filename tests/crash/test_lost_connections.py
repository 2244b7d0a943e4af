"""The connection to PostgreSQL breaks: before, in the middle of and at a commit; the same key settles it."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from tanshu import audit
from tanshu.base.database import Database, failure
from tanshu.base.refusal import Refused
from tanshu.book import records
from tanshu.book.commit import Act, Book
from tests.cli.conftest import at
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, TAKER, accepted, opening, request
from tests.support.databases import PostgresServer
from tests.support.proxy import Break, Proxy, proxy

GIVE = records.transfer(MAKER, TAKER, CEA, 1)
GIVE_BACK = records.transfer(TAKER, MAKER, CEA, 1)
EVERYBODY_ELSE = (
    "SELECT pg_terminate_backend(pid, 10_000) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
ASKED, BROKEN = 100, 5
"""Commands sent, and connections broken, at the least."""
BEFORE, AFTER = "before the server hears it", "before the client hears the answer"


@pytest.fixture
def network(postgres_server: PostgresServer) -> Iterator[Proxy]:
    with proxy(postgres_server.socket) as running:
        yield running


@contextmanager
def opened(url: str) -> Iterator[Book]:
    database = Database.open(url)
    book = Book(database)
    book.create("test", 1)
    accepted(book.commit([request(book, 0, *opening(), ticker=Ticker())])[0])
    yield book
    database.close()


@pytest.fixture
def book(postgresql_url: str) -> Iterator[Book]:
    with opened(postgresql_url) as book:
        yield book


@pytest.fixture
def far_book(postgresql_url: str, network: Proxy) -> Iterator[Book]:
    """A book on the other side of a network."""
    with opened(network.url(postgresql_url)) as book:
        yield book


@pytest.fixture
def ticker() -> Ticker:
    return Ticker()


def end_all_connections(url: str) -> None:
    with psycopg.connect(make_url(url).render_as_string(hide_password=False), autocommit=True) as conn:
        conn.execute(EVERYBODY_ELSE)


def newest(url: str) -> int:
    database = Database.open(url)
    report = audit.run(database)
    database.close()
    assert report.ok, report.first_bad
    return report.log_seq


def test_a_connection_ended_between_two_commands_is_not_noticed(
    book: Book, postgresql_url: str, ticker: Ticker
):
    end_all_connections(postgresql_url)
    assert accepted(book.commit([request(book, 1, GIVE, ticker=ticker)])[0]).seq == 2
    end_all_connections(postgresql_url)
    with book.database.read() as conn:
        assert book.catch_up(conn).cell(TAKER, CEA).available == 1


def test_a_connection_ended_while_a_command_is_decided_writes_nothing(
    book: Book, postgresql_url: str, ticker: Ticker
):
    def decide(act: Act, _command: object):
        act.record(GIVE)
        end_all_connections(postgresql_url)
        act.conn.execute(text("SELECT 1"))
        return {}

    ask = request(book, 1, GIVE, ticker=ticker)
    with pytest.raises(Exception) as broken:
        book.commit([replace(ask, decide=decide)])

    refusal = failure(broken.value, book.database.url)
    assert refusal and refusal.code == "BASE-1107"
    assert newest(postgresql_url) == 1
    answer = accepted(book.commit([ask])[0])
    assert (answer.seq, answer.repeated) == (2, False)


@pytest.mark.parametrize("breaks", [BEFORE, AFTER])
def test_a_connection_lost_at_the_commit_leaves_the_outcome_to_the_key(
    far_book: Book, network: Proxy, postgresql_url: str, ticker: Ticker, breaks: Break
):
    asks = [request(far_book, n, GIVE, ticker=ticker) for n in (1, 2)]
    network.breaks = breaks
    with pytest.raises(Refused) as unknown:
        far_book.commit(asks)
    assert unknown.value.refusal.code == "BASE-1108"
    assert all(ask.ctx.key.hex() in unknown.value.refusal.sentence("zh") for ask in asks)

    answers = [accepted(outcome) for outcome in far_book.commit(asks)]

    written = breaks == AFTER
    assert [(answer.seq, answer.repeated) for answer in answers] == [(2, written), (3, written)]
    assert newest(postgresql_url) == 3
    with far_book.database.read() as conn:
        assert far_book.catch_up(conn).cell(TAKER, CEA).available == 2


def test_a_connection_ended_right_before_the_commit_writes_nothing(
    book: Book, postgresql_url: str, ticker: Ticker
):
    ask = request(book, 1, GIVE, ticker=ticker)
    with pytest.raises(Refused, match="BASE-1108"):
        book.commit([ask], before_commit=lambda _conn: end_all_connections(postgresql_url))
    assert newest(postgresql_url) == 1
    assert not accepted(book.commit([ask])[0]).repeated


def test_a_command_line_names_the_key_that_settles_it(postgresql_url: str, network: Proxy):
    tanshu = at(network.url(postgresql_url))
    tanshu("init").ok()
    define = ("instrument", "define", "CCER", "--kind", "credit", "--title-zh", "核证自愿减排量")
    who = ("--as", "registry-maker-1", "--json")
    network.breaks = AFTER
    cut = tanshu(*define, *who)
    assert cut.refusal == "BASE-1108"
    key = cut.json["refusal"]["facts"]["key"]

    again = tanshu(*define, *who, "--key", key).ok().json

    assert again["repeated"] is True
    assert newest(postgresql_url) == again["seq"] == 2


def test_connections_ended_at_random_lose_and_double_nothing(book: Book, postgresql_url: str, ticker: Ticker):
    dice, stop = random.Random(), threading.Event()

    def harass() -> None:
        while not stop.wait(dice.random() / 20):
            end_all_connections(postgresql_url)

    harasser = threading.Thread(target=harass)
    harasser.start()
    broken: list[str] = []
    asked = 0
    try:
        while asked < ASKED or len(broken) < BROKEN:
            asked += 1
            ask = request(book, asked, GIVE if asked % 2 else GIVE_BACK, ticker=ticker)
            while True:
                try:
                    accepted(book.commit([ask])[0])
                    break
                except Exception as error:
                    broken.append(_code(error, postgresql_url))
    finally:
        stop.set()
        harasser.join()
    assert set(broken) <= {"BASE-1107", "BASE-1108"}
    assert newest(postgresql_url) == asked + 1
    with book.database.read() as conn:
        assert book.catch_up(conn).cell(TAKER, CEA).available == asked % 2


def _code(error: Exception, url: str) -> str:
    refusal = error.refusal if isinstance(error, Refused) else failure(error, url)
    if refusal is None:
        raise error
    return refusal.code
