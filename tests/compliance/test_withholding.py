"""Withheld allocation: it stays in the provincial account, pays by force, and what is left is released."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tanshu.compliance.withholding import (
    Withhold,
    withhold,
)
from tanshu.parties.model import AccountKind, SetState
from tanshu.parties.service import set_state
from tanshu.registry import notices, service
from tanshu.registry.model import Decide
from tests.support.copies import Copies, copies
from tests.support.duties import BY_PROVINCE, DOCUMENT, ISSUED, ORDER, KeepingMarket, P
from tests.support.market import YEAR


@pytest.fixture(scope="session")
def sqlite_keeping(request: pytest.FixtureRequest) -> Iterator[Copies[KeepingMarket]]:
    yield from copies(request, "sqlite", KeepingMarket)


@pytest.fixture(scope="session")
def postgresql_keeping(request: pytest.FixtureRequest) -> Iterator[Copies[KeepingMarket]]:
    yield from copies(request, "postgresql", KeepingMarket)


@pytest.fixture(params=["sqlite", "postgresql"])
def keeping(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[KeepingMarket]:
    copied: Copies[KeepingMarket] = request.getfixturevalue(f"{request.param}_keeping")
    with copied(tmp_path) as made:
        yield made


# -- the decision ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ground", "changes", "code"),
    [
        ("mood", {}, "CMP-7101"),
        ("risk", {"title": " "}, "CMP-7102"),
        ("risk", {"date": "yesterday"}, "CMP-7102"),
        ("unpaid", {"sha256": "AB"}, "CMP-7102"),
    ],
)
def test_a_decision_names_its_ground_and_its_document(keeping: KeepingMarket, ground, changes, code):
    keeping.refuses(code, lambda: keeping.decided(ground, {**DOCUMENT, **changes}))


def test_a_decision_is_the_provinces_own_and_takes_two_people(keeping: KeepingMarket):
    keeping.refuses("PAR-3002", lambda: keeping.decided(actor="henan-maker-1"))
    keeping.refuses("CMP-7105", keeping.seconded)
    keeping.accepted(keeping.decided(actor="hubei-both-1"))
    keeping.refuses("CMP-7103", keeping.decided)
    keeping.refuses("CMP-7106", lambda: keeping.seconded("hubei-both-1"))
    keeping.accepted(keeping.seconded(accept=False))
    keeping.accepted(keeping.decided("judicial-freeze"))
    keeping.accepted(keeping.seconded())
    keeping.refuses("CMP-7105", keeping.seconded)
    stranger = Withhold(keeping.plant_b, YEAR, "risk", DOCUMENT)
    keeping.refuses("CMP-1002", lambda: withhold(keeping.ctx("hubei-maker-1"), stranger))


def test_the_entity_is_told_what_it_is_due_and_what_of_it_is_withheld(keeping: KeepingMarket):
    keeping.kept()
    with keeping.database.read() as conn:
        told = {one.kind.code: one for one in notices.of(conn, about=f"final-{YEAR}")}
    assert told.keys() == {"allocation", "withheld"}
    assert (told["allocation"].facts["quantity"], told["allocation"].facts["issued"]) == (ISSUED, 0)
    assert told["withheld"].facts == {"year": YEAR, "quantity": ISSUED}


def test_it_comes_before_the_final_allocation(keeping: KeepingMarket):
    keeping.accepted(keeping.decided())
    keeping.accepted(keeping.allocate(keeping.plant_a, "final"))  # not confirmed yet: delivered as always
    keeping.refuses("CMP-7104", keeping.seconded)
    keeping.accepted(keeping.seconded(accept=False))
    keeping.refuses("CMP-7104", keeping.decided)


# -- what is kept ------------------------------------------------------------------------------------------


def test_the_final_allocation_stays_in_the_provincial_account_and_counts(keeping: KeepingMarket):
    keeping.accepted(keeping.decided())
    keeping.accepted(keeping.seconded())
    answer = keeping.accepted(keeping.allocate(keeping.plant_a, "final"))
    assert (answer["issue_t"], answer["transaction"]) == (ISSUED, None)
    keeping.refuses("PAR-3003", lambda: keeping.final("hubei-maker-1"))
    keeping.accepted(keeping.final())
    assert keeping.has("hubei", "CEA23", P) == (1_000_000 - ISSUED, ISSUED)
    assert keeping.has(keeping.plant_a, "CEA23") == (0, 0)
    assert (keeping.owed().approved_t, keeping.owed().due_t) == (ISSUED, 1_000_000)


def test_a_final_allocation_that_is_dropped_keeps_nothing(keeping: KeepingMarket):
    keeping.accepted(keeping.decided())
    keeping.accepted(keeping.seconded())
    keeping.accepted(keeping.allocate(keeping.plant_a, "final"))
    keeping.accepted(keeping.final(accept=False))
    assert keeping.has("hubei", "CEA23", P) == (1_000_000, 0)


def test_nobody_else_gets_the_units(keeping: KeepingMarket):
    keeping.kept()
    own, theirs = keeping.account("hubei", P), keeping.account(keeping.plant_b)
    line = ("CEA23", 46_001, own, theirs)
    keeping.refuses("REG-2006", lambda: keeping.propose("hubei-maker-1", "administrative-adjustment", line))
    line = ("CEA23", 10, own, keeping.account(keeping.plant_a))
    keeping.refuses("CMP-7107", lambda: keeping.propose("hubei-maker-1", "final-allocation", line, year=YEAR))


def test_units_that_are_not_there_cannot_be_kept(keeping: KeepingMarket):
    keeping.accepted(keeping.decided())
    keeping.accepted(keeping.seconded())
    keeping.accepted(keeping.allocate(keeping.plant_a, "final"))
    away = ("CEA23", 100_000, keeping.account("hubei", P), keeping.account(keeping.plant_b))
    keeping.accepted(keeping.propose("hubei-maker-1", "administrative-adjustment", away))
    keeping.refuses("REG-2005", keeping.final)


# -- forced surrender --------------------------------------------------------------------------------------


def test_the_province_pays_with_what_is_withheld(keeping: KeepingMarket):
    keeping.kept()
    id = keeping.accepted(keeping.force(600_000))["id"]
    assert keeping.has("hubei", "CEA23", P) == (46_000, ISSUED)  # held by the transaction now
    assert (keeping.withheld().pending_t, keeping.withheld().left_t) == (600_000, 354_000)
    for checker in BY_PROVINCE:
        keeping.accepted(keeping.approve(checker, id))
    assert keeping.has("hubei", "CEA23", P) == (46_000, 354_000)
    assert keeping.has("registry", "CEA23", AccountKind.SURRENDER) == (600_000, 0)
    owed = keeping.owed()
    assert (owed.surrendered_t, owed.forced_t, owed.due_t) == (600_000, 600_000, 400_000)
    keeping.refuses("CMP-7109", lambda: keeping.force(354_001))
    keeping.refuses("CMP-7110", lambda: keeping.release(1))
    keeping.refuses("REG-4307", lambda: keeping.force(10, documents=()))


def test_a_forced_surrender_that_is_rejected_gives_the_units_back_to_the_withholding(keeping: KeepingMarket):
    keeping.kept()
    for end in (
        lambda id: service.reject(keeping.ctx("hubei-checker-1"), Decide(id)),
        lambda id: service.withdraw(keeping.ctx("hubei-maker-1"), Decide(id)),
    ):
        id = keeping.accepted(keeping.force(600_000))["id"]
        keeping.accepted(end(id))
        assert keeping.has("hubei", "CEA23", P) == (46_000, ISSUED)
        assert keeping.withheld().left_t == ISSUED
    keeping.through(keeping.force(ISSUED))
    assert keeping.has("hubei", "CEA23", P) == (46_000, 0)


def test_through_the_register_it_is_the_same_withheld_units(keeping: KeepingMarket):
    """A proposal sent to the register itself uses what is withheld; whether more is free does not matter."""
    keeping.kept()
    away = ("CEA23", 46_000, keeping.account("hubei", P), keeping.account(keeping.plant_b))
    keeping.done("hubei-maker-1", "administrative-adjustment", away, by=BY_PROVINCE)
    line = ("CEA23", 40_000, keeping.account("hubei", P))
    facts = {"subject": keeping.plant_a, "year": YEAR, "details": {"documents": list(ORDER)}}
    id = keeping.accepted(keeping.propose("hubei-maker-1", "forced-surrender", line, **facts))["id"]
    assert keeping.has("hubei", "CEA23", P) == (0, ISSUED)
    assert keeping.withheld().left_t == ISSUED - 40_000
    keeping.accepted(service.reject(keeping.ctx("hubei-checker-1"), Decide(id)))
    assert keeping.has("hubei", "CEA23", P) == (0, ISSUED)
    keeping.through(keeping.propose("hubei-maker-1", "forced-surrender", line, **facts))
    assert keeping.has("hubei", "CEA23", P) == (0, ISSUED - 40_000)
    beyond = ("CEA23", ISSUED - 39_999, keeping.account("hubei", P))
    keeping.refuses("CMP-7109", lambda: keeping.propose("hubei-maker-1", "forced-surrender", beyond, **facts))
    other = {**facts, "year": None}
    keeping.refuses("CMP-2001", lambda: keeping.propose("hubei-maker-1", "forced-surrender", line, **other))


def test_no_more_than_is_owed(keeping: KeepingMarket):
    keeping.kept()
    keeping.give_up(100_000)
    keeping.refuses("CMP-2003", lambda: keeping.force(900_001))
    keeping.refuses("CMP-7108", lambda: keeping.release(1, keeping.plant_b))
    line = ("CEA23", 1, keeping.account("hubei", P))
    more = {"subject": keeping.plant_b, "year": YEAR, "details": {"documents": list(ORDER)}}
    keeping.refuses("CMP-7108", lambda: keeping.propose("hubei-maker-1", "forced-surrender", line, **more))


# -- release -----------------------------------------------------------------------------------------------


def test_what_is_left_is_released_when_the_year_is_paid(keeping: KeepingMarket):
    keeping.kept()
    keeping.give_up(100_000)
    keeping.through(keeping.force(900_000))
    assert keeping.owed().due_t == 0
    keeping.refuses("CMP-7109", lambda: keeping.release(54_001))
    keeping.through(keeping.release(50_000))
    assert keeping.has(keeping.plant_a, "CEA23") == (50_000, 0)
    account = keeping.account(keeping.plant_a)
    assert keeping.withheld().left_t == 4_000
    # Emptied and its year paid, the account still stays open: 4,000 t are kept for its owner.
    line = ("CEA23", 50_000, account)
    by = ("plant-a-checker-1", "registry-checker-1")
    keeping.done("plant-a-maker-1", "voluntary-cancellation", line, by=by)
    close = SetState(account, "closed")
    keeping.refuses("CMP-7111", lambda: set_state(keeping.ctx("registry-maker-1", reason="test"), close))
