"""What makes a new subject or account well formed by itself, and the rows that tell of it.

Whether it clashes with somebody registered before is the verb's question: one by one, or for many at once.
"""

from __future__ import annotations

import re
from datetime import date

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal, need
from tanshu.parties import checks, credit_code, queries
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    AUDITING,
    NEED_CREDIT_CODE,
    SUBJECT_LABELS,
    AccountKind,
    AccountState,
    AccountType,
    NewPerson,
    Register,
    Right,
    Subject,
    SubjectKind,
)
from tanshu.rules import packs, registry_pack

HANDLE = re.compile(r"^[a-z0-9][a-z0-9-]{0,62}$")


def credit_codes_are_needed(conn: Connection) -> bool:
    """Are enterprises known by their credit code here? The jurisdiction's registry pack says."""
    pack = need(packs.load(f"{queries.jurisdiction(conn)}.registry", allow_draft=True))
    return registry_pack.identifier(pack) == "credit_code"


def new_subject(command: Register, id: str, today: date, *, by_credit_code: bool) -> Subject | Refusal:
    """The subject that a registration asks for, if kind, name, code and handle are well formed.

    Its name is as the log may tell it: by whatever door a natural person comes, the name stays outside.
    """
    if command.kind not in tuple(SubjectKind):
        return checks.KIND_UNKNOWN(field="kind", value=command.kind, known=", ".join(SubjectKind))
    kind = SubjectKind(command.kind)
    if not command.name.strip():
        return checks.NAME_NEEDED(field="name")
    uscc: str | None = None
    if command.uscc or (by_credit_code and kind in NEED_CREDIT_CODE):
        if not command.uscc:
            return checks.CREDIT_CODE_NEEDED(field="uscc", kind=SUBJECT_LABELS[kind])
        checked = credit_code.check(command.uscc)
        if isinstance(checked, Refusal):
            return checked
        uscc = checked
    handle = command.handle or uscc or ""
    if handle != uscc and not HANDLE.fullmatch(handle):
        return checks.HANDLE_FORM(field="handle", value=handle)
    if command.name_since and command.name_since > today:
        return checks.NAME_AHEAD(field="name_since", since=command.name_since)
    return Subject(id, handle, kind, told_name(kind, command.name), uscc, command.region, command.fictional)


def people_are_confirmed(conn: Connection) -> bool:
    """Do role holders of all subjects wait for a second person? Only where the registry pack says so."""
    pack = need(packs.load(f"{queries.jurisdiction(conn)}.registry", allow_draft=True))
    table = pack.tables.get("onboarding")
    return bool(table and table["confirm_people"])


def told_name(kind: SubjectKind, name: str) -> str:
    """The name as the log may tell it: an individual's is personal, so only its first character is."""
    name = name.strip()
    return f"{name[:1]}**" if kind is SubjectKind.INDIVIDUAL and name else name


def person_flaw(conn: Connection, kind: SubjectKind, person: NewPerson) -> Refusal | None:
    """Why this cannot become a role holder of a subject of this kind."""
    if not HANDLE.fullmatch(person.handle.lower()):
        return checks.HANDLE_FORM(field="person", value=person.handle)
    for right in person.rights or ("",):
        if right not in tuple(Right):
            return checks.RIGHT_UNKNOWN(field="rights", value=right)
    if Right.AUDITOR in person.rights and (len(set(person.rights)) > 1 or kind not in AUDITING):
        return checks.AUDITOR_APART(field="rights", person=person.handle)
    if not isinstance(queries.person(conn, person.handle), Refusal):
        return checks.PERSON_EXISTS(field="person", person=person.handle)
    return None


def account_type(subject: Subject, kind: str) -> tuple[AccountKind, AccountType] | Refusal:
    """The kind of account asked for, if a subject of this kind may have one."""
    if kind not in tuple(AccountKind):
        return checks.KIND_UNKNOWN(field="account", value=kind, known=", ".join(AccountKind))
    account_kind = AccountKind(kind)
    facts = ACCOUNT_TYPES[account_kind]
    if subject.kind not in facts.owners:
        return checks.ACCOUNT_KIND_BARRED(
            field="account", subject=SUBJECT_LABELS[subject.kind], kind=facts.label
        )
    return account_kind, facts


def subject_row(subject: Subject, seq: int) -> dict[str, object]:
    return {
        "id": subject.id,
        "handle": subject.handle,
        "kind": subject.kind,
        "uscc": subject.uscc,
        "region": subject.region,
        "fictional": subject.fictional,
        "seq": seq,
    }


def name_row(subject_id: str, since: date, name: str, seq: int) -> dict[str, object]:
    return {"subject_id": subject_id, "since": since, "name": name.strip(), "seq": seq}


def account_row(number: int, code: str, subject_id: str, kind: AccountKind, seq: int) -> dict[str, object]:
    return {
        "number": number,
        "code": code,
        "subject_id": subject_id,
        "kind": kind,
        "state": AccountState.OPEN,
        "seq": seq,
    }
