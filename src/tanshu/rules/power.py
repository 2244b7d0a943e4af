"""Allocation to power plants (发电行业配额分配), national market, 2019–2026.

`allocate` runs in the order of the law: each unit's initial quota → gas-unit relief → the entity's sum →
the cap on its gap. In 2019–2022 the two reliefs did not add allowances; they lowered what had to be
surrendered (`EntityAllocation.obligation_t`); the pack's [relief] side says which.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, localcontext

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.activity import UnitYear
from tanshu.rules.allocation_terms import (
    check_offset_credit,
    offset_limit,
    permitted_vintages,
    pre_allocation,
    true_up,
)
from tanshu.rules.answers import answering
from tanshu.rules.formulas import CONTEXT, rounded, tonnes
from tanshu.rules.pack_model import Pack
from tanshu.rules.power_classes import Classification, UnitFacts, classify, least_favourable
from tanshu.rules.power_units import UnitQuota, check_unit, unit_quota
from tanshu.rules.steps import Step, number_json, shown, text_json
from tanshu.rules.terms import EXCLUSIONS

__all__ = [
    "EXCLUSIONS",
    "Classification",
    "EntityAllocation",
    "UnitFacts",
    "UnitQuota",
    "allocate",
    "check_offset_credit",
    "classify",
    "least_favourable",
    "offset_limit",
    "permitted_vintages",
    "pre_allocation",
    "true_up",
]


@dataclass(frozen=True, slots=True)
class EntityAllocation:
    """What an entity (重点排放单位) is due for a year, in whole tonnes.

    verified_t: verified emissions of the units inside the scheme · initial_t 初始配额量: sum of the units'
    approved quotas · topped_up_t 补发配额量 under the gap cap · approved_t 核定配额量 = initial_t +
    topped_up_t · obligation_t 应清缴配额量: what must be surrendered · gap_t = verified_t − approved_t
    (negative is a surplus) · gap_rate 缺口率 = gap_t ÷ verified_t as a fraction with two decimals of a
    percent (0.2000 is 20.00 %). watermark must be shown with every use; notes name the tables that are
    recalled or assumed.
    """

    year: int
    pack: str
    units: tuple[UnitQuota, ...]
    verified_t: int
    initial_t: int
    topped_up_t: int
    approved_t: int
    obligation_t: int
    gap_t: int
    gap_rate: Decimal
    watermark: Text | None
    notes: tuple[Text, ...]
    steps: tuple[Step, ...]

    @property
    def parts(self) -> tuple[tuple[str, tuple[Step, ...]], ...]:
        """The steps of each unit, by its name."""
        return tuple((unit.unit, unit.steps) for unit in self.units)

    def as_json(self) -> dict[str, object]:
        return {
            "year": self.year,
            "pack": self.pack,
            "units": [unit.as_json() for unit in self.units],
            "verified_t": self.verified_t,
            "initial_t": self.initial_t,
            "topped_up_t": self.topped_up_t,
            "approved_t": self.approved_t,
            "obligation_t": self.obligation_t,
            "gap_t": self.gap_t,
            "gap_rate": number_json(self.gap_rate),
            "watermark": text_json(self.watermark) if self.watermark else None,
            "notes": [text_json(note) for note in self.notes],
            "steps": [step.as_json() for step in self.steps],
        }


_TABLES_USED = (
    "scope",
    "special_units",
    "benchmarks.electricity",
    "benchmarks.heat",
    "quota",
    "load_correction",
    "correction.cooling",
    "correction.heat_ratio",
    "relief",
    "rounding",
)


@answering
def allocate(pack: Pack, units: Sequence[UnitYear]) -> EntityAllocation:
    """The entity's allocation for the pack's year from its units' verified year.

    Refuses with RULE-1203 (no power pack), RULE-2001…2008 and 2015 (see `checks`): the first thing wrong,
    unit by unit. Source: 国环规气候〔2024〕1号, part 5 (3), for the order of the steps.
    """
    pack.must_be("power")
    _check_units(units)
    with localcontext(CONTEXT):
        for unit in units:
            check_unit(pack, unit)
        quotas = tuple(unit_quota(pack, unit) for unit in units)
        return _entity(pack, quotas)


# --- the entity ------------------------------------------------------------------------------------------


def _check_units(units: Sequence[UnitYear]) -> None:
    if not units:
        raise Refused(checks.NO_UNITS(field="units"))
    seen: set[str] = set()
    for unit in units:
        if unit.unit in seen:
            raise Refused(checks.UNIT_TWICE(field="unit", unit=unit.unit))
        seen.add(unit.unit)


def _entity(pack: Pack, quotas: tuple[UnitQuota, ...]) -> EntityAllocation:
    inside = [quota for quota in quotas if quota.treatment != "excluded"]
    verified_t = sum(quota.verified_t for quota in inside)
    initial_t = sum(quota.approved_t for quota in inside)
    sum_step = Step(
        Text("重点排放单位初始配额量", "entity's initial quota"),
        "Af = ΣA",
        " + ".join(shown(quota.approved_t) for quota in inside) or "0",
        initial_t,
        "t",
        pack.table("quota").step_source(),
    )
    topped_up_t, cap_steps = _top_up(pack, verified_t, initial_t)
    approved_t = initial_t + topped_up_t
    obligation_t, obligation_steps = _obligation(pack, inside, verified_t, approved_t)
    gap_t = verified_t - approved_t
    gap_rate = rounded(
        pack.table("rounding")["gap_rate"], Decimal(gap_t) / verified_t if verified_t else Decimal(0)
    )
    gap_step = Step(
        Text("配额缺口", "gap (negative: surplus)"),
        "G = E − A",
        f"{shown(verified_t)} − {shown(approved_t)}",
        gap_t,
        "t",
        pack.table("relief").step_source(),
    )
    return EntityAllocation(
        year=pack.table("scope")["year"],
        pack=pack.name,
        units=quotas,
        verified_t=verified_t,
        initial_t=initial_t,
        topped_up_t=topped_up_t,
        approved_t=approved_t,
        obligation_t=obligation_t,
        gap_t=gap_t,
        gap_rate=gap_rate,
        watermark=pack.watermark,
        notes=pack.notes_on(*_TABLES_USED),
        steps=(sum_step, *cap_steps, gap_step, *obligation_steps),
    )


def _top_up(pack: Pack, verified_t: int, initial_t: int) -> tuple[int, tuple[Step, ...]]:
    """配额缺口率上限: where relief acts on the allocation, an entity is topped up to 80 % of its emissions.

    The top-up is floored, as the draft tables of 2026 say, so the approved quota may lie a fraction of a
    tonne below 80 %: rounding up would issue allowances no text grants.
    """
    relief = pack.table("relief")
    if relief["side"] != "allocation":
        return 0, ()
    kept = 1 - relief.decimal("gap_cap")
    short = kept * verified_t - initial_t
    topped_up_t = tonnes(pack.table("rounding")["top_up"], short) if short > 0 else 0
    step = Step(
        Text("缺口率上限补发配额量", "top-up under the gap cap"),
        f"ΔA = max(0, ⌊{shown(kept)} × E − Af⌋)",
        f"max(0, ⌊{shown(kept)} × {shown(verified_t)} − {shown(initial_t)}⌋)",
        topped_up_t,
        "t",
        relief.step_source(),
    )
    return topped_up_t, (step,)


def _obligation(
    pack: Pack, inside: Sequence[UnitQuota], verified_t: int, approved_t: int
) -> tuple[int, tuple[Step, ...]]:
    """应清缴配额量: verified emissions; in 2019–2022 less the relief of gas units and of gaps above the
    cap.
    """
    relief = pack.table("relief")
    if relief["side"] == "allocation":
        return verified_t, ()
    gas = [quota for quota in inside if quota.unit_class == "IV" and quota.treatment == "benchmark"]
    forgiven_t = sum(max(0, quota.verified_t - quota.approved_t) for quota in gas if relief["gas_relief"])
    cap = relief.decimal("gap_cap")
    capped_t = approved_t + tonnes(pack.table("rounding")["top_up"], cap * verified_t)
    obligation_t = min(verified_t - forgiven_t, capped_t)
    step = Step(
        Text("应清缴配额量(豁免作用于清缴)", "obligation (relief acts on the surrender)"),
        f"O = min(E − Σ max(0, Egas − Agas), A + ⌊{shown(cap)} × E⌋)",
        f"min({shown(verified_t)} − {shown(forgiven_t)}, "
        f"{shown(approved_t)} + ⌊{shown(cap)} × {shown(verified_t)}⌋)",
        obligation_t,
        "t",
        relief.step_source(),
    )
    return obligation_t, (step,)
