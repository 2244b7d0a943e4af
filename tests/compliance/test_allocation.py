"""Allocation: pre-allocation, true-up in both directions, refusals; numbers a clerk can check."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tanshu.base.refusal import Refusal
from tanshu.compliance import obligations
from tanshu.compliance.allocation import Allocate, Confirm, allocate, confirm_allocation
from tanshu.mrv import service as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import service
from tanshu.registry.model import Decide, DefineInstrument
from tests.support.market import YEAR, Market, coal_unit

BY_PROVINCE = ("hubei-checker-1", "registry-checker-1")
# 1,200,000 MWh at 0.7950 t/MWh, F = 0.667 ≥ 0.65, no heat: 954,000 t.
APPROVED = 954_000


@pytest.fixture
def reported(market: Market) -> Market:
    """plant-a verified 900,001 t in 2022 and 1,000,000 t in 2023; the province has 2 Mt of CEA23."""
    own = market.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA23", 2_000_000, "", own)
    market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    market.emit(market.plant_a, 900_001, YEAR - 1)
    market.emit(market.plant_a, 1_000_000)
    market.generate(market.plant_a, coal_unit())
    return market


def finish(market: Market, id: str) -> None:
    for checker in BY_PROVINCE:
        market.accepted(market.approve(checker, id))


def test_pre_allocation_is_the_floor_of_seven_tenths_of_last_years_emissions(reported: Market):
    answer = reported.accepted(reported.allocate(reported.plant_a, "pre"))
    assert (answer["quantity"], answer["issue_t"]) == (630_000, 630_000)
    finish(reported, answer["transaction"])
    assert reported.has(reported.plant_a, "CEA23") == (630_000, 0)


def test_the_final_allocation_issues_the_difference(reported: Market):
    finish(reported, reported.accepted(reported.allocate(reported.plant_a, "pre"))["transaction"])
    answer = reported.accepted(reported.allocate(reported.plant_a, "final"))
    assert (answer["quantity"], answer["issue_t"]) == (APPROVED, APPROVED - 630_000)
    finish(reported, answer["transaction"])
    assert reported.has(reported.plant_a, "CEA23") == (APPROVED, 0)


def confirm(market: Market, actor: str = "hubei-checker-1", **more: Any):
    return confirm_allocation(market.ctx(actor), Confirm(market.plant_a, YEAR, **more))


@pytest.fixture
def excess(reported: Market) -> Market:
    """plant-a has 1,050,000 t pre-allocated; its final allocation is 954,000 t, not yet confirmed."""
    reported.emit(reported.plant_a, 1_500_000, YEAR - 1)
    finish(reported, reported.accepted(reported.allocate(reported.plant_a, "pre"))["transaction"])
    answer = reported.accepted(reported.allocate(reported.plant_a, "final"))
    assert (answer["issue_t"], answer["transaction"]) == (APPROVED - 1_050_000, None)
    return reported


def give_back(market: Market, quantity: int, instrument: str = "CEA23"):
    line = (instrument, quantity, market.account(market.plant_a))
    return market.propose("plant-a-maker-1", "return-of-excess", line, year=YEAR)


def test_a_final_allocation_that_issues_nothing_needs_a_second_person(excess: Market):
    assert owed(excess).approved_t is None
    excess.refuses("PAR-3003", lambda: confirm(excess, "hubei-maker-1"))
    excess.refuses("CMP-1009", lambda: give_back(excess, 1))
    excess.accepted(confirm(excess))
    excess.refuses("CMP-1014", lambda: confirm(excess))
    assert (owed(excess).approved_t, owed(excess).return_due_t) == (APPROVED, 96_000)


def test_who_decides_and_confirms_are_two(reported: Market):
    reported.emit(reported.plant_a, 1_500_000, YEAR - 1)
    finish(reported, reported.accepted(reported.allocate(reported.plant_a, "pre"))["transaction"])
    command = Allocate(reported.plant_a, YEAR, "final")
    reported.accepted(allocate(reported.ctx("hubei-both-1"), command))
    reported.refuses("CMP-1015", lambda: confirm(reported, "hubei-both-1"))
    reported.accepted(confirm(reported, accept=False))
    reported.accepted(reported.allocate(reported.plant_a, "final"))


def test_an_excess_is_returned_in_parts_and_no_more_than_is_due(excess: Market):
    excess.accepted(confirm(excess))
    excess.refuses("CMP-1009", lambda: give_back(excess, 96_001))
    for part in (90_000, 6_000):
        id = excess.accepted(give_back(excess, part))["id"]
        for checker in ("plant-a-checker-1", *BY_PROVINCE):
            excess.accepted(excess.approve(checker, id))
    excess.refuses("CMP-1009", lambda: give_back(excess, 1))
    assert excess.has(excess.plant_a, "CEA23") == (APPROVED, 0)


def test_who_keeps_an_excess_is_not_compliant(excess: Market):
    excess.accepted(confirm(excess))
    id = excess.accepted(excess.surrender("plant-a-maker-1", excess.plant_a, 1_000_000, "CEA23"))["id"]
    for checker in ("plant-a-checker-1", *BY_PROVINCE):
        excess.accepted(excess.approve(checker, id))
    assert (owed(excess).due_t, owed(excess).return_due_t, owed(excess).status) == (0, 96_000, "short")


def test_excluded_after_pre_allocation_what_was_issued_goes_back(reported: Market):
    finish(reported, reported.accepted(reported.allocate(reported.plant_a, "pre"))["transaction"])
    out = mrv.ListEntities(YEAR, (mrv.ListedEntity(reported.plant_a, excluded=True),))
    reported.accepted(mrv.list_entities(reported.ctx("hubei-maker-1"), out))
    assert owed(reported).return_due_t == 630_000
    reported.accepted(give_back(reported, 630_000))


def test_data_a_decision_rests_on_do_not_change_until_unlocked_by_a_second_person(reported: Market):
    reported.accepted(reported.allocate(reported.plant_a, "final"))
    maker = "hubei-maker-1"
    lower = mrv.ImportEmissions(YEAR, (mrv.EntityEmissions(reported.plant_a, 1),))
    out = mrv.ListEntities(YEAR, (mrv.ListedEntity(reported.plant_a, excluded=True),))
    reported.refuses("MRV-1012", lambda: mrv.import_emissions(reported.ctx(maker), lower))
    reported.refuses("MRV-1012", lambda: mrv.list_entities(reported.ctx(maker), out))
    open_it = mrv.Unlock(reported.plant_a, YEAR)
    reported.refuses("PAR-3003", lambda: mrv.unlock(reported.ctx(maker, reason="typo"), open_it))
    reported.refuses("MRV-1013", lambda: mrv.unlock(reported.ctx("hubei-checker-1"), open_it))
    reported.accepted(mrv.unlock(reported.ctx("hubei-checker-1", reason="typo"), open_it))
    reported.accepted(mrv.import_emissions(reported.ctx(maker), lower))


def test_what_changed_under_a_proposal_stops_its_approval(reported: Market):
    id = reported.accepted(reported.allocate(reported.plant_a, "final"))["transaction"]
    open_it = mrv.Unlock(reported.plant_a, YEAR)
    reported.accepted(mrv.unlock(reported.ctx("hubei-checker-1", reason="verifier's letter"), open_it))
    reported.generate(reported.plant_a, coal_unit(generation_mwh=Decimal(600_000)))
    reported.refuses("CMP-1012", lambda: reported.approve("hubei-checker-1", id))
    reported.accepted(service.reject(reported.ctx("hubei-checker-1"), Decide(id)))
    answer = reported.accepted(reported.allocate(reported.plant_a, "final"))
    assert answer["quantity"] < APPROVED


def test_a_draft_with_a_ceiling_takes_the_provinces_share(market: Market):
    market.emit(market.plant_a, 1_000_000, 2024)
    market.emit(market.plant_a, 1, 2025)
    body = DefineInstrument("CEA25", "allowance", "CEA25", "CEA25", 2025)
    market.accepted(service.define_instrument(market.ctx("registry-maker-1"), body))
    own = market.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA25", 1_000_000, "", own)
    market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))

    def pre(share: str):
        ctx = market.ctx("hubei-maker-1", allow_draft=True)
        return allocate(ctx, Allocate(market.plant_a, 2025, "pre", share=share))

    market.refuses("RULE-2009", lambda: pre(""))
    market.refuses("CMP-1016", lambda: pre("half"))
    answer = market.accepted(pre("0.4"))
    assert answer["quantity"] == 400_000
    assert answer["watermark"]["zh"]


def owed(market: Market) -> obligations.Owed:
    with market.database.read() as conn:
        subject = parties.subject(conn, market.plant_a)
        assert not isinstance(subject, Refusal)
        found = obligations.owed(conn, subject, YEAR)
    assert not isinstance(found, Refusal)
    return found


def test_an_allocation_is_made_once_and_in_order(reported: Market):
    pre = reported.accepted(reported.allocate(reported.plant_a, "pre"))["transaction"]
    reported.refuses("CMP-1004", lambda: reported.allocate(reported.plant_a, "pre"))
    reported.refuses("CMP-1011", lambda: reported.allocate(reported.plant_a, "final"))
    finish(reported, pre)
    finish(reported, reported.accepted(reported.allocate(reported.plant_a, "final"))["transaction"])
    for stage in ("pre", "final"):
        reported.refuses("CMP-1004", lambda stage=stage: reported.allocate(reported.plant_a, stage))


def test_a_rejected_allocation_can_be_made_anew(reported: Market):
    pre = reported.accepted(reported.allocate(reported.plant_a, "pre"))["transaction"]
    reported.accepted(service.reject(reported.ctx("hubei-checker-1"), Decide(pre, "wrong year")))
    again = reported.accepted(reported.allocate(reported.plant_a, "pre"))
    finish(reported, again["transaction"])
    assert reported.has(reported.plant_a, "CEA23") == (630_000, 0)


@pytest.mark.parametrize(
    ("who", "stage", "code"),
    [
        ("plant_b", "final", "CMP-1002"),
        ("plant_a", "late", "CMP-1001"),
        ("stranger", "final", "PAR-3002"),
    ],
)
def test_allocations_that_are_refused(reported: Market, who, stage, code):
    reported.refuses(code, lambda: reported.allocate(getattr(reported, who), stage))


def test_missing_data_is_named(market: Market):
    market.emit(market.plant_a, 10)
    market.refuses("CMP-1005", lambda: market.allocate(market.plant_a, "pre"))
    market.refuses("CMP-1006", lambda: market.allocate(market.plant_a, "final"))
    market.generate(market.plant_a, coal_unit(verified_t=11))
    market.refuses("CMP-1010", lambda: market.allocate(market.plant_a, "final"))


def test_a_province_without_enough_units_cannot_allocate(market: Market):
    market.emit(market.plant_a, 1_000_000)
    market.generate(market.plant_a, coal_unit())
    market.refuses("REG-2005", lambda: market.allocate(market.plant_a, "final"))


def test_an_allocation_without_a_decision_or_of_another_vintage_is_refused(reported: Market):
    own, plant = reported.account("hubei", AccountKind.PROVINCIAL), reported.account(reported.plant_a)

    def by_hand(instrument: str, **more: Any):
        line = (instrument, 100, own, plant)
        return reported.propose("hubei-maker-1", "final-allocation", line, **more)

    reported.refuses("CMP-1007", lambda: by_hand("CEA23", year=YEAR))
    reported.refuses("CMP-2001", lambda: by_hand("CEA23"))
    reported.refuses("CMP-1008", lambda: by_hand("CEA23", details={"opening": True}))
    line = ("CEA22", 100, "", own)
    reported.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    reported.refuses("CMP-2002", lambda: by_hand("CEA22", year=YEAR))


def test_a_draft_pack_refuses_without_leave_and_watermarks_with_it(market: Market):
    draft = 2025

    def final(**more: Any):
        command = Allocate(market.plant_a, draft, "final")
        return allocate(market.ctx("hubei-maker-1", **more), command)

    market.emit(market.plant_a, 1_000_000, draft)
    own = market.account("hubei", AccountKind.PROVINCIAL)
    refused = market.refuses("RULE-1002", final)
    assert "cn.power.2025" in refused.sentence("en")
    unit = coal_unit(year=draft, generation_mwh=Decimal(900_000), running_hours=Decimal(5_000))
    market.accepted(
        mrv.import_activity(
            market.ctx("hubei-maker-1"),
            mrv.ImportActivity(draft, (mrv.EntityUnits(market.plant_a, (unit,)),)),
        )
    )
    market.refuses("REG-1003", lambda: final(allow_draft=True))  # CEA25 is not defined yet
    body = DefineInstrument("CEA25", "allowance", "CEA25", "CEA25", draft)
    market.accepted(service.define_instrument(market.ctx("registry-maker-1"), body))
    line = ("CEA25", 1_000_000, "", own)
    market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    answer = market.accepted(final(allow_draft=True))
    assert answer["watermark"]["zh"] and answer["watermark"]["en"]


def test_the_obligation_is_known_from_verification_on(reported: Market):
    with reported.database.read() as conn:
        subject = parties.subject(conn, reported.plant_a)
        assert not isinstance(subject, Refusal)
        owed = obligations.owed(conn, subject, YEAR)
    assert not isinstance(owed, Refusal)
    assert (owed.obligation_t, owed.due_t, owed.status) == (1_000_000, 1_000_000, "short")
