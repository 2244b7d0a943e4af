"""Giving back exactly the units that came: a reversal or correction takes them out of the midst of a queue.

The book's units stand in a cell first in, first out. What an original brought to a sink lies behind what came
before it. So what lies in front is held for a moment, then what is to go, then the front is let go again: its
order stays, and the very units of the original return.
"""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.book.records import Row, position
from tanshu.registry import queries
from tanshu.registry.model import Proposed, Transaction, TransactionState
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE


class _Part(NamedTuple):
    """A line to give back: how many units lie in front of it in its cell."""

    front: int
    n: int
    debit: int
    credit: int
    instrument: int
    quantity: int


def movements(act: Act, proposed: Proposed, first: int) -> list[Row]:
    """The records that give the lines back, the captures last. first: the place of the first of them."""
    before = proposed.original
    assert before is not None
    tag = proposed.type.number
    holding: list[Row] = []
    captures: dict[int, Row] = {}
    taken: dict[tuple[int, int], int] = defaultdict(int)
    for part in sorted(_parts(act.conn, proposed, before)):
        cell = (part.debit, part.instrument)
        front = part.front - taken[cell]
        passing = position(act.seq, first + len(holding))
        if front:
            holding.append(records.hold(*cell, front, tag=tag))
        held = position(act.seq, first + len(holding))
        holding.append(records.hold(*cell, part.quantity, tag=tag))
        if front:
            holding.append(records.release(passing, *cell, front, tag=tag))
        taken[cell] += part.quantity
        captures[part.n] = records.capture(
            held, part.debit, part.credit, part.instrument, part.quantity, tag=tag
        )
    return [*holding, *(captures[n] for n in sorted(captures))]


def _parts(conn: Connection, proposed: Proposed, before: Transaction) -> list[_Part]:
    parts: list[_Part] = []
    used: dict[int, int] = defaultdict(int)
    for n, line in enumerate(proposed.lines):
        way = (line.credit.number, line.debit.number, line.instrument.number)
        at = next(i for i, one in enumerate(before.lines) if (one.debit, one.credit, one.instrument) == way)
        front = _in_front(conn, before, at, way[1], way[2]) + used[at]
        used[at] += line.quantity
        parts.append(
            _Part(front, n, line.debit.number, line.credit.number, line.instrument.number, line.quantity)
        )
    return parts


def _in_front(conn: Connection, before: Transaction, at: int, account: int, instrument: int) -> int:
    """What came to a sink before line `at` of a transaction and has not gone back since."""
    assert before.ended_seq is not None
    earlier = _came_before(conn, before.ended_seq, account, instrument)
    for other in queries.transactions_at(conn, [before.ended_seq]):
        if other.ended_seq != before.ended_seq or other.state is not TransactionState.EFFECTED:
            continue
        mine = other.id == before.id
        if not mine and (other.proposed_seq, other.id) > (before.proposed_seq, before.id):
            continue
        lines = other.lines[:at] if mine else other.lines
        ways = [(line.debit, line.credit, line.instrument) for line in lines]
        earlier += sum(
            line.quantity for line in lines if (line.credit, line.instrument) == (account, instrument)
        )
        earlier -= _gone_back(conn, other.id, account, instrument, ways)
    return earlier


def _came_before(conn: Connection, seq: int, account: int, instrument: int) -> int:
    """What entries before this one brought to a cell, less what of it has gone back."""
    line, effected = TRANSACTION_LINE.c, TRANSACTION.c.state == TransactionState.EFFECTED
    total = select(func.coalesce(func.sum(line.quantity), 0)).select_from(
        TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == line.transaction_id)
    )
    came = total.where(
        line.credit == account, line.instrument == instrument, effected, TRANSACTION.c.ended_seq < seq
    )
    earlier = TRANSACTION.alias("earlier")
    originals = select(earlier.c.id).where(earlier.c.ended_seq < seq)
    gone = total.where(
        line.debit == account,
        line.instrument == instrument,
        effected,
        TRANSACTION.c.original_id.in_(originals),
    )
    return int(conn.execute(came).scalar_one()) - int(conn.execute(gone).scalar_one())


def _gone_back(
    conn: Connection, id: str, account: int, instrument: int, ways: list[tuple[int, int, int]]
) -> int:
    """What of these lines of a transaction has gone back."""
    return sum(
        line.quantity
        for other in queries.linked(conn, id)
        if other.state is TransactionState.EFFECTED
        for line in other.lines
        if (line.debit, line.instrument) == (account, instrument)
        and (line.credit, line.debit, line.instrument) in ways
    )
