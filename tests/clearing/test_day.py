"""The settlement day, step by step."""

from __future__ import annotations

from tanshu.clearing.day import Role
from tanshu.clearing.driving import Driven, run
from tanshu.clearing.model import DayState
from tanshu.parties.model import AccountKind
from tests.clearing.support import House, desk
from tests.exchange.bridge.support import DAY

MONEY = AccountKind.CASH


def test_a_day_is_settled_to_the_fen(house: House) -> None:
    t = house.trading
    before = {handle: t.has(handle, MONEY, "CNY")[0] for handle in (t.a, t.b, t.c)}
    t.sell(t.a, 1_000)
    t.buy(t.b, 300)
    t.buy(t.c, 700)
    house.after_the_close()
    house.settles()
    assert house.row().state == DayState.SEALED
    assert house.row().differences == 0
    assert [t.has(handle) for handle in (t.a, t.b, t.c)] == [(59_000, 0), (60_300, 0), (60_700, 0)]
    fees = {t.a: 3_200, t.b: 960, t.c: 2_240}
    prices = {t.a: 8_000_000, t.b: -2_400_000, t.c: -5_600_000}
    for handle in (t.a, t.b, t.c):
        total = sum(t.has(handle, MONEY, "CNY"))
        assert total - before[handle] >= prices[handle] - fees[handle]


def test_a_day_goes_as_far_as_people_are_at_hand(house: House) -> None:
    t = house.trading
    t.sell(t.a, 1_000)
    t.buy(t.b, 300)
    for without, step in ((Role.EXCHANGE, "close"), (Role.CONFIRMER, "confirm"), (Role.SECOND, "approve")):
        driven = run(house.book, DAY, desk(without=(without,)))
        assert driven.halt is not None
        assert (driven.halt.step, driven.halt.waits_for) == (step, without)
    driven = run(house.book, DAY, desk())
    assert driven.halt is not None
    assert (driven.halt.step, driven.halt.differences) == ("reconcile", 1)  # no statement yet
    house.bank_works()
    assert run(house.book, DAY, desk()).halt is None
    assert house.row().state == DayState.SEALED
    assert run(house.book, DAY, desk()) == Driven(DAY, DayState.SEALED, None)
