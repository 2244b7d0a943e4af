"""关联方对倒: units go round within a related group, and nobody's position changes.

Over the last days, of everything the members of a group traded among themselves in one instrument: what the
members gained on balance is an ordinary transfer, the rest went round and came back.

    gross = Σ quantities        net = Σ over members of what each gained        round = gross − net
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Sequence

from tanshu.base.text import Text
from tanshu.exchange.supervision.model import Alert, Known, Level, Rule, ppm, score
from tanshu.exchange.supervision.stream import Event, Tape, Traded
from tanshu.exchange.supervision.thresholds import Wash


class WashWatch:
    def __init__(self, terms: Wash, known: Known):
        self.terms, self.known = terms, known
        self._trades: dict[tuple[int, int], deque[tuple[int, Traded]]] = defaultdict(deque)
        """(group, instrument) → day number and trade, of the window."""

    def see(self, event: Event, tape: Tape) -> None:
        if isinstance(event, Traded):
            group = self._group(tape, event.buyer)
            if group and group == self._group(tape, event.seller):
                self._trades[group, event.instrument].append((tape.days, event))

    def ended(self, tape: Tape) -> list[Alert]:
        found: list[Alert] = []
        for (_, instrument), trades in sorted(self._trades.items()):
            while trades and trades[0][0] <= tape.days - self.terms.days:
                trades.popleft()
            if trades and trades[-1][0] == tape.days:
                found += self._judged(tape, instrument, [trade for _, trade in trades])
        return found

    def _judged(self, tape: Tape, instrument: int, trades: Sequence[Traded]) -> list[Alert]:
        """Each mode by itself, so that an ordinary transfer by block hides nothing; then all together."""
        modes = sorted({one.mode for one in trades})
        for some in ([one for one in trades if one.mode == mode] for mode in modes):
            if alert := self._round(tape, instrument, some):
                return [alert]
        alert = self._round(tape, instrument, trades) if len(modes) > 1 else None
        return [alert] if alert else []

    def _group(self, tape: Tape, party: int) -> int:
        return self.known.groups.get(party) or tape.groups.get(party, 0)

    def _round(self, tape: Tape, instrument: int, trades: Sequence[Traded]) -> Alert | None:
        gross = sum(one.quantity for one in trades)
        back = gross - sum(max(0, gained) for gained in _gains(trades).values())
        arranged = sum(one.quantity for one in trades if one.arranged(self.terms.quick_seconds))
        least = self.terms.arranged_t if 2 * arranged >= gross else self.terms.met_t
        few = 2 if 2 * arranged >= gross else self.terms.met_trades
        if back < least or len(trades) < few or back < self.terms.round_share * gross:
            return None
        parties = tuple(sorted({party for one in trades for party in (one.buyer, one.seller)}))
        names = self.known.listed(parties)
        figures = {"gross_t": gross, "round_t": back, "round_ppm": ppm(back, gross), "trades": len(trades)}
        return Alert(
            Rule.WASH,
            Level.ALARM,
            tape.day,
            instrument,
            parties,
            score(back, least),
            figures,
            tuple(one.evidence for one in trades),
            Text(
                f"关联方 {names} 在 {self.terms.days} 个交易日内互相成交 {gross:,} 吨,"
                f"其中 {back:,} 吨转回,净持仓基本不变。",
                f"The related {names} traded {gross:,} t among themselves within {self.terms.days} "
                f"trading days; {back:,} t of it came back and changed nobody's position.",
            ),
        )


def _gains(trades: Sequence[Traded]) -> dict[int, int]:
    """Participant → tonnes gained on balance."""
    gains: dict[int, int] = defaultdict(int)
    for one in trades:
        gains[one.buyer] += one.quantity
        gains[one.seller] -= one.quantity
    return gains
