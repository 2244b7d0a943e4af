"""What trades come to: for every participant, tonnes of each product and fen, both sides of all its trades.

Fees are not in it: they are taken apart from the trades. Every sum is exact; above 9.2e18 it would not be,
which a market's own bounds keep out of reach.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.clearing.trades import Ints, Trades


class Owed(NamedTuple):
    """Net obligations by the market's numbers: above zero what somebody gets, below what it gives.

    units: tonnes, [instrument, party]; cash: fen, [party]. Party 0 is the house, which owes nobody anything.
    """

    units: Ints
    cash: Ints


def owed(trades: Trades, quantity: Ints | None = None, *, shape: tuple[int, int] | None = None) -> Owed:
    """Net obligations of trades, or of these tonnes of them. shape: how many instruments and parties."""
    tonnes = trades.quantity if quantity is None else quantity
    instruments, parties = shape or sizes(trades)
    units, cash = np.zeros(instruments * parties, np.int64), np.zeros(parties, np.int64)
    of, amount = trades.instrument * parties, tonnes * trades.price
    np.add.at(units, of + trades.buyer, tonnes)  # by one index: numpy is slow with two
    np.subtract.at(units, of + trades.seller, tonnes)
    np.add.at(cash, trades.seller, amount)
    np.subtract.at(cash, trades.buyer, amount)
    return Owed(units.reshape(instruments, parties), cash)


def given(trades: Trades, shape: tuple[int, int]) -> Owed:
    """What everybody gives, all its sales and all its purchases, whatever comes in: none is below zero."""
    units, cash = np.zeros(shape[0] * shape[1], np.int64), np.zeros(shape[1], np.int64)
    np.add.at(units, trades.instrument * shape[1] + trades.seller, trades.quantity)
    np.add.at(cash, trades.buyer, trades.amount)
    return Owed(units.reshape(shape), cash)


def sizes(trades: Trades) -> tuple[int, int]:
    """How many instruments and parties have a number up to the highest in use; 0 is counted."""
    return _up_to(trades.instrument), max(_up_to(trades.buyer), _up_to(trades.seller))


def netted(trades: Trades, block: Ints, parties: int) -> NDArray[np.int64]:
    """Fen by [block, party]: the net money of each block of trades. block: of each trade, from 0 upwards."""
    cash, at = np.zeros(_up_to(block) * parties, np.int64), block * parties
    np.add.at(cash, at + trades.seller, trades.amount)
    np.subtract.at(cash, at + trades.buyer, trades.amount)
    return cash.reshape(-1, parties)


def _up_to(numbers: Ints) -> int:
    return int(numbers.max()) + 1 if len(numbers) else 1
