"""A child process that commits small commands for ever and prints each answer once it has it.

Started by the crash tests as `python -m tests.crash.acknowledger URL`; they kill it.
"""

from __future__ import annotations

import sys

from tanshu.base.database import Database
from tanshu.base.ids import random_key
from tanshu.book import records
from tanshu.book.commit import Act, Answer, Book, Context, verb


@verb("test.move")
def move(act: Act, amount: int):
    act.record(records.transfer(0, 1, 0, amount))
    return {"amount": amount}


def main(url: str) -> None:
    book = Book(Database.open(url))
    while True:
        ctx = Context(book, "registry-maker-1", random_key())
        answer = move(ctx, 1)
        assert isinstance(answer, Answer)
        print(answer.seq, ctx.key.hex(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
