"""What a market is, between two entries: numbers in arrays, the same for every mode.

Cells of participants are the market's own view of what the book holds for the session. Units: free, held by
orders, sold, bought today. Cash: free, held by orders, own (what was paid in, less what was spent, fees and
all; below zero where proceeds were spent), fees. For every participant

    free cash + held cash = own + proceeds        withdrawable = max(0, own − held)

so that money earned today may buy today and does not leave before the seal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.base.canonical import digest
from tanshu.exchange.engine.terms import TERMS

Ints = NDArray[np.int64]

# units[instrument, party, …]
FREE, HELD, SOLD, BOUGHT = 0, 1, 2, 3
# cash[party, …]; FREE and HELD as above
OWN, FEES = 2, 3
PROCEEDS = 4
"""What was sold today, less fees of sellers."""
CASH_FIELDS = 5
# parties[party, …]
SUSPENDED, GROUP, LIMIT, OUTSIDE, INSIDE, BUYING = 0, 1, 2, 3, 4, 5
"""Flag; related group, 0 none; holding limit in tonnes, 0 none; tonnes outside the session; tonnes inside it
(free, held, bought); tonnes that open orders would buy."""
PARTY_FIELDS = 6
# instruments[instrument, …]
VINTAGE, REFERENCE, CLOSE = 0, 1, 2
"""Reference: the previous close, fen; close: of the day just closed, else 0."""
INSTRUMENT_FIELDS = 3
# stats[instrument, mode, …] of the day
VOLUME, AMOUNT, TRADES, FIRST, HIGH, LOW, LAST = 0, 1, 2, 3, 4, 5, 6
STAT_FIELDS = 7
# orders[number, …]
O_MODE, O_SIDE, O_KIND, O_INSTRUMENT, O_PARTY, O_OPERATOR, O_COUNTER = 0, 1, 2, 3, 4, 5, 6
O_PRICE, O_QUANTITY, O_LEFT, O_STATE, O_HELD, O_PAID, O_FEES = 7, 8, 9, 10, 11, 12, 13
"""Price fen; tonnes asked and left; state; held for it now (fen for a buyer, tonnes for a seller); the amount
traded so far; fees charged so far (trading)."""
O_FEES_SETTLEMENT, O_NEXT, O_PREV, O_ABOUT, O_REF = 14, 15, 16, 17, 18
"""Neighbours in the order book's queues (block: who confirmed a quote, and which one); the quote or auction
it belongs to; the client's number."""
ORDER_FIELDS = 19
# the states of orders
RESTING, FILLED, ENDED = 1, 2, 3
# day
DAY, ORDERS, TRADES_DONE, PARTIES, OPERATORS, INSTRUMENTS, DAY_STATE, LIVE = 0, 1, 2, 3, 4, 5, 6, 7
"""yyyymmdd; how many orders, trades there were today; how many parties, operators, instruments there are;
NO_DAY, DAY_OPEN or DAY_CLOSED; how many orders of all modes rest."""
DAY_FIELDS = 8
NO_DAY, DAY_OPEN, DAY_CLOSED = 0, 1, 2
LIVE_MAX = 200_000
"""Orders that may rest at a time: one record can end all of them, and what comes of it is one entry."""
MODE_COUNT = 5
"""Mode numbers go from 0 (all, or none) to 4."""

# phases[instrument or 0, mode] → Phase; what stands for an instrument itself wins only where it is HALTED


class Arrays(NamedTuple):
    """The engine's memory. Numba takes it as it is."""

    day: Ints
    parties: Ints
    operators: Ints
    """operators[number] → party."""
    instruments: Ints
    terms: Ints
    """terms[instrument, mode, term]."""
    phases: Ints
    units: Ints
    cash: Ints
    stats: Ints
    orders: Ints


def empty() -> Arrays:
    def zeros(*shape: int) -> Ints:
        return np.zeros(shape, np.int64)

    return Arrays(
        day=zeros(DAY_FIELDS),
        parties=zeros(8, PARTY_FIELDS),
        operators=zeros(8),
        instruments=zeros(4, INSTRUMENT_FIELDS),
        terms=zeros(4, MODE_COUNT, TERMS),
        phases=zeros(4, MODE_COUNT),
        units=zeros(4, 8, 4),
        cash=zeros(8, CASH_FIELDS),
        stats=zeros(4, MODE_COUNT, STAT_FIELDS),
        orders=zeros(64, ORDER_FIELDS),
    )


def grown(arrays: Arrays, *, parties: int, operators: int, instruments: int, orders: int) -> Arrays:
    """The same, with room for so many of each (numbers begin at 1); itself where there is room."""
    many = _room(len(arrays.parties), parties), _room(len(arrays.instruments), instruments)
    changed = {
        "parties": _to(arrays.parties, many[0]),
        "cash": _to(arrays.cash, many[0]),
        "operators": _to(arrays.operators, _room(len(arrays.operators), operators)),
        "instruments": _to(arrays.instruments, many[1]),
        "terms": _to(arrays.terms, many[1]),
        "phases": _to(arrays.phases, many[1]),
        "stats": _to(arrays.stats, many[1]),
        "units": _to(arrays.units, many[1], many[0]),
        "orders": _to(arrays.orders, _room(len(arrays.orders), orders)),
    }
    return arrays._replace(**changed)


def image(arrays: Arrays) -> bytes:
    """What the arrays say, room beyond what is in use left out: the same bytes for the same market.

    The day's numbers come first: they say how long the others are.
    """
    parties, operators, instruments = (int(arrays.day[i]) + 1 for i in (PARTIES, OPERATORS, INSTRUMENTS))
    orders = int(arrays.day[ORDERS]) + 1
    used = Arrays(
        arrays.day,
        arrays.parties[:parties],
        arrays.operators[:operators],
        arrays.instruments[:instruments],
        arrays.terms[:instruments],
        arrays.phases[:instruments],
        arrays.units[:instruments, :parties],
        arrays.cash[:parties],
        arrays.stats[:instruments],
        arrays.orders[:orders],
    )
    return b"".join(np.ascontiguousarray(one, "<i8").tobytes() for one in used)


def put_back(data: bytes) -> Arrays:
    """The arrays whose image this is. Raises ValueError where its length is another."""
    day = np.frombuffer(data, "<i8", DAY_FIELDS).astype(np.int64)
    made = grown(
        empty(),
        parties=int(day[PARTIES]),
        operators=int(day[OPERATORS]),
        instruments=int(day[INSTRUMENTS]),
        orders=int(day[ORDERS]),
    )
    parties, instruments, orders = (int(day[i]) + 1 for i in (PARTIES, INSTRUMENTS, ORDERS))
    made.day[:] = day
    places = (
        made.parties[:parties],
        made.operators[: int(day[OPERATORS]) + 1],
        made.instruments[:instruments],
        made.terms[:instruments],
        made.phases[:instruments],
        made.units[:instruments, :parties],
        made.cash[:parties],
        made.stats[:instruments],
        made.orders[:orders],
    )
    at = 8 * DAY_FIELDS
    for place in places:
        there = np.frombuffer(data, "<i8", place.size, at)
        place[...] = there.reshape(place.shape)
        at += 8 * place.size
    if at != len(data):
        raise ValueError("an image of another length")
    return made


def state_hash(arrays: Arrays, more: bytes = b"") -> str:
    """SHA-256 over the image, and what else an engine keeps."""
    return digest(image(arrays) + more).hex()


def _room(have: int, number: int) -> int:
    """Places so that index `number` exists: a doubling of what there is."""
    while have <= number:
        have *= 2
    return have


def _to(array: Ints, *lengths: int) -> Ints:
    """The array with its first axes at least so long."""
    wanted = tuple(lengths) + array.shape[len(lengths) :]
    if wanted == array.shape:
        return array
    larger = np.zeros(wanted, np.int64)
    larger[tuple(slice(0, n) for n in array.shape)] = array
    return larger
