"""Changes 变更 of what is registered: one person of the registry asks, another decides.

Names and states are asked for where they belong (service.py); bank accounts, contact data and people here.
What was checked when it was asked for is checked again when it is decided.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.parties import checks, forms, queries, requests, service
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import (
    CHANGE_LABELS,
    RIGHT_LABELS,
    AccountState,
    AskChange,
    ChangeKind,
    DecideChange,
    NewPerson,
    Right,
    Subject,
    SubjectKind,
)
from tanshu.parties.onboarding import papers
from tanshu.parties.requests import CHANGE_STATE_LABELS, Change, ChangeState
from tanshu.parties.tables import PERSON, SUBJECT_DETAIL

ASKED_HERE = (ChangeKind.BANK, ChangeKind.CONTACT, ChangeKind.PEOPLE)


@verb("parties.ask-change")
def ask_change(act: Act, command: AskChange) -> Decision:
    """Ask for another bank account, other contact data, or other role holders of a subject."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    subject = need(queries.subject(act.conn, command.handle))
    if command.kind not in ASKED_HERE:
        known = ", ".join(ASKED_HERE)
        return checks.CHANGE_KIND(field="kind", value=command.kind, known=known)
    kind = ChangeKind(command.kind)
    asked = need(_ASKED[kind](act, subject, command))
    refused = papers.documents_flaw(command.documents)
    if refused:
        return refused
    id = need(requests.ask(act, kind, subject, asked, documents=command.documents))
    return {"subject": subject.handle, "kind": kind, "change": id}


@verb("parties.decide-change")
def decide_change(act: Act, command: DecideChange) -> Decision:
    """Put a change into effect or decline it: a checker of the registry, not the one who asked."""
    by = need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY, day=act.today))
    change = need(requests.change(act.conn, command.change))
    if change.state is not ChangeState.WAITING:
        state = CHANGE_STATE_LABELS[change.state]
        return checks.CHANGE_DECIDED(field="change", change=change.id, state=state)
    if change.asked_by in by.hands:
        return checks.ASKED_BY_YOU(field="as", change=change.id, actor=change.asked_by)
    if not command.accept and not command.comment.strip():
        return checks.DECLINE_COMMENT(field="comment")
    if command.accept:
        refused = _EFFECTS[change.kind](act, change)
        if refused:
            return refused
    state = ChangeState.DONE if command.accept else ChangeState.DECLINED
    requests.decided(act, change, by, state, command.comment)
    subject = queries.subject_by_id(act.conn, change.subject_id)
    return {
        "change": change.id,
        "kind": change.kind,
        "subject": subject.handle,
        "state": state,
        "asked_by": change.asked_by,
        "acting_for": by.acting_for,
    }


def details(conn: Connection, subject_id: str) -> dict[str, dict[str, Any]]:
    """A subject's bank account and contact data as the log knows them now, by kind."""
    query = select(SUBJECT_DETAIL).where(SUBJECT_DETAIL.c.subject_id == subject_id)
    rows = conn.execute(query.order_by(SUBJECT_DETAIL.c.seq)).mappings()
    return {row["kind"]: {k: row[k] for k in ("bank", "last4", "sha256", "seq")} for row in rows}


def put_detail(act: Act, subject_id: str, kind: ChangeKind, facts: Mapping[str, Any]) -> None:
    """From this entry on a subject has this bank account, or these contact data."""
    told = {name: facts.get(name) for name in ("bank", "last4", "sha256")}
    act.insert(SUBJECT_DETAIL, {"subject_id": subject_id, "kind": kind, "seq": act.seq, **told})


# -- what is asked -----------------------------------------------------------------------------------------

Asked = Mapping[str, Any] | Refusal


def _bank(_act: Act, subject: Subject, command: AskChange) -> Asked:
    if command.bank is None:
        return checks.NOTHING_CHANGED(field="bank", what=CHANGE_LABELS[ChangeKind.BANK])
    refused = papers.bank_flaw(subject.kind, subject.name, command.bank)
    return refused or papers.bank_facts(command.bank)


def _contact(_act: Act, _subject: Subject, command: AskChange) -> Asked:
    if not command.contact:
        return checks.NOTHING_CHANGED(field="contact", what=CHANGE_LABELS[ChangeKind.CONTACT])
    return papers.hash_flaw(command.contact, "contact") or {"sha256": command.contact}


def _people(act: Act, subject: Subject, command: AskChange) -> Asked:
    if not command.appoint and not command.dismiss:
        return checks.NOTHING_CHANGED(field="appoint", what=CHANGE_LABELS[ChangeKind.PEOPLE])
    refused = people_flaw(act.conn, subject, command.appoint, command.dismiss)
    appoint = [{"handle": one.handle, "rights": list(one.rights)} for one in command.appoint]
    return refused or {"appoint": appoint, "dismiss": list(command.dismiss)}


def people_flaw(
    conn: Connection, subject: Subject, appoint: tuple[NewPerson, ...], dismiss: tuple[str, ...]
) -> Refusal | None:
    """Why a subject's people cannot change like this: both rights must stay with somebody."""
    if subject.kind is SubjectKind.REGISTRY or any(Right.AUDITOR in one.rights for one in appoint):
        return checks.PEOPLE_OF_REGISTRY(field="people")
    active = {one.handle: one for one in queries.people_of(conn, subject.id) if one.active}
    for handle in dismiss:
        if handle not in active:
            return checks.NOT_THEIR_PERSON(field="dismiss", person=handle)
        if Right.AUDITOR in active[handle].rights:
            return checks.PEOPLE_OF_REGISTRY(field="dismiss")
    for n, one in enumerate(appoint):
        refused = forms.person_flaw(conn, subject.kind, one)
        if refused is None and one.handle in [earlier.handle for earlier in appoint[:n]]:
            refused = checks.PERSON_EXISTS(field="person", person=one.handle)
        if refused:
            return refused.at(f"appoint[{n}]")
    left = {right for handle, one in active.items() if handle not in dismiss for right in one.rights}
    left |= {Right(right) for one in appoint for right in one.rights}
    for right in (Right.MAKER, Right.CHECKER):
        if right not in left:
            return checks.NOBODY_LEFT(field="dismiss", right=RIGHT_LABELS[right])
    return None


_ASKED: Mapping[ChangeKind, Callable[[Act, Subject, AskChange], Asked]] = {
    ChangeKind.BANK: _bank,
    ChangeKind.CONTACT: _contact,
    ChangeKind.PEOPLE: _people,
}


# -- what takes effect -------------------------------------------------------------------------------------


def _put_state(act: Act, change: Change) -> Refusal | None:
    assert change.account is not None, change.id
    account, new = queries.account_by_number(act.conn, change.account), AccountState(change.asked["state"])
    refused = service.state_flaw(act, account, new)
    if refused is None:
        service.put_state(act, account, new)
    return refused


def _put_name(act: Act, change: Change) -> Refusal | None:
    name, since = str(change.asked["name"]), date.fromisoformat(change.asked["since"])
    refused = service.name_flaw(act, queries.subject_by_id(act.conn, change.subject_id), name, since)
    if refused is None:
        service.put_name(act, change.subject_id, since, name)
    return refused


def _put_detail(act: Act, change: Change) -> Refusal | None:
    put_detail(act, change.subject_id, change.kind, change.asked)
    return None


def _put_people(act: Act, change: Change) -> Refusal | None:
    subject = queries.subject_by_id(act.conn, change.subject_id)
    appoint = tuple(NewPerson(one["handle"], tuple(one["rights"])) for one in change.asked["appoint"])
    dismiss = tuple(change.asked["dismiss"])
    refused = people_flaw(act.conn, subject, appoint, dismiss)
    if refused:
        return refused
    for one in appoint:
        need_none = service.name_person(act, subject, one, active=True)
        assert need_none is None, "people_flaw looked for it"
    for handle in dismiss:
        act.update(PERSON, {"handle": handle}, active=False, dismissed=True)
    return None


_EFFECTS: Mapping[ChangeKind, Callable[[Act, Change], Refusal | None]] = {
    ChangeKind.STATE: _put_state,
    ChangeKind.NAME: _put_name,
    ChangeKind.BANK: _put_detail,
    ChangeKind.CONTACT: _put_detail,
    ChangeKind.PEOPLE: _put_people,
}
