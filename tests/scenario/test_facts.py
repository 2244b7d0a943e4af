"""The facts of the Hubei scenario: names, codes, capacities, classes, and where each of them comes from."""

from __future__ import annotations

import csv
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from tanshu.base.refusal import Refused
from tanshu.scenario import facts as facts_module
from tanshu.scenario.facts import ASSUMED, Counterparty, ScenarioFacts, Unit

FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "hubei-power-2023"
NO_SUCH_DIVISION = "999999"
ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"  # GB 32100-2015: no I, O, S, V, Z


@pytest.fixture(scope="module")
def facts() -> ScenarioFacts:
    return facts_module.load(FOLDER)


# ---- names and codes ---------------------------------------------------------------------------------------


def organisation_check(body: str) -> str:
    """Check character of an organisation code, over its eight characters. Source: GB 11714-1997."""
    values = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    weighted = zip((3, 7, 9, 10, 5, 8, 4, 2), body, strict=True)
    rest = 11 - sum(weight * values.index(char) for weight, char in weighted) % 11
    return {10: "X", 11: "0"}.get(rest, str(rest))


def code_check(head: str) -> str:
    """Check character of a unified social credit code, over its first 17. Source: GB 32100-2015."""
    total = sum(ALPHABET.index(char) * pow(3, place, 31) for place, char in enumerate(head))
    return ALPHABET[-total % 31]


def is_valid(uscc: str) -> bool:
    return organisation_check(uscc[8:16]) == uscc[16] and code_check(uscc[:17]) == uscc[17]


def fictional_code(serial: int) -> str:
    body = f"XN{serial:06d}"  # XN: 虚拟, not real
    head = f"91{NO_SUCH_DIVISION}{body}{organisation_check(body)}"
    return head + code_check(head)


def test_the_46_names_and_codes_are_those_of_the_official_list(facts: ScenarioFacts, data_dir: Path):
    published = data_dir / "registry" / "hubei_key_emitters_power_2019-2020.csv"
    with published.open(encoding="utf-8-sig", newline="") as file:
        listed = {(row["name"], row["uscc"]) for row in csv.DictReader(file)}
    assert {(entity.name, entity.uscc) for entity in facts.entities} == listed
    assert len(facts.entities) == 46


def test_every_code_passes_both_check_characters(facts: ScenarioFacts):
    wrong = [holder.name for holder in (*facts.entities, *facts.counterparties) if not is_valid(holder.uscc)]
    assert wrong == []


def test_a_mistyped_code_fails_its_check_character(facts: ScenarioFacts):
    code = facts.entities[0].uscc
    assert not is_valid(code[:-1] + ("0" if code[-1] != "0" else "1"))


def test_counterparties_are_labelled_fictional_and_live_where_no_division_is(facts: ScenarioFacts):
    def described(n: int, one: Counterparty) -> tuple[bool, ...]:
        named = one.name.startswith(f"虚构排放单位·{one.region}-")
        return named, one.uscc == fictional_code(n), one.kind == "enterprise", one.region != facts.region

    assert all(all(described(n, one)) for n, one in enumerate(facts.counterparties, 1))
    assert {one.side for one in facts.counterparties} == {"sell", "buy"}


def test_no_real_emitter_is_in_the_division_that_does_not_exist(facts: ScenarioFacts):
    assert {entity.uscc[2:4] for entity in facts.entities} == {"42"}


# ---- units -------------------------------------------------------------------------------------------------


def expected_class(unit: Unit) -> str:
    if unit.technology == "combined-cycle-gas":
        return "IV"
    if unit.technology == "circulating-fluidised-bed":
        return "III"
    return "I" if unit.capacity_mw >= 400 else "II"


def test_classes_follow_technology_and_the_400_mw_line(facts: ScenarioFacts):
    assert [u for u in facts.units if u.unit_class != expected_class(u)] == []


def test_capacities_are_plausible_by_kind_of_plant(facts: ScenarioFacts):
    captive = [unit.capacity_mw for unit in facts.units if unit.kind == "captive"]
    assert min(captive) >= 12
    assert max(captive) <= 150
    assert max(unit.capacity_mw for unit in facts.units) == 1000
    assert 20_000 <= sum(unit.capacity_mw for unit in facts.units) <= 30_000


@pytest.mark.parametrize(
    ("name", "plant_mw"),
    [
        ("华能武汉发电有限责任公司", 2400),
        ("湖北华电襄阳发电有限公司", 2400),
        ("华润电力湖北有限公司", 2600),
        ("湖北能源集团鄂州发电有限公司", 3960),
        ("国电汉川发电有限公司", 2000),
        ("国电长源汉川第一发电有限公司", 1260),
        ("国电长源荆门发电有限公司", 1200),
        ("黄冈大别山发电有限责任公司", 1200),
        ("华能荆门热电有限责任公司", 700),
        ("潜江市正豪华盛铝电有限公司", 180),
        ("中韩（武汉）石油化工有限公司", 240),
    ],
)
def test_units_of_known_plants_add_up_to_the_plant(facts: ScenarioFacts, name: str, plant_mw: int):
    (uscc,) = (entity.uscc for entity in facts.entities if entity.name == name)
    assert sum(unit.capacity_mw for unit in facts.units_of(uscc)) == plant_mw


def test_three_plants_burn_gas(facts: ScenarioFacts):
    owners = {unit.uscc for unit in facts.units if unit.unit_class == "IV"}
    names = {entity.name for entity in facts.entities if entity.uscc in owners}
    assert names == {
        "武汉汉能电力发展有限公司",
        "湖北华电武昌热电有限公司",
        "湖北能源东湖燃机热电有限公司",
    }


def test_every_field_names_a_source_that_is_described_in_both_languages(facts: ScenarioFacts):
    named = {s for record in (*facts.entities, *facts.units) for s in record.sources.values()}
    assert named <= set(facts.sources)
    assert all(text.zh and text.en for text in facts.sources.values())


def test_a_capacity_without_a_source_says_that_it_is_assumed(facts: ScenarioFacts):
    assumed = [unit for unit in facts.units if unit.sources["capacity"] == ASSUMED]
    assert {unit.profile for unit in assumed} == {"coal_small"}
    sourced_mw = sum(unit.capacity_mw for unit in facts.units if unit.sources["capacity"] != ASSUMED)
    assert sourced_mw / sum(unit.capacity_mw for unit in facts.units) > Decimal("0.95")


# ---- parameters --------------------------------------------------------------------------------------------


def test_prices_are_the_published_monthly_averages(facts: ScenarioFacts, data_dir: Path):
    with (data_dir / "market" / "cea_monthly_official_2021-07_2024-12.csv").open(
        encoding="utf-8-sig"
    ) as file:
        rows = {row["month"]: row for row in csv.DictReader(file)}
    short = {"listing": "listed", "block": "block"}
    for (month, mode), price_fen in facts.prices_fen.items():
        amount, volume = (Decimal(rows[month][f"{short[mode]}_{what}"]) for what in ("amt_cny", "vol_t"))
        assert price_fen == round(100 * amount / volume), (month, mode)


def test_the_days_of_trading_have_the_published_closes(facts: ScenarioFacts, data_dir: Path):
    with (data_dir / "market" / "cea_daily_2021-07-16_2024-12-31.csv").open(encoding="utf-8-sig") as file:
        closes = {row["date"]: Decimal(row["close"]) for row in csv.DictReader(file)}
    assert {
        day.isoformat(): Decimal(fen) / 100 for day, fen in facts.closes_fen.items()
    }.items() <= closes.items()
    assert closes["2024-11-08"] == Decimal("105.03"), "the price with which the market begins"
    assert len(facts.closes_fen) == 10


def test_the_stamp_says_fictional_and_not_the_2023_roster_in_both_languages(facts: ScenarioFacts):
    assert facts.stamp.zh.startswith("虚构数据")
    assert "并非 2023 年名单" in facts.stamp.zh
    assert facts.stamp.en.startswith("Fictional data")
    assert "not the 2023 roster" in facts.stamp.en


def test_reductions_were_issued_before_the_cut_off(facts: ScenarioFacts):
    assert all(project.issued_on.isoformat() < "2017-03-14" for project in facts.projects)


# ---- what is refused ---------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FOLDER, tmp_path / "scenario"))


def test_a_folder_without_a_file_is_refused_with_SCN_1001(tmp_path: Path):
    with pytest.raises(Refused, match=r"SCN-1001 scenario\.toml cannot be read"):
        facts_module.load(tmp_path)


@pytest.mark.parametrize(
    ("file", "old", "new", "why"),
    [
        ("scenario.toml", 'id = "hubei-power-2023"', "id = ", r"SCN-1001 scenario\.toml"),
        ("scenario.toml", "compliance_year = 2023", "", r"SCN-1003 scenario\.toml, top: compliance_year"),
        ("scenario.toml", "shortfall = 0.010", 'shortfall = "x"', r"SCN-1002 .*\[model\].*“x” of shortfall"),
        ("scenario.toml", "load = [0.605, 0.795]", "load = [0.9, 0.8]", r"SCN-1002 .*low and high"),
        ("scenario.toml", "report = 2024-03-29", "report = 2023-03-29", r"SCN-1002 .*not before opening"),
        ("prices.toml", "block_fen = 9654", "block_fen = 96.54", r"SCN-1002 prices\.toml, \[2024-11\]"),
        ("prices.toml", "2024-11-15 = 10478", "2024-11-10 = 10478", r"SCN-1002 .*2024-11-10.*trading season"),
        ("prices.toml", "2024-11-15 = 10478", "2024-12-15 = 10478", r"SCN-1002 .*2024-11-20.*after the one"),
        ("prices.toml", "2024-11-15 = 10478", "mid-month = 10478", r"SCN-1002 .*mid-month.*a date like"),
        ("prices.toml", "2024-11-15 = 10478", "2024-11-15 = 104.78", r"SCN-1002 .*104\.78.*a whole number"),
        ("scenario.toml", "day = 2024-11-20", "day = 2024-11-21", r"SCN-1002 .*\[auction\].*one of the days"),
        ("scenario.toml", 'name = "cea"', "", r"SCN-1003 .*\[market\]: name"),
        ("entities.csv", ",914206006703947663,", ",91420600670394766,", r"SCN-1002 .*line 2.*18 characters"),
        ("entities.csv", "captive,list,", "captive,somewhere,", r"SCN-1002 .*somewhere.*name_source"),
        ("units.csv", "914206006703947663,U4,50", "914206006703947663,U4,0", r"SCN-1002 .*capacity_mw"),
        (
            "units.csv",
            "914206006703947663,U5",
            "914206006703947663,U4",
            r"SCN-1002 .*line 3.*not used before",
        ),
        ("units.csv", "U4,50,II,", "U4,50,V,", r"SCN-1002 .*“V” of unit_class.*I \| II"),
        ("counterparties.csv", ",sell,true", ",sell,false", r"SCN-1002 .*“false” of fictional"),
    ],
)
def test_a_wrong_value_is_refused_with_file_place_and_column(
    copy: Path, file: str, old: str, new: str, why: str
):
    text = (copy / file).read_text(encoding="utf-8")
    assert old in text
    (copy / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused, match=why):
        facts_module.load(copy)


def test_an_entity_without_units_is_refused_with_SCN_1003(copy: Path):
    lines = (copy / "units.csv").read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("91420500670369106J,")]
    (copy / "units.csv").write_text("\n".join(kept), encoding="utf-8")
    with pytest.raises(Refused, match=r"SCN-1003 units\.csv, 91420500670369106J: unit is missing"):
        facts_module.load(copy)
