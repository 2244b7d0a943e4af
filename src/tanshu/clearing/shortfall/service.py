"""The verbs of a shortfall: notice it, confirm it, count what makes it good, withdraw it; and the cover that
the house proposes.

Source: 碳排放权结算管理规则(试行): notify, set a period, use the reserve or own funds, recover from who
defaulted. It stops somebody's trading and payouts, so two people say that it is one. Cover and recovery are
transactions of their own types, with three people; `watching` keeps them to what a shortfall allows. Units
never cover anything: none can be created for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.clock import shanghai_text
from tanshu.base.quantity import check_quantity
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.state import State as BookState
from tanshu.clearing.shortfall import checks, queries
from tanshu.clearing.shortfall.model import (
    COVER,
    NAMED,
    STATE_LABELS,
    Amounts,
    Cause,
    ConfirmShortfall,
    CureShortfall,
    NoticeShortfall,
    PaymentKind,
    State,
    WithdrawShortfall,
)
from tanshu.clearing.shortfall.tables import SHORTFALL, SHORTFALL_PAYMENT
from tanshu.exchange import standing
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Account, AccountKind, Right, Subject, SubjectKind
from tanshu.registry import notices
from tanshu.registry import queries as registry
from tanshu.registry.model import Propose, ProposedLine, Transaction, TransactionState
from tanshu.registry.tables import INSTRUMENT
from tanshu.registry.types import InstrumentKind
from tanshu.rules.clearing_pack import ClearingRules, clearing_rules

MINUTE_NS = 60 * 10**9
YEAR = 366 * 24 * 60
"""Minutes: the longest period."""


@verb("clearing.notice-shortfall")
def notice_shortfall(act: Act, command: NoticeShortfall) -> Decision:
    """State a shortfall: by a clerk of the registry, saying why. Nothing follows until somebody confirms it.

    Refuses with CLR-4002 (no cash account), CLR-4003, CLR-4004 (the period), CLR-4005 (no reason), CLR-4006
    (the cause), CLR-4007 (a day to come), BASE-10xx (the amount), RULE-1xxx (no clearing pack).
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    subject = need(parties.subject(act.conn, command.subject))
    amount = need(check_quantity(command.amount, "amount"))
    why = act.ctx.reason.strip()
    if not why:
        return checks.REASON_NEEDED(field="reason")
    if command.cause not in tuple(Cause):
        return checks.CAUSE_UNKNOWN(field="cause", cause=command.cause, known=", ".join(Cause))
    if command.day > act.today:
        return checks.IN_FUTURE(field="day", day=command.day, today=act.today)
    account = _short_account(act.conn, subject, command.cause)
    if account is None:
        return checks.NO_CASH_ACCOUNT(field="subject", handle=subject.handle)
    rules = need(rules_of(act.conn, allow_draft=act.ctx.allow_draft))
    minutes = need(_period(rules, command.minutes))
    id = act.id("SF")
    act.insert(
        SHORTFALL,
        {
            "id": id,
            "day": command.day,
            "subject_id": subject.id,
            "account": account.number,
            "instrument": _currency(act.conn),
            "amount": amount,
            "cause": command.cause,
            "why": why,
            "pack": rules.pack.name,
            "state": State.NOTICED,
            "cured": 0,
            "covered": 0,
            "recovered": 0,
            "noticed_by": act.actor,
            "noticed_seq": act.seq,
            "minutes": minutes,
            **dict.fromkeys(("confirmed_by", "confirmed_seq", "cure_until_ns")),
            **dict.fromkeys(("withdrawn_by", "withdrawn_why", "ended_seq")),
        },
    )
    return {"shortfall": id, "state": State.NOTICED, "amount": amount, "minutes": minutes}


@verb("clearing.confirm-shortfall")
def confirm_shortfall(act: Act, command: ConfirmShortfall) -> Decision:
    """Confirm a notice: by a checker of the registry who did not state it. From now on it binds.

    Its period begins; the subject is told, stops trading, and is paid nothing out. Refuses with CLR-4001,
    CLR-4008, CLR-4022.
    """
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    row = need(queries.shortfall(act.conn, command.shortfall))
    if row.state != State.NOTICED:
        return wrong_state(row)
    if row.noticed_by == act.actor:
        return checks.SAME_PERSON(field="as", id=row.id, person=act.actor)
    until = act.now_ns + row.minutes * MINUTE_NS
    act.update(
        SHORTFALL,
        {"id": row.id},
        state=State.CONFIRMED,
        confirmed_by=act.actor,
        confirmed_seq=act.seq,
        cure_until_ns=until,
    )
    facts = {"amount": yuan(row.amount), "until": shanghai_text(until)}
    notices.issue(act, row.subject_id, "shortfall", row.id, {**_place(act, row), **facts})
    stopped = standing.suspend_everywhere(act, row.subject_id, f"{row.id} {row.why}")
    told = {"amount": row.amount, "cure_until_ns": until, "suspended": list(stopped)}
    return {"shortfall": row.id, "state": State.CONFIRMED, **told}


@verb("clearing.withdraw-shortfall")
def withdraw_shortfall(act: Act, command: WithdrawShortfall) -> Decision:
    """Take a notice back, saying why: by a checker of the registry who did not state it, until it is covered.

    Where it bound already the subject is told. It trades again where such notices alone had stopped it, once
    no other shortfall of it stands, unless its accounts are stopped. Refuses with CLR-4001, CLR-4005,
    CLR-4008, CLR-4022, CLR-4023.
    """
    need(may_for_kind(act.conn, act.actor, Right.CHECKER, SubjectKind.REGISTRY))
    why = act.ctx.reason.strip()
    if not why:
        return checks.REASON_NEEDED(field="reason")
    row = need(queries.shortfall(act.conn, command.shortfall))
    if row.covered:
        return checks.COVERED_ALREADY(field="shortfall", id=row.id, covered=row.covered)
    if row.state not in (State.NOTICED, State.CONFIRMED):
        return wrong_state(row)
    if row.noticed_by == act.actor:
        return checks.SAME_PERSON(field="as", id=row.id, person=act.actor)
    told = {"withdrawn_by": act.actor, "withdrawn_why": why, "ended_seq": act.seq}
    act.update(SHORTFALL, {"id": row.id}, state=State.WITHDRAWN, **told)
    lifted = _let_go(act, row, why) if row.state == State.CONFIRMED else ()
    return {"shortfall": row.id, "state": State.WITHDRAWN, "lifted": list(lifted)}


@verb("clearing.cure-shortfall")
def cure_shortfall(act: Act, command: CureShortfall) -> Decision:
    """Count deposits made since the notice: by a clerk of the registry. The rest stays theirs.

    Refuses with CLR-4001, CLR-4008 (nothing is missing), CLR-4016 (no such deposit).
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    row = need(queries.shortfall(act.conn, command.shortfall))
    if not command.deposits or row.state != State.CONFIRMED:
        return wrong_state(row)
    for id in command.deposits:
        row = need(queries.shortfall(act.conn, command.shortfall))
        there = need(_deposit(act.conn, row, id))
        counted = min(there, queries.amounts(row).missing)
        if not counted:
            return wrong_state(row)
        pay(act, row, PaymentKind.CURE, "", id, counted)
    row = need(queries.shortfall(act.conn, command.shortfall))
    return {"shortfall": row.id, "state": row.state, "missing": queries.amounts(row).missing}


def cover(
    conn: Connection, state: BookState, id: str, documents: Sequence[Mapping[str, str]]
) -> Propose | Refusal:
    """The proposal that covers what is missing, from the funds in the pack's order: cash only.

    Refuses with CLR-4001, CLR-4008, CLR-4017 (the funds do not suffice), RULE-1xxx.
    """
    row = queries.shortfall(conn, id)
    if isinstance(row, Refusal):
        return row
    missing = queries.amounts(row).missing
    if row.state != State.CONFIRMED:
        return wrong_state(row)
    rules = rules_of(conn, allow_draft=True)
    if isinstance(rules, Refusal):
        return rules
    there = queries.free(conn, state, row.instrument)
    gives = queries.waterfall(missing, rules.shortfall_order, there)
    if sum(gives.values()) < missing:
        return checks.FUNDS_LACK(field="shortfall", needed=missing, there=sum(gives.values()))
    accounts = queries.fund_accounts(conn)
    code = registry.instrument_by_number(conn, row.instrument).code
    to = parties.account_by_number(conn, row.account).code
    lines = tuple(ProposedLine(code, fen, accounts[fund].code, to) for fund, fen in gives.items())
    return Propose(COVER, lines, details={NAMED: id, "documents": list(documents)})


def rules_of(conn: Connection, *, allow_draft: bool = False) -> ClearingRules | Refusal:
    """The house's rules: those of its jurisdiction."""
    return clearing_rules(f"{parties.jurisdiction(conn)}.clearing", allow_draft=allow_draft)


def pay(act: Act, row: Any, kind: PaymentKind, fund: str, transaction: str, amount: int) -> None:
    """Count fen for a shortfall, and move its state by them."""
    now = queries.amounts(row)
    match kind:
        case PaymentKind.CURE:
            then = Amounts(now.amount, now.cured + amount, now.covered, now.recovered)
        case PaymentKind.COVER:
            then = Amounts(now.amount, now.cured, now.covered + amount, now.recovered)
        case PaymentKind.RECOVERY:
            then = Amounts(now.amount, now.cured, now.covered, now.recovered + amount)
    act.insert(
        SHORTFALL_PAYMENT,
        {
            "shortfall_id": row.id,
            "n": len(queries.payments(act.conn, row.id)),
            "kind": kind,
            "fund": fund,
            "transaction_id": transaction,
            "amount": amount,
            "seq": act.seq,
        },
    )
    act.update(
        SHORTFALL,
        {"id": row.id},
        cured=then.cured,
        covered=then.covered,
        recovered=then.recovered,
        state=then.state,
        ended_seq=act.seq if then.state in (State.CURED, State.RECOVERED) else None,
    )


def wrong_state(row: Any) -> Refusal:
    return checks.WRONG_STATE(field="shortfall", id=row.id, state=STATE_LABELS[State(row.state)])


def yuan(fen: int) -> str:
    return f"{fen // 100:,}.{fen % 100:02d}"


# -- steps -------------------------------------------------------------------------------------------------


def _period(rules: ClearingRules, stated: int | None) -> int | Refusal:
    """Minutes to make it good: the pack's, else the command's."""
    given, pack = rules.cure_minutes(), rules.pack.name
    if given is not None:
        if stated not in (None, given):
            return checks.PERIOD_SETTLED(field="minutes", pack=pack, minutes=given)
        return given
    if stated is None or isinstance(stated, bool) or not 1 <= stated <= YEAR:
        return checks.PERIOD_NEEDED(field="minutes", pack=pack)
    return stated


def _short_account(conn: Connection, subject: Subject, cause: str) -> Account | None:
    """Where the money is missing: a bank's special account is short by itself; anybody else's, with them."""
    at_bank = subject.kind is SubjectKind.BANK and cause == Cause.BANK_SHORT
    return parties.account_of(conn, subject.id, AccountKind.BANK if at_bank else AccountKind.CASH)


def _let_go(act: Act, row: Any, why: str) -> Sequence[str]:
    """Tell the subject, and end what the notice had stopped; the markets where it trades again."""
    notices.issue(act, row.subject_id, "shortfall-withdrawn", row.id, {**_place(act, row), "why": why})
    if queries.standing(act.conn, row.account) is not None:
        return ()
    return standing.lift_everywhere(act, row.subject_id, queries.withdrawn_in(act.conn, row.subject_id))


def _place(act: Act, row: Any) -> dict[str, str]:
    return {"shortfall": row.id, "account": parties.account_by_number(act.conn, row.account).code}


def _currency(conn: Connection) -> int:
    query = select(INSTRUMENT.c.number).where(INSTRUMENT.c.kind == InstrumentKind.CASH)
    return conn.execute(query.order_by(INSTRUMENT.c.number).limit(1)).scalar_one()


def _deposit(conn: Connection, row: Any, id: str) -> int | Refusal:
    """Fen that a deposit brought into the account since the notice, if it counts for nothing yet."""
    account: Account = parties.account_by_number(conn, row.account)
    found = registry.transaction(conn, id)
    if isinstance(found, Transaction) and _counts(conn, row, found):
        there = sum(line.quantity for line in found.lines if line.credit == row.account)
        if there:
            return there
    return checks.NOT_A_DEPOSIT(field="deposits", transaction=id, account=account.code)


def _counts(conn: Connection, row: Any, found: Transaction) -> bool:
    since = found.ended_seq is not None and found.ended_seq > row.noticed_seq
    effected = found.state is TransactionState.EFFECTED
    return found.type.code == "cash-deposit" and effected and since and not queries.is_used(conn, found.id)
