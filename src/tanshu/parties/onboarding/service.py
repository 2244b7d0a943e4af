"""Applications for an account 开户申请: entered by a clerk, reviewed twice by the registry, then opened.

    submitted → first review (maker) → second review (checker, somebody else) → opened
        └───────── returned for completion → submitted again, as a new round; or refused, or withdrawn

The applicant is nobody in the register yet, so a clerk of the registry enters the application. The entry of
the second review registers the subject, its accounts and its people. Source: 碳排放权登记管理规则(试行).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from tanshu.base.canonical import canonical, plain
from tanshu.base.clock import business_date
from tanshu.base.quantity import check_year
from tanshu.base.refusal import Refusal, RefusalKind, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.parties import changes, delegation, forms, service
from tanshu.parties import checks as party_checks
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import (
    HOLDERS,
    SUBJECT_LABELS,
    AccountKind,
    ChangeKind,
    Person,
    Register,
    Right,
    Subject,
    SubjectKind,
)
from tanshu.parties.onboarding import checks, law, papers, queries
from tanshu.parties.onboarding.model import (
    APPLICATION_STATE_LABELS,
    IN_PROGRESS,
    STAGE_LABELS,
    STAGE_OF,
    Application,
    ApplicationState,
    Apply,
    Form,
    Resubmit,
    Review,
    Stage,
    Verdict,
    Withdraw,
)
from tanshu.parties.onboarding.tables import (
    APPLICATION,
    APPLICATION_DOCUMENT,
    APPLICATION_FORM,
    APPLICATION_STEP,
)
from tanshu.rules import calendars

REVIEWERS = {Stage.FIRST: Right.MAKER, Stage.SECOND: Right.CHECKER}


@verb("parties.apply")
def apply(act: Act, command: Apply) -> Decision:
    """Enter an application. Its papers are complete, or it is not taken: its days for review run from now."""
    _by_clerk(act)
    applicant = need(_applicant(act, command.form))
    earlier = queries.in_progress(act.conn, applicant.handle)
    if earlier:
        state = APPLICATION_STATE_LABELS[earlier.state]
        return checks.IN_PROGRESS(
            field="uscc", applicant=applicant.handle, application=earlier.id, state=state
        )
    id, due = act.id("APP"), need(_due(act))
    row = {"id": id, "handle": applicant.handle, "state": ApplicationState.SUBMITTED, "round": 1}
    act.insert(APPLICATION, {**row, "due_on": due, "seq": act.seq})
    _file(act, id, 1, applicant, command.form)
    return {"application": id, "applicant": applicant.handle, "state": row["state"], "due_on": due}


@verb("parties.resubmit")
def resubmit(act: Act, command: Resubmit) -> Decision:
    """Enter the completed form of a returned application, of the same applicant. Its reviews begin anew."""
    _by_clerk(act)
    application = need(queries.application(act.conn, command.application))
    if application.state is not ApplicationState.RETURNED:
        return _not(checks.NOT_RETURNED, application)
    applicant = need(_applicant(act, command.form))
    if applicant.handle != application.handle:
        return checks.OTHER_APPLICANT(field="uscc", applicant=applicant.handle, application=application.id)
    round, due = application.round + 1, need(_due(act))
    act.update(APPLICATION, {"id": application.id}, state=ApplicationState.SUBMITTED, round=round, due_on=due)
    _file(act, application.id, round, applicant, command.form)
    return {"application": application.id, "state": ApplicationState.SUBMITTED, "round": round, "due_on": due}


@verb("parties.review-application")
def review(act: Act, command: Review) -> Decision:
    """Review an application: first by a maker of the registry, then by a checker who had no part in it.

    Passing the second review opens the accounts. Whoever acts for a colleague counts as both.
    """
    application = need(queries.application(act.conn, command.application))
    stage = STAGE_OF.get(application.state)
    if stage is None:
        return _not(checks.NOT_IN_REVIEW, application)
    if command.stage != stage:
        return checks.OTHER_STAGE(field="stage", application=application.id, stage=STAGE_LABELS[stage])
    if command.verdict not in tuple(Verdict):
        return checks.VERDICT_UNKNOWN(field="verdict", value=command.verdict, known=", ".join(Verdict))
    verdict = Verdict(command.verdict)
    by = need(may_for_kind(act.conn, act.actor, REVIEWERS[stage], SubjectKind.REGISTRY, day=act.today))
    if stage is Stage.SECOND and by.hands & _had_a_hand(act, application):
        return checks.REVIEWED_BY_YOU(field="as", person=by.handle)
    if verdict is not Verdict.PASS and not command.comment.strip():
        return checks.COMMENT_NEEDED(field="comment")
    _take_step(act, application, stage, verdict, by, command.comment)
    return _AFTER[verdict](act, application, stage, by)


@verb("parties.withdraw-application")
def withdraw(act: Act, command: Withdraw) -> Decision:
    """Take an application back at the applicant's word: entered by a clerk."""
    _by_clerk(act)
    application = need(queries.application(act.conn, command.application))
    if application.state not in IN_PROGRESS:
        return _not(checks.ENDED, application)
    return _end(act, application, ApplicationState.WITHDRAWN)


# -- the form ----------------------------------------------------------------------------------------------


def _applicant(act: Act, form: Form) -> Subject | Refusal:
    """The subject that would be registered, if the form is in order and nobody is that already."""
    subject = need(_subject(act, form))
    refusals = (
        _known(act, subject)
        or _accounts_flaw(subject, form)
        or _people_flaw(act, subject, form)
        or papers.bank_flaw(subject.kind, form.name, form.bank)
        or papers.documents_flaw(form.documents)
        or papers.missing_flaw(papers.needed(subject.kind, law.of(act.conn).documents), form.documents)
        or (papers.hash_flaw(form.contact, "contact") if form.contact else None)
        or _standing_flaw(form)
    )
    return refusals or subject


def _subject(act: Act, form: Form) -> Subject | Refusal:
    known = form.kind in tuple(SubjectKind)
    if known and SubjectKind(form.kind) not in HOLDERS:
        return checks.APPLICANT_KIND(field="kind", kind=SUBJECT_LABELS[SubjectKind(form.kind)])
    name = forms.told_name(SubjectKind(form.kind), form.name) if known else form.name
    body = Register(form.kind, name, form.handle, form.uscc, form.region, form.fictional)
    by_credit_code = forms.credit_codes_are_needed(act.conn)
    return forms.new_subject(body, "", act.today, by_credit_code=by_credit_code)


def _known(act: Act, subject: Subject) -> Refusal | None:
    names = [name for name in (subject.handle, subject.uscc) if name]
    if parties.taken_names(act.conn, names):
        return party_checks.SUBJECT_EXISTS(field="handle", handle=subject.handle)
    return None


def _accounts_flaw(subject: Subject, form: Form) -> Refusal | None:
    if AccountKind.REGISTRATION not in form.accounts:
        return checks.REGISTRATION_NEEDED(field="accounts")
    if len(set(form.accounts)) < len(form.accounts):
        return party_checks.KIND_TWICE(field="accounts", handle=subject.handle)
    for kind in form.accounts:
        found = forms.account_type(subject, kind)
        if isinstance(found, Refusal):
            return found
    return None


def _people_flaw(act: Act, subject: Subject, form: Form) -> Refusal | None:
    """Role holders nobody has yet, and two different ones for the two rights."""
    for n, person in enumerate(form.people):
        refused = forms.person_flaw(act.conn, subject.kind, person)
        if refused is None and person.handle in [earlier.handle for earlier in form.people[:n]]:
            refused = party_checks.PERSON_EXISTS(field="person", person=person.handle)
        if refused:
            return refused.at(f"people[{n}]")
    makers, checkers = (
        {one.handle for one in form.people if right in one.rights} for right in (Right.MAKER, Right.CHECKER)
    )
    if not makers or not checkers or len(makers | checkers) < 2:
        return checks.PEOPLE_NEEDED(field="people")
    return None


def _standing_flaw(form: Form) -> Refusal | None:
    """On a year's list or there of one's own will; and none of those whom the law bars."""
    if form.voluntary == (form.listed_year is not None):
        return checks.LIST_OR_VOLUNTARY(field="listed_year")
    need(check_year(form.listed_year, "listed_year"))
    return None if form.not_barred else checks.DECLARATION_MISSING(field="not_barred")


def _due(act: Act) -> date | Refusal:
    """The last day for the review: counting begins with the working day after the papers were complete."""
    days = law.of(act.conn).review_days
    return calendars.add_working_days(parties.jurisdiction(act.conn), act.today, days, count_first=False)


def _file(act: Act, id: str, round: int, applicant: Subject, form: Form) -> None:
    """Write down what the form says, as the log may know it, beside earlier rounds."""
    facts = papers.bank_facts(form.bank)
    act.insert(
        APPLICATION_FORM,
        {
            "application_id": id,
            "round": round,
            "kind": applicant.kind,
            "name": applicant.name,
            "uscc": applicant.uscc,
            "region": form.region,
            "fictional": form.fictional,
            "listed_year": form.listed_year,
            "accounts": canonical(form.accounts).decode(),
            "people": canonical(plain(form.people)).decode(),
            "bank": facts["bank"],
            "bank_last4": facts["last4"],
            "bank_sha256": facts["sha256"],
            "contact_sha256": form.contact or None,
            "person": act.actor,
            "submitted_on": act.today,
            "seq": act.seq,
        },
    )
    rows = [
        {
            "application_id": id,
            "round": round,
            "n": n,
            "kind": one.kind,
            "title": one.title,
            "sha256": one.sha256,
            "size": one.size,
        }
        for n, one in enumerate(form.documents)
    ]
    if rows:
        act.insert(APPLICATION_DOCUMENT, *rows)


# -- reviews -----------------------------------------------------------------------------------------------


def _had_a_hand(act: Act, application: Application) -> set[str]:
    """Who entered or reviewed this round, and everybody whose right they used for it."""
    steps = [one for one in queries.steps(act.conn, application) if one.round == application.round]
    taken = ((one.person, REVIEWERS[one.stage], business_date(one.time_ns), one.seq) for one in steps)
    return {queries.form(act.conn, application).person, *delegation.hands_in(act.conn, taken)}


def _take_step(
    act: Act, application: Application, stage: Stage, verdict: Verdict, by: Person, comment: str
) -> None:
    act.insert(
        APPLICATION_STEP,
        {
            "application_id": application.id,
            "n": len(queries.steps(act.conn, application)),
            "round": application.round,
            "stage": stage,
            "verdict": verdict,
            "person": by.handle,
            "acting_for": by.acting_for or None,
            "comment": comment,
            "seq": act.seq,
            "time_ns": act.now_ns,
        },
    )


def _passed(act: Act, application: Application, stage: Stage, by: Person) -> Decision:
    if stage is Stage.SECOND:
        return _open(act, application, by)
    act.update(APPLICATION, {"id": application.id}, state=ApplicationState.REVIEWED)
    return _told(application, ApplicationState.REVIEWED, by)


def _returned(act: Act, application: Application, _stage: Stage, by: Person) -> Decision:
    act.update(APPLICATION, {"id": application.id}, state=ApplicationState.RETURNED)
    return _told(application, ApplicationState.RETURNED, by)


def _refused(act: Act, application: Application, _stage: Stage, by: Person) -> Decision:
    return {**_end(act, application, ApplicationState.REFUSED), "acting_for": by.acting_for}


_AFTER = {Verdict.PASS: _passed, Verdict.RETURN: _returned, Verdict.REFUSE: _refused}


def _open(act: Act, application: Application, by: Person) -> Decision:
    """Register the subject, its accounts and its people. Two have looked, so the people may act at once."""
    form = queries.form(act.conn, application)
    body = Register(
        form.kind,
        form.name,
        "" if application.handle == form.uscc else application.handle,
        form.uscc or "",
        form.region,
        form.fictional,
        accounts=form.accounts,
        people=form.people,
    )
    entered = service.enter(act, body, confirmed=True)
    if isinstance(entered, Refusal):
        return entered
    facts = {"bank": form.bank, "last4": form.bank_last4, "sha256": form.bank_sha256}
    changes.put_detail(act, entered["id"], ChangeKind.BANK, facts)
    if form.contact_sha256:
        changes.put_detail(act, entered["id"], ChangeKind.CONTACT, {"sha256": form.contact_sha256})
    _end(act, application, ApplicationState.OPENED, subject_id=entered["id"])
    told = _told(application, ApplicationState.OPENED, by)
    return {**told, "subject": entered["subject"], "accounts": entered["accounts"]}


def _told(application: Application, state: ApplicationState, by: Person) -> dict[str, Any]:
    return {"application": application.id, "state": state, "acting_for": by.acting_for}


def _end(
    act: Act, application: Application, state: ApplicationState, *, subject_id: str | None = None
) -> Mapping[str, Any]:
    act.update(APPLICATION, {"id": application.id}, state=state, ended_seq=act.seq, subject_id=subject_id)
    return {"application": application.id, "state": state}


def _not(kind: RefusalKind, application: Application) -> Refusal:
    state = APPLICATION_STATE_LABELS[application.state]
    return kind(field="application", application=application.id, state=state)


def _by_clerk(act: Act) -> None:
    """The registry's counter: its makers, themselves."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
