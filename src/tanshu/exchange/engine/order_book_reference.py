"""The order book again, obviously: sorted lists, sums taken when they are asked for, no ladders, no arrays.

It answers each record with the code and the records that the engine must give, and shares no rule with the
kernel but the record format and the lists of codes, terms and phases. What precedes trading (participants,
products, terms, what comes in) it believes unread.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import AMOUNT_MAX, PRICE_MAX, QUANTITY_MAX, Gone, Op, OrderKind, Phase
from tanshu.exchange.engine.terms import SelfTrade, Term

Row = tuple[int, int, int, int, int, int, int, int, int, int, int, int]
BUY, SELL, NEITHER, MODE = 0, 1, 2, 4
CALLS = (Phase.PRE_OPEN, Phase.CLOSING)


class No(Exception):
    """The record is refused."""

    def __init__(self, code: Code):
        self.code = code


@dataclass(slots=True, eq=False)
class Order:
    """Tonnes and fen; `paid` is the amount traded so far."""

    number: int
    side: int
    kind: int
    instrument: int
    party: int
    quantity: int
    price: int
    left: int
    paid: int = 0
    held: int = 0
    rests: bool = True

    @property
    def key(self) -> tuple[int, int]:
        """Best price first, then oldest."""
        return (-self.price if self.side == BUY else self.price, self.number)


@dataclass(slots=True)
class Party:
    """money: fen, own and earned. units and bought: tonnes by instrument, what was bought today apart."""

    money: int = 0
    fees: int = 0
    suspended: bool = False
    limit: int = 0
    outside: int = 0
    units: dict[int, int] = field(default_factory=dict)
    bought: dict[int, int] = field(default_factory=dict)
    open: dict[int, Order] = field(default_factory=dict)

    def free_money(self) -> int:
        return self.money - sum([o.held for o in self.open.values() if o.side == BUY])

    def free_units(self, instrument: int) -> int:
        mine = [o.left for o in self.open.values() if o.side == SELL and o.instrument == instrument]
        return self.units.get(instrument, 0) - sum(mine)

    def would_hold(self) -> int:
        """Tonnes outside, inside, and in open buys."""
        buying = sum([o.left for o in self.open.values() if o.side == BUY])
        return self.outside + sum(self.units.values()) + sum(self.bought.values()) + buying


class ReferenceBook:
    """A market with nothing but an order book."""

    def __init__(self) -> None:
        self.parties: dict[int, Party] = {}
        self.operators: dict[int, int] = {}
        self.reference: dict[int, int] = {}
        self.last: dict[int, int] = {}
        self.terms: dict[int, dict[int, int]] = {}
        self.phase, self.halted = Phase.CLOSED, set[int]()
        self.orders: dict[int, Order] = {}
        self.books: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.trades = 0
        self.said: list[Row] = []

    def apply(self, record: Row) -> tuple[int, list[Row]]:
        """The code, and what came of it."""
        op, mode, side, kind, instrument, party, _, quantity, price, number, other, extra = record
        self.said = []
        try:
            if op == Op.ORDER:
                self._order(mode, side, kind, instrument, party, other, quantity, price, extra)
            elif op == Op.CANCEL:
                self._cancel(party, other, number)
            elif op == Op.AMEND:
                self._amend(party, other, number, quantity, price, extra)
            elif op == Op.UNCROSS:
                self._ask_uncross(mode, instrument)
            elif op == Op.PHASE:
                self._phase(instrument, Phase(kind))
            elif op == Op.SUSPEND:
                self._suspend(party)
            else:
                self._prepare(record)
        except No as no:
            return int(no.code), []
        return 0, self.said

    def resting(self, instrument: int, side: int) -> list[Order]:
        """Best first."""
        return [self.orders[number] for _, number in self.books[instrument, side]]

    def crossed(self, instrument: int) -> bool:
        buys, sells = self.books[instrument, BUY], self.books[instrument, SELL]
        return bool(buys and sells and -buys[0][0] >= sells[0][0])

    # -- what precedes trading -----------------------------------------------------------------------------

    def _prepare(self, record: Row) -> None:
        op, _, _, kind, instrument, party, _, quantity, price, _, other, _ = record
        if op == Op.PARTY:
            self.parties[party] = Party()
        elif op == Op.OPERATOR:
            self.operators[other] = party
        elif op == Op.INSTRUMENT:
            self.reference[instrument] = price
            self.terms[instrument] = dict.fromkeys(Term, 0)
            self.books[instrument, BUY], self.books[instrument, SELL] = [], []
        elif op == Op.TERM:
            for named in [instrument] if instrument else self.terms:
                self.terms[named][kind] = quantity
        elif op == Op.HOLDING:
            self.parties[party].outside, self.parties[party].limit = quantity, price
        elif op == Op.UNITS_IN:
            mine = self.parties[party].units
            mine[instrument] = mine.get(instrument, 0) + quantity
        elif op == Op.CASH_IN:
            self.parties[party].money += quantity
        elif op == Op.LIFT:
            self.parties[party].suspended = False

    def _phase(self, instrument: int, now: Phase) -> None:
        if instrument:
            (self.halted.add if now == Phase.HALTED else self.halted.discard)(instrument)
            return
        before, self.phase = self.phase, now
        if (before, now) in ((Phase.PRE_OPEN, Phase.OPEN), (Phase.CLOSING, Phase.CLOSED)):
            for named in sorted(self.terms):
                if named not in self.halted:
                    self._uncross(named)

    def _suspend(self, party: int) -> None:
        self.parties[party].suspended = True
        for number in sorted(self.parties[party].open):
            self._leave(self.orders[number], Gone.SUSPENDED)

    # -- checks --------------------------------------------------------------------------------------------

    def _check_who(self, party: int, operator: int) -> None:
        if party not in self.parties:
            raise No(Code.UNKNOWN_PARTY)
        if self.operators.get(operator) != party:
            raise No(Code.UNKNOWN_OPERATOR)
        if self.parties[party].suspended:
            raise No(Code.SUSPENDED)

    def _check_form(self, instrument: int, quantity: int, price: int) -> None:
        terms = self.terms[instrument]
        worth = quantity * price
        for wrong, code in (
            (not 0 < quantity <= QUANTITY_MAX, Code.BAD_QUANTITY),
            (quantity < terms[Term.QUANTITY_MIN], Code.TOO_SMALL),
            (0 < terms[Term.QUANTITY_MAX] < quantity, Code.TOO_LARGE),
            (quantity % max(1, terms[Term.LOT]) != 0, Code.NOT_A_LOT),
            (not 0 < price <= PRICE_MAX, Code.BAD_PRICE),
            (price % terms[Term.TICK] != 0, Code.NOT_A_TICK),
            (price < terms[Term.PRICE_LOW], Code.BELOW_BAND),
            (price > terms[Term.PRICE_HIGH], Code.ABOVE_BAND),
            (worth > AMOUNT_MAX or 0 < terms[Term.AMOUNT_MAX] < worth, Code.AMOUNT_TOO_LARGE),
        ):
            if wrong:
                raise No(code)

    def _check_phase(self, instrument: int, gathers: bool) -> bool:
        """Does it trade at once?"""
        if instrument in self.halted:
            raise No(Code.NOT_OPEN)
        if self.phase in CALLS and gathers:
            return False
        if self.phase != Phase.OPEN or self.crossed(instrument):
            raise No(Code.NOT_OPEN)
        return True

    def _check_means(
        self, party: int, instrument: int, side: int, quantity: int, price: int, instead: Order | None = None
    ) -> None:
        """instead: an order that would be gone."""
        mine = self.parties[party]
        if side == SELL:
            free = mine.free_units(instrument) + (instead.left if instead else 0)
            if free < quantity:
                enough = instead is None and free + mine.bought.get(instrument, 0) >= quantity
                raise No(Code.BOUGHT_TODAY if enough else Code.NO_UNITS)
            return
        amount = quantity * price
        free = mine.free_money() + (instead.held if instead else 0)
        if free < amount + sum(self._fees(instrument, side, amount)):
            raise No(Code.NO_CASH)
        if mine.limit and mine.would_hold() - (instead.left if instead else 0) + quantity > mine.limit:
            raise No(Code.HOLDING_LIMIT)

    def _check_against(
        self, kind: int, party: int, instrument: int, side: int, quantity: int, price: int
    ) -> None:
        reach = self._reach(instrument, side, price)
        policy = self.terms[instrument][Term.SELF_TRADE]
        if kind != OrderKind.FOK:
            first = next(reach, None)
            if first and first.party == party and policy not in (1, 2):
                raise No(Code.SELF_TRADE)
            return
        for resting in reach:
            if resting.party == party:
                if policy != SelfTrade.CANCEL_RESTING:
                    raise No(Code.SELF_TRADE)
                continue
            quantity -= resting.left
            if quantity <= 0:
                return
        raise No(Code.NOT_FILLED)

    def _reach(self, instrument: int, side: int, price: int) -> Iterator[Order]:
        """Those an order at this price meets, best first."""
        for key, number in self.books[instrument, 1 - side]:
            if (key > price) if side == BUY else (-key < price):
                return
            yield self.orders[number]

    def _mine(self, party: int, number: int) -> Order:
        order = self.orders.get(number)
        if order is None:
            raise No(Code.UNKNOWN_ORDER)
        if order.party != party:
            raise No(Code.NOT_YOURS)
        if not order.rests:
            raise No(Code.ORDER_OVER)
        return order

    # -- orders --------------------------------------------------------------------------------------------

    def _order(
        self,
        mode: int,
        side: int,
        kind: int,
        instrument: int,
        party: int,
        operator: int,
        quantity: int,
        price: int,
        ref: int,
    ) -> None:
        if mode != MODE or side not in (BUY, SELL) or kind > OrderKind.FOK:
            raise No(Code.BAD_VALUE)
        if instrument not in self.terms:
            raise No(Code.UNKNOWN_INSTRUMENT)
        trades = self._check_phase(instrument, kind == OrderKind.LIMIT)
        terms = self.terms[instrument]
        if not terms[Term.TICK] or not terms[Term.PRICE_HIGH]:
            raise No(Code.NOT_TRADED_SO)
        if kind == OrderKind.MARKET:
            if price:
                raise No(Code.BAD_PRICE)
            tick = terms[Term.TICK]
            price = terms[Term.PRICE_HIGH] // tick * tick
            if side == SELL:
                price = max(tick, -(-terms[Term.PRICE_LOW] // tick) * tick)
        self._check_who(party, operator)
        self._check_form(instrument, quantity, price)
        self._check_means(party, instrument, side, quantity, price)
        if trades:
            self._check_against(kind, party, instrument, side, quantity, price)
        self._enter(side, kind, instrument, party, operator, quantity, price, ref, trades)

    def _amend(self, party: int, operator: int, number: int, quantity: int, price: int, ref: int) -> None:
        self._check_who(party, operator)
        old = self._mine(party, number)
        instrument, side = old.instrument, old.side
        trades = self._check_phase(instrument, self.terms[instrument][Term.BREAK_CANCEL] == 1)
        self._check_form(instrument, quantity, price)
        left = quantity - (old.quantity - old.left)
        if left <= 0:
            raise No(Code.BAD_QUANTITY)
        if price == old.price and left == old.left:
            raise No(Code.ALREADY)
        if price == old.price and left < old.left:
            old.quantity, old.left = quantity, left
            self._hold(old)
            self.said.append((Op.AMENDED, MODE, side, 0, instrument, party, 0, left, price, number, 0, 0))
            return
        self._check_means(party, instrument, side, left, price, old)
        if trades:
            self._check_against(OrderKind.LIMIT, party, instrument, side, left, price)
        self._leave(old, Gone.REPLACED)
        self._enter(side, OrderKind.LIMIT, instrument, party, operator, left, price, ref, trades, number)

    def _cancel(self, party: int, operator: int, number: int) -> None:
        try:
            self._check_who(party, operator)
        except No as no:
            if no.code != Code.SUSPENDED:
                raise
        order = self._mine(party, number)
        may = self.terms[order.instrument][Term.BREAK_CANCEL] == 1 and self.phase != Phase.CLOSED
        if not may and self.phase != Phase.OPEN and order.instrument not in self.halted:
            raise No(Code.NOT_OPEN)
        self._leave(order, Gone.CANCELLED)

    def _enter(
        self,
        side: int,
        kind: int,
        instrument: int,
        party: int,
        operator: int,
        quantity: int,
        price: int,
        ref: int,
        trades: bool,
        replaces: int = 0,
    ) -> None:
        number = len(self.orders) + 1
        order = Order(number, side, kind, instrument, party, quantity, price, quantity)
        self.orders[number] = self.parties[party].open[number] = order
        self._hold(order)
        self.said.append(
            (Op.ENTERED, MODE, side, kind, instrument, party, 0, quantity, price, number, operator, ref)
        )
        if replaces:
            self.said.append(
                (Op.AMENDED, MODE, side, 0, instrument, party, 0, quantity, price, replaces, number, 0)
            )
        if trades:
            self._trade(order)
        elif order.rests:
            insort(self.books[instrument, side], order.key)

    def _trade(self, order: Order) -> None:
        policy = self.terms[order.instrument][Term.SELF_TRADE]
        for resting in list(self._reach(order.instrument, order.side, order.price)):
            if not order.rests:
                return
            if resting.party != order.party:
                buy, sell = (order, resting) if order.side == BUY else (resting, order)
                self._fill(buy, sell, min(order.left, resting.left), resting.price, order.side)
                continue
            if policy in (SelfTrade.CANCEL_RESTING, SelfTrade.CANCEL_BOTH):
                self._leave(resting, Gone.SELF_TRADE)
            if policy != SelfTrade.CANCEL_RESTING:
                self._leave(order, Gone.SELF_TRADE)
        if order.rests and order.kind == OrderKind.LIMIT:
            insort(self.books[order.instrument, order.side], order.key)
        elif order.rests:
            self._leave(order, Gone.REST)

    def _fill(self, buy: Order, sell: Order, quantity: int, price: int, aggressor: int) -> None:
        self.trades += 1
        instrument, amount = buy.instrument, quantity * price
        self.said.append(
            (Op.TRADE, MODE, aggressor, 0, instrument, buy.party, sell.party, quantity, price, buy.number,
             sell.number, self.trades)
        )  # fmt: skip
        self.last[instrument] = price
        terms = self.terms[instrument]
        for order in (buy, sell):
            mine = self.parties[order.party]
            before = self._fees(instrument, order.side, order.paid)
            order.paid += amount
            after = self._fees(instrument, order.side, order.paid)
            trading, settlement = after[0] - before[0], after[1] - before[1]
            mine.fees += trading + settlement
            if trading or settlement:
                self.said.append(
                    (Op.FEE, MODE, order.side, 0, instrument, order.party, 0, trading, settlement,
                     order.number, 0, self.trades)
                )  # fmt: skip
            order.left -= quantity
            if order.side == BUY:
                mine.money -= amount + trading + settlement
                got = mine.bought if terms[Term.SETTLE_DAYS] else mine.units
                got[instrument] = got.get(instrument, 0) + quantity
            else:
                mine.money += amount - trading - settlement
                mine.units[instrument] -= quantity
            self._hold(order)
            if not order.left:
                self._end(order)

    def _fees(self, instrument: int, side: int, amount: int) -> tuple[int, int]:
        """Trading and settlement fees on an amount: fen, half up."""
        terms = self.terms[instrument]
        first = Term.FEE_BUY_TRADING if side == BUY else Term.FEE_SELL_TRADING
        return (
            (2 * amount * terms[first] + 1_000_000) // 2_000_000,
            (2 * amount * terms[first + 1] + 1_000_000) // 2_000_000,
        )

    def _hold(self, order: Order) -> None:
        """What is kept back for the rest of an order: fen or tonnes."""
        order.held = order.left
        if order.side == BUY and order.left:
            rest = order.left * order.price
            whole = self._fees(order.instrument, BUY, order.paid + rest)
            charged = self._fees(order.instrument, BUY, order.paid)
            order.held = rest + sum(whole) - sum(charged)

    def _leave(self, order: Order, why: Gone) -> None:
        self._end(order)
        self.said.append(
            (Op.GONE, MODE, order.side, why, order.instrument, order.party, 0, order.left, 0, order.number,
             0, 0)
        )  # fmt: skip

    def _end(self, order: Order) -> None:
        order.rests = False
        del self.parties[order.party].open[order.number]
        book = self.books[order.instrument, order.side]
        at = bisect_left(book, order.key)
        if at < len(book) and book[at] == order.key:
            del book[at]

    # -- calls ---------------------------------------------------------------------------------------------

    def _ask_uncross(self, mode: int, instrument: int) -> None:
        if instrument not in self.terms:
            raise No(Code.UNKNOWN_INSTRUMENT)
        if mode != MODE or not self.terms[instrument][Term.TICK]:
            raise No(Code.NOT_TRADED_SO)
        if instrument in self.halted or self.phase not in (*CALLS, Phase.OPEN):
            raise No(Code.NOT_OPEN)
        self._uncross(instrument)

    def _uncross(self, instrument: int) -> None:
        while self.crossed(instrument):
            price = self.call_price(instrument)
            pairs, leaving = self._pairs(instrument, price)
            for order in leaving:
                self._leave(order, Gone.SELF_TRADE)
            if not leaving:
                for buy, sell, quantity in pairs:
                    self._fill(buy, sell, quantity, price, NEITHER)
                return

    def call_price(self, instrument: int) -> int:
        """Most tonnes, least left over, nearest the last price or the previous close, highest."""
        wanted, offered = (self._by_price(instrument, side) for side in (BUY, SELL))
        near = self.last.get(instrument, self.reference[instrument])
        tick = self.terms[instrument][Term.TICK]

        def merit(price: int) -> tuple[int, int, int, int]:
            demand = sum([tonnes for limit, tonnes in wanted.items() if limit >= price])
            supply = sum([tonnes for limit, tonnes in offered.items() if limit <= price])
            return min(demand, supply), -abs(demand - supply), -abs(price - near), price

        return max(range(min(offered), max(wanted) + 1, tick), key=merit)

    def _by_price(self, instrument: int, side: int) -> Counter[int]:
        tonnes = Counter[int]()
        for order in self.resting(instrument, side):
            tonnes[order.price] += order.left
        return tonnes

    def _pairs(self, instrument: int, price: int) -> tuple[list[tuple[Order, Order, int]], list[Order]]:
        """Who would trade with whom at this price; and who leaves, so that nobody trades with himself."""
        policy = self.terms[instrument][Term.SELF_TRADE]
        buys = [[o, o.left] for o in self.resting(instrument, BUY) if o.price >= price]
        sells = [[o, o.left] for o in self.resting(instrument, SELL) if o.price <= price]
        pairs: list[tuple[Order, Order, int]] = []
        leaving: list[Order] = []
        while buys and sells:
            buy, sell = buys[0][0], sells[0][0]
            if buy.party != sell.party:
                quantity = min(buys[0][1], sells[0][1])
                pairs.append((buy, sell, quantity))
                for side in (buys, sells):
                    side[0][1] -= quantity
                    if not side[0][1]:
                        side.pop(0)
                continue
            older, newer = sorted((buy, sell), key=lambda o: o.number)
            going = [newer]
            if policy == SelfTrade.CANCEL_RESTING:
                going = [older]
            elif policy == SelfTrade.CANCEL_BOTH:
                going = [buy, sell]
            leaving += going
            if buy in going:
                buys.pop(0)
            if sell in going:
                sells.pop(0)
        return pairs, leaving
