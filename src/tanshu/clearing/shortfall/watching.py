"""What a shortfall allows: its cover, its recovery; while it stands no money leaves and nothing is traded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import Refusal, Refused, need
from tanshu.book.commit import Act
from tanshu.clearing.bank.service import RETURNED
from tanshu.clearing.shortfall import checks, queries, service
from tanshu.clearing.shortfall.model import (
    COVER,
    FUND_LABELS,
    FUNDS,
    NAMED,
    RECOVERY,
    PaymentKind,
    State,
)
from tanshu.exchange.standing import ask_before_lifting
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind
from tanshu.registry import rooms
from tanshu.registry.model import Proposed
from tanshu.registry.rooms import Watcher

WITHDRAWAL = "cash-withdrawal"


def take_part() -> None:
    """From now on the register's transactions of money are held against the shortfalls that stand."""
    rooms.watch(WATCHER)
    ask_before_lifting("clearing-shortfall", may_lift)


def allowed(act: Act, proposed: Proposed) -> Refusal | None:
    """At the proposal, and again just before it takes effect: others may have been there meanwhile."""
    try:
        match proposed.type.code:
            case code if code == COVER:
                _may_cover(act, proposed)
            case code if code == RECOVERY:
                _may_recover(act, proposed)
            case code if code == WITHDRAWAL:
                return _may_leave(act, proposed)
    except Refused as no:
        return no.refusal
    return None


def may_lift(act: Act, subject_id: str) -> Refusal | None:
    """Who has a shortfall does not trade before it is settled."""
    account = parties.account_of(act.conn, subject_id, AccountKind.CASH)
    row = None if account is None else queries.standing(act.conn, account.number)
    return None if row is None else checks.NOT_LIFTED(field="handle", id=row.id, left=_left(row))


def effected(act: Act, proposed: Proposed) -> None:
    """Count what moved."""
    if proposed.type.code not in (COVER, RECOVERY):
        return
    covers = proposed.type.code == COVER
    kind = PaymentKind.COVER if covers else PaymentKind.RECOVERY
    for line in proposed.lines:
        row = need(queries.shortfall(act.conn, str(proposed.details[NAMED])))
        fund = _fund(line.debit if covers else line.credit)
        service.pay(act, row, kind, fund, proposed.id, line.quantity)


WATCHER = Watcher("clearing-shortfall", before=allowed, taking=allowed, effected=effected)


# -- steps -------------------------------------------------------------------------------------------------


def _may_cover(act: Act, proposed: Proposed) -> None:
    row = _named(act, proposed)
    if row.state != State.CONFIRMED:
        raise Refused(service.wrong_state(row))
    if act.now_ns <= row.cure_until_ns:
        raise Refused(checks.TOO_EARLY(id=row.id, until=shanghai_text(row.cure_until_ns)))
    left = queries.amounts(row).missing
    for line in proposed.lines:
        _must_be(act, row, line.credit)
    _at_most(row, left, proposed.quantity)
    if proposed.at_proposal:
        _in_order(act, row, _by_fund(proposed, "debit"))


def _may_recover(act: Act, proposed: Proposed) -> None:
    row = _named(act, proposed)
    if row.state not in (State.COVERED, State.RECOVERING):
        raise Refused(service.wrong_state(row))
    for line in proposed.lines:
        _must_be(act, row, line.debit)
    for fund, amount in _by_fund(proposed, "credit").items():
        left = queries.outstanding(act.conn, row.id, fund)
        if amount > left:
            facts = {"id": row.id, "fund": FUND_LABELS[fund], "left": left, "amount": amount}
            raise Refused(checks.NOT_THE_FUND(field="lines", **facts))


def _may_leave(act: Act, proposed: Proposed) -> Refusal | None:
    if RETURNED in proposed.details:
        return None  # the bank has taken it already; the books only follow
    for line in proposed.lines:
        row = queries.standing(act.conn, line.debit.number)
        if row is not None:
            facts = {"account": line.debit.code, "id": row.id, "left": _left(row)}
            return checks.NO_MONEY_OUT(field="lines", **facts)
    return None


def _left(row: Any) -> int:
    """Fen until it is settled: what nobody gave yet, and what the house did not get back."""
    now = queries.amounts(row)
    return now.missing + now.outstanding


def _named(act: Act, proposed: Proposed) -> Any:
    id = proposed.details.get(NAMED)
    if not isinstance(id, str):
        raise Refused(checks.NOT_NAMED(field="details", name=proposed.type.name))
    return need(queries.shortfall(act.conn, id))


def _must_be(act: Act, row: Any, given: Account) -> None:
    if given.number != row.account:
        its = parties.account_by_number(act.conn, row.account).code
        raise Refused(checks.OTHER_ACCOUNT(field="lines", id=row.id, account=its, given=given.code))


def _at_most(row: Any, left: int, amount: int) -> None:
    if amount > left:
        raise Refused(checks.MORE_THAN_LEFT(field="lines", id=row.id, left=left, amount=amount))


def _in_order(act: Act, row: Any, gives: Mapping[str, int]) -> None:
    """Nothing of a later fund while an earlier one has money that this proposal leaves there."""
    order = need(service.rules_of(act.conn, allow_draft=act.ctx.allow_draft)).shortfall_order
    accounts = queries.fund_accounts(act.conn)
    there = {fund: act.cell(one.number, row.instrument).available for fund, one in accounts.items()}
    for n, fund in enumerate(order):
        leaves = gives.get(fund, 0) < there.get(fund, 0)
        if leaves and any(gives.get(later) for later in order[n + 1 :]):
            facts = {"first": FUND_LABELS[fund], "left": there[fund]}
            raise Refused(checks.FUND_ORDER(field="lines", **facts))


def _by_fund(proposed: Proposed, side: str) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for line in proposed.lines:
        fund = _fund(getattr(line, side))
        found[fund] = found.get(fund, 0) + line.quantity
    return found


def _fund(account: Account) -> str:
    return next(fund for fund, kind in FUNDS.items() if kind is account.kind)
