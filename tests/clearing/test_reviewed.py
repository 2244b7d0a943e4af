"""What a hostile reading of the clearing house's day found, each as a small day of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.clearing import collecting, delivery, reviewing, sealing
from tanshu.clearing import day as steps
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import Statement
from tanshu.clearing.bank.model import ImportStatement
from tanshu.clearing.bank.service import import_statement
from tanshu.clearing.day import Role
from tanshu.clearing.driving import run
from tanshu.clearing.effecting import effect
from tanshu.clearing.model import Clear, Collect, DayState, Deliver, Effect, Review, Seal
from tanshu.exchange import market as markets
from tanshu.exchange import service as orders
from tanshu.exchange.bridge import trades
from tanshu.exchange.bridge.days import close_day, open_day
from tanshu.exchange.bridge.founding import admit, found_market, list_instrument
from tanshu.exchange.bridge.model import Admit, CloseDay, FoundMarket, ListInstrument, OpenDay
from tanshu.exchange.model import Offer, Take
from tanshu.parties.model import AccountKind, AccountState, Appoint, ConfirmPerson, NewPerson
from tanshu.parties.service import appoint, confirm_person
from tests.clearing.packs import settled_as
from tests.clearing.support import CLERK, PEOPLE, House, desk
from tests.exchange.bridge.support import CASH, CEA, DAY, EXCHANGE, NEXT

MONEY = AccountKind.CASH
SECOND = "second"
BEFORE = list(steps.STEPS)[:6]
"""Everything before the delivery."""


def trade(house: House, seller: str, buyer: str, tonnes: int) -> None:
    house.trading.sell(seller, tonnes)
    house.trading.buy(buyer, tonnes)


def penniless(house: House, handle: str) -> None:
    """All its money leaves its account, and the session with it."""
    t = house.trading
    id = t.done(t.pays_out(handle, CASH))["id"]
    t.done(t.market.approve("registry-checker-1", id))
    assert t.has(handle, MONEY, "CNY") == (0, 0)


class Floor:
    """A second market with the same participants; it opens when told."""

    def __init__(self, house: House):
        t = self.t = house.trading
        t.done(found_market(t.ctx(EXCHANGE), FoundMarket(SECOND, "cn.cea")))
        for handle in (t.a, t.b, t.c):
            t.done(admit(t.ctx(EXCHANGE), Admit(SECOND, handle, (t.traders[handle],))))
        t.done(list_instrument(t.ctx(EXCHANGE), ListInstrument(SECOND, "CEA22")))

    def opens(self, day: Any = DAY) -> Any:
        return open_day(self.t.ctx(EXCHANGE), OpenDay(SECOND, day))

    def closes(self, day: Any = DAY) -> Any:
        return close_day(self.t.ctx(EXCHANGE), CloseDay(SECOND, day))

    def trade(self, seller: str, buyer: str, tonnes: int) -> None:
        t = self.t
        with t.market.database.read() as conn:
            market = need(markets.by_name(t.book, conn, SECOND))
        for handle, asked in (
            (seller, Offer("CEA22", "sell", tonnes, 8_000)),
            (buyer, Take("CEA22", "buy", tonnes, 8_000)),
        ):
            t.done(orders.submit(orders.at(t.ctx(t.traders[handle]), market), asked))


def drives(house: House) -> None:
    """The driver takes the day to its seal; nothing stops it but the bank's statement."""
    driven = run(house.book, DAY, desk())
    assert driven.halt is not None
    assert (driven.halt.step, driven.halt.refused) == ("reconcile", None), driven.halt
    house.bank_works()
    driven = run(house.book, DAY, desk())
    assert driven.halt is None, driven.halt
    assert house.row().state == DayState.SEALED


def whole(house: House) -> None:
    with house.book.reading() as (conn, state):
        assert sealing.holds(conn, state) is None


# -- the driver --------------------------------------------------------------------------------------------


def test_a_net_day_of_more_trades_than_a_block_is_driven_through(house: House, tmp_path: Path) -> None:
    t = house.trading
    for _ in range(3):
        trade(house, t.a, t.b, 10)
    with settled_as(tmp_path, model="net", block_trades=1):
        drives(house)


def test_a_day_of_which_most_fails_at_once_is_driven_through(house: House, tmp_path: Path) -> None:
    t = house.trading
    for buyer in (t.b, t.b, t.c):
        trade(house, t.a, buyer, 10)
    house.stops(t.b)
    with settled_as(tmp_path, block_trades=1):
        drives(house)


def test_the_close_of_two_markets_is_resumed_between_them(house: House) -> None:
    t, floor = house.trading, Floor(house)
    t.done(floor.opens())
    trade(house, t.a, t.b, 10)
    with house.database.read() as conn:
        first, _ = asked = steps.commands(conn, "close", DAY)
        key, _ = steps.keys(conn, house.book.log, asked, DAY)
    t.done(first.verb(replace(t.ctx(EXCHANGE), key=key), first.body))
    drives(house)


def test_two_markets_are_delivered_though_blocks_are_cut_short(
    house: House, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    t, floor = house.trading, Floor(house)
    for _ in range(3):
        trade(house, t.a, t.b, 10)
    t.done(t.closes())
    t.done(floor.opens())
    for _ in range(3):
        floor.trade(t.b, t.a, 5)
    monkeypatch.setattr(delivery, "RECORDS_MAX", 2)
    with settled_as(tmp_path, block_trades=2):
        drives(house)


def test_a_day_sent_back_is_driven_to_its_end(house: House) -> None:
    t = house.trading
    trade(house, t.a, t.b, 10)
    run(house.book, DAY, desk(without=(Role.SECOND,)))
    back = Review(DAY, accept=False, comment="again")
    t.done(reviewing.approve(t.ctx(PEOPLE[Role.SECOND]), back))
    drives(house)


def test_a_days_trades_are_the_same_however_its_log_is_read(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = house.trading
    for _ in range(3):
        trade(house, t.a, t.b, 10)
    monkeypatch.setattr(trades, "_BYTES_AT_ONCE", 1)
    house.settles()
    assert house.row().state == DayState.SEALED


# -- money that somebody reaches for -----------------------------------------------------------------------


def test_a_seller_without_money_cannot_run_away_with_the_fees(house: House) -> None:
    t = house.trading
    penniless(house, t.a)
    trade(house, t.a, t.b, 100)
    house.takes(*BEFORE, "deliver")
    free, _ = t.has(t.a, MONEY, "CNY")
    t.refuses("CLR-2004", lambda: t.pays_out(t.a, free))
    house.takes("effect", "reconcile", "state", "seal")
    assert sum(t.has(t.a, MONEY, "CNY")) == 800_000 - 320


def test_proceeds_that_pay_for_a_purchase_wait_for_it_between_blocks(house: House, tmp_path: Path) -> None:
    t = house.trading
    penniless(house, t.a)
    trade(house, t.a, t.b, 100)
    trade(house, t.c, t.a, 90)
    with settled_as(tmp_path, block_trades=1):
        house.takes(*BEFORE)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 0)))
        t.refuses("CLR-2004", lambda: t.pays_out(t.a, 800_000))
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 1)))
        house.takes(*list(steps.STEPS)[7:])
    assert house.row().state == DayState.SEALED


@pytest.mark.parametrize("model", ["gross", "net_cash", "net"])
def test_fees_are_there_when_a_sale_that_should_have_paid_them_fails(
    house: House, model: str, tmp_path: Path
) -> None:
    t = house.trading
    penniless(house, t.a)
    trade(house, t.a, t.b, 100)
    trade(house, t.a, t.c, 100)
    trade(house, t.c, t.a, 100)
    with settled_as(tmp_path, model=model):
        house.takes(*BEFORE)
        house.stops(t.b)
        house.takes("deliver")
        told = house.takes("effect")
        with house.database.read() as conn:
            row = conn.exec_driver_sql("SELECT count(*), sum(quantity) FROM clearing_fail").one()
        failed = int(row[1])
        assert told["fees"] == (300 - failed) * 8_000 * 2 * 400 // 1_000_000
        house.takes("reconcile", "state", "seal")
    whole(house)


def test_fees_are_there_when_a_sale_fails_on_the_way(house: House, tmp_path: Path) -> None:
    t = house.trading
    penniless(house, t.a)
    trade(house, t.b, t.c, 1)
    trade(house, t.a, t.b, 100)
    trade(house, t.a, t.c, 100)
    trade(house, t.c, t.a, 100)
    with settled_as(tmp_path, block_trades=1):
        house.takes(*BEFORE)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 0)))
        house.stops(t.b)
        for n in (1, 2, 3):
            t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, n)))
            delivery._FLOORS.clear()
        told = house.takes("effect")
        with house.database.read() as conn:
            failed = int(conn.exec_driver_sql("SELECT sum(quantity) FROM clearing_fail").scalar_one())
        assert told["fees"] == (301 - failed) * 8_000 * 2 * 400 // 1_000_000
        house.takes("reconcile", "state", "seal")
    whole(house)


def test_another_market_takes_nothing_of_a_delivery(house: House, tmp_path: Path) -> None:
    t, floor = house.trading, Floor(house)
    penniless(house, t.a)
    trade(house, t.a, t.b, 100)
    trade(house, t.c, t.a, 90)
    t.done(t.closes())
    with settled_as(tmp_path, block_trades=1):
        house.takes(*BEFORE)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 0)))
        refused = floor.opens()
        assert isinstance(refused, Refusal) and refused.code == "CLR-1011"
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 1)))


def test_money_paid_in_joins_no_session_while_a_delivery_needs_the_rest(house: House, tmp_path: Path) -> None:
    t = house.trading
    penniless(house, t.a)
    trade(house, t.a, t.b, 100)
    trade(house, t.c, t.a, 90)
    floor = Floor(house)
    t.done(floor.opens())
    t.done(floor.closes())
    t.done(t.closes())
    t.clock.set_day(NEXT, time(9, 5))
    t.done(floor.opens(NEXT))
    with settled_as(tmp_path, block_trades=1):
        house.takes(*BEFORE)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 0)))
        line = ("CNY", 5, "", t.market.account(t.a, MONEY))
        proposed = t.done(t.market.propose("bank-maker-1", "cash-deposit", line))["id"]
        t.market.approve("registry-checker-1", proposed)
        t.done(delivery.deliver(t.ctx(CLERK), Deliver(DAY, CEA, 1)))
        house.takes("effect")


# -- days --------------------------------------------------------------------------------------------------


def test_a_day_that_the_exchange_settled_itself_keeps_nobody_else_waiting(house: House) -> None:
    t = house.trading
    trade(house, t.a, t.b, 10)
    t.done(t.closes())
    t.done(t.settles())
    t.refuses("CLR-1006", lambda: collecting.collect(t.ctx(CLERK), Collect(DAY)))
    with house.database.read() as conn:
        ids = conn.exec_driver_sql("SELECT transaction_id FROM market_delivery").scalars().all()
    for person in ("registry-checker-1", "registry-checker-2"):
        for id in ids:
            t.done(t.market.approve(person, id))
    told = t.done(collecting.collect(t.ctx(CLERK), Collect(DAY))).data
    assert told["markets"] == []


def test_a_market_does_not_open_on_a_day_that_the_house_has_begun(house: House) -> None:
    t = house.trading
    house.settles()
    t.clock.set_day(NEXT, time(8))
    house.settles(NEXT)
    assert house.row(NEXT).state == DayState.SEALED
    t.clock.set_day(NEXT, time(9, 5))
    t.refuses("CLR-1015", lambda: t.opens(NEXT))


def test_a_new_market_does_not_open_on_a_day_that_the_house_has_begun(house: House) -> None:
    t, floor = house.trading, Floor(house)
    house.takes("close", "collect")
    refused = floor.opens()
    assert isinstance(refused, Refusal) and refused.code in ("CLR-1011", "CLR-1015")
    t.done(collecting.clear(t.ctx(CLERK), Clear(DAY)))


def test_a_statement_that_comes_after_the_reconciliation_is_looked_at_before_the_seal(house: House) -> None:
    t = house.trading
    trade(house, t.a, t.b, 10)
    house.takes(*list(steps.STEPS)[:-1])
    with house.database.read() as conn:
        (bank,) = banks.banks(conn)
        said = need(banks.newest_statement(conn, bank, DAY))
    wrong = Statement(said.bank, said.day, said.opening - 7, said.closing - 7, said.lines)
    t.done(import_statement(t.ctx(CLERK), ImportStatement(wrong)))
    t.refuses("CLR-1012", lambda: sealing.seal(t.ctx(CLERK), Seal(DAY)))
    t.done(import_statement(t.ctx(CLERK), ImportStatement(said)))
    t.done(sealing.seal(t.ctx(CLERK), Seal(DAY)))


@pytest.mark.parametrize("kind", [AccountKind.TRADING, MONEY])
def test_an_account_stopped_after_the_delivery_keeps_nobody_from_the_register(
    house: House, kind: AccountKind
) -> None:
    t = house.trading
    trade(house, t.a, t.b, 100)
    house.takes(*BEFORE, "deliver")
    t.market.set_state(t.market.account(t.b, kind), AccountState.RESTRICTED)
    house.takes("effect", "reconcile", "state", "seal")
    assert house.row().state == DayState.SEALED


# -- people ------------------------------------------------------------------------------------------------


def test_who_cleared_the_day_does_not_review_it(house: House) -> None:
    t = house.trading
    body = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    t.done(appoint(t.ctx(CLERK), body))
    t.done(confirm_person(t.ctx("registry-checker-2"), ConfirmPerson("registry-both-1")))
    trade(house, t.a, t.b, 10)
    house.takes("close", "collect")
    t.done(collecting.clear(t.ctx("registry-both-1"), Clear(DAY)))
    house.takes("confirm")
    t.refuses("CLR-1008", lambda: reviewing.review(t.ctx("registry-both-1"), Review(DAY)))


def test_effect_twice_takes_nothing_twice(house: House) -> None:
    t = house.trading
    trade(house, t.a, t.b, 10)
    house.takes(*BEFORE, "deliver", "effect")
    t.refuses("CLR-1002", lambda: effect(t.ctx(CLERK), Effect(DAY)))
    whole(house)
