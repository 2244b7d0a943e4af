"""A year of quotes that no rule objects to, made from a seed; and ways of spoiling one row of it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from tanshu.exchange.published.along import limits
from tanshu.exchange.published.model import Row, Terms

TERMS = Terms(
    quote_of="listing",
    close="average",
    band=Decimal("0.10"),
    block_band=Decimal("0.30"),
    block_min_t=100_000,
)
START = date(2030, 1, 1)


def year(seed: int, days: int = 240) -> list[Row]:
    """Weekdays with listing trades, some with blocks; closes are averages, all totals add up."""
    drawn = random.Random(seed)
    rows: list[Row] = []
    close, day, volume, amount = 5_000, START, 0, 0
    while len(rows) < days:
        if day.weekday() < 5:
            row = _day(drawn, len(rows) + 2, day, close)
            volume += row.cells["total_volume"] or 0
            amount += row.cells["total_amount"] or 0
            cells: dict[str, int | None] = {**row.cells, "total_prev_close": close if rows else None}
            cells |= {"total_cum_volume": volume, "total_cum_amount": amount}
            if not rows:
                del cells["total_prev_close"]
            rows.append(replace(row, cells=cells))
            close = row.cells["total_close"] or 0
        day += timedelta(1)
    return rows


def _day(drawn: random.Random, number: int, day: date, base: int) -> Row:
    lowest, highest = limits(base, Decimal("0.10"))
    trades = [(drawn.randint(lowest, highest), drawn.randint(1_000, 24_000)) for _ in range(4)]
    listing = sum(v for _, v in trades), sum(p * v for p, v in trades)
    blocks = (
        [(base + drawn.randint(-99, 99), drawn.randint(100_000, 900_000))] if drawn.random() < 0.7 else []
    )
    block = sum(v for _, v in blocks), sum(p * v for p, v in blocks)
    prices = [p for p, _ in trades]
    average = (2 * listing[1] + listing[0]) // (2 * listing[0])
    total = listing[0] + block[0], listing[1] + block[1]
    cells = {
        "total_open": prices[0],
        "total_high": max(prices),
        "total_low": min(prices),
        "total_close": average,
        "listing_volume": listing[0],
        "listing_amount": listing[1],
        "block_volume": block[0],
        "block_amount": block[1],
        "total_volume": total[0],
        "total_amount": total[1],
        "total_average": (total[1] * 10_000 + total[0] // 2) // total[0],
        "total_change": (2 * (average - base) * 10_000 + base) // (2 * base),
    }
    return Row(number, day, "", cells)


def changed(rows: Sequence[Row], n: int, **cells: int | None) -> list[Row]:
    """The rows, the n-th with other cells."""
    spoiled = list(rows)
    spoiled[n] = replace(spoiled[n], cells={**spoiled[n].cells, **cells})
    return spoiled


def with_block(rows: Sequence[Row], after: int) -> int:
    """The first row after `after` that has a block, and the one before it other figures."""
    return next(n for n in range(after, len(rows)) if rows[n].cells["block_volume"])
