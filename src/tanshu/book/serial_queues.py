"""Which numbers move: a queue of ranges for each place, oldest first. Pure; no database.

A *place* is what an account has available of an instrument, or one of its holds. A piece is a range of
numbers in a place, with two positions: `acquired`, the record that brought it to the account, and `since`,
the record that brought it to this place. A hold and its release change the second and keep the first.

| record   | takes from                                  | puts into             | acquired   |
|----------|---------------------------------------------|-----------------------|------------|
| TRANSFER | the front of what the giver has available   | the receiver's queue  | the record |
| HOLD     | the front of what is available              | the hold              | kept       |
| CAPTURE  | the front of the hold                       | the receiver's queue  | the record |
| RELEASE  | the back of the hold                        | its place in the queue| kept       |

So a hold of 100 of which 40 are released is what a hold of 60 would have been. What one record brings is put
in the order of its numbers: neighbours join again, however they came.

An account that gives more than it has available (an issuer: only an overdraft account can) gives new numbers
for the part that was not there: amount − max(0, available). What it has available is its queue less all that
it ever made anew; so what came back to an issuer stays with it, and no number is ever made twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from heapq import heappop, heappush

from tanshu.base.refusal import Refused, refusal
from tanshu.book.records import Op

NUMBER_MAX = (1 << 63) - 1
AVAILABLE = 0
"""The hold of what is not held. No record has position 0: genesis has none."""

EXHAUSTED = refusal(
    "BOOK-1201",
    "产品 {instrument} 的序列号已用尽(上限 {limit}),无法继续编号。",
    "Instrument {instrument} has run out of serial numbers (the limit is {limit}).",
)


Stretch = tuple[int, int, int, int, int, int, int, int | None]
"""(since, start, end, instrument, account, hold, acquired, until): numbers start to end were in a place from
record `since` until record `until` (None: they still are). Plain, since there may be millions: the garbage
collector passes over plain tuples of numbers."""
Piece = tuple[int, int, int, int]
"""(acquired, start, end, since): pieces of one place are given away in this order."""
Moving = list[tuple[int, int, int]]
"""(acquired, start, end) on the way from one place to another."""


class Cell:
    """What an account has of a serialised instrument. `queue` is a heap; holds only ever shrink."""

    __slots__ = ("account", "available", "holds", "instrument", "queue")

    def __init__(self, account: int, instrument: int, made: int = 0):
        self.account, self.instrument = account, instrument
        self.available = -made
        self.queue: list[Piece] = []
        self.holds: dict[int, deque[Piece]] = {}


class Queues:
    """All places of a book, and what changed in them since the changes were last taken out.

    left: stretches that ended. came: those that began or shrank and go on, by (since, start). gone: the
    (since, start) under which a stretch that goes on, or ended, was known before.
    """

    def __init__(self) -> None:
        self.cells: dict[tuple[int, int], Cell] = {}
        self.last: dict[int, int] = {}
        """The last number made, for each serialised instrument."""
        self.made: dict[tuple[int, int], int] = {}
        """How many numbers (account, instrument) has made."""
        self.forget_changes()

    def forget_changes(self) -> None:
        self.left: list[Stretch] = []
        self.came: dict[tuple[int, int], Stretch] = {}
        self.gone: list[tuple[int, int]] = []

    # -- what is known -------------------------------------------------------------------------------------

    def define(self, instrument: int) -> None:
        """From now on each unit of the instrument has a number."""
        self.last.setdefault(instrument, 0)

    def cell(self, account: int, instrument: int) -> Cell:
        key = (account, instrument)
        found = self.cells.get(key)
        if found is None:
            found = self.cells[key] = Cell(account, instrument, self.made.get(key, 0))
        return found

    def restore(self, stretches: Iterable[Stretch]) -> None:
        """Take up stretches that go on, of cells that were not known: all of each cell."""
        for since, start, end, instrument, account, hold, acquired, _ in sorted(stretches, key=_by_age):
            cell = self.cell(account, instrument)
            piece = (acquired, start, end, since)
            if hold:
                cell.holds.setdefault(hold, deque()).append(piece)
            else:
                cell.queue.append(piece)  # in order: such a list is a heap
                cell.available += end - start + 1

    # -- one record ----------------------------------------------------------------------------------------

    def apply(
        self, now: int, op: int, instrument: int, debit: int, credit: int, amount: int, hold: int
    ) -> None:
        """Move the numbers of one record that was accepted; `now` is its position."""
        giver = self.cell(debit, instrument)
        if op == Op.TRANSFER:
            self._receive(self.cell(credit, instrument), self._give(giver, amount, now), now)
        elif op == Op.HOLD:
            self._put_on_hold(giver, self._from_available(giver, amount, now), now)
        elif op == Op.CAPTURE:
            self._receive(self.cell(credit, instrument), self._captured(giver, hold, amount, now), now)
        elif op == Op.RELEASE:
            self._make_available(giver, self._released(giver, hold, amount, now), now)

    def _give(self, cell: Cell, amount: int, now: int) -> Moving:
        """From what is available; beyond that, new numbers."""
        there = min(amount, max(0, cell.available))
        moving = self._from_available(cell, there, now) if there else []
        if there < amount:
            moving.append(self._make(cell, amount - there, now))
        return moving

    def _make(self, cell: Cell, amount: int, now: int) -> tuple[int, int, int]:
        last = self.last[cell.instrument]
        if amount > NUMBER_MAX - last:
            raise Refused(EXHAUSTED(instrument=cell.instrument, limit=NUMBER_MAX))
        self.last[cell.instrument] = last + amount
        key = (cell.account, cell.instrument)
        self.made[key] = self.made.get(key, 0) + amount
        cell.available -= amount
        return now, last + 1, last + amount

    def _take(
        self,
        cell: Cell,
        hold: int,
        amount: int,
        now: int,
        pop: Callable[[], Piece],
        put_back: Callable[[Piece], None],
        *,
        from_back: bool = False,
    ) -> Moving:
        """Take so many units out of a place, piece by piece; the last piece may be cut in two."""
        moving: Moving = []
        while amount:
            acquired, start, end, since = pop()
            if self.came.pop((since, start), None) is None:
                self.gone.append((since, start))
            first = max(start, end - amount + 1) if from_back else start
            last = end if from_back else min(end, start + amount - 1)
            if start < first:
                self._go_on(cell, hold, (acquired, start, first - 1, since), put_back)
            if last < end:
                self._go_on(cell, hold, (acquired, last + 1, end, since), put_back)
            self.left.append((since, first, last, cell.instrument, cell.account, hold, acquired, now))
            moving.append((acquired, first, last))
            amount -= last - first + 1
        return moving

    def _from_available(self, cell: Cell, amount: int, now: int) -> Moving:
        cell.available -= amount
        queue = cell.queue
        return self._take(cell, AVAILABLE, amount, now, partial(heappop, queue), partial(heappush, queue))

    def _captured(self, cell: Cell, hold: int, amount: int, now: int) -> Moving:
        held = cell.holds[hold]
        moving = self._take(cell, hold, amount, now, held.popleft, held.appendleft)
        if not held:
            del cell.holds[hold]
        return moving

    def _released(self, cell: Cell, hold: int, amount: int, now: int) -> Moving:
        held = cell.holds[hold]
        moving = self._take(cell, hold, amount, now, held.pop, held.append, from_back=True)
        if not held:
            del cell.holds[hold]
        return moving

    # -- putting -------------------------------------------------------------------------------------------

    def _receive(self, cell: Cell, moving: Moving, now: int) -> None:
        """What comes to an account is acquired now, all of it alike."""
        self._make_available(cell, [(now, start, end) for _, start, end in moving], now)

    def _make_available(self, cell: Cell, moving: Moving, now: int) -> None:
        """In the queue by when it was acquired: what a hold gives back stands where it stood before."""
        put = partial(heappush, cell.queue)
        for acquired, start, end in joined(moving):
            cell.available += end - start + 1
            self._go_on(cell, AVAILABLE, (acquired, start, end, now), put)

    def _put_on_hold(self, cell: Cell, moving: Moving, now: int) -> None:
        """A hold goes by the position of the record that made it."""
        held = cell.holds[now] = deque()
        for acquired, start, end in joined(moving):
            self._go_on(cell, now, (acquired, start, end, now), held.append)

    def _go_on(self, cell: Cell, hold: int, piece: Piece, put: Callable[[Piece], None]) -> None:
        acquired, start, end, since = piece
        put(piece)
        self.came[since, start] = (since, start, end, cell.instrument, cell.account, hold, acquired, None)


def joined(ranges: Iterable[tuple[int, int, int]]) -> Moving:
    """Ranges (of what, start, end) in order; neighbours of the same kind are one."""
    found: Moving = []
    for what, start, end in sorted(ranges):
        if found and found[-1][0] == what and found[-1][2] + 1 == start:
            found[-1] = (what, found[-1][1], end)
        else:
            found.append((what, start, end))
    return found


def _by_age(stretch: Stretch) -> tuple[int, int]:
    """When it was acquired, then its numbers: the order of every queue."""
    return stretch[6], stretch[1]
