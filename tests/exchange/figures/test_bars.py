"""K-lines: exact, none across a break, nothing lost, longer ones the sums of shorter ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.clock import NS, shanghai_ns
from tanshu.exchange.figures.bars import SESSIONS, Bar, Period, Trade, bars, merged, starts, text

MONDAY = date(2024, 11, 4)
P = Period
NESTED = [
    (P.M1, P.M5),
    (P.M5, P.M15),
    (P.M15, P.M30),
    (P.M30, P.M60),
    (P.M60, P.DAY),
    (P.DAY, P.WEEK),
    (P.DAY, P.MONTH),
]


def at(clock: str, quantity: int = 1, price: int = 100, day: date = MONDAY, ns: int = 0) -> Trade:
    return Trade(day, shanghai_ns(day, time.fromisoformat(clock)) + ns, quantity, price)


WHERE = """
| stamped            | 1m    | 5m    | 60m   |
| 09:30:00           | 09:30 | 09:30 | 09:30 |
| 09:30:59.999999999 | 09:30 | 09:30 | 09:30 |
| 09:31:00           | 09:31 | 09:30 | 09:30 |
| 09:35:00           | 09:35 | 09:35 | 09:30 |
| 10:30:00           | 10:30 | 10:30 | 10:30 |
| 11:29:59.999999999 | 11:29 | 11:25 | 10:30 |
| 11:30:00           | 11:29 | 11:25 | 10:30 |
| 12:15:00           | 11:29 | 11:25 | 10:30 |
| 13:00:00           | 13:00 | 13:00 | 13:00 |
| 14:59:59.999999999 | 14:59 | 14:55 | 14:00 |
| 15:00:00           | 14:59 | 14:55 | 14:00 |
| 15:30:00           | 14:59 | 14:55 | 14:00 |
| 09:15:00           | 09:30 | 09:30 | 09:30 |
"""


@pytest.mark.parametrize("line", WHERE.strip().splitlines()[1:])
def test_a_trade_falls_into_the_bar_of_its_instant_and_the_last_one_takes_what_is_stamped_at_the_end(
    line: str,
):
    stamped, *wanted = (cell.strip() for cell in line.strip("| ").split("|"))
    clock, _, fraction = stamped.partition(".")
    trade = at(clock, ns=int(fraction or 0))
    for period, begins in zip((P.M1, P.M5, P.M60), wanted, strict=True):
        (bar,) = bars([trade], period)
        assert text(bar, period) == f"2024-11-04 {begins}"


def test_a_bar_shows_first_highest_lowest_last_and_the_sums():
    day = [
        at("09:30:01", 10, 9_700),
        at("09:30:20", 5, 9_750),
        at("09:30:40", 1, 9_640),
        at("09:30:59", 4, 9_710),
    ]
    (bar,) = bars(day, P.M1)
    amount = 10 * 9_700 + 5 * 9_750 + 9_640 + 4 * 9_710
    assert bar == Bar(MONDAY, starts(MONDAY, P.M1)[0], 9_700, 9_750, 9_640, 9_710, 20, amount, 4)


def test_no_bar_bridges_the_lunch_break():
    day = [at("11:29:00", 1, 100), at("13:00:00", 2, 110)]
    assert [(text(bar, P.M60), bar.last) for bar in bars(day, P.M60)] == [
        ("2024-11-04 10:30", 100),
        ("2024-11-04 13:00", 110),
    ]


def test_minutes_without_trades_have_no_bar():
    assert len(bars([at("09:30"), at("10:30"), at("14:00")], P.M1)) == 3


def test_a_week_begins_on_monday_and_may_lie_in_two_months():
    trades = [at("10:00", day=MONDAY - timedelta(days=4)), at("10:00", day=MONDAY - timedelta(days=3))]
    assert [text(bar, P.WEEK) for bar in bars(trades, P.WEEK)] == ["2024-10-28"]
    assert [text(bar, P.MONTH) for bar in bars(trades, P.MONTH)] == ["2024-10", "2024-11"]


def test_windows_that_are_no_multiple_of_the_period_end_with_a_shorter_bar():
    auction = ((time(10), time(10, 30)), (time(14), time(14, 50)))
    assert [text(bar, P.M60) for bar in bars([at("10:29"), at("14:49")], P.M60, auction)] == [
        "2024-11-04 10:00",
        "2024-11-04 14:00",
    ]
    assert len(starts(MONDAY, P.M15, auction)) == 2 + 4


@st.composite
def trading(draw: st.DrawFn) -> list[Trade]:
    """Trades of up to five weeks, in order, at any instant of their day."""
    days = sorted(draw(st.sets(st.integers(0, 34), min_size=1, max_size=6)))
    found: list[Trade] = []
    for n in days:
        day = MONDAY + timedelta(days=n)
        near = st.sampled_from([time(9, 30), time(11, 30), time(13), time(15), time(12)])
        seconds = st.integers(9 * 3600, 16 * 3600).map(lambda s: shanghai_ns(MONDAY) % NS + s * NS)
        edges = near.map(lambda t: (t.hour * 3600 + t.minute * 60) * NS)
        offsets = draw(st.lists(st.one_of(seconds, edges), min_size=1, max_size=12))
        for offset in sorted(offsets):
            quantity, price = draw(st.integers(1, 99_999)), draw(st.integers(1, 20_000))
            found.append(Trade(day, shanghai_ns(day) + offset, quantity, price))
    return found


def naive(trades: Sequence[Trade], minutes: int) -> dict[tuple[date, str], tuple[int, ...]]:
    """The same told another way: for each trade ask every bar of the day whether it is its own."""
    found: dict[tuple[date, str], list[Trade]] = {}
    for trade in trades:
        second = (trade.time_ns - shanghai_ns(trade.day)) // NS
        slots = [
            (begin, min(begin + minutes * 60, end.hour * 3600 + end.minute * 60))
            for opens, end in SESSIONS
            for begin in range(
                opens.hour * 3600 + opens.minute * 60, end.hour * 3600 + end.minute * 60, minutes * 60
            )
        ]
        mine = [begin for begin, end in slots if begin <= second < end]
        if not mine:  # before the first, or after the end of a window
            mine = [begin for begin, _ in slots if begin <= second][-1:] or [slots[0][0]]
        found.setdefault((trade.day, f"{mine[0] // 3600:02}:{mine[0] // 60 % 60:02}"), []).append(trade)
    return {
        key: (
            group[0].price,
            max(t.price for t in group),
            min(t.price for t in group),
            group[-1].price,
            sum(t.quantity for t in group),
            sum(t.quantity * t.price for t in group),
            len(group),
        )
        for key, group in found.items()
    }


@given(trading(), st.sampled_from([P.M1, P.M5, P.M15, P.M30, P.M60]))
def test_bars_are_those_of_a_naive_recomputation(trades: list[Trade], period: Period):
    found = {(bar.day, text(bar, period)[-5:]): tuple(bar[2:]) for bar in bars(trades, period)}
    assert found == naive(trades, period.minutes)


@given(trading())
def test_longer_bars_are_the_sums_of_shorter_ones(trades: list[Trade]):
    for shorter, longer in NESTED:
        assert merged(bars(trades, shorter), longer) == bars(trades, longer)
    assert merged(bars(trades, P.M1), P.MONTH) == bars(trades, P.MONTH)


@given(trading(), st.sampled_from(list(Period)))
def test_no_trade_is_lost_and_none_counts_twice(trades: list[Trade], period: Period):
    found = bars(trades, period)
    assert sum(bar.trades for bar in found) == len(trades)
    assert sum(bar.volume for bar in found) == sum(t.quantity for t in trades)
    assert sum(bar.amount for bar in found) == sum(t.quantity * t.price for t in trades)
    assert [bar[:2] for bar in found] == sorted({bar[:2] for bar in found})
