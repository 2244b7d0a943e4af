"""The terminal's way: table, letter, comparison, loading, approval; objection, adjustment, deduction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import in_process
from tests.compliance.test_uploads_files import write
from tests.support.market import YEAR, Market
from tests.support.rounds import CHECKER, CLERK, MAKER, REVIEWER, Round

FINAL = ("统一社会信用代码", "单位名称", "核定分配量", "核查排放量", "预分配量")
STAGE = ("--authority", "hubei", "--year", str(YEAR), "--stage", "final")


@pytest.fixture
def market(sqlite_url: str) -> Iterator[Market]:
    made = Market(sqlite_url)
    made.emit(made.plant_a, 1_000)
    Round(made, "final").stage_units(5_000)
    yield made
    made.close()


@pytest.fixture
def say(market: Market, sqlite_url: str):  # noqa: ARG001 - the market is there first
    def run(*args: str, code: int = 0) -> dict[str, Any]:
        said = in_process(*args, "--db", sqlite_url, "--json")
        assert said.code == code, said
        return json.loads(said.out)

    return run


def test_a_round_through_the_terminal(market: Market, say: Any, tmp_path: Path) -> None:
    good = write(tmp_path / "good.xlsx", (market.plant_a, "甲电厂", 900, 1_000, 0), heading=FINAL)
    wrong = write(tmp_path / "wrong.xlsx", (market.plant_a, "某电厂", 901.5, 1_000, 0), heading=FINAL)
    faulty = say("upload", "table", str(wrong), *STAGE, "--as", MAKER, code=1)
    assert [one["code"] for one in faulty["findings"]] == ["CMP-6032", "CMP-6036"]
    table = say("upload", "table", str(good), *STAGE, "--as", MAKER)
    paper = ("--number", "鄂环函〔2024〕1号", "--dated", "2024-01-02", "--sha256", table["sha256"])
    letter = say("upload", "letter", *STAGE, *paper, "--count", "1", "--tonnes", "900", "--as", CLERK)
    assert say("upload", "diff", faulty["upload"], table["upload"])["changed"][0]["after_t"] == 900
    compared = say("upload", "compare", table["upload"], letter["letter"], "--as", REVIEWER)
    assert compared["state"] == "accepted"
    loaded = say("upload", "load", table["upload"], "--batch", "b1", "--as", MAKER)
    assert (loaded["transactions"], loaded["to_confirm"]) == (1, [])
    for person, effected in ((CHECKER, 0), (REVIEWER, 1)):
        assert say("upload", "approve", "b1", "--as", person)["effected"] == effected
    assert say("upload", "confirm", table["upload"], "--as", CHECKER)["in_force"] == 0
    assert [one["state"] for one in say("upload", "list", "--year", str(YEAR))["uploads"]] == [
        "faulty",
        "accepted",
    ]
    assert len(say("upload", "show", faulty["upload"])["findings"]) == 2
    assert market.has(market.plant_a, "CEA23") == (900, 0)


def test_a_returned_table_says_why_and_exits_with_one(market: Market, say: Any, tmp_path: Path) -> None:
    good = write(tmp_path / "good.xlsx", (market.plant_a, "甲电厂", 900, 1_000, 0), heading=FINAL)
    table = say("upload", "table", str(good), *STAGE, "--as", MAKER)
    paper = ("--number", "1号", "--dated", "2024-01-02", "--sha256", table["sha256"], "--count", "1")
    letter = say("upload", "letter", *STAGE, *paper, "--tonnes", "901", "--as", CLERK)
    compared = say("upload", "compare", table["upload"], letter["letter"], "--as", REVIEWER, code=1)
    assert compared["mismatch"] == [{"what": "tonnes", "uploaded": 900, "sealed": 901}]


def test_an_objection_an_adjustment_and_a_deduction_through_the_terminal(market: Market, say: Any) -> None:
    plant, year = market.plant_a, str(YEAR)
    terms = ("--subject", plant, "--quantity", "7", "--document", "1号", "--basis", "条例")
    owed = say("deduction", "record", *terms, "--decided-on", "2023-12-01", "--as", MAKER)
    say("deduction", "confirm", owed["deduction"], "--as", CHECKER)
    here = Round(market, "final")
    here.carried_out(here.row(2, plant, 900, verified_t=1_000), issued=1)
    assert say("deduction", "list")["deductions"][0]["remaining_t"] == 0
    about = ("--subject", plant, "--year", year, "--stage", "final", "--notice", "9号")
    filed = say(
        *("objection", "file", *about, "--served-on", "2024-01-02", "--received-on", "2024-01-02"),
        *("--grounds", "漏计", "--as", MAKER),
    )
    id = filed["objection"]
    say("objection", "decide", id, "--uphold", "--quantity", "950", "--opinion", "属实", "--as", MAKER)
    assert say("objection", "list", "--overdue")["objections"][0]["state"] == "proposed"
    say("objection", "confirm", id, "--as", CHECKER)
    assert say("objection", "show", id)["quantity"] == 950
    changed = ("--changed-on", "2024-01-02", "--quantity", "950")
    ground = ("--ground", "verification", "--reference", "2号", *changed)
    made = say("adjustment", "make", "--subject", plant, "--year", year, *ground, "--as", MAKER)
    assert made["issue_t"] == 50
    assert say("adjustment", "list", "--year", year)["adjustments"][0]["state"] == "pending"
    say("adjustment", "confirm", made["adjustment"], "--as", CHECKER, code=1)
