"""What explained differences mean for a bank's days: the same one is none any more, its fen stay expected.

A fee that the bank took, a payment that went to the wrong house: the book did nothing, and its balance and
the bank's stay apart by just that, until it is given back or booked.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy import Connection, or_, select

from tanshu.clearing.bank.gateway import LineKind
from tanshu.clearing.bank.reconcile import Break, Movement, Where
from tanshu.clearing.model import ExplanationState
from tanshu.clearing.tables import CLEARING_EXPLAINED
from tanshu.parties.model import Subject

IN_FORCE = (ExplanationState.GRANTED, ExplanationState.ENDING)
GRANTED = (*IN_FORCE, ExplanationState.ENDED)
"""States of an explanation that a second person granted once."""

_NAMES = ("kind", "side", "about", "ours", "theirs")


def same(one: Any) -> tuple[object, ...]:
    """What two differences have in common that are exactly the same."""
    return tuple(getattr(one, name) for name in _NAMES)


def unexplained(conn: Connection, bank: Subject, day: date, found: Iterable[Break]) -> list[Break]:
    """The differences of a bank's day for which no explanation was granted; each explains one."""
    t = CLEARING_EXPLAINED.c
    query = select(CLEARING_EXPLAINED).where(t.bank_id == bank.id, t.day == day, t.state.in_(GRANTED))
    granted = Counter(same(row) for row in conn.execute(query))
    left: list[Break] = []
    for one in found:
        if granted[same(one)]:
            granted[same(one)] -= 1
        else:
            left.append(one)
    return left


def movements(conn: Connection, bank_id: str, day: date) -> list[Movement]:
    """What earlier days' explanations left at a bank on this day, or what the bank puts right on it."""
    t = CLEARING_EXPLAINED.c
    in_force = or_(t.state.in_(IN_FORCE), t.ended_on >= day)
    query = select(CLEARING_EXPLAINED).where(
        t.bank_id == bank_id, t.day < day, t.state.in_(GRANTED), in_force
    )
    found: list[Movement] = []
    for row in conn.execute(query.order_by(t.asked_seq, t.id)):
        if row.state != ExplanationState.ENDED or row.ended_on > day:
            found += _left(row, 1, Where.OLDER)
        elif row.ended_reference:
            found += _left(row, -1, Where.DONE)
    return found


def _left(row: Any, sign: int, where: Where) -> list[Movement]:
    """Of every sub-ledger its own, and what is of none."""
    left = dict(json.loads(row.left))
    left[""] = left.get("", 0) - sum(fen for account, fen in left.items() if account)
    parts = sorted((account, sign * fen) for account, fen in left.items() if fen)
    reference = row.ended_reference if where is Where.DONE else ""
    return [
        Movement(row.id if n == 1 else f"{row.id}/{n}", LineKind.FEE, account, fen, where, reference, True)
        for n, (account, fen) in enumerate(parts, start=1)
    ]
