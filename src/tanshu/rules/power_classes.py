"""Which class a generating unit belongs to, or why the benchmark does not apply to it (机组判定).

The tests follow annex 1 of 国环规气候〔2024〕1号; the limits come from the pack. A unit under several heads
takes the first that the pack lists.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, Literal

from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import checks
from tanshu.rules.activity import UnitClass
from tanshu.rules.answers import answering
from tanshu.rules.pack_model import Pack, Table
from tanshu.rules.steps import StepSource
from tanshu.rules.terms import FUELS

Technology = Literal["steam", "circulating_fluidised_bed", "gas_turbine", "igcc", "internal_combustion"]
Treatment = Literal["benchmark", "verified", "excluded"]
"""benchmark: by the formula · verified: allowance equals verified emissions · excluded: outside the year's
scheme.
"""


@dataclass(frozen=True, slots=True)
class UnitFacts:
    """What a unit is and burns. heat_shares: fuel (a key of `terms.FUELS`) → share of the year's heat; sums
    to 1.
    """

    unit: str
    capacity_mw: Decimal
    heat_shares: Mapping[str, Decimal]
    technology: Technology = "steam"
    generates: bool = True
    converted_from_coal_boiler: bool = False
    emergency_standby: bool = False
    closed: bool = False
    newly_commissioned: bool = False

    def share(self, *fuels: str) -> Decimal:
        return sum((self.heat_shares.get(fuel, Decimal(0)) for fuel in fuels), Decimal(0))

    def main_fuel(self) -> str:
        return max(FUELS, key=self.share)


@dataclass(frozen=True, slots=True)
class Classification:
    """unit_class is None where the unit is special; `exclusion` then says why and `treatment` what
    follows.
    """

    unit: str
    unit_class: UnitClass | None
    exclusion: str | None
    treatment: Treatment
    source: StepSource = field(repr=False)


@answering
def classify(pack: Pack, facts: UnitFacts) -> Classification:
    """Class I–IV, or the special case the pack lists.

    Refuses with RULE-2004 (a share or the capacity is no sensible number), RULE-2012 (shares do not add up
    to 1) or RULE-2011 (the mix meets no test, such as 20 % coal in a gas unit): then the authority decides.
    """
    pack.must_be("power")
    _check(facts)
    special, tests = pack.table("special_units"), pack.table("classes")
    for key in (*special["excluded"], *special["as_verified"]):
        applies = _SPECIAL.get(key)
        if applies is not None and applies(facts, special):
            treatment = treatment_of(special, key)
            assert treatment is not None
            return Classification(facts.unit, None, key, treatment, special.step_source())
    return Classification(facts.unit, _class_of(facts, tests), None, "benchmark", tests.step_source())


def treatment_of(special: Table, exclusion: str) -> Treatment | None:
    """How the pack's [special_units] treats a case; None where it does not say."""
    if exclusion in special["excluded"]:
        return "excluded"
    return "verified" if exclusion in special["as_verified"] else None


def least_favourable(pack: Pack, classes: Sequence[UnitClass]) -> UnitClass:
    """The class of units reported together (合并填报机组按最不利原则): the one with the lowest benchmark."""
    benchmarks = pack.must_be("power").table("benchmarks.electricity")
    return min(classes, key=benchmarks.decimal)


def _class_of(facts: UnitFacts, tests: Table) -> UnitClass:
    if facts.share("natural_gas") >= 1 - tests.decimal("gas_other_fuels_up_to"):
        return "IV"
    coal = facts.share("conventional_coal", "unconventional_coal")
    if coal < 1 - tests.decimal("gas_other_fuels_up_to") - facts.share("biomass", "secondary_energy"):
        mix = ", ".join(f"{fuel} {share}" for fuel, share in facts.heat_shares.items())
        raise Refused(checks.CLASS_UNDECIDED(field="heat_shares", unit=facts.unit, mix=mix))
    fluidised = facts.technology == "circulating_fluidised_bed"
    if fluidised and tests["circulating_fluidised_bed"] == "III":
        return "III"
    if facts.share("unconventional_coal") > tests.decimal("unconventional_above"):
        return "III"
    return "I" if facts.capacity_mw >= tests.decimal("large_from_mw") else "II"


def _check(facts: UnitFacts) -> None:
    if not (facts.capacity_mw.is_finite() and facts.capacity_mw > 0):
        raise Refused(_bad(facts, "capacity_mw", facts.capacity_mw))
    for fuel, share in facts.heat_shares.items():
        if fuel not in FUELS or not (share.is_finite() and 0 <= share <= 1):
            raise Refused(_bad(facts, f"heat_shares.{fuel}", share))
    total = sum(facts.heat_shares.values(), Decimal(0))
    if total != 1 and facts.generates:
        raise Refused(checks.SHARES_DO_NOT_ADD_UP(field="heat_shares", unit=facts.unit, total=total))


def _bad(facts: UnitFacts, name: str, value: object) -> Refusal:
    return checks.BAD_NUMBER(
        field=name,
        unit=facts.unit,
        field_name=name,
        value=value,
        expected_zh="已知燃料 0 至 1 的占比,或正的装机容量",
        expected_en="a share between 0 and 1 of a known fuel, or a positive capacity",
    )


def _over(fuels: tuple[str, ...], limit: str) -> Callable[[UnitFacts, Table], bool]:
    return lambda facts, special: facts.share(*fuels) > special.decimal(limit)


_SPECIAL: Final[Mapping[str, Callable[[UnitFacts, Table], bool]]] = {
    "heat_only": lambda facts, _: not facts.generates,
    "closed": lambda facts, _: facts.closed,
    "newly_commissioned": lambda facts, _: facts.newly_commissioned,
    "emergency_standby": lambda facts, _: facts.emergency_standby,
    "pure_biomass": lambda facts, _: facts.share("biomass") == 1,
    "biomass_over_limit": _over(("biomass",), "biomass_limit"),
    "secondary_over_limit": _over(("secondary_energy",), "secondary_limit"),
    "combined_over_limit": _over(("biomass", "secondary_energy"), "combined_limit"),
    "green_fuel_over_limit": _over(("green_hydrogen",), "green_fuel_limit"),
    "special_fuel": lambda facts, _: facts.share("special_gas") == 1,
    "own_waste_gas": lambda facts, _: facts.share("own_waste_gas") == 1,
    "converted_boiler": lambda facts, _: facts.converted_from_coal_boiler,
    "oil": lambda facts, _: facts.main_fuel() == "oil",
    "igcc": lambda facts, _: facts.technology == "igcc",
    "internal_combustion": lambda facts, _: facts.technology == "internal_combustion",
}
"""Tests of the special cases. below_entry_threshold concerns the entity's verified emissions, not a unit's
facts.
"""
