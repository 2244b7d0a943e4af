"""The verbs of an objection: filed by the subject, decided by two people of the registry, corrected today.

Source: 碳排放权结算管理规则(试行): in writing before the next trading day opens; who is silent accepts. A
sealed day is never opened again: what is upheld is put right by a transaction of its own, dated today, that
names the objection and the day.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.quantity import QUANTITY_MAX
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
from tanshu.registry.types import InstrumentKind

HOUSE = (SubjectKind.REGISTRY, SubjectKind.EXCHANGE)
"""Whose accounts are the house's own: no statement is made of them."""


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
    """Propose the decision: by a clerk of the registry; where it upholds, with what is to be moved.

    Refuses with CLR-6001, CLR-6006, CLR-6007, CLR-6014 (tonnes and fen).
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    row = need(_standing(act.conn, command.objection, State.FILED))
    if not command.opinion.strip():
        return checks.OPINION_NEEDED(field="opinion")
    if not _is_bounded(command):
        told = {"quantity": command.quantity_t, "amount": command.amount_fen}
        return checks.BOUNDS_NEEDED(field="quantity_t", **told)
    act.update(
        CLEARING_OBJECTION,
        {"id": row.id},
        state=State.PROPOSED,
        uphold=int(command.uphold),
        quantity=command.quantity_t,
        amount=command.amount_fen,
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
    """At the proposal, and again just before it takes effect.

    For an objection: what its decision says, to the tonne and the fen, and every line is the objector's.
    Else an error that the house found itself. Either way both sides have their statement of that day.
    """
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
    if any(row.subject_id not in (one.debit.subject_id, one.credit.subject_id) for one in proposed.lines):
        handle = parties.subject_by_id(act.conn, row.subject_id).handle
        return checks.NOT_THEIRS(field="lines", handle=handle)
    return _not_as_decided(row, proposed) or _without_part(act, proposed, row.day)


def corrected(act: Act, proposed: Proposed) -> None:
    """The objection is done with; the day that it was about stays as it is."""
    if proposed.type.code == CORRECTION and proposed.details.get("objection") is not None:
        this = {"id": str(proposed.details["objection"])}
        facts = {"state": State.CORRECTED, "correction_id": proposed.id, "corrected_seq": act.seq}
        act.update(CLEARING_OBJECTION, this, **facts)


WATCHER = Watcher("clearing-objections", before=may_correct, taking=may_correct, effected=corrected)


# -- steps -------------------------------------------------------------------------------------------------


def _open_to(conn: Connection, subject: Subject, day: date) -> Refusal | None:
    if not _has_statement(conn, subject, day):
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
    """An error that nobody objected to: of a sealed day, with the reason in words (and, as the type says, its
    evidence).
    """
    day, why = proposed.details.get("day"), proposed.details[OWN_REASON]
    if not isinstance(why, str) or not why.strip():
        return checks.WHY_NEEDED(field="details")
    sealed = select(CLEARING_DAY.c.day).where(CLEARING_DAY.c.state == DayState.SEALED)
    days_by_name = {one.isoformat(): one for one in act.conn.execute(sealed).scalars()}
    if day not in days_by_name:
        return checks.NOT_SEALED(field="details", day=day)
    return _without_part(act, proposed, days_by_name[day])


def _is_bounded(command: DecideObjection) -> bool:
    """Whole numbers, of which an objection that is upheld has one, and another has none."""
    given = (command.quantity_t, command.amount_fen)
    whole = all(type(one) is int and 0 <= one <= QUANTITY_MAX for one in given)
    return whole and any(given) == command.uphold


def _not_as_decided(row: Any, proposed: Proposed) -> Refusal | None:
    """The lines move, all together, what was upheld."""
    fen = sum(line.quantity for line in proposed.lines if line.instrument.kind is InstrumentKind.CASH)
    tonnes = proposed.quantity - fen
    if (tonnes, fen) == (row.quantity, row.amount):
        return None
    told = {"quantity": row.quantity, "amount": row.amount, "given_t": tonnes, "given_fen": fen}
    return checks.NOT_AS_DECIDED(field="lines", id=row.id, **told)


def _without_part(act: Act, proposed: Proposed, day: date) -> Refusal | None:
    """A side that neither has a statement of the day nor is the house itself."""
    for one in {side.subject_id for line in proposed.lines for side in (line.debit, line.credit)}:
        subject = parties.subject_by_id(act.conn, one)
        if subject.kind not in HOUSE and not _has_statement(act.conn, subject, day):
            return checks.NO_PART(field="lines", handle=subject.handle, day=day)
    return None


def _has_statement(conn: Connection, subject: Subject, day: date) -> bool:
    t = CLEARING_STATEMENT.c
    query = select(t.day).where(t.day == day, t.subject_id == subject.id)
    return conn.execute(query).first() is not None


def _undecided() -> dict[str, Any]:
    decided = ("uphold", "quantity", "amount", "opinion", "decided_by", "decided_seq")
    return dict.fromkeys((*decided, "confirmed_by", "confirmed_seq"))
