"""Deductions 扣减: tonnes that an entity owes from earlier decisions and that its allocations pay first.

The algebra follows the consultation draft of the 2025–2026 plan and is a reading of it, not law: whatever
it decides is marked draft. In one sentence: of the quantity A that a year is due, min(A, D) pays the D tonnes
owed and the rest is issued. The pre-allocation does so with its own quantity; the final allocation then sets
right what the pre-allocation did too much or too little of.

Worked example of the draft: pre 50,000, approved 30,000, owed 70,000. Pre-allocation: deducted 50,000, issued
0, still owed 20,000. Final: only 30,000 can have been deducted, so 20,000 come back to what is owed (40,000),
and nothing is issued. The draft's own formula says the same: (30,000 − 50,000) − 0 + 20,000 = 0.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, func, select

from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refused, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import adjusted
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.checks import NO_AUTHORITY
from tanshu.compliance.upload_tables import DEDUCTION, DEDUCTION_USE
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right, Subject

DRAFT = Text(
    "扣减与多退少补按征求意见稿推算(草案)", "deduction and true-up follow a reading of the consultation draft"
)
"""Shown wherever the algebra decided something."""


# -- the algebra --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Settled:
    """What one stage comes to, in tonnes.

    issue_t: to be issued; negative: the holder gives back. deducted_t: paid towards what is owed, by this
    stage. returned_t: deducted before and owed again. remaining_t: still owed after this stage.
    """

    issue_t: int
    deducted_t: int
    returned_t: int
    remaining_t: int

    @property
    def taken_t(self) -> int:
        """The change of what has been deducted for the year: negative where it is owed again."""
        return self.deducted_t - self.returned_t


def settle_pre(pre_t: int, owed_t: int) -> Settled:
    """The pre-allocation: issued = max(0, pre − owed); what is still owed waits for the final stage."""
    return settle(pre_t, issued_t=0, taken_t=0, owed_t=owed_t)


def settle_final(approved_t: int, pre_t: int, pre_deducted_t: int, owed_t: int) -> Settled:
    """The final allocation, after a pre-allocation of pre_t of which pre_deducted_t was deducted.

    owed_t: what is owed now. issue = (approved − pre) − deducted + returned, and 0 where
    0 ≤ approved − pre ≤ owed.
    """
    return settle(approved_t, issued_t=pre_t - pre_deducted_t, taken_t=pre_deducted_t, owed_t=owed_t)


def settle(due_t: int, *, issued_t: int, taken_t: int, owed_t: int) -> Settled:
    """Bring a year to where due_t is due: min(due, all that is owed) is deducted, the rest is issued.

    issued_t and taken_t: what was issued and deducted for the year so far; owed_t: what is owed beyond that.
    """
    if min(due_t, taken_t, owed_t) < 0:
        raise ValueError("quantities are not negative")
    whole = taken_t + owed_t
    target = min(due_t, whole)
    return Settled(
        issue_t=(due_t - target) - issued_t,
        deducted_t=max(0, target - taken_t),
        returned_t=max(0, taken_t - target),
        remaining_t=whole - target,
    )


# -- what is owed -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Owing:
    """One deduction in force: what it began with, what is left of it, and what each year's decisions took."""

    id: str
    quantity: int
    remaining_t: int
    taken: Mapping[int, int]


def owing(conn: Connection, subject_ids: Iterable[str] | None = None) -> dict[str, list[Owing]]:
    """Deductions in force by subject id, oldest first; of these subjects, or of all."""
    query = select(DEDUCTION).where(DEDUCTION.c.confirmed_by.is_not(None))
    wanted = None if subject_ids is None else set(subject_ids)
    if wanted is not None and len(wanted) == 1:
        query = query.where(DEDUCTION.c.subject_id == next(iter(wanted)))
    rows = conn.execute(query.order_by(DEDUCTION.c.seq)).all()
    uses = _uses(conn) if rows else {}
    found: dict[str, list[Owing]] = defaultdict(list)
    for row in rows:
        if wanted is None or row.subject_id in wanted:
            taken = uses.get(row.id, {})
            left = row.quantity - sum(taken.values())
            found[row.subject_id].append(Owing(row.id, row.quantity, left, taken))
    return dict(found)


def taken_in(owed: Sequence[Owing], year: int) -> int:
    """How much the year's decisions deducted, net of what came back."""
    return sum(one.taken.get(year, 0) for one in owed)


def remaining(owed: Sequence[Owing]) -> int:
    return sum(one.remaining_t for one in owed)


def of_stage(owed: Sequence[Owing], year: int, due_t: int, pre_t: int) -> Settled:
    """What a stage comes to for an entity that owes this. pre_t: pre-allocated before, else 0."""
    taken = taken_in(owed, year)
    return settle(due_t, issued_t=pre_t - taken, taken_t=taken, owed_t=remaining(owed))


def take(
    act: Act, owed: Sequence[Owing], settled: Settled, subject_id: str, year: int, decision: str
) -> None:
    """Tell what a decision took from which deduction: from the oldest first; back to the newest first."""
    left = settled.taken_t
    rows: list[dict[str, Any]] = []
    for one in owed if left > 0 else reversed(owed):
        most = one.remaining_t if left > 0 else one.taken.get(year, 0)
        part = min(left, most) if left > 0 else -min(-left, most)
        if part:
            told = {"deduction_id": one.id, "decision": decision, "subject_id": subject_id, "year": year}
            rows.append({**told, "taken_t": part, "seq": act.seq})
            left -= part
    assert not left, "no more is taken than is owed, none comes back that was not taken"
    if rows:
        act.insert(DEDUCTION_USE, *rows)


def forget(act: Act, subject_id: str, decision: str) -> None:
    """The decision was dropped: what it took is owed again."""
    here = (DEDUCTION_USE.c.subject_id == subject_id, DEDUCTION_USE.c.decision == decision)
    if act.conn.execute(select(func.count()).select_from(DEDUCTION_USE).where(*here)).scalar_one():
        act.delete(DEDUCTION_USE, {"subject_id": subject_id, "decision": decision})


def _uses(conn: Connection) -> dict[str, dict[int, int]]:
    """By deduction and year, what was taken; by an adjustment that came to nothing, nothing was."""
    found: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    void = adjusted.dropped(conn)
    for row in conn.execute(select(DEDUCTION_USE)):
        if row.decision not in void:
            found[row.deduction_id][row.year] += row.taken_t
    return found


# -- recording one ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RecordDeduction:
    """Tonnes to be deducted from an entity's allocations, by an earlier decision. decided_on: its date."""

    subject: str
    quantity: int | str
    document: str
    decided_on: date
    basis: str


@dataclass(frozen=True, slots=True)
class ConfirmDeduction:
    deduction: str


@verb("compliance.record-deduction")
def record_deduction(act: Act, command: RecordDeduction) -> Decision:
    """Record a deduction, by the province's maker; it counts once a checker has confirmed it."""
    subject = need(parties.subject(act.conn, command.subject))
    quantity = need(check_quantity(command.quantity))
    in_charge(act, subject, Right.MAKER)
    if not (command.document.strip() and command.basis.strip()) or command.decided_on > act.today:
        return checks.DEDUCTION_NEEDS(field="document")
    id = act.id("DED")
    act.insert(
        DEDUCTION,
        {
            "id": id,
            "subject_id": subject.id,
            "quantity": quantity,
            "document": command.document.strip(),
            "decided_on": command.decided_on,
            "basis": command.basis.strip(),
            "maker": act.actor,
            "confirmed_by": None,
            "seq": act.seq,
        },
    )
    return {"deduction": id, "subject": subject.handle, "quantity": quantity, "in_force": False}


@verb("compliance.confirm-deduction")
def confirm_deduction(act: Act, command: ConfirmDeduction) -> Decision:
    """Put a deduction into force: by a checker of the province, not the one who recorded it."""
    row = act.conn.execute(select(DEDUCTION).where(DEDUCTION.c.id == command.deduction.strip())).first()
    if row is None:
        return checks.DEDUCTION_UNKNOWN(field="deduction", id=command.deduction)
    subject = parties.subject_by_id(act.conn, row.subject_id)
    in_charge(act, subject, Right.CHECKER)
    if row.confirmed_by is not None:
        return checks.DEDUCTION_IN_FORCE(field="deduction", id=row.id)
    if row.maker == act.actor:
        return checks.DEDUCTION_SAME_PERSON(field="as", person=act.actor)
    act.update(DEDUCTION, {"id": row.id}, confirmed_by=act.actor)
    return {"deduction": row.id, "subject": subject.handle, "quantity": row.quantity, "in_force": True}


def in_charge(act: Act, subject: Subject, right: Right) -> Subject:
    """The authority in charge of a subject, for which the actor has this right. Raises Refused else."""
    authority = parties.authority_of(act.conn, subject.region)
    if authority is None:
        raise Refused(NO_AUTHORITY(field="subject", region=subject.region))
    need(may(act.conn, act.actor, right, authority.id))
    return authority
