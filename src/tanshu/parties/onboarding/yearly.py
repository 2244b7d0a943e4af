"""The yearly review 年度复核: whether what is registered of a subject still holds. It takes two people.

An overdue review is shown and blocks nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.clock import business_date, end_of_day_ns
from tanshu.base.quantity import check_year
from tanshu.base.refusal import Refusal, RefusalKind, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.log import store
from tanshu.parties import delegation
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import AccountKind, AccountState, Person, Right, Subject, SubjectKind
from tanshu.parties.onboarding import checks, law, queries
from tanshu.parties.onboarding.model import (
    REVIEW_STATE_LABELS,
    FinishYearReview,
    RecordFindings,
    ReviewState,
    StartYearReview,
    YearReview,
)
from tanshu.parties.onboarding.tables import YEAR_REVIEW
from tanshu.parties.tables import ACCOUNT, SUBJECT


@dataclass(frozen=True, slots=True)
class Standing:
    """How a subject stands in a year's review. state None: not begun. due_on None: nobody said by when."""

    handle: str
    state: ReviewState | None
    due_on: date | None
    overdue: bool


@verb("parties.start-year-review")
def start(act: Act, command: StartYearReview) -> Decision:
    """Begin the review of a subject for a year; its day is the pack's, or has to be named."""
    by = need(_by(act, Right.MAKER))
    subject = need(parties.subject(act.conn, command.subject))
    need(check_year(command.year))
    if parties.account_of(act.conn, subject.id, AccountKind.REGISTRATION) is None:
        return checks.NOT_A_HOLDER(field="subject", subject=subject.handle)
    known = queries.year_review(act.conn, subject.id, command.year)
    if known:
        return _not(checks.REVIEW_OPEN, subject, known)
    due = need(_due(act.conn, command))
    act.insert(
        YEAR_REVIEW,
        {
            "subject_id": subject.id,
            "year": command.year,
            "state": ReviewState.STARTED,
            "due_on": due,
            "started_by": by.handle,
            "started_seq": act.seq,
        },
    )
    return _told(subject, command.year, ReviewState.STARTED, by, due_on=due)


@verb("parties.record-year-findings")
def record_findings(act: Act, command: RecordFindings) -> Decision:
    """Write down what the review found. Says nothing of people: the log keeps it."""
    by = need(_by(act, Right.MAKER))
    subject, review = need(_review(act, command.subject, command.year, ReviewState.STARTED))
    if not command.findings.strip():
        return checks.FINDINGS_NEEDED(field="findings")
    act.update(
        YEAR_REVIEW,
        {"subject_id": subject.id, "year": review.year},
        state=ReviewState.FOUND,
        findings=command.findings.strip(),
        found_by=by.handle,
        found_for=by.acting_for or None,
        found_seq=act.seq,
    )
    return _told(subject, review.year, ReviewState.FOUND, by)


@verb("parties.finish-year-review")
def finish(act: Act, command: FinishYearReview) -> Decision:
    """Finish a review, or give it back: a checker who neither began it nor wrote its findings."""
    by = need(_by(act, Right.CHECKER))
    subject, review = need(_review(act, command.subject, command.year, ReviewState.FOUND))
    if by.hands & _had_a_hand(act.conn, review):
        return checks.REVIEW_BY_YOU(field="as", person=by.handle)
    this = {"subject_id": subject.id, "year": review.year}
    if not command.accept:
        act.update(YEAR_REVIEW, this, state=ReviewState.STARTED)
        return _told(subject, review.year, ReviewState.STARTED, by)
    act.update(
        YEAR_REVIEW,
        this,
        state=ReviewState.DONE,
        done_by=by.handle,
        done_for=by.acting_for or None,
        done_seq=act.seq,
    )
    return _told(subject, review.year, ReviewState.DONE, by)


def standings(conn: Connection, log: int, year: int, today: date) -> list[Standing]:
    """How every holder that was registered before the year stands in its review, in the register's order."""
    due = law.of(conn).annual_due(year)
    reviews = {one.subject_id: one for one in queries.year_reviews(conn, year)}
    found: list[Standing] = []
    for id, handle in _holders(conn, log, year):
        review = reviews.get(id)
        state, last = (review.state, review.due_on) if review else (None, due)
        late = last is not None and today > last and state is not ReviewState.DONE
        found.append(Standing(handle, state, last, late))
    return found


def _holders(conn: Connection, log: int, year: int) -> Sequence[tuple[str, str]]:
    """Subjects with a registration account that is not closed, registered before the year: id and handle."""
    newest = store.seq_at(conn, log, end_of_day_ns(date(year - 1, 12, 31)))
    query = (
        select(SUBJECT.c.id, SUBJECT.c.handle)
        .join(ACCOUNT, ACCOUNT.c.subject_id == SUBJECT.c.id)
        .where(
            ACCOUNT.c.kind == AccountKind.REGISTRATION,
            ACCOUNT.c.state != AccountState.CLOSED,
            SUBJECT.c.seq <= (-1 if newest is None else newest),
        )
        .order_by(SUBJECT.c.seq, SUBJECT.c.id)
    )
    return [(row.id, row.handle) for row in conn.execute(query)]


def _due(conn: Connection, command: StartYearReview) -> date | Refusal:
    """The pack's day, which nobody moves; where the pack does not know it, the day that was named."""
    known = law.of(conn).annual_due(command.year)
    if known and command.due not in (None, known):
        return checks.REVIEW_DUE_KNOWN(field="due", year=command.year, due=known)
    return known or command.due or checks.REVIEW_DUE_UNKNOWN(field="due")


def _review(act: Act, handle: str, year: int, wanted: ReviewState) -> tuple[Subject, YearReview] | Refusal:
    subject = need(parties.subject(act.conn, handle))
    review = queries.year_review(act.conn, subject.id, year)
    if review is None:
        return checks.REVIEW_UNKNOWN(field="year", subject=subject.handle, year=year)
    if review.state is not wanted:
        return _not(checks.REVIEW_STATE, subject, review)
    return subject, review


def _by(act: Act, right: Right) -> Person | Refusal:
    return may_for_kind(act.conn, act.actor, right, SubjectKind.REGISTRY, day=act.today)


def _had_a_hand(conn: Connection, review: YearReview) -> set[str]:
    """Who began it and who wrote its findings, and everybody whose right they used for it."""
    taken = ((review.started_by, review.started_seq), (review.found_by, review.found_seq))
    return delegation.hands_in(
        conn, ((who, Right.MAKER, _day_of(conn, seq), seq) for who, seq in taken if who and seq is not None)
    )


def _day_of(conn: Connection, seq: int) -> date:
    """The Shanghai day of an entry."""
    return business_date(next(store.read(conn, store.REGISTRY_LOG, seq - 1, seq)).time_ns)


def _told(subject: Subject, year: int, state: ReviewState, by: Person, **more: Any) -> dict[str, Any]:
    return {"subject": subject.handle, "year": year, "state": state, "acting_for": by.acting_for, **more}


def _not(kind: RefusalKind, subject: Subject, review: YearReview) -> Refusal:
    state = REVIEW_STATE_LABELS[review.state]
    return kind(field="year", subject=subject.handle, year=review.year, state=state)
