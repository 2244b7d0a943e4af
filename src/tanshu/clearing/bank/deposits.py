"""入金: what a bank tells of becomes proposals of its own people, each notice once however often it comes.

The key follows from the bank and its reference. So a notice that comes twice is one command; the same
reference with another amount is a conflict of keys and is booked once, as it came first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, select

from tanshu.base.ids import key_from_text
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Context
from tanshu.clearing.bank import queries
from tanshu.clearing.bank.gateway import LineKind, Notice
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Subject
from tanshu.registry import service as registry
from tanshu.registry.model import Decide, Propose, ProposedLine, TransactionState
from tanshu.registry.tables import TRANSACTION

ContextOf = Callable[[str, bytes], Context]
"""The context of a command: who asks, under which key."""
REFERENCE, DAY, NUMBER, BANK = "bank_reference", "bank_day", "bank_notice", "bank"
"""What a deposit's details tell of the notice it follows from."""
TYPES = {LineKind.DEPOSIT: "cash-deposit", LineKind.INTEREST: "interest"}
DAYS_AHEAD = 10
"""So many days at most may a bank's day lie ahead of the day on which it tells of a deposit."""
LOOKED_BACK = 500
"""Deposits among which the newest notice of a bank is looked for."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of notices: transaction ids; those that are for nobody here; the register's refusals."""

    proposed: tuple[tuple[Notice, str], ...]
    unmatched: tuple[Notice, ...]
    refused: tuple[tuple[Notice, Refusal], ...]


def take_notices(
    conn: Connection, context: ContextOf, bank: Subject, person: str, notices: Iterable[Notice]
) -> Taken:
    """Propose what a bank's notices tell, by the bank's `person`. conn: to read; it may be older."""
    here = {one.code: one for one in queries.sub_ledgers(conn)}
    there, money = parties.account_of(conn, bank.id, AccountKind.BANK), queries.money(conn)
    assert there is not None and not isinstance(money, Refusal), bank.handle
    proposed: list[tuple[Notice, str]] = []
    unmatched: list[Notice] = []
    refused: list[tuple[Notice, Refusal]] = []
    for notice in notices:
        whose = here.get(notice.account)
        known = whose is not None and (whose.name, whose.bank_id) == (notice.name, bank.id)
        if whose is None or not known or notice.kind not in TYPES:
            unmatched.append(notice)
            continue
        line = ProposedLine(money.code, notice.amount, there.code, whose.code)
        owner = "" if whose.kind is AccountKind.CASH else parties.subject_by_id(conn, whose.subject_id).handle
        outcome = registry.propose(context(person, _key(bank, notice)), _proposal(bank, notice, line, owner))
        if isinstance(outcome, Answer):
            proposed.append((notice, outcome["id"]))
        else:
            refused.append((notice, outcome))
    return Taken(tuple(dict.fromkeys(proposed)), tuple(dict.fromkeys(unmatched)), tuple(refused))


def approve_notices(
    context: ContextOf, bank: Subject, checker: str, taken: Taken
) -> list[tuple[Notice, Refusal]]:
    """The registry's `checker` approves them; those that were refused, with why."""
    refused: list[tuple[Notice, Refusal]] = []
    for notice, id in taken.proposed:
        outcome = registry.approve(context(checker, _key(bank, notice, "approve")), Decide(id))
        if isinstance(outcome, Refusal):
            refused.append((notice, outcome))
    return refused


def newest_taken(conn: Connection, bank: Subject) -> int:
    """The number of the newest notice of a bank that was proposed; 0 before the first."""
    query = select(TRANSACTION.c.details).where(TRANSACTION.c.type.in_(tuple(TYPES.values())))
    newest = query.order_by(TRANSACTION.c.proposed_seq.desc()).limit(LOOKED_BACK)
    found = (json.loads(text) for text in conn.execute(newest).scalars())
    return max(
        (int(one[NUMBER]) for one in found if one.get(BANK) == bank.handle and NUMBER in one), default=0
    )


def waiting(conn: Connection) -> list[str]:
    """Deposits that were proposed after a notice and wait for the registry's approval."""
    query = select(TRANSACTION.c.id, TRANSACTION.c.details).where(
        TRANSACTION.c.type.in_(tuple(TYPES.values())), TRANSACTION.c.state == TransactionState.PENDING
    )
    rows = conn.execute(query.order_by(TRANSACTION.c.proposed_seq))
    return [row.id for row in rows if REFERENCE in json.loads(row.details)]


def _proposal(bank: Subject, notice: Notice, line: ProposedLine, owner: str) -> Propose:
    """owner: named where the account is the house's own, which no line says by itself."""
    details = {
        REFERENCE: notice.reference,
        DAY: notice.day.isoformat(),
        NUMBER: notice.n,
        BANK: bank.handle,
    }
    return Propose(TYPES[notice.kind], (line,), subject=owner, details=details)


def _key(bank: Subject, notice: Notice, step: str = "propose") -> bytes:
    return key_from_text("\x1f".join(("bank-notice", bank.handle, notice.reference, step)))
