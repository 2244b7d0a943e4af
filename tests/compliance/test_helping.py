"""Another firm surrenders for a debtor whose bank account is frozen."""

from __future__ import annotations

from typing import Any

import pytest

from tanshu.base.refusal import need
from tanshu.compliance import obligations
from tanshu.compliance.obligations import Owed, Status
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tests.support.market import YEAR, Market

CHAIN = ("plant-b-checker-1", "hubei-checker-1", "registry-checker-1")
PAPERS = [{"title": "银行账户冻结通知", "number": "1", "date": "2024-01-02", "sha256": "1c" * 32}]


@pytest.fixture
def helped(market: Market) -> Market:
    """plant-a owes 1,000 t for 2023 and holds nothing; plant-b holds 1,500 CEA22 and owes nothing."""
    market.give(market.plant_b, 1_500)
    market.emit(market.plant_a, 1_000)
    return market


def help_out(market: Market, tonnes: int, actor: str = "plant-b-maker-1", **changes: Any):
    line = ("CEA22", tonnes, market.account(changes.pop("giver", market.plant_b)))
    facts = {"subject": market.plant_a, "year": YEAR, "details": {"documents": PAPERS}, **changes}
    return market.propose(actor, "helping-surrender", line, **facts)


def owed(market: Market) -> Owed:
    with market.database.read() as conn:
        return need(obligations.owed(conn, need(parties.subject(conn, market.plant_a)), YEAR))


def test_the_helpers_people_begin_and_the_debtor_has_paid(helped: Market):
    id = helped.accepted(help_out(helped, 1_000))["id"]
    assert helped.has(helped.plant_b, "CEA22") == (500, 1_000)
    helped.refuses("PAR-3002", lambda: helped.approve("plant-a-checker-1", id))
    for checker in CHAIN:
        helped.accepted(helped.approve(checker, id))
    found = owed(helped)
    assert (found.status, found.surrendered_t, found.helped_t, found.due_t) == (
        Status.COMPLIANT,
        1_000,
        1_000,
        0,
    )
    assert helped.has("registry", "CEA22", AccountKind.SURRENDER) == (1_000, 0)


def test_nobody_helps_beyond_what_is_owed_pending_included(helped: Market):
    helped.accepted(help_out(helped, 700))
    assert owed(helped).pending_t == 700
    helped.refuses("CMP-2003", lambda: help_out(helped, 301))


def test_who_may_not_help(helped: Market):
    helped.refuses("PAR-3002", lambda: help_out(helped, 10, actor="plant-a-maker-1"))
    helped.refuses("REG-4307", lambda: help_out(helped, 10, details={}))
    helped.refuses("REG-1008", lambda: help_out(helped, 10, subject=""))
    helped.refuses("CMP-2001", lambda: help_out(helped, 10, year=None))
    helped.give(helped.plant_a, 100)
    helped.refuses("CMP-7201", lambda: help_out(helped, 10, "plant-a-maker-1", giver=helped.plant_a))
