"""A process is killed while it writes two logs: what was answered is in both, what was not is in neither."""

from __future__ import annotations

import random
import time

import pytest

from tanshu.exchange import timetable
from tanshu.exchange.market import replayed
from tanshu.log import store
from tests.exchange.bridge.dying import FORKS, move_for_ever
from tests.exchange.bridge.support import TRADING, UNITS, Trading

PATIENCE_S = 60
MOVING = ("market.take-out", "market.bring-in")


def _killed(trading: Trading, dies: str, answers: int) -> list[int]:
    """Let a process move units until it has had so many answers, or dies. Returns the entries it told of."""
    market = trading.market
    sides = (market.account(trading.a, TRADING), market.account(trading.a))
    ear, mouth = FORKS.Pipe(duplex=False)
    where = (market.database.url, trading.clock.now_ns, sides, trading.maker(trading.a), dies, mouth)
    process = FORKS.Process(target=move_for_ever, args=where, daemon=True)
    process.start()
    mouth.close()
    told: list[int] = []
    try:
        while len(told) < answers:
            assert ear.poll(PATIENCE_S), "it says nothing"
            told.append(ear.recv()[1])
        time.sleep(random.random() / 50)
    except EOFError:
        assert dies
    process.kill()
    process.join()
    while ear.poll():
        try:
            told.append(ear.recv()[1])
        except (EOFError, OSError):
            break
    return told


def _is_sound(trading: Trading, told: list[int]) -> None:
    """Both logs follow; the market has an entry for each joined command and no other; both say the same."""
    with trading.market.database.read() as conn:
        book = list(store.read(conn, trading.book.log))
        *_, (last, engine) = replayed(conn, trading.exchange.log)
        moved = [entry for entry in store.read(conn, trading.exchange.log) if entry.command in MOVING]
    assert set(told) <= {entry.seq for entry in book}
    dying = [entry for entry in book if entry.command == "registry.propose" and entry.seq > trading.opened_at]
    assert len(moved) == len(dying) and last.seq >= len(moved)
    assert [entry.time_ns for entry in moved] == [entry.time_ns for entry in dying]
    assert engine.state_hash() == trading.engine().state_hash()
    out = sum(1 if entry.command == "market.take-out" else -1 for entry in moved)
    assert trading.units(trading.a)[0] == UNITS - out
    trading.check()
    assert trading.findings() == []


@pytest.mark.parametrize("dies", ["in-the-join", "after-the-join", "after-the-effect"])
def test_who_dies_inside_a_joined_command_leaves_neither_part_of_it(trading: Trading, dies: str) -> None:
    timetable.keep(trading.exchange, trading.clock())  # the steps of the morning are no part of it
    told = _killed(trading, dies, answers=1_000)
    assert len(told) == 1
    _is_sound(trading, told)
    trading.done(trading.moves(trading.a, 1, into=True))


def test_who_is_killed_at_any_moment_loses_nothing_that_was_answered(trading: Trading) -> None:
    told: list[int] = []
    for answers in (5, 12):
        told += _killed(trading, "", answers)
        trading.clock.now_ns += 10**12
        _is_sound(trading, told)
