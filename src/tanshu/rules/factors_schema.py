"""What a factors pack holds: an operator's numbers for one year."""

from __future__ import annotations

from typing import Final

from tanshu.rules.fields import DECIMAL, FRACTION, INT, Problems, Schema, TableRule, Tables

FACTOR_TABLES: Final[Schema] = {
    "benchmarks.*": TableRule({"value": DECIMAL}, required=False),  # tCO2 per unit of product
    "control.*": TableRule({"value": DECIMAL}, required=False),  # 行业控排系数
    "market_factor": TableRule({"value": DECIMAL}, required=False),  # 市场调节因子
}
FACTORS: Final[Schema] = {
    "scope": TableRule({"year": INT}),
    **FACTOR_TABLES,
    "pre_allocation": TableRule({"share": FRACTION}, required=False),
}


def problems(_tables: Tables) -> Problems:
    """No two values of a factors pack bear on one another."""
    yield from ()
