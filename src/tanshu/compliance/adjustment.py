"""Adjustments 配额调整: a final allocation in force is corrected, in either direction.

The ground is an upheld objection, or verification that changed; the province acts within ten working days.
What is to be moved goes as an administrative adjustment, linked to the allocation, through its own chain;
what the holder owes for the year follows once it is in force. Of what is added, deductions that are still
owed are paid first. Source: consultation draft of the 2025–2026 plan (a reading: draft); 多退少补.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import adjusted, deductions, objections, packs
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.deductions import in_charge
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.upload_findings import computed
from tanshu.compliance.upload_tables import ADJUSTMENT
from tanshu.mrv import queries as mrv
from tanshu.mrv import service as mrv_service
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind, Right, Subject
from tanshu.registry.model import Propose, ProposedLine, TransactionState
from tanshu.registry.service import decide_proposal
from tanshu.registry.types import TYPES

TYPE = "administrative-adjustment"
WORKING_DAYS = 10
"""The province's time to act, from the day on which the ground came to be."""


@dataclass(frozen=True, slots=True)
class Adjust:
    """Correct a year's final allocation.

    ground: objection (reference: its id) or verification (reference: the document; changed_on: its day).
    quantity: the new approved tonnes, where no activity data say it.
    """

    subject: str
    year: int
    ground: str
    reference: str
    changed_on: date | None = None
    quantity: int | None = None


@dataclass(frozen=True, slots=True)
class ConfirmAdjustment:
    """A checker's word on an adjustment that moves nothing."""

    adjustment: str


@dataclass(frozen=True, slots=True)
class _Now:
    """Where a year's final allocation stands, with the adjustments in force."""

    quantity: int
    obligation_t: int | None
    transaction: str | None


@verb("compliance.adjust")
def adjust(act: Act, command: Adjust) -> Decision:
    """Work out the correction and propose what it moves: by a maker of the province.

    Refuses with CMP-6211…6219, or the register's own codes (the holder lacks what goes back: REG-2xxx).
    """
    subject = need(parties.subject(act.conn, command.subject))
    authority = in_charge(act, subject, Right.MAKER)
    now = need(_now(act.conn, subject, command.year))
    changed_on, quantity, computed_t = _ground(act, subject, command)
    refused = _free_to_adjust(act.conn, subject, command)
    if refused:
        return refused
    obligation = now.obligation_t
    if command.ground == "verification":  # as at the allocation: what the pack says, else what was verified
        verified = mrv.verified_of(act.conn, subject.id, command.year)
        obligation = verified if computed_t is None else computed_t
    if (quantity, obligation) == (now.quantity, now.obligation_t):
        return checks.NOTHING_CHANGES(field="quantity", subject=subject.name, year=command.year)
    id = act.id("ADJ")
    issue_t, told = _moved(act, subject, command.year, id, now.quantity, quantity)
    transaction = None
    if issue_t:
        transaction = _propose(act, subject, authority, command.year, issue_t, id, now.transaction)
    if command.ground == "verification":  # the corrected data are its ground: they stay as they are
        mrv_service.lock(act, subject.id, command.year, f"final-{command.year}")
    due_on = objections.working_day(act.conn, changed_on, WORKING_DAYS)
    act.insert(
        ADJUSTMENT,
        {
            "id": id,
            "subject_id": subject.id,
            "year": command.year,
            "ground": command.ground,
            "reference": command.reference.strip(),
            "changed_on": changed_on,
            "due_on": due_on,
            "before_t": now.quantity,
            "after_t": quantity,
            "obligation_before_t": now.obligation_t,
            "obligation_t": obligation,
            "issue_t": issue_t,
            "transaction_id": transaction,
            "confirmed": False,
            "maker": act.actor,
            "seq": act.seq,
        },
    )
    return {
        "adjustment": id,
        "subject": subject.handle,
        "before_t": now.quantity,
        "after_t": quantity,
        "obligation_t": obligation,
        "issue_t": issue_t,
        "transaction": transaction,
        "due_on": due_on,
        "in_time": act.today <= due_on,
        **told,
    }


@verb("compliance.confirm-adjustment")
def confirm_adjustment(act: Act, command: ConfirmAdjustment) -> Decision:
    """Put an adjustment that moves nothing into force: by a checker of the province who did not make it."""
    row = act.conn.execute(select(ADJUSTMENT).where(ADJUSTMENT.c.id == command.adjustment.strip())).first()
    if row is None:
        return checks.ADJUSTMENT_UNKNOWN(field="adjustment", id=command.adjustment)
    in_charge(act, parties.subject_by_id(act.conn, row.subject_id), Right.CHECKER)
    if row.transaction_id is not None or row.confirmed:
        return checks.NOT_TO_CONFIRM(field="adjustment", id=row.id)
    if row.maker == act.actor:
        return checks.ADJUSTMENT_SAME_PERSON(field="as", person=act.actor)
    act.update(ADJUSTMENT, {"id": row.id}, confirmed=True)
    return {"adjustment": row.id, "in_force": True}


# -- the ground ---------------------------------------------------------------------------------------------


def _ground(act: Act, subject: Subject, command: Adjust) -> tuple[date, int, int | None]:
    """When the ground came to be, the quantity that follows from it, and the obligation, if that is computed.

    Raises Refused CMP-6212…6218.
    """
    if command.ground == "objection":
        row = need(objections.find(act.conn, command.reference))
        same = (row.subject_id, row.year, row.stage) == (subject.id, command.year, "final")
        if row.state != "upheld" or not same:
            raise Refused(checks.NOT_UPHELD(field="reference", id=row.id))
        return row.decided_on, row.quantity, None
    if command.ground != "verification":
        raise Refused(checks.GROUND_UNKNOWN(field="ground"))
    if not command.reference.strip() or command.changed_on is None or command.changed_on > act.today:
        raise Refused(checks.ADJUSTMENT_NEEDS(field="reference"))
    return command.changed_on, *_verified_quantity(act, subject, command)


def _verified_quantity(act: Act, subject: Subject, command: Adjust) -> tuple[int, int | None]:
    """The approved quantity after the verification changed, and the obligation.

    Both are computed where there are data; else the quantity is as given, and there is no obligation.
    """
    own = computed(act, subject, command.year, "final")
    if own is None:
        if command.quantity is None or command.quantity < 0:
            raise Refused(checks.QUANTITY_NEEDED(field="quantity"))
        if command.quantity:
            need(check_quantity(command.quantity))
        return command.quantity, None
    if command.quantity not in (None, own.quantity):
        raise Refused(
            checks.QUANTITY_OTHER(field="quantity", computed=own.quantity, quantity=command.quantity)
        )
    return own.quantity, own.obligation_t


def _free_to_adjust(conn: Connection, subject: Subject, command: Adjust) -> Refusal | None:
    """One adjustment at a time, and one for each ground."""
    for row, state in adjusted.rows(conn, command.year, subject.id):
        if state in adjusted.DROPPED:
            continue
        if state == TransactionState.PENDING or (row.transaction_id is None and not row.confirmed):
            return checks.ADJUSTMENT_PENDING(
                field="subject", subject=subject.name, year=command.year, id=row.id
            )
        if (row.ground, row.reference) == (command.ground, command.reference.strip()):
            return checks.ADJUSTED_ALREADY(field="reference", id=row.id)
    return None


# -- what it moves ------------------------------------------------------------------------------------------


def _moved(
    act: Act, subject: Subject, year: int, id: str, before_t: int, after_t: int
) -> tuple[int, dict[str, Any]]:
    """Tonnes to the holder (negative: back from it) after what is owed from earlier decisions."""
    owed = deductions.owing(act.conn, (subject.id,)).get(subject.id, [])
    taken = deductions.taken_in(owed, year)
    settled = deductions.settle(
        after_t, issued_t=before_t - taken, taken_t=taken, owed_t=deductions.remaining(owed)
    )
    deductions.take(act, owed, settled, subject.id, year, id)
    return settled.issue_t, {"deduction": settled, "draft": deductions.DRAFT} if owed else {}


def _propose(
    act: Act,
    subject: Subject,
    authority: Subject,
    year: int,
    issue_t: int,
    id: str,
    allocation: str | None,
) -> str:
    """The administrative adjustment: from the province's account to the holder's, or back."""
    staging = _account(act.conn, authority, AccountKind.PROVINCIAL)
    own = _account(act.conn, subject, AccountKind.REGISTRATION)
    debit, credit = (staging, own) if issue_t > 0 else (own, staging)
    line = ProposedLine(packs.instrument(act.conn, year), abs(issue_t), debit.code, credit.code)
    details: dict[str, Any] = {"adjustment": id, "allocation": allocation}
    if TYPES[TYPE].about and allocation:
        details["original"] = allocation
    answer = decide_proposal(act, Propose(TYPE, (line,), subject=subject.handle, year=year, details=details))
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer["id"]


def _account(conn: Connection, subject: Subject, kind: AccountKind) -> Account:
    found = parties.account_of(conn, subject.id, kind)
    if found is None:
        raise Refused(checks.NO_ACCOUNT(field="subject"))
    return found


# -- questions ----------------------------------------------------------------------------------------------


def _now(conn: Connection, subject: Subject, year: int) -> _Now | Refusal:
    here = (ALLOCATION.c.subject_id == subject.id, ALLOCATION.c.year == year, ALLOCATION.c.stage == "final")
    row = conn.execute(select(ALLOCATION).where(*here, ALLOCATION.c.in_force)).first()
    if row is None:
        return checks.NOTHING_TO_ADJUST(field="subject", subject=subject.name, year=year)
    newest = adjusted.in_force(conn, year, subject.id).get(subject.id)
    if newest is None:
        return _Now(row.quantity, row.obligation_t, row.transaction_id)
    return _Now(newest.quantity, newest.obligation_t, row.transaction_id)
