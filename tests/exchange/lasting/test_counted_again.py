"""The ledger that counts a day a second time finds every number in a market's outputs that was altered."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tanshu.audit.market.ledger import Ledger
from tanshu.exchange.engine.records import FIRST_OUT, AuctionOrder, Gone, Mode, Op, Row, Side, row
from tanshu.exchange.engine.terms import Term

LISTING = Mode.LISTING


def _term(term: Term, value: int, *, mode: int = LISTING, instrument: int = 0) -> Row:
    return row(Op.TERM, mode=mode, kind=term, quantity=value, instrument=instrument)


OPENING = (
    row(Op.PARTY, party=1),
    row(Op.PARTY, party=2),
    row(Op.OPERATOR, party=1, other=1),
    row(Op.OPERATOR, party=2, other=2),
    row(Op.INSTRUMENT, instrument=1, price=8_000),
    row(Op.DAY, quantity=20240102),
    _term(Term.TICK, 10),
    _term(Term.QUANTITY_MAX, 99_999),
    _term(Term.PRICE_LOW, 7_200, instrument=1),
    _term(Term.PRICE_HIGH, 8_800, instrument=1),
    _term(Term.FEE_BUY_TRADING, 500),
    _term(Term.FEE_SELL_SETTLEMENT, 333),
    _term(Term.SETTLE_DAYS, 1),
    _term(Term.IN_CLOSE, 1),
    row(Op.UNITS_IN, instrument=1, party=1, quantity=100),
    row(Op.CASH_IN, party=2, quantity=900_000),
)
_OFFERED = {"mode": LISTING, "side": Side.SELL, "instrument": 1, "party": 1, "other": 1}
_BOUGHT = {"mode": LISTING, "side": Side.BUY, "instrument": 1, "party": 2, "other": 2}
_DEAL = {"mode": LISTING, "instrument": 1, "party": 2, "counter": 1, "order": 2, "other": 1}
DAY = {
    "offer": row(Op.ENTERED, quantity=100, price=8_000, order=1, **_OFFERED),
    "taking": row(Op.ENTERED, quantity=61, price=8_100, order=2, **_BOUGHT),
    "first": row(Op.TRADE, quantity=33, price=8_000, extra=1, **_DEAL),
    "fee of the buyer": row(Op.FEE, mode=LISTING, instrument=1, party=2, quantity=132, order=2, extra=1),
    "fee of the seller": row(
        Op.FEE, mode=LISTING, side=Side.SELL, instrument=1, party=1, price=88, order=1, extra=1
    ),
    "second": row(Op.TRADE, quantity=28, price=8_100, extra=2, **_DEAL),
    "rest of the buyer's fee": row(
        Op.FEE, mode=LISTING, instrument=1, party=2, quantity=113, order=2, extra=2
    ),
    "rest of the seller's fee": row(
        Op.FEE, mode=LISTING, side=Side.SELL, instrument=1, party=1, price=75, order=1, extra=2
    ),
    "gone": row(
        Op.GONE, mode=LISTING, side=Side.SELL, kind=Gone.LAPSED, instrument=1, party=1, quantity=39, order=1
    ),
    "over": row(Op.CLOSE_DAY),
    "close": row(Op.CLOSE, instrument=1, quantity=61, price=8_046, other=2, extra=490_800),
}
"""264,000 and 226,800 fen: half per mille is 132, 113.4; 333 ppm of 264,000 is 87.9, of 490,800 163.4."""


def flaws(records: Sequence[Row], opening: Sequence[Row] = OPENING) -> list[str]:
    """The codes of what is found, each record an entry of its own but fees, which come with their trade."""
    ledger, found = Ledger(), list[str]()
    entry: list[Row] = []
    for n, one in enumerate((*opening, *records)):
        entry.append(one)
        following = (*opening, *records)[n + 1 : n + 2]
        if following and following[0][0] == Op.FEE:
            continue
        found += [kind.code for kind, _ in ledger.look_at(entry, bytes(len(entry)))]
        entry = []
    return found


def _with(name: str, **changes: int) -> list[Row]:
    """The day with one record altered."""
    place = {"instrument": 4, "party": 5, "counter": 6, "quantity": 7, "price": 8, "order": 9, "other": 10}
    altered = list(DAY[name])
    for field, value in changes.items():
        altered[place.get(field, {"mode": 1, "side": 2, "kind": 3, "extra": 11}.get(field, 0))] = value
    return [tuple(altered) if key == name else one for key, one in DAY.items()]  # type: ignore[misc]


def test_a_day_that_adds_up_has_no_flaw():
    assert flaws(list(DAY.values())) == []


ALTERED = {
    "an order's number is passed over": ("offer", {"order": 2}, "AUD-8002"),
    "an order has another's operator": ("offer", {"other": 2}, "AUD-8002"),
    "an order is of nobody": ("taking", {"party": 3}, "AUD-8002"),
    "an order is of no product": ("taking", {"instrument": 2}, "AUD-8002"),
    "an order is larger than the day allows": ("offer", {"quantity": 100_000}, "AUD-8002"),
    "more is gone than was left": ("gone", {"quantity": 40}, "AUD-8002"),
    "somebody else's order is gone": ("gone", {"party": 2}, "AUD-8002"),
    "an order outlasts the close": ("gone", {"order": 2}, "AUD-8002"),
    "a trade's number is passed over": ("first", {"extra": 2}, "AUD-8003"),
    "a trade is of no order": ("first", {"other": 3}, "AUD-8003"),
    "a trade names another buyer": ("first", {"party": 1}, "AUD-8003"),
    "a trade names another seller": ("first", {"counter": 2}, "AUD-8003"),
    "a trade is in another mode": ("first", {"mode": 2}, "AUD-8003"),
    "a trade is larger than an order": ("first", {"quantity": 62}, "AUD-8003"),
    "a trade is dearer than the buyer said": ("second", {"price": 8_110}, "AUD-8003"),
    "a trade is cheaper than the seller said": ("first", {"price": 7_990}, "AUD-8003"),
    "a trade is above the band": ("second", {"price": 8_810}, "AUD-8004"),
    "a trade is below the band": ("second", {"price": 7_190}, "AUD-8004"),
    "a trade is between two ticks": ("first", {"price": 8_005}, "AUD-8004"),
    "more is offered than came in": ("offer", {"quantity": 101}, "AUD-8005"),
    "more is bid than there is money for": ("taking", {"quantity": 112}, "AUD-8006"),
    "a fee is a fen less": ("fee of the buyer", {"quantity": 131}, "AUD-8007"),
    "a fee is in the other column": ("fee of the seller", {"quantity": 88, "price": 0}, "AUD-8007"),
    "a fee is rounded by the trade": ("rest of the seller's fee", {"price": 76}, "AUD-8007"),
    "a fee is of another order": ("fee of the buyer", {"order": 1}, "AUD-8007"),
    "the close is a fen off": ("close", {"price": 8_045}, "AUD-8008"),
    "the close counts another trade": ("close", {"other": 3}, "AUD-8008"),
    "the close's tonnes are others": ("close", {"quantity": 60}, "AUD-8008"),
    "the close's amount is another": ("close", {"extra": 490_801}, "AUD-8008"),
}


@pytest.mark.parametrize("what", ALTERED)
def test_an_altered_number_is_found(what: str):
    name, changes, code = ALTERED[what]
    assert code in flaws(_with(name, **changes))


@pytest.mark.parametrize("name", DAY)
def test_a_record_that_is_left_out_is_found_by_the_end_of_the_day(name: str):
    """Nothing after a close says that it was left out; that is the engine's replay to find."""
    found = flaws([one for key, one in DAY.items() if key != name])
    assert found or name == "close"


def test_proceeds_of_today_do_not_leave_today():
    out = row(Op.CASH_OUT, party=1, quantity=1)
    assert flaws([*list(DAY.values())[:5], out]) == ["AUD-8006"]


def test_what_was_bought_today_is_not_offered_today():
    resold = {**_OFFERED, "party": 2, "other": 2}
    again = row(Op.ENTERED, quantity=1, price=8_000, order=3, **resold)
    so_far = [*list(DAY.values())[:8], again]
    assert flaws(so_far) == ["AUD-8005"]
    at_once = [one for one in OPENING if one[3] != Term.SETTLE_DAYS or one[0] != Op.TERM]
    assert flaws(so_far, at_once) == []


def test_without_a_trade_the_close_is_the_reference():
    assert flaws([row(Op.CLOSE_DAY), row(Op.CLOSE, instrument=1, price=8_000)]) == []
    assert flaws([row(Op.CLOSE_DAY), row(Op.CLOSE, instrument=1, price=8_010)]) == ["AUD-8008"]


def test_an_auction_is_told_to_have_sold_what_was_traded():
    terms = (_term(Term.TICK, 10, mode=Mode.AUCTION),)
    lot = {"mode": Mode.AUCTION, "instrument": 1}
    out = [
        row(Op.ENTERED, side=Side.SELL, kind=AuctionOrder.OFFERED, party=1, quantity=50, order=1, **lot),
        row(Op.ENTERED, kind=AuctionOrder.DEPOSIT, party=2, price=500_000, order=2, **lot),
        row(Op.ENTERED, party=2, other=2, quantity=50, price=9_000, order=3, **lot),
        row(Op.TRADE, party=2, counter=1, quantity=50, price=9_000, order=3, other=1, extra=1, **lot),
        row(Op.GONE, kind=Gone.RETURNED, party=2, order=2, **lot),
    ]
    for sold, found in ((50, []), (49, ["AUD-8011"])):
        result = row(Op.RESULT, party=1, quantity=sold, price=9_000, order=1, **lot)
        ledger = Ledger()
        flawed = ledger.look_at((*OPENING, *terms), bytes(len(OPENING) + 1))
        flawed += ledger.look_at([*out, result], bytes(6))
        assert [kind.code for kind, _ in flawed] == found


def test_what_was_refused_counts_for_nothing():
    ledger = Ledger()
    ledger.look_at(OPENING, bytes(len(OPENING)))
    refused = [row(Op.CASH_IN, party=2, quantity=5), row(Op.UNITS_OUT, instrument=1, party=1, quantity=200)]
    assert all(one[0] < FIRST_OUT for one in refused)
    assert ledger.look_at(refused, b"\x02\x13") == []
    assert ledger.inside(2, 0) == 900_000 and ledger.inside(1, 1) == 100
