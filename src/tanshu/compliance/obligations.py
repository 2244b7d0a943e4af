"""What an entity owes for a year, what it has paid, and its status: at the deadline, and today.

Status order: not applicable → excluded → emissions missing → short → compliant. Late surrender changes
today's status only; the one at the deadline stays. What another firm surrenders for an entity, and what the
province has surrendered from withheld allowances, are its payments; what is reversed or corrected counts as
not paid, from the beginning.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.compliance import adjusted, checks, packs
from tanshu.compliance.tables import ALLOCATION
from tanshu.log import store
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.model import Subject
from tanshu.registry import links
from tanshu.registry import queries as registry
from tanshu.registry.model import Transaction, TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES
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


SURRENDERS = ("surrender", "helping-surrender", "forced-surrender")
PAYMENTS = (*SURRENDERS, "offset")
RETURN = "return-of-excess"
_COUNTED = (*PAYMENTS, RETURN)
"""The types that say what an entity has handed over for a year."""
UNDOING = tuple(code for code, kind in TYPES.items() if links.undoes(kind))


class Allocated(NamedTuple):
    """A decision in force: its quantity, what it says is owed, what it issues (negative: takes back)."""

    quantity: int
    obligation_t: int | None
    issue_t: int


@dataclass(frozen=True, slots=True)
class Owed:
    """One entity's year, in tonnes. None: not known yet.

    obligation_t 应清缴; due_t is what is still to be paid today, due_at_deadline_t what was on the deadline.
    surrendered_t counts all allowances, helped_t of them by another firm, forced_t from what was withheld.
    pending_t counts surrenders and offsets that wait for approval, offset_pending_t those of credits alone,
    helping_pending_t those that another firm asks for: an offer, which keeps nobody from paying;
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
    helped_t: int
    forced_t: int
    offset_t: int
    pending_t: int
    pending_in_time: int
    offset_pending_t: int
    helping_pending_t: int
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
    listed = mrv.listed_as(conn, subject.id, year)
    if listed is None:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year=year)
    verified = mrv.verified_of(conn, subject.id, year)
    if verified is None and not listed.excluded:
        return checks.NO_EMISSIONS(field="year", subject=subject.name, year=year)
    made = registry.transactions(conn, subject_id=subject.id, year=year)
    days = _Days.of(conn, year, today)
    allocations = _allocations(conn, year, subject.id)
    return _owed(
        days, subject, listed.excluded, verified, allocations, made, undone(conn, subject_id=subject.id)
    )


def status(conn: Connection, subject: Subject, year: int) -> Status:
    """Today's status of any subject for a year, listed or not."""
    if mrv.listed_as(conn, subject.id, year) is None:
        return Status.NOT_APPLICABLE
    found = owed(conn, subject, year)
    return Status.EMISSIONS_MISSING if isinstance(found, Refusal) else found.status


def board(
    conn: Connection, year: int, *, today: date | None = None, among: Collection[str] | None = None
) -> list[Owed]:
    """The compliance board of a year: every listed entity, in the order of the list.

    among: these subjects (ids) only.
    """
    everybody = mrv.listed(conn, year, among=among)
    verified = mrv.verified(conn, year)
    allocations = _allocations(conn, year)
    made: dict[str, list[Transaction]] = defaultdict(list)
    for code in _COUNTED:
        for transaction in registry.transactions(conn, year=year, type=code):
            made[transaction.subject_id].append(transaction)
    subjects = parties.subjects_by_id(conn, everybody)
    days, taken_back = _Days.of(conn, year, today), undone(conn)
    return [
        _owed(
            days,
            subjects[listed.subject_id],
            listed.excluded,
            verified.get(listed.subject_id),
            allocations,
            made[listed.subject_id],
            taken_back,
        )
        for listed in everybody.values()
    ]


def undone(
    conn: Connection, *, subject_id: str | None = None, original_id: str | None = None
) -> Mapping[str, int]:
    """What effected reversals and corrections took back, by the transaction that it was taken from."""
    joined = TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == TRANSACTION_LINE.c.transaction_id)
    total = func.sum(TRANSACTION_LINE.c.quantity)
    query = select(TRANSACTION.c.original_id, total).select_from(joined)
    query = query.where(TRANSACTION.c.type.in_(UNDOING), TRANSACTION.c.state == TransactionState.EFFECTED)
    if subject_id is not None:
        query = query.where(TRANSACTION.c.subject_id == subject_id)
    if original_id is not None:
        query = query.where(TRANSACTION.c.original_id == original_id)
    return {id: int(sum_t) for id, sum_t in conn.execute(query.group_by(TRANSACTION.c.original_id))}


class _Days(NamedTuple):
    """A year's deadline, today, and which day of a payment counts against the deadline."""

    year: int
    deadline: date
    today: date
    newest_ns: int
    by_submission: bool

    @classmethod
    def of(cls, conn: Connection, year: int, today: date | None) -> _Days:
        """today: unless told, the business date of the newest entry; time stands where the log stands."""
        newest = store.tail(conn, store.REGISTRY_LOG)
        assert newest is not None, "an open book has a genesis entry"
        by_submission = registry_pack.surrender_date(packs.registry(conn)) == "submission"
        day = today or business_date(newest[1])
        return cls(year, packs.deadline(conn, year), day, newest[1], by_submission)

    def in_time(self, transaction: Transaction) -> bool:
        """By the day of submission or of effect, as the registry pack says; one that waits would end now."""
        if self.by_submission:
            return business_date(transaction.proposed_ns) <= self.deadline
        return business_date(transaction.ended_ns or self.newest_ns) <= self.deadline


def _owed(
    days: _Days,
    subject: Subject,
    excluded: bool,
    verified: int | None,
    allocations: Mapping[tuple[str, str], Allocated],
    made: Iterable[Transaction],
    taken_back: Mapping[str, int],
) -> Owed:
    pre = allocations.get((subject.id, "pre"))
    final = allocations.get((subject.id, "final"))
    known = verified if final is None or final.obligation_t is None else final.obligation_t
    obligation = 0 if excluded else known or 0
    paid = _Paid.of(days, [t for t in made if t.type.code in PAYMENTS], taken_back)
    back = _Paid.of(days, [t for t in made if t.type.code == RETURN], taken_back)
    excess = _excess(excluded, pre, final)
    due, due_then = (max(0, obligation - each) for each in (paid.now_t, paid.in_time_t))
    excess_due, excess_then = (max(0, excess - each) for each in (back.now_t, back.in_time_t))
    passed = days.today > days.deadline
    return Owed(
        subject=subject,
        year=days.year,
        deadline=days.deadline,
        verified_t=verified,
        pre_allocated_t=pre.quantity if pre else None,
        approved_t=final.quantity if final else None,
        obligation_t=obligation,
        surrendered_t=paid.of_type(*SURRENDERS),
        helped_t=paid.of_type("helping-surrender"),
        forced_t=paid.of_type("forced-surrender"),
        offset_t=paid.of_type("offset"),
        pending_t=paid.pending_t,
        pending_in_time=paid.pending_in_time,
        offset_pending_t=paid.waiting("offset"),
        helping_pending_t=paid.waiting("helping-surrender"),
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
    """What was handed over and not taken back: by now, by the deadline; and what waits for approval."""

    stands: tuple[tuple[Transaction, int], ...]
    """What took effect, with what of it stands."""
    pending: tuple[Transaction, ...]
    in_time_t: int
    pending_in_time: int

    @classmethod
    def of(cls, days: _Days, made: Iterable[Transaction], taken_back: Mapping[str, int]) -> _Paid:
        made = tuple(made)
        effected = [t for t in made if t.state is TransactionState.EFFECTED]
        stands = tuple((t, t.quantity - taken_back.get(t.id, 0)) for t in effected)
        pending = tuple(t for t in made if t.state is TransactionState.PENDING)
        in_time = sum(quantity for t, quantity in stands if days.in_time(t))
        return cls(stands, pending, in_time, sum(1 for t in pending if days.in_time(t)))

    @property
    def now_t(self) -> int:
        return sum(quantity for _, quantity in self.stands)

    @property
    def pending_t(self) -> int:
        return sum(t.quantity for t in self.pending)

    def waiting(self, code: str) -> int:
        return sum(t.quantity for t in self.pending if t.type.code == code)

    def of_type(self, *codes: str) -> int:
        return sum(quantity for t, quantity in self.stands if t.type.code in codes)


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


def _allocations(
    conn: Connection, year: int, subject_id: str | None = None
) -> dict[tuple[str, str], Allocated]:
    """The decisions in force, by subject and stage, as adjusted since."""
    query = select(ALLOCATION).where(ALLOCATION.c.year == year, ALLOCATION.c.in_force)
    if subject_id:
        query = query.where(ALLOCATION.c.subject_id == subject_id)
    since = adjusted.in_force(conn, year, subject_id)
    found: dict[tuple[str, str], Allocated] = {}
    for row in conn.execute(query):
        quantity, obligation = row.quantity, row.obligation_t
        if row.stage == "final" and row.subject_id in since:
            quantity, obligation = since[row.subject_id].quantity, since[row.subject_id].obligation_t
        found[row.subject_id, row.stage] = Allocated(quantity, obligation, row.issue_t)
    return found
