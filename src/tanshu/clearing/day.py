"""The settlement day as steps: what is done next, by whom, with which command.

close the markets → collect → clear → the exchange confirms → 初审 → 复审 → deliver, block by block → effect
→ the banks do their part → reconcile → statements → seal

Each step is one command of the book, or a few. Its key follows from what the day came to before: nobody can
guess it ahead, and a day that is resumed repeats exactly what was asked before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.canonical import digest
from tanshu.base.ids import KEY_BYTES
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Context, Outcome
from tanshu.clearing import queries
from tanshu.clearing.collecting import clear, collect
from tanshu.clearing.delivery import deliver
from tanshu.clearing.effecting import effect
from tanshu.clearing.late import deliver_failed
from tanshu.clearing.model import (
    Clear,
    Collect,
    Confirm,
    DayState,
    Deliver,
    DeliverFailed,
    Effect,
    Reconcile,
    Review,
    Seal,
    State,
)
from tanshu.clearing.reconciling import reconcile
from tanshu.clearing.reviewing import approve, confirm, review
from tanshu.clearing.sealing import seal
from tanshu.clearing.statements.service import state
from tanshu.clearing.tables import CLEARING_BREAK
from tanshu.clearing.trades import of_entries
from tanshu.exchange.bridge.days import close_day
from tanshu.exchange.bridge.model import CloseDay
from tanshu.exchange.bridge.sessions import OPEN
from tanshu.exchange.tables import MARKET, MARKET_DAY
from tanshu.log import store
from tanshu.rules.clearing_pack import clearing_rules


class Role(StrEnum):
    """Who takes a step."""

    EXCHANGE = "exchange"
    """A maker of the exchange."""
    CONFIRMER = "confirmer"
    """A checker of the exchange."""
    CLERK = "clerk"
    """A maker of the registry."""
    FIRST = "first"
    """A checker of the registry: 初审."""
    SECOND = "second"
    """Another one: 复审."""


ROLE_LABELS = {
    Role.EXCHANGE: Text("交易机构经办", "a maker of the exchange"),
    Role.CONFIRMER: Text("交易机构复核", "a checker of the exchange"),
    Role.CLERK: Text("登记结算机构经办", "a maker of the registry"),
    Role.FIRST: Text("登记结算机构初审", "a checker of the registry (first review)"),
    Role.SECOND: Text("登记结算机构复审", "another checker of the registry (second review)"),
}


@dataclass(frozen=True, slots=True)
class Do:
    """One command of a step: by whom, which verb, with what.

    part: of which part of the step, where it has several (a market, a block); it has one key, whatever else
    is to be done besides.
    """

    step: str
    role: Role
    verb: Callable[[Context, Any], Outcome]
    body: object
    part: str = ""


STEPS: dict[str, Text] = {
    "close": Text("闭市", "close the markets"),
    "collect": Text("归集成交", "collect the trades"),
    "clear": Text("清算", "clear"),
    "confirm": Text("交易机构确认", "confirmation by the exchange"),
    "review": Text("初审", "first review"),
    "approve": Text("复审", "second review"),
    "deliver": Text("货银对付交收", "delivery versus payment"),
    "effect": Text("登记变更", "registry effects"),
    "banks": Text("银行划付", "bank instructions"),
    "reconcile": Text("三方对账", "three-way reconciliation"),
    "state": Text("出具结算单", "statements"),
    "seal": Text("封账", "seal"),
}
"""The steps in their order."""

_NEXT = {
    DayState.COLLECTED: "clear",
    DayState.CLEARED: "confirm",
    DayState.CONFIRMED: "review",
    DayState.REVIEWED: "approve",
    DayState.APPROVED: "deliver",
    DayState.DELIVERED: "effect",
    DayState.EFFECTED: "reconcile",
    DayState.RECONCILED: "state",
    DayState.STATED: "seal",
}


def next_step(conn: Connection, day: date) -> str | None:
    """The step that a day waits for; None when it is sealed. `banks` goes before every reconciliation."""
    row = queries.day(conn, day)
    if isinstance(row, Refusal):
        return "close" if _open_markets(conn, day) else "collect"
    return _NEXT.get(DayState(row.state))


def commands(conn: Connection, step: str, day: date) -> Sequence[Do]:
    """What a step asks for, as things stand when it begins; the same when it is resumed in its middle."""
    return list(_COMMANDS[step](conn, day))


def keys(conn: Connection, log: int, asked: Sequence[Do], day: date) -> list[bytes]:
    """The key of each command of a step."""
    return [key(conn, log, one.step, day, one.part) for one in asked]


def is_wanted(conn: Connection, one: Do) -> bool:
    """Is a command still to be given? Blocks are counted before the first of them is delivered; what fails,
    or has to go at once, takes fewer.
    """
    command = one.body
    if not isinstance(command, Deliver):
        return True
    (row,) = (row for row in queries.markets(conn, command.day) if row.market == command.market)
    if row.delivered + row.failed < row.trades:
        return True
    return command.block < len(queries.blocks(conn, command.day, row.log))


def key(conn: Connection, log: int, step: str, day: date, part: str = "") -> bytes:
    """The key of a part of a step: it follows from the entry by which the day came this far."""
    row = queries.day(conn, day)
    names = (*ANCHORS[: ANCHORS.index(BEFORE[step]) + 1], "returned_seq") if step in BEFORE else ()
    anchor = 0 if isinstance(row, Refusal) else max((getattr(row, name) or 0 for name in names), default=0)
    seen = store.hash_at(conn, log, anchor) or b""
    rounds = conn.execute(select(CLEARING_BREAK.c.round).where(CLEARING_BREAK.c.day == day)).scalars().all()
    words = f"clearing\x1f{day.isoformat()}\x1f{step}\x1f{part}\x1f{max(rounds, default=0)}\x1f"
    return digest(words.encode() + seen)[:KEY_BYTES]


ANCHORS = (
    *("collected_seq", "cleared_seq", "confirmed_seq", "reviewed_seq", "approved_seq", "delivered_seq"),
    *("effected_seq", "reconciled_seq", "stated_seq"),
)
"""Columns of a day that name the entries by which it came along."""
LATE = "late"
"""Commands that deliver what failed before: a part of the day's delivery, with keys of their own."""
BEFORE = {
    "clear": "collected_seq",
    "confirm": "cleared_seq",
    "review": "confirmed_seq",
    "approve": "reviewed_seq",
    LATE: "approved_seq",
    "deliver": "approved_seq",
    "effect": "delivered_seq",
    "reconcile": "effected_seq",
    "state": "reconciled_seq",
    "seal": "stated_seq",
}
"""By which of them a step is anchored: its commands have one key each, however often it is resumed."""


# -- the commands of each step -----------------------------------------------------------------------------


def _close(conn: Connection, day: date) -> Iterator[Do]:
    for market in _open_markets(conn, day):
        yield Do("close", Role.EXCHANGE, close_day, CloseDay(market, day), market)


def _confirm(conn: Connection, day: date) -> Iterator[Do]:
    """What the exchange counts, from its own logs."""
    query = select(MARKET_DAY).where(MARKET_DAY.c.day == day, MARKET_DAY.c.market_closed.is_not(None))
    taken = {row.log for row in queries.markets(conn, day)}
    totals = [0, 0, 0]
    for row in conn.execute(query.order_by(MARKET_DAY.c.log)):
        if row.log in taken:
            trades = of_entries(conn, row.log, row.market_opened, row.market_closed)
            counted = (len(trades.number), int(trades.quantity.sum()), int(trades.amount.sum()))
            totals = [mine + more for mine, more in zip(totals, counted, strict=True)]
    yield Do("confirm", Role.CONFIRMER, confirm, Confirm(day, *totals))


def _deliver(conn: Connection, day: date) -> Iterator[Do]:
    """What failed before; then every block that a market's day needs, those already there included."""
    yield from _late(conn, day)
    for row in queries.markets(conn, day):
        done = queries.blocks(conn, day, row.log)
        size = _block_trades(row.pack)
        left = row.trades - row.delivered - row.failed
        for block in range(len(done) + -(-left // size)):
            part = f"{row.market}\x1f{block}"
            yield Do("deliver", Role.CLERK, deliver, Deliver(day, row.market, block), part)


def _late(conn: Connection, day: date) -> Iterator[Do]:
    """What failed before goes ahead of the day's own trades, as far as it can."""
    if not queries.is_begun(conn, day) and queries.waiting(conn, day):
        yield Do(LATE, Role.CLERK, deliver_failed, DeliverFailed(day))


def _effect(conn: Connection, day: date) -> Iterator[Do]:
    """A day without trades of its own has no delivery; what failed before goes ahead all the same."""
    yield from _late(conn, day)
    yield Do("effect", Role.CLERK, effect, Effect(day))


def _one(step: str, role: Role, verb: Callable[[Context, Any], Outcome], body: type) -> Any:
    def commands(_conn: Connection, day: date) -> Iterator[Do]:
        yield Do(step, role, verb, body(day))

    return commands


def _no_commands(_conn: Connection, _day: date) -> Iterator[Do]:
    """The banks are spoken to by the driver (bank/sending.py), not by one command known beforehand."""
    yield from ()


_COMMANDS: dict[str, Callable[[Connection, date], Iterator[Do]]] = {
    "close": _close,
    "collect": _one("collect", Role.CLERK, collect, Collect),
    "clear": _one("clear", Role.CLERK, clear, Clear),
    "confirm": _confirm,
    "review": _one("review", Role.FIRST, review, Review),
    "approve": _one("approve", Role.SECOND, approve, Review),
    "deliver": _deliver,
    "effect": _effect,
    "banks": _no_commands,
    "reconcile": _one("reconcile", Role.CLERK, reconcile, Reconcile),
    "state": _one("state", Role.CLERK, state, State),
    "seal": _one("seal", Role.CLERK, seal, Seal),
}


def _open_markets(conn: Connection, day: date) -> list[str]:
    here = (MARKET_DAY.c.day == day, MARKET_DAY.c.state == OPEN)
    query = select(MARKET.c.name).join(MARKET_DAY, MARKET_DAY.c.log == MARKET.c.log).where(*here)
    return list(conn.execute(query.order_by(MARKET.c.log)).scalars())


def _block_trades(pack: str) -> int:
    return need(clearing_rules(pack, allow_draft=True)).block_trades
