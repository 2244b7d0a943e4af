"""The algebra of deductions, and what is owed from earlier decisions."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import need
from tanshu.book.commit import Outcome
from tanshu.compliance import deductions
from tanshu.compliance.deductions import Settled, settle_final, settle_pre
from tests.support.market import YEAR, Market
from tests.support.rounds import CHECKER, MAKER, Round

tonnes = st.integers(0, 10**9)


def test_the_drafts_worked_example_with_every_figure() -> None:
    pre = settle_pre(50_000, 70_000)
    assert pre == Settled(issue_t=0, deducted_t=50_000, returned_t=0, remaining_t=20_000)
    final = settle_final(30_000, 50_000, pre.deducted_t, pre.remaining_t)
    assert final == Settled(issue_t=0, deducted_t=0, returned_t=20_000, remaining_t=40_000)


@pytest.mark.parametrize(
    ("pre", "approved", "owed", "pre_issued", "final_issued", "remaining"),
    [
        (0, 100, 0, 0, 100, 0),
        (70, 100, 0, 70, 30, 0),
        (70, 60, 0, 70, -10, 0),
        (70, 100, 30, 40, 30, 0),
        (70, 100, 80, 0, 20, 0),
        (70, 100, 200, 0, 0, 100),
        (70, 60, 30, 40, -10, 0),
        (70, 20, 30, 40, -40, 10),
    ],
)
def test_pre_and_final_by_table(
    pre: int, approved: int, owed: int, pre_issued: int, final_issued: int, remaining: int
) -> None:
    first = settle_pre(pre, owed)
    second = settle_final(approved, pre, first.deducted_t, first.remaining_t)
    assert (first.issue_t, second.issue_t, second.remaining_t) == (pre_issued, final_issued, remaining)


@given(pre=tonnes, approved=tonnes, owed=tonnes)
def test_what_is_due_is_issued_or_deducted_and_what_is_owed_is_deducted_or_left(
    pre: int, approved: int, owed: int
) -> None:
    first = settle_pre(pre, owed)
    second = settle_final(approved, pre, first.deducted_t, first.remaining_t)
    deducted = first.taken_t + second.taken_t
    assert first.issue_t == max(0, pre - owed)
    assert first.issue_t + second.issue_t + deducted == approved
    assert deducted + second.remaining_t == owed
    assert 0 <= deducted == min(approved, owed)
    assert min(second.deducted_t, second.returned_t) == 0


@given(pre=tonnes, approved=tonnes, owed=tonnes)
def test_the_drafts_formula_holds(pre: int, approved: int, owed: int) -> None:
    first = settle_pre(pre, owed)
    second = settle_final(approved, pre, first.deducted_t, first.remaining_t)
    assert second.issue_t == (approved - pre) - second.deducted_t + second.returned_t
    if 0 <= approved - pre <= first.remaining_t:
        assert second.issue_t == 0


@given(approved=tonnes, owed=tonnes, pres=st.tuples(tonnes, tonnes))
def test_the_end_does_not_depend_on_how_much_was_allocated_ahead(
    approved: int, owed: int, pres: tuple[int, int]
) -> None:
    ends = []
    for pre in pres:
        first = settle_pre(pre, owed)
        second = settle_final(approved, pre, first.deducted_t, first.remaining_t)
        ends.append((first.issue_t + second.issue_t, second.remaining_t))
    assert ends[0] == ends[1]


def test_nothing_negative_is_settled() -> None:
    with pytest.raises(ValueError, match="negative"):
        settle_pre(-1, 0)


# -- in the register ----------------------------------------------------------------------------------------


def record(market: Market, subject: str, quantity: int, actor: str = MAKER, **changes: object) -> Outcome:
    told: dict[str, object] = {
        "subject": subject,
        "quantity": quantity,
        "document": "罚决〔2023〕1号",
        "decided_on": date(2023, 12, 1),
        "basis": "暂行条例第二十四条",
    }
    body = deductions.RecordDeduction(**{**told, **changes})  # type: ignore[arg-type]
    return deductions.record_deduction(market.ctx(actor), body)


def owe(market: Market, subject: str, quantity: int) -> str:
    """A deduction in force."""
    id = market.accepted(record(market, subject, quantity))["deduction"]
    body = deductions.ConfirmDeduction(id)
    market.accepted(deductions.confirm_deduction(market.ctx(CHECKER), body))
    return id


def remaining(market: Market, subject: str) -> int:
    from tanshu.parties import queries as parties

    with market.database.read() as conn:
        found = need(parties.subject(conn, subject))
        return deductions.remaining(deductions.owing(conn).get(found.id, []))


def test_the_worked_example_through_uploads_and_the_register(market: Market) -> None:
    plant = market.plant_a
    owe(market, plant, 70_000)
    market.emit(plant, 71_429, YEAR - 1)
    market.emit(plant, 33_000)
    pre, final = Round(market), Round(market, "final")
    loaded = pre.carried_out(pre.row(2, plant, 50_000, last_verified_t=71_429), issued=1)
    assert (loaded["issue_t"], loaded["to_confirm"]) == (0, [plant])
    assert remaining(market, plant) == 20_000
    row = final.row(2, plant, 30_000, verified_t=33_000, pre_allocated_t=50_000)
    assert final.carried_out(row, issued=1)["issue_t"] == 0
    assert remaining(market, plant) == 40_000
    assert market.has(plant, "CEA23") == (0, 0)


def test_who_made_a_decision_that_issues_nothing_does_not_confirm_it(market: Market) -> None:
    from tanshu.compliance import upload_loading

    plant, both = market.plant_a, "hubei-both-1"
    owe(market, plant, 70_000)
    market.emit(plant, 1_000, YEAR - 1)
    market.accepted(_list(market, plant))
    here = Round(market)
    upload = here.accepted_upload(here.row(2, plant, 700, last_verified_t=1_000))
    market.accepted(here.load(upload, actor=both))
    body = upload_loading.ConfirmMany(YEAR, "pre", (plant,))
    market.refuses("CMP-6024", lambda: upload_loading.confirm_many(market.ctx(both), body))
    assert market.accepted(upload_loading.confirm_many(market.ctx(CHECKER), body))["in_force"] == 1


def test_several_deductions_are_paid_oldest_first(market: Market) -> None:
    plant = market.plant_a
    first, second = owe(market, plant, 300), owe(market, plant, 500)
    market.emit(plant, 1_000, YEAR - 1)
    market.accepted(_list(market, plant))
    here = Round(market)
    here.carried_out(here.row(2, plant, 700, last_verified_t=1_000), issued=700)
    with market.database.read() as conn:
        (owed,) = deductions.owing(conn).values()
    assert [(one.id, one.remaining_t) for one in owed] == [(first, 0), (second, 100)]
    assert market.has(plant, "CEA23") == (0, 0)


def _list(market: Market, plant: str) -> Outcome:
    from tanshu.mrv import service as mrv

    body = mrv.ListEntities(YEAR, (mrv.ListedEntity(plant),))
    return mrv.list_entities(market.ctx(MAKER), body)


def test_a_single_allocation_pays_what_is_owed_first_and_says_so(market: Market) -> None:
    plant = market.plant_a
    owe(market, plant, 100)
    market.emit(plant, 1_000, YEAR - 1)
    market.accepted(_list(market, plant))
    Round(market).stage_units(700)
    answer = market.accepted(market.allocate(plant, "pre"))
    assert (answer["quantity"], answer["issue_t"]) == (700, 600)
    assert remaining(market, plant) == 0


def test_a_dropped_allocation_gives_the_deduction_back(market: Market) -> None:
    from tanshu.registry.model import Decide
    from tanshu.registry.service import reject

    plant = market.plant_a
    owe(market, plant, 100)
    market.emit(plant, 1_000, YEAR - 1)
    market.accepted(_list(market, plant))
    Round(market).stage_units(700)
    id = market.accepted(market.allocate(plant, "pre"))["transaction"]
    market.accepted(reject(market.ctx(CHECKER), Decide(id)))
    assert remaining(market, plant) == 100


def test_a_deduction_takes_two_people_and_its_papers(market: Market) -> None:
    plant = market.plant_a
    market.refuses("CMP-6202", lambda: record(market, plant, 1, document=" "))
    market.refuses("CMP-6202", lambda: record(market, plant, 1, decided_on=date(2030, 1, 1)))
    market.refuses("BASE-1002", lambda: record(market, plant, 0))
    market.refuses("PAR-3003", lambda: record(market, plant, 1, actor=CHECKER))
    market.refuses("PAR-3002", lambda: record(market, plant, 1, actor="henan-maker-1"))
    id = market.accepted(record(market, plant, 1, actor="hubei-both-1"))["deduction"]
    assert remaining(market, plant) == 0, "not in force before a second person says so"
    body = deductions.ConfirmDeduction(id)
    market.refuses("CMP-6203", lambda: deductions.confirm_deduction(market.ctx("hubei-both-1"), body))
    market.accepted(deductions.confirm_deduction(market.ctx(CHECKER), body))
    market.refuses("CMP-6204", lambda: deductions.confirm_deduction(market.ctx(CHECKER), body))
    unknown = deductions.ConfirmDeduction("DED-none")
    market.refuses("CMP-6201", lambda: deductions.confirm_deduction(market.ctx(CHECKER), unknown))
