"""The order book 连续竞价: price-time priority, and calls before the opening and at the close.

    PRE_OPEN   limit orders gather                     → OPEN: they trade at one price, then
    OPEN       every order trades with what it meets, at the price of whoever stood there first
    CLOSING    limit orders gather                     → CLOSED: they trade at one price

A market order is good up to the day's price limit of its side, and holds accordingly. What is done with an
order is told in order_book_kernel.py; the desk keeps the ladders of prices ready and lets the compiled kernel
work where there is much to do.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tanshu.exchange.engine import order_book_compiled as compiled
from tanshu.exchange.engine import order_book_kernel as kernel
from tanshu.exchange.engine import order_book_ladders as ladders
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.desk import Desk, Rec, Told
from tanshu.exchange.engine.ledger import phase_of
from tanshu.exchange.engine.order_book_calls import uncross
from tanshu.exchange.engine.order_book_ladders import Ladders
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
    Arrays,
    Ints,
)
from tanshu.exchange.engine.terms import Term

PLACES_MAX = 1 << 17
"""Prices between the day's limits, tick by tick, that a ladder may have: 5 MB. With more, or without an upper
limit, an instrument is not traded so."""
COMPILE_FROM = 100
"""Batches of at least this many records make it worth thinking of the compiled kernel."""
COMPILE_AFTER = 5_000
"""Records in such batches before loading it pays: a second from where it is kept, more the first time."""

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

    def apply_batch(self, a: Arrays, told: Told, batch: Records, codes: NDArray[np.uint8], at: int) -> int:
        """Take orders, amendments and cancels from `at` on, as far as they go; how many were taken.

        None where the compiled kernel would not pay: then each record is applied for itself, to the same end.
        Nor where no product trades in this mode: cancels are everybody's.
        """
        if int(batch["op"][at]) not in _TAKEN or not a.terms[:, Mode.ORDER_BOOK, Term.TICK].any():
            return 0
        if not self._is_worth_compiling(len(batch) - at):
            return 0
        return self._run(compiled.compiled(), a, told, batch, codes, at)

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
        phase = phase_of(a, r.instrument, _MODE)
        if r.mode != _MODE or a.terms[r.instrument, _MODE, Term.TICK] == 0:
            return Code.NOT_TRADED_SO
        if phase not in (Phase.PRE_OPEN, Phase.OPEN, Phase.CLOSING):
            return Code.NOT_OPEN
        self._call(a, told, r.instrument)
        return Code.OK

    def _call(self, a: Arrays, told: Told, instrument: int) -> None:
        if not ladders.crossed(self.ladders, instrument):
            return
        live = int(a.day[LIVE])
        told.make_room(kernel.ROOM + 4 * live)
        run = compiled.compiled("uncross") if self._is_worth_compiling(live) else uncross
        run(a, self.ladders, told.out, told.n, instrument)

    def _is_worth_compiling(self, n: int) -> bool:
        if self.compiled is not None:
            return self.compiled
        if compiled.is_compiled() or n < COMPILE_FROM:
            return compiled.is_compiled()
        self._in_batches += n
        return self._in_batches >= COMPILE_AFTER

    # -- hooks ---------------------------------------------------------------------------------------------

    def check_cancel(self, a: Arrays, r: Rec) -> Code:
        return Code(int(kernel.check_cancel(a, int(a.orders[r.order, O_INSTRUMENT]))))

    def removed(self, a: Arrays, number: int) -> None:
        if not self._over:
            ladders.unlink(a, self.ladders, number)

    def phase_changed(self, a: Arrays, told: Told, before: Phase, now: Phase) -> None:
        """At the end of a call what gathered trades, but for what is halted."""
        if (before, now) not in ((Phase.PRE_OPEN, Phase.OPEN), (Phase.CLOSING, Phase.CLOSED)):
            return
        for instrument in range(1, int(a.day[INSTRUMENTS]) + 1):
            if phase_of(a, instrument, _MODE) != Phase.HALTED:
                self._call(a, told, instrument)

    def closing(self, a: Arrays, told: Told) -> None:  # noqa: ARG002
        """Every order lapses now; nobody needs to leave a queue."""
        mine = self._resting(a)
        a.orders[mine, O_NEXT] = a.orders[mine, O_PREV] = 0
        self.ladders, self._over = _no_ladders(), True

    def new_day(self, a: Arrays) -> None:  # noqa: ARG002
        self.ladders, self._over = _no_ladders(), False

    def restored(self, a: Arrays, image: bytes) -> None:
        """Queues stand in the orders themselves; ladders are made anew around them."""
        if image:
            raise ValueError("the order book keeps no image of its own")
        self.ladders, self._over = _no_ladders(), bool(a.day[DAY_STATE] != DAY_OPEN)
        for instrument in np.unique(a.orders[self._resting(a), O_INSTRUMENT]).tolist():
            self._make(a, instrument)

    def _resting(self, a: Arrays) -> Ints:
        """The numbers of the orders here, oldest first."""
        numbers = np.array(resting(a), np.int64)
        return numbers[a.orders[numbers, O_MODE] == _MODE]

    # -- ladders -------------------------------------------------------------------------------------------

    def _make_ready(self, a: Arrays, instrument: int) -> bool:
        """Have a ladder for an instrument's terms of today, if it can have one."""
        if not 0 < instrument <= a.day[INSTRUMENTS]:
            return False
        terms = a.terms[instrument, _MODE]
        if terms[Term.TICK] == 0 or terms[Term.PRICE_HIGH] == 0:
            return False
        return ladders.fits(a, self.ladders, instrument) or self._make(a, instrument)

    def _make(self, a: Arrays, instrument: int) -> bool:
        """Make an instrument's ladder, with the orders that rest; terms do not change while any do.

        False where it would have too many places.
        """
        tick, low, high = (
            int(a.terms[instrument, _MODE, term]) for term in (Term.TICK, Term.PRICE_LOW, Term.PRICE_HIGH)
        )
        places = high // tick - low // tick + 1
        if not 0 < places <= PLACES_MAX:
            return False
        self.ladders = _with_ladder(self.ladders, instrument, (tick, low, high, low // tick), places)
        mine = self._resting(a)
        for number in mine[a.orders[mine, O_INSTRUMENT] == instrument].tolist():
            ladders.queue(a, self.ladders, number)
        return True


def _instrument(a: Arrays, batch: Records, at: int) -> int:
    """Which ladder a record needs."""
    if int(batch["op"][at]) == Op.ORDER:
        return int(batch["instrument"][at])
    return int(a.orders[int(batch["order"][at]), O_INSTRUMENT])


def _no_ladders() -> Ladders:
    return Ladders(
        ladder=np.zeros((4, ladders.LADDER_FIELDS), np.int64),
        best=np.full((4, 2), -1, np.int64),
        queues=np.zeros((0, 2, 2), np.int64),
        words=np.zeros((0, 2), np.int64),
        summary=np.zeros((0, 2), np.int64),
        hand=np.zeros(2, np.int64),
    )


def _with_ladder(b: Ladders, instrument: int, made: tuple[int, int, int, int], places: int) -> Ladders:
    """With an empty ladder of so many places for an instrument: where it had one, or behind the others."""
    rows = max(len(b.ladder), instrument + 1)
    ladder, best = _longer(b.ladder, rows, 0), _longer(b.best, rows, -1)
    base, top = (int(ladder[instrument, field]) for field in (ladders.L_BASE, ladders.L_TOP))
    had = top // _BLOCK - base // _BLOCK + 1 if ladder[instrument, ladders.L_TICK] else 0
    blocks = -(-places // _BLOCK)
    if blocks > had:
        base, had = _BLOCK * len(b.summary), blocks
    ladder[instrument] = (*made, base, base + places - 1)
    best[instrument] = -1
    first, end = base // _BLOCK, base // _BLOCK + had
    summary = _longer(b.summary, end, 0)
    words = _longer(b.words, _BLOCK // 32 * end, 0)
    queues = _longer(b.queues, _BLOCK * end, 0)
    summary[first:end] = 0
    words[_BLOCK // 32 * first : _BLOCK // 32 * end] = 0
    queues[_BLOCK * first : _BLOCK * end] = 0
    return Ladders(ladder, best, queues, words, summary, b.hand)


def _longer(array: Ints, length: int, blank: int) -> Ints:
    if length <= len(array):
        return array
    larger = np.full((length, *array.shape[1:]), blank, np.int64)
    larger[: len(array)] = array
    return larger
