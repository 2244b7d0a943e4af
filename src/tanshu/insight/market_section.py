"""A market's section of a report: K-lines of every product, its days, its months. One call gives the HTML.

It stands in a page with report.css and brings nothing of its own from anywhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tanshu.base.documents import render
from tanshu.base.text import Lang, Text
from tanshu.book.writer import Writer
from tanshu.exchange.engine.records import Mode
from tanshu.exchange.figures import months, queries
from tanshu.exchange.figures.bars import Period, bars
from tanshu.exchange.figures.months import Month
from tanshu.exchange.figures.of_market import Followed, followed
from tanshu.exchange.figures.of_months import all_months
from tanshu.exchange.figures.quotes import Quote, Sum, quotes
from tanshu.exchange.figures.words import MODES
from tanshu.insight.chart_klines import klines
from tanshu.insight.drawing import Chart

PRICED = (Mode.LISTING, Mode.ORDER_BOOK)
"""Modes whose trades K-lines are drawn of: the first in which a product was traded."""
TOTAL, ALL = MODES[Mode.NONE], Text("全部产品", "all products")


@dataclass(frozen=True, slots=True)
class DayRow:
    """A product's day in which something was traded."""

    code: str
    quote: Quote
    sums: Sequence[Sum]
    """By the modes of the section, in their order."""


@dataclass(frozen=True, slots=True)
class MonthRow:
    """One mode of one product's month, or all of its modes (`is_total`); prices on its first row only."""

    month: Month
    product: Text
    mode: Text
    sum: Sum
    is_first: bool
    is_total: bool


@dataclass(frozen=True, slots=True)
class Section:
    """What the template lays out."""

    market: str
    watermarks: Sequence[Text]
    charts: Sequence[Chart]
    modes: Sequence[Text]
    days: Sequence[DayRow]
    months: Sequence[MonthRow]


def rendered(
    book: Writer[Any],
    market: str,
    lang: Lang,
    *,
    first: date = date.min,
    last: date = date.max,
    heading: Text | None = None,
) -> str:
    """The section as HTML, "" where nothing was traded from first to last.

    Raises Refused EXC-1001 where there is no such market, LOG-1003 where its log is broken.
    """
    with followed(book, market) as found:
        section = of_market(found, lang, first, last)
    if not section.days:
        return ""
    title = heading or Text("市场行情", "The market")
    return render("tanshu.insight", "market_section.html", lang, view=section, heading=title)


def of_market(found: Followed, lang: Lang, first: date = date.min, last: date = date.max) -> Section:
    """The market's days and months from first to last."""
    seen = quotes(found.conn, found.log, first, last)
    traded = [one for one in seen if one.modes]
    modes = sorted({mode for one in traded for mode in one.modes})
    codes = found.names.instruments
    days = [
        DayRow(codes.get(one.instrument, ""), one, [one.modes.get(mode, Sum()) for mode in modes])
        for one in traded
    ]
    numbers = sorted({one.instrument for one in traded})
    drawn = (_chart(found, number, lang, seen, first, last) for number in numbers)
    return Section(
        found.name,
        found.watermarks,
        [chart for chart in drawn if chart is not None],
        [MODES[mode] for mode in modes],
        days,
        _months(found, numbers, first, last),
    )


def _chart(
    found: Followed, number: int, lang: Lang, seen: Sequence[Quote], first: date, last: date
) -> Chart | None:
    """The daily candles of a product, with the exchange's closes."""
    code = found.names.instruments.get(number, str(number))
    closes = {one.day: one.close for one in seen if one.instrument == number and one.close is not None}
    for mode in PRICED:
        which = queries.Which(first, last, number, mode)
        drawn = bars(queries.for_bars(found.conn, found.log, which), Period.DAY)
        if drawn:
            title = Text(f"{code} 日K线({MODES[mode].zh})", f"{code}, daily K-lines ({MODES[mode].en})")
            name = f"klines-{found.name}-{number}"
            return klines(drawn, Period.DAY, title, lang, closes=closes, name=name)
    return None


def _months(found: Followed, numbers: Sequence[int], first: date, last: date) -> list[MonthRow]:
    """Month by month: each product, then all of them where there are several."""
    products = [(Text(code, code), all_months(found, n, last)) for n in numbers for code in [_code(found, n)]]
    if len(numbers) != 1:
        products.append((ALL, months.months(found.conn, found.log, last, found.weights)))
    since = f"{first:%Y-%m}" if first != date.min else ""
    rows: list[MonthRow] = []
    for product, known in products:
        for month in known:
            if month.month >= since and month.total.trades:
                rows += _rows(month, product)
    order = [product for product, _ in products]
    return sorted(rows, key=lambda row: (row.month.month, order.index(row.product)))


def _rows(month: Month, product: Text) -> list[MonthRow]:
    found = [
        MonthRow(month, product, MODES[mode], sum_, n == 0, False)
        for n, (mode, sum_) in enumerate(month.modes.items())
    ]
    return [*found, MonthRow(month, product, TOTAL, month.total, not found, True)]


def _code(found: Followed, number: int) -> str:
    return found.names.instruments.get(number, str(number))
