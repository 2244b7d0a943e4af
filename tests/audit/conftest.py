from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import make_url

from tanshu.book import records
from tanshu.book.commit import Book
from tests.audit.house import House
from tests.support.commands import CEA, CNY, MAKER, SINK, TAKER, accepted, opening, send
from tests.support.databases import PostgresServer


@pytest.fixture
def busy_book(book: Book, context) -> Book:
    """Eight entries: genesis, an opening, a command without records, a linked pair, a hold and its ends."""
    send(context(), *opening())
    send(context("hubei-1"), name="note")
    send(
        context("exchange-1"),
        records.transfer(MAKER, TAKER, CEA, 100, linked=True),
        records.transfer(TAKER, MAKER, CNY, 9_500),
    )
    held = accepted(send(context("plant-a-maker"), records.hold(MAKER, CEA, 600)))["positions"][0]
    send(context("registry-1"), records.capture(held, MAKER, SINK, CEA, 350))
    send(context("registry-1"), records.release(held, MAKER, CEA, 50))
    send(context("登记员-1"), records.set_flags(TAKER, records.AccountFlag.NO_DEBIT))
    return book


Copies = Callable[[], AbstractContextManager[House]]


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def houses(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """One house is founded on each kind of database; every user gets a copy."""
    if request.param == "sqlite":
        with request.getfixturevalue("sqlite_template").fresh(tmp_path_factory.mktemp("house")) as url:
            yield _copier(url, lambda: _sqlite_copy(url, tmp_path_factory.mktemp("copy")))
        return
    server: PostgresServer = request.getfixturevalue("postgres_server")
    with server.fresh() as url:
        yield _copier(url, lambda: _postgres_copy(server, url))


def _copier(url: str, copied: Callable[[], AbstractContextManager[str]]) -> Copies:
    first = House.founded(url)
    first.market.close()

    @contextmanager
    def copies() -> Iterator[House]:
        with copied() as elsewhere:
            house = first.moved_to(elsewhere)
            yield house
            house.market.close()

    return copies


@contextmanager
def _sqlite_copy(url: str, folder: Path) -> Iterator[str]:
    path = folder / "tanshu.db"
    shutil.copyfile(url.removeprefix("sqlite:///"), path)
    yield f"sqlite:///{path}"


@contextmanager
def _postgres_copy(server: PostgresServer, url: str) -> Iterator[str]:
    with server.bare() as copy:
        source, name = (make_url(one).database for one in (url, copy))
        server.execute(f"DROP DATABASE {name}")
        server.execute(f"CREATE DATABASE {name} TEMPLATE {source} STRATEGY file_copy")
        yield copy


@pytest.fixture(scope="module")
def house(houses: Copies) -> Iterator[House]:
    """One house for all tests of a module: what each does is told apart by the entries it adds."""
    with houses() as made:
        yield made


@pytest.fixture
def own_house(houses: Copies) -> Iterator[House]:
    """A house for one test alone."""
    with houses() as made:
        yield made
