"""Questions about banks: who keeps whose money, what they were asked to do, what they have not heard."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, func, or_, select
from sqlalchemy.orm import aliased

from tanshu.base.memo import remembered
from tanshu.base.refusal import Refusal
from tanshu.book.kernel import AVAILABLE, HELD, INSTRUMENT_BITS, INSTRUMENT_MASK, KEY
from tanshu.book.state import State
from tanshu.clearing.bank import checks
from tanshu.clearing.bank.gateway import Instruction, Kind, Part, Statement, StatementLine
from tanshu.clearing.bank.model import OPEN, InstructionState
from tanshu.clearing.bank.tables import (
    BANK_BINDING,
    BANK_INSTRUCTION,
    BANK_POSTING,
    BANK_STATEMENT,
    BANK_STATEMENT_LINE,
    BANK_STATEMENT_SUB,
)
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Subject, SubjectKind
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME
from tanshu.registry import queries as registry
from tanshu.registry.model import Instrument, TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES, InstrumentKind

MONEY_KINDS = (
    AccountKind.CASH,
    AccountKind.FEES,
    AccountKind.RESERVE,
    AccountKind.OWN_FUNDS,
    AccountKind.POOL,
)
"""Kinds of accounts that are sub-ledgers at a bank."""
_KIND = {str(kind): kind for kind in MONEY_KINDS}
_AT_BANK = (AccountKind.BANK,)
WITH_BANK = tuple(code for code, one in TYPES.items() if (one.debit == _AT_BANK) != (one.credit == _AT_BANK))
"""Types of transactions by which money comes to a sub-ledger from outside, or leaves it: the bank knows."""


class SubLedger(NamedTuple):
    """An account for money. bank_id: who keeps it, None where that is not said."""

    account: int
    code: str
    kind: AccountKind
    subject_id: str
    name: str
    bank_id: str | None


# -- who keeps whose money ---------------------------------------------------------------------------------


def banks(conn: Connection) -> list[Subject]:
    """The settlement banks, in the order of their registration."""
    query = select(SUBJECT.c.id).where(SUBJECT.c.kind == SubjectKind.BANK)
    ids = conn.execute(query.order_by(SUBJECT.c.seq, SUBJECT.c.id)).scalars().all()
    found = parties.subjects_with_ids(conn, ids)
    return [found[id] for id in ids if parties.account_of(conn, id, AccountKind.BANK)]


def bank_named(conn: Connection, handle: str) -> Subject | Refusal:
    """A settlement bank by handle. Refuses with PAR-1xxx, CLR-3003."""
    subject = parties.subject(conn, handle)
    if isinstance(subject, Refusal):
        return subject
    if subject.kind is not SubjectKind.BANK or not parties.account_of(conn, subject.id, AccountKind.BANK):
        return checks.NOT_A_BANK(field="bank", bank=subject.name)
    return subject


def bank_of(conn: Connection, subject_id: str) -> Subject | Refusal:
    """The bank that a subject is bound to; the only one, where there is only one.

    Refuses with CLR-3001 (several, and bound to none), CLR-3002 (there is none).
    """
    bound = bound_to(conn, subject_id)
    if bound is not None:
        return parties.subject_by_id(conn, bound)
    here = banks(conn)
    if len(here) == 1:
        return here[0]
    if not here:
        return checks.NO_BANK(field="bank")
    name = parties.subject_by_id(conn, subject_id).name
    return checks.BANK_UNBOUND(field="bank", subject=name, count=len(here))


def bound_to(conn: Connection, subject_id: str) -> str | None:
    """The id of the bank that a subject is bound to by name."""
    query = select(BANK_BINDING.c.bank_id).where(
        BANK_BINDING.c.subject_id == subject_id, BANK_BINDING.c.ended_seq.is_(None)
    )
    return conn.execute(query).scalar()


def banks_that_keep(conn: Connection, subject_id: str, accounts: Collection[int]) -> list[str]:
    """Where a subject's money is, by the banks' ids: bound to none, at those by which it came.

    Money that came by no bank was made by trades while the first bank was the only one.
    """
    bound = bound_to(conn, subject_id)
    if bound is not None:
        return [bound]
    found: set[str] = set()
    for side, other in (("debit", "credit"), ("credit", "debit")):
        line, bank = TRANSACTION_LINE, aliased(ACCOUNT)
        query = (
            select(bank.c.subject_id)
            .join(line, line.c[side] == bank.c.number)
            .join(TRANSACTION, TRANSACTION.c.id == line.c.transaction_id)
            .where(
                TRANSACTION.c.type.in_(WITH_BANK),
                TRANSACTION.c.state == TransactionState.EFFECTED,
                bank.c.kind == AccountKind.BANK,
                line.c[other].in_(accounts),
            )
        )
        found.update(conn.execute(query.distinct()).scalars())
    return sorted(found) or [bank.id for bank in banks(conn)[:1]]


def bindings(conn: Connection) -> list[Row[Any]]:
    """Every binding that stands, in the order in which they were made."""
    query = select(BANK_BINDING).where(BANK_BINDING.c.ended_seq.is_(None))
    return list(conn.execute(query.order_by(BANK_BINDING.c.seq, BANK_BINDING.c.subject_id)))


@remembered
def sub_ledgers(conn: Connection) -> list[SubLedger]:
    """Every account for money, by book number, with the bank that keeps it."""
    its = (ACCOUNT.c.number, ACCOUNT.c.code, ACCOUNT.c.kind, ACCOUNT.c.subject_id)
    query = select(*its).where(ACCOUNT.c.kind.in_(MONEY_KINDS)).order_by(ACCOUNT.c.number)
    named = select(SUBJECT_NAME.c.subject_id, SUBJECT_NAME.c.name).order_by(SUBJECT_NAME.c.since)
    names = {row.subject_id: row.name for row in conn.execute(named)}  # the newest one stays
    bound = {row.subject_id: row.bank_id for row in bindings(conn)}
    here = banks(conn)
    only = here[0].id if len(here) == 1 else None
    return [
        SubLedger(number, code, _KIND[kind], subject, names[subject], bound.get(subject, only))
        for number, code, kind, subject in conn.execute(query).all()
    ]


def money(conn: Connection) -> Instrument | Refusal:
    """The money of the house: its first instrument of kind cash. Refuses with CLR-3205."""
    for one in registry.instruments(conn):
        if one.kind is InstrumentKind.CASH:
            return one
    return checks.NO_MONEY(field="instrument")


def total(state: State, account: int, instrument: int) -> int:
    """What an account has, free and held."""
    cell = state.cell(account, instrument)
    return cell.available + cell.held


def totals(state: State, instrument: int) -> dict[int, int]:
    """The same of every account that has anything of an instrument."""
    cells = state.cell_rows()
    here = cells[cells[:, KEY] & INSTRUMENT_MASK == instrument]
    account, whole = here[:, KEY] >> INSTRUMENT_BITS, here[:, AVAILABLE] + here[:, HELD]
    return dict(zip(account.tolist(), whole.tolist(), strict=True))


def brought(conn: Connection, transaction: str, bank: int, account: int) -> int:
    """Fen that a deposit which took effect brought from a bank's account to another."""
    line, t = TRANSACTION_LINE.c, TRANSACTION.c
    query = (
        select(func.sum(line.quantity))
        .join(TRANSACTION, t.id == line.transaction_id)
        .where(t.id == transaction, t.type == "cash-deposit", t.state == TransactionState.EFFECTED)
        .where(line.debit == bank, line.credit == account)
    )
    return int(conn.execute(query).scalar() or 0)


def taken_back(conn: Connection, transaction: str, account: int) -> int:
    """Fen of a deposit that its bank has taken back already."""
    line, t = TRANSACTION_LINE.c, TRANSACTION.c
    query = (
        select(t.details, line.quantity)
        .join(TRANSACTION, t.id == line.transaction_id)
        .where(t.type == "cash-withdrawal", t.state == TransactionState.EFFECTED, line.debit == account)
    )
    named = ((json.loads(details).get("returned"), fen) for details, fen in conn.execute(query))
    return sum(int(fen) for deposit, fen in named if deposit == transaction)


# -- what the banks have not heard of ----------------------------------------------------------------------


def through_banks(conn: Connection, instrument: int) -> dict[int, int]:
    """What came from outside less what left, of each account, by transactions that took effect."""
    found: dict[int, int] = {}
    for side, other, sign in (("debit", "credit", 1), ("credit", "debit", -1)):
        line, bank, amount = TRANSACTION_LINE, aliased(ACCOUNT), func.sum(TRANSACTION_LINE.c.quantity)
        query = (
            select(line.c[other], amount)
            .join(TRANSACTION, TRANSACTION.c.id == line.c.transaction_id)
            .join(bank, bank.c.number == line.c[side])
            .where(
                TRANSACTION.c.type.in_(WITH_BANK),
                TRANSACTION.c.state == TransactionState.EFFECTED,
                bank.c.kind == AccountKind.BANK,
                line.c.instrument == instrument,
            )
            .group_by(line.c[other])
        )
        for account, fen in conn.execute(query).all():
            found[account] = found.get(account, 0) + sign * int(fen)
    return found


def posted(conn: Connection) -> dict[int, int]:
    """What ledger files told the banks, of each account; those that a bank refused do not count."""
    query = (
        select(BANK_POSTING.c.account, func.sum(BANK_POSTING.c.amount))
        .join(BANK_INSTRUCTION, BANK_INSTRUCTION.c.id == BANK_POSTING.c.instruction_id)
        .where(BANK_INSTRUCTION.c.state != InstructionState.REFUSED)
        .group_by(BANK_POSTING.c.account)
    )
    return {account: int(fen) for account, fen in conn.execute(query).all()}


def unposted(
    conn: Connection, state: State, instrument: int, moved: Mapping[int, int] | None = None
) -> dict[int, int]:
    """What moved in the book between sub-ledgers, and no ledger file has told yet: fen by account, none zero.

    moved: what the command being decided moves besides.
    """
    came, told, more = through_banks(conn, instrument), posted(conn), moved or {}
    has = totals(state, instrument)
    found = {
        one.account: has.get(one.account, 0)
        + more.get(one.account, 0)
        - came.get(one.account, 0)
        - told.get(one.account, 0)
        for one in sub_ledgers(conn)
    }
    return {account: fen for account, fen in found.items() if fen}


def positions(
    conn: Connection, state: State, instrument: int, moved: Mapping[int, int] | None = None
) -> dict[str, int] | Refusal:
    """头寸: what each bank must receive (above zero) or pay, by the bank's subject id; together zero.

    A bank keeps the money of the sub-ledgers bound to it; what its special account is short of that, it
    receives. moved: what the command being decided moves besides. Refuses with CLR-3001.
    """
    more, has = moved or {}, totals(state, instrument)
    needed = dict.fromkeys((bank.id for bank in banks(conn)), 0)
    for one in sub_ledgers(conn):
        fen = has.get(one.account, 0) + more.get(one.account, 0)
        if fen and one.bank_id is None:
            return checks.BANK_UNBOUND(field="bank", subject=one.name, count=len(needed))
        if fen and one.bank_id is not None:
            needed[one.bank_id] += fen
    for bank_id in needed:
        there = parties.account_of(conn, bank_id, AccountKind.BANK)
        assert there is not None, bank_id
        needed[bank_id] += has.get(there.number, 0) + more.get(there.number, 0)
    return needed


# -- instructions ------------------------------------------------------------------------------------------


def instruction(conn: Connection, id: str) -> Row[Any] | Refusal:
    """An instruction by id. Refuses with CLR-3101."""
    row = conn.execute(select(BANK_INSTRUCTION).where(BANK_INSTRUCTION.c.id == id)).first()
    return row or checks.NO_SUCH_INSTRUCTION(field="instruction", id=id)


def instructions(
    conn: Connection, *, day: date | None = None, state: str | None = None, bank_id: str | None = None
) -> list[Row[Any]]:
    """Instructions in the order in which they were made."""
    wanted = (("day", day), ("state", state), ("bank_id", bank_id))
    conditions = [BANK_INSTRUCTION.c[name] == value for name, value in wanted if value is not None]
    query = select(BANK_INSTRUCTION).where(*conditions)
    return list(conn.execute(query.order_by(BANK_INSTRUCTION.c.seq, BANK_INSTRUCTION.c.id)))


def in_transit(conn: Connection, upto: date, bank_id: str | None = None) -> list[Row[Any]]:
    """Instructions of a day or earlier whose result is still open, in the order in which they were made."""
    query = select(BANK_INSTRUCTION).where(BANK_INSTRUCTION.c.state.in_(OPEN), BANK_INSTRUCTION.c.day <= upto)
    if bank_id is not None:
        query = query.where(
            or_(BANK_INSTRUCTION.c.bank_id == bank_id, BANK_INSTRUCTION.c.other_id == bank_id)
        )
    return list(conn.execute(query.order_by(BANK_INSTRUCTION.c.seq, BANK_INSTRUCTION.c.id)))


def as_sent(conn: Connection, rows: Iterable[Row[Any]]) -> list[Instruction]:
    """Instructions as a bank hears them, with handles, account codes and names."""
    rows = list(rows)
    parts = {row.id: _parts(conn, row.id) for row in rows if row.kind == Kind.LEDGER}
    named = {row.account for row in rows if row.account is not None}
    accounts = parties.accounts_numbered(conn, named.union(*(part for part in parts.values())))
    subjects = parties.subjects_with_ids(
        conn,
        {one.subject_id for one in accounts.values()} | {row.other_id for row in rows if row.other_id},
    )

    def name(number: int) -> tuple[str, str]:
        account = accounts[number]
        return account.code, subjects[account.subject_id].name

    return [
        Instruction(
            row.id,
            row.day,
            Kind(row.kind),
            row.amount,
            *(name(row.account) if row.account is not None else ("", "")),
            subjects[row.other_id].handle if row.other_id else "",
            tuple(Part(*name(number), amount) for number, amount in parts.get(row.id, {}).items()),
        )
        for row in rows
    ]


def _parts(conn: Connection, id: str) -> dict[int, int]:
    query = select(BANK_POSTING.c.account, BANK_POSTING.c.amount).where(BANK_POSTING.c.instruction_id == id)
    return {row.account: row.amount for row in conn.execute(query.order_by(BANK_POSTING.c.account))}


# -- statements --------------------------------------------------------------------------------------------


def newest_statement(conn: Connection, bank: Subject, day: date) -> Statement | Refusal:
    """The statement that counts for a bank's day. Refuses with CLR-3204."""
    table = BANK_STATEMENT
    query = select(table).where(table.c.bank_id == bank.id, table.c.day == day)
    head = conn.execute(query.order_by(table.c.round.desc()).limit(1)).first()
    if head is None:
        return checks.NO_STATEMENT(field="day", bank=bank.name, day=day)

    def of(table: Any) -> tuple[Any, ...]:
        return (table.c.bank_id == bank.id, table.c.day == day, table.c.round == head.round)

    line, sub = BANK_STATEMENT_LINE, BANK_STATEMENT_SUB
    lines = conn.execute(select(line).where(*of(line)).order_by(line.c.n))
    subs = conn.execute(select(sub.c.account, sub.c.balance).where(*of(sub))).all()
    return Statement(
        bank.handle,
        day,
        head.opening,
        head.closing,
        tuple(
            StatementLine(r.n, r.kind, r.reference, r.request, r.account, r.name, r.amount, r.balance)
            for r in lines
        ),
        dict(sorted(map(tuple, subs))),
    )


def statement_rounds(conn: Connection, bank: Subject, day: date) -> int:
    """How often a bank's statement of a day has come so far."""
    table = BANK_STATEMENT
    query = select(func.max(table.c.round)).where(table.c.bank_id == bank.id, table.c.day == day)
    return conn.execute(query).scalar() or 0


def told_after(conn: Connection, day: date, seq: int) -> list[str]:
    """The banks, by id, whose statement of a day came after an entry."""
    table = BANK_STATEMENT
    query = select(table.c.bank_id).where(table.c.day == day, table.c.seq > seq).distinct()
    return list(conn.execute(query).scalars())


def pending_with_bank(conn: Connection, accounts: Collection[int]) -> list[tuple[str, int]]:
    """Money of these accounts that is about to come from a bank, or go there: (the bank's id, account)."""
    found: set[tuple[str, int]] = set()
    for side, other in (("debit", "credit"), ("credit", "debit")):
        line, bank = TRANSACTION_LINE, aliased(ACCOUNT)
        query = (
            select(bank.c.subject_id, line.c[other])
            .join(line, line.c[side] == bank.c.number)
            .join(TRANSACTION, TRANSACTION.c.id == line.c.transaction_id)
            .where(
                TRANSACTION.c.state == TransactionState.PENDING,
                bank.c.kind == AccountKind.BANK,
                line.c[other].in_(accounts),
            )
        )
        found.update((row[0], row[1]) for row in conn.execute(query))
    return sorted(found)


def closing_before(conn: Connection, bank_id: str, day: date) -> int | None:
    """The closing balance of the newest statement before a day, None where there is none."""
    table = BANK_STATEMENT
    query = select(table.c.closing).where(table.c.bank_id == bank_id, table.c.day < day)
    return conn.execute(query.order_by(table.c.day.desc(), table.c.round.desc()).limit(1)).scalar()
