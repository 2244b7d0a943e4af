"""尾市影响收盘价: one owner's trades of the last minutes move the close, and it gains by that.

The close is worked out once more without them. Whoever pushes it up gains by what it holds; whoever pushes it
down by what it buys within the next days at prices that follow the close, so that such a case is told then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tanshu.base.clock import NS
from tanshu.base.text import Text
from tanshu.exchange.engine.records import Side
from tanshu.exchange.supervision.model import Alert, Evidence, Known, Level, Rule, ppm, score
from tanshu.exchange.supervision.stream import Closed, Event, Tape, Traded
from tanshu.exchange.supervision.thresholds import CloseMarking


@dataclass(frozen=True, slots=True)
class _Push:
    """What an owner traded late, in one direction. day: of the tape. Prices fen per tonne."""

    day: int
    owner: int
    parties: tuple[int, ...]
    instrument: int
    up: bool
    tonnes: int
    close: int
    without: int
    late_ppm: int
    evidence: tuple[Evidence, ...]


class CloseMarkingWatch:
    def __init__(self, terms: CloseMarking, known: Known):
        self.terms, self.known = terms, known
        self._trades: dict[int, list[Traded]] = defaultdict(list)
        """Instrument → the day's trades that make the close."""
        self._bought: dict[tuple[int, int], int] = defaultdict(int)
        """(owner, instrument) → tonnes bought today, in every mode."""
        self._closes: dict[int, int] = {}
        self._followed: list[_Push] = []

    def see(self, event: Event, tape: Tape) -> None:
        if isinstance(event, Traded):
            self._bought[self.known.owner(event.buyer), event.instrument] += event.quantity
            if event.mode in tape.closing_modes:
                self._trades[event.instrument].append(event)
        elif isinstance(event, Closed):
            self._closes[event.instrument] = event.price

    def ended(self, tape: Tape) -> list[Alert]:
        found = self._gained_since(tape)
        for instrument, trades in sorted(self._trades.items()):
            for push in self._pushes(tape, instrument, trades):
                if not push.up:
                    self._followed.append(push)
                elif self._held(tape, push) >= self.terms.profit_ratio * push.tonnes:
                    found.append(self._alert(tape, push, self._held(tape, push)))
        for one in (self._trades, self._bought, self._closes):
            one.clear()
        return found

    def _pushes(self, tape: Tape, instrument: int, trades: Sequence[Traded]) -> list[_Push]:
        """Who moved the close of an instrument by trading late."""
        end = max((tape.stopped.get(mode, 0) for mode in tape.closing_modes), default=0)
        first = (end or trades[-1].time_ns) - self.terms.minutes * 60 * NS
        late = [one for one in trades if one.time_ns >= first]
        early = [one for one in trades if one.time_ns < first]
        level = _average(early) or tape.previous.get(instrument, 0)
        found: list[_Push] = []
        for owner in sorted({self.known.owner(party) for one in late for party in (one.buyer, one.seller)}):
            for side in (Side.BUY, Side.SELL):
                mine = [one for one in late if self.known.owner(_on(one, side)) == owner]
                push = self._push(tape, instrument, trades, late, mine, owner, side, level)
                if push:
                    found.append(push)
        return found

    def _push(
        self,
        tape: Tape,
        instrument: int,
        trades: Sequence[Traded],
        late: Sequence[Traded],
        mine: Sequence[Traded],
        owner: int,
        side: Side,
        level: int,
    ) -> _Push | None:
        tonnes, all_late = sum(one.quantity for one in mine), sum(one.quantity for one in late)
        if not mine or not level or tonnes < self.terms.late_share * all_late:
            return None
        sign = 1 if side is Side.BUY else -1
        close = self._closes.get(instrument, _average(trades))
        without = _average([one for one in trades if one not in mine]) or tape.previous.get(instrument, 0)
        moved, away = sign * (close - without), sign * (_average(mine) - level)
        if moved < self.terms.close_moved * without or away < self.terms.price_moved * level:
            return None
        return _Push(
            tape.days,
            owner,
            tuple(sorted({_on(one, side) for one in mine})),
            instrument,
            side is Side.BUY,
            tonnes,
            close,
            without,
            ppm(tonnes, all_late),
            tuple(one.evidence for one in mine),
        )

    def _held(self, tape: Tape, push: _Push) -> int:
        """What the owner had of the instrument before it pushed the price up."""
        mine = (n for (which, n) in tape.units if which == push.instrument)
        has = sum(tape.units[push.instrument, n] for n in mine if self.known.owner(n) == push.owner)
        outside = sum(n for party, n in tape.outside.items() if self.known.owner(party) == push.owner)
        return has + outside - push.tonnes

    def _gained_since(self, tape: Tape) -> list[Alert]:
        """Pushes down of the last days by owners who have bought today what makes them pay."""
        found: list[Alert] = []
        waiting: list[_Push] = []
        for push in self._followed:
            bought = self._bought.get((push.owner, push.instrument), 0)
            if bought >= self.terms.profit_ratio * push.tonnes:
                found.append(self._alert(tape, push, bought))
            elif tape.days - push.day < self.terms.follow_days:
                waiting.append(push)
        self._followed = waiting
        return found

    def _alert(self, tape: Tape, push: _Push, gains_t: int) -> Alert:
        moved = abs(push.close - push.without)
        names = self.known.listed(push.parties)
        figures = {
            "late_t": push.tonnes,
            "late_ppm": push.late_ppm,
            "close_fen": push.close,
            "without_fen": push.without,
            "gains_t": gains_t,
            "gain_fen": gains_t * moved,
        }
        least = int(self.terms.close_moved * push.without)
        zh = "推高" if push.up else "压低"
        then = ("持有", "holds") if push.up else ("随后买入", "then bought")
        return Alert(
            Rule.CLOSE,
            Level.ALARM,
            tape.day,
            push.instrument,
            push.parties,
            score(moved, least),
            figures,
            push.evidence,
            Text(
                f"{names} 在收市前 {self.terms.minutes} 分钟成交 {push.tonnes:,} 吨,将收盘价由 "
                f"{_yuan(push.without)} 元{zh}至 {_yuan(push.close)} 元,{then[0]} {gains_t:,} 吨。",
                f"{names} traded {push.tonnes:,} t in the last {self.terms.minutes} minutes: the close is "
                f"{_yuan(push.close)}, without it {_yuan(push.without)}; it {then[1]} {gains_t:,} t.",
            ),
        )


def _on(trade: Traded, side: Side) -> int:
    return trade.buyer if side is Side.BUY else trade.seller


def _average(trades: Sequence[Traded]) -> int:
    """Volume-weighted, fen per tonne, half up; 0 of none."""
    volume = sum(one.quantity for one in trades)
    amount = sum(one.quantity * one.price for one in trades)
    return (2 * amount + volume) // (2 * volume) if volume else 0


def _yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"
