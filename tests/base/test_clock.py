"""Days begin and end in Shanghai; entries count UTC nanoseconds."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime
from datetime import time as time_of_day

import pytest

from tanshu.base.clock import (
    DAY_NS,
    NS,
    business_date,
    end_of_day_ns,
    shanghai_ns,
    shanghai_text,
    system_clock,
)


def utc_ns(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * NS  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (utc_ns(2024, 12, 31, 15, 59, 59), date(2024, 12, 31)),
        (utc_ns(2024, 12, 31, 16, 0, 0), date(2025, 1, 1)),
        (utc_ns(2024, 12, 31, 16, 0, 0) - 1, date(2024, 12, 31)),
        (utc_ns(1990, 6, 30, 15, 30, 0), date(1990, 7, 1)),  # summer time: UTC+9 that year
    ],
)
def test_the_business_date_is_the_day_in_shanghai(instant: int, day: date):
    assert business_date(instant) == day


def test_the_last_nanosecond_of_a_day_belongs_to_it():
    end = end_of_day_ns(date(2024, 12, 31))
    assert business_date(end) == date(2024, 12, 31)
    assert business_date(end + 1) == date(2025, 1, 1)
    assert end + 1 - shanghai_ns(date(2024, 12, 31)) == DAY_NS


def test_an_instant_reads_as_shanghai_wall_clock():
    assert shanghai_text(shanghai_ns(date(2024, 12, 31), time_of_day(17))) == "2024-12-31 17:00:00"


def test_the_system_clock_counts_nanoseconds_since_1970():
    assert abs(system_clock() - time.time() * NS) < 60 * NS
