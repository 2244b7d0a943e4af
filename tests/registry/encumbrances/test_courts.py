"""Freezes: ranks, waiting, later arrivals, renewal, release, deduction."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tanshu.base.clock import NS, business_date
from tanshu.registry import service
from tanshu.registry.encumbrances.model import ClaimState
from tanshu.registry.model import Expire
from tests.support.market import Market
from tests.support.orders import CLERK, REVIEWER, Court, held, queue

_DAY = 24 * 3600 * NS


@pytest.fixture
def frozen(market: Market) -> tuple[Market, Court, Court, Court]:
    market.give(market.plant_a, 1_000)
    return market, Court(market, "甲法院"), Court(market, "乙法院"), Court(market, "丙法院")


def test_the_first_holds_the_second_the_rest_the_third_waits(frozen):
    market, first, second, third = frozen
    first.freeze(market.plant_a, 600)
    second.freeze(market.plant_a, 800)
    third.freeze(market.plant_a, 500)
    assert held(market, market.plant_a) == [(600, 600), (400, 800), (0, 500)]
    assert [one.state for one in queue(market, market.plant_a)][2] is ClaimState.WAITING
    assert market.has(market.plant_a, "CEA22") == (0, 1_000)


def test_later_arrivals_go_to_the_first_that_is_ordered_to_take_them(frozen):
    market, first, second, third = frozen
    first.freeze(market.plant_a, 1_200)
    second.freeze(market.plant_a, 500, follows=True)
    third.freeze(market.plant_a, 500, follows=True)
    market.give(market.plant_a, 700)
    assert held(market, market.plant_a) == [(1_000, 1_200), (500, 500), (200, 500)]


def test_a_freeze_of_what_there_is_leaves_later_arrivals_free(frozen):
    market, first, *_ = frozen
    first.freeze(market.plant_a, 1_200)
    market.give(market.plant_a, 700)
    assert held(market, market.plant_a) == [(1_000, 1_200)]
    assert market.has(market.plant_a, "CEA22") == (700, 1_000)


def test_who_waits_moves_up_in_the_entry_in_which_an_earlier_one_ends(frozen):
    market, first, second, third = frozen
    earlier = first.freeze(market.plant_a, 1_000)
    second.freeze(market.plant_a, 800)
    third.freeze(market.plant_a, 500)
    before = market.book.tail.seq
    first.done("judicial-release", original=earlier)
    assert market.book.tail.seq == before + 2  # the proposal, its review
    assert held(market, market.plant_a) == [(800, 800), (200, 500)]


def test_a_partial_release_moves_the_next_one_up_by_that_part(frozen):
    market, first, second, _ = frozen
    earlier = first.freeze(market.plant_a, 1_000)
    second.freeze(market.plant_a, 800)
    first.done("judicial-release", ("CEA22", 300, market.account(market.plant_a)), original=earlier)
    assert held(market, market.plant_a) == [(700, 700), (300, 800)]


def test_a_deduction_takes_from_its_own_rank_only(frozen):
    market, first, second, _ = frozen
    a, b = market.account(market.plant_a), market.account(market.plant_b)
    earlier = first.freeze(market.plant_a, 600)
    later = second.freeze(market.plant_a, 800)
    short = market.refuses(
        "REG-5004",
        lambda: second.order("judicial-deduction", ("CEA22", 500, a, b), original=later),
    )
    assert (short.facts["held"], short.facts["needed"]) == (400, 500)
    first.done("judicial-deduction", ("CEA22", 600, a, b), original=earlier)
    assert held(market, market.plant_a) == [(400, 800)]
    assert market.has(market.plant_b, "CEA22") == (600, 0)


def test_a_restricted_holder_can_be_deducted_from_and_receives(frozen):
    market, first, *_ = frozen
    a = market.account(market.plant_a)
    market.set_state(a, "restricted")
    earlier = first.freeze(market.plant_a, 600)
    market.give(market.plant_a, 10)
    first.done("judicial-deduction", ("CEA22", 600, a, market.account(market.plant_b)), original=earlier)
    assert market.has(market.plant_a, "CEA22") == (410, 0)


def test_a_freeze_ends_with_its_term_unless_it_is_renewed(frozen):
    market, first, second, _ = frozen
    ends = _today(market) + timedelta(days=10)
    first.freeze(market.plant_a, 1_000, until=ends.isoformat())
    kept = second.freeze(market.plant_a, 700, until=ends.isoformat())
    second.done("judicial-renewal", original=kept, until=(ends + timedelta(days=90)).isoformat())
    market.refuses("REG-4311", lambda: service.expire(market.ctx(CLERK), Expire()))
    market.clock.set(market.clock.now_ns + 11 * _DAY)
    swept = market.accepted(service.expire(market.ctx(CLERK), Expire()))
    assert len(swept["claims"]) == 1
    assert held(market, market.plant_a) == [(700, 700)]
    assert market.has(market.plant_a, "CEA22") == (300, 700)


def test_a_proposal_past_its_day_ends_and_frees_what_it_held(frozen):
    market, first, *_ = frozen
    line = ("CEA22", 400, market.account(market.plant_a))
    id = market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    first.freeze(market.plant_a, 1_000)
    assert held(market, market.plant_a) == [(400, 400), (600, 1_000)]
    market.clock.set(market.clock.now_ns + 31 * _DAY)
    assert market.accepted(service.expire(market.ctx(CLERK), Expire()))["proposals"] == [id]
    assert held(market, market.plant_a) == [(1_000, 1_000)]
    market.refuses("REG-3103", lambda: market.approve("plant-a-checker-1", id))


def test_what_a_proposal_held_does_not_go_to_a_freeze_whose_term_is_over_that_day(frozen):
    market, first, second, _ = frozen
    line = ("CEA22", 400, market.account(market.plant_a))
    market.accepted(market.propose("plant-a-maker-1", "voluntary-cancellation", line))
    first.freeze(market.plant_a, 1_000, until=(_today(market) + timedelta(days=20)).isoformat())
    second.freeze(market.plant_a, 500)
    market.clock.set(market.clock.now_ns + 31 * _DAY)
    swept = market.accepted(service.expire(market.ctx(CLERK), Expire()))
    assert (len(swept["proposals"]), len(swept["claims"])) == (1, 1)
    assert held(market, market.plant_a) == [(500, 500)]
    assert market.has(market.plant_a, "CEA22") == (500, 500)


REFUSED = [
    ({"court": ""}, "REG-5008"),
    ({"document": ""}, "REG-5008"),
    ({"until": "2001-01-01"}, "REG-5009"),
    ({"until": "soon"}, "REG-5009"),
    ({"documents": []}, "REG-4307"),
    ({"documents": [{"title": "裁定书", "sha256": "zz"}]}, "REG-4307"),
]


@pytest.mark.parametrize(("details", "code"), REFUSED)
def test_an_order_that_lacks_something_is_refused(frozen, details, code):
    market, first, *_ = frozen
    order = lambda: first.order("judicial-freeze", ("CEA22", 5), subject=market.plant_a, **details)  # noqa: E731
    market.refuses(code, order)


def test_one_document_freezes_once(frozen):
    market, first, *_ = frozen
    first.freeze(market.plant_a, 10, document="同一文书")
    again = {"subject": market.plant_a, "document": "同一文书"}
    market.refuses("REG-5014", lambda: first.order("judicial-freeze", ("CEA22", 5), **again))


def test_the_same_cell_is_frozen_by_one_line(frozen):
    market, first, *_ = frozen
    lines = (("CEA22", 5), ("CEA22", 6))
    market.refuses("REG-5007", lambda: first.order("judicial-freeze", *lines, subject=market.plant_a))


def test_orders_about_a_freeze_name_it_and_fit_it(frozen):
    market, first, second, _ = frozen
    a, b = market.account(market.plant_a), market.account(market.plant_b)
    earlier = first.freeze(market.plant_a, 100, until="2090-01-01")
    market.refuses("REG-4301", lambda: first.order("judicial-release"))
    market.refuses("REG-3105", lambda: first.order("judicial-release", original="TX-none"))
    waiting = market.accepted(second.order("judicial-freeze", ("CEA22", 5), subject=market.plant_a))["id"]
    market.refuses("REG-4302", lambda: first.order("judicial-release", original=waiting))
    market.refuses("REG-5006", lambda: first.order("judicial-release", ("CEA22", 101, a), original=earlier))
    market.refuses("REG-5005", lambda: first.order("judicial-release", ("CEA23", 1, a), original=earlier))
    market.refuses("REG-4303", lambda: first.order("judicial-release", ("CEA22", 1, b), original=earlier))
    market.refuses("REG-5016", lambda: first.order("judicial-renewal", original=earlier, until="2080-01-01"))
    market.refuses("REG-5008", lambda: first.order("judicial-renewal", original=earlier))


def test_a_transfer_by_court_order_crosses_subjects_with_its_document(frozen):
    market, first, *_ = frozen
    a, b = market.account(market.plant_a), market.account(market.stranger)
    first.done("court-transfer", ("CEA22", 40, a, b))
    assert market.has(market.stranger, "CEA22") == (40, 0)


def test_nobody_reviews_an_order_they_entered(frozen):
    market, first, *_ = frozen
    id = market.accepted(first.order("judicial-freeze", ("CEA22", 5), subject=market.plant_a))["id"]
    market.refuses("REG-3101", lambda: market.approve(CLERK, id))
    market.accepted(market.approve(REVIEWER, id))


def _today(market: Market) -> date:
    return business_date(market.clock.now_ns)
