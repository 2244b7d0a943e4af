"""A month of a market as published day by day: its rows, sums and findings, the published month beside."""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from tanshu.base.quantity import YEAR_MAX, YEAR_MIN
from tanshu.base.refusal import Refused
from tanshu.exchange.published import checks, copies, months, queries
from tanshu.exchange.published.model import Finding, Row
from tanshu.exchange.published.months import Comparison
from tanshu.exchange.published.queries import Found

_MONTH = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$", re.ASCII)


@dataclass(frozen=True, slots=True)
class Month:
    """A month of one series. others: what other series of the market say differently, by their names."""

    market: str
    series: str
    month: str
    days: tuple[Row, ...]
    sums: Mapping[str, int]
    close: int | None
    found: tuple[Found, ...]
    official: str
    """The series of the published month; "" where none is loaded."""
    comparison: Comparison | None
    others: Mapping[str, Sequence[Finding]]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What was found, with what the published month proves of it."""
        return self.comparison.findings if self.comparison else tuple(one.finding for one in self.found)


def month(conn: Connection, market: str, asked: str, series: str = "") -> Month:
    """The month "2024-12" of a market. series: which of its daily ones; else the one with most days in it.

    Raises Refused EXC-6005 (no month), EXC-6006 (nothing imported for it).
    """
    first, last = bounds(asked)
    known = [one.name for one in queries.series(conn, market=market, period="day")]
    asked_for = [name for name in known if series in ("", name)]
    rows = {name: queries.days(conn, name, first, last) for name in known}
    name = max(asked_for, key=lambda one: len({row.day for row in rows[one]}), default="")
    if not name or not rows[name]:
        have = [*dict.fromkeys(day for one in asked_for for day in queries.months(conn, one))]
        said = f"{have[0]}–{have[-1]}" if have else "—"
        raise Refused(checks.MONTH_EMPTY(field="month", market=market, month=asked, known=said))
    days = rows[name]
    found = queries.findings_in(conn, name, first, last)
    official, published = _published(conn, market, first)
    comparison = months.compare(asked, days, published, [one.finding for one in found]) if published else None
    others = {one: copies.differences(days, rows[one], one) for one in known if one != name and rows[one]}
    return Month(
        market,
        name,
        asked,
        tuple(days),
        months.sums(days),
        months.close_of(days),
        tuple(found),
        official,
        comparison,
        others,
    )


def bounds(month: str) -> tuple[date, date]:
    """The first and last day of "2024-12". Raises Refused EXC-6005."""
    found = _MONTH.match(month)
    if not found or not YEAR_MIN <= int(found[1]) <= YEAR_MAX:
        raise Refused(checks.MONTH_WRONG(field="month", value=month))
    year, number = int(found[1]), int(found[2])
    return date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1])


def _published(conn: Connection, market: str, first: date) -> tuple[str, Row | None]:
    """The published month, of the first series of the market that has it."""
    for one in queries.series(conn, market=market, period="month"):
        for row in queries.days(conn, one.name, first, first):
            return one.name, row
    return "", None
