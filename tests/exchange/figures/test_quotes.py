"""Days, months and the composite: prices as the rule says, sums to the tonne and the fen."""

from __future__ import annotations

from datetime import date, time
from decimal import Decimal

import pytest

from tanshu.base.clock import shanghai_ns
from tanshu.base.database import Database
from tanshu.book import projections
from tanshu.exchange.engine.records import MODES, Mode, Side
from tanshu.exchange.figures import depth, months, queries
from tanshu.exchange.figures.bars import Period, bars
from tanshu.exchange.figures.following import MarketData
from tanshu.exchange.figures.quotes import Quote, Sum, composite, quotes
from tests.exchange.figures.support import LOG, Hand, played, written

MONDAY, TUESDAY, WEDNESDAY = date(2024, 11, 4), date(2024, 11, 5), date(2024, 11, 6)
DECEMBER = date(2024, 12, 2)


def ns(day: date, clock: str) -> int:
    return shanghai_ns(day, time.fromisoformat(clock))


def followed(database: Database, hand: Hand) -> None:
    written(database, hand.blocks)
    projections.catch_up(database, MarketData, LOG)


def of_days(database: Database, first: date = date.min, last: date = date.max) -> list[Quote]:
    with database.read() as conn:
        return quotes(conn, LOG, first, last)


def three_days() -> Hand:
    """Two listing trades and a block far off; the next day a block alone; then one trade, not closed."""
    hand = Hand(references=(9_700,))
    hand.open(MONDAY)
    hand.trade(ns(MONDAY, "09:31"), 100, 9_750)
    hand.trade(ns(MONDAY, "13:05"), 100_000, 9_000, mode=Mode.BLOCK)
    hand.trade(ns(MONDAY, "14:59"), 101, 9_700)
    hand.close(ns(MONDAY, "15:00"))
    hand.open(TUESDAY)
    hand.trade(ns(TUESDAY, "13:05"), 200_000, 9_100, mode=Mode.BLOCK)
    hand.close(ns(TUESDAY, "15:00"))
    hand.open(WEDNESDAY)
    hand.trade(ns(WEDNESDAY, "09:40"), 10, 9_800)
    return hand


def test_the_close_is_the_average_of_listing_trades_half_up_and_blocks_do_not_count(database: Database):
    followed(database, three_days())
    monday = of_days(database, MONDAY, MONDAY)[0]
    # (100 × 97.50 + 101 × 97.00) / 201 = 97.2487…
    assert (monday.previous, monday.open, monday.high, monday.low, monday.close) == (
        9700,
        9750,
        9750,
        9700,
        9725,
    )
    assert monday.modes == {
        Mode.LISTING: Sum(201, 975_000 + 979_700, 2),
        Mode.BLOCK: Sum(100_000, 900_000_000, 1),
    }
    assert monday.change_percent == Decimal("0.26")


def test_a_day_without_listing_trades_stands_at_the_previous_close(database: Database):
    followed(database, three_days())
    tuesday = of_days(database, TUESDAY, TUESDAY)[0]
    assert (tuesday.previous, tuesday.open, tuesday.high, tuesday.low, tuesday.close) == (9725,) * 5
    assert not tuesday.traded and tuesday.total == Sum(200_000, 1_820_000_000, 1)
    assert tuesday.change_percent == 0


def test_an_open_day_has_no_close_yet(database: Database):
    followed(database, three_days())
    wednesday = of_days(database)[-1]
    assert (wednesday.previous, wednesday.open, wednesday.close) == (9725, 9800, None)
    assert wednesday.change is None and wednesday.change_percent is None


def test_where_two_modes_make_the_close_the_open_is_the_first_trade_of_either(database: Database):
    hand = Hand()
    hand.open(MONDAY, counted=(Mode.LISTING, Mode.ORDER_BOOK))
    hand.trade(ns(MONDAY, "09:31"), 1, 5_010, mode=Mode.ORDER_BOOK)
    hand.trade(ns(MONDAY, "09:32"), 1, 5_020, mode=Mode.LISTING)
    followed(database, hand)
    assert of_days(database)[0].open == 5_010


def test_a_fall_is_rounded_like_a_rise():
    quote = Quote(MONDAY, 1, 20_000, 0, 0, 0, 19_999, True, {})
    assert quote.change_percent == Decimal("-0.01")  # 0.005 % away from zero


# -- the composite -----------------------------------------------------------------------------------------


def flat(instrument: int, price: int, volume: int = 0) -> Quote:
    modes = {Mode.LISTING: Sum(volume, volume * price, 1)} if volume else {}
    return Quote(MONDAY, instrument, price, price, price, price, price, bool(volume), modes)


@pytest.mark.parametrize(
    ("weights", "close"),
    [
        ({1: "1"}, 9_000),
        ({1: "0.5", 2: "0.5"}, 9_051),  # 9,050.5 half up
        ({1: "0.25", 2: "0.75"}, 9_076),  # 9,075.75
        ({1: "1", 2: "2"}, 9_067),  # weights need not add up to 1: 9,067.33
        ({2: "1", 3: "1"}, 9_101),  # 3 is not quoted
        ({1: "0", 2: "1"}, 9_101),
    ],
)
def test_the_composite_weighs_the_closes_of_the_vintages(weights: dict[int, str], close: int):
    found = composite([flat(1, 9_000, 10), flat(2, 9_101)], {i: Decimal(w) for i, w in weights.items()})
    assert found is not None
    assert found.close == close
    assert found.total == Sum(10, 90_000, 1), "volume is that of all products"


def test_there_is_no_composite_where_nothing_of_weight_is_quoted():
    assert composite([flat(1, 9_000)], {7: Decimal(1)}) is None


def test_the_weights_that_stand_on_the_day_count(database: Database):
    hand = Hand(references=(9_000, 10_000))
    for day in (MONDAY, TUESDAY):
        hand.open(day)
        hand.trade(ns(day, "10:00"), 10, 9_000)
        hand.trade(ns(day, "10:01"), 10, 10_000, instrument=2)
        hand.close(ns(day, "15:00"))
    followed(database, hand)

    def weights(day: date) -> dict[int, Decimal]:
        return {1: Decimal(1)} if day < TUESDAY else {1: Decimal("0.4"), 2: Decimal("0.6")}

    with database.read() as conn:
        (month,) = months.months(conn, LOG, TUESDAY, weights)
    assert [day.close for day in month.days] == [9_000, 9_600]
    assert (month.high, month.low, month.close) == (9_600, 9_000, 9_600)


# -- months ------------------------------------------------------------------------------------------------


def test_a_month_adds_its_days_by_mode_and_counts_on_from_the_first(database: Database):
    hand = three_days()
    hand.close(ns(WEDNESDAY, "15:00"))
    hand.open(DECEMBER)
    hand.trade(ns(DECEMBER, "10:00"), 7, 9_900)
    hand.close(ns(DECEMBER, "15:00"))
    followed(database, hand)
    with database.read() as conn:
        november, december = months.months(conn, LOG, DECEMBER)
        assert months.months_of(conn, LOG, 1, DECEMBER)[1].modes == december.modes
    assert (november.month, november.high, november.low, november.close) == ("2024-11", 9_800, 9_700, 9_800)
    assert november.modes == {
        Mode.LISTING: Sum(211, 1_954_700 + 98_000, 3),
        Mode.BLOCK: Sum(300_000, 2_720_000_000, 2),
    }
    assert november.total == Sum(300_211, 2_722_052_700, 5) == november.cumulative
    assert december.cumulative == Sum(300_218, 2_722_052_700 + 69_300, 6)


def test_several_products_without_weights_have_sums_but_no_price_in_common(database: Database):
    hand = Hand(references=(9_000, 10_000))
    hand.open(MONDAY)
    hand.trade(ns(MONDAY, "10:00"), 10, 9_000)
    hand.close(ns(MONDAY, "15:00"))
    followed(database, hand)
    with database.read() as conn:
        (month,) = months.months(conn, LOG, MONDAY)
    assert (month.high, month.low, month.close, month.days) == (None, None, None, ())
    assert month.total == Sum(10, 90_000, 1)


@pytest.mark.parametrize("seed", [3, 4])
def test_days_months_and_k_lines_add_up_to_the_same(database: Database, seed: int):
    hand = Hand(references=(5_000, 6_000))
    for n, day in enumerate((MONDAY, TUESDAY, DECEMBER)):
        played(hand, 100 * seed + n, day, 200, modes=MODES)
    followed(database, hand)
    with database.read() as conn:
        found = months.months(conn, LOG, DECEMBER)
        days = quotes(conn, LOG, MONDAY, DECEMBER)
        trades = list(queries.for_bars(conn, LOG, queries.Which()))
        assert len(queries.trades(conn, LOG, queries.Which())) == len(trades)
    monthly = bars(trades, Period.MONTH)
    assert [(bar.volume, bar.amount, bar.trades) for bar in monthly] == [tuple(one.total) for one in found]
    assert sum(day.total.amount for day in days) == found[-1].cumulative.amount


# -- depth -------------------------------------------------------------------------------------------------


def test_depth_shows_the_best_five_of_each_side_with_their_sums(database: Database):
    hand = Hand()
    hand.open(MONDAY)
    for n in range(7):
        hand.enter(ns(MONDAY, "10:00") + n, Side.BUY, 10 + n, 4_990 - n, party=2)
        hand.enter(ns(MONDAY, "10:01") + n, Side.SELL, 20 + n, 5_010 + n)
    hand.enter(ns(MONDAY, "10:02"), Side.SELL, 5, 5_010, party=3)
    followed(database, hand)
    with database.read() as conn:
        seen = depth.of_log(conn, LOG, 20241104, 1, Mode.LISTING)
    assert [tuple(level) for level in seen.buy] == [(4_990 - n, 10 + n, 1) for n in range(5)]
    assert [tuple(level) for level in seen.sell] == [
        (5_010, 25, 2),
        *((5_010 + n, 20 + n, 1) for n in range(1, 5)),
    ]


@pytest.mark.parametrize("seed", [7, 8])
def test_depth_of_the_log_is_that_of_the_engine(database: Database, seed: int):
    hand = Hand(references=(5_000, 6_000))
    played(hand, seed, MONDAY, 300, modes=depth.SHOWN, close=False)
    followed(database, hand)
    with database.read() as conn:
        for instrument in hand.instruments:
            for mode in depth.SHOWN:
                seen = depth.of_log(conn, LOG, 20241104, instrument, mode, 99)
                assert seen == depth.of_engine(hand.engine.arrays, instrument, mode, 99)
                assert seen.buy or seen.sell
