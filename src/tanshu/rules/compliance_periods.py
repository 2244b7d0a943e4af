"""Compliance periods (履约期) of several years: one obligation, one deadline, one limit for offsets.

They stand in a jurisdiction's compliance pack beside its years, as [periods.NAME]; a pack without them has
one-year periods and the limits of its other packs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_FLOOR, Decimal

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.rules import packs
from tanshu.rules.answers import answering
from tanshu.rules.pack_model import Pack
from tanshu.rules.steps import StepSource


@dataclass(frozen=True, slots=True)
class Period:
    """years: its calendar years, in order. due: the last day to surrender for all of them.

    offset_limit: offsets over obligation, at most. latest_vintage: the newest allowances that may serve.
    """

    name: str
    years: tuple[int, ...]
    due: date
    offset_limit: Decimal
    latest_vintage: int
    source: StepSource
    note: Text | None

    def offsets_allowed(self, obligation: int) -> int:
        """The most whole tonnes of offsets within the limit of an obligation in tonnes."""
        return int((obligation * self.offset_limit).to_integral_value(ROUND_FLOOR))


@answering
def periods(jurisdiction: str) -> tuple[Period, ...]:
    """The periods of a jurisdiction, oldest first; none where its years stand alone.

    Refuses with RULE-1001 (no such pack) or RULE-1202 (a period whose last year has no deadline).
    """
    pack = need(packs.load(f"{jurisdiction}.compliance")).must_be("compliance")
    return tuple(sorted((_period(pack, name) for name in pack.group("periods")), key=lambda one: one.years))


def _period(pack: Pack, name: str) -> Period:
    table = pack.table(f"periods.{name}")
    members = [int(year) for year, facts in pack.group("years").items() if facts["period"] == name]
    last = max(members)
    return Period(
        name,
        tuple(sorted(members)),
        pack.table(f"milestones.{last}.surrender")["on"],
        table.decimal("offset_limit"),
        last + _later_vintages(pack),
        table.step_source(),
        table.note(),
    )


def _later_vintages(pack: Pack) -> int:
    """How many years after a period's last an allowance's vintage may lie."""
    table = pack.tables.get("later_vintages")
    return table["years"] if table else 0
