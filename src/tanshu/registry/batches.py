"""One approval for many transactions: the same step of each, in one entry, all of them or none.

An approver of a round of thousands takes it in parts. A part is an entry by itself, so a round that was
interrupted goes on with the parts that are left. Every transaction is checked as if it were approved alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

from sqlalchemy import Connection

from tanshu.base.memo import remember, remembering
from tanshu.base.refusal import Refusal, Refused, refusal
from tanshu.book.commit import Act, Decision, verb
from tanshu.parties import queries as parties
from tanshu.registry import chains, queries
from tanshu.registry.model import Decide, TransactionState
from tanshu.registry.service import approve

PART_MAX = 500
"""Transactions that one entry approves."""

PART_SIZE = refusal(
    "REG-1131",
    "一次审批 1 至 {limit} 笔业务。",
    "One command approves 1 to {limit} transactions.",
)
NAMED_TWICE = refusal("REG-1132", "业务 {id} 列了两次。", "The transaction {id} is named twice.")


@dataclass(frozen=True, slots=True)
class DecideMany:
    """Take the next step of each of these transactions."""

    transactions: tuple[str, ...]
    comment: str = ""


@verb("registry.approve-batch")
def approve_many(act: Act, command: DecideMany) -> Decision:
    """Approve every transaction named, or none of them; a refusal names the one it is about.

    They are taken in the order of their proposals, however they are named: so what one entry brings to an
    account lies there in an order that can be told later. Refuses with REG-1131 (how many), REG-1132 (twice),
    else as a single approval would.
    """
    ids = tuple(id.strip() for id in command.transactions)  # or one would be named twice, and approved twice
    if not 1 <= len(ids) <= PART_MAX:
        return PART_SIZE(field="transactions", limit=PART_MAX)
    if len(set(ids)) < len(ids):
        twice = next(id for id in ids if ids.count(id) > 1)
        return NAMED_TWICE(field="transactions", id=twice)
    effected = 0
    with remembering():  # an approval changes no account, no person, and no other transaction
        proposed = _foresee(act.conn, ids)
        for n in sorted(range(len(ids)), key=lambda n: (proposed.get(ids[n], 0), ids[n])):
            answer = _approve_one(act, Decide(ids[n], command.comment))
            if isinstance(answer, Refusal):
                return answer.at(f"transactions[{n}]")
            effected += answer["state"] == TransactionState.EFFECTED
    return {"approved": len(ids), "effected": effected, "pending": len(ids) - effected}


def _foresee(conn: Connection, ids: Sequence[str]) -> dict[str, int]:
    """Find together what each approval will ask for by itself. Returns which entry proposed each."""
    named = queries.transactions_named(conn, ids)
    numbers = {number for one in named.values() for line in one.lines for number in (line.debit, line.credit)}
    remember(queries.transaction, named)
    remember(queries.steps, queries.steps_named(conn, ids))
    accounts = parties.accounts_numbered(conn, numbers)
    remember(parties.account_by_number, accounts)
    remember(parties.account_of, {(one.subject_id, one.kind): one for one in accounts.values()})
    subjects = {one.subject_id for one in named.values()}
    remember(parties.subject_by_id, parties.subjects_by_id(conn, subjects))
    return {id: one.proposed_seq for id, one in named.items()}


def _approve_one(act: Act, command: Decide) -> Decision:
    try:
        return cast(Any, approve).decide(act, command)
    except Refused as refused:
        return refused.refusal


def parts(ids: Sequence[str], size: int = PART_MAX) -> list[tuple[str, ...]]:
    """A round's transactions in parts of at most `size`, in order."""
    return [tuple(ids[start : start + size]) for start in range(0, len(ids), size)]


def waiting(conn: Connection, person: str, batch: str, day: date) -> list[str]:
    """The transactions of a batch whose next step this person could take on a day, as proposed."""
    pending = queries.transactions(conn, batch=batch, state=TransactionState.PENDING)
    return [one.id for one in chains.waiting_for(conn, person, pending, day)]
