"""Approval chains: whose people take which step, and what waits for whom.

The order of organisations is the jurisdiction's registry pack; here a step is matched with a subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.parties import queries as parties
from tanshu.parties.model import Right, Subject, SubjectKind
from tanshu.registry import queries
from tanshu.registry.encumbrances import orders
from tanshu.registry.model import Transaction, TransactionState, Waiting

RIGHT_FOR = {"make": Right.MAKER, "check": Right.CHECKER, "approve": Right.CHECKER}
"""Which right a step needs."""
ACT_LABELS = {
    "make": Text("经办", "make"),
    "check": Text("复核", "check"),
    "approve": Text("审批", "approve"),
}


def organisation(
    conn: Connection, step: Waiting, subject: Subject, giver_id: str, pledgee_id: str | None = None
) -> Subject | None:
    """Which subject's people take this step. giver_id: the owner of the first line's debit account."""
    match step.by:
        case "holder":
            return subject
        case "giver":
            return parties.subject_by_id(conn, giver_id)
        case "pledgee":
            return parties.subject_by_id(conn, pledgee_id) if pledgee_id else None
        case "province":
            return parties.authority_of(conn, subject.region)
        case "ministry":
            return parties.authority_of(conn, "000000")
        case "bank":
            return parties.subject_by_id(conn, giver_id)
        case "exchange":
            return parties.only_of_kind(conn, SubjectKind.EXCHANGE)
        case _:
            return parties.only_of_kind(conn, SubjectKind.REGISTRY)


def next_step(transaction: Transaction) -> Waiting | None:
    """The step that a transaction waits for; None when it has ended."""
    if transaction.state is not TransactionState.PENDING:
        return None
    return transaction.chain[transaction.taken]


def next_organisation(conn: Connection, transaction: Transaction) -> Subject | None:
    """The subject a transaction waits for; None when it has ended."""
    step = next_step(transaction)
    if step is None:
        return None
    subject = parties.subject_by_id(conn, transaction.subject_id)
    giver = parties.account_by_number(conn, transaction.lines[0].debit)
    original = queries.transaction(conn, transaction.original_id) if transaction.original_id else None
    assert not isinstance(original, Refusal)
    pledgee = orders.pledgee_of(conn, transaction.details, original)
    return organisation(conn, step, subject, giver.subject_id, pledgee)


def waiting_for(conn: Connection, person: str, among: Iterable[Transaction]) -> Iterator[Transaction]:
    """The pending ones whose next step this person could take. Raises Refused PAR-3001 (unknown person).

    A filter for lists: whether the step may be taken is decided when it is.
    """
    who = need(parties.person(conn, person))
    for transaction in among:
        step = next_step(transaction)
        if step is None or RIGHT_FOR[step.act] not in who.rights:
            continue
        theirs = next_organisation(conn, transaction)
        if theirs is None or theirs.id != who.subject_id:
            continue
        if all(taken.person != person for taken in queries.steps(conn, transaction.id)):
            yield transaction
