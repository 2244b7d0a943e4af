"""Surrender, offset, status at the deadline and today, penalties, carry-over."""

from __future__ import annotations

from datetime import date

import pytest

from tanshu.base.refusal import Refusal
from tanshu.compliance import carry_over, obligations, penalties
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.compliance.obligations import Owed, Status
from tanshu.compliance.penalties import DecidePenalty, decide_penalty, penalty_range
from tanshu.mrv import service as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Subject
from tests.support.market import YEAR, Market

CHAIN = ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1")
LATE, IN_TIME = date(2025, 1, 2), date(2024, 12, 31)


@pytest.fixture
def owing(market: Market) -> Market:
    """plant-a owes 1,000 t for 2023 and holds 1,500 CEA22."""
    market.give(market.plant_a, 1_500)
    market.emit(market.plant_a, 1_000)
    return market


def subject(market: Market, handle: str) -> Subject:
    with market.database.read() as conn:
        found = parties.subject(conn, handle)
    assert not isinstance(found, Refusal)
    return found


def owed(market: Market, *, today: date | None = None) -> Owed:
    with market.database.read() as conn:
        found = obligations.owed(conn, subject(market, market.plant_a), YEAR, today=today)
    assert not isinstance(found, Refusal)
    return found


def surrender(market: Market, quantity: int, *, day: date | None = None) -> None:
    if day:
        market.today(day)
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, quantity))["id"]
    for checker in CHAIN:
        market.accepted(market.approve(checker, id))


def claim(number: str = "FICTIONAL-1", quantity: int = 50, registered_on: str = "2016-05-01"):
    return {
        "number": number,
        "quantity": quantity,
        "project": "模拟项目",
        "registered_on": registered_on,
    }


def offset(market: Market, quantity: int, *claims: dict[str, object], handle: str = ""):
    return market.propose(
        "plant-a-maker-1",
        "offset",
        ("CCER", quantity),
        subject=handle or market.plant_a,
        year=YEAR,
        details={"claims": list(claims)},
    )


# -- surrender ---------------------------------------------------------------------------------------------


def test_paid_in_full_before_the_deadline_is_compliant_then_and_now(owing: Market):
    surrender(owing, 1_000)
    found = owed(owing, today=LATE)
    assert (found.status, found.status_at_deadline, found.due_t) == ("compliant", "compliant", 0)
    assert not found.late


def test_late_surrender_pays_but_leaves_the_deadline_status_short(owing: Market):
    surrender(owing, 400, day=IN_TIME)
    surrender(owing, 600, day=LATE)
    found = owed(owing)
    assert (found.status, found.status_at_deadline) == (Status.COMPLIANT, Status.SHORT)
    assert (found.due_t, found.due_at_deadline_t, found.paid_late_t) == (0, 600, 600)
    assert found.late


def test_submitted_in_time_and_approved_after_the_deadline_is_in_time(owing: Market):
    owing.today(IN_TIME)
    id = owing.accepted(owing.surrender("plant-a-maker-1", owing.plant_a, 1_000))["id"]
    owing.today(LATE)
    for checker in CHAIN:
        owing.accepted(owing.approve(checker, id))
    assert owed(owing).status_at_deadline is Status.COMPLIANT


def test_before_the_deadline_there_is_no_status_at_it(owing: Market):
    assert owed(owing).status_at_deadline is None


def test_no_more_than_is_owed_is_taken_pending_included(owing: Market):
    owing.accepted(owing.surrender("plant-a-maker-1", owing.plant_a, 700))
    owing.refuses("CMP-2003", lambda: owing.surrender("plant-a-maker-1", owing.plant_a, 301))
    owing.accepted(owing.surrender("plant-a-maker-1", owing.plant_a, 300))


def test_a_later_vintage_cannot_pay_an_earlier_year(owing: Market):
    own = owing.account("hubei", AccountKind.PROVINCIAL)
    line = ("CEA24", 10, "", own)
    owing.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    up = ("CEA24", 10, own, owing.account(owing.plant_a))
    by = ("hubei-checker-1", "registry-checker-1")
    owing.done("hubei-maker-1", "administrative-adjustment", up, by=by)
    refusal = owing.refuses(
        "CMP-2002", lambda: owing.surrender("plant-a-maker-1", owing.plant_a, 10, "CEA24")
    )
    assert "CEA23" in refusal.sentence("en")


@pytest.mark.parametrize(("year", "code"), [(None, "CMP-2001"), (2031, "RULE-1001"), (2024, "CMP-1002")])
def test_the_year_must_be_named_known_and_owed(owing: Market, year, code):
    line = ("CEA22", 1, owing.account(owing.plant_a))
    owing.refuses(code, lambda: owing.propose("plant-a-maker-1", "surrender", line, year=year))


# -- offset ------------------------------------------------------------------------------------------------


def test_an_offset_goes_from_outside_straight_into_the_sink_and_reduces_what_is_due(owing: Market):
    id = owing.accepted(offset(owing, 50, claim()))["id"]
    for checker in CHAIN:
        owing.accepted(owing.approve(checker, id))
    assert owing.has("registry", "CCER", AccountKind.OFFSET) == (50, 0)
    assert owing.has("registry", "CCER", AccountKind.EXTERNAL) == (-50, 0)
    assert (owed(owing).offset_t, owed(owing).due_t) == (50, 950)


def test_five_per_cent_is_the_limit_and_pending_offsets_count(owing: Market):
    owing.refuses("CMP-2004", lambda: offset(owing, 51, claim(quantity=51)))
    owing.accepted(offset(owing, 30, claim(quantity=30)))
    owing.refuses("CMP-2004", lambda: offset(owing, 21, claim("FICTIONAL-2", 21)))
    owing.accepted(offset(owing, 20, claim("FICTIONAL-3", 20)))


def test_a_cancellation_number_serves_once_whoever_claims_it(owing: Market):
    first = owing.accepted(offset(owing, 10, claim(quantity=10)))["id"]
    owing.refuses("CMP-2005", lambda: offset(owing, 10, claim(quantity=10)))
    twice = (claim("FICTIONAL-9", 5), claim("FICTIONAL-9", 5))
    owing.refuses("CMP-2005", lambda: offset(owing, 10, *twice))
    from tanshu.registry import service
    from tanshu.registry.model import Decide

    owing.accepted(service.withdraw(owing.ctx("plant-a-maker-1"), Decide(first)))
    owing.accepted(offset(owing, 10, claim(quantity=10)))


@pytest.mark.parametrize(
    ("claims", "code"),
    [
        ((), "CMP-2006"),
        (("text",), "CMP-2006"),
        (({**claim(), "number": ""},), "CMP-2006"),
        (({**claim(), "registered_on": "May"},), "CMP-2006"),
        (({**claim(), "quantity": "many"},), "BASE-1001"),
        ((claim(quantity=49),), "CMP-2007"),
    ],
)
def test_claims_are_complete_and_sum_up(owing: Market, claims, code):
    owing.refuses(code, lambda: offset(owing, 50, *claims))


@pytest.mark.parametrize("number", ["fictional-1", " FICTIONAL-1 ", "ＦＩＣＴＩＯＮＡＬ－１", "FICTIONAL -1"])
def test_width_case_and_blanks_do_not_make_another_certificate(owing: Market, number: str):
    owing.accepted(offset(owing, 10, claim(quantity=10)))
    owing.refuses("CMP-2005", lambda: offset(owing, 10, claim(number, 10)))


@pytest.mark.parametrize("odd", [{"number": None}, {"project": None}, {"registered_on": "2099-01-01"}])
def test_claims_without_substance(owing: Market, odd: dict[str, object]):
    owing.refuses("CMP-2006", lambda: offset(owing, 50, {**claim(), **odd}))


def test_an_offset_submitted_in_time_is_approved_in_january(owing: Market):
    owing.today(IN_TIME)
    id = owing.accepted(offset(owing, 50, claim()))["id"]
    owing.today(LATE)
    for checker in CHAIN:
        owing.accepted(owing.approve(checker, id))
    assert owed(owing).due_at_deadline_t == 950


def test_nothing_is_closed_or_punished_while_timely_payments_wait(owing: Market):
    owing.today(IN_TIME)
    id = owing.accepted(owing.surrender("plant-a-maker-1", owing.plant_a, 1_000))["id"]
    owing.today(LATE)
    year = CloseYear("420000", YEAR)
    fine = DecidePenalty(owing.plant_a, YEAR, 6_000_000, "basis", "DOC-1")
    owing.refuses("CMP-3006", lambda: close_year(owing.ctx("hubei-checker-1"), year))
    owing.refuses("CMP-3006", lambda: decide_penalty(owing.ctx("hubei-checker-1"), fine))
    for checker in CHAIN:
        owing.accepted(owing.approve(checker, id))
    closed = owing.accepted(close_year(owing.ctx("hubei-checker-1"), year))
    assert closed["status_at_deadline"]["compliant"] == 1
    owing.refuses("CMP-3007", lambda: close_year(owing.ctx("hubei-checker-1"), year))
    more = mrv.ImportEmissions(YEAR, (mrv.EntityEmissions(owing.plant_a, 5_000),))
    owing.refuses("MRV-1012", lambda: mrv.import_emissions(owing.ctx("hubei-maker-1"), more))


def test_old_credits_end_with_2024(owing: Market):
    owing.today(LATE)
    owing.refuses("RULE-2014", lambda: offset(owing, 50, claim()))


def test_an_offset_names_its_subject(owing: Market):
    owing.refuses(
        "REG-1008",
        lambda: owing.propose("plant-a-maker-1", "offset", ("CCER", 50), year=YEAR),
    )
    owing.refuses("PAR-3002", lambda: offset(owing, 50, claim(), handle=owing.plant_b))


# -- status, closing, penalties ----------------------------------------------------------------------------


def test_the_order_of_statuses(owing: Market):
    listed = mrv.ListEntities(YEAR, (mrv.ListedEntity(owing.plant_b),))
    with owing.database.read() as conn:
        assert obligations.status(conn, subject(owing, owing.plant_b), YEAR) is Status.NOT_APPLICABLE
    owing.accepted(mrv.list_entities(owing.ctx("hubei-maker-1"), listed))
    with owing.database.read() as conn:
        assert obligations.status(conn, subject(owing, owing.plant_b), YEAR) is Status.EMISSIONS_MISSING
        assert obligations.status(conn, subject(owing, owing.plant_a), YEAR) is Status.SHORT
    out = mrv.ListEntities(YEAR, (mrv.ListedEntity(owing.plant_b, excluded=True),))
    owing.accepted(mrv.list_entities(owing.ctx("hubei-maker-1"), out))
    with owing.database.read() as conn:
        assert obligations.status(conn, subject(owing, owing.plant_b), YEAR) is Status.EXCLUDED
        board = {row.subject.handle: row.status for row in obligations.board(conn, YEAR)}
    assert board == {owing.plant_a: Status.SHORT, owing.plant_b: Status.EXCLUDED}


def test_a_year_is_closed_after_its_deadline_by_the_province(owing: Market):
    command = CloseYear("420000", YEAR)
    owing.refuses("CMP-3002", lambda: close_year(owing.ctx("hubei-checker-1"), command))
    owing.today(LATE)
    owing.refuses("PAR-3003", lambda: close_year(owing.ctx("hubei-maker-1"), command))
    closed = owing.accepted(close_year(owing.ctx("hubei-checker-1"), command))
    assert closed["status_at_deadline"]["short"] == 1
    assert closed["short_t"] == 1_000
    unknown = CloseYear("420000", 2031)
    owing.refuses("RULE-3003", lambda: close_year(owing.ctx("hubei-checker-1"), unknown))


def test_a_penalty_is_a_range_until_an_authority_decides(owing: Market):
    surrender(owing, 900, day=IN_TIME)
    owing.today(LATE)
    plant = subject(owing, owing.plant_a)
    with owing.database.read() as conn:
        no_price = penalty_range(conn, plant, YEAR, today=LATE)
        found = penalty_range(conn, plant, YEAR, average_price_fen=10_000, today=LATE)
    assert isinstance(no_price, Refusal) and no_price.code == "CMP-3003"
    assert not isinstance(found, Refusal)
    assert (found.min_fen, found.max_fen) == (5 * 100 * 10_000, 10 * 100 * 10_000)
    assert owing.rows()["penalty_decision"] == 0
    decision = DecidePenalty(owing.plant_a, YEAR, 6_000_000, "国务院令第775号第24条", "DOC-1")
    owing.refuses("PAR-3003", lambda: decide_penalty(owing.ctx("hubei-maker-1"), decision))
    owing.accepted(decide_penalty(owing.ctx("hubei-checker-1"), decision))
    with owing.database.read() as conn:
        assert [row["amount_fen"] for row in penalties.decisions(conn, YEAR)] == [6_000_000]
    bare = DecidePenalty(owing.plant_a, YEAR, 0, "", "")
    owing.refuses("CMP-3004", lambda: decide_penalty(owing.ctx("hubei-checker-1"), bare))


def test_no_penalty_without_a_shortfall_or_before_the_deadline(owing: Market):
    plant = subject(owing, owing.plant_a)
    with owing.database.read() as conn:
        early = penalty_range(conn, plant, YEAR)
    assert isinstance(early, Refusal) and early.code == "CMP-3002"
    surrender(owing, 1_000)
    with owing.database.read() as conn:
        paid = penalty_range(conn, plant, YEAR, today=LATE)
    assert isinstance(paid, Refusal) and paid.code == "CMP-3001"


def test_carry_over_counts_holdings_less_pending_and_is_lost_by_being_late(owing: Market):
    plant = subject(owing, owing.plant_a)

    def estimate():
        with owing.database.read() as conn:
            return carry_over.estimate(conn, owing.book.catch_up(conn), plant)

    assert (estimate().available_t, estimate().carryable_t) == (1_500, 1_500)
    owing.accepted(owing.surrender("plant-a-maker-1", owing.plant_a, 400))
    assert (estimate().available_t, estimate().carryable_t) == (1_100, 1_100)
    owing.today(LATE)
    surrender(owing, 600)
    assert estimate().eligible is False
    assert estimate().carryable_t == 0
