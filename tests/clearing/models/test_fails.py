"""What fails and what is delivered: against plain Python, model by model; never below zero, never half."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.clearing.model import Model
from tanshu.clearing.models import chains, fails, legs
from tanshu.clearing.models.fails import Outcome, Why, deliverable
from tests.clearing.models.cases import MANY, PARTIES, PRODUCTS, Cells, Simple, ends, trades

A, B, C = 1, 2, 3
WHOLE, STOPPED, UNITS, CASH, DEPENDS = Why


class Day(NamedTuple):
    """Trades, what everybody has, who is stopped."""

    trades: list[Simple]
    units: np.ndarray
    cash: np.ndarray
    stopped: np.ndarray

    def settles(self, model: Model = Model.GROSS, *, partial: bool = False) -> Outcome:
        return deliverable(trades(self.trades), self.units, self.cash, self.stopped, partial, model)


def day(some: list[Simple], have: Cells, *stopped: int) -> Day:
    units, cash = np.zeros((PRODUCTS + 1, PARTIES + 1), np.int64), np.zeros(PARTIES + 1, np.int64)
    for (instrument, party), amount in have.items():
        (units[instrument] if instrument else cash)[party] = amount
    mask = np.zeros(PARTIES + 1, np.bool_)
    mask[list(stopped)] = True
    return Day(some, units, cash, mask)


@st.composite
def days(draw: st.DrawFn) -> Day:
    some = draw(MANY)
    amounts = st.lists(st.integers(0, 60), min_size=PARTIES + 1, max_size=PARTIES + 1)
    have = {(i, p): n for i in range(PRODUCTS + 1) for p, n in enumerate(draw(amounts))}
    stopped = draw(st.sets(st.integers(1, PARTIES), max_size=1))
    return day(some, have, *stopped)


def naive_gross(this: Day, partial: bool) -> list[int]:
    """Tonnes of each trade, one after the other."""
    cells: Cells = defaultdict(int)
    cells.update({(i, p): int(n) for (i, p), n in np.ndenumerate(this.units) if i})
    cells.update({(0, p): int(n) for p, n in enumerate(this.cash)})
    done = []
    for product, buyer, seller, quantity, price in this.trades:
        most = min(quantity, cells[product, seller], cells[0, buyer] // price)
        if this.stopped[buyer] or this.stopped[seller] or (most < quantity and not partial):
            most = 0
        done.append(most)
        for (instrument, party), amount in ends([(product, buyer, seller, most, price)]).items():
            cells[instrument, party] += amount
    return done


def left(this: Day, done: Outcome) -> Cells:
    """What everybody has after what was delivered."""
    cells: Cells = defaultdict(int)
    cells.update({(i, p): int(n) for (i, p), n in np.ndenumerate(this.units) if i})
    cells.update({(0, p): int(n) for p, n in enumerate(this.cash)})
    part = [
        (product, buyer, seller, int(tonnes), price)
        for (product, buyer, seller, _, price), tonnes in zip(this.trades, done.quantity, strict=True)
    ]
    for cell, amount in ends(part).items():
        cells[cell] += amount
    return cells


RICH: Cells = {(i, p): 10**6 for i in range(PRODUCTS + 1) for p in range(PARTIES + 1)}
# what happens, trades, who has what, who is stopped, model, tonnes delivered, why
CASES = [
    ("nothing is missing", [(1, B, A, 5, 2)], {(1, A): 5, (0, B): 10}, (), "gross", [5], [WHOLE]),
    (
        "a court stops the seller",
        [(1, B, A, 5, 2), (1, B, C, 5, 2)],
        RICH, (A,), "gross", [0, 5], [STOPPED, WHOLE],
    ),
    ("a tonne is missing", [(1, B, A, 5, 2)], {(1, A): 4, (0, B): 10}, (), "gross", [0], [UNITS]),
    ("a fen is missing", [(1, B, A, 5, 2)], {(1, A): 5, (0, B): 9}, (), "gross", [0], [CASH]),
    (
        "proceeds of a sale pay for a purchase",
        [(1, B, A, 5, 2), (2, A, C, 5, 2)],
        {(1, A): 5, (0, B): 10, (2, C): 5}, (), "gross", [5, 5], [WHOLE, WHOLE],
    ),
    (
        "a purchase waits for a sale that failed",
        [(1, B, A, 5, 2), (2, A, C, 5, 2)],
        {(1, A): 5, (2, C): 5}, (), "gross", [0, 0], [CASH, DEPENDS],
    ),
    (
        "units of a purchase that failed are missing in a sale",
        [(1, B, A, 5, 2), (1, C, B, 5, 2)],
        {(0, B): 10, (0, C): 10}, (), "gross", [0, 0], [UNITS, DEPENDS],
    ),
    (
        "in net it is the position that counts",
        [(1, B, A, 5, 2), (1, A, B, 4, 2)],
        {(1, A): 1, (0, B): 2}, (), "net", [5, 4], [WHOLE, WHOLE],
    ),
    (
        "of who is short the last trade fails",
        [(1, B, A, 5, 2), (1, C, A, 5, 2)],
        {(1, A): 5, (0, B): 10, (0, C): 10}, (), "net", [5, 0], [WHOLE, UNITS],
    ),
    (
        "a failing participant in net: its trades, and what depended on them",
        [(1, B, A, 5, 2), (1, C, B, 5, 2)],
        {(1, A): 5, (0, C): 10}, (A,), "net", [0, 0], [STOPPED, DEPENDS],
    ),
    (
        "a failing participant in net: everybody else is paid",
        [(1, B, A, 5, 2), (1, C, B, 5, 3), (2, C, B, 1, 1)],
        {(1, A): 5, (0, C): 16, (2, B): 1}, (A,), "net", [0, 0, 1], [STOPPED, DEPENDS, WHOLE],
    ),
    (
        "net cash: units one by one, money as a sum",
        [(1, B, A, 5, 2), (2, A, B, 5, 2)],
        {(1, A): 5, (2, B): 5}, (), "net_cash", [5, 5], [WHOLE, WHOLE],
    ),
    (
        "net cash: who cannot pay the sum loses the last purchase",
        [(1, B, A, 5, 2), (1, B, A, 5, 2)],
        {(1, A): 10, (0, B): 19}, (), "net_cash", [5, 0], [WHOLE, CASH],
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("some", "have", "stopped", "model", "tonnes", "why"),
    [case[1:] for case in CASES],
    ids=[c[0] for c in CASES],
)
def test_what_is_delivered(
    some: list[Simple], have: Cells, stopped: tuple[int, ...], model: str, tonnes: list[int], why: list[Why]
) -> None:
    done = day(some, have, *stopped).settles(Model(model))
    assert done.quantity.tolist() == tonnes and done.why.tolist() == why
    assert done.delivered.tolist() == [one is WHOLE for one in why]


@pytest.mark.parametrize("model", Model)
@pytest.mark.parametrize(
    ("units", "fen", "tonnes"), [(3, 10, 3), (5, 7, 3), (5, 1, 0), (0, 10, 0), (5, 10, 5)]
)
def test_a_part_is_delivered_where_the_pack_allows_it(
    model: Model, units: int, fen: int, tonnes: int
) -> None:
    if model is Model.NET_CASH and fen == 7:
        tonnes = 0  # money is one sum: a purchase that it does not cover fails whole
    done = day([(1, B, A, 5, 2)], {(1, A): units, (0, B): fen}).settles(model, partial=True)
    assert done.quantity.tolist() == [tonnes] and bool(done.delivered[0]) is (tonnes == 5)
    assert bool(done.why[0] == WHOLE) is (tonnes == 5)


@given(days(), st.booleans())
def test_gross_delivers_what_plain_python_does(this: Day, partial: bool) -> None:
    assert this.settles(partial=partial).quantity.tolist() == naive_gross(this, partial)


@given(days(), st.booleans())
def test_the_compiled_walk_is_the_same(this: Day, partial: bool) -> None:
    plain = this.settles(partial=partial)
    before, fails.COMPILE_FROM = fails.COMPILE_FROM, 1
    try:
        compiled = this.settles(partial=partial)
    finally:
        fails.COMPILE_FROM = before
    assert all((a == b).all() for a, b in zip(plain, compiled, strict=True))


@given(days(), st.sampled_from(Model), st.booleans(), st.integers(1, 4))
def test_nobody_falls_below_zero_and_nothing_is_delivered_by_halves(
    this: Day, model: Model, partial: bool, at_once: int
) -> None:
    with _blocks_of(at_once):
        done = this.settles(model, partial=partial)
    assert min(left(this, done).values()) >= 0
    told = zip(this.trades, done.quantity.tolist(), done.why.tolist(), strict=True)
    for (_, buyer, seller, quantity, _), tonnes, why in told:
        assert 0 <= tonnes <= quantity and (tonnes in (0, quantity) or partial)
        assert (why == WHOLE) is (tonnes == quantity), "a trade fails for a reason, and only then"
        assert (why == STOPPED) is bool(this.stopped[buyer] or this.stopped[seller])


@given(days(), st.sampled_from(Model), st.booleans(), st.integers(1, 4))
def test_the_legs_of_what_is_delivered_go_one_by_one(
    this: Day, model: Model, partial: bool, at_once: int
) -> None:
    """Whatever failed: nobody gives, at any leg, what it has not got by then."""
    with _blocks_of(at_once):
        done = this.settles(model, partial=partial)
        settled = legs(model, trades(this.trades).changed(quantity=done.quantity))
    cells = left(this, done._replace(quantity=0 * done.quantity))
    for giver, taker, instrument, amount in zip(*map(np.ndarray.tolist, settled[1:]), strict=True):
        cells[instrument, giver] -= amount
        cells[instrument, taker] += amount
        assert cells[instrument, giver] >= 0
    assert {cell: n for cell, n in cells.items() if n} == {c: n for c, n in left(this, done).items() if n}


@given(days(), st.booleans())
def test_in_net_no_failed_trade_could_go_with_those_that_went(this: Day, partial: bool) -> None:
    done = this.settles(Model.NET, partial=partial)
    cells = left(this, done)
    for (product, buyer, seller, quantity, price), tonnes, why in zip(
        this.trades, done.quantity, done.why, strict=True
    ):
        if why not in (WHOLE, STOPPED):
            more = 1 if partial else quantity - int(tonnes)
            assert cells[product, seller] < more or cells[0, buyer] < more * price


@given(days(), st.sampled_from(Model))
def test_who_has_everything_fails_nothing(this: Day, model: Model) -> None:
    rich = day(this.trades, RICH)
    assert rich.settles(model).delivered.all()


@contextmanager
def _blocks_of(trades: int) -> Iterator[None]:
    """Chains of so many trades where money nets."""
    before, chains.NETTED_AT_ONCE = chains.NETTED_AT_ONCE, trades
    try:
        yield
    finally:
        chains.NETTED_AT_ONCE = before


@given(days())
def test_netting_needs_no_more_than_gross(this: Day) -> None:
    """Where every trade goes one by one, the net positions are covered as well."""
    if this.settles(Model.GROSS).delivered.all():
        assert this.settles(Model.NET).delivered.all() and this.settles(Model.NET_CASH).delivered.all()
