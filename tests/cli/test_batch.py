"""Several commands in one transaction: what each of them hears."""

from __future__ import annotations

from tanshu.base.refusal import Refusal
from tanshu.book import records
from tanshu.book.commit import Answer, Book
from tanshu.cli.batch import together
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, TAKER, opening, request, send


def test_a_record_that_the_book_refuses_takes_its_batch_back(book: Book, context, ticker: Ticker):
    """The kernel judges after everything is decided, so a rehearsal has no sentence of the room's own."""
    send(context(), *opening())
    before = book.tail.seq
    good = request(book, 1, records.transfer(MAKER, TAKER, CEA, 1), ticker=ticker)
    beyond = request(book, 2, records.transfer(MAKER, TAKER, CEA, 10**12), ticker=ticker)
    first, second = together(book, [good, beyond], all_or_nothing=True)
    assert isinstance(first, Answer)
    assert isinstance(second, Refusal) and second.code == "CLI-1002"
    assert book.tail.seq == before
