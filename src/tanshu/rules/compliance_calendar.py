"""The compliance year's milestones (履约时间表): report, verify, allocate, surrender.

One pack per jurisdiction (`cn.compliance`) holds a table per year and milestone, each with its own source,
because each year's dates come from another notice. 2019 and 2020 are one period with one instrument.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import checks, packs
from tanshu.rules.answers import answering
from tanshu.rules.pack_model import Pack
from tanshu.rules.steps import StepSource, text_json
from tanshu.rules.terms import MILESTONES


@dataclass(frozen=True, slots=True)
class Milestone:
    """`on` is the last day, Asia/Shanghai, on which the act is in time."""

    year: int
    key: str
    name: Text
    on: date
    source: StepSource
    note: Text | None

    def as_json(self) -> dict[str, object]:
        return {
            "year": self.year,
            "key": self.key,
            "name": text_json(self.name),
            "on": self.on.isoformat(),
            "source": self.source.as_json(),
            "note": text_json(self.note) if self.note else None,
        }


@answering
def deadline(jurisdiction: str, year: int) -> date:
    """The last day to surrender for a compliance year.

    Refuses with RULE-3003 (year not known) or RULE-3004 (year known, date not recorded).
    """
    pack = _pack(jurisdiction, year)
    table = pack.tables.get(f"milestones.{year}.surrender")
    if table is None:
        raise Refused(
            checks.MILESTONE_UNKNOWN(
                field="year", jurisdiction=jurisdiction, year=year, milestone=MILESTONES["surrender"].zh
            )
        )
    return table["on"]


@answering
def milestones(jurisdiction: str, year: int) -> tuple[Milestone, ...]:
    """The recorded milestones of a compliance year, by date. One that is not recorded is not there."""
    pack = _pack(jurisdiction, year)
    found = [
        Milestone(year, key, MILESTONES[key], table["on"], table.step_source(), table.note())
        for key, table in pack.group(f"milestones.{year}").items()
    ]
    order = list(MILESTONES)
    return tuple(sorted(found, key=lambda milestone: (milestone.on, order.index(milestone.key))))


@answering
def instrument(jurisdiction: str, year: int) -> str:
    """The allowance issued for a compliance year: 2019 and 2020 share CEA19-20."""
    return _pack(jurisdiction, year).table(f"years.{year}")["instrument"]


def _pack(jurisdiction: str, year: int) -> Pack:
    pack = packs.load(f"{jurisdiction}.compliance")
    if isinstance(pack, Refusal):
        raise Refused(pack)
    years = pack.must_be("compliance").group("years")
    if str(year) not in years:
        raise Refused(
            checks.COMPLIANCE_YEAR_UNKNOWN(
                field="year", jurisdiction=jurisdiction, year=year, known=", ".join(sorted(years))
            )
        )
    return pack
