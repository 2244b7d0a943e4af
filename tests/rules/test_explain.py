"""Explanations: every line can be done again by hand and names its source."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tanshu.rules import explain, power
from tests.rules.cases import code, good, pack, unit


def test_an_allocation_explains_itself_line_by_line_in_chinese() -> None:
    low = unit(running_hours=8_000, generation_mwh=2_880_000, verified_t=4_000_000)
    result = good(power.allocate(pack("cn.power.2023"), [low]))
    lines = [(line.about, line.label, line.numbers, line.result) for line in explain.allocation(result, "zh")]
    assert lines == [
        ("unit-1", "机组负荷(出力)系数", "2,880,000 ÷ (600 × 8,000)", "0.6"),
        ("unit-1", "调峰(负荷)修正系数", "1.015^(16 − 20 × 0.6)", "1.061364"),
        ("unit-1", "电量配额", "⌊2,880,000 × 0.7950 × 1.061364⌋", "2,430,099"),
        ("unit-1", "供热配额", "⌊2,000,000 × 0.1038⌋", "207,600"),
        ("unit-1", "机组初始配额量", "2,430,099 + 207,600", "2,637,699"),
        ("", "重点排放单位初始配额量", "2,637,699", "2,637,699"),
        ("", "缺口率上限补发配额量", "max(0, ⌊0.80 × 4,000,000 − 2,637,699⌋)", "562,301"),
        ("", "配额缺口", "4,000,000 − 3,200,000", "800,000"),
    ]


def test_every_line_names_its_source_and_weak_evidence() -> None:
    new = good(power.allocate(pack("cn.power.2023"), [unit()]))
    for line in explain.allocation(new, "en"):
        assert "国环规气候〔2024〕1号, 2024-10-15" in line.source and "[" not in line.source
        assert line.formula and line.unit in ("t", "")
    old = good(power.allocate(pack("cn.power.2021"), [unit(year=2021, supply_mwh=1, heat_ratio="0.1")]))
    assert all(line.source.endswith("[凭记忆整理]") for line in explain.allocation(old, "zh"))
    assert all(line.source.endswith("[recalled]") for line in explain.allocation(old, "en"))


def test_a_drafts_explanation_begins_with_its_watermark() -> None:
    draft = good(power.allocate(pack("cn.power.2026"), [unit(year=2026)]))
    assert explain.warnings(draft, "en")[0].startswith("DRAFT")
    final = good(power.allocate(pack("cn.power.2024"), [unit(year=2024)]))
    assert explain.warnings(final, "zh") == tuple(note.zh for note in final.notes)


def test_explaining_an_old_years_quota_uses_its_corrections() -> None:
    power_step, heat_step, whole = good(
        explain.initial_quota(
            pack("cn.power.2019"),
            "II",
            Decimal(1_000_000),
            Decimal(100),
            Decimal("1.007"),
            cooling="air",
            heat_ratio=Decimal("0.5"),
        )
    )
    # 1,000,000 × 0.979 × 1.05 × 0.89 × 1.007
    assert (power_step.result, heat_step.result, whole.result) == (921_279, 12, 921_291)
    assert power_step.numbers == "⌊1,000,000 × 0.979 × 1.05 × 0.890 × 1.007⌋"
    gas, _, _ = good(
        explain.initial_quota(
            pack("cn.power.2019"), "IV", Decimal(1_000_000), Decimal(0), heat_ratio=Decimal("0.5")
        )
    )
    assert gas.result == 274_400  # × 0.392 × 0.7


def test_the_parts_of_a_formula_and_of_its_numbers_are_as_many() -> None:
    for year in range(2019, 2027):
        for unit_class in ("I", "III", "IV"):
            step, _, _ = good(
                explain.initial_quota(pack(f"cn.power.{year}"), unit_class, Decimal(1), Decimal(1))
            )
            assert step.formula.count("×") == step.numbers.count("×"), (year, unit_class)


def test_another_kind_of_pack_is_refused() -> None:
    assert code(explain.load_correction(pack("cn.penalties"), Decimal("0.5"))) == "RULE-1203"
    assert code(explain.initial_quota(pack("cn.registry"), "I", Decimal(1), Decimal(1))) == "RULE-1203"


@pytest.mark.parametrize("number", ["-1", "NaN", "Infinity"])
def test_a_number_that_cannot_be_one_is_refused(number: str) -> None:
    bad, rules = Decimal(number), pack("cn.power.2024")
    assert code(explain.load_correction(rules, bad)) == "RULE-2004"
    assert code(explain.initial_quota(rules, "I", bad, Decimal(1))) == "RULE-2004"


@pytest.mark.parametrize(("qe", "qh"), [("1e20", "0"), ("0", "1e21")])
def test_a_quota_beyond_what_the_book_can_hold_is_refused(qe: str, qh: str) -> None:
    assert code(explain.initial_quota(pack("cn.power.2024"), "I", Decimal(qe), Decimal(qh))) == "RULE-2015"
