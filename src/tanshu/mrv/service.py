"""The verbs of MRV: the year's list, unit activity, verified emissions; imported by the province's makers.

Every value is checked here again, whatever the door has checked: a door can be gone round.
"""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select

from tanshu.base.quantity import QUANTITY_MAX, check_year
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.mrv import checks, queries
from tanshu.mrv.tables import COVERED_ENTITY, DATA_LOCK, UNIT_ACTIVITY, VERIFIED_EMISSIONS
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right, Subject
from tanshu.rules.activity import UnitYear

_SECTOR = re.compile(r"[a-z][a-z0-9-]{0,30}")


@dataclass(frozen=True, slots=True)
class ListedEntity:
    """One entity of the year's list 名录; excluded: on it, yet outside allocation and surrender.

    sector: power, steel, …; "" where the list does not say.
    """

    handle: str
    excluded: bool = False
    note: str = ""
    sector: str = ""


@dataclass(frozen=True, slots=True)
class ListEntities:
    year: int
    entities: tuple[ListedEntity, ...]


@dataclass(frozen=True, slots=True)
class EntityUnits:
    """One entity's units in a year."""

    handle: str
    units: tuple[UnitYear, ...]


@dataclass(frozen=True, slots=True)
class ImportActivity:
    year: int
    entities: tuple[EntityUnits, ...]


@dataclass(frozen=True, slots=True)
class EntityEmissions:
    handle: str
    verified_t: int


@dataclass(frozen=True, slots=True)
class ImportEmissions:
    """Verified emissions of a year, whole tonnes; source: the verification reports they come from."""

    year: int
    entities: tuple[EntityEmissions, ...]
    source: str = ""


@verb("mrv.list-entities")
def list_entities(act: Act, command: ListEntities) -> Decision:
    """Put entities on a year's list. An entity on no list of a year owes nothing for it."""
    for entity in command.entities:
        if entity.sector and not _SECTOR.fullmatch(entity.sector):
            return checks.SECTOR_FORM(field="sector", value=entity.sector)
    subjects = need(open_subjects(act, command.year, [entity.handle for entity in command.entities]))
    rows = [
        {
            "subject_id": subject.id,
            "year": command.year,
            "seq": act.seq,
            "n": n,
            "excluded": entity.excluded,
            "note": entity.note,
            "sector": entity.sector,
        }
        for n, (subject, entity) in enumerate(zip(subjects, command.entities, strict=True))
    ]
    act.insert(COVERED_ENTITY, *rows)
    return {"year": command.year, "entities": len(rows)}


@verb("mrv.import-activity")
def import_activity(act: Act, command: ImportActivity) -> Decision:
    """Record what each unit did in a year."""
    subjects = need(open_subjects(act, command.year, [entity.handle for entity in command.entities]))
    rows = []
    for subject, entity in zip(subjects, command.entities, strict=True):
        names = [unit.unit for unit in entity.units]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            return checks.UNIT_TWICE(field="unit", unit=twice)
        for unit in entity.units:
            if unit.year != command.year:
                return checks.YEAR_INVALID(field="year", value=unit.year)
            refused = check_unit(unit)
            if refused:
                return refused
            rows.append(_unit_row(act, subject, command.year, unit))
    if not rows:
        return checks.NOTHING(field="entities")
    act.insert(UNIT_ACTIVITY, *rows)
    return {"year": command.year, "entities": len(subjects), "units": len(rows)}


@verb("mrv.import-emissions")
def import_emissions(act: Act, command: ImportEmissions) -> Decision:
    """Record verified emissions of a year."""
    subjects = need(open_subjects(act, command.year, [entity.handle for entity in command.entities]))
    rows = []
    for subject, entity in zip(subjects, command.entities, strict=True):
        if not 0 <= entity.verified_t <= QUANTITY_MAX:
            return checks.NOT_TONNES(field="verified_t", value=entity.verified_t)
        rows.append(
            {
                "subject_id": subject.id,
                "year": command.year,
                "seq": act.seq,
                "verified_t": entity.verified_t,
                "source": command.source,
            }
        )
    act.insert(VERIFIED_EMISSIONS, *rows)
    total = sum(entity.verified_t for entity in command.entities)
    return {"year": command.year, "entities": len(rows), "verified_t": total}


@dataclass(frozen=True, slots=True)
class Unlock:
    """Open an entity's data of a year for correction, after a decision has rested on them."""

    handle: str
    year: int


@verb("mrv.unlock")
def unlock(act: Act, command: Unlock) -> Decision:
    """Open locked data: a checker of the province opens, a maker imports. The reason stands in the log."""
    subject = need(parties.subject(act.conn, command.handle))
    authority = parties.authority_of(act.conn, subject.region)
    if authority is None:
        return checks.NO_AUTHORITY(field="handle", handle=command.handle, region=subject.region)
    need(may(act.conn, act.actor, Right.CHECKER, authority.id))
    if not act.ctx.reason.strip():
        return checks.REASON_NEEDED(field="reason")
    released = act.delete(DATA_LOCK, {"subject_id": subject.id, "year": command.year})
    return {"subject": subject.handle, "year": command.year, "released": released}


def lock(act: Act, subject_id: str, year: int, why: str) -> None:
    """A decision rests on these data: they stay as they are until it is dropped or they are unlocked."""
    release(act, subject_id, year, why)
    values = {"subject_id": subject_id, "year": year, "why": why, "seq": act.seq}
    act.insert(DATA_LOCK, values)


def lock_all(act: Act, subject_ids: Sequence[str], year: int, why: str) -> None:
    """A decision on each of these rests on its data of a year: lock them all at once."""
    locked = select(DATA_LOCK.c.subject_id).where(DATA_LOCK.c.year == year, DATA_LOCK.c.why == why)
    already = set(act.conn.execute(locked).scalars())
    for subject_id in subject_ids:
        if subject_id in already:
            release(act, subject_id, year, why)
    told = {"year": year, "why": why, "seq": act.seq}
    act.insert(DATA_LOCK, *({"subject_id": subject_id, **told} for subject_id in subject_ids))


def release(act: Act, subject_id: str, year: int, why: str) -> None:
    """The decision was dropped."""
    act.delete(DATA_LOCK, {"subject_id": subject_id, "year": year, "why": why})


def check_unit(unit: UnitYear) -> Refusal | None:
    """Is a unit's year possible at all? Hours fit the year; generation fits capacity × hours."""
    if unit.unit_class not in ("I", "II", "III", "IV"):
        return checks.CLASS_UNKNOWN(field="unit_class", value=unit.unit_class)
    if unit.cooling not in ("water", "air"):
        return checks.COOLING_UNKNOWN(field="cooling", value=unit.cooling)
    for name in ("capacity_mw", "generation_mwh", "heat_gj", "running_hours", "supply_mwh", "heat_ratio"):
        value = getattr(unit, name)
        if value is not None and (not value.is_finite() or value < 0):
            return checks.NOT_A_NUMBER(field=name, value=value, field_name=name)
    hours = 8784 if isleap(unit.year) else 8760
    if unit.running_hours > hours:
        return checks.HOURS_BEYOND_YEAR(field="running_hours", hours=unit.running_hours, most=hours)
    if unit.generation_mwh > unit.capacity_mw * unit.running_hours:
        most = unit.capacity_mw * unit.running_hours
        load = (unit.generation_mwh / most).quantize(Decimal("0.0001")) if most else Decimal("Infinity")
        return checks.LOAD_BEYOND_ONE(field="generation_mwh", unit=unit.unit, load=load)
    if not 0 <= unit.verified_t <= QUANTITY_MAX:
        return checks.NOT_TONNES(field="verified_t", value=unit.verified_t)
    return None


def open_subjects(act: Act, year: int, handles: Sequence[str]) -> list[Subject] | Refusal:
    """The subjects, all in regions whose authority the actor makes entries for, their year's data open."""
    need(check_year(year))
    if not handles:
        return checks.NOTHING(field="entities")
    known = parties.subjects_named(act.conn, [handle.strip() for handle in handles])
    locks = queries.locks(act.conn, year)
    found: dict[str, Subject] = {}
    cleared: set[str] = set()
    for handle in handles:
        subject = known.get(handle.strip()) or need(parties.subject(act.conn, handle))
        if subject.id in found:
            return checks.SUBJECT_TWICE(field="handle", handle=handle)
        found[subject.id] = subject
        why = locks.get(subject.id)
        if why:
            return checks.LOCKED(field="year", handle=handle, year=year, why=why)
        province = subject.region[:2]
        if province not in cleared:
            authority = parties.authority_of(act.conn, subject.region)
            if authority is None:
                return checks.NO_AUTHORITY(field="handle", handle=handle, region=subject.region)
            allowed = may(act.conn, act.actor, Right.MAKER, authority.id)
            if isinstance(allowed, Refusal):
                return allowed
            cleared.add(province)
    return list(found.values())


def _unit_row(act: Act, subject: Subject, year: int, unit: UnitYear) -> dict[str, object]:
    def text(value: Decimal | None) -> str | None:
        return None if value is None else format(value, "f")

    return {
        "subject_id": subject.id,
        "year": year,
        "unit": unit.unit,
        "seq": act.seq,
        "unit_class": unit.unit_class,
        "capacity_mw": text(unit.capacity_mw),
        "generation_mwh": text(unit.generation_mwh),
        "supply_mwh": text(unit.supply_mwh),
        "heat_gj": text(unit.heat_gj),
        "running_hours": text(unit.running_hours),
        "heat_ratio": text(unit.heat_ratio),
        "cooling": unit.cooling,
        "chp": unit.chp,
        "exclusion": unit.exclusion,
        "verified_t": unit.verified_t,
    }
