"""Sending instructions to banks and recording what they answer; to be run again at any time.

Nothing is written before a message leaves: that the instruction was made is enough, since a bank knows it by
its id. What is unknown afterwards is asked for in the next round, and sent again only where the bank has
never heard of it. A round's key follows from what was open before it; so a round that was interrupted, and is
run again, is recorded once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from tanshu.base.clock import business_date
from tanshu.base.database import Database
from tanshu.base.ids import key_from_text
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Context
from tanshu.clearing.bank import checks, queries, service
from tanshu.clearing.bank.gateway import (
    BankAnswer,
    BankGateway,
    Done,
    Instruction,
    NeverHeard,
    RefusedByBank,
    Unknown,
)
from tanshu.clearing.bank.model import Answered, Answers, InstructionState
from tanshu.parties import queries as parties
from tanshu.rules import calendars

SILENT_MAX = 3
"""After so many answers in a row that nobody got, a bank is left alone for this round."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A round of sending. open: how many instructions are still without a result. next_day: where today is
    no bank day, the one on which they are sent.
    """

    answers: tuple[Answered, ...]
    open: int
    next_day: date | None = None

    def count(self, state: InstructionState) -> int:
        return sum(one.state == state for one in self.answers)


def send_all(
    database: Database,
    context: Callable[[bytes], Context],
    gateways: Mapping[str, BankGateway],
    day: date,
    *,
    on: date | None = None,
    rounds: int = 1,
) -> Sent | Refusal:
    """Send whatever is open of `day` or before, on the bank day `on` (default: that day), and record it.

    context: a command of the registry's clerk under a key. gateways: by the bank's handle. rounds: how often
    to ask, at most. Refuses with CLR-3301 (a bank without a gateway), RULE-3001, or the verb's own codes.
    """
    on = on or day
    answers: dict[str, Answered] = {}
    for _ in range(rounds):
        with database.read() as conn:
            rows = queries.in_transit(conn, day)
            closed = _closed(parties.jurisdiction(conn), on) if rows else None
            if isinstance(closed, Refusal):
                return closed
            if closed is not None or not rows:
                return Sent(tuple(answers.values()), len(rows), closed)
            banks = parties.subjects_with_ids(conn, {row.bank_id for row in rows})
            sent = queries.as_sent(conn, rows)
        names = [banks[row.bank_id].handle for row in rows]
        missing = next((name for name in names if name not in gateways), None)
        if missing is not None:
            return checks.GATEWAY_MISSING(field="at", bank=missing)
        known = [row.attempts > 0 for row in rows]
        text = "\x1f".join(("bank.answered", str(on), *(f"{row.id}:{row.attempts}" for row in rows)))
        ctx = context(key_from_text(text))
        today = max(on, business_date(ctx.clock()))
        found = [_in_time(one, today) for one in _round(sent, names, known, gateways, on)]
        outcome = service.answered(ctx, Answers(tuple(found)))
        if isinstance(outcome, Refusal):
            return outcome
        answers |= {one.instruction: one for one in found}
    with database.read() as conn:
        return Sent(tuple(answers.values()), len(queries.in_transit(conn, day)))


def _closed(jurisdiction: str, on: date) -> date | Refusal | None:
    """The next bank day where this one is none; None where banks work."""
    works = calendars.is_bank_day(jurisdiction, on)
    if isinstance(works, Refusal):
        return works
    return None if works else calendars.next_bank_day(jurisdiction, on)


def _round(
    sent: list[Instruction],
    names: list[str],
    known: list[bool],
    gateways: Mapping[str, BankGateway],
    on: date,
) -> list[Answered]:
    """One answer to each, those of a silent bank apart: they stay as they are."""
    found: list[Answered] = []
    silent = dict.fromkeys(names, 0)
    for instruction, name, asked_before in zip(sent, names, known, strict=True):
        if silent[name] >= SILENT_MAX:
            continue
        answer = _result(gateways[name], instruction, on, ask_first=asked_before)
        silent[name] = silent[name] + 1 if isinstance(answer, Unknown) else 0
        found.append(_as_answered(instruction.id, answer))
    return found


def _result(bank: BankGateway, instruction: Instruction, on: date, *, ask_first: bool) -> BankAnswer:
    if ask_first:
        answer = bank.ask(instruction.id, on)
        if not isinstance(answer, NeverHeard):
            return answer
    return bank.submit(instruction, on)


def _in_time(one: Answered, today: date) -> Answered:
    """Done on a day to come is not done: nobody knows what it means."""
    if one.on is None or one.on <= today:
        return one
    return Answered(one.instruction, InstructionState.UNKNOWN)


def _as_answered(id: str, answer: BankAnswer) -> Answered:
    match answer:
        case Done(reference, on):
            return Answered(id, InstructionState.DONE, reference, on)
        case RefusedByBank(why):
            return Answered(id, InstructionState.REFUSED, why=why)
        case Unknown(_):
            # Why nobody knows differs from run to run, and decides nothing: it stays out of the log.
            return Answered(id, InstructionState.UNKNOWN)
