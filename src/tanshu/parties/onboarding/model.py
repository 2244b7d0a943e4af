"""The types of onboarding."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.parties.model import BankAccount, Document, NewPerson, SubjectKind


class ApplicationState(StrEnum):
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REVIEWED = "reviewed"
    OPENED = "opened"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


APPLICATION_STATE_LABELS = {
    ApplicationState.SUBMITTED: Text("待初审", "waiting for its first review"),
    ApplicationState.RETURNED: Text("退回补正", "returned for completion"),
    ApplicationState.REVIEWED: Text("待复审", "waiting for its second review"),
    ApplicationState.OPENED: Text("已开户", "opened"),
    ApplicationState.REFUSED: Text("不予开户", "refused"),
    ApplicationState.WITHDRAWN: Text("已撤回", "withdrawn"),
}
IN_REVIEW = (ApplicationState.SUBMITTED, ApplicationState.REVIEWED)
IN_PROGRESS = (*IN_REVIEW, ApplicationState.RETURNED)


class Stage(StrEnum):
    FIRST = "first"
    SECOND = "second"


STAGE_LABELS = {Stage.FIRST: Text("初审", "first review"), Stage.SECOND: Text("复审", "second review")}
STAGE_OF = {ApplicationState.SUBMITTED: Stage.FIRST, ApplicationState.REVIEWED: Stage.SECOND}


class Verdict(StrEnum):
    PASS = "pass"
    RETURN = "return"
    REFUSE = "refuse"


VERDICT_LABELS = {
    Verdict.PASS: Text("通过", "passed"),
    Verdict.RETURN: Text("退回补正", "returned"),
    Verdict.REFUSE: Text("不予开户", "refused"),
}


class ReviewState(StrEnum):
    STARTED = "started"
    FOUND = "found"
    DONE = "done"


REVIEW_STATE_LABELS = {
    ReviewState.STARTED: Text("进行中", "started"),
    ReviewState.FOUND: Text("待复核", "waiting for a second person"),
    ReviewState.DONE: Text("已办结", "done"),
}


@dataclass(frozen=True, slots=True)
class Form:
    """What an applicant says. handle: a short name where there is no credit code.

    listed_year: on which year's list (名录); voluntary: takes part without being on one. not_barred: declares
    not to be one of those who may not hold. contact: the hash of sealed contact data, or "".
    """

    kind: str
    name: str
    bank: BankAccount
    documents: tuple[Document, ...]
    people: tuple[NewPerson, ...]
    accounts: tuple[str, ...] = ("registration",)
    handle: str = ""
    uscc: str = ""
    region: str = ""
    listed_year: int | None = None
    voluntary: bool = False
    not_barred: bool = False
    contact: str = ""
    fictional: bool = False


@dataclass(frozen=True, slots=True)
class Apply:
    """Enter an application, as the registry's clerk, for somebody who is not in the register yet."""

    form: Form


@dataclass(frozen=True, slots=True)
class Resubmit:
    """Enter the completed form of an application that was returned."""

    application: str
    form: Form


@dataclass(frozen=True, slots=True)
class Review:
    """Decide at a stage: pass, return for completion, or refuse."""

    application: str
    stage: str
    verdict: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Withdraw:
    application: str


@dataclass(frozen=True, slots=True)
class StartYearReview:
    """Begin the review of a subject for a year. due: the last day, where the rule pack does not say."""

    subject: str
    year: int
    due: date | None = None


@dataclass(frozen=True, slots=True)
class RecordFindings:
    subject: str
    year: int
    findings: str


@dataclass(frozen=True, slots=True)
class FinishYearReview:
    """Finish a review, as a second person; or give it back to be looked at again."""

    subject: str
    year: int
    accept: bool = True


# -- rows --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Application:
    id: str
    handle: str
    state: ApplicationState
    round: int
    due_on: date
    subject_id: str | None
    seq: int
    ended_seq: int | None

    def is_overdue(self, today: date) -> bool:
        return self.state in IN_REVIEW and today > self.due_on


@dataclass(frozen=True, slots=True)
class FiledForm:
    """One round of an application, as the log knows it."""

    round: int
    kind: SubjectKind
    name: str
    uscc: str | None
    region: str
    fictional: bool
    listed_year: int | None
    accounts: tuple[str, ...]
    people: tuple[NewPerson, ...]
    bank: str
    bank_last4: str
    bank_sha256: str
    contact_sha256: str | None
    person: str
    submitted_on: date
    seq: int


@dataclass(frozen=True, slots=True)
class Step:
    """One review of a round. acting_for: as whose substitute, "" where nobody's."""

    n: int
    round: int
    stage: Stage
    verdict: Verdict
    person: str
    acting_for: str
    comment: str
    seq: int
    time_ns: int


@dataclass(frozen=True, slots=True)
class YearReview:
    subject_id: str
    year: int
    state: ReviewState
    due_on: date
    started_by: str
    started_seq: int
    findings: str | None
    found_by: str | None
    found_for: str | None
    found_seq: int | None
    done_by: str | None
    done_for: str | None
