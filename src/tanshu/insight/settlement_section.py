"""The settlement days of the house as a section of a report: how far each is, and what it came to.

It stands in a page with report.css, like the market's section.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from tanshu.base.documents import render
from tanshu.base.text import Lang, Text
from tanshu.clearing import queries
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import Kind
from tanshu.clearing.model import DAY_LABELS, DayState
from tanshu.clearing.statements.tables import CLEARING_STATEMENT

HEADING = Text("结算日", "Settlement days")


@dataclass(frozen=True, slots=True)
class SettledDay:
    """One settlement day over all markets. tonnes; amount, fees, positions: fen; failed: trades.

    positions: what the banks levelled between them (头寸划拨). statements: how many were made. differences:
    None before the day was reconciled.
    """

    day: date
    state: DayState
    trades: int
    tonnes: int
    amount: int
    fees: int
    failed: int
    positions: int
    statements: int
    differences: int | None

    @property
    def label(self) -> Text:
        return DAY_LABELS[self.state]


def of_days(conn: Connection) -> list[SettledDay]:
    """Every settlement day, the oldest first."""
    day = CLEARING_STATEMENT.c.day
    made = {row.day: row.n for row in conn.execute(select(day, func.count().label("n")).group_by(day))}
    levelled: Counter[date] = Counter()
    for row in banks.instructions(conn):
        if row.kind == Kind.POSITION:
            levelled[row.day] += row.amount
    return [_day(conn, row, levelled[row.day], made.get(row.day, 0)) for row in queries.days(conn)]


def rendered(conn: Connection, lang: Lang, *, heading: Text = HEADING) -> str:
    """The section as HTML, "" where no day was settled by a house."""
    days = of_days(conn)
    if not days:
        return ""
    return render("tanshu.insight", "settlement_section.html", lang, days=days, heading=heading)


def _day(conn: Connection, row: Any, positions: int, statements: int) -> SettledDay:
    day = row.day
    markets = queries.markets(conn, day)
    return SettledDay(
        day,
        DayState(row.state),
        sum(one.trades for one in markets),
        sum(one.tonnes for one in markets),
        sum(one.amount for one in markets),
        sum(one.trading_fees + one.settlement_fees for one in markets),
        sum(one.failed for one in markets),
        positions,
        statements,
        row.differences,
    )
