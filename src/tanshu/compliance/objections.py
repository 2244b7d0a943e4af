"""Objections 异议 to an allocation: filed by the entity, decided by two people of the province.

The clock runs from the day on which the notice was served: 7 administrative working days to apply, 10 to
decide from the day the application was received. How days are counted: the day of service (of receipt) is not
counted, the next working day is day 1; an application received on the last day is in time. Make-up weekends
调休 are working days of the administration. An application that comes late is recorded and ends there.
Source: 碳排放权交易管理办法(试行), arts. 16, 27; the counting of days is a reading (开始的当日不计入).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import adjusted, packs, telling
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.allocation import STAGE_LABELS, STAGES
from tanshu.compliance.checks import STAGE_UNKNOWN
from tanshu.compliance.deductions import in_charge
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.upload_tables import OBJECTION
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right, Subject
from tanshu.rules import calendars, registry_pack

WAITING = ("filed", "proposed")
DECIDED = ("upheld", "dismissed")


@dataclass(frozen=True, slots=True)
class FileObjection:
    """Object to a stage of a year's allocation.

    notice: the register's notice objected to, by id (blank: the newest of that stage), whose day of service
    is on record; or the number of a letter that was sent otherwise, with served_on. received_on: when the
    application came, where the province keys it later. claimed_t: what the entity thinks is due, if said.
    """

    subject: str
    year: int
    stage: str
    notice: str
    served_on: date | None = None
    grounds: str = ""
    received_on: date | None = None
    claimed_t: int | None = None


@dataclass(frozen=True, slots=True)
class DecideObjection:
    """What the province means to decide. quantity: the stage's new quantity, of one that is upheld."""

    objection: str
    uphold: bool
    opinion: str
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class ConfirmObjection:
    """A second person's word on a proposed decision; not accepted, it goes back to be decided anew."""

    objection: str
    accept: bool = True


@verb("compliance.file-objection")
def file_objection(act: Act, command: FileObjection) -> Decision:
    """File an objection: by a maker of the entity, or of the province for one that came on paper.

    One that comes after the last day is kept as `late`: it is told so and is not decided.
    """
    if command.stage not in STAGES:
        return STAGE_UNKNOWN(field="stage", value=command.stage)
    subject = need(parties.subject(act.conn, command.subject))
    by_entity = _may_file(act, subject)
    if not command.grounds.strip():
        return checks.GROUNDS_NEEDED(field="grounds")
    refused = _objectionable(act.conn, subject, command)
    if refused:
        return refused
    notice, served_on = need(_served(act.conn, subject, command))
    received = command.received_on or act.today
    if by_entity and received != act.today:
        return checks.RECEIVED_BY_PROVINCE(field="received_on", received=received)
    if not served_on <= received <= act.today:
        return checks.SERVED_LATER(field="received_on", served=served_on, received=received)
    if command.claimed_t is not None:
        need(check_quantity(command.claimed_t, "claimed_t"))
    terms = periods(act.conn)
    apply_by = working_day(act.conn, served_on, terms.apply_working_days)
    late = received > apply_by
    decide_by = None if late else working_day(act.conn, received, terms.decide_working_days)
    id = act.id("OBJ")
    act.insert(
        OBJECTION,
        {
            "id": id,
            "subject_id": subject.id,
            "year": command.year,
            "stage": command.stage,
            "notice": notice,
            "served_on": served_on,
            "received_on": received,
            "apply_by": apply_by,
            "decide_by": decide_by,
            "grounds": command.grounds.strip(),
            "claimed_t": command.claimed_t,
            "state": "late" if late else "filed",
            "quantity": None,
            "opinion": None,
            "decided_by": None,
            "confirmed_by": None,
            "decided_on": None,
            "filed_by": act.actor,
            "seq": act.seq,
        },
    )
    return {
        "objection": id,
        "subject": subject.handle,
        "state": "late" if late else "filed",
        "apply_by": apply_by,
        "decide_by": decide_by,
    }


@verb("compliance.decide-objection")
def decide_objection(act: Act, command: DecideObjection) -> Decision:
    """Propose the decision: by a maker of the province. It counts once a checker has confirmed it."""
    row = need(find(act.conn, command.objection))
    subject = parties.subject_by_id(act.conn, row.subject_id)
    in_charge(act, subject, Right.MAKER)
    if row.state != "filed":
        return checks.NOT_WAITING(field="objection", id=row.id, state=checks.STATE_LABELS[row.state])
    now = _standing(act.conn, row.subject_id, row.year, row.stage)
    wrong = command.quantity is None or command.quantity < 0 or command.quantity == now
    if not command.opinion.strip() or (wrong if command.uphold else command.quantity is not None):
        return checks.DECISION_FORM(field="quantity", now=now)
    if command.quantity:
        need(check_quantity(command.quantity))
    act.update(
        OBJECTION,
        {"id": row.id},
        state="proposed",
        quantity=command.quantity,
        opinion=command.opinion.strip(),
        decided_by=act.actor,
    )
    return {"objection": row.id, "state": "proposed", "uphold": command.uphold, "quantity": command.quantity}


@verb("compliance.confirm-objection")
def confirm_objection(act: Act, command: ConfirmObjection) -> Decision:
    """Make the proposed decision the province's: by a checker who did not propose it.

    The answer says whether the day to decide by was kept; a late decision still is one.
    """
    row = need(find(act.conn, command.objection))
    subject = parties.subject_by_id(act.conn, row.subject_id)
    in_charge(act, subject, Right.CHECKER)
    if row.state != "proposed":
        return checks.NOT_WAITING(field="objection", id=row.id, state=checks.STATE_LABELS[row.state])
    if row.decided_by == act.actor:
        return checks.OBJECTION_SAME_PERSON(field="as", person=act.actor)
    if not command.accept:
        values: dict[str, Any] = {"state": "filed", "quantity": None, "opinion": None, "decided_by": None}
        act.update(OBJECTION, {"id": row.id}, **values)
        return {"objection": row.id, "state": "filed", "in_time": None}
    state = "dismissed" if row.quantity is None else "upheld"
    act.update(OBJECTION, {"id": row.id}, state=state, confirmed_by=act.actor, decided_on=act.today)
    telling.decided(act, row.subject_id, row.year, row.id, state, row.opinion)
    return {
        "objection": row.id,
        "state": state,
        "quantity": row.quantity,
        "in_time": act.today <= row.decide_by,
    }


# -- terms --------------------------------------------------------------------------------------------------


def periods(conn: Connection) -> registry_pack.ObjectionPeriods:
    """How long one may object, and the province decide, as the jurisdiction's pack says."""
    return need(registry_pack.objection_periods(packs.registry(conn)))


def working_day(conn: Connection, start: date, n: int) -> date:
    """The n-th administrative working day after `start`, the start not counted. Raises Refused RULE-3001."""
    jurisdiction = parties.jurisdiction(conn)
    return need(calendars.add_working_days(jurisdiction, start, n, count_first=False))


# -- questions ----------------------------------------------------------------------------------------------


def find(conn: Connection, id: str) -> Row[Any] | Refusal:
    row = conn.execute(select(OBJECTION).where(OBJECTION.c.id == id.strip())).first()
    return checks.OBJECTION_UNKNOWN(field="objection", id=id) if row is None else row


def objections(
    conn: Connection, *, state: str = "", year: int | None = None, subject_id: str = ""
) -> Sequence[Row[Any]]:
    """Objections, oldest first."""
    wanted: list[ColumnElement[bool]] = []
    if state:
        wanted.append(OBJECTION.c.state == state)
    if year is not None:
        wanted.append(OBJECTION.c.year == year)
    if subject_id:
        wanted.append(OBJECTION.c.subject_id == subject_id)
    return conn.execute(select(OBJECTION).where(*wanted).order_by(OBJECTION.c.seq, OBJECTION.c.id)).all()


def overdue(conn: Connection, today: date) -> Sequence[Row[Any]]:
    """Those that wait beyond their day, the oldest day first."""
    waits = (OBJECTION.c.state.in_(WAITING), OBJECTION.c.decide_by < today)
    return conn.execute(
        select(OBJECTION).where(*waits).order_by(OBJECTION.c.decide_by, OBJECTION.c.seq)
    ).all()


def _may_file(act: Act, subject: Subject) -> bool:
    """Is it the entity itself that files, and not the province? Raises Refused where it is neither."""
    own = may(act.conn, act.actor, Right.MAKER, subject.id)
    if not isinstance(own, Refusal):
        return True
    authority = parties.authority_of(act.conn, subject.region)
    theirs = authority and may(act.conn, act.actor, Right.MAKER, authority.id)
    if theirs is None or isinstance(theirs, Refusal):
        raise Refused(own)
    return False


def _served(conn: Connection, subject: Subject, command: FileObjection) -> tuple[str, date] | Refusal:
    """What is objected to, and when it was served: as the register recorded it, else as the command says."""
    asked, this = command.notice.strip(), (subject.id, command.year, command.stage)
    newest = telling.newest(conn, *this)
    found = telling.named(conn, asked) if asked else newest
    if found is None and asked and command.served_on:
        if newest and newest.served_on:  # no other letter sets back the day that is on record
            return checks.SERVED_OTHERWISE(field="served_on", id=newest.id, served=newest.served_on)
        return asked, command.served_on
    if found is None:
        return checks.NOTICE_NEEDED(field="notice")
    if not telling.is_of(found, *this):
        stage = STAGE_LABELS[command.stage]
        return checks.NOTICE_OF_OTHER(
            field="notice", id=found.id, subject=subject.name, year=command.year, stage=stage
        )
    if found.served_on is None:
        return checks.NOTICE_UNSERVED(field="notice", id=found.id)
    if command.served_on not in (None, found.served_on):
        return checks.SERVED_OTHERWISE(field="served_on", id=found.id, served=found.served_on)
    return found.id, found.served_on


def _objectionable(conn: Connection, subject: Subject, command: FileObjection) -> Refusal | None:
    if _standing(conn, subject.id, command.year, command.stage) is None:
        stage = STAGE_LABELS[command.stage]
        return checks.NOTHING_TO_OBJECT(field="stage", subject=subject.name, year=command.year, stage=stage)
    for earlier in objections(conn, year=command.year, subject_id=subject.id):
        if earlier.stage == command.stage and earlier.state != "late":
            return checks.OBJECTED_ALREADY(field="subject", id=earlier.id)
    return None


def _standing(conn: Connection, subject_id: str, year: int, stage: str) -> int | None:
    """The quantity of a stage in force, as adjusted since."""
    since = adjusted.in_force(conn, year, subject_id).get(subject_id) if stage == "final" else None
    if since:
        return since.quantity
    here = (ALLOCATION.c.subject_id == subject_id, ALLOCATION.c.year == year, ALLOCATION.c.stage == stage)
    return conn.execute(select(ALLOCATION.c.quantity).where(*here, ALLOCATION.c.in_force)).scalar()
