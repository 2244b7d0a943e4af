"""kill -9 of writers at any moment: what was answered is there, once, and everything can be asked again."""

from __future__ import annotations

import random
import time

import pytest
from sqlalchemy import func, select

from tanshu import audit
from tanshu.base.database import Database
from tanshu.base.steps import STEP
from tanshu.book.commit import Answer, Book
from tests.crash.acknowledger import TAKER, UNIT, Told, Writer, move, open_book

KILLS = 7
SOAK_KILLS = 104
"""Over both databases, one writer and four: 28 and 416 kills."""
LATEST_S = 0.05
ASKED_AGAIN = 50
"""Commands of earlier rounds that are asked once more after each."""
BEFORE = 2
"""Entries before the first move: genesis and the opening."""


@pytest.mark.parametrize("writers", [1, 4])
def test_nothing_answered_is_lost_when_writers_are_killed(database: Database, writers: int):
    _kill_again_and_again(database, writers, KILLS)


@pytest.mark.soak
@pytest.mark.parametrize("writers", [1, 4])
def test_nothing_answered_is_lost_in_a_hundred_kills(database: Database, writers: int):
    _kill_again_and_again(database, writers, SOAK_KILLS)


def _kill_again_and_again(database: Database, writers: int, kills: int) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # shown when the test fails
    dice = random.Random(seed)
    open_book(database)
    told = Told()
    while kills > 0:
        done = min(writers, kills)
        before = sorted(told.asked)
        _kill_all(database.url, done, dice, told)
        _ask_again(database, told, sorted(told.asked.difference(before)))
        _ask_again(database, told, dice.sample(before, min(ASKED_AGAIN, len(before))))
        _check(database, told)
        kills -= done


def _kill_all(url: str, writers: int, dice: random.Random, told: Told) -> None:
    """Writers at work, each killed at a moment of its own while the others go on."""
    running = [Writer(url) for _ in range(writers)]
    if dice.random() < 0.9:  # else they die while they start
        for writer in running:
            for _ in range(dice.randrange(2, 6)):
                writer.hear(told)
    for writer in running:
        time.sleep(dice.random() * LATEST_S)
        writer.kill()
    for writer in running:
        writer.hear_the_rest(told)


def _ask_again(database: Database, told: Told, keys: list[bytes]) -> None:
    """What was answered is answered alike; what was cut off is done now, or was done then."""
    book = Book(database)
    for key in keys:
        (outcome,) = book.commit([move(book, key)])
        assert isinstance(outcome, Answer), outcome
        assert outcome["key"] == key.hex()
        if key in told.answered:
            assert (outcome.seq, outcome.repeated) == (told.answered[key], True)
        told.answered[key] = outcome.seq


def _check(database: Database, told: Told) -> None:
    """One entry for each key, none missing, none twice; its unit moved once, its row written once."""
    assert told.answered.keys() == told.asked
    assert sorted(told.answered.values()) == list(range(BEFORE, BEFORE + len(told.asked)))
    with database.read() as conn:
        assert Book(database).catch_up(conn).cell(TAKER, UNIT).available == len(told.asked)
        assert conn.execute(select(func.count()).select_from(STEP)).scalar_one() == len(told.asked)
    report = audit.run(database)
    assert report.ok, report.first_bad
    assert report.entries == BEFORE + len(told.asked)
