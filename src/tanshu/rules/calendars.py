"""Three calendars of a jurisdiction: trading days of the exchange, administrative working days, bank days.

All come from one pack per year (`cn.calendar.2024`): the holidays and the make-up weekends 调休 as the State
Council's yearly notice gives them, and the exchange's own extra closures. A make-up weekend is a working
day of the administration and closed at the exchange. Bank days, on which settlement banks move money, are the
administrative working days but for what the pack's `[banks]` says; without that table, simply these days
(assumed). A year whose pack is not there is refused: nobody can guess it.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import checks, packs
from tanshu.rules.answers import answering
from tanshu.rules.pack_model import Pack

_DAY = timedelta(days=1)
_SATURDAY = 5


@answering
def trading_days(jurisdiction: str, year: int) -> tuple[date, ...]:
    """The exchange's trading days of a year, in order. Refuses with RULE-3001 when the year is not loaded."""
    return _trading_days(_pack(jurisdiction, year))


@answering
def is_trading_day(jurisdiction: str, day: date) -> bool:
    """Whether the exchange trades on this day. A refusal (RULE-3001) is not False: look for it first."""
    return day in _trading_set(_pack(jurisdiction, day.year))


@answering
def working_days(jurisdiction: str, year: int) -> tuple[date, ...]:
    """The administrative working days of a year, make-up weekends included. Refuses with RULE-3001."""
    return _working_days(_pack(jurisdiction, year))


@answering
def is_working_day(jurisdiction: str, day: date) -> bool:
    """Whether the administration works on this day. A refusal (RULE-3001) is not False: look for it first."""
    return day in _working_set(_pack(jurisdiction, day.year))


@answering
def add_working_days(jurisdiction: str, start: date, n: int, *, count_first: bool) -> date:
    """The n-th working day from `start`.

    count_first: `start` itself is day 1 when it is a working day (public notices of the voluntary market
    count so: 20 working days from 2026-07-17 end on 2026-08-13); else counting begins with the next working
    day. Refuses with RULE-3001 when the count runs into a year that is not loaded, with RULE-3002 for n < 1.
    """
    if n < 1:
        raise Refused(checks.COUNT_NOT_POSITIVE(field="n", count=n))
    day = start if count_first else start + _DAY
    while True:
        if day in _working_set(_pack(jurisdiction, day.year)):
            n -= 1
            if n == 0:
                return day
        day += _DAY


@answering
def bank_days(jurisdiction: str, year: int) -> tuple[date, ...]:
    """The days of a year on which settlement banks move money, in order. Refuses with RULE-3001."""
    return _bank_days(_pack(jurisdiction, year))


@answering
def is_bank_day(jurisdiction: str, day: date) -> bool:
    """Whether settlement banks move money on this day. A refusal (RULE-3001) is not False."""
    return day in _bank_set(_pack(jurisdiction, day.year))


@answering
def next_bank_day(jurisdiction: str, day: date) -> date:
    """The first bank day after this one. Refuses with RULE-3001 beyond the years that are loaded."""
    day += _DAY
    while day not in _bank_set(_pack(jurisdiction, day.year)):
        day += _DAY
    return day


def _pack(jurisdiction: str, year: int) -> Pack:
    name = f"{jurisdiction}.calendar.{year}"
    pack = packs.load(name)
    if isinstance(pack, Refusal):
        if pack.kind is checks.PACK_UNKNOWN:
            raise Refused(
                checks.YEAR_NOT_LOADED(field="year", jurisdiction=jurisdiction, year=year, pack=name)
            )
        raise Refused(pack)
    return pack.must_be("calendar")


# One entry per loaded pack; the loader hands out one object per file version, so a changed file is seen.


@lru_cache(maxsize=64)
def _trading_days(pack: Pack) -> tuple[date, ...]:
    """Weekdays outside the holidays and the exchange's own closures; no weekend is ever a trading day."""
    closed = _holidays(pack) | set(pack.table("exchange")["extra_closures"])
    return tuple(day for day in _all_days(pack) if day.weekday() < _SATURDAY and day not in closed)


@lru_cache(maxsize=64)
def _working_days(pack: Pack) -> tuple[date, ...]:
    """Weekdays outside the holidays, and the make-up weekends."""
    closed, made_up = _holidays(pack), _working_weekends(pack)
    return tuple(
        day for day in _all_days(pack) if day in made_up or (day.weekday() < _SATURDAY and day not in closed)
    )


@lru_cache(maxsize=64)
def _bank_days(pack: Pack) -> tuple[date, ...]:
    """Working days but for the banks' own closures, and the days on which they are open all the same."""
    days = set(_working_days(pack))
    if "banks" in pack.tables:
        own = pack.table("banks")
        days = (days - set(own["extra_closures"])) | set(own["open_on_holidays"])
    return tuple(sorted(days))


@lru_cache(maxsize=64)
def _trading_set(pack: Pack) -> frozenset[date]:
    return frozenset(_trading_days(pack))


@lru_cache(maxsize=64)
def _working_set(pack: Pack) -> frozenset[date]:
    return frozenset(_working_days(pack))


@lru_cache(maxsize=64)
def _bank_set(pack: Pack) -> frozenset[date]:
    return frozenset(_bank_days(pack))


def _all_days(pack: Pack) -> list[date]:
    first = date(pack.table("year")["year"], 1, 1)
    return [first + i * _DAY for i in range((date(first.year + 1, 1, 1) - first).days)]


def _holidays(pack: Pack) -> set[date]:
    days: set[date] = set()
    for holiday in pack.group("holidays").values():
        first, last = holiday["first"], holiday["last"]
        days.update(first + i * _DAY for i in range((last - first).days + 1))
    return days


def _working_weekends(pack: Pack) -> set[date]:
    return {day for holiday in pack.group("holidays").values() for day in holiday["working_weekends"]}
