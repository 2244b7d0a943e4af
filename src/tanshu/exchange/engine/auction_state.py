"""What the desk of auctions knows beside the arrays: which are announced, who may bid, whose order is whose.

Auctions outlive days; their orders do not. The image has everything but the bids, which the orders tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from tanshu.exchange.engine.records import AuctionOrder, AuctionRule, Mode, Pricing, Side, Ties
from tanshu.exchange.engine.state import (
    LIVE,
    O_ABOUT,
    O_HELD,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_PARTY,
    O_STATE,
    ORDERS,
    RESTING,
    Arrays,
)


class Stage(IntEnum):
    ANNOUNCED = 0
    OPEN = 1
    OVER = 2


@dataclass(slots=True)
class Bidder:
    """cap: tonnes, 0 none. deposit: fen it has to show. deposit_order: the order that holds it, 0 where none
    stands. bids: the numbers of its resting bids, oldest first."""

    cap: int
    deposit: int
    deposit_order: int = 0
    bids: list[int] = field(default_factory=list[int])

    def tonnes(self, a: Arrays) -> int:
        """What its bids ask."""
        return sum(int(a.orders[number, O_LEFT]) for number in self.bids)

    def kept(self, a: Arrays, side: Side) -> int:
        """Fen its bids hold; bidders of this side."""
        return sum(int(a.orders[number, O_HELD]) for number in self.bids) if side is Side.BUY else 0

    def held(self, a: Arrays) -> int:
        """Fen its deposit holds now."""
        return int(a.orders[self.deposit_order, O_HELD]) if self.deposit_order else 0


@dataclass(slots=True)
class Auction:
    """As announced. side: the initiator's. quantity: tonnes offered or sought. reserve: fen per tonne, 0 for
    none. order: the initiator's, 0 where it does not stand."""

    number: int
    side: Side
    pricing: Pricing
    ties: Ties
    rules: AuctionRule
    instrument: int
    party: int
    quantity: int
    reserve: int
    stage: Stage = Stage.ANNOUNCED
    order: int = 0
    bidders: dict[int, Bidder] = field(default_factory=dict[int, Bidder])

    @property
    def bids_side(self) -> Side:
        return Side.SELL if self.side is Side.BUY else Side.BUY

    @property
    def many(self) -> int:
        """How many bids rest."""
        return sum(len(bidder.bids) for bidder in self.bidders.values())

    def bids(self) -> list[int]:
        """The numbers of all resting bids, in time."""
        return sorted(number for bidder in self.bidders.values() for number in bidder.bids)


class Auctions:
    """All of a market's auctions that are not over, and those that ended today."""

    def __init__(self) -> None:
        self.last = 0
        self.all: dict[int, Auction] = {}

    def __iter__(self) -> Iterator[Auction]:
        """In the order of their numbers, which is that of the dict."""
        return iter(list(self.all.values()))

    def forget_days(self) -> None:
        """Another day: what is over is over, and no order stands."""
        self.all = {n: one for n, one in self.all.items() if one.stage is not Stage.OVER}

    def image(self) -> bytes:
        if not self.last:
            return b""
        numbers = [self.last, len(self.all)]
        for one in self:
            numbers += [
                one.number, one.side, one.pricing, one.ties, one.rules, one.instrument, one.party,
                one.quantity, one.reserve, one.stage, one.order, len(one.bidders),
            ]  # fmt: skip
            for party in sorted(one.bidders):
                who = one.bidders[party]
                numbers += [party, who.cap, who.deposit, who.deposit_order]
        return np.array(numbers, "<i8").tobytes()

    @classmethod
    def restored(cls, a: Arrays, image: bytes) -> Auctions:
        made = cls()
        if not image:
            return made
        numbers = iter(np.frombuffer(image, "<i8").tolist())
        made.last, many = next(numbers), next(numbers)
        for _ in range(many):
            one = _auction(numbers)
            made.all[one.number] = one
        made._find_bids(a)
        return made

    def _find_bids(self, a: Arrays) -> None:
        if not a.day[LIVE]:
            return
        orders = a.orders[: int(a.day[ORDERS]) + 1]
        here = (orders[:, O_STATE] == RESTING) & (orders[:, O_MODE] == Mode.AUCTION)
        for number in np.flatnonzero(here & (orders[:, O_KIND] == AuctionOrder.BID)):
            order = orders[number]
            self.all[int(order[O_ABOUT])].bidders[int(order[O_PARTY])].bids.append(int(number))


def _auction(numbers: Iterator[int]) -> Auction:
    number, side, pricing, ties, rules, instrument, party, quantity, reserve, stage, order, many = (
        next(numbers) for _ in range(12)
    )
    one = Auction(
        number, Side(side), Pricing(pricing), Ties(ties), AuctionRule(rules), instrument, party, quantity,
        reserve, Stage(stage), order,
    )  # fmt: skip
    for _ in range(many):
        whose, cap, deposit, standing = (next(numbers) for _ in range(4))
        one.bidders[whose] = Bidder(cap, deposit, standing)
    return one
