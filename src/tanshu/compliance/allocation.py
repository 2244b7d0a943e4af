"""`allocate`: the province decides what an entity is due, the register carries it out.

Pre-allocation 预分配 is a share of the last year's verified emissions; the final allocation
核定分配 is computed from the year's activity by the pack's method (`methods`); their difference is
issued, or returned by the holder (多退少补).
Source for 2023–2024: 国环规气候〔2024〕1号.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import bindparam, select

from tanshu.base.canonical import canonical
from tanshu.base.quantity import check_year
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, deductions, methods, obligations, packs, telling, withheld
from tanshu.compliance.tables import ALLOCATION
from tanshu.mrv import queries as mrv
from tanshu.mrv import service as mrv_service
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right, Subject
from tanshu.registry import queries as registry
from tanshu.registry.model import Propose, Proposed, ProposedLine, TransactionState
from tanshu.registry.service import decide_proposal
from tanshu.rules import allocation_terms

# What every allocation asks is built once: putting a statement together costs more than running it.
_DECISION = select(ALLOCATION).where(
    ALLOCATION.c.subject_id == bindparam("subject_id"),
    ALLOCATION.c.year == bindparam("year"),
    ALLOCATION.c.stage == bindparam("stage"),
)
_QUANTITY = _DECISION.with_only_columns(ALLOCATION.c.quantity)

STAGE_LABELS = {"pre": Text("预分配", "pre-allocation"), "final": Text("核定分配", "final allocation")}
STAGES = {"pre": "pre-allocation", "final": "final-allocation"}


@dataclass(frozen=True, slots=True)
class Allocate:
    """Decide one entity's allocation of a year. batch groups the transactions of one round.

    share: the province's pre-allocation share as decimal text, where the pack only sets a ceiling.
    """

    subject: str
    year: int
    stage: str
    batch: str = ""
    share: str = ""


@dataclass(frozen=True, slots=True)
class Computed:
    """What a stage comes to: its quantity, what is left to issue (negative: to return), and why."""

    quantity: int
    obligation_t: int | None
    issue_t: int
    explanation: dict[str, Any]


@verb("compliance.allocate")
def allocate(act: Act, command: Allocate) -> Decision:
    """Compute a stage of an entity's allocation and propose its transaction, in one entry.

    Refuses with CMP-1xxx (not covered, data missing, already made), RULE-xxxx (no pack, a draft pack) or the
    register's own codes.
    """
    if command.stage not in STAGES:
        return checks.STAGE_UNKNOWN(field="stage", value=command.stage)
    need(check_year(command.year))
    subject = need(parties.subject(act.conn, command.subject))
    refused = _may_allocate(act, subject) or _allocable(act, subject, command)
    if refused:
        return refused
    computed = need(compute(act, subject, command.year, command.stage, command.share))
    computed = _after_deductions(act, subject, command, computed)
    _record(act, subject, command, computed)
    mrv_service.lock(act, subject.id, *_ground(command.year, command.stage))
    answer: dict[str, Any] = {
        "subject": subject.handle,
        "year": command.year,
        "stage": command.stage,
        "quantity": computed.quantity,
        "issue_t": computed.issue_t,
        "transaction": None,
        "watermark": computed.explanation.get("watermark"),
    }
    if computed.issue_t > 0 and not withheld.applies(act.conn, subject.id, command.year, command.stage):
        proposed = decide_proposal(act, _proposal(act, subject, command, computed.issue_t))
        if isinstance(proposed, Refusal):
            return proposed
        answer |= {"transaction": proposed["id"], "next": proposed["next"]}
    return answer


@dataclass(frozen=True, slots=True)
class Confirm:
    """A checker's word on a final allocation that issues nothing."""

    subject: str
    year: int
    accept: bool = True


@verb("compliance.confirm-allocation")
def confirm_allocation(act: Act, command: Confirm) -> Decision:
    """Put a final allocation that issues nothing into force, or drop it: by a second person of the province.

    One that issues something passes the register's chain instead, unless it is withheld: then its units stay
    in the provincial account, held for the entity.
    """
    subject = need(parties.subject(act.conn, command.subject))
    authority = parties.authority_of(act.conn, subject.region)
    if authority is None:
        return checks.NO_AUTHORITY(field="subject", region=subject.region)
    need(may(act.conn, act.actor, Right.CHECKER, authority.id))
    this = _key(subject.id, command.year, "final")
    row = act.conn.execute(_DECISION, this).first()
    kept = withheld.applies(act.conn, subject.id, command.year)
    if row is None or row.in_force or (row.issue_t > 0 and not kept):
        return checks.NOTHING_TO_CONFIRM(field="subject", subject=subject.name, year=command.year)
    if row.maker == act.actor:
        return checks.SAME_PERSON(field="as", person=act.actor)
    if not command.accept:
        act.delete(ALLOCATION, this)
        deductions.forget(act, subject.id, f"final-{command.year}")
        mrv_service.release(act, subject.id, *_ground(command.year, "final"))
        return {"subject": subject.handle, "year": command.year, "in_force": False}
    changed = _changed(act, subject, command.year, "final", row)
    if changed:
        return changed
    refused = withheld.keep(act, subject, command.year, row.issue_t) if row.issue_t > 0 else None
    if refused:
        return refused
    act.update(ALLOCATION, this, in_force=True)
    telling.allocated(act, subject.id, command.year, "final", row.quantity, issued=0)
    if row.issue_t > 0:
        telling.withheld(act, subject.id, command.year, row.issue_t)
    return {"subject": subject.handle, "year": command.year, "in_force": True}


def compute(act: Act, subject: Subject, year: int, stage: str, share: str = "") -> Computed | Refusal:
    """The numbers of a stage, from what MRV and the rule pack say now."""
    pack = packs.allocation(act.conn, year, allow_draft=act.ctx.allow_draft)
    if stage == "pre":
        last = mrv.verified_of(act.conn, subject.id, year - 1)
        if last is None:
            return checks.NO_EMISSIONS(field="year", subject=subject.name, year=year - 1)
        try:
            given = Decimal(share) if share else None
        except InvalidOperation:
            return checks.SHARE_FORM(field="share", value=share)
        operators = need(methods.operators(pack, allow_draft=act.ctx.allow_draft))
        quantity = allocation_terms.pre_allocation(pack, last, given, operators)
        if isinstance(quantity, Refusal):
            return quantity
        watermark = pack.watermark or (operators.watermark if operators else None)
        explanation = {
            "last_verified_t": last,
            "pre_allocated_t": quantity,
            "share": share,
            "pack": pack.name,
            "watermark": watermark and {"zh": watermark.zh, "en": watermark.en},
        }
        return Computed(quantity, None, quantity, explanation)
    return _final(act, subject, year, pack)


def _final(act: Act, subject: Subject, year: int, pack: packs.Pack) -> Computed | Refusal:
    data = methods.of(pack).data(act.conn, subject.id, year)
    if not data:
        return checks.NO_ACTIVITY(field="year", subject=subject.name, year=year)
    result = need(methods.allocate(pack, data, allow_draft=act.ctx.allow_draft))
    verified = mrv.verified_of(act.conn, subject.id, year)
    if verified is None:
        return checks.NO_EMISSIONS(field="year", subject=subject.name, year=year)
    if result.verified_t != verified:
        return checks.MISMATCH(subject=subject.name, year=year, units=result.verified_t, entity=verified)
    issue = allocation_terms.true_up(result.approved_t, pre_allocated(act, subject.id, year) or 0)
    return Computed(result.approved_t, result.obligation_t, issue, result.as_json())


def _after_deductions(act: Act, subject: Subject, command: Allocate, computed: Computed) -> Computed:
    """What an entity still owes from earlier decisions is paid first; the rest is issued."""
    owed = deductions.owing(act.conn, (subject.id,)).get(subject.id, [])
    if not owed:
        return computed
    pre = 0 if command.stage == "pre" else pre_allocated(act, subject.id, command.year) or 0
    settled = deductions.of_stage(owed, command.year, computed.quantity, pre)
    deductions.take(act, owed, settled, subject.id, command.year, f"{command.stage}-{command.year}")
    told = {**computed.explanation, "deduction": settled, "draft": deductions.DRAFT}
    return replace(computed, issue_t=settled.issue_t, explanation=told)


def pre_allocated(act: Act, subject_id: str, year: int) -> int | None:
    """The quantity of the year's pre-allocation; None where there was none."""
    return act.conn.execute(_QUANTITY, _key(subject_id, year, "pre")).scalar()


def _may_allocate(act: Act, subject: Subject) -> Refusal | None:
    authority = parties.authority_of(act.conn, subject.region)
    if authority is None:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year="-")
    allowed = may(act.conn, act.actor, Right.MAKER, authority.id)
    return allowed if isinstance(allowed, Refusal) else None


def _allocable(act: Act, subject: Subject, command: Allocate) -> Refusal | None:
    listed = mrv.listed_as(act.conn, subject.id, command.year)
    if listed is None:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year=command.year)
    if listed.excluded:
        return checks.EXCLUDED(field="subject", subject=subject.name, year=command.year)
    decided = select(ALLOCATION).where(
        ALLOCATION.c.subject_id == subject.id, ALLOCATION.c.year == command.year
    )
    made = {row.stage: row.transaction_id for row in act.conn.execute(decided)}
    if command.stage in made or "final" in made:
        stage = command.stage if command.stage in made else "final"
        return checks.ALLOCATED(
            field="stage", subject=subject.name, year=command.year, stage=STAGE_LABELS[stage]
        )
    if made.get("pre"):
        pre = registry.transaction(act.conn, made["pre"])
        if isinstance(pre, Refusal) or pre.state is TransactionState.PENDING:
            return checks.PRE_PENDING(field="stage", subject=subject.name, transaction=made["pre"])
    return None


def _record(act: Act, subject: Subject, command: Allocate, computed: Computed) -> None:
    act.insert(
        ALLOCATION,
        {
            "subject_id": subject.id,
            "year": command.year,
            "stage": command.stage,
            "pack": computed.explanation["pack"],
            "quantity": computed.quantity,
            "obligation_t": computed.obligation_t,
            "issue_t": computed.issue_t,
            "transaction_id": None,
            "explanation": canonical(computed.explanation).decode(),
            "maker": act.actor,
            "in_force": False,
            "seq": act.seq,
        },
    )


def _proposal(act: Act, subject: Subject, command: Allocate, quantity: int) -> Propose:
    return Propose(
        type=STAGES[command.stage],
        lines=(ProposedLine(packs.instrument(act.conn, command.year), quantity),),
        subject=subject.handle,
        year=command.year,
        batch=command.batch,
    )


# -- what the register asks of this room -------------------------------------------------------------------


def check_allocation(act: Act, proposed: Proposed) -> Refusal | None:
    """An allocation carries out a decision of `allocate`, or is opening stock of a finished year."""
    vintages = {line.instrument.code for line in proposed.lines}
    if _is_opening(proposed):
        return _check_opening(act, proposed, vintages)
    if proposed.year is None:
        return checks.YEAR_NEEDED(field="year")
    due = packs.instrument(act.conn, proposed.year)
    if vintages != {due}:
        wrong = ", ".join(sorted(vintages - {due}))
        return checks.WRONG_VINTAGE(field="instrument", instrument=wrong, year=proposed.year, permitted=due)
    stage = _stage(proposed)
    row = act.conn.execute(_DECISION, _key(proposed.subject.id, proposed.year, stage)).first()
    theirs = None if proposed.at_proposal else proposed.id
    if row is None or row.issue_t != proposed.quantity or row.transaction_id != theirs:
        return checks.NOT_DECIDED(field="quantity", year=proposed.year, quantity=proposed.quantity)
    if proposed.at_proposal:
        return None
    return _changed(act, proposed.subject, proposed.year, stage, row)


def link_allocation(act: Act, proposed: Proposed) -> None:
    """Remember which transaction carries the decision out."""
    _set(act, proposed, transaction_id=proposed.id)


def put_in_force(act: Act, proposed: Proposed) -> None:
    """The chain has ended: the decision counts, and the entity is told."""
    _set(act, proposed, in_force=True)
    if _is_opening(proposed):
        return
    assert proposed.year is not None
    this = (proposed.subject.id, proposed.year, _stage(proposed))
    quantity = act.conn.execute(_QUANTITY, _key(*this)).scalar_one()
    telling.allocated(act, *this, quantity, issued=proposed.quantity, about=proposed.id)


def unlink_allocation(act: Act, proposed: Proposed) -> None:
    """A dropped allocation leaves no decision behind: it can be made anew, on data that may be corrected."""
    if _is_opening(proposed):
        return
    assert proposed.year is not None
    stage = _stage(proposed)
    act.delete(ALLOCATION, _key(proposed.subject.id, proposed.year, stage))
    deductions.forget(act, proposed.subject.id, f"{stage}-{proposed.year}")
    mrv_service.release(act, proposed.subject.id, *_ground(proposed.year, stage))


def check_return(act: Act, proposed: Proposed) -> Refusal | None:
    """What is returned is of the year's vintage, and no more than is due; it may come in parts."""
    if proposed.year is None:
        return checks.YEAR_NEEDED(field="year")
    permitted = packs.instrument(act.conn, proposed.year)
    for line in proposed.lines:
        if line.instrument.code != permitted:
            return checks.WRONG_VINTAGE(
                field="instrument",
                instrument=line.instrument.code,
                year=proposed.year,
                permitted=permitted,
            )
    owed = need(obligations.owed(act.conn, proposed.subject, proposed.year))
    due = owed.return_due_t - owed.return_pending_t
    if not proposed.at_proposal:
        due += proposed.quantity  # itself pending
    if proposed.quantity > due:
        return checks.RETURN_NOT_DUE(
            field="quantity",
            subject=proposed.subject.name,
            year=proposed.year,
            due=max(0, due),
            quantity=proposed.quantity,
        )
    return None


def _changed(act: Act, subject: Subject, year: int, stage: str, row: Any) -> Refusal | None:
    """Does the decision still follow from the list, the data and the pack?"""
    listed = mrv.listed_as(act.conn, subject.id, year)
    if listed is None or listed.excluded:
        return checks.GROUND_CHANGED(subject=subject.name, year=year)
    told = json.loads(row.explanation)
    if "upload" in told:  # what the province's sealed table says; its figures are locked
        facts, known = told["facts"], mrv.verified_of(act.conn, subject.id, _ground(year, stage)[0])
        same = known in (None, facts.get("verified_t", facts.get("last_verified_t")))
        return None if same else checks.GROUND_CHANGED(subject=subject.name, year=year)
    again = compute(act, subject, year, stage, told.get("share", ""))
    if isinstance(again, Refusal):
        return again
    same = (again.quantity, again.obligation_t) == (row.quantity, row.obligation_t)
    same = same and ("deduction" in told or again.issue_t == row.issue_t)
    return None if same else checks.GROUND_CHANGED(subject=subject.name, year=year)


def _ground(year: int, stage: str) -> tuple[int, str]:
    """The year whose data a decision rests on, and the name of the decision."""
    return (year - 1, f"pre-{year}") if stage == "pre" else (year, f"final-{year}")


def _stage(proposed: Proposed) -> str:
    return "pre" if proposed.type.code == STAGES["pre"] else "final"


def _is_opening(proposed: Proposed) -> bool:
    return proposed.details.get("opening") is True


def _check_opening(act: Act, proposed: Proposed, vintages: set[str]) -> Refusal | None:
    """Opening stock: before the first decision of this register, of years that are over."""
    if proposed.at_proposal and act.conn.execute(select(ALLOCATION.c.seq).limit(1)).first():
        return checks.OPENING_TOO_LATE(field="details")
    for line in proposed.lines:
        year = line.instrument.vintage
        if year is None or act.today <= packs.deadline(act.conn, year):
            return checks.OPENING_TOO_YOUNG(field="instrument", instrument=", ".join(sorted(vintages)))
    return None


def _key(subject_id: str, year: int, stage: str) -> dict[str, Any]:
    """The one decision of a stage."""
    return {"subject_id": subject_id, "year": year, "stage": stage}


def _set(act: Act, proposed: Proposed, **values: object) -> None:
    if not _is_opening(proposed):
        assert proposed.year is not None
        this = _key(proposed.subject.id, proposed.year, _stage(proposed))
        act.update(ALLOCATION, this, **values)
