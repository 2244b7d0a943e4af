"""What moves in the middle of the day goes through the engine, and both sides say the same afterwards."""

from __future__ import annotations

import pytest

from tanshu.base.refusal import Refusal
from tanshu.exchange.bridge import checks, sessions
from tanshu.exchange.model import Offer
from tanshu.parties.model import AccountKind
from tanshu.registry.model import Decide, Expire
from tanshu.registry.service import expire, reject, withdraw
from tests.exchange.bridge.support import CASH, DAY, MONEY, OUTSIDE, TRADING, UNITS, Trading
from tests.support.orders import Court

PRICE = 8000


def test_units_that_are_free_leave_and_those_held_by_orders_do_not(trading: Trading) -> None:
    trading.sell(trading.a, 50_000)
    trading.refuses("EXC-3007", lambda: trading.moves(trading.a, 10_001, into=False))
    trading.done(trading.moves(trading.a, 10_000, into=False))
    assert trading.has(trading.a) == (0, 50_000)
    assert trading.market.has(trading.a, "CEA22") == (OUTSIDE + 10_000, 0)
    assert trading.units(trading.a) == (0, 50_000, 0, 0)
    trading.check()
    assert trading.findings() == []


def test_what_was_bought_today_leaves_after_it_is_settled(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 1_000)
    trading.refuses("EXC-3008", lambda: trading.moves(trading.b, UNITS + 1, into=False))
    trading.done(trading.moves(trading.b, UNITS, into=False))
    trading.refuses("EXC-3008", lambda: trading.moves(trading.b, 1, into=False))
    trading.done(trading.closes())
    trading.delivers()
    trading.done(trading.moves(trading.b, 1_000, into=False))


def test_units_that_come_in_can_be_sold_at_once(trading: Trading) -> None:
    trading.done(trading.moves(trading.a, OUTSIDE, into=True))
    assert trading.units(trading.a) == (UNITS + OUTSIDE, 0, 0, 0)
    trading.sell(trading.a, 99_999)
    trading.check()
    assert trading.findings() == []


def test_money_comes_in_and_leaves_as_far_as_it_is_free(trading: Trading) -> None:
    trading.pays_in(trading.b, 5_00)
    assert trading.cash(trading.b) == (CASH + 5_00, 0, CASH + 5_00)
    trading.refuses("EXC-3006", lambda: trading.pays_out(trading.b, CASH + 5_01))
    id = trading.done(trading.pays_out(trading.b, CASH))["id"]
    assert trading.cash(trading.b) == (5_00, 0, 5_00)
    assert trading.has(trading.b, MONEY, "CNY") == (0, CASH + 5_00)
    trading.done(trading.market.approve("registry-checker-1", id))
    assert trading.has(trading.b, MONEY, "CNY") == (0, 5_00)
    trading.check()
    assert trading.findings() == []


def test_what_was_earned_today_buys_today_and_does_not_leave_before_the_seal(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 1_000)
    trading.refuses("EXC-3010", lambda: trading.pays_out(trading.a, CASH + 1))
    trading.done(trading.pays_out(trading.a, CASH))
    trading.check()


@pytest.mark.parametrize("way", ["rejected", "withdrawn", "expired"])
def test_a_dropped_withdrawal_comes_back_to_the_session(trading: Trading, way: str) -> None:
    id = trading.done(trading.pays_out(trading.b, 1_000_00))["id"]
    assert trading.cash(trading.b)[0] == CASH - 1_000_00
    if way == "rejected":
        trading.done(reject(trading.ctx("registry-checker-1"), Decide(id, "no")))
    elif way == "withdrawn":
        trading.done(withdraw(trading.ctx(trading.maker(trading.b)), Decide(id)))
    else:
        trading.clock.now_ns += 7 * 86_400 * 10**9
        trading.done(expire(trading.ctx("registry-maker-1"), Expire()))
    assert trading.cash(trading.b) == (CASH, 0, CASH)
    trading.check()
    assert trading.findings() == []


def test_a_trade_settled_by_hand_in_mid_session_leaves_the_one_and_joins_the_other(trading: Trading) -> None:
    lines = (
        (
            "CEA22",
            100,
            trading.market.account(trading.a, TRADING),
            trading.market.account(trading.b, TRADING),
        ),
        (
            "CNY",
            100 * PRICE,
            trading.market.account(trading.b, MONEY),
            trading.market.account(trading.a, MONEY),
        ),
    )
    details = {"mode": "block", "price_fen": PRICE, "traded_on": DAY.isoformat()}
    by = ("registry-checker-1", "registry-checker-2")
    trading.market.done("exchange-maker-1", "trade-settlement", *lines, by=by, details=details)
    assert trading.units(trading.b)[0] == UNITS + 100
    assert trading.cash(trading.a)[0] == CASH + 100 * PRICE
    trading.check()
    assert trading.findings() == []


# -- courts ------------------------------------------------------------------------------------------------


def _freeze(trading: Trading, handle: str, tonnes: int, **details: object) -> str:
    court = Court(trading.market)
    line = ("CEA22", tonnes, trading.market.account(handle, TRADING))
    return court.done("judicial-freeze", line, **details)


def test_a_freeze_in_mid_session_lets_the_matched_settle_and_takes_the_rest(trading: Trading) -> None:
    trading.sell(trading.a, 50_000)
    trading.buy(trading.b, 20_000)
    _freeze(trading, trading.a, 100_000)
    # The rest of the offer is cancelled; 40,000 t are the court's, 20,000 t are sold.
    assert trading.units(trading.a) == (0, 0, 20_000, 0)
    assert trading.claimed(trading.a) == 20_000
    assert trading.has(trading.a) == (0, UNITS)
    refused = trading.orders(trading.a, Offer("CEA22", "sell", 1, PRICE))
    assert isinstance(refused, Refusal) and refused.code == "EXC-3007"
    trading.done(trading.closes())
    trading.delivers()
    assert trading.has(trading.a) == (0, 40_000)
    assert trading.has(trading.b) == (UNITS + 20_000, 0)
    assert trading.findings() == []


def test_a_freeze_takes_no_more_than_the_order_says(trading: Trading) -> None:
    trading.sell(trading.a, 50_000)
    _freeze(trading, trading.a, 10_000)
    assert trading.units(trading.a) == (UNITS - 10_000, 0, 0, 0)
    trading.check()
    trading.sell(trading.a, UNITS - 10_000)
    assert trading.findings() == []


def test_a_freeze_that_follows_takes_what_comes_in_before_the_session_does(trading: Trading) -> None:
    _freeze(trading, trading.a, UNITS + 1_000, follows=True)
    trading.done(trading.moves(trading.a, 1_500, into=True))
    assert trading.units(trading.a) == (500, 0, 0, 0)
    trading.check()
    assert trading.findings() == []


def test_released_units_join_the_session_again(trading: Trading) -> None:
    id = _freeze(trading, trading.a, 10_000)
    Court(trading.market, "甲法院").done("judicial-release", original=id)
    assert trading.units(trading.a) == (UNITS, 0, 0, 0)
    trading.check()
    assert trading.findings() == []


def test_a_transfer_by_court_order_takes_units_out_of_orders(trading: Trading) -> None:
    trading.sell(trading.a, UNITS)
    account = trading.market.account(trading.a, TRADING)
    to = trading.market.account("hubei", AccountKind.PROVINCIAL)
    court = Court(trading.market)
    trading.done(court.order("court-transfer", ("CEA22", 10_000, account, to)))
    assert trading.units(trading.a) == (UNITS - 10_000, 0, 0, 0)
    trading.check()
    trading.refuses("REG-2006", lambda: court.order("court-transfer", ("CEA22", UNITS, account, to)))
    assert trading.findings() == []


def test_another_rule_for_freezes_is_refused_and_not_guessed(
    trading: Trading, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Other:
        on_freeze = "freeze_first"

    monkeypatch.setattr(sessions, "rules_of", lambda _act, _pack: Other())
    court = Court(trading.market)
    line = ("CEA22", 10, trading.market.account(trading.a, TRADING))
    id = trading.done(court.order("judicial-freeze", line))["id"]
    refused = trading.refuses("EXC-8020", lambda: trading.market.approve("registry-checker-1", id))
    assert refused.kind is checks.OTHER_FREEZE_RULE
