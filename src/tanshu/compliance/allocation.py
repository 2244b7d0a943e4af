"""`allocate`: the province decides what an entity is due, the register carries it out.

Pre-allocation 预分配 is a share of the last year's verified emissions; the final allocation
核定分配 is computed unit by unit from the year's activity; their difference is issued, or returned by the
holder (多退少补).
Source for 2023–2024: 国环规气候〔2024〕1号.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, select, update

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks, packs
from tanshu.compliance.tables import ALLOCATION
from tanshu.mrv import queries as mrv
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Right, Subject
from tanshu.registry import queries as registry
from tanshu.registry.model import Propose, Proposed, ProposedLine, TransactionState
from tanshu.registry.service import decide_proposal
from tanshu.rules import power

STAGES = {"pre": "pre-allocation", "final": "final-allocation"}


@dataclass(frozen=True, slots=True)
class Allocate:
    """Decide one entity's allocation of a year. batch groups the transactions of one round."""

    subject: str
    year: int
    stage: str
    batch: str = ""


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
    subject = need(parties.subject(act.conn, command.subject))
    refused = _may_allocate(act, subject) or _allocable(act, subject, command)
    if refused:
        return refused
    computed = need(compute(act, subject, command.year, command.stage))
    _record(act, subject, command, computed)
    answer: dict[str, Any] = {
        "subject": subject.handle,
        "year": command.year,
        "stage": command.stage,
        "quantity": computed.quantity,
        "issue_t": computed.issue_t,
        "transaction": None,
        "watermark": computed.explanation.get("watermark"),
    }
    if computed.issue_t > 0:
        proposed = decide_proposal(act, _proposal(act, subject, command, computed.issue_t))
        if isinstance(proposed, Refusal):
            return proposed
        answer |= {"transaction": proposed["id"], "next": proposed["next"]}
    return answer


def compute(act: Act, subject: Subject, year: int, stage: str) -> Computed | Refusal:
    """The numbers of a stage, from what MRV and the rule pack say now."""
    pack = packs.power(act.conn, year, allow_draft=act.ctx.allow_draft)
    if stage == "pre":
        last = mrv.verified_of(act.conn, subject.id, year - 1)
        if last is None:
            return checks.NO_EMISSIONS(field="year", subject=subject.name, year=year - 1)
        quantity = power.pre_allocation(pack, last)
        if isinstance(quantity, Refusal):
            return quantity
        explanation = {"last_verified_t": last, "pre_allocated_t": quantity, "pack": pack.name}
        return Computed(quantity, None, quantity, explanation)
    return _final(act, subject, year, pack)


def _final(act: Act, subject: Subject, year: int, pack: packs.Pack) -> Computed | Refusal:
    units = mrv.units(act.conn, subject.id, year)
    if not units:
        return checks.NO_ACTIVITY(field="year", subject=subject.name, year=year)
    result = need(power.allocate(pack, units))
    verified = mrv.verified_of(act.conn, subject.id, year)
    if verified is None:
        return checks.NO_EMISSIONS(field="year", subject=subject.name, year=year)
    if result.verified_t != verified:
        return checks.MISMATCH(subject=subject.name, year=year, units=result.verified_t, entity=verified)
    pre = act.conn.execute(
        select(ALLOCATION.c.quantity).where(
            ALLOCATION.c.subject_id == subject.id, ALLOCATION.c.year == year, ALLOCATION.c.stage == "pre"
        )
    ).scalar()
    issue = power.true_up(result.approved_t, pre or 0)
    return Computed(result.approved_t, result.obligation_t, issue, result.as_json())


def _may_allocate(act: Act, subject: Subject) -> Refusal | None:
    authority = parties.authority_of(act.conn, subject.region)
    if authority is None:
        return checks.NOT_COVERED(field="subject", subject=subject.name, year="-")
    allowed = may(act.conn, act.actor, Right.MAKER, authority.id)
    return allowed if isinstance(allowed, Refusal) else None


def _allocable(act: Act, subject: Subject, command: Allocate) -> Refusal | None:
    listed = mrv.listed(act.conn, command.year).get(subject.id)
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
        return checks.ALLOCATED(field="stage", subject=subject.name, year=command.year, stage=stage)
    if made.get("pre"):
        pre = registry.transaction(act.conn, made["pre"])
        if isinstance(pre, Refusal) or pre.state is TransactionState.PENDING:
            return checks.PRE_PENDING(field="stage", subject=subject.name, transaction=made["pre"])
    return None


def _record(act: Act, subject: Subject, command: Allocate, computed: Computed) -> None:
    act.conn.execute(
        insert(ALLOCATION).values(
            subject_id=subject.id,
            year=command.year,
            stage=command.stage,
            pack=computed.explanation["pack"],
            quantity=computed.quantity,
            obligation_t=computed.obligation_t,
            issue_t=computed.issue_t,
            transaction_id=None,
            explanation=canonical(computed.explanation).decode(),
            seq=act.seq,
        )
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
    if proposed.details.get("opening"):
        return _check_opening(act, proposed, vintages)
    if proposed.year is None:
        return checks.YEAR_NEEDED(field="year")
    due = packs.instrument(act.conn, proposed.year)
    if vintages != {due}:
        wrong = ", ".join(sorted(vintages - {due}))
        return checks.WRONG_VINTAGE(field="instrument", instrument=wrong, year=proposed.year, permitted=due)
    stage = "pre" if proposed.type.code == STAGES["pre"] else "final"
    row = act.conn.execute(_decision(proposed, stage)).first()
    theirs = None if proposed.at_proposal else proposed.id
    if row is None or row.issue_t != proposed.quantity or row.transaction_id != theirs:
        return checks.NOT_DECIDED(field="quantity", year=proposed.year, quantity=proposed.quantity)
    return None


def link_allocation(act: Act, proposed: Proposed) -> None:
    """Remember which transaction carries the decision out."""
    if not proposed.details.get("opening"):
        stage = "pre" if proposed.type.code == STAGES["pre"] else "final"
        _link(act, proposed, stage, proposed.id)


def unlink_allocation(act: Act, proposed: Proposed) -> None:
    """A dropped allocation leaves no decision behind: it can be made anew."""
    if not proposed.details.get("opening"):
        stage = "pre" if proposed.type.code == STAGES["pre"] else "final"
        act.conn.execute(
            ALLOCATION.delete().where(
                ALLOCATION.c.subject_id == proposed.subject.id,
                ALLOCATION.c.year == proposed.year,
                ALLOCATION.c.stage == stage,
            )
        )


def check_return(act: Act, proposed: Proposed) -> Refusal | None:
    """A return of excess is exactly what the final allocation says is to be returned."""
    if proposed.year is None:
        return checks.YEAR_NEEDED(field="year")
    row = act.conn.execute(_decision(proposed, "final")).first()
    due = -row.issue_t if row and row.issue_t < 0 else 0
    taken = row and row.transaction_id not in (None, proposed.id)
    if due != proposed.quantity or taken:
        return checks.RETURN_NOT_DUE(
            field="quantity",
            subject=proposed.subject.name,
            year=proposed.year,
            due=0 if taken else due,
            quantity=proposed.quantity,
        )
    permitted = packs.instrument(act.conn, proposed.year)
    for line in proposed.lines:
        if line.instrument.code != permitted:
            return checks.WRONG_VINTAGE(
                field="instrument",
                instrument=line.instrument.code,
                year=proposed.year,
                permitted=permitted,
            )
    return None


def link_return(act: Act, proposed: Proposed) -> None:
    _link(act, proposed, "final", proposed.id)


def unlink_return(act: Act, proposed: Proposed) -> None:
    _link(act, proposed, "final", None)


def _check_opening(act: Act, proposed: Proposed, vintages: set[str]) -> Refusal | None:
    for line in proposed.lines:
        year = line.instrument.vintage
        if year is None or act.today <= packs.deadline(act.conn, year):
            return checks.OPENING_TOO_YOUNG(field="instrument", instrument=", ".join(sorted(vintages)))
    return None


def _decision(proposed: Proposed, stage: str) -> Any:
    return select(ALLOCATION).where(
        ALLOCATION.c.subject_id == proposed.subject.id,
        ALLOCATION.c.year == proposed.year,
        ALLOCATION.c.stage == stage,
    )


def _link(act: Act, proposed: Proposed, stage: str, id: str | None) -> None:
    act.conn.execute(
        update(ALLOCATION)
        .where(
            ALLOCATION.c.subject_id == proposed.subject.id,
            ALLOCATION.c.year == proposed.year,
            ALLOCATION.c.stage == stage,
        )
        .values(transaction_id=id)
    )
