"""单向竞价 in the words of the rules: announced, qualified, bid for, closed; and nothing is ever lost."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Any

import pytest

from tanshu.exchange.engine import auction_checks
from tanshu.exchange.engine.auction import desk_of, public_bids
from tanshu.exchange.engine.auction_state import Stage
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import (
    AuctionOrder,
    AuctionRule,
    Gone,
    Mode,
    Op,
    Outcome,
    Phase,
    Pricing,
    Row,
    Side,
    Ties,
    encode,
    row,
)
from tanshu.exchange.engine.state import BOUGHT, FREE, HELD, O_HELD, REFERENCE
from tanshu.exchange.engine.terms import Term
from tests.exchange.engine.support import CEA, TODAY, check_invariants, check_trades, do, opened, totals

AUCTION = Mode.AUCTION
SELLER, PLANT_A, PLANT_B, PLANT_C = 1, 2, 3, 4
TERMS = {AUCTION: {Term.QUANTITY_MIN: 10}}


def announce(
    number: int = 1,
    *,
    by: int = SELLER,
    side: Side = Side.SELL,
    tonnes: int = 1000,
    reserve: int = 4000,
    pricing: Pricing = Pricing.UNIFORM,
    ties: Ties = Ties.TIME,
    rules: int = 0,
) -> Row:
    return row(
        Op.AUCTION, mode=AUCTION, side=side, kind=pricing, instrument=CEA, party=by, quantity=tonnes,
        price=reserve, order=number, other=ties, extra=rules,
    )  # fmt: skip


def qualify(party: int, *, cap: int = 0, deposit: int = 0, number: int = 1) -> Row:
    return row(Op.QUALIFY, mode=AUCTION, party=party, quantity=cap, price=deposit, order=number)


def bid(party: int, tonnes: int, price: int, *, operator: int = 0, number: int = 1) -> Row:
    return row(
        Op.BID, mode=AUCTION, party=party, quantity=tonnes, price=price, order=number, other=operator or party
    )


def step(phase: Phase, number: int = 1) -> Row:
    return row(Op.AUCTION_PHASE, mode=AUCTION, kind=phase, order=number)


def cancel(party: int, order: int) -> Row:
    return row(Op.CANCEL, party=party, order=order, other=party)


def term(kind: Term, value: int) -> Row:
    return row(Op.TERM, mode=AUCTION, kind=kind, quantity=value)


OPEN, CLOSE, CALL_OFF = step(Phase.OPEN), step(Phase.CLOSED), step(Phase.HALTED)


def market(*records: Row, parties: int = 4, **stated: Any) -> Engine:
    """An opened market in which these records were accepted."""
    engine = opened(parties=parties, terms=stated.pop("terms", TERMS), **stated)
    for record in records:
        assert do(engine, record)[0] is Code.OK, record
        check_invariants(engine)
    return engine


def running(*records: Row, deposit: int = 0, cap: int = 0, **announced: Any) -> Engine:
    """An auction whose window is open; everybody but the initiator is qualified."""
    stated = announced.pop("market", {})
    initiator = announced.get("by", SELLER)
    others = [n for n in (1, 2, 3, 4) if n != initiator]
    admitted = [qualify(n, cap=cap, deposit=deposit) for n in others]
    return market(announce(**announced), *admitted, OPEN, *records, **stated)


def trades(outputs: Sequence[Row]) -> list[tuple[int, int, int, int]]:
    """buyer, seller, tonnes, fen."""
    return [(r[5], r[6], r[7], r[8]) for r in outputs if r[0] == Op.TRADE]


def result(outputs: Sequence[Row]) -> tuple[Outcome, int, int, int, int]:
    """Outcome, tonnes sold, clearing price, valid bids, their tonnes."""
    (told,) = [r for r in outputs if r[0] == Op.RESULT]
    return Outcome(told[3]), told[7], told[8], told[10], told[11]


def gone(outputs: Sequence[Row]) -> list[tuple[int, Gone, int]]:
    """Order, why, what was left."""
    return [(r[9], Gone(r[3]), r[7]) for r in outputs if r[0] == Op.GONE]


# -- the course of an auction ------------------------------------------------------------------------------


def test_highest_bids_are_served_at_the_lowest_accepted_bid() -> None:
    engine = running(bid(PLANT_A, 600, 5000), bid(PLANT_B, 300, 4500), bid(PLANT_C, 300, 4400))
    code, out = do(engine, CLOSE)
    check_invariants(engine)
    assert code is Code.OK
    assert trades(out) == [
        (PLANT_A, SELLER, 600, 4400),
        (PLANT_B, SELLER, 300, 4400),
        (PLANT_C, SELLER, 100, 4400),
    ]
    assert result(out) == (Outcome.SOLD, 1000, 4400, 3, 1200)
    assert gone(out) == [(4, Gone.LOST, 200)]
    assert engine.arrays.units[CEA, PLANT_A].tolist() == [1_000_000, 0, 0, 600], "T+1"
    assert engine.arrays.cash[PLANT_A, HELD] == 0


def test_everybody_pays_what_he_bid_where_the_notice_says_so() -> None:
    engine = running(bid(PLANT_A, 600, 5000), bid(PLANT_B, 600, 4500), pricing=Pricing.PAY_AS_BID)
    _, out = do(engine, CLOSE)
    assert trades(out) == [(PLANT_A, SELLER, 600, 5000), (PLANT_B, SELLER, 400, 4500)]


def test_equals_share_in_proportion_where_the_notice_says_so() -> None:
    bids = bid(PLANT_A, 700, 4500), bid(PLANT_B, 300, 4500), bid(PLANT_C, 100, 4500)
    _, out = do(running(*bids, ties=Ties.PRO_RATA), CLOSE)
    assert [one[2] for one in trades(out)] == [636, 273, 91]
    _, out = do(running(*bids), CLOSE)
    assert [one[2] for one in trades(out)] == [700, 300]


def test_part_is_sold_where_too_little_is_bid_for_and_the_rest_goes_back() -> None:
    engine = running(bid(PLANT_A, 600, 5000))
    before = int(engine.arrays.units[CEA, SELLER, FREE])
    _, out = do(engine, CLOSE)
    check_invariants(engine)
    assert result(out) == (Outcome.PART, 600, 5000, 1, 600)
    assert gone(out) == [(1, Gone.REST, 400)]
    assert engine.arrays.units[CEA, SELLER, FREE] == before + 400


def test_reserve_not_met_sells_nothing() -> None:
    engine = running(bid(PLANT_A, 600, 3999), rules=AuctionRule.RESERVE_HIDDEN)
    _, out = do(engine, CLOSE)
    assert result(out) == (Outcome.RESERVE_NOT_MET, 0, 0, 0, 0)
    assert gone(out) == [(2, Gone.LOST, 600), (1, Gone.REST, 1000)]


def test_nobody_bids() -> None:
    _, out = do(running(), CLOSE)
    assert result(out) == (Outcome.NO_BIDS, 0, 0, 0, 0)


def test_an_initiator_buys_from_the_cheapest_and_holds_money_at_its_ceiling() -> None:
    engine = running(bid(PLANT_A, 600, 4600), bid(PLANT_B, 600, 4500), side=Side.BUY, reserve=5000)
    assert engine.arrays.cash[SELLER, HELD] == 1000 * 5000
    _, out = do(engine, CLOSE)
    check_invariants(engine)
    assert trades(out) == [(SELLER, PLANT_B, 600, 4600), (SELLER, PLANT_A, 400, 4600)]
    assert [r[2] for r in out if r[0] == Op.TRADE] == [Side.SELL, Side.SELL], "bidders are the aggressors"
    assert gone(out) == [(2, Gone.LOST, 200)]
    assert engine.arrays.cash[SELLER, HELD] == 0
    assert engine.arrays.units[CEA, SELLER, BOUGHT] == 1000


def test_fees_of_both_sides_are_charged_and_held_beforehand() -> None:
    fees = {Term.FEE_BUY_TRADING: 3000, Term.FEE_BUY_SETTLEMENT: 100, Term.FEE_SELL_TRADING: 3000}
    engine = running(bid(PLANT_A, 1000, 5000), market={"terms": {AUCTION: fees}})
    assert engine.arrays.cash[PLANT_A, HELD] == 5_000_000 + 15_000 + 500
    _, out = do(engine, CLOSE)
    check_invariants(engine)
    charged = [(r[5], r[7], r[8]) for r in out if r[0] == Op.FEE]
    assert charged == [(PLANT_A, 15_000, 500), (SELLER, 15_000, 0)]


def test_the_close_counts_auctions_only_where_the_terms_say_so() -> None:
    for counts, close in ((0, 5000), (1, 4400)):
        terms = {AUCTION: {Term.IN_CLOSE: counts}}
        engine = running(bid(PLANT_A, 1000, 4400), CLOSE, market={"terms": terms})
        assert do(engine, row(Op.CLOSE_DAY))[0] is Code.OK
        assert engine.arrays.instruments[CEA, REFERENCE] == close


def test_two_auctions_run_side_by_side() -> None:
    second = announce(2, by=PLANT_C, tonnes=500)
    engine = running(
        second, qualify(SELLER, number=2), qualify(PLANT_A, number=2), step(Phase.OPEN, 2),
        bid(PLANT_A, 100, 4100), bid(PLANT_A, 200, 4200, number=2), bid(SELLER, 400, 4300, number=2),
    )  # fmt: skip
    _, out = do(engine, step(Phase.CLOSED, 2))
    check_invariants(engine)
    assert trades(out) == [(SELLER, PLANT_C, 400, 4200), (PLANT_A, PLANT_C, 100, 4200)]
    _, out = do(engine, CLOSE)
    assert trades(out) == [(PLANT_A, SELLER, 100, 4100)]


# -- deposits ----------------------------------------------------------------------------------------------


def test_a_deposit_is_held_counts_towards_bids_and_comes_back() -> None:
    engine = running(deposit=1_000_000)
    cash, free = engine.arrays.cash[PLANT_A], int(engine.arrays.cash[PLANT_A, FREE])
    assert cash[HELD] == 1_000_000
    for record, held in (
        (bid(PLANT_A, 100, 4000), 1_000_000),
        (bid(PLANT_A, 200, 4000), 1_200_000),
        (cancel(PLANT_A, 6), 1_000_000),
        (qualify(PLANT_A, deposit=300_000), 400_000),
        (qualify(PLANT_A, deposit=500_000), 500_000),
    ):
        assert do(engine, record)[0] is Code.OK
        check_invariants(engine)
        assert cash[HELD] == held and cash[FREE] + cash[HELD] == free + 1_000_000
    _, out = do(engine, CLOSE)
    check_invariants(engine)
    assert [one for one in gone(out) if one[1] is Gone.RETURNED] == [(n, Gone.RETURNED, 0) for n in (1, 2, 3)]
    assert cash[HELD] == 0 and cash[FREE] == free + 1_000_000 - 100 * 4000


def test_money_of_the_deposit_pays_for_the_bid() -> None:
    engine = running(deposit=4_000_000, market={"cash": 4_000_000})
    assert do(engine, bid(PLANT_A, 1000, 4001))[0] is Code.NO_CASH
    assert do(engine, bid(PLANT_A, 1000, 4000))[0] is Code.OK
    check_invariants(engine)


def test_a_seller_bidding_shows_money_beside_its_units() -> None:
    engine = running(bid(PLANT_A, 100, 4000), side=Side.BUY, reserve=5000, deposit=1000)
    assert engine.arrays.cash[PLANT_A, HELD] == 1000
    assert engine.arrays.units[CEA, PLANT_A, HELD] == 100
    do(engine, cancel(PLANT_A, 5))
    check_invariants(engine)
    assert engine.arrays.cash[PLANT_A, HELD] == 1000


def test_a_deposit_lapses_with_the_day_and_is_shown_again_with_the_first_bid() -> None:
    engine = market(announce(), qualify(PLANT_A, deposit=1_000_000), row(Op.CLOSE_DAY), parties=2)
    next_day(engine, cash={SELLER: 0, PLANT_A: 999_999})
    assert do(engine, OPEN)[0] is Code.OK
    assert do(engine, bid(PLANT_A, 100, 4000))[0] is Code.DEPOSIT_SHORT
    do(engine, row(Op.CASH_IN, party=PLANT_A, quantity=1))
    assert do(engine, bid(PLANT_A, 100, 4000))[0] is Code.OK
    check_invariants(engine)
    assert engine.arrays.cash[PLANT_A, HELD] == 1_000_000


def next_day(engine: Engine, *, cash: dict[int, int], day: int = TODAY + 1) -> None:
    """Another day with the same terms; the seller has its units."""
    records = [row(Op.DAY, quantity=day)]
    records += [term(kind, 1) for kind in (Term.TICK, Term.LOT, Term.SETTLE_DAYS)]
    records += [row(Op.UNITS_IN, instrument=CEA, party=SELLER, quantity=1000)]
    records += [row(Op.CASH_IN, party=who, quantity=fen) for who, fen in cash.items() if fen]
    records += [row(Op.PHASE, mode=AUCTION, kind=Phase.OPEN)]
    assert not engine.apply(encode(records)).codes.any()


# -- sealed, binding, one bid ------------------------------------------------------------------------------


def test_a_sealed_auction_shows_no_bid_and_an_open_one_shows_levels() -> None:
    bids = bid(PLANT_A, 100, 4500), bid(PLANT_B, 200, 4600), bid(PLANT_C, 300, 4500)
    for rules, seen in ((0, [(4600, 200, 1), (4500, 400, 2)]), (AuctionRule.SEALED, [])):
        engine = running(*bids, rules=rules)
        assert public_bids(engine.arrays, desk_of(engine).auctions.all[1]) == seen


def test_one_bid_each_a_new_one_takes_the_place_of_the_former() -> None:
    engine = running(bid(PLANT_A, 1000, 5000), rules=AuctionRule.ONE_BID, market={"cash": 5_000_000})
    code, out = do(engine, bid(PLANT_A, 800, 4500))
    check_invariants(engine)
    assert code is Code.OK and gone(out) == [(2, Gone.REPLACED, 1000)]
    assert engine.arrays.cash[PLANT_A, HELD] == 3_600_000
    do(engine, bid(PLANT_B, 800, 4500))
    do(engine, bid(PLANT_A, 900, 4500))
    _, out = do(engine, CLOSE)
    assert trades(out) == [(PLANT_B, SELLER, 800, 4500), (PLANT_A, SELLER, 200, 4500)], "its place is later"


def test_a_bid_that_binds_is_only_bettered() -> None:
    rules = AuctionRule.ONE_BID | AuctionRule.BINDING
    for side, worse, better in ((Side.SELL, 4499, 4501), (Side.BUY, 4501, 4499)):
        engine = running(bid(PLANT_A, 100, 4500), rules=rules, side=side, reserve=4400 if side else 4600)
        assert do(engine, cancel(PLANT_A, 2))[0] is Code.BINDS
        assert do(engine, bid(PLANT_A, 100, worse))[0] is Code.BINDS
        assert do(engine, bid(PLANT_A, 99, better))[0] is Code.BINDS
        assert do(engine, bid(PLANT_A, 100, better))[0] is Code.OK


# -- refusals ----------------------------------------------------------------------------------------------

ANNOUNCING = {
    "a number given out of order": (announce(2), Code.OUT_OF_ORDER),
    "no side": (announce(side=Side.NONE), Code.BAD_VALUE),
    "unknown pricing": (announce(pricing=2), Code.BAD_VALUE),  # type: ignore[arg-type]
    "unknown ties": (announce(ties=2), Code.BAD_VALUE),  # type: ignore[arg-type]
    "unknown rules": (announce(rules=16), Code.BAD_VALUE),
    "unknown initiator": (announce(by=9), Code.UNKNOWN_PARTY),
    "nobody": (announce(by=0), Code.UNKNOWN_PARTY),
    "nothing": (announce(tonnes=0), Code.BAD_QUANTITY),
    "a negative reserve": (announce(reserve=-1), Code.BAD_PRICE),
    "who buys names a ceiling": (announce(side=Side.BUY, reserve=0), Code.BAD_PRICE),
    "too much money": (announce(tonnes=1 << 39, reserve=1 << 39), Code.AMOUNT_TOO_LARGE),
}


@pytest.mark.parametrize("case", ANNOUNCING)
def test_refused_announcements(case: str) -> None:
    record, code = ANNOUNCING[case]
    assert do(market(), record)[0] is code


def test_an_unknown_product_is_not_auctioned() -> None:
    record = row(Op.AUCTION, mode=AUCTION, side=1, instrument=7, party=1, quantity=10, price=1, order=1)
    assert do(market(), record)[0] is Code.UNKNOWN_INSTRUMENT


QUALIFYING = {
    "no such auction": (qualify(PLANT_A, number=2), Code.UNKNOWN_AUCTION),
    "auction zero": (qualify(PLANT_A, number=0), Code.UNKNOWN_AUCTION),
    "an unknown bidder": (qualify(9), Code.UNKNOWN_PARTY),
    "the initiator itself": (qualify(SELLER), Code.SELF_TRADE),
    "a negative cap": (qualify(PLANT_A, cap=-1), Code.BAD_VALUE),
    "a negative deposit": (qualify(PLANT_A, deposit=-1), Code.BAD_VALUE),
    "more deposit than money": (qualify(PLANT_A, deposit=100_000_000_01), Code.DEPOSIT_SHORT),
    "a suspended bidder": (qualify(PLANT_C), Code.SUSPENDED),
}


@pytest.mark.parametrize("case", QUALIFYING)
def test_refused_qualifications(case: str) -> None:
    record, code = QUALIFYING[case]
    assert do(market(announce(), row(Op.SUSPEND, party=PLANT_C)), record)[0] is code


def test_no_deposit_is_shown_when_no_day_is_open() -> None:
    engine = market(announce(), row(Op.CLOSE_DAY))
    assert do(engine, qualify(PLANT_A, deposit=1))[0] is Code.NO_DAY
    assert do(engine, qualify(PLANT_A))[0] is Code.OK


def test_a_cap_is_not_set_below_what_is_bid() -> None:
    engine = running(bid(PLANT_A, 300, 4000), cap=500)
    assert do(engine, qualify(PLANT_A, cap=299))[0] is Code.ABOVE_CAP
    assert do(engine, qualify(PLANT_A, cap=300))[0] is Code.OK


BIDDING = {
    "no such auction": (bid(PLANT_A, 100, 4000, number=2), Code.UNKNOWN_AUCTION),
    "somebody else's operator": (bid(PLANT_A, 100, 4000, operator=PLANT_B), Code.UNKNOWN_OPERATOR),
    "not qualified": (bid(SELLER, 100, 4000), Code.NOT_QUALIFIED),
    "below the reserve": (bid(PLANT_A, 100, 3999), Code.BELOW_RESERVE),
    "more than is offered": (bid(PLANT_A, 1010, 4000), Code.TOO_LARGE),
    "beyond the cap": (bid(PLANT_A, 510, 4000), Code.ABOVE_CAP),
    "less than the least": (bid(PLANT_A, 9, 4000), Code.TOO_SMALL),
    "no whole lot": (bid(PLANT_A, 15, 4000), Code.NOT_A_LOT),
    "no tick": (bid(PLANT_A, 100, 4001), Code.NOT_A_TICK),
    "above the day's highest price, where the terms have one": (bid(PLANT_A, 100, 9002), Code.ABOVE_BAND),
    "below the day's lowest": (bid(PLANT_B, 100, 2998), Code.BELOW_BAND),
    "no money": (bid(PLANT_B, 500, 5000), Code.NO_CASH),
    "a holding limit": (bid(PLANT_C, 20, 4000), Code.HOLDING_LIMIT),
}


@pytest.mark.parametrize("case", BIDDING)
def test_refused_bids(case: str) -> None:
    terms = {
        Term.TICK: 2,
        Term.LOT: 10,
        Term.QUANTITY_MIN: 10,
        Term.PRICE_HIGH: 9000,
        Term.PRICE_LOW: 3000,
    }
    limit = row(Op.HOLDING, party=PLANT_C, quantity=0, price=1_000_010)
    engine = running(limit, cap=500, market={"terms": {AUCTION: terms}, "cash": 2_400_000})
    record, code = BIDDING[case]
    if code is Code.BELOW_RESERVE:
        record = bid(PLANT_A, 100, 3998)
    assert do(engine, record)[0] is code


def test_a_bid_that_sells_needs_units_that_were_not_bought_today() -> None:
    bought = running(bid(PLANT_A, 50, 4000), CLOSE, market={"units": 1000})
    more = announce(2, by=PLANT_B, side=Side.BUY, tonnes=2000, reserve=5000)
    for record in (more, qualify(PLANT_A, number=2), step(Phase.OPEN, 2)):
        assert do(bought, record)[0] is Code.OK
    assert do(bought, bid(PLANT_A, 1051, 4000, number=2))[0] is Code.NO_UNITS
    assert do(bought, bid(PLANT_A, 1050, 4000, number=2))[0] is Code.BOUGHT_TODAY
    assert do(bought, bid(PLANT_A, 1000, 4000, number=2))[0] is Code.OK


def test_an_auction_takes_only_so_many_bids(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auction_checks, "BIDS_MAX", 2)
    engine = running(bid(PLANT_A, 10, 4000), bid(PLANT_A, 10, 4000))
    assert do(engine, bid(PLANT_B, 10, 4000))[0] is Code.FULL
    do(engine, cancel(PLANT_A, 2))
    assert do(engine, bid(PLANT_B, 10, 4000))[0] is Code.OK


OPENING = {
    "the mode is not open": ({}, [row(Op.PHASE, mode=AUCTION, kind=Phase.CLOSED)], Code.NOT_OPEN),
    "the product is not auctioned": ({}, [term(Term.TICK, 0)], Code.NOT_TRADED_SO),
    "the initiator is suspended": ({}, [row(Op.SUSPEND, party=SELLER)], Code.SUSPENDED),
    "not whole lots": ({"tonnes": 1005}, [term(Term.LOT, 10)], Code.NOT_A_LOT),
    "a reserve beside the tick": ({"reserve": 4001}, [term(Term.TICK, 2)], Code.NOT_A_TICK),
    "fewer units than offered": ({"tonnes": 1_000_001}, [], Code.NO_UNITS),
    "less money than the ceiling asks": (
        {"side": Side.BUY, "tonnes": 1_000_000, "reserve": 10_001}, [], Code.NO_CASH,
    ),
    "the day is over": ({}, [row(Op.CLOSE_DAY)], Code.NO_DAY),
}  # fmt: skip


@pytest.mark.parametrize("case", OPENING)
def test_a_window_does_not_open(case: str) -> None:
    announced, before, code = OPENING[case]
    assert do(market(announce(**announced), *before), OPEN)[0] is code


def test_steps_come_in_order() -> None:
    engine = market(announce())
    assert do(engine, CLOSE)[0] is Code.BAD_PHASE
    assert do(engine, bid(PLANT_A, 10, 4000))[0] is Code.WINDOW_SHUT
    assert do(engine, step(Phase.BREAK))[0] is Code.BAD_PHASE
    assert do(engine, OPEN)[0] is Code.OK
    assert do(engine, OPEN)[0] is Code.BAD_PHASE
    assert do(engine, CLOSE)[0] is Code.OK
    for record in (OPEN, CLOSE, CALL_OFF, qualify(PLANT_A), bid(PLANT_A, 10, 4000)):
        assert do(engine, record)[0] is Code.AUCTION_OVER
    assert do(engine, step(Phase.OPEN, 2))[0] is Code.UNKNOWN_AUCTION


# -- breaks, halts, suspensions, the day's end -------------------------------------------------------------


def test_cancelling_in_a_break_as_the_terms_say_and_always_in_a_halt() -> None:
    pause = row(Op.PHASE, mode=AUCTION, kind=Phase.BREAK)
    halt = row(Op.PHASE, mode=AUCTION, instrument=CEA, kind=Phase.HALTED)
    for allowed, record, code in (
        (1, pause, Code.OK),
        (0, pause, Code.NOT_OPEN),
        (0, halt, Code.OK),
        (0, row(Op.PHASE, mode=AUCTION, kind=Phase.CLOSED), Code.NOT_OPEN),
    ):
        terms = {AUCTION: {Term.BREAK_CANCEL: allowed}}
        engine = running(bid(PLANT_A, 100, 4000), record, market={"terms": terms})
        assert do(engine, bid(PLANT_B, 100, 4000))[0] is Code.NOT_OPEN
        assert do(engine, cancel(PLANT_A, 2))[0] is code


def test_no_result_comes_of_a_halted_market() -> None:
    engine = running(bid(PLANT_A, 100, 4000), row(Op.PHASE, kind=Phase.HALTED))
    assert do(engine, CLOSE)[0] is Code.NOT_OPEN
    assert do(engine, CALL_OFF)[0] is Code.OK


def test_offer_and_deposits_are_not_cancelled() -> None:
    engine = running(deposit=1000)
    assert do(engine, cancel(PLANT_A, 1))[0] is Code.BINDS
    assert do(engine, cancel(SELLER, 4))[0] is Code.BINDS


def test_called_off_everything_is_free_again() -> None:
    engine = running(bid(PLANT_A, 100, 4000), bid(PLANT_B, 100, 4000), deposit=1000)
    _, out = do(engine, CALL_OFF)
    check_invariants(engine)
    assert result(out) == (Outcome.CALLED_OFF, 0, 0, 0, 0)
    assert {why for _, why, _ in gone(out)} == {Gone.CALLED_OFF, Gone.RETURNED}
    assert not engine.arrays.cash[:, HELD].any() and not engine.arrays.units[CEA, :, HELD].any()


def test_an_open_window_is_called_off_by_the_close_and_an_announced_auction_stays() -> None:
    engine = running(announce(2), bid(PLANT_A, 100, 4000), deposit=1000)
    _, out = do(engine, row(Op.CLOSE_DAY))
    check_invariants(engine)
    assert result(out)[0] is Outcome.CALLED_OFF
    next_day(engine, cash={PLANT_A: 400_000})
    assert do(engine, OPEN)[0] is Code.AUCTION_OVER
    for record in (qualify(PLANT_A, number=2), step(Phase.OPEN, 2), bid(PLANT_A, 100, 4000, number=2)):
        assert do(engine, record)[0] is Code.OK
    assert trades(do(engine, step(Phase.CLOSED, 2))[1]) == [(PLANT_A, SELLER, 100, 4000)]


def test_a_suspended_bidder_loses_its_bids_and_bids_again_when_it_is_lifted() -> None:
    engine = running(bid(PLANT_A, 1000, 5000), bid(PLANT_B, 100, 4000), deposit=1000)
    _, out = do(engine, row(Op.SUSPEND, party=PLANT_A))
    check_invariants(engine)
    assert [one[1] for one in gone(out)] == [Gone.SUSPENDED] * 2
    assert do(engine, bid(PLANT_A, 10, 4000))[0] is Code.SUSPENDED
    do(engine, row(Op.LIFT, party=PLANT_A))
    assert do(engine, bid(PLANT_A, 10, 4000))[0] is Code.OK
    check_invariants(engine)
    assert trades(do(engine, CLOSE)[1]) == [(PLANT_B, SELLER, 100, 4000), (PLANT_A, SELLER, 10, 4000)]


def test_a_court_freezes_the_initiator_the_auction_ends_without_a_result() -> None:
    engine = running(bid(PLANT_A, 100, 4000))
    do(engine, row(Op.WITHDRAW_ALL, party=SELLER))
    check_invariants(engine)
    assert do(engine, bid(PLANT_B, 100, 4000))[0] is Code.WINDOW_SHUT
    _, out = do(engine, CLOSE)
    check_invariants(engine)
    assert result(out)[0] is Outcome.CALLED_OFF and not trades(out)


# -- whatever happens --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_nothing_is_lost_and_a_restored_market_goes_on_alike(seed: int) -> None:
    random = Random(seed)
    fees = {Term.FEE_BUY_TRADING: 1500, Term.FEE_BUY_SETTLEMENT: 70, Term.FEE_SELL_TRADING: 900}
    terms = {AUCTION: {Term.SETTLE_DAYS: seed % 2, Term.LOT: 5, **fees}}
    engine = opened(parties=5, cash=3_000_000, units=2000, terms=terms)
    cash, units = totals(engine)
    told: list[Row] = []
    accepted = traded = 0
    twin = engine
    for n in range(600):
        if n % 50 == 0:
            twin = Engine.restore(engine.image())
        record = _anything(random, engine)
        code, out = do(engine, record)
        assert do(twin, record) == (code, out) and twin.state_hash() == engine.state_hash()
        check_invariants(engine)
        told += out
        accepted += code is Code.OK
        traded += len(trades(out))
        assert totals(engine) == (cash, units)
        for reserve, price in _passed(told, out):
            assert reserve <= price
    check_trades(engine, told)
    assert accepted > 80 and traded > 3, (accepted, traded)


def _passed(told: Sequence[Row], out: Sequence[Row]) -> list[tuple[int, int]]:
    """For each trade in which the initiator sells: its reserve and the price."""
    offered = Side.SELL, AuctionOrder.OFFERED
    offers = {r[9]: r[8] for r in told if r[0] == Op.ENTERED and (r[2], r[3]) == offered}
    return [(offers[r[10]], r[8]) for r in out if r[0] == Op.TRADE and r[10] in offers]


def _anything(random: Random, engine: Engine) -> Row:
    desk = desk_of(engine)
    last, party = desk.auctions.last, random.randint(1, 5)
    kind = random.choices(
        ["announce", "qualify", "bid", "cancel", "open", "close", "off", "suspend", "freeze"],
        [5, 15, 50, 8, 10, 4, 1, 2, 1],
    )[0]
    fitting = {"bid": Stage.OPEN, "close": Stage.OPEN, "open": Stage.ANNOUNCED}.get(kind)
    likely = [one for one in desk.auctions if one.stage is (fitting or Stage.ANNOUNCED)][-3:]
    auction = random.choice(likely) if likely else None
    which = auction.number if auction and random.random() < 0.9 else random.randint(0, last + 1)
    if kind == "bid" and auction and auction.bidders and random.random() < 0.9:
        party = random.choice(sorted(auction.bidders))
    match kind:
        case "announce":
            return announce(
                last + 1, by=party, side=random.choice([Side.BUY, Side.SELL]),
                tonnes=5 * random.randint(1, 60), reserve=random.choice([0, 3000, 4000]),
                pricing=random.choice(list(Pricing)), ties=random.choice(list(Ties)),
                rules=random.randint(0, 15),
            )  # fmt: skip
        case "qualify":
            deposit = random.choice([0, 0, 100_000, 900_000])
            return qualify(party, cap=5 * random.choice([0, 20, 50]), deposit=deposit, number=which)
        case "bid":
            return bid(party, 5 * random.randint(1, 15), 10 * random.randint(280, 500), number=which)
        case "cancel":
            return cancel(party, random.randint(1, max(1, int(engine.arrays.day[1]))))
        case "suspend":
            return row(random.choice([Op.SUSPEND, Op.LIFT, Op.LIFT, Op.LIFT]), party=party)
        case "freeze":
            return row(Op.WITHDRAW_ALL, party=party)
        case _:
            phases = {"open": Phase.OPEN, "close": Phase.CLOSED, "off": Phase.HALTED}
            return step(phases[kind], which)


def test_a_deposit_order_holds_nothing_of_its_own_under_a_large_bid() -> None:
    engine = running(bid(PLANT_A, 1000, 5000), deposit=1000)
    assert engine.arrays.orders[1, O_HELD] == 0
    assert engine.arrays.cash[PLANT_A, HELD] == 5_000_000
