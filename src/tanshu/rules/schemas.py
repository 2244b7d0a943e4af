"""What each kind of rule pack must contain, as data.

A schema maps table patterns ("milestones.*.surrender"; `*` is one segment) to the fields a table may hold.
The reader (`pack_reader`) refuses everything a schema does not say: there are no optional spellings and no
defaults. Checks that concern two values at once stand at the end, one function per schema.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final, Literal

from tanshu.base.text import Text
from tanshu.rules.formulas import LOAD_CORRECTIONS, QUOTAS, ROUNDINGS
from tanshu.rules.terms import ACTS, EXCLUSIONS, IDENTIFIERS, MILESTONES, ORGANISATIONS, UNIT_CLASSES

Kind = Literal[
    "decimal",
    "fraction",
    "int",
    "flag",
    "date",
    "end",
    "text",
    "texts",
    "bilingual",
    "dates",
    "name",
    "names",
    "steps",
]
"""decimal and fraction are written as text; fraction lies in 0..1. end is a date or "open" (then None).
name and names come from `choices`."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table. `may_be_unknown` lets a pack list the key under `unknown` instead of giving a
    value.
    """

    kind: Kind
    choices: tuple[str, ...] = ()
    required: bool = True
    may_be_unknown: bool = False


@dataclass(frozen=True, slots=True)
class TableRule:
    fields: Mapping[str, Field]
    required: bool = True


Tables = Mapping[str, Mapping[str, Any]]
Problem = tuple[str, str, Text]
"""Table, key and what contradicts what."""

_FRACTION = Field("fraction")
_DECIMAL = Field("decimal")
_INT = Field("int")
_DATE = Field("date")
_TEXT = Field("text")
_BILINGUAL = Field("bilingual")


def _name(*choices: str) -> Field:
    return Field("name", choices)


def _names(*choices: str) -> Field:
    return Field("names", choices)


def _optional(field: Field) -> Field:
    return Field(field.kind, field.choices, required=False)


_ROUNDING = _name(*ROUNDINGS)
_ELECTRICITY: Final = dict.fromkeys(UNIT_CLASSES, _DECIMAL)
_HEAT: Final = {"coal": _DECIMAL, "gas": _DECIMAL}

POWER: Final[Mapping[str, TableRule]] = {
    "scope": TableRule({"year": _INT, "basis": _name("generation", "supply"), "entry_threshold_t": _INT}),
    "classes": TableRule(
        {
            "large_from_mw": _DECIMAL,
            "unconventional_above": _FRACTION,
            "gas_other_fuels_up_to": _FRACTION,
            "circulating_fluidised_bed": _name("III", "by_fuel"),
        }
    ),
    "special_units": TableRule(
        {
            "excluded": _names(*EXCLUSIONS),
            "as_verified": _names(*EXCLUSIONS),
            "biomass_limit": _optional(_FRACTION),
            "secondary_limit": _optional(_FRACTION),
            "combined_limit": _optional(_FRACTION),
            "green_fuel_limit": _optional(_FRACTION),
        }
    ),
    # tCO2/MWh and tCO2/GJ
    "benchmarks.electricity": TableRule(_ELECTRICITY),
    "benchmarks.heat": TableRule(_HEAT),
    "balance_values.electricity": TableRule(_ELECTRICITY, required=False),
    "balance_values.heat": TableRule(_HEAT, required=False),
    "quota": TableRule({"formula": _name(*QUOTAS)}),
    "load_correction": TableRule(
        {
            "formula": _name(*LOAD_CORRECTIONS),
            "classes": _names(*UNIT_CLASSES),
            "heat_and_power": Field("flag"),
        }
    ),
    "correction.cooling": TableRule({"water": _DECIMAL, "air": _DECIMAL}, required=False),
    "correction.heat_ratio": TableRule({"coal": _DECIMAL, "gas": _DECIMAL}, required=False),
    "relief": TableRule(
        {"side": _name("allocation", "surrender"), "gap_cap": _FRACTION, "gas_relief": Field("flag")}
    ),
    "rounding": TableRule(
        {
            "quota": _ROUNDING,
            "top_up": _ROUNDING,
            "pre_allocation": _ROUNDING,
            "load_correction": _ROUNDING,
            "gap_rate": _ROUNDING,
        }
    ),
    "pre_allocation": TableRule(
        {
            "rule": _name("fixed", "ceiling", "other_base"),
            "base": _TEXT,
            "share": _optional(_FRACTION),
            "share_max": _optional(_FRACTION),
        }
    ),
    "offset": TableRule({"limit": _FRACTION}),
    "offset_rounding": TableRule({"rule": _ROUNDING}),
    "ccer": TableRule(
        {
            "old_registered_before": _optional(_DATE),
            "old_usable_until": _optional(_DATE),
            "registered_from": _optional(_DATE),
        }
    ),
    "vintages": TableRule({"instrument": _TEXT, "permitted": Field("texts")}),
}

CALENDAR: Final[Mapping[str, TableRule]] = {
    "year": TableRule({"year": _INT}),
    "holidays.*": TableRule(
        {"name": _BILINGUAL, "first": _DATE, "last": _DATE, "working_weekends": Field("dates")}
    ),
    "exchange": TableRule({"extra_closures": Field("dates")}),
}

COMPLIANCE: Final[Mapping[str, TableRule]] = {
    "years.*": TableRule({"period": _TEXT, "instrument": _TEXT}),
    **{f"milestones.*.{name}": TableRule({"on": _DATE}, required=False) for name in MILESTONES},
    "periods.*": TableRule({"offset_limit": _FRACTION}, required=False),
    "later_vintages": TableRule({"years": _INT}, required=False),
}

PENALTIES: Final[Mapping[str, TableRule]] = {
    "laws.*": TableRule({"title": _BILINGUAL, "in_force_from": _DATE, "in_force_to": Field("end")}),
    "non_surrender.*": TableRule(
        {
            "formula": Field("name", ("fixed_range", "multiple_of_market_value"), may_be_unknown=True),
            "fine_min_fen": Field("int", required=False, may_be_unknown=True),
            "fine_max_fen": Field("int", required=False, may_be_unknown=True),
            "multiple_min": Field("int", required=False, may_be_unknown=True),
            "multiple_max": Field("int", required=False, may_be_unknown=True),
            "basis": _BILINGUAL,
        }
    ),
    "average_price": TableRule(
        {
            "modes": _name("all", "listing"),
            "vintages": _name("all", "own_year"),
            "window": _name("previous_calendar_month", "thirty_days"),
            "weighting": _name("volume"),
        }
    ),
}

CARRY_OVER: Final[Mapping[str, TableRule]] = {
    "formula": TableRule({"base_t": _INT, "multiplier": _DECIMAL, "rounding": _ROUNDING}),
    "vintages": TableRule({"from": Field("texts"), "to": _TEXT}),
    "eligibility": TableRule({"surrendered_in_time_for": Field("texts")}),
    "window": TableRule(
        {
            "trades_first": _DATE,
            "trades_last": _DATE,
            "holding_on": _DATE,
            "notice_by": _DATE,
            "first_batch_filed_to": _DATE,
            "first_batch_done_by": _DATE,
            "second_batch_filed_to": _DATE,
            "second_batch_done_by": _DATE,
            "issue_working_days": _INT,
        }
    ),
}

REGISTRY: Final[Mapping[str, TableRule]] = {
    "registry": TableRule({"transaction_types": Field("texts")}),
    "subjects": TableRule({"identifier": _name(*IDENTIFIERS)}),
    "bulk": TableRule({"transaction_types": Field("texts")}, required=False),
    "date_rule": TableRule({"surrender_date": _name("submission", "effect")}),
    "chains.*": TableRule({"name": _BILINGUAL, "steps": Field("steps")}),
}

SCHEMAS: Final[Mapping[str, Mapping[str, TableRule]]] = {
    "power": POWER,
    "calendar": CALENDAR,
    "compliance": COMPLIANCE,
    "penalties": PENALTIES,
    "carry_over": CARRY_OVER,
    "registry": REGISTRY,
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


# --- values that must agree ------------------------------------------------------------------------------

_LIMIT_OF: Final = {
    "biomass_over_limit": "biomass_limit",
    "secondary_over_limit": "secondary_limit",
    "combined_over_limit": "combined_limit",
    "green_fuel_over_limit": "green_fuel_limit",
}


def _power_problems(tables: Tables) -> Iterator[Problem]:
    formula = tables["quota"]["formula"]
    for table in QUOTAS[formula].needs:
        if table not in tables:
            yield (
                "quota",
                "formula",
                Text(f"公式 {formula} 需要表 [{table}]", f"{formula} needs table [{table}]"),
            )
    special = tables["special_units"]
    listed = [*special["excluded"], *special["as_verified"]]
    for key in sorted({key for key in listed if listed.count(key) > 1}):
        yield "special_units", key, Text("同一情形有两种处理", "one case is treated in two ways")
    for case, limit in _LIMIT_OF.items():
        if case in listed and limit not in special:
            yield (
                "special_units",
                limit,
                Text(f"列出了 {case} 却没有限值", f"{case} is listed without its limit"),
            )
    yield from _pre_allocation_problems(tables["pre_allocation"])
    if ("old_registered_before" in tables["ccer"]) != ("old_usable_until" in tables["ccer"]):
        yield (
            "ccer",
            "old_usable_until",
            Text("新旧减排量的两个日期须同时给出", "the two dates come together"),
        )
    if tables["vintages"]["instrument"] not in tables["vintages"]["permitted"]:
        yield "vintages", "permitted", Text("缺少本年度配额", "the year's own instrument is missing")


def _pre_allocation_problems(table: Mapping[str, Any]) -> Iterator[Problem]:
    wanted = {"fixed": {"share"}, "ceiling": {"share_max"}, "other_base": set[str]()}[table["rule"]]
    given = {"share", "share_max"} & set(table)
    for key in sorted(wanted ^ given):
        text = Text(f"与 rule = {table['rule']} 不符", f"it does not fit rule = {table['rule']}")
        yield "pre_allocation", key, text


def _calendar_problems(tables: Tables) -> Iterator[Problem]:
    year = tables["year"]["year"]
    holidays = {name: table for name, table in tables.items() if name.startswith("holidays.")}
    for name, table in holidays.items():
        if table["last"] < table["first"]:
            yield name, "last", Text("早于 first", "it is before first")
        if year not in (table["first"].year, table["last"].year):
            yield name, "first", Text(f"不在 {year} 年", f"it is not in {year}")
        for day in table["working_weekends"]:
            if day.weekday() < 5 or day.year != year:
                yield (
                    name,
                    "working_weekends",
                    Text(f"{day} 不是当年的周末", f"{day} is no weekend of the year"),
                )
    for day in tables["exchange"]["extra_closures"]:
        if day.weekday() >= 5 or day.year != year:
            yield (
                "exchange",
                "extra_closures",
                Text(f"{day} 不是当年的工作日", f"{day} is no weekday of the year"),
            )


def _compliance_problems(tables: Tables) -> Iterator[Problem]:
    for name in tables:
        if name.startswith("milestones.") and f"years.{name.split('.')[1]}" not in tables:
            yield name, "on", Text("该年度没有 [years] 表", "its year has no [years] table")
    named = {table["period"] for name, table in tables.items() if name.startswith("years.")}
    for name in tables:
        if name.startswith("periods.") and name.removeprefix("periods.") not in named:
            yield name, "offset_limit", Text("没有属于该履约期的年度", "no year is of this period")


def _penalty_problems(tables: Tables) -> Iterator[Problem]:
    laws = {name.split(".", 1)[1]: table for name, table in tables.items() if name.startswith("laws.")}
    for key, law in laws.items():
        if f"non_surrender.{key}" not in tables:
            yield f"laws.{key}", "title", Text("缺少未清缴的处罚规定", "it has no [non_surrender] table")
        if law["in_force_to"] is not None and law["in_force_to"] < law["in_force_from"]:
            yield f"laws.{key}", "in_force_to", Text("早于 in_force_from", "it is before in_force_from")
    in_order = sorted(laws.items(), key=lambda item: item[1]["in_force_from"])
    for (_, earlier), (key, later) in pairwise(in_order):
        if earlier["in_force_to"] is None or earlier["in_force_to"] >= later["in_force_from"]:
            yield f"laws.{key}", "in_force_from", Text("前一部规定仍有效", "the law before is still in force")
    for name, table in tables.items():
        if name.startswith("non_surrender.") and "formula" in table:
            wanted = _FINE_KEYS[table["formula"]]
            for key in sorted(wanted - set(table)):
                yield name, key, Text(f"{table['formula']} 需要此值", f"{table['formula']} needs it")


_FINE_KEYS: Final = {
    "fixed_range": {"fine_min_fen", "fine_max_fen"},
    "multiple_of_market_value": {"multiple_min", "multiple_max"},
}


def _carry_over_problems(tables: Tables) -> Iterator[Problem]:
    days = [value for value in tables["window"].values() if isinstance(value, date)]
    if days != sorted(days):
        yield "window", "trades_first", Text("日期须依次递增", "the dates must follow one another")
    if tables["formula"]["multiplier"] < Decimal(0):
        yield "formula", "multiplier", Text("不得为负", "it may not be negative")


def _registry_problems(tables: Tables) -> Iterator[Problem]:
    types = tables["registry"]["transaction_types"]
    if len(set(types)) != len(types):
        yield "registry", "transaction_types", Text("有重复", "it names a type twice")
    for kind in tables["bulk"]["transaction_types"] if "bulk" in tables else ():
        if kind not in types:
            yield "bulk", "transaction_types", Text(f"本辖区没有 {kind}", f"{kind} does not exist here")
    for name, table in tables.items():
        acts = [act for _, act in table["steps"]] if name.startswith("chains.") else ["make"]
        if acts[0] != "make" or "make" in acts[1:]:
            yield name, "steps", Text("须以且仅以一次 make 开始", "it must begin with its one make")


CHECKS: Final[Mapping[str, Callable[[Tables], Iterator[Problem]]]] = {
    "power": _power_problems,
    "calendar": _calendar_problems,
    "compliance": _compliance_problems,
    "penalties": _penalty_problems,
    "carry_over": _carry_over_problems,
    "registry": _registry_problems,
}
STEP_CHOICES: Final = {"by": tuple(ORGANISATIONS), "act": tuple(ACTS)}
