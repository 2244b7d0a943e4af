from __future__ import annotations

from collections.abc import Iterator

import pytest

from tanshu.book import records
from tanshu.book.commit import Book
from tests.audit.house import House
from tests.support.commands import CEA, CNY, MAKER, SINK, TAKER, accepted, opening, send


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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def house(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """One house for all tests of a module: what each does is told apart by the entries it adds."""
    if request.param == "sqlite":
        fresh = request.getfixturevalue("sqlite_template").fresh(tmp_path_factory.mktemp("house"))
    else:
        fresh = request.getfixturevalue("postgres_server").fresh()
    with fresh as url:
        made = House(url)
        yield made
        made.market.close()
