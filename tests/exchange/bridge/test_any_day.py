"""Whatever happens on a day, the book and the engine agree, nothing is lost, and no rule is broken."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Outcome
from tanshu.exchange.market import replayed
from tanshu.exchange.model import Cancel, Offer, Take
from tanshu.exchange.standing import Lift, Suspend, lift, suspend
from tanshu.registry import queries as registry
from tanshu.registry.model import Decide
from tanshu.registry.service import reject
from tests.exchange.bridge.support import (
    CASH,
    CEA,
    CHECKER,
    EXCHANGE,
    MONEY,
    NEXT,
    OUTSIDE,
    TRADING,
    UNITS,
    Trading,
)
from tests.support.orders import Court

STEPS = 40


class Day:
    """Random turns of three participants, a court and the exchange; refusals are part of it."""

    def __init__(self, trading: Trading, seed: int):
        self.trading, self.dice = trading, random.Random(seed)
        self.court = Court(trading.market)
        self.waiting: list[str] = []
        self.paid_in = 0
        self.turns: tuple[Callable[[str], Outcome | None], ...] = (
            self.offers, self.offers, self.takes, self.takes, self.takes, self.cancels, self.moves,
            self.moves, self.pays_in, self.pays_out, self.decides, self.freezes, self.stops,
        )  # fmt: skip

    def step(self) -> Outcome | None:
        handle = self.dice.choice((self.trading.a, self.trading.b, self.trading.c))
        return self.dice.choice(self.turns)(handle)

    def offers(self, handle: str) -> Outcome:
        side, price = self.dice.choice(("buy", "sell")), self.dice.randint(7_950, 8_050)
        return self.trading.orders(handle, Offer("CEA22", side, self.dice.randint(1, 40_000), price))

    def takes(self, handle: str) -> Outcome:
        side = self.dice.choice(("buy", "sell"))
        return self.trading.orders(handle, Take("CEA22", side, self.dice.randint(1, 40_000), 0))

    def cancels(self, handle: str) -> Outcome:
        return self.trading.orders(handle, Cancel(f"20240102-{self.dice.randint(1, 30)}"))

    def moves(self, handle: str) -> Outcome:
        return self.trading.moves(handle, self.dice.randint(1, 30_000), into=self.dice.random() < 0.5)

    def pays_in(self, handle: str) -> None:
        fen = self.dice.randint(1, 1_000_000_00)
        self.paid_in += fen
        self.trading.pays_in(handle, fen)

    def pays_out(self, handle: str) -> Outcome:
        outcome = self.trading.pays_out(handle, self.dice.randint(1, CASH // 2))
        if isinstance(outcome, Answer):
            self.waiting.append(outcome["id"])
        return outcome

    def decides(self, _handle: str) -> Outcome | None:
        if not self.waiting:
            return None
        id = self.waiting.pop()
        if self.dice.random() < 0.5:
            return reject(self.trading.ctx("registry-checker-1"), Decide(id, "no"))
        outcome = self.trading.done(self.trading.market.approve("registry-checker-1", id))
        with self.trading.market.database.read() as conn:
            found = registry.transaction(conn, id)
            assert not isinstance(found, Refusal)
            self.paid_in -= found.quantity
        return outcome

    def freezes(self, handle: str) -> None:
        if self.dice.random() < 0.3:
            line = ("CEA22", self.dice.randint(1, 70_000), self.trading.market.account(handle, TRADING))
            self.court.done("judicial-freeze", line, follows=self.dice.random() < 0.5)

    def stops(self, handle: str) -> None:
        if self.dice.random() < 0.3:
            why = {"reason": "r"}
            if isinstance(suspend(self.trading.ctx(EXCHANGE, **why), Suspend(CEA, handle)), Answer):
                self.trading.done(lift(self.trading.ctx(EXCHANGE, **why), Lift(CEA, handle)))
                self.trading.done(lift(self.trading.ctx(CHECKER), Lift(CEA, handle)))


def _there(trading: Trading) -> tuple[int, int]:
    """Tonnes and fen that the three have, in all their accounts."""
    market, everybody = trading.market, (trading.a, trading.b, trading.c)
    units = sum(sum(market.has(one, "CEA22")) + sum(trading.has(one)) for one in everybody)
    return units, sum(sum(trading.has(one, MONEY, "CNY")) for one in everybody)


@pytest.mark.parametrize("seed", [1])
def test_any_day_agrees_with_the_book_and_can_be_settled(trading: Trading, seed: int) -> None:
    day = Day(trading, seed)
    for _ in range(STEPS):
        day.step()
        trading.check()
    for id in day.waiting:
        trading.done(reject(trading.ctx("registry-checker-1"), Decide(id, "the day is over")))
    trading.done(trading.closes())
    traded = trading.delivers()
    assert traded, "a day without a trade says little"
    assert _there(trading) == (3 * (UNITS + OUTSIDE), 3 * CASH + day.paid_in)
    trading.clock.set_day(NEXT)
    trading.done(trading.opens(NEXT))
    with trading.market.database.read() as conn:
        *_, (_, engine) = replayed(conn, trading.exchange.log)
    assert engine.state_hash() == trading.engine().state_hash()
    assert trading.findings() == []
