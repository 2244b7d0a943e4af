from __future__ import annotations

import pytest

from tanshu.book import records
from tanshu.book.commit import Book
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
