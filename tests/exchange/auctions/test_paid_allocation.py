"""有偿分配: an authority auctions a growing share of a year's allowances; delivered against payment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Any

import pytest

from tanshu.base.refusal import need
from tanshu.book.commit import Outcome
from tanshu.exchange import market as markets
from tanshu.exchange import service as orders
from tanshu.exchange.auctions import papers, primary
from tanshu.exchange.bridge import delivery
from tanshu.exchange.bridge.days import close_day, open_day
from tanshu.exchange.bridge.founding import admit, found_market, list_instrument
from tanshu.exchange.bridge.model import Admit, CloseDay, FoundMarket, ListInstrument, OpenDay, Settle
from tanshu.exchange.model import Bid
from tanshu.parties.model import AccountKind, Appoint, NewPerson, OpenAccount
from tanshu.parties.service import appoint, open_account
from tanshu.registry.batches import DecideMany, approve_many
from tanshu.rules.market_pack import market_rules
from tests.exchange.auctions.support import Auctioneer
from tests.exchange.bridge.support import CASH, EXCHANGE, MONEY, NEXT, Trading

PRIMARY, PACK = "primary", "auction.primary"
TOTAL = 1_000_000
"""Tonnes of 2025 in all: 2 % of it, 20,000 t, is auctioned."""
ISSUED = 100_000


class Primary(Auctioneer):
    """The province's auctions on a market of their own, open on the second day."""

    @property
    def log(self) -> int:
        return self.market.log

    @property
    def market(self) -> markets.Market:
        with self.trading.market.database.read() as conn:
            return need(markets.by_name(self.trading.book, conn, self.name))

    def bid(self, handle: str, tonnes: int, price: int, number: int = 1) -> Outcome:
        trader = self.trading.ctx(self.trading.traders[handle])
        return orders.submit(orders.at(trader, self.market), Bid(number, tonnes, price))


@pytest.fixture
def province(trading: Trading) -> Iterator[Primary]:
    market, ctx = trading.market, trading.ctx
    own = market.account("hubei", AccountKind.PROVINCIAL)
    market.done("registry-maker-1", "issuance", ("CEA23", ISSUED, "", own), by=("registry-checker-1",))
    trading.done(open_account(ctx("registry-maker-1"), OpenAccount("hubei", "cash")))
    trader = Appoint("hubei", NewPerson("hubei-trader-1", ("trader",)))
    trading.done(appoint(ctx("registry-maker-1"), trader))
    trading.done(found_market(ctx(EXCHANGE), FoundMarket(PRIMARY, PACK)))
    trading.done(admit(ctx(EXCHANGE), Admit(PRIMARY, "hubei", ("hubei-trader-1",))))
    for handle in (trading.b, trading.c):
        trading.done(admit(ctx(EXCHANGE), Admit(PRIMARY, handle, (trading.traders[handle],))))
    trading.done(list_instrument(ctx(EXCHANGE), ListInstrument(PRIMARY, "CEA23", 7_000)))
    trading.clock.set_day(date(2024, 1, 2), time(15, 5))
    trading.done(trading.closes())
    trading.clock.set_day(NEXT, time(9, 5))
    trading.done(open_day(ctx(EXCHANGE), OpenDay(PRIMARY, NEXT)))
    yield Primary(trading, PRIMARY)


def paid(tonnes: int = 15_000, **more: Any) -> dict[str, Any]:
    return {
        "initiator": "hubei", "instrument": "CEA23", "quantity": tonnes, "day": NEXT, "paid_year": 2025,
        "year_total_t": TOTAL, "pricing": "", "ties": "", "sealed": None, "deposit_share": "", **more,
    }  # fmt: skip


def test_the_pack_says_how_and_how_much(province: Primary) -> None:
    province.announced(**paid())
    notice = province.notice()
    assert (notice.pricing, notice.ties, notice.sealed) == ("uniform", "pro_rata", True)
    assert (notice.cap_t, notice.deposit_share) == (4_500, Decimal("0.1"))
    rules = need(market_rules(PACK))
    with province.trading.market.database.read() as conn:
        plan = need(primary.plan(conn, rules, "CEA23", {2025: TOTAL, 2026: TOTAL, 2028: TOTAL}))
        paper = need(papers.notice_paper(conn, province.trading.book, province.log, 1))
    assert [(one.year, one.planned_t, one.used_t, one.left_t) for one in plan] == [
        (2025, 20_000, 15_000, 5_000), (2026, 30_000, 0, 30_000), (2028, 80_000, 0, 80_000),
    ]  # fmt: skip
    assert any("示例" in stamp.zh for stamp in paper.stamps), "its rules are an example"
    assert "1,000,000" in papers.text(paper, "en")


def test_no_more_than_the_share_is_announced_and_only_by_an_authority(province: Primary) -> None:
    province.refuses("EXC-5109", lambda: province.announce(**paid(20_001)))
    province.announced(**paid(15_000))
    province.refuses("EXC-5109", lambda: province.announce(**paid(5_001)))
    assert province.announced(**paid(5_000)) == 2
    province.refuses("EXC-5108", lambda: province.announce(**paid(paid_year=2024)))
    province.refuses("EXC-5110", lambda: province.announce(**paid(initiator=province.trading.b)))
    province.refuses("EXC-5105", lambda: province.announce(**paid(side="buy")))
    province.refuses("BASE-1001", lambda: province.announce(**paid(year_total_t=None)))


def test_what_was_not_sold_is_announced_again(province: Primary) -> None:
    province.announced(**paid(20_000))
    province.done(province.call_off("改期"))
    assert province.announced(**paid(20_000)) == 2


def test_paid_allowances_are_delivered_against_payment(province: Primary) -> None:
    trading, b, c = province.trading, province.trading.b, province.trading.c
    own = AccountKind.PROVINCIAL
    province.announced(**paid(5_000, cap_share="1"))
    for handle in (b, c):
        province.done(province.qualify(handle, 5_000))
    province.at(10, 31, NEXT)
    province.done(province.bid(b, 3_000, 9_000))
    province.done(province.bid(c, 4_000, 8_000))
    province.at(11, 0, NEXT)
    told = province.done(province.record())
    assert (told["sold_t"], told["clearing_fen"], told["amount_fen"]) == (5_000, 8_000, 40_000_000)
    province.done(province.publish())
    province.at(15, 5, NEXT)
    trading.done(close_day(trading.ctx(EXCHANGE), CloseDay(PRIMARY, NEXT)))
    assert trading.has("hubei", own, "CEA23") == (ISSUED - 5_000, 5_000)
    settled = trading.done(delivery.settle(trading.ctx(EXCHANGE), Settle(PRIMARY, NEXT)))
    assert settled["left"] == 0
    for person in ("registry-checker-1", "registry-checker-2"):
        trading.done(approve_many(trading.ctx(person), DecideMany(tuple(settled["proposed"]))))
    assert trading.has("hubei", own, "CEA23") == (ISSUED - 5_000, 0)
    assert trading.has("hubei", MONEY, "CNY")[0] == 40_000_000
    assert trading.has(b, what="CEA23") == (3_000, 0) and trading.has(c, what="CEA23") == (2_000, 0)
    assert trading.has(b, MONEY, "CNY") == (CASH - 24_000_000, 0)
    assert trading.findings() == []
