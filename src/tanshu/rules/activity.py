"""What a unit or a line did in a year: the input of the allocation formulas."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

UnitClass = Literal["I", "II", "III", "IV"]
Cooling = Literal["water", "air"]


@dataclass(frozen=True, slots=True)
class UnitYear:
    """One unit's verified year.

    unit_class: I conventional coal ≥ 400 MW · II conventional coal < 400 MW · III unconventional coal,
    circulating fluidised bed included · IV gas (see `power.classify`).
    generation_mwh is gross generation 发电量, supply_mwh net supply 供电量 (needed by 2019–2022 only).
    heat_ratio is 供热比, a fraction. exclusion names why a unit is outside the scheme (`power.EXCLUSIONS`),
    None when it is inside.
    """

    unit: str
    year: int
    unit_class: UnitClass
    capacity_mw: Decimal
    generation_mwh: Decimal
    heat_gj: Decimal
    running_hours: Decimal
    verified_t: int
    supply_mwh: Decimal | None = None
    heat_ratio: Decimal | None = None
    cooling: Cooling = "water"
    chp: bool = False
    exclusion: str | None = None


@dataclass(frozen=True, slots=True)
class OutputYear:
    """One line's verified year, in a market that allocates by output, intensity or history.

    product names the pack's [products.…]. output: in the product's unit · intensity: tCO2 per unit in the
    line's own past · base_t: tCO2 a year in its own past · days: of normal production. Which of them are
    needed is the formula's to say.
    """

    line: str
    year: int
    product: str
    verified_t: int
    output: Decimal | None = None
    intensity: Decimal | None = None
    base_t: Decimal | None = None
    days: Decimal | None = None
