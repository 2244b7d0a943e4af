"""What a transaction does to the book and to the queues of claims.

While it waits, what it gives is held: each line stands as a claim in the queue of its cell. At its end a line
moves, or its claim becomes what the transaction was for; dropped, it is given back to those that wait.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.book.records import AccountFlag, Row
from tanshu.parties import queries as parties
from tanshu.parties.model import ACCOUNT_TYPES
from tanshu.registry import checks, giving_back, links, queries
from tanshu.registry.encumbrances import checks as claim_checks
from tanshu.registry.encumbrances import orders, queue
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.model import CLASS_LABELS, Claim, Wanted
from tanshu.registry.model import Proposed, SidedLine, Transaction
from tanshu.registry.types import Effect


def as_proposed(conn: Connection, transaction: Transaction) -> Proposed:
    """A stored transaction as its checks see it: with its accounts as they are now."""
    lines = tuple(
        SidedLine(
            parties.account_by_number(conn, line.debit),
            parties.account_by_number(conn, line.credit),
            queries.instrument_by_number(conn, line.instrument),
            line.quantity,
        )
        for line in transaction.lines
    )
    subject = parties.subject_by_id(conn, transaction.subject_id)
    original = queries.transaction(conn, transaction.original_id) if transaction.original_id else None
    assert not isinstance(original, Refusal)
    return Proposed(
        transaction.id,
        transaction.type,
        subject,
        transaction.year,
        lines,
        transaction.details,
        transaction.proposed_ns,
        at_proposal=False,
        original=original,
    )


def covered(act: Act, proposed: Proposed) -> Refusal | None:
    """Can each line have what it needs: free units, units that give way to it, or those of its own claim?"""
    if proposed.type.effect in (Effect.DELIVER, Effect.RELEASE, Effect.RENEW):
        return orders.covered(act, proposed)
    for (account, instrument), lines in _by_cell(proposed.lines).items():
        line, needed = lines[0], sum(one.quantity for one in lines)
        free = queue.available(act, account, instrument)
        if AccountFlag(act.state.flags(account)) & AccountFlag.OVERDRAFT:
            refused = _capped(act, line, needed, free)
            if refused:
                return refused
            continue  # a source may go below zero
        if free < needed:
            refused = _short(act, proposed, line, needed, free)
            if refused:
                return refused
    return None


def whole(act: Act, proposed: Proposed) -> Refusal | None:
    """Does what waits still hold all that it needs, or did a claim that goes first take some of it?"""
    for claim in claims.of_transaction(act.conn, proposed.id):
        if claim.held < claim.ordered:
            line = proposed.lines[claim.line]
            return claim_checks.DISPLACED(
                field="transaction",
                id=proposed.id,
                account=line.debit.code,
                instrument=line.instrument.code,
                ordered=claim.ordered,
                held=claim.held,
            )
    return None


def hold(act: Act, proposed: Proposed) -> tuple[int | None, ...]:
    """Enter a claim for what every line gives; returns its holds' positions. A source holds nothing."""
    return tuple(
        None if _is_source(line) else _enter(act, proposed, n) for n, line in enumerate(proposed.lines)
    )


def take_effect(act: Act, proposed: Proposed) -> None:
    """One chain: every line moves or none does. That is delivery versus payment, too."""
    match proposed.type.effect:
        case Effect.MOVE | Effect.DELIVERY_VERSUS_PAYMENT:
            _move(act, proposed)
        case Effect.DELIVER:
            _add(act, orders.delivery(act, proposed), _sinks(proposed))
        case Effect.ENCUMBER:
            orders.encumber(act, proposed)
        case Effect.RENEW:
            orders.renew(act, proposed)
        case Effect.RELEASE:
            orders.release(act, proposed)
        case Effect.SUBSTITUTE:
            orders.substitute(act, proposed)
    if not proposed.type.effect.stays:
        for (account, instrument), lines in _by_cell(proposed.lines, "credit").items():
            queue.arrived(act, account, instrument, sum(line.quantity for line in lines))


def release(act: Act, transaction: Transaction) -> None:
    """Give back what a dropped transaction held, to those that wait for it first."""
    theirs = claims.of_transaction(act.conn, transaction.id)
    freed = [(one, queue.end(act, one)) for one in theirs]
    for one, quantity in freed:
        queue.pass_on(act, one.account, one.instrument, quantity, one)


# -- steps -------------------------------------------------------------------------------------------------


def _move(act: Act, proposed: Proposed) -> None:
    """Capture what is held for each line; what is not held moves freely."""
    tag, sinks = proposed.type.number, _sinks(proposed)
    if sinks:
        _add(act, giving_back.movements(act, proposed, act.count + len(sinks)), sinks)
        return
    held = {claim.line: claim for claim in claims.of_transaction(act.conn, proposed.id)}
    rows: list[Row] = []
    for n, line in enumerate(proposed.lines):
        debit, credit, what = line.debit.number, line.credit.number, line.instrument.number
        if n in held:
            rows += queue.deliver(act, held[n], credit, line.quantity, tag)
        else:
            rows.append(records.transfer(debit, credit, what, line.quantity, tag=tag))
    _add(act, rows, sinks)


def _add(act: Act, rows: list[Row], sinks: list[int]) -> None:
    """Add movements as one chain. A sink that gives back is opened for this chain alone."""
    flags = {sink: AccountFlag(act.state.flags(sink)) for sink in sinks}
    opened = [records.set_flags(sink, flag & ~AccountFlag.NO_DEBIT) for sink, flag in flags.items()]
    closed = [records.set_flags(sink, flag) for sink, flag in flags.items()]
    chain = [*opened, *rows, *closed]
    for row in chain[:-1]:
        act.record(records.linked(row))
    act.record(chain[-1])


def _sinks(proposed: Proposed) -> list[int]:
    """Accounts that only receive, and now give back: where something is undone."""
    if not links.undoes(proposed.type):
        return []
    kinds = {line.debit.number: line.debit.kind for line in proposed.lines}
    return [one for one, kind in kinds.items() if ACCOUNT_TYPES[kind].flags & AccountFlag.NO_DEBIT]


def _is_source(line: SidedLine) -> bool:
    """Does it give from an account that may go below zero?"""
    return AccountFlag.OVERDRAFT in ACCOUNT_TYPES[line.debit.kind].flags


def _enter(act: Act, proposed: Proposed, n: int) -> int | None:
    line, kind = proposed.lines[n], proposed.type
    wanted = Wanted(
        kind.claim,
        line.debit.number,
        line.instrument.number,
        line.quantity,
        proposed.id,
        n,
        kind.number,
        beneficiary_id=orders.pledgee_id(act.conn, proposed),
    )
    return queue.enter(act, wanted, queue.policy(act) if _is_short(act, line) else None)


def _is_short(act: Act, line: SidedLine) -> bool:
    return queue.available(act, line.debit.number, line.instrument.number) < line.quantity


def _short(act: Act, proposed: Proposed, line: SidedLine, needed: int, free: int) -> Refusal | None:
    """What is missing: is it held by others, do they give way, or has nobody said whether they do?"""
    account, instrument = line.debit.number, line.instrument.number
    rules, cls = queue.policy(act), proposed.type.claim
    standing = claims.of_cell(act.conn, account, instrument, rules)
    waits = proposed.type.effect is Effect.ENCUMBER and not proposed.type.held
    if proposed.type.held or waits:
        rivals = queue.contested(standing, cls)
        if rivals and (rules is None or rules.rule is None):
            return _unset(act, proposed, line, rivals, needed - free)
        giving_way = sum(one.held for one in queue.yielding(standing, cls, rules))
        if waits or free + giving_way >= needed:
            return None
    cell = act.cell(account, instrument)
    kind = checks.HELD if cell.available + cell.held >= needed else checks.INSUFFICIENT
    return kind(
        field="quantity",
        account=line.debit.code,
        instrument=line.instrument.code,
        available=cell.available,
        held=cell.held,
        needed=needed,
    )


def _capped(act: Act, line: SidedLine, needed: int, free: int) -> Refusal | None:
    """A source gives no more than its instrument's cap lets into circulation; the book holds it again."""
    cap, _, _, outstanding = act.state.instrument_facts(line.instrument.number)
    before = act.cell(line.debit.number, line.instrument.number).available
    outstanding += max(0, -free) - max(0, -before)  # with what this command has recorded so far
    if outstanding + max(0, needed - free) - max(0, -free) <= cap:
        return None
    return checks.BEYOND_CAP(
        field="quantity", instrument=line.instrument.code, cap=cap, outstanding=outstanding, quantity=needed
    )


def _unset(act: Act, proposed: Proposed, line: SidedLine, rivals: list[Claim], short: int) -> Refusal:
    labels = [CLASS_LABELS[cls] for cls in dict.fromkeys(one.cls for one in rivals)]
    return claim_checks.POLICY_UNSET(
        field="quantity",
        account=line.debit.code,
        instrument=line.instrument.code,
        claims=Text("、".join(one.zh for one in labels), ", ".join(one.en for one in labels)),
        held=sum(one.held for one in rivals),
        mine=CLASS_LABELS[proposed.type.claim],
        short=short,
        pack=f"{parties.jurisdiction(act.conn)}.registry",
    )


def _by_cell(lines: Iterable[SidedLine], side: str = "debit") -> dict[tuple[int, int], list[SidedLine]]:
    found: dict[tuple[int, int], list[SidedLine]] = defaultdict(list)
    for line in lines:
        found[getattr(line, side).number, line.instrument.number].append(line)
    return found
