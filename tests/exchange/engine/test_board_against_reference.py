"""The offer board against its reference: the same codes, the same records, the same money and units.

Seeded days of random offers, takings and cancellations, with breaks, halts, suspensions, payments and
nonsense among them; and small worlds that Hypothesis makes, and shrinks where they fail.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.exchange.engine.board_reference import BoardReference, Order
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, Phase, Row, Side, encode, row
from tanshu.exchange.engine.state import BOUGHT, FEES, FREE, HELD, LIVE, OWN, PROCEEDS
from tanshu.exchange.engine.terms import SelfTrade, Term
from tests.exchange.engine.support import TODAY, check_invariants, check_trades, do, opening, totals

PARTIES, KINDS, LISTING = 4, 2, int(Mode.LISTING)
BATCH, BATCHES, DAYS, SEEDS = 250, 8, 13, 8
QUICK = 3
"""Seeds of every run; the others are played by `make soak`."""
"""Records in a batch, batches in a day, days of a seed: 208,000 records in all."""


class Market:
    """The engine and the reference side by side."""

    def __init__(self) -> None:
        self.engine, self.reference = Engine(), BoardReference()
        self.told: list[Row] = []
        """What came of the day so far."""
        self.codes: dict[Code, int] = {}

    def batch(self, rows: list[Row]) -> list[Code]:
        """Apply records to both, all at once to the engine, and compare what they say."""
        applied = self.engine.apply(encode(rows))
        codes = [Code(code) for code in applied.codes.tolist()]
        told: list[Row] = []
        for record, code in zip(rows, codes, strict=True):
            judged, outputs = self.reference.apply(record, code)
            assert judged is code, (record, judged, code)
            told += outputs
            if record[0] == Op.DAY and code is Code.OK:
                self.told = []
            self.codes[code] = self.codes.get(code, 0) + 1
        assert applied.outputs.tolist() == told
        self.told += told
        return codes

    def compare(self) -> None:
        """What every participant has, cell by cell; and what must hold of any market."""
        a = self.engine.arrays
        assert int(a.day[LIVE]) == len(self.reference.all_resting())
        for number, trader in self.reference.traders.items():
            held = self.reference.held_cash(number)
            cash = [trader.own + trader.earned - held, held, trader.own, trader.earned, trader.fees]
            assert a.cash[number, (FREE, HELD, OWN, PROCEEDS, FEES)].tolist() == cash
            for i in self.reference.reference:
                has = self.reference.free_units(number, i), self.reference.held_units(number, i)
                assert a.units[i, number, (FREE, HELD, BOUGHT)].tolist() == [*has, trader.bought[i]]
        check_invariants(self.engine)

    def without_what_was_refused(self, before: bytes, rows: list[Row], codes: list[Code]) -> None:
        """A market put away before a batch, and given only what was accepted, is where this one is."""
        other = Engine.restore(before)
        applied = other.apply(encode([r for r, code in zip(rows, codes, strict=True) if code is Code.OK]))
        assert not applied.codes.any()
        assert other.state_hash() == self.engine.state_hash()
        assert other.image() == self.engine.image()


@pytest.mark.parametrize(
    "seed", [pytest.param(n, marks=pytest.mark.soak if n >= QUICK else ()) for n in range(SEEDS)]
)
def test_seeded_days(seed: int):
    random, market = Random(seed), Market()
    admission = opening(parties=PARTIES, instruments=KINDS, cash=0, units=0)[:-1]
    assert not any(market.batch(admission))
    for day in range(DAYS):
        assert not any(market.batch(_morning(random, day)))
        for n in range(BATCHES):
            rows = _batch(random, market.reference)
            before = market.engine.image() if n % BATCHES == 3 else b""
            codes = market.batch(rows)
            market.compare()
            if before:
                market.without_what_was_refused(before, rows, codes)
            if random.random() < 0.3:
                market.engine = Engine.restore(market.engine.image())
        check_trades(market.engine, market.told)
        cash, units = totals(market.engine)
        assert not any(market.batch([row(Op.CLOSE_DAY)]))
        assert totals(market.engine) == (cash, units)
    assert len(market.codes) > 20, "the days meet most of what can be refused"


class Seen(NamedTuple):
    """What who makes up a batch knows: how many orders there were, about; some that rest; the lot."""

    orders: int
    resting: list[Order]
    lot: int


def _morning(random: Random, day: int) -> list[Row]:
    """A day begins with terms of its own, some money and units, some lines to hold."""
    terms = {
        Term.TICK: random.choice([1, 1, 1, 5]),
        Term.LOT: random.choice([0, 1, 1, 5]),
        Term.QUANTITY_MIN: random.choice([0, 0, 5]),
        Term.QUANTITY_MAX: random.choice([0, 99, 60]),
        Term.PRICE_LOW: 4985,
        Term.PRICE_HIGH: random.choice([0, 5015]),
        Term.AMOUNT_MAX: random.choice([0, 0, 300_000]),
        Term.FEE_BUY_TRADING: random.choice([0, 37, 5000]),
        Term.FEE_BUY_SETTLEMENT: random.choice([0, 11, 999]),
        Term.FEE_SELL_TRADING: random.choice([0, 37, 5000]),
        Term.FEE_SELL_SETTLEMENT: random.choice([0, 11, 999]),
        Term.SETTLE_DAYS: random.choice([0, 1]),
        Term.LEVELS: random.choice([0, 1, 2, 5, 5]),
        Term.CHOOSE: random.choice([0, 1, 2]),
        Term.SELF_TRADE: random.choice(list(SelfTrade)),
        Term.IN_CLOSE: random.choice([0, 1, 1]),
        Term.BREAK_CANCEL: random.choice([0, 1]),
    }
    rows = [row(Op.DAY, quantity=TODAY + day)]
    rows += [row(Op.TERM, mode=LISTING, kind=term, quantity=value) for term, value in terms.items()]
    for party in range(1, PARTIES + 1):
        rows += [row(Op.CASH_IN, party=party, quantity=random.randint(1, 5_000_000))]
        rows += [
            row(Op.UNITS_IN, instrument=i, party=party, quantity=random.randint(1, 900))
            for i in range(1, KINDS + 1)
        ]
        if random.random() < 0.3:
            rows.append(row(Op.HOLDING, party=party, quantity=random.randint(0, 500), price=2500))
    return [*rows, row(Op.PHASE, mode=LISTING, kind=Phase.OPEN)]


def _batch(random: Random, reference: BoardReference) -> list[Row]:
    """Dealing, with now and then a while in which something is not as usual."""
    rows: list[Row] = []
    seen = Seen(len(reference.orders), reference.all_resting(), reference.terms[1, Term.LOT] or 1)
    while len(rows) < BATCH:
        what = random.random()
        if what < 0.005:
            rows += _while(random, seen, *_of_phase(random))
        elif what < 0.01:
            party = random.randint(1, PARTIES)
            rows += _while(random, seen, row(Op.SUSPEND, party=party), row(Op.LIFT, party=party))
        else:
            rows.append(_one(random, seen._replace(orders=seen.orders + len(rows) // 2)))
    return rows


def _while(random: Random, seen: Seen, begin: Row, end: Row) -> list[Row]:
    return [begin, *(_one(random, seen) for _ in range(random.randint(0, 8))), end]


def _of_phase(random: Random) -> tuple[Row, Row]:
    def pair(now: Phase, **where: int) -> tuple[Row, Row]:
        return row(Op.PHASE, kind=now, **where), row(Op.PHASE, kind=Phase.OPEN, **where)

    return random.choice(
        [
            pair(Phase.BREAK, mode=LISTING),
            pair(Phase.CLOSED, mode=LISTING),
            pair(Phase.HALTED),
            pair(Phase.HALTED, instrument=1),
            pair(Phase.HALTED, instrument=2, mode=LISTING),
        ]
    )


def _one(random: Random, seen: Seen) -> Row:
    """One record."""
    draw = random.random
    what, party = draw(), 1 + int(draw() * PARTIES)
    operator = party if draw() < 0.99 else int(draw() * (PARTIES + 2))
    side, instrument = int(draw() * 2), 1 + (draw() < 0.25)
    if draw() < 0.01:
        side, instrument = random.choice([(side, 0), (side, KINDS + 1), (2, instrument)])
    quantity = seen.lot * (1 + int(draw() * 15)) if draw() < 0.95 else random.choice(SIZES)
    if what < 0.35:
        price = _price(random, 5001 if side == Side.SELL else 4999)
        return row(
            Op.OFFER, mode=LISTING, side=side, instrument=instrument, party=party, other=operator,
            quantity=quantity, price=price, extra=int(draw() * 9),
        )  # fmt: skip
    if what < 0.78:
        order = 0
        if draw() < 0.3:
            order, _, side, instrument = _some_order(random, seen, side, instrument)
        return row(
            Op.TAKE, mode=LISTING, side=side, instrument=instrument, party=party, other=operator,
            quantity=quantity, price=0 if draw() < 0.5 else _price(random, 5000), order=order,
        )  # fmt: skip
    if what < 0.97:
        order, owner, _, _ = _some_order(random, seen, side, instrument)
        if owner and draw() < 0.9:
            party = operator = owner
        return row(Op.CANCEL, party=party, other=operator, order=order)
    return random.choice(PAYMENTS)(party, instrument, 1 + int(draw() * 60))


def _some_order(random: Random, seen: Seen, side: int, instrument: int) -> tuple[int, int, int, int]:
    """An order's number, whose it is, which side takes it, of what: mostly one that rested a moment ago."""
    if seen.resting and random.random() < 0.85:
        one = seen.resting[int(random.random() * len(seen.resting))]
        return one.number, one.party, 1 - one.side, one.instrument
    return max(0, seen.orders + 2 - int(random.random() * 40)), 0, side, instrument


def _price(random: Random, middle: int) -> int:
    if random.random() < 0.02:
        return random.choice([-1, 1, 4984, 5016, 1 << 40, (1 << 40) - 1])
    price = middle - 12 + int(random.random() * 25)
    return price if random.random() < 0.3 else price - price % 5


SIZES = [0, -1, 1, 7, 41, 100, 1 << 40, (1 << 40) - 1, 1 << 62]
Payment = Callable[[int, int, int], Row]
PAYMENTS: list[Payment] = [
    lambda who, _, size: row(Op.CASH_IN, party=who, quantity=size * 5000),
    lambda who, _, size: row(Op.CASH_OUT, party=who, quantity=size * 3000),
    lambda who, what, size: row(Op.UNITS_IN, instrument=what, party=who, quantity=size, kind=1),
    lambda who, what, size: row(Op.UNITS_OUT, instrument=what, party=who, quantity=size),
    lambda who, _, size: row(Op.HOLDING, party=who, quantity=size * 20, price=2500 * (size % 2)),
    lambda who, _, size: row(Op.WITHDRAW_ALL, party=who) if size < 6 else row(Op.LIFT, party=who),
]


WHO = st.integers(1, 3)
SIDES = st.sampled_from([Side.BUY, Side.SELL])
PRICES = st.integers(4998, 5002)
RECORDS = st.one_of(
    st.builds(
        lambda who, side, quantity, price: row(
            Op.OFFER, mode=LISTING, side=side, instrument=1, party=who, other=who, quantity=quantity,
            price=price,
        ),
        WHO, SIDES, st.integers(1, 9), PRICES,
    ),
    st.builds(
        lambda who, side, quantity, price, maker: row(
            Op.TAKE, mode=LISTING, side=side, instrument=1, party=who, other=who, quantity=quantity,
            price=price, order=maker,
        ),
        WHO, SIDES, st.integers(1, 20), st.just(0) | PRICES, st.just(0) | st.integers(1, 9),
    ),
    st.builds(lambda who, order: row(Op.CANCEL, party=who, other=who, order=order), WHO, st.integers(1, 9)),
    st.builds(
        lambda op, who: row(op, party=who), st.sampled_from([Op.SUSPEND, Op.LIFT, Op.WITHDRAW_ALL]), WHO
    ),
    st.builds(
        lambda kind: row(Op.PHASE, mode=LISTING, kind=kind), st.sampled_from([Phase.BREAK, Phase.OPEN])
    ),
)  # fmt: skip
TERMS = st.fixed_dictionaries(
    {
        Term.LEVELS: st.integers(0, 2),
        Term.CHOOSE: st.integers(0, 2),
        Term.SELF_TRADE: st.sampled_from(list(SelfTrade)),
        Term.SETTLE_DAYS: st.integers(0, 1),
        Term.FEE_BUY_TRADING: st.sampled_from([0, 7000]),
        Term.FEE_SELL_TRADING: st.sampled_from([0, 7000]),
    }
)


@settings(max_examples=60, deadline=None)
@given(TERMS, st.lists(RECORDS, max_size=25))
def test_small_worlds_record_by_record(terms: dict[Term, int], rows: list[Row]):
    market = Market()
    start = opening(parties=3, units=20, cash=20 * 5000, terms={Mode.LISTING: terms})
    assert not any(market.batch(start))
    for record in rows:
        restored = Engine.restore(market.engine.image())
        market.batch([record])
        do(restored, record)
        assert restored.state_hash() == market.engine.state_hash()
        market.compare()
