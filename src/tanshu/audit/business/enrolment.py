"""Accounts, instruments, people, decisions: what the book opened was registered, what needs two had two.

Flags in the book follow from an account's kind and state; nothing else sets them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tanshu.audit.business import checks
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.verbs import (
    CONFIRM_ALLOCATION,
    CONFIRM_ALLOCATIONS,
    CONFIRM_PERSON,
    ESTABLISH,
    UNBLOCK,
)
from tanshu.audit.report import Finding
from tanshu.base.database import metadata
from tanshu.book.records import AccountFlag, Op
from tanshu.book.rows import INSERT, Change
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    STATE_LABELS,
    AccountState,
    Right,
    SubjectKind,
)

_STATE_FLAGS = {
    AccountState.BLOCKED: AccountFlag.NO_DEBIT | AccountFlag.NO_CREDIT,
    AccountState.CLOSED: AccountFlag.CLOSED,
}

Key = tuple[Any, ...]


class Before(NamedTuple):
    """How the rows that an entry touches stood before it; None where there was none.

    active: whether people could act. in_force: whether decisions counted. asked: who asked for a block's end.
    """

    account_states: Mapping[int, AccountState | None]
    active: Mapping[str, bool | None]
    in_force: Mapping[Key, bool | None]
    asked: Mapping[Key, str | None]


def before(facts: Facts, changes: Sequence[Change]) -> Before:
    """Remember, of what is about to change, what will be asked afterwards."""
    accounts = {number: facts.account(number) for (number,) in touched(facts, changes, "account")}
    people = {handle: facts.person(handle) for (handle,) in touched(facts, changes, "person")}
    decisions = {key: facts.one("allocation", *key) for key in touched(facts, changes, "allocation")}
    blocks = {key: facts.one("account_block", *key) for key in touched(facts, changes, "account_block")}
    return Before(
        {number: account.state if account else None for number, account in accounts.items()},
        {handle: person.active if person else None for handle, person in people.items()},
        {key: bool(row["in_force"]) if row else None for key, row in decisions.items()},
        {key: row["asked_by"] if row else None for key, row in blocks.items()},
    )


def touched(facts: Facts, changes: Sequence[Change], table: str) -> list[Key]:
    """The keys of the rows of a table that these changes are about to touch, each once."""
    rows = facts.tables[table]
    names = [column.name for column in metadata.tables[table].primary_key]
    found: dict[Key, None] = {}
    for change in changes:
        if change.table != table:
            continue
        if change.kind == INSERT:
            found[tuple([change.values.get(name) for name in names])] = None
        else:
            found |= dict.fromkeys(rows.matching(change.where))
    return list(found)


def judge(was: Before, facts: Facts, done: Done, flags: Mapping[int, int]) -> Iterator[Finding]:
    """was: before the entry; facts, and flags of the book's accounts: after it."""
    yield from _accounts(facts, done)
    yield from _instruments(facts, done)
    yield from _flags(was, facts, done, flags)
    yield from _unblocked(was, facts, done)
    yield from _people(was, facts, done)
    yield from _decisions(was, facts, done)


def _accounts(facts: Facts, done: Done) -> Iterator[Finding]:
    """Every account of the book is registered in the entry that opens it, for somebody who may have one."""
    opened = {record.debit for _, record in done.records if record.op == Op.OPEN_ACCOUNT}
    registered = _inserted(done, "account", "number")
    both = opened & registered
    for number in sorted(opened | registered):
        account = facts.account(number)
        owner = facts.subject(account.subject) if account else None
        fits = account and owner and owner["kind"] in ACCOUNT_TYPES[account.kind].owners
        if number not in both or not fits:
            yield done.find(checks.ACCOUNT_ROW, number, account=facts.code(number))


def _instruments(facts: Facts, done: Done) -> Iterator[Finding]:
    """Every instrument of the book is registered in the entry that defines it."""
    defined = {r.instrument: r for _, r in done.records if r.op == Op.DEFINE_INSTRUMENT}
    registered = _inserted(done, "instrument", "number")
    for number in sorted(defined.keys() | registered):
        row = facts.one("instrument", number)
        record = defined.get(number)
        if row is None or record is None or row["scale"] != record.debit:
            yield done.find(checks.INSTRUMENT_ROW, instrument=facts.instrument_code(number))


def _flags(was: Before, facts: Facts, done: Done, flags: Mapping[int, int]) -> Iterator[Finding]:
    """The book's flags of every account touched are those of its kind and state."""
    set_here = {record.debit for _, record in done.records if record.op in (Op.SET_FLAGS, Op.OPEN_ACCOUNT)}
    for number in sorted(set_here | was.account_states.keys()):
        account, found = facts.account(number), flags.get(number)
        if account is None or found is None:
            continue
        expected = ACCOUNT_TYPES[account.kind].flags | _STATE_FLAGS.get(account.state, AccountFlag.NONE)
        if found != expected:
            yield done.find(
                checks.FLAGS,
                number,
                account=account.code,
                state=STATE_LABELS[account.state],
                found=found,
                expected=int(expected),
            )


def _unblocked(was: Before, facts: Facts, done: Done) -> Iterator[Finding]:
    """A block ends by two people of the registry: one asked in an earlier entry, this one grants."""
    actor, registry = done.entry.actor, facts.only(SubjectKind.REGISTRY)
    for (number, seq), asked_by in was.asked.items():
        row = facts.one("account_block", number, seq)
        if row is None or row["asked_by"] == asked_by:
            continue
        here = (row["asked_by"], row["asked_seq"]) == (actor, done.seq)
        if not here or not facts.may(actor, Right.MAKER, registry):
            yield done.find(checks.UNBLOCKED, number, account=facts.code(number))
    for number, state in was.account_states.items():
        account = facts.account(number)
        if state is not AccountState.BLOCKED or (account and account.state is AccountState.BLOCKED):
            continue
        two = any(
            row["ended_by"] == actor != row["asked_by"]
            and row["asked_by"] is not None
            and row["asked_seq"] < done.seq
            and facts.may(actor, Right.CHECKER, registry)
            for row in facts.some("account_block", account=number, ended_seq=done.seq)
        )
        if done.entry.command != UNBLOCK or not two:
            yield done.find(checks.UNBLOCKED, number, account=facts.code(number))


def _people(was: Before, facts: Facts, done: Done) -> Iterator[Finding]:
    """Whoever acts for the registry, or audits, was named by one person and confirmed by another."""
    for handle, active in was.active.items():
        person = facts.person(handle)
        if person is None or done.entry.command == ESTABLISH:
            continue
        misnamed = active is None and person.named_by != done.entry.actor
        subject = facts.subject(person.subject)
        needs_two = Right.AUDITOR in person.rights or (subject and subject["kind"] == SubjectKind.REGISTRY)
        confirmed = done.entry.command == CONFIRM_PERSON
        alone = (needs_two and not confirmed) or (confirmed and done.entry.actor == person.named_by)
        if misnamed or (person.active and not active and alone):
            yield done.find(checks.SELF_CONFIRMED, person=handle)


def _decisions(was: Before, facts: Facts, done: Done) -> Iterator[Finding]:
    """An allocation comes into force by its chain, or by a second person where it issues nothing."""
    for key, in_force in was.in_force.items():
        row = facts.one("allocation", *key)
        if row is None:
            continue
        good = in_force is not None or row["maker"] == done.entry.actor
        if row["in_force"] and not in_force:
            good = good and _is_carried(facts, done, row)
        if not good:
            told = {"subject": row["subject_id"], "year": row["year"], "person": row["maker"]}
            yield done.find(checks.SELF_DECIDED, **told)


def _is_carried(facts: Facts, done: Done, decision: Row) -> bool:
    """Does a decision come into force by its transaction, or by somebody who did not make it?

    One that issues nothing has no transaction; nor has one whose units are withheld in this very entry.
    """
    if decision["issue_t"] <= 0 or _is_withheld(facts, done, decision):
        return (
            done.entry.command in (CONFIRM_ALLOCATION, CONFIRM_ALLOCATIONS)
            and done.entry.actor != decision["maker"]
        )
    carried = facts.one("registry_transaction", decision["transaction_id"] or "")
    return carried is not None and carried["ended_seq"] == done.seq


def _is_withheld(facts: Facts, done: Done, decision: Row) -> bool:
    """Do the units of a final allocation stay in the provincial account, to the tonne?"""
    rows = facts.some("withheld", subject_id=decision["subject_id"], year=decision["year"], seq=done.seq)
    final = decision["stage"] == "final"
    return final and [row["quantity"] for row in rows] == [decision["issue_t"]]


def _inserted(done: Done, table: str, column: str) -> set[int]:
    """The values of a column in the rows that the entry adds."""
    return {c.values[column] for c in done.changes if c.table == table and c.kind == INSERT}
