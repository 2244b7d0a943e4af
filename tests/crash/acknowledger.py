"""Writers made to be killed: each tells what it is about to ask, and each answer once it has it.

They come from a server that has imported everything and forks, so that a hundred of them start in a second.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import psycopg  # noqa: F401 - imported before the fork, or each child would do so

from tanshu import backup  # noqa: F401
from tanshu.base.database import Database
from tanshu.base.ids import random_key
from tanshu.base.steps import STEP, done_mark
from tanshu.book import records
from tanshu.book.commit import Act, Answer, Book, Context, Request
from tanshu.book.records import AccountFlag

GIVER, TAKER, UNIT = 0, 1, 0
GROUPS = (1, 1, 1, 2, 5)
"""Commands that go into one transaction."""
PATIENCE_S = 60
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def opening(act: Act, _command: object) -> Mapping[str, Any]:
    act.open_account(AccountFlag.OVERDRAFT)
    act.open_account()
    act.define_instrument()
    return {}


def moving(act: Act, _command: object) -> Mapping[str, Any]:
    """One unit moves, and a row says under which key."""
    act.record(records.transfer(GIVER, TAKER, UNIT, 1))
    act.insert(STEP, done_mark("moves", act.ctx.key.hex(), 0, act.now_ns, {}))
    return {"key": act.ctx.key.hex()}


def move(book: Book, key: bytes) -> Request:
    return Request(Context(book, "registry-maker-1", key), "test.move", {"amount": 1}, moving)


def open_book(database: Database) -> Book:
    """A book in which units can be moved."""
    book = Book(database)
    book.create("test", 1)
    book.commit([Request(Context(book, "tanshu", bytes(16)), "test.open", None, opening)])
    return book


# -- in the child ------------------------------------------------------------------------------------------


def write_for_ever(url: str, told: Connection) -> None:
    book = Book(Database.open(url))
    dice = random.Random()
    while True:
        keys = [random_key() for _ in range(dice.choice(GROUPS))]
        told.send((keys, None))
        outcomes = book.commit([move(book, key) for key in keys])
        assert all(isinstance(outcome, Answer) for outcome in outcomes), outcomes
        told.send((keys, [outcome.seq for outcome in outcomes if isinstance(outcome, Answer)]))


# -- in the parent -----------------------------------------------------------------------------------------


@dataclass
class Told:
    """What writers said: keys they asked with, and the entries they were answered."""

    asked: set[bytes] = field(default_factory=set)
    answered: dict[bytes, int] = field(default_factory=dict)

    def hear(self, keys: list[bytes], seqs: list[int] | None) -> None:
        self.asked.update(keys)
        if seqs is not None:
            self.answered.update(zip(keys, seqs, strict=True))


class Writer:
    """A child process that writes until it is killed."""

    def __init__(self, url: str):
        self._ear, mouth = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=write_for_ever, args=(url, mouth), daemon=True)
        self.process.start()
        mouth.close()

    def hear(self, told: Told) -> None:
        """Wait until it has said something."""
        assert self._ear.poll(PATIENCE_S), "the writer says nothing"
        told.hear(*self._ear.recv())

    def kill(self) -> None:
        self.process.kill()

    def hear_the_rest(self, told: Told) -> None:
        """What it had said before it died; the last message may be cut off."""
        self.process.join()
        try:
            while True:
                told.hear(*self._ear.recv())
        except (EOFError, OSError):
            self._ear.close()
