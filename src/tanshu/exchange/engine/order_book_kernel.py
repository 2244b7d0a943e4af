"""The order book's kernel: continuous trading in price-time priority.

Like the ledger's functions, these take integers and arrays, allocate nothing, and either refuse with a
code, or change something and tell of it. `run` takes many records; `order`, `amend` and `match` are also what
a single record uses, uncompiled. order_book_compiled.py has the same texts compiled by Numba.
"""

from __future__ import annotations

from typing import Any

import numpy as np

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
from tanshu.exchange.engine.order_book_ladders import (
    FIRST,
    Ladders,
    crossed,
    fits,
    place_of,
    queue,
    unlink,
    worse,
)
from tanshu.exchange.engine.records import Gone, Mode, Op, OrderKind, Phase, Records, Side
from tanshu.exchange.engine.state import (
    BUYING,
    DAY_OPEN,
    DAY_STATE,
    FREE,
    INSIDE,
    INSTRUMENTS,
    LIMIT,
    O_HELD,
    O_INSTRUMENT,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_NEXT,
    O_PARTY,
    O_PRICE,
    O_QUANTITY,
    O_SIDE,
    O_STATE,
    ORDERS,
    OUTSIDE,
    RESTING,
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

ROOM = 16
"""Records that must fit before anything is begun: entering, a trade with its fees, two ends, and more."""

_wide: Any = np.int64
"""Fields are narrow and some unsigned: sums of them would not be integers to Numba."""

# How `run` stopped.
DONE, MORE_ROOM, NOT_READY, NOT_MINE = 0, 1, 2, 3


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
    number = enter(a, out, n, _MODE, side, kind, instrument, party, operator, 0, quantity, price, 0, ref)
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


def cancel(a: Arrays, b: Ladders, out: Records, n: Ints, party: int, operator: int, number: int) -> int:
    """Cancel an order of the order book; −1 where it is another mode's."""
    code = check_who(a, party, operator)
    if code in (_OK, _SUSPENDED):
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
    if phase in (_OPEN, _HALTED):
        return _OK
    if phase in (_BREAK, _PRE_OPEN, _CLOSING):
        return _OK if a.terms[instrument, _MODE, _BREAK_CANCEL] == 1 else _NOT_OPEN
    return _NOT_OPEN


def worst(a: Arrays, instrument: int, side: int) -> int:
    """The day's price limit of a side, up or down to which a market order goes: fen, whole ticks."""
    terms = a.terms[instrument, _MODE]
    if side == _BUY:
        return terms[_HIGH] // terms[_TICK] * terms[_TICK]
    return max(terms[_TICK], (terms[_LOW] + terms[_TICK] - 1) // terms[_TICK] * terms[_TICK])


def match(a: Arrays, b: Ladders, out: Records, n: Ints) -> bool:
    """Let the order in hand trade with what it meets, best price first, oldest first; the rest stays or goes.

    False: `out` is full, and the same is to be asked again when there is room.
    """
    number = int(b.hand[0])
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
        resting = int(b.queues[best, other, FIRST])
        r = a.orders[resting]
        if r[O_PARTY] != party:
            buy, sell = (number, resting) if side == _BUY else (resting, number)
            fill(a, out, n, buy, sell, min(o[O_LEFT], r[O_LEFT]), r[O_PRICE], side)
            if r[O_LEFT] == 0:
                unlink(a, b, resting)
            continue
        policy = a.terms[instrument, _MODE, _POLICY]
        if policy in (_CANCEL_RESTING, _CANCEL_BOTH):
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
    if phase in (_PRE_OPEN, _CLOSING):
        return (_OK if gathers else _NOT_OPEN), False
    if phase != _OPEN or crossed(b, instrument):
        return _NOT_OPEN, False
    return _OK, True


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
    say(out, n, _AMENDED, _MODE, o[O_SIDE], 0, o[O_INSTRUMENT], o[O_PARTY], 0, left, o[O_PRICE], number, 0, 0)


# -- many records ------------------------------------------------------------------------------------------


def run(a: Arrays, b: Ladders, out: Records, n: Ints, batch: Records, answers: Any, at: int) -> int:
    """Apply orders, amendments and cancels from `at` on; hand[1] says where it stopped, the answer why."""
    for i in range(at, len(batch) + 1):
        b.hand[1] = i
        if len(out) - n[0] < ROOM or (b.hand[0] and not match(a, b, out, n)):
            return MORE_ROOM
        if i == len(batch):
            break
        op = _wide(batch["op"][i])
        party, operator = _wide(batch["party"][i]), _wide(batch["other"][i])
        if op == _ORDER:
            instrument = _wide(batch["instrument"][i])
            if 0 < instrument <= a.day[INSTRUMENTS] and not fits(a, b, instrument):
                return NOT_READY
            code = order(
                a,
                b,
                out,
                n,
                _wide(batch["mode"][i]),
                _wide(batch["side"][i]),
                _wide(batch["kind"][i]),
                instrument,
                party,
                operator,
                batch["quantity"][i],
                batch["price"][i],
                batch["extra"][i],
            )
        elif op == _CANCEL:
            code = cancel(a, b, out, n, party, operator, _wide(batch["order"][i]))
        elif op == _AMEND:
            number = _wide(batch["order"][i])
            mine = 0 < number <= a.day[ORDERS] and a.orders[number, O_MODE] == _MODE
            if mine and not fits(a, b, a.orders[number, O_INSTRUMENT]):
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
