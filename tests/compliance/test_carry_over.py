"""Carry-over of old vintages: the notice, applications in two batches, the issuance of the new vintage."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanshu.compliance import carry_over
from tanshu.compliance.carry_over import Batch, Terms
from tanshu.compliance.carry_over_service import (
    SUBJECTS_MAX,
    IssueCarriedOver,
    Notices,
    confirm,
    draw_up,
    in_parts,
    issue,
)
from tanshu.parties.model import AccountKind, Appoint, ConfirmPerson, NewPerson
from tanshu.parties.service import appoint, confirm_person
from tanshu.registry import service
from tanshu.registry.model import Decide, Propose, ProposedLine
from tests.support.copies import Copies, copies
from tests.support.duties import CarryingMarket
from tests.support.market import Market
from tests.support.orders import documents


@pytest.fixture(scope="session")
def sqlite_carrying(request: pytest.FixtureRequest) -> Iterator[Copies[CarryingMarket]]:
    yield from copies(request, "sqlite", CarryingMarket)


@pytest.fixture(scope="session")
def postgresql_carrying(request: pytest.FixtureRequest) -> Iterator[Copies[CarryingMarket]]:
    yield from copies(request, "postgresql", CarryingMarket)


@pytest.fixture(params=["sqlite", "postgresql"])
def carrying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CarryingMarket]:
    copied: Copies[CarryingMarket] = request.getfixturevalue(f"{request.param}_carrying")
    with copied(tmp_path) as made:
        yield made


# -- the notice --------------------------------------------------------------------------------------------


def test_the_notice_counts_the_last_day_of_2025_whatever_came_later(carrying: CarryingMarket):
    answer = carrying.accepted(draw_up(carrying.ctx("registry-maker-1"), Notices(carrying.everybody)))
    assert (answer["notices"], answer["eligible"], answer["in_time"]) == (3, 3, True)
    told = {handle: carrying.notice(handle) for handle in carrying.everybody}
    rows = [
        (
            one.sold_t,
            one.bought_t,
            one.net_sold_t,
            one.ceiling_t,
            one.holding_t,
            one.pending_t,
            one.carryable_t,
        )
        for one in told.values()
    ]
    assert rows == [
        (100_000, 40_000, 60_000, 100_000, 500_000, 0, 100_000),
        (40_000, 100_000, 0, 10_000, 50_000, 0, 10_000),
        (0, 0, 0, 10_000, 8_000, 500, 7_500),
    ]
    assert carrying.has(carrying.plant_b, "CEA22") == (45_000, 0)  # by now
    assert answer["carryable_t"] == 117_500


def test_a_notice_is_drawn_up_by_one_person_and_confirmed_by_another(carrying: CarryingMarket):
    all_of_them = Notices(carrying.everybody)
    carrying.refuses("CMP-7004", lambda: confirm(carrying.ctx("registry-checker-1"), all_of_them))
    carrying.refuses("PAR-3003", lambda: draw_up(carrying.ctx("registry-checker-1"), all_of_them))
    carrying.refuses("CMP-7002", lambda: draw_up(carrying.ctx("registry-maker-1"), Notices(())))
    too_many = Notices(("x",) * (SUBJECTS_MAX + 1))
    carrying.refuses("CMP-7002", lambda: confirm(carrying.ctx("registry-checker-1"), too_many))
    carrying.accepted(draw_up(carrying.ctx("registry-maker-1"), all_of_them))
    carrying.accepted(draw_up(carrying.ctx("registry-maker-1"), all_of_them))  # a draft is replaced
    carrying.refuses("CMP-7004", lambda: carrying.apply(1))
    carrying.accepted(confirm(carrying.ctx("registry-checker-1"), all_of_them))
    carrying.refuses("CMP-7003", lambda: draw_up(carrying.ctx("registry-maker-1"), all_of_them))
    assert carrying.notice(carrying.plant_a).confirmed_by == "registry-checker-1"


def test_the_person_who_drew_a_notice_up_does_not_confirm_it(carrying: CarryingMarket):
    both = Appoint("registry", NewPerson("registry-both-1", ("maker", "checker")))
    carrying.accepted(appoint(carrying.ctx("registry-maker-1"), both))
    carrying.accepted(confirm_person(carrying.ctx("registry-checker-1"), ConfirmPerson("registry-both-1")))
    carrying.accepted(draw_up(carrying.ctx("registry-both-1"), Notices(carrying.everybody)))
    carrying.refuses(
        "CMP-7005", lambda: confirm(carrying.ctx("registry-both-1"), Notices(carrying.everybody))
    )


def test_a_notice_before_the_day_is_over_is_refused(market: Market):
    market.today(date(2025, 12, 31))
    one = Notices((market.plant_a,))
    market.refuses("CMP-7001", lambda: draw_up(market.ctx("registry-maker-1"), one))


def test_who_was_late_for_2023_is_told_so_and_may_not_apply(carrying: CarryingMarket):
    carrying.accepted(draw_up(carrying.ctx("registry-maker-1"), Notices(carrying.everybody)))
    carrying.emit(carrying.plant_a, 1_000)  # a list that comes to light afterwards
    changed = Notices((carrying.plant_a,))
    carrying.refuses("CMP-7006", lambda: confirm(carrying.ctx("registry-checker-1"), changed))
    answer = carrying.accepted(draw_up(carrying.ctx("registry-maker-1"), changed))
    assert answer["eligible"] == 0
    carrying.accepted(confirm(carrying.ctx("registry-checker-1"), changed))
    assert (carrying.notice(carrying.plant_a).late_years, carrying.notice(carrying.plant_a).carryable_t) == (
        "2023",
        0,
    )
    carrying.refuses("CMP-7007", lambda: carrying.apply(1))


def test_everybody_on_a_list_is_told_in_parts(market: Market):
    market.emit(market.plant_a, 10)
    market.emit(market.plant_b, 10, 2022)
    with market.database.read() as conn:
        handles = [one.handle for one in carry_over.entities(conn, Terms.of(conn))]
    assert handles == [market.plant_b, market.plant_a]
    parts = in_parts(map(str, range(SUBJECTS_MAX * 2 + 1)))
    assert [len(part.subjects) for part in parts] == [SUBJECTS_MAX, SUBJECTS_MAX, 1]


# -- applications ------------------------------------------------------------------------------------------


def test_several_applications_come_to_no_more_than_the_ceiling(carrying: CarryingMarket):
    carrying.told()
    carrying.refuses("CMP-7010", lambda: carrying.apply(100_001))
    carrying.recalled(60_000)
    pending = carrying.accepted(carrying.apply(30_000))["id"]
    assert carrying.has(carrying.plant_a, "CEA22") == (410_000, 30_000)  # held from submission
    carrying.refuses("CMP-7010", lambda: carrying.apply(10_001))
    carrying.accepted(service.withdraw(carrying.ctx("plant-a-maker-1"), Decide(pending)))
    carrying.recalled(40_000)
    carrying.refuses("CMP-7010", lambda: carrying.apply(1))
    assert carrying.has("registry", "CEA22", AccountKind.RECALL) == (100_000, 0)


def test_only_what_is_there_and_of_an_old_vintage(carrying: CarryingMarket):
    carrying.told()
    line = ("CEA22", 40_000, carrying.account(carrying.stranger))
    carrying.refuses("REG-2005", lambda: carrying.propose("stranger-maker-1", "carry-over", line))
    new = ("CEA25", 10, "", carrying.account("hubei", AccountKind.PROVINCIAL))
    carrying.done("registry-maker-1", "issuance", new, by=("registry-checker-1",))
    up = ("CEA25", 10, carrying.account("hubei", AccountKind.PROVINCIAL), carrying.account(carrying.plant_a))
    by = ("hubei-checker-1", "registry-checker-1")
    carrying.done("hubei-maker-1", "administrative-adjustment", up, by=by)
    carrying.refuses("CMP-7008", lambda: carrying.apply(10, instrument="CEA25"))


def test_the_day_of_filing_decides_the_batch_and_what_is_overdue(carrying: CarryingMarket):
    carrying.told()
    carrying.today(date(2026, 3, 20))
    first = carrying.accepted(carrying.apply(100))["id"]
    carrying.today(date(2026, 3, 21))
    carrying.accepted(carrying.apply(200))
    carrying.today(date(2026, 3, 28))
    made = {one.transaction.quantity: one for one in carrying.applications()}
    assert [(made[t].batch, made[t].done_by) for t in (100, 200)] == [
        (Batch.FIRST, date(2026, 3, 27)),
        (Batch.SECOND, date(2026, 6, 26)),
    ]
    assert [made[t].overdue(date(2026, 3, 28)) for t in (100, 200)] == [True, False]
    for checker in ("plant-a-checker-1", "registry-checker-1"):
        carrying.accepted(carrying.approve(checker, first))
    recalled = next(one for one in carrying.applications() if one.recalled_on)
    assert (recalled.batch, recalled.recalled_on) == (Batch.FIRST, date(2026, 3, 28))
    assert recalled.issue_by == date(2026, 4, 3)  # the last day before the Qingming holiday


def test_issuance_is_due_five_working_days_after_the_recall(market: Market):
    with market.database.read() as conn:
        terms = Terms.of(conn)
    # 29 September is worked, 1 to 7 October are holidays.
    assert terms.issue_by("cn", date(2024, 9, 27)) == date(2024, 10, 10)


def test_after_the_window_only_what_a_court_held_and_freed(carrying: CarryingMarket):
    carrying.told()
    frozen = carrying.court("judicial-freeze", 300, until="2027-01-01")
    carrying.today(date(2026, 6, 11))
    carrying.refuses("CMP-7009", lambda: carrying.apply(300))  # still frozen
    carrying.court("judicial-release", 300, original=frozen)
    carrying.refuses("CMP-7011", lambda: carrying.apply(301))
    carrying.recalled(200)
    carrying.refuses("CMP-7011", lambda: carrying.apply(101))
    carrying.recalled(100)
    assert {one.batch for one in carrying.applications()} == {Batch.LATE}
    assert carrying.applications()[0].done_by is None


def test_nobody_without_a_freeze_applies_after_the_window(carrying: CarryingMarket):
    carrying.told()
    carrying.today(date(2026, 6, 11))
    carrying.refuses("CMP-7009", lambda: carrying.apply(1))


# -- issuance ----------------------------------------------------------------------------------------------


def test_a_batch_is_issued_once_and_for_exactly_what_was_recalled(carrying: CarryingMarket):
    carrying.told()
    asked = IssueCarriedOver("1", limit=1)
    carrying.refuses("CMP-7014", lambda: issue(carrying.ctx("registry-maker-1"), asked))
    unknown = IssueCarriedOver("3")
    carrying.refuses("CMP-7015", lambda: issue(carrying.ctx("registry-maker-1"), unknown))
    first = carrying.recalled(700)
    carrying.recalled(300)
    answer = carrying.accepted(issue(carrying.ctx("registry-maker-1"), asked))
    assert (answer["quantity"], answer["more"]) == (700, True)
    again = carrying.accepted(issue(carrying.ctx("registry-maker-1"), asked))
    assert (again["quantity"], again["more"]) == (300, False)
    carrying.refuses("CMP-7014", lambda: issue(carrying.ctx("registry-maker-1"), asked))
    for id in (*answer["transactions"], *again["transactions"]):
        carrying.accepted(carrying.approve("registry-checker-1", id))
    assert carrying.has(carrying.plant_a, "CEA25") == (1_000, 0)
    assert all(one.is_issued for one in carrying.applications())
    to = carrying.account(carrying.plant_a)

    def once_more(instrument: str, tonnes: int):
        line = (instrument, tonnes, "", to)
        details = {"original": first}
        return carrying.propose("registry-maker-1", "carry-over-issuance", line, details=details)

    carrying.refuses("CMP-7013", lambda: once_more("CEA25", 700))
    carrying.refuses("CMP-7012", lambda: once_more("CEA25", 699))
    carrying.refuses("CMP-7012", lambda: once_more("CEA24", 700))


def test_an_issuance_that_was_turned_down_is_proposed_again(carrying: CarryingMarket):
    carrying.told()
    carrying.recalled(700)
    answer = carrying.accepted(issue(carrying.ctx("registry-maker-1"), IssueCarriedOver("1")))
    (id,) = answer["transactions"]
    carrying.accepted(service.reject(carrying.ctx("registry-checker-1"), Decide(id)))
    carrying.accepted(issue(carrying.ctx("registry-maker-1"), IssueCarriedOver("1")))


def test_what_a_correction_gave_back_is_not_issued_and_what_was_issued_is_not_given_back(
    carrying: CarryingMarket,
):
    carrying.told()
    first, second = carrying.recalled(700), carrying.recalled(300)
    sink, own = carrying.account("registry", AccountKind.RECALL), carrying.account(carrying.plant_a)

    def correct(original: str, tonnes: int):
        line = ProposedLine("CEA22", tonnes, sink, own)
        details = {"original": original, "documents": documents()}
        ctx = carrying.ctx("registry-maker-1", reason="误报")
        return service.propose(ctx, Propose("correction", (line,), details=details))

    for original, tonnes in ((first, 200), (second, 300)):
        back = carrying.accepted(correct(original, tonnes))["id"]
        carrying.accepted(carrying.approve("registry-checker-1", back))
    answer = carrying.accepted(issue(carrying.ctx("registry-maker-1"), IssueCarriedOver("1")))
    assert (answer["quantity"], len(answer["transactions"])) == (500, 1)
    carrying.refuses("REG-4312", lambda: correct(first, 1))
    carrying.accepted(carrying.approve("registry-checker-1", answer["transactions"][0]))
    carrying.refuses("REG-4312", lambda: correct(first, 1))
    assert carrying.has(carrying.plant_a, "CEA25") == (500, 0)
    carrying.accepted(carrying.apply(99_500))


# -- property ----------------------------------------------------------------------------------------------

DOING = st.sampled_from(["apply", "finish", "withdraw"])
STEPS = st.lists(st.tuples(DOING, st.integers(1, 60_000)), max_size=8)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_never_more_than_the_ceiling_and_never_more_than_is_held(
    carrying: CarryingMarket, steps: list[tuple[str, int]]
):
    """Any order of applying, finishing and withdrawing: used ≤ T, and recall and holding add up."""
    if carrying.notice(carrying.plant_a) is None:
        carrying.told()
    for what, tonnes in steps:
        waiting = [one.transaction.id for one in carrying.applications() if one.recalled_on is None]
        if what == "apply":
            carrying.apply(tonnes)  # may be refused: that is the point
        elif waiting and what == "finish":
            for name in ("plant-a-checker-1", "registry-checker-1"):
                carrying.accepted(carrying.approve(name, waiting[0]))
        elif waiting:
            carrying.accepted(service.withdraw(carrying.ctx("plant-a-maker-1"), Decide(waiting[0])))
        used = sum(one.transaction.quantity for one in carrying.applications())
        recalled = sum(one.transaction.quantity for one in carrying.applications() if one.recalled_on)
        available, held = carrying.has(carrying.plant_a, "CEA22")
        assert used <= 100_000
        assert available + held == 500_000 - recalled
        assert carrying.has("registry", "CEA22", AccountKind.RECALL)[0] == recalled
