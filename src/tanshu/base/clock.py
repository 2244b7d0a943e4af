"""Time: UTC nanoseconds for entries, Asia/Shanghai for business dates.

China has kept UTC+8 without summer time since 1991-09-15; the time-zone database is asked all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
NS = 1_000_000_000
DAY_NS = 86_400 * NS

Clock = Callable[[], int]
"""Returns UTC nanoseconds since 1970."""


def system_clock() -> int:
    return time.time_ns()


def business_date(time_ns: int) -> date:
    """The Shanghai date on which this instant falls."""
    return datetime.fromtimestamp(time_ns // NS, tz=UTC).astimezone(SHANGHAI).date()


def end_of_day_ns(day: date) -> int:
    """The last nanosecond of a Shanghai date."""
    return shanghai_ns(day, time_of_day(23, 59, 59)) + NS - 1


def shanghai_ns(day: date, at: time_of_day = time_of_day(0)) -> int:
    """The instant of a Shanghai wall-clock time, in UTC nanoseconds."""
    return int(datetime.combine(day, at, SHANGHAI).timestamp()) * NS


def shanghai_text(time_ns: int) -> str:
    """An instant as people in China read it: 2024-12-31 17:00:00."""
    return datetime.fromtimestamp(time_ns // NS, tz=UTC).astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")
