"""Many subjects at once: what a register takes over from another, or replays from published files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.parties import checks, forms, queries
from tanshu.parties.authority import may_for_kind
from tanshu.parties.codes import account_code
from tanshu.parties.model import Register, Right, Subject, SubjectKind
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME


@dataclass(frozen=True, slots=True)
class Enrol:
    """Register many subjects with their accounts: one entry, all or nothing. Nobody acts for them yet."""

    subjects: tuple[Register, ...]


@verb("parties.enrol")
def enrol(act: Act, command: Enrol) -> Decision:
    """Register many subjects in the order given; their accounts get their numbers in that order.

    Every subject is checked as if it were registered alone. Refuses with PAR-1xxx, the field naming which.
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    if not command.subjects:
        return checks.NOBODY(field="subjects")
    subjects = [need(one) for one in _well_formed(act, command.subjects)]
    refused = _clash(act.conn, subjects)
    if refused:
        return refused
    accounts = need(_opened(act, command.subjects, subjects))
    since = [command.name_since or act.today for command in command.subjects]
    act.insert(SUBJECT, *(forms.subject_row(subject, act.seq) for subject in subjects))
    act.insert(
        SUBJECT_NAME,
        *(forms.name_row(one.id, day, one.name, act.seq) for one, day in zip(subjects, since, strict=True)),
    )
    if accounts:
        act.insert(ACCOUNT, *accounts)
    return {"subjects": len(subjects), "accounts": len(accounts)}


def _well_formed(act: Act, asked: Sequence[Register]) -> Iterable[Subject | Refusal]:
    by_credit_code = forms.credit_codes_are_needed(act.conn)
    for n, command in enumerate(asked):
        if command.people or command.kind == SubjectKind.REGISTRY:
            yield checks.ONE_BY_ONE(field=f"subjects[{n}]", handle=command.handle)
        else:
            subject = forms.new_subject(command, act.id("SUB"), act.today, by_credit_code=by_credit_code)
            yield subject if isinstance(subject, Subject) else subject.at(f"subjects[{n}]")


def _clash(conn: Connection, subjects: Sequence[Subject]) -> Refusal | None:
    """The first subject whose handle or credit code somebody has, here or in the register."""
    taken: set[str] = set(queries.taken_names(conn, [name for one in subjects for name in _names(one)]))
    for n, subject in enumerate(subjects):
        if not taken.isdisjoint(_names(subject)):
            return checks.SUBJECT_EXISTS(field=f"subjects[{n}].handle", handle=subject.handle)
        taken.update(_names(subject))
    return None


def _names(subject: Subject) -> set[str]:
    """What nobody else may be called: handle and credit code."""
    return {subject.handle, subject.uscc} if subject.uscc else {subject.handle}


def _opened(
    act: Act, asked: Sequence[Register], subjects: Sequence[Subject]
) -> list[dict[str, object]] | Refusal:
    """The rows of all accounts asked for, opened in the book."""
    jurisdiction = queries.jurisdiction(act.conn)
    rows: list[dict[str, object]] = []
    for n, (command, subject) in enumerate(zip(asked, subjects, strict=True)):
        if len(set(command.accounts)) < len(command.accounts):
            return checks.KIND_TWICE(field=f"subjects[{n}].accounts", handle=subject.handle)
        for kind in command.accounts:
            found = forms.account_type(subject, kind)
            if isinstance(found, Refusal):
                return found.at(f"subjects[{n}]")
            account_kind, facts = found
            number = act.open_account(facts.flags)
            code = account_code(jurisdiction, facts.letter, number)
            rows.append(forms.account_row(number, code, subject.id, account_kind, act.seq))
    return rows
