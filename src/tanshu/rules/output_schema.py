"""What an output pack holds: allocation by what a line produces, or produced and emitted before."""

from __future__ import annotations

from typing import Final

from tanshu.base.text import Text
from tanshu.rules import agreement
from tanshu.rules.factors_schema import FACTOR_TABLES
from tanshu.rules.fields import (
    BILINGUAL,
    DATE,
    FRACTION,
    INT,
    ROUNDING,
    TEXT,
    TEXTS,
    Problems,
    Schema,
    TableRule,
    Tables,
    name,
    optional,
)
from tanshu.rules.output_formulas import FORMULAS, REDETERMINATIONS

OUTPUT: Final[Schema] = {
    "scope": TableRule({"year": INT, "entry_threshold_t": optional(INT)}),
    "products.*": TableRule({"name": BILINGUAL, "unit": TEXT, "formula": name(*FORMULAS)}),
    "factors": TableRule({"given": name("here", "operator")}),
    **FACTOR_TABLES,
    # how far emissions and quota may lie apart before the authority decides anew
    "redetermination": TableRule(
        {"formula": name(*REDETERMINATIONS), "share": FRACTION, "quantity_t": INT}, required=False
    ),
    "rounding": TableRule({"quota": ROUNDING, "pre_allocation": optional(ROUNDING), "gap_rate": ROUNDING}),
    "pre_allocation": TableRule(
        {
            "rule": name("fixed", "ceiling", "operator", "other_base"),
            "base": TEXT,
            "share": optional(FRACTION),
            "share_max": optional(FRACTION),
        },
        required=False,
    ),
    "offset": TableRule({"limit": FRACTION}, required=False),
    "offset_rounding": TableRule({"rule": ROUNDING}, required=False),
    "ccer": TableRule(
        {
            "old_registered_before": optional(DATE),
            "old_usable_until": optional(DATE),
            "registered_from": optional(DATE),
        },
        required=False,
    ),
    "vintages": TableRule({"instrument": TEXT, "permitted": TEXTS}),
}


def problems(tables: Tables) -> Problems:
    yield from agreement.common(tables)
    products = {table.split(".", 1)[1] for table in tables if table.startswith("products.")}
    given = tables["factors"]["given"]
    for table in tables:
        group, _, product = table.partition(".")
        if group not in ("benchmarks", "control", "market_factor"):
            continue
        if given == "operator":
            yield table, "value", Text("系数由运营者的规则包给出", "the operator's pack gives the numbers")
        elif product and product not in products:
            yield table, "value", Text("没有这一产品", "there is no such product")
    if ("pre_allocation" in tables) != ("pre_allocation" in tables["rounding"]):
        text = Text("与表 [pre_allocation] 须同时给出", "it comes with table [pre_allocation]")
        yield "rounding", "pre_allocation", text
    together = {"offset", "offset_rounding", "ccer"}
    if together & set(tables) and not together <= set(tables):
        lacks = sorted(together - set(tables))[0]
        yield lacks, "*", Text("抵销的三张表须同时给出", "the three tables of offset come together")
