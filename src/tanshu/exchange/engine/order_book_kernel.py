"""The order book's kernel: price-time priority over ladders of queues, in plain functions that Numba compiles.

Each instrument has a ladder: one place for every price between the day's limits. A place has a queue of orders
for each side, linked through the orders themselves (O_NEXT, O_PREV), oldest first. Bits say which places are
occupied, so that the next best price is found without walking over empty ones:

    places   0 1 2 … 31 | 32 … 63 | …      queues[place, side] = first and last order
    words    one bit for each place        words[place >> 5, side]
    summary  one bit for each word         summary[place >> 10, side]

An order's number is its time: whoever comes later, or loses its place by an amendment, has a higher one. So a
ladder can be made again from the orders that rest. Like the ledger's functions, those here take integers and
arrays, allocate nothing, and either refuse with a code, or change something and tell of it. `run` takes many
records; `order`, `amend` and `uncross` are also what a single record uses, uncompiled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tanshu.book.kernel import compile_into
from tanshu.exchange.engine import codes, ledger, records, state, terms
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.ledger import (
    buyer_needs,
    check_form,
    check_order,
    check_who,
    enter,
    fill,
    hold,
    leave,
    phase_of,
    say,
)
from tanshu.exchange.engine.records import Gone, Mode, Op, OrderKind, Phase, Records, Side
from tanshu.exchange.engine.state import (
    BUYING,
    DAY_OPEN,
    DAY_STATE,
    FREE,
    INSIDE,
    INSTRUMENTS,
    LAST,
    LIMIT,
    O_HELD,
    O_INSTRUMENT,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_NEXT,
    O_PARTY,
    O_PREV,
    O_PRICE,
    O_QUANTITY,
    O_SIDE,
    O_STATE,
    ORDERS,
    OUTSIDE,
    REFERENCE,
    RESTING,
    TRADES,
    Arrays,
    Ints,
)
from tanshu.exchange.engine.terms import SelfTrade, Term

_OK, _NO_DAY, _NOT_OPEN = int(Code.OK), int(Code.NO_DAY), int(Code.NOT_OPEN)
_BAD_VALUE, _BAD_PRICE, _BAD_QUANTITY = int(Code.BAD_VALUE), int(Code.BAD_PRICE), int(Code.BAD_QUANTITY)
_NO_INSTRUMENT, _NOT_SO = int(Code.UNKNOWN_INSTRUMENT), int(Code.NOT_TRADED_SO)
_NO_ORDER, _NOT_YOURS, _OVER = int(Code.UNKNOWN_ORDER), int(Code.NOT_YOURS), int(Code.ORDER_OVER)
_SELF, _NOT_FILLED, _ALREADY = int(Code.SELF_TRADE), int(Code.NOT_FILLED), int(Code.ALREADY)
_NO_CASH, _NO_UNITS, _LIMIT = int(Code.NO_CASH), int(Code.NO_UNITS), int(Code.HOLDING_LIMIT)
_SUSPENDED = int(Code.SUSPENDED)
_MODE, _BUY, _SELL, _NEITHER = int(Mode.ORDER_BOOK), int(Side.BUY), int(Side.SELL), int(Side.NONE)
_STAYS, _MARKET, _FOK = int(OrderKind.LIMIT), int(OrderKind.MARKET), int(OrderKind.FOK)
_ORDER, _CANCEL, _AMEND, _AMENDED = int(Op.ORDER), int(Op.CANCEL), int(Op.AMEND), int(Op.AMENDED)
_OPEN, _PRE_OPEN, _CLOSING = int(Phase.OPEN), int(Phase.PRE_OPEN), int(Phase.CLOSING)
_BREAK, _HALTED = int(Phase.BREAK), int(Phase.HALTED)
_CANCELLED, _REST = int(Gone.CANCELLED), int(Gone.REST)
_MET_SELF, _REPLACED = int(Gone.SELF_TRADE), int(Gone.REPLACED)
_TICK, _LOW, _HIGH = int(Term.TICK), int(Term.PRICE_LOW), int(Term.PRICE_HIGH)
_POLICY, _BREAK_CANCEL = int(Term.SELF_TRADE), int(Term.BREAK_CANCEL)
_CANCEL_RESTING, _CANCEL_BOTH = int(SelfTrade.CANCEL_RESTING), int(SelfTrade.CANCEL_BOTH)

# ladder[instrument, …]
L_TICK, L_LOW, L_HIGH, L_UNIT, L_FLOOR, L_BASE, L_TOP = 0, 1, 2, 3, 4, 5, 6
"""Tick and limits it was made for; fen from place to place; the base's price in units; its first and last
place. Bases are multiples of 1024, so that no two ladders share a word of bits."""
LADDER_FIELDS = 7
FIRST, LAST_IN = 0, 1
"""queues[place, side, …]: the oldest and the newest order, 0 where there is none."""
ROOM = 16
"""Records that must fit before anything is begun: entering, one trade with its fees, two ends, and to spare."""

# How `run` stopped.
DONE, MORE_ROOM, NOT_READY, NOT_MINE = 0, 1, 2, 3


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


# -- ladders -----------------------------------------------------------------------------------------------


def fits(a: Arrays, b: Ladders, instrument: int) -> bool:
    """Is there a ladder for the instrument's tick and limits of today?"""
    if instrument >= len(b.ladder):
        return False
    terms = a.terms[instrument, _MODE]
    made = b.ladder[instrument]
    return bool(made[L_TICK] == terms[_TICK] and made[L_LOW] == terms[_LOW] and made[L_HIGH] == terms[_HIGH])


def place_of(b: Ladders, instrument: int, price: int) -> int:
    made = b.ladder[instrument]
    return made[L_BASE] + price // made[L_UNIT] - made[L_FLOOR]


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


# -- continuous trading ------------------------------------------------------------------------------------


def order(
    a: Arrays,
    b: Ladders,
    out: Records,
    n: Ints,
    mode: int,
    side: int,
    kind: int,
    instrument: int,
    party: int,
    operator: int,
    quantity: int,
    price: int,
    ref: int,
) -> int:
    """A new order: checked and entered. It waits in a call; else it is in hand, to trade: see `match`."""
    if mode != _MODE or side > _SELL or kind > _FOK:
        return _BAD_VALUE
    if not 0 < instrument <= a.day[INSTRUMENTS]:
        return _NO_INSTRUMENT
    code, trading = _phase(a, b, instrument, kind == _STAYS)
    if code != _OK:
        return code
    terms = a.terms[instrument, _MODE]
    if terms[_TICK] == 0 or terms[_HIGH] == 0 or not fits(a, b, instrument):
        return _NOT_SO
    if kind == _MARKET:
        if price != 0:
            return _BAD_PRICE
        price = worst(a, instrument, side)
    code = check_order(a, instrument, _MODE, side, party, operator, quantity, price)
    if code == _OK and trading:
        code = _check_against(a, b, kind, instrument, side, party, quantity, price)
    if code != _OK:
        return code
    number = enter(
        a, out, n, _MODE, side, kind, instrument, party, operator, 0, quantity, price, 0, ref
    )
    if trading:
        b.hand[0] = number
    else:
        queue(a, b, number)
    return _OK


def amend(
    a: Arrays,
    b: Ladders,
    out: Records,
    n: Ints,
    party: int,
    operator: int,
    number: int,
    quantity: int,
    price: int,
    ref: int,
) -> int:
    """Change an order's price and its whole quantity, what was filled included.

    Less at the same price keeps number and place. Anything else is a new order with a new number, at the end
    of its queue; the old one goes, and its fees are not counted on.
    """
    code = check_who(a, party, operator)
    if code == _OK:
        code = _check_resting(a, party, number)
    if code != _OK:
        return code
    o = a.orders[number]
    if o[O_MODE] != _MODE:
        return _NO_ORDER
    instrument, side = o[O_INSTRUMENT], o[O_SIDE]
    code, trading = _phase(a, b, instrument, a.terms[instrument, _MODE, _BREAK_CANCEL] == 1)
    if code != _OK:
        return code
    if a.terms[instrument, _MODE, _HIGH] == 0 or not fits(a, b, instrument):
        return _NOT_SO
    code = check_form(a, instrument, _MODE, quantity, price)
    if code != _OK:
        return code
    left = quantity - (o[O_QUANTITY] - o[O_LEFT])
    if left <= 0:
        return _BAD_QUANTITY
    if price == o[O_PRICE] and left == o[O_LEFT]:
        return _ALREADY
    if price == o[O_PRICE] and left < o[O_LEFT]:
        _lessen(a, out, n, number, quantity, left)
        return _OK
    code = _check_means_again(a, number, left, price)
    if code == _OK and trading:
        code = _check_against(a, b, _STAYS, instrument, side, party, left, price)
    if code != _OK:
        return code
    unlink(a, b, number)
    leave(a, out, n, number, _REPLACED)
    new = enter(a, out, n, _MODE, side, _STAYS, instrument, party, operator, 0, left, price, 0, ref)
    say(out, n, _AMENDED, _MODE, side, 0, instrument, party, 0, left, price, number, new, 0)
    if trading:
        b.hand[0] = new
    else:
        queue(a, b, new)
    return _OK


def cancel(
    a: Arrays, b: Ladders, out: Records, n: Ints, party: int, operator: int, number: int
) -> int:
    """Cancel an order of the order book; −1 where it is another mode's."""
    code = check_who(a, party, operator)
    if code == _OK or code == _SUSPENDED:
        code = _check_resting(a, party, number)
    if code != _OK:
        return code
    if a.orders[number, O_MODE] != _MODE:
        return -1
    code = check_cancel(a, a.orders[number, O_INSTRUMENT])
    if code == _OK:
        unlink(a, b, number)
        leave(a, out, n, number, _CANCELLED)
    return code


def check_cancel(a: Arrays, instrument: int) -> int:
    """While trading goes on, and in a halt, always; in breaks and calls by the day's terms."""
    phase = phase_of(a, instrument, _MODE)
    if phase == _OPEN or phase == _HALTED:
        return _OK
    if phase == _BREAK or phase == _PRE_OPEN or phase == _CLOSING:
        return _OK if a.terms[instrument, _MODE, _BREAK_CANCEL] == 1 else _NOT_OPEN
    return _NOT_OPEN


def worst(a: Arrays, instrument: int, side: int) -> int:
    """The day's price limit for a side, which a market order goes up or down to: fen, a multiple of the tick."""
    terms = a.terms[instrument, _MODE]
    if side == _BUY:
        return terms[_HIGH] // terms[_TICK] * terms[_TICK]
    return max(terms[_TICK], (terms[_LOW] + terms[_TICK] - 1) // terms[_TICK] * terms[_TICK])


def match(a: Arrays, b: Ladders, out: Records, n: Ints) -> bool:
    """Let the order in hand trade with what it meets, best price first, oldest first; the rest stays or goes.

    False: `out` is full, and the same is to be asked again when there is room.
    """
    number = b.hand[0]
    o = a.orders[number]
    side, instrument, party = o[O_SIDE], o[O_INSTRUMENT], o[O_PARTY]
    other = 1 - side
    limit = place_of(b, instrument, o[O_PRICE])
    while o[O_LEFT] > 0 and o[O_STATE] == RESTING:
        best = b.best[instrument, other]
        if best < 0 or (best > limit if side == _BUY else best < limit):
            break
        if len(out) - n[0] < ROOM:
            return False
        resting = b.queues[best, other, FIRST]
        r = a.orders[resting]
        if r[O_PARTY] != party:
            buy, sell = (number, resting) if side == _BUY else (resting, number)
            fill(a, out, n, buy, sell, min(o[O_LEFT], r[O_LEFT]), r[O_PRICE], side)
            if r[O_LEFT] == 0:
                unlink(a, b, resting)
            continue
        policy = a.terms[instrument, _MODE, _POLICY]
        if policy == _CANCEL_RESTING or policy == _CANCEL_BOTH:
            unlink(a, b, resting)
            leave(a, out, n, resting, _MET_SELF)
        if policy != _CANCEL_RESTING:
            leave(a, out, n, number, _MET_SELF)
    if o[O_STATE] == RESTING:
        if o[O_KIND] == _STAYS:
            queue(a, b, number)
        else:
            leave(a, out, n, number, _REST)
    b.hand[0] = 0
    return True


def _phase(a: Arrays, b: Ladders, instrument: int, gathers: bool) -> tuple[int, bool]:
    """May orders come now (`gathers`: in a call too), and do they trade at once?

    Where a halt lasted over the end of a call, orders stand crossed: nothing comes before they are uncrossed.
    """
    if a.day[DAY_STATE] != DAY_OPEN:
        return _NO_DAY, False
    phase = phase_of(a, instrument, _MODE)
    if phase == _PRE_OPEN or phase == _CLOSING:
        return (_OK if gathers else _NOT_OPEN), False
    if phase != _OPEN or crossed(b, instrument):
        return _NOT_OPEN, False
    return _OK, True


def crossed(b: Ladders, instrument: int) -> bool:
    """Would somebody pay what somebody asks?"""
    if instrument >= len(b.best):
        return False
    buy, sell = b.best[instrument, _BUY], b.best[instrument, _SELL]
    return bool(buy >= 0 and sell >= 0 and buy >= sell)


def _check_against(
    a: Arrays, b: Ladders, kind: int, instrument: int, side: int, party: int, quantity: int, price: int
) -> int:
    """What is asked of an order in the face of those that rest: fill-or-kill, and nobody with himself."""
    other = 1 - side
    limit = place_of(b, instrument, price)
    place = b.best[instrument, other]
    policy = a.terms[instrument, _MODE, _POLICY]
    if kind != _FOK:
        if place < 0 or (place > limit if side == _BUY else place < limit):
            return _OK
        mine = a.orders[b.queues[place, other, FIRST], O_PARTY] == party
        return _SELF if mine and policy != _CANCEL_RESTING and policy != _CANCEL_BOTH else _OK
    left = quantity
    while place >= 0 and (place <= limit if side == _BUY else place >= limit):
        number = b.queues[place, other, FIRST]
        while number:
            if a.orders[number, O_PARTY] != party:
                left -= a.orders[number, O_LEFT]
                if left <= 0:
                    return _OK
            elif policy != _CANCEL_RESTING:
                return _SELF
            number = a.orders[number, O_NEXT]
        place = worse(b, instrument, other, place)
    return _NOT_FILLED


def _check_resting(a: Arrays, party: int, number: int) -> int:
    """Is there such an order, is it this participant's, does it rest?"""
    if not 0 < number <= a.day[ORDERS]:
        return _NO_ORDER
    if a.orders[number, O_PARTY] != party:
        return _NOT_YOURS
    return _OK if a.orders[number, O_STATE] == RESTING else _OVER


def _check_means_again(a: Arrays, number: int, left: int, price: int) -> int:
    """The ledger's check of means, counting what the order to be replaced holds."""
    o = a.orders[number]
    party, instrument = o[O_PARTY], o[O_INSTRUMENT]
    if o[O_SIDE] == _SELL:
        return _OK if a.units[instrument, party, FREE] + o[O_HELD] >= left else _NO_UNITS
    if a.cash[party, FREE] + o[O_HELD] < buyer_needs(a, instrument, _MODE, left * price, 0):
        return _NO_CASH
    p = a.parties[party]
    more = left - o[O_LEFT]
    return _LIMIT if p[LIMIT] and p[OUTSIDE] + p[INSIDE] + p[BUYING] + more > p[LIMIT] else _OK


def _lessen(a: Arrays, out: Records, n: Ints, number: int, quantity: int, left: int) -> None:
    """Less of an order, in its place."""
    o = a.orders[number]
    if o[O_SIDE] == _BUY:
        a.parties[o[O_PARTY], BUYING] -= o[O_LEFT] - left
    o[O_QUANTITY], o[O_LEFT] = quantity, left
    hold(a, number)
    say(
        out, n, _AMENDED, _MODE, o[O_SIDE], 0, o[O_INSTRUMENT], o[O_PARTY], 0, left, o[O_PRICE], number, 0, 0
    )


# -- calls -------------------------------------------------------------------------------------------------


def uncross(a: Arrays, b: Ladders, out: Records, n: Ints, instrument: int) -> int:
    """Let what gathered trade at one price, best price first, oldest first. Returns tonnes.

    Orders of one participant that would meet each other leave before, as the self-trade term says (the newer,
    the older, both), and the price is found again without them.
    """
    while True:
        price, volume = call_price(a, b, instrument)
        if volume == 0 or _part_selves(a, b, out, n, instrument, price) == 0:
            break
    left = volume
    while left > 0:
        buy = b.queues[b.best[instrument, _BUY], _BUY, FIRST]
        sell = b.queues[b.best[instrument, _SELL], _SELL, FIRST]
        quantity = min(left, min(a.orders[buy, O_LEFT], a.orders[sell, O_LEFT]))
        fill(a, out, n, buy, sell, quantity, price, _NEITHER)
        left -= quantity
        if a.orders[buy, O_LEFT] == 0:
            unlink(a, b, buy)
        if a.orders[sell, O_LEFT] == 0:
            unlink(a, b, sell)
    return volume


def call_price(a: Arrays, b: Ladders, instrument: int) -> tuple[int, int]:
    """The one price of a call, fen, and the tonnes it trades; (0, 0) where nothing can.

    The most tonnes; of those prices the least left over on the longer side; of those the nearest to the last
    price of the day, or to the previous close where there was none; of two as near, the higher. Source: the
    common practice of exchanges with calls (the first two as Shanghai's, the third as Shenzhen's).
    """
    low, high = b.best[instrument, _SELL], b.best[instrument, _BUY]
    found, volume = 0, 0
    if low < 0 or high < 0 or low > high:
        return found, volume
    near = a.instruments[instrument, REFERENCE]
    if a.stats[instrument, _MODE, TRADES]:
        near = a.stats[instrument, _MODE, LAST]
    made = b.ladder[instrument]
    supply, demand, surplus, away = 0, 0, 0, 0
    for place in range(low, high + 1):
        demand += _standing(a, b.queues[place, _BUY, FIRST])
    for place in range(low, high + 1):
        supply += _standing(a, b.queues[place, _SELL, FIRST])
        price = (place - made[L_BASE] + made[L_FLOOR]) * made[L_UNIT]
        now, over, far = min(demand, supply), abs(demand - supply), abs(price - near)
        if now > volume or (now == volume and (over < surplus or (over == surplus and far <= away))):
            found, volume, surplus, away = price, now, over, far
        demand -= _standing(a, b.queues[place, _BUY, FIRST])
    return found, volume


def _standing(a: Arrays, number: int) -> int:
    """Tonnes of an order and all behind it in its queue."""
    tonnes = 0
    while number:
        tonnes += a.orders[number, O_LEFT]
        number = a.orders[number, O_NEXT]
    return tonnes


def _part_selves(a: Arrays, b: Ladders, out: Records, n: Ints, instrument: int, price: int) -> int:
    """Pair orders as a call at this price would; where both are one participant's, the term says who goes.

    Returns how many went.
    """
    policy = a.terms[instrument, _MODE, _POLICY]
    buy = b.queues[b.best[instrument, _BUY], _BUY, FIRST]
    sell = b.queues[b.best[instrument, _SELL], _SELL, FIRST]
    bought, sold, gone = 0, 0, 0
    while buy and sell and a.orders[buy, O_PRICE] >= price and a.orders[sell, O_PRICE] <= price:
        o, s = a.orders[buy], a.orders[sell]
        if o[O_PARTY] != s[O_PARTY]:
            quantity = min(o[O_LEFT] - bought, s[O_LEFT] - sold)
            bought += quantity
            sold += quantity
            if bought == o[O_LEFT]:
                buy, bought = _behind(a, b, buy), 0
            if sold == s[O_LEFT]:
                sell, sold = _behind(a, b, sell), 0
            continue
        older_goes = policy == _CANCEL_RESTING
        if policy == _CANCEL_BOTH or (buy < sell) == older_goes:
            leaving, buy, bought = buy, _behind(a, b, buy), 0
            unlink(a, b, leaving)
            leave(a, out, n, leaving, _MET_SELF)
            gone += 1
            if policy != _CANCEL_BOTH:
                continue
        leaving, sell, sold = sell, _behind(a, b, sell), 0
        unlink(a, b, leaving)
        leave(a, out, n, leaving, _MET_SELF)
        gone += 1
    return gone


def _behind(a: Arrays, b: Ladders, number: int) -> int:
    """The order next in priority on the same side, 0 where there is none."""
    o = a.orders[number]
    if o[O_NEXT]:
        return o[O_NEXT]
    place = worse(b, o[O_INSTRUMENT], o[O_SIDE], place_of(b, o[O_INSTRUMENT], o[O_PRICE]))
    return b.queues[place, o[O_SIDE], FIRST] if place >= 0 else 0


# -- many records ------------------------------------------------------------------------------------------


def run(a: Arrays, b: Ladders, out: Records, n: Ints, batch: Records, answers: Any, at: int) -> int:
    """Apply orders, amendments and cancels from `at` on; hand[1] says where it stopped, the answer why."""
    for i in range(at, len(batch) + 1):
        b.hand[1] = i
        if len(out) - n[0] < ROOM or (b.hand[0] and not match(a, b, out, n)):
            return MORE_ROOM
        if i == len(batch):
            break
        op = np.int64(batch["op"][i])
        party, operator = np.int64(batch["party"][i]), np.int64(batch["other"][i])
        if op == _ORDER:
            instrument = np.int64(batch["instrument"][i])
            if 0 < instrument <= a.day[INSTRUMENTS] and not fits(a, b, instrument):
                return NOT_READY
            code = order(
                a,
                b,
                out,
                n,
                np.int64(batch["mode"][i]),
                np.int64(batch["side"][i]),
                np.int64(batch["kind"][i]),
                instrument,
                party,
                operator,
                batch["quantity"][i],
                batch["price"][i],
                batch["extra"][i],
            )
        elif op == _CANCEL:
            code = cancel(a, b, out, n, party, operator, np.int64(batch["order"][i]))
        elif op == _AMEND:
            number = np.int64(batch["order"][i])
            if 0 < number <= a.day[ORDERS] and a.orders[number, O_MODE] == _MODE:
                if not fits(a, b, a.orders[number, O_INSTRUMENT]):
                    return NOT_READY
            code = amend(
                a,
                b,
                out,
                n,
                party,
                operator,
                number,
                batch["quantity"][i],
                batch["price"][i],
                batch["extra"][i],
            )
        else:
            return NOT_MINE
        if code < 0:
            return NOT_MINE
        answers[i] = code
    return DONE


# Innermost first: each is compiled against the ones before it.
_LEDGER = (
    ledger.phase_of,
    ledger.check_who,
    ledger.check_quantity,
    ledger.check_price,
    ledger.check_form,
    ledger.fee,
    ledger.buyer_needs,
    ledger.check_means,
    ledger.check_order,
    ledger.say,
    ledger.hold,
    ledger.enter,
    ledger.charge,
    ledger.figure,
    ledger._buy,
    ledger._sell,
    ledger.fill,
    ledger.leave,
)
_HERE = (
    fits,
    place_of,
    highest_bit,
    down,
    up,
    worse,
    queue,
    unlink,
    worst,
    crossed,
    check_cancel,
    match,
    _phase,
    _check_against,
    _check_resting,
    _check_means_again,
    _lessen,
    order,
    amend,
    cancel,
    _standing,
    call_price,
    _behind,
    _part_selves,
    uncross,
    run,
)


def compiled(name: str = "run") -> Callable[..., int]:
    """`run`, or another function of this module, compiled by Numba from this same text."""
    return compiled_scope()[name]


def is_compiled() -> bool:
    """Is the compiled kernel loaded in this process?"""
    return compiled_scope.cache_info().currsize > 0


@cache
def compiled_scope() -> dict[str, Any]:
    """The functions of this module, compiled, by name; kept on disk until one of the texts changes."""
    texts = (__file__, codes.__file__, ledger.__file__, records.__file__, state.__file__, terms.__file__)
    stamp = hashlib.sha256(b"".join(Path(text).read_bytes() for text in texts)).hexdigest()[:12]
    below = compile_into(dict(vars(ledger)), _LEDGER, stamp=stamp, inline=True)
    scope = globals() | {function.__name__: below[function.__name__] for function in _LEDGER}
    return compile_into(scope, _HERE, stamp=stamp, inline=True)
