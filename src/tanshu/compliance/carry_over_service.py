"""The verbs of carry-over: draw up the notices, confirm them, issue what was recalled; and what is checked.

    notice (register: maker, another person confirms) → application (holder) → recall → issuance (register)

Notices are drawn up for many entities in one command, bounded by SUBJECTS_MAX; `in_parts` cuts a market into
such commands. Source: 国环规气候〔2024〕1号, annex 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Book, Decision, verb
from tanshu.compliance import carry_over, duty_checks, obligations
from tanshu.compliance.carry_over import ISSUANCE, Batch, Counted, Terms
from tanshu.compliance.duty_tables import CARRY_OVER_NOTICE
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, Subject, SubjectKind
from tanshu.registry.model import Propose, Proposed, ProposedLine
from tanshu.registry.service import decide_proposal

SUBJECTS_MAX = 500
"""Entities in one command: its entry stays well below a megabyte."""
ISSUES_MAX = 100
"""Issuances proposed in one command."""
DRAFT, CONFIRMED = Text("待复核", "drawn up and unconfirmed"), Text("已复核", "confirmed")


@dataclass(frozen=True, slots=True)
class Notices:
    """The entities whose notices are drawn up, or confirmed: handles or credit codes."""

    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IssueCarriedOver:
    """Propose the issuances of a batch: 1, 2, late. limit: how many at most."""

    batch: str
    limit: int = ISSUES_MAX


@verb("compliance.carry-over-notices")
def draw_up(act: Act, command: Notices) -> Decision:
    """Compute and keep the notices of these entities; one that is not confirmed yet is replaced.

    By a maker of the registry, after the day whose holdings count. Refuses with CMP-70xx, PAR-1xxx (unknown
    subject), RULE-10xx (no carry-over here).
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    terms = Terms.of(act.conn)
    subjects = need(_subjects(act, command.subjects))
    day = terms.day("holding_on")
    if act.today <= day:
        return duty_checks.HOLDING_DAY_AHEAD(field="subjects", day=day)
    drawn_up = {row.subject_id: row for row in carry_over.notices(act.conn, terms)}
    for subject in subjects:
        known = drawn_up.get(subject.id)
        if known and known.confirmed_by:
            return duty_checks.NOTICE_CONFIRMED(field="subjects", subject=subject.name)
        if known:
            act.delete(CARRY_OVER_NOTICE, {"subject_id": subject.id, "pack": terms.pack.name})
    found, seq = _count(act, terms, subjects)
    rows = [_row(act, terms, subject, found[subject.id], seq) for subject in subjects]
    act.insert(CARRY_OVER_NOTICE, *rows)
    return {
        "notices": len(rows),
        "eligible": sum(not row["late_years"] for row in rows),
        "carryable_t": sum(row["carryable_t"] for row in rows),
        "holding_seq": seq,
        "in_time": act.today <= terms.day("notice_by"),
    }


@verb("compliance.confirm-carry-over-notices")
def confirm(act: Act, command: Notices) -> Decision:
    """Confirm notices that still follow from the records: by a checker of the registry, another person."""
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    terms = Terms.of(act.conn)
    subjects = need(_subjects(act, command.subjects))
    found, seq = _count(act, terms, subjects)
    drawn_up = {row.subject_id: row for row in carry_over.notices(act.conn, terms)}
    for subject in subjects:
        known = drawn_up.get(subject.id)
        if known is None or known.confirmed_by:
            return duty_checks.NO_NOTICE(field="subjects", subject=subject.name, state=DRAFT)
        if known.maker == act.actor:
            return duty_checks.NOTICE_SAME_PERSON(field="as", person=act.actor, subject=subject.name)
        again = _row(act, terms, subject, found[subject.id], seq)
        if any(getattr(known, name) != again[name] for name in _COMPUTED):
            return duty_checks.NOTICE_CHANGED(field="subjects", subject=subject.name)
        this = {"subject_id": subject.id, "pack": terms.pack.name}
        act.update(CARRY_OVER_NOTICE, this, confirmed_by=act.actor)
    return {"notices": len(subjects)}


@verb("compliance.issue-carried-over")
def issue(act: Act, command: IssueCarriedOver) -> Decision:
    """Propose the issuance of everything a batch recalled and nobody issued yet, `limit` at most.

    Each is a transaction of its own and is approved by a second person of the registry. The answer says
    whether more are left. Refuses with CMP-7014, CMP-7015 or what the register refuses a proposal with.
    """
    terms = Terms.of(act.conn)
    if command.batch not in tuple(Batch):
        return duty_checks.BATCH_UNKNOWN(field="batch", value=command.batch, known=", ".join(Batch))
    waiting = [
        one
        for one in carry_over.applications(act.conn, terms)
        if one.batch == command.batch and one.recalled_on and one.quantity and one.issuance is None
    ]
    if not waiting:
        return duty_checks.NOTHING_TO_ISSUE(
            field="batch", batch=carry_over.BATCH_LABELS[Batch(command.batch)]
        )
    proposed: list[str] = []
    some = waiting[: max(1, min(command.limit, ISSUES_MAX))]
    for one in some:
        answer = need(decide_proposal(act, _issuance(act, terms, one)))
        proposed.append(answer["id"])
    return {
        "transactions": proposed,
        "quantity": sum(one.quantity for one in some),
        "more": len(waiting) > len(some),
    }


def in_parts(handles: Iterable[str]) -> list[Notices]:
    """Commands that together name all of these entities."""
    everybody = tuple(handles)
    return [
        Notices(everybody[start : start + SUBJECTS_MAX]) for start in range(0, len(everybody), SUBJECTS_MAX)
    ]


# -- what the register asks of this room -------------------------------------------------------------------


def check_application(act: Act, proposed: Proposed) -> Refusal | None:
    """Told and eligible, an old vintage, within the window or freed from a court since, and within T."""
    terms, subject = Terms.of(act.conn), proposed.subject
    told = carry_over.notice(act.conn, terms, subject.id)
    if told is None or not told.confirmed_by:
        return duty_checks.NO_NOTICE(field="subject", subject=subject.name, state=CONFIRMED)
    if told.late_years:
        return duty_checks.NOT_ELIGIBLE(field="subject", subject=subject.name, years=told.late_years)
    for line in proposed.lines:
        if line.instrument.code not in terms.old:
            permitted = ", ".join(terms.pack.table("vintages")["from"])
            return duty_checks.NOT_CARRIED(
                field="instrument", instrument=line.instrument.code, permitted=permitted
            )
    others = [
        one
        for one in carry_over.applications(act.conn, terms, subject_id=subject.id)
        if one.transaction.id != proposed.id
    ]
    used = sum(one.quantity for one in others)
    if used + proposed.quantity > told.carryable_t:
        return duty_checks.BEYOND_CARRYABLE(
            field="quantity",
            subject=subject.name,
            carryable=told.carryable_t,
            used=used,
            quantity=proposed.quantity,
        )
    return _in_window(act, terms, proposed, others)


def check_issuance(act: Act, proposed: Proposed) -> Refusal | None:
    """Exactly what one application recalled and no correction gave back, in the new vintage, once."""
    original = proposed.original
    assert original is not None, "its type names one"
    target = Terms.of(act.conn).target
    recalled = original.quantity - obligations.undone(act.conn, original_id=original.id).get(original.id, 0)
    lines = [(line.instrument.code, line.quantity) for line in proposed.lines]
    if lines != [(target, recalled)]:
        return duty_checks.NOT_WHOLE(
            field="lines", instrument=target, quantity=recalled, original=original.id
        )
    issued = carry_over.issuance_of(act.conn, original.id)
    if issued and issued.id != proposed.id:
        return duty_checks.ISSUED_TWICE(field="original", original=original.id, issued=issued.id)
    return None


# -- steps -------------------------------------------------------------------------------------------------


def _in_window(
    act: Act, terms: Terms, proposed: Proposed, others: Sequence[carry_over.Application]
) -> Refusal | None:
    """Filed in time; or late, for no more than what courts held at the end and have freed since."""
    filed = business_date(proposed.proposed_ns)
    batch, subject = terms.batch(filed), proposed.subject
    first, last = terms.day("holding_on"), terms.day("second_batch_filed_to")
    if filed > first and batch is not Batch.LATE:
        return None
    freed = carry_over.frozen_then_freed(act.conn, terms, subject) if batch is Batch.LATE else 0
    if not freed:
        return duty_checks.WINDOW_CLOSED(
            field="lines", first=first, last=last, day=filed, subject=subject.name
        )
    used = sum(one.quantity for one in others if one.batch is Batch.LATE)
    if used + proposed.quantity > freed:
        return duty_checks.BEYOND_FROZEN(
            field="quantity", subject=subject.name, frozen=freed, used=used, quantity=proposed.quantity
        )
    return None


def _subjects(act: Act, handles: Sequence[str]) -> list[Subject] | Refusal:
    """Each subject once, in the order named."""
    if not 0 < len(handles) <= SUBJECTS_MAX:
        return duty_checks.SUBJECTS_COUNT(field="subjects", limit=SUBJECTS_MAX, count=len(handles))
    found = [need(parties.subject(act.conn, handle)) for handle in handles]
    return list({subject.id: subject for subject in found}.values())


def _count(act: Act, terms: Terms, subjects: Sequence[Subject]) -> tuple[dict[str, Counted], int]:
    """What the notices say, and the entry as of which holdings were counted."""
    seq = carry_over.seq_of_day(act.conn, terms.day("holding_on"))
    book = act.ctx.book
    assert isinstance(book, Book), "who holds what is the book's to say"
    state = book.as_of(act.conn, seq)
    late = carry_over.all_late_years(act.conn, terms, act.today, [one.id for one in subjects])
    return carry_over.counted(act.conn, terms, subjects, state, seq, late), seq


_COMPUTED = (
    *("sold_t", "bought_t", "net_sold_t", "ceiling_t", "holding_t", "pending_t"),
    *("late_years", "carryable_t", "holding_seq"),
)


def _row(act: Act, terms: Terms, subject: Subject, found: Counted, seq: int) -> dict[str, Any]:
    return {
        "subject_id": subject.id,
        "pack": terms.pack.name,
        "sold_t": found.sold_t,
        "bought_t": found.bought_t,
        "net_sold_t": found.result.net_sold_t,
        "ceiling_t": found.result.ceiling_t,
        "holding_t": found.holding_t,
        "pending_t": found.pending_t,
        "late_years": ", ".join(map(str, found.late_years)),
        "carryable_t": found.result.carryable_t,
        "holding_seq": seq,
        "maker": act.actor,
        "confirmed_by": None,
        "seq": act.seq,
    }


def _issuance(act: Act, terms: Terms, recalled: carry_over.Application) -> Propose:
    made = recalled.transaction
    subject = parties.subject_by_id(act.conn, made.subject_id)
    holder = parties.account_by_number(act.conn, made.lines[0].debit)
    line = ProposedLine(terms.target, recalled.quantity, credit=holder.code)
    return Propose(
        ISSUANCE,
        (line,),
        subject=subject.handle,
        batch=f"{terms.pack.name}-{recalled.batch}",
        details={"original": made.id},
    )
