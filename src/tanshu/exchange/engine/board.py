"""The offer board, 挂牌协议: makers post offers, takers take them at the makers' prices.

Nothing matches by itself, so offers that rest may cross. A taker sees and reaches the best price levels of
the other side (five, by the national rule), price first and the oldest offer first; it says how much it
wants, and may name the worst price it accepts, or the maker it chooses. What cannot be filled at once is not
taken and does not rest; a taking that gets nothing at all is refused. Every taking is an order too, so that
each trade has two order numbers.

Source: 挂牌协议交易 in the national exchange's published rule. That a taking may go through several makers,
and may take a part of one's offer, is our reading of it.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict
from collections.abc import Collection, Iterator
from itertools import islice
from typing import NamedTuple

from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Desk, Rec, Told
from tanshu.exchange.engine.records import QUANTITY_MAX, Gone, Mode, Op, OrderKind, Side
from tanshu.exchange.engine.state import (
    O_INSTRUMENT,
    O_KIND,
    O_LEFT,
    O_MODE,
    O_PARTY,
    O_PRICE,
    O_SIDE,
    O_STATE,
    ORDERS,
    RESTING,
    Arrays,
)
from tanshu.exchange.engine.terms import SelfTrade, Term

SEEN = 5
"""Levels of a public depth."""


class Level(NamedTuple):
    """One price of a side: fen, tonnes left in all, and how many offers there are."""

    price: int
    quantity: int
    offers: int


class Maker(NamedTuple):
    """One resting offer: its number, whose it is, tonnes left."""

    order: int
    party: int
    quantity: int


class Plan(NamedTuple):
    """What a taking would do, or why it may not."""

    code: Code
    steps: tuple[tuple[int, int], ...] = ()
    """Offers in the order of taking, with tonnes; 0 where it is the taker's own, which is cancelled."""
    worst: int = 0
    """The worst price at which something is taken, fen."""
    rest: Gone = Gone.REST
    """Why what is left of the taking goes."""


class BoardDesk(Desk):
    mode = int(Mode.LISTING)

    def __init__(self) -> None:
        self.ops = {Op.OFFER: self._offer, Op.TAKE: self._take}
        self._ladders: dict[tuple[int, int], Ladder] = {}

    # -- what anybody may see ------------------------------------------------------------------------------

    def depth(self, a: Arrays, instrument: int, levels: int = SEEN) -> dict[Side, list[Level]]:
        """The best price levels of each side, best first."""
        return {
            side: [
                Level(price, sum(int(a.orders[n, O_LEFT]) for n in numbers), len(numbers))
                for price, numbers in self._ladder(instrument, side).best(levels)
            ]
            for side in (Side.BUY, Side.SELL)
        }

    def makers_at(self, a: Arrays, instrument: int, side: int, price: int) -> list[Maker]:
        """Who offers on a side at a price, the oldest first."""
        numbers = self._ladder(instrument, side).at(price)
        return [Maker(n, int(a.orders[n, O_PARTY]), int(a.orders[n, O_LEFT])) for n in numbers]

    # -- hooks ---------------------------------------------------------------------------------------------

    def removed(self, a: Arrays, number: int) -> None:
        o = a.orders[number]
        self._ladder(int(o[O_INSTRUMENT]), int(o[O_SIDE])).remove(number, int(o[O_PRICE]))

    def restored(self, a: Arrays, image: bytes) -> None:  # noqa: ARG002
        """Offers keep their numbers, and the number is the time."""
        self._ladders = {}
        orders = a.orders[: int(a.day[ORDERS]) + 1]
        here = (orders[:, O_STATE] == RESTING) & (orders[:, O_MODE] == self.mode)
        for number in here.nonzero()[0].tolist():
            self._add(a, number)

    # -- posting -------------------------------------------------------------------------------------------

    def _offer(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Post an offer; it rests until it is taken, cancelled, or the day ends."""
        code = (
            _check_side(r)
            or ledger.check_place(a, r.instrument, self.mode)
            or ledger.check_order(a, r.instrument, self.mode, r.side, r.party, r.other, r.quantity, r.price)
        )
        if code != Code.OK:
            return Code(code)
        number = ledger.enter(
            a, told.out, told.n, self.mode, r.side, OrderKind.LIMIT, r.instrument, r.party, r.other, 0,
            r.quantity, r.price, 0, r.extra,
        )  # fmt: skip
        self._add(a, number)
        return Code.OK

    # -- taking --------------------------------------------------------------------------------------------

    def _take(self, a: Arrays, told: Told, r: Rec) -> Code:
        """Take what the other side offers, at once: all that is wanted, or the part that is within reach.

        The taker must have what the whole quantity costs at its worst price: the one it names, or else the
        worst that the taking comes to. A taking of a chosen maker is filled whole or refused.
        """
        code = self._check_taking(a, r)
        if code:
            return Code(code)
        plan = self._chosen(a, r) if r.order else self._plan(a, r)
        if plan.code is not Code.OK:
            return plan.code
        worst = r.price or plan.worst
        code = ledger.check_price(a, r.instrument, self.mode, r.quantity, worst) or ledger.check_means(
            a, r.instrument, self.mode, r.side, r.party, r.quantity, worst
        )
        if code:
            return Code(code)
        self._carry_out(a, told, r, plan, worst)
        return Code.OK

    def _check_taking(self, a: Arrays, r: Rec) -> int:
        """What is asked before one looks at the offers. The least size is asked of makers only."""
        code = (
            _check_side(r)
            or ledger.check_place(a, r.instrument, self.mode)
            or ledger.check_who(a, r.party, r.other)
        )
        if code:
            return code
        terms = a.terms[r.instrument, self.mode]
        if terms[Term.TICK] == 0:
            return Code.NOT_TRADED_SO
        if not 0 < r.quantity <= QUANTITY_MAX:
            return Code.BAD_QUANTITY
        if terms[Term.QUANTITY_MAX] and r.quantity > terms[Term.QUANTITY_MAX]:
            return Code.TOO_LARGE
        if terms[Term.LOT] > 1 and r.quantity % terms[Term.LOT]:
            return Code.NOT_A_LOT
        return ledger.check_price(a, r.instrument, self.mode, r.quantity, r.price) if r.price else Code.OK

    def _plan(self, a: Arrays, r: Rec) -> Plan:
        """Walk the best levels: price first, the oldest first; what is one's own by Term.SELF_TRADE."""
        terms = a.terms[r.instrument, self.mode]
        policy = terms[Term.SELF_TRADE]
        steps: list[tuple[int, int]] = []
        left, worst, rest, met_own = r.quantity, 0, Gone.REST, False
        for number in self._within_reach(a, r):
            o = a.orders[number]
            if o[O_PARTY] != r.party:
                some = min(left, int(o[O_LEFT]))
                steps.append((number, some))
                left, worst = left - some, int(o[O_PRICE])
            elif policy == SelfTrade.REFUSE:
                return Plan(Code.SELF_TRADE)
            elif policy != SelfTrade.PASS_OVER:
                steps.append((number, 0))
                met_own = True
            if left == 0:
                break
            if met_own and policy == SelfTrade.CANCEL_BOTH:
                rest = Gone.SELF_TRADE
                break
        if left == r.quantity:
            return Plan(Code.SELF_TRADE if met_own else Code.NOTHING_THERE)
        return Plan(Code.OK, tuple(steps), worst, rest)

    def _within_reach(self, a: Arrays, r: Rec) -> Iterator[int]:
        """Offers of the other side in the best levels, at prices the taker accepts."""
        levels = int(a.terms[r.instrument, self.mode, Term.LEVELS])
        for price, numbers in self._ladder(r.instrument, 1 - r.side).best(levels or None):
            if not _accepts(r, price):
                return
            yield from numbers

    def _chosen(self, a: Arrays, r: Rec) -> Plan:
        """Take the whole quantity from the maker that is named."""
        terms = a.terms[r.instrument, self.mode]
        if not terms[Term.CHOOSE]:
            return Plan(Code.NO_CHOICE)
        if not self._is_opposite(a, r):
            return Plan(Code.UNKNOWN_ORDER)
        o = a.orders[r.order]
        price = int(o[O_PRICE])
        if o[O_STATE] != RESTING:
            return Plan(Code.ORDER_OVER)
        if o[O_PARTY] == r.party:
            return Plan(Code.SELF_TRADE)
        levels = 1 if terms[Term.CHOOSE] == 1 else int(terms[Term.LEVELS]) or None
        if price not in (level for level, _ in self._ladder(r.instrument, 1 - r.side).best(levels)):
            return Plan(Code.BEYOND_LEVELS)
        if not _accepts(r, price):
            return Plan(Code.NOTHING_THERE)
        if o[O_LEFT] < r.quantity:
            return Plan(Code.MAKER_TOO_SMALL)
        return Plan(Code.OK, ((r.order, r.quantity),), price)

    def _is_opposite(self, a: Arrays, r: Rec) -> bool:
        """Is (or was) this the number of an offer that this taking could take?"""
        if r.order > a.day[ORDERS]:
            return False
        o = a.orders[r.order]
        is_offer = o[O_MODE] == self.mode and o[O_KIND] == OrderKind.LIMIT
        return bool(is_offer and o[O_INSTRUMENT] == r.instrument and o[O_SIDE] == 1 - r.side)

    def _carry_out(self, a: Arrays, told: Told, r: Rec, plan: Plan, worst: int) -> None:
        taking = ledger.enter(
            a, told.out, told.n, self.mode, r.side, OrderKind.IOC, r.instrument, r.party, r.other, 0,
            r.quantity, worst, 0, r.extra,
        )  # fmt: skip
        for number, quantity in plan.steps:
            o = a.orders[number]
            if quantity:
                buy, sell = (taking, number) if r.side == Side.BUY else (number, taking)
                ledger.fill(a, told.out, told.n, buy, sell, quantity, int(o[O_PRICE]), r.side)
            else:
                ledger.leave(a, told.out, told.n, number, Gone.SELF_TRADE)
            if o[O_STATE] != RESTING:
                self.removed(a, number)
        if a.orders[taking, O_STATE] == RESTING:
            ledger.leave(a, told.out, told.n, taking, plan.rest)

    # -- the index -----------------------------------------------------------------------------------------

    def _add(self, a: Arrays, number: int) -> None:
        o = a.orders[number]
        self._ladder(int(o[O_INSTRUMENT]), int(o[O_SIDE])).add(number, int(o[O_PRICE]))

    def _ladder(self, instrument: int, side: int) -> Ladder:
        """A side's offers: those to sell from the lowest price, those to buy from the highest."""
        here = instrument, int(side)
        if here not in self._ladders:
            self._ladders[here] = Ladder(sign=1 if side == Side.SELL else -1)
        return self._ladders[here]


class Ladder:
    """One side's offers by price level, best first; in each level the oldest first.

    sign: 1 where the lowest price is the best, −1 where the highest is.
    """

    def __init__(self, sign: int):
        self._sign = sign
        self._keys: list[int] = []
        """sign × price of each level, rising."""
        self._levels: dict[int, OrderedDict[int, None]] = {}
        """Ordered ones: the front of a plain dict is found ever more slowly as its first are taken."""

    def add(self, number: int, price: int) -> None:
        """Numbers come in the order of time."""
        if price not in self._levels:
            insort(self._keys, self._sign * price)
            self._levels[price] = OrderedDict()
        self._levels[price][number] = None

    def remove(self, number: int, price: int) -> None:
        del self._levels[price][number]
        if not self._levels[price]:
            del self._levels[price]
            del self._keys[bisect_left(self._keys, self._sign * price)]

    def best(self, count: int | None) -> Iterator[tuple[int, Collection[int]]]:
        """The best price levels (all: None) with the numbers of their offers."""
        for key in islice(self._keys, count):
            yield self._sign * key, self._levels[self._sign * key].keys()

    def at(self, price: int) -> list[int]:
        return list(self._levels.get(price, ()))


def _check_side(r: Rec) -> Code:
    return Code.OK if r.side in (Side.BUY, Side.SELL) else Code.BAD_VALUE


def _accepts(r: Rec, price: int) -> bool:
    """Is this price no worse than the worst the taker accepts? 0: it accepts any."""
    if r.price == 0:
        return True
    return price <= r.price if r.side == Side.BUY else price >= r.price
