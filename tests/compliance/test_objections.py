"""Objections and adjustments: clocks, two people, both directions, and what the holder owes after."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from tanshu.base.refusal import need
from tanshu.book.commit import Answer, Outcome
from tanshu.compliance import adjusted, adjustment, objections, obligations
from tanshu.mrv import service as mrv
from tanshu.parties import queries as parties
from tanshu.registry import batches, notices
from tanshu.registry.model import Decide
from tanshu.registry.service import reject
from tests.support.market import YEAR, Market
from tests.support.rounds import CHECKER, MAKER, REVIEWER, Round

APPROVED, VERIFIED = 900_000, 1_000_000
SERVED = date(2024, 4, 26)
"""A Friday before the May holiday: 28 April and 11 May are working days, 1 to 5 May are not."""


@pytest.fixture
def allocated(market: Market) -> Market:
    """Plant A has its final allocation of 2023; the province's account has some units left."""
    market.emit(market.plant_a, VERIFIED)
    here = Round(market, "final")
    here.carried_out(here.row(2, market.plant_a, APPROVED), issued=APPROVED + 100_000)
    return market


def file(market: Market, actor: str = "plant-a-maker-1", **changes: Any) -> Outcome:
    told: dict[str, Any] = {
        "subject": market.plant_a,
        "year": YEAR,
        "stage": "final",
        "notice": "鄂环函〔2024〕9号",
        "served_on": SERVED,
        "grounds": "供热量漏计",
        "received_on": None,
    }
    return objections.file_objection(market.ctx(actor), objections.FileObjection(**{**told, **changes}))


def decide(
    market: Market, id: str, quantity: int | None = None, actor: str = MAKER, **changes: Any
) -> Outcome:
    told: dict[str, Any] = {"uphold": quantity is not None, "opinion": "经复核", "quantity": quantity}
    body = objections.DecideObjection(id, **{**told, **changes})
    return objections.decide_objection(market.ctx(actor), body)


def confirm(market: Market, id: str, actor: str = CHECKER, *, accept: bool = True) -> Outcome:
    return objections.confirm_objection(market.ctx(actor), objections.ConfirmObjection(id, accept))


def upheld(market: Market, quantity: int, day: date = date(2024, 5, 6)) -> str:
    market.today(day)
    id = market.accepted(file(market))["objection"]
    market.accepted(decide(market, id, quantity))
    market.accepted(confirm(market, id))
    return id


def adjust(market: Market, ground: str, reference: str, actor: str = MAKER, **changes: Any) -> Outcome:
    told: dict[str, Any] = {"subject": market.plant_a, "year": YEAR, **changes}
    body = adjustment.Adjust(ground=ground, reference=reference, **told)
    return adjustment.adjust(market.ctx(actor), body)


def carry_out(market: Market, answer: Answer) -> None:
    for person in (CHECKER, REVIEWER):
        body = batches.DecideMany((answer["transaction"],))
        market.accepted(batches.approve_many(market.ctx(person), body))


def owed(market: Market) -> obligations.Owed:
    with market.database.read() as conn:
        return need(obligations.owed(conn, need(parties.subject(conn, market.plant_a)), YEAR))


# -- the clock ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("filed", "state", "decide_by"),
    [
        (date(2024, 4, 26), "filed", date(2024, 5, 13)),  # the day of service itself
        (date(2024, 4, 28), "filed", date(2024, 5, 14)),  # a Sunday that is worked: day 1
        (date(2024, 5, 9), "filed", date(2024, 5, 22)),  # day 7
        (date(2024, 5, 10), "late", None),
    ],
)
def test_seven_working_days_to_apply_ten_to_decide(
    allocated: Market, filed: date, state: str, decide_by: date | None
) -> None:
    allocated.today(filed)
    answer = allocated.accepted(file(allocated))
    assert (answer["state"], answer["apply_by"]) == (state, "2024-05-09")
    assert answer["decide_by"] == (decide_by.isoformat() if decide_by else None)


def test_a_late_one_is_kept_is_not_decided_and_does_not_bar_another(allocated: Market) -> None:
    allocated.today(date(2024, 5, 10))
    late = allocated.accepted(file(allocated))["objection"]
    allocated.refuses("CMP-6106", lambda: decide(allocated, late, 1))
    allocated.refuses("CMP-6106", lambda: confirm(allocated, late))
    paper = allocated.accepted(file(allocated, actor=MAKER, received_on=date(2024, 5, 9)))
    assert paper["state"] == "filed"
    allocated.refuses("CMP-6105", lambda: file(allocated))
    with allocated.database.read() as conn:
        states = [row.state for row in objections.objections(conn, year=YEAR)]
        assert [row.id for row in objections.objections(conn, state="late")] == [late]
    assert states == ["late", "filed"]


def test_overdue_ones_are_listed_from_the_day_after(allocated: Market) -> None:
    allocated.today(date(2024, 5, 6))
    answer = allocated.accepted(file(allocated))
    last = date.fromisoformat(answer["decide_by"])
    with allocated.database.read() as conn:
        assert objections.overdue(conn, last) == []
        (found,) = objections.overdue(conn, last + timedelta(days=1))
    assert found.id == answer["objection"]
    allocated.today(last + timedelta(days=1))
    allocated.accepted(decide(allocated, found.id, APPROVED + 1))
    assert allocated.accepted(confirm(allocated, found.id))["in_time"] is False


def test_two_people_decide_and_the_second_may_send_it_back(allocated: Market) -> None:
    allocated.today(date(2024, 5, 6))
    id = allocated.accepted(file(allocated))["objection"]
    allocated.accepted(decide(allocated, id, APPROVED + 5, actor="hubei-both-1"))
    allocated.refuses("CMP-6108", lambda: confirm(allocated, id, actor="hubei-both-1"))
    assert allocated.accepted(confirm(allocated, id, accept=False))["state"] == "filed"
    allocated.accepted(decide(allocated, id))
    assert allocated.accepted(confirm(allocated, id))["state"] == "dismissed"
    allocated.refuses("CMP-6213", lambda: adjust(allocated, "objection", id))


def test_what_an_objection_needs(allocated: Market) -> None:
    allocated.today(date(2024, 5, 6))
    allocated.refuses("CMP-1001", lambda: file(allocated, stage="middle"))
    allocated.refuses("CMP-6102", lambda: file(allocated, stage="pre"))
    allocated.refuses("CMP-6103", lambda: file(allocated, served_on=date(2024, 5, 7)))
    allocated.refuses("CMP-6103", lambda: file(allocated, MAKER, received_on=date(2024, 5, 7)))
    allocated.refuses("CMP-6104", lambda: file(allocated, grounds=" "))
    allocated.refuses("BASE-1002", lambda: file(allocated, claimed_t=0))
    allocated.refuses("PAR-3002", lambda: file(allocated, actor="plant-b-maker-1"))
    allocated.refuses("RULE-3001", lambda: file(allocated, served_on=date(2020, 5, 6)))
    allocated.refuses("CMP-6101", lambda: decide(allocated, "OBJ-none"))
    id = allocated.accepted(file(allocated))["objection"]
    wrong: tuple[tuple[int | None, dict[str, Any]], ...] = (
        (None, {"uphold": True}),
        (APPROVED, {}),
        (-1, {}),
        (5, {"uphold": False}),
    )
    for quantity, changes in wrong:
        allocated.refuses("CMP-6107", lambda q=quantity, c=changes: decide(allocated, id, q, **c))
    allocated.refuses("CMP-6107", lambda: decide(allocated, id, 5, opinion=""))
    allocated.refuses("PAR-3002", lambda: decide(allocated, id, 5, actor="henan-maker-1"))


# -- the register's own notices -----------------------------------------------------------------------------


def notice_of(market: Market) -> notices.Notice:
    """Of plant A's allocation."""
    with market.database.read() as conn:
        subject = need(parties.subject(conn, market.plant_a))
        (found,) = notices.of(conn, subject_id=subject.id, kind="allocation")
        return found


def serve(market: Market, day: date) -> None:
    market.today(day)
    market.accepted(notices.serve(market.ctx(MAKER), notices.ServeNotice(notice_of(market).id, day)))


def test_an_allocation_in_force_is_told_with_what_was_issued(allocated: Market) -> None:
    told = notice_of(allocated)
    assert told.facts == {
        "year": YEAR,
        "stage": "final",
        "quantity": APPROVED,
        "issued": APPROVED,
        "instrument": "CEA23",
        "account": allocated.account(allocated.plant_a),
    }
    with allocated.database.read() as conn:
        assert notices.served_on(conn, told.about, "allocation") is None


@pytest.mark.parametrize("named", [True, False])
def test_the_term_runs_from_the_day_on_which_the_notice_was_served(allocated: Market, named: bool) -> None:
    serve(allocated, SERVED)
    told = notice_of(allocated)
    allocated.today(date(2024, 5, 10))
    filed = file(allocated, notice=told.id if named else "", served_on=None)
    assert allocated.accepted(filed)["state"] == "late"
    allocated.accepted(
        file(allocated, actor=MAKER, notice="", served_on=SERVED, received_on=date(2024, 5, 9))
    )
    with allocated.database.read() as conn:
        rows = objections.objections(conn, year=YEAR)
    assert [(row.notice, row.served_on, row.state) for row in rows] == [
        (told.id, SERVED, "late"),
        (told.id, SERVED, "filed"),
    ]


def test_what_is_wrong_about_a_notice_objected_to(allocated: Market) -> None:
    told = notice_of(allocated).id
    allocated.refuses("CMP-6109", lambda: file(allocated, served_on=None))
    allocated.refuses("CMP-6111", lambda: file(allocated, notice=told, served_on=None))
    serve(allocated, SERVED)
    allocated.refuses("CMP-6112", lambda: file(allocated, notice=told, served_on=date(2024, 4, 28)))
    allocated.emit(allocated.plant_b, VERIFIED)
    other = Round(allocated, "final")
    other.carried_out(other.row(2, allocated.plant_b, 5), issued=5)
    theirs = {"notice": told, "served_on": None, "subject": allocated.plant_b}
    allocated.refuses("CMP-6110", lambda: file(allocated, "plant-b-maker-1", **theirs))


def test_what_became_of_an_objection_is_told(allocated: Market) -> None:
    id = upheld(allocated, APPROVED + 1)
    with allocated.database.read() as conn:
        (told,) = notices.of(conn, about=id)
    assert (told.kind.code, told.facts) == (
        "objection-decision",
        {"year": YEAR, "decision": "upheld", "reason": "经复核"},
    )


# -- adjustments --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [+40_000, -40_000])
def test_an_upheld_objection_is_carried_out_in_either_direction(allocated: Market, change: int) -> None:
    id = upheld(allocated, APPROVED + change)
    answer = allocated.accepted(adjust(allocated, "objection", id))
    assert (answer["issue_t"], answer["in_time"], answer["due_on"]) == (change, True, "2024-05-17")
    assert owed(allocated).approved_t == APPROVED, "not before its chain has ended"
    allocated.refuses("CMP-6215", lambda: adjust(allocated, "objection", id))
    carry_out(allocated, answer)
    assert allocated.has(allocated.plant_a, "CEA23") == (APPROVED + change, 0)
    after = owed(allocated)
    assert (after.approved_t, after.obligation_t, after.return_due_t) == (APPROVED + change, VERIFIED, 0)
    allocated.refuses("CMP-6214", lambda: adjust(allocated, "objection", id))


def test_a_rejected_adjustment_changes_nothing_and_may_be_made_anew(allocated: Market) -> None:
    id = upheld(allocated, APPROVED + 1)
    answer = allocated.accepted(adjust(allocated, "objection", id))
    allocated.accepted(reject(allocated.ctx(CHECKER), Decide(answer["transaction"])))
    assert owed(allocated).approved_t == APPROVED
    carry_out(allocated, allocated.accepted(adjust(allocated, "objection", id)))
    assert owed(allocated).approved_t == APPROVED + 1
    with allocated.database.read() as conn:
        assert [state for _, state in adjusted.rows(conn, YEAR)] == ["rejected", "effected"]


def correct(market: Market, verified_t: int) -> None:
    """Verification changes: a checker opens the data, a maker imports."""
    body = mrv.Unlock(market.plant_a, YEAR)
    market.accepted(mrv.unlock(market.ctx(CHECKER, reason="核查复核"), body))
    told = mrv.ImportEmissions(YEAR, (mrv.EntityEmissions(market.plant_a, verified_t),))
    market.accepted(mrv.import_emissions(market.ctx(MAKER), told))


def test_after_changed_verification_the_obligation_follows(allocated: Market) -> None:
    allocated.today(date(2024, 5, 6))
    correct(allocated, VERIFIED + 10_000)
    assert owed(allocated).obligation_t == VERIFIED
    changed = date(2024, 4, 30)
    answer = allocated.accepted(
        adjust(allocated, "verification", "核查〔2024〕3号", changed_on=changed, quantity=APPROVED + 8_000)
    )
    assert (answer["obligation_t"], answer["issue_t"]) == (VERIFIED + 10_000, 8_000)
    carry_out(allocated, answer)
    assert owed(allocated).due_t == VERIFIED + 10_000
    told = mrv.ImportEmissions(YEAR, (mrv.EntityEmissions(allocated.plant_a, 1),))
    allocated.refuses("MRV-1012", lambda: mrv.import_emissions(allocated.ctx(MAKER), told))


def test_an_adjustment_that_moves_nothing_takes_a_second_person(allocated: Market) -> None:
    allocated.today(date(2024, 5, 6))
    correct(allocated, VERIFIED - 5)
    terms = {"changed_on": date(2024, 5, 6), "quantity": APPROVED}
    answer = allocated.accepted(
        adjust(allocated, "verification", "核查〔2024〕4号", actor="hubei-both-1", **terms)
    )
    id = answer["adjustment"]
    assert answer["transaction"] is None and owed(allocated).obligation_t == VERIFIED
    allocated.refuses("CMP-6215", lambda: adjust(allocated, "verification", "别的", **terms))
    body = adjustment.ConfirmAdjustment(id)
    allocated.refuses("CMP-6222", lambda: adjustment.confirm_adjustment(allocated.ctx("hubei-both-1"), body))
    allocated.accepted(adjustment.confirm_adjustment(allocated.ctx(CHECKER), body))
    assert owed(allocated).obligation_t == VERIFIED - 5
    allocated.refuses("CMP-6221", lambda: adjustment.confirm_adjustment(allocated.ctx(CHECKER), body))
    unknown = adjustment.ConfirmAdjustment("ADJ-none")
    allocated.refuses("CMP-6220", lambda: adjustment.confirm_adjustment(allocated.ctx(CHECKER), unknown))


def test_of_what_is_added_deductions_are_paid_first(allocated: Market) -> None:
    from tests.compliance.test_deductions import owe, remaining

    owe(allocated, allocated.plant_a, 30_000)
    id = upheld(allocated, APPROVED + 40_000)
    answer = allocated.accepted(adjust(allocated, "objection", id))
    assert answer["issue_t"] == 10_000 and answer["draft"]["en"]
    assert remaining(allocated, allocated.plant_a) == 0
    allocated.accepted(reject(allocated.ctx(CHECKER), Decide(answer["transaction"])))
    assert remaining(allocated, allocated.plant_a) == 30_000, "a rejected adjustment took nothing"


def test_what_an_adjustment_needs(allocated: Market) -> None:
    allocated.today(date(2024, 5, 6))
    today = date(2024, 5, 6)
    allocated.refuses("CMP-6211", lambda: adjust(allocated, "verification", "x", subject=allocated.plant_b))
    allocated.refuses("CMP-6212", lambda: adjust(allocated, "whim", "x"))
    allocated.refuses("CMP-6101", lambda: adjust(allocated, "objection", "OBJ-none"))
    allocated.refuses("CMP-6216", lambda: adjust(allocated, "verification", "x"))
    allocated.refuses("CMP-6216", lambda: adjust(allocated, "verification", " ", changed_on=today))
    allocated.refuses("CMP-6217", lambda: adjust(allocated, "verification", "x", changed_on=today))
    same = {"changed_on": today, "quantity": APPROVED}
    allocated.refuses("CMP-6219", lambda: adjust(allocated, "verification", "x", **same))
    less = {"changed_on": today, "quantity": APPROVED - 1}
    allocated.refuses("PAR-3003", lambda: adjust(allocated, "verification", "x", actor=CHECKER, **less))
    more = {"changed_on": today, "quantity": 2 * APPROVED}
    allocated.refuses("REG-2005", lambda: adjust(allocated, "verification", "x", **more))


def test_a_quantity_other_than_the_packs_is_refused_where_there_are_data(market: Market) -> None:
    from tests.support.market import coal_unit

    market.emit(market.plant_a, VERIFIED)
    market.generate(market.plant_a, coal_unit())
    Round(market).stage_units(2 * VERIFIED)
    answer = market.accepted(market.allocate(market.plant_a, "final"))
    for person in (CHECKER, REVIEWER):
        market.accepted(market.approve(person, answer["transaction"]))
    terms = {"changed_on": date(2024, 1, 2), "quantity": 5}
    market.refuses("CMP-6218", lambda: adjust(market, "verification", "x", **terms))
