"""A failed trade that can never go is given up: both sides have back what was held for it.

One person of the registry asks and says why, another grants. No fees are taken, nothing moves; the trade
stays on record in the market, and in the statement of its day as one that was not delivered.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing import checks, queries
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.late import Cell, needed
from tanshu.clearing.model import AskUnwinding, DayState, DecideUnwinding, FailState
from tanshu.clearing.tables import CLEARING_FAIL, CLEARING_UNWINDING
from tanshu.clearing.trades import read_day
from tanshu.exchange.bridge.sessions import session_name
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, SubjectKind
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue

ASKED, GRANTED, DECLINED = "asked", "granted", "declined"


@verb("clearing.ask-unwinding")
def ask_unwinding(act: Act, command: AskUnwinding) -> Decision:
    """Ask to give a failed trade up, saying why: by the registry's clerk.

    Refuses with CLR-1001, CLR-1002 (its day is not sealed), CLR-2103 (it does not wait), CLR-2104 (no
    reason), CLR-2105 (asked already).
    """
    clerk = need(by_clerk(act))
    fail = need(_waiting(act.conn, command.day, command.market, command.trade))
    if not act.ctx.reason.strip():
        return checks.UNWINDING_REASON(field="reason")
    before = _asked(act.conn, fail)
    if before is not None and before.state == ASKED:
        return checks.UNWINDING_WAITS(field="trade", trade=fail.trade, person=before.asked_by)
    name = _name(fail)
    told = {"state": ASKED, "why": act.ctx.reason, "asked_by": clerk.handle, "asked_seq": act.seq}
    nobody = {"decided_by": None, "decided_seq": None, "comment": ""}
    if before is None:
        act.insert(CLEARING_UNWINDING, {**name, **told, **nobody})
    else:
        act.update(CLEARING_UNWINDING, name, **told, **nobody)
    return {"day": command.day.isoformat(), "market": command.market, "trade": fail.trade, "state": ASKED}


@verb("clearing.unwind-failed")
def unwind_failed(act: Act, command: DecideUnwinding) -> Decision:
    """Give a failed trade up, or decline to: by a checker of the registry, not the one who asked.

    What other trades of the day that still wait need of the same accounts stays held for them. Refuses as
    `ask_unwinding` does, and with CLR-2106 (nobody asked), CLR-2107 (the same hands).
    """
    person = need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    fail = need(_waiting(act.conn, command.day, command.market, command.trade))
    asked = _asked(act.conn, fail)
    if asked is None or asked.state != ASKED:
        return checks.UNWINDING_UNASKED(field="trade", trade=fail.trade)
    if asked.asked_by in person.hands:
        return checks.UNWINDING_HANDS(field="as", person=person.handle)
    if not command.accept and not command.comment.strip():
        return checks.UNWINDING_REASON(field="comment")
    state = GRANTED if command.accept else DECLINED
    decided = {"decided_by": person.handle, "decided_seq": act.seq, "comment": command.comment}
    act.update(CLEARING_UNWINDING, _name(fail), state=state, **decided)
    given_back = 0
    if command.accept:
        act.update(CLEARING_FAIL, _name(fail), state=FailState.UNWOUND, ended_seq=act.seq)
        given_back = _give_back(act, fail, session_name(command.market, command.day))
    named = {"day": command.day.isoformat(), "market": command.market, "trade": fail.trade}
    return {**named, "state": state, "claims": given_back}


# -- steps -------------------------------------------------------------------------------------------------


def _waiting(conn: Connection, day: date, market: str, trade: int) -> Any | Refusal:
    """A failed trade that waits, of a sealed day."""
    row = queries.day_in(conn, day, DayState.SEALED)
    if isinstance(row, Refusal):
        return row
    for one in queries.markets(conn, day):
        for fail in queries.fails(conn, day, one.log) if one.market == market else ():
            if fail.trade == trade and fail.state == FailState.WAITING:
                return fail
    return checks.NOT_WAITING(field="trade", market=market, day=day, trade=trade)


def _asked(conn: Connection, fail: Any) -> Any | None:
    t = CLEARING_UNWINDING.c
    here = (t.day == fail.day, t.log == fail.log, t.trade == fail.trade)
    return conn.execute(select(CLEARING_UNWINDING).where(*here)).first()


def _name(fail: Any) -> dict[str, object]:
    return {"day": fail.day, "log": fail.log, "trade": fail.trade}


def _give_back(act: Act, fail: Any, session: str) -> int:
    """Let go what nothing that still waits needs; those who wait for it take it first. How many claims."""
    traded = need(read_day(act.conn, fail.log, fail.day))
    others = [
        one
        for one in queries.fails(act.conn, fail.day, fail.log)
        if one.state == FailState.WAITING and one.trade != fail.trade
    ]
    still = needed(traded, others)
    freed: list[tuple[Cell, int]] = []
    for cell in needed(traded, [fail]):
        here = claims.of_transaction_in_cell(act.conn, session, *cell)
        surplus = sum(one.held for one in here) - still.get(cell, 0)
        for one in reversed(here):
            if surplus <= 0:
                break
            gone = queue.shrink(act, one, min(one.held, surplus))
            surplus -= gone
            freed.append((cell, gone))
    for (account, what), quantity in freed:
        queue.pass_on(act, account, what, quantity)
    return len(freed)
