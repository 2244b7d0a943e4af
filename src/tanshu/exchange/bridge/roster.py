"""Who takes part in a day: the cells of the session, what is held outside of it, and how much may be held."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, func, select

from tanshu.book.commit import Act
from tanshu.exchange.bridge.sessions import Session, Stake
from tanshu.exchange.engine.records import Op, Row, row
from tanshu.exchange.supervision import cases
from tanshu.exchange.tables import MARKET_DAY, MARKET_PARTY
from tanshu.parties import queries as parties
from tanshu.parties.model import HOLDERS, Account, AccountKind, AccountState, Subject
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.rules.market_pack import MarketRules

ALLOCATING = ("pre-allocation", "final-allocation")
"""Transactions whose units are an entity's own allocation of their year."""
_AT_ONCE = 500


def everybody(
    act: Act, session: Session, rules: MarketRules, listed: Sequence[Any]
) -> tuple[list[Stake], list[Row], list[str]]:
    """The cells of the session; what its participants hold outside of it, and may hold; who stays out."""
    rows = act.conn.execute(
        select(MARKET_PARTY).where(MARKET_PARTY.c.log == session.log).order_by(MARKET_PARTY.c.number)
    ).all()
    accounts = parties.accounts_numbered(
        act.conn, {number for one in rows for number in (one.units_account, one.cash_account)}
    )
    subjects = parties.subjects_by_id(act.conn, {one.subject_id for one in rows})
    registered = parties.accounts_of_all(act.conn, list(subjects))
    barred = cases.restricted(act.conn, session.log)
    allotted = _allocated(act.conn, list(subjects))
    stakes: list[Stake] = []
    outside: list[Row] = []
    without: list[str] = []
    for one in rows:
        subject = subjects[one.subject_id]
        limit = _limit(rules, subject, allotted.get(subject.id, 0))
        most = cases.RESTRICTED_LIMIT if subject.id in barred else limit
        outside += _holding(act, one, most, registered[one.subject_id], listed)
        both = (accounts[one.units_account], accounts[one.cash_account])
        if any(account.state is not AccountState.OPEN for account in both):
            without.append(subject.handle)
            continue
        stakes += [
            Stake(session, one.number, kind.number, one.units_account, kind.instrument) for kind in listed
        ]
        stakes.append(Stake(session, one.number, 0, one.cash_account, session.currency))
    return stakes, outside, without


def stands(conn: Connection, stake: Stake) -> bool:
    """Does what arrives for a participant join its session? Who was admitted during the day has no limit
    stated and begins with the next; of whom one account is stopped or closed stays out."""
    here = (MARKET_PARTY.c.log == stake.session.log, MARKET_PARTY.c.number == stake.party)
    one = conn.execute(select(MARKET_PARTY).where(*here)).one()
    day = (MARKET_DAY.c.log == stake.session.log, MARKET_DAY.c.day == stake.session.day)
    opened = conn.execute(select(MARKET_DAY.c.opened_seq).where(*day)).scalar_one()
    both = (parties.account_by_number(conn, number) for number in (one.units_account, one.cash_account))
    return one.seq < opened and all(account.state is AccountState.OPEN for account in both)


def _holding(
    act: Act, one: Any, most: int, accounts: Sequence[Account], listed: Sequence[Any]
) -> Iterator[Row]:
    """What lies in its registration account, or is held by others than the session where it trades from; and
    how much it may hold in all, 0 for no limit."""
    own = [account.number for account in accounts if account.kind is AccountKind.REGISTRATION]
    cells = [act.cell(number, kind.instrument) for number in own for kind in listed]
    there = sum(cell.available + cell.held for cell in cells)
    there += sum(act.cell(one.units_account, kind.instrument).held for kind in listed)
    if there or most:
        yield row(Op.HOLDING, party=one.number, quantity=there, price=most)


def _limit(rules: MarketRules, subject: Subject, allotted: int) -> int:
    limit = rules.holding_limit(subject.kind, allotted) if subject.kind in HOLDERS else None
    return limit.holding_t if limit else 0


def _allocated(conn: Connection, subjects: Sequence[str]) -> dict[str, int]:
    """What each was allocated for the newest year for which it was allocated anything, tonnes."""
    total = func.sum(TRANSACTION_LINE.c.quantity)
    joined = TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == TRANSACTION_LINE.c.transaction_id)
    found: dict[str, int] = {}
    for start in range(0, len(subjects), _AT_ONCE):
        these = (
            TRANSACTION.c.subject_id.in_(subjects[start : start + _AT_ONCE]),
            TRANSACTION.c.type.in_(ALLOCATING),
            TRANSACTION.c.state == TransactionState.EFFECTED,
            TRANSACTION.c.year.is_not(None),
        )
        query = select(TRANSACTION.c.subject_id, TRANSACTION.c.year, total).select_from(joined).where(*these)
        grouped = query.group_by(TRANSACTION.c.subject_id, TRANSACTION.c.year).order_by(TRANSACTION.c.year)
        found |= {subject: int(quantity) for subject, _, quantity in conn.execute(grouped)}
    return found
