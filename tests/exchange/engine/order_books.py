"""The order book beside its reference: worlds to play in, and what must be the same of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.order_book import OrderBookDesk
from tanshu.exchange.engine.order_book_ladders import FIRST, crossed, worse
from tanshu.exchange.engine.order_book_reference import ReferenceBook
from tanshu.exchange.engine.records import Mode, Op, OrderKind, Records, Row, Side, encode
from tanshu.exchange.engine.state import (
    BOUGHT,
    BUYING,
    FEES,
    FREE,
    HELD,
    INSIDE,
    O_FEES,
    O_FEES_SETTLEMENT,
    O_LEFT,
    O_MODE,
    O_NEXT,
    O_PAID,
    O_PARTY,
    O_PREV,
    O_PRICE,
    O_STATE,
    ORDERS,
    RESTING,
)
from tanshu.exchange.engine.terms import Term
from tests.exchange.engine.support import check_invariants

BOOK = int(Mode.ORDER_BOOK)
CROWD = 250
"""Orders that rest, above which more are cancelled than come: sums over them take their time."""
BAND: Mapping[Term, int] = {Term.PRICE_LOW: 4500, Term.PRICE_HIGH: 5500}


def desk_of(engine: Engine) -> OrderBookDesk:
    desk = engine.desks[Mode.ORDER_BOOK]
    assert isinstance(desk, OrderBookDesk)
    return desk


class Both(NamedTuple):
    """One market, twice."""

    engine: Engine
    reference: ReferenceBook

    @classmethod
    def opened(cls, rows: Sequence[Row], *, compiled: bool | None = None) -> Both:
        both = cls(Engine(), ReferenceBook())
        desk_of(both.engine).compiled = compiled
        both.apply(encode(rows))
        return both

    def apply(self, batch: Records) -> tuple[list[int], Records]:
        """The same to both; the same must come of it, record by record."""
        applied = self.engine.apply(batch)
        codes, said = [], []
        for record in batch.tolist():
            code, told = self.reference.apply(record)
            codes.append(code)
            said += told
        if applied.codes.tolist() != codes:
            at = next(i for i, code in enumerate(codes) if code != applied.codes[i])
            raise AssertionError(f"record {at} {batch[at]}: {applied.codes[at]}, should be {codes[at]}")
        assert applied.outputs.tolist() == encode(said).tolist()
        return codes, applied.outputs

    def check(self) -> None:
        """What rests, in its order, and what everybody has, is the same; all of it adds up."""
        a, reference = self.engine.arrays, self.reference
        check_invariants(self.engine)
        for instrument in reference.terms:
            for side in (Side.BUY, Side.SELL):
                should = [(o.number, o.price, o.left, o.paid) for o in reference.resting(instrument, side)]
                assert standing(self.engine, instrument, side) == should
            assert crossed(desk_of(self.engine).ladders, instrument) == reference.crossed(instrument)
        for number, mine in reference.parties.items():
            cash = a.cash[number]
            assert (cash[FREE], cash[FREE] + cash[HELD]) == (mine.free_money(), mine.money)
            assert cash[FEES] == mine.fees
            assert mine.outside + a.parties[number, INSIDE] + a.parties[number, BUYING] == mine.would_hold()
            for instrument in reference.terms:
                units = a.units[instrument, number]
                assert units[FREE] == mine.free_units(instrument)
                assert units[FREE] + units[HELD] == mine.units.get(instrument, 0)
                assert units[BOUGHT] == mine.bought.get(instrument, 0)


def standing(engine: Engine, instrument: int, side: int) -> list[tuple[int, int, int, int]]:
    """(number, price, left, paid) of one side in its queues, best first; links and bits agree."""
    a, ladders = engine.arrays, desk_of(engine).ladders
    found: list[tuple[int, int, int, int]] = []
    if instrument >= len(ladders.best):
        return found
    place = int(ladders.best[instrument, side])
    while place >= 0:
        number, before = int(ladders.queues[place, side, FIRST]), 0
        assert number, "an occupied place is not empty"
        while number:
            o = a.orders[number]
            assert o[O_STATE] == RESTING and o[O_PREV] == before
            found.append((number, int(o[O_PRICE]), int(o[O_LEFT]), int(o[O_PAID])))
            number, before = int(o[O_NEXT]), number
        place = int(worse(ladders, instrument, side, place))
    return found


def fees_charged(engine: Engine) -> int:
    """Fen, by order."""
    return int(engine.arrays.orders[:, [O_FEES, O_FEES_SETTLEMENT]].sum())


def random_batch(
    dice: np.random.Generator, engine: Engine, count: int, *, parties: int, instruments: int, spread: int
) -> Records:
    """Orders, amendments and cancels of every kind around 5000, most of them sound, some malformed."""
    a = engine.arrays
    orders = a.orders[: int(a.day[ORDERS]) + 1]
    live = np.flatnonzero((orders[:, O_STATE] == RESTING) & (orders[:, O_MODE] == BOOK))
    made = np.zeros(count, encode([]).dtype)
    crowded = len(live) > CROWD
    shares = [0.3, 0.6, 0.1] if crowded else [0.62, 0.24, 0.14]
    made["op"] = dice.choice([Op.ORDER, Op.CANCEL, Op.AMEND], count, p=shares)
    if not len(live):
        made["op"] = Op.ORDER
    new = made["op"] == Op.ORDER
    named = dice.choice(live, count) if len(live) else np.zeros(count, np.int64)
    late = dice.random(count) < 0.15  # orders of this very batch, or none
    named[late] = dice.integers(0, len(orders) + count // 2, int(late.sum()))
    made["order"][~new] = named[~new]
    made["mode"][new] = BOOK
    made["side"][new] = dice.integers(0, 2, int(new.sum()))
    made["kind"][new] = dice.choice(
        [OrderKind.LIMIT, OrderKind.MARKET, OrderKind.IOC, OrderKind.FOK],
        int(new.sum()),
        p=[0.8, 0.04, 0.08, 0.08],
    )
    made["instrument"][new] = dice.integers(1, instruments + 1, int(new.sum()))
    made["party"] = dice.integers(1, parties + 1, count)
    known = ~new & (named < len(orders))
    made["party"][known] = a.orders[named[known], O_PARTY]
    made["other"] = made["party"]
    made["quantity"] = dice.integers(1, 40, count)
    away = dice.integers(-spread // 2, spread, count)
    made["price"] = 5000 + 5 * np.where(made["side"] == Side.BUY, -away, away)
    made["price"][~new] = 5000 + 5 * dice.integers(-spread, spread, int((~new).sum()))
    made["price"][new & (made["kind"] == OrderKind.MARKET)] = 0
    made["extra"] = dice.integers(0, 1 << 40, count)
    keep = dice.random(count) < 0.4  # amendments at the same price
    keep &= known
    made["price"][keep] = a.orders[named[keep], O_PRICE]
    _spoil(dice, made, parties, instruments)
    return made


def _spoil(dice: np.random.Generator, made: Records, parties: int, instruments: int) -> None:
    """Three in a hundred say something impossible."""
    values = {
        "party": [0, parties + 1, 2**32 - 1],
        "other": [0, parties + 1, 1],
        "instrument": [0, instruments + 1, 2**32 - 1],
        "quantity": [0, -1, 2**62, 1 << 40, 2**40],
        "price": [0, -5, 4999, 4495, 5505, 2**62],
        "side": [2, 255],
        "kind": [4, 255],
        "mode": [0, 1, 5],
        "order": [0, 2**32 - 1],
    }
    for at in np.flatnonzero(dice.random(len(made)) < 0.03):
        name = list(values)[int(dice.integers(len(values)))]
        made[name][at] = values[name][int(dice.integers(len(values[name])))]
