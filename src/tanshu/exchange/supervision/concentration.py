"""集中持仓: an owner beyond the holding limit over all its accounts, or with a grip on the market.

The engine holds each participant to its limit; one owner's accounts together are seen here only. A holder who
comes near the limit has to report 大户报告: that is told as a report, and is no accusation.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from tanshu.base.text import Text
from tanshu.exchange.supervision.model import Alert, Evidence, Known, Level, Rule, ppm, score
from tanshu.exchange.supervision.stream import DayBegun, Event, Tape, Traded
from tanshu.exchange.supervision.thresholds import Concentration

EVIDENCE_MAX = 200
"""Of an owner's purchases so many are named, the newest."""


class ConcentrationWatch:
    def __init__(self, terms: Concentration, known: Known):
        self.terms, self.known = terms, known
        self._bought: deque[dict[int, int]] = deque(maxlen=terms.volume_days)
        """Of each day of the window: owner → tonnes bought."""
        self._held: deque[dict[int, int]] = deque(maxlen=terms.volume_days + 1)
        """At the end of each day: owner → tonnes."""
        self._purchases: dict[int, deque[Evidence]] = defaultdict(lambda: deque(maxlen=EVIDENCE_MAX))
        self._told: set[tuple[int, str]] = set()
        """What was told and still is so: told once."""

    def see(self, event: Event, tape: Tape) -> None:  # noqa: ARG002
        if isinstance(event, DayBegun):
            self._bought.append(defaultdict(int))
        elif isinstance(event, Traded):
            owner = self.known.owner(event.buyer)
            self._bought[-1][owner] += event.quantity
            self._purchases[owner].append(event.evidence)

    def ended(self, tape: Tape) -> list[Alert]:
        members = self._members(tape)
        held = {owner: sum(tape.position(party) for party in several) for owner, several in members.items()}
        self._held.append(held)
        found: list[Alert] = []
        for owner, parties in sorted(members.items()):
            for kind, alert in (
                ("limit", self._over_limit(tape, owner, parties, held[owner])),
                ("grip", self._grip(tape, owner, parties, held)),
                ("report", self._large(tape, owner, parties, held[owner])),
            ):
                if alert and (owner, kind) not in self._told:
                    found.append(alert)
                (self._told.add if alert else self._told.discard)((owner, kind))
        return found

    def _members(self, tape: Tape) -> Mapping[int, tuple[int, ...]]:
        members: dict[int, tuple[int, ...]] = {}
        for party in sorted(tape.groups):
            owner = self.known.owner(party)
            members[owner] = (*members.get(owner, ()), party)
        return members

    def _limit(self, tape: Tape, parties: tuple[int, ...]) -> int:
        """An owner's accounts count together against one limit: the largest of theirs. 0: none."""
        return max((tape.limits.get(party, 0) for party in parties), default=0)

    def _over_limit(self, tape: Tape, owner: int, parties: tuple[int, ...], held: int) -> Alert | None:
        limit = self._limit(tape, parties)
        if not limit or held <= limit:
            return None
        names = self.known.listed(parties)
        return self._alert(
            tape,
            Level.ALARM,
            owner,
            parties,
            score(held, limit),
            {"held_t": held, "limit_t": limit, "use_ppm": ppm(held, limit)},
            Text(
                f"{names} 合并持仓 {held:,} 吨,超过持仓限额 {limit:,} 吨。",
                f"{names} together hold {held:,} t, more than the holding limit of {limit:,} t.",
            ),
        )

    def _large(self, tape: Tape, owner: int, parties: tuple[int, ...], held: int) -> Alert | None:
        limit = self._limit(tape, parties)
        if not limit or held < self.terms.report_share * limit:
            return None
        names = self.known.listed(parties)
        return self._alert(
            tape,
            Level.REPORT,
            owner,
            parties,
            score(held, int(self.terms.report_share * limit)),
            {"held_t": held, "limit_t": limit, "use_ppm": ppm(held, limit)},
            Text(
                f"{names} 持仓 {held:,} 吨,达到大户报告标准(限额 {limit:,} 吨)。",
                f"{names} hold {held:,} t: a large holder has to report (the limit is {limit:,} t).",
            ),
        )

    def _grip(
        self, tape: Tape, owner: int, parties: tuple[int, ...], held: Mapping[int, int]
    ) -> Alert | None:
        """Much of everything, and growing by buying much of what is traded."""
        everything = sum(held.values())
        bought = sum(day.get(owner, 0) for day in self._bought)
        volume = sum(sum(day.values()) for day in self._bought)
        gained = held[owner] - self._held[0].get(owner, 0)
        if not everything or not volume:
            return None
        if (
            held[owner] < self.terms.holding_share * everything
            or bought < self.terms.volume_share * volume
            or gained < self.terms.gained_share * everything
        ):
            return None
        names = self.known.listed(parties)
        share, part = ppm(held[owner], everything), ppm(bought, volume)
        return self._alert(
            tape,
            Level.ALARM,
            owner,
            parties,
            score(share, int(self.terms.holding_share * 1_000_000)),
            {
                "held_t": held[owner],
                "holding_ppm": share,
                "bought_t": bought,
                "volume_ppm": part,
                "gained_t": gained,
            },
            Text(
                f"{names} 持有市场总量的 {share // 10_000}%,近 {len(self._bought)} 个交易日买入占成交量的 "
                f"{part // 10_000}%。",
                f"{names} hold {share // 10_000} % of everything held and bought {part // 10_000} % of what "
                f"was traded in the last {len(self._bought)} trading days.",
            ),
        )

    def _alert(
        self,
        tape: Tape,
        level: Level,
        owner: int,
        parties: tuple[int, ...],
        points: int,
        figures: Mapping[str, int],
        text: Text,
    ) -> Alert:
        evidence = tuple(self._purchases[owner])
        return Alert(Rule.CONCENTRATION, level, tape.day, 0, parties, points, figures, evidence, text)
