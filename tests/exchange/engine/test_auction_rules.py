"""Allotment: tables a clerk can check, and the rule against an obvious reference, lot by lot."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.exchange.engine.auction_rules import Allotment, Bid, allot, capped, shared
from tanshu.exchange.engine.records import Outcome, Pricing, Side, Ties

UNIFORM, AS_BID = Pricing.UNIFORM, Pricing.PAY_AS_BID
TIME, RATA = Ties.TIME, Ties.PRO_RATA
SELL, BUY = Side.SELL, Side.BUY

# offered, reserve, side, pricing, ties; bids as (price, tonnes); awards as (number, tonnes, price)
TABLE = {
    "everybody pays the lowest accepted bid": (
        (1000, 4000, SELL, UNIFORM, TIME), [(5000, 600), (4500, 400), (4400, 300)],
        Outcome.SOLD, 4500, [(1, 600, 4500), (2, 400, 4500)],
    ),
    "everybody pays his own bid": (
        (1000, 4000, SELL, AS_BID, TIME), [(5000, 600), (4500, 400), (4400, 300)],
        Outcome.SOLD, 4500, [(1, 600, 5000), (2, 400, 4500)],
    ),
    "the margin gets what is left": (
        (1000, 0, SELL, UNIFORM, TIME), [(5000, 600), (4500, 700)],
        Outcome.SOLD, 4500, [(1, 600, 4500), (2, 400, 4500)],
    ),
    "of equals the earlier is served": (
        (1000, 0, SELL, UNIFORM, TIME), [(4500, 700), (5000, 200), (4500, 700)],
        Outcome.SOLD, 4500, [(2, 200, 4500), (1, 700, 4500), (3, 100, 4500)],
    ),
    "equals share in proportion, the tonne left over to the largest remainder": (
        (1000, 0, SELL, UNIFORM, RATA), [(4500, 700), (5000, 200), (4500, 300), (4500, 100)],
        Outcome.SOLD, 4500, [(2, 200, 4500), (1, 509, 4500), (3, 218, 4500), (4, 73, 4500)],
    ),
    "of equal remainders the earlier gets it": (
        (100, 0, SELL, UNIFORM, RATA), [(4500, 100), (4500, 100), (4500, 100)],
        Outcome.SOLD, 4500, [(1, 34, 4500), (2, 33, 4500), (3, 33, 4500)],
    ),
    "a bid below the reserve is not accepted": (
        (1000, 4500, SELL, UNIFORM, TIME), [(4499, 900), (4500, 100)],
        Outcome.PART, 4500, [(2, 100, 4500)],
    ),
    "fewer bids than there is: all are served, at the lowest of them": (
        (1000, 4000, SELL, UNIFORM, RATA), [(5000, 600), (4200, 300)],
        Outcome.PART, 4200, [(1, 600, 4200), (2, 300, 4200)],
    ),
    "reserve not met": ((1000, 6000, SELL, UNIFORM, TIME), [(5000, 1000)], Outcome.RESERVE_NOT_MET, 0, []),
    "nobody bids": ((1000, 6000, SELL, UNIFORM, TIME), [], Outcome.NO_BIDS, 0, []),
    "who buys takes the cheapest, and pays the dearest accepted": (
        (1000, 5000, BUY, UNIFORM, TIME), [(5001, 100), (4000, 600), (4500, 300), (4600, 200)],
        Outcome.SOLD, 4600, [(2, 600, 4600), (3, 300, 4600), (4, 100, 4600)],
    ),
    "who buys pays each his own offer": (
        (1000, 5000, BUY, AS_BID, TIME), [(4000, 600), (4500, 600)],
        Outcome.SOLD, 4500, [(1, 600, 4000), (2, 400, 4500)],
    ),
    "who buys above everybody's reserve gets nothing": (
        (1000, 3900, BUY, AS_BID, TIME), [(4000, 600)], Outcome.RESERVE_NOT_MET, 0, [],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TABLE)
def test_allotment(case: str) -> None:
    (offered, reserve, side, pricing, ties), asked, outcome, price, awards = TABLE[case]
    bids = [Bid(number, *one) for number, one in enumerate(asked, 1)]
    result = allot(bids, offered, reserve=reserve, side=side, pricing=pricing, ties=ties)
    assert (result.outcome, result.price, [tuple(award) for award in result.awards]) == (
        outcome,
        price,
        awards,
    )


def test_whole_lots_are_shared() -> None:
    assert shared([100, 200, 200], 300, lot=100) == [100, 100, 100]


def test_a_bidders_worst_bids_do_not_count_beyond_its_cap() -> None:
    bids = [Bid(1, 50, 60, bidder=1), Bid(2, 48, 60, bidder=1), Bid(3, 47, 60, bidder=2)]
    result = allot(bids, 150, caps={1: 100})
    assert [(award.number, award.quantity) for award in result.awards] == [(1, 60), (2, 40), (3, 50)]
    assert (result.valid_bids, result.valid_tonnes, result.price) == (3, 160, 47)
    assert capped(bids, {1: 0}) == [bids[2]]


LOTS = st.integers(1, 3)
BIDS = st.lists(st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(1, 3)), max_size=7)


@given(
    BIDS, st.integers(1, 25), st.integers(0, 6), st.sampled_from([SELL, BUY]), st.sampled_from(Pricing),
    st.sampled_from(Ties), LOTS, st.dictionaries(st.integers(1, 3), st.integers(0, 20), max_size=3),
)  # fmt: skip
def test_allotment_is_that_of_the_reference(
    asked: list[tuple[int, int, int]],
    lots: int,
    reserve: int,
    side: Side,
    pricing: Pricing,
    ties: Ties,
    lot: int,
    caps: dict[int, int],
) -> None:
    bids = [Bid(n, price, q * lot, who) for n, (price, q, who) in enumerate(asked, 1)]
    offered = lots * lot
    result = allot(bids, offered, reserve=reserve, side=side, pricing=pricing, ties=ties, lot=lot, caps=caps)
    valid = reference_valid(bids, reserve, side, caps, lot)
    check_bounds(result, valid, offered, lot, side, reserve)
    assert {a.number: a.quantity for a in result.awards} == reference(valid, offered, ties, lot, side)
    prices = {bid.number: bid.price for bid in bids}
    for award in result.awards:
        assert award.price == (result.price if pricing is UNIFORM else prices[award.number])


@given(st.lists(st.integers(1, 40), min_size=1, max_size=9), st.data())
def test_shares_add_up_and_stay_within_one_lot_of_the_exact_share(
    asked: list[int], data: st.DataObject
) -> None:
    rest = data.draw(st.integers(0, sum(asked)))
    parts = shared(asked, rest)
    exact = [Fraction(rest * quantity, sum(asked)) for quantity in asked]
    assert sum(parts) == rest
    assert all(0 <= part <= quantity for part, quantity in zip(parts, asked, strict=True))
    assert all(abs(part - share) < 1 for part, share in zip(parts, exact, strict=True))
    up = [share % 1 for part, share in zip(parts, exact, strict=True) if part > share]
    down = [share % 1 for part, share in zip(parts, exact, strict=True) if part <= share]
    assert not up or not down or min(up) >= max(share for share in down)


def check_bounds(
    result: Allotment, valid: list[Bid], offered: int, lot: int, side: Side, reserve: int
) -> None:
    """What everybody may demand of a result, however it came about."""
    asked = {bid.number: bid for bid in valid}
    assert result.sold == min(offered, sum(bid.quantity for bid in valid)) == result.sold // lot * lot
    assert (result.valid_bids, result.valid_tonnes) == (len(valid), sum(bid.quantity for bid in valid))
    if not result.awards:
        assert not valid and result.price == 0
        return
    sign = 1 if side is SELL else -1
    assert not reserve or sign * result.price >= sign * reserve
    assert result.price in {bid.price for bid in valid}
    served = {award.number: award.quantity for award in result.awards}
    for number, bid in asked.items():
        if sign * bid.price > sign * result.price:
            assert served[number] == bid.quantity, "better than the clearing price: whole"
        if sign * bid.price < sign * result.price:
            assert number not in served, "worse than the clearing price: nothing"
        assert 0 <= served.get(number, 0) <= bid.quantity


def reference_valid(bids: list[Bid], reserve: int, side: Side, caps: dict[int, int], lot: int) -> list[Bid]:
    """Tonne by tonne: a bidder's best lots count until its cap is full."""
    counted: dict[int, int] = {}
    used: dict[int, int] = {}
    sign = -1 if side is SELL else 1
    for bid in sorted(bids, key=lambda b: (sign * b.price, b.number)):
        if reserve and sign * bid.price > sign * reserve:
            continue
        for _ in range(bid.quantity // lot):
            if bid.bidder not in caps or used.get(bid.bidder, 0) + lot <= caps[bid.bidder]:
                used[bid.bidder] = used.get(bid.bidder, 0) + lot
                counted[bid.number] = counted.get(bid.number, 0) + lot
    return [bid._replace(quantity=counted[bid.number]) for bid in bids if bid.number in counted]


def reference(valid: list[Bid], offered: int, ties: Ties, lot: int, side: Side) -> dict[int, int]:
    """Price by price from the best; at the margin one lot after the other, to whoever is first in time, or
    whoever is furthest below its exact share."""
    given: dict[int, int] = {}
    prices = sorted({bid.price for bid in valid}, reverse=side is SELL)
    for price in prices:
        equals = sorted((bid for bid in valid if bid.price == price), key=lambda bid: bid.number)
        left = offered - sum(given.values())
        whole = sum(bid.quantity for bid in equals)
        if whole > left and ties is RATA:
            exact = {bid.number: Fraction(left * bid.quantity, whole * lot) for bid in equals}
            given |= {number: share.__floor__() * lot for number, share in exact.items()}
            over = sorted(exact, key=lambda number: (-(exact[number] % 1), number))
            for number in over[: (offered - sum(given.values())) // lot]:
                given[number] += lot
            continue
        for bid in equals:
            for _ in range(bid.quantity // lot):
                if sum(given.values()) < offered:
                    given[bid.number] = given.get(bid.number, 0) + lot
    return {number: tonnes for number, tonnes in given.items() if tonnes}
