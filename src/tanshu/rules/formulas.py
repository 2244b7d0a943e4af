"""The named formulas a power pack selects. A pack holds the numbers; the law's arithmetic is here.

All arithmetic runs in `CONTEXT`, whatever the caller's decimal context is, so that a quota computed today
comes out to the same tonne in ten years.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import (
    ROUND_HALF_EVEN,
    Context,
    Decimal,
    DivisionByZero,
    InvalidOperation,
    Overflow,
    localcontext,
)
from typing import Final

from tanshu.base.quantity import floor_int, round_half_up
from tanshu.rules.steps import shown

CONTEXT: Final = Context(
    prec=60,
    rounding=ROUND_HALF_EVEN,
    Emin=-999999,
    Emax=999999,
    capitals=1,
    clamp=0,
    flags=[],
    traps=[InvalidOperation, DivisionByZero, Overflow],
)
"""60 digits: room for any product of 18-digit inputs, far beyond the 6 decimals that decide."""

ONE: Final = Decimal(1)


@dataclass(frozen=True, slots=True)
class LoadCorrection:
    """调峰(负荷)修正系数: `apply` takes the load factor F as a fraction; `substitute` writes it with its
    number.
    """

    formula: str
    apply: Callable[[Decimal], Decimal]
    substitute: Callable[[Decimal], str]


@dataclass(frozen=True, slots=True)
class QuotaFormula:
    """机组配额公式 in symbols, and the pack tables it needs beyond the benchmarks."""

    coal: str
    gas: str
    needs: tuple[str, ...]


# --- load corrections ------------------------------------------------------------------------------------


def load_correction_2019(load: Decimal) -> Decimal:
    """2019–2022, piecewise; `load` is a fraction.

    F ≥ 85 %: 1 · 80–85 %: 1 + 0.0014 (85 − 100F) · 75–80 %: 1.007 + 0.0016 (80 − 100F) · below: 1.015^(16 −
    20F). Source: 国环规气候〔2020〕3号 and 国环规气候〔2023〕1号, technical guide for coal units.
    """
    if load >= Decimal("0.85"):
        return ONE
    if load >= Decimal("0.80"):
        return ONE + Decimal("0.0014") * (85 - 100 * load)
    if load >= Decimal("0.75"):
        return Decimal("1.007") + Decimal("0.0016") * (80 - 100 * load)
    return _power_1_015(load)


def load_correction_2023(load: Decimal) -> Decimal:
    """2023–2024: 1.015^(16 − 20F) below 65 %, else 1; `load` is a fraction.

    The text says F is "in %", but its figures only make sense with F as a fraction (0.60 → 1.061364).
    The step at 65 % is the law's own. Source: 国环规气候〔2024〕1号, annex 3, table 1.
    """
    return ONE if load >= Decimal("0.65") else _power_1_015(load)


def load_correction_2025(load: Decimal) -> Decimal:
    """2025–2026 (consultation draft): `load` is a fraction, the draft's own F is in percent points.

    7.254 − 0.633 (1 − e^(−F/29.822)) − 5.643 (1 − e^(−F/6.871)) below 50, else 1.
    Source: consultation draft of 2026-07-27, table 2 (fitted to GB 21258—2024).
    """
    percent = 100 * load
    if percent >= 50:
        return ONE
    slow = ONE - (-percent / Decimal("29.822")).exp()
    fast = ONE - (-percent / Decimal("6.871")).exp()
    return Decimal("7.254") - Decimal("0.633") * slow - Decimal("5.643") * fast


def _power_1_015(load: Decimal) -> Decimal:
    # exp and ln are correctly rounded in `decimal`; a fractional power is only nearly so.
    return (Decimal("1.015").ln() * (16 - 20 * load)).exp()


def _numbers_2019(load: Decimal) -> str:
    percent = shown(100 * load)
    if load >= Decimal("0.85"):
        return f"F = {percent} % ≥ 85 %: 1"
    if load >= Decimal("0.80"):
        return f"1 + 0.0014 × (85 − {percent})"
    if load >= Decimal("0.75"):
        return f"1.007 + 0.0016 × (80 − {percent})"
    return f"1.015^(16 − 20 × {shown(load)})"


def _numbers_2023(load: Decimal) -> str:
    if load >= Decimal("0.65"):
        return f"F = {shown(load)} ≥ 0.65: 1"
    return f"1.015^(16 − 20 × {shown(load)})"


def _numbers_2025(load: Decimal) -> str:
    percent = shown(100 * load)
    if 100 * load >= 50:
        return f"F = {percent} ≥ 50: 1"
    return f"7.254 − 0.633 × (1 − e^(−{percent}/29.822)) − 5.643 × (1 − e^(−{percent}/6.871))"


LOAD_CORRECTIONS: Final[Mapping[str, LoadCorrection]] = {
    "load_correction_2019": LoadCorrection(
        "Ff = 1 (F ≥ 85 %); 1 + 0.0014 × (85 − 100F) (80–85 %); 1.007 + 0.0016 × (80 − 100F) (75–80 %); "
        "1.015^(16 − 20F) (F < 75 %)",
        load_correction_2019,
        _numbers_2019,
    ),
    "load_correction_2023": LoadCorrection(
        "Ff = 1.015^(16 − 20F) (F < 0.65); 1 (F ≥ 0.65)", load_correction_2023, _numbers_2023
    ),
    "load_correction_2025": LoadCorrection(
        "Ff = 7.254 − 0.633 × (1 − e^(−F/29.822)) − 5.643 × (1 − e^(−F/6.871)) (F < 50); 1 (F ≥ 50); F in %",
        load_correction_2025,
        _numbers_2025,
    ),
}

# --- quotas ----------------------------------------------------------------------------------------------

QUOTAS: Final[Mapping[str, QuotaFormula]] = {
    # A = Ae + Ah with cooling (Fl) and heat-supply (Fr) corrections. 国环规气候〔2020〕3号, 〔2023〕1号.
    "quota_2019": QuotaFormula(
        coal="Ae = Qe × Be × Fl × Fr × Ff",
        gas="Ae = Qe × Be × Fr",
        needs=("correction.cooling", "correction.heat_ratio"),
    ),
    # Only the load correction is left, and only for conventional coal. 国环规气候〔2024〕1号, annexes 3 and
    # 4.
    "quota_2023": QuotaFormula(coal="Ae = Qe × Be × Ff", gas="Ae = Qe × Be", needs=()),
}


def heat_supply_factor(slope: Decimal, heat_ratio: Decimal) -> Decimal:
    """供热量修正系数 Fr = 1 − slope × 供热比; 0.22 for coal, 0.6 for gas in 2019–2022."""
    return ONE - slope * heat_ratio


# --- rounding --------------------------------------------------------------------------------------------

ROUNDINGS: Final[Mapping[str, Callable[[Decimal], Decimal]]] = {
    "floor": lambda value: Decimal(floor_int(value)),
    "half_up_4": lambda value: round_half_up(value, 4),
    "half_up_6": lambda value: round_half_up(value, 6),
}
"""Rounding rules by name. half_up_4 of a fraction is two decimals of a percent."""


def rounded(rule: str, value: Decimal) -> Decimal:
    with localcontext(CONTEXT):
        return ROUNDINGS[rule](value)


def tonnes(rule: str, value: Decimal) -> int:
    """A tonnage under a named rounding rule."""
    return int(rounded(rule, value))
