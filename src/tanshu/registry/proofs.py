"""What the register adds to proofs: names for the book's numbers, and which entries a transaction stands in.

What is shown of a transaction: its own rows and records, and the rows that name the accounts, holders and
instruments in them. Who decided it, and what else their commands did, stays under its salt.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Row, Select, select

from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.book import proof_checks
from tanshu.book import records as book_records
from tanshu.book.proofs import Wanted
from tanshu.book.records import RECORDS_MAX, Op, decode
from tanshu.book.state_tree import AccountName
from tanshu.log import store
from tanshu.parties.tables import ACCOUNT, SUBJECT, SUBJECT_NAME
from tanshu.registry import queries
from tanshu.registry.certificate import NOT_EFFECTED
from tanshu.registry.model import TRANSACTION_STATE_LABELS, Line, Transaction, TransactionState
from tanshu.registry.tables import INSTRUMENT, TRANSACTION, TRANSACTION_LINE

_RECORD = re.compile(r"^(\d{1,15})/(\d{1,5})$")
_ASKED_AT_ONCE = 5_000


class RegisterNames:
    """The names that parties and register gave, as of an entry."""

    def __init__(self, conn: Connection, seq: int):
        named = select(SUBJECT_NAME.c.subject_id, SUBJECT_NAME.c.name).where(SUBJECT_NAME.c.seq <= seq)
        names = {row.subject_id: row.name for row in conn.execute(named.order_by(SUBJECT_NAME.c.since))}
        held = select(ACCOUNT.c.number, ACCOUNT.c.code, ACCOUNT.c.subject_id, SUBJECT.c.handle).join(
            SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id
        )
        self._accounts = {
            row.number: AccountName(row.code, row.handle, names.get(row.subject_id, ""))
            for row in conn.execute(held.where(ACCOUNT.c.seq <= seq))
        }
        instruments = select(INSTRUMENT.c.number, INSTRUMENT.c.code).where(INSTRUMENT.c.seq <= seq)
        self._instruments = {row.number: row.code for row in conn.execute(instruments)}

    def account(self, number: int, /) -> AccountName | None:
        return self._accounts.get(number)

    def instrument(self, number: int, /) -> str | None:
        return self._instruments.get(number)


def transaction(conn: Connection, log: int, id: str, upto: int, account: int | None = None) -> list[Wanted]:
    """What proves a transaction as far as entry `upto`; or one record of the book, named `entry/record`.

    account: show the lines in which this account takes part, and no others. Raises Refused REG-3105 (no such
    transaction), PROOF-2003 (it was proposed later), PROOF-2009 (no such record), PROOF-2013 (the account
    takes no part in it).
    """
    if match := _RECORD.match(id.strip()):
        return _record(conn, log, int(match[1]), int(match[2]))
    found = need(queries.transaction(conn, id))
    if found.proposed_seq > upto:
        raise Refused(_not_covered(found, found.proposed_seq, upto))
    return _transaction(conn, log, found, upto, account)


def certificate(conn: Connection, log: int, id: str, upto: int, account: int | None = None) -> list[Wanted]:
    """What proves that a transaction took effect; account as above.

    Raises Refused REG-3105 (no such transaction), REG-4001 (it has not taken effect), PROOF-2003 (it did so
    after entry `upto`), PROOF-2013.
    """
    found = need(queries.transaction(conn, id))
    if found.state is not TransactionState.EFFECTED:
        state = TRANSACTION_STATE_LABELS[found.state]
        raise Refused(NOT_EFFECTED(field="transaction", id=found.id, state_zh=state.zh, state_en=state.en))
    assert found.ended_seq is not None, "an effected transaction has ended"
    if found.ended_seq > upto:
        raise Refused(_not_covered(found, found.ended_seq, upto))
    return _transaction(conn, log, found, upto, account)


def _not_covered(found: Transaction, seq: int, upto: int) -> Refusal:
    what = Text(f"业务 {found.id}", f"the transaction {found.id}")
    return proof_checks.NOT_COVERED(field="transaction", what=what, seq=seq, newest=upto)


# -- a transaction -----------------------------------------------------------------------------------------


def _transaction(
    conn: Connection, log: int, found: Transaction, upto: int, account: int | None
) -> list[Wanted]:
    its_rows: list[tuple[str, dict[str, object]]] = [(TRANSACTION.name, {"id": found.id})]
    lines = found.lines
    if account is None:
        its_rows.append((TRANSACTION_LINE.name, {"transaction_id": found.id}))
    else:
        mine = [(n, line) for n, line in enumerate(lines) if account in (line.debit, line.credit)]
        if not mine:
            raise Refused(proof_checks.TAKES_NO_PART(field="account", id=found.id))
        its_rows += [(TRANSACTION_LINE.name, {"transaction_id": found.id, "n": n}) for n, _ in mine]
        lines = tuple(line for _, line in mine)
    wanted = [Wanted(found.proposed_seq, _holds(lines), tuple(its_rows))]
    if found.ended_seq is not None and found.ended_seq <= upto:
        wanted.append(Wanted(found.ended_seq, _effects(conn, log, found.ended_seq, lines), tuple(its_rows)))
    accounts = [number for line in lines for number in (line.debit, line.credit)]
    instruments = [line.instrument for line in lines]
    return [*wanted, *_naming(conn, accounts, instruments, [found.subject_id], upto)]


def _holds(lines: Sequence[Line]) -> tuple[int, ...]:
    """The records of the proposal that held what it gives."""
    return tuple(line.hold & RECORDS_MAX - 1 for line in lines if line.hold is not None)


def _effects(conn: Connection, log: int, seq: int, lines: Sequence[Line]) -> tuple[int, ...]:
    """The records of entry `seq` that moved these lines, or gave back what they held. Others may share it."""
    places: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for i, (op, _, instrument, debit, credit, amount, hold, *_) in enumerate(_records(conn, log, seq)):
        if op in (Op.TRANSFER, Op.CAPTURE, Op.RELEASE):
            places[instrument, debit, amount, hold, 0 if op == Op.RELEASE else credit].append(i)
    for found in places.values():
        found.reverse()
    effects: list[int] = []
    for line in lines:
        key = (line.instrument, line.debit, line.quantity, line.hold or 0)
        found = places.get((*key, line.credit)) or (places.get((*key, 0)) if line.hold else None)
        if found:
            effects.append(found.pop())
    return tuple(sorted(effects))


def _record(conn: Connection, log: int, seq: int, i: int) -> list[Wanted]:
    records = _records(conn, log, seq)
    if i >= len(records):
        raise Refused(proof_checks.NO_RECORD(field="transaction", seq=seq, i=i))
    op, _, instrument, debit, credit = records[i][:5]
    accounts = [debit, *([credit] if op in (Op.TRANSFER, Op.CAPTURE) else [])]
    if op == Op.DEFINE_INSTRUMENT:
        accounts = []
    of = [instrument] if op not in (Op.OPEN_ACCOUNT, Op.SET_FLAGS) else []
    return [Wanted(seq, (i,)), *_naming(conn, accounts, of, [], seq)]


def _records(conn: Connection, log: int, seq: int) -> list[book_records.Row]:
    entry = next(iter(store.read(conn, log, after=seq - 1, upto=seq)), None)
    return [] if entry is None else decode(entry.records).tolist()


# -- names -------------------------------------------------------------------------------------------------


def _naming(
    conn: Connection, accounts: Sequence[int], instruments: Sequence[int], subjects: Sequence[str], upto: int
) -> Iterator[Wanted]:
    """The rows by which accounts, their holders and instruments got their names."""
    holders = set(subjects)
    for row in _among(conn, select(ACCOUNT).where(ACCOUNT.c.seq <= upto), ACCOUNT.c.number, accounts):
        holders.add(row.subject_id)
        yield Wanted(row.seq, (), ((ACCOUNT.name, {"number": row.number, "code": row.code}),))
    for row in _among(conn, select(SUBJECT).where(SUBJECT.c.seq <= upto), SUBJECT.c.id, holders):
        yield Wanted(row.seq, (), ((SUBJECT.name, {"id": row.id}),))
    named = select(SUBJECT_NAME).where(SUBJECT_NAME.c.seq <= upto).order_by(SUBJECT_NAME.c.since)
    newest: dict[str, Wanted] = {}
    for row in _among(conn, named, SUBJECT_NAME.c.subject_id, holders):
        like = {"subject_id": row.subject_id, "since": row.since.isoformat()}
        newest[row.subject_id] = Wanted(row.seq, (), ((SUBJECT_NAME.name, like),))
    yield from newest.values()
    defined = select(INSTRUMENT).where(INSTRUMENT.c.seq <= upto)
    for row in _among(conn, defined, INSTRUMENT.c.number, instruments):
        yield Wanted(row.seq, (), ((INSTRUMENT.name, {"number": row.number}),))


def _among(
    conn: Connection, query: Select[Any], column: Column[Any], values: Iterable[int | str]
) -> Iterator[Row[Any]]:
    """The rows whose column has one of these values, asked for a few thousand at a time."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), _ASKED_AT_ONCE):
        yield from conn.execute(query.where(column.in_(wanted[start : start + _ASKED_AT_ONCE])))
