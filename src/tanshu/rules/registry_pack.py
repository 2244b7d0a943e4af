"""The registry's part of the law: which registrations exist, and who makes, checks and approves each.

The functions take a pack of kind "registry" and raise `Refused` (RULE-1203) for any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tanshu.base.text import Text
from tanshu.rules.pack_model import Pack
from tanshu.rules.steps import StepSource

Organisation = Literal["holder", "province", "registry", "ministry", "exchange", "bank"]
Act = Literal["make", "check", "approve"]
SurrenderDate = Literal["submission", "effect"]
Identifier = Literal["credit_code", "operator_id"]


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


def chains(pack: Pack) -> Mapping[str, Chain]:
    """The approval chains by key."""
    return {
        key: Chain(
            key,
            table["name"],
            tuple(ChainStep(by, act) for by, act in table["steps"]),
            table.step_source(),
            table.note(),
        )
        for key, table in pack.must_be("registry").group("chains").items()
    }


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
