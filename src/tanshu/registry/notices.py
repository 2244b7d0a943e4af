"""Notices 通知书: what a subject is told of what was done to it, and when that reached it.

Any verb issues one with `issue`, in the entry of what it tells of. Recording that it was served starts the
terms that run from service. The wording is written when it is asked for, from the facts that the log holds.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.canonical import canonical
from tanshu.base.clock import business_date
from tanshu.base.documents import Facts, Paper, Paragraphs
from tanshu.base.refusal import Refusal, need, refusal
from tanshu.base.text import Text
from tanshu.book.commit import Act, Book, Decision, verb
from tanshu.parties import queries as parties
from tanshu.parties.authority import may, may_for_kind
from tanshu.parties.model import Person, Right, Subject, SubjectKind
from tanshu.registry import papers
from tanshu.registry.notice_tables import NOTICE
from tanshu.registry.notice_texts import KINDS, OBJECTION, Fact, NoticeKind, body

NOTICE_UNKNOWN = refusal(
    "REG-6101",
    "没有通知书 {id}。用 tanshu notice list 查看。",
    "There is no notice {id}. `tanshu notice list` shows them.",
)
SERVED_ALREADY = refusal(
    "REG-6102",
    "通知书 {id} 的送达日已登记为 {served_on}({person} 登记),不能更改。",
    "The notice {id} is on record as served on {served_on} (by {person}); that day does not change.",
)
SERVED_WHEN = refusal(
    "REG-6103",
    "送达日 {served_on} 不在签发日 {issued} 与今日 {today} 之间。",
    "The day of service {served_on} must lie between {issued}, when it was issued, and today, {today}.",
)
NOTICE_KIND_UNKNOWN = refusal(
    "REG-6104",
    "没有“{value}”这种通知书,可用:{known}。",
    "There is no notice of the kind “{value}”; known are {known}.",
)
LETTER = "N"


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as the register keeps it. served_*: None until somebody records that it was served."""

    id: str
    kind: NoticeKind
    subject_id: str
    about: str
    facts: Mapping[str, Fact]
    issued_seq: int
    issued_ns: int
    served_on: date | None
    served_by: str | None
    served_seq: int | None


@dataclass(frozen=True, slots=True)
class ServeNotice:
    """Record the day on which a notice reached its subject."""

    notice: str
    served_on: date


def issue(act: Act, subject_id: str, kind: str, about: str, facts: Mapping[str, Fact]) -> str:
    """Tell a subject of something, in the entry that does it; returns the notice's id.

    kind: a key of `notice_texts.KINDS`, which says what facts its wording needs. about: the transaction,
    claim or decision it tells of. Nothing personal may be among the facts: they go into the log.
    """
    missing = KINDS[kind].needs - facts.keys()
    assert not missing, f"a notice of {kind} needs {sorted(missing)}"
    id = act.id("NTC")
    act.insert(
        NOTICE,
        {
            "id": id,
            "subject_id": subject_id,
            "kind": kind,
            "about": about,
            "facts": canonical(facts).decode(),
            "issued_seq": act.seq,
            "issued_ns": act.now_ns,
        },
    )
    return id


@verb("registry.serve-notice")
def serve(act: Act, command: ServeNotice) -> Decision:
    """Record that a notice was served: a maker of the registry, or of the province in charge.

    Refuses with REG-6101 (no such notice), 6102 (served already), 6103 (not a day it can have been) or
    PAR-3xxx.
    """
    notice = need(one(act.conn, command.notice))
    need(_may_serve(act, parties.subject_by_id(act.conn, notice.subject_id)))
    if notice.served_on is not None:
        return SERVED_ALREADY(
            field="notice", id=notice.id, served_on=notice.served_on, person=notice.served_by
        )
    issued = business_date(notice.issued_ns)
    if not issued <= command.served_on <= act.today:
        return SERVED_WHEN(field="served_on", served_on=command.served_on, issued=issued, today=act.today)
    act.update(
        NOTICE, {"id": notice.id}, served_on=command.served_on, served_by=act.actor, served_seq=act.seq
    )
    return {"notice": notice.id, "served_on": command.served_on.isoformat()}


# -- asking ------------------------------------------------------------------------------------------------


def one(conn: Connection, id: str) -> Notice | Refusal:
    """Refuses with REG-6101."""
    row = conn.execute(select(NOTICE).where(NOTICE.c.id == id.strip())).first()
    return NOTICE_UNKNOWN(field="notice", id=id) if row is None else _notice(row)


def of(
    conn: Connection,
    *,
    subject_id: str | None = None,
    about: str | None = None,
    kind: str | None = None,
    served: bool | None = None,
    upto: int | None = None,
    limit: int | None = None,
) -> list[Notice]:
    """Notices in the order in which they were issued; of more than `limit` the newest.

    upto: those of entries up to this one, and what was known of their service then.
    """
    t = NOTICE.c
    wanted = (("subject_id", subject_id), ("about", about), ("kind", kind))
    query = select(NOTICE).where(*(t[name] == value for name, value in wanted if value is not None))
    if upto is not None:
        query = query.where(t.issued_seq <= upto)
    if served is not None:
        query = query.where(t.served_on.is_not(None) if served else t.served_on.is_(None))
    rows = conn.execute(query.order_by(t.issued_seq.desc(), t.id.desc()).limit(limit)).all()
    found = [_notice(row) for row in reversed(rows)]
    return found if upto is None else [_as_known(one, upto) for one in found]


def served_on(conn: Connection, about: str, kind: str) -> date | None:
    """The day on which the newest notice of this kind about something was served; None while it was not."""
    found = of(conn, about=about, kind=kind, limit=1)
    return found[0].served_on if found else None


def kind_named(value: str) -> NoticeKind | Refusal:
    """Refuses with REG-6104."""
    found = KINDS.get(value)
    return found or NOTICE_KIND_UNKNOWN(field="kind", value=value, known=", ".join(KINDS))


def notice_paper(conn: Connection, book: Book, notice: Notice, *, stamp: Text | None = None) -> Paper:
    """The notice as a paper, as of the entry that issued it."""
    position = papers.position_of(conn, book, notice.issued_seq)
    subject = papers.subject_at(conn, notice.subject_id, position.seq)
    stamped = papers.stamps(conn, [subject], stamp)
    rows = (
        (Text("通知书", "Notice"), notice.id),
        (Text("事项编号", "About"), notice.about),
        (Text("签发时间", "Issued"), papers.when(notice.issued_ns)),
    )
    said = body(notice.kind, notice.facts)
    return papers.composed(
        conn,
        position,
        papers.number(LETTER, position, notice.id),
        stamped,
        title=notice.kind.title,
        lead=Text("公告:", "To all concerned:")
        if notice.kind.public
        else Text(f"{subject.name}:", f"To {subject.name}:"),
        parts=(
            Paragraphs((*said, *((OBJECTION,) if notice.kind.objection else ()))),
            Facts((*papers.subject_rows(subject), *rows)),
        ),
    )


def _may_serve(act: Act, subject: Subject) -> Person | Refusal:
    """The actor: a maker of the registry, or of the authority in charge of the subject."""
    by_registry = may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY)
    if not isinstance(by_registry, Refusal):
        return by_registry
    province = parties.authority_of(act.conn, subject.region)
    by_province = may(act.conn, act.actor, Right.MAKER, province.id) if province else by_registry
    return by_registry if isinstance(by_province, Refusal) else by_province


def _as_known(notice: Notice, upto: int) -> Notice:
    """A notice as it stood after entry `upto`: whether it was served may have been recorded later."""
    if notice.served_seq is None or notice.served_seq <= upto:
        return notice
    return replace(notice, served_on=None, served_by=None, served_seq=None)


def _notice(row: Row[Any]) -> Notice:
    return Notice(
        row.id,
        KINDS[row.kind],
        row.subject_id,
        row.about,
        json.loads(row.facts),
        row.issued_seq,
        row.issued_ns,
        row.served_on,
        row.served_by,
        row.served_seq,
    )
