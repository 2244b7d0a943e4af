"""An engine being played on: a clock, an agenda, and the entries that come of it.

Everything is drawn from one seeded generator in whole numbers, and what is due at one moment happens in the
order in which it was planned: the same seed gives the same records on every machine.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from datetime import date, time
from random import Random

from tanshu.base.clock import NS, shanghai_ns
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, Phase, Row, Side, encode, row
from tanshu.exchange.engine.state import AMOUNT, BOUGHT, FREE, HELD, VOLUME
from tanshu.exchange.engine.terms import Term
from tanshu.exchange.supervision.stream import Entered, Event, Heard, Order, Tape

CEA = 1
"""The one instrument."""
MORNING, NOON = (time(9, 30), time(11, 30)), (time(13), time(15))
LISTING_MAX, BLOCK_MIN = 99_999, 100_000
Deed = Callable[[], object]

TERMS: Sequence[tuple[Mode, Term, int]] = (
    (Mode.LISTING, Term.TICK, 1),
    (Mode.LISTING, Term.LOT, 1),
    (Mode.LISTING, Term.QUANTITY_MAX, LISTING_MAX),
    (Mode.LISTING, Term.SETTLE_DAYS, 1),
    (Mode.LISTING, Term.LEVELS, 5),
    (Mode.LISTING, Term.CHOOSE, 1),
    (Mode.LISTING, Term.IN_CLOSE, 1),
    (Mode.BLOCK, Term.TICK, 1),
    (Mode.BLOCK, Term.LOT, 1),
    (Mode.BLOCK, Term.QUANTITY_MIN, BLOCK_MIN),
    (Mode.BLOCK, Term.SETTLE_DAYS, 1),
)
"""As of the national market, but for the bands, which follow the close."""
BANDS = {Mode.LISTING: 10, Mode.BLOCK: 30}
"""Per cent of the previous close, both ways."""


class Stage:
    """One market being played, day after day. Times are UTC nanoseconds, prices fen, quantities tonnes."""

    def __init__(self, rng: Random):
        self.rng = rng
        self.engine = Engine()
        self.tape = Tape()
        self.heard: list[Heard] = []
        self.now_ns = 0
        self.fair: Callable[[int], int] = lambda _ns: 0
        """What a tonne is worth at a moment of the day."""
        self.collecting: set[int] = set()
        """Who gathers units and sells no blocks meanwhile."""
        self._agenda: list[tuple[int, int, Deed]] = []
        self._planned = 0

    # -- the agenda ----------------------------------------------------------------------------------------

    def at(self, time_ns: int, deed: Deed) -> None:
        """Do this then; what lies in a break or beyond the day is refused by the market, as it would be."""
        self._planned += 1
        heapq.heappush(self._agenda, (max(time_ns, self.now_ns + NS), self._planned, deed))

    def after(self, low_s: int, high_s: int, deed: Deed) -> None:
        """Do this after so many seconds."""
        self.at(self.now_ns + self.rng.randint(low_s, high_s) * NS, deed)

    def play(self, until_ns: int = 1 << 62) -> None:
        """Do everything that is planned up to a moment, in order."""
        while self._agenda and self._agenda[0][0] <= until_ns:
            self.now_ns, _, deed = heapq.heappop(self._agenda)
            deed()

    # -- what is sent --------------------------------------------------------------------------------------

    def send(self, *rows: Row) -> list[Event]:
        """One entry; the events that it brought."""
        records = encode(rows)
        applied = self.engine.apply(records)
        entry = Heard(
            len(self.heard) + 1, self.now_ns, encode([*rows, *applied.outputs.tolist()]), applied.codes
        )
        self.heard.append(entry)
        return list(self.tape.read(entry))

    def offer(self, party: int, side: int, quantity: int, price: int) -> Order | None:
        """Post an offer; the order, where it was accepted."""
        quantity = max(1, min(quantity, LISTING_MAX))
        return self._entered(
            self._order(Op.OFFER, Mode.LISTING, party, side=side, quantity=quantity, price=price)
        )

    def take(self, party: int, side: int, quantity: int, worst: int = 0, maker: int = 0) -> Order | None:
        """Take what the other side offers. side: the taker's."""
        quantity = max(1, min(quantity, LISTING_MAX))
        stated = {"side": side, "quantity": quantity, "price": worst, "order": maker}
        return self._entered(self._order(Op.TAKE, Mode.LISTING, party, **stated))

    def cancel(self, order: Order) -> None:
        """Take an order back, if it still rests."""
        if order.left and not order.ended_ns:
            self.send(row(Op.CANCEL, party=order.party, order=order.number, other=order.party))

    def block(self, seller: int, buyer: int, quantity: int, price: int, wait_s: int) -> None:
        """A quote made to one participant, which confirms it after a while."""
        stated = {"side": Side.SELL, "counter": buyer, "quantity": quantity, "price": price}
        quote = self._entered(self._order(Op.QUOTE, Mode.BLOCK, seller, **stated))
        if quote:
            answer = row(Op.CONFIRM, mode=Mode.BLOCK, party=buyer, order=quote.number, other=buyer)
            self.after(wait_s, 2 * wait_s, lambda: self.send(answer))

    def best(self, side: int) -> Order | None:
        """The first offer of a side."""
        standing = self.tape.standing(CEA, side)
        return standing[0] if standing else None

    def average(self) -> int:
        """Fen per tonne of the listing trades so far; what it is worth where there are none."""
        day = self.engine.arrays.stats[CEA, Mode.LISTING]
        return int(day[AMOUNT]) // int(day[VOLUME]) if day[VOLUME] else self.fair(self.now_ns)

    def _order(self, op: Op, mode: Mode, party: int, **stated: int) -> list[Event]:
        return self.send(row(op, mode=mode, instrument=CEA, party=party, other=party, **stated))

    @staticmethod
    def _entered(events: list[Event]) -> Order | None:
        return next((one.order for one in events if isinstance(one, Entered)), None)

    # -- the day -------------------------------------------------------------------------------------------

    def admit(self, groups: Sequence[int], reference: int) -> None:
        """Participants 1, 2, … of these related groups (0: of none), each with one operator."""
        everyone = range(1, len(groups) + 1)
        self.send(
            *(row(Op.PARTY, party=n, counter=groups[n - 1]) for n in everyone),
            *(row(Op.OPERATOR, party=n, other=n) for n in everyone),
            row(Op.INSTRUMENT, instrument=CEA, quantity=2024, price=reference),
        )

    def open(
        self, day: date, holdings: Sequence[int], outside: Sequence[int], cash: int, limits: Sequence[int]
    ) -> None:
        """State the day's terms, bring in what everybody has, and plan the timetable."""
        self.now_ns = shanghai_ns(day, time(9))
        number = day.year * 10_000 + day.month * 100 + day.day
        self.send(row(Op.DAY, quantity=number), *self._terms())
        stocks: list[Row] = []
        for party, (units, beside, limit) in enumerate(zip(holdings, outside, limits, strict=True), 1):
            stocks.append(row(Op.HOLDING, party=party, quantity=beside, price=limit))
            stocks.append(row(Op.UNITS_IN, instrument=CEA, party=party, quantity=units))
            stocks.append(row(Op.CASH_IN, party=party, quantity=cash))
        self.send(*stocks)
        for at, mode, phase in (
            (MORNING[0], Mode.LISTING, Phase.OPEN),
            (MORNING[1], Mode.LISTING, Phase.BREAK),
            (NOON[0], Mode.LISTING, Phase.OPEN),
            (NOON[0], Mode.BLOCK, Phase.OPEN),
            (NOON[1], Mode.LISTING, Phase.CLOSED),
            (NOON[1], Mode.BLOCK, Phase.CLOSED),
        ):
            step = row(Op.PHASE, mode=mode, kind=phase)
            self.at(shanghai_ns(day, at), lambda step=step: self.send(step))

    def close(self, day: date) -> None:
        self.now_ns = shanghai_ns(day, time(15, 5))
        self.send(row(Op.CLOSE_DAY))

    def holdings(self, parties: int) -> list[int]:
        """What each participant has at the end of the day."""
        mine = self.engine.arrays.units[CEA, 1 : parties + 1]
        return [int(one[FREE] + one[HELD] + one[BOUGHT]) for one in mine]

    def _terms(self) -> list[Row]:
        stated = [row(Op.TERM, mode=mode, kind=term, quantity=value) for mode, term, value in TERMS]
        reference = self.tape.references[CEA]
        for mode, percent in BANDS.items():
            low, high = (reference * (100 + sign * percent) // 100 for sign in (-1, 1))
            stated.append(row(Op.TERM, mode=mode, kind=Term.PRICE_LOW, quantity=low))
            stated.append(row(Op.TERM, mode=mode, kind=Term.PRICE_HIGH, quantity=high))
        return stated
