"""What a case is now: its acts, folded. And the alerts, for whoever asks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.exchange.supervision import checks
from tanshu.exchange.supervision.commands import MEASURES, Kind
from tanshu.exchange.supervision.tables import SUPERVISION_ACT, SUPERVISION_ALERT, SUPERVISION_CASE

RESTRICTED_LIMIT = 1
"""Tonnes that a restricted participant may hold: the least limit there is, for 0 would be none."""
OPEN, DISMISSED, CLOSED = "open", "dismissed", "closed"
STATE_LABELS = {
    OPEN: Text("办理中", "open"),
    DISMISSED: Text("撤案", "dismissed"),
    CLOSED: Text("结案", "closed"),
}


@dataclass(slots=True)
class Case:
    """A case with everything that was done about it.

    waits: the act that a second person has not yet looked at. in_force: measure → subjects' ids.
    """

    id: str
    log: int
    opened_on: date
    acts: Sequence[Row[Any]]
    state: str = OPEN
    alerts: list[str] = field(default_factory=list)
    waits: Row[Any] | None = None
    in_force: dict[Kind, list[str]] = field(default_factory=lambda: {kind: [] for kind in MEASURES})

    @property
    def measures(self) -> list[tuple[Kind, str]]:
        """What is in force, against whom (the subject's id)."""
        return [(kind, subject) for kind, several in self.in_force.items() for subject in several]


def case(conn: Connection, id: str) -> Case | Refusal:
    """Refuses with EXC-7003."""
    row = conn.execute(select(SUPERVISION_CASE).where(SUPERVISION_CASE.c.id == id.strip())).first()
    return checks.NO_CASE(field="case", id=id) if row is None else _folded(conn, row)


def cases(conn: Connection, *, log: int | None = None, state: str = "") -> list[Case]:
    """Cases, oldest first: of a market, of a state."""
    query = select(SUPERVISION_CASE).order_by(SUPERVISION_CASE.c.seq, SUPERVISION_CASE.c.id)
    if log is not None:
        query = query.where(SUPERVISION_CASE.c.log == log)
    found = [_folded(conn, row) for row in conn.execute(query).all()]
    return [one for one in found if not state or one.state == state]


def alert(conn: Connection, id: str) -> Row[Any] | Refusal:
    """Refuses with EXC-7001."""
    row = conn.execute(select(SUPERVISION_ALERT).where(SUPERVISION_ALERT.c.id == id.strip())).first()
    return checks.NO_ALERT(field="alert", id=id) if row is None else row


def alerts(
    conn: Connection, *, log: int | None = None, day: date | None = None, rule: str = ""
) -> Sequence[Row[Any]]:
    """Alerts, by day and in the order in which they were found."""
    query = select(SUPERVISION_ALERT).order_by(
        SUPERVISION_ALERT.c.day, SUPERVISION_ALERT.c.seq, SUPERVISION_ALERT.c.id
    )
    if log is not None:
        query = query.where(SUPERVISION_ALERT.c.log == log)
    if day:
        query = query.where(SUPERVISION_ALERT.c.day == day)
    if rule:
        query = query.where(SUPERVISION_ALERT.c.rule == rule)
    return conn.execute(query).all()


def case_of(conn: Connection) -> dict[str, str]:
    """Alert → the case it is part of: of a dismissed one too, since it was looked into."""
    rows = conn.execute(select(SUPERVISION_ACT.c.case_id, SUPERVISION_ACT.c.alerts)).all()
    return {alert: row.case_id for row in rows for alert in json.loads(row.alerts)}


def restricted(conn: Connection, log: int) -> set[str]:
    """The subjects that may not buy on a market, by id."""
    return {subject for one in cases(conn, log=log) for subject in one.in_force[Kind.RESTRICT]}


def _folded(conn: Connection, row: Row[Any]) -> Case:
    acts = conn.execute(
        select(SUPERVISION_ACT).where(SUPERVISION_ACT.c.case_id == row.id).order_by(SUPERVISION_ACT.c.n)
    ).all()
    found = Case(row.id, row.log, row.opened_on, acts)
    for act in acts:
        _fold(found, act)
    return found


def _fold(case: Case, act: Row[Any]) -> None:
    kind = Kind(act.kind)
    case.alerts += json.loads(act.alerts)
    if kind in _WAITING:
        case.waits = act
    elif kind in (Kind.CONFIRM, Kind.DECLINE):
        if case.waits is not None and kind is Kind.CONFIRM:
            _take_effect(case, case.waits)
        case.waits = None
    elif kind in _ENDS:
        case.state = _ENDS[kind]


def _take_effect(case: Case, act: Row[Any]) -> None:
    for measure, lifting in MEASURES.items():
        if act.kind == measure:
            case.in_force[measure].append(act.subject_id)
        elif act.kind == lifting:
            case.in_force[measure].remove(act.subject_id)


_WAITING = (*MEASURES, *MEASURES.values())
_ENDS = {Kind.DISMISS: DISMISSED, Kind.CLOSE: CLOSED}
