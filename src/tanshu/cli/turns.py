"""Whose turn it is: which pending transactions a person could take the next step of.

Only a filter for lists: whether the step may be taken is decided by the register when it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from tanshu.base.refusal import need
from tanshu.parties import queries as parties
from tanshu.parties.model import SubjectKind
from tanshu.registry import queries as registry
from tanshu.registry.model import Transaction, TransactionState, Waiting
from tanshu.registry.service import RIGHT_FOR

_ONE_OF_ITS_KIND = {"registry": SubjectKind.REGISTRY, "exchange": SubjectKind.EXCHANGE}


def waiting_for(conn: Connection, person: str, among: Iterable[Transaction]) -> Iterator[Transaction]:
    """The pending ones whose next step belongs to this person. Refuses with PAR-3001 (unknown person)."""
    who = need(parties.person(conn, person))
    for transaction in among:
        step = next_of(transaction)
        if step is None or RIGHT_FOR[step.act] not in who.rights:
            continue
        if organisation_of(conn, transaction, step) != who.subject_id:
            continue
        if all(taken.person != person for taken in registry.steps(conn, transaction.id)):
            yield transaction


def next_of(transaction: Transaction) -> Waiting | None:
    """The step that a transaction waits for; None when it has ended."""
    if transaction.state is not TransactionState.PENDING:
        return None
    return transaction.chain[transaction.taken]


def organisation_of(conn: Connection, transaction: Transaction, step: Waiting) -> str | None:
    """The id of the subject whose people take a step."""
    if step.by == "holder":
        return transaction.subject_id
    if step.by == "bank":
        return parties.account_by_number(conn, transaction.lines[0].debit).subject_id
    if step.by in _ONE_OF_ITS_KIND:
        found = parties.only_of_kind(conn, _ONE_OF_ITS_KIND[step.by])
    else:
        subject = parties.subject_by_id(conn, transaction.subject_id)
        region = "000000" if step.by == "ministry" else subject.region
        found = parties.authority_of(conn, region)
    return found.id if found else None
