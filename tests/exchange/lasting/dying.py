"""Writers of a market that are made to be killed: each tells what it is about to ask, and each answer.

They come from a server that has imported everything and forks, so that many of them start in a second.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection

import psycopg  # noqa: F401 - imported before the fork, or each child would do so
from sqlalchemy import select

from tanshu import app
from tanshu.base.clock import shanghai_ns
from tanshu.base.database import Database
from tanshu.base.ids import random_key
from tanshu.book.commit import Answer, Book, Context
from tanshu.exchange import market as markets
from tanshu.exchange import service
from tanshu.exchange.bridge.days import close_day, open_day
from tanshu.exchange.bridge.model import CloseDay, OpenDay
from tanshu.exchange.market import FIRST_LOG
from tanshu.exchange.model import Batch, Offer
from tanshu.exchange.tables import MARKET_DAY
from tanshu.registry import service as registry
from tanshu.registry.batches import DecideMany, approve_many
from tanshu.registry.model import Propose, ProposedLine
from tests.exchange.bridge.support import CEA, EXCHANGE, figures

PATIENCE_S = 60
BATCH = 5
FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


@dataclass(frozen=True, slots=True)
class Setting:
    """Who writes what, and when: an address, a trader, an instant (UTC ns), an account for money."""

    url: str
    trader: str
    now_ns: int
    money: str


def offers(key: bytes) -> int:
    """How many offers a command with this key makes: one by itself, or a batch."""
    return BATCH if key[0] % 2 else 1


def enter(book: Book, setting: Setting, key: bytes) -> Answer:
    """The command of this key, asked now or again."""
    ctx = Context(book, setting.trader, key, clock=lambda: setting.now_ns)
    at = service.at(ctx, markets.of(book, FIRST_LOG))
    made = tuple(Offer("CEA22", "sell", 1, 8_000, ref=n) for n in range(offers(key)))
    outcome = service.submit(at, made[0]) if len(made) == 1 else service.submit_many(at, Batch(made))
    assert isinstance(outcome, Answer), outcome
    return outcome


# -- in the child ------------------------------------------------------------------------------------------


def offer_for_ever(setting: Setting, mouth: Connection) -> None:
    """Single offers and batches, under keys of chance."""
    with figures():
        book = Book(Database.open(setting.url))
        while True:
            key = random_key()
            mouth.send((key, None))
            mouth.send((key, enter(book, setting, key).seq))


def live_for_ever(setting: Setting, mouth: Connection) -> None:
    """Day after day: open, a deposit in two steps, close. Takes up where the database stands."""
    with figures():
        book = app.open_installation(setting.url).book
        with book.database.read() as conn:
            newest = conn.execute(select(MARKET_DAY).order_by(MARKET_DAY.c.day.desc()).limit(1)).one()
        day, is_open = newest.day, newest.state == "open"
        for n in count():
            if not is_open:
                day = _next(day)
                _say(mouth, open_day(_ctx(book, EXCHANGE, day, 9), OpenDay(CEA, day)))
            line = ProposedLine("CNY", 100 + n, "", setting.money)
            proposed = registry.propose(_ctx(book, "bank-maker-1", day, 10), Propose("cash-deposit", (line,)))
            _say(mouth, proposed)
            assert isinstance(proposed, Answer)
            many = DecideMany((proposed["id"],))
            _say(mouth, approve_many(_ctx(book, "registry-checker-1", day, 11), many))
            _say(mouth, close_day(_ctx(book, EXCHANGE, day, 16), CloseDay(CEA, day)))
            is_open = False


def _ctx(book: Book, actor: str, day: date, hour: int) -> Context:
    return Context(book, actor, random_key(), clock=lambda: shanghai_ns(day, time(hour, 10)))


def _next(day: date) -> date:
    """The next working day; no feast is near."""
    day += timedelta(1)
    return _next(day) if day.weekday() > 4 else day


def _say(mouth: Connection, outcome: object) -> None:
    assert isinstance(outcome, Answer), outcome
    mouth.send((b"", outcome.seq))


# -- in the parent -----------------------------------------------------------------------------------------


@dataclass
class Told:
    """What writers said: keys they asked with, and the entries they were answered."""

    asked: set[bytes] = field(default_factory=set[bytes])
    answered: dict[bytes, int] = field(default_factory=dict[bytes, int])
    seqs: list[int] = field(default_factory=list[int])

    def hear(self, key: bytes, seq: int | None) -> None:
        if key:
            self.asked.add(key)
        if seq is not None:
            self.answered[key] = seq
            self.seqs.append(seq)


class Writer:
    """A child process that writes until it is killed."""

    def __init__(self, does: object, setting: Setting):
        self._ear, mouth = FORKS.Pipe(duplex=False)
        self.process = FORKS.Process(target=does, args=(setting, mouth), daemon=True)  # type: ignore[arg-type]
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


def kill_all(writers: Sequence[Writer], said: int, latest_s: float, dice: random.Random, told: Told) -> None:
    """Hear so much of each, then kill each at a moment of its own while the others go on."""
    from time import sleep

    for writer in writers:
        for _ in range(said):
            writer.hear(told)
    for writer in writers:
        sleep(dice.random() * latest_s)
        writer.kill()
    for writer in writers:
        writer.hear_the_rest(told)
