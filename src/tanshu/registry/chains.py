"""Approval chains: whose people take which step, and what waits for whom.

The order of organisations is the jurisdiction's registry pack; here a step is matched with a subject.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.parties import delegation
from tanshu.parties import queries as parties
from tanshu.parties.model import Person, Right, Subject, SubjectKind
from tanshu.registry import queries
from tanshu.registry.encumbrances import orders
from tanshu.registry.model import Step, Transaction, TransactionState, Waiting

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


def waiting_for(
    conn: Connection, person: str, among: Iterable[Transaction], day: date
) -> Iterator[Transaction]:
    """The pending ones whose next step this person could take on a day, by a right of their own or a
    colleague's. Raises Refused PAR-3001 (unknown person).

    A filter for lists: whether the step may be taken is decided when it is.
    """
    who = need(parties.person(conn, person))
    rights = [right for right in set(RIGHT_FOR.values()) if _may_use(conn, who, right, day)]
    for transaction in among:
        step = next_step(transaction)
        if step is None or RIGHT_FOR[step.act] not in rights:
            continue
        theirs = next_organisation(conn, transaction)
        if theirs is None or theirs.id != who.subject_id:
            continue
        if not took_part(conn, person, RIGHT_FOR[step.act], day, queries.steps(conn, transaction.id)):
            yield transaction


def took_part(conn: Connection, person: str, right: Right, day: date, steps: Sequence[Step]) -> Step | None:
    """The step in which this person, or one for whom they would act now, had a hand already.

    A substitute counts as everybody for whom they act. right: what they would need today.
    """
    for step in steps:
        if step.person == person:
            return step
    if not delegation.concerns(conn, (person, *(step.person for step in steps))):
        return None
    mine = delegation.acting_for(conn, person, day, right=right)
    return next((step for step in steps if mine & hands(conn, step)), None)


def hands(conn: Connection, step: Step) -> set[str]:
    """Who took a step: the person, and everybody whose right they used as a substitute."""
    return delegation.hands_in(
        conn, [(step.person, RIGHT_FOR[step.act], business_date(step.time_ns), step.seq)]
    )


def _may_use(conn: Connection, who: Person, right: Right, day: date) -> bool:
    return right in who.rights or delegation.giver_for(conn, who, right, day) is not None
