"""Two logs, one transaction: together or not at all, whoever else writes, and whatever fails in between."""

from __future__ import annotations

from threading import Thread

import pytest

from tanshu.book import checks as book_checks
from tanshu.book.commit import Act, Answer, Outcome, Request
from tanshu.book.writer import Decision
from tanshu.exchange.bridge import sessions
from tanshu.exchange.bridge.founding import list_instrument
from tanshu.exchange.bridge.model import ListInstrument, Moved
from tanshu.exchange.bridge.moves import _out
from tanshu.exchange.market import FIRST_LOG, Market, replayed
from tanshu.exchange.model import Offer
from tests.exchange.bridge.support import UNITS, Trading

TOO_LATE = book_checks.TOO_MANY_RECORDS


class Broken(Exception):
    """Something fails after the market's part was decided."""


def _joined(trading: Trading, then: Exception | None = None, refuse: bool = False):
    """A command of the book that takes a tonne of the first participant out of the market, and then fails."""

    def decide(act: Act, _command: object) -> Decision:
        market = sessions.at(act, FIRST_LOG)
        told = market.join(act, "market.take-out", Moved(1, 1, 1, UNITS), _out)
        assert isinstance(told, Answer)
        if then:
            raise then
        if refuse:
            return TOO_LATE(limit=1, count=2)
        return {}

    return Request(trading.ctx("exchange-maker-1"), "test.joined", None, decide)


@pytest.mark.parametrize("way", ["raises", "refuses", "before-commit"])
def test_when_the_outer_command_fails_after_the_join_the_market_heals(trading: Trading, way: str) -> None:
    before, tails = trading.engine().state_hash(), trading.tails()

    def fail(_conn: object) -> None:
        raise Broken

    if way == "refuses":
        (outcome,) = trading.book.commit([_joined(trading, refuse=True)])
        assert not isinstance(outcome, Answer)
    elif way == "raises":
        with pytest.raises(Broken):
            trading.book.commit([_joined(trading, then=Broken())])
    else:
        with pytest.raises(Broken):
            trading.book.commit([_joined(trading)], before_commit=fail)
    assert trading.tails() == tails
    assert trading.engine().state_hash() == before
    trading.sell(trading.a, UNITS)
    trading.check()


def test_of_two_joined_commands_in_one_transaction_the_refused_one_leaves_nothing(trading: Trading) -> None:
    one, other, third = _joined(trading), _joined(trading, refuse=True), _joined(trading)
    outcomes = trading.book.commit([one, other, third])
    assert [isinstance(outcome, Answer) for outcome in outcomes] == [True, False, True]
    assert trading.units(trading.a) == (UNITS - 2, 0, 0, 0)
    with trading.market.database.read() as conn:
        *_, (_, engine) = replayed(conn, trading.exchange.log)
    assert engine.state_hash() == trading.engine().state_hash()


def test_a_refused_join_leaves_both_logs_as_they_were(trading: Trading) -> None:
    trading.sell(trading.a, UNITS)
    trading.refuses("EXC-3007", lambda: trading.moves(trading.a, 1, into=False))
    trading.refuses(
        "EXC-8007", lambda: list_instrument(trading.ctx("exchange-maker-1"), ListInstrument("cea", "CEA22"))
    )


def test_both_logs_replay_to_the_same_hashes(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 600)
    trading.done(trading.moves(trading.c, 100, into=False))
    trading.done(trading.closes())
    trading.delivers()
    log = trading.exchange.log
    with trading.market.database.read() as conn:
        *_, (entry, engine) = replayed(conn, log)
        assert engine.state_hash() == trading.engine().state_hash()
        opened = Market(trading.market.database, log)
        assert opened.catch_up(conn).state_hash() == engine.state_hash()
        assert opened.tail.seq == entry.seq


def test_orders_and_joined_commands_at_once_do_not_wait_for_each_other(
    trading: Trading,
) -> None:
    """Each takes its own locks: who holds one log's must not be waiting for the other's."""
    outcomes: list[Outcome] = []
    failed: list[BaseException] = []

    def trade() -> None:
        try:
            for _ in range(15):
                outcomes.append(trading.orders(trading.b, Offer("CEA22", "sell", 1, 8000)))
        except BaseException as error:
            failed.append(error)

    def move() -> None:
        try:
            for _ in range(15):
                outcomes.append(trading.moves(trading.a, 1, into=False))
        except BaseException as error:
            failed.append(error)

    trading.sell(trading.c, 1)  # the timetable's steps are taken
    threads = [Thread(target=work, daemon=True) for work in (trade, move)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not failed and not any(thread.is_alive() for thread in threads)
    assert all(isinstance(one, Answer) for one in outcomes) and len(outcomes) == 30
    assert trading.units(trading.a)[0] == UNITS - 15
    trading.check()
