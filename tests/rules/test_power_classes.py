"""Which class a unit belongs to, or why the benchmark does not apply to it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from tanshu.rules import power
from tanshu.rules.power import UnitFacts
from tanshu.rules.power_classes import _SPECIAL
from tanshu.rules.terms import EXCLUSIONS
from tests.rules.cases import code, good, pack

COAL = {"conventional_coal": "1"}


def facts(shares: Mapping[str, str], capacity: str = "600", **more: object) -> UnitFacts:
    heat = {fuel: Decimal(share) for fuel, share in shares.items()}
    return UnitFacts("unit-1", Decimal(capacity), heat, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "unit_class"),
    [
        (facts(COAL, "400"), "I"),
        (facts(COAL, "399.9"), "II"),
        (facts({"conventional_coal": "0.5", "unconventional_coal": "0.5"}), "I"),
        (facts({"conventional_coal": "0.49", "unconventional_coal": "0.51"}), "III"),
        (facts(COAL, technology="circulating_fluidised_bed"), "III"),
        (facts({"natural_gas": "1"}, technology="gas_turbine"), "IV"),
        (facts({"natural_gas": "0.9", "conventional_coal": "0.1"}), "IV"),
        (facts({"conventional_coal": "0.9", "biomass": "0.1"}), "I"),
        (facts({"conventional_coal": "0.8", "biomass": "0.1", "secondary_energy": "0.1"}), "I"),
    ],
)
def test_units_inside_the_benchmark(given: UnitFacts, unit_class: str) -> None:
    for year in (2019, 2022, 2023, 2024):
        found = good(power.classify(pack(f"cn.power.{year}"), given))
        assert (found.unit_class, found.exclusion, found.treatment) == (unit_class, None, "benchmark")


@pytest.mark.parametrize(
    ("given", "exclusion", "in_2023", "in_2025"),
    [
        (facts({"biomass": "1"}), "pure_biomass", "excluded", "verified"),
        (
            facts({"conventional_coal": "0.85", "biomass": "0.15"}),
            "biomass_over_limit",
            "excluded",
            "benchmark",
        ),
        (
            facts({"conventional_coal": "0.79", "biomass": "0.21"}),
            "biomass_over_limit",
            "excluded",
            "verified",
        ),
        (
            facts({"conventional_coal": "0.8", "secondary_energy": "0.2"}),
            "secondary_over_limit",
            "excluded",
            "verified",
        ),
        (facts({"special_gas": "1"}), "special_fuel", "excluded", "verified"),
        (facts({"own_waste_gas": "1"}), "own_waste_gas", "excluded", "verified"),
        (
            facts({"natural_gas": "1"}, converted_from_coal_boiler=True),
            "converted_boiler",
            "excluded",
            "verified",
        ),
        (facts({"oil": "1"}), "oil", "excluded", "verified"),
        (facts(COAL, technology="igcc"), "igcc", "excluded", "verified"),
        (
            facts({"natural_gas": "1"}, technology="internal_combustion"),
            "internal_combustion",
            "excluded",
            "verified",
        ),
        (facts(COAL, closed=True), "closed", "excluded", "verified"),
        (facts(COAL, newly_commissioned=True), "newly_commissioned", "excluded", "verified"),
        (facts(COAL, emergency_standby=True), "emergency_standby", "benchmark", "verified"),
        (facts(COAL, generates=False), "heat_only", "excluded", "benchmark"),
    ],
)
def test_special_units_are_outside_in_2023_and_get_their_emissions_in_the_2025_draft(
    given: UnitFacts, exclusion: str, in_2023: str, in_2025: str
) -> None:
    found = good(power.classify(pack("cn.power.2023"), given))
    assert found.treatment == in_2023
    assert found.exclusion == (exclusion if in_2023 != "benchmark" else None)
    assert good(power.classify(pack("cn.power.2025"), given)).treatment == in_2025


def test_biomass_and_secondary_energy_together_have_a_limit_in_the_draft() -> None:
    mixed = facts({"conventional_coal": "0.75", "biomass": "0.15", "secondary_energy": "0.1"})
    assert good(power.classify(pack("cn.power.2025"), mixed)).exclusion == "combined_over_limit"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (facts({"natural_gas": "0.8", "conventional_coal": "0.2"}), "RULE-2011"),
        (facts({"natural_gas": "0.2", "conventional_coal": "0.8"}), "RULE-2011"),
        (facts({"conventional_coal": "0.9"}), "RULE-2012"),
        (facts({"peat": "1"}), "RULE-2004"),
        (facts({"conventional_coal": "1.5"}), "RULE-2004"),
        (facts({"conventional_coal": "NaN"}), "RULE-2004"),
        (facts(COAL, "0"), "RULE-2004"),
    ],
)
def test_what_cannot_be_classified_is_refused(given: UnitFacts, expected: str) -> None:
    assert code(power.classify(pack("cn.power.2024"), given)) == expected


def test_units_reported_together_take_the_lowest_benchmark() -> None:
    rules = pack("cn.power.2024")
    assert power.least_favourable(rules, ("III", "II")) == "II"
    assert power.least_favourable(rules, ("I", "IV", "II")) == "IV"


def test_every_special_case_but_the_entitys_threshold_can_be_told_from_facts() -> None:
    assert set(EXCLUSIONS) - set(_SPECIAL) == {"below_entry_threshold"}
    assert set(_SPECIAL) <= set(EXCLUSIONS)
    assert power.EXCLUSIONS is EXCLUSIONS
