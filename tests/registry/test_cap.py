"""The cap of an instrument: asked when an issuance is proposed and at its approval, and held by the book."""

from __future__ import annotations

import pytest

from tanshu.base.refusal import Refusal
from tanshu.parties.model import AccountKind
from tanshu.registry import effects, service
from tanshu.registry.batches import DecideMany, approve_many
from tanshu.registry.model import DefineInstrument
from tests.support.market import Market

CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"
CAP = 1_000


@pytest.fixture
def capped(market: Market) -> Market:
    """CEA25 with a cap of 1,000 t."""
    market.accepted(define(market, CAP))
    return market


def define(market: Market, cap: int | str):
    body = DefineInstrument("CEA25", "allowance", "CEA25", "CEA25", 2025, cap=cap)
    return service.define_instrument(market.ctx(CLERK), body)


def ask(market: Market, tonnes: int):
    line = ("CEA25", tonnes, "", market.account("hubei", AccountKind.PROVINCIAL))
    return market.propose(CLERK, "issuance", line)


def test_a_cap_is_a_quantity(market: Market):
    market.refuses("BASE-1002", lambda: define(market, 0))
    market.refuses("BASE-1001", lambda: define(market, "1.5"))
    market.accepted(define(market, "1,000"))
    market.refuses("REG-2011", lambda: ask(market, CAP + 1))


def test_issuance_reaches_the_cap_and_no_further(capped: Market):
    first = capped.accepted(ask(capped, 600))["id"]
    capped.accepted(capped.approve(REVIEWER, first))
    capped.refuses("REG-2011", lambda: ask(capped, 401))
    second = capped.accepted(ask(capped, 400))["id"]
    capped.accepted(capped.approve(REVIEWER, second))
    refused = capped.refuses("REG-2011", lambda: ask(capped, 1))
    assert (refused.facts["outstanding"], refused.facts["cap"]) == (CAP, CAP)


def test_of_two_proposals_that_each_fit_the_second_is_refused_at_its_approval(capped: Market):
    ids = [capped.accepted(ask(capped, 600))["id"] for _ in range(2)]
    together = DecideMany(tuple(ids))
    refused = capped.refuses("REG-2011", lambda: approve_many(capped.ctx(REVIEWER), together))
    assert refused.field and refused.field.startswith("transactions[1]")
    capped.accepted(capped.approve(REVIEWER, ids[0]))
    capped.refuses("REG-2011", lambda: capped.approve(REVIEWER, ids[1]))


def test_what_is_cancelled_still_counts(capped: Market):
    id = capped.accepted(ask(capped, CAP))["id"]
    capped.accepted(capped.approve(REVIEWER, id))
    own = capped.account("hubei", AccountKind.PROVINCIAL)
    up = ("CEA25", CAP, own, capped.account(capped.plant_a))
    by = ("hubei-checker-1", REVIEWER)
    capped.done("hubei-maker-1", "administrative-adjustment", up, by=by)
    gone = ("CEA25", CAP, capped.account(capped.plant_a))
    by = ("plant-a-checker-1", REVIEWER)
    capped.done("plant-a-maker-1", "voluntary-cancellation", gone, by=by)
    capped.refuses("REG-2011", lambda: ask(capped, 1))


def test_the_book_holds_the_cap_without_the_room(capped: Market, monkeypatch: pytest.MonkeyPatch):
    def nothing(*_: object) -> Refusal | None:
        return None

    monkeypatch.setattr(effects, "_capped", nothing)
    id = capped.accepted(ask(capped, CAP + 1))["id"]
    capped.refuses("BOOK-2023", lambda: capped.approve(REVIEWER, id))
