"""Many registrations at once: what another register decided and published, taken over as it stands.

A batch is one transaction of one type with many lines. Each line is checked against the type's row as if it
stood alone: who gives, who receives, of what, in which state. A batch has one step, the registry's maker's,
and the checks of the rooms above do not run: whether an allocation was due was decided elsewhere. So a
jurisdiction's pack must list the type under [bulk]; the national register of China lists none.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import select

from tanshu.base.canonical import canonical
from tanshu.base.quantity import check_quantity, check_year
from tanshu.base.refusal import Refusal, need
from tanshu.book import records
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.records import RECORD, AccountFlag, Op, Records
from tanshu.parties import checks as party_checks
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, SubjectKind
from tanshu.registry import checks, queries, resolve
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.encumbrances import queue
from tanshu.registry.model import DefineInstrument, SidedLine, TransactionState
from tanshu.registry.service import definition_flaw, enabled_type, instrument_row, own_pack
from tanshu.registry.tables import INSTRUMENT, TRANSACTION, TRANSACTION_LINE, TRANSACTION_STEP
from tanshu.registry.types import Effect, TransactionType
from tanshu.rules import registry_pack

LINES_MAX = 32_767
"""Lines are numbered in 16 bits."""
STEP = {"by": "registry", "act": "make"}
"""The whole chain of a batch."""


class RecordLine(NamedTuple):
    """One movement, by account codes. quantity: the instrument's minor unit."""

    debit: str
    credit: str
    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Record:
    """Registrations of one type, to effect at once, all or none."""

    type: str
    lines: tuple[RecordLine, ...]
    year: int | None = None
    batch: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DefineInstruments:
    """Instruments to define, numbered in the order given."""

    instruments: tuple[DefineInstrument, ...]


@verb("registry.define-instruments")
def define(act: Act, command: DefineInstruments) -> Decision:
    """Define many instruments: one entry, all or nothing."""
    _by_the_registry(act)
    if not command.instruments:
        return checks.NO_INSTRUMENTS(field="instruments")
    taken = set(act.conn.execute(select(INSTRUMENT.c.code)).scalars())
    for n, one in enumerate(command.instruments):
        flaw = definition_flaw(act, one)
        if flaw is None and one.code in taken:
            flaw = checks.INSTRUMENT_EXISTS(field="code", code=one.code)
        if flaw:
            return flaw.at(f"instruments[{n}]")
        taken.add(one.code)
    act.insert(INSTRUMENT, *(instrument_row(act, one) for one in command.instruments))
    return {"instruments": len(command.instruments)}


@verb("registry.record")
def record(act: Act, command: Record) -> Decision:
    """Record a batch of registrations of one type, effective with this entry.

    Refuses with REG-1101 (not in batches here), else as a single registration would, the field naming the
    line. Units that a line receives can be given by a later one of the same batch, those apart that a claim
    waits for.
    """
    registry = _by_the_registry(act)
    kind = need(_bulk_type(act, command.type))
    need(check_year(command.year))
    if not command.lines:
        return checks.NO_LINES(field="lines")
    if len(command.lines) > LINES_MAX:
        return checks.TOO_MANY_LINES(field="lines", limit=LINES_MAX)
    lines = need(_resolved(act, kind, command.lines))
    refused = _covered(act, lines)
    if refused:
        return refused
    act.record_all(_movements(kind, lines))
    id = act.id("TX")
    _insert(act, id, kind, registry, command, lines)
    _arrived(act, lines)
    return {
        "id": id,
        "state": TransactionState.EFFECTED,
        "lines": len(lines),
        "quantity": sum(line.quantity for line in lines),
    }


def _by_the_registry(act: Act) -> str:
    """Only the registry's makers record what another register decided. Returns the registry's subject id."""
    return need(may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY)).subject_id


def _bulk_type(act: Act, code: str) -> TransactionType | Refusal:
    kind = enabled_type(act, code)
    if isinstance(kind, Refusal):
        return kind
    if code not in registry_pack.bulk_types(need(own_pack(act))) or kind.effect is not Effect.MOVE:
        jurisdiction = parties.jurisdiction(act.conn)
        return checks.NOT_IN_BULK(field="type", name=kind.name, jurisdiction=jurisdiction)
    return kind


def _resolved(act: Act, kind: TransactionType, asked: Sequence[RecordLine]) -> list[SidedLine] | Refusal:
    """Every line with its accounts and its instrument, each checked against the type's row."""
    codes = {line.debit: None for line in asked} | {line.credit: None for line in asked}
    accounts = parties.accounts_coded(act.conn, codes)
    instruments = queries.instruments_coded(act.conn, {line.instrument: None for line in asked})
    found: list[SidedLine] = []
    for n, line in enumerate(asked):
        quantity = check_quantity(line.quantity)
        if isinstance(quantity, Refusal):
            return quantity.at(f"lines[{n}]")
        for side, code in (("debit", line.debit), ("credit", line.credit)):
            if code not in accounts:
                return party_checks.ACCOUNT_UNKNOWN(field=f"lines[{n}].{side}", account=code)
        instrument = instruments.get(line.instrument)
        if instrument is None:
            known = ", ".join(one.code for one in queries.instruments(act.conn)[:10]) or "-"
            return checks.INSTRUMENT_UNKNOWN(
                field=f"lines[{n}].instrument", value=line.instrument, known=known
            )
        sided = SidedLine(accounts[line.debit], accounts[line.credit], instrument, quantity)
        refused = _flaw(kind, sided)
        if refused:
            return refused.at(f"lines[{n}]")
        found.append(sided)
    return found


def _flaw(kind: TransactionType, line: SidedLine) -> Refusal | None:
    if line.instrument.kind not in kind.instruments:
        return checks.INSTRUMENT_KIND(field="instrument", name=kind.name, instrument=line.instrument.code)
    return resolve.sides(kind, line) or resolve.states(kind, (line,))


def _covered(act: Act, lines: Sequence[SidedLine]) -> Refusal | None:
    """Does every account have what it gives, when its line's turn comes?

    What arrives where somebody waits for it is theirs at once: it does not pass through.
    """
    moved: dict[tuple[int, int], int] = defaultdict(int)
    awaited = encumbrances.awaited(act.conn)
    for n, line in enumerate(lines):
        debit, what = line.debit.number, line.instrument.number
        if not AccountFlag(act.state.flags(debit)) & AccountFlag.OVERDRAFT:
            available = act.cell(debit, what).available + moved[debit, what]
            if available < line.quantity:
                return checks.INSUFFICIENT(
                    field=f"lines[{n}].quantity",
                    account=line.debit.code,
                    instrument=line.instrument.code,
                    available=available,
                    needed=line.quantity,
                )
        moved[debit, what] -= line.quantity
        taken = min(awaited.get((line.credit.number, what), 0), line.quantity)
        if taken:
            awaited[line.credit.number, what] -= taken
        moved[line.credit.number, what] += line.quantity - taken
    return None


def _movements(kind: TransactionType, lines: Sequence[SidedLine]) -> Records:
    """One transfer a line, tagged with the type's number; record i of the entry is line i."""
    block = np.zeros(len(lines), RECORD)
    block["op"], block["tag"] = Op.TRANSFER, kind.number
    block["debit"] = [line.debit.number for line in lines]
    block["credit"] = [line.credit.number for line in lines]
    block["instrument"] = [line.instrument.number for line in lines]
    block["amount"] = [line.quantity for line in lines]
    assert len(block) <= records.RECORDS_MAX
    return block


def _arrived(act: Act, lines: Sequence[SidedLine]) -> None:
    """What arrives goes to claims that wait for it, if there are any at all."""
    if not encumbrances.somebody_waits(act.conn):
        return
    came: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines:
        came[line.credit.number, line.instrument.number] += line.quantity
    for (account, instrument), quantity in came.items():
        queue.arrived(act, account, instrument, quantity)


def _insert(
    act: Act,
    id: str,
    kind: TransactionType,
    registry: str,
    command: Record,
    lines: Sequence[SidedLine],
) -> None:
    act.insert(
        TRANSACTION,
        {
            "id": id,
            "type": kind.code,
            "state": TransactionState.EFFECTED,
            "subject_id": registry,
            "year": command.year,
            "batch": command.batch,
            "proposed_seq": act.seq,
            "proposed_ns": act.now_ns,
            "ended_seq": act.seq,
            "ended_ns": act.now_ns,
            "expires_on": None,
            "chain": json.dumps([STEP]),
            "taken": 1,
            "reason": act.ctx.reason,
            "details": canonical(command.details).decode(),
            "original_id": None,
        },
    )
    act.insert(
        TRANSACTION_LINE,
        *(
            {
                "transaction_id": id,
                "n": n,
                "debit": line.debit.number,
                "credit": line.credit.number,
                "instrument": line.instrument.number,
                "quantity": line.quantity,
                "hold": None,
            }
            for n, line in enumerate(lines)
        ),
    )
    act.insert(
        TRANSACTION_STEP,
        {
            "transaction_id": id,
            "n": 0,
            **STEP,
            "person": act.actor,
            "decision": "made",
            "seq": act.seq,
            "time_ns": act.now_ns,
            "comment": "",
        },
    )
