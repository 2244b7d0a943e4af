"""Questions to the register."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, func, or_, select

from tanshu.base.memo import remembered
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.registry import checks
from tanshu.registry.model import Instrument, Line, Step, Transaction, TransactionState, Waiting
from tanshu.registry.tables import INSTRUMENT, SUCCESSOR, TRANSACTION, TRANSACTION_LINE, TRANSACTION_STEP
from tanshu.registry.types import TYPES, InstrumentKind

_CODES_PER_QUERY = 500

# What every command asks is built once: putting a statement together costs more than running it.
_INSTRUMENT_CODED = select(INSTRUMENT).where(INSTRUMENT.c.code == bindparam("code"))
_INSTRUMENT_NUMBERED = select(INSTRUMENT).where(INSTRUMENT.c.number == bindparam("number"))
_TRANSACTION = select(TRANSACTION).where(TRANSACTION.c.id == bindparam("id"))
_LINES = (
    select(TRANSACTION_LINE)
    .where(TRANSACTION_LINE.c.transaction_id == bindparam("id"))
    .order_by(TRANSACTION_LINE.c.n)
)
_STEPS = (
    select(TRANSACTION_STEP)
    .where(TRANSACTION_STEP.c.transaction_id == bindparam("id"))
    .order_by(TRANSACTION_STEP.c.n)
)


def instruments(conn: Connection) -> list[Instrument]:
    return [_instrument(row) for row in conn.execute(select(INSTRUMENT).order_by(INSTRUMENT.c.number))]


@remembered
def instrument(conn: Connection, code: str) -> Instrument | Refusal:
    row = conn.execute(_INSTRUMENT_CODED, {"code": code.strip()}).first()
    if row is None:
        known = ", ".join(one.code for one in instruments(conn)) or "-"
        return checks.INSTRUMENT_UNKNOWN(field="instrument", value=code, known=known)
    return _instrument(row)


def instruments_coded(conn: Connection, codes: Iterable[str]) -> dict[str, Instrument]:
    """Many instruments by code; those that do not exist are not there."""
    wanted = list(codes)
    found: dict[str, Instrument] = {}
    for start in range(0, len(wanted), _CODES_PER_QUERY):
        some = wanted[start : start + _CODES_PER_QUERY]
        for row in conn.execute(select(INSTRUMENT).where(INSTRUMENT.c.code.in_(some))):
            found[row.code] = _instrument(row)
    return found


@remembered
def instrument_by_number(conn: Connection, number: int) -> Instrument:
    return _instrument(conn.execute(_INSTRUMENT_NUMBERED, {"number": number}).one())


@remembered
def transaction(conn: Connection, id: str) -> Transaction | Refusal:
    this = {"id": id.strip()}
    row = conn.execute(_TRANSACTION, this).first()
    if row is None:
        return checks.TRANSACTION_UNKNOWN(field="transaction", id=id)
    return _transaction(row, tuple(_line(one) for one in conn.execute(_LINES, this)))


def transactions(
    conn: Connection,
    *,
    type: str | None = None,
    state: TransactionState | None = None,
    subject_id: str | None = None,
    year: int | None = None,
    batch: str | None = None,
) -> list[Transaction]:
    """Transactions in the order they were proposed."""
    wanted = (("type", type), ("state", state), ("subject_id", subject_id), ("year", year), ("batch", batch))
    conditions = [TRANSACTION.c[name] == value for name, value in wanted if value is not None]
    rows = conn.execute(select(TRANSACTION).where(*conditions).order_by(TRANSACTION.c.proposed_seq)).all()
    lines = _lines_of(conn, select(TRANSACTION.c.id).where(*conditions)) if rows else {}
    return [_transaction(row, lines.get(row.id, ())) for row in rows]


def transactions_with_ids(conn: Connection, ids: Sequence[str]) -> list[Transaction]:
    """These transactions, in the order given; those that do not exist are left out."""
    found: dict[str, Transaction] = {}
    for start in range(0, len(ids), _CODES_PER_QUERY):
        these = TRANSACTION.c.id.in_(ids[start : start + _CODES_PER_QUERY])
        rows = conn.execute(select(TRANSACTION).where(these)).all()
        lines = _lines_of(conn, select(TRANSACTION.c.id).where(these)) if rows else {}
        found.update((row.id, _transaction(row, lines.get(row.id, ()))) for row in rows)
    return [found[id] for id in ids if id in found]


def transactions_named(conn: Connection, ids: Collection[str]) -> dict[str, Transaction]:
    """Many transactions by id; those that do not exist are not there."""
    these = TRANSACTION.c.id.in_(ids)
    lines = _lines_of(conn, select(TRANSACTION.c.id).where(these))
    rows = conn.execute(select(TRANSACTION).where(these))
    return {row.id: _transaction(row, lines.get(row.id, ())) for row in rows}


def steps_named(conn: Connection, ids: Collection[str]) -> dict[str, list[Step]]:
    """The steps taken of many transactions, in order."""
    found: dict[str, list[Step]] = {id: [] for id in ids}
    query = select(TRANSACTION_STEP).where(TRANSACTION_STEP.c.transaction_id.in_(ids))
    for r in conn.execute(query.order_by(TRANSACTION_STEP.c.n)):
        found[r.transaction_id].append(
            Step(r.n, r.by, r.act, r.person, r.decision, r.seq, r.time_ns, r.comment)
        )
    return found


def transactions_at(conn: Connection, seqs: Collection[int]) -> list[Transaction]:
    """The transactions that these entries proposed or ended."""
    theirs = or_(TRANSACTION.c.proposed_seq.in_(seqs), TRANSACTION.c.ended_seq.in_(seqs))
    rows = conn.execute(select(TRANSACTION).where(theirs).order_by(TRANSACTION.c.proposed_seq)).all()
    lines = _lines_of(conn, select(TRANSACTION.c.id).where(theirs)) if rows else {}
    return [_transaction(row, lines.get(row.id, ())) for row in rows]


def run_out(conn: Connection, today: date, limit: int) -> list[Transaction]:
    """Proposals that still wait after their last day, the oldest first."""
    late = (TRANSACTION.c.state == TransactionState.PENDING, TRANSACTION.c.expires_on < today)
    query = select(TRANSACTION).where(*late).order_by(TRANSACTION.c.proposed_seq).limit(limit)
    rows = conn.execute(query).all()
    lines = _lines_of(conn, select(TRANSACTION.c.id).where(*late)) if rows else {}
    return [_transaction(row, lines.get(row.id, ())) for row in rows]


def linked(conn: Connection, original_id: str) -> list[Transaction]:
    """The transactions that name this one as their original, in the order they were proposed."""
    theirs = TRANSACTION.c.original_id == original_id
    rows = conn.execute(select(TRANSACTION).where(theirs).order_by(TRANSACTION.c.proposed_seq)).all()
    lines = _lines_of(conn, select(TRANSACTION.c.id).where(theirs)) if rows else {}
    return [_transaction(row, lines.get(row.id, ())) for row in rows]


def successor(conn: Connection, subject_id: str) -> str | None:
    """The id of the subject that took over from this one, if it is recorded."""
    return conn.execute(select(SUCCESSOR.c.successor_id).where(SUCCESSOR.c.subject_id == subject_id)).scalar()


@remembered
def steps(conn: Connection, id: str) -> list[Step]:
    """The steps taken of a transaction's chain, in order."""
    return [
        Step(r.n, r.by, r.act, r.person, r.decision, r.seq, r.time_ns, r.comment)
        for r in conn.execute(_STEPS, {"id": id})
    ]


def quantity(
    conn: Connection,
    type: str,
    *,
    state: TransactionState = TransactionState.EFFECTED,
    subject_id: str | None = None,
    year: int | None = None,
    effected_by_ns: int | None = None,
    proposed_by_ns: int | None = None,
) -> int:
    """Σ quantity over the lines of a type's transactions, in tonnes, up to given times if asked."""
    joined = TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == TRANSACTION_LINE.c.transaction_id)
    query = select(func.coalesce(func.sum(TRANSACTION_LINE.c.quantity), 0)).select_from(joined)
    query = query.where(TRANSACTION.c.type == type, TRANSACTION.c.state == state)
    if subject_id is not None:
        query = query.where(TRANSACTION.c.subject_id == subject_id)
    if year is not None:
        query = query.where(TRANSACTION.c.year == year)
    if effected_by_ns is not None:
        query = query.where(TRANSACTION.c.ended_ns <= effected_by_ns)
    if proposed_by_ns is not None:
        query = query.where(TRANSACTION.c.proposed_ns <= proposed_by_ns)
    return int(conn.execute(query).scalar_one())


def _lines_of(conn: Connection, ids: Select[tuple[str]]) -> dict[str, tuple[Line, ...]]:
    """The lines of these transactions, in order."""
    query = select(TRANSACTION_LINE).where(TRANSACTION_LINE.c.transaction_id.in_(ids))
    found: dict[str, list[Line]] = defaultdict(list)
    for row in conn.execute(query.order_by(TRANSACTION_LINE.c.n)):
        found[row.transaction_id].append(_line(row))
    return {id: tuple(lines) for id, lines in found.items()}


def _line(row: Row[Any]) -> Line:
    return Line(row.debit, row.credit, row.instrument, row.quantity, row.hold)


def _instrument(row: Row[Any]) -> Instrument:
    title = Text(row.title_zh, row.title_en)
    return Instrument(row.number, row.code, InstrumentKind(row.kind), title, row.vintage, row.scale)


def _transaction(row: Row[Any], lines: tuple[Line, ...]) -> Transaction:
    return Transaction(
        row.id,
        TYPES[row.type],
        TransactionState(row.state),
        row.subject_id,
        row.year,
        row.batch,
        row.proposed_seq,
        row.proposed_ns,
        row.ended_seq,
        row.ended_ns,
        row.expires_on,
        tuple(Waiting(**step) for step in json.loads(row.chain)),
        row.taken,
        row.reason,
        json.loads(row.details),
        lines,
        row.original_id,
    )
