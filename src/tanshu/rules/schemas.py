"""What each kind of rule pack must contain, as data.

A schema maps table patterns ("milestones.*.surrender"; `*` is one segment) to the fields a table may hold.
The reader (`pack_reader`) refuses everything a schema does not say: there are no optional spellings and no
defaults. Checks that concern two values at once are in `agreement`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tanshu.rules import (
    agreement,
    clearing_schema,
    factors_schema,
    market_schema,
    output_schema,
    registry_schema,
    supervision_schema,
)
from tanshu.rules.clearing_schema import CLEARING, CLEARING_FIGURES
from tanshu.rules.factors_schema import FACTORS
from tanshu.rules.fields import (
    BILINGUAL,
    DATE,
    DECIMAL,
    FLAG,
    FRACTION,
    INT,
    ROUNDING,
    TEXT,
    TEXTS,
    Field,
    Problems,
    Schema,
    TableRule,
    Tables,
    name,
    names,
    optional,
)
from tanshu.rules.formulas import LOAD_CORRECTIONS, QUOTAS
from tanshu.rules.market_schema import MARKET, MARKET_FIGURES
from tanshu.rules.output_schema import OUTPUT
from tanshu.rules.registry_schema import REGISTRY
from tanshu.rules.supervision_schema import SUPERVISION
from tanshu.rules.terms import EXCLUSIONS, MILESTONES, UNIT_CLASSES

_ELECTRICITY: Final = dict.fromkeys(UNIT_CLASSES, DECIMAL)
_HEAT: Final = {"coal": DECIMAL, "gas": DECIMAL}

POWER: Final[Schema] = {
    "scope": TableRule({"year": INT, "basis": name("generation", "supply"), "entry_threshold_t": INT}),
    "classes": TableRule(
        {
            "large_from_mw": DECIMAL,
            "unconventional_above": FRACTION,
            "gas_other_fuels_up_to": FRACTION,
            "circulating_fluidised_bed": name("III", "by_fuel"),
        }
    ),
    "special_units": TableRule(
        {
            "excluded": names(*EXCLUSIONS),
            "as_verified": names(*EXCLUSIONS),
            "biomass_limit": optional(FRACTION),
            "secondary_limit": optional(FRACTION),
            "combined_limit": optional(FRACTION),
            "green_fuel_limit": optional(FRACTION),
        }
    ),
    # tCO2/MWh and tCO2/GJ
    "benchmarks.electricity": TableRule(_ELECTRICITY),
    "benchmarks.heat": TableRule(_HEAT),
    "balance_values.electricity": TableRule(_ELECTRICITY, required=False),
    "balance_values.heat": TableRule(_HEAT, required=False),
    "quota": TableRule({"formula": name(*QUOTAS)}),
    "load_correction": TableRule(
        {
            "formula": name(*LOAD_CORRECTIONS),
            "classes": names(*UNIT_CLASSES),
            "heat_and_power": FLAG,
        }
    ),
    "correction.cooling": TableRule({"water": DECIMAL, "air": DECIMAL}, required=False),
    "correction.heat_ratio": TableRule({"coal": DECIMAL, "gas": DECIMAL}, required=False),
    "relief": TableRule({"side": name("allocation", "surrender"), "gap_cap": FRACTION, "gas_relief": FLAG}),
    "rounding": TableRule(
        {
            "quota": ROUNDING,
            "top_up": ROUNDING,
            "pre_allocation": ROUNDING,
            "load_correction": ROUNDING,
            "gap_rate": ROUNDING,
        }
    ),
    "pre_allocation": TableRule(
        {
            "rule": name("fixed", "ceiling", "other_base"),
            "base": TEXT,
            "share": optional(FRACTION),
            "share_max": optional(FRACTION),
        }
    ),
    "offset": TableRule({"limit": FRACTION}),
    "offset_rounding": TableRule({"rule": ROUNDING}),
    "ccer": TableRule(
        {
            "old_registered_before": optional(DATE),
            "old_usable_until": optional(DATE),
            "registered_from": optional(DATE),
        }
    ),
    "vintages": TableRule({"instrument": TEXT, "permitted": TEXTS}),
}

CALENDAR: Final[Schema] = {
    "year": TableRule({"year": INT}),
    "holidays.*": TableRule(
        {"name": BILINGUAL, "first": DATE, "last": DATE, "working_weekends": Field("dates")}
    ),
    "exchange": TableRule({"extra_closures": Field("dates")}),
    "banks": TableRule(
        {"extra_closures": Field("dates"), "open_on_holidays": Field("dates")}, required=False
    ),
}

COMPLIANCE: Final[Schema] = {
    "years.*": TableRule({"period": TEXT, "instrument": TEXT}),
    **{f"milestones.*.{name}": TableRule({"on": DATE}, required=False) for name in MILESTONES},
    "periods.*": TableRule({"offset_limit": FRACTION}, required=False),
    "later_vintages": TableRule({"years": INT}, required=False),
}

PENALTIES: Final[Schema] = {
    "laws.*": TableRule({"title": BILINGUAL, "in_force_from": DATE, "in_force_to": Field("end")}),
    "non_surrender.*": TableRule(
        {
            "formula": Field("name", ("fixed_range", "multiple_of_market_value"), may_be_unknown=True),
            "fine_min_fen": Field("int", required=False, may_be_unknown=True),
            "fine_max_fen": Field("int", required=False, may_be_unknown=True),
            "multiple_min": Field("int", required=False, may_be_unknown=True),
            "multiple_max": Field("int", required=False, may_be_unknown=True),
            "basis": BILINGUAL,
        }
    ),
    "average_price": TableRule(
        {
            "modes": name("all", "listing"),
            "vintages": name("all", "own_year"),
            "window": name("previous_calendar_month", "thirty_days"),
            "weighting": name("volume"),
        }
    ),
}

CARRY_OVER: Final[Schema] = {
    "formula": TableRule({"base_t": INT, "multiplier": DECIMAL, "rounding": ROUNDING}),
    "vintages": TableRule({"from": TEXTS, "to": TEXT}),
    "eligibility": TableRule({"surrendered_in_time_for": TEXTS}),
    "window": TableRule(
        {
            "trades_first": DATE,
            "trades_last": DATE,
            "holding_on": DATE,
            "notice_by": DATE,
            "first_batch_filed_to": DATE,
            "first_batch_done_by": DATE,
            "second_batch_filed_to": DATE,
            "second_batch_done_by": DATE,
            "issue_working_days": INT,
        }
    ),
}

SCHEMAS: Final[Mapping[str, Mapping[str, TableRule]]] = {
    "power": POWER,
    "calendar": CALENDAR,
    "compliance": COMPLIANCE,
    "penalties": PENALTIES,
    "carry_over": CARRY_OVER,
    "registry": REGISTRY,
    "output": OUTPUT,
    "factors": FACTORS,
    "supervision": SUPERVISION,
    "market": MARKET,
    "market_figures": MARKET_FIGURES,
    "clearing": CLEARING,
    "clearing_figures": CLEARING_FIGURES,
}


def matching_rule(schema: str, table: str) -> TableRule | None:
    """The rule for a table name, if the schema knows it."""
    for pattern, rule in SCHEMAS[schema].items():
        if _matches(pattern, table):
            return rule
    return None


def leads_to_a_table(schema: str, prefix: str) -> bool:
    """Whether `prefix` is only a step on the way to tables ("benchmarks" to "benchmarks.heat")."""
    head = prefix.split(".")
    for pattern in SCHEMAS[schema]:
        parts = pattern.split(".")
        if len(parts) > len(head) and _matches(".".join(parts[: len(head)]), prefix):
            return True
    return False


def _matches(pattern: str, table: str) -> bool:
    want, have = pattern.split("."), table.split(".")
    return len(want) == len(have) and all(w in ("*", h) for w, h in zip(want, have, strict=True))


CHECKS: Final[Mapping[str, Callable[[Tables], Problems]]] = {
    "power": agreement.power,
    "calendar": agreement.calendar,
    "compliance": agreement.compliance,
    "penalties": agreement.penalties,
    "carry_over": agreement.carry_over,
    "registry": registry_schema.problems,
    "output": output_schema.problems,
    "factors": factors_schema.problems,
    "supervision": supervision_schema.problems,
    "market": market_schema.problems,
    "market_figures": market_schema.figures_problems,
    "clearing": clearing_schema.problems,
    "clearing_figures": clearing_schema.figures_problems,
}
