"""An entry as a judge looks at it, and what can be said of its command before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from tanshu.audit.business import checks
from tanshu.audit.business.facts import REGION_OF_ALL, Facts
from tanshu.audit.business.verbs import BY_SUBSTITUTES, CHANGING, ENDING, ESTABLISH, GENESIS, VERBS, Verb
from tanshu.audit.report import Finding
from tanshu.audit.settled import FINAL
from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, RefusalKind
from tanshu.book.records import Op, position
from tanshu.book.reference import Record
from tanshu.book.rows import DELETE, INSERT, Change
from tanshu.log.entry import Entry
from tanshu.parties.model import Right, SubjectKind

MOVES = (Op.TRANSFER, Op.HOLD, Op.CAPTURE, Op.RELEASE)
RECEIVES = (Op.TRANSFER, Op.CAPTURE)
_FIRST = {GENESIS: 0, ESTABLISH: 1}
"""Commands that stand in one place of the log and nowhere else."""


class Done(NamedTuple):
    """An entry, its records (those that the kernel refused left out), and the changes it tells."""

    entry: Entry
    records: Sequence[tuple[int, Record]]
    changes: Sequence[Change]

    @property
    def seq(self) -> int:
        return self.entry.seq

    @property
    def day(self) -> date:
        """Its Shanghai day."""
        return business_date(self.entry.time_ns)

    @property
    def moves(self) -> list[tuple[int, Record]]:
        """The records that move or hold something, by their place in the entry."""
        return [(i, record) for i, record in self.records if record.op in MOVES]

    def name(self, i: int) -> int:
        """The position of record i: what a hold made by it is called."""
        return position(self.seq, i)

    def find(self, kind: RefusalKind, /, *accounts: int, **facts: object) -> Finding:
        """A finding that concerns this entry, and these accounts."""
        return Finding(self.seq, Refusal(kind, None, {"seq": self.seq, **facts}), accounts)


def judge(facts: Facts, done: Done) -> Iterator[Finding]:
    """Is this a command of the register, sent by somebody entitled to it, and doing what it does?

    `facts` are those before the entry.
    """
    command = done.entry.command
    verb = VERBS.get(command)
    moved = tuple(number for _, record in done.moves for number in accounts_of(record))
    if verb is None or (command in _FIRST and _FIRST[command] != done.seq):
        yield done.find(checks.COMMAND, *moved, command=command)
        return
    for op in sorted({record.op for _, record in done.records} - verb.records):
        name = Op(op).name.lower() if op in tuple(Op) else str(op)
        yield done.find(checks.OPERATION, *moved, command=command, operation=name)
    for table in sorted({change.table for change in done.changes} - verb.tables):
        yield done.find(checks.WRITES, *moved, command=command, table=table)
    for change in done.changes:
        if change.table not in FINAL and not _is_in_order(change):
            columns = ", ".join(sorted(change.values)) or "-"
            yield done.find(checks.OVERWRITTEN, *moved, table=change.table, columns=columns)
    if verb.by and not _is_entitled(facts, done, verb):
        yield done.find(checks.NOT_ENTITLED, *moved, command=command, person=done.entry.actor)


def _is_in_order(change: Change) -> bool:
    """Rows are added; few columns change later; few rows end."""
    if change.kind == INSERT:
        return True
    if change.kind == DELETE:
        return change.table in ENDING
    return not set(change.values) - CHANGING.get(change.table, frozenset())


def accounts_of(record: Record) -> tuple[int, ...]:
    """The accounts that a movement names."""
    return (record.debit, record.credit) if record.op in RECEIVES else (record.debit,)


def _is_entitled(facts: Facts, done: Done, verb: Verb) -> bool:
    person = facts.person(done.entry.actor)
    subject = facts.subject(person.subject) if person else None
    if not (person and subject and person.active):
        return False
    rights = {*person.rights}
    if done.entry.command in BY_SUBSTITUTES:
        rights |= facts.lent(person, done.day)
    if not any(subject["kind"] == kind and right in rights for kind, right in verb.by):
        return False
    audits_all = Right.AUDITOR in person.rights and subject["region"] == REGION_OF_ALL
    if subject["kind"] != SubjectKind.AUTHORITY or audits_all:
        return True
    return all(_in_charge(facts, subject["id"], change) for change in done.changes)


def _in_charge(facts: Facts, authority: str, change: Change) -> bool:
    """Does a change of an authority's command concern its own region?"""
    values = {**change.where, **change.values}
    if change.table == "account_block":
        account = facts.account(values["account"])
        values["subject_id"] = account.subject if account else ""
    if "subject_id" in values:
        concerned = facts.subject(values["subject_id"])
        return concerned is not None and facts.authority(concerned["region"]) == authority
    if "region" in values:
        return facts.authority(values["region"]) == authority
    return True
