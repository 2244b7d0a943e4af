"""The verbs of supervision: who owns whom, what was found, and what is done about it.

Alerts are found by reading a market's log (`found_on`) and recorded by a person of the exchange or the
registry. From there on everything is an act of a case, in order, and none is ever altered. Restricting,
suspending and lifting take two people of the exchange; reminding, warning and dismissing take one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical, plain
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.act import Act
from tanshu.book.commit import Decision, verb
from tanshu.exchange import market as markets
from tanshu.exchange.bridge import sessions
from tanshu.exchange.supervision import cases, checks, measures
from tanshu.exchange.supervision.cases import Case
from tanshu.exchange.supervision.commands import (
    ASKED,
    BY_TWO,
    KIND_LABELS,
    MEASURES,
    ActOnCase,
    ConfirmAct,
    EndCase,
    Kind,
    OpenCase,
    RecordAlerts,
    RecordOwner,
)
from tanshu.exchange.supervision.model import Alert
from tanshu.exchange.supervision.reading import owner_of
from tanshu.exchange.supervision.tables import (
    SUPERVISION_ACT,
    SUPERVISION_ALERT,
    SUPERVISION_CASE,
    SUPERVISION_OWNER,
    SUPERVISION_RUN,
)
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_PARTY
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Document, Person, Right, SubjectKind
from tanshu.parties.onboarding import papers

OVERSEERS = (SubjectKind.EXCHANGE, SubjectKind.REGISTRY)
"""Whose people may record what was found, and look into it. Measures are the exchange's alone."""


@verb("supervision.record-owner")
def record_owner(act: Act, command: RecordOwner) -> Decision:
    """Put on record who controls a participant: a maker of the exchange or of the registry."""
    need(_overseer(act))
    subject = need(parties.subject(act.conn, command.handle))
    owner, basis = command.owner.strip(), command.basis.strip()
    if not basis:
        return checks.NOTE_NEEDED(field="basis")
    if owner == owner_of(act.conn, subject.id):
        return checks.OWNER_SO(field="owner", handle=command.handle, owner=owner or "—")
    told = {"subject_id": subject.id, "seq": act.seq, "owner": owner, "basis": basis, "person": act.actor}
    act.insert(SUPERVISION_OWNER, told)
    return {"participant": subject.handle, "owner": owner}


@verb("supervision.record-alerts")
def record_alerts(act: Act, command: RecordAlerts) -> Decision:
    """Record what the rules found on a closed day; what is known already is not recorded twice."""
    need(_overseer(act))
    market = need(markets.by_name(act.ctx.book, act.conn, command.market))
    here = (MARKET_DAY.c.log == market.log, MARKET_DAY.c.day == command.day)
    state = act.conn.execute(select(MARKET_DAY.c.state).where(*here)).scalar()
    if state != sessions.CLOSED:
        return checks.DAY_NOT_CLOSED(field="day", market=command.market, day=command.day)
    for n, one in enumerate(command.alerts):
        refused = _flaw(act.conn, market.log, command, one, n)
        if refused:
            return refused
    known = {_same(row) for row in cases.alerts(act.conn, log=market.log, day=command.day)}
    rows = [_row(act, market.log, command.pack, one) for one in command.alerts]
    fresh = [row for row in rows if _same(row) not in known]
    act.insert(
        SUPERVISION_RUN,
        {
            "log": market.log,
            "day": command.day,
            "seq": act.seq,
            "pack": command.pack,
            "upto": command.upto,
            "found": len(rows),
            "person": act.actor,
        },
    )
    if fresh:
        act.insert(SUPERVISION_ALERT, *fresh)
    return {
        "market": command.market,
        "day": command.day,
        "found": len(rows),
        "new": [row["id"] for row in fresh],
    }


@verb("supervision.open-case")
def open_case(act: Act, command: OpenCase) -> Decision:
    """Look into alerts of one market: a maker of the exchange or of the registry."""
    need(_overseer(act))
    note = need(_note(command.note))
    log = need(cases.alert(act.conn, command.alerts[0] if command.alerts else "")).log
    need(attachable(act.conn, log, command.alerts))
    id = act.id("CASE")
    act.insert(SUPERVISION_CASE, {"id": id, "log": log, "opened_on": act.today, "seq": act.seq})
    _add(act, id, 1, Kind.OPEN, note, alerts=command.alerts, documents=command.documents)
    return {"case": id, "state": cases.OPEN, "alerts": list(command.alerts)}


@verb("supervision.act")
def act_on_case(act: Act, command: ActOnCase) -> Decision:
    """Add evidence, remind, warn; or propose a measure, or its end, for a second person to confirm.

    A maker of the exchange; evidence is added by the registry's, too.
    """
    if command.kind not in ASKED:
        return checks.KIND_UNKNOWN(field="kind", kind=command.kind, known=", ".join(ASKED))
    kind = Kind(command.kind)
    need(_overseer(act) if kind is Kind.ATTACH else sessions.by_exchange(act))
    case, note = need(_open_case(act.conn, command.case)), need(_note(command.note))
    if kind in BY_TWO and case.waits is not None:
        return _waits(case)
    need(attachable(act.conn, case.log, command.alerts))
    subject = None if kind is Kind.ATTACH else need(_aim(act.conn, case, kind, command.handle))
    n = len(case.acts) + 1
    told = {"subject": subject, "alerts": command.alerts, "documents": command.documents}
    _add(act, case.id, n, kind, note, **told)
    return {"case": case.id, "act": n, "kind": kind, "waits": kind in BY_TWO}


@verb("supervision.confirm")
def confirm_act(act: Act, command: ConfirmAct) -> Decision:
    """Confirm what waits, and it takes effect on the market; or decline it, saying why.

    A checker of the exchange who did not propose it.
    """
    need(sessions.by_exchange(act, Right.CHECKER))
    case = need(_open_case(act.conn, command.case))
    waits = case.waits
    if waits is None:
        return checks.NOTHING_WAITS(field="case", id=case.id)
    if waits.person == act.actor:
        return checks.SAME_PERSON(field="as", person=act.actor)
    note = command.note.strip() if command.accept else need(_note(command.note))
    effect: Mapping[str, Any] = {}
    if command.accept:
        handle = parties.subject_by_id(act.conn, waits.subject_id).handle
        name = _market_name(act.conn, case.log)
        effect = need(measures.take(act, waits, name, case.log, handle))
    kind = Kind.CONFIRM if command.accept else Kind.DECLINE
    _add(act, case.id, len(case.acts) + 1, kind, note, about=waits.n, subject=waits.subject_id)
    return {"case": case.id, "act": waits.n, "kind": waits.kind, "accepted": command.accept, **effect}


@verb("supervision.end-case")
def end_case(act: Act, command: EndCase) -> Decision:
    """Dismiss a case in which there was nothing, or close one in which everything is done; saying why."""
    need(sessions.by_exchange(act))
    case, note = need(_open_case(act.conn, command.case)), need(_note(command.note))
    if case.waits is not None:
        return _waits(case)
    for kind, subject_id in case.measures:
        handle = parties.subject_by_id(act.conn, subject_id).handle
        what = KIND_LABELS[kind]
        return checks.STILL_IN_FORCE(field="case", id=case.id, handle=handle, what=what)
    kind = Kind.DISMISS if command.dismiss else Kind.CLOSE
    _add(act, case.id, len(case.acts) + 1, kind, note)
    return {"case": case.id, "state": cases.DISMISSED if command.dismiss else cases.CLOSED}


# -- who ---------------------------------------------------------------------------------------------------


def _overseer(act: Act) -> Person | Refusal:
    """A maker of the exchange or of the registry."""
    answers = [may_for_kind(act.conn, act.actor, Right.MAKER, kind) for kind in OVERSEERS]
    return next((one for one in answers if isinstance(one, Person)), answers[0])


# -- alerts ------------------------------------------------------------------------------------------------


def _flaw(conn: Connection, log: int, command: RecordAlerts, alert: Alert, n: int) -> Refusal | None:
    """Why this cannot be something that a rule found on that day."""
    here = select(MARKET_PARTY.c.number).where(MARKET_PARTY.c.log == log)
    admitted = set(conn.execute(here).scalars())
    if alert.day != command.day:
        return checks.BAD_ALERT(field="alerts", n=n + 1, why=f"day {alert.day}")
    if not alert.parties or not set(alert.parties) <= admitted:
        return checks.BAD_ALERT(field="alerts", n=n + 1, why=f"parties {alert.parties}")
    if not alert.evidence or any(one.seq > command.upto for one in alert.evidence):
        return checks.BAD_ALERT(field="alerts", n=n + 1, why="evidence")
    return None


def _row(act: Act, log: int, pack: str, alert: Alert) -> dict[str, Any]:
    return {
        "id": act.id("ALERT"),
        "log": log,
        "day": alert.day,
        "rule": alert.rule.value,
        "level": alert.level.value,
        "instrument": alert.instrument,
        "parties": _json(alert.parties),
        "score": alert.score,
        "figures": _json(alert.figures),
        "evidence": _json(alert.evidence),
        "zh": alert.text.zh,
        "en": alert.text.en,
        "pack": pack,
        "seq": act.seq,
    }


def _same(row: Any) -> tuple[Any, ...]:
    """What makes two alerts of a day one."""
    told = row if isinstance(row, Mapping) else row._mapping
    return tuple(told[name] for name in ("rule", "level", "instrument", "parties"))


def attachable(conn: Connection, log: int, ids: Sequence[str]) -> tuple[str, ...] | Refusal:
    """Alerts that are of this market, and part of no case."""
    taken = cases.case_of(conn)
    for id in ids:
        row = need(cases.alert(conn, id))
        if row.log != log:
            return checks.OTHER_MARKET(field="alert", id=id)
        if id in taken:
            return checks.IN_A_CASE(field="alert", id=id, case=taken[id])
    return tuple(ids)


# -- cases -------------------------------------------------------------------------------------------------


def _open_case(conn: Connection, id: str) -> Case | Refusal:
    case = cases.case(conn, id)
    if isinstance(case, Case) and case.state != cases.OPEN:
        return checks.CASE_OVER(field="case", id=case.id, state=cases.STATE_LABELS[case.state])
    return case


def _aim(conn: Connection, case: Case, kind: Kind, handle: str) -> str | Refusal:
    """The subject at whom an act is aimed: one whom an alert of the case is about. Its id."""
    subject = need(parties.subject(conn, handle))
    if subject.id not in subjects(conn, case):
        return checks.NOT_OF_CASE(field="handle", id=case.id, handle=handle)
    for measure, lifting in MEASURES.items():
        there = subject.id in case.in_force[measure]
        told = {"field": "kind", "id": case.id, "handle": handle, "what": KIND_LABELS[measure]}
        if kind is measure and there:
            return checks.IN_FORCE(**told)
        if kind is lifting and not there:
            return checks.NOT_IN_FORCE(**told)
    return subject.id


def subjects(conn: Connection, case: Case) -> set[str]:
    """Whom the alerts of a case are about, by the subjects' ids."""
    return {subject for id in case.alerts for subject in subjects_of(conn, need(cases.alert(conn, id)))}


def subjects_of(conn: Connection, alert: Any) -> list[str]:
    """Whom an alert is about, by the subjects' ids, those it is about first."""
    numbers = json.loads(alert.parties)
    here = (MARKET_PARTY.c.log == alert.log, MARKET_PARTY.c.number.in_(numbers))
    found = conn.execute(select(MARKET_PARTY.c.number, MARKET_PARTY.c.subject_id).where(*here))
    by_number = {row.number: row.subject_id for row in found}
    return [by_number[number] for number in numbers]


def _add(
    act: Act,
    case: str,
    n: int,
    kind: Kind,
    note: str,
    *,
    about: int | None = None,
    subject: str | None = None,
    alerts: Sequence[str] = (),
    documents: Sequence[Document] = (),
) -> None:
    """Write an act down. Raises Refused PAR-5103 where a document is not written down as one."""
    flaw = papers.documents_flaw(documents)
    if flaw:
        raise Refused(flaw)
    act.insert(
        SUPERVISION_ACT,
        {
            "case_id": case,
            "n": n,
            "kind": kind.value,
            "about": about,
            "subject_id": subject,
            "note": note,
            "alerts": _json(list(alerts)),
            "documents": _json(list(documents)),
            "person": act.actor,
            "day": act.today,
            "seq": act.seq,
        },
    )


def _waits(case: Case) -> Refusal:
    assert case.waits is not None
    what = KIND_LABELS[Kind(case.waits.kind)]
    return checks.SOMETHING_WAITS(field="case", id=case.id, n=case.waits.n, what=what)


def _note(text: str) -> str | Refusal:
    return text.strip() or checks.NOTE_NEEDED(field="note")


def _market_name(conn: Connection, log: int) -> str:
    return str(conn.execute(select(MARKET.c.name).where(MARKET.c.log == log)).scalar_one())


def _json(value: object) -> str:
    return canonical(plain(value)).decode()
