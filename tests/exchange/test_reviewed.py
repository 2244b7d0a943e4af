"""What somebody who wants to cheat, or whose process dies, tries on a market."""

from __future__ import annotations

import random
from datetime import time
from typing import Any

import pytest

from tanshu.base.clock import shanghai_ns
from tanshu.base.ids import KEY_BYTES
from tanshu.base.refusal import Refusal
from tanshu.exchange import service, timetable
from tanshu.exchange.engine import state
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import ANSWERS_PER_ORDER, ROOM, Engine
from tanshu.exchange.engine.records import (
    AMOUNT_MAX,
    RECORDS_MAX,
    Mode,
    Op,
    Phase,
    Row,
    Side,
    encode,
    row,
)
from tanshu.exchange.engine.state import DAY, FREE, LIVE
from tanshu.exchange.engine.terms import Term
from tanshu.exchange.market import MarketAct
from tanshu.exchange.model import Amend, Batch, Bid, Cancel, Counter, Offer, Order, Quote, Take
from tanshu.parties.model import Dismiss
from tanshu.parties.service import dismiss
from tests.exchange.bridge.support import DAY as FIRST_DAY
from tests.exchange.bridge.support import EXCHANGE, Trading
from tests.exchange.engine.support import CEA, TODAY, check_invariants, do, opened

BOARD = {Mode.LISTING: {Term.PRICE_LOW: 4500, Term.PRICE_HIGH: 5500, Term.LEVELS: 5, Term.CHOOSE: 1}}


@pytest.fixture
def market(trading: Trading) -> Trading:
    """A market that has taken the steps of its morning."""
    timetable.keep(trading.exchange, trading.clock())
    return trading


def ns(clock: time) -> int:
    return shanghai_ns(FIRST_DAY, clock)


def listing(op: Op, side: Side, party: int, quantity: int, price: int = 0, **more: int) -> Row:
    """What a participant's own operator says about the first product; on the board, if not elsewhere."""
    about: dict[str, int] = {"mode": Mode.LISTING, "instrument": CEA, "party": party, "other": party, **more}
    return row(op, side=side, quantity=quantity, price=price, **about)


# -- the engine --------------------------------------------------------------------------------------------


def test_a_product_listed_while_the_day_is_open_does_not_trade_without_bands():
    """Terms for all products are for those there are: a new one has none, in the original as restored."""
    engine = opened(terms=BOARD)
    twin = Engine.restore(engine.image())
    listed = [row(Op.INSTRUMENT, instrument=2, quantity=2025, price=6000)]
    offer = row(Op.OFFER, mode=Mode.LISTING, instrument=2, party=1, quantity=1, price=9_999_999, other=1)
    for one in (engine, twin):
        assert not one.apply(encode(listed)).codes.any()
        assert do(one, offer)[0] is Code.NOT_TRADED_SO
    assert engine.state_hash() == twin.state_hash()


def test_the_room_of_the_arrays_does_not_change_what_happens():
    """What lies beyond the numbers in use is nothing, however much room there is."""
    engine = opened(terms=BOARD)
    records = [row(Op.INSTRUMENT, instrument=n, quantity=2025, price=6000) for n in range(2, 9)]
    together = Engine.restore(engine.image())
    assert not together.apply(encode(records)).codes.any()
    for record in records:
        assert not engine.apply(encode([record])).codes.any()
    assert engine.state_hash() == together.state_hash()


@pytest.mark.parametrize(
    ("record", "code"),
    [
        (row(Op.HOLDING, party=1, quantity=(1 << 63) - 1), Code.BAD_VALUE),
        (row(Op.HOLDING, party=1, price=(1 << 63) - 1), Code.BAD_VALUE),
        (row(Op.HOLDING, party=1, quantity=-1), Code.BAD_VALUE),
        (row(Op.TERM, mode=Mode.LISTING, kind=Term.FEE_BUY_TRADING, quantity=1 << 40), Code.BAD_VALUE),
        (row(Op.TERM, mode=Mode.LISTING, kind=Term.FEE_SELL_TRADING, quantity=500_001), Code.BAD_VALUE),
        (row(Op.TERM, mode=Mode.LISTING, kind=Term.TICK, quantity=-1), Code.BAD_VALUE),
        (row(Op.TERM, mode=9, kind=Term.TICK, quantity=1), Code.BAD_VALUE),
    ],
)
def test_a_value_that_would_overflow_is_refused(record: Row, code: Code):
    assert do(opened(terms=BOARD), record)[0] is code


def test_money_cannot_be_brought_in_until_it_overflows():
    engine = opened(cash=0, terms=BOARD)
    half = row(Op.CASH_IN, party=1, quantity=1 << 59)
    assert do(engine, half)[0] is Code.OK
    assert do(engine, row(Op.CASH_IN, party=2, quantity=1 << 59))[0] is Code.OK
    assert do(engine, half)[0] is Code.BAD_QUANTITY, "all of it may come to one participant by trade"
    check_invariants(engine)


@pytest.mark.parametrize("ppm", [0, 1, 499_999, 500_000])
def test_the_largest_amount_with_the_highest_fees_is_not_bought_for_nothing(ppm: int):
    """No sum wraps below zero: who has too little is told so."""
    fees = {Term.FEE_BUY_TRADING: ppm, Term.FEE_BUY_SETTLEMENT: ppm, Term.PRICE_LOW: 0, Term.PRICE_HIGH: 0}
    engine = opened(cash=1, terms={Mode.LISTING: fees})
    price = 1 << 39
    largest = AMOUNT_MAX // price
    offer = listing(Op.OFFER, Side.BUY, 1, largest, price)
    assert do(engine, offer)[0] is Code.NO_CASH


def test_what_rests_is_bounded_so_that_one_record_always_fits_an_entry():
    """A flood of small offers would make the close tell of more than an entry carries: no day could end."""
    assert state.LIVE_MAX * ANSWERS_PER_ORDER + ROOM <= RECORDS_MAX
    engine = opened(terms={**BOARD, Mode.BLOCK: {}})
    offer = row(
        Op.OFFER, mode=Mode.LISTING, side=Side.SELL, instrument=CEA, party=1, other=1, quantity=1, price=5000
    )
    quote = row(
        Op.QUOTE, mode=Mode.BLOCK, side=Side.SELL, instrument=CEA, party=1, other=1, quantity=1, price=5000
    )
    assert do(engine, offer)[0] is do(engine, quote)[0] is Code.OK
    resting = int(engine.arrays.day[LIVE])
    engine.arrays.day[LIVE] = state.LIVE_MAX
    counter = row(Op.COUNTER, mode=Mode.BLOCK, party=2, other=2, order=2, quantity=1, price=4999)
    for record in (offer, quote, counter):
        assert do(engine, record)[0] is Code.FULL
    take = listing(Op.TAKE, Side.BUY, 2, 1)
    assert do(engine, take)[0] is Code.OK, "what takes away from it goes on"
    engine.arrays.day[LIVE] = resting - 1
    check_invariants(engine)


def test_every_desk_goes_on_alike_after_a_restore_in_the_middle_of_a_day():
    """Two thousand records of all modes, hostile ones among them; a twin is restored now and then."""
    dice = random.Random(11)
    engine = opened(
        parties=4, cash=40_000_000, units=3_000, instruments=2,
        terms={
            **BOARD, Mode.BLOCK: {Term.DOUBLE_CONFIRM: 1}, Mode.ORDER_BOOK: {Term.PRICE_HIGH: 5500},
            Mode.AUCTION: {},
        },
    )  # fmt: skip
    twin = Engine.restore(engine.image())
    accepted = 0
    for n in range(1_500):
        block = encode([_any_record(dice, engine) for _ in range(dice.choice((1, 1, 1, 4)))])
        there, here = engine.apply(block), twin.apply(block)
        assert there.codes.tolist() == here.codes.tolist()
        assert there.outputs.tobytes() == here.outputs.tobytes()
        accepted += there.codes.tolist().count(0)
        if n % 25 == 0:
            assert engine.state_hash() == twin.state_hash()
            check_invariants(engine)
            twin = Engine.restore(engine.image())
    assert accepted > 300


def _any_record(dice: random.Random, engine: Engine) -> Row:
    """Something that is said to a market, sensible or not; who asks is not always who owns."""
    who = dice.randint(1, 4)
    operator = who if dice.random() < 0.95 else dice.randint(0, 9)
    orders = int(engine.arrays.day[state.ORDERS])
    named = dice.randint(max(0, orders - 20), orders + 1)
    common: dict[str, Any] = {"party": who, "other": operator, "extra": dice.randint(0, 9)}
    sized = {"quantity": dice.choice((1, 5, 40, 300, 0)), "price": dice.randint(4_990, 5_010)}
    placed = {
        "side": dice.choice((0, 0, 1, 1, 2)),
        "instrument": dice.choice((1, 1, 2, 3)),
        **sized,
        **common,
    }
    pick = dice.random()
    if pick < 0.2:
        return row(Op.OFFER, mode=Mode.LISTING, **placed)
    if pick < 0.35:
        return row(Op.TAKE, mode=Mode.LISTING, **{**placed, "price": 0})
    if pick < 0.5:
        return row(Op.ORDER, mode=Mode.ORDER_BOOK, kind=dice.choice((0, 0, 0, 1, 2, 3)), **placed)
    if pick < 0.6:
        return row(Op.QUOTE, mode=Mode.BLOCK, counter=dice.choice((0, 1, 2, 3)), **placed)
    if pick < 0.75:
        op = dice.choice((Op.COUNTER, Op.CONFIRM, Op.CONFIRM, Op.DECLINE))
        return row(op, mode=Mode.BLOCK, order=named, **sized, **common)
    if pick < 0.85:
        return row(Op.CANCEL, order=named, **common)
    if pick < 0.9:
        return row(Op.AMEND, mode=Mode.ORDER_BOOK, order=named, **sized, **common)
    if pick < 0.93:
        return row(dice.choice((Op.SUSPEND, Op.LIFT, Op.LIFT, Op.WITHDRAW_ALL)), party=who)
    if pick < 0.96:
        halted = dice.choice((Phase.HALTED, Phase.OPEN, Phase.OPEN))
        return row(Op.PHASE, mode=dice.choice((0, 1, 4)), instrument=dice.choice((0, 1)), kind=halted)
    money = dice.choice((Op.CASH_IN, Op.CASH_OUT, Op.UNITS_IN, Op.UNITS_OUT))
    return row(money, instrument=1, party=who, quantity=dice.choice((1, 50, 1 << 50)))


def test_a_batch_in_which_everything_is_refused_changes_nothing():
    engine = opened(terms=BOARD)
    before = engine.state_hash()
    nonsense = [
        row(Op.TAKE, mode=Mode.LISTING, instrument=n, party=n, quantity=n, other=n) for n in range(5_000)
    ]
    applied = engine.apply(encode(nonsense))
    assert applied.codes.all() and not len(applied.outputs)
    assert engine.state_hash() == before
    room = len(engine.arrays.orders)
    for _ in range(5):
        engine.apply(encode(nonsense))
    assert len(engine.arrays.orders) == room, "refusing again and again takes no more memory"


def test_a_refused_take_with_the_number_of_a_hidden_order_tells_nothing_of_it():
    """Block quotes to others are none of a taker's business."""
    engine = opened(terms={**BOARD, Mode.BLOCK: {}})
    private = listing(Op.QUOTE, Side.SELL, 1, 9, 5001, mode=Mode.BLOCK, counter=2)
    assert do(engine, private)[0] is Code.OK
    take = row(Op.TAKE, mode=Mode.LISTING, instrument=CEA, party=3, other=3, quantity=9, order=1)
    assert do(engine, take)[0] is do(engine, (*take[:9], 77, 3, 0))[0] is Code.UNKNOWN_ORDER


# -- the timetable -----------------------------------------------------------------------------------------


def test_who_uses_the_key_of_a_step_does_not_stop_the_clock(market: Trading):
    """The keys of steps follow from what everybody knows: an order under one of them is no step."""
    for n in range(12):
        key = timetable.key_of(market.exchange, FIRST_DAY, n)
        ctx = market.ctx(market.traders[market.a]).with_(key=key[:KEY_BYTES])
        service.submit(service.at(ctx, market.exchange), Offer("CEA22", "sell", 1, 8000))
    market.clock.set_day(FIRST_DAY, time(11, 45))
    assert timetable.keep(market.exchange, market.clock()) == 2, "of listing and of auctions"
    assert timetable.keep(market.exchange, market.clock()) == 0
    market.refuses("EXC-1004", lambda: market.orders(market.b, Take("CEA22", "buy", 1)))


def test_an_order_that_waits_past_the_end_of_a_session_comes_too_late(market: Trading):
    """Asked at 11:29:59, decided at 11:30: the entry's time and the phase agree."""
    market.sell(market.a, 10)
    times = [time(11, 29, 59)]

    def clock() -> int:
        return ns(times.pop(0)) if times else ns(time(11, 30)) + 1

    before = market.exchange.tail.seq
    ctx = market.ctx(market.traders[market.b]).with_(clock=clock)
    refused = service.submit(service.at(ctx, market.exchange), Take("CEA22", "buy", 1))
    assert isinstance(refused, Refusal) and refused.code == "EXC-1004"
    with market.exchange.reading() as (_, engine):
        assert engine.arrays.phases[0, Mode.LISTING] == Phase.BREAK
    assert market.exchange.tail.seq > before, "the step was taken"


def test_what_is_decided_before_a_due_step_is_asked_again(market: Trading):
    """The window between looking at the clock and deciding: nothing is written, the key stays free."""
    ctx = market.ctx(market.traders[market.a])

    def decide(act: MarketAct, _: object) -> Any:
        return timetable.late(act) or {}

    market.clock.set_day(FIRST_DAY, time(13))
    due = market.refuses("EXC-1013", lambda: service.at(ctx, market.exchange).commit("x", None, decide))
    assert "11:30:00" in due.sentence("zh")
    assert timetable.keep(market.exchange, market.clock()) > 1
    market.done(service.at(ctx, market.exchange).commit("x", None, decide))


def test_a_process_that_was_down_over_lunch_takes_every_step_at_its_time(market: Trading):
    market.clock.set_day(FIRST_DAY, time(11, 30))
    market.clock.set_day(FIRST_DAY, time(14))
    market.sell(market.a, 10)
    with market.exchange.reading() as (_, engine):
        assert engine.arrays.phases[0, Mode.LISTING] == engine.arrays.phases[0, Mode.BLOCK] == Phase.OPEN
    market.clock.set_day(FIRST_DAY, time(15))
    taken = timetable.keep(market.exchange, market.clock())
    assert taken >= 1
    assert timetable.keep(market.exchange, market.clock()) == 0
    market.refuses("EXC-1004", lambda: market.orders(market.b, Take("CEA22", "buy", 1)))


# -- who asks, and what ------------------------------------------------------------------------------------


def test_a_trader_who_was_dismissed_gives_no_more_orders(market: Trading):
    market.done(dismiss(market.ctx("registry-maker-1"), Dismiss(market.traders[market.a])))
    refused = market.orders(market.a, Offer("CEA22", "sell", 1, 8000))
    assert isinstance(refused, Refusal) and refused.code == "PAR-3005"


def test_somebody_without_an_operator_code_gives_no_orders(market: Trading):
    def by_the_exchange() -> Any:
        return service.submit(service.at(market.ctx(EXCHANGE), market.exchange), Cancel("20240102-1"))

    assert EXCHANGE in market.refuses("EXC-3001", by_the_exchange).sentence("zh")


@pytest.mark.parametrize(
    ("asked", "code", "field"),
    [
        (Offer("CEA22", "both", 1, 8000), "EXC-2013", "side"),
        (Offer("CEA22", ["buy"], 1, 8000), "EXC-2013", "side"),  # type: ignore[arg-type]
        (Order("CEA22", "buy", 1, 8000, kind="stop"), "EXC-2014", "kind"),
        (Order("CEA22", "buy", 1, 8000, kind=["fok"]), "EXC-2014", "kind"),  # type: ignore[arg-type]
        (Offer("CEA22", "sell", 1, -1), "EXC-2015", "price_fen"),
        (Offer("CEA22", "sell", 1, "80"), "EXC-2015", "price_fen"),  # type: ignore[arg-type]
        (Offer("CEA22", "sell", 1, True), "EXC-2015", "price_fen"),
        (Offer("CEA22", "sell", 1, 8000, ref=-1), "EXC-2015", "ref"),
        (Offer("CEA99", "sell", 1, 8000), "EXC-2001", "instrument"),
        (Offer(7, "sell", 1, 8000), "EXC-2001", "instrument"),  # type: ignore[arg-type]
        (Offer({"a": 1}, "sell", 1, 8000), "EXC-2001", "instrument"),  # type: ignore[arg-type]
        (Quote("CEA22", "sell", 100_000, 8000, to="nobody"), "EXC-3002", "to"),
        (Quote("CEA22", "sell", 100_000, 8000, to=["x"]), "EXC-3002", "to"),  # type: ignore[arg-type]
        (Cancel("seventeen"), "EXC-4001", "order"),
        (Cancel(17), "EXC-4001", "order"),  # type: ignore[arg-type]
        (Take("CEA22", "buy", 1, offer="20240102-0"), "EXC-4001", "order"),
        (Cancel("20231229-1"), "EXC-4002", "order"),
        (Counter("20231229-1", 100_000, 8000), "EXC-4002", "order"),
        (Bid(1 << 40, 1, 8000), "EXC-5001", "auction"),
        (Amend("20240102-999999999", 1, 8000), "EXC-4003", "order"),
        (Offer("CEA22", "sell", (1 << 40) - 1, (1 << 40) - 1), "EXC-2006", "quantity"),
        (Offer("CEA22", "sell", 1, 1 << 61), "EXC-2008", "price"),
    ],
)
def test_what_cannot_be_read_is_refused_by_number(market: Trading, asked: Any, code: str, field: str):
    refused = market.refuses(code, lambda: market.orders(market.a, asked))
    assert refused.field == field


def test_a_batch_has_a_size_and_says_which_line_cannot_be_read(market: Trading):
    def sent(*asked: Any) -> Any:
        ctx = market.ctx(market.traders[market.a])
        return service.submit_many(service.at(ctx, market.exchange), Batch(tuple(asked)))

    good = Offer("CEA22", "sell", 1, 8000)
    market.refuses("EXC-1011", sent)
    market.refuses("EXC-1011", lambda: sent(*[good] * (service.BATCH_MAX + 1)))
    refused = market.refuses("EXC-2013", lambda: sent(good, Offer("CEA22", "x", 1, 8000)))
    assert refused.field == "asked[1].side"
    answer = market.done(sent(good, Offer("CEA22", "sell", 1, 99_999), good)).data
    assert [bool(code) for code in answer["codes"]] == [False, True, False]
    assert answer["orders"] == [1, 2] and answer["first_order"] == "20240102-1"
    market.check()


def test_a_refusal_tells_no_more_than_its_sentence(market: Trading):
    """Not which product another's order is of, nor what else the engine knows of who asks."""
    order = market.sell(market.a, 10)["order"]
    refused = market.refuses("EXC-4004", lambda: market.orders(market.b, Cancel(order)))
    assert set(refused.facts) == {"order", "who"}


def test_a_maker_is_not_named_to_who_takes(market: Trading):
    market.sell(market.a, 10)
    told = market.buy(market.b, 4)
    assert market.a not in str(told)
    (trade,) = told["trades"]
    assert (trade["quantity"], trade["price_fen"]) == (4, 8000)


def test_an_order_that_was_cancelled_says_so(market: Trading):
    order = market.sell(market.a, 10)["order"]
    market.buy(market.b, 4)
    told = market.done(market.orders(market.a, Cancel(order))).data
    assert (told["state"], told["filled"], told["left"]) == ("cancelled", 4, 0)
    market.check()


def test_a_maker_may_not_be_named_where_the_market_does_not_allow_it():
    engine = opened(terms={Mode.LISTING: {**BOARD[Mode.LISTING], Term.CHOOSE: 0}})
    offer = row(
        Op.OFFER, mode=Mode.LISTING, side=Side.SELL, instrument=CEA, party=1, other=1, quantity=1, price=5000
    )
    assert do(engine, offer)[0] is Code.OK
    take = row(
        Op.TAKE, mode=Mode.LISTING, side=Side.BUY, instrument=CEA, party=2, other=2, quantity=1, order=1
    )
    assert do(engine, take)[0] is Code.NO_CHOICE
    assert _said(engine, take, Code.NO_CHOICE).code == "EXC-4013"


def test_the_terms_of_a_day_stand_once_an_order_rests():
    engine = opened(terms=BOARD)
    offer = row(
        Op.OFFER, mode=Mode.LISTING, side=Side.SELL, instrument=CEA, party=1, other=1, quantity=1, price=5000
    )
    assert do(engine, offer)[0] is Code.OK
    dearer = row(Op.TERM, mode=Mode.LISTING, kind=Term.FEE_BUY_TRADING, quantity=10)
    assert do(engine, dearer)[0] is Code.TERMS_STAND
    assert _said(engine, dearer, Code.TERMS_STAND).code == "EXC-1012"


def _said(engine: Engine, record: Row, code: Code) -> Refusal:
    from tanshu.exchange import checks
    from tanshu.exchange.market import Names

    return checks.from_code(engine, record, code, Names({}, {}, {}, {}, {}, {}))


# -- one money, one tonne ----------------------------------------------------------------------------------


def test_proceeds_that_bought_are_not_withdrawn_and_own_money_is():
    """Own 100, earned 100: what rests on proceeds keeps as much of one's own."""
    engine = opened(parties=2, cash=0, units=10, terms={Mode.LISTING: {}})
    assert do(engine, row(Op.CASH_IN, party=2, quantity=1_000))[0] is Code.OK
    assert do(engine, row(Op.CASH_IN, party=1, quantity=100))[0] is Code.OK
    sell = row(
        Op.OFFER, mode=Mode.LISTING, side=Side.SELL, instrument=CEA, party=1, other=1, quantity=1, price=100
    )
    take = listing(Op.TAKE, Side.BUY, 2, 1)
    buy = row(
        Op.OFFER, mode=Mode.LISTING, side=Side.BUY, instrument=CEA, party=1, other=1, quantity=1, price=150
    )
    for record in (sell, take, buy):
        assert do(engine, record)[0] is Code.OK
    assert engine.arrays.cash[1, FREE] == 50
    assert do(engine, row(Op.CASH_OUT, party=1, quantity=50))[0] is Code.NO_WITHDRAWAL
    assert do(engine, row(Op.CANCEL, party=1, other=1, order=3))[0] is Code.OK
    assert do(engine, row(Op.CASH_OUT, party=1, quantity=101))[0] is Code.NO_WITHDRAWAL
    assert do(engine, row(Op.CASH_OUT, party=1, quantity=100))[0] is Code.OK
    check_invariants(engine)
    assert engine.arrays.day[DAY] == TODAY


def test_a_holding_limit_counts_every_vintage_every_mode_and_what_rests():
    engine = opened(parties=2, units=100, instruments=2, terms={Mode.LISTING: {}, Mode.BLOCK: {}})
    assert (
        do(engine, row(Op.HOLDING, party=1, quantity=50, price=260))[0] is Code.OK
    )  # 200 inside, 50 outside

    def buys(op: Op, mode: Mode, instrument: int, quantity: int) -> Code:
        return do(engine, listing(op, Side.BUY, 1, quantity, 5000, mode=mode, instrument=instrument))[0]

    assert buys(Op.OFFER, Mode.LISTING, 1, 6) is Code.OK
    assert buys(Op.QUOTE, Mode.BLOCK, 2, 5) is Code.HOLDING_LIMIT
    assert buys(Op.QUOTE, Mode.BLOCK, 2, 4) is Code.OK
    assert do(engine, row(Op.UNITS_OUT, instrument=1, party=1, quantity=50))[0] is Code.OK
    assert buys(Op.OFFER, Mode.LISTING, 1, 1) is Code.HOLDING_LIMIT, "moving units out makes no room"
    assert do(engine, row(Op.CANCEL, party=1, other=1, order=1))[0] is Code.OK
    assert buys(Op.OFFER, Mode.LISTING, 2, 7) is Code.HOLDING_LIMIT
    assert buys(Op.OFFER, Mode.LISTING, 2, 6) is Code.OK
