"""K-lines: trades put together by time, exactly.

    1 5 15 30 60 minutes    counted from the beginning of each window of trading, so none bridges a break
    day week month          by trading day; a week begins on Monday

A bar takes its first instant and not its end, but the last bar of a window also takes what is stamped at or
after the window's end, until the next begins; and the first of a day what is stamped before it. So no trade
is lost, and longer bars are always the sums of shorter ones: month = days = hours = minutes, week = days.
Where nothing was traded there is no bar. A bar's `last` is its last trade; the close of a day is the
exchange's (see quotes.py).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from tanshu.base.clock import NS, SHANGHAI, shanghai_ns

MINUTE_NS = 60 * NS
Window = tuple[time, time]
"""Times of a day in Shanghai."""
SESSIONS: tuple[Window, ...] = ((time(9, 30), time(11, 30)), (time(13), time(15)))
"""When listing trades nationally; a market's own pack says its own."""


class Period(StrEnum):
    M1 = "1m"
    M5 = "5m"
    M15 = "15m"
    M30 = "30m"
    M60 = "60m"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    @property
    def minutes(self) -> int:
        """How many minutes; 0 for a day and longer."""
        return int(self.value[:-1]) if self.value.endswith("m") else 0


class Trade(NamedTuple):
    """What a K-line needs of a trade: trading day, UTC nanoseconds, tonnes, fen per tonne."""

    day: date
    time_ns: int
    quantity: int
    price: int


class Bar(NamedTuple):
    """Trades of a stretch of time that begins on `day` at `start_ns`. Fen per tonne; tonnes; fen."""

    day: date
    start_ns: int
    open: int
    high: int
    low: int
    last: int
    volume: int
    amount: int
    trades: int


Place = tuple[date, int]
"""Where a bar begins: day and instant."""


def bars(trades: Iterable[Trade], period: Period, sessions: Sequence[Window] = SESSIONS) -> list[Bar]:
    """The bars of trades, which come in the order in which they were made."""
    place = _placing(period, tuple(sessions))
    singles = (
        Bar(*place(t.day, t.time_ns), t.price, t.price, t.price, t.price, t.quantity, t.quantity * t.price, 1)
        for t in trades
    )
    return _gathered(singles)


def merged(shorter: Iterable[Bar], period: Period, sessions: Sequence[Window] = SESSIONS) -> list[Bar]:
    """Longer bars from shorter ones, of which each lies wholly within one of them."""
    place = _placing(period, tuple(sessions))
    return _gathered(bar._replace(day=at[0], start_ns=at[1]) for bar in shorter for at in (place(*bar[:2]),))


def joined(a: Bar, b: Bar) -> Bar:
    """One bar of two that follow each other."""
    return Bar(
        a.day,
        a.start_ns,
        a.open,
        max(a.high, b.high),
        min(a.low, b.low),
        b.last,
        a.volume + b.volume,
        a.amount + b.amount,
        a.trades + b.trades,
    )


def starts(day: date, period: Period, sessions: Sequence[Window] = SESSIONS) -> list[int]:
    """The instants at which the bars of so many minutes begin on a day."""
    step = period.minutes * MINUTE_NS
    assert step, "a day and longer have no bars within the day"
    found: list[int] = []
    for opens, ends in sessions:
        found += range(shanghai_ns(day, opens), shanghai_ns(day, ends), step)
    return found


def text(bar: Bar, period: Period) -> str:
    """When a bar begins, as people write it: 2024-11-12 09:35, 2024-11-12, 2024-11."""
    if period is Period.MONTH:
        return f"{bar.day:%Y-%m}"
    if not period.minutes:
        return bar.day.isoformat()
    at = datetime.fromtimestamp(bar.start_ns // NS, tz=UTC).astimezone(SHANGHAI)
    return f"{at:%Y-%m-%d %H:%M}"


def _gathered(pieces: Iterable[Bar]) -> list[Bar]:
    found: list[Bar] = []
    for piece in pieces:
        if found and found[-1][:2] == piece[:2]:
            found[-1] = joined(found[-1], piece)
        else:
            found.append(piece)
    return found


def _placing(period: Period, sessions: tuple[Window, ...]) -> Callable[[date, int], Place]:
    """Which bar an instant of a trading day belongs to."""
    if not period.minutes:
        return lambda day, _: _whole_days(day, period)
    grid = lru_cache(maxsize=4)(lambda day: starts(day, period, sessions))

    def place(day: date, time_ns: int) -> Place:
        begins = grid(day)
        return day, begins[max(bisect_right(begins, time_ns) - 1, 0)]

    return place


@lru_cache(maxsize=256)
def _whole_days(day: date, period: Period) -> Place:
    if period is Period.WEEK:
        day -= timedelta(days=day.weekday())
    elif period is Period.MONTH:
        day = day.replace(day=1)
    return day, shanghai_ns(day)
