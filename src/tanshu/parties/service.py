"""The verbs of parties, done by the registry's makers; founding the register is done once, by init.

A new name, and the state of an account, only wait here: a second person decides (changes.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sqlalchemy import select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.records import AccountFlag, set_flags
from tanshu.parties import checks, forms, queries, requests
from tanshu.parties.authority import may_for_kind
from tanshu.parties.codes import account_code
from tanshu.parties.model import (
    ACCOUNT_TYPES,
    NEED_CREDIT_CODE,
    STATE_LABELS,
    STATE_STEPS,
    Account,
    AccountKind,
    AccountState,
    Appoint,
    ChangeKind,
    ConfirmPerson,
    Dismiss,
    Establish,
    NewPerson,
    OpenAccount,
    Register,
    Rename,
    Right,
    SetState,
    Subject,
    SubjectKind,
)
from tanshu.parties.tables import ACCOUNT, PERSON, SETTING, SUBJECT, SUBJECT_NAME

SYSTEM_ACCOUNTS = (
    AccountKind.ISSUANCE,
    AccountKind.SURRENDER,
    AccountKind.CANCELLATION,
    AccountKind.OFFSET,
    AccountKind.EXTERNAL,
    AccountKind.RECALL,
)

ClosingCheck = Callable[[Act, Account], Refusal | None]
_CLOSING_CHECKS: dict[str, ClosingCheck] = {}


StateHook = Callable[[Act, Account, AccountState], None]
_STATE_HOOKS: dict[str, StateHook] = {}


def tell_of_states(room: str, hook: StateHook) -> None:
    """A room above hears, in the same command, when an account is about to come into another state."""
    _STATE_HOOKS[room] = hook


def comes_into(act: Act, account: Account, new: AccountState) -> None:
    """Tell those who want to hear of it."""
    for hook in _STATE_HOOKS.values():
        hook(act, account, new)


def check_before_closing(room: str, check: ClosingCheck) -> None:
    """A room above says what keeps an account open: pending requests, obligations. Registered at start-up."""
    _CLOSING_CHECKS[room] = check


@verb("parties.establish")
def establish(act: Act, command: Establish) -> Decision:
    """Found the register of a jurisdiction. Once per book; the first role holders come with it."""
    known = queries.setting(act.conn, "jurisdiction")
    if known:
        return checks.ESTABLISHED(field="jurisdiction", jurisdiction=known)
    act.insert(SETTING, {"name": "jurisdiction", "value": command.jurisdiction})
    new = Register(
        SubjectKind.REGISTRY,
        command.name,
        handle=command.handle,
        accounts=SYSTEM_ACCOUNTS,
        people=command.people,
    )
    return enter(act, new, confirmed=True)


@verb("parties.register")
def register(act: Act, command: Register) -> Decision:
    """Register a subject, its accounts and its role holders: one entry, all or nothing."""
    _by_clerk(act)
    return enter(act, command, confirmed=not forms.people_are_confirmed(act.conn))


@verb("parties.open-account")
def open_account(act: Act, command: OpenAccount) -> Decision:
    """Open one more account for a subject: one of each kind."""
    _by_clerk(act)
    subject = need(queries.subject(act.conn, command.handle))
    code = _open(act, subject, command.kind)
    return code if isinstance(code, Refusal) else {"subject": subject.handle, "account": code}


@verb("parties.appoint")
def appoint(act: Act, command: Appoint) -> Decision:
    """Name a role holder for a subject."""
    _by_clerk(act)
    subject = need(queries.subject(act.conn, command.handle))
    # Every chain ends at the registry: so its own people are named by two, a maker and a checker.
    alone = subject.kind is not SubjectKind.REGISTRY and not forms.people_are_confirmed(act.conn)
    active = alone and Right.AUDITOR not in command.person.rights
    refused = name_person(act, subject, command.person, active=active)
    return refused or {"subject": subject.handle, "person": command.person.handle, "active": active}


@verb("parties.confirm-person")
def confirm_person(act: Act, command: ConfirmPerson) -> Decision:
    """A registry checker confirms somebody named to act for the registry itself, or to audit.

    And anybody else, where the pack wants two for all ([onboarding] confirm_people).
    """
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    person = need(queries.person(act.conn, command.handle))
    if person.active or person.dismissed:
        return checks.NOTHING_TO_CONFIRM(field="person", person=person.handle)
    if person.named_by == act.actor:
        return checks.NAMED_BY_SELF(field="as", person=person.handle, actor=act.actor)
    act.update(PERSON, {"handle": person.handle}, active=True)
    return {"person": person.handle, "active": True}


@verb("parties.dismiss")
def dismiss(act: Act, command: Dismiss) -> Decision:
    """Take a role holder's rights away, for good; the handle is not used again."""
    _by_clerk(act)
    person = need(queries.person(act.conn, command.handle))
    act.update(PERSON, {"handle": person.handle}, active=False, dismissed=True)
    return {"person": person.handle, "active": False}


@verb("parties.rename")
def rename(act: Act, command: Rename) -> Decision:
    """Ask for a subject's new name from a date on; the old one will stay with its dates."""
    _by_clerk(act)
    subject = need(queries.subject(act.conn, command.handle))
    refused = name_flaw(act, subject, command.name, command.since)
    if refused:
        return refused
    name = forms.told_name(subject.kind, command.name)
    asked = {"name": name, "since": command.since}
    change = need(requests.ask(act, ChangeKind.NAME, subject, asked))
    return {"subject": subject.handle, "name": name, "since": command.since, "change": change}


@verb("parties.set-state")
def set_state(act: Act, command: SetState) -> Decision:
    """Ask that an account be restricted, restored or closed, with the reason; a second person decides."""
    _by_clerk(act)
    account = need(queries.account(act.conn, command.account))
    if command.state not in tuple(AccountState):
        known = ", ".join(AccountState)
        return checks.KIND_UNKNOWN(field="state", value=command.state, known=known)
    new = AccountState(command.state)
    refused = state_flaw(act, account, new)
    if refused:
        return refused
    if not act.ctx.reason.strip():
        return checks.CHANGE_REASON(field="reason")
    change = need(
        requests.ask(
            act,
            ChangeKind.STATE,
            account.subject_id,
            {"state": new},
            account=account,
            documents=command.documents,
        )
    )
    return {"account": account.code, "state": account.state, "asked": new, "change": change}


# -- what other verbs of parties do, too -------------------------------------------------------------------


def enter(act: Act, command: Register, *, confirmed: bool) -> Decision:
    """Register a subject, its accounts and its role holders. confirmed: its people may act at once."""
    subject = need(_new_subject(act, command))
    codes: dict[str, str] = {}
    for kind in command.accounts:
        code = _open(act, subject, kind)
        if isinstance(code, Refusal):
            return code
        codes[kind] = code
    for person in command.people:
        active = confirmed and Right.AUDITOR not in person.rights
        refused = name_person(act, subject, person, active=active)
        if refused:
            return refused
    return {"subject": subject.handle, "id": subject.id, "accounts": codes}


def name_person(act: Act, subject: Subject, person: NewPerson, *, active: bool) -> Refusal | None:
    """Add a role holder to a subject's people."""
    refused = forms.person_flaw(act.conn, subject.kind, person)
    if refused:
        return refused
    act.insert(
        PERSON,
        {
            "handle": person.handle,
            "subject_id": subject.id,
            "rights": ",".join(person.rights),
            "active": active,
            "dismissed": False,
            "named_by": act.actor,
            "seq": act.seq,
        },
    )
    return None


def name_flaw(act: Act, subject: Subject, name: str, since: date) -> Refusal | None:
    """Why a subject cannot have this name from that day on."""
    if not name.strip():
        return checks.NAME_NEEDED(field="name")
    dates = select(SUBJECT_NAME.c.since).where(SUBJECT_NAME.c.subject_id == subject.id)
    current = max(row.since for row in act.conn.execute(dates))
    if since <= current:
        return checks.NAME_DATE_ORDER(field="since", since=since, current=current)
    if since > act.today:
        return checks.NAME_AHEAD(field="since", since=since)
    return None


def put_name(act: Act, subject_id: str, since: date, name: str) -> None:
    act.insert(SUBJECT_NAME, forms.name_row(subject_id, since, name, act.seq))


def state_flaw(act: Act, account: Account, new: AccountState) -> Refusal | None:
    """Why an account cannot come into this state. Closing needs every cell to be zero."""
    if new not in STATE_STEPS[account.state]:
        old, wanted = STATE_LABELS[account.state], STATE_LABELS[new]
        return checks.STATE_STEP(field="state", account=account.code, old=old, new=wanted)
    if new is not AccountState.CLOSED:
        return None
    if ACCOUNT_TYPES[account.kind].is_system:
        return checks.SYSTEM_ACCOUNT(field="account", account=account.code)
    if not act.state.is_empty(account.number):
        return checks.ACCOUNT_NOT_EMPTY(field="account", account=account.code)
    refusals = (check(act, account) for check in _CLOSING_CHECKS.values())
    return next((refused for refused in refusals if refused), None)


def put_state(act: Act, account: Account, new: AccountState) -> None:
    """Bring an account into a state; the book is told when it closes, and checks it, too."""
    if new is AccountState.CLOSED:
        flags = AccountFlag(act.state.flags(account.number)) | AccountFlag.CLOSED
        act.record(set_flags(account.number, flags))
    act.update(ACCOUNT, {"number": account.number}, state=new)
    comes_into(act, account, new)


def _by_clerk(act: Act) -> None:
    """Only the registry's makers keep the list of subjects."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))


def _new_subject(act: Act, command: Register) -> Subject | Refusal:
    if command.kind == SubjectKind.REGISTRY and queries.only_of_kind(act.conn, SubjectKind.REGISTRY):
        return checks.ONE_REGISTRY(field="kind")
    by_credit_code = command.kind in NEED_CREDIT_CODE and forms.credit_codes_are_needed(act.conn)
    subject = need(forms.new_subject(command, act.id("SUB"), act.today, by_credit_code=by_credit_code))
    same = SUBJECT.c.handle == subject.handle
    if subject.uscc:
        same = same | (SUBJECT.c.uscc == subject.uscc)
    if act.conn.execute(select(SUBJECT.c.id).where(same)).first():
        return checks.SUBJECT_EXISTS(field="handle", handle=subject.handle)
    act.insert(SUBJECT, forms.subject_row(subject, act.seq))
    put_name(act, subject.id, command.name_since or act.today, subject.name)
    return subject


def _open(act: Act, subject: Subject, kind: str) -> str | Refusal:
    account_kind, facts = need(forms.account_type(subject, kind))
    known = queries.account_of(act.conn, subject.id, account_kind)
    if known:
        return checks.ACCOUNT_EXISTS(
            field="account", handle=subject.handle, kind=facts.label, account=known.code
        )
    number = act.open_account(facts.flags)
    code = account_code(queries.jurisdiction(act.conn), facts.letter, number)
    act.insert(ACCOUNT, forms.account_row(number, code, subject.id, account_kind, act.seq))
    return code
