"""Questions to onboarding: applications, their rounds and reviews; who is late."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.refusal import Refusal
from tanshu.parties.model import Document, NewPerson, SubjectKind
from tanshu.parties.onboarding import checks
from tanshu.parties.onboarding.model import (
    IN_PROGRESS,
    IN_REVIEW,
    Application,
    ApplicationState,
    FiledForm,
    ReviewState,
    Stage,
    Step,
    Verdict,
    YearReview,
)
from tanshu.parties.onboarding.tables import (
    APPLICATION,
    APPLICATION_DOCUMENT,
    APPLICATION_FORM,
    APPLICATION_STEP,
    YEAR_REVIEW,
)


def application(conn: Connection, id: str) -> Application | Refusal:
    row = conn.execute(select(APPLICATION).where(APPLICATION.c.id == id.strip())).first()
    return _to_application(row) if row else checks.APPLICATION_UNKNOWN(field="application", application=id)


def applications(
    conn: Connection, *, states: Sequence[ApplicationState] = (), handle: str = ""
) -> list[Application]:
    """Applications, oldest first: in one of these states, of one applicant, or all."""
    query = select(APPLICATION).order_by(APPLICATION.c.seq, APPLICATION.c.id)
    if states:
        query = query.where(APPLICATION.c.state.in_(states))
    if handle:
        query = query.where(APPLICATION.c.handle == handle)
    return [_to_application(row) for row in conn.execute(query).all()]


def in_progress(conn: Connection, handle: str) -> Application | None:
    """The application of this applicant that has not ended; there is one at most."""
    return next(iter(applications(conn, states=IN_PROGRESS, handle=handle)), None)


def overdue(conn: Connection, today: date) -> list[Application]:
    """Applications whose review should have ended before today, the latest due first to be late."""
    late = [one for one in applications(conn, states=IN_REVIEW) if one.is_overdue(today)]
    return sorted(late, key=lambda one: (one.due_on, one.seq))


def form(conn: Connection, application: Application, round: int | None = None) -> FiledForm:
    """What an application says: in its newest round, or in an earlier one."""
    wanted = round or application.round
    same = (APPLICATION_FORM.c.application_id == application.id, APPLICATION_FORM.c.round == wanted)
    row = conn.execute(select(APPLICATION_FORM).where(*same)).one()
    return FiledForm(
        row.round,
        SubjectKind(row.kind),
        row.name,
        row.uscc,
        row.region,
        bool(row.fictional),
        row.listed_year,
        tuple(json.loads(row.accounts)),
        tuple(NewPerson(one["handle"], tuple(one["rights"])) for one in json.loads(row.people)),
        row.bank,
        row.bank_last4,
        row.bank_sha256,
        row.contact_sha256,
        row.person,
        row.submitted_on,
        row.seq,
    )


def documents(conn: Connection, application: Application, round: int | None = None) -> list[Document]:
    table = APPLICATION_DOCUMENT.c
    same = (table.application_id == application.id, table.round == (round or application.round))
    query = select(APPLICATION_DOCUMENT).where(*same).order_by(table.n)
    return [Document(row.kind, row.sha256, row.size, row.title) for row in conn.execute(query)]


def steps(conn: Connection, application: Application) -> list[Step]:
    """Every review of every round, in order."""
    same = APPLICATION_STEP.c.application_id == application.id
    query = select(APPLICATION_STEP).where(same).order_by(APPLICATION_STEP.c.n)
    return [
        Step(
            row.n,
            row.round,
            Stage(row.stage),
            Verdict(row.verdict),
            row.person,
            row.acting_for or "",
            row.comment,
            row.seq,
            row.time_ns,
        )
        for row in conn.execute(query)
    ]


def year_review(conn: Connection, subject_id: str, year: int) -> YearReview | None:
    same = (YEAR_REVIEW.c.subject_id == subject_id, YEAR_REVIEW.c.year == year)
    row = conn.execute(select(YEAR_REVIEW).where(*same)).first()
    return _to_review(row) if row else None


def year_reviews(conn: Connection, year: int) -> list[YearReview]:
    query = select(YEAR_REVIEW).where(YEAR_REVIEW.c.year == year).order_by(YEAR_REVIEW.c.started_seq)
    return [_to_review(row) for row in conn.execute(query)]


def _to_application(row: Row[Any]) -> Application:
    return Application(
        row.id,
        row.handle,
        ApplicationState(row.state),
        row.round,
        row.due_on,
        row.subject_id,
        row.seq,
        row.ended_seq,
    )


def _to_review(row: Row[Any]) -> YearReview:
    return YearReview(
        row.subject_id,
        row.year,
        ReviewState(row.state),
        row.due_on,
        row.started_by,
        row.started_seq,
        row.findings,
        row.found_by,
        row.found_for,
        row.found_seq,
        row.done_by,
        row.done_for,
    )
