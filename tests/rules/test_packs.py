"""Finding, loading and showing packs; drafts, examples, notes and unknown values."""

from __future__ import annotations

import json
import os
import tomllib
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.rules import packs
from tests.rules.cases import PACKAGED, code, good, pack

ALL = (
    "cn.calendar.2023",
    "cn.calendar.2024",
    "cn.carry_over",
    "cn.compliance",
    "cn.penalties",
    "cn.power.2019",
    "cn.power.2020",
    "cn.power.2021",
    "cn.power.2022",
    "cn.power.2023",
    "cn.power.2024",
    "cn.power.2025",
    "cn.power.2026",
    "cn.registry",
)
DRAFTS = ("cn.power.2025", "cn.power.2026")


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory of the operator's own packs, searched first."""
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    return tmp_path


def write(directory: Path, name: str, text: str) -> Path:
    jurisdiction, rest = name.split(".", 1)
    path = directory / jurisdiction / f"{rest}.toml"
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(text, encoding="utf-8")
    return path


def packaged(name: str) -> str:
    jurisdiction, rest = name.split(".", 1)
    return (PACKAGED / jurisdiction / f"{rest}.toml").read_text(encoding="utf-8")


# --- the packaged packs ----------------------------------------------------------------------------------


def test_the_packs_that_come_with_the_program() -> None:
    assert set(ALL) <= set(packs.names())


@pytest.mark.parametrize("name", ALL)
def test_every_packaged_pack_loads_and_is_a_draft_only_where_the_law_is_one(name: str) -> None:
    loaded = pack(name)
    assert loaded.status == ("draft" if name in DRAFTS else "final")
    assert loaded.name == name and loaded.jurisdiction == "cn"
    for table in loaded.tables.values():
        assert table.source.document and table.evidence in ("confirmed", "recalled", "assumed")


@pytest.mark.parametrize("name", ALL)
def test_no_number_of_a_pack_is_a_float(name: str) -> None:
    def leaves(value: object) -> list[object]:
        if isinstance(value, dict):
            return [leaf for item in value.values() for leaf in leaves(item)]
        if isinstance(value, list):
            return [leaf for item in value for leaf in leaves(item)]
        return [value]

    assert not any(isinstance(leaf, float) for leaf in leaves(tomllib.loads(packaged(name))))


@pytest.mark.parametrize("name", DRAFTS)
def test_a_draft_is_refused_unless_drafts_are_allowed_and_then_watermarked(name: str) -> None:
    assert code(packs.load(name)) == "RULE-1002"
    watermark = good(packs.load(name, allow_draft=True)).watermark
    assert watermark is not None
    assert "草案" in watermark.zh and "DRAFT" in watermark.en


def test_a_final_pack_has_no_watermark() -> None:
    assert good(packs.load("cn.power.2024")).watermark is None


def test_every_recalled_or_assumed_table_is_a_note_and_no_confirmed_one_is() -> None:
    for name in ALL:
        loaded = pack(name)
        unsure = [table for table in loaded.tables.values() if table.evidence != "confirmed"]
        assert len(loaded.notes) == len(unsure), name
        for table, note in zip(unsure, loaded.notes, strict=True):
            assert f"[{table.name}]" in note.zh and f"[{table.name}]" in note.en
            assert ("凭记忆" in note.zh) is (table.evidence == "recalled")
    assert len(pack("cn.power.2019").notes) > 10
    (only,) = pack("cn.calendar.2024").notes
    assert "[banks]" in only.zh  # holidays are as the notice gives them; what banks do is assumed


def test_the_relief_of_2019_to_2022_acts_on_the_surrender_and_later_on_the_allocation() -> None:
    sides = [pack(f"cn.power.{year}").table("relief")["side"] for year in range(2019, 2027)]
    assert sides == ["surrender"] * 4 + ["allocation"] * 4


# --- finding ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["cn.power.1999", "cn", "", "../cn.power", "cn./etc/passwd", "cn.power/2023", "CN.power.2023"]
)
def test_a_pack_that_is_not_there_is_refused_with_the_names_that_are(name: str) -> None:
    answer = packs.load(name)
    assert code(answer) == "RULE-1001"
    assert "cn.power.2023" in str(answer)


def test_a_directory_of_TANSHU_PACKS_comes_before_the_packaged_packs(extra: Path) -> None:
    write(extra, "cn.power.2023", packaged("cn.power.2023").replace('I = "0.7950"', 'I = "0.5000"'))
    assert str(pack("cn.power.2023").table("benchmarks.electricity")["I"]) == "0.5000"
    assert pack("cn.power.2024").path.is_relative_to(PACKAGED)


def test_several_directories_are_searched_in_their_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    text = packaged("cn.carry_over").replace("cn.carry_over", "xx.carry_over").replace('"cn"', '"xx"')
    write(second, "xx.carry_over", text)
    monkeypatch.setenv("TANSHU_PACKS", os.pathsep.join([str(first), "", str(second)]))
    assert pack("xx.carry_over").path.is_relative_to(second)
    write(first, "xx.carry_over", text)
    assert pack("xx.carry_over").path.is_relative_to(first)
    assert "xx.carry_over" in packs.names()


def test_a_pack_is_read_once_and_again_when_its_file_changes(extra: Path) -> None:
    path = write(extra, "cn.power.2023", packaged("cn.power.2023"))
    loaded = packs.load("cn.power.2023")
    assert packs.load("cn.power.2023") is loaded
    path.write_text(packaged("cn.power.2023").replace('I = "0.7950"', 'I = "0.7951"'), encoding="utf-8")
    os.utime(path, ns=(1, 1))
    assert str(pack("cn.power.2023").table("benchmarks.electricity")["I"]) == "0.7951"


def test_an_example_pack_loads_without_a_flag_and_is_watermarked(extra: Path) -> None:
    text = packaged("cn.carry_over").replace('status = "final"', 'status = "example"')
    write(extra, "cn.carry_over", text)
    watermark = good(packs.load("cn.carry_over")).watermark
    assert watermark is not None and "示例" in watermark.zh and "EXAMPLE" in watermark.en


# --- asking and showing ----------------------------------------------------------------------------------


def test_an_unknown_value_has_no_default() -> None:
    law = pack("cn.penalties")
    assert code(law.value("non_surrender.code", "multiple_min")) == "RULE-1201"
    assert code(law.value("non_surrender.code", "formula")) == "RULE-1201"
    assert code(law.value("non_surrender.order19", "multiple_min")) == "RULE-1202"
    assert code(law.value("non_surrender.order21", "multiple_min")) == "RULE-1202"
    assert law.value("non_surrender.order775", "multiple_min") == 5
    with pytest.raises(Refused):
        law.table("non_surrender.code")["fine_min_fen"]


def test_summaries_name_title_status_dates_and_evidence() -> None:
    by_name = {str(summary["name"]): summary for summary in packs.summaries()}
    summary = by_name["cn.power.2025"]
    assert summary["status"] == "draft"
    assert summary["effective_from"] == "2025-01-01" and summary["effective_to"] == "2025-12-31"
    assert summary["watermark"] is not None
    assert summary["evidence"] == pack("cn.power.2025").evidence()
    assert by_name["cn.penalties"]["effective_to"] is None
    json.dumps(list(by_name.values()))


def test_a_malformed_pack_is_listed_with_its_refusal(extra: Path) -> None:
    write(extra, "cn.broken", "[pack")
    broken = [summary for summary in packs.summaries() if summary["name"] == "cn.broken"]
    assert len(broken) == 1
    assert broken[0]["refusal"]["code"] == "RULE-1101"  # type: ignore[index]
    assert code(packs.show("cn.broken")) == "RULE-1101"


@pytest.mark.parametrize("name", ALL)
def test_show_gives_every_value_with_its_source_and_evidence_as_plain_data(name: str) -> None:
    shown = good(packs.show(name))
    assert json.loads(json.dumps(shown)) == shown
    tables = shown["tables"]
    assert isinstance(tables, dict) and set(tables) == set(pack(name).tables)
    for table in tables.values():
        assert set(table) == {"values", "unknown", "source", "evidence", "remark"}
        assert set(table["source"]) == {"document", "number", "date"}


def test_show_keeps_decimals_as_the_pack_writes_them() -> None:
    shown = good(packs.show("cn.power.2023"))
    assert shown["tables"]["benchmarks.electricity"]["values"]["I"] == "0.7950"  # type: ignore[index]
    assert good(packs.show("cn.power.2026"))["watermark"] is not None


def test_titles_are_in_both_languages() -> None:
    assert pack("cn.power.2023").title == Text("2023年度发电行业配额分配", "Power allocation 2023")


# --- the numbers of each year, restated ------------------------------------------------------------------


@pytest.mark.parametrize("year", range(2019, 2027))
def test_parameters_of_a_power_year(year: int) -> None:
    tables = good(packs.show(f"cn.power.{year}"))["tables"]
    assert isinstance(tables, dict)
    values = {name: table["values"] for name, table in tables.items()}
    early, draft = year <= 2022, year >= 2025
    assert values["scope"] == {
        "year": year,
        "basis": "supply" if early else "generation",
        "entry_threshold_t": 26_000,
    }
    assert values["quota"]["formula"] == ("quota_2019" if early else "quota_2023")
    family = 2019 if early else 2025 if draft else 2023
    assert values["load_correction"] == {
        "formula": f"load_correction_{family}",
        "classes": ["I", "II"],
        "heat_and_power": year >= 2021,
    }
    assert values.get("correction.cooling") == ({"water": "1.00", "air": "1.05"} if early else None)
    assert values.get("correction.heat_ratio") == ({"coal": "0.22", "gas": "0.6"} if early else None)
    assert values["relief"]["gap_cap"] == "0.20" and values["relief"]["gas_relief"] is True
    assert values["offset"] == {"limit": "0.05"} and values["offset_rounding"] == {"rule": "floor"}
    limits = {key: values["special_units"].get(key) for key in ("biomass_limit", "secondary_limit")}
    assert limits == {"biomass_limit": "0.20" if draft else "0.10", "secondary_limit": "0.10"}


def test_dates_of_the_carry_over_window() -> None:
    window = pack("cn.carry_over").table("window")
    assert {key: str(value) for key, value in window.values.items()} == {
        "trades_first": "2024-01-01",
        "trades_last": "2025-12-31",
        "holding_on": "2025-12-31",
        "notice_by": "2026-01-31",
        "first_batch_filed_to": "2026-03-20",
        "first_batch_done_by": "2026-03-27",
        "second_batch_filed_to": "2026-06-10",
        "second_batch_done_by": "2026-06-26",
        "issue_working_days": "5",
    }
