"""Allocation by output, intensity and history: formulas, required numbers, what is decided anew."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import Refusal
from tanshu.rules import allocation_terms, output, packs
from tanshu.rules.activity import OutputYear
from tanshu.rules.factors import operators_pack
from tanshu.rules.output_formulas import as_verified, capped
from tanshu.rules.pack_model import Pack
from tanshu.rules.pack_reader import read
from tests.rules.cases import code, pack

EXAMPLE = Path(__file__).resolve().parents[2] / "scenarios" / "hubei-pilot-2023" / "packs"
OWN = Path(__file__).resolve().parents[2] / "docs" / "examples" / "your-own-market" / "packs"


@pytest.fixture
def hubei() -> Pack:
    return pack("hb.output.2023")


@pytest.fixture
def factors(hubei: Pack) -> Pack:
    """The example numbers of the scenario's folder."""
    with packs.searching(EXAMPLE):
        found = operators_pack(hubei)
    assert isinstance(found, Pack)
    return found


def line(product: str, verified_t: int = 100_000, **numbers: object) -> OutputYear:
    """One line of 2023; its numbers as text."""
    given = {name: Decimal(str(value)) for name, value in numbers.items()}
    return OutputYear("1", 2023, product, verified_t, **given)


# (product, numbers of the line, tonnes; worked by hand with the example numbers)
VECTORS = [
    # 125,000 × 0.824 × 0.9672 = 99,621.6
    ("cement_clinker", {"output": "125000"}, 99_621),
    # 900,000 × 0.1102 × 0.985 × 0.9672 = 94,487.9…
    ("heat_supply", {"output": "900000", "intensity": "0.1102"}, 94_487),
    # 120,000 × 0.97 × 0.9672 × 300 ÷ 365 = 92,533.2…
    ("steel", {"base_t": "120000", "days": "300"}, 92_533),
    ("ceramics", {"base_t": "100000", "days": "365"}, 94_785),
]


@pytest.mark.parametrize(("product", "numbers", "tonnes"), VECTORS)
def test_each_method_gives_the_tonnes_worked_by_hand(
    hubei: Pack, factors: Pack, product: str, numbers: dict[str, str], tonnes: int
) -> None:
    found = output.allocate(hubei, [line(product, tonnes, **numbers)], factors)
    assert not isinstance(found, Refusal)
    assert (found.initial_t, found.approved_t, found.redetermined_t) == (tonnes, tonnes, 0)
    assert found.watermark is not None and "EXAMPLE" in found.watermark.en
    last = found.lines[0].steps[-1]
    assert last.result == tonnes and last.numbers.count("×") == last.formula.count("×")


def test_a_line_names_every_number_it_rests_on(hubei: Pack, factors: Pack) -> None:
    found = output.allocate(hubei, [line("steel", base_t="1000000", days="365")], factors)
    assert not isinstance(found, Refusal)
    ((name, steps),) = found.parts
    assert name == "1"
    assert [step.formula for step in steps] == ["C", "M", "A = E0 × C × M × d ÷ 365"]
    assert [step.source.evidence for step in steps] == ["assumed", "assumed", "confirmed"]


MISSING = [
    ("cement_clinker", {"output": "1"}, "benchmarks.cement_clinker"),
    ("heat_supply", {"output": "1", "intensity": "1"}, "control.heat_supply"),
    ("steel", {"base_t": "1", "days": "1"}, "control.steel"),
]


@pytest.mark.parametrize(("product", "numbers", "table"), MISSING)
def test_without_the_operators_pack_the_missing_key_is_named(
    hubei: Pack, product: str, numbers: dict[str, Any], table: str
) -> None:
    assert operators_pack(hubei) is None, "no numbers of Hubei are packaged"
    refused = output.allocate(hubei, [line(product, **numbers)])
    assert isinstance(refused, Refusal) and (refused.code, refused.field) == ("RULE-1511", table)
    for lang in ("zh", "en"):
        assert table in refused.sentence(lang) and "hb.factors.2023" in refused.sentence(lang)


def test_one_number_left_out_of_the_operators_pack_is_named(hubei: Pack, factors: Pack) -> None:
    lacks = replace(factors, tables={k: v for k, v in factors.tables.items() if k != "market_factor"})
    refused = output.allocate(hubei, [line("cement_clinker", output="1")], lacks)
    assert isinstance(refused, Refusal) and (refused.code, refused.field) == ("RULE-1511", "market_factor")
    lacks = replace(factors, tables={k: v for k, v in factors.tables.items() if k != "pre_allocation"})
    refused = allocation_terms.pre_allocation(hubei, 100, None, lacks)
    assert isinstance(refused, Refusal) and (refused.code, refused.field) == ("RULE-1511", "pre_allocation")


def test_the_share_of_the_pre_allocation_is_the_operators(hubei: Pack, factors: Pack) -> None:
    assert allocation_terms.pre_allocation(hubei, 100_001, None, factors) == 50_000
    assert code(allocation_terms.pre_allocation(hubei, 100_001, Decimal("0.7"), factors)) == "RULE-2010"


REFUSED = [
    ([], "RULE-1516"),
    ([line("steel", base_t="1", days="1")] * 2, "RULE-1515"),
    ([replace(line("steel", base_t="1", days="1"), year=2022)], "RULE-1517"),
    ([line("dreams", output="1")], "RULE-1514"),
    ([line("steel", base_t="1")], "RULE-1513"),
    ([line("steel", base_t="-1", days="1")], "RULE-1513"),
    ([line("steel", base_t="NaN", days="1")], "RULE-1513"),
    ([line("steel", base_t="1e30", days="1")], "RULE-2015"),
]


@pytest.mark.parametrize(("lines", "expected"), REFUSED)
def test_lines_that_cannot_be_allocated_are_refused(
    hubei: Pack, factors: Pack, lines: list[OutputYear], expected: str
) -> None:
    assert code(output.allocate(hubei, lines, factors)) == expected


def test_another_kind_of_pack_is_refused() -> None:
    assert code(output.allocate(pack("cn.power.2023"), [line("steel")])) == "RULE-1203"
    with pytest.raises(Exception, match="RULE-1203"):
        allocation_terms.permitted_vintages(pack("cn.registry"))


# (verified, initial, limit, capped, as verified)
ANEW = [
    (100, 100, 20, 100, 100),
    (119, 100, 20, 100, 100),
    (120, 100, 20, 100, 120),
    (150, 100, 20, 130, 150),
    (80, 100, 20, 100, 80),
    (60, 100, 20, 80, 60),
]


@pytest.mark.parametrize(("verified", "initial", "limit", "cap", "other"), ANEW)
def test_both_readings_of_the_twenty_percent(
    verified: int, initial: int, limit: int, cap: int, other: int
) -> None:
    assert capped(verified, initial, limit) == cap
    assert as_verified(verified, initial, limit) == other


@given(st.integers(0, 10**12), st.integers(0, 10**12), st.integers(0, 10**9))
def test_under_the_cap_nobody_is_further_from_its_quota_than_the_limit(
    verified: int, initial: int, limit: int
) -> None:
    approved = capped(verified, initial, limit)
    assert abs(verified - approved) <= limit
    assert min(verified, initial) <= approved <= max(verified, initial)


def test_the_smaller_of_share_and_tonnes_is_the_limit(hubei: Pack, factors: Pack) -> None:
    small = output.allocate(hubei, [line("ceramics", 200_000, base_t="100000", days="365")], factors)
    assert not isinstance(small, Refusal)
    assert (small.initial_t, small.approved_t) == (94_785, 200_000 - 18_957)
    large = output.allocate(hubei, [line("ceramics", 0, base_t="10000000", days="365")], factors)
    assert not isinstance(large, Refusal)
    assert (large.approved_t, large.obligation_t) == (200_000, 0)


def test_a_market_whose_numbers_stand_in_its_own_pack_needs_no_operator() -> None:
    with packs.searching(OWN):
        own = pack("lagoon.output.2023")
        assert operators_pack(own) is None
        found = output.allocate(own, [line("salt", 15_120, output="108000")])
    assert not isinstance(found, Refusal)
    assert (found.approved_t, found.gap_t, str(found.gap_rate)) == (15_984, -864, "-0.0571")


def test_folders_of_a_run_come_first_and_are_forgotten_afterwards() -> None:
    assert code(packs.load("lagoon.registry")) == "RULE-1001"
    with packs.searching(OWN):
        assert pack("lagoon.registry").jurisdiction == "lagoon"
    assert code(packs.load("lagoon.registry")) == "RULE-1001"


def test_two_kinds_of_allocation_pack_for_one_year_are_refused(tmp_path: Path) -> None:
    text = (OWN / "lagoon" / "output.2023.toml").read_text(encoding="utf-8")
    (tmp_path / "cn").mkdir()
    (tmp_path / "cn" / "output.2023.toml").write_text(text.replace("lagoon", "cn"), encoding="utf-8")
    with packs.searching(tmp_path):
        refused = packs.for_year("cn", 2023, allocation_terms.ALLOCATING)
    assert code(refused) == "RULE-1512"
    assert isinstance(refused, Refusal) and "cn.power.2023, cn.output.2023" in str(refused)
    assert code(packs.for_year("cn", 1999, allocation_terms.ALLOCATING)) == "RULE-1001"


# (text to find, replacement, code, place)
MALFORMED = [
    ('given = "here"', 'given = "operator"', "RULE-1110", "benchmarks.fresh_water.value"),
    ('given = "here"', 'given = "somewhere"', "RULE-1106", "factors.given"),
    ("[benchmarks.salt]", "[benchmarks.pepper]", "RULE-1110", "benchmarks.pepper.value"),
    ('formula = "output_benchmark"', 'formula = "A = Q * B"', "RULE-1106", "products.fresh_water.formula"),
    ('quota = "floor"\n', "", "RULE-1104", "rounding.quota"),
    ('quota = "floor"', 'quota = "floor"\npre_allocation = "floor"', "RULE-1110", "rounding.pre_allocation"),
    (
        "[rounding]",
        '[offset]\nlimit = "0.1"\nsource = "act"\nevidence = "assumed"\n\n[rounding]',
        "RULE-1110",
        "ccer.*",
    ),
    ('permitted = ["LGA23"]', "permitted = []", "RULE-1110", "vintages.permitted"),
]


@pytest.mark.parametrize(("find", "replacement", "expected", "place"), MALFORMED)
def test_a_malformed_output_pack_is_refused_by_number_and_place(
    tmp_path: Path, find: str, replacement: str, expected: str, place: str
) -> None:
    text = (OWN / "lagoon" / "output.2023.toml").read_text(encoding="utf-8")
    assert find in text
    path = tmp_path / "lagoon" / "output.2023.toml"
    path.parent.mkdir()
    path.write_text(text.replace(find, replacement, 1), encoding="utf-8")
    answer = read(path, "lagoon.output.2023")
    assert isinstance(answer, Refusal) and (answer.code, answer.field) == (expected, place)


def test_no_key_of_a_new_markets_packs_may_be_left_out(tmp_path: Path) -> None:
    for source in sorted((OWN / "lagoon").glob("*.toml")):
        name = source.name.removesuffix(".toml")
        lines = source.read_text(encoding="utf-8").splitlines()
        path = tmp_path / "lagoon" / source.name
        path.parent.mkdir(exist_ok=True)
        for left_out in (i for i, text in enumerate(lines) if " = " in text and text[0].isalpha()):
            if lines[left_out].endswith("["):
                continue
            path.write_text("\n".join(t for i, t in enumerate(lines) if i != left_out), encoding="utf-8")
            assert isinstance(read(path, f"lagoon.{name}"), Refusal), lines[left_out]


def test_the_word_of_the_pilot_is_its_own() -> None:
    from tanshu.base.text import Text
    from tanshu.rules.registry_pack import worded

    label = Text("未足额清缴", "not surrendered; surrender it")
    assert worded(pack("hb.registry"), label).zh == "未足额缴还"
    assert worded(pack("cn.registry"), label) == label
    with packs.searching(OWN):
        assert worded(pack("lagoon.registry"), label).en == "not surrendered; hand-in it"
