"""Which rule packs answer for a compliance year of the installation's jurisdiction."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection

from tanshu.base.memo import remembered
from tanshu.base.refusal import need
from tanshu.parties import queries as parties
from tanshu.rules import compliance_calendar
from tanshu.rules import packs as rule_packs
from tanshu.rules.allocation_terms import ALLOCATING
from tanshu.rules.packs import Pack


@remembered
def allocation(conn: Connection, year: int, *, allow_draft: bool = False) -> Pack:
    """The allocation pack of a year, of whichever method. Raises Refused (RULE-10xx, RULE-1512)."""
    return need(rule_packs.for_year(parties.jurisdiction(conn), year, ALLOCATING, allow_draft=allow_draft))


def carry_over(conn: Connection) -> Pack:
    return need(rule_packs.load(f"{parties.jurisdiction(conn)}.carry_over"))


def registry(conn: Connection) -> Pack:
    return need(rule_packs.load(f"{parties.jurisdiction(conn)}.registry"))


def deadline(conn: Connection, year: int) -> date:
    """The last day to surrender for a year. Raises Refused (RULE-3xxx) for a year without a calendar."""
    return need(compliance_calendar.deadline(parties.jurisdiction(conn), year))


@remembered
def instrument(conn: Connection, year: int) -> str:
    """The allowance issued for a compliance year: 2019 and 2020 share CEA19-20."""
    return need(compliance_calendar.instrument(parties.jurisdiction(conn), year))
