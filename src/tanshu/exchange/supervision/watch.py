"""The five rules over one stream: a market's entries in, the alerts of each day out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from tanshu.exchange.supervision.close_marking import CloseMarkingWatch
from tanshu.exchange.supervision.concentration import ConcentrationWatch
from tanshu.exchange.supervision.layering import LayeringWatch
from tanshu.exchange.supervision.model import Alert, Known
from tanshu.exchange.supervision.self_trade import SelfTradeWatch
from tanshu.exchange.supervision.stream import DayEnded, Event, Heard, Tape
from tanshu.exchange.supervision.thresholds import Thresholds
from tanshu.exchange.supervision.wash import WashWatch


class Watch(Protocol):
    """One rule. It sees every event, and says at the end of a day what it found; it keeps what it needs of
    the days before.
    """

    def see(self, event: Event, tape: Tape) -> None: ...

    def ended(self, tape: Tape) -> list[Alert]:
        """The day's alerts. Begins the next day."""
        ...


class Supervision:
    """A market being watched. Give it entries in order; take each day's alerts."""

    def __init__(self, thresholds: Thresholds, known: Known | None = None):
        known = known or Known()
        self.tape = Tape()
        self.watches: Sequence[Watch] = (
            SelfTradeWatch(thresholds.self_trade, known),
            WashWatch(thresholds.wash, known),
            CloseMarkingWatch(thresholds.close, known),
            LayeringWatch(thresholds.layering, known),
            ConcentrationWatch(thresholds.concentration, known),
        )

    def hear(self, heard: Heard) -> Iterator[Alert]:
        """Read one entry; the alerts of the day come with the entry that closes it."""
        for event in self.tape.read(heard):
            for one in self.watches:
                one.see(event, self.tape)
            if isinstance(event, DayEnded):
                for one in self.watches:
                    yield from one.ended(self.tape)


def alerts(entries: Iterable[Heard], thresholds: Thresholds, known: Known | None = None) -> Iterator[Alert]:
    """Every alert of a market's entries, day by day."""
    supervision = Supervision(thresholds, known)
    for heard in entries:
        yield from supervision.hear(heard)
