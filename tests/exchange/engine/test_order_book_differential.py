"""A million random operations: the compiled kernel beside the reference, worlds of every kind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pytest

from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, Phase, Row, encode, row
from tanshu.exchange.engine.terms import SelfTrade, Term
from tests.exchange.engine.order_books import BAND, BOOK, Both, desk_of, random_batch
from tests.exchange.engine.support import check_trades, opening

FEES: Mapping[Term, int] = {
    Term.FEE_BUY_TRADING: 2345,
    Term.FEE_BUY_SETTLEMENT: 678,
    Term.FEE_SELL_TRADING: 1234,
    Term.FEE_SELL_SETTLEMENT: 0,
}


class World(NamedTuple):
    """`cash` in fen and `units` in tonnes of each participant; terms over BAND; spread in ticks."""

    terms: Mapping[Term, int]
    parties: int = 12
    cash: int = 10**13
    units: int = 10**9
    spread: int = 24
    instruments: int = 1
    calls: bool = False
    batches: int = 363


WORLDS = {
    "one product, the older goes": World({Term.TICK: 5, Term.SELF_TRADE: SelfTrade.CANCEL_RESTING}),
    "two products, fees, the newer goes": World({**FEES, Term.TICK: 5}, instruments=2),
    "four in the market, both go": World({Term.TICK: 5, Term.SELF_TRADE: SelfTrade.CANCEL_BOTH}, parties=4),
    "little money, few units": World({**FEES, Term.TICK: 5, Term.SETTLE_DAYS: 0}, cash=900_000, units=150),
    "lots, sizes, worth, T+1": World(
        {Term.TICK: 5, Term.LOT: 3, Term.QUANTITY_MIN: 6, Term.QUANTITY_MAX: 33, Term.AMOUNT_MAX: 150_000}
    ),
    "a wide ladder": World({Term.TICK: 1, Term.PRICE_LOW: 0, Term.PRICE_HIGH: 60_000}, spread=800),
    "calls between": World(
        {Term.TICK: 5, Term.SELF_TRADE: SelfTrade.CANCEL_RESTING}, calls=True, batches=240
    ),
}


def played(world: World, seed: int, size: int) -> Both:
    dice = np.random.default_rng(seed)
    terms = {Mode.ORDER_BOOK: {**BAND, **world.terms}}
    rows = opening(
        parties=world.parties, cash=world.cash, units=world.units, terms=terms, instruments=world.instruments
    )
    rows += [row(Op.HOLDING, party=1, quantity=10, price=world.units + 300)]
    both = Both.opened(rows, compiled=True)
    for n in range(world.batches):
        batch = random_batch(
            dice, both.engine, size, parties=world.parties, instruments=world.instruments, spread=world.spread
        )
        both.apply(batch)
        assert not any(both.reference.crossed(i) for i in both.reference.terms)
        if world.calls:
            _call(both, dice, world)
        if n % 40 == 0:
            both.check()
    both.check()
    return both


def _call(both: Both, dice: np.random.Generator, world: World) -> None:
    """A closing call, and another opening: trading goes on the same day in this world."""
    both.apply(encode([row(Op.PHASE, mode=BOOK, kind=Phase.CLOSING)]))
    both.apply(
        random_batch(dice, both.engine, 120, parties=world.parties, instruments=1, spread=world.spread)
    )
    both.apply(encode([row(Op.UNCROSS, mode=BOOK, instrument=1)]))
    steps = (Phase.CLOSED, Phase.PRE_OPEN, Phase.OPEN)
    both.apply(
        random_batch(dice, both.engine, 120, parties=world.parties, instruments=1, spread=world.spread)
    )
    both.apply(encode([row(Op.PHASE, mode=BOOK, kind=step) for step in steps]))
    assert not both.reference.crossed(1)


@pytest.mark.parametrize("name", WORLDS)
def test_the_compiled_kernel_does_what_the_reference_does(name: str) -> None:
    """7 worlds × 145,000 records and more."""
    both = played(WORLDS[name], seed=len(name), size=400)
    assert both.reference.trades > 5_000


def test_the_plain_kernel_says_what_the_compiled_one_says() -> None:
    dice = np.random.default_rng(5)
    rows = opening(parties=6, terms={Mode.ORDER_BOOK: {**BAND, **FEES, Term.TICK: 5}})
    plain, compiled = Engine(), Engine()
    desk_of(plain).compiled, desk_of(compiled).compiled = False, True
    for engine in (plain, compiled):
        assert not engine.apply(encode(rows)).codes.any()
    said: list[Row] = []
    for _ in range(6):
        batch = random_batch(dice, plain, 500, parties=6, instruments=1, spread=24)
        one, other = plain.apply(batch), compiled.apply(batch)
        assert one.codes.tolist() == other.codes.tolist()
        assert one.outputs.tolist() == other.outputs.tolist()
        assert plain.state_hash() == compiled.state_hash()
        compiled = Engine.restore(compiled.image())
        desk_of(compiled).compiled = True
        said += one.outputs.tolist()
    check_trades(plain, said)
    codes = {
        Code(int(code))
        for code in plain.apply(random_batch(dice, plain, 500, parties=6, instruments=1, spread=24)).codes
    }
    assert codes > {Code.OK, Code.ORDER_OVER, Code.SELF_TRADE}


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", WORLDS)
def test_and_over_twelve_million(name: str, seed: int) -> None:
    played(WORLDS[name], seed=1_000 + seed, size=1_600)
