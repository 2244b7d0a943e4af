"""The registry's part of the law: which registrations exist, and who makes, checks and approves each.

The functions take a pack of kind "registry" and raise `Refused` (RULE-1203) for any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.pack_model import Pack, Table
from tanshu.rules.steps import StepSource

Organisation = Literal["holder", "province", "registry", "ministry", "exchange", "bank", "giver", "pledgee"]
Act = Literal["make", "check", "approve"]
SurrenderDate = Literal["submission", "effect"]
Identifier = Literal["credit_code", "operator_id"]
ClaimClass = Literal["court", "duty", "pledge"]
ClaimRule = Literal["first_come", "by_class"]


@dataclass(frozen=True, slots=True)
class ChainStep:
    """`by` acts: make 经办 · check 复核 · approve 审批."""

    by: Organisation
    act: Act


@dataclass(frozen=True, slots=True)
class Chain:
    """An approval chain (审批链). It begins with its one make; the registration takes effect after the last
    step.
    """

    key: str
    name: Text
    steps: tuple[ChainStep, ...]
    source: StepSource
    note: Text | None


@dataclass(frozen=True, slots=True)
class ClaimsPolicy:
    """Who wins where claims on the same units meet.

    rule: first_come (by time), by_class (by `order`, the strongest first; by time within a class), or None:
    the pack says that nobody has decided this, and a conflict must not be decided by default.
    """

    key: str
    in_force_from: date
    rule: ClaimRule | None
    order: tuple[ClaimClass, ...]
    source: StepSource
    note: Text | None


@dataclass(frozen=True, slots=True)
class FreezePeriods:
    """How long a court's freeze lasts where the order names no end, and each renewal: calendar days."""

    default_days: int
    renewal_days: int


@dataclass(frozen=True, slots=True)
class ObjectionPeriods:
    """Working days to object after service, and to decide after the objection."""

    apply_working_days: int
    decide_working_days: int


@dataclass(frozen=True, slots=True)
class Onboarding:
    """What opening an account takes.

    documents: keys of the papers asked for. confirm_people: a second person confirms who may act for a
    subject. annual_review_by: "MM-DD", None where the pack declares it unknown.
    """

    documents: tuple[str, ...]
    review_working_days: int
    confirm_people: bool
    annual_review_by: str | None


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Fields that become public together, `after_days` calendar days after the year's end or its deadline."""

    key: str
    fields: tuple[str, ...]
    counted_from: Literal["year_end", "deadline"]
    after_days: int
    source: StepSource


def chains(pack: Pack) -> Mapping[str, Chain]:
    """The approval chains by key."""
    return {key: _chain(key, table) for key, table in pack.must_be("registry").group("chains").items()}


def chain(pack: Pack, key: str) -> Chain | None:
    """One approval chain by its key; None where the pack has none of this key."""
    table = pack.must_be("registry").tables.get(f"chains.{key}")
    return _chain(key, table) if table else None


def _chain(key: str, table: Table) -> Chain:
    steps = tuple(ChainStep(by, act) for by, act in table["steps"])
    return Chain(key, table["name"], steps, table.step_source(), table.note())


def enabled_types(pack: Pack) -> tuple[str, ...]:
    """The codes of the transaction types this jurisdiction allows."""
    return pack.must_be("registry").table("registry")["transaction_types"]


def bulk_types(pack: Pack) -> tuple[str, ...]:
    """The types that may be recorded in batches, as decided elsewhere; none where the pack does not say."""
    table = pack.must_be("registry").tables.get("bulk")
    return table["transaction_types"] if table else ()


def identifier(pack: Pack) -> Identifier:
    """What enterprises and institutions are known by."""
    return pack.must_be("registry").table("subjects")["identifier"]


def surrender_date(pack: Pack) -> SurrenderDate:
    """Which day decides whether a surrender was in time: that of its submission or that of its effect."""
    return pack.must_be("registry").table("date_rule")["surrender_date"]


def claims_policy(pack: Pack, day: date) -> ClaimsPolicy | Refusal:
    """The policy on competing claims in force on `day`. Refuses with RULE-1501 (none is in force)."""
    begun = [
        (table["in_force_from"], key, table)
        for key, table in pack.must_be("registry").group("claims").items()
        if table["in_force_from"] <= day
    ]
    if not begun:
        return checks.NO_CLAIMS_POLICY(field="claims", pack=pack.name, day=day)
    since, key, table = max(begun, key=lambda one: one[0])
    return ClaimsPolicy(
        key,
        since,
        None if "rule" in table.unknown else table["rule"],
        table.values.get("order", ()),
        table.step_source(),
        table.note(),
    )


def freeze_periods(pack: Pack) -> FreezePeriods:
    """Raises Refused RULE-1202 where the pack has no [freezes]; so do the other periods below."""
    table = pack.must_be("registry").table("freezes")
    return FreezePeriods(table["default_days"], table["renewal_days"])


def objection_periods(pack: Pack) -> ObjectionPeriods:
    table = pack.must_be("registry").table("objections")
    return ObjectionPeriods(table["apply_working_days"], table["decide_working_days"])


def onboarding(pack: Pack) -> Onboarding:
    table = pack.must_be("registry").table("onboarding")
    return Onboarding(
        table["documents"],
        table["review_working_days"],
        table["confirm_people"],
        None if "annual_review_by" in table.unknown else table["annual_review_by"],
    )


_OWN_WORD: Final = Text("清缴", "surrender")


def worded(pack: Pack, text: Text) -> Text:
    """A label or sentence in the market's own words: 缴还 where this program says 清缴."""
    table = pack.must_be("registry").tables.get("words")
    if table is None:
        return text
    theirs: Text = table["surrender"]
    english = re.sub(rf"\b{_OWN_WORD.en}\b", theirs.en, text.en)
    return Text(text.zh.replace(_OWN_WORD.zh, theirs.zh), english)


def keep_years(pack: Pack) -> int:
    """How many years records are kept at least."""
    return pack.must_be("registry").table("records")["keep_years"]


def disclosure(pack: Pack) -> tuple[Disclosure, ...]:
    """What is published and when; empty where the pack does not say: then nothing is."""
    return tuple(
        Disclosure(
            key, tuple(table["fields"]), table["counted_from"], table["after_days"], table.step_source()
        )
        for key, table in pack.must_be("registry").group("disclosure").items()
    )
