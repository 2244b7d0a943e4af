"""After the close: what is owed stays held, each trade is delivered once, in order; fees stay held."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tanshu.book.commit import Outcome
from tanshu.exchange.bridge.tables import MARKET_DUE
from tanshu.registry import queries as registry
from tanshu.registry.model import Decide, TransactionState
from tanshu.registry.service import reject
from tests.exchange.bridge.support import CASH, DAY, EXCHANGE, MONEY, NEXT, TRADING, UNITS, Trading

PRICE = 8000
ONE_SIDE = 2_400 + 800
"""Fees of 1,000 t at 80.00 for one side: 300 and 100 parts per million of 80,000.00 yuan, in fen."""


def _total(trading: Trading, what: str) -> int:
    kind = MONEY if what == "CNY" else TRADING
    return sum(sum(trading.has(one, kind, what)) for one in (trading.a, trading.b, trading.c))


def test_the_close_keeps_what_is_owed_and_lets_the_rest_go(trading: Trading) -> None:
    trading.sell(trading.a, 5_000)
    trading.buy(trading.b, 1_000)
    trading.buy(trading.c, 500)
    told = trading.done(trading.closes())
    assert told["trades"] == 2 and told["closes"] == {"CEA22": PRICE}
    assert trading.has(trading.a) == (UNITS - 1_500, 1_500)
    assert trading.has(trading.b) == (UNITS, 0)
    spent = 1_000 * PRICE + ONE_SIDE
    assert trading.has(trading.b, MONEY, "CNY") == (CASH - spent, spent)
    # The seller's fees are kept of its own money: what it earned has not come yet.
    fees = ONE_SIDE + ONE_SIDE // 2
    assert trading.has(trading.a, MONEY, "CNY") == (CASH - fees, fees)
    trading.delivers()
    assert trading.has(trading.a) == (UNITS - 1_500, 0)
    assert trading.has(trading.b) == (UNITS + 1_000, 0)
    assert trading.has(trading.b, MONEY, "CNY") == (CASH - spent, ONE_SIDE)
    assert trading.has(trading.a, MONEY, "CNY") == (CASH + 1_500 * PRICE - fees, fees)
    assert _total(trading, "CEA22") == 3 * UNITS and _total(trading, "CNY") == 3 * CASH
    assert trading.findings() == []


def test_a_day_opens_when_the_one_before_is_closed_and_settled(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 1_000)
    trading.clock.set_day(NEXT)
    trading.refuses("EXC-8010", lambda: trading.opens(NEXT))
    trading.refuses("EXC-8015", lambda: trading.settles(DAY))
    trading.done(trading.closes())
    trading.refuses("EXC-8014", trading.closes)
    trading.refuses("EXC-8012", lambda: trading.opens(NEXT))
    trading.done(trading.settles())
    trading.refuses("EXC-8012", lambda: trading.opens(NEXT))
    for id in _pending(trading):
        for person in ("registry-checker-1", "registry-checker-2"):
            trading.done(trading.market.approve(person, id))
    trading.refuses("EXC-8011", lambda: trading.opens(DAY))
    trading.done(trading.opens(NEXT))
    assert trading.units(trading.b) == (UNITS + 1_000, 0, 0, 0)
    trading.refuses("EXC-8019", lambda: trading.settles(DAY))
    # The fees of the day before are still held, and are not part of the new session.
    assert trading.cash(trading.b)[2] == CASH - 1_000 * PRICE - ONE_SIDE
    assert trading.has(trading.b, MONEY, "CNY") == (0, CASH - 1_000 * PRICE)
    assert trading.findings() == []


def _pending(trading: Trading) -> list[str]:
    with trading.market.database.read() as conn:
        found = registry.transactions(conn, type="trade-settlement", state=TransactionState.PENDING)
        return [one.id for one in found]


def test_each_trade_is_settled_once_by_its_own_lines(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 1_000)
    trading.done(trading.closes())
    market = trading.market
    parts = (trading.a, trading.b)
    accounts = {(one, kind): market.account(one, kind) for one in parts for kind in (TRADING, MONEY)}
    facts = {"mode": "listing", "price_fen": PRICE, "traded_on": DAY.isoformat(), "market": "cea", "trade": 1}

    def by_hand(tonnes: int = 1_000, **changed: Any) -> Outcome:
        units = ("CEA22", tonnes, accounts[trading.a, TRADING], accounts[trading.b, TRADING])
        money = ("CNY", tonnes * PRICE, accounts[trading.b, MONEY], accounts[trading.a, MONEY])
        return market.propose(EXCHANGE, "trade-settlement", units, money, details={**facts, **changed})

    for changed in ({"trade": 2}, {"market": "other"}, {"traded_on": "2023-01-03"}, {"mode": "block"}):
        trading.refuses("EXC-8016", lambda changed=changed: by_hand(1_000, **changed))
    trading.refuses("EXC-8016", lambda: by_hand(999))
    id = trading.done(by_hand())["id"]
    trading.refuses("EXC-8017", by_hand)
    trading.refuses("EXC-8019", trading.settles)
    # Turned down, it waits again, and what it needs is held for it again.
    trading.done(reject(trading.ctx("registry-checker-1"), Decide(id, "again")))
    assert trading.has(trading.a) == (UNITS - 1_000, 1_000)
    assert len(trading.delivers()) == 1
    trading.refuses("EXC-8028", lambda: trading.settles(limit=501))
    assert trading.findings() == []


def test_what_a_sale_pays_for_waits_for_the_sale(trading: Trading) -> None:
    """The first sells everything and buys for more than it had; the purchase waits until the sale is paid."""
    trading.done(trading.pays_out(trading.a, CASH))
    trading.sell(trading.a, 50_000)
    trading.buy(trading.b, 50_000)
    trading.sell(trading.c, 20_000)
    trading.buy(trading.a, 20_000)
    trading.done(trading.closes())
    first = trading.done(trading.settles())
    assert len(first["proposed"]) == 1 and first["left"] == 1
    trading.refuses("EXC-8018", trading.settles)
    for person in ("registry-checker-1", "registry-checker-2"):
        trading.done(trading.market.approve(person, first["proposed"][0]))
    # What came in is held for the purchase and the fees; only what is left of it is free.
    fees = 70 * ONE_SIDE
    owed = 20_000 * PRICE + fees
    assert trading.has(trading.a, MONEY, "CNY") == (50_000 * PRICE - owed, owed + CASH)
    trading.delivers()
    assert trading.has(trading.a, MONEY, "CNY") == (50_000 * PRICE - owed, fees + CASH)
    assert trading.has(trading.a) == (UNITS - 50_000 + 20_000, 0)
    with trading.market.database.read() as conn:
        assert not conn.execute(select(MARKET_DUE.c.left).where(MARKET_DUE.c.left > 0)).all()
    assert trading.findings() == []
