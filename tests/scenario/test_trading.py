"""The demonstration's market: closes worked out by hand from its listing trades, its auction, its orders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import pytest
from sqlalchemy import select

from tanshu.app import Installation, open_installation
from tanshu.exchange.bridge import trades as market_trades
from tanshu.exchange.figures import queries
from tanshu.exchange.figures.bars import Period, bars
from tanshu.exchange.figures.of_market import followed
from tanshu.exchange.figures.of_months import one_month
from tanshu.exchange.tables import MARKET_DAY
from tanshu.scenario.trading_result import MarketResult, market_result
from tests.support.demo import Demo

BY_HAND = {
    date(2024, 11, 11): (
        # t, CNY/t → CNY
        (8_200, 10_527, 863_214_00),
        (3_100, 10_557, 327_267_00),
        (3_000, 10_599, 317_970_00),
        (1_600, 10_613, 169_808_00),
        (1_600, 10_613, 169_808_00),
        (2_000, 10_404, 208_080_00),
        (3_000, 10_534, 316_020_00),
        # 2,372,167.00 for 22,500 t: 105.4296…
        (22_500, 10_543, 2_372_167_00),
    ),
    date(2024, 11, 20): (
        (10_100, 10_592, 1_069_792_00),
        (4_800, 10_390, 498_720_00),
        (3_900, 10_373, 404_547_00),
        (3_000, 10_383, 311_490_00),
        (3_000, 10_420, 312_600_00),
        (4_100, 10_486, 429_926_00),
        (3_000, 10_598, 317_940_00),
        # 3,345,015.00 for 31,900 t: 104.8594…
        (31_900, 10_486, 3_345_015_00),
    ),
    date(2024, 12, 17): (
        (3_000, 9_659, 289_770_00),
        (3_500, 9_850, 344_750_00),
        (11_400, 9_866, 1_124_724_00),
        (13_600, 9_866, 1_341_776_00),
        (19_600, 9_627, 1_886_892_00),
        (3_000, 9_633, 288_990_00),
        (1_900, 9_702, 184_338_00),
        (3_700, 9_855, 364_635_00),
        (1_100, 9_702, 106_722_00),
        (3_000, 9_644, 289_320_00),
        (7_400, 9_721, 719_354_00),
        # 6,941,271.00 for 71,200 t: 97.4897…
        (71_200, 9_749, 6_941_271_00),
    ),
}
"""Listing trades of a day: tonnes, fen per tonne, fen. The last row: in all, with the close."""
CLOSES = (10_543, 10_478, 10_486, 10_285, 10_232, 10_076, 10_094, 10_167, 10_074, 9_749)


@pytest.fixture(scope="module")
def demo(finished_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    installation = open_installation(finished_demo.copy(tmp_path_factory.mktemp("trading")))
    yield installation
    installation.close()


@pytest.fixture(scope="module")
def market(demo: Installation) -> MarketResult:
    with demo.database.read() as conn:
        found = market_result(conn, "cea")
    assert found is not None
    return found


@pytest.mark.parametrize("day", BY_HAND)
def test_the_close_of_a_day_is_that_worked_out_by_hand(demo: Installation, market: MarketResult, day: date):
    *rows, (volume_t, close_fen, amount_fen) = BY_HAND[day]
    with demo.database.read() as conn:
        row = conn.execute(select(MARKET_DAY).where(MARKET_DAY.c.day == day)).one()
        made = market_trades.of_entries(conn, row.log, row.market_opened, row.market_closed)
    listed = [(one.quantity, one.price, one.amount) for one in made if one.mode == "listing"]
    assert listed == rows
    assert (sum(one[0] for one in rows), sum(one[2] for one in rows)) == (volume_t, amount_fen)
    (told,) = [one for one in market.days if one.day == day]
    assert told.closes == {"CEA23": close_fen}
    if day == date(2024, 11, 20):
        others = {(one.mode, one.quantity, one.price) for one in made if one.mode != "listing"}
        assert ("block", 127_000, 9_921) in others and ("auction", 34_400, 10_421) in others, "not counted"


def test_ten_days_are_traded_in_three_modes(market: MarketResult):
    assert [one.closes["CEA23"] for one in market.days] == list(CLOSES)
    assert {mode for one in market.days for mode in one.modes} == {"listing", "block", "auction"}
    assert sum(one.total.volume for one in market.days) == 3_347_900
    assert market.participants == 60


def test_the_auction_goes_to_three_at_the_lowest_accepted_bid(market: MarketResult):
    (held,) = market.auctions
    assert (held.offered_t, held.sold_t, held.reserve_fen, held.clearing_fen, held.bids) == (
        *(57_300, 57_300),
        *(10_300, 10_421, 6),
    )
    assert held.awards == {
        "91420000770772103A": 3_300,
        "914209846764966404": 19_600,
        "91420800760665777J": 34_400,
    }


def test_candles_and_months_follow_the_market(demo: Installation):
    with followed(demo.book, "cea") as found:
        number = found.instrument("CEA23")
        listed = queries.Which(instrument=number, mode=queries.Mode.LISTING)
        daily = bars(queries.for_bars(found.conn, found.log, listed), Period.DAY)
        november, december = (one_month(found, month, number) for month in ("2024-11", "2024-12"))
    assert [bar.day for bar in daily][:3] == [date(2024, 11, 11), date(2024, 11, 15), date(2024, 11, 20)]
    first = daily[0]
    assert (first.open, first.high, first.low, first.last) == (10_527, 10_613, 10_404, 10_534)
    assert (first.volume, first.amount, first.trades) == (22_500, 2_372_167_00, 7)
    assert (november.close, december.close) == (10_232, 9_749)
    assert november.cumulative.plus(december.total) == december.cumulative
    assert december.cumulative.volume == 3_347_900


def test_what_the_terminal_says_of_the_market_is_what_its_log_says(finished_demo: Demo, market: MarketResult):
    assert json.loads(finished_demo.out)["market"] == market.as_json()
