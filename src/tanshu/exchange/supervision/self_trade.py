"""自买自卖: one beneficial owner on both sides of a trade, or trying to be.

The market's engine lets no participant trade with itself; what it refused or took away shows who tries: it
counts where the offer was posted shortly before, since a taker may well meet an old offer of its own. Two
accounts of one owner are two participants to the engine. Where the two chose each other (a maker named, a
quote made to one, an offer taken within seconds) a small quantity is enough; accounts that merely met need
more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tanshu.base.clock import NS
from tanshu.base.text import Text
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.records import Gone
from tanshu.exchange.supervision.model import Alert, Evidence, Known, Level, Rule, score
from tanshu.exchange.supervision.stream import Event, Left, Refused, Tape, Traded
from tanshu.exchange.supervision.thresholds import SelfTrade


class SelfTradeWatch:
    def __init__(self, terms: SelfTrade, known: Known):
        self.terms, self.known = terms, known
        self._trades: dict[tuple[int, int], list[Traded]] = defaultdict(list)
        """(owner, instrument) → trades of the owner with itself."""
        self._attempts: dict[tuple[int, int], list[Evidence]] = defaultdict(list)
        """(participant, instrument) → what was refused or taken away."""

    def see(self, event: Event, tape: Tape) -> None:
        if isinstance(event, Traded) and self.known.one_owner(event.buyer, event.seller):
            self._trades[self.known.owner(event.buyer), event.instrument].append(event)
        elif isinstance(event, Refused) and event.code == Code.SELF_TRADE:
            own = tape.own.get((event.instrument, 1 - event.side, event.party), {}).values()
            fresh = [one for one in own if self._quick(event.time_ns - one.time_ns)]
            if fresh:
                self._attempts[event.party, event.instrument].append(fresh[-1].evidence)
        elif isinstance(event, Left) and self._prevented(event):
            self._attempts[event.order.party, event.order.instrument].append(event.order.evidence)

    def _prevented(self, left: Left) -> bool:
        return left.order.why == Gone.SELF_TRADE and self._quick(left.time_ns - left.order.time_ns)

    def _quick(self, waited_ns: int) -> bool:
        return waited_ns <= self.terms.quick_seconds * NS

    def ended(self, tape: Tape) -> list[Alert]:
        found = [*self._traded(tape), *self._attempted(tape)]
        self._trades.clear()
        self._attempts.clear()
        return found

    def _traded(self, tape: Tape) -> Iterator[Alert]:
        for (_, instrument), trades in sorted(self._trades.items()):
            arranged = sum(one.quantity for one in trades if one.chosen)
            quick = [one.quantity for one in trades if one.arranged(self.terms.quick_seconds)]
            met = [one.quantity for one in trades]
            if (
                arranged < self.terms.arranged_t
                and not (len(quick) >= self.terms.quick_trades and sum(quick) >= self.terms.arranged_t)
                and not (len(met) >= self.terms.met_trades and sum(met) >= self.terms.met_t)
            ):
                continue
            parties = tuple(sorted({party for one in trades for party in (one.buyer, one.seller)}))
            tonnes = sum(met)
            points = max(score(sum(quick), self.terms.arranged_t), score(tonnes, self.terms.met_t))
            names = self.known.listed(parties)
            pieces = [piece for one in trades for piece in (one, one.buy, one.sell)]
            yield Alert(
                Rule.SELF_TRADE,
                Level.ALARM,
                tape.day,
                instrument,
                parties,
                points,
                {"traded_t": tonnes, "arranged_t": sum(quick), "trades": len(trades)},
                tuple(piece.evidence for piece in pieces),
                Text(
                    f"{names} 属同一实际控制人,当日互为对手方成交 {len(trades)} 笔、{tonnes:,} 吨。",
                    f"{names} have one owner and traded with each other: {len(trades)} trades, {tonnes:,} t.",
                ),
            )

    def _attempted(self, tape: Tape) -> Iterator[Alert]:
        for (party, instrument), tried in sorted(self._attempts.items()):
            if len(tried) < self.terms.attempts:
                continue
            yield Alert(
                Rule.SELF_TRADE,
                Level.ALARM,
                tape.day,
                instrument,
                (party,),
                score(len(tried), self.terms.attempts),
                {"attempts": len(tried)},
                tuple(tried),
                Text(
                    f"{self.known.name(party)} 当日 {len(tried)} 次申报与自己的委托成交,均被系统阻止。",
                    f"{self.known.name(party)} tried {len(tried)} times to trade with its own orders.",
                ),
            )
