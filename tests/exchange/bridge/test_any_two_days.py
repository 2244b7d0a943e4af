"""A day with two auctions, courts that freeze, release and take, stopped accounts, and settlements that are
turned down; whatever happens, the next day opens, nothing is lost, and no rule is broken.
"""

from __future__ import annotations

from datetime import time

import pytest

from tanshu.book.commit import Answer, Outcome
from tanshu.exchange.market import replayed
from tanshu.exchange.model import Bid
from tanshu.exchange.standing import Lift, lift
from tanshu.parties.model import AccountKind
from tanshu.registry.model import Decide
from tanshu.registry.service import reject
from tests.exchange.auctions.support import Auctioneer
from tests.exchange.bridge.support import (
    CASH,
    CEA,
    CHECKER,
    DAY,
    EXCHANGE,
    MONEY,
    NEXT,
    OUTSIDE,
    TRADING,
    UNITS,
    Trading,
)
from tests.exchange.bridge.test_any_day import Day, _there
from tests.support.orders import Court

STEPS = 50
REVIEWERS = ("registry-checker-1", "registry-checker-2")


class Busy(Day):
    """As any day, and more of it, from ten to twenty past eleven."""

    def __init__(self, trading: Trading, seed: int):
        super().__init__(trading, seed)
        self.auction, self.minute, self.taken = Auctioneer(trading), 0, 0
        self.frozen: list[tuple[str, str]] = []
        more = (self.bids, self.bids, self.qualifies, self.releases, self.deducts, self.restricts)
        self.turns = (*self.turns, *more)
        self.auction.announced(quantity=5_000)
        others = {"pricing": "pay_as_bid", "ties": "pro_rata", "one_bid": True, "sealed": False}
        self.auction.announced(quantity=5_000, initiator=trading.b, **others)

    def step(self) -> Outcome | None:
        self.minute = min(80, self.minute + self.dice.randint(0, 4))
        self.trading.clock.set_day(DAY, time(10 + self.minute // 60, self.minute % 60))
        return super().step()

    def qualifies(self, handle: str) -> Outcome:
        return self.auction.qualify(handle, self.dice.randint(100, 5_000), self.dice.randint(1, 2))

    def bids(self, handle: str) -> Outcome:
        bid = Bid(self.dice.randint(1, 2), self.dice.randint(1, 3_000), self.dice.randint(6_900, 8_200))
        return self.trading.orders(handle, bid)

    def freezes(self, handle: str) -> None:
        if self.dice.random() < 0.7:
            return
        line = ("CEA22", self.dice.randint(1, 50_000), self.trading.market.account(handle, TRADING))
        id = self.court.done("judicial-freeze", line, follows=self.dice.random() < 0.5)
        self.frozen.append((id, handle))

    def releases(self, _handle: str) -> None:
        if self.frozen:
            id, _ = self.frozen.pop(self.dice.randrange(len(self.frozen)))
            Court(self.trading.market, "甲法院").done("judicial-release", original=id)

    def deducts(self, _handle: str) -> Outcome | None:
        if not self.frozen:
            return None
        market, (id, whose) = self.trading.market, self.dice.choice(self.frozen)
        sides = (market.account(whose, TRADING), market.account("hubei", AccountKind.PROVINCIAL))
        tonnes = self.dice.randint(1, 5_000)
        asked = self.court.order("judicial-deduction", ("CEA22", tonnes, *sides), original=id)
        if isinstance(asked, Answer) and isinstance(market.approve(REVIEWERS[0], asked["id"]), Answer):
            self.taken += tonnes
        return asked

    def restricts(self, handle: str) -> None:
        if self.dice.random() < 0.7:
            return
        market, ctx = self.trading.market, self.trading.ctx
        account = market.account(handle, self.dice.choice((TRADING, MONEY)))
        market.set_state(account, "restricted")
        market.set_state(account, "open")
        self.trading.done(lift(ctx(EXCHANGE, reason="r"), Lift(CEA, handle)))
        self.trading.done(lift(ctx(CHECKER), Lift(CEA, handle)))

    def settles(self) -> None:
        """Some are turned down, and come again; courts go on freezing."""
        left = 1
        while left:
            told = self.trading.done(self.trading.settles(limit=self.dice.randint(1, 5)))
            left = told["left"]
            for id in told["proposed"]:
                if self.dice.random() < 0.2:
                    self.trading.done(reject(self.trading.ctx(REVIEWERS[0]), Decide(id, "no")))
                    left += 1
                    continue
                for person in REVIEWERS:
                    self.trading.done(self.trading.market.approve(person, id))
            if self.dice.random() < 0.7:
                self.freezes(self.dice.choice((self.trading.a, self.trading.b, self.trading.c)))


@pytest.mark.parametrize("seed", [0])
def test_a_day_of_everything_is_settled_and_the_next_one_opens(trading: Trading, seed: int) -> None:
    day = Busy(trading, seed)
    for _ in range(STEPS):
        day.step()
        trading.check()
    for id in day.waiting:
        trading.done(reject(trading.ctx(REVIEWERS[0]), Decide(id, "the day is over")))
    trading.clock.set_day(DAY, time(15, 5))
    assert trading.done(trading.closes())["trades"], "a day without a trade says little"
    day.settles()
    assert _there(trading) == (3 * (UNITS + OUTSIDE) - day.taken, 3 * CASH + day.paid_in)
    trading.clock.set_day(NEXT, time(9, 5))
    trading.opened = trading.done(trading.opens(NEXT))["seq"]
    trading.check()
    with trading.market.database.read() as conn:
        *_, (_, engine) = replayed(conn, trading.exchange.log)
    assert engine.state_hash() == trading.engine().state_hash()
    assert trading.findings() == []
