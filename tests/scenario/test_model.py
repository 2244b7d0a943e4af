"""The modelled year of the Hubei scenario adds up, closes, and never changes by accident."""

from __future__ import annotations

import dataclasses
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, localcontext
from pathlib import Path

import pytest

from tanshu.base.canonical import canonical
from tanshu.base.canonical import digest as sha256
from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import calendars, packs, power
from tanshu.scenario import deals, model
from tanshu.scenario import facts as facts_module
from tanshu.scenario.deals import Trade
from tanshu.scenario.facts import ScenarioFacts
from tanshu.scenario.model import Year

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "hubei-power-2023"
PINNED = "5ddf021798a5fe270f400864cbc2fbd281daf4a8aa7599a3f4f0ab7bb81d5ca5"
"""SHA-256 of the built year. A new value belongs in the commit that means to change the figures."""


@pytest.fixture(scope="module")
def facts() -> ScenarioFacts:
    return facts_module.load(FOLDER)


@pytest.fixture(scope="module")
def year(facts: ScenarioFacts) -> Year:
    return model.build(facts)


@pytest.fixture(scope="module")
def pack(facts: ScenarioFacts) -> packs.Pack:
    pack = packs.load(facts.rule_pack)
    assert not isinstance(pack, Refusal)
    return pack


def fingerprint(year: Year) -> str:
    return sha256(canonical(year)).hex()


def total(trades: Iterable[Trade]) -> int:
    return sum(trade.quantity for trade in trades)


# ---- the year is one year ----------------------------------------------------------------------------------


def test_the_figures_are_the_pinned_ones(year: Year):
    assert fingerprint(year) == PINNED


def test_two_builds_agree_whatever_the_callers_precision(facts: ScenarioFacts, year: Year):
    with localcontext() as context:
        context.prec = 9
        assert model.build(facts) == year


def test_another_seed_gives_another_year(facts: ScenarioFacts, year: Year):
    assert fingerprint(model.build(dataclasses.replace(facts, seed="another"))) != fingerprint(year)


def test_a_year_is_built_in_under_three_seconds(facts: ScenarioFacts):
    began = time.perf_counter()
    model.build(facts)
    assert time.perf_counter() - began < 3


def test_an_unknown_rule_pack_is_refused(facts: ScenarioFacts):
    with pytest.raises(Refused, match="RULE-1001"):
        model.build(dataclasses.replace(facts, rule_pack="cn.nowhere"))


def test_modelled_fields_are_named(year: Year):
    assert {"verified_2023", "running_hours", "trades", "surrender"} <= set(year.estimated_fields)


def test_every_business_date_is_a_working_day_and_the_deadline_is_met(facts: ScenarioFacts):
    days = [getattr(facts.dates, name) for name in type(facts.dates).__dataclass_fields__]
    assert all(calendars.is_working_day("cn", day) is True for day in days)
    assert days == sorted(days)
    assert facts.dates.deadline == date(2024, 12, 31)


# ---- units and allocation ----------------------------------------------------------------------------------


def test_each_unit_ran_within_the_year_at_a_load_of_060_to_080(year: Year):
    for unit in (unit for units in year.units_2023.values() for unit in units):
        load = unit.generation_mwh / (unit.capacity_mw * unit.running_hours)
        assert Decimal("0.60") <= load <= Decimal("0.80"), unit
        assert unit.running_hours <= 8760, unit
        assert unit.supply_mwh is not None
        assert 0 < unit.supply_mwh < unit.generation_mwh
        assert unit.heat_ratio is not None
        assert 0 <= unit.heat_ratio < 1


def test_verified_emissions_are_those_of_the_units(year: Year):
    for uscc, units in year.units_2023.items():
        assert year.verified_2023[uscc] == sum(unit.verified_t for unit in units)


def test_approved_quotas_are_those_of_the_real_formulas(year: Year, pack: packs.Pack):
    for uscc, units in year.units_2023.items():
        allocation = power.allocate(pack, units)
        assert not isinstance(allocation, Refusal)
        assert year.approved_2023[uscc] == allocation.approved_t


def test_the_province_is_short_by_one_percent_to_within_a_few_tonnes(year: Year):
    verified, approved = (sum(x.values()) for x in (year.verified_2023, year.approved_2023))
    assert abs(100 * (verified - approved) - verified) <= 300
    assert 70_000_000 <= verified <= 110_000_000


def test_most_entities_are_within_ten_percent_of_balance(year: Year):
    gaps = {uscc: abs(v - year.approved_2023[uscc]) / v for uscc, v in year.verified_2023.items()}
    assert sum(gap <= 0.10 for gap in gaps.values()) >= 42
    assert max(gaps.values()) <= 0.20


def test_the_pre_allocation_never_exceeds_the_approved_quota(year: Year, pack: packs.Pack):
    for uscc, last in year.verified_2022.items():
        ahead = power.pre_allocation(pack, last)
        assert not isinstance(ahead, Refusal)
        assert 0 < ahead <= year.approved_2023[uscc]


# ---- stock and offsets -------------------------------------------------------------------------------------


def test_a_third_to_a_half_of_the_entities_hold_a_little_old_stock(year: Year):
    old = [s for s in year.opening if s.holder in year.verified_2023]
    assert {s.instrument for s in old} == {"CEA19-20", "CEA21", "CEA22"}
    assert 46 / 3 <= len({s.holder for s in old}) <= 46 / 2
    assert 0.005 <= sum(s.quantity for s in old) / sum(year.verified_2023.values()) <= 0.05
    assert all(s.quantity > 0 for s in year.opening)


def test_offsets_stay_far_below_the_limit_with_numbers_used_once(year: Year, pack: packs.Pack):
    for offset in year.offsets:
        assert 0 < offset.quantity <= power.offset_limit(pack, year.verified_2023[offset.uscc])
        assert offset.quantity < year.verified_2023[offset.uscc] * 0.02
        assert offset.issued_on < date(2017, 3, 14)
    assert len({o.cancellation_number for o in year.offsets}) == len(year.offsets) >= 5
    assert len({o.uscc for o in year.offsets}) == len(year.offsets)
    assert all(o.cancellation_number.startswith("虚构") and "虚构" in o.project for o in year.offsets)


def test_the_rules_accept_every_offset_on_its_day(facts: ScenarioFacts, year: Year, pack: packs.Pack):
    for offset in year.offsets:
        assert power.check_offset_credit(pack, offset.issued_on, facts.dates.offset) is None


# ---- trades ------------------------------------------------------------------------------------------------


def test_about_four_fifths_of_the_volume_are_blocks(year: Year):
    blocks = total(trade for trade in year.trades if trade.mode == "block")
    assert 0.75 <= blocks / total(year.trades) <= 0.85
    assert 2_000_000 <= total(year.trades) <= 6_000_000


def test_size_decides_the_mode(year: Year):
    for trade in year.trades:
        assert (trade.quantity >= 100_000) == (trade.mode == "block"), trade
        assert trade.quantity > 0
    assert {trade.mode for trade in year.trades} == {"listing", "block", "auction"}


def test_monthly_averages_of_blocks_are_the_markets_to_a_tenth_of_a_fen(facts: ScenarioFacts, year: Year):
    groups: dict[str, list[Trade]] = defaultdict(list)
    for trade in year.trades:
        if trade.mode == "block":
            groups[f"{trade.day:%Y-%m}"].append(trade)
    assert set(groups) == {"2024-11", "2024-12"}
    for month, group in groups.items():
        amount = sum(trade.amount_fen for trade in group)
        assert abs(amount - facts.prices_fen[month, "block"] * total(group)) * 10 <= total(group), month


def test_listing_trades_average_the_published_close_of_their_day(facts: ScenarioFacts, year: Year):
    """To the fen, half up, as the exchange makes its close."""
    for day, close_fen in facts.closes_fen.items():
        listed = [trade for trade in year.trades if trade.day == day and trade.mode == "listing"]
        assert len(listed) >= 5
        amount = sum(trade.amount_fen for trade in listed)
        assert (2 * amount + total(listed)) // (2 * total(listed)) == close_fen, day


def test_prices_stay_inside_the_bands_of_the_previous_close(facts: ScenarioFacts, year: Year):
    closes = [10_503, *facts.closes_fen.values()]  # the market begins with the close of 2024-11-08
    for before, day in zip(closes, facts.closes_fen, strict=False):
        for trade in (trade for trade in year.trades if trade.day == day):
            band_percent = 30 if trade.mode == "block" else 10
            assert abs(trade.price_fen - before) * 100 <= before * band_percent, trade


def test_trades_are_numbered_in_day_order_on_the_days_of_trading(facts: ScenarioFacts, year: Year):
    assert [trade.number for trade in year.trades] == list(range(1, len(year.trades) + 1))
    days = [trade.day for trade in year.trades]
    assert days == sorted(days)
    assert set(days) == set(facts.closes_fen)
    real = calendars.trading_days("cn", 2024)
    assert not isinstance(real, Refusal) and set(days) <= set(real)
    assert len({day for day in days if day.month == 11}) == len({day for day in days if day.month == 12}) == 5
    assert facts.dates.approval < days[0]
    assert days[-1] < facts.dates.surrender


def test_one_lot_is_auctioned_to_several_buyers_and_some_bid_too_low(facts: ScenarioFacts, year: Year):
    held = year.auction
    assert held is not None
    lot = [trade for trade in year.trades if trade.mode == "auction"]
    assert {trade.seller for trade in lot} == {held.seller} and {trade.day for trade in lot} == {held.day}
    assert held.quantity == total(lot) and len(lot) in (2, 3)
    won, lost = ([bid for bid in held.bids if (bid.trade > 0) is so] for so in (True, False))
    assert {(bid.who, bid.quantity, bid.trade) for bid in won} == {
        (trade.buyer, trade.quantity, trade.number) for trade in lot
    }
    assert {trade.price_fen for trade in lot} == {held.clearing_fen} == {min(bid.price_fen for bid in won)}
    assert len(lost) == facts.auction.losers
    assert all(held.reserve_fen <= bid.price_fen < held.clearing_fen for bid in lost)
    assert len({bid.who for bid in held.bids}) == len(held.bids)


def test_nobody_auctions_where_no_lot_goes_to_two_or_three_buyers():
    assert deals.auction_seller([("a", "x", 500)]) is None, "one buyer"
    assert deals.auction_seller([("a", who, 500) for who in "wxyz"]) is None, "four buyers"
    assert deals.auction_seller([("a", "x", 500), ("a", "y", 100_000)]) is None, "a block among them"
    lots = [("a", "x", 500), ("a", "y", 700), ("b", "x", 600), ("b", "y", 700)]
    assert deals.auction_seller(lots) == "b", "the larger lot"


def test_one_side_of_each_trade_is_an_entity_and_nobody_is_on_both_sides(year: Year):
    sellers, buyers = ({getattr(t, side) for t in year.trades} for side in ("seller", "buyer"))
    assert not sellers & buyers
    assert all({t.seller, t.buyer} & year.verified_2023.keys() for t in year.trades)


def test_counterparties_trade_on_their_own_side_only(facts: ScenarioFacts, year: Year):
    side = {one.uscc: one.side for one in facts.counterparties}
    assert all(
        side.get(t.seller, "sell") == "sell" and side.get(t.buyer, "buy") == "buy" for t in year.trades
    )


def test_deposits_pay_for_all_purchases_rounded_up_to_ten_thousand_yuan(year: Year):
    """In the auction a buyer brings what it bids, and pays less."""
    assert year.auction is not None
    bid_fen = {bid.trade: bid.price_fen for bid in year.auction.bids}
    spent: Counter[str] = Counter()
    for trade in year.trades:
        spent[trade.buyer] += trade.quantity * bid_fen.get(trade.number, trade.price_fen)
    assert spent.keys() == year.deposits_fen.keys()
    for buyer, fen in spent.items():
        assert 0 <= year.deposits_fen[buyer] - fen < 1_000_000
        assert year.deposits_fen[buyer] % 1_000_000 == 0


# ---- everything closes -------------------------------------------------------------------------------------


def test_nobody_is_ever_below_zero_and_all_46_comply_exactly(year: Year, pack: packs.Pack):
    held: Counter[tuple[str, str]] = Counter()
    for stock in year.opening:
        held[stock.holder, stock.instrument] += stock.quantity
    for uscc, tonnes in year.approved_2023.items():
        held[uscc, "CEA23"] += tonnes
    for trade in year.trades:
        held[trade.seller, trade.instrument] -= trade.quantity
        held[trade.buyer, trade.instrument] += trade.quantity
        assert held[trade.seller, trade.instrument] >= 0, trade
    offset = {o.uscc: o.quantity for o in year.offsets}
    assert len(year.surrender) == 46
    for uscc, lots in year.surrender.items():
        for lot in lots:
            held[uscc, lot.instrument] -= lot.quantity
            assert held[uscc, lot.instrument] >= 0, (uscc, lot)
            assert lot.instrument in power.permitted_vintages(pack)
        assert sum(lot.quantity for lot in lots) + offset.get(uscc, 0) == year.verified_2023[uscc]


def test_old_vintages_are_surrendered_before_the_years_own(year: Year):
    for uscc, lots in year.surrender.items():
        old = [(s.instrument, s.quantity) for s in year.opening if s.holder == uscc]
        assert [(lot.instrument, lot.quantity) for lot in lots[:-1]] == old
        assert lots[-1].instrument == "CEA23"
        assert all(lot.quantity > 0 for lot in lots)


def test_nobody_sells_more_than_it_was_allocated(year: Year):
    sold: Counter[str] = Counter()
    for trade in year.trades:
        sold[trade.seller] += trade.quantity
    given = dict(year.approved_2023) | {
        s.holder: s.quantity for s in year.opening if s.holder not in year.verified_2023
    }
    assert all(sold[seller] <= given[seller] for seller in sold)
