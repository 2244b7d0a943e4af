"""The settlement day, step by step."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest

from tanshu.clearing import collecting, delivery, effecting, queries, reviewing, sealing
from tanshu.clearing import day as steps
from tanshu.clearing.day import Role
from tanshu.clearing.driving import Driven, run
from tanshu.clearing.model import Clear, Collect, Confirm, DayState, Deliver, Effect, Review, Seal
from tanshu.parties.model import AccountKind
from tests.clearing.packs import settled_as
from tests.clearing.support import CLERK, PEOPLE, House, desk
from tests.exchange.bridge.support import CASH, CEA, DAY, NEXT, Trading

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


def trade(house: House, seller: str, buyer: str, tonnes: int) -> None:
    house.trading.sell(seller, tonnes)
    house.trading.buy(buyer, tonnes)


@pytest.mark.parametrize("model", ["gross", "net_cash", "net"])
def test_every_model_leaves_everybody_with_the_same(house: House, tmp_path: Path, model: str) -> None:
    t = house.trading
    for seller, buyer, tonnes in ((t.a, t.b, 100), (t.b, t.c, 80), (t.c, t.a, 50), (t.a, t.c, 30)):
        trade(house, seller, buyer, tonnes)
    with settled_as(tmp_path, model=model):
        house.settles()
    assert house.row().state == DayState.SEALED
    assert [t.has(handle) for handle in (t.a, t.b, t.c)] == [(59_920, 0), (60_020, 0), (60_060, 0)]
    money = [t.has(handle, MONEY, "CNY") for handle in (t.a, t.b, t.c)]
    assert all(held == 0 for _, held in money)
    fees = 2 * 260 * 8_000 * (300 + 100) // 1_000_000
    assert sum(free for free, _ in money) == 3 * CASH - fees


def test_blocks_follow_each_other_and_one_in_memory_is_the_one_made_again(
    house: House, tmp_path: Path
) -> None:
    t = house.trading
    for n in range(10):
        trade(house, (t.a, t.b, t.c)[n % 3], (t.b, t.c, t.a)[n % 3], 10 + n)
    with settled_as(tmp_path, block_trades=3):
        house.takes(*list(steps.STEPS)[:6])
        for block in range(4):
            if block == 2:
                delivery._FLOORS.clear()
            told = t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, block))).data
            assert told["trades"] == (3, 3, 3, 1)[block]
        t.refuses("CLR-1002", lambda: delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 4)))
        house.takes(*list(steps.STEPS)[7:])
    assert house.row().state == DayState.SEALED


def test_a_trade_of_a_stopped_account_fails_and_keeps_nobody_else(house: House) -> None:
    t = house.trading
    trade(house, t.a, t.b, 100)
    trade(house, t.a, t.c, 50)
    trade(house, t.b, t.c, 30)
    house.takes(*list(steps.STEPS)[:6])
    house.stops(t.b)
    told = house.takes("deliver")
    assert (told["trades"], told["failed"]) == (1, 2)
    house.takes(*list(steps.STEPS)[7:])
    assert house.row().state == DayState.SEALED
    assert t.has(t.a) == (59_850, 100)  # what the failed trade needs stays held for it
    assert t.has(t.c) == (60_050, 0)
    assert t.has(t.b)[0] + t.has(t.b)[1] == 60_000


def test_refusals_of_the_day(house: House) -> None:
    t = house.trading
    other = date(2024, 1, 5)
    t.refuses("CLR-1001", lambda: collecting.clear(t.ctx(CLERK), Clear(other)))
    t.refuses("CLR-1010", lambda: collecting.collect(t.ctx(CLERK), Collect(other)))
    t.refuses("CLR-1004", lambda: collecting.collect(t.ctx(CLERK), Collect(DAY)))
    trade(house, t.a, t.b, 100)
    house.takes("close", "collect")
    t.refuses("CLR-1014", lambda: collecting.collect(t.ctx(CLERK), Collect(DAY)))
    t.refuses("CLR-1002", lambda: sealing.seal(t.ctx(CLERK), Seal(DAY)))
    house.takes("clear")
    confirm = PEOPLE[Role.CONFIRMER]
    t.refuses("CLR-1007", lambda: reviewing.confirm(t.ctx(confirm), Confirm(DAY, 1, 100, 1)))
    house.takes("confirm")
    first, second = t.ctx(PEOPLE[Role.FIRST]), t.ctx(PEOPLE[Role.SECOND])
    t.refuses("CLR-1009", lambda: reviewing.review(first, Review(DAY, accept=False)))
    house.takes("review")
    t.refuses("CLR-1008", lambda: reviewing.approve(t.ctx(PEOPLE[Role.FIRST]), Review(DAY)))
    t.done(reviewing.approve(second, Review(DAY, accept=False, comment="the lists are to be compared again")))
    assert house.row().state == DayState.COLLECTED
    assert house.row().reviewed_by is None
    house.takes("clear", "confirm", "review", "approve")
    t.refuses("CLR-2002", lambda: delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 1)))
    t.refuses("CLR-2005", lambda: delivery.deliver(t.ctx(CLERK), Deliver(DAY, "none", 0)))
    house.takes("deliver", "effect")
    t.refuses("CLR-1002", lambda: effecting.effect(t.ctx(CLERK), Effect(DAY)))
    t.clock.set_day(NEXT, time(9, 5))
    t.refuses("CLR-1011", lambda: t.opens(NEXT))
    t.refuses("CLR-1003", lambda: collecting.collect(t.ctx(CLERK), Collect(NEXT)))
    house.takes("reconcile", "state", "seal")
    t.done(t.opens(NEXT))


def test_nobody_reaches_into_a_delivery(house: House, tmp_path: Path) -> None:
    t = house.trading
    trade(house, t.a, t.b, 100)
    trade(house, t.b, t.c, 60)
    with settled_as(tmp_path, block_trades=1):
        house.takes(*list(steps.STEPS)[:6])
        t.done(t.moves(t.a, 5, into=False))  # before it begins, what is free is free
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 0)))
        t.refuses("CLR-2004", lambda: t.moves(t.b, 5, into=False))
        t.refuses("CLR-2004", lambda: t.pays_out(t.c, 5))
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 1)))
        house.takes("effect")
        t.done(t.moves(t.b, 5, into=False))


def test_fees_need_a_place_and_a_net_delivery_the_pool(trading: Trading, tmp_path: Path) -> None:
    trading.sell(trading.a, 100)
    trading.buy(trading.b, 100)
    house = House(trading, accounts=())
    with settled_as(tmp_path, model="net"):
        house.takes("close", "collect")
        trading.refuses("CLR-2003", lambda: house.take("clear")[-1])
        house.opens_accounts(("exchange", "fees"), ("registry", "fees"))
        house.takes("clear", "confirm", "review", "approve")
        trading.refuses("CLR-2007", lambda: house.take("deliver")[-1])
        house.opens_accounts(("registry", "pool"))
        house.takes("deliver", "effect")


def test_what_failed_in_part_and_then_as_a_whole_is_told_once(house: House, tmp_path: Path) -> None:
    """A seller whose own purchase fails has fewer units than it sold; then it is stopped itself."""
    t = house.trading
    trade(house, t.a, t.c, 10)
    trade(house, t.b, t.c, 60_000)
    with settled_as(tmp_path, block_trades=1, partial=True):
        house.takes(*list(steps.STEPS)[:6])
        house.loses(t.b, 100)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 0)))
        with house.database.read() as conn:
            assert [(one.quantity, one.why) for one in queries.fails(conn, DAY, 100)] == [(100, "short")]
        house.stops(t.b)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 1)))
        with house.database.read() as conn:
            assert [(one.quantity, one.why) for one in queries.fails(conn, DAY, 100)] == [(60_000, "stopped")]
        house.takes("effect", "reconcile", "state", "seal")
    assert house.row().state == DayState.SEALED
