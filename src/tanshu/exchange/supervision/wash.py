"""关联方对倒: units go round within a related group, and nobody's position changes.

What the members of a group traded among themselves over the last days is a flow from sellers to buyers. What
runs in cycles came back to where it was; the rest is an ordinary transfer, through several hands or not.

    gross = Σ quantities        round = what cycles carry, on all their legs
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping, Sequence
from itertools import pairwise

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
        back = circulated(_flows(trades))
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


def circulated(flows: Mapping[tuple[int, int], int]) -> int:
    """Tonnes, over all legs, that cycles of a flow carry. flows: (seller, buyer) → tonnes.

    One cycle after the other is taken out, the shortest first, until what is left goes one way only.
    """
    left = {leg: tonnes for leg, tonnes in sorted(flows.items()) if tonnes > 0}
    found = 0
    while cycle := _cycle(left):
        legs = list(pairwise((*cycle, cycle[0])))
        least = min(left[leg] for leg in legs)
        found += least * len(legs)
        for leg in legs:
            left[leg] -= least
            if not left[leg]:
                del left[leg]
    return found


def _cycle(flows: Mapping[tuple[int, int], int]) -> list[int]:
    """The members of a shortest cycle, in order; none where there is none."""
    buyers: dict[int, list[int]] = defaultdict(list)
    for seller, buyer in flows:
        buyers[seller].append(buyer)
    cycles = (_way_back(buyers, start) for start in sorted(buyers))
    return min((one for one in cycles if one), key=len, default=[])


def _way_back(buyers: Mapping[int, Sequence[int]], start: int) -> list[int]:
    """The shortest way from a member back to itself, without the return."""
    ways = deque([[start]])
    seen: set[int] = set()
    while ways:
        way = ways.popleft()
        for buyer in buyers.get(way[-1], ()):
            if buyer == start:
                return way
            if buyer not in seen:
                seen.add(buyer)
                ways.append([*way, buyer])
    return []


def _flows(trades: Sequence[Traded]) -> dict[tuple[int, int], int]:
    """(seller, buyer) → tonnes."""
    flows: dict[tuple[int, int], int] = defaultdict(int)
    for one in trades:
        flows[one.seller, one.buyer] += one.quantity
    return flows
