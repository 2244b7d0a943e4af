"""kill -9 at any moment: an order that was answered is in the market's log, once; both logs agree."""

from __future__ import annotations

import random

import pytest

from tanshu import audit
from tanshu.book.commit import Book
from tanshu.exchange.engine.state import LIVE
from tanshu.exchange.market import FIRST_LOG, replayed
from tanshu.log import store
from tests.exchange.bridge.support import MONEY, Trading
from tests.exchange.lasting.dying import (
    Setting,
    Told,
    Writer,
    enter,
    kill_all,
    live_for_ever,
    offer_for_ever,
    offers,
)

KILLS = 6
SOAK_KILLS = 120
JOINT_KILLS = 3
LATEST_S = 0.05
ASKED_AGAIN = 30


@pytest.mark.parametrize("writers", [1, 3])
def test_no_order_that_was_answered_is_lost_when_writers_are_killed(trading: Trading, writers: int):
    """Three write in turn: whoever comes next takes the market over from one that died."""
    _kill_traders(trading, writers, KILLS)


@pytest.mark.soak
@pytest.mark.parametrize("writers", [1, 3])
def test_no_order_that_was_answered_is_lost_in_a_hundred_kills(trading: Trading, writers: int):
    _kill_traders(trading, writers, SOAK_KILLS)


def test_both_logs_agree_when_who_opens_pays_in_and_closes_is_killed(trading: Trading):
    _kill_exchange(trading, JOINT_KILLS)


@pytest.mark.soak
def test_both_logs_agree_after_a_hundred_kills_of_who_opens_pays_in_and_closes(trading: Trading):
    _kill_exchange(trading, 100)


def _setting(trading: Trading) -> Setting:
    money = trading.market.account(trading.a, MONEY)
    return Setting(trading.market.database.url, trading.traders[trading.a], trading.clock.now_ns, money)


def _dice() -> random.Random:
    seed = random.randrange(2**32)
    print(f"seed {seed}")  # shown when the test fails
    return random.Random(seed)


# -- orders ------------------------------------------------------------------------------------------------


def _kill_traders(trading: Trading, writers: int, kills: int) -> None:
    dice, told, setting = _dice(), Told(), _setting(trading)
    while kills > 0:
        running = [Writer(offer_for_ever, setting) for _ in range(min(writers, kills))]
        kills -= len(running)
        before = sorted(told.asked)
        kill_all(running, dice.randrange(1, 8) if dice.random() < 0.9 else 0, LATEST_S, dice, told)
        book = Book(trading.market.database)
        for key in sorted(told.asked.difference(before)):
            _ask_again(book, setting, told, key)
        for key in dice.sample(before, min(ASKED_AGAIN, len(before))):
            _ask_again(book, setting, told, key)
    _nothing_is_lost(trading, told)


def _ask_again(book: Book, setting: Setting, told: Told, key: bytes) -> None:
    """What was answered is answered alike; what was cut off is done now, or was done then."""
    answer = enter(book, setting, key)
    if key in told.answered:
        assert (answer.seq, answer.repeated) == (told.answered[key], True)
    told.answered[key] = answer.seq


def _nothing_is_lost(trading: Trading, told: Told) -> None:
    """One entry for each key; as many orders as were asked; a replay leads to the same engine."""
    assert told.answered.keys() == told.asked
    assert len(set(told.answered.values())) == len(told.asked)
    with trading.market.database.read() as conn:
        found = store.find_all(conn, FIRST_LOG, sorted(told.asked))
        *_, (_, engine) = replayed(conn, FIRST_LOG)
    assert {key: seq for key, (seq, _, _) in found.items()} == told.answered
    assert engine.state_hash() == trading.engine().state_hash()
    assert int(engine.arrays.day[LIVE]) == sum(map(offers, told.asked))
    trading.check()
    report = audit.run(trading.market.database)
    assert report.ok, report.findings


# -- commands of both logs ---------------------------------------------------------------------------------


def _kill_exchange(trading: Trading, kills: int) -> None:
    dice, told, setting = _dice(), Told(), _setting(trading)
    for _ in range(kills):
        kill_all([Writer(live_for_ever, setting)], dice.randrange(1, 6), 4 * LATEST_S, dice, told)
        report = audit.run(trading.market.database)
        assert report.ok, report.findings
        assert max(told.seqs) <= report.log_seq
    with trading.market.database.read() as conn:
        *_, (_, engine) = replayed(conn, FIRST_LOG)
    assert engine.state_hash() == trading.engine().state_hash()
