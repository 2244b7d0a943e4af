"""协助查询: a court or authority asks about a subject; two people let it pass; it is answered and told.

A clerk enters what the letter asks, a second person approves, the answer gets a number and its hash is kept.
What is answered follows from the log as of the moment asked about: made again, it is the same to the letter.
Every step is an entry, and so is every later reading. Nothing of the officer who asks enters the log but a
role and a salted hash; the salt stays with the letter.
Source: 民事诉讼法 on assistance in inquiry and execution (recalled); that a second person approves and that
readings are told is the house's own rule.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, func, select

from tanshu.base.canonical import canonical, digest
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book import queries as book_queries
from tanshu.book.commit import Act, Decision, verb
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, SubjectKind
from tanshu.parties.tables import SUBJECT
from tanshu.registry import inquiry_checks as checks
from tanshu.registry.inquiry_tables import INQUIRY, INQUIRY_READING

HOLDINGS, HISTORY, CLAIMS = "holdings", "history", "claims"
WHAT: Mapping[str, Text] = {
    HOLDINGS: Text("持有情况", "holdings"),
    HISTORY: Text("变动明细", "history of movements"),
    CLAIMS: Text("冻结、质押等权利负担", "freezes, pledges and other claims"),
}
_SHA256 = re.compile(r"[0-9a-f]{64}")


class InquiryState(StrEnum):
    REQUESTED = "requested"
    APPROVED = "approved"
    REFUSED = "refused"
    ANSWERED = "answered"


STATE_LABELS = {
    InquiryState.REQUESTED: Text("待审批", "requested"),
    InquiryState.APPROVED: Text("已批准", "approved"),
    InquiryState.REFUSED: Text("已退回", "refused"),
    InquiryState.ANSWERED: Text("已答复", "answered"),
}


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One inquiry. History is of the entries from_seq < seq ≤ as_of_seq; the rest is as of as_of_seq.

    number: (year, n) of its answer, None before there is one.
    """

    id: str
    authority: str
    document: str
    document_sha256: str | None
    officer_role: str
    officer_hash: str
    subject_id: str
    what: tuple[str, ...]
    from_seq: int
    as_of_seq: int
    state: InquiryState
    requested_by: str
    requested_seq: int
    decided_by: str | None
    decided_seq: int | None
    comment: str
    number: tuple[int, int] | None
    answered_by: str | None
    answered_seq: int | None
    answer_sha256: str | None

    @property
    def answer_number(self) -> str:
        """As it is written on the answer: 2024-00017."""
        return f"{self.number[0]}-{self.number[1]:05d}" if self.number else ""


@dataclass(frozen=True, slots=True)
class Reading:
    """One later look at an answer."""

    n: int
    person: str
    purpose: str
    seq: int
    time_ns: int


# -- commands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestInquiry:
    """What a letter asks. as_of and since: `seq:N` or a Shanghai date, "" for now and for the beginning.

    officer_hash: see `officer_hash`. document_sha256: of the letter, "" where only the paper is kept.
    """

    authority: str
    document: str
    subject: str
    what: tuple[str, ...]
    officer_role: str
    officer_hash: str
    as_of: str = ""
    since: str = ""
    document_sha256: str = ""


@dataclass(frozen=True, slots=True)
class DecideInquiry:
    inquiry: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class AnswerInquiry:
    """sha256: of what the answer says (inquiry_answer.facts, as canonical JSON)."""

    inquiry: str
    sha256: str


@dataclass(frozen=True, slots=True)
class ReadInquiry:
    inquiry: str
    purpose: str


def officer_hash(officer: str, salt: bytes) -> str:
    """The salted hash of who asks. The salt is random and stays with the letter: whoever has both can show
    who it was, and nobody can find out by trying names."""
    return digest(canonical({"officer": officer.strip(), "salt": salt})).hex()


# -- verbs -------------------------------------------------------------------------------------------------


@verb("registry.request-inquiry")
def request(act: Act, command: RequestInquiry) -> Decision:
    """Enter an inquiry: by a maker of the registry. Refuses with REG-7002 to 7005, 7008, 7011."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    refused = _flaw(command)
    if refused:
        return refused
    subject = need(parties.subject(act.conn, command.subject))
    as_of, since = need(_as_of(act, command.as_of)), need(_since(act, command.since))
    if since >= as_of:
        return checks.PERIOD_ORDER(field="since", since=command.since, as_of=command.as_of or f"seq:{as_of}")
    if _registered(act.conn, subject.id) > as_of:
        return checks.BEFORE_SUBJECT(field="as_of", handle=subject.handle, as_of=as_of)
    before = _same_letter(act.conn, command, subject.id)
    if before:
        return checks.ASKED_ALREADY(
            field="document",
            authority=command.authority.strip(),
            document=command.document.strip(),
            id=before,
        )
    id = act.id("INQ")
    act.insert(
        INQUIRY,
        {
            "id": id,
            "authority": command.authority.strip(),
            "document": command.document.strip(),
            "document_sha256": command.document_sha256 or None,
            "officer_role": command.officer_role.strip(),
            "officer_hash": command.officer_hash,
            "subject_id": subject.id,
            "what": ",".join(one for one in WHAT if one in command.what),
            "from_seq": since,
            "as_of_seq": as_of,
            "state": InquiryState.REQUESTED,
            "requested_by": act.actor,
            "requested_seq": act.seq,
            "comment": "",
        },
    )
    return {"id": id, "state": InquiryState.REQUESTED, "subject": subject.handle, "as_of_seq": as_of}


@verb("registry.approve-inquiry")
def approve(act: Act, command: DecideInquiry) -> Decision:
    """Let an inquiry pass: by a checker of the registry who did not enter it."""
    return _decide(act, command, InquiryState.APPROVED)


@verb("registry.refuse-inquiry")
def refuse(act: Act, command: DecideInquiry) -> Decision:
    """Send an inquiry back, with the reason: by a checker of the registry who did not enter it."""
    if not command.comment.strip():
        return checks.WORDS_NEEDED(field="comment", name=Text("退回理由", "reason for refusing"))
    return _decide(act, command, InquiryState.REFUSED)


@verb("registry.answer-inquiry")
def answer(act: Act, command: AnswerInquiry) -> Decision:
    """Give an approved inquiry its number and keep the hash of what it is told: by the registry's people."""
    _of_the_registry(act)
    inquiry = need(_in_state(act.conn, command.inquiry, InquiryState.APPROVED))
    if not _SHA256.fullmatch(command.sha256):
        return checks.HASH_FORM(field="sha256", value=command.sha256)
    year = act.today.year
    newest = select(func.max(INQUIRY.c.number)).where(INQUIRY.c.year == year)
    number = (act.conn.execute(newest).scalar() or 0) + 1
    act.update(
        INQUIRY,
        {"id": inquiry.id},
        state=InquiryState.ANSWERED,
        year=year,
        number=number,
        answered_by=act.actor,
        answered_seq=act.seq,
        answer_sha256=command.sha256,
    )
    return {"id": inquiry.id, "state": InquiryState.ANSWERED, "number": f"{year}-{number:05d}"}


@verb("registry.read-inquiry")
def read(act: Act, command: ReadInquiry) -> Decision:
    """Tell that somebody of the registry looks at an answer again, and what for."""
    _of_the_registry(act)
    inquiry = need(_in_state(act.conn, command.inquiry, InquiryState.ANSWERED))
    if not command.purpose.strip():
        return checks.WORDS_NEEDED(field="purpose", name=Text("查阅目的", "purpose of the reading"))
    n = len(readings(act.conn, inquiry.id))
    act.insert(
        INQUIRY_READING,
        {
            "inquiry_id": inquiry.id,
            "n": n,
            "person": act.actor,
            "purpose": command.purpose.strip(),
            "seq": act.seq,
            "time_ns": act.now_ns,
        },
    )
    return {"id": inquiry.id, "number": inquiry.answer_number, "reading": n + 1}


def _flaw(command: RequestInquiry) -> Refusal | None:
    """What is wrong with a request by itself."""
    for field, name in (
        ("authority", Text("查询机关", "court or authority")),
        ("document", Text("文号", "number of the letter")),
        ("officer_role", Text("承办人职务", "role of the officer")),
    ):
        if not getattr(command, field).strip():
            return checks.WORDS_NEEDED(field=field, name=name)
    if not _SHA256.fullmatch(command.officer_hash):
        return checks.OFFICER_FORM(field="officer_hash")
    if command.document_sha256 and not _SHA256.fullmatch(command.document_sha256):
        return checks.HASH_FORM(field="document_sha256", value=command.document_sha256)
    if not command.what:
        return checks.WORDS_NEEDED(field="what", name=Text("查询内容", "matters asked about"))
    for one in command.what:
        if one not in WHAT:
            return checks.WHAT_UNKNOWN(field="what", value=one, known=", ".join(WHAT))
    return None


def _decide(act: Act, command: DecideInquiry, state: InquiryState) -> Decision:
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    inquiry = need(_in_state(act.conn, command.inquiry, InquiryState.REQUESTED))
    if inquiry.requested_by == act.actor:
        return checks.SAME_PERSON(field="as", person=act.actor)
    act.update(
        INQUIRY,
        {"id": inquiry.id},
        state=state,
        decided_by=act.actor,
        decided_seq=act.seq,
        comment=command.comment.strip(),
    )
    return {"id": inquiry.id, "state": state}


def _of_the_registry(act: Act) -> None:
    """Makers and checkers alike: that the inquiry was approved is what counts."""
    found = may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY)
    if isinstance(found, Refusal):
        need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))


def _as_of(act: Act, text: str) -> int | Refusal:
    """The entry that the answer is as of: never this one or a later one, which nobody knows yet."""
    if not text.strip():
        return act.seq - 1
    return book_queries.moment(act.conn, store.REGISTRY_LOG, text)


def _since(act: Act, text: str) -> int | Refusal:
    if not text.strip():
        return -1
    return book_queries.before(act.conn, store.REGISTRY_LOG, text, field="since")


def _registered(conn: Connection, subject_id: str) -> int:
    return conn.execute(select(SUBJECT.c.seq).where(SUBJECT.c.id == subject_id)).scalar_one()


def _same_letter(conn: Connection, command: RequestInquiry, subject_id: str) -> str | None:
    query = select(INQUIRY.c.id).where(
        INQUIRY.c.subject_id == subject_id,
        INQUIRY.c.authority == command.authority.strip(),
        INQUIRY.c.document == command.document.strip(),
        INQUIRY.c.state != InquiryState.REFUSED,
    )
    return conn.execute(query.limit(1)).scalar()


def _in_state(conn: Connection, id: str, needed: InquiryState) -> Inquiry | Refusal:
    found = inquiry(conn, id)
    if isinstance(found, Refusal) or found.state is needed:
        return found
    state, wanted = STATE_LABELS[found.state], STATE_LABELS[needed]
    return checks.NOT_NOW(field="inquiry", id=found.id, state=state, needed=wanted)


# -- asking ------------------------------------------------------------------------------------------------


def inquiry(conn: Connection, id: str) -> Inquiry | Refusal:
    row = conn.execute(select(INQUIRY).where(INQUIRY.c.id == id.strip())).first()
    return _inquiry(row) if row else checks.INQUIRY_UNKNOWN(field="inquiry", id=id)


def inquiries(
    conn: Connection,
    *,
    subject_id: str | None = None,
    state: InquiryState | None = None,
    before: int | None = None,
    limit: int = 50,
) -> Sequence[Inquiry]:
    """The newest inquiries entered before entry `before`, newest first."""
    query = select(INQUIRY)
    if subject_id is not None:
        query = query.where(INQUIRY.c.subject_id == subject_id)
    if state is not None:
        query = query.where(INQUIRY.c.state == state)
    if before is not None:
        query = query.where(INQUIRY.c.requested_seq < before)
    rows = conn.execute(query.order_by(INQUIRY.c.requested_seq.desc()).limit(limit))
    return [_inquiry(row) for row in rows]


def readings(conn: Connection, inquiry_id: str) -> Sequence[Reading]:
    """Who read the answer later, in order."""
    t = INQUIRY_READING.c
    rows = conn.execute(select(INQUIRY_READING).where(t.inquiry_id == inquiry_id).order_by(t.n))
    return [Reading(row.n, row.person, row.purpose, row.seq, row.time_ns) for row in rows]


def _inquiry(row: Row[Any]) -> Inquiry:
    facts = dict(row._mapping)
    year, n = facts.pop("year"), facts.pop("number")
    facts["what"], facts["state"] = tuple(facts["what"].split(",")), InquiryState(facts["state"])
    return Inquiry(**facts, number=None if n is None else (year, n))
