"""Changes that wait for a second person: how one is asked for, and which there are."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.canonical import canonical, plain
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.commit import Act
from tanshu.parties import checks
from tanshu.parties.model import CHANGE_LABELS, Account, ChangeKind, Document, Person, Subject
from tanshu.parties.tables import CHANGE_REQUEST


class ChangeState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    DECLINED = "declined"


CHANGE_STATE_LABELS = {
    ChangeState.WAITING: Text("待复核", "waiting"),
    ChangeState.DONE: Text("已生效", "done"),
    ChangeState.DECLINED: Text("未同意", "declined"),
}


@dataclass(frozen=True, slots=True)
class Change:
    """A change somebody asked for. asked: what is to be, by kind. account: by its book number."""

    id: str
    kind: ChangeKind
    subject_id: str
    account: int | None
    asked: Mapping[str, Any]
    reason: str
    state: ChangeState
    asked_by: str
    asked_on: date
    asked_seq: int
    decided_by: str | None
    decided_for: str | None
    decided_seq: int | None
    comment: str


def ask(
    act: Act,
    kind: ChangeKind,
    subject: Subject | str,
    asked: Mapping[str, Any],
    *,
    account: Account | None = None,
    documents: Sequence[Document] = (),
) -> str | Refusal:
    """Write a change down until somebody else decides; its id. One of a kind at a time (PAR-5201)."""
    subject_id = subject if isinstance(subject, str) else subject.id
    number = account.number if account else None
    for one in changes(act.conn, state=ChangeState.WAITING, subject_id=subject_id):
        if (one.kind, one.account) == (kind, number):
            return checks.CHANGE_WAITS(field="change", what=CHANGE_LABELS[kind], change=one.id)
    id = act.id("CHG")
    told = {**asked, "documents": plain(documents)} if documents else asked
    act.insert(
        CHANGE_REQUEST,
        {
            "id": id,
            "kind": kind,
            "subject_id": subject_id,
            "account": number,
            "asked": canonical(told).decode(),
            "reason": act.ctx.reason,
            "state": ChangeState.WAITING,
            "asked_by": act.actor,
            "asked_seq": act.seq,
            "asked_on": act.today,
            "comment": "",
        },
    )
    return id


def decided(act: Act, change: Change, by: Person, state: ChangeState, comment: str) -> None:
    """Write down what became of it, and by whom."""
    act.update(
        CHANGE_REQUEST,
        {"id": change.id},
        state=state,
        decided_by=by.handle,
        decided_for=by.acting_for or None,
        decided_seq=act.seq,
        comment=comment,
    )


def change(conn: Connection, id: str) -> Change | Refusal:
    row = conn.execute(select(CHANGE_REQUEST).where(CHANGE_REQUEST.c.id == id.strip())).first()
    return _to_change(row) if row else checks.CHANGE_UNKNOWN(field="change", change=id)


def changes(conn: Connection, *, state: ChangeState | None = None, subject_id: str = "") -> list[Change]:
    """Changes asked for, oldest first: of a state, of a subject, or all."""
    query = select(CHANGE_REQUEST).order_by(CHANGE_REQUEST.c.asked_seq, CHANGE_REQUEST.c.id)
    if state:
        query = query.where(CHANGE_REQUEST.c.state == state)
    if subject_id:
        query = query.where(CHANGE_REQUEST.c.subject_id == subject_id)
    return [_to_change(row) for row in conn.execute(query).all()]


def _to_change(row: Row[Any]) -> Change:
    return Change(
        row.id,
        ChangeKind(row.kind),
        row.subject_id,
        row.account,
        json.loads(row.asked),
        row.reason,
        ChangeState(row.state),
        row.asked_by,
        row.asked_on,
        row.asked_seq,
        row.decided_by,
        row.decided_for,
        row.decided_seq,
        row.comment,
    )
