"""The verbs of the register: define an instrument; propose, approve, reject, withdraw a transaction.

Source of the two-step form and of "nobody acts twice": 碳排放权登记管理规则(试行), review of applications;
the order of organisations is the jurisdiction's registry pack.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical
from tanshu.base.memo import remembered
from tanshu.base.quantity import QUANTITY_MAX, check_quantity, check_year
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.parties import queries as parties
from tanshu.parties.authority import may, may_for_kind
from tanshu.parties.model import Right, Subject, SubjectKind
from tanshu.registry import checks, effects, links, queries, resolve, rooms, telling
from tanshu.registry.chains import ACT_LABELS, RIGHT_FOR, organisation, took_part
from tanshu.registry.encumbrances import orders
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.model import (
    TRANSACTION_STATE_LABELS,
    Decide,
    DefineInstrument,
    Expire,
    Propose,
    Proposed,
    Step,
    Transaction,
    TransactionState,
    Waiting,
)
from tanshu.registry.tables import INSTRUMENT, TRANSACTION, TRANSACTION_LINE, TRANSACTION_STEP
from tanshu.registry.types import TYPES, InstrumentKind, TransactionType
from tanshu.rules import compliance_calendar, packs, registry_pack

CASH_SCALE = 2
"""Money is counted in fen."""
EXPIRED_MAX = 1_000
"""Proposals and freezes that one command ends."""
_INSTRUMENT_CODE = re.compile(r"^[A-Z][A-Z0-9-]{0,31}$")


@verb("registry.define-instrument")
def define_instrument(act: Act, command: DefineInstrument) -> Decision:
    """Define an instrument. Allowances are serialised: each tonne will have a number of its own."""
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    refused = definition_flaw(act, command)
    if refused:
        return refused
    if act.conn.execute(select(INSTRUMENT.c.number).where(INSTRUMENT.c.code == command.code)).first():
        return checks.INSTRUMENT_EXISTS(field="code", code=command.code)
    row = instrument_row(act, command)
    act.insert(INSTRUMENT, row)
    return {"instrument": command.code, "number": row["number"]}


def definition_flaw(act: Act, command: DefineInstrument) -> Refusal | None:
    """What is wrong with a definition by itself; whether its code is taken is another question.

    Refuses with REG-1007, REG-1012 to 1014, BASE-10xx (a year, or a cap that is no quantity).
    """
    if command.kind not in tuple(InstrumentKind):
        known = ", ".join(InstrumentKind)
        return checks.INSTRUMENT_KIND_UNKNOWN(field="kind", value=command.kind, known=known)
    need(check_year(command.vintage, "vintage"))
    if command.cap is not None:
        need(check_quantity(command.cap, "cap"))
    if not _INSTRUMENT_CODE.fullmatch(command.code):
        return checks.INSTRUMENT_CODE(field="code", value=command.code)
    if command.scale != (CASH_SCALE if command.kind == InstrumentKind.CASH else 0):
        return checks.INSTRUMENT_SCALE(field="scale", code=command.code, value=command.scale)
    if command.kind == InstrumentKind.ALLOWANCE and command.vintage is not None:
        need(_fits_calendar(act, command.code, command.vintage))
    return None


def instrument_row(act: Act, command: DefineInstrument) -> dict[str, object]:
    """Define it in the book; the row that tells of it."""
    serialised = command.kind == InstrumentKind.ALLOWANCE
    cap = QUANTITY_MAX if command.cap is None else need(check_quantity(command.cap, "cap"))
    return {
        "number": act.define_instrument(cap=cap, scale=command.scale, serialised=serialised),
        "code": command.code,
        "kind": command.kind,
        "title_zh": command.title_zh,
        "title_en": command.title_en,
        "vintage": command.vintage,
        "scale": command.scale,
        "seq": act.seq,
    }


def decide_proposal(act: Act, command: Propose) -> Decision:
    """Propose a transaction; its units stay held until the approval chain ends.

    Quantities are in the instrument's minor unit. A chain of one step takes effect at once. Refuses with
    REG-1xxx (what is asked), REG-2xxx and PAR-2xxx (accounts, balances), REG-3xxx and PAR-3xxx (people), or
    the owning room's own codes.
    """
    kind = need(enabled_type(act, command.type))
    need(check_year(command.year))
    original = links.original(act.conn, kind, command.details)
    if isinstance(original, Refusal):
        return original
    resolved = need(resolve.lines(act.conn, kind, command, original, actor=act.actor))
    subject, lines = resolved
    chain = need(_chain(act, kind))
    year = command.year if command.year is not None or original is None else original.year
    proposed = Proposed(
        act.id("TX"),
        kind,
        subject,
        year,
        lines,
        command.details,
        act.now_ns,
        at_proposal=True,
        original=original,
    )
    refused = _may_take(act, chain, 0, proposed) or resolve.states(kind, lines)
    refused = refused or rooms.before(act, proposed) or _sound(act, proposed)
    if refused:
        return refused
    at_once = len(chain) == 1
    holds = effects.hold(act, proposed) if kind.held and not at_once else (None,) * len(lines)
    _insert(act, proposed, command, chain, holds)
    _take_step(act, proposed.id, 0, chain[0], "made", "")
    rooms.proposed(act, proposed)
    if at_once:
        return _take_effect(act, proposed)
    return {
        "id": proposed.id,
        "state": TransactionState.PENDING,
        "next": _next(act, chain, 1, proposed),
    }


propose = verb("registry.propose")(decide_proposal)


@verb("registry.approve")
def approve(act: Act, command: Decide) -> Decision:
    """Take the next step of a transaction's chain; the last one puts it into effect.

    Everything that was checked at the proposal is checked again, so a state that changed in between refuses.
    """
    found = need(_turn(act, command))
    transaction, proposed = found
    if transaction.expires_on and act.today > transaction.expires_on:
        return checks.EXPIRED(id=transaction.id, expired=transaction.expires_on)
    if transaction.type.revalidated:
        refused = resolve.states(transaction.type, proposed.lines) or _sound(act, proposed)
        if refused:
            return refused
    _take_step(
        act,
        transaction.id,
        transaction.taken,
        transaction.chain[transaction.taken],
        "approved",
        command.comment,
    )
    taken = transaction.taken + 1
    if taken == len(transaction.chain):
        return _take_effect(act, proposed)
    act.update(TRANSACTION, {"id": transaction.id}, taken=taken)
    return {
        "id": transaction.id,
        "state": TransactionState.PENDING,
        "next": _next(act, transaction.chain, taken, proposed),
    }


@verb("registry.reject")
def reject(act: Act, command: Decide) -> Decision:
    """Turn a transaction down at one's own step; what it held is released."""
    found = need(_turn(act, command))
    transaction, proposed = found
    _take_step(
        act,
        transaction.id,
        transaction.taken,
        transaction.chain[transaction.taken],
        "rejected",
        command.comment,
    )
    return _drop(act, transaction, proposed, TransactionState.REJECTED)


@verb("registry.withdraw")
def withdraw(act: Act, command: Decide) -> Decision:
    """Take a proposal back while it waits: by a maker of the organisation that made it."""
    transaction = need(_pending(act, command.transaction))
    proposed = effects.as_proposed(act.conn, transaction)
    organisation = _organisation(act, transaction.chain[0], proposed)
    if organisation is None or isinstance(
        may(act.conn, act.actor, Right.MAKER, organisation.id, day=act.today), Refusal
    ):
        name = organisation.name if organisation else "-"
        return checks.NOT_PROPOSER(field="as", organisation=name)
    return _drop(act, transaction, proposed, TransactionState.WITHDRAWN)


@verb("registry.expire")
def expire(act: Act, command: Expire) -> Decision:
    """End proposals past their day and freezes past their term; what they held goes to those that wait.

    By a maker of the registry, every morning. The answer says how many were ended, and whether more are due.
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    limit = max(1, min(command.limit, EXPIRED_MAX))
    run_out = queries.run_out(act.conn, act.today, limit + 1)
    lapsed = encumbrances.lapsed(act.conn, act.today, limit + 1)
    if not run_out and not lapsed:
        return checks.NOTHING_EXPIRED()
    proposals = run_out[:limit]
    freezes = lapsed[: limit - len(proposals)]
    telling.lapsed(act, freezes)
    orders.lapse(act, freezes)  # first: what a proposal held does not go to a freeze whose term is over
    for transaction in proposals:
        telling.expired(act, transaction)
        _drop(act, transaction, effects.as_proposed(act.conn, transaction), TransactionState.EXPIRED)
    return {
        "proposals": [transaction.id for transaction in proposals],
        "claims": [claim.id for claim in freezes],
        "more": len(run_out) + len(lapsed) > len(proposals) + len(freezes),
    }


def _sound(act: Act, proposed: Proposed) -> Refusal | None:
    """Everything that is asked at the proposal, and again at each approval."""
    refused = links.check(act, proposed)
    if refused:
        return refused
    if proposed.type.held and not proposed.at_proposal:
        return effects.whole(act, proposed) or rooms.check(act, proposed)
    return effects.covered(act, proposed) or rooms.check(act, proposed)


def _fits_calendar(act: Act, code: str, vintage: int) -> str | Refusal:
    """The calendar names the allowance of each year it knows; nothing else passes for it."""
    named = compliance_calendar.instrument(parties.jurisdiction(act.conn), vintage)
    if isinstance(named, Refusal) or named == code:
        return code
    return checks.INSTRUMENT_VINTAGE(field="vintage", code=code, year=vintage, named=named)


# -- steps of a chain --------------------------------------------------------------------------------------


def enabled_type(act: Act, code: str) -> TransactionType | Refusal:
    """The type of this code, if the jurisdiction has it."""
    kind = TYPES.get(code)
    if kind is None:
        return checks.TYPE_UNKNOWN(field="type", value=code, known=", ".join(TYPES))
    pack = need(own_pack(act))
    if code not in registry_pack.enabled_types(pack):
        jurisdiction = parties.jurisdiction(act.conn)
        return checks.TYPE_NOT_ENABLED(field="type", name=kind.name, jurisdiction=jurisdiction)
    return kind


def own_pack(act: Act) -> packs.Pack | Refusal:
    """The registry pack of the jurisdiction."""
    return _pack(act.conn, allow_draft=act.ctx.allow_draft)


@remembered
def _pack(conn: Connection, *, allow_draft: bool) -> packs.Pack | Refusal:
    return packs.load(f"{parties.jurisdiction(conn)}.registry", allow_draft=allow_draft)


def _chain(act: Act, kind: TransactionType) -> tuple[Waiting, ...] | Refusal:
    pack = need(own_pack(act))
    chain = registry_pack.chain(pack, kind.chain)
    if chain is None:
        return checks.CHAIN_UNKNOWN(pack=pack.name, chain=kind.chain)
    return tuple(Waiting(step.by, step.act) for step in chain.steps)


def _turn(act: Act, command: Decide) -> tuple[Transaction, Proposed] | Refusal:
    """The pending transaction, if it is the actor's turn and the actor has not acted in it yet."""
    transaction = need(_pending(act, command.transaction))
    proposed = effects.as_proposed(act.conn, transaction)
    steps = queries.steps(act.conn, transaction.id)
    for step in steps:
        if step.person == act.actor:
            return checks.SAME_PERSON(field="as", person=act.actor, step=step.n + 1)
    refused = _may_take(act, transaction.chain, transaction.taken, proposed) or _lent(act, transaction, steps)
    return refused or (transaction, proposed)


def _lent(act: Act, transaction: Transaction, steps: Sequence[Step]) -> Refusal | None:
    """A substitute counts as everybody for whom they act: none of them takes two steps."""
    right = RIGHT_FOR[transaction.chain[transaction.taken].act]
    step = took_part(act.conn, act.actor, right, act.today, steps)
    return checks.SAME_PERSON(field="as", person=act.actor, step=step.n + 1) if step else None


def _pending(act: Act, id: str) -> Transaction | Refusal:
    transaction = need(queries.transaction(act.conn, id))
    if transaction.state is not TransactionState.PENDING:
        state = TRANSACTION_STATE_LABELS[transaction.state]
        return checks.NOT_PENDING(field="transaction", id=transaction.id, state=state)
    return transaction


def _may_take(act: Act, chain: tuple[Waiting, ...], n: int, proposed: Proposed) -> Refusal | None:
    """May the actor take step n? Somebody whose step comes later is told that it is not their turn yet."""
    organisation = _organisation(act, chain[n], proposed)
    if organisation is None:
        return checks.ORGANISATION_MISSING(step=n + 1, by=chain[n].by)
    allowed = may(act.conn, act.actor, RIGHT_FOR[chain[n].act], organisation.id, day=act.today)
    if not isinstance(allowed, Refusal):
        return None
    if allowed.code == "PAR-3003":
        return allowed  # of the right organisation, without the right
    for later in chain[n + 1 :]:
        theirs = _organisation(act, later, proposed)
        if theirs is None:
            continue
        right = RIGHT_FOR[later.act]
        if not isinstance(may(act.conn, act.actor, right, theirs.id, day=act.today), Refusal):
            return checks.OUT_OF_ORDER(
                field="as",
                person=act.actor,
                step=n + 1,
                organisation=organisation.name,
                act=ACT_LABELS[chain[n].act],
            )
    return allowed


def _organisation(act: Act, step: Waiting, proposed: Proposed) -> Subject | None:
    pledgee = orders.pledgee_of(act.conn, proposed.details, proposed.original)
    return organisation(act.conn, step, proposed.subject, proposed.lines[0].debit.subject_id, pledgee)


def _next(act: Act, chain: tuple[Waiting, ...], n: int, proposed: Proposed) -> dict[str, object]:
    organisation = _organisation(act, chain[n], proposed)
    handle = organisation.handle if organisation else None
    return {"step": n + 1, "of": len(chain), "act": chain[n].act, "by": chain[n].by, "organisation": handle}


# -- rows --------------------------------------------------------------------------------------------------


def _insert(
    act: Act,
    proposed: Proposed,
    command: Propose,
    chain: tuple[Waiting, ...],
    holds: tuple[int | None, ...],
) -> None:
    days = proposed.type.expiry_days
    act.insert(
        TRANSACTION,
        {
            "id": proposed.id,
            "type": proposed.type.code,
            "state": TransactionState.PENDING,
            "subject_id": proposed.subject.id,
            "year": proposed.year,
            "batch": command.batch,
            "proposed_seq": act.seq,
            "proposed_ns": act.now_ns,
            "expires_on": act.today + timedelta(days=days) if days else None,
            "chain": json.dumps([{"by": step.by, "act": step.act} for step in chain]),
            "taken": 1,
            "reason": act.ctx.reason,
            "details": canonical(command.details).decode(),
            "original_id": proposed.original.id if proposed.original else None,
        },
    )
    rows = [
        {
            "transaction_id": proposed.id,
            "n": n,
            "debit": line.debit.number,
            "credit": line.credit.number,
            "instrument": line.instrument.number,
            "quantity": line.quantity,
            "hold": held,
        }
        for n, (line, held) in enumerate(zip(proposed.lines, holds, strict=True))
    ]
    act.insert(TRANSACTION_LINE, *rows)


def _take_step(act: Act, id: str, n: int, step: Waiting, decision: str, comment: str) -> None:
    act.insert(
        TRANSACTION_STEP,
        {
            "transaction_id": id,
            "n": n,
            "by": step.by,
            "act": step.act,
            "person": act.actor,
            "decision": decision,
            "seq": act.seq,
            "time_ns": act.now_ns,
            "comment": comment,
        },
    )


def _take_effect(act: Act, proposed: Proposed) -> Decision:
    if refused := rooms.taking(act, proposed):
        return refused
    effects.take_effect(act, proposed)
    _end(act, proposed.id, TransactionState.EFFECTED)
    rooms.effected(act, proposed)
    telling.effected(act, proposed)
    return {"id": proposed.id, "state": TransactionState.EFFECTED, "next": None}


def _drop(act: Act, transaction: Transaction, proposed: Proposed, state: TransactionState) -> Decision:
    rooms.dropping(act, proposed)
    effects.release(act, transaction)
    _end(act, transaction.id, state)
    rooms.dropped(act, proposed)
    return {"id": transaction.id, "state": state, "next": None}


def _end(act: Act, id: str, state: TransactionState) -> None:
    """The chain has ended: every step is taken, or it was cut short."""
    act.update(TRANSACTION, {"id": id}, state=state, ended_seq=act.seq, ended_ns=act.now_ns)
