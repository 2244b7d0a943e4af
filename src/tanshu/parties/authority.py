"""Who may do what: a role holder acts for one subject, with maker or checker rights."""

from __future__ import annotations

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.parties import checks, queries
from tanshu.parties.model import RIGHT_LABELS, Person, Right, SubjectKind


def may(conn: Connection, handle: str, right: Right, subject_id: str) -> Person | Refusal:
    """The person, if they are active, act for this subject and have this right."""
    person = queries.person(conn, handle)
    if isinstance(person, Refusal):
        return person
    if not person.active:
        return checks.PERSON_INACTIVE(field="as", person=handle)
    if person.subject_id != subject_id:
        own, needed = (queries.subject_by_id(conn, s).name for s in (person.subject_id, subject_id))
        return checks.PERSON_OF_OTHER(field="as", person=handle, own=own, needed=needed)
    if right not in person.rights:
        return checks.PERSON_WITHOUT_RIGHT(field="as", person=handle, right=RIGHT_LABELS[right])
    return person


def may_for_kind(conn: Connection, handle: str, right: Right, kind: SubjectKind) -> Person | Refusal:
    """The person, if they act for the (only) subject of this kind: the registry's own duties."""
    organisation = queries.only_of_kind(conn, kind)
    if organisation is None:
        return checks.SUBJECT_UNKNOWN(field="as", handle=kind)
    return may(conn, handle, right, organisation.id)
