"""The order book 连续竞价: price-time priority, and calls before the opening and at the close.

    PRE_OPEN   limit orders gather                     → OPEN: they trade at one price, then
    OPEN       every order trades with what it meets, at the price of whoever stood there first
    CLOSING    limit orders gather                     → CLOSED: they trade at one price

A market order is good up to the day's price limit of its side, and holds accordingly. What is done with an
order is told in order_book_kernel.py; the desk keeps the ladders of prices ready and lets the compiled kernel
work where there is much to do.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshu.exchange.engine import order_book_kernel as kernel
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Desk, Rec, Told
from tanshu.exchange.engine.records import Mode, Op, Phase, Records
from tanshu.exchange.engine.session import resting
from tanshu.exchange.engine.state import (
    DAY_OPEN,
    DAY_STATE,
    INSTRUMENTS,
    LIVE,
    O_INSTRUMENT,
    O_MODE,
    O_NEXT,
    O_PREV,
    O_PRICE,
    O_SIDE,
    Arrays,
    Ints,
)
from tanshu.exchange.engine.terms import Term

PLACES_MAX = 1 << 17
"""Prices between the day's limits, tick by tick, that a ladder may have: 8 MB. With more, or without an upper
limit, an instrument is not traded so."""
COMPILE_FROM = 100
"""Batches of at least this many records make it worth thinking of the compiled kernel."""
COMPILE_AFTER = 5_000
"""Records in such batches before loading it pays: a second from where it is kept, much more the first time."""

_BLOCK = 1024
_MODE = int(Mode.ORDER_BOOK)
_TAKEN = frozenset((int(Op.ORDER), int(Op.CANCEL), int(Op.AMEND)))


class OrderBookDesk(Desk):
    """compiled: always or never run the compiled kernel; None lets the work so far decide."""

    mode = _MODE

    def __init__(self, *, compiled: bool | None = None) -> None:
        self.ops = {int(Op.ORDER): self._order, int(Op.AMEND): self._amend, int(Op.UNCROSS): self._uncross}
        self.compiled = compiled
        self.ladders = _no_ladders()
        self._in_batches = 0
        self._over = False

    # -- records -------------------------------------------------------------------------------------------

    def apply_batch(
        self, a: Arrays, told: Told, batch: Records, codes: NDArray[np.uint8], at: int
    ) -> int:
        """Take orders, amendments and cancels from `at` on, as far as they go; how many were taken.

        None where the compiled kernel would not pay: then each record is applied for itself, to the same end.
        """
        if int(batch["op"][at]) not in _TAKEN or not self._is_worth_compiling(len(batch) - at):
            return 0
        return self._run(kernel.compiled(), a, told, batch, codes, at)

    def _run(
        self, run: Any, a: Arrays, told: Told, batch: Records, codes: NDArray[np.uint8], first: int
    ) -> int:
        batch = batch.view()
        batch.flags.writeable = False  # of one kind wherever they come from: Numba compiles for each kind
        at = first
        while True:
            told.make_room(kernel.ROOM)
            why = run(a, self.ladders, told.out, told.n, batch, codes, at)
            at = int(self.ladders.hand[1])
            if why == kernel.MORE_ROOM:
                told.make_room(len(told.out))
            elif why != kernel.NOT_READY or not self._make_ready(a, _instrument(a, batch, at)):
                return at - first

    def _order(self, a: Arrays, told: Told, r: Rec) -> Code:
        self._make_ready(a, r.instrument)
        told.make_room(kernel.ROOM)
        return self._trade(
            a,
            told,
            kernel.order(
                a,
                self.ladders,
                told.out,
                told.n,
                r.mode,
                r.side,
                r.kind,
                r.instrument,
                r.party,
                r.other,
                r.quantity,
                r.price,
                r.extra,
            ),
        )

    def _amend(self, a: Arrays, told: Told, r: Rec) -> Code:
        if 0 < r.order < len(a.orders):
            self._make_ready(a, int(a.orders[r.order, O_INSTRUMENT]))
        told.make_room(kernel.ROOM)
        code = kernel.amend(
            a, self.ladders, told.out, told.n, r.party, r.other, r.order, r.quantity, r.price, r.extra
        )
        return self._trade(a, told, code)

    def _trade(self, a: Arrays, told: Told, code: int) -> Code:
        """Let an order that was entered trade, if one was."""
        while self.ladders.hand[0] and not kernel.match(a, self.ladders, told.out, told.n):
            told.make_room(len(told.out))
        return Code(int(code))

    def _uncross(self, a: Arrays, told: Told, r: Rec) -> Code:
        """The exchange lets what gathered trade now: within a call, or after a halt that lasted over one."""
        if a.day[DAY_STATE] != DAY_OPEN:
            return Code.NO_DAY
        if not 0 < r.instrument <= a.day[INSTRUMENTS]:
            return Code.UNKNOWN_INSTRUMENT
        phase = kernel.phase_of(a, r.instrument, _MODE)
        if r.mode != _MODE or a.terms[r.instrument, _MODE, Term.TICK] == 0:
            return Code.NOT_TRADED_SO
        if phase not in (Phase.PRE_OPEN, Phase.OPEN, Phase.CLOSING):
            return Code.NOT_OPEN
        self._call(a, told, r.instrument)
        return Code.OK

    def _call(self, a: Arrays, told: Told, instrument: int) -> None:
        if not kernel.crossed(self.ladders, instrument):
            return
        live = int(a.day[LIVE])
        told.make_room(kernel.ROOM + 4 * live)
        run = kernel.compiled("uncross") if self._is_worth_compiling(live) else kernel.uncross
        run(a, self.ladders, told.out, told.n, instrument)

    def _is_worth_compiling(self, n: int) -> bool:
        if self.compiled is not None:
            return self.compiled
        if kernel.is_compiled() or n < COMPILE_FROM:
            return kernel.is_compiled()
        self._in_batches += n
        return self._in_batches >= COMPILE_AFTER

    # -- hooks ---------------------------------------------------------------------------------------------

    def check_cancel(self, a: Arrays, r: Rec) -> Code:
        return Code(int(kernel.check_cancel(a, int(a.orders[r.order, O_INSTRUMENT]))))

    def removed(self, a: Arrays, number: int) -> None:
        if not self._over:
            kernel.unlink(a, self.ladders, number)

    def phase_changed(self, a: Arrays, told: Told, before: Phase, now: Phase) -> None:
        """At the end of a call what gathered trades, but for what is halted."""
        if (before, now) not in ((Phase.PRE_OPEN, Phase.OPEN), (Phase.CLOSING, Phase.CLOSED)):
            return
        for instrument in range(1, int(a.day[INSTRUMENTS]) + 1):
            if kernel.phase_of(a, instrument, _MODE) != Phase.HALTED:
                self._call(a, told, instrument)

    def closing(self, a: Arrays, told: Told) -> None:
        """Every order lapses now; nobody needs to leave a queue."""
        orders = a.orders[resting(a)]
        numbers = np.asarray(resting(a), np.int64)[orders[:, O_MODE] == _MODE]
        a.orders[numbers, O_NEXT] = a.orders[numbers, O_PREV] = 0
        self.ladders, self._over = _no_ladders(), True

    def new_day(self, a: Arrays) -> None:
        self.ladders, self._over = _no_ladders(), False

    def restored(self, a: Arrays, image: bytes) -> None:
        """Queues stand in the orders themselves; ladders are made anew around them."""
        if image:
            raise ValueError("the order book keeps no image of its own")
        self.ladders, self._over = _no_ladders(), bool(a.day[DAY_STATE] != DAY_OPEN)
        numbers = resting(a)
        there = {int(a.orders[number, O_INSTRUMENT]) for number in numbers if a.orders[number, O_MODE] == _MODE}
        for instrument in sorted(there):
            self._make(a, instrument)

    # -- ladders -------------------------------------------------------------------------------------------

    def _make_ready(self, a: Arrays, instrument: int) -> bool:
        """Have a ladder for an instrument's terms of today, if it can have one."""
        if not 0 < instrument <= a.day[INSTRUMENTS]:
            return False
        terms = a.terms[instrument, _MODE]
        if terms[Term.TICK] == 0 or terms[Term.PRICE_HIGH] == 0:
            return False
        return kernel.fits(a, self.ladders, instrument) or self._make(a, instrument)

    def _make(self, a: Arrays, instrument: int) -> bool:
        """Make an instrument's ladder, with the orders that rest: terms may be stated anew around them.

        Where it cannot be as long as the terms ask, those that rest keep one, and False comes back.
        """
        mine = [
            number
            for number in resting(a)
            if a.orders[number, O_MODE] == _MODE and a.orders[number, O_INSTRUMENT] == instrument
        ]
        prices = [int(a.orders[number, O_PRICE]) for number in mine]
        tick, low, high = (
            int(a.terms[instrument, _MODE, term]) for term in (Term.TICK, Term.PRICE_LOW, Term.PRICE_HIGH)
        )
        asked = [price for price in (low, high) if tick and high]
        wide = _steps(asked + prices, math.gcd(tick, *prices)) <= PLACES_MAX and bool(asked)
        if not wide:
            if not prices or (0 < instrument < len(self.ladders.ladder) and self.ladders.ladder[instrument, 3]):
                return False
            tick = low = high = 0
            asked = []
        unit = math.gcd(tick, *prices)
        floor = min(asked + prices) // unit
        places = max(asked + prices) // unit - floor + 1
        self.ladders = _with_ladder(self.ladders, instrument, (tick, low, high, unit, floor), places)
        for number in mine:
            kernel.queue(a, self.ladders, number)
        return wide


def _instrument(a: Arrays, batch: Records, at: int) -> int:
    """Which ladder a record needs."""
    if int(batch["op"][at]) == Op.ORDER:
        return int(batch["instrument"][at])
    return int(a.orders[int(batch["order"][at]), O_INSTRUMENT])


def _steps(prices: list[int], unit: int) -> int:
    return max(prices) // unit - min(prices) // unit + 1 if prices and unit else 0


def _no_ladders() -> kernel.Ladders:
    return kernel.Ladders(
        ladder=np.zeros((4, kernel.LADDER_FIELDS), np.int64),
        best=np.full((4, 2), -1, np.int64),
        queues=np.zeros((0, 2, 2), np.int64),
        words=np.zeros((0, 2), np.int64),
        summary=np.zeros((0, 2), np.int64),
        hand=np.zeros(2, np.int64),
    )


def _with_ladder(
    b: kernel.Ladders, instrument: int, made: tuple[int, int, int, int, int], places: int
) -> kernel.Ladders:
    """With an empty ladder of so many places for an instrument, behind the others or where its last one was."""
    blocks = -(-places // _BLOCK)
    rows = max(len(b.ladder), instrument + 1)
    ladder, best = _longer(b.ladder, rows, 0), _longer(b.best, rows, -1)
    base, top = (int(ladder[instrument, field]) for field in (kernel.L_BASE, kernel.L_TOP))
    had = top // _BLOCK - base // _BLOCK + 1 if ladder[instrument, kernel.L_UNIT] else 0
    if blocks > had:
        base = _BLOCK * len(b.summary)
    ladder[instrument] = (*made, base, base + places - 1)
    best[instrument] = -1
    end = max(len(b.summary), base // _BLOCK + blocks)
    queues = _longer(b.queues, _BLOCK * end, 0)
    words, summary = _longer(b.words, _BLOCK // 32 * end, 0), _longer(b.summary, end, 0)
    mine = slice(base // _BLOCK, base // _BLOCK + max(blocks, had if blocks <= had else 0))
    summary[mine] = 0
    words[mine.start * 32 : mine.stop * 32] = 0
    queues[mine.start * _BLOCK : mine.stop * _BLOCK] = 0
    return kernel.Ladders(ladder, best, queues, words, summary, b.hand)


def _longer(array: Ints, length: int, blank: int) -> Ints:
    if length <= len(array):
        return array
    larger = np.full((length, *array.shape[1:]), blank, np.int64)
    larger[: len(array)] = array
    return larger
