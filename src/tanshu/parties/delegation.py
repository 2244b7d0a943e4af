"""Delegation 委托代办: a right is handed to a colleague for some days, or to a standing substitute 备岗.

A substitute who uses such a right counts as both: nobody of the two acts again in the same matter. What was
handed over is not handed on. Naming people, ending blocks and delegating itself are not done by substitutes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, bindparam, select

from tanshu.base.memo import remembered
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.parties import checks, queries
from tanshu.parties.model import RIGHT_LABELS, Person, Right, SubjectKind
from tanshu.parties.tables import DELEGATION, PERSON

DELEGABLE = (Right.MAKER, Right.CHECKER)


@dataclass(frozen=True, slots=True)
class Delegate:
    """Hand a right of one's own to a substitute. until: the last day; None names a standing substitute."""

    substitute: str
    right: str
    since: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class EndDelegation:
    delegation: str


@dataclass(frozen=True, slots=True)
class Delegation:
    """A right that one person handed to another. until None: a standing substitute."""

    id: str
    subject_id: str
    person: str
    substitute: str
    right: Right
    since: date
    until: date | None
    reason: str
    seq: int
    ended_seq: int | None
    ended_by: str | None

    def holds(self, day: date, at_seq: int | None = None) -> bool:
        """Does it hold on this day: now, or as of an entry of that day?"""
        ended = self.ended_seq is not None and (at_seq is None or self.ended_seq <= at_seq)
        begun = at_seq is None or self.seq <= at_seq
        return begun and not ended and self.since <= day and (self.until is None or day <= self.until)


@verb("parties.delegate")
def delegate(act: Act, command: Delegate) -> Decision:
    """Hand a right over. Only a right one has oneself: what was delegated is not delegated again."""
    giver = need(queries.person(act.conn, act.actor))
    if not giver.active:
        return checks.PERSON_INACTIVE(field="as", person=giver.handle)
    if command.right not in tuple(Right):
        return checks.RIGHT_UNKNOWN(field="right", value=command.right)
    right = Right(command.right)
    if right not in DELEGABLE:
        return checks.RIGHT_NOT_DELEGABLE(field="right", right=RIGHT_LABELS[right])
    if right not in giver.rights:
        return checks.PERSON_WITHOUT_RIGHT(field="as", person=giver.handle, right=RIGHT_LABELS[right])
    substitute = need(_substitute(act, giver, command.substitute, right))
    refused = _days(act, command) or _overlaps(act.conn, giver, substitute, right, command)
    if refused:
        return refused
    id = act.id("DLG")
    act.insert(
        DELEGATION,
        {
            "id": id,
            "subject_id": giver.subject_id,
            "person": giver.handle,
            "substitute": substitute.handle,
            "handed": right,
            "since": command.since,
            "until": command.until,
            "reason": act.ctx.reason,
            "seq": act.seq,
        },
    )
    return {
        "delegation": id,
        "person": giver.handle,
        "substitute": substitute.handle,
        "right": right,
        "since": command.since,
        "until": command.until,
    }


@verb("parties.end-delegation")
def end_delegation(act: Act, command: EndDelegation) -> Decision:
    """End a delegation before its day: by either of the two, or by a maker of the registry."""
    found = next(_delegations(act.conn, DELEGATION.c.id == command.delegation), None)
    if found is None:
        return checks.DELEGATION_UNKNOWN(field="delegation", id=command.delegation)
    actor = need(queries.person(act.conn, act.actor))
    if not actor.active:
        return checks.PERSON_INACTIVE(field="as", person=actor.handle)
    if actor.handle not in (found.person, found.substitute) and not _keeps_register(act.conn, actor):
        return checks.DELEGATION_OF_OTHERS(field="as", person=actor.handle, id=found.id)
    if found.ended_seq is not None or (found.until is not None and found.until < act.today):
        return checks.DELEGATION_OVER(field="delegation", id=found.id)
    act.update(DELEGATION, {"id": found.id}, ended_seq=act.seq, ended_by=actor.handle)
    return {"delegation": found.id, "person": found.person, "substitute": found.substitute}


# -- asking ------------------------------------------------------------------------------------------------


def giver_for(conn: Connection, substitute: Person, right: Right, day: date) -> str | None:
    """Whose right this person may use on a day: the earliest delegation of somebody who still has it."""
    for one in _delegations(
        conn, DELEGATION.c.substitute == substitute.handle, DELEGATION.c.handed == right, _OPEN
    ):
        if one.holds(day) and one.subject_id == substitute.subject_id:
            giver = need(queries.person(conn, one.person))
            if giver.active and right in giver.rights:
                return giver.handle
    return None


def acting_for(
    conn: Connection, handle: str, day: date, *, right: Right | None = None, at_seq: int | None = None
) -> set[str]:
    """Everybody for whom this person can act on a day, themselves included.

    right: only those whose right of this kind they use because they lack it themselves: who acts in a step
    that needs it. at_seq: as of that entry, whatever was ended since.
    """
    own = queries.person(conn, handle)
    everybody = {handle}
    if isinstance(own, Refusal) or (right is not None and right in own.rights):
        return everybody
    for one in _delegations(conn, DELEGATION.c.substitute == handle):
        if one.holds(day, at_seq) and right in (None, one.right):
            everybody.add(one.person)
    return everybody


def hands_in(conn: Connection, taken: Iterable[tuple[str, Right, date, int]]) -> set[str]:
    """Everybody who had a hand in steps that were taken: by person, the right it needed, its day, its entry.

    Whoever takes another step (`acting_for` with its right) must have no hand in common with them.
    """
    had: set[str] = set()
    for handle, right, day, seq in taken:
        had |= acting_for(conn, handle, day, right=right, at_seq=seq)
    return had


@remembered
def concerns(conn: Connection, handles: tuple[str, ...]) -> bool:
    """Has any of these people ever handed over a right, or been handed one?"""
    return conn.execute(_CONCERNING, {"people": handles}).first() is not None


_PEOPLE = bindparam("people", expanding=True)
_CONCERNING = (
    select(DELEGATION.c.id)
    .where(DELEGATION.c.person.in_(_PEOPLE) | DELEGATION.c.substitute.in_(_PEOPLE))
    .limit(1)
)
"""Built once: every approval asks."""


def delegations(
    conn: Connection, *, person: str = "", subject_id: str = "", on: date | None = None
) -> list[Delegation]:
    """Delegations by or to a person, of a subject, in force on a day: whatever is asked, oldest first."""
    where: list[ColumnElement[bool]] = []
    if person:
        where.append((DELEGATION.c.person == person) | (DELEGATION.c.substitute == person))
    if subject_id:
        where.append(DELEGATION.c.subject_id == subject_id)
    return [one for one in _delegations(conn, *where) if on is None or one.holds(on)]


_OPEN = DELEGATION.c.ended_seq.is_(None)


def _delegations(conn: Connection, *where: ColumnElement[bool]) -> Iterator[Delegation]:
    query = select(DELEGATION).where(*where).order_by(DELEGATION.c.seq, DELEGATION.c.id)
    return (_to_delegation(row) for row in conn.execute(query).all())


def _to_delegation(row: Row[Any]) -> Delegation:
    return Delegation(
        row.id,
        row.subject_id,
        row.person,
        row.substitute,
        Right(row.handed),
        row.since,
        row.until,
        row.reason,
        row.seq,
        row.ended_seq,
        row.ended_by,
    )


# -- what may be handed over -------------------------------------------------------------------------------


def _substitute(act: Act, giver: Person, handle: str, right: Right) -> Person | Refusal:
    """A colleague, who does not have the right yet and is free to use it."""
    if handle == giver.handle:
        return checks.OWN_SUBSTITUTE(field="substitute", person=handle)
    known = act.conn.execute(select(PERSON.c.handle).where(PERSON.c.handle == handle)).first()
    if known is None:
        return checks.PERSON_UNKNOWN(field="substitute", person=handle)
    person = need(queries.person(act.conn, handle))
    if not person.active:
        return checks.PERSON_INACTIVE(field="substitute", person=handle)
    if person.subject_id != giver.subject_id:
        return checks.SUBSTITUTE_OF_OTHER(field="substitute", person=handle, giver=giver.handle)
    if Right.AUDITOR in person.rights:
        return checks.RIGHT_NOT_DELEGABLE(field="substitute", right=RIGHT_LABELS[Right.AUDITOR])
    if right in person.rights:
        return checks.SUBSTITUTE_HAS_RIGHT(field="substitute", person=handle, right=RIGHT_LABELS[right])
    return person


def _days(act: Act, command: Delegate) -> Refusal | None:
    if command.since < act.today:
        return checks.DELEGATION_PAST(field="since", since=command.since, today=act.today)
    if command.until is not None and command.until < command.since:
        return checks.DELEGATION_ORDER(field="until", since=command.since, until=command.until)
    return None


def _overlaps(
    conn: Connection, giver: Person, substitute: Person, right: Right, command: Delegate
) -> Refusal | None:
    """One delegation at a time between two people: else ending it would not end it."""
    same = (
        DELEGATION.c.person == giver.handle,
        DELEGATION.c.substitute == substitute.handle,
        DELEGATION.c.handed == right,
        _OPEN,
    )
    last = command.until or date.max
    for one in _delegations(conn, *same):
        if one.since <= last and command.since <= (one.until or date.max):
            return checks.DELEGATED_ALREADY(field="since", id=one.id, substitute=substitute.handle)
    return None


def _keeps_register(conn: Connection, actor: Person) -> bool:
    registry = queries.only_of_kind(conn, SubjectKind.REGISTRY)
    return registry is not None and actor.subject_id == registry.id and Right.MAKER in actor.rights
