"""A market in a test's hands: a stage without a crowd, and what the rules say at the end of each day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from typing import Any

from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.refusal import need
from tanshu.exchange.engine.records import Side
from tanshu.exchange.supervision.model import Alert, Known, Rule
from tanshu.exchange.supervision.stage import CEA, Stage
from tanshu.exchange.supervision.stream import Order
from tanshu.exchange.supervision.thresholds import DEFAULT, Thresholds, of_pack
from tanshu.exchange.supervision.watch import alerts
from tanshu.rules import packs

REFERENCE = 10_000
BUY, SELL = Side.BUY, Side.SELL
FIRST = date(2024, 11, 4)


def example() -> Thresholds:
    return of_pack(need(packs.load(DEFAULT)))


class Played:
    """Participants 1, 2, …; each has `units` tonnes. Times are Shanghai's, of the day being played."""

    def __init__(
        self,
        parties: int = 4,
        *,
        known: Known | None = None,
        groups: Sequence[int] = (),
        units: int = 200_000,
        limits: Sequence[int] = (),
    ):
        self.parties, self.known = parties, known or Known()
        self.stage = Stage(Random(0))
        self.stage.admit(groups or [0] * parties, REFERENCE)
        self.units, self.limits = [units] * parties, limits or [0] * parties
        self.day = FIRST
        self.begin()

    def begin(self) -> None:
        self.stage.open(self.day, self.units, [0] * self.parties, 10**12, self.limits)

    def at(self, clock: str) -> Played:
        """From here on it is this time; what the timetable has until then is done."""
        when = shanghai_ns(self.day, time.fromisoformat(clock))
        self.stage.play(when)
        self.stage.now_ns = when
        return self

    def offer(self, party: int, side: Side, tonnes: int, price: int) -> Order:
        order = self.stage.offer(party, side, tonnes, price)
        assert order, "refused"
        return order

    def take(self, party: int, side: Side, tonnes: int, worst: int = 0, maker: int = 0) -> Order | None:
        return self.stage.take(party, side, tonnes, worst, maker)

    def trade(self, buyer: int, seller: int, tonnes: int, price: int, *, named: bool = False) -> None:
        """An offer to sell, taken at once; by name, or because it is the best."""
        order = self.offer(seller, SELL, tonnes, price)
        assert self.take(buyer, BUY, tonnes, price, order.number if named else 0), "refused"

    def later(self, seconds: int) -> None:
        self.stage.now_ns += seconds * NS

    def block(self, seller: int, buyer: int, tonnes: int, price: int) -> None:
        """A quote made to one participant, and confirmed."""
        before = self.stage.tape.units[CEA, buyer]
        self.stage.block(seller, buyer, tonnes, price, 1)
        self.stage.play(self.stage.now_ns + 5 * NS)
        assert self.stage.tape.units[CEA, buyer] == before + tonnes, "refused"

    def over(self) -> None:
        """Close the day and open the next."""
        self.close()
        self.units = self.stage.holdings(self.parties)
        self.day += timedelta(days=1)
        self.begin()

    def close(self) -> None:
        self.at("15:00:01")
        self.stage.close(self.day)

    def told(self, rule: Rule, thresholds: Thresholds | None = None) -> list[Alert]:
        """What one rule says of everything played so far."""
        found = alerts(self.stage.heard, thresholds or example(), self.known)
        return [one for one in found if one.rule is rule]


def with_(name: str, **changes: Any) -> Thresholds:
    """The example's thresholds with some of one rule changed."""
    base = example()
    return replace(base, **{name: replace(getattr(base, name), **changes)})
