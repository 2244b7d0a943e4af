"""Who goes first among the duty to surrender, a court and a pledge: the pack says, or nobody does."""

from __future__ import annotations

from pathlib import Path

import pytest

from tanshu.registry import service
from tanshu.registry.model import Decide
from tests.support.market import Market
from tests.support.orders import Court, held, pledge, pledging
from tests.support.policies import decide


@pytest.fixture
def owing(market: Market) -> Market:
    """Plant-a holds 1,000 and owes 900 for the year."""
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 900)
    return market


def surrender(market: Market, quantity: int):
    return market.surrender("plant-a-maker-1", market.plant_a, quantity)


def test_without_a_rule_a_conflict_is_refused_whichever_comes_second(owing: Market):
    pledge(owing, owing.plant_a, 800, "Z-1")
    refused = owing.refuses("REG-5002", lambda: surrender(owing, 500))
    assert refused.facts["held"] == 800 and refused.facts["short"] == 300
    court = Court(owing)
    owing.refuses("REG-5002", lambda: court.order("judicial-freeze", ("CEA22", 500), subject=owing.plant_a))
    owing.accepted(surrender(owing, 200))  # what is free is nobody's question


def test_first_come_refuses_the_duty_and_lets_a_court_wait(
    owing: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch)
    pledge(owing, owing.plant_a, 800, "Z-1")
    Court(owing).freeze(owing.plant_a, 500)
    assert held(owing, owing.plant_a) == [(800, 800), (200, 500)]
    owing.refuses("REG-2006", lambda: surrender(owing, 500))


def test_the_duty_first_takes_from_the_pledge_and_the_pledge_gets_it_back_when_it_is_dropped(
    owing: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch, "duty", "court", "pledge")
    pledge(owing, owing.plant_a, 800, "Z-1")
    id = owing.accepted(surrender(owing, 500))["id"]
    assert sorted(held(owing, owing.plant_a)) == [(500, 500), (500, 800)]
    owing.accepted(service.withdraw(owing.ctx("plant-a-maker-1"), Decide(id)))
    assert held(owing, owing.plant_a) == [(800, 800)]
    assert owing.has(owing.plant_a, "CEA22") == (200, 800)


def test_a_pledge_that_gave_way_takes_what_arrives_later(
    owing: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch, "duty", "court", "pledge")
    pledge(owing, owing.plant_a, 800, "Z-1")
    id = owing.accepted(surrender(owing, 500))["id"]
    for person in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        owing.accepted(owing.approve(person, id))
    assert held(owing, owing.plant_a) == [(500, 800)]
    owing.give(owing.plant_a, 350)
    assert held(owing, owing.plant_a) == [(800, 800)]
    assert owing.has(owing.plant_a, "CEA22") == (50, 800)


def test_a_court_first_takes_from_the_pledge_and_from_a_surrender_that_waits(
    owing: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch, "court", "pledge", "duty")
    pledge(owing, owing.plant_a, 400, "Z-1")
    id = owing.accepted(surrender(owing, 600))["id"]
    order = Court(owing).freeze(owing.plant_a, 800)
    assert sorted(held(owing, owing.plant_a)) == [(0, 600), (200, 400), (800, 800)]
    owing.refuses("REG-5003", lambda: owing.approve("plant-a-checker-1", id))
    Court(owing).done("judicial-release", original=order)
    assert sorted(held(owing, owing.plant_a)) == [(400, 400), (600, 600)]
    owing.accepted(owing.approve("plant-a-checker-1", id))


def test_between_two_courts_the_rule_by_class_changes_nothing(
    owing: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    decide(tmp_path / "packs", monkeypatch, "court", "duty", "pledge")
    Court(owing, "甲").freeze(owing.plant_a, 700)
    Court(owing, "乙").freeze(owing.plant_a, 700)
    assert held(owing, owing.plant_a) == [(700, 700), (300, 700)]
    owing.refuses("REG-2006", lambda: surrender(owing, 10))
    owing.refuses("REG-2006", lambda: pledging(owing, owing.plant_a, 10, "Z-1"))


def test_what_nobody_contests_is_never_taken(owing: Market, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    decide(tmp_path / "packs", monkeypatch, "court", "duty", "pledge")
    line = ("CEA22", 900, owing.account(owing.plant_a))
    id = owing.accepted(owing.propose("plant-a-maker-1", "voluntary-cancellation", line))["id"]
    Court(owing).freeze(owing.plant_a, 500)
    assert held(owing, owing.plant_a) == [(900, 900), (100, 500)]
    owing.accepted(service.withdraw(owing.ctx("plant-a-maker-1"), Decide(id)))
    assert held(owing, owing.plant_a) == [(500, 500)]
