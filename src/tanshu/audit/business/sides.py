"""What a movement may join: kinds of accounts, of instruments, of owners, by the type's row of the table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from tanshu.audit.business import checks
from tanshu.audit.business.entries import Done
from tanshu.audit.business.facts import Account, Facts
from tanshu.audit.report import Finding
from tanshu.base.text import Text
from tanshu.book.records import AccountFlag, Op
from tanshu.parties.model import ACCOUNT_TYPES, STATE_LABELS, AccountKind, AccountState
from tanshu.registry.types import BY_NUMBER, Between, TransactionType, Whose


class Movement(NamedTuple):
    """What is asked of the book: from whom, to whom (None where nobody receives), of what, how much."""

    debit: int
    credit: int | None
    instrument: int
    amount: int


def judge(facts: Facts, done: Done, kind: TransactionType, moved: Movement) -> Iterator[Finding]:
    """Everything in which a movement is not what its type allows."""
    giver = facts.account(moved.debit)
    taker = None if moved.credit is None else facts.account(moved.credit)
    both = (moved.debit,) if moved.credit is None else (moved.debit, moved.credit)
    if giver is None or giver.kind not in kind.debit:
        shown = {"account": facts.code(moved.debit), "kind": _label(giver)}
        yield done.find(checks.DEBIT_KIND, *both, type=kind.name, **shown)
    if moved.credit is not None and (taker is None or taker.kind not in kind.credit):
        shown = {"account": facts.code(moved.credit), "kind": _label(taker)}
        yield done.find(checks.CREDIT_KIND, *both, type=kind.name, **shown)
    instrument = facts.instrument(moved.instrument)
    if instrument is None or instrument["kind"] not in kind.instruments:
        code = facts.instrument_code(moved.instrument)
        yield done.find(checks.INSTRUMENT_KIND, *both, type=kind.name, instrument=code)
    if giver and taker and not _may_meet(kind.between, giver, taker):
        codes = {"debit": giver.code, "credit": taker.code}
        yield done.find(checks.BETWEEN, *both, type=kind.name, **codes)
    for account in (giver, taker):
        if account and not _takes_part(account.state, kind):
            label = STATE_LABELS[account.state]
            yield done.find(checks.STATE, *both, account=account.code, state=label, type=kind.name)


def sinks(facts: Facts, done: Done) -> Iterator[Finding]:
    """What only ever receives gave something."""
    for _, record in done.moves:
        account = facts.account(record.debit)
        kind = BY_NUMBER.get(record.tag)
        gives_back = kind is not None and kind.whose is Whose.ORIGINAL
        if record.op == Op.RELEASE or account is None or gives_back:
            continue
        if ACCOUNT_TYPES[account.kind].flags & AccountFlag.NO_DEBIT:
            accounts = (record.debit, record.credit) if record.credit else (record.debit,)
            yield done.find(checks.SINK_GIVES, *accounts, account=account.code, amount=record.amount)


def _may_meet(between: Between, giver: Account, taker: Account) -> bool:
    same = giver.subject == taker.subject
    match between:
        case Between.SAME_SUBJECT:
            return same
        case Between.DIFFERENT_SUBJECTS:
            return not same
        case Between.WITH_AUTHORITY:
            holders = giver.kind == taker.kind == AccountKind.REGISTRATION
            return not same and not holders
        case _:
            return True


def _takes_part(state: AccountState, kind: TransactionType) -> bool:
    if state is AccountState.RESTRICTED:
        return kind.while_restricted
    return state is AccountState.OPEN


def _label(account: Account | None) -> Text:
    return ACCOUNT_TYPES[account.kind].label if account else Text("未登记的", "unregistered")
