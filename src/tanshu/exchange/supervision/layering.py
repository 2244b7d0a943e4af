"""频繁申报撤单: orders shown on one side while the other side trades, and cancelled once it has.

Seen from each trade of a participant: what it showed at that moment on the other side, near the best price,
and took back soon after. A market maker shows both sides and cancels, too: so one side must outweigh, the
orders must have been short-lived and much larger than what was traded, and it must happen more than once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from tanshu.base.clock import NS
from tanshu.base.text import Text
from tanshu.exchange.engine.records import Gone, Mode, OrderKind, Side
from tanshu.exchange.supervision.model import Alert, Known, Level, Rule, ppm, score
from tanshu.exchange.supervision.stream import Entered, Event, Left, Order, Tape, Traded
from tanshu.exchange.supervision.thresholds import Layering

Who = tuple[int, int, int]
"""Participant, instrument, the side shown."""


@dataclass(slots=True)
class _Moment:
    """One trade, and what its party showed on the other side just then."""

    trade: Traded
    shown: Sequence[Order]


@dataclass(slots=True)
class _Time:
    """Moments about the same orders."""

    trades: list[Traded] = field(default_factory=list)
    orders: dict[int, Order] = field(default_factory=dict)

    @property
    def traded_t(self) -> int:
        return sum(one.quantity for one in self.trades)

    @property
    def cancelled_t(self) -> int:
        return sum(one.left for one in self.orders.values())


class LayeringWatch:
    def __init__(self, terms: Layering, known: Known):
        self.terms, self.known = terms, known
        self._moments: dict[Who, list[_Moment]] = defaultdict(list)
        self._entered: dict[Who, int] = defaultdict(int)
        self._cancelled: dict[Who, int] = defaultdict(int)
        """Tonnes of the day."""

    def see(self, event: Event, tape: Tape) -> None:
        if isinstance(event, Entered):
            order = event.order
            if order.mode in (Mode.LISTING, Mode.ORDER_BOOK) and order.kind == OrderKind.LIMIT:
                self._entered[order.party, order.instrument, order.side] += order.quantity
        elif isinstance(event, Left) and event.order.why == Gone.CANCELLED:
            order = event.order
            self._cancelled[order.party, order.instrument, order.side] += event.remaining
        elif isinstance(event, Traded) and event.mode in (Mode.LISTING, Mode.ORDER_BOOK):
            self._notice(event, event.buyer, Side.SELL, tape)
            self._notice(event, event.seller, Side.BUY, tape)

    def ended(self, tape: Tape) -> list[Alert]:
        found: list[Alert] = []
        for who, moments in sorted(self._moments.items()):
            times = [one for one in self._times(moments) if self._counts(one)]
            entered, cancelled = self._entered[who], self._cancelled[who]
            otherwise = self._entered[who[0], who[1], 1 - who[2]]
            if (
                len(times) >= self.terms.times
                and cancelled >= self.terms.cancelled_share * entered
                and entered >= self.terms.day_ratio * otherwise
            ):
                found.append(self._alert(tape, who, times))
        for one in (self._moments, self._entered, self._cancelled):
            one.clear()
        return found

    def _notice(self, trade: Traded, party: int, side: Side, tape: Tape) -> None:
        """Keep what the party showed on this side when it traded on the other, where that is much."""
        if not tape.own.get((trade.instrument, side, party)):
            return
        near = tape.near(trade.instrument, side, self.terms.near)
        mine = [one for one in near if one.party == party]
        shown = sum(one.left for one in mine)
        opposite = tape.near(trade.instrument, 1 - side, self.terms.near)
        other = [one.left for one in opposite if one.party == party]
        both = shown + sum(other) + trade.quantity
        depth = sum(one.left for one in near)
        if mine and shown >= self.terms.depth_share * depth and shown >= self.terms.one_sided * both:
            self._moments[party, trade.instrument, int(side)].append(_Moment(trade, mine))

    def _times(self, moments: Sequence[_Moment]) -> list[_Time]:
        """Moments whose orders overlap are one time."""
        times: list[_Time] = []
        for moment in moments:
            taken_back = [one for one in moment.shown if self._taken_back(one, moment.trade.time_ns)]
            if not taken_back:
                continue
            if not times or not any(one.number in times[-1].orders for one in taken_back):
                times.append(_Time())
            times[-1].trades.append(moment.trade)
            times[-1].orders.update({one.number: one for one in taken_back})
        return times

    def _taken_back(self, order: Order, traded_ns: int) -> bool:
        return (
            order.why == Gone.CANCELLED
            and order.ended_ns - order.time_ns <= self.terms.life_seconds * NS
            and order.ended_ns - traded_ns <= self.terms.after_seconds * NS
        )

    def _counts(self, time: _Time) -> bool:
        enough = time.cancelled_t >= self.terms.ratio * time.traded_t
        return enough and len(time.orders) >= self.terms.orders

    def _alert(self, tape: Tape, who: Who, times: Sequence[_Time]) -> Alert:
        party, instrument, side = who
        traded, back = sum(one.traded_t for one in times), sum(one.cancelled_t for one in times)
        share = ppm(self._cancelled[who], self._entered[who])
        figures = {
            "times": len(times),
            "cancelled_t": back,
            "traded_t": traded,
            "cancelled_ppm": share,
            "entered_t": self._entered[who],
        }
        pieces = [piece.evidence for one in times for piece in (*one.orders.values(), *one.trades)]
        shown = ("买", "buy") if side == Side.BUY else ("卖", "sell")
        name = self.known.name(party)
        return Alert(
            Rule.LAYERING,
            Level.ALARM,
            tape.day,
            instrument,
            (party,),
            score(len(times), self.terms.times),
            figures,
            tuple(pieces),
            Text(
                f"{name} 当日 {len(times)} 次在{shown[0]}方挂单合计 {back:,} 吨后迅速撤单,期间在反方向成交 "
                f"{traded:,} 吨;该方向撤单率 {share // 10_000}%。",
                f"{name} showed {back:,} t of {shown[1]} orders at {len(times)} times and cancelled them "
                f"once it had traded {traded:,} t the other way; of that side {share // 10_000} % was "
                "cancelled.",
            ),
        )
