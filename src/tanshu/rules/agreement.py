"""Values of one pack that must agree with one another: one function per schema, yielding what contradicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any, Final

from tanshu.base.text import Text
from tanshu.rules.fields import Problems, Tables
from tanshu.rules.formulas import QUOTAS

_LIMIT_OF: Final = {
    "biomass_over_limit": "biomass_limit",
    "secondary_over_limit": "secondary_limit",
    "combined_over_limit": "combined_limit",
    "green_fuel_over_limit": "green_fuel_limit",
}


def power(tables: Tables) -> Problems:
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
    yield from common(tables)


def common(tables: Tables) -> Problems:
    """What holds for every allocation pack."""
    if "pre_allocation" in tables:
        yield from _pre_allocation_problems(tables["pre_allocation"])
    ccer = tables.get("ccer", {})
    if ("old_registered_before" in ccer) != ("old_usable_until" in ccer):
        yield (
            "ccer",
            "old_usable_until",
            Text("新旧减排量的两个日期须同时给出", "the two dates come together"),
        )
    if tables["vintages"]["instrument"] not in tables["vintages"]["permitted"]:
        yield "vintages", "permitted", Text("缺少本年度配额", "the year's own instrument is missing")


_SHARES: Final[Mapping[str, set[str]]] = {
    "fixed": {"share"},
    "ceiling": {"share_max"},
    "operator": set(),
    "other_base": set(),
}


def _pre_allocation_problems(table: Mapping[str, Any]) -> Problems:
    wanted = _SHARES[table["rule"]]
    given = {"share", "share_max"} & set(table)
    for key in sorted(wanted ^ given):
        text = Text(f"与 rule = {table['rule']} 不符", f"it does not fit rule = {table['rule']}")
        yield "pre_allocation", key, text


def calendar(tables: Tables) -> Problems:
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
    for key in ("extra_closures", "open_on_holidays") if "banks" in tables else ():
        for day in tables["banks"][key]:
            if day.year != year:
                yield "banks", key, Text(f"{day} 不在 {year} 年", f"{day} is not in {year}")


def compliance(tables: Tables) -> Problems:
    for name in tables:
        if name.startswith("milestones.") and f"years.{name.split('.')[1]}" not in tables:
            yield name, "on", Text("该年度没有 [years] 表", "its year has no [years] table")
    named = {table["period"] for name, table in tables.items() if name.startswith("years.")}
    for name in tables:
        if name.startswith("periods.") and name.removeprefix("periods.") not in named:
            yield name, "offset_limit", Text("没有属于该履约期的年度", "no year is of this period")


def penalties(tables: Tables) -> Problems:
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


def carry_over(tables: Tables) -> Problems:
    days = [value for value in tables["window"].values() if isinstance(value, date)]
    if days != sorted(days):
        yield "window", "trades_first", Text("日期须依次递增", "the dates must follow one another")
    if tables["formula"]["multiplier"] < Decimal(0):
        yield "formula", "multiplier", Text("不得为负", "it may not be negative")
