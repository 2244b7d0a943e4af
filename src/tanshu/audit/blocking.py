"""Asking the house to block: ordinary commands of `parties`, sent as the auditor named."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from tanshu.audit import rows
from tanshu.audit.memory import Wanted
from tanshu.base.database import FAILED, Database
from tanshu.base.refusal import Refusal, Refused
from tanshu.book.commit import Book, Context
from tanshu.parties.blocking import block
from tanshu.parties.model import Block

if TYPE_CHECKING:
    from tanshu.audit.follow import Orders

_SETTLED = ("PAR-2001", "PAR-2003", "PAR-2013", "PAR-2016")
"""Nothing is left to be done: no such account, closed, blocked already, a system account that is spared."""


class Sent(NamedTuple):
    """blocked: stopped now. spared: not stopped, and why. again: to be tried again."""

    blocked: list[str]
    spared: list[tuple[str, str]]
    again: set[str]


def send(database: Database, log: int, wanted: Sequence[Wanted], orders: Orders) -> Sent:
    """Block each account once, over the first finding that names it."""
    book = Book(database, log)
    sent = Sent([], [], set())
    for one in {one.account: one for one in reversed(wanted)}.values():
        refusal = _block(book, one, orders)
        if refusal is None:
            sent.blocked.append(one.account)
        elif refusal.code != "PAR-2013":
            sent.spared.append((one.account, str(refusal)))
            if refusal.code not in _SETTLED:
                sent.again.add(one.account)
    return sent


def _block(book: Book, one: Wanted, orders: Orders) -> Refusal | None:
    """None when it is done; a database that fails, or a book that has stopped, is a reason like any other."""
    ctx = Context(book, orders.auditor, bytes.fromhex(one.key))
    command = Block(one.account, one.finding, one.seq, one.note, system=orders.system)
    try:
        outcome = block(ctx, command)
    except Refused as refused:
        return refused.refusal
    except rows.DATABASE_ERRORS as error:
        return FAILED(url=book.database.url, why=str(getattr(error, "orig", None) or error).strip())
    return outcome if isinstance(outcome, Refusal) else None
