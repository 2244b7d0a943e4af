"""What authorities decide by two people: with their own checks switched off, the judge still finds it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Table

from tanshu.book.commit import Act
from tanshu.compliance import uploads
from tanshu.compliance.duty_tables import CARRY_OVER_NOTICE, WITHHOLDING
from tanshu.compliance.upload_tables import ADJUSTMENT, ALLOCATION_UPLOAD, DEDUCTION, OBJECTION
from tanshu.registry.inquiry_tables import INQUIRY
from tests.audit.house import House
from tests.support.market import YEAR
from tests.support.rounds import CHECKER, CLERK, MAKER, REVIEWER, Round

BOTH = "hubei-both-1"
Fault = Callable[[House, pytest.MonkeyPatch], None]
FAULTS: dict[Fault, str] = {}


def finds(*numbers: str) -> Callable[[Fault], Fault]:
    """A fault, and what it is found by."""

    def kept(fault: Fault) -> Fault:
        FAULTS[fault] = " ".join(f"AUD-{number}" for number in numbers)
        return fault

    return kept


def tell(house: House, actor: str, command: str, table: Table, row: dict[str, Any]) -> None:
    house.behind(actor, command, lambda act: act.insert(table, {**row, "seq": act.seq}))


def change(house: House, actor: str, command: str, table: Table, id: str, **values: Any) -> None:
    house.behind(actor, command, lambda act: act.update(table, {"id": id}, **values))


def subject(house: House) -> str:
    return house.account(house.market.plant_a).subject_id


def deduction(house: House, maker: str = MAKER, **changes: Any) -> dict[str, Any]:
    row = {"id": "DED-1", "subject_id": subject(house), "quantity": 5, "document": "1", "basis": "b"}
    return {**row, "decided_on": house.today, "maker": maker, "confirmed_by": None, **changes}


def withholding(house: House, maker: str = MAKER, **changes: Any) -> dict[str, Any]:
    row = {"id": "WH-1", "subject_id": subject(house), "year": YEAR, "ground": "risk", "document": "{}"}
    return {**row, "maker": maker, "confirmed_by": None, "in_force": False, **changes}


def objection(house: House) -> dict[str, Any]:
    days = dict.fromkeys(("served_on", "received_on", "apply_by", "decide_by"), house.today)
    row = {"id": "OBJ-1", "subject_id": subject(house), "year": YEAR, "stage": "final", "notice": "1", **days}
    return {**row, "grounds": "g", "state": "filed", "filed_by": "plant-a-maker-1"}


def inquiry(house: House, maker: str = CLERK) -> dict[str, Any]:
    row = {"id": "INQ-1", "authority": "court", "document": "1", "officer_role": "judge", "officer_hash": "0"}
    row |= {"subject_id": subject(house), "what": "holdings", "from_seq": -1, "as_of_seq": 1, "comment": ""}
    return {**row, "state": "requested", "requested_by": maker, "requested_seq": 1}


# -- nobody else's word ------------------------------------------------------------------------------------


@finds("5310")
def a_deduction_is_confirmed_by_its_maker(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, BOTH, "compliance.record-deduction", DEDUCTION, deduction(house, BOTH))
    change(house, BOTH, "compliance.confirm-deduction", DEDUCTION, "DED-1", confirmed_by=BOTH)


@finds("5310")
def a_deduction_is_confirmed_as_it_is_recorded(house: House, _patch: pytest.MonkeyPatch) -> None:
    row = deduction(house, BOTH, confirmed_by=BOTH)
    tell(house, BOTH, "compliance.record-deduction", DEDUCTION, row)


@finds("5311")
def a_deduction_is_confirmed_in_anothers_name(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, MAKER, "compliance.record-deduction", DEDUCTION, deduction(house))
    change(house, BOTH, "compliance.confirm-deduction", DEDUCTION, "DED-1", confirmed_by=CHECKER)


@finds("5008", "5310")
def a_deduction_grows_after_it_was_confirmed(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, MAKER, "compliance.record-deduction", DEDUCTION, deduction(house))
    change(house, CHECKER, "compliance.confirm-deduction", DEDUCTION, "DED-1", confirmed_by=CHECKER)
    change(house, CHECKER, "compliance.confirm-deduction", DEDUCTION, "DED-1", quantity=50)


@finds("5310")
def units_are_withheld_without_a_second_person(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, MAKER, "compliance.withhold", WITHHOLDING, withholding(house))
    change(house, CHECKER, "compliance.confirm-withholding", WITHHOLDING, "WH-1", in_force=True)


@finds("5310")
def a_decision_to_withhold_is_struck_out_by_one_person(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, MAKER, "compliance.withhold", WITHHOLDING, withholding(house))
    command, told = "compliance.confirm-withholding", {"in_force": True, "confirmed_by": CHECKER}
    change(house, CHECKER, command, WITHHOLDING, "WH-1", **told)

    def gone(act: Act) -> None:
        act.delete(WITHHOLDING, {"id": "WH-1", "subject_id": subject(house)})

    house.behind(CHECKER, command, gone)


@finds("5310")
def an_objection_is_upheld_by_who_proposed_it(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, "plant-a-maker-1", "compliance.file-objection", OBJECTION, objection(house))
    proposed = {"state": "proposed", "quantity": 5, "opinion": "o", "decided_by": BOTH}
    change(house, BOTH, "compliance.decide-objection", OBJECTION, "OBJ-1", **proposed)
    upheld = {"state": "upheld", "confirmed_by": BOTH, "decided_on": house.today}
    change(house, BOTH, "compliance.confirm-objection", OBJECTION, "OBJ-1", **upheld)


@finds("5310")
def an_objection_is_upheld_at_once(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell(house, "plant-a-maker-1", "compliance.file-objection", OBJECTION, objection(house))
    upheld = {"state": "upheld", "quantity": 5, "opinion": "o", "decided_by": MAKER}
    change(house, MAKER, "compliance.decide-objection", OBJECTION, "OBJ-1", **upheld)


@finds("5310")
def an_adjustment_is_confirmed_by_its_maker(house: House, _patch: pytest.MonkeyPatch) -> None:
    tonnes = dict.fromkeys(("before_t", "after_t", "issue_t"), 0)
    row = {"id": "ADJ-1", "subject_id": subject(house), "year": YEAR, "ground": "verification", **tonnes}
    row |= {"reference": "r", "changed_on": house.today, "due_on": house.today, "confirmed": False}
    tell(house, BOTH, "compliance.adjust", ADJUSTMENT, {**row, "maker": BOTH})
    change(house, BOTH, "compliance.confirm-adjustment", ADJUSTMENT, "ADJ-1", confirmed=True)


@finds("5310")
def a_notice_is_confirmed_by_who_drew_it_up(house: House, _patch: pytest.MonkeyPatch) -> None:
    amounts = ("sold_t", "bought_t", "net_sold_t", "ceiling_t", "holding_t", "pending_t", "carryable_t")
    key = {"subject_id": subject(house), "pack": "cn.carry_over"}
    row = key | dict.fromkeys(amounts, 0) | {"late_years": "", "holding_seq": 1, "maker": CLERK}
    tell(house, CLERK, "compliance.carry-over-notices", CARRY_OVER_NOTICE, row)

    def confirmed(act: Act) -> None:
        act.update(CARRY_OVER_NOTICE, key, confirmed_by=CLERK)

    house.behind(CLERK, "compliance.carry-over-notices", confirmed)


@finds("5310")
def an_inquiry_is_answered_that_nobody_approved(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell_inquiry(house)
    answer = {"state": "answered", "year": 2024, "number": 1, "answered_by": CLERK, "answer_sha256": "0"}
    change(house, CLERK, "registry.answer-inquiry", INQUIRY, "INQ-1", **answer)


@finds("5310")
def an_inquiry_is_answered_that_was_refused(house: House, _patch: pytest.MonkeyPatch) -> None:
    tell_inquiry(house)
    refused = {"state": "refused", "decided_by": REVIEWER, "comment": "no seal"}
    change(house, REVIEWER, "registry.refuse-inquiry", INQUIRY, "INQ-1", **refused)
    answer = {"state": "answered", "year": 2024, "number": 1, "answered_by": CLERK, "answer_sha256": "0"}
    change(house, CLERK, "registry.answer-inquiry", INQUIRY, "INQ-1", **answer)


def tell_inquiry(house: House) -> None:
    house.behind(CLERK, "registry.request-inquiry", lambda act: act.insert(INQUIRY, inquiry(house)))


# -- sealed letters ----------------------------------------------------------------------------------------


@finds("5312")
def a_table_is_accepted_that_is_not_what_was_sealed(house: House, patch: pytest.MonkeyPatch) -> None:
    here, market = Round(house.market, "final"), house.market
    row = here.row(2, market.plant_a, 5, verified_t=90_000)
    uploaded = market.accepted(here.upload(row))
    letter = market.accepted(here.letter(1, 6))["letter"]
    patch.setattr(uploads, "mismatch", lambda *_: [])
    assert market.accepted(here.compare(uploaded["upload"], letter))["state"] == "accepted"


@finds("5006", "5312")
def a_table_is_compared_by_who_keyed_the_letter(house: House, _patch: pytest.MonkeyPatch) -> None:
    here, market = Round(house.market, "final"), house.market
    uploaded = market.accepted(here.upload(here.row(2, market.plant_a, 5, verified_t=90_000)))
    letter = market.accepted(here.letter(1, uploaded["total_t"]))["letter"]
    told = {"state": "accepted", "letter_id": letter, "compared_by": CLERK, "mismatch": ""}
    change(house, CLERK, "compliance.compare-upload", ALLOCATION_UPLOAD, uploaded["upload"], **told)


@finds("5312")
def a_table_is_loaded_that_nobody_compared(house: House, _patch: pytest.MonkeyPatch) -> None:
    here, market = Round(house.market, "final"), house.market
    uploaded = market.accepted(here.upload(here.row(2, market.plant_a, 5, verified_t=90_000)))
    change(house, MAKER, "compliance.load-upload", ALLOCATION_UPLOAD, uploaded["upload"], loaded=1)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_what_needs_two_people_and_had_one_is_found(
    house: House, monkeypatch: pytest.MonkeyPatch, fault: Fault
):
    fault(house, monkeypatch)
    monkeypatch.undo()
    found = house.news()
    assert {finding.what.code for finding in found} == set(FAULTS[fault].split())
    assert all(finding.seq == house.judge.tail.seq for finding in found)
    assert all(finding.sentence("zh") and finding.sentence("en") for finding in found)
