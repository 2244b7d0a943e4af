"""Calls: orders gather, then trade at one price. Plain functions that Numba compiles, like the ledger's."""

from __future__ import annotations

from tanshu.exchange.engine.ledger import (
    fill,
    leave,
)
from tanshu.exchange.engine.order_book_ladders import (
    FIRST,
    Ladders,
    place_of,
    price_at,
    unlink,
    worse,
)
from tanshu.exchange.engine.records import Gone, Mode, Records, Side
from tanshu.exchange.engine.state import (
    LAST,
    O_INSTRUMENT,
    O_LEFT,
    O_NEXT,
    O_PARTY,
    O_PRICE,
    O_SIDE,
    REFERENCE,
    TRADES,
    Arrays,
    Ints,
)
from tanshu.exchange.engine.terms import SelfTrade, Term

_MODE, _BUY, _SELL, _NEITHER = int(Mode.ORDER_BOOK), int(Side.BUY), int(Side.SELL), int(Side.NONE)
_MET_SELF, _POLICY = int(Gone.SELF_TRADE), int(Term.SELF_TRADE)
_CANCEL_RESTING, _CANCEL_BOTH = int(SelfTrade.CANCEL_RESTING), int(SelfTrade.CANCEL_BOTH)


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
    supply, demand, surplus, away = 0, 0, 0, 0
    for place in range(low, high + 1):
        demand += _standing(a, b.queues[place, _BUY, FIRST])
    for place in range(low, high + 1):
        supply += _standing(a, b.queues[place, _SELL, FIRST])
        price = price_at(b, instrument, place)
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
