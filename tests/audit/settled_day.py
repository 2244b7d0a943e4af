"""A day that the clearing house settled, for a house in which every table has rows: with a trade that failed, a
difference that was cleared up, and an objection."""

from __future__ import annotations

from datetime import time

from tanshu.base.refusal import need
from tanshu.clearing import day as steps
from tanshu.clearing.objections import service as objections
from tanshu.clearing.objections.model import ConfirmObjection, DecideObjection, FileObjection
from tanshu.exchange import service as trading
from tanshu.exchange.bridge import days, founding
from tanshu.exchange.bridge import model as bridge
from tanshu.exchange.market import by_name
from tanshu.exchange.model import Offer, Take
from tanshu.parties.model import AccountKind, Appoint, NewPerson, OpenAccount
from tanshu.parties.service import appoint, open_account
from tests.audit.house import House
from tests.clearing.support import CLERK, PEOPLE, Banks
from tests.exchange.bridge.support import figures

FLOOR = "floor"
"""The market's name."""


def settle(house: House) -> None:
    """Plant-b buys from plant-a twice; then its money is restricted, so that one trade is not delivered."""
    market, day = house.market, house.today
    done, ctx = market.accepted, market.ctx
    with figures():
        _traded(house)
        for handle in ("exchange", "registry"):
            done(open_account(ctx(CLERK), OpenAccount(handle, "fees")))
        for step in steps.STEPS:
            if step == "reconcile":
                _take(house, step)
                Banks(market.book, market.ctx, market.accepted).work(day)
            _take(house, step)
    filed = FileObjection(market.plant_b, day, "费用有误")
    id = done(objections.file_objection(ctx("plant-b-maker-1"), filed))["objection"]
    done(objections.decide_objection(ctx(CLERK), DecideObjection(id, uphold=False, opinion="无误")))
    done(objections.confirm_objection(ctx("registry-checker-1"), ConfirmObjection(id)))
