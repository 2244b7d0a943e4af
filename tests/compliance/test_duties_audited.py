"""What the duties do is as the second opinion has it, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tanshu.compliance.carry_over_service import IssueCarriedOver, issue
from tanshu.registry import service
from tanshu.registry.model import Decide
from tests.audit.house import House
from tests.support.copies import Copies, copies
from tests.support.duties import ORDER, REVERSAL_PAPERS, SINK, CarryingMarket, KeepingMarket, P, PaidMarket
from tests.support.market import YEAR


@pytest.fixture(scope="session")
def kept_markets(request: pytest.FixtureRequest) -> Iterator[Copies[KeepingMarket]]:
    yield from copies(request, "sqlite", KeepingMarket)


@pytest.fixture(scope="session")
def carried_markets(request: pytest.FixtureRequest) -> Iterator[Copies[CarryingMarket]]:
    yield from copies(request, "sqlite", CarryingMarket)


@pytest.fixture(scope="session")
def paid_markets(request: pytest.FixtureRequest) -> Iterator[Copies[PaidMarket]]:
    yield from copies(request, "sqlite", PaidMarket)


@pytest.fixture
def keeping(kept_markets: Copies[KeepingMarket], tmp_path: Path) -> Iterator[KeepingMarket]:
    with kept_markets(tmp_path) as made:
        yield made


@pytest.fixture
def carrying(carried_markets: Copies[CarryingMarket], tmp_path: Path) -> Iterator[CarryingMarket]:
    with carried_markets(tmp_path) as made:
        yield made


def test_withholding_from_the_decision_to_the_release_is_in_order(keeping: KeepingMarket):
    house = House(keeping)
    assert house.judged == []
    keeping.kept()
    keeping.give_up(100_000)
    dropped = keeping.accepted(keeping.force(600_000))["id"]
    keeping.accepted(service.reject(keeping.ctx("hubei-checker-1"), Decide(dropped)))
    direct = keeping.accepted(forced(keeping, keeping.plant_a, 40_000))["id"]
    keeping.accepted(service.withdraw(keeping.ctx("hubei-maker-1"), Decide(direct)))
    keeping.through(keeping.force(900_000))
    keeping.through(keeping.release(54_000))
    assert [str(finding) for finding in house.news()] == []


def test_carry_over_from_the_notice_to_the_new_vintage_is_in_order(carrying: CarryingMarket):
    house = House(carrying)
    assert house.judged == []
    carrying.told()
    carrying.recalled(700)
    carrying.recalled(300)
    answer = carrying.accepted(issue(carrying.ctx("registry-maker-1"), IssueCarriedOver("1")))
    for id in answer["transactions"]:
        carrying.accepted(carrying.approve("registry-checker-1", id))
    assert [str(finding) for finding in house.news()] == []


def test_helping_and_reversing_are_in_order(paid_markets: Copies[PaidMarket], tmp_path: Path):
    with paid_markets(tmp_path) as paid:
        house = House(paid)
        own, helped = paid.pay(600), paid.pay(300, "helping-surrender", "plant-b")
        assert isinstance(own, str) and isinstance(helped, str)
        paid.through(paid.accepted(paid.reverse(own, 400))["id"])
        line = ("CEA22", 300, paid.account("registry", SINK), paid.account(paid.plant_b))
        details = {"original": helped, "documents": REVERSAL_PAPERS}
        asked = paid.propose("plant-a-maker-1", "surrender-reversal", line, details=details)
        paid.through(paid.accepted(asked)["id"])
        assert [str(finding) for finding in house.news()] == []


def forced(market: KeepingMarket, debtor: str, tonnes: int):
    line = ("CEA23", tonnes, market.account("hubei", P))
    return market.propose("hubei-maker-1", "forced-surrender", line, **facts(debtor))


def facts(debtor: str) -> dict[str, Any]:
    return {"subject": debtor, "year": YEAR, "details": {"documents": list(ORDER)}}
