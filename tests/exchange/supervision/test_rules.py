"""The five rules on small markets that can be followed by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.exchange.supervision.model import Known, Level, Rule, ppm, score
from tanshu.exchange.supervision.wash import circulated
from tests.exchange.supervision.played import BUY, FIRST, SELL, Played, with_

ONE_OWNER = Known(owners={1: 7, 2: 7})
GROUP = (1, 1, 1, 0)


# -- self-trade --------------------------------------------------------------------------------------------


def test_an_owners_accounts_that_choose_each_other_are_told_of_once_a_day():
    market = Played(known=ONE_OWNER).at("10:00:00")
    market.trade(2, 1, 600, 10_000, named=True)
    market.later(60)
    market.trade(1, 2, 500, 10_010, named=True)
    market.close()
    (alert,) = market.told(Rule.SELF_TRADE)
    assert (alert.parties, alert.day, alert.level) == ((1, 2), FIRST, Level.ALARM)
    assert alert.figures == {"traded_t": 1_100, "arranged_t": 1_100, "trades": 2}
    assert [one.what for one in alert.evidence] == ["trade", "order", "order"] * 2


def test_an_owners_accounts_that_meet_by_the_order_of_prices_are_strangers():
    market = Played(known=ONE_OWNER).at("10:00:00")
    market.offer(1, SELL, 3_000, 10_000)
    market.later(1_800)
    market.take(2, BUY, 3_000)
    market.close()
    assert market.told(Rule.SELF_TRADE) == []


def test_an_offer_taken_within_seconds_counts_from_the_second_time_on():
    market = Played(known=ONE_OWNER).at("10:00:00")
    for n in range(2):
        assert market.told(Rule.SELF_TRADE) == []
        market.trade(2, 1, 400, 10_000 + n)
        market.later(600)
    market.close()
    (alert,) = market.told(Rule.SELF_TRADE)
    assert alert.figures["arranged_t"] == 800


@pytest.mark.parametrize(("attempts", "told"), [(2, 0), (3, 1)])
def test_going_at_ones_own_offers_again_and_again_is_told_though_nothing_traded(attempts: int, told: int):
    market = Played().at("10:00:00")
    for n in range(attempts):
        order = market.offer(3, SELL, 100, 9_990 - n)
        market.later(20)
        assert market.take(3, BUY, 100) is None
        market.stage.cancel(order)
        market.later(300)
    market.close()
    assert len(market.told(Rule.SELF_TRADE)) == told


def test_meeting_an_old_offer_of_ones_own_is_no_attempt():
    market = Played().at("10:00:00")
    market.offer(3, SELL, 100, 9_990)
    for _ in range(5):
        market.later(600)
        assert market.take(3, BUY, 100) is None
    market.close()
    assert market.told(Rule.SELF_TRADE) == []


# -- wash --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("legs", [[(1, 2), (2, 1)], [(1, 2), (2, 3), (3, 1)]])
def test_units_that_go_round_a_group_are_told(legs: list[tuple[int, int]]):
    market = Played(groups=GROUP).at("10:00:00")
    for seller, buyer in legs:
        market.trade(buyer, seller, 2_000, 10_000)
        market.later(300)
    market.close()
    (alert,) = market.told(Rule.WASH)
    assert alert.figures["round_t"] == alert.figures["gross_t"] == 2_000 * len(legs)
    assert set(alert.parties) == {party for leg in legs for party in leg}


@pytest.mark.parametrize(
    "legs",
    [
        [(1, 2), (1, 2)],  # one gives another
        [(1, 2), (1, 3)],  # one gives two
        [(1, 2), (2, 3)],  # one gives another through a third
        [(1, 2), (2, 4), (4, 1)],  # through somebody who is not of the group
    ],
)
def test_what_changes_positions_or_leaves_the_group_is_no_wash(legs: list[tuple[int, int]]):
    market = Played(groups=GROUP).at("10:00:00")
    for seller, buyer in legs:
        market.trade(buyer, seller, 2_000, 10_000)
        market.later(300)
    market.close()
    assert market.told(Rule.WASH) == []


@pytest.mark.parametrize(
    ("flows", "round_t"),
    [
        ({}, 0),
        ({(1, 2): 5, (2, 3): 5}, 0),
        ({(1, 2): 5, (2, 1): 3}, 6),
        ({(1, 2): 5, (2, 3): 4, (3, 1): 6}, 12),
        ({(1, 2): 5, (2, 1): 5, (2, 3): 4, (3, 2): 1}, 12),
        ({(1, 2): 9, (2, 3): 4, (3, 1): 4, (2, 1): 3}, 18),
    ],
)
def test_only_what_runs_in_cycles_went_round(flows: dict[tuple[int, int], int], round_t: int):
    assert circulated(flows) == round_t


@given(st.dictionaries(st.tuples(st.integers(1, 5), st.integers(1, 5)), st.integers(1, 50), max_size=12))
def test_what_went_round_is_never_more_than_what_changed_nobodys_position(flows: dict[tuple[int, int], int]):
    flows = {leg: tonnes for leg, tonnes in flows.items() if leg[0] != leg[1]}
    gains = {n: sum(t * ((b == n) - (s == n)) for (s, b), t in flows.items()) for n in range(1, 6)}
    net = sum(max(0, gained) for gained in gains.values())
    assert 0 <= circulated(flows) <= sum(flows.values()) - net


def test_a_transfer_by_block_hides_no_round_on_the_board():
    market = Played(groups=GROUP).at("10:00:00")
    market.trade(2, 1, 2_000, 10_000)
    market.later(300)
    market.trade(1, 2, 2_000, 10_000)
    market.at("13:10:00").block(1, 2, 150_000, 9_500)
    market.close()
    (alert,) = market.told(Rule.WASH)
    assert alert.figures["gross_t"] == 4_000


@pytest.mark.parametrize(("days_between", "told"), [(1, 1), (2, 1), (3, 0)])
def test_a_round_over_days_is_seen_within_the_window(days_between: int, told: int):
    market = Played(groups=GROUP).at("13:10:00")
    market.block(1, 2, 100_000, 9_900)
    for _ in range(days_between):
        market.over()
    market.at("13:10:00").block(2, 1, 100_000, 9_900)
    market.close()
    found = market.told(Rule.WASH)
    assert len(found) == told
    assert all(one.day == FIRST + timedelta(days=days_between) for one in found)


# -- marking the close -------------------------------------------------------------------------------------


def _quiet_day(market: Played) -> None:
    market.at("10:00:00")
    market.trade(4, 3, 8_000, 10_000)


def test_buying_up_the_last_minutes_is_told_with_the_close_as_it_would_have_been():
    market = Played()
    _quiet_day(market)
    market.at("14:55:00").trade(1, 2, 2_000, 10_300)
    market.close()
    (alert,) = market.told(Rule.CLOSE)
    # (8,000 × 100.00 + 2,000 × 103.00) / 10,000 = 100.60; without 100.00; it had 200,000 t before.
    assert alert.parties == (1,)
    assert (alert.figures["close_fen"], alert.figures["without_fen"]) == (10_060, 10_000)
    assert (alert.figures["late_t"], alert.figures["gains_t"]) == (2_000, 200_000)
    assert alert.figures["gain_fen"] == 200_000 * 60


@pytest.mark.parametrize(
    ("clock", "price", "units"),
    [
        ("14:30:00", 10_300, 200_000),  # not late
        ("14:55:00", 10_030, 200_000),  # moves little
        ("14:55:00", 10_300, 3_000),  # nothing to gain by it
    ],
)
def test_what_is_early_small_or_of_no_use_is_no_marking(clock: str, price: int, units: int):
    market = Played()
    _quiet_day(market)
    market.units = [units, *market.units[1:]]
    if units < 200_000:
        market.close()
        market.day += timedelta(days=1)
        market.begin()
        _quiet_day(market)
    market.at(clock).trade(1, 2, 2_000, price)
    market.close()
    assert [one for one in market.told(Rule.CLOSE) if 1 in one.parties] == []


@pytest.mark.parametrize(("bought", "told"), [(100_000, 1), (0, 0)])
def test_pushing_the_close_down_is_told_once_the_pusher_has_bought(bought: int, told: int):
    market = Played()
    _quiet_day(market)
    market.at("14:55:00").trade(2, 1, 2_000, 9_700)
    market.over()
    _quiet_day(market)
    if bought:
        market.at("13:30:00").block(3, 1, bought, 9_400)
    market.close()
    found = [one for one in market.told(Rule.CLOSE) if one.parties == (1,)]
    assert len(found) == told
    assert all(one.day == FIRST + timedelta(days=1) for one in found)


# -- cancel ratio ------------------------------------------------------------------------------------------


def _wall(market: Played, clock: str, *, pulled_after: int = 60, tonnes: int = 2_000) -> None:
    """Participant 1 shows a wall to sell, buys 500 t, and takes the wall away."""
    market.at(clock)
    wall = [market.offer(1, SELL, tonnes, 10_010 + n) for n in range(3)]
    market.later(20)
    market.offer(1, BUY, 500, 9_990)
    market.later(20)
    market.take(2, SELL, 500)
    market.later(pulled_after)
    for one in wall:
        market.stage.cancel(one)


def test_walls_that_vanish_once_the_other_side_has_traded_are_told():
    market = Played()
    _wall(market, "10:00:00")
    _wall(market, "10:30:00")
    market.close()
    (alert,) = market.told(Rule.LAYERING)
    assert alert.parties == (1,)
    assert (alert.figures["times"], alert.figures["cancelled_t"], alert.figures["traded_t"]) == (
        2,
        12_000,
        1_000,
    )
    assert alert.figures["cancelled_ppm"] == 1_000_000


def test_one_time_is_a_change_of_mind():
    market = Played()
    _wall(market, "10:00:00")
    market.close()
    assert market.told(Rule.LAYERING) == []


@pytest.mark.parametrize("how", [{"pulled_after": 1_200}, {"tonnes": 300}])
def test_orders_that_stay_or_are_small_are_no_walls(how: dict[str, int]):
    market = Played()
    _wall(market, "10:00:00", **how)
    _wall(market, "10:45:00", **how)
    market.close()
    assert market.told(Rule.LAYERING) == []


def test_a_market_maker_that_quotes_both_sides_and_cancels_is_none():
    market = Played()
    for n in range(6):
        market.at(f"10:{10 * n:02}:00")
        quotes = [market.offer(1, side, 2_000, price) for side, price in ((SELL, 10_010), (BUY, 9_990))]
        quotes += [market.offer(1, side, 2_000, price) for side, price in ((SELL, 10_020), (BUY, 9_980))]
        market.later(30)
        market.take(2, SELL, 300)
        market.later(60)
        for one in quotes:
            market.stage.cancel(one)
    market.close()
    assert market.told(Rule.LAYERING) == []


# -- concentration -----------------------------------------------------------------------------------------


def test_two_accounts_of_one_owner_share_one_limit_and_it_is_told_once():
    market = Played(known=ONE_OWNER, limits=[450_000] * 4).at("13:10:00")
    market.block(3, 1, 100_000, 9_900)
    market.over()
    assert [one.level for one in market.told(Rule.CONCENTRATION)] == [Level.ALARM, Level.REPORT]
    market.over()
    alarm, report = market.told(Rule.CONCENTRATION)
    assert alarm.figures == {"held_t": 500_000, "limit_t": 450_000, "use_ppm": 1_111_111}
    assert (alarm.parties, report.level) == ((1, 2), Level.REPORT)


@pytest.mark.parametrize(("limit", "told"), [(250_000, 1), (251_000, 0)])
def test_a_large_holder_has_to_report_from_four_fifths_of_its_limit_on(limit: int, told: int):
    market = Played(limits=[limit, 10**7, 10**7, 10**7])
    market.close()
    found = market.told(Rule.CONCENTRATION)
    assert [one.level for one in found] == [Level.REPORT] * told


def test_whoever_buys_its_way_to_a_grip_on_the_market_is_told_and_a_large_holder_is_not():
    market = Played(5)
    market.over()
    market.at("13:10:00").block(2, 1, 120_000, 9_900)
    market.over()
    (alarm,) = market.told(Rule.CONCENTRATION)
    assert alarm.parties == (1,)
    assert (alarm.figures["holding_ppm"], alarm.figures["volume_ppm"]) == (320_000, 1_000_000)
    quiet = Played(5)
    quiet.units = [800_000, *quiet.units[1:]]
    quiet.close()
    assert quiet.told(Rule.CONCENTRATION) == []


# -- numbers -----------------------------------------------------------------------------------------------


def test_thresholds_are_numbers_of_the_pack_and_not_of_the_rules():
    market = Played(known=ONE_OWNER).at("10:00:00")
    market.trade(2, 1, 600, 10_000, named=True)
    market.close()
    assert market.told(Rule.SELF_TRADE)
    assert market.told(Rule.SELF_TRADE, with_("self_trade", arranged_t=601)) == []


@pytest.mark.parametrize(("value", "threshold", "points"), [(1, 2, 25), (2, 2, 50), (4, 2, 100), (9, 2, 100)])
def test_a_score_is_fifty_at_the_threshold(value: int, threshold: int, points: int):
    assert score(value, threshold) == points
    assert ppm(value, 0) == 0
