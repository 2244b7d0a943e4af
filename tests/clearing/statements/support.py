"""A day with trades between three, ready for its statements; the day after it."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from sqlalchemy import select

from tanshu.base.refusal import need
from tanshu.clearing.day import STEPS
from tanshu.clearing.statements import customer, market_report
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.parties import queries as parties
from tanshu.registry import statements
from tests.clearing.support import House
from tests.exchange.bridge.support import DAY, NEXT

BEFORE_STATED = tuple(STEPS)[: tuple(STEPS).index("state")]
SALES = (("a", "b", 300, 8_000), ("a", "c", 700, 8_100), ("b", "c", 100, 7_900))


def traded(house: House) -> None:
    t = house.trading
    for seller, buyer, tonnes, price in SALES:
        t.sell(getattr(t, seller), tonnes, price)
        t.buy(getattr(t, buyer), tonnes, price)


def next_day(house: House) -> None:
    """The market opens again, on the day after."""
    house.trading.clock.set_day(NEXT, time(9, 5))
    house.trading.done(house.trading.opens(NEXT))
    house.trading.clock.set_day(NEXT, time(10))


def after_the_close(house: House, day: date) -> None:
    house.trading.clock.set_day(day, time(15, 30))


def row(house: House, handle: str, day: date = DAY) -> Any:
    """What was told of a participant's day."""
    with house.database.read() as conn:
        subject = need(parties.subject(conn, handle))
        t = CLEARING_STATEMENT.c
        return conn.execute(select(CLEARING_STATEMENT).where(t.day == day, t.subject_id == subject.id)).one()


def statement(house: House, handle: str, day: date = DAY, **more: Any) -> customer.CustomerStatement:
    with house.database.read() as conn:
        return need(customer.customer_statement(conn, house.book, day, handle, **more))


def report(house: House, day: date = DAY) -> market_report.MarketReport:
    with statements.reading(house.book) as conn:
        return need(market_report.market_report(conn, house.book, day))
