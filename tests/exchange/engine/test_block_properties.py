"""Talks at random: whatever participants say to each other, money, units and turns stay right.

Every record is applied to the market and to one that was just put away and taken out again.
"""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.exchange.engine.block import BlockDesk, Quote
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Gone, Mode, Op, OrderKind, Phase, Row, Side, encode, row
from tanshu.exchange.engine.state import (
    O_ABOUT,
    O_COUNTER,
    O_KIND,
    O_NEXT,
    O_PARTY,
    O_PREV,
    O_SIDE,
    O_STATE,
    ORDERS,
    RESTING,
)
from tanshu.exchange.engine.terms import Term
from tests.exchange.engine.support import CEA, check_invariants, check_trades, do, opening, totals

BLOCK = int(Mode.BLOCK)
PARTIES = 4
TERMS = {Term.QUANTITY_MIN: 10, Term.PRICE_LOW: 90, Term.PRICE_HIGH: 110, Term.FEE_BUY_TRADING: 3000}


def market(twice: int) -> Engine:
    engine = Engine()
    terms = {Mode.BLOCK: {**TERMS, Term.DOUBLE_CONFIRM: twice}}
    assert not engine.apply(encode(opening(parties=PARTIES, cash=6000, units=20, terms=terms))).codes.any()
    return engine


def check_talks(engine: Engine, outputs: list[Row], told: list[Row]) -> None:
    """What rests is what the rule lets stand; `outputs` came of the last record, `told` of all."""
    a = engine.arrays
    orders = {n: a.orders[n] for n in range(1, int(a.day[ORDERS]) + 1)}
    live = {n: o for n, o in orders.items() if o[O_STATE] == RESTING}
    waiting: set[tuple[int, int, int]] = set()
    for n, o in live.items():
        if o[O_KIND] == OrderKind.FOK:  # a confirmation that waits
            quote = orders[int(o[O_PREV])]
            assert quote[O_NEXT] == n and quote[O_STATE] == RESTING
            assert quote[O_SIDE] == 1 - o[O_SIDE] and quote[O_PARTY] == o[O_COUNTER] != o[O_PARTY]
        elif o[O_ABOUT]:
            turn = int(o[O_ABOUT]), int(o[O_PARTY]), int(o[O_COUNTER])
            assert turn not in waiting, "one quote at a time from one to another, in one talk"
            waiting.add(turn)
    for trade in (out for out in outputs if out[0] == Op.TRADE):
        talk = int(orders[trade[9]][O_ABOUT]) or trade[9]
        talk = min(talk, int(orders[trade[10]][O_ABOUT]) or trade[10])
        assert not [n for n, o in live.items() if talk in (n, o[O_ABOUT])], "agreed: the talk is over"
    ends = [out[9] for out in told if out[0] == Op.GONE]
    traded = [n for out in told if out[0] == Op.TRADE for n in out[9:11]]
    assert sorted([*ends, *traded, *live]) == list(orders), "every order ends once, one way, or rests"


def seen_by_scanning(engine: Engine, party: int) -> list[int]:
    a = engine.arrays
    return [
        n
        for n in range(1, int(a.day[ORDERS]) + 1)
        if a.orders[n, O_STATE] == RESTING
        and a.orders[n, O_KIND] == OrderKind.LIMIT
        and (a.orders[n, O_COUNTER] in (0, party) or a.orders[n, O_PARTY] == party)
    ]


def go_on(engine: Engine, rows: list[Row]) -> dict[Code, int]:
    """Apply records one by one, and ask everything after each. How often each code was the answer."""
    told: list[Row] = []
    codes: dict[Code, int] = {}
    for record in rows:
        before, other = totals(engine), Engine.restore(engine.image())
        code, outputs = do(engine, record)
        assert do(other, record) == (code, outputs)
        assert other.image() == engine.image()
        told += outputs
        codes[code] = codes.get(code, 0) + 1
        check_invariants(engine)
        check_talks(engine, outputs, told)
        assert totals(engine) == before
        desk = engine.desks[BLOCK]
        assert isinstance(desk, BlockDesk)
        for party in (1, 2):
            quotes: list[Quote] = desk.quotes(engine.arrays, CEA, party)
            assert [one.order for one in quotes] == seen_by_scanning(engine, party)
        engine = other if len(told) % 2 else engine
    check_trades(engine, told)
    return codes


WHO = st.integers(1, PARTIES)
WHICH = st.integers(1, 12)
QUANTITIES = st.integers(9, 40)
PRICES = st.integers(98, 102)
RECORDS = st.one_of(
    st.builds(
        lambda who, side, whom, quantity, price: row(
            Op.QUOTE, mode=BLOCK, side=side, instrument=CEA, party=who, other=who, counter=whom,
            quantity=quantity, price=price,
        ),
        WHO, st.sampled_from([Side.BUY, Side.SELL]), st.just(0) | WHO, QUANTITIES, PRICES,
    ),
    st.builds(
        lambda who, which, quantity, price: row(
            Op.COUNTER, mode=BLOCK, party=who, other=who, order=which, quantity=quantity, price=price
        ),
        WHO, WHICH, QUANTITIES, PRICES,
    ),
    st.builds(
        lambda op, who, which: row(op, mode=BLOCK, party=who, other=who, order=which),
        st.sampled_from([Op.CONFIRM, Op.CONFIRM, Op.DECLINE, Op.CANCEL]), WHO, WHICH,
    ),
    st.builds(
        lambda op, who: row(op, party=who), st.sampled_from([Op.SUSPEND, Op.LIFT, Op.WITHDRAW_ALL]), WHO
    ),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1), st.lists(RECORDS, max_size=30))
def test_talks(twice: int, rows: list[Row]):
    go_on(market(twice), [*rows, row(Op.CLOSE_DAY)])


@pytest.mark.parametrize("twice", [0, 1])
def test_long_talks(twice: int):
    """Answers mostly to quotes that stand, mostly by whom they are for."""
    random = Random(twice)
    codes: dict[Code, int] = {}
    for n in range(16):
        rows = [_one(random, 3 + k // 4) for k in range(60)]
        some = go_on(market(twice), rows if n % 2 else [*rows, row(Op.CLOSE_DAY)])
        codes = {code: codes.get(code, 0) + some.get(code, 0) for code in {*codes, *some}}
    answers = {Code.NOT_YOUR_TURN, Code.NOT_FOR_YOU, Code.NO_CASH, Code.NO_UNITS, Code.BOUGHT_TODAY}
    assert answers <= codes.keys() and codes[Code.OK] > 150


def _one(random: Random, recent: int) -> Row:
    """`recent`: about how many orders there have been."""
    who = random.randint(1, PARTIES)
    said = {"mode": BLOCK, "party": who, "other": who}
    terms = {"quantity": random.randint(10, 30), "price": random.randint(97, 103)}
    what = random.random()
    if what < 0.3:
        to = random.choice([0, random.randint(1, PARTIES)])
        return row(Op.QUOTE, **said, **terms, side=random.randint(0, 1), instrument=CEA, counter=to)
    which = random.randint(1, recent)
    if what < 0.6:
        return row(Op.COUNTER, **said, **terms, order=which)
    if what < 0.97:
        op = random.choice([Op.CONFIRM, Op.CONFIRM, Op.DECLINE, Op.CANCEL])
        return row(op, **said, order=which)
    if what < 0.99:
        return row(Op.PHASE, mode=BLOCK, kind=random.choice([Phase.BREAK, Phase.OPEN, Phase.OPEN]))
    return row(random.choice([Op.SUSPEND, Op.LIFT]), party=who)


def test_the_reasons_an_order_of_a_talk_may_go():
    """Of all reasons there are, a talk knows these, and at random it meets them all."""
    random, met = Random(3), set[int]()
    for n in range(40):
        engine = market(n % 2)
        rows = [_one(random, 8) for _ in range(40)]
        out = engine.apply(encode([*rows, row(Op.WITHDRAW_ALL, party=1), row(Op.CLOSE_DAY)])).outputs
        met |= set(out["kind"][out["op"] == Op.GONE].tolist())
    assert met == {
        Gone.CANCELLED, Gone.LAPSED, Gone.SUSPENDED, Gone.FROZEN, Gone.REPLACED, Gone.DECLINED,
    }  # fmt: skip
