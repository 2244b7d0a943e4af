"""Questions to MRV. Of several imports for one year, the newest entry counts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select

from tanshu.mrv.tables import COVERED_ENTITY, DATA_LOCK, UNIT_ACTIVITY, VERIFIED_EMISSIONS
from tanshu.rules.activity import UnitYear


@dataclass(frozen=True, slots=True)
class Listed:
    """An entity on a year's list."""

    subject_id: str
    excluded: bool
    note: str
    sector: str = ""


# What every decision asks is built once: putting a statement together costs more than running it.
_LISTED_AS = (
    select(COVERED_ENTITY)
    .where(COVERED_ENTITY.c.subject_id == bindparam("subject"), COVERED_ENTITY.c.year == bindparam("year"))
    .order_by(COVERED_ENTITY.c.seq.desc())
    .limit(1)
)
_VERIFIED_OF = (
    select(VERIFIED_EMISSIONS.c.verified_t)
    .where(
        VERIFIED_EMISSIONS.c.subject_id == bindparam("subject"),
        VERIFIED_EMISSIONS.c.year == bindparam("year"),
    )
    .order_by(VERIFIED_EMISSIONS.c.seq.desc())
    .limit(1)
)
_UNITS = select(UNIT_ACTIVITY).where(
    UNIT_ACTIVITY.c.subject_id == bindparam("subject"), UNIT_ACTIVITY.c.year == bindparam("year")
)


def listed(conn: Connection, year: int, *, among: Collection[str] | None = None) -> dict[str, Listed]:
    """The year's list by subject id, in the order of listing; of these subjects only, if asked."""
    query = select(COVERED_ENTITY).where(COVERED_ENTITY.c.year == year)
    if among is not None:
        query = query.where(COVERED_ENTITY.c.subject_id.in_(among))
    query = query.order_by(COVERED_ENTITY.c.seq, COVERED_ENTITY.c.n)
    return {
        row.subject_id: Listed(row.subject_id, bool(row.excluded), row.note, row.sector)
        for row in conn.execute(query)
    }


def listed_as(conn: Connection, subject_id: str, year: int) -> Listed | None:
    """How one entity stands on a year's list, None where it does not."""
    row = conn.execute(_LISTED_AS, {"subject": subject_id, "year": year}).first()
    return Listed(row.subject_id, bool(row.excluded), row.note, row.sector) if row else None


def locks(conn: Connection, year: int) -> dict[str, str]:
    """By subject id, the oldest decision that rests on its data of a year."""
    query = select(DATA_LOCK.c.subject_id, DATA_LOCK.c.why).where(DATA_LOCK.c.year == year)
    return {row.subject_id: row.why for row in conn.execute(query.order_by(DATA_LOCK.c.seq.desc()))}


def years(conn: Connection) -> list[int]:
    """The years that have a list, oldest first."""
    query = select(COVERED_ENTITY.c.year).distinct().order_by(COVERED_ENTITY.c.year)
    return [row.year for row in conn.execute(query)]


def verified(conn: Connection, year: int, *, among: Collection[str] | None = None) -> dict[str, int]:
    """Verified tonnes of a year by subject id; of these subjects only, if asked."""
    query = select(VERIFIED_EMISSIONS).where(VERIFIED_EMISSIONS.c.year == year)
    if among is not None:
        query = query.where(VERIFIED_EMISSIONS.c.subject_id.in_(among))
    return {row.subject_id: row.verified_t for row in conn.execute(query.order_by(VERIFIED_EMISSIONS.c.seq))}


def verified_of(conn: Connection, subject_id: str, year: int) -> int | None:
    """Verified tonnes of one entity, None while nothing was verified."""
    return conn.execute(_VERIFIED_OF, {"subject": subject_id, "year": year}).scalar()


def units(conn: Connection, subject_id: str, year: int) -> tuple[UnitYear, ...]:
    """An entity's units in a year, by name."""
    rows = conn.execute(_UNITS, {"subject": subject_id, "year": year}).all()
    newest = max((row.seq for row in rows), default=None)
    return tuple(_unit(row) for row in sorted(rows, key=lambda row: row.unit) if row.seq == newest)


def _unit(row: Row[Any]) -> UnitYear:
    def number(value: str | None) -> Decimal | None:
        return None if value is None else Decimal(value)

    return UnitYear(
        unit=row.unit,
        year=row.year,
        unit_class=row.unit_class,
        capacity_mw=Decimal(row.capacity_mw),
        generation_mwh=Decimal(row.generation_mwh),
        heat_gj=Decimal(row.heat_gj),
        running_hours=Decimal(row.running_hours),
        verified_t=row.verified_t,
        supply_mwh=number(row.supply_mwh),
        heat_ratio=number(row.heat_ratio),
        cooling=row.cooling,
        chp=bool(row.chp),
        exclusion=row.exclusion,
    )
