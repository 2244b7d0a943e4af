"""How a trading mode takes part in the engine: a desk, with the records it understands.

A desk keeps no truth of its own: what it remembers beside the arrays (who stands where in a queue) can be
made again from them, or is told in its image.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from tanshu.exchange.engine import ledger
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import RECORD, Op, Phase, Records
from tanshu.exchange.engine.state import O_INSTRUMENT, Arrays, Ints


class Rec(NamedTuple):
    """One record as plain integers."""

    op: int
    mode: int
    side: int
    kind: int
    instrument: int
    party: int
    counter: int
    quantity: int
    price: int
    order: int
    other: int
    extra: int


class Told:
    """What came of a record, as it gathers. `out` and `n` are what the ledger's functions take."""

    def __init__(self, room: int = 64):
        self.out: Records = np.zeros(room, RECORD)
        self.n: Ints = np.zeros(1, np.int64)

    def make_room(self, more: int) -> None:
        """Have place for so many records beyond those that are there."""
        wanted = int(self.n[0]) + more
        if wanted > len(self.out):
            larger = np.zeros(max(wanted, 2 * len(self.out)), RECORD)
            larger[: int(self.n[0])] = self.out[: int(self.n[0])]
            self.out = larger

    def say(
        self,
        op: Op,
        *,
        mode: int = 0,
        side: int = 0,
        kind: int = 0,
        instrument: int = 0,
        party: int = 0,
        counter: int = 0,
        quantity: int = 0,
        price: int = 0,
        order: int = 0,
        other: int = 0,
        extra: int = 0,
    ) -> None:
        """Add one record."""
        self.make_room(1)
        self.out[int(self.n[0])] = (
            int(op), mode, side, kind, instrument, party, counter, quantity, price, order, other, extra,
        )  # fmt: skip
        self.n[0] += 1

    def since(self, first: int = 0) -> Records:
        """A copy of what was said from the `first` on."""
        said = self.out[first : int(self.n[0])]
        return said.view(_BYTES).copy().view(RECORD)  # in one piece, not field by field


_BYTES = np.dtype((np.void, RECORD.itemsize))
Apply = Callable[[Arrays, Told, Rec], Code]
"""Applies one record: OK and the arrays changed, or another code and nothing changed."""


class Desk:
    """One mode. A subclass says which records it takes; the other hooks may stay as they are."""

    mode: int

    def __init__(self) -> None:
        self.ops: Mapping[int, Apply] = {}

    def check_cancel(self, a: Arrays, r: Rec) -> Code:
        """May this order of the mode's, which is the asker's and rests, be cancelled now? By the rule of all
        modes, where a desk has none of its own."""
        return Code(ledger.check_cancel(a, int(a.orders[r.order, O_INSTRUMENT]), self.mode))

    def removed(self, a: Arrays, number: int) -> None:
        """An order of this mode is about to leave, by cancelling, suspension, freeze or the close."""

    def removals_over(self, a: Arrays, told: Told) -> None:
        """A record has removed orders: what hangs on them goes now."""

    def phase_changed(self, a: Arrays, told: Told, before: Phase, now: Phase) -> None:
        """The mode took a step of the timetable."""

    def closing(self, a: Arrays, told: Told) -> None:
        """The day closes: before resting orders lapse."""

    def new_day(self, a: Arrays) -> None:
        """A day has begun; no order rests."""

    def restored(self, a: Arrays, image: bytes) -> None:
        """The arrays were put back as they are; `image` is what `image()` gave then."""

    def image(self) -> bytes:
        """What the desk knows that the arrays do not say, canonical; b"" where there is nothing."""
        return b""
