"""The order book's ladders: for each instrument one place for every price between the day's limits.

A place has a queue of orders for each side, linked through the orders themselves (O_NEXT, O_PREV), oldest
first. Bits say which places are occupied, so that the next best price is found without walking over those
that are empty:

    places   0 1 2 … 31 | 32 … 63 | …      queues[place, side] = first and last order
    words    one bit for each place        words[place >> 5, side]
    summary  one bit for each word         summary[place >> 10, side]

An order's number is its time: whoever comes later, or loses its place by an amendment, has a higher one. So a
ladder can be made again from the orders that rest. Plain functions that Numba compiles, like the ledger's.
"""

from __future__ import annotations

from typing import NamedTuple

from tanshu.exchange.engine.records import Mode, Side
from tanshu.exchange.engine.state import (
    O_INSTRUMENT,
    O_NEXT,
    O_PREV,
    O_PRICE,
    O_SIDE,
    Arrays,
    Ints,
)
from tanshu.exchange.engine.terms import Term

_MODE, _BUY, _SELL = int(Mode.ORDER_BOOK), int(Side.BUY), int(Side.SELL)
_TICK, _LOW, _HIGH = int(Term.TICK), int(Term.PRICE_LOW), int(Term.PRICE_HIGH)

# ladder[instrument, …]
L_TICK, L_LOW, L_HIGH, L_FLOOR, L_BASE, L_TOP = 0, 1, 2, 3, 4, 5
"""Tick and limits it was made for, fen; the lower one in ticks; its first and last place. Bases are multiples
of 1024, so that no two ladders share a word of bits."""
LADDER_FIELDS = 6
FIRST, LAST_IN = 0, 1
"""queues[place, side, …]: the oldest and the newest order, 0 where there is none."""


class Ladders(NamedTuple):
    """What the desk remembers beside the engine's arrays; all of it follows from them."""

    ladder: Ints
    best: Ints
    """best[instrument, side]: the place, −1 where nobody stands."""
    queues: Ints
    words: Ints
    summary: Ints
    hand: Ints
    """The order in hand, entered and to be traded, 0 for none; where `run` stopped."""


def fits(a: Arrays, b: Ladders, instrument: int) -> bool:
    """Is there a ladder for the instrument's tick and limits of today?"""
    if instrument >= len(b.ladder):
        return False
    terms = a.terms[instrument, _MODE]
    made = b.ladder[instrument]
    return bool(made[L_TICK] == terms[_TICK] and made[L_LOW] == terms[_LOW] and made[L_HIGH] == terms[_HIGH])


def place_of(b: Ladders, instrument: int, price: int) -> int:
    made = b.ladder[instrument]
    return made[L_BASE] + price // made[L_TICK] - made[L_FLOOR]


def price_at(b: Ladders, instrument: int, place: int) -> int:
    made = b.ladder[instrument]
    return (place - made[L_BASE] + made[L_FLOOR]) * made[L_TICK]


def highest_bit(word: int) -> int:
    """The place of the highest bit set in a word of 32; not for 0."""
    at = 0
    if word >> 16:
        word >>= 16
        at = 16
    if word >> 8:
        word >>= 8
        at += 8
    if word >> 4:
        word >>= 4
        at += 4
    if word >> 2:
        word >>= 2
        at += 2
    return at + (word >> 1)


def down(b: Ladders, side: int, place: int, base: int) -> int:
    """The highest occupied place at or below `place`, not below `base`; −1 where there is none."""
    if place < base:
        return -1
    word = place >> 5
    bits = b.words[word, side] & ((2 << (place & 31)) - 1)
    if bits == 0:
        above = word >> 5
        bits = b.summary[above, side] & ((1 << (word & 31)) - 1)
        while bits == 0:
            above -= 1
            if above < base >> 10:
                return -1
            bits = b.summary[above, side]
        word = (above << 5) + highest_bit(bits)
        bits = b.words[word, side]
    return (word << 5) + highest_bit(bits)


def up(b: Ladders, side: int, place: int, top: int) -> int:
    """The lowest occupied place at or above `place`, not above `top`; −1 where there is none."""
    if place > top:
        return -1
    word = place >> 5
    bits = b.words[word, side] & -(1 << (place & 31))
    if bits == 0:
        above = word >> 5
        bits = b.summary[above, side] & -(2 << (word & 31))
        while bits == 0:
            above += 1
            if above > top >> 10:
                return -1
            bits = b.summary[above, side]
        word = (above << 5) + highest_bit(bits & -bits)
        bits = b.words[word, side]
    return (word << 5) + highest_bit(bits & -bits)


def worse(b: Ladders, instrument: int, side: int, place: int) -> int:
    """The next occupied place behind this one, −1 where there is none."""
    if side == _BUY:
        return down(b, side, place - 1, b.ladder[instrument, L_BASE])
    return up(b, side, place + 1, b.ladder[instrument, L_TOP])


def queue(a: Arrays, b: Ladders, number: int) -> None:
    """Put an order last at its price."""
    o = a.orders[number]
    side, instrument = o[O_SIDE], o[O_INSTRUMENT]
    place = place_of(b, instrument, o[O_PRICE])
    last = b.queues[place, side, LAST_IN]
    b.queues[place, side, LAST_IN] = number
    o[O_PREV], o[O_NEXT] = last, 0
    if last:
        a.orders[last, O_NEXT] = number
        return
    b.queues[place, side, FIRST] = number
    b.words[place >> 5, side] |= 1 << (place & 31)
    b.summary[place >> 10, side] |= 1 << ((place >> 5) & 31)
    best = b.best[instrument, side]
    if best < 0 or (place > best if side == _BUY else place < best):
        b.best[instrument, side] = place


def unlink(a: Arrays, b: Ladders, number: int) -> None:
    """Take an order out of its queue."""
    o = a.orders[number]
    side, instrument, before, after = o[O_SIDE], o[O_INSTRUMENT], o[O_PREV], o[O_NEXT]
    o[O_PREV], o[O_NEXT] = 0, 0
    if before:
        a.orders[before, O_NEXT] = after
        if after:
            a.orders[after, O_PREV] = before
            return
    place = place_of(b, instrument, o[O_PRICE])
    if after:
        a.orders[after, O_PREV] = 0
        b.queues[place, side, FIRST] = after
        return
    b.queues[place, side, LAST_IN] = before
    if before:
        return
    b.queues[place, side, FIRST] = 0
    word = place >> 5
    b.words[word, side] &= ~(1 << (place & 31))
    if b.words[word, side] == 0:
        b.summary[place >> 10, side] &= ~(1 << (word & 31))
    if b.best[instrument, side] == place:
        b.best[instrument, side] = worse(b, instrument, side, place)


def crossed(b: Ladders, instrument: int) -> bool:
    """Would somebody pay what somebody asks?"""
    if instrument >= len(b.best):
        return False
    buy, sell = b.best[instrument, _BUY], b.best[instrument, _SELL]
    return bool(buy >= 0 and sell >= 0 and buy >= sell)
