"""The register's verbs about banks: bind a subject, record answers, take statements; what others instruct."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical, digest
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing.bank import checks, queries
from tanshu.clearing.bank.gateway import Kind, Statement
from tanshu.clearing.bank.model import (
    OPEN,
    STATE_LABELS,
    Answered,
    Answers,
    Bind,
    ImportStatement,
    InstructionState,
)
from tanshu.clearing.bank.tables import (
    BANK_BINDING,
    BANK_INSTRUCTION,
    BANK_POSTING,
    BANK_STATEMENT,
    BANK_STATEMENT_LINE,
    BANK_STATEMENT_SUB,
)
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Account, AccountKind, Right, Subject, SubjectKind
from tanshu.registry import queries as registry
from tanshu.registry.model import Propose, ProposedLine

GIVES_BACK = "instruction"
"""In a deposit's details: the refused payout whose money it gives back."""
RETURNED = "returned"
"""In a withdrawal's details: the deposit that its bank took back. The bank has done it already."""


@verb("bank.bind")
def bind(act: Act, command: Bind) -> Decision:
    """Say which bank keeps a subject's money, from now on: by the registry's clerk.

    The account at the bank bears the subject's registered name. Refuses with CLR-3003 to 3006, CLR-3008.
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    subject = need(parties.subject(act.conn, command.subject))
    bank = need(queries.bank_named(act.conn, command.bank))
    if command.name.strip() != subject.name:
        return checks.OTHER_NAME(field="name", given=command.name.strip(), name=subject.name)
    before = queries.bound_to(act.conn, subject.id)
    if before == bank.id:
        return checks.BOUND_ALREADY(field="bank", subject=subject.name, bank=bank.name)
    refused = _money_elsewhere(act, subject, bank)
    if refused:
        return refused
    if before is not None:
        where = {"subject_id": subject.id, "ended_seq": None}
        act.update(BANK_BINDING, where, ended_seq=act.seq)
    row = {"subject_id": subject.id, "seq": act.seq, "bank_id": bank.id, "person": act.actor}
    act.insert(BANK_BINDING, row)
    return {"subject": subject.handle, "bank": bank.handle}


@verb("bank.answered")
def answered(act: Act, command: Answers) -> Decision:
    """Record what banks answered to instructions, all or none: by the registry's clerk.

    An answer that only repeats what is recorded changes nothing. Refuses with CLR-3101 to 3105, and
    by hand with CLR-3109 (no reason), CLR-3110 (a day to come).
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    if not command.answers:
        return checks.ANSWERS_NONE(field="answers")
    states = [need(_record(act, one)) for one in command.answers]
    return {"answers": len(states), "states": {state: states.count(state) for state in sorted(set(states))}}


@verb("bank.import-statement")
def import_statement(act: Act, command: ImportStatement) -> Decision:
    """Keep a bank's statement of a day: by the registry's clerk. The newest of a day counts.

    Refuses with CLR-3003, and CLR-3203 where the same statement is the newest already.
    """
    need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY))
    statement = command.statement
    bank = need(queries.bank_named(act.conn, statement.bank))
    sha256 = digest(canonical(statement)).hex()
    table = BANK_STATEMENT
    here = (table.c.bank_id == bank.id, table.c.day == statement.day)
    query = select(table.c.round, table.c.sha256).where(*here).order_by(table.c.round.desc()).limit(1)
    newest = act.conn.execute(query).first()
    if newest and newest.sha256 == sha256:
        return checks.STATEMENT_SAME(field="day", bank=bank.name, day=statement.day, round=newest.round)
    round = newest.round + 1 if newest else 1
    _keep(act, bank, statement, round, sha256)
    return {
        "bank": bank.handle,
        "day": statement.day.isoformat(),
        "round": round,
        "lines": len(statement.lines),
    }


# -- for other rooms ---------------------------------------------------------------------------------------


def instruct_payout(
    act: Act, bank_id: str, account: Account, instrument: int, amount: int, transaction: str
) -> str:
    """Ask a bank to pay a subject's money out to it; the book has taken it off already."""
    facts = {"account": account.number, "transaction_id": transaction}
    return _instruct(act, act.today, Kind.PAYOUT, bank_id, instrument, amount, **facts)


def instruct_position(
    act: Act,
    day: date,
    payer_id: str,
    receiver_id: str,
    instrument: int,
    amount: int,
    transaction: str | None = None,
) -> str:
    """Ask a bank to pay a position to another; the book's transfer of it is the caller's, in this command."""
    facts = {"other_id": receiver_id, "transaction_id": transaction}
    return _instruct(act, day, Kind.POSITION, payer_id, instrument, amount, **facts)


def instruct_ledgers(
    act: Act, day: date, instrument: int, moved: Mapping[int, int] | None = None
) -> list[str] | Refusal:
    """Tell each bank what settlement changed in the sub-ledgers that it keeps: one ledger file a bank.

    What moved in the book since the last files, and what this command moves besides: fen by account.
    Refuses with CLR-3001: somebody whose money moved is bound to no bank.
    """
    changed = queries.unposted(act.conn, act.state, instrument, moved)
    files: dict[str, dict[int, int]] = {}
    for one in queries.sub_ledgers(act.conn):
        if one.account not in changed:
            continue
        if one.bank_id is None:
            return need(_unbound(act, one.subject_id))
        files.setdefault(one.bank_id, {})[one.account] = changed[one.account]
    ids: list[str] = []
    for bank_id, parts in sorted(files.items()):
        id = _instruct(act, day, Kind.LEDGER, bank_id, instrument, sum(parts.values()))
        rows = ({"instruction_id": id, "account": number, "amount": fen} for number, fen in parts.items())
        act.insert(BANK_POSTING, *rows)
        ids.append(id)
    return ids


def return_of(conn: Connection, id: str) -> Propose | Refusal:
    """The deposit that gives a refused payout's money back: for the bank's people to propose.

    Refuses with CLR-3101, CLR-3106.
    """
    row = queries.instruction(conn, id)
    if isinstance(row, Refusal):
        return row
    if row.state != InstructionState.REFUSED or row.kind != Kind.PAYOUT:
        state = STATE_LABELS[InstructionState(row.state)]
        return checks.NOT_REFUSED(field="instruction", id=id, state=state)
    there = parties.account_of(conn, row.bank_id, AccountKind.BANK)
    assert there is not None, row.bank_id
    line = ProposedLine(
        registry.instrument_by_number(conn, row.instrument).code,
        row.amount,
        there.code,
        parties.account_by_number(conn, row.account).code,
    )
    return Propose("cash-deposit", (line,), details={GIVES_BACK: id})


# -- steps -------------------------------------------------------------------------------------------------


def _unbound(act: Act, subject_id: str) -> Refusal:
    found = queries.bank_of(act.conn, subject_id)
    assert isinstance(found, Refusal), subject_id
    return found


def _money_elsewhere(act: Act, subject: Subject, bank: Subject) -> Refusal | None:
    """Money does not move by a binding: it is nowhere, or at the bank already, and none of it on its way."""
    accounts = [one for one in parties.accounts_of(act.conn, subject.id) if one.kind in queries.MONEY_KINDS]
    if not accounts:
        return checks.NOT_HELD(field="subject", subject=subject.name)
    for other, number in queries.pending_with_bank(act.conn, [one.number for one in accounts]):
        if other != bank.id:
            facts = {"subject": subject.name, "bank": parties.subject_by_id(act.conn, other).name}
            code = parties.account_by_number(act.conn, number).code
            return checks.MONEY_ELSEWHERE(field="subject", account=code, **facts)
    at = queries.banks_that_keep(act.conn, subject.id, [one.number for one in accounts])
    if at == [bank.id]:
        return None
    instrument = need(queries.money(act.conn)).number
    waiting = {row.account for row in queries.instructions(act.conn) if _on_its_way(row)}
    waiting |= {account for account, fen in queries.unposted(act.conn, act.state, instrument).items() if fen}
    for one in accounts:
        if one.number in waiting or queries.total(act.state, one.number, instrument):
            where = ", ".join(parties.subject_by_id(act.conn, id).name for id in at)
            facts = {"subject": subject.name, "bank": where, "account": one.code}
            return checks.MONEY_ELSEWHERE(field="subject", **facts)
    return None


def _on_its_way(row: Any) -> bool:
    return row.account is not None and row.state in (*OPEN, InstructionState.REFUSED)


def _record(act: Act, answer: Answered) -> str | Refusal:
    """Keep one answer; the state that it led to."""
    row = queries.instruction(act.conn, answer.instruction)
    if isinstance(row, Refusal):
        return row
    known = (InstructionState.DONE, InstructionState.REFUSED, InstructionState.UNKNOWN)
    if answer.state not in known:
        return checks.ANSWER_UNKNOWN(field="state", value=answer.state)
    if answer.state == InstructionState.DONE and not (answer.reference and answer.on):
        return checks.ANSWER_INCOMPLETE(field="reference", id=row.id)
    if answer.by_hand:
        need(_by_hand(act, answer))
    if row.state not in OPEN:
        return _again(row, answer)
    facts: dict[str, Any] = {"state": answer.state, "attempts": row.attempts + 1, "answered_seq": act.seq}
    if answer.state == InstructionState.DONE:
        facts |= {"bank_reference": answer.reference, "done_on": answer.on}
    if answer.state == InstructionState.REFUSED:
        facts |= {"why": answer.why}
    if answer.by_hand:
        facts |= {"why": answer.why, "by_hand": act.actor}
    act.update(BANK_INSTRUCTION, {"id": row.id}, **facts)
    return answer.state


def _by_hand(act: Act, answer: Answered) -> Refusal | None:
    """Done or refused, on a day that is here, and why it is known."""
    if not answer.why.strip() or answer.state == InstructionState.UNKNOWN:
        return checks.BY_HAND(field="why", id=answer.instruction)
    if answer.on is not None and answer.on > act.today:
        return checks.DONE_AHEAD(field="on", on=answer.on, today=act.today)
    return None


def _again(row: Any, answer: Answered) -> str | Refusal:
    """An answer to what is answered: the same, or one that knows nothing, is no news."""
    same = answer.state == InstructionState.UNKNOWN or (
        answer.state == row.state and answer.reference == (row.bank_reference or "")
    )
    if same or (row.state, answer.state) == (InstructionState.RETURNED, InstructionState.REFUSED):
        return row.state
    state = STATE_LABELS[InstructionState(row.state)]
    return checks.ANSWERED_OTHERWISE(field="instruction", id=row.id, state=state)


def _instruct(
    act: Act, day: date, kind: Kind, bank_id: str, instrument: int, amount: int, **facts: Any
) -> str:
    id = act.id("BI")
    row = {"other_id": None, "account": None, "transaction_id": None} | facts
    row |= {"id": id, "day": day, "kind": kind, "bank_id": bank_id, "instrument": instrument}
    row |= {"amount": amount, "state": InstructionState.MADE, "attempts": 0, "seq": act.seq}
    row["by_hand"] = None
    act.insert(BANK_INSTRUCTION, row)
    return id


def _keep(act: Act, bank: Subject, statement: Statement, round: int, sha256: str) -> None:
    of = {"bank_id": bank.id, "day": statement.day, "round": round}
    head = {"opening": statement.opening, "closing": statement.closing, "lines": len(statement.lines)}
    act.insert(BANK_STATEMENT, of | head | {"sha256": sha256, "person": act.actor, "seq": act.seq})
    names = ("kind", "reference", "request", "account", "name", "amount", "balance")
    lines = [
        of | {"n": n} | {name: getattr(line, name) for name in names}
        for n, line in enumerate(statement.lines, 1)
    ]
    subs = [of | {"account": code, "balance": fen} for code, fen in sorted(statement.subs.items())]
    for table, rows in ((BANK_STATEMENT_LINE, lines), (BANK_STATEMENT_SUB, subs)):
        if rows:
            act.insert(table, *rows)
