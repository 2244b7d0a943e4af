"""Cancellation of what a year left over and nobody traded: in jurisdictions whose pack has it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import need
from tanshu.compliance import surplus
from tanshu.compliance.closing import CloseYear, close_year
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.rules import packs
from tests.support.market import YEAR, Market, coal_unit

BY = ("hubei-checker-1", "registry-checker-1")
P = AccountKind.PROVINCIAL


@pytest.mark.parametrize(
    ("allocated", "obligation", "sold", "bought", "untraded"),
    [
        (100, 80, 0, 0, 20),
        (100, 80, 15, 0, 5),
        (100, 80, 15, 40, 20),  # what was bought is kept; what was allocated is still untraded
        (100, 80, 30, 0, 0),
        (100, 120, 0, 0, 0),
        (100, 0, 60, 10, 50),
    ],
)
def test_untraded_is_what_was_allocated_less_needed_less_net_sold(
    allocated: int, obligation: int, sold: int, bought: int, untraded: int
):
    assert surplus.untraded_t(allocated, obligation, sold, bought) == untraded


@pytest.fixture
def left_over(market: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Market:
    """plant-a is due 954,000 CEA23 for 2023 and owes 900,000, in a market whose pack cancels surplus.

    It has 10,010 CEA22, too, and pays with them in part: what was left of the year is the same.
    """
    own = (packs.PACKAGED / "cn" / "registry.toml").read_text("utf-8")
    (tmp_path / "packs" / "cn").mkdir(parents=True)
    added = own.replace('    "carry-over",\n', '    "carry-over",\n    "surplus-cancellation",\n', 1)
    (tmp_path / "packs" / "cn" / "registry.toml").write_text(added, "utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path / "packs"))
    market.give(market.plant_a, 10_010)
    market.emit(market.plant_a, 900_000)
    market.generate(market.plant_a, coal_unit(verified_t=900_000))
    line = ("CEA23", 954_000, "", market.account("hubei", P))
    market.done("registry-maker-1", "issuance", line, by=("registry-checker-1",))
    id = market.accepted(market.allocate(market.plant_a, "final"))["transaction"]
    for checker in BY:
        market.accepted(market.approve(checker, id))
    return market


def cancel(market: Market, tonnes: int, instrument: str = "CEA23", year: int | None = YEAR):
    line = (instrument, tonnes, market.account(market.plant_a))
    return market.propose("hubei-maker-1", "surplus-cancellation", line, year=year)


def closed(market: Market) -> None:
    by = ("plant-a-checker-1", *BY)
    own = market.account(market.plant_a)
    lines = (("CEA23", 890_000, own), ("CEA22", 10_000, own))
    market.done("plant-a-maker-1", "surrender", *lines, by=by, year=YEAR)
    market.today(date(2025, 1, 2))
    market.accepted(close_year(market.ctx("hubei-checker-1"), CloseYear("420000", YEAR)))


def test_after_the_year_is_closed_the_province_cancels_what_is_left_untraded(left_over: Market):
    left_over.refuses("CMP-7401", lambda: cancel(left_over, 54_000))
    closed(left_over)
    left_over.refuses("CMP-2001", lambda: cancel(left_over, 1, year=None))
    left_over.refuses("CMP-2002", lambda: cancel(left_over, 1, "CEA22"))
    left_over.refuses("CMP-7403", lambda: cancel(left_over, 54_001))
    id = left_over.accepted(cancel(left_over, 50_000))["id"]
    left_over.refuses("CMP-7403", lambda: cancel(left_over, 4_001))
    for checker in BY:
        left_over.accepted(left_over.approve(checker, id))
    assert left_over.has(left_over.plant_a, "CEA23") == (14_000, 0)
    assert left_over.has("registry", "CEA23", AccountKind.CANCELLATION) == (50_000, 0)
    left_over.refuses("PAR-3002", lambda: cancel_by_holder(left_over))


def cancel_by_holder(market: Market):
    line = ("CEA23", 1, market.account(market.plant_a))
    return market.propose("plant-a-maker-1", "surplus-cancellation", line, year=YEAR)


def test_without_a_final_allocation_nothing_is_surplus(left_over: Market):
    left_over.emit(left_over.plant_b, 10)
    with left_over.database.read() as conn:
        found = surplus.of_entity(conn, need(parties.subject(conn, left_over.plant_b)), YEAR)
        known = surplus.of_entity(conn, need(parties.subject(conn, left_over.plant_a)), YEAR)
    assert getattr(found, "code", None) == "CMP-7402"
    assert known == 54_000
