"""Three people beside the clerk look at a day before anything moves: the exchange confirms its totals, one of
the registry reviews the operation (初审), another its legality and the positions of the banks (复审).

Source: 碳排放权结算管理规则(试行), two-level review, recalled.
"""

from __future__ import annotations

from typing import Any

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing import checks, queries
from tanshu.clearing.model import DAY_LABELS, Confirm, DayState, Review
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.log import store
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Person, Right, SubjectKind


@verb("clearing.confirm")
def confirm(act: Act, command: Confirm) -> Decision:
    """The exchange confirms what it counts, over all its markets.

    Refuses with CLR-1002, CLR-1007 (its totals are others: nothing goes on before they agree), PAR-3xxx.
    """
    person = need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.EXCHANGE))
    need(queries.day_in(act.conn, command.day, DayState.CLEARED))
    found = queries.markets(act.conn, command.day)
    ours = tuple(sum(getattr(row, name) for row in found) for name in ("trades", "tonnes", "amount"))
    if ours != (command.trades, command.tonnes, command.amount):
        names = ("our_trades", "our_tonnes", "our_amount")
        facts = {"trades": command.trades, "tonnes": command.tonnes, "amount": command.amount}
        return checks.OTHER_TOTALS(field="trades", **facts, **dict(zip(names, ours, strict=True)))
    changed = {"confirmed_by": person.handle, "confirmed_seq": act.seq}
    return _moves(act, command.day, DayState.CONFIRMED, **changed)


@verb("clearing.review")
def review(act: Act, command: Review) -> Decision:
    """初审: is the day complete and rightly computed? By a checker of the registry who had no hand in it.

    Refuses with CLR-1002, CLR-1008 (the same hands), CLR-1009 (sent back without a reason), PAR-3xxx.
    """
    row = need(queries.day_in(act.conn, command.day, DayState.CONFIRMED))
    person = need(_fresh_eyes(act, row))
    if not command.accept:
        return _sent_back(act, command)
    return _moves(act, command.day, DayState.REVIEWED, reviewed_by=person.handle, reviewed_seq=act.seq)


@verb("clearing.approve")
def approve(act: Act, command: Review) -> Decision:
    """复审: by a second checker of the registry. From here on the day is delivered.

    Refuses as `review` does.
    """
    row = need(queries.day_in(act.conn, command.day, DayState.REVIEWED))
    person = need(_fresh_eyes(act, row))
    if not command.accept:
        return _sent_back(act, command)
    trades = sum(one.trades for one in queries.markets(act.conn, command.day))
    state = DayState.APPROVED if trades else DayState.DELIVERED
    return _moves(act, command.day, state, approved_by=person.handle, approved_seq=act.seq)


# -- steps -------------------------------------------------------------------------------------------------


def _fresh_eyes(act: Act, row: Any) -> Person | Refusal:
    """A checker of the registry who neither collected the day, nor cleared it, nor reviewed it."""
    person = may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY)
    if isinstance(person, Refusal):
        return person
    (cleared,) = store.read(act.conn, act.ctx.book.log, row.cleared_seq - 1, row.cleared_seq)
    before = {
        DayState.COLLECTED: row.collected_by,
        DayState.CLEARED: cleared.actor,
        DayState.REVIEWED: row.reviewed_by,
    }
    for state, handle in before.items():
        if handle in person.hands:
            return checks.SAME_HANDS(field="as", person=person.handle, step=DAY_LABELS[state])
    return person


def _sent_back(act: Act, command: Review) -> Decision:
    """The day is to be cleared again; who had confirmed and reviewed it has to do so anew."""
    if not command.comment.strip():
        return checks.REASON_NEEDED(field="comment")
    nobody = dict.fromkeys(
        ("cleared_seq", "confirmed_by", "confirmed_seq", "reviewed_by", "reviewed_seq"), None
    )
    return _moves(
        act, command.day, DayState.COLLECTED, comment=command.comment, returned_seq=act.seq, **nobody
    )


def _moves(act: Act, day: Any, state: DayState, **changed: object) -> Decision:
    act.update(CLEARING_DAY, {"day": day}, state=state, **changed)
    return {"day": day.isoformat(), "state": state}
