"""What a bidder, or a clerk alone, tries to learn or to bend in an auction."""

from __future__ import annotations

import pytest

from tanshu.exchange.standing import Suspend, suspend
from tests.cli.conftest import at
from tests.exchange.auctions.support import Auctioneer
from tests.exchange.bridge.support import CEA, EXCHANGE


def test_the_deposit_does_not_tell_a_hidden_reserve(auction: Auctioneer) -> None:
    deposits = list[int]()
    for n, reserve in enumerate((7_000, 7_900), 1):
        auction.announced(reserve_fen=reserve, reserve_hidden=True)
        deposits.append(auction.done(auction.qualify(auction.trading.b, 1_000, number=n))["deposit_fen"])
    assert deposits == [800_000, 800_000], "a tenth of the last close"


@pytest.mark.parametrize("trading", ["sqlite"], indirect=True)
def test_nobody_reads_a_sealed_bid_or_a_hidden_reserve_before_the_result(auction: Auctioneer) -> None:
    b, c = auction.trading.b, auction.trading.c
    auction.trading.sell(auction.trading.a, 100)
    auction.in_window(b, c, reserve_hidden=True, one_bid=True)
    auction.done(auction.bid(b, 1_000, 8_100))
    auction.done(auction.bid(b, 1_100, 8_200))
    order = auction.done(auction.bid(c, 500, 7_100))["order"]
    auction.done(auction.cancel(c, order))
    tanshu = at(auction.trading.market.database.url)

    def shown(*more: str) -> list[str]:
        return [one["mode"] for one in tanshu("market", "orders", *more, "--json").ok().json["orders"]]

    assert shown() == ["listing"]
    assert shown("--mode", "auction") == shown("--party", b) == []
    auction.at(11)
    auction.done(auction.record())
    assert set(shown()) == {"listing", "auction"}


def test_a_suspension_after_the_window_changes_no_result(auction: Auctioneer) -> None:
    """The window closed at eleven, whoever was the first to ask something afterwards."""
    trading = auction.trading
    auction.over((trading.b, 1_000, 9_000), (trading.c, 1_000, 8_000))
    auction.done(suspend(trading.ctx(EXCHANGE, reason="异常"), Suspend(CEA, trading.b)))
    assert auction.done(auction.record())["sold_t"] == 2_000


def test_a_freeze_after_the_window_changes_no_result(auction: Auctioneer) -> None:
    from tests.exchange.bridge.support import TRADING
    from tests.support.orders import Court

    trading = auction.trading
    auction.over((trading.b, 1_000, 9_000), (trading.c, 1_000, 8_000))
    line = ("CEA22", 10_000, trading.market.account(trading.b, TRADING))
    Court(trading.market).done("judicial-freeze", line)
    assert auction.done(auction.record())["sold_t"] == 2_000
