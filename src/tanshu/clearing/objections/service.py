"""The verbs of an objection: filed by the subject, decided by two people of the registry, corrected today.

Source: 碳排放权结算管理规则(试行): in writing before the next trading day opens; who is silent accepts. A
sealed day is never opened again: what is upheld is put right by a transaction of its own, dated today, that
names the objection and the day.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing import queries as days
from tanshu.clearing.model import DayState
from tanshu.clearing.objections import checks, queries
from tanshu.clearing.objections.model import (
    CORRECTION,
    OWN_REASON,
    STATE_LABELS,
    ConfirmObjection,
    DecideObjection,
    FileObjection,
    State,
)
from tanshu.clearing.objections.tables import CLEARING_OBJECTION
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.parties import queries as parties
from tanshu.parties.authority import may, may_for_kind
from tanshu.parties.model import Right, Subject, SubjectKind
from tanshu.registry import rooms
from tanshu.registry.model import Proposed
from tanshu.registry.rooms import Watcher


@verb("clearing.object")
def file_objection(act: Act, command: FileObjection) -> Decision:
    """Object to one's statement of a day: by a maker of the subject, until a market opens again.

    Refuses with CLR-1001 (no such day), CLR-6002 (no statement), CLR-6003 (too late), CLR-6004 (no grounds),
    CLR-6005 (objected already).
    """
    subject = need(parties.subject(act.conn, command.subject))
    need(may(act.conn, act.actor, Right.MAKER, subject.id, day=act.today))
    need(days.day(act.conn, command.day))
    if not command.grounds.strip():
        return checks.GROUNDS_NEEDED(field="grounds")
    refused = _open_to(act.conn, subject, command.day)
    if refused:
        return refused
    id = act.id("CO")
    act.insert(
        CLEARING_OBJECTION,
        {
            "id": id,
            "day": command.day,
            "subject_id": subject.id,
            "grounds": command.grounds.strip(),
            "state": State.FILED,
            "filed_by": act.actor,
            "filed_seq": act.seq,
            **_undecided(),
            "correction_id": None,
            "corrected_seq": None,
        },
    )
    return {"objection": id, "state": State.FILED}


@verb("clearing.decide-objection")
def decide_objection(act: Act, command: DecideObjection) -> Decision:
    """Propose the decision: by a clerk of the registry. Refuses with CLR-6001, CLR-6006, CLR-6007."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    row = need(_standing(act.conn, command.objection, State.FILED))
    if not command.opinion.strip():
        return checks.OPINION_NEEDED(field="opinion")
    act.update(
        CLEARING_OBJECTION,
        {"id": row.id},
        state=State.PROPOSED,
        uphold=int(command.uphold),
        opinion=command.opinion.strip(),
        decided_by=act.actor,
        decided_seq=act.seq,
    )
    return {"objection": row.id, "state": State.PROPOSED, "uphold": command.uphold}


@verb("clearing.confirm-objection")
def confirm_objection(act: Act, command: ConfirmObjection) -> Decision:
    """Confirm the decision: by a checker of the registry who did not propose it; or send it back.

    Refuses with CLR-6001, CLR-6006, CLR-6008.
    """
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    row = need(_standing(act.conn, command.objection, State.PROPOSED))
    if row.decided_by == act.actor:
        return checks.SAME_PERSON(field="as", person=act.actor)
    if not command.accept:
        act.update(CLEARING_OBJECTION, {"id": row.id}, state=State.FILED, **_undecided())
        return {"objection": row.id, "state": State.FILED}
    state = State.UPHELD if row.uphold else State.DISMISSED
    this = {"id": row.id}
    act.update(CLEARING_OBJECTION, this, state=state, confirmed_by=act.actor, confirmed_seq=act.seq)
    return {"objection": row.id, "state": state}


# -- the correction ----------------------------------------------------------------------------------------


def take_part() -> None:
    """From now on a settlement is corrected for an upheld objection, once, or for what the house found."""
    rooms.watch(WATCHER)


def may_correct(act: Act, proposed: Proposed) -> Refusal | None:
    """At the proposal, and again just before it takes effect."""
    if proposed.type.code != CORRECTION:
        return None
    id, day = proposed.details.get("objection"), proposed.details.get("day")
    if id is None and OWN_REASON in proposed.details:
        return _found_by_house(act, proposed)
    if not isinstance(id, str) or not isinstance(day, str):
        return checks.NOT_NAMED(field="details")
    row = _standing(act.conn, id, State.UPHELD)
    if isinstance(row, Refusal):
        return row
    if row.day.isoformat() != day:
        return checks.OTHER_DAY(field="details", id=id, day=row.day, given=day)
    sides = {side.subject_id for line in proposed.lines for side in (line.debit, line.credit)}
    if row.subject_id not in sides:
        handle = parties.subject_by_id(act.conn, row.subject_id).handle
        return checks.NOT_THEIRS(field="lines", handle=handle)
    return None


def corrected(act: Act, proposed: Proposed) -> None:
    """The objection is done with; the day that it was about stays as it is."""
    if proposed.type.code == CORRECTION and proposed.details.get("objection") is not None:
        this = {"id": str(proposed.details["objection"])}
        facts = {"state": State.CORRECTED, "correction_id": proposed.id, "corrected_seq": act.seq}
        act.update(CLEARING_OBJECTION, this, **facts)


WATCHER = Watcher("clearing-objections", before=may_correct, taking=may_correct, effected=corrected)


# -- steps -------------------------------------------------------------------------------------------------


def _open_to(conn: Connection, subject: Subject, day: date) -> Refusal | None:
    t = CLEARING_STATEMENT.c
    if conn.execute(select(t.day).where(t.day == day, t.subject_id == subject.id)).first() is None:
        return checks.NO_STATEMENT(field="day", day=day, handle=subject.handle)
    opened = queries.next_opening(conn, day)
    if opened is not None:
        return checks.TOO_LATE(field="day", day=day, market=opened.market, opened=opened.day)
    for row in queries.objections(conn, day):
        if row.subject_id == subject.id:
            return checks.OBJECTED_ALREADY(field="day", handle=subject.handle, day=day, id=row.id)
    return None


def _standing(conn: Connection, id: str, state: State) -> Any | Refusal:
    row = queries.objection(conn, id)
    if isinstance(row, Refusal) or row.state == state:
        return row
    return checks.WRONG_STATE(field="objection", id=id, state=STATE_LABELS[State(row.state)])


def _found_by_house(act: Act, proposed: Proposed) -> Refusal | None:
    """An error that nobody objected to: of a sealed day, with the reason in words."""
    day, why = proposed.details.get("day"), proposed.details[OWN_REASON]
    if not isinstance(why, str) or not why.strip():
        return checks.WHY_NEEDED(field="details")
    sealed = select(CLEARING_DAY.c.day).where(CLEARING_DAY.c.state == DayState.SEALED)
    if day not in {one.isoformat() for one in act.conn.execute(sealed).scalars()}:
        return checks.NOT_SEALED(field="details", day=day)
    return None


def _undecided() -> dict[str, Any]:
    facts = ("uphold", "opinion", "decided_by", "decided_seq", "confirmed_by", "confirmed_seq")
    return dict.fromkeys(facts)
