"""Objections that move their own clock, figures that change between sealing and loading, and huge ones."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Outcome
from tanshu.compliance import adjustment
from tanshu.compliance.allocation import Computed
from tanshu.compliance.upload_tables import ADJUSTMENT
from tanshu.mrv import service as mrv
from tanshu.registry import notices
from tests.compliance.test_objections import (
    APPROVED,
    MAKER,
    SERVED,
    VERIFIED,
    adjust,
    allocated,
    decide,
    file,
)
from tests.support.market import YEAR, Market
from tests.support.rounds import CLERK, Round

__all__ = ["allocated"]
LATE = date(2024, 6, 3)


def code(outcome: Outcome) -> str:
    return outcome.code if isinstance(outcome, Refusal) else "accepted"


def test_an_entity_does_not_say_that_its_own_application_came_earlier(allocated: Market) -> None:
    """Who keys a paper application later is the province; an entity's own comes when it is filed."""
    allocated.today(LATE)
    allocated.refuses("CMP-6113", lambda: file(allocated, received_on=SERVED + timedelta(3)))
    late = allocated.accepted(file(allocated, received_on=LATE))
    assert late["state"] == "late"
    keyed = allocated.accepted(file(allocated, MAKER, received_on=SERVED + timedelta(3)))
    assert keyed["state"] == "filed"


def served(market: Market, day: date) -> str:
    with market.database.read() as conn:
        told = notices.of(conn, kind="allocation")[-1]
    market.accepted(notices.serve(market.ctx(CLERK), notices.ServeNotice(told.id, day)))
    return told.id


def test_a_letter_of_ones_own_does_not_set_back_the_day_on_record(allocated: Market) -> None:
    allocated.today(SERVED)
    served(allocated, SERVED)
    allocated.today(LATE)
    allocated.refuses("CMP-6112", lambda: file(allocated, notice="信函1号", served_on=LATE))
    assert allocated.accepted(file(allocated, notice="", served_on=None))["state"] == "late"


@pytest.mark.parametrize("quantity", [2**62, 2**63, 10**30])
def test_no_quantity_is_beyond_what_the_book_can_hold(allocated: Market, quantity: int) -> None:
    allocated.today(SERVED)
    id = allocated.accepted(file(allocated))["objection"]
    assert code(decide(allocated, id, quantity)) == "BASE-1003"
    answer = adjust(allocated, "verification", "核查1号", changed_on=SERVED, quantity=quantity)
    assert code(answer) == "BASE-1003"


@pytest.mark.parametrize("figure", [{"count": 2**63}, {"total_t": 2**63}, {"count": 10**30}])
def test_a_letter_with_impossible_figures_is_refused(market: Market, figure: dict[str, Any]) -> None:
    here = Round(market)
    told = {"count": 1, "total_t": 1, **figure}
    assert code(here.letter(told["count"], told["total_t"])) == "CMP-6022"


def test_what_is_owed_after_an_adjustment_is_what_the_pack_says(
    allocated: Market, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where relief acts on the surrender, less than the verified emissions is owed: here as anywhere."""
    computed = Computed(APPROVED + 5, 800_000, 5, {"pack": "cn.power"})
    monkeypatch.setattr(adjustment, "computed", lambda *_: computed)
    allocated.today(SERVED)
    answer = allocated.accepted(adjust(allocated, "verification", "核查1号", changed_on=SERVED))
    assert answer["obligation_t"] == 800_000
    with allocated.database.read() as conn:
        assert conn.execute(select(ADJUSTMENT.c.obligation_t)).scalar() == 800_000


@pytest.mark.parametrize("quantity", [900_000, 0])
def test_figures_that_changed_since_the_table_was_sealed_are_not_loaded(
    market: Market, quantity: int
) -> None:
    market.emit(market.plant_a, VERIFIED)
    here = Round(market, "final")
    here.stage_units(1_000_000)
    upload = here.accepted_upload(here.row(2, market.plant_a, quantity))
    told = mrv.ImportEmissions(YEAR, (mrv.EntityEmissions(market.plant_a, VERIFIED + 1),))
    market.accepted(mrv.import_emissions(market.ctx(MAKER), told))
    market.refuses("CMP-6043", lambda: here.load(upload))
