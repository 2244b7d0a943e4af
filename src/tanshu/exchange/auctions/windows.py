"""The windows of auctions as steps of a market's day: each opens and closes at the time its notice names.

The step that closes a window is the entry of the market's log that has the result.
"""

from __future__ import annotations

from datetime import date, time
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, select

from tanshu.exchange.auctions.tables import AUCTION_NOTICE
from tanshu.exchange.engine.records import Phase

FIRST = 1_000
"""The steps of auctions are numbered from here on; those of the timetable stay below."""
_OF_DAY = (
    select(AUCTION_NOTICE.c.number, AUCTION_NOTICE.c.opens, AUCTION_NOTICE.c.closes)
    .where(AUCTION_NOTICE.c.log == bindparam("log"), AUCTION_NOTICE.c.day == bindparam("day"))
    .order_by(AUCTION_NOTICE.c.number)
)


class WindowStep(NamedTuple):
    """n: its number among the steps of the day. at: Shanghai time of day."""

    n: int
    at: time
    auction: int
    phase: Phase


def of_day(conn: Connection, log: int, day: date) -> list[WindowStep]:
    """When the windows of a day open and close, by auction."""
    rows = conn.execute(_OF_DAY, {"log": log, "day": day})
    return [step for row in rows for step in _of_one(*row)]


def closing(number: int) -> int:
    """The number of the step that closes an auction's window."""
    return FIRST + 2 * number + 1


def _of_one(number: int, opens: str, closes: str) -> tuple[WindowStep, WindowStep]:
    return (
        WindowStep(closing(number) - 1, time.fromisoformat(opens), number, Phase.OPEN),
        WindowStep(closing(number), time.fromisoformat(closes), number, Phase.CLOSED),
    )
