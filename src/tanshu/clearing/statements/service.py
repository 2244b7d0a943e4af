"""The verb by which a settlement day's statements are made and told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing import queries
from tanshu.clearing.model import DayState, State
from tanshu.clearing.statements import checks, totals
from tanshu.clearing.statements.computing import Statements, compute
from tanshu.clearing.statements.tables import CLEARING_HOLDING, CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.clearing.trades import read_day
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, SubjectKind


@verb("clearing.state")
def state(act: Act, command: State) -> Decision:
    """Make everybody's statement of a day, once it is reconciled.

    Refuses with CLR-1001 (no such day), CLR-1002 (another step is due), CLR-5001 (somebody's cash does not
    add up), CLR-5002 (the statements do not sum to what the market traded), CLR-5003 (currencies).
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    need(queries.day_in(act.conn, command.day, DayState.RECONCILED))
    markets = queries.markets(act.conn, command.day)
    traded = [need(read_day(act.conn, row.log, command.day)) for row in markets]
    made = need(compute(act.conn, act.state, command.day, traded))
    need(_adds_up(act, made) or totals.check(act.conn, made))
    act.insert(CLEARING_STATEMENT, *_statement_rows(made))
    if len(made.holdings.place):
        act.insert(CLEARING_HOLDING, *_holding_rows(made))
    statements_hash = made.hash()
    act.update(
        CLEARING_DAY,
        {"day": command.day},
        state=DayState.STATED,
        stated_seq=act.seq,
        statements_hash=statements_hash,
    )
    return {
        "day": command.day.isoformat(),
        "state": DayState.STATED,
        "statements": len(made.people.subject),
        "statements_hash": statements_hash,
    }


def _adds_up(act: Act, made: Statements) -> Refusal | None:
    wrong = made.unequal()
    if not wrong:
        return None
    first = wrong[0]
    return checks.UNEQUAL(
        field="day",
        day=made.day,
        count=len(wrong),
        subject=parties.subject_by_id(act.conn, first.subject).name,
        expected=yuan(first.expected),
        closing=yuan(first.closing),
    )


def _statement_rows(made: Statements) -> Iterator[dict[str, Any]]:
    columns = [column.tolist() for column in made.money]
    for subject, values in zip(made.people.subject, zip(*columns, strict=True), strict=True):
        yield {
            "day": made.day,
            "subject_id": subject,
            **dict(zip(made.money._fields, values, strict=True)),
        }


def _holding_rows(made: Statements) -> Iterator[dict[str, Any]]:
    place, *columns = (column.tolist() for column in made.holdings)
    names = made.holdings._fields[1:]
    for n, values in zip(place, zip(*columns, strict=True), strict=True):
        yield {
            "day": made.day,
            "subject_id": made.people.subject[n],
            **dict(zip(names, values, strict=True)),
        }
