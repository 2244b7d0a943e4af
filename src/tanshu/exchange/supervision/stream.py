"""A market's life as events: what the engine's records say, in order, with the orders they are about.

A `Tape` reads entries (from a market's log, or from an engine in memory) and remembers what rules need to
know at each event: the orders of the day, who holds how much, which participants are related.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.base.clock import NS
from tanshu.exchange.engine.records import (
    FIRST_OUT,
    Mode,
    Op,
    OrderKind,
    Phase,
    Records,
    Side,
    decode,
)
from tanshu.exchange.engine.terms import Term
from tanshu.exchange.supervision.model import Evidence
from tanshu.log.entry import Entry


class Place(NamedTuple):
    """Record `n` of entry `seq` of the market's log."""

    seq: int
    n: int


class Heard(NamedTuple):
    """An entry of a market as supervision reads it. codes: one for each record that went in, 0 accepted."""

    seq: int
    time_ns: int
    records: Records
    codes: Sequence[int] | NDArray[np.uint8] = ()


@dataclass(slots=True)
class Order:
    """An order of the day. Prices fen per tonne, quantities tonnes, times UTC nanoseconds."""

    number: int
    place: Place
    time_ns: int
    mode: int
    side: int
    kind: int
    instrument: int
    party: int
    counter: int
    """To whom a block quote was made; 0: to all."""
    quantity: int
    price: int
    named: int = 0
    """The maker's order that a taker of the offer board named."""
    left: int = 0
    ended_ns: int = 0
    why: int = 0
    """Gone.…, once it left before being filled."""

    @property
    def evidence(self) -> Evidence:
        return Evidence("order", *self.place, self.number)


class Entered(NamedTuple):
    place: Place
    time_ns: int
    order: Order


class Traded(NamedTuple):
    """aggressor: Side of whoever came second."""

    place: Place
    time_ns: int
    number: int
    mode: int
    aggressor: int
    instrument: int
    buyer: int
    seller: int
    quantity: int
    price: int
    buy: Order
    sell: Order

    @property
    def evidence(self) -> Evidence:
        return Evidence("trade", *self.place, self.number)

    @property
    def chosen(self) -> bool:
        """Did one choose the other: a maker named, a quote made to one participant?"""
        return bool(self.buy.named or self.sell.named or self.buy.counter or self.sell.counter)

    def arranged(self, quick_seconds: int) -> bool:
        """Chosen; or taken within seconds, before others could."""
        return self.chosen or abs(self.sell.time_ns - self.buy.time_ns) <= quick_seconds * NS


class Left(NamedTuple):
    """An order left with `remaining` tonnes; order.why says why."""

    place: Place
    time_ns: int
    order: Order
    remaining: int


class Amended(NamedTuple):
    place: Place
    time_ns: int
    order: Order


class Stepped(NamedTuple):
    """A mode (0: all) of an instrument (0: all) took a step of the timetable, or was halted."""

    place: Place
    time_ns: int
    mode: int
    instrument: int
    phase: int


class Refused(NamedTuple):
    place: Place
    time_ns: int
    op: int
    side: int
    party: int
    instrument: int
    code: int


class Closed(NamedTuple):
    """An instrument's close."""

    place: Place
    time_ns: int
    instrument: int
    volume: int
    price: int


class DayBegun(NamedTuple):
    place: Place
    time_ns: int
    day: date


class DayEnded(NamedTuple):
    place: Place
    time_ns: int
    day: date


Event = Entered | Traded | Left | Amended | Stepped | Refused | Closed | DayBegun | DayEnded

_ENTERING = (Op.OFFER, Op.TAKE, Op.QUOTE, Op.COUNTER, Op.CONFIRM, Op.ORDER, Op.BID)


@dataclass(slots=True)
class Tape:
    """What is known of a market after the events read so far."""

    day: date = date.min
    days: int = 0
    """How many trading days have begun."""
    orders: dict[int, Order] = field(default_factory=dict)
    """Of the day, by number."""
    resting: dict[tuple[int, int], dict[int, Order]] = field(default_factory=dict)
    """(instrument, side) → orders of the offer board and the order book that rest, oldest first."""
    own: dict[tuple[int, int, int], dict[int, Order]] = field(default_factory=dict)
    """(instrument, side, participant) → the same."""
    groups: dict[int, int] = field(default_factory=dict)
    """Participant → related group, 0 none: every participant is in it."""
    references: dict[int, int] = field(default_factory=dict)
    """Instrument → its last close, fen."""
    previous: dict[int, int] = field(default_factory=dict)
    """Instrument → the close before the day."""
    closing_modes: set[int] = field(default_factory=lambda: {int(Mode.LISTING)})
    """Modes whose trades make the close."""
    units: dict[tuple[int, int], int] = field(default_factory=dict)
    """(instrument, participant) → tonnes in the session."""
    outside: dict[int, int] = field(default_factory=dict)
    """Participant → tonnes beside the session."""
    limits: dict[int, int] = field(default_factory=dict)
    """Participant → holding limit in tonnes; not there: none."""
    stopped: dict[int, int] = field(default_factory=dict)
    """Mode → when it was open last (its step out of OPEN), UTC nanoseconds."""
    _takings: list[int] = field(default_factory=list)

    def read(self, heard: Heard) -> Iterator[Event]:
        """The events of one entry; what the tape knows is as of each event when it is handed out."""
        rows: list[tuple[int, ...]] = heard.records.tolist()
        ended = None
        self._takings = []
        codes, inputs = list(heard.codes), 0
        for n, row in enumerate(rows):
            if row[0] >= FIRST_OUT:
                continue
            code = int(codes[inputs]) if inputs < len(codes) else 0
            inputs += 1
            place = Place(heard.seq, n)
            if code:
                yield Refused(place, heard.time_ns, row[0], row[2], row[5], row[4], code)
                continue
            if row[0] == Op.CLOSE_DAY:
                ended = DayEnded(place, heard.time_ns, self.day)
            event = self._went_in(place, heard.time_ns, row)
            if event:
                yield event
        for n, row in enumerate(rows):
            if row[0] >= FIRST_OUT:
                event = self._came_out(Place(heard.seq, n), heard.time_ns, row)
                if event:
                    yield event
        if ended:
            yield ended

    def position(self, party: int) -> int:
        """Tonnes a participant has, of all instruments, in the session and beside it."""
        inside = sum(tonnes for (_, whose), tonnes in self.units.items() if whose == party)
        return inside + self.outside.get(party, 0)

    def standing(self, instrument: int, side: int) -> Sequence[Order]:
        """The orders that rest on one side, best price first, then oldest."""
        sign = 1 if side == Side.SELL else -1
        rest = self.resting.get((instrument, side), {})
        return sorted(rest.values(), key=lambda order: (sign * order.price, order.number))

    def near(self, instrument: int, side: int, share: Fraction) -> list[Order]:
        """The orders that rest within a share of the side's best price, oldest first."""
        rest = self.resting.get((instrument, side), {}).values()
        if not rest:
            return []
        prices = (order.price for order in rest)
        best = min(prices) if side == Side.SELL else max(prices)
        return [order for order in rest if abs(order.price - best) <= share * best]

    # -- what went in --------------------------------------------------------------------------------------

    def _went_in(self, place: Place, time_ns: int, row: tuple[int, ...]) -> Event | None:
        op, mode, _side, kind, instrument, party, counter, quantity, price, order, _other, _extra = row
        if op == Op.TAKE:
            self._takings.append(order)
        elif op == Op.PARTY:
            self.groups[party] = counter
        elif op == Op.INSTRUMENT:
            self.references[instrument] = price
        elif op == Op.DAY:
            return self._begin(place, time_ns, quantity)
        elif op == Op.HOLDING:
            self.outside[party] = quantity
            self.limits.pop(party, None)
            if price:
                self.limits[party] = price
        elif op == Op.UNITS_IN:
            self._move(instrument, party, quantity)
            if kind:
                self.outside[party] = max(0, self.outside.get(party, 0) - quantity)
        elif op == Op.UNITS_OUT:
            self._move(instrument, party, -quantity)
            self.outside[party] = self.outside.get(party, 0) + quantity
        elif op == Op.TERM and kind == Term.IN_CLOSE:
            (self.closing_modes.add if quantity else self.closing_modes.discard)(mode)
        elif op == Op.PHASE:
            return self._step(place, time_ns, mode, instrument, kind)
        return None

    def _begin(self, place: Place, time_ns: int, day: int) -> DayBegun:
        self.day = date(day // 10_000, day // 100 % 100, day % 100)
        self.days += 1
        for one in (self.orders, self.resting, self.own, self.units, self.outside, self.limits, self.stopped):
            one.clear()
        self.previous = dict(self.references)
        return DayBegun(place, time_ns, self.day)

    def _step(self, place: Place, time_ns: int, mode: int, instrument: int, phase: int) -> Stepped:
        if not instrument and phase not in (Phase.OPEN, Phase.PRE_OPEN):
            for one in (mode,) if mode else tuple(Mode):
                self.stopped[one] = time_ns
        return Stepped(place, time_ns, mode, instrument, phase)

    def _move(self, instrument: int, party: int, tonnes: int) -> None:
        self.units[instrument, party] = self.units.get((instrument, party), 0) + tonnes

    # -- what came of it -----------------------------------------------------------------------------------

    def _came_out(self, place: Place, time_ns: int, row: tuple[int, ...]) -> Event | None:
        op = row[0]
        if op == Op.ENTERED:
            return self._entered(place, time_ns, row)
        if op == Op.TRADE:
            return self._traded(place, time_ns, row)
        if op == Op.GONE:
            order = self.orders[row[9]]
            order.why, order.left = row[3], row[7]
            self._end(order, time_ns)
            return Left(place, time_ns, order, row[7])
        if op == Op.AMENDED:
            return self._amended(place, time_ns, row)
        if op == Op.CLOSE:
            self.references[row[4]] = row[8]
            return Closed(place, time_ns, row[4], row[7], row[8])
        return None

    def _entered(self, place: Place, time_ns: int, row: tuple[int, ...]) -> Entered:
        _, mode, side, kind, instrument, party, counter, quantity, price, number, _, _ = row
        to = counter if mode == Mode.BLOCK else 0  # an auction's orders carry its number there
        order = Order(number, place, time_ns, mode, side, kind, instrument, party, to, quantity, price)
        order.left = quantity
        self.orders[number] = order
        if mode == Mode.LISTING and kind == OrderKind.IOC:
            order.named = self._takings.pop(0) if self._takings else 0
        elif mode in (Mode.LISTING, Mode.ORDER_BOOK):
            self.resting.setdefault((instrument, side), {})[number] = order
            self.own.setdefault((instrument, side, party), {})[number] = order
        return Entered(place, time_ns, order)

    def _traded(self, place: Place, time_ns: int, row: tuple[int, ...]) -> Traded:
        _, mode, aggressor, _, instrument, buyer, seller, quantity, price, buy, sell, number = row
        orders = self.orders[buy], self.orders[sell]
        for order in orders:
            order.left -= quantity
            if order.left <= 0:
                self._end(order, time_ns)
        self._move(instrument, buyer, quantity)
        self._move(instrument, seller, -quantity)
        return Traded(
            place, time_ns, number, mode, aggressor, instrument, buyer, seller, quantity, price, *orders
        )

    def _amended(self, place: Place, time_ns: int, row: tuple[int, ...]) -> Amended:
        order = self.orders[row[9]]
        order.left, order.price = row[7], row[8]
        return Amended(place, time_ns, order)

    def _end(self, order: Order, time_ns: int) -> None:
        order.ended_ns = time_ns
        self.resting.get((order.instrument, order.side), {}).pop(order.number, None)
        self.own.get((order.instrument, order.side, order.party), {}).pop(order.number, None)


def events(entries: Iterable[Heard], tape: Tape | None = None) -> Iterator[Event]:
    """The events of a market's entries, in order."""
    tape = tape or Tape()
    for heard in entries:
        yield from tape.read(heard)


def of_log(entries: Iterable[Entry]) -> Iterator[Heard]:
    """Entries of a market's log as supervision reads them."""
    for entry in entries:
        codes = np.frombuffer(entry.results, np.uint8)
        yield Heard(entry.seq, entry.time_ns, decode(entry.records), codes)
