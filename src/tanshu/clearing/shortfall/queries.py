"""Questions about shortfalls."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from tanshu.base.refusal import Refusal
from tanshu.book.state import State as BookState
from tanshu.clearing.shortfall import checks
from tanshu.clearing.shortfall.model import FUNDS, STANDING, Amounts, PaymentKind, State
from tanshu.clearing.shortfall.tables import SHORTFALL, SHORTFALL_PAYMENT
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, SubjectKind
from tanshu.parties.tables import SUBJECT
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE


def shortfall(conn: Connection, id: str) -> Any | Refusal:
    """Its row. Refuses with CLR-4001."""
    row = conn.execute(select(SHORTFALL).where(SHORTFALL.c.id == id)).first()
    return checks.UNKNOWN(field="shortfall", id=id) if row is None else row


def shortfalls(conn: Connection) -> Sequence[Any]:
    """All of them, the oldest first."""
    return conn.execute(select(SHORTFALL).order_by(SHORTFALL.c.noticed_seq, SHORTFALL.c.id)).all()


def standing(conn: Connection, account: int) -> Any | None:
    """The oldest shortfall that stands against an account."""
    query = select(SHORTFALL).where(SHORTFALL.c.account == account, SHORTFALL.c.state.in_(STANDING))
    return conn.execute(query.order_by(SHORTFALL.c.noticed_seq, SHORTFALL.c.id).limit(1)).first()


def withdrawn_in(conn: Connection, subject_id: str) -> Sequence[int]:
    """The entries that confirmed what was withdrawn of a subject."""
    t = SHORTFALL.c
    query = select(t.confirmed_seq).where(t.subject_id == subject_id, t.state == State.WITHDRAWN)
    return conn.execute(query.where(t.confirmed_seq.is_not(None))).scalars().all()


def amounts(row: Any) -> Amounts:
    return Amounts(row.amount, row.cured, row.covered, row.recovered)


def payments(conn: Connection, id: str) -> Sequence[Any]:
    t = SHORTFALL_PAYMENT.c
    return conn.execute(select(SHORTFALL_PAYMENT).where(t.shortfall_id == id).order_by(t.n)).all()


def outstanding(conn: Connection, id: str, fund: str) -> int:
    """Fen that a fund gave for a shortfall and did not get back yet."""
    total = 0
    for row in payments(conn, id):
        if row.fund == fund:
            total += row.amount if row.kind == PaymentKind.COVER else -row.amount
    return total


def is_used(conn: Connection, transaction: str) -> bool:
    """Does a transaction count for a shortfall already? For one that was withdrawn it counts no more."""
    joined = SHORTFALL_PAYMENT.join(SHORTFALL, SHORTFALL.c.id == SHORTFALL_PAYMENT.c.shortfall_id)
    query = select(func.count()).select_from(joined).where(SHORTFALL.c.state != State.WITHDRAWN)
    return bool(conn.execute(query.where(SHORTFALL_PAYMENT.c.transaction_id == transaction)).scalar_one())


def fund_accounts(conn: Connection) -> Mapping[str, Account]:
    """The registry's accounts that cover shortfalls, as far as they are open, by what a pack calls them."""
    registry = conn.execute(select(SUBJECT.c.id).where(SUBJECT.c.kind == SubjectKind.REGISTRY)).scalar_one()
    found = {fund: parties.account_of(conn, registry, kind) for fund, kind in FUNDS.items()}
    return {fund: account for fund, account in found.items() if account is not None}


def free(conn: Connection, state: BookState, instrument: int) -> Mapping[str, int]:
    """Fen that each fund has free."""
    accounts = fund_accounts(conn)
    return {fund: state.cell(one.number, instrument).available for fund, one in accounts.items()}


def waterfall(needed: int, order: Sequence[str], there: Mapping[str, int]) -> Mapping[str, int]:
    """What each fund gives, in the pack's order: all of one before anything of the next."""
    gives: dict[str, int] = {}
    for fund in order:
        taken = min(needed, max(there.get(fund, 0), 0))
        if taken:
            gives[fund] = taken
        needed -= taken
    return gives


def explain(conn: Connection, id: str) -> Mapping[str, Any] | Refusal:
    """Every fen of a shortfall, from its notice to its end: which transaction, from where to where, when.

    The sums are those of its payments, not those of its row: they must agree.
    """
    row = shortfall(conn, id)
    if isinstance(row, Refusal):
        return row
    told = [_payment(conn, one) for one in payments(conn, id)]
    sums = {kind: sum(one["amount"] for one in told if one["kind"] == kind) for kind in PaymentKind}
    counted = Amounts(row.amount, sums[PaymentKind.CURE], sums[PaymentKind.COVER], sums[PaymentKind.RECOVERY])
    return {
        "shortfall": row.id,
        "day": row.day,
        "subject": parties.subject_by_id(conn, row.subject_id).handle,
        "account": parties.account_by_number(conn, row.account).code,
        "cause": row.cause,
        "why": row.why,
        "state": row.state,
        "noticed_seq": row.noticed_seq,
        "noticed_by": row.noticed_by,
        "confirmed_seq": row.confirmed_seq,
        "confirmed_by": row.confirmed_by,
        "withdrawn_by": row.withdrawn_by,
        "withdrawn_why": row.withdrawn_why,
        "minutes": row.minutes,
        "cure_until_ns": row.cure_until_ns,
        "amount": counted.amount,
        "cured": counted.cured,
        "covered": counted.covered,
        "recovered": counted.recovered,
        "missing": counted.missing,
        "outstanding": {fund: outstanding(conn, id, fund) for fund in FUNDS},
        "payments": told,
    }


def _payment(conn: Connection, row: Any) -> dict[str, Any]:
    joined = TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == TRANSACTION_LINE.c.transaction_id)
    query = select(TRANSACTION.c.ended_seq, TRANSACTION_LINE).select_from(joined)
    lines = conn.execute(query.where(TRANSACTION.c.id == row.transaction_id).order_by(TRANSACTION_LINE.c.n))
    return {
        "kind": row.kind,
        "fund": row.fund,
        "amount": row.amount,
        "transaction": row.transaction_id,
        "seq": row.seq,
        "lines": [
            {
                "debit": parties.account_by_number(conn, line.debit).code,
                "credit": parties.account_by_number(conn, line.credit).code,
                "amount": line.quantity,
                "seq": line.ended_seq,
            }
            for line in lines
        ],
    }
