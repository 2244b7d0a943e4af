"""The reference offer board: the same rules, written to be obvious rather than fast. Tests use it.

It shares with the engine only the list of codes, the terms' names and the layout of a record. Nothing is
held: what is free is counted each time, from what a participant has and from its orders that rest. Who comes
first is found by sorting all offers, each time. What concerns no offer (who is admitted, phases, payments) is
taken as the engine decided it; offers, takings and cancellations are judged here anew.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import groupby
from math import floor

from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Rec
from tanshu.exchange.engine.records import (
    AMOUNT_MAX,
    PRICE_MAX,
    QUANTITY_MAX,
    Gone,
    Mode,
    Op,
    OrderKind,
    Phase,
    Row,
    Side,
    row,
)
from tanshu.exchange.engine.terms import SelfTrade, Term

BOARD = int(Mode.LISTING)
FEES: Mapping[int, tuple[Term, Term]] = {
    Side.BUY: (Term.FEE_BUY_TRADING, Term.FEE_BUY_SETTLEMENT),
    Side.SELL: (Term.FEE_SELL_TRADING, Term.FEE_SELL_SETTLEMENT),
}


@dataclass(slots=True)
class Order:
    """An offer, or a taking. Tonnes, fen."""

    number: int
    side: int
    kind: int
    instrument: int
    party: int
    operator: int
    quantity: int
    price: int
    left: int
    rests: bool = True
    paid: int = 0
    fees: list[int] = field(default_factory=lambda: [0, 0])


@dataclass
class Trader:
    """Fen: own money left, earned today, fees paid. Tonnes by instrument: had, and bought today."""

    own: int = 0
    earned: int = 0
    fees: int = 0
    units: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    bought: dict[int, int] = field(default_factory=lambda: defaultdict(int))
    suspended: bool = False
    limit: int = 0
    outside: int = 0


class BoardReference:
    """One market that has nothing but an offer board."""

    def __init__(self) -> None:
        self.traders: dict[int, Trader] = {}
        self.operators: dict[int, int] = {}
        self.reference: dict[int, int] = {}
        self._judges: Mapping[int, Callable[[Rec], Code | list[Row]]] = {
            Op.OFFER: self._offer,
            Op.TAKE: self._take,
            Op.CANCEL: self._cancel,
        }
        self._new_day()

    def apply(self, record: Row, decided: Code) -> tuple[Code, list[Row]]:
        """What this record comes to; `decided` is the engine's word where it is not an offer's matter."""
        r = Rec(*record)
        judge = self._judges.get(r.op)
        if judge is not None:
            answer = judge(r)
            return (answer, []) if isinstance(answer, Code) else (Code.OK, answer)
        return decided, self._follow(r) if decided is Code.OK else []

    # -- what a participant has ----------------------------------------------------------------------------

    def resting(self, side: int, party: int = 0, instrument: int = 0) -> list[Order]:
        """The orders of a side that rest, of a participant and of a product where they are named."""
        return [
            o
            for o in self.live
            if o.rests and o.side == side and party in (0, o.party) and instrument in (0, o.instrument)
        ]

    def all_resting(self, party: int = 0) -> list[Order]:
        return [o for o in self.live if o.rests and party in (0, o.party)]

    def held_cash(self, party: int) -> int:
        return sum(self._needs(o) for o in self.resting(Side.BUY, party))

    def free_cash(self, party: int) -> int:
        trader = self.traders[party]
        return trader.own + trader.earned - self.held_cash(party)

    def held_units(self, party: int, instrument: int) -> int:
        return sum(o.left for o in self.resting(Side.SELL, party, instrument))

    def free_units(self, party: int, instrument: int) -> int:
        return self.traders[party].units[instrument] - self.held_units(party, instrument)

    def _needs(self, o: Order) -> int:
        """What the rest of a buyer's order costs at most, fees on top of those it has been charged."""
        amount = o.left * o.price
        return amount + sum(
            _share(self._term(o.instrument, term), o.paid + amount)
            - _share(self._term(o.instrument, term), o.paid)
            for term in FEES[Side.BUY]
        )

    def _term(self, instrument: int, term: Term) -> int:
        return self.terms[instrument, term]

    # -- offers, takings, cancellations --------------------------------------------------------------------

    def _offer(self, r: Rec) -> Code | list[Row]:
        code = self._admits(r) or self._size(r, least=True) or self._price(r, r.price)
        return code or self._means(r, r.price) or [self._enter(r, OrderKind.LIMIT, r.price)]

    def _take(self, r: Rec) -> Code | list[Row]:
        code = self._admits(r) or self._size(r, least=False) or (r.price and self._price(r, r.price))
        if code:
            return Code(code)
        makers = self._chosen(r) if r.order else self._within_reach(r)
        if isinstance(makers, Code):
            return makers
        policy = self._term(r.instrument, Term.SELF_TRADE)
        plan, stopped = _plan(r, makers, policy)
        if policy == SelfTrade.REFUSE and any(maker.party == r.party for maker, _ in plan):
            return Code.SELF_TRADE
        bought = [(maker, quantity) for maker, quantity in plan if maker.party != r.party]
        if not bought:
            met_own = bool(plan) and policy != SelfTrade.PASS_OVER
            return Code.SELF_TRADE if met_own else Code.NOTHING_THERE
        worst = r.price or bought[-1][0].price
        code = self._price(r, worst) or self._means(r, worst)
        return code or self._trade(r, plan, worst, stopped)

    def _trade(self, r: Rec, plan: list[tuple[Order, int]], worst: int, stopped: bool) -> list[Row]:
        told = [self._enter(r, OrderKind.IOC, worst)]
        taking = self.orders[-1]
        for maker, quantity in plan:
            if maker.party == r.party:
                told.append(_gone(maker, Gone.SELF_TRADE))
            else:
                told += self._fill(taking, maker, quantity)
        if taking.left:
            told.append(_gone(taking, Gone.SELF_TRADE if stopped else Gone.REST))
        return told

    def _cancel(self, r: Rec) -> Code | list[Row]:
        code = self._who(r)
        if code not in (Code.OK, Code.SUSPENDED):
            return code
        if not 0 < r.order <= len(self.orders):
            return Code.UNKNOWN_ORDER
        order = self.orders[r.order - 1]
        if order.party != r.party:
            return Code.NOT_YOURS
        if not order.rests:
            return Code.ORDER_OVER
        phase = self._phase(order.instrument)
        in_a_break = phase not in (Phase.OPEN, Phase.HALTED)
        if phase is Phase.CLOSED or (in_a_break and not self._term(order.instrument, Term.BREAK_CANCEL)):
            return Code.NOT_OPEN
        return [_gone(order, Gone.CANCELLED)]

    # -- who comes first -----------------------------------------------------------------------------------

    def _levels(self, r: Rec) -> list[tuple[int, list[Order]]]:
        """The other side's prices, best first, with their offers, oldest first."""
        sign = 1 if r.side == Side.BUY else -1
        offers = self.resting(1 - r.side, instrument=r.instrument)
        offers.sort(key=lambda o: (sign * o.price, o.number))
        return [(price, list(at)) for price, at in groupby(offers, key=lambda o: o.price)]

    def _within_reach(self, r: Rec) -> list[Order]:
        many = self._term(r.instrument, Term.LEVELS) or None
        return [o for price, offers in self._levels(r)[:many] if _accepted(r, price) for o in offers]

    def _chosen(self, r: Rec) -> Code | list[Order]:
        choice = self._term(r.instrument, Term.CHOOSE)
        if choice == 0:
            return Code.NO_CHOICE
        named = [o for o in self.orders if o.number == r.order and o.kind == OrderKind.LIMIT]
        if not named or (named[0].instrument, named[0].side) != (r.instrument, 1 - r.side):
            return Code.UNKNOWN_ORDER
        maker = named[0]
        many = 1 if choice == 1 else self._term(r.instrument, Term.LEVELS) or None
        if not maker.rests:
            return Code.ORDER_OVER
        if maker.party == r.party:
            return Code.SELF_TRADE
        if maker.price not in [price for price, _ in self._levels(r)[:many]]:
            return Code.BEYOND_LEVELS
        if not _accepted(r, maker.price):
            return Code.NOTHING_THERE
        return [maker] if maker.left >= r.quantity else Code.MAKER_TOO_SMALL

    # -- the rules before it -------------------------------------------------------------------------------

    def _admits(self, r: Rec) -> Code:
        """Is the board open for this product, to this participant?"""
        if r.side not in (Side.BUY, Side.SELL):
            return Code.BAD_VALUE
        if not self.is_open:
            return Code.NO_DAY
        if r.instrument not in self.reference:
            return Code.UNKNOWN_INSTRUMENT
        if self._phase(r.instrument) is not Phase.OPEN:
            return Code.NOT_OPEN
        return self._who(r) or (Code.OK if self._term(r.instrument, Term.TICK) else Code.NOT_TRADED_SO)

    def _phase(self, instrument: int) -> Phase:
        """What is halted is halted for the mode or for all, everywhere or for one product."""
        places = [(i, mode) for i in (0, instrument) for mode in (0, BOARD)]
        if any(self.phases.get(place) is Phase.HALTED for place in places):
            return Phase.HALTED
        return self.phases.get((0, BOARD), Phase.CLOSED)

    def _who(self, r: Rec) -> Code:
        if r.party not in self.traders:
            return Code.UNKNOWN_PARTY
        if self.operators.get(r.other) != r.party:
            return Code.UNKNOWN_OPERATOR
        return Code.SUSPENDED if self.traders[r.party].suspended else Code.OK

    def _size(self, r: Rec, *, least: bool) -> Code:
        if not 1 <= r.quantity <= QUANTITY_MAX:
            return Code.BAD_QUANTITY
        if least and r.quantity < self._term(r.instrument, Term.QUANTITY_MIN):
            return Code.TOO_SMALL
        if r.quantity > (self._term(r.instrument, Term.QUANTITY_MAX) or QUANTITY_MAX):
            return Code.TOO_LARGE
        return Code.NOT_A_LOT if r.quantity % (self._term(r.instrument, Term.LOT) or 1) else Code.OK

    def _price(self, r: Rec, price: int) -> Code:
        if not 1 <= price <= PRICE_MAX:
            return Code.BAD_PRICE
        if price % self._term(r.instrument, Term.TICK):
            return Code.NOT_A_TICK
        if price < self._term(r.instrument, Term.PRICE_LOW):
            return Code.BELOW_BAND
        if price > (self._term(r.instrument, Term.PRICE_HIGH) or PRICE_MAX):
            return Code.ABOVE_BAND
        most = self._term(r.instrument, Term.AMOUNT_MAX) or AMOUNT_MAX
        return Code.AMOUNT_TOO_LARGE if r.quantity * price > most else Code.OK

    def _means(self, r: Rec, price: int) -> Code:
        trader = self.traders[r.party]
        if r.side == Side.SELL:
            if r.quantity <= self.free_units(r.party, r.instrument):
                return Code.OK
            with_bought = self.free_units(r.party, r.instrument) + trader.bought[r.instrument]
            return Code.BOUGHT_TODAY if r.quantity <= with_bought else Code.NO_UNITS
        if self._needs(_order(r, 0, OrderKind.LIMIT, price)) > self.free_cash(r.party):
            return Code.NO_CASH
        mine = trader.outside + sum(trader.units.values()) + sum(trader.bought.values())
        mine += sum(o.left for o in self.resting(Side.BUY, r.party))
        return Code.HOLDING_LIMIT if trader.limit and mine + r.quantity > trader.limit else Code.OK

    # -- what happens --------------------------------------------------------------------------------------

    def _enter(self, r: Rec, kind: OrderKind, price: int) -> Row:
        number = len(self.orders) + 1
        self.orders.append(_order(r, number, kind, price))
        self.live.append(self.orders[-1])
        if number % 16 == 0:
            self.live = [o for o in self.live if o.rests]
        return row(
            Op.ENTERED, mode=BOARD, side=r.side, kind=kind, instrument=r.instrument, party=r.party,
            quantity=r.quantity, price=price, order=number, other=r.other, extra=r.extra,
        )  # fmt: skip

    def _fill(self, taking: Order, maker: Order, quantity: int) -> list[Row]:
        """At the maker's price. Units and money change hands; each side is charged its fees."""
        buy, sell = (taking, maker) if taking.side == Side.BUY else (maker, taking)
        amount, i = quantity * maker.price, taking.instrument
        self.trades.append((i, quantity, maker.price))
        number = len(self.trades)
        told = [
            row(
                Op.TRADE, mode=BOARD, side=taking.side, instrument=i, party=buy.party, counter=sell.party,
                quantity=quantity, price=maker.price, order=buy.number, other=sell.number, extra=number,
            ),
            *self._charge(buy, amount, number),
            *self._charge(sell, amount, number),
        ]  # fmt: skip
        buyer, seller = self.traders[buy.party], self.traders[sell.party]
        seller.units[i] -= quantity
        (buyer.bought if self._term(i, Term.SETTLE_DAYS) else buyer.units)[i] += quantity
        buyer.own -= amount
        seller.earned += amount
        for order in (buy, sell):
            order.left -= quantity
            order.rests = order.left > 0
        return told

    def _charge(self, o: Order, amount: int, trade: int) -> Iterator[Row]:
        """The fees of the whole order so far, less what it has been charged."""
        o.paid += amount
        rates = [self._term(o.instrument, term) for term in FEES[o.side]]
        more = [_share(rate, o.paid) - had for rate, had in zip(rates, o.fees, strict=True)]
        o.fees = [had + one for had, one in zip(o.fees, more, strict=True)]
        trader = self.traders[o.party]
        trader.fees += sum(more)
        if o.side == Side.BUY:
            trader.own -= sum(more)
        else:
            trader.earned -= sum(more)
        if any(more):
            yield row(
                Op.FEE, mode=BOARD, side=o.side, instrument=o.instrument, party=o.party, quantity=more[0],
                price=more[1], order=o.number, extra=trade,
            )  # fmt: skip

    # -- what the engine decided ---------------------------------------------------------------------------

    def _follow(self, r: Rec) -> list[Row]:
        follow: dict[Op, Callable[[], list[Row] | None]] = {
            Op.PARTY: lambda: self.traders.update({r.party: Trader()}),
            Op.OPERATOR: lambda: self.operators.update({r.other: r.party}),
            Op.INSTRUMENT: lambda: self.reference.update({r.instrument: r.price}),
            Op.DAY: lambda: self._new_day(is_open=True),
            Op.TERM: lambda: self._state_term(r),
            Op.HOLDING: lambda: self._of(r, outside=r.quantity, limit=r.price),
            Op.UNITS_IN: lambda: self._move(r, r.quantity),
            Op.UNITS_OUT: lambda: self._move(r, -r.quantity),
            Op.CASH_IN: lambda: self._of(r, own=self.traders[r.party].own + r.quantity),
            Op.CASH_OUT: lambda: self._of(r, own=self.traders[r.party].own - r.quantity),
            Op.PHASE: lambda: self.phases.update({(r.instrument, r.mode): Phase(r.kind)}),
            Op.SUSPEND: lambda: self._suspend(r),
            Op.LIFT: lambda: self._of(r, suspended=False),
            Op.WITHDRAW_ALL: lambda: [_gone(o, Gone.FROZEN) for o in self.all_resting(r.party)],
            Op.CLOSE_DAY: self._close,
        }
        return follow[Op(r.op)]() or []

    def _new_day(self, is_open: bool = False) -> None:
        self.is_open = is_open
        self.orders: list[Order] = []
        self.live: list[Order] = []
        self.trades: list[tuple[int, int, int]] = []
        self.phases: dict[tuple[int, int], Phase] = {}
        self.terms: dict[tuple[int, Term], int] = defaultdict(int)
        self.traders = {number: Trader(suspended=old.suspended) for number, old in self.traders.items()}

    def _state_term(self, r: Rec) -> None:
        for i in [r.instrument] if r.instrument else self.reference:
            if r.mode == BOARD:
                self.terms[i, Term(r.kind)] = r.quantity

    def _of(self, r: Rec, **changed: int) -> None:
        for name, value in changed.items():
            setattr(self.traders[r.party], name, value)

    def _move(self, r: Rec, quantity: int) -> None:
        """With the day's opening (kind 0) what comes in was not counted outside."""
        trader = self.traders[r.party]
        trader.units[r.instrument] += quantity
        if quantity < 0 or r.kind:
            trader.outside = max(0, trader.outside - quantity)

    def _suspend(self, r: Rec) -> list[Row]:
        self._of(r, suspended=True)
        return [_gone(o, Gone.SUSPENDED) for o in self.all_resting(r.party)]

    def _close(self) -> list[Row]:
        """Everything lapses. The close is the day's average, half up; without a trade, the one before."""
        self.is_open = False
        told = [_gone(o, Gone.LAPSED) for o in self.all_resting()]
        for i in self.reference:
            trades = [(quantity, price) for instrument, quantity, price in self.trades if instrument == i]
            trades = trades if self._term(i, Term.IN_CLOSE) else []
            tonnes, amount = sum(q for q, _ in trades), sum(q * p for q, p in trades)
            if tonnes:
                self.reference[i] = floor(Fraction(amount, tonnes) + Fraction(1, 2))
            close = row(Op.CLOSE, instrument=i, quantity=tonnes, price=self.reference[i])
            told.append((*close[:10], len(trades), amount))
        return told


def _plan(r: Rec, makers: Iterable[Order], policy: int) -> tuple[list[tuple[Order, int]], bool]:
    """Whom the taking meets, in order, with what it takes of each (of its own nothing); did that end it?"""
    plan: list[tuple[Order, int]] = []
    left = r.quantity
    for maker in makers:
        if left == 0:
            break
        own = maker.party == r.party
        if own and policy == SelfTrade.PASS_OVER:
            continue
        some = 0 if own else min(left, maker.left)
        plan.append((maker, some))
        left -= some
        if own and policy == SelfTrade.CANCEL_BOTH:
            return plan, True
    return plan, False


def _order(r: Rec, number: int, kind: OrderKind, price: int) -> Order:
    return Order(number, r.side, kind, r.instrument, r.party, r.other, r.quantity, price, left=r.quantity)


def _gone(o: Order, why: Gone) -> Row:
    o.rests = False
    return row(
        Op.GONE, mode=BOARD, side=o.side, kind=why, instrument=o.instrument, party=o.party, quantity=o.left,
        order=o.number,
    )  # fmt: skip


def _share(ppm: int, amount: int) -> int:
    """Parts per million of an amount, half up to the fen."""
    return (2 * ppm * amount + 1_000_000) // 2_000_000


def _accepted(r: Rec, price: int) -> bool:
    if not r.price:
        return True
    return price <= r.price if r.side == Side.BUY else price >= r.price
