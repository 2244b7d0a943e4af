"""A trading day counted a second time: plain dictionaries, from what went in and what came out alone.

It shares the numbers of the record format with the engine, and nothing else: what an order holds, what a
trade costs, what a day closes at is worked out here from the terms that the day states. All inputs of an
entry count before its outputs, so what nobody may be short of is asked when the entry is over.

A deposit of an auction counts for nothing here: what it holds is at most what the bidder has.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tanshu.audit.market import checks
from tanshu.base.refusal import RefusalKind
from tanshu.exchange.engine.records import FIRST_OUT, AuctionOrder, Gone, Mode, Op, Row, Side
from tanshu.exchange.engine.terms import CloseMethod, Term

Flaw = tuple[RefusalKind, Mapping[str, Any]]
Cell = tuple[int, int]
"""Participant and product."""
_MILLION = 1_000_000


class Trade(NamedTuple):
    """A trade as it was told. mode: the engine's number."""

    number: int
    mode: int
    instrument: int
    buyer: int
    seller: int
    quantity: int
    price: int


@dataclass(slots=True)
class Order:
    """What rests. paid, fees: so far, fen; fees of both columns. held: what its rest holds."""

    mode: int
    side: int
    kind: int
    instrument: int
    party: int
    left: int
    price: int
    paid: int = 0
    trading: int = 0
    settlement: int = 0
    held: int = 0


@dataclass(slots=True)
class Units:
    """Tonnes of one product: what came in and went out again, what was sold and bought; what offers hold."""

    came: int = 0
    went: int = 0
    sold: int = 0
    bought: int = 0
    at_once: int = 0
    """Of what was bought, what may be sold on the same day."""
    held: int = 0


@dataclass(slots=True)
class Money:
    """Fen: what came in and went out again, what purchases cost, what sales brought, fees; what bids hold."""

    came: int = 0
    went: int = 0
    paid: int = 0
    earned: int = 0
    buyer_fees: int = 0
    seller_fees: int = 0
    held: int = 0


@dataclass(slots=True)
class Traded:
    """The figures of one product in one mode."""

    tonnes: int = 0
    fen: int = 0
    trades: int = 0
    last: int = 0


@dataclass(slots=True)
class Ledger:
    """A market's day. day: yyyymmdd; operators: code → participant; reference: fen by product."""

    parties: int = 0
    operators: dict[int, int] = field(default_factory=dict[int, int])
    reference: dict[int, int] = field(default_factory=dict[int, int])
    day: int = 0
    is_open: bool = False
    entered: int = 0
    terms: dict[tuple[int, int, int], int] = field(default_factory=dict[tuple[int, int, int], int])
    orders: dict[int, Order] = field(default_factory=dict[int, Order])
    units: dict[Cell, Units] = field(default_factory=lambda: defaultdict(Units))
    money: dict[int, Money] = field(default_factory=lambda: defaultdict(Money))
    traded: dict[Cell, Traded] = field(default_factory=lambda: defaultdict(Traded))
    """By product and mode."""
    trades: list[Trade] = field(default_factory=list[Trade])
    charged: tuple[array[int], ...] = field(default_factory=lambda: tuple(array("q") for _ in range(4)))
    """Fees by trade, fen: the buyer's trading and settlement fee, the seller's trading and settlement fee."""
    _fees_due: dict[Cell, Cell] = field(default_factory=dict[Cell, Cell])
    """Order and trade → the fees that the next records have to tell."""
    _auctioned: int = 0

    def look_at(self, records: Sequence[Row], results: bytes) -> list[Flaw]:
        """Take in an entry. Everything that is wrong with it."""
        touched: set[int] = set()
        drawn: set[int] = set()
        flaws: list[Flaw] = []
        self._auctioned = 0
        for record, code in zip(records, results, strict=True):
            op = record[0]
            if op < FIRST_OUT:
                if not code:
                    self._goes_in(record, touched, drawn)
            else:
                flaws += self._comes_out(record, touched)
        flaws += self._unpaid_fees()
        for party in sorted(touched):
            flaws += self._short(party, withdrew=party in drawn)
        return flaws

    def term(self, instrument: int, mode: int, term: Term) -> int:
        return self.terms.get((instrument, mode, term), self.terms.get((0, mode, term), 0))

    def inside(self, party: int, instrument: int) -> int:
        """What came into the session and did not leave it by the book; product 0 is money."""
        if instrument:
            units = self.units.get((party, instrument), _NO_UNITS)
            return units.came - units.went
        money = self.money.get(party, _NO_MONEY)
        return money.came - money.went

    def owed(self, party: int, instrument: int) -> tuple[int, int]:
        """What the day owes from a participant's cell: tonnes sold, or fen for what was bought; and fees."""
        if instrument:
            return (self.units.get((party, instrument), _NO_UNITS).sold, 0)
        money = self.money.get(party, _NO_MONEY)
        return (money.paid, money.buyer_fees + money.seller_fees)

    # -- what went in --------------------------------------------------------------------------------------

    def _goes_in(self, record: Row, touched: set[int], drawn: set[int]) -> None:
        op, mode, _side, kind, instrument, party, _counter, quantity, price, _order, other, _extra = record
        if op == Op.TERM:
            self._state(instrument, mode, kind, quantity)
        elif op in (Op.UNITS_IN, Op.UNITS_OUT):
            touched.add(party)
            units = self.units[party, instrument]
            if op == Op.UNITS_IN:
                units.came += quantity
            else:
                units.went += quantity
        elif op in (Op.CASH_IN, Op.CASH_OUT):
            touched.add(party)
            money = self.money[party]
            if op == Op.CASH_IN:
                money.came += quantity
            else:
                money.went += quantity
                drawn.add(party)
        elif op == Op.DAY:
            self._begin(quantity)
        elif op == Op.CLOSE_DAY:
            self.is_open = False
        elif op == Op.PARTY:
            self.parties = party
        elif op == Op.OPERATOR:
            self.operators[other] = party
        elif op == Op.INSTRUMENT:
            self.reference[instrument] = price

    def _state(self, instrument: int, mode: int, term: int, value: int) -> None:
        """What is stated for all products replaces what was stated for one."""
        if not instrument:
            for place in [one for one in self.terms if one[1:] == (mode, term)]:
                del self.terms[place]
        self.terms[instrument, mode, term] = value

    def _begin(self, day: int) -> None:
        self.day, self.is_open, self.entered = day, True, 0
        for kept in (self.terms, self.orders, self.units, self.money, self.traded, self.trades):
            kept.clear()
        for column in self.charged:
            del column[:]

    # -- what came out -------------------------------------------------------------------------------------

    def _comes_out(self, record: Row, touched: set[int]) -> Iterator[Flaw]:
        op = record[0]
        if op == Op.ENTERED:
            touched.add(record[5])
            yield from self._enters(record)
        elif op == Op.TRADE:
            touched.update((record[5], record[6]))
            yield from self._trades(record)
        elif op == Op.FEE:
            yield from self._charges(record)
        elif op == Op.GONE:
            yield from self._goes(record)
        elif op == Op.AMENDED:
            yield from self._amends(record)
        elif op == Op.CLOSE:
            yield from self._closes(record)
        elif op == Op.RESULT:
            yield from self._results(record)

    def _enters(self, record: Row) -> Iterator[Flaw]:
        _, mode, side, kind, instrument, party, _counter, quantity, price, number, operator, _ref = record
        self.entered += 1
        if not self.is_open or number != self.entered:
            yield _order(number, "number")
        if operator and self.operators.get(operator) != party:
            yield _order(number, "operator")
        if not 0 < party <= self.parties or instrument not in self.reference:
            yield _order(number, "participant, product")
        order = self.orders[number] = Order(mode, side, kind, instrument, party, quantity, price)
        if mode in (Mode.LISTING, Mode.BLOCK):
            most = self.term(instrument, mode, Term.QUANTITY_MAX)
            if quantity < self.term(instrument, mode, Term.QUANTITY_MIN) or 0 < most < quantity:
                yield _order(number, "quantity")
        self._hold(order)

    def _trades(self, record: Row) -> Iterator[Flaw]:
        _, mode, _side, _, instrument, buyer, seller, quantity, price, buy, sell, number = record
        trade = Trade(number, mode, instrument, buyer, seller, quantity, price)
        if number != len(self.trades) + 1:
            yield checks.TRADE, {"trade": number, "what": "number"}
        self.trades.append(trade)
        for column in self.charged:
            column.append(0)
        yield from self._out_of_band(trade)
        b, s = self.orders.get(buy), self.orders.get(sell)
        if b is None or s is None or buyer == seller:
            yield checks.TRADE, {"trade": number, "what": "orders"}
            return
        for order, side, party in ((b, Side.BUY, buyer), (s, Side.SELL, seller)):
            if (order.side, order.party, order.mode, order.instrument) != (side, party, mode, instrument):
                yield checks.TRADE, {"trade": number, "what": side.name.lower()}
        if not 0 < quantity <= min(b.left, s.left):
            yield checks.TRADE, {"trade": number, "what": "quantity"}
        if not s.price <= price <= b.price:
            yield checks.TRADE, {"trade": number, "what": "price"}
        self._move(trade, b, s)
        for at, order in ((buy, b), (sell, s)):
            self._fee(at, order, number, quantity * price)
            order.left -= quantity
            self._hold(order)
            if order.left <= 0:
                self.orders.pop(at, None)

    def _out_of_band(self, trade: Trade) -> Iterator[Flaw]:
        place = (trade.instrument, trade.mode)
        low, high, tick = (self.term(*place, one) for one in (Term.PRICE_LOW, Term.PRICE_HIGH, Term.TICK))
        good = tick and trade.price % tick == 0 and low <= trade.price and (not high or trade.price <= high)
        if not good:
            yield (
                checks.BAND,
                {"trade": trade.number, "price": trade.price, "low": low, "high": high, "tick": tick},
            )

    def _move(self, trade: Trade, b: Order, s: Order) -> None:
        """Units one way, money the other."""
        fen = trade.quantity * trade.price
        self.units[s.party, trade.instrument].sold += trade.quantity
        got = self.units[b.party, trade.instrument]
        got.bought += trade.quantity
        if not self.term(trade.instrument, trade.mode, Term.SETTLE_DAYS):
            got.at_once += trade.quantity
        self.money[b.party].paid += fen
        self.money[s.party].earned += fen
        traded = self.traded[trade.instrument, trade.mode]
        traded.tonnes += trade.quantity
        traded.fen += fen
        traded.trades += 1
        traded.last = trade.price
        if trade.mode == Mode.AUCTION:
            self._auctioned += trade.quantity

    def _fee(self, at: int, order: Order, trade: int, fen: int) -> None:
        """Fees are those of the whole order so far, each column rounded half up by itself."""
        order.paid += fen
        trading, settlement = self._fees(order, order.paid)
        more = (trading - order.trading, settlement - order.settlement)
        order.trading, order.settlement = trading, settlement
        money = self.money[order.party]
        if order.side == Side.BUY:
            money.buyer_fees += sum(more)
        else:
            money.seller_fees += sum(more)
        if any(more):
            self._fees_due[at, trade] = more

    def _fees(self, order: Order, fen: int) -> tuple[int, int]:
        columns = _BUYERS if order.side == Side.BUY else _SELLERS
        trading, settlement = (self.term(order.instrument, order.mode, one) for one in columns)
        return ((fen * trading + _MILLION // 2) // _MILLION, (fen * settlement + _MILLION // 2) // _MILLION)

    def _charges(self, record: Row) -> Iterator[Flaw]:
        side, trading, settlement, order, trade = record[2], record[7], record[8], record[9], record[11]
        if 0 < trade <= len(self.trades):
            first = 0 if side == Side.BUY else 2
            self.charged[first][trade - 1] += trading
            self.charged[first + 1][trade - 1] += settlement
        expected = self._fees_due.pop((order, trade), (0, 0))
        if expected != (trading, settlement):
            yield _fee(order, trade, expected, (trading, settlement))

    def _unpaid_fees(self) -> list[Flaw]:
        unpaid = [_fee(*which, expected, (0, 0)) for which, expected in self._fees_due.items()]
        self._fees_due.clear()
        return unpaid

    def _goes(self, record: Row) -> Iterator[Flaw]:
        party, left, number = record[5], record[7], record[9]
        order = self.orders.pop(number, None)
        if order is None or (order.party, order.left) != (party, left) or record[3] not in tuple(Gone):
            yield _order(number, "end")
        if order is not None:
            order.left = 0
            self._hold(order)

    def _amends(self, record: Row) -> Iterator[Flaw]:
        left, price, number, new = record[7], record[8], record[9], record[10]
        order = self.orders.get(new or number)
        good = order is not None and (order.price, order.party) == (price, record[5])
        if order is None or not good or (left != order.left if new else not 0 < left < order.left):
            yield _order(number, "amendment")
            return
        order.left = left
        self._hold(order)

    def _closes(self, record: Row) -> Iterator[Flaw]:
        instrument, tonnes, price, trades, fen = record[4], record[7], record[8], record[10], record[11]
        expected = self._close(instrument)
        if expected != (price, tonnes, trades, fen):
            found = (price, tonnes, trades, fen)
            yield checks.CLOSE, {"instrument": instrument, "expected": expected, "found": found}
        if self.is_open:
            yield checks.CLOSE, {"instrument": instrument, "expected": "—", "found": price}
        for number in self.orders:
            yield _order(number, "close")
        self.orders.clear()
        self.reference[instrument] = price

    def _close(self, instrument: int) -> tuple[int, int, int, int]:
        """(price, tonnes, trades, amount) of what makes the close; averages are rounded half up."""
        here = {mode: one for (product, mode), one in self.traded.items() if product == instrument}
        counted = [one for mode, one in here.items() if self.term(instrument, mode, Term.IN_CLOSE)]
        tonnes, fen = sum(one.tonnes for one in counted), sum(one.fen for one in counted)
        price = self.reference.get(instrument, 0)
        if counted and self.term(instrument, Mode.NONE, Term.CLOSE_METHOD) == CloseMethod.LAST:
            price = max(one.last for one in counted)
        elif counted:
            price = (2 * fen + tonnes) // (2 * tonnes)
        return price, tonnes, sum(one.trades for one in counted), fen

    def _results(self, record: Row) -> Iterator[Flaw]:
        if record[7] != self._auctioned:
            yield checks.SOLD, {"auction": record[9], "found": record[7], "expected": self._auctioned}
        self._auctioned = 0

    # -- what nobody may be short of -----------------------------------------------------------------------

    def _hold(self, order: Order) -> None:
        """What the rest of an order needs: tonnes, or its worth with the fees that may come."""
        if order.mode == Mode.AUCTION and order.kind == AuctionOrder.DEPOSIT:
            return
        needs = order.left
        if order.side == Side.BUY:
            worth = order.left * order.price
            fees = sum(self._fees(order, order.paid + worth)) - order.trading - order.settlement
            needs = worth + fees if order.left else 0
            self.money[order.party].held += needs - order.held
        else:
            self.units[order.party, order.instrument].held += needs - order.held
        order.held = needs

    def _short(self, party: int, *, withdrew: bool) -> Iterator[Flaw]:
        for instrument in self.reference:
            one = self.units.get((party, instrument))
            free = one.came - one.went - one.sold + one.at_once - one.held if one else 0
            if free < 0:
                yield checks.UNITS, {"party": party, "instrument": instrument, "short": -free}
        money = self.money.get(party)
        if money is None:
            return
        own = money.came - money.went - money.paid - money.buyer_fees
        free = own + money.earned - money.seller_fees - money.held
        if free < 0:
            yield checks.CASH, {"party": party, "short": -free, "what": "orders"}
        if withdrew and own - money.held < 0:
            yield checks.CASH, {"party": party, "short": money.held - own, "what": "withdrawal"}


_BUYERS = (Term.FEE_BUY_TRADING, Term.FEE_BUY_SETTLEMENT)
_SELLERS = (Term.FEE_SELL_TRADING, Term.FEE_SELL_SETTLEMENT)
_NO_UNITS, _NO_MONEY = Units(), Money()


def _order(number: int, what: str) -> Flaw:
    return checks.ORDER, {"order": number, "what": what}


def _fee(order: int, trade: int, expected: Cell, found: Cell) -> Flaw:
    return checks.FEE, {"order": order, "trade": trade, "expected": expected, "found": found}
