"""What an entity owes for a year, what it has paid, and its status: at the deadline, and today.

Status order: not applicable → excluded → emissions missing → short → compliant. Late surrender changes
today's status only; the one at the deadline stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, select

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.compliance import checks, packs
from tanshu.compliance.tables import ALLOCATION
from tanshu.log import store
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.registry import queries as registry
from tanshu.registry.model import Transaction, TransactionState
from tanshu.rules import registry_pack


class Status(StrEnum):
    NOT_APPLICABLE = "not-applicable"
    EXCLUDED = "excluded"
    EMISSIONS_MISSING = "emissions-missing"
    SHORT = "short"
    COMPLIANT = "compliant"


STATUS_LABELS = {
    Status.NOT_APPLICABLE: Text("不适用", "not applicable"),
    Status.EXCLUDED: Text("不纳入", "excluded"),
    Status.EMISSIONS_MISSING: Text("缺核查排放量", "emissions missing"),
    Status.SHORT: Text("未足额清缴", "short"),
    Status.COMPLIANT: Text("已履约", "compliant"),
}


PAYMENTS = ("surrender", "offset")


class Allocated(NamedTuple):
    """A decision in force: its quantity, what it says is owed, what it issues (negative: takes back)."""

    quantity: int
    obligation_t: int | None
    issue_t: int


@dataclass(frozen=True, slots=True)
class Owed:
    """One entity's year, in tonnes. None: not known yet.

    obligation_t 应清缴; due_t is what is still to be paid today, due_at_deadline_t what was on the deadline.
    pending_t counts surrenders and offsets that wait for approval, offset_pending_t those of credits alone;
    pending_in_time how many of them meet the deadline once approved. return_due_t is issued excess that has
    not come back: while there is any, the entity is not compliant.
    """

    subject: Subject
    year: int
    deadline: date
    verified_t: int | None
    pre_allocated_t: int | None
    approved_t: int | None
    obligation_t: int
    surrendered_t: int
    offset_t: int
    pending_t: int
    pending_in_time: int
    offset_pending_t: int
    due_t: int
    due_at_deadline_t: int
    paid_late_t: int
    return_due_t: int
    return_pending_t: int
    status: Status
    status_at_deadline: Status | None

    @property
    def late(self) -> bool:
        """Short at the deadline, whatever was paid since."""
        return self.status_at_deadline is Status.SHORT


def owed(conn: Connection, subject: Subject, year: int, *, today: date | None = None) -> Owed | Refusal:
    """One covered entity's year. Refuses CMP-1002 (not on the list), CMP-1005 (no verified emissions)."""
    listed = mrv.listed(conn, year).get(subject.id)
    if listed is None:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year=year)
    verified = mrv.verified_of(conn, subject.id, year)
    if verified is None and not listed.excluded:
        return checks.NO_EMISSIONS(field="year", subject=subject.name, year=year)
    made = registry.transactions(conn, subject_id=subject.id, year=year)
    return _owed(
        conn, subject, year, listed.excluded, verified, _allocations(conn, year, subject.id), made, today
    )


def status(conn: Connection, subject: Subject, year: int) -> Status:
    """Today's status of any subject for a year, listed or not."""
    if subject.id not in mrv.listed(conn, year):
        return Status.NOT_APPLICABLE
    found = owed(conn, subject, year)
    return Status.EMISSIONS_MISSING if isinstance(found, Refusal) else found.status


def board(conn: Connection, year: int, *, today: date | None = None) -> list[Owed]:
    """The compliance board of a year: every listed entity, in the order of the list."""
    verified = mrv.verified(conn, year)
    allocations = _allocations(conn, year)
    made: dict[str, list[Transaction]] = defaultdict(list)
    for transaction in registry.transactions(conn, year=year):
        made[transaction.subject_id].append(transaction)
    subjects = {subject.id: subject for subject in parties.subjects(conn)}
    return [
        _owed(
            conn,
            subjects[listed.subject_id],
            year,
            listed.excluded,
            verified.get(listed.subject_id),
            {key: row for key, row in allocations.items() if key[0] == listed.subject_id},
            made[listed.subject_id],
            today,
        )
        for listed in mrv.listed(conn, year).values()
    ]


def _owed(
    conn: Connection,
    subject: Subject,
    year: int,
    excluded: bool,
    verified: int | None,
    allocations: dict[tuple[str, str], Allocated],
    made: Iterable[Transaction],
    today: date | None,
) -> Owed:
    deadline = packs.deadline(conn, year)
    pre = allocations.get((subject.id, "pre"))
    final = allocations.get((subject.id, "final"))
    known = verified if final is None or final.obligation_t is None else final.obligation_t
    obligation = 0 if excluded else known or 0
    paid = _Paid.of(conn, [t for t in made if t.type.code in PAYMENTS], deadline)
    back = _Paid.of(conn, [t for t in made if t.type.code == "return-of-excess"], deadline)
    excess = _excess(excluded, pre, final)
    due, due_then = (max(0, obligation - each) for each in (paid.now_t, paid.in_time_t))
    excess_due, excess_then = (max(0, excess - each) for each in (back.now_t, back.in_time_t))
    passed = (today or _today(conn)) > deadline
    return Owed(
        subject=subject,
        year=year,
        deadline=deadline,
        verified_t=verified,
        pre_allocated_t=pre.quantity if pre else None,
        approved_t=final.quantity if final else None,
        obligation_t=obligation,
        surrendered_t=paid.of_type("surrender"),
        offset_t=paid.of_type("offset"),
        pending_t=paid.pending_t,
        pending_in_time=paid.pending_in_time,
        offset_pending_t=_sum(t for t in paid.pending if t.type.code == "offset"),
        due_t=due,
        due_at_deadline_t=due_then,
        paid_late_t=paid.now_t - paid.in_time_t,
        return_due_t=excess_due,
        return_pending_t=back.pending_t,
        status=_status(excluded, verified, due + excess_due),
        status_at_deadline=_status(excluded, verified, due_then + excess_then) if passed else None,
    )


@dataclass(frozen=True, slots=True)
class _Paid:
    """What was handed over: by now, by the deadline, and what waits for approval."""

    effected: tuple[Transaction, ...]
    pending: tuple[Transaction, ...]
    in_time_t: int
    pending_in_time: int

    @classmethod
    def of(cls, conn: Connection, made: Iterable[Transaction], deadline: date) -> _Paid:
        made = tuple(made)
        effected = tuple(t for t in made if t.state is TransactionState.EFFECTED)
        pending = tuple(t for t in made if t.state is TransactionState.PENDING)
        in_time = _sum(t for t in effected if _date_of_record(conn, t) <= deadline)
        waiting = sum(1 for t in pending if _date_of_record(conn, t) <= deadline)
        return cls(effected, pending, in_time, waiting)

    @property
    def now_t(self) -> int:
        return _sum(self.effected)

    @property
    def pending_t(self) -> int:
        return _sum(self.pending)

    def of_type(self, code: str) -> int:
        return _sum(t for t in self.effected if t.type.code == code)


def _excess(excluded: bool, pre: Allocated | None, final: Allocated | None) -> int:
    """What was issued beyond what is due to the entity: it goes back to the province."""
    if final:
        return max(0, -final.issue_t)
    return pre.quantity if excluded and pre else 0


def _status(excluded: bool, verified: int | None, due: int) -> Status:
    if excluded:
        return Status.EXCLUDED
    if verified is None:
        return Status.EMISSIONS_MISSING
    return Status.SHORT if due else Status.COMPLIANT


def _date_of_record(conn: Connection, transaction: Transaction) -> date:
    """The day that counts against the deadline: of submission or of effect, as the registry pack says."""
    if registry_pack.surrender_date(packs.registry(conn)) == "submission":
        return business_date(transaction.proposed_ns)
    return business_date(transaction.ended_ns or _newest(conn))  # one that waits would take effect now


def _today(conn: Connection) -> date:
    """The business date of the newest entry: unless told otherwise, time stands where the log stands."""
    return business_date(_newest(conn))


def _newest(conn: Connection) -> int:
    tail = store.tail(conn, store.REGISTRY_LOG)
    assert tail is not None, "an open book has a genesis entry"
    return tail[1]


def _allocations(
    conn: Connection, year: int, subject_id: str | None = None
) -> dict[tuple[str, str], Allocated]:
    """The decisions in force, by subject and stage."""
    query = select(ALLOCATION).where(ALLOCATION.c.year == year, ALLOCATION.c.in_force)
    if subject_id:
        query = query.where(ALLOCATION.c.subject_id == subject_id)
    return {
        (row.subject_id, row.stage): Allocated(row.quantity, row.obligation_t, row.issue_t)
        for row in conn.execute(query)
    }


def _sum(transactions: Iterable[Transaction]) -> int:
    return sum(transaction.quantity for transaction in transactions)
