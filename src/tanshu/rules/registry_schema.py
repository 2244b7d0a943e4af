"""What a registry pack holds: who acts in which order, and the register's periods and policies.

Only the first four tables are in every registry pack. A jurisdiction that leaves out one of the others has no
such procedure: asking for it is refused (RULE-1202).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tanshu.base.text import Text
from tanshu.rules.fields import (
    BILINGUAL,
    DATE,
    FLAG,
    INT,
    TEXTS,
    Field,
    Problems,
    Schema,
    TableRule,
    Tables,
    may_be_unknown,
    name,
    names,
    optional,
)
from tanshu.rules.terms import ACTS, CLAIM_CLASSES, DISCLOSED, IDENTIFIERS, ORGANISATIONS

STEP_CHOICES: Final = {"by": tuple(ORGANISATIONS), "act": tuple(ACTS)}

REGISTRY: Final[Schema] = {
    "registry": TableRule({"transaction_types": TEXTS}),
    "subjects": TableRule({"identifier": name(*IDENTIFIERS)}),
    "date_rule": TableRule({"surrender_date": name("submission", "effect")}),
    "chains.*": TableRule({"name": BILINGUAL, "steps": Field("steps")}),
    "bulk": TableRule({"transaction_types": TEXTS}, required=False),
    # Who wins when claims on the same units meet. `order`, first the strongest, goes with by_class.
    "claims.*": TableRule(
        {
            "in_force_from": DATE,
            "rule": may_be_unknown(name("first_come", "by_class")),
            "order": optional(names(*CLAIM_CLASSES)),
        },
        required=False,
    ),
    # calendar days
    "freezes": TableRule({"default_days": INT, "renewal_days": INT}, required=False),
    # what a market calls a thing, where it is not what this program calls it
    "words": TableRule({"surrender": BILINGUAL}, required=False),
    "records": TableRule({"keep_years": INT}, required=False),
    # What is published of a year, and how many days after it ended or was due. What no table names, is not.
    "disclosure.*": TableRule(
        {"fields": names(*DISCLOSED), "counted_from": name("year_end", "deadline"), "after_days": INT},
        required=False,
    ),
    "objections": TableRule({"apply_working_days": INT, "decide_working_days": INT}, required=False),
    "onboarding": TableRule(
        {
            "documents": TEXTS,
            "review_working_days": INT,
            "confirm_people": FLAG,
            "annual_review_by": may_be_unknown(Field("month_day")),
        },
        required=False,
    ),
}


def problems(tables: Tables) -> Problems:
    types = tables["registry"]["transaction_types"]
    if len(set(types)) != len(types):
        yield "registry", "transaction_types", Text("有重复", "it names a type twice")
    for kind in tables["bulk"]["transaction_types"] if "bulk" in tables else ():
        if kind not in types:
            yield "bulk", "transaction_types", Text(f"本辖区没有 {kind}", f"{kind} does not exist here")
    for table, values in tables.items():
        acts = [act for _, act in values["steps"]] if table.startswith("chains.") else ["make"]
        if acts[0] != "make" or "make" in acts[1:]:
            yield table, "steps", Text("须以且仅以一次 make 开始", "it must begin with its one make")
    yield from _claims_problems({k: v for k, v in tables.items() if k.startswith("claims.")})


def _claims_problems(policies: Mapping[str, Mapping[str, Any]]) -> Problems:
    days = [values["in_force_from"] for values in policies.values()]
    for table, values in policies.items():
        if days.count(values["in_force_from"]) > 1:
            yield table, "in_force_from", Text("两项规则同日施行", "two policies begin on one day")
        order = values.get("order")
        if values.get("rule") == "by_class" and sorted(order or ()) != sorted(CLAIM_CLASSES):
            yield table, "order", Text("须列全三类权利", "it must rank every class once")
        if values.get("rule") != "by_class" and order is not None:
            yield table, "order", Text("只随 by_class", "it goes with by_class only")
