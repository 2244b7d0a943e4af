from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshu.book import records
from tanshu.book.commit import Book
from tests.audit.house import House
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings, trading
from tests.support.commands import CEA, CNY, MAKER, SINK, TAKER, accepted, opening, send
from tests.support.copies import Copies, copies

__all__ = ["postgresql_tradings", "sqlite_tradings", "trading"]


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


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def houses(request: pytest.FixtureRequest) -> Iterator[Copies[House]]:
    """One house is founded on each kind of database; every user gets a copy."""
    yield from copies(request, request.param, House.founded)


@pytest.fixture
def house(houses: Copies[House], tmp_path: Path) -> Iterator[House]:
    """A house of the test's own."""
    with houses(tmp_path) as made:
        yield made


@pytest.fixture(scope="module")
def shared_house(houses: Copies[House], tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests of a module, which leave it as it is."""
    with houses(tmp_path_factory.mktemp("house")) as made:
        yield made
