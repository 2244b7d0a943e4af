"""An accepted table becomes decisions and transactions, part by part, each part one entry, all or nothing.

Each row's quantity is what the sealed table says; what an entity owes from earlier decisions is deducted
first. A row that issues something is proposed in the register by the province's maker: the chain of the
transaction goes on from there. One that issues nothing, or is withheld, waits for a checker's word.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.canonical import canonical
from tanshu.base.memo import remember, remembering
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import deductions, packs, telling, uploads, withheld
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.allocation import STAGE_LABELS, STAGES
from tanshu.compliance.checks import STAGE_UNKNOWN
from tanshu.compliance.deductions import Owing
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.upload_findings import computed, with_activity
from tanshu.compliance.upload_tables import ALLOCATION_UPLOAD
from tanshu.mrv import queries as mrv
from tanshu.mrv import service as mrv_service
from tanshu.parties import queries as parties
from tanshu.parties.authority import may
from tanshu.parties.model import Account, AccountKind, Right, Subject
from tanshu.registry import queries as registry
from tanshu.registry.model import Propose, ProposedLine
from tanshu.registry.service import decide_proposal
from tanshu.rules.pack_model import Pack

PART_MAX = 500
"""Rows that one entry loads."""


@dataclass(frozen=True, slots=True)
class LoadUpload:
    """The next rows of an accepted upload: `count` of them from place `first` on."""

    upload: str
    first: int
    count: int
    batch: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmMany:
    """A checker's word on decisions of a stage that issue nothing, by their subjects' handles."""

    year: int
    stage: str
    subjects: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    """What a part is decided on, read once for all its rows."""

    upload: Row[Any]
    stage: str
    year: int
    batch: str
    authority: Subject
    staging: Account
    instrument: str
    pack: Pack
    subjects: Mapping[str, Subject]
    owed: Mapping[str, list[Owing]]
    pre: Mapping[str, int]
    decided: frozenset[str]
    listed: Mapping[str, mrv.Listed]
    active: frozenset[str]
    verified: Mapping[str, int]


@verb("compliance.load-upload")
def load_upload(act: Act, command: LoadUpload) -> Decision:
    """Make the next rows of an accepted upload decisions, and propose what they issue.

    By a maker of the province. Refuses with CMP-6011, 6018…6021 (the upload, its order, the province's
    account), CMP-6035…6043 (a row no longer stands), or the register's own codes; the field names the row.
    """
    upload = need(uploads.find(act.conn, command.upload))
    authority = parties.authority_of(act.conn, upload.region)
    assert authority is not None, "an upload is of a province that is registered"
    need(may(act.conn, act.actor, Right.MAKER, authority.id))
    refused = _in_turn(upload, command)
    if refused:
        return refused
    rows = uploads.rows(act.conn, upload.id, first=command.first, count=command.count)
    with remembering():  # what is decided here changes no account, no person, no list
        part = _part(act, upload, authority, rows, command.batch)
        remember(parties.subject, {one.handle: one for one in part.subjects.values()})
        remember(parties.subject_by_id, {one.id: one for one in part.subjects.values()})
        accounts = parties.accounts_of_all(act.conn, [one.id for one in part.subjects.values()])
        known = {(one.subject_id, one.kind): one for theirs in accounts.values() for one in theirs}
        remember(parties.account_of, known)
        settled = [_settled(act, part, row) for row in rows]
        refused = _staged(act, part, sum(max(0, issue) for _, issue, _ in settled))
        if refused:
            return refused
        act.insert(ALLOCATION, *(decision for _, _, decision in settled))
        year, why = _ground_of(part.stage, part.year)
        mrv_service.lock_all(act, [subject.id for subject, _, _ in settled], year, why)
        made: list[str | None] = []
        for row, (subject, issue_t, _) in zip(rows, settled, strict=True):
            kept = issue_t <= 0 or withheld.applies(act.conn, subject.id, part.year, part.stage)
            made.append(None if kept else _propose(act, part, subject, issue_t, row))
    loaded = command.first + len(rows)
    act.update(ALLOCATION_UPLOAD, {"id": upload.id}, loaded=loaded)
    return {
        "upload": upload.id,
        "loaded": loaded,
        "of": upload.entities,
        "quantity": sum(row.quantity for row in rows),
        "issue_t": sum(issue for _, issue, _ in settled),
        "transactions": [id for id in made if id],
        "to_confirm": [subject.handle for subject, issue, _ in settled if issue <= 0],
        "withheld": [
            subject.handle
            for (subject, issue, _), id in zip(settled, made, strict=True)
            if issue > 0 and not id
        ],
        "batch": part.batch,
    }


def _in_turn(upload: Row[Any], command: LoadUpload) -> Refusal | None:
    if upload.state != "accepted":
        state = checks.STATE_LABELS[upload.state]
        return checks.NOT_ACCEPTED(field="upload", id=upload.id, state=state)
    if not 1 <= command.count <= PART_MAX:
        return checks.PART_SIZE(field="count", limit=PART_MAX)
    if command.first != upload.loaded or command.first >= upload.entities:
        return checks.OUT_OF_TURN(field="first", id=upload.id, loaded=upload.loaded, first=command.first)
    return None


def _part(act: Act, upload: Row[Any], authority: Subject, rows: Sequence[Row[Any]], batch: str) -> _Part:
    conn = act.conn
    subjects = parties.subjects_coded(conn, [row.credit_code for row in rows])
    staging = parties.account_of(conn, authority.id, AccountKind.PROVINCIAL)
    if staging is None:
        raise Refused(checks.STAGING_SHORT(field="account", account="-", available=0, needed=upload.total_t))
    concerned = {one.id for one in subjects.values()}
    columns = (ALLOCATION.c.subject_id, ALLOCATION.c.stage, ALLOCATION.c.quantity)
    decided = select(*columns).where(ALLOCATION.c.year == upload.year, ALLOCATION.c.subject_id.in_(concerned))
    made = conn.execute(decided).all()
    return _Part(
        upload=upload,
        stage=upload.stage,
        year=upload.year,
        batch=batch or f"{upload.year}-{upload.stage}-{upload.id}",
        authority=authority,
        staging=staging,
        instrument=packs.instrument(conn, upload.year),
        pack=packs.allocation(conn, upload.year, allow_draft=act.ctx.allow_draft),
        subjects=subjects,
        owed=deductions.owing(conn, concerned),
        pre={subject: quantity for subject, stage, quantity in made if stage == "pre"},
        listed=mrv.listed(conn, upload.year, among=concerned),
        active=with_activity(conn, upload.year),
        verified=mrv.verified(conn, _ground_of(upload.stage, upload.year)[0], among=concerned),
        decided=frozenset(subject for subject, stage, _ in made if stage in (upload.stage, "final")),
    )


Settlement = tuple[Subject, int, dict[str, Any]]
"""Whose it is, the tonnes to issue (negative: to be given back), and the decision's row."""


def _settled(act: Act, part: _Part, row: Row[Any]) -> Settlement:
    """A row as a decision. Raises Refused where it no longer stands."""
    subject = part.subjects.get(row.credit_code)
    refused = _fallen(part, subject, row)
    if refused:
        raise Refused(refused.at(f"rows[{row.n}]"))
    assert subject is not None
    pre = part.pre.get(subject.id, 0) if part.stage == "final" else 0
    owed = part.owed.get(subject.id, [])
    settled = deductions.of_stage(owed, part.year, row.quantity, pre)
    deductions.take(act, owed, settled, subject.id, part.year, f"{part.stage}-{part.year}")
    facts = json.loads(row.facts)
    told: dict[str, Any] = {
        "upload": part.upload.id,
        "row": row.sheet_row,
        "facts": facts,
        "pack": part.pack.name,
        "watermark": part.pack.watermark,
    }
    if owed:
        told |= {"deduction": asdict(settled), "draft": deductions.DRAFT}
    return (
        subject,
        settled.issue_t,
        {
            "subject_id": subject.id,
            "year": part.year,
            "stage": part.stage,
            "pack": part.pack.name,
            "quantity": row.quantity,
            "obligation_t": _obligation(act, part, subject, facts),
            "issue_t": settled.issue_t,
            "transaction_id": None,
            "explanation": canonical(told).decode(),
            "maker": act.actor,
            "in_force": False,
            "seq": act.seq,
        },
    )


def _fallen(part: _Part, subject: Subject | None, row: Row[Any]) -> Refusal | None:
    """What may have changed since the table was uploaded."""
    if subject is None:
        return checks.CODE_UNKNOWN(field="credit_code", value=row.credit_code)
    listed = part.listed.get(subject.id)
    if listed is None:
        return checks.NOT_LISTED(field="credit_code", year=part.year)
    if listed.excluded:
        return checks.LIST_EXCLUDED(field="credit_code", year=part.year)
    if subject.id in part.decided:
        stage = STAGE_LABELS[part.stage]
        return checks.DECIDED_ALREADY(field="credit_code", year=part.year, stage=stage)
    facts, known = json.loads(row.facts), part.verified.get(subject.id)
    column = "last_verified_t" if part.stage == "pre" else "verified_t"
    if known is not None and facts[column] not in (None, known):
        return checks.FACT_DIFFERS(field=column, known=known)
    return None


def _obligation(act: Act, part: _Part, subject: Subject, facts: Mapping[str, Any]) -> int | None:
    """What must be surrendered: as the rule pack has it where there are data, else the verified emissions."""
    if part.stage == "pre":
        return None
    own = computed(act, subject, part.year, part.stage) if subject.id in part.active else None
    return facts["verified_t"] if own is None else own.obligation_t


def _staged(act: Act, part: _Part, needed: int) -> Refusal | None:
    """Units go through the province's account; they are there before any of them is promised."""
    instrument = need(registry.instrument(act.conn, part.instrument))
    available = act.cell(part.staging.number, instrument.number).available
    if available >= needed:
        return None
    return checks.STAGING_SHORT(
        field="account", account=part.staging.code, available=available, needed=needed
    )


def _propose(act: Act, part: _Part, subject: Subject, quantity: int, row: Row[Any]) -> str:
    answer = decide_proposal(
        act,
        Propose(
            type=STAGES[part.stage],
            lines=(ProposedLine(part.instrument, quantity),),
            subject=subject.handle,
            year=part.year,
            batch=part.batch,
            details={"upload": part.upload.id, "row": row.sheet_row},
        ),
    )
    if isinstance(answer, Refusal):
        raise Refused(answer.at(f"rows[{row.n}]"))
    return answer["id"]


def _ground_of(stage: str, year: int) -> tuple[int, str]:
    """The year whose data a decision rests on, and the name of the decision."""
    return (year - 1, f"pre-{year}") if stage == "pre" else (year, f"final-{year}")


@verb("compliance.confirm-allocations")
def confirm_many(act: Act, command: ConfirmMany) -> Decision:
    """Put decisions that issue nothing into force: by a checker of the province who did not make them."""
    if command.stage not in STAGES:
        return STAGE_UNKNOWN(field="stage", value=command.stage)
    if not 1 <= len(command.subjects) <= PART_MAX:
        return checks.PART_SIZE(field="subjects", limit=PART_MAX)
    for n, handle in enumerate(command.subjects):
        refused = _confirm(act, command, handle)
        if refused:
            return refused.at(f"subjects[{n}]")
    return {"year": command.year, "stage": command.stage, "in_force": len(command.subjects)}


def _confirm(act: Act, command: ConfirmMany, handle: str) -> Refusal | None:
    subject = need(parties.subject(act.conn, handle))
    deductions.in_charge(act, subject, Right.CHECKER)
    this = {"subject_id": subject.id, "year": command.year, "stage": command.stage}
    where = [ALLOCATION.c[name] == value for name, value in this.items()]
    row = act.conn.execute(select(ALLOCATION).where(*where)).first()
    kept = withheld.applies(act.conn, subject.id, command.year, command.stage)
    if row is None or row.in_force or (row.issue_t > 0 and not kept):
        return checks.NOTHING_WAITS(field="subject", subject=subject.name, year=command.year)
    if row.maker == act.actor:
        return checks.SAME_PERSON_DECIDED(field="as", person=act.actor)
    refused = withheld.keep(act, subject, command.year, row.issue_t) if row.issue_t > 0 else None
    if refused:
        return refused
    act.update(ALLOCATION, this, in_force=True)
    telling.allocated(act, subject.id, command.year, command.stage, row.quantity, issued=0)
    if row.issue_t > 0:
        telling.withheld(act, subject.id, command.year, row.issue_t)
    return None


def waiting(conn: Connection, upload: Row[Any]) -> list[str]:
    """The handles of an upload's entities whose decision delivers nothing and waits for a checker's word."""
    idle = (ALLOCATION.c.transaction_id.is_(None), ALLOCATION.c.in_force.is_(False))
    here = (ALLOCATION.c.year == upload.year, ALLOCATION.c.stage == upload.stage)
    waits = set(conn.execute(select(ALLOCATION.c.subject_id).where(*here, *idle)).scalars())
    rows = uploads.rows(conn, upload.id, count=upload.loaded)
    subjects = parties.subjects_coded(conn, [row.credit_code for row in rows])
    loaded = [subjects[row.credit_code] for row in rows]
    return [one.handle for one in loaded if one.id in waits]
