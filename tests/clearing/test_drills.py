"""What goes wrong on a settlement day, and how it ends: courts, clocks, holidays."""

from __future__ import annotations

from datetime import date, time

from tanshu.clearing import collecting
from tanshu.clearing.bank.model import InstructionState
from tanshu.clearing.driving import run
from tanshu.clearing.model import Collect, DayState
from tanshu.parties.model import AccountKind
from tests.clearing.support import CLERK, House, desk
from tests.exchange.bridge.support import DAY, TRADING, UNITS
from tests.support.orders import Court

CASH = AccountKind.CASH


def _freeze(house: House, handle: str, tonnes: int, **details: object) -> str:
    line = ("CEA22", tonnes, house.trading.market.account(handle, TRADING))
    return Court(house.trading.market).done("judicial-freeze", line, **details)


def test_a_seller_frozen_in_mid_day_delivers_what_was_matched(house: House) -> None:
    t = house.trading
    t.sell(t.a, 50_000)
    t.buy(t.b, 20_000)
    _freeze(house, t.a, 100_000)
    assert t.has(t.a) == (0, UNITS)
    house.settles()
    assert house.row().differences == 0
    assert t.has(t.b) == (UNITS + 20_000, 0)
    assert t.has(t.a) == (0, UNITS - 20_000)  # the residue is the court's


def test_what_a_frozen_buyer_receives_goes_to_the_court_that_waits_for_it(house: House) -> None:
    t = house.trading
    t.sell(t.a, 1_000)
    t.buy(t.b, 1_000)
    _freeze(house, t.b, 100_000, follows=True)
    house.settles()
    assert t.has(t.b) == (0, UNITS + 1_000)
    assert house.row().state == DayState.SEALED


def test_a_freeze_between_two_blocks_is_entered_when_the_day_is_registered(house: House) -> None:
    t = house.trading
    t.sell(t.a, 1_000)
    t.buy(t.b, 1_000)
    house.takes("close", "collect", "clear", "confirm", "review", "approve", "deliver")
    court = Court(t.market)
    line = ("CEA22", 100_000, t.market.account(t.a, TRADING))
    id = t.done(court.order("judicial-freeze", line))["id"]
    t.refuses("CLR-2004", lambda: t.market.approve("registry-checker-1", id))
    house.takes("effect")
    t.done(t.market.approve("registry-checker-1", id))
    assert t.has(t.a) == (0, UNITS - 1_000)


def test_a_clock_that_jumps_back_or_past_midnight_changes_nothing(house: House) -> None:
    t = house.trading
    t.sell(t.a, 1_000)
    t.buy(t.b, 1_000)
    house.takes("close", "collect", "clear")
    t.clock.set_day(DAY, time(3))  # behind what is recorded already
    house.takes("confirm", "review", "approve")
    t.clock.set_day(date(2024, 1, 3), time(0, 30))
    house.takes("deliver", "effect", "reconcile", "state", "seal")
    assert house.row().state == DayState.SEALED
    assert house.row().day == DAY
    assert (t.has(t.a)[0], t.has(t.b)[0]) == (UNITS - 1_000, UNITS + 1_000)


def test_on_a_holiday_of_the_banks_a_day_is_sealed_and_money_waits(house: House) -> None:
    t = house.trading
    house.settles()
    holiday = date(2024, 2, 12)
    t.clock.set_day(holiday, time(10))
    paid = t.done(t.pays_out(t.a, 5_000))["id"]
    t.done(t.market.approve("registry-checker-1", paid))
    driven = run(house.book, holiday, desk(on=holiday))
    assert driven.state == DayState.SEALED
    assert house.row(holiday).differences == 0
    with house.database.read() as conn:
        states = conn.exec_driver_sql("SELECT state FROM bank_instruction WHERE kind = 'payout'").all()
    assert [tuple(row) for row in states] == [(InstructionState.MADE,)]


def test_a_day_without_trades_is_a_day_too(house: House) -> None:
    t = house.trading
    house.settles()
    quiet = date(2024, 1, 3)
    t.clock.set_day(quiet, time(16))
    told = t.done(collecting.collect(t.ctx(CLERK), Collect(quiet))).data
    assert told["markets"] == []
    house.bank_works(quiet)
    assert run(house.book, quiet, desk(on=quiet)).state == DayState.SEALED
