"""Trades for the models' tests, and what they come to by plain Python, leg by leg."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from hypothesis import strategies as st

from tanshu.clearing.models.chains import Legs
from tanshu.clearing.trades import Trades

Simple = tuple[int, int, int, int, int]
"""instrument, buyer, seller, quantity, price"""
PARTIES, PRODUCTS = 5, 2
Cells = dict[tuple[int, int], int]
"""By (instrument, party); instrument 0 is money."""


def trades(some: Iterable[Simple]) -> Trades:
    """Trades numbered from 1, without fees."""
    rows = np.array(list(some), np.int64).reshape(-1, 5)
    nothing = np.zeros(len(rows), np.int64)
    product, buyer, seller, quantity, price = rows.T
    number = np.arange(1, len(rows) + 1)
    return Trades(number, nothing, product, buyer, seller, quantity, price, *[nothing] * 4)


@st.composite
def simple(draw: st.DrawFn) -> Simple:
    buyer = draw(st.integers(1, PARTIES))
    seller = draw(st.integers(1, PARTIES).filter(lambda one: one != buyer))
    product, quantity, price = (draw(st.integers(1, most)) for most in (PRODUCTS, 9, 5))
    return product, buyer, seller, quantity, price


MANY = st.lists(simple(), max_size=25)


def ends(some: Iterable[Simple]) -> Cells:
    """What everybody has in the end, beginning with nothing."""
    cells: Cells = defaultdict(int)
    for product, buyer, seller, quantity, price in some:
        cells[product, buyer] += quantity
        cells[product, seller] -= quantity
        cells[0, seller] += quantity * price
        cells[0, buyer] -= quantity * price
    return {cell: amount for cell, amount in cells.items() if amount}


def moved(legs: Legs) -> Cells:
    """The same by legs; the house is party 0."""
    cells: Cells = defaultdict(int)
    for giver, taker, instrument, amount in zip(*map(np.ndarray.tolist, legs[1:]), strict=True):
        cells[instrument, giver] -= amount
        cells[instrument, taker] += amount
    return {cell: amount for cell, amount in cells.items() if amount}
