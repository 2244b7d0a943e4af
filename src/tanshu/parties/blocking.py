"""Blocking: the audit stops an account at once; two people of the registry let it go on.

An auditor acts alone, because a wrong balance is spent while people confer; and does nothing else, because
who judges must not also move. A blocked account neither gives nor receives: its book flags say so, and the
register refuses what names it. What was held for a pending transaction stays held; that one can be rejected
or withdrawn (the units return to where they lay), not approved.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.records import AccountFlag, set_flags
from tanshu.parties import checks, queries, service
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    AUDITING,
    RIGHT_LABELS,
    Account,
    AccountState,
    Block,
    Person,
    Right,
    SubjectKind,
    Unblock,
)
from tanshu.parties.tables import ACCOUNT, ACCOUNT_BLOCK

NATIONAL_REGION = "000000"
_FINDING = re.compile(r"^AUD-\d{4}$")
_STOPPED = AccountFlag.NO_DEBIT | AccountFlag.NO_CREDIT


@verb("parties.block")
def block(act: Act, command: Block) -> Decision:
    """Stop an account over a finding of the audit: one auditor is enough."""
    account = need(queries.account(act.conn, command.account))
    need(_auditor_of(act, account))
    if not _FINDING.fullmatch(command.finding):
        return checks.FINDING_FORM(field="finding", value=command.finding)
    if command.seq is not None and not 0 <= command.seq < act.seq:
        return checks.FINDING_SEQ(field="seq", value=command.seq, newest=act.seq - 1)
    if account.state is AccountState.CLOSED:
        return checks.ACCOUNT_CLOSED(field="account", account=account.code)
    if account.state is AccountState.BLOCKED:
        return checks.BLOCKED_ALREADY(field="account", account=account.code, finding=account.finding)
    if is_system(account) and not command.system:
        return checks.SYSTEM_NOT_BLOCKED(field="account", account=account.code)
    act.record(set_flags(account.number, AccountFlag(act.state.flags(account.number)) | _STOPPED))
    act.update(ACCOUNT, {"number": account.number}, state=AccountState.BLOCKED, finding=command.finding)
    service.comes_into(act, account, AccountState.BLOCKED)
    act.insert(
        ACCOUNT_BLOCK,
        {
            "account": account.number,
            "seq": act.seq,
            "finding": command.finding,
            "finding_seq": command.seq,
            "note": command.note,
            "person": act.actor,
            "state_before": account.state,
        },
    )
    return {"account": account.code, "state": AccountState.BLOCKED, "finding": command.finding}


@verb("parties.unblock")
def unblock(act: Act, command: Unblock) -> Decision:
    """End a block in two steps: a registry maker asks, with a reason; then a registry checker grants it."""
    account = need(queries.account(act.conn, command.account))
    open_block = _open_block(act.conn, account)
    if open_block is None:
        return checks.NOT_BLOCKED(field="account", account=account.code)
    this = {"account": account.number, "seq": open_block.seq}
    if open_block.asked_by is None:
        need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
        why = act.ctx.reason.strip()
        if not why:
            return checks.WHY_NEEDED(field="reason")
        act.update(ACCOUNT_BLOCK, this, asked_by=act.actor, asked_seq=act.seq, asked_why=why)
        return {"account": account.code, "state": AccountState.BLOCKED, "asked_by": act.actor}
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    if open_block.asked_by == act.actor:
        return checks.ASKED_BY_SELF(field="as", actor=act.actor)
    before = AccountState(open_block.state_before)
    act.record(set_flags(account.number, ACCOUNT_TYPES[account.kind].flags))
    act.update(ACCOUNT, {"number": account.number}, state=before, finding=None)
    act.update(ACCOUNT_BLOCK, this, ended_by=act.actor, ended_seq=act.seq)
    return {"account": account.code, "state": before, "asked_by": open_block.asked_by}


def is_system(account: Account) -> bool:
    """Is it a source, a sink, an authority's or the bank's: an account that everybody's business crosses?"""
    return ACCOUNT_TYPES[account.kind].is_system


def blocks(conn: Connection, *, ended: bool = False) -> Sequence[Row[Any]]:
    """Blocks with the account's code, oldest first; `ended`: those that are over, too."""
    query = select(ACCOUNT_BLOCK, ACCOUNT.c.code).join(ACCOUNT, ACCOUNT.c.number == ACCOUNT_BLOCK.c.account)
    if not ended:
        query = query.where(ACCOUNT_BLOCK.c.ended_seq.is_(None))
    return conn.execute(query.order_by(ACCOUNT_BLOCK.c.seq)).all()


def _open_block(conn: Connection, account: Account) -> Row[Any] | None:
    this = (ACCOUNT_BLOCK.c.account == account.number, ACCOUNT_BLOCK.c.ended_seq.is_(None))
    return conn.execute(select(ACCOUNT_BLOCK).where(*this)).first()


def _auditor_of(act: Act, account: Account) -> Person | Refusal:
    """The actor: active auditor for the registry, the ministry, or the authority in charge of the owner."""
    person = need(queries.person(act.conn, act.actor))
    if not person.active:
        return checks.PERSON_INACTIVE(field="as", person=person.handle)
    if Right.AUDITOR not in person.rights:
        return checks.PERSON_WITHOUT_RIGHT(
            field="as", person=person.handle, right=RIGHT_LABELS[Right.AUDITOR]
        )
    own = queries.subject_by_id(act.conn, person.subject_id)
    assert own.kind in AUDITING, own.kind
    owner = queries.subject_by_id(act.conn, account.subject_id)
    everywhere = own.kind is SubjectKind.REGISTRY or own.region == NATIONAL_REGION
    if not everywhere and owner.region[:2] != own.region[:2]:
        return checks.AUDITOR_OF_OTHER(field="as", person=person.handle, account=account.code)
    return person
