"""The formulas an output pack selects: products of what a line did and of what a pack sets.

Q output in the product's unit · I tCO2 per unit, the line's own past · E0 tCO2, the line's own past · d days
of normal production · B benchmark tCO2 per unit · C control coefficient of the sector 行业控排系数 · M market
adjustment factor 市场调节因子.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from tanshu.rules.formulas import ONE
from tanshu.rules.steps import shown

LINE_VALUES: Final[Mapping[str, str]] = {"Q": "output", "I": "intensity", "E0": "base_t", "d": "days"}
"""By symbol, the field of `OutputYear` that gives it."""
FACTOR_OF: Final[Mapping[str, str]] = {"B": "benchmarks", "C": "control", "M": "market_factor"}
"""By symbol, the group of tables that gives it; M is one for the whole market, the others one per product."""


@dataclass(frozen=True, slots=True)
class OutputFormula:
    """A product of symbols, over a divisor where there is one."""

    symbols: tuple[str, ...]
    divisor: Decimal = ONE

    def __str__(self) -> str:
        return self._written("A = " + " × ".join(self.symbols))

    def apply(self, values: Mapping[str, Decimal]) -> Decimal:
        result = ONE
        for symbol in self.symbols:
            result *= values[symbol]
        return result / self.divisor

    def substitute(self, values: Mapping[str, Decimal]) -> str:
        return self._written(" × ".join(shown(values[symbol]) for symbol in self.symbols))

    def _written(self, product: str) -> str:
        return product if self.divisor == ONE else f"{product} ÷ {shown(self.divisor)}"


FORMULAS: Final[Mapping[str, OutputFormula]] = {
    "output_benchmark": OutputFormula(("Q", "B")),
    # 湖北: 标杆法, 历史强度法, 历史法. The control coefficient of the intensity method is recalled; the
    # history method is the one seen for ceramics in 2024: normal production days over 365.
    "hb_benchmark": OutputFormula(("Q", "B", "M")),
    "hb_intensity": OutputFormula(("Q", "I", "C", "M")),
    "hb_history": OutputFormula(("E0", "C", "M", "d"), Decimal(365)),
}


def capped(verified_t: int, initial_t: int, limit_t: int) -> int:
    """双20 read as a cap: what lies beyond the limit is issued in addition, or taken back."""
    return min(max(initial_t, verified_t - limit_t), verified_t + limit_t)


def as_verified(verified_t: int, initial_t: int, limit_t: int) -> int:
    """The other reading: once the limit is reached, the quota is what was emitted."""
    return verified_t if abs(verified_t - initial_t) >= limit_t else initial_t


REDETERMINATIONS: Final[Mapping[str, Callable[[int, int, int], int]]] = {
    "capped": capped,
    "as_verified": as_verified,
}
"""Verified tonnes, initial quota and limit give the approved quota."""
