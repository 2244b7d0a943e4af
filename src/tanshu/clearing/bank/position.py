"""A bank's day as the book tells it: what reconciliation holds against the bank's statement."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, or_, select

from tanshu.base.clock import business_date, shanghai_ns
from tanshu.base.refusal import need
from tanshu.book.state import State
from tanshu.clearing.bank import deposits, explained, queries
from tanshu.clearing.bank.gateway import Kind, LineKind
from tanshu.clearing.bank.model import OPEN, InstructionState
from tanshu.clearing.bank.reconcile import BankPosition, Movement, SubLedgerPosition, Where
from tanshu.clearing.bank.service import GIVES_BACK, RETURNED
from tanshu.clearing.bank.tables import BANK_INSTRUCTION, BANK_POSTING
from tanshu.clearing.shortfall.model import COVER, RECOVERY
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Subject
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE

WITHDRAWAL = "cash-withdrawal"


class _Place(NamedTuple):
    """A bank, the book's number of its account and of the money, and the day."""

    bank: Subject
    account: int
    money: int
    day: date


def of_day(conn: Connection, state: State, bank: Subject, day: date) -> BankPosition:
    """What the house says of a bank at the end of a day.

    state: as of then, or later: what the bank itself put on a later day is taken into account. Raises Refused
    CLR-3205 (no money is defined).
    """
    account = parties.account_of(conn, bank.id, AccountKind.BANK)
    assert account is not None, bank.handle
    place = _Place(bank, account.number, need(queries.money(conn)).number, day)
    codes = {one.account: one for one in queries.sub_ledgers(conn)}
    movements = _instructed(conn, place, codes) + _deposited(conn, place, codes)
    movements += _taken_back(conn, place, codes) + _made_good(conn, place)
    movements += explained.movements(conn, bank.id, day)
    balance = -queries.total(state, account.number, place.money)
    return BankPosition(bank.handle, day, balance, tuple(movements), _subs(conn, state, place, codes))


def _instructed(conn: Connection, place: _Place, codes: dict[int, Any]) -> list[Movement]:
    """Payouts and positions whose line belongs to this day, or that are not at the bank on it."""
    table = BANK_INSTRUCTION
    here = or_(table.c.bank_id == place.bank.id, table.c.other_id == place.bank.id)
    open = table.c.state.in_((*OPEN, InstructionState.REFUSED))
    done = and_(table.c.state == InstructionState.DONE, table.c.done_on >= place.day)
    query = select(table).where(here, table.c.kind != Kind.LEDGER, or_(open, done))
    return [_movement(row, place, codes) for row in conn.execute(query.order_by(table.c.seq, table.c.id))]


def _movement(row: Any, place: _Place, codes: dict[int, Any]) -> Movement:
    receives = row.other_id == place.bank.id
    if row.kind == Kind.PAYOUT:
        kind = LineKind.PAYOUT
    else:
        kind = LineKind.POSITION_IN if receives else LineKind.POSITION_OUT
    if row.state == InstructionState.DONE:
        where = Where.DONE if row.done_on == place.day else Where.OUTSIDE
    elif row.state == InstructionState.REFUSED or row.day > place.day:
        where = Where.OUTSIDE
    else:
        where = Where.WAITING
    account = codes[row.account].code if row.account is not None else ""
    return Movement(row.id, kind, account, row.amount if receives else -row.amount, where)


def _deposited(conn: Connection, place: _Place, codes: dict[int, Any]) -> list[Movement]:
    """What came in from outside: on this day, later, or not booked yet. What gives a payout back did not."""
    found: list[Movement] = []
    for row, details, where in _booked(conn, place, "debit", tuple(deposits.TYPES.values())):
        if GIVES_BACK in details:
            continue
        kind = next(kind for kind, code in deposits.TYPES.items() if code == row.type)
        id = row.id if row.n == 0 else f"{row.id}/{row.n}"
        reference = str(details.get(deposits.REFERENCE, "")) if row.n == 0 else ""
        found.append(Movement(id, kind, codes[row.other].code, row.quantity, where, reference))
    return found


def _taken_back(conn: Connection, place: _Place, codes: dict[int, Any]) -> list[Movement]:
    """Deposits that the bank took back: lines of deposits with the other sign, under its reference of that,
    or under the deposit's own."""
    found: list[Movement] = []
    for row, details, where in _booked(conn, place, "credit", (WITHDRAWAL,)):
        if RETURNED not in details:
            continue
        query = select(TRANSACTION.c.details).where(TRANSACTION.c.id == str(details[RETURNED]))
        theirs = json.loads(conn.execute(query).scalar() or "{}")
        reference = str(details.get(deposits.REFERENCE) or theirs.get(deposits.REFERENCE, ""))
        account = codes[row.other].code
        found.append(Movement(row.id, LineKind.DEPOSIT, account, -row.quantity, where, reference))
    return found


def _made_good(conn: Connection, place: _Place) -> list[Movement]:
    """What the bank lost, or paid in again, under a reference of its own: that line is known.

    Without a reference nothing is on its statement but another balance.
    """
    found: list[Movement] = []
    for side, code, sign in (("credit", COVER, -1), ("debit", RECOVERY, 1)):
        for row, details, where in _booked(conn, place, side, (code,)):
            if reference := str(details.get(deposits.REFERENCE, "")):
                found.append(Movement(row.id, LineKind.FEE, "", sign * row.quantity, where, reference))
    return found


def _booked(
    conn: Connection, place: _Place, side: str, types: tuple[str, ...]
) -> Iterator[tuple[Any, dict[str, Any], Where]]:
    """Transactions of these types with the bank's account on one side: line, details, how far it is."""
    # Late in the evening a bank tells of money with the next day: booked before this day, of this day.
    line, begins = TRANSACTION_LINE, shanghai_ns(place.day - timedelta(deposits.DAYS_AHEAD))
    other = line.c.credit if side == "debit" else line.c.debit
    effected = and_(TRANSACTION.c.state == TransactionState.EFFECTED, TRANSACTION.c.ended_ns >= begins)
    query = (
        select(TRANSACTION, line.c.n, other.label("other"), line.c.quantity)
        .join(line, line.c.transaction_id == TRANSACTION.c.id)
        .where(
            TRANSACTION.c.type.in_(types),
            line.c[side] == place.account,
            line.c.instrument == place.money,
            or_(TRANSACTION.c.state == TransactionState.PENDING, effected),
        )
        .order_by(TRANSACTION.c.proposed_seq, TRANSACTION.c.id, line.c.n)
    )
    for row in conn.execute(query):
        details = json.loads(row.details)
        where = _deposit_stands(row, details, place.day)
        if where is not None:
            yield row, details, where


def _deposit_stands(row: Any, details: dict[str, Any], day: date) -> Where | None:
    """How far a deposit is; None where it is through already, or of no bank day yet."""
    told = details.get(deposits.DAY)
    pending = row.state == TransactionState.PENDING
    if told is None and pending:
        return None  # the bank's people entered it by hand; that it came is said when it is booked
    on = date.fromisoformat(str(told)) if told is not None else business_date(row.ended_ns)
    if on > day:
        return None if pending else Where.OUTSIDE
    if on < day:
        return Where.OLDER if pending else None
    return Where.AHEAD if pending else Where.DONE


def _subs(
    conn: Connection, state: State, place: _Place, codes: dict[int, Any]
) -> dict[str, SubLedgerPosition]:
    """The sub-ledgers at this bank, less what no ledger file has told it by the end of the day."""
    untold = queries.unposted(conn, state, place.money)
    posting, file = BANK_POSTING, BANK_INSTRUCTION
    late = or_(file.c.state.in_(OPEN), file.c.done_on > place.day)
    query = select(posting).join(file, file.c.id == posting.c.instruction_id).where(late)
    for row in conn.execute(query):
        untold[row.account] = untold.get(row.account, 0) + row.amount
    has = queries.totals(state, place.money)
    return {
        one.code: SubLedgerPosition(one.name, has.get(one.account, 0) - untold.get(one.account, 0))
        for one in codes.values()
        if one.bank_id == place.bank.id
    }
