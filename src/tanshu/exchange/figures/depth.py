"""Market depth: the best price levels of each side, from a running engine or from the tables that follow it.

Only what everybody may see: resting offers of the board and orders of the book. Quotes of blocks are listed
one by one, not by price; bids of a sealed auction are nobody's to see.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from sqlalchemy import Connection, func, select

from tanshu.exchange.engine.records import Mode, Side
from tanshu.exchange.engine.state import (
    O_INSTRUMENT,
    O_LEFT,
    O_MODE,
    O_PRICE,
    O_SIDE,
    O_STATE,
    ORDERS,
    RESTING,
    Arrays,
)
from tanshu.exchange.figures.tables import MARKET_ORDER
from tanshu.exchange.figures.words import State

LEVELS = 5
"""How many of each side clients see (五档行情)."""
SHOWN = (Mode.LISTING, Mode.ORDER_BOOK)


class Level(NamedTuple):
    """What is offered at a price: fen per tonne, tonnes, how many orders."""

    price: int
    quantity: int
    orders: int


class Depth(NamedTuple):
    """Best levels first: buyers from the highest price down, sellers from the lowest up."""

    buy: tuple[Level, ...]
    sell: tuple[Level, ...]


def of_engine(a: Arrays, instrument: int, mode: Mode, levels: int = LEVELS) -> Depth:
    """The depth in an engine's memory now."""
    assert mode in SHOWN
    orders = a.orders[: int(a.day[ORDERS]) + 1]
    here = (orders[:, O_STATE] == RESTING) & (orders[:, O_MODE] == mode)
    here &= orders[:, O_INSTRUMENT] == instrument
    sides: list[list[Level]] = []
    for side in (Side.BUY, Side.SELL):
        mine = orders[here & (orders[:, O_SIDE] == side)]
        prices, where = np.unique(mine[:, O_PRICE], return_inverse=True)
        left, count = np.zeros(len(prices), np.int64), np.zeros(len(prices), np.int64)
        np.add.at(left, where, mine[:, O_LEFT])
        np.add.at(count, where, 1)
        sides.append([Level(*row) for row in np.stack((prices, left, count), axis=1).tolist()])
    return _best(sides[0], sides[1], levels)


def of_log(conn: Connection, log: int, day: int, instrument: int, mode: Mode, levels: int = LEVELS) -> Depth:
    """The depth as far as the log was followed; day is yyyymmdd."""
    assert mode in SHOWN
    t = MARKET_ORDER.c
    here = (t.log == log, t.day == day, t.instrument == instrument, t.mode == int(mode))
    rests = t.state.in_([int(State.RESTING), int(State.PART)])
    query = select(t.side, t.price, func.sum(t.remaining), func.count())
    sides: tuple[list[Level], list[Level]] = ([], [])
    for side, price, left, count in conn.execute(
        query.where(*here, rests).group_by(t.side, t.price).order_by(t.price)
    ):
        sides[side].append(Level(price, int(left), count))
    return _best(*sides, levels)


def _best(buy: Iterable[Level], sell: Iterable[Level], levels: int) -> Depth:
    """Levels come by rising price."""
    return Depth(tuple(list(buy)[::-1][:levels]), tuple(list(sell)[:levels]))
