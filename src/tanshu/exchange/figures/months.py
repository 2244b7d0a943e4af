"""A month of a market as exchanges publish it: high, low, close, sums by mode, and sums since the beginning.

High and low are the highest and lowest of the daily quotes, where something was traded; the close is that of
the month's last day. For the whole market they are those of the composite; without one, of the only product
there is, else there are none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby

from sqlalchemy import Connection

from tanshu.exchange.engine.records import Mode
from tanshu.exchange.figures.quotes import Quote, Sum, added, composite, quotes

Weights = Callable[[date], Mapping[int, Decimal] | None]
"""What the products weigh in the composite on a day; None where there is no composite."""


@dataclass(frozen=True, slots=True)
class Month:
    """A month, "2024-11", of one product, or of all (instrument 0). Prices fen per tonne.

    close is None while its last day is open. cumulative counts from the market's first day on.
    """

    month: str
    instrument: int
    high: int | None
    low: int | None
    close: int | None
    modes: Mapping[Mode, Sum]
    total: Sum
    cumulative: Sum
    days: tuple[Quote, ...]
    """One quote a trading day: of the product, or the composite; nothing where neither is."""


def no_weights(_day: date) -> Mapping[int, Decimal] | None:
    """A market without a composite."""
    return None


def months(conn: Connection, log: int, last: date, weights: Weights = no_weights) -> list[Month]:
    """The whole market's months from its first day to `last`, oldest first."""
    found: list[Month] = []
    so_far = Sum()
    by_day = groupby(quotes(conn, log, date.min, last), key=lambda one: one.day)
    days = [(day, list(of_day)) for day, of_day in by_day]
    for month, group in groupby(days, key=lambda pair: f"{pair[0]:%Y-%m}"):
        members = list(group)
        whole = [_whole_market(of_day, weights(day)) for day, of_day in members]
        one = _month(month, 0, [quote for _, of_day in members for quote in of_day], so_far)
        so_far = one.cumulative
        found.append(_priced(one, whole))
    return found


def months_of(conn: Connection, log: int, instrument: int, last: date) -> list[Month]:
    """One product's months from its first day to `last`, oldest first."""
    found: list[Month] = []
    so_far = Sum()
    mine = [quote for quote in quotes(conn, log, date.min, last) if quote.instrument == instrument]
    for month, group in groupby(mine, key=lambda quote: f"{quote.day:%Y-%m}"):
        days = list(group)
        one = _month(month, instrument, days, so_far)
        so_far = one.cumulative
        found.append(_priced(one, list(days)))
    return found


def _whole_market(of_day: Sequence[Quote], weights: Mapping[int, Decimal] | None) -> Quote | None:
    """The quote of a day that stands for all: the composite, or that of the only product."""
    if weights is not None:
        return composite(of_day, weights)
    return of_day[0] if len(of_day) == 1 else None


def _month(month: str, instrument: int, quoted: Sequence[Quote], so_far: Sum) -> Month:
    modes: dict[Mode, Sum] = defaultdict(Sum)
    for quote in quoted:
        for mode, sum_ in quote.modes.items():
            modes[mode] = modes[mode].plus(sum_)
    total = added(modes.values())
    ordered = {mode: modes[mode] for mode in sorted(modes)}
    return Month(month, instrument, None, None, None, ordered, total, so_far.plus(total), ())


def _priced(month: Month, days: Sequence[Quote | None]) -> Month:
    """The same with the prices of its days: a quote that only repeats the previous close makes no extreme."""
    there = [day for day in days if day is not None]
    moved = [day for day in there if day.traded] or there
    return Month(
        month.month,
        month.instrument,
        max((day.high for day in moved), default=None),
        min((day.low for day in moved), default=None),
        days[-1].close if days and days[-1] is not None else None,
        month.modes,
        month.total,
        month.cumulative,
        tuple(there),
    )
