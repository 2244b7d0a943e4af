"""A day's opening and close: what the book holds for the session is what the engine has."""

from __future__ import annotations

from tests.exchange.bridge.support import CASH, DAY, MONEY, OUTSIDE, UNITS, Trading


def test_the_opening_holds_everything_that_is_free_on_the_trading_side(trading: Trading) -> None:
    for handle in (trading.a, trading.b, trading.c):
        assert trading.has(handle) == (0, UNITS)
        assert trading.has(handle, MONEY, "CNY") == (0, CASH)
        assert trading.market.has(handle, "CEA22") == (OUTSIDE, 0)
        assert trading.units(handle) == (UNITS, 0, 0, 0)
        assert trading.cash(handle) == (CASH, 0, CASH)
    trading.check()


def test_a_day_with_trades_is_closed_and_delivered(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 600)
    trading.check()
    told = trading.done(trading.closes())
    assert told["trades"] == 1
    assert trading.has(trading.a) == (UNITS - 600, 600)
    assert trading.engine().state_hash() == told["state_hash"]
    trading.delivers(DAY)
