"""A day that the clearing house settled, for a house in which every table has rows: a trade of it failed, the
bank's statement was late, somebody objected, and somebody asked to give the failed trade up."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from types import SimpleNamespace
from typing import Any

import pytest

from tanshu.base.refusal import need
from tanshu.clearing import day as steps
from tanshu.clearing import explaining, unwinding
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import StatementLine
from tanshu.clearing.bank.model import ImportStatement
from tanshu.clearing.bank.service import import_statement
from tanshu.clearing.delivery import Floor
from tanshu.clearing.model import AskUnwinding, ExplainDifference, GrantExplanation
from tanshu.clearing.objections import service as objections
from tanshu.clearing.objections.model import ConfirmObjection, DecideObjection, FileObjection
from tanshu.exchange import service as trading
from tanshu.exchange.bridge import days, founding
from tanshu.exchange.bridge import model as bridge
from tanshu.exchange.market import by_name
from tanshu.exchange.model import Offer, Take
from tanshu.parties.model import AccountKind, Appoint, NewPerson
from tanshu.parties.service import appoint
from tests.audit.house import House
from tests.clearing.support import CLERK, PEOPLE
from tests.clearing.support import House as Clearing
from tests.exchange.bridge.support import DAY, figures

FLOOR, EXCHANGE = "floor", "exchange-maker-1"


def settle(house: House) -> None:
    """From the opening of a market of its own to the seal, and the objection."""
    market = house.market
    assert house.today == DAY
    with figures():
        _traded(house)
        _cleared(house, Clearing(_as_trading(house)))
    done, ctx = market.accepted, market.ctx
    filed = FileObjection(market.plant_b, DAY, "费用有误")
    id = done(objections.file_objection(ctx("plant-b-maker-1"), filed))["objection"]
    done(objections.decide_objection(ctx(CLERK), DecideObjection(id, uphold=False, opinion="无误")))
    done(objections.confirm_objection(ctx("registry-checker-1"), ConfirmObjection(id)))
    gives_up = AskUnwinding(DAY, FLOOR, 2)
    done(unwinding.ask_unwinding(ctx(CLERK, reason="the buyer will not pay"), gives_up))


def _traded(house: House) -> None:
    """Plant-b buys from plant-a, twice."""
    market = house.market
    done, ctx = market.accepted, market.ctx
    done(founding.found_market(ctx(EXCHANGE), bridge.FoundMarket(FLOOR, "cn.cea")))
    for plant in (market.plant_a, market.plant_b):
        trader = f"{plant}-floor"
        done(appoint(ctx(CLERK), Appoint(plant, NewPerson(trader, ("trader",)))))
        done(founding.admit(ctx(EXCHANGE), bridge.Admit(FLOOR, plant, (trader,))))
    done(founding.list_instrument(ctx(EXCHANGE), bridge.ListInstrument(FLOOR, "CEA22")))
    done(days.open_day(ctx(EXCHANGE), bridge.OpenDay(FLOOR, DAY)))
    market.clock.set_day(DAY, time(10))
    with market.database.read() as conn:
        there = need(by_name(market.book, conn, FLOOR))
    for _ in range(2):
        for plant, asked in (
            (market.plant_a, Offer("CEA22", "sell", 100, 8000)),
            (market.plant_b, Take("CEA22", "buy", 100, 8000)),
        ):
            done(trading.submit(trading.at(ctx(f"{plant}-floor"), there), asked))


def _cleared(house: House, clearing: Clearing) -> None:
    """Between two blocks the buyer's money is restricted; the bank's statement comes after a first round."""
    market, account = house.market, house.market.account(house.market.plant_b, AccountKind.CASH)
    market.clock.set_day(DAY, time(15, 30))
    before = tuple(steps.STEPS)
    clearing.takes(*before[: before.index("deliver")])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Floor, "next_chains", lambda floor: floor.done + 1)
        patch.setattr(steps, "_block_trades", lambda _pack: 1)
        with market.database.read() as conn:
            first, second = steps.commands(conn, "deliver", DAY)
        market.accepted(first.verb(market.ctx(CLERK), first.body))
        market.set_state(account, "restricted")
        market.accepted(second.verb(market.ctx(CLERK), second.body))
    market.set_state(account, "open")
    clearing.takes("effect")
    with market.database.read() as conn:
        (reconciled,) = steps.commands(conn, "reconcile", DAY)
    assert market.accepted(reconciled.verb(market.ctx(PEOPLE[reconciled.role]), reconciled.body))[
        "differences"
    ]
    _explained(house, clearing)
    clearing.takes("state", "seal")


def _explained(house: House, clearing: Clearing) -> None:
    """The statement comes, with a charge on it that two people explain."""
    market = house.market
    done, ctx = market.accepted, market.ctx
    clearing.bank_works(DAY)
    with market.database.read() as conn:
        right = need(banks.newest_statement(conn, banks.banks(conn)[0], DAY))
    fee = StatementLine(len(right.lines) + 1, "fee", "F1", "", "", "", -5, right.closing - 5)
    said = replace(right, lines=(*right.lines, fee), closing=right.closing - 5)
    done(import_statement(ctx(CLERK), ImportStatement(said)))
    asked = explaining.explain_difference(ctx(CLERK, reason="银行收费"), ExplainDifference(DAY, "F1"))
    granted = GrantExplanation(done(asked)["explanation"])
    done(explaining.grant_explanation(ctx("registry-checker-1"), granted))
    for outcome in clearing.take("reconcile"):
        assert not done(outcome)["differences"]


def _as_trading(house: House) -> Any:
    """What the clearing house's short words want to know of a market."""
    market = house.market
    return SimpleNamespace(
        market=market, book=market.book, clock=market.clock, ctx=market.ctx, done=market.accepted
    )
