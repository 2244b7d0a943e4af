"""Who may do what: a role holder acts for one subject, with maker or checker rights, or as a substitute."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.parties import checks, delegation, queries
from tanshu.parties.model import RIGHT_LABELS, Person, Right, SubjectKind


def may(
    conn: Connection, handle: str, right: Right, subject_id: str, *, day: date | None = None
) -> Person | Refusal:
    """The person, if they are active, act for this subject and have this right.

    day: the business date, where a colleague's right will do: the answer's `acting_for` then says whose.
    """
    person = queries.person(conn, handle)
    if isinstance(person, Refusal):
        return person
    if not person.active:
        return checks.PERSON_INACTIVE(field="as", person=handle)
    if person.subject_id != subject_id:
        own, needed = (queries.subject_by_id(conn, s).name for s in (person.subject_id, subject_id))
        return checks.PERSON_OF_OTHER(field="as", person=handle, own=own, needed=needed)
    if right in person.rights:
        return person
    giver = delegation.giver_for(conn, person, right, day) if day else None
    if day is None or giver is None:
        return checks.PERSON_WITHOUT_RIGHT(field="as", person=handle, right=RIGHT_LABELS[right])
    lenders = delegation.acting_for(conn, handle, day, right=right)
    return replace(person, acting_for=giver, lenders=frozenset(lenders) - {handle})


def may_for_kind(
    conn: Connection, handle: str, right: Right, kind: SubjectKind, *, day: date | None = None
) -> Person | Refusal:
    """The person, if they act for the (only) subject of this kind: the registry's own duties."""
    organisation = queries.only_of_kind(conn, kind)
    if organisation is None:
        return checks.SUBJECT_UNKNOWN(field="as", handle=kind)
    return may(conn, handle, right, organisation.id, day=day)
