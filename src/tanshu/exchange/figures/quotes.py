"""A market's day as an exchange quotes it: open, high, low, close of each product, volume and amount by mode.

    open     the first trade of the modes that make the close (挂牌协议, on the national market)
    close    as the market's log says it at the close: volume-weighted average of those trades, half up
    none     a product that was not traded so stands at its previous close: open, high, low and close alike

The composite (综合价格) puts the quotes of several vintages together with the weights that stand on that day:
each of its prices is Σ weight × price / Σ weight, half up to the fen, over the products that are quoted.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection, select

from tanshu.exchange.engine.records import Mode
from tanshu.exchange.engine.terms import Term
from tanshu.exchange.figures.tables import MARKET_CLOSE, MARKET_DAY_FIGURE, MARKET_TERM, MARKET_TRADING_DAY


class Sum(NamedTuple):
    """Tonnes, fen, number of trades."""

    volume: int = 0
    amount: int = 0
    trades: int = 0

    def plus(self, other: Sum) -> Sum:
        return Sum(*(a + b for a, b in zip(self, other, strict=True)))

    @property
    def average(self) -> int | None:
        """Volume-weighted, fen per tonne, half up; None where nothing was traded."""
        return (2 * self.amount + self.volume) // (2 * self.volume) if self.volume else None


@dataclass(frozen=True, slots=True)
class Figure:
    """What was traded of a product in one mode on a day."""

    mode: Mode
    open: int
    high: int
    low: int
    last: int
    sum: Sum
    first_trade: int
    last_trade: int


@dataclass(frozen=True, slots=True)
class Quote:
    """A product's day; instrument 0 is the composite. close is None while the day is open.

    Prices fen per tonne. traded: whether any trade made them; else they repeat the previous close. modes:
    only those in which something was traded.
    """

    day: date
    instrument: int
    previous: int
    open: int
    high: int
    low: int
    close: int | None
    traded: bool
    modes: Mapping[Mode, Sum]

    @property
    def total(self) -> Sum:
        return added(self.modes.values())

    @property
    def change(self) -> int | None:
        """The close less the previous one, fen."""
        return None if self.close is None else self.close - self.previous

    @property
    def change_percent(self) -> Decimal | None:
        """涨跌幅 in per cent, two decimals, half away from zero."""
        if self.change is None:
            return None
        hundredths = _half_up(Fraction(abs(self.change) * 10_000, self.previous))
        return Decimal(hundredths if self.change >= 0 else -hundredths).scaleb(-2)


class _Counted:
    """Which trades make the close on a day: by product and mode, as the terms state it; product 0 is all."""

    def __init__(self) -> None:
        self.stated: dict[tuple[int, int], bool] = {}

    def get(self, key: tuple[int, int]) -> bool:
        return self.stated.get(key, self.stated.get((0, key[1]), False))


def number_of(day: date) -> int:
    """A day as the market's log numbers it: yyyymmdd."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_of(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def added(sums: Iterable[Sum]) -> Sum:
    """All of them together."""
    total = Sum()
    for one in sums:
        total = total.plus(one)
    return total


# -- reading -----------------------------------------------------------------------------------------------


def trading_days(conn: Connection, log: int, first: date = date.min, last: date = date.max) -> list[date]:
    """The days the market opened, oldest first."""
    t = MARKET_TRADING_DAY.c
    here = (t.log == log, t.day >= number_of(first), t.day <= number_of(last))
    return [day_of(n) for n in conn.execute(select(t.day).where(*here).order_by(t.day)).scalars()]


def quotes(conn: Connection, log: int, first: date, last: date) -> list[Quote]:
    """The quotes of every product on every trading day from first to last, by day and product."""
    figures = _figures(conn, log, first, last)
    counted = _counted(conn, log, first, last)
    closes = _closes(conn, log, last)
    found: list[Quote] = []
    standing: dict[int, int] = dict(closes.get(0, {}))
    known = sorted(closes)
    at = 0
    for day in trading_days(conn, log, first, last):
        number = number_of(day)
        while at < len(known) and known[at] < number:
            standing.update(closes[known[at]])
            at += 1
        today = closes.get(number)
        for instrument in sorted(standing if today is None else today):
            mine = figures.get((number, instrument), [])
            price = [one for one in mine if counted[number].get((instrument, one.mode))]
            close = None if today is None else today[instrument]
            found.append(_quote(day, instrument, standing[instrument], close, mine, price))
    return found


def _quote(
    day: date,
    instrument: int,
    previous: int,
    close: int | None,
    figures: Sequence[Figure],
    counted: Sequence[Figure],
) -> Quote:
    prices = (previous, previous, previous)
    if counted:
        opens = min(counted, key=lambda one: one.first_trade).open
        prices = opens, max(one.high for one in counted), min(one.low for one in counted)
    modes = {one.mode: one.sum for one in figures}
    return Quote(day, instrument, previous, *prices, close, bool(counted), modes)


def _figures(conn: Connection, log: int, first: date, last: date) -> dict[tuple[int, int], list[Figure]]:
    t = MARKET_DAY_FIGURE.c
    here = (t.log == log, t.day >= number_of(first), t.day <= number_of(last))
    found: dict[tuple[int, int], list[Figure]] = defaultdict(list)
    for r in conn.execute(select(MARKET_DAY_FIGURE).where(*here).order_by(t.day, t.instrument, t.mode)):
        figure = Figure(
            Mode(r.mode), r.open, r.high, r.low, r.last, Sum(r.volume, r.amount, r.trades), r.first_trade,
            r.last_trade,
        )  # fmt: skip
        found[r.day, r.instrument].append(figure)
    return found


def _counted(conn: Connection, log: int, first: date, last: date) -> dict[int, _Counted]:
    t = MARKET_TERM.c
    here = (t.log == log, t.day >= number_of(first), t.day <= number_of(last))
    stated = select(t.day, t.instrument, t.mode, t.value).where(*here, t.term == int(Term.IN_CLOSE))
    found: dict[int, _Counted] = defaultdict(_Counted)
    for day, instrument, mode, value in conn.execute(stated):
        found[day].stated[instrument, mode] = bool(value)
    return found


def _closes(conn: Connection, log: int, last: date) -> dict[int, dict[int, int]]:
    """Day → product → close; under day 0 what the products were listed with."""
    t = MARKET_CLOSE.c
    query = select(t.day, t.instrument, t.close).where(t.log == log, t.day <= number_of(last))
    found: dict[int, dict[int, int]] = defaultdict(dict)
    for day, instrument, close in conn.execute(query):
        found[day][instrument] = close
    return found


# -- the composite -----------------------------------------------------------------------------------------


def composite(quoted: Sequence[Quote], weights: Mapping[int, Decimal]) -> Quote | None:
    """The composite of one day's quotes by the weights of products; None where none of weight is quoted.

    Its volume and amount are those of all products, whatever they weigh.
    """
    weighed = [(weights[one.instrument], one) for one in quoted if weights.get(one.instrument)]
    if not weighed:
        return None
    assert len({one.day for one in quoted}) == 1

    def price(name: str) -> int:
        return _weighed([(weight, getattr(one, name)) for weight, one in weighed])

    closed = all(one.close is not None for _, one in weighed)
    modes: dict[Mode, Sum] = {}
    for one in quoted:
        for mode, sum_ in one.modes.items():
            modes[mode] = modes.get(mode, Sum()).plus(sum_)
    return Quote(
        quoted[0].day,
        0,
        price("previous"),
        price("open"),
        price("high"),
        price("low"),
        price("close") if closed else None,
        any(one.traded for _, one in weighed),
        modes,
    )


def _weighed(prices: Sequence[tuple[Decimal, int]]) -> int:
    total = sum((Fraction(weight) for weight, _ in prices), Fraction(0))
    return _half_up(sum((Fraction(weight) * price for weight, price in prices), Fraction(0)) / total)


def _half_up(number: Fraction) -> int:
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)
