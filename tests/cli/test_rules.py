"""`tanshu rules`: golden vectors with their source, packs, calendars; no database is needed."""

from __future__ import annotations

import pytest

from tests.cli.conftest import in_process


@pytest.mark.parametrize(
    ("pack", "load", "result"),
    [
        ("cn.power.2023", "0.60", "1.061364"),
        ("cn.power.2023", "0.649", "1.045990"),
        ("cn.power.2024", "0.65", "1"),
        ("cn.power.2022", "0.70", "1.030225"),
    ],
)
def test_a_load_correction_is_reproduced(pack: str, load: str, result: str) -> None:
    found = in_process("rules", "explain", "--pack", pack, "--load", load, "--json").ok().json
    [step] = found["steps"]
    assert float(step["result"]) == float(result)
    assert step["source"]["document"]


def test_an_initial_quota_is_reproduced() -> None:
    args = (
        "rules",
        "explain",
        "--pack",
        "cn.power.2023",
        "--class",
        "I",
        "--qe",
        "3000000",
        "--qh",
        "2000000",
    )
    found = in_process(*args, "--json").ok().json
    assert [step["result"] for step in found["steps"]] == [2_385_000, 207_600, 2_592_600]
    said = in_process(*args).ok().out
    assert "2,385,000" in said
    assert "国环规气候〔2024〕1号" in said


def test_a_draft_needs_permission_and_carries_its_watermark() -> None:
    args = ("rules", "explain", "--pack", "cn.power.2025", "--load", "0.40")
    assert in_process(*args, "--json").refusal == "RULE-1002"
    allowed = in_process(*args, "--allow-draft", "--json").ok().json
    assert "草案" in allowed["watermark"]["zh"]
    assert "DRAFT" in in_process(*args, "--allow-draft", "--lang", "en").ok().out


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--pack", "cn.power.1999", "--load", "0.6"), "RULE-1001"),
        (("--pack", "cn.registry", "--load", "0.6"), "RULE-1203"),
        (("--pack", "cn.power.2023", "--load", "-1"), "RULE-2007"),
    ],
)
def test_what_cannot_be_explained_is_refused(more: tuple[str, ...], code: str) -> None:
    said = in_process("rules", "explain", *more, "--json")
    assert said.refusal.startswith("RULE-")
    if code != "RULE-2007":
        assert said.refusal == code


def test_numbers_and_classes_are_checked() -> None:
    base = ("rules", "explain", "--pack", "cn.power.2023")
    assert in_process(*base, "--load", "much").code == 2
    assert in_process(*base, "--class", "V", "--qe", "1").code == 2


def test_packs_are_listed_and_shown() -> None:
    found = {one["name"]: one for one in in_process("rules", "list", "--json").ok().json["packs"]}
    assert found["cn.power.2023"]["status"] == "final"
    assert found["cn.power.2026"]["status"] == "draft"
    shown = in_process("rules", "show", "cn.power.2023", "--json").ok().json
    assert shown["tables"]["benchmarks.electricity"]["values"]["I"] == "0.7950"
    said = in_process("rules", "show", "cn.power.2026").ok().out
    assert "草案" in said
    assert in_process("rules", "show", "cn.nothing", "--json").refusal == "RULE-1001"


def test_a_market_shows_its_windows_its_weights_and_its_mark() -> None:
    shown = in_process("rules", "show", "sim.clob", "--json").ok().json
    assert shown["tables"]["sessions.order_book"]["values"]["open"] == [
        ["09:30", "11:30"],
        ["13:00", "14:57"],
    ]
    said = in_process("rules", "show", "sim.clob").ok().out
    assert "示例" in said and "14:57–15:00" in said
    assert "CEA25 1" in in_process("rules", "show", "cn.cea").ok().out


def test_calendar() -> None:
    year = in_process("rules", "calendar", "--year", "2023", "--json").ok().json["years"][0]
    assert year["instrument"] == "CEA23"
    assert {one["key"]: one["on"] for one in year["milestones"]}["surrender"] == "2024-12-31"
    day = in_process("rules", "calendar", "--on", "2024-10-12", "--add", "1", "--json").ok().json
    assert (day["trading_day"], day["working_day"]) == (False, True)  # a make-up Saturday
    assert day["after_working_days"]["date"] == "2024-10-14"
    assert len(in_process("rules", "calendar", "--days", "2024", "--json").ok().json["trading_days"]) == 242
    assert in_process("rules", "calendar", "--days", "1999", "--json").refusal == "RULE-3001"
    assert in_process("rules", "calendar", "--add", "1").code == 2
