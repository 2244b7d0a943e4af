"""Differences whose cause lies outside of the house: a bank's charge, money for somebody else. Explained by
one person of the registry and granted by another, they keep no day from being sealed.

Only just that difference is left out of the day. What it left behind at the bank is expected of it on the
days that follow, until the bank puts it right, or it is booked: then its explanation ends, again by two
people. What market and book disagree on is nobody's to explain.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from sqlalchemy import select

from tanshu.base.canonical import canonical
from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing import checks, queries
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.explained import same
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import BREAKS, Break, lasting
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.model import (
    EXPLANATION_LABELS,
    DayState,
    EndExplanation,
    ExplainDifference,
    ExplanationState,
    GrantExplanation,
)
from tanshu.clearing.tables import CLEARING_EXPLAINED
from tanshu.log import store
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, Subject, SubjectKind

DIFFERENT = (DayState.EFFECTED, DayState.STATED)
"""States of a day with open differences: its reconciliation found them, or a later statement has them."""
ANY_KIND = Text("不限种类", "of any kind")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@verb("clearing.explain-difference")
def explain_difference(act: Act, command: ExplainDifference) -> Decision:
    """Say what caused an open difference between book and bank: by the registry's clerk.

    Refuses with CLR-1001, CLR-1002, CLR-1501 (it is not open), CLR-1502 (which one?), CLR-1503 (nobody
    explains this kind), CLR-1504 (no reason), CLR-1505 (explained already), CLR-1511, PAR-3xxx.
    """
    clerk = need(by_clerk(act))
    need(queries.day_in(act.conn, command.day, *DIFFERENT))
    if not act.ctx.reason.strip():
        return checks.EXPLANATION_REASON(field="reason")
    if command.document and not _SHA256.fullmatch(command.document):
        return checks.NO_HASH(field="document", value=command.document)
    bank, found, left = need(_open(act, command.day, command.about, command.kind))
    row = {"id": act.id("CX"), "day": command.day, "bank_id": bank.id, **found._asdict()}
    row |= {"left": _kept(left), "reason": act.ctx.reason, "document": command.document}
    row |= {"state": ExplanationState.ASKED, "asked_by": clerk.handle, "asked_seq": act.seq}
    row |= dict.fromkeys(("granted_by", "granted_seq", "ending_by", "ending_seq"), None)
    row |= dict.fromkeys(("ended_by", "ended_seq", "ended_on"), None)
    row |= dict.fromkeys(("comment", "ending_reason", "ended_reference"), "")
    act.insert(CLEARING_EXPLAINED, row)
    return _answer(row["id"], ExplanationState.ASKED)


@verb("clearing.end-explanation")
def end_explanation(act: Act, command: EndExplanation) -> Decision:
    """Ask to end an explanation, since the bank put it right or it was booked: by the registry's clerk.

    Refuses with CLR-1504, CLR-1506, CLR-1509 (not in force), CLR-1510 (the day), PAR-3xxx.
    """
    clerk = need(by_clerk(act))
    row = need(_explanation(act, command.explanation))
    if row.state != ExplanationState.GRANTED:
        return checks.NOT_IN_FORCE(field="explanation", id=row.id, state=_label(row))
    if not act.ctx.reason.strip():
        return checks.EXPLANATION_REASON(field="reason")
    if not _may_end(act, row, command.on):
        return checks.ENDS_WHEN(field="on", id=row.id, on=command.on, day=row.day)
    told = {"ending_by": clerk.handle, "ending_seq": act.seq, "ending_reason": act.ctx.reason}
    told |= {"ended_on": command.on, "ended_reference": command.reference}
    act.update(CLEARING_EXPLAINED, {"id": row.id}, state=ExplanationState.ENDING, **told)
    return _answer(row.id, ExplanationState.ENDING)


@verb("clearing.grant-explanation")
def grant_explanation(act: Act, command: GrantExplanation) -> Decision:
    """Grant an explanation, or its end, or decline: by a checker of the registry.

    It is nobody who asked, or ran the day. Refuses with CLR-1002, CLR-1501 (the difference is gone, or
    another), CLR-1504, CLR-1506, CLR-1507 (nothing was asked), CLR-1508 (the same hands), CLR-1510, PAR-3xxx.
    """
    person = need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    row = need(_explanation(act, command.explanation))
    asked = {ExplanationState.ASKED: row.asked_by, ExplanationState.ENDING: row.ending_by}
    if row.state not in asked:
        return checks.NOTHING_ASKED(field="explanation", id=row.id, state=_label(row))
    if {asked[row.state], *_clerks(act, row.day)} & {*person.hands}:
        return checks.EXPLANATION_HANDS(field="as", person=person.handle, id=row.id)
    if not command.accept and not command.comment.strip():
        return checks.EXPLANATION_REASON(field="comment")
    decide = _explained if row.state == ExplanationState.ASKED else _ended
    state, told = need(decide(act, row, person.handle, accept=command.accept))
    act.update(CLEARING_EXPLAINED, {"id": row.id}, state=state, comment=command.comment, **told)
    return _answer(row.id, state)


# -- steps -------------------------------------------------------------------------------------------------


def _explained(
    act: Act, row: Any, person: str, *, accept: bool
) -> tuple[ExplanationState, dict[str, object]] | Refusal:
    told: dict[str, object] = {"granted_by": person, "granted_seq": act.seq}
    if not accept:
        return ExplanationState.DECLINED, told
    need(queries.day_in(act.conn, row.day, *DIFFERENT))
    for bank, found, left in _differences(act, row.day):
        if bank.id == row.bank_id and same(found) == same(row):
            return ExplanationState.GRANTED, told | {"left": _kept(left)}
    return _not_open(row.day, row.about, row.kind)


def _ended(
    act: Act, row: Any, person: str, *, accept: bool
) -> tuple[ExplanationState, dict[str, object]] | Refusal:
    if not accept:
        return ExplanationState.GRANTED, {"ended_on": None, "ended_reference": ""}
    if not _may_end(act, row, row.ended_on):
        return checks.ENDS_WHEN(field="on", id=row.id, on=row.ended_on, day=row.day)
    return ExplanationState.ENDED, {"ended_by": person, "ended_seq": act.seq}


def _open(act: Act, day: date, about: str, kind: str) -> tuple[Subject, Break, dict[str, int]] | Refusal:
    """The difference that is meant, as the banks' newest statements have it, and not explained yet."""
    named = [one for one in queries.breaks(act.conn, day) if one.about == about and kind in ("", one.kind)]
    for one in named:
        if one.kind not in BREAKS:
            return checks.NOT_EXPLAINABLE(field="about", kind=one.kind)
    found = [one for one in _differences(act, day) if one[1].about == about and kind in ("", one[1].kind)]
    if not found:
        return _not_open(day, about, kind)
    taken = [
        row
        for row in queries.explanations(act.conn, day)
        if row.state != ExplanationState.DECLINED and row.about == about
    ]
    free: list[tuple[Subject, Break, dict[str, int]]] = []
    known = ""
    for one in found:
        mine = next((row for row in taken if row.bank_id == one[0].id and same(row) == same(one[1])), None)
        if mine is None:
            free.append(one)
        else:
            taken.remove(mine)
            known = str(mine.id)
    if not free:
        return checks.EXPLAINED_ALREADY(field="about", id=known)
    if len({same(one) for _, one, _ in free}) > 1:
        kinds = ", ".join(sorted({one.kind for _, one, _ in free}))
        return checks.SEVERAL_OPEN(field="kind", day=day, about=about, kinds=kinds)
    return free[0]


def _differences(act: Act, day: date) -> Iterator[tuple[Subject, Break, dict[str, int]]]:
    """Those of every bank whose statement is there, with what each leaves behind."""
    for bank in banks.banks(act.conn):
        statement = banks.newest_statement(act.conn, bank, day)
        if not isinstance(statement, Refusal):
            for one, left in lasting(of_day(act.conn, act.state, bank, day), statement):
                yield bank, one, left


def _not_open(day: date, about: str, kind: str) -> Refusal:
    return checks.NOT_OPEN(field="about", day=day, about=about, kind=BREAKS.get(kind, ANY_KIND))


def _explanation(act: Act, id: str) -> Any | Refusal:
    row = act.conn.execute(select(CLEARING_EXPLAINED).where(CLEARING_EXPLAINED.c.id == id)).first()
    return checks.NO_SUCH_EXPLANATION(field="explanation", id=id) if row is None else row


def _may_end(act: Act, row: Any, on: date) -> bool:
    """After its day, on a day that is here and not sealed: what was sealed was held against it."""
    days = {one.day: one.state for one in queries.days(act.conn)}
    sealed = max((day for day, state in days.items() if state == DayState.SEALED), default=row.day)
    return max(row.day, sealed) < on <= act.today


def _clerks(act: Act, day: date) -> set[str]:
    """Who collected a day, and who cleared it."""
    row = need(queries.day(act.conn, day))
    (cleared,) = store.read(act.conn, act.ctx.book.log, row.cleared_seq - 1, row.cleared_seq)
    return {row.collected_by, cleared.actor}


def _kept(left: dict[str, int]) -> str:
    return canonical({account: fen for account, fen in left.items() if fen}).decode()


def _label(row: Any) -> Text:
    return EXPLANATION_LABELS[ExplanationState(row.state)]


def _answer(id: str, state: ExplanationState) -> dict[str, object]:
    return {"explanation": id, "state": state}
