"""Paid allocation, 有偿分配: the part of a year's allowances that is auctioned, growing by the market's pack.

    planned = floor(share of the year × the year's total)

What was announced counts until its result is there, then what was sold.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tanshu.base.refusal import Refusal
from tanshu.exchange.auctions import checks
from tanshu.exchange.auctions.tables import AUCTION_NOTICE, AUCTION_RESULT
from tanshu.rules.market_pack import MarketRules


class Planned(NamedTuple):
    """share: of 1. total_t, planned_t: tonnes of the year; used_t: announced or sold already."""

    year: int
    share: Decimal
    total_t: int
    planned_t: int
    used_t: int

    @property
    def left_t(self) -> int:
        return max(0, self.planned_t - self.used_t)


def planned(rules: MarketRules, year: int, total_t: int) -> int | Refusal:
    """Tonnes of a year that are to be auctioned. Refuses with EXC-5108 where the pack has no share for it."""
    share = rules.paid_share.get(year)
    if share is None:
        return checks.NO_SHARE(field="paid_year", pack=rules.pack.name, year=year)
    return int(Fraction(share) * total_t)


def plan(
    conn: Connection, rules: MarketRules, instrument: str, totals: Mapping[int, int]
) -> list[Planned] | Refusal:
    """What is to be offered of each year: totals are the year's whole allowances, tonnes."""
    found: list[Planned] = []
    for year, total in sorted(totals.items()):
        tonnes = planned(rules, year, total)
        if isinstance(tonnes, Refusal):
            return tonnes
        used = used_t(conn, instrument, year)
        found.append(Planned(year, rules.paid_share[year], total, tonnes, used))
    return found


def used_t(conn: Connection, instrument: str, year: int) -> int:
    """Tonnes of a year that are announced without a result, or sold; on all markets."""
    joined = AUCTION_NOTICE.outerjoin(
        AUCTION_RESULT,
        (AUCTION_RESULT.c.log == AUCTION_NOTICE.c.log) & (AUCTION_RESULT.c.number == AUCTION_NOTICE.c.number),
    )
    tonnes = func.coalesce(AUCTION_RESULT.c.sold_t, AUCTION_NOTICE.c.quantity)
    query = select(func.coalesce(func.sum(tonnes), 0)).select_from(joined)
    return int(
        conn.execute(
            query.where(AUCTION_NOTICE.c.paid_year == year, AUCTION_NOTICE.c.instrument == instrument)
        ).scalar_one()
    )
