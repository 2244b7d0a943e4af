"""The months of a market with its own rules' composite."""

from __future__ import annotations

from datetime import date

from tanshu.base.refusal import Refused
from tanshu.exchange.figures import checks, months
from tanshu.exchange.figures.months import Month
from tanshu.exchange.figures.of_market import Followed


def all_months(found: Followed, instrument: int = 0, last: date = date.max) -> list[Month]:
    """Every month of one product, or of the whole market (0), oldest first."""
    if instrument:
        return months.months_of(found.conn, found.log, instrument, last)
    return months.months(found.conn, found.log, last, found.weights)


def one_month(found: Followed, month: str, instrument: int = 0) -> Month:
    """One month, "2024-11". Raises Refused EXC-6902 where there are no figures of it."""
    known = all_months(found, instrument)
    for one in known:
        if one.month == month:
            return one
    span = ", ".join(one.month for one in known) or "—"
    raise Refused(checks.NO_MONTH(field="month", market=found.name, month=month, known=span))
