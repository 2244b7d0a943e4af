"""Trades that failed on their day: delivered later with all that follows, or given up by two people."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from tanshu.book.commit import Context
from tanshu.clearing import day as steps
from tanshu.clearing import late, queries, sealing, settled, unwinding
from tanshu.clearing.day import Role
from tanshu.clearing.driving import run
from tanshu.clearing.model import AskUnwinding, DayState, DecideUnwinding, DeliverFailed
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.parties.model import Appoint, ConfirmPerson, NewPerson
from tanshu.parties.service import appoint, confirm_person
from tanshu.registry import settled as dealt
from tests.clearing.support import CLERK, PEOPLE, House, desk
from tests.exchange.bridge.support import CEA, DAY, MONEY, NEXT, TRADING, UNITS

BEFORE = list(steps.STEPS)[:6]
AFTER = list(steps.STEPS)[7:]
FEES = 2 * 100 * 8_000 * (300 + 100) // 1_000_000
"""Fen of both sides for 100 t at 80 yuan."""


def trade(house: House, seller: str, buyer: str, tonnes: int) -> None:
    house.trading.sell(seller, tonnes)
    house.trading.buy(buyer, tonnes)


def failed(house: House) -> str:
    """100 t from a to b failed, 50 t from a to c went; the day is sealed. Returns b's stopped account."""
    t = house.trading
    trade(house, t.a, t.b, 100)
    trade(house, t.a, t.c, 50)
    house.takes(*BEFORE)
    house.stops(t.b)
    house.takes("deliver", *AFTER)
    assert house.row().state == DayState.SEALED
    assert t.has(t.a) == (UNITS - 150, 100)
    return t.market.account(t.b, TRADING)


def next_day(house: House, *, trades: bool) -> None:
    t = house.trading
    t.clock.set_day(NEXT, time(9, 5))
    t.done(t.opens(NEXT))
    t.clock.set_day(NEXT, time(10))
    if trades:
        trade(house, t.c, t.a, 30)
    t.clock.set_day(NEXT, time(15, 30))


def fails(house: House, day: date = DAY) -> list[Any]:
    with house.database.read() as conn:
        return list(queries.fails(conn, day, house.trading.exchange.log))


def asks(
    house: House, trade: int = 1, by: str = CLERK, reason: str = "the account is closed for good"
) -> Any:
    return unwinding.ask_unwinding(house.trading.ctx(by, reason=reason), AskUnwinding(DAY, CEA, trade))


def decides(house: House, trade: int = 1, by: str = PEOPLE[Role.FIRST], **how: Any) -> Any:
    return unwinding.unwind_failed(house.trading.ctx(by), DecideUnwinding(DAY, CEA, trade, **how))


def sound(house: House) -> None:
    with house.book.reading() as (conn, state):
        assert sealing.holds(conn, state) is None


@pytest.mark.parametrize("trades", [True, False], ids=["a traded day", "a quiet day"])
def test_what_failed_goes_first_on_the_next_day_when_it_can(house: House, trades: bool) -> None:
    t = house.trading
    t.market.set_state(failed(house), "open")
    fen = [sum(t.has(one, MONEY, "CNY")) for one in (t.a, t.b)]
    next_day(house, trades=trades)
    house.takes(*steps.STEPS, day=NEXT)
    (one,) = fails(house)
    assert (one.state, house.row(NEXT).approved_seq < one.ended_seq < house.row(NEXT).effected_seq) == (
        "delivered",
        True,
    )
    assert (house.row(NEXT).state, house.row(NEXT).differences) == (DayState.SEALED, 0)
    assert t.has(t.b) == (UNITS + 100, 0)
    assert t.has(t.a) == (UNITS - 150 + (30 if trades else 0), 0)
    mine = 100 * 8_000
    bought = 30 * 8_000 + FEES * 30 // 200 if trades else 0
    assert sum(t.has(t.a, MONEY, "CNY")) == fen[0] + mine - FEES // 2 - bought
    assert sum(t.has(t.b, MONEY, "CNY")) == fen[1] - mine - FEES // 2
    with house.database.read() as conn:
        found = {one.transaction: one.quantity for one in dealt.settled(conn)}
        names = settled.named(conn, [one.ended_seq << 16, one.ended_seq << 16 | 1, one.ended_seq << 16 | 2])
        told = conn.execute(CLEARING_STATEMENT.select().where(CLEARING_STATEMENT.c.day == NEXT)).all()
        assert settled.late_chain(conn, one.log, DAY, 1) == (one.ended_seq, 0)
    assert found["cea 2024-01-02 #1"] == 100
    assert {str(name) for name in names.values()} == {"cea 2024-01-02 #1"} and len(names) == 2
    assert sorted((row.late_bought_t, row.late_sold_t, row.late_fees) for row in told) == [
        (0, 0, 0),
        (0, 100, FEES // 2),
        (100, 0, FEES // 2),
    ]
    sound(house)
    assert t.findings() == []


def test_it_waits_as_long_as_an_account_is_stopped(house: House) -> None:
    account = failed(house)
    next_day(house, trades=True)
    house.takes(*BEFORE, day=NEXT)
    t = house.trading
    told = t.done(late.deliver_failed(t.ctx(CLERK), DeliverFailed(NEXT))).data
    assert (told["delivered"], told["waiting"]) == (0, 1)
    t.market.set_state(account, "open")
    told = t.done(late.deliver_failed(t.ctx(CLERK), DeliverFailed(NEXT, CEA, DAY))).data
    assert (told["delivered"], told["tonnes"], told["amount"], told["fees"]) == (1, 100, 800_000, FEES)
    house.takes("deliver", *AFTER, day=NEXT)
    assert house.row(NEXT).differences == 0
    sound(house)


def test_a_driven_day_that_stops_behind_it_goes_on_from_there(house: House) -> None:
    t = house.trading
    t.market.set_state(failed(house), "open")
    next_day(house, trades=True)
    run(house.book, NEXT, desk(on=NEXT), before="deliver")
    with house.database.read() as conn:
        asked = steps.commands(conn, "deliver", NEXT)
        keys = steps.keys(conn, house.book.log, asked, NEXT)
    assert [one.step for one in asked] == ["late", "deliver"]
    t.done(asked[0].verb(Context(house.book, CLERK, keys[0], clock=t.clock), asked[0].body))
    with house.database.read() as conn:
        left = steps.commands(conn, "deliver", NEXT)
        assert steps.keys(conn, house.book.log, left, NEXT) == keys[1:]
    run(house.book, NEXT, desk(on=NEXT), before="reconcile")
    assert (fails(house)[0].state, house.row(NEXT).state) == ("delivered", DayState.EFFECTED)


def test_what_was_short_goes_when_money_is_paid_in(house: House) -> None:
    """b, which trades on what a sells, cannot pay; the next day its own money does."""
    t = house.trading
    trade(house, t.a, t.b, 100)
    trade(house, t.b, t.c, 40)
    house.takes(*BEFORE)
    house.stops(t.a)
    house.takes("deliver", *AFTER)
    assert [(one.trade, one.state) for one in fails(house)] == [(1, "waiting")]
    t.market.set_state(t.market.account(t.a, TRADING), "open")
    next_day(house, trades=False)
    house.takes(*steps.STEPS, day=NEXT)
    assert (t.has(t.a), t.has(t.b), t.has(t.c)) == ((59_900, 0), (60_060, 0), (60_040, 0))


def test_two_people_give_a_failed_trade_up_and_both_have_everything_back(house: House) -> None:
    t = house.trading
    failed(house)
    fen = [sum(t.has(one, MONEY, "CNY")) for one in (t.a, t.b)]
    t.done(asks(house))
    t.done(decides(house, accept=False, comment="it will be opened"))
    t.done(asks(house))
    t.done(decides(house))
    assert fails(house)[0].state == "unwound"
    assert t.has(t.a) == (UNITS - 50, 0)
    assert [t.has(one, MONEY, "CNY") for one in (t.a, t.b)] == [(fen[0], 0), (fen[1], 0)]
    next_day(house, trades=True)
    house.takes(*steps.STEPS, day=NEXT)
    assert (house.row(NEXT).state, house.row(NEXT).differences) == (DayState.SEALED, 0)
    sound(house)
    assert t.findings() == []


def test_what_another_trade_waits_for_stays_held(house: House) -> None:
    t = house.trading
    trade(house, t.a, t.b, 100)
    trade(house, t.a, t.b, 70)
    house.takes(*BEFORE)
    house.stops(t.b)
    house.takes("deliver", *AFTER)
    t.done(asks(house, 2))
    t.done(decides(house, 2))
    assert t.has(t.a) == (UNITS - 100, 100)
    assert t.has(t.b, MONEY, "CNY")[1] == 100 * 8_000 + FEES // 2


def test_who_asked_to_give_a_trade_up_does_not_decide_it(house: House) -> None:
    t = house.trading
    failed(house)
    body = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    t.done(appoint(t.ctx(CLERK), body))
    t.done(confirm_person(t.ctx(PEOPLE[Role.FIRST]), ConfirmPerson("registry-both-1")))
    t.done(asks(house, by="registry-both-1"))
    t.refuses("CLR-2107", lambda: decides(house, by="registry-both-1"))
    t.done(decides(house))


def test_refusals(house: House) -> None:
    t = house.trading
    failed(house)
    t.refuses("CLR-2103", lambda: asks(house, 2))
    t.refuses("CLR-2104", lambda: asks(house, reason=" "))
    t.refuses("CLR-2106", lambda: decides(house))
    t.done(asks(house))
    t.refuses("CLR-2105", lambda: asks(house))
    t.refuses("CLR-2104", lambda: decides(house, accept=False))
    t.refuses("PAR-3003", lambda: decides(house, by=CLERK))

    def deliver_failed(**how: Any) -> Any:
        return late.deliver_failed(t.ctx(CLERK), DeliverFailed(NEXT, **how))

    t.refuses("CLR-1001", lambda: deliver_failed())
    next_day(house, trades=True)
    house.takes("close", "collect", day=NEXT)
    t.refuses("CLR-1002", lambda: deliver_failed())
    house.takes("clear", "confirm", "review", "approve", day=NEXT)
    t.refuses("CLR-2102", lambda: deliver_failed(market="none"))
    house.takes("deliver", day=NEXT)
    t.refuses("CLR-2101", lambda: deliver_failed())
