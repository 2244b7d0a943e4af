"""The quota of one generating unit (机组配额), step by step. `power` adds the units up.

Every function here raises `Refused`; `power.allocate` turns that into an answer. All arithmetic runs in
`formulas.CONTEXT`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, NoReturn

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.activity import UnitClass, UnitYear
from tanshu.rules.formulas import (
    LOAD_CORRECTIONS,
    ONE,
    QUOTAS,
    heat_supply_factor,
    rounded,
    tonnes,
)
from tanshu.rules.pack_model import Pack
from tanshu.rules.power_classes import Treatment, treatment_of
from tanshu.rules.steps import Step, number_json, shown
from tanshu.rules.terms import COAL_CLASSES, EXCLUSIONS, UNIT_CLASSES


@dataclass(frozen=True, slots=True)
class UnitQuota:
    """One unit's quota; tonnes are whole.

    load_factor F is a fraction, None where the unit did not run or the benchmark does not apply.
    cooling_factor and heat_factor are None where the year's formula has none. initial_t 初始配额量 =
    electricity_t + heat_t; approved_t 核定配额量 is what the unit counts for in the entity's sum.
    excluded names why the benchmark does not apply, `treatment` what follows from it.
    """

    unit: str
    unit_class: UnitClass
    treatment: Treatment
    verified_t: int
    load_factor: Decimal | None
    load_correction: Decimal
    cooling_factor: Decimal | None
    heat_factor: Decimal | None
    electricity_t: int
    heat_t: int
    initial_t: int
    approved_t: int
    excluded: str | None
    steps: tuple[Step, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "unit": self.unit,
            "unit_class": self.unit_class,
            "treatment": self.treatment,
            "verified_t": self.verified_t,
            "load_factor": number_json(self.load_factor),
            "load_correction": number_json(self.load_correction),
            "cooling_factor": number_json(self.cooling_factor),
            "heat_factor": number_json(self.heat_factor),
            "electricity_t": self.electricity_t,
            "heat_t": self.heat_t,
            "initial_t": self.initial_t,
            "approved_t": self.approved_t,
            "excluded": self.excluded,
            "steps": [step.as_json() for step in self.steps],
        }


def unit_quota(pack: Pack, unit: UnitYear) -> UnitQuota:
    """The unit's quota under the pack: by benchmark, equal to its verified emissions, or none."""
    check_unit(pack, unit)
    if unit.exclusion is not None:
        return _special_quota(pack, unit, unit.exclusion)
    return _benchmark_quota(pack, unit)


def heat_key(unit_class: UnitClass) -> str:
    """The heat benchmark of a class: one value for all coal, one for gas."""
    return "coal" if unit_class in COAL_CLASSES else "gas"


# --- by benchmark ----------------------------------------------------------------------------------------


def _benchmark_quota(pack: Pack, unit: UnitYear) -> UnitQuota:
    quantity_mwh = activity(pack, unit)
    load, correction, load_steps = _load_correction(pack, unit)
    cooling, heat_factor, factor_steps = _other_corrections(pack, unit)
    quota_steps = quota_steps_of(
        pack,
        unit.unit_class,
        quantity_mwh,
        unit.heat_gj,
        correction,
        cooling,
        heat_factor,
    )
    electricity_t, heat_t, initial_t = (int(step.result) for step in quota_steps)
    approved_t, approval_steps = _approved(pack, unit, initial_t)
    return UnitQuota(
        unit=unit.unit,
        unit_class=unit.unit_class,
        treatment="benchmark",
        verified_t=unit.verified_t,
        load_factor=load,
        load_correction=correction,
        cooling_factor=cooling,
        heat_factor=heat_factor,
        electricity_t=electricity_t,
        heat_t=heat_t,
        initial_t=initial_t,
        approved_t=approved_t,
        excluded=None,
        steps=(*load_steps, *factor_steps, *quota_steps, *approval_steps),
    )


def load_correction_step(pack: Pack, load: Decimal) -> Step:
    """Ff at load factor F (a fraction), under the formula and rounding the pack names."""
    table = pack.table("load_correction")
    family = LOAD_CORRECTIONS[table["formula"]]
    value = rounded(pack.table("rounding")["load_correction"], family.apply(load))
    return Step(
        Text("调峰(负荷)修正系数", "load correction"),
        family.formula,
        family.substitute(load),
        value,
        "",
        table.step_source(),
    )


def quota_steps_of(
    pack: Pack,
    unit_class: UnitClass,
    quantity_mwh: Decimal,
    heat_gj: Decimal,
    correction: Decimal,
    cooling: Decimal | None = None,
    heat_factor: Decimal | None = None,
) -> tuple[Step, Step, Step]:
    """Electricity quota Ae, heat quota Ah and their sum: each part is floored before they are added."""
    gas = unit_class == "IV"
    formula = QUOTAS[pack.table("quota")["formula"]]
    rule = pack.table("rounding")["quota"]
    power, heat = pack.table("benchmarks.electricity"), pack.table("benchmarks.heat")
    power_benchmark, heat_benchmark = power.decimal(unit_class), heat.decimal(heat_key(unit_class))
    factors = [factor for factor in (cooling, heat_factor, None if gas else correction) if factor is not None]
    product = quantity_mwh * power_benchmark
    for factor in factors:
        product *= factor
    electricity_t = _within_limit(tonnes(rule, product))
    heat_t = _within_limit(tonnes(rule, heat_gj * heat_benchmark))
    shown_factors = "".join(f" × {shown(factor)}" for factor in factors)
    symbols = formula.gas if gas else formula.coal
    left, right = symbols.split(" = ")
    return (
        Step(
            Text("电量配额", "electricity quota"),
            f"{left} = ⌊{right}⌋",
            f"⌊{shown(quantity_mwh)} × {shown(power_benchmark)}{shown_factors}⌋",
            electricity_t,
            "t",
            power.step_source(),
        ),
        Step(
            Text("供热配额", "heat quota"),
            "Ah = ⌊Qh × Bh⌋",
            f"⌊{shown(heat_gj)} × {shown(heat_benchmark)}⌋",
            heat_t,
            "t",
            heat.step_source(),
        ),
        Step(
            Text("机组初始配额量", "unit's initial quota"),
            "A₀ = Ae + Ah",
            f"{shown(electricity_t)} + {shown(heat_t)}",
            electricity_t + heat_t,
            "t",
            pack.table("quota").step_source(),
        ),
    )


def activity(pack: Pack, unit: UnitYear) -> Decimal:
    """Qe in MWh: gross generation 发电量, or net supply 供电量 where the year is on the supply basis."""
    if pack.table("scope")["basis"] == "generation":
        return unit.generation_mwh
    if unit.supply_mwh is None:
        raise Refused(checks.SUPPLY_NEEDED(field="supply_mwh", unit=unit.unit, pack=pack.name))
    return unit.supply_mwh


def _load_correction(pack: Pack, unit: UnitYear) -> tuple[Decimal | None, Decimal, tuple[Step, ...]]:
    """F, Ff and the steps. Ff is 1 for the classes, and the heat-and-power units, the pack leaves out."""
    table = pack.table("load_correction")
    load = _load_factor(unit)
    corrected = unit.unit_class in table["classes"] and (table["heat_and_power"] or not unit.chp)
    if load is None or not corrected:
        return load, ONE, ()
    load_step = Step(
        Text("机组负荷(出力)系数", "load factor"),
        "F = Qg ÷ (P × t)",
        f"{shown(unit.generation_mwh)} ÷ ({shown(unit.capacity_mw)} × {shown(unit.running_hours)})",
        load,
        "",
        table.step_source(),
    )
    step = load_correction_step(pack, load)
    return load, Decimal(step.result), (load_step, step)


def _load_factor(unit: UnitYear) -> Decimal | None:
    """F = generation ÷ (capacity × running hours); None for a unit that did not run."""
    if unit.running_hours == 0:
        if unit.generation_mwh != 0:
            raise Refused(
                checks.LOAD_FACTOR_UNDEFINED(
                    field="running_hours", unit=unit.unit, generation_mwh=shown(unit.generation_mwh)
                )
            )
        return None
    return unit.generation_mwh / (unit.capacity_mw * unit.running_hours)


def _other_corrections(pack: Pack, unit: UnitYear) -> tuple[Decimal | None, Decimal | None, tuple[Step, ...]]:
    """Cooling factor Fl (coal only), heat-supply factor Fr and their steps; none from 2023 on."""
    if not QUOTAS[pack.table("quota")["formula"]].needs:
        return None, None, ()
    slopes, coolings = pack.table("correction.heat_ratio"), pack.table("correction.cooling")
    ratio, slope = _heat_ratio(pack, unit), slopes.decimal(heat_key(unit.unit_class))
    heat_factor = heat_supply_factor(slope, ratio)
    heat_step = Step(
        Text("供热量修正系数", "heat-supply correction"),
        "Fr = 1 − k × r",
        f"1 − {shown(slope)} × {shown(ratio)}",
        heat_factor,
        "",
        slopes.step_source(),
    )
    if unit.unit_class == "IV":
        return None, heat_factor, (heat_step,)
    cooling = coolings.decimal(unit.cooling)
    cooling_step = Step(
        Text("冷却方式修正系数", "cooling correction"),
        f"Fl({unit.cooling})",
        shown(cooling),
        cooling,
        "",
        coolings.step_source(),
    )
    return cooling, heat_factor, (cooling_step, heat_step)


def _heat_ratio(pack: Pack, unit: UnitYear) -> Decimal:
    """供热比: zero for a unit that supplies no heat, never guessed for one that does."""
    if unit.heat_ratio is not None:
        return unit.heat_ratio
    if unit.heat_gj == 0:
        return Decimal(0)
    raise Refused(checks.HEAT_RATIO_NEEDED(field="heat_ratio", unit=unit.unit, pack=pack.name))


def _approved(pack: Pack, unit: UnitYear, initial_t: int) -> tuple[int, tuple[Step, ...]]:
    """燃气机组豁免: a gas unit short of its emissions is topped up to them, where relief acts on the
    allocation.
    """
    relief = pack.table("relief")
    relieved = relief["side"] == "allocation" and relief["gas_relief"] and unit.unit_class == "IV"
    if not relieved:
        return initial_t, ()
    approved_t = max(initial_t, unit.verified_t)
    step = Step(
        Text("燃气机组豁免后核定配额量", "approved quota after the gas-unit relief"),
        "A = max(A₀, E)",
        f"max({shown(initial_t)}, {shown(unit.verified_t)})",
        approved_t,
        "t",
        relief.step_source(),
    )
    return approved_t, (step,)


# --- special units ---------------------------------------------------------------------------------------


def _special_quota(pack: Pack, unit: UnitYear, exclusion: str) -> UnitQuota:
    """A unit outside the benchmark: no quota at all, or exactly its verified emissions, as the pack says."""
    special = pack.table("special_units")
    treatment = treatment_of(special, exclusion)
    if treatment is None:
        known = ", ".join((*special["excluded"], *special["as_verified"]))
        raise Refused(
            checks.EXCLUSION_NOT_COVERED(
                field="exclusion", pack=pack.name, unit=unit.unit, exclusion=exclusion, known=known
            )
        )
    allowance_t = unit.verified_t if treatment == "verified" else 0
    step = Step(
        EXCLUSIONS[exclusion],
        "A = E" if treatment == "verified" else "A = 0",
        shown(allowance_t),
        allowance_t,
        "t",
        special.step_source(),
    )
    return UnitQuota(
        unit=unit.unit,
        unit_class=unit.unit_class,
        treatment=treatment,
        verified_t=unit.verified_t,
        load_factor=None,
        load_correction=ONE,
        cooling_factor=None,
        heat_factor=None,
        electricity_t=0,
        heat_t=0,
        initial_t=allowance_t,
        approved_t=allowance_t,
        excluded=exclusion,
        steps=(step,),
    )


# --- input -----------------------------------------------------------------------------------------------

_NUMBERS: Final = ("capacity_mw", "generation_mwh", "heat_gj", "running_hours", "supply_mwh", "heat_ratio")
_INPUT_MAX: Final = Decimal(10) ** 15


def check_unit(pack: Pack, unit: UnitYear) -> None:
    """Refuses another year's unit (RULE-2002) and a number that cannot be one (RULE-2004)."""
    year = pack.table("scope")["year"]
    if unit.year != year:
        raise Refused(
            checks.OTHER_YEAR(field="year", unit=unit.unit, year=unit.year, pack=pack.name, expected=year)
        )
    for name in _NUMBERS:
        value = getattr(unit, name)
        if value is not None and not _is_quantity(value):
            _bad_number(unit, name, value, Text("非负的十进制数", "a Decimal that is not negative"))
    if unit.capacity_mw == 0:
        _bad_number(unit, "capacity_mw", unit.capacity_mw, Text("大于零的兆瓦数", "megawatts above zero"))
    if unit.heat_ratio is not None and unit.heat_ratio > 1:
        _bad_number(unit, "heat_ratio", unit.heat_ratio, Text("0 至 1 的比值", "a fraction from 0 to 1"))
    if isinstance(unit.verified_t, bool) or not isinstance(unit.verified_t, int) or unit.verified_t < 0:
        _bad_number(unit, "verified_t", unit.verified_t, Text("非负整数吨", "whole tonnes, not negative"))
    if unit.unit_class not in UNIT_CLASSES:
        _bad_number(unit, "unit_class", unit.unit_class, Text("I、II、III 或 IV", "I, II, III or IV"))
    if unit.cooling not in ("water", "air"):
        _bad_number(unit, "cooling", unit.cooling, Text("water 或 air", "water or air"))


def _is_quantity(value: object) -> bool:
    return isinstance(value, Decimal) and value.is_finite() and 0 <= value <= _INPUT_MAX


def _bad_number(unit: UnitYear, name: str, value: object, expected: Text) -> NoReturn:
    raise Refused(
        checks.BAD_NUMBER(
            field=name,
            unit=unit.unit,
            field_name=name,
            value=value,
            expected_zh=expected.zh,
            expected_en=expected.en,
        )
    )


def _within_limit(quota_t: int) -> int:
    if quota_t > QUANTITY_MAX:
        raise Refused(checks.SUM_TOO_LARGE(value=shown(quota_t), limit=shown(QUANTITY_MAX)))
    return quota_t
