"""The ministry's report of a moment is the same whenever it is asked for, and owes what the board owes."""

from __future__ import annotations

from datetime import date
from typing import Any

from tanshu.base.refusal import need
from tanshu.compliance import obligations
from tests.compliance.test_objections import (
    APPROVED,
    VERIFIED,
    adjust,
    allocated,
    carry_out,
    correct,
)
from tests.insight.test_ministry import made
from tests.support.market import YEAR, Market
from tests.support.rounds import CHECKER, REVIEWER, Round

__all__ = ["allocated"]


def said(market: Market, at: str | None = None) -> Any:
    return need(made(market, at)).as_json()


def test_an_adjusted_obligation_is_reported_and_what_was_reported_before_stays(allocated: Market) -> None:
    reports: dict[int, Any] = {}

    def keep() -> None:
        report = said(allocated)
        reports[report["as_of_seq"]] = report

    keep()
    allocated.today(date(2024, 5, 6))
    correct(allocated, VERIFIED + 10_000)
    keep()
    quantity = APPROVED + 8_000
    answer = allocated.accepted(
        adjust(allocated, "verification", "核查3号", changed_on=date(2024, 4, 30), quantity=quantity)
    )
    keep()
    carry_out(allocated, answer)
    keep()
    with allocated.database.read() as conn:
        owed = sum(one.obligation_t or 0 for one in obligations.board(conn, YEAR))
    now = said(allocated)
    assert (owed, now["total"]["obligation_t"], now["total"]["gap_t"]) == (VERIFIED + 10_000,) * 3
    for seq, report in reports.items():
        assert said(allocated, f"seq:{seq}") == report


def test_a_decision_is_not_in_force_before_its_chain_has_ended(market: Market) -> None:
    """Asked about the time between its entry and its last approval, later as well as then."""
    market.emit(market.plant_a, VERIFIED)
    here = Round(market, "final")
    here.stage_units(1_000_000)
    loaded = market.accepted(here.load(here.accepted_upload(here.row(2, market.plant_a, APPROVED))))
    correct(market, VERIFIED + 5)
    then = said(market)
    assert then["total"]["obligation_t"] == VERIFIED + 5
    correct(market, VERIFIED)
    for person in (CHECKER, REVIEWER):
        market.accepted(here.approve(person, *loaded["transactions"]))
    assert said(market)["total"]["obligation_t"] == VERIFIED
    assert said(market, f"seq:{then['as_of_seq']}") == then
