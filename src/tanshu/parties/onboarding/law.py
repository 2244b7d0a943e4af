"""What the registry pack says of onboarding: papers, days for the review, when the yearly one is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.parties import queries
from tanshu.rules import packs


@dataclass(frozen=True, slots=True)
class Law:
    """review_days: administrative working days. annual_by: "03-31"; None: the pack does not know it.

    note: what a reader must know of where this comes from; None where it is confirmed.
    """

    documents: tuple[str, ...]
    review_days: int
    annual_by: str | None
    note: Text | None

    def annual_due(self, year: int) -> date | None:
        """The day by which the review of a year is done: in that year; 29 February is its last day else."""
        if self.annual_by is None:
            return None
        month, day = (int(part) for part in self.annual_by.split("-"))
        if (month, day) == (2, 29):
            return date(year, 3, 1) - timedelta(days=1)
        return date(year, month, day)


def of(conn: Connection) -> Law:
    """The law of this register. Raises Refused RULE-1202 where its pack knows no such procedure."""
    pack = need(packs.load(f"{queries.jurisdiction(conn)}.registry", allow_draft=True))
    table = pack.must_be("registry").table("onboarding")
    return Law(
        table["documents"],
        table["review_working_days"],
        table.values.get("annual_review_by"),
        table.note(),
    )
