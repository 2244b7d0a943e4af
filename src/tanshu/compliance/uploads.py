"""Allocation tables 分配相关数据表: uploaded by the province, sealed on paper, compared, loaded.

    province's maker uploads · registry's maker keys the sealed letter · registry's checker compares
    → province's maker loads: decisions and transactions, part by part → the chain of the transactions

The sealed letter's count, tonnes and SHA-256 are keyed by another person, from paper. Where one of the three
differs, the whole batch goes back and nothing of it is loaded. Every attempt stays: hash, who, findings.
Source: 国环规气候〔2024〕1号, annex 6 (platform data and sealed paper).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.canonical import canonical
from tanshu.base.quantity import QUANTITY_MAX, check_year
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.compliance import checks as compliance_checks
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.allocation import STAGES
from tanshu.compliance.upload_findings import judge
from tanshu.compliance.upload_model import CompareUpload, KeySealedLetter, UploadAllocation
from tanshu.compliance.upload_tables import (
    ALLOCATION_UPLOAD,
    ALLOCATION_UPLOAD_FINDING,
    ALLOCATION_UPLOAD_ROW,
    SEALED_LETTER,
)
from tanshu.parties import queries as parties
from tanshu.parties.authority import may, may_for_kind
from tanshu.parties.model import Right, Subject, SubjectKind

FINDINGS_KEPT = 500
"""Findings of one upload that are kept; all are counted."""
COUNT_MAX = 2**31 - 1
"""Entities of a table: what every database can keep."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


@verb("compliance.upload-allocation")
def upload_allocation(act: Act, command: UploadAllocation) -> Decision:
    """Keep an attempt with everything found in it; `open` where nothing stands in the way.

    By a maker of the province. Refuses with CMP-1001 (stage), CMP-6006 (no rows), CMP-6008 (hash).
    """
    if command.stage not in STAGES:
        return compliance_checks.STAGE_UNKNOWN(field="stage", value=command.stage)
    need(check_year(command.year))
    authority = need(_authority(act.conn, command.authority))
    need(may(act.conn, act.actor, Right.MAKER, authority.id))
    if not _SHA256.fullmatch(command.sha256):
        return checks.SHA256_FORM(field="sha256", value=command.sha256)
    if not command.rows:
        return checks.NO_ENTITIES(field="rows")
    judged = judge(act, authority, command)
    id = act.id("UPL")
    errors = sum(one.severity == "error" for one in judged.findings)
    row = {
        "id": id,
        "region": authority.region,
        "year": command.year,
        "stage": command.stage,
        "file": command.file,
        "sheet": command.sheet,
        "sha256": command.sha256,
        "size": command.size,
        "entities": len(command.rows),
        "total_t": sum(one.quantity or 0 for one in judged.rows),
        "errors": errors,
        "warnings": len(judged.findings) - errors,
        "state": "faulty" if errors else "open",
        "letter_id": None,
        "compared_by": None,
        "mismatch": None,
        "loaded": 0,
        "maker": act.actor,
        "seq": act.seq,
    }
    act.insert(ALLOCATION_UPLOAD, row)
    act.insert(
        ALLOCATION_UPLOAD_ROW,
        *(
            {
                "upload_id": id,
                "n": n,
                "sheet_row": one.number,
                "credit_code": one.credit_code,
                "name": one.name,
                "quantity": one.quantity,
                "facts": canonical(one.facts).decode(),
            }
            for n, one in enumerate(judged.rows)
        ),
    )
    kept = judged.findings[:FINDINGS_KEPT]
    if kept:
        act.insert(ALLOCATION_UPLOAD_FINDING, *(one.as_row(id, n) for n, one in enumerate(kept)))
    return {
        "upload": id,
        "state": row["state"],
        "count": row["entities"],
        "total_t": row["total_t"],
        "errors": errors,
        "warnings": row["warnings"],
    }


@verb("compliance.key-sealed-letter")
def key_sealed_letter(act: Act, command: KeySealedLetter) -> Decision:
    """Key what the sealed letter says, from paper: by a maker of the registry, who sees no upload for it."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    if command.stage not in STAGES:
        return compliance_checks.STAGE_UNKNOWN(field="stage", value=command.stage)
    need(check_year(command.year))
    authority = need(_authority(act.conn, command.authority))
    if not _SHA256.fullmatch(command.sha256):
        return checks.SHA256_FORM(field="sha256", value=command.sha256)
    possible = 1 <= command.count <= COUNT_MAX and 0 <= command.total_t <= QUANTITY_MAX
    if not command.number.strip() or not possible:
        return checks.LETTER_FIGURES(field="letter")
    id = act.id("LTR")
    act.insert(
        SEALED_LETTER,
        {
            "id": id,
            "region": authority.region,
            "year": command.year,
            "stage": command.stage,
            "number": command.number.strip(),
            "dated": command.dated,
            "entities": command.count,
            "total_t": command.total_t,
            "sha256": command.sha256,
            "maker": act.actor,
            "seq": act.seq,
        },
    )
    return {"letter": id, "count": command.count, "total_t": command.total_t, "sha256": command.sha256}


@verb("compliance.compare-upload")
def compare_upload(act: Act, command: CompareUpload) -> Decision:
    """Accept an upload that is what was sealed, or return it whole, naming what differs.

    By a checker of the registry, not the one who keyed the letter. A return is a decision and is kept; its
    answer names count, tonnes or SHA-256. Refuses with CMP-6011…6016.
    """
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    upload = need(find(act.conn, command.upload))
    letter = act.conn.execute(
        select(SEALED_LETTER).where(SEALED_LETTER.c.id == command.letter.strip())
    ).first()
    if letter is None:
        return checks.LETTER_UNKNOWN(field="letter", id=command.letter)
    refused = _comparable(upload, letter, act.actor)
    if refused:
        return refused
    differs = mismatch(upload, letter)
    state = "returned" if differs else "accepted"
    names = ",".join(name for name, _, _ in differs)
    act.update(
        ALLOCATION_UPLOAD,
        {"id": upload.id},
        state=state,
        letter_id=letter.id,
        compared_by=act.actor,
        mismatch=names,
    )
    return {
        "upload": upload.id,
        "letter": letter.id,
        "state": state,
        "mismatch": [{"what": name, "uploaded": ours, "sealed": theirs} for name, ours, theirs in differs],
    }


def _comparable(upload: Row[Any], letter: Row[Any], person: str) -> Refusal | None:
    if upload.state == "faulty":
        return checks.FAULTY(field="upload", id=upload.id, errors=upload.errors)
    if upload.state != "open":
        return checks.NOT_OPEN(field="upload", id=upload.id, state=checks.STATE_LABELS[upload.state])
    if (upload.region, upload.year, upload.stage) != (letter.region, letter.year, letter.stage):
        return checks.OTHER_LETTER(field="letter", letter=letter.id)
    if letter.maker == person:
        return checks.SAME_PERSON(field="as", person=person)
    return None


def mismatch(upload: Row[Any], letter: Row[Any]) -> list[tuple[str, object, object]]:
    """What an upload and a letter do not agree on: (what, uploaded, sealed)."""
    pairs = (
        ("count", upload.entities, letter.entities),
        ("tonnes", upload.total_t, letter.total_t),
        ("sha256", upload.sha256, letter.sha256),
    )
    return [(name, ours, theirs) for name, ours, theirs in pairs if ours != theirs]


def _authority(conn: Connection, handle: str) -> Subject | Refusal:
    found = parties.subject(conn, handle)
    if isinstance(found, Subject) and found.kind is not SubjectKind.AUTHORITY:
        return compliance_checks.NO_AUTHORITY(field="authority", region=found.region)
    return found


# -- questions ----------------------------------------------------------------------------------------------


def find(conn: Connection, id: str) -> Row[Any] | Refusal:
    row = conn.execute(select(ALLOCATION_UPLOAD).where(ALLOCATION_UPLOAD.c.id == id.strip())).first()
    return checks.UPLOAD_UNKNOWN(field="upload", id=id) if row is None else row


def uploads(conn: Connection, *, year: int | None = None, stage: str = "") -> Sequence[Row[Any]]:
    """Every attempt, oldest first."""
    query = select(ALLOCATION_UPLOAD).order_by(ALLOCATION_UPLOAD.c.seq)
    if year is not None:
        query = query.where(ALLOCATION_UPLOAD.c.year == year)
    if stage:
        query = query.where(ALLOCATION_UPLOAD.c.stage == stage)
    return conn.execute(query).all()


def rows(conn: Connection, upload: str, *, first: int = 0, count: int | None = None) -> Sequence[Row[Any]]:
    """An upload's rows in the order of the file."""
    here = ALLOCATION_UPLOAD_ROW.c
    query = select(ALLOCATION_UPLOAD_ROW).where(here.upload_id == upload, here.n >= first)
    if count is not None:
        query = query.where(here.n < first + count)
    return conn.execute(query.order_by(here.n)).all()


def findings(conn: Connection, upload: str) -> Sequence[Row[Any]]:
    here = ALLOCATION_UPLOAD_FINDING.c
    query = select(ALLOCATION_UPLOAD_FINDING).where(here.upload_id == upload)
    return conn.execute(query.order_by(here.n)).all()


@dataclass(frozen=True, slots=True)
class Difference:
    """Between two uploads: credit codes added and removed, (code, before, after) changed; the totals."""

    added: tuple[tuple[str, int], ...]
    removed: tuple[tuple[str, int], ...]
    changed: tuple[tuple[str, int, int], ...]
    total_before_t: int
    total_after_t: int


def difference(conn: Connection, before: str, after: str) -> Difference:
    """What changed from one upload to another, by credit code. Raises Refused CMP-6011 (unknown)."""
    was, now = (need(find(conn, id)) for id in (before, after))
    old, new = ({row.credit_code: row.quantity or 0 for row in rows(conn, one.id)} for one in (was, now))
    return Difference(
        added=tuple((code, new[code]) for code in new if code not in old),
        removed=tuple((code, old[code]) for code in old if code not in new),
        changed=tuple((code, old[code], new[code]) for code in old if code in new and old[code] != new[code]),
        total_before_t=was.total_t,
        total_after_t=now.total_t,
    )


WHAT = {
    "count": Text("家数", "count"),
    "tonnes": Text("吨数", "tonnes"),
    "sha256": Text("文件哈希", "SHA-256"),
}


def returned(mismatches: Sequence[Mapping[str, object]]) -> Refusal:
    """A return as a sentence: what differed, uploaded against sealed."""
    parts = [(WHAT[str(one["what"])], one["uploaded"], one["sealed"]) for one in mismatches]
    zh = ";".join(f"{name.zh} {ours},盖章件 {theirs}" for name, ours, theirs in parts)
    en = "; ".join(f"{name.en} {ours}, sealed {theirs}" for name, ours, theirs in parts)
    return checks.MISMATCH(field="upload", what=Text(zh, en))
