"""A generator of trading months with labelled abuse: the same seed gives the same records, everywhere.

A month is played on an engine of its own: participants trade around the closes of its days, and whoever is
cast for an abuse carries it out among them. What comes out is what a market's log would hold, with the times
of its entries, and the labels of what was done. Everything in it is synthetic 模拟数据.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tanshu.exchange.supervision import abuse, crowd
from tanshu.exchange.supervision.abuse import Episode, Label
from tanshu.exchange.supervision.model import Known
from tanshu.exchange.supervision.stage import Stage
from tanshu.exchange.supervision.stream import Heard

DAYS = 20
REFERENCE = 9_500
CASH = 10**12
"""Fen that every participant brings each day: nobody's abuse fails for want of money."""
SATURDAY = 5


@dataclass(frozen=True, slots=True)
class Month:
    """entries: of the whole month, in order. known: what an exchange would know of the participants."""

    seed: int
    entries: Sequence[Heard]
    labels: Sequence[Label]
    known: Known
    days: Sequence[date]
    parties: int


def month(
    seed: int,
    *,
    abuses: int = 0,
    first: date = date(2024, 11, 1),
    days: int = DAYS,
    closes: Sequence[int] = (),
    tick: Callable[[int], None] | None = None,
) -> Month:
    """Play a month. abuses: how many episodes of each kind; 0: a clean month.

    closes: fen, what a tonne is worth at the end of each day (drawn where none are given). tick: told the
    days done.
    """
    rng = Random(seed)
    stage = Stage(rng)
    dates = list(_weekdays(first, days))
    worth = list(closes) or _walk(rng, days)
    episodes = abuse.planned(rng, days, abuses) if abuses else []
    stage.admit([crowd.related(party) for party in range(1, crowd.PARTIES + 1)], REFERENCE)
    holdings, outside = _stocks(rng)
    limits = [crowd.LARGE_LIMIT if n == crowd.LARGE else crowd.LIMIT for n in range(1, crowd.PARTIES + 1)]
    for n, today in enumerate(dates):
        stage.fair = crowd.fair(stage, today, worth[n - 1] if n else REFERENCE, worth[n])
        stage.open(today, holdings, outside, CASH, limits)
        crowd.day(stage, today)
        for episode in episodes:
            if episode.start <= n < episode.start + episode.length:
                episode.play(stage, today, n - episode.start)
        stage.play()
        stage.close(today)
        holdings = stage.holdings(crowd.PARTIES)
        if tick:
            tick(n + 1)
    labels = [_label(episode, dates) for episode in episodes]
    return Month(seed, stage.heard, labels, known(), dates, crowd.PARTIES)


def known() -> Known:
    """Owners and groups of the participants."""
    owners = {party: n for n, several in enumerate(crowd.OWNERS, 1) for party in several}
    return Known(owners, {party: n for n, several in enumerate(crowd.GROUPS, 1) for party in several})


def _label(episode: Episode, dates: Sequence[date]) -> Label:
    first, last = dates[episode.start], dates[episode.start + episode.length - 1]
    return Label(episode.rule, episode.form, first, last, episode.parties, episode.subtlety)


def _weekdays(first: date, days: int) -> Iterator[date]:
    day = first
    while days:
        if day.weekday() < SATURDAY:
            yield day
            days -= 1
        day += timedelta(days=1)


def _walk(rng: Random, days: int) -> list[int]:
    """Closes of a month: up to 1.8 % from one day to the next."""
    closes: list[int] = []
    for _ in range(days):
        before = closes[-1] if closes else REFERENCE
        closes.append(before + before * (rng.randint(-90, 90) + rng.randint(-90, 90)) // 10_000)
    return closes


def _stocks(rng: Random) -> tuple[list[int], list[int]]:
    """Tonnes in the session and beside it, of each participant."""
    inside: list[int] = []
    for party in range(1, crowd.PARTIES + 1):
        low, high = (600, 1_400)
        if party in crowd.MAKERS:
            low, high = (200, 300)
        elif party in crowd.INSTITUTIONS:
            low, high = (500, 900)
        elif any(party in several for several in crowd.OWNERS):
            low, high = (800, 1_100)
        elif party == crowd.LARGE:
            low, high = (5_000, 5_600)
        inside.append(rng.randint(low, high) * 1_000)
    outside = [rng.randint(0, 100) * 1_000 for _ in inside]
    return inside, outside
