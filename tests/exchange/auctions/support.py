"""An auction on the market of the bridge's tests: the first plant sells, the others bid; short words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from typing import Any

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Answer, Outcome
from tanshu.exchange import timetable
from tanshu.exchange.auctions import queries, service
from tanshu.exchange.auctions.model import (
    Announce,
    Award,
    CallOff,
    CloseWindow,
    Notice,
    PublishResult,
    Qualify,
    Result,
)
from tanshu.exchange.model import Bid, Cancel
from tests.exchange.bridge.support import CEA, CHECKER, DAY, EXCHANGE, Trading

OPENS, CLOSES = time(10, 30), time(11)


class Auctioneer:
    """Everything is of auction 1 of the market `cea`, unless it says otherwise."""

    def __init__(self, trading: Trading, market: str = CEA):
        self.trading, self.name = trading, market
        self.clock = trading.clock

    def announcement(self, **stated: Any) -> Announce:
        given: dict[str, Any] = {
            "market": self.name,
            "title_zh": "第一次配额竞价",
            "title_en": "First auction of allowances",
            "initiator": self.trading.a,
            "instrument": "CEA22",
            "quantity": 10_000,
            "reserve_fen": 7000,
            "day": DAY,
            "opens": "10:30",
            "closes": "11:00",
            "pricing": "uniform",
            "ties": "time",
            "sealed": True,
            "deposit_share": "0.1",
        }
        return Announce(**(given | stated))

    def announce(self, actor: str = EXCHANGE, **stated: Any) -> Outcome:
        return service.announce(self.trading.ctx(actor), self.announcement(**stated))

    def announced(self, **stated: Any) -> int:
        return self.done(self.announce(**stated))["auction"]

    def qualify(self, handle: str, tonnes: int, number: int = 1) -> Outcome:
        return service.qualify(self.trading.ctx(EXCHANGE), Qualify(self.name, number, handle, tonnes))

    def bid(self, handle: str, tonnes: int, price: int, number: int = 1) -> Outcome:
        return self.trading.orders(handle, Bid(number, tonnes, price))

    def cancel(self, handle: str, order: str) -> Outcome:
        return self.trading.orders(handle, Cancel(order))

    def record(self, number: int = 1) -> Outcome:
        return service.record(self.trading.ctx(EXCHANGE), CloseWindow(self.name, number))

    def call_off(self, reason: str, number: int = 1) -> Outcome:
        return service.call_off(self.trading.ctx(EXCHANGE, reason=reason), CallOff(self.name, number))

    def publish(self, actor: str = CHECKER, number: int = 1) -> Outcome:
        return service.publish(self.trading.ctx(actor), PublishResult(self.name, number))

    def refuses(self, code: str, call: Callable[[], Outcome]) -> Refusal:
        """Refused with this code, and nothing written but the steps that were due."""
        timetable.keep(self.trading.exchange, self.clock())
        return self.trading.refuses(code, call)

    @staticmethod
    def done(outcome: Outcome) -> Answer:
        assert isinstance(outcome, Answer), outcome
        return outcome

    # -- the clock -----------------------------------------------------------------------------------------

    def at(self, hour: int, minute: int = 0, day: date = DAY) -> None:
        self.clock.set_day(day, time(hour, minute))

    def in_window(self, *qualified: str, tonnes: int = 10_000, **stated: Any) -> None:
        """Announced, these qualified, the window open."""
        self.announced(**stated)
        for handle in qualified:
            self.done(self.qualify(handle, tonnes))
        self.at(10, 31)

    def over(self, *bids: tuple[str, int, int], **stated: Any) -> None:
        """Announced, bid for, and the window past."""
        self.in_window(*dict.fromkeys(bid[0] for bid in bids), **stated)
        for bid in bids:
            self.done(self.bid(*bid))
        self.at(11)

    # -- asking --------------------------------------------------------------------------------------------

    def notice(self, number: int = 1) -> Notice:
        with self.trading.market.database.read() as conn:
            return need(queries.notice(conn, self.log, number))

    def result(self, number: int = 1) -> Result | None:
        with self.trading.market.database.read() as conn:
            return queries.result(conn, self.log, number)

    def awards(self, number: int = 1) -> list[Award]:
        with self.trading.market.database.read() as conn:
            return list(queries.awards(conn, self.log, number))

    @property
    def log(self) -> int:
        return self.trading.exchange.log
