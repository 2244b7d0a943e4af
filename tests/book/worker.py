"""A process of its own that sends commands to a book: `python -m tests.book.worker URL ACTOR FIRST COUNT`.

Prints the sequence number of each answer as soon as it has it.
"""

from __future__ import annotations

import sys

from tanshu.base.database import Database
from tanshu.book import records
from tanshu.book.commit import Book
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, TAKER, accepted, request


def main(url: str, actor: str, first: int, count: int) -> None:
    book = Book(Database.open(url))
    clock = Ticker()
    give = records.transfer(MAKER, TAKER, CEA, 1)
    for n in range(first, first + count):
        answer = accepted(book.commit([request(book, n, give, actor=actor, ticker=clock)])[0])
        print(answer.seq, answer.repeated, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
