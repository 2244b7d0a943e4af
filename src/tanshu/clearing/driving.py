"""Driving a settlement day from wherever it stands to its seal, step by step, as far as people are at hand.

Nothing is kept here. What is done is what the log says; whoever runs the day again, after a crash or with one
more person at hand, goes on where it stopped. The banks are spoken to outside of every transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import Clock, system_clock
from tanshu.base.ids import KEY_BYTES
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.book.commit import Book, Context
from tanshu.clearing import day as steps
from tanshu.clearing import queries
from tanshu.clearing.bank import checks as bank_checks
from tanshu.clearing.bank import deposits, sending, service
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import BankGateway, Statement, Unknown
from tanshu.clearing.bank.model import ImportStatement
from tanshu.clearing.day import Role
from tanshu.clearing.model import DayState
from tanshu.parties import queries as parties
from tanshu.rules import calendars


def _system(_step: str, _n: int) -> Clock:
    return system_clock


@dataclass(frozen=True, slots=True)
class Desk:
    """Who and what is at hand. people: by role. gateways, bank_people: by the bank's handle.

    clock: the time of the n-th command of a step. patience: how often a bank that does not answer is asked.
    """

    people: Mapping[Role, str]
    gateways: Mapping[str, BankGateway] = field(default_factory=dict)
    bank_people: Mapping[str, str] = field(default_factory=dict)
    clock: Callable[[str, int], Clock] = _system
    allow_draft: bool = False
    patience: int = 3


class Progress(NamedTuple):
    """Where a run is: the step, its place among all, how many of its commands are done."""

    step: str
    title: Text
    number: int
    of: int
    done: int
    commands: int


class Halt(NamedTuple):
    """Why a day did not go on: for whom it waits, what was refused, or how many differences are open."""

    step: str
    waits_for: Role | None = None
    refused: Refusal | None = None
    differences: int = 0


class Driven(NamedTuple):
    """What came of a run. state: None where the day has not begun. halt: None where it is sealed."""

    day: date
    state: DayState | None
    halt: Halt | None


Watch = Callable[[Progress], None]


def run(
    book: Book, day: date, desk: Desk, watch: Watch | None = None, *, before: str | None = None
) -> Driven:
    """Take every step of a day that can be taken now. Sealed, it is left as it is.

    before: a step that is left to the caller.
    """
    watch = watch or (lambda _: None)
    halt: Halt | None = None
    while halt is None:
        with book.database.read() as conn:
            step = steps.next_step(conn, day)
        if step is None:
            return Driven(day, DayState.SEALED, None)
        if step == before:
            break
        if step == "reconcile":
            halt = _banks(book, day, desk, watch)
        halt = halt or _step(book, day, desk, step, watch)
    with book.database.read() as conn:
        row = queries.day(conn, day)
        return Driven(day, None if isinstance(row, Refusal) else DayState(row.state), halt)


def _step(book: Book, day: date, desk: Desk, step: str, watch: Watch) -> Halt | None:
    """All commands of a step; None where the day can go on."""
    with book.database.read() as conn:
        asked = steps.commands(conn, step, day)
        keys = steps.keys(conn, book.log, asked, day)
    for n, (one, key) in enumerate(zip(asked, keys, strict=True)):
        with book.database.read() as conn:
            if not steps.is_wanted(conn, one):
                continue
        person = desk.people.get(one.role)
        if person is None:
            return Halt(step, waits_for=one.role)
        ctx = Context(book, person, key, clock=desk.clock(step, n), allow_draft=desk.allow_draft)
        outcome = one.verb(ctx, one.body)
        if isinstance(outcome, Refusal):
            return Halt(step, refused=outcome)
        _say(watch, step, n + 1, len(asked))
        if outcome.data.get("differences"):
            return Halt(step, differences=outcome["differences"])
    if not asked:
        _say(watch, step, 1, 1)
    return None


def _say(watch: Watch, step: str, done: int, commands: int) -> None:
    number = list(steps.STEPS).index(step) + 1
    watch(Progress(step, steps.STEPS[step], number, len(steps.STEPS), done, commands))


# -- the banks ---------------------------------------------------------------------------------------------


def _banks(book: Book, day: date, desk: Desk, watch: Watch) -> Halt | None:
    """Take what the banks tell of deposits, send what is to be done, fetch their statements.

    Banks that are not at hand are passed over: their statements may come as files.
    """
    clerk = desk.people.get(Role.CLERK)
    if clerk is None:
        return Halt("banks", waits_for=Role.CLERK)
    if not desk.gateways:
        return None
    with book.database.read() as conn:
        works = calendars.is_bank_day(parties.jurisdiction(conn), day)
    if isinstance(works, Refusal):
        return Halt("banks", refused=works)
    for halted in (_deposits(book, desk), _instructions(book, day, desk, clerk)):
        if halted:
            return halted
    refused = _statements(book, day, desk, clerk) if works else None
    _say(watch, "banks", 1, 1)
    return Halt("banks", refused=refused) if refused else None


def _deposits(book: Book, desk: Desk) -> Halt | None:
    """入金: what came in since, proposed by the bank's people and approved by the registry."""
    checker = desk.people.get(Role.FIRST)
    for handle, person in desk.bank_people.items():
        if handle not in desk.gateways:
            return Halt("banks", refused=bank_checks.GATEWAY_MISSING(field="at", bank=handle))
        with book.database.read() as conn:
            bank = banks.bank_named(conn, handle)
            if isinstance(bank, Refusal):
                return Halt("banks", refused=bank)
            told = desk.gateways[handle].notices(deposits.newest_taken(conn, bank))
            if isinstance(told, Unknown) or not told:
                continue

            def context(who: str, key: bytes) -> Context:
                return Context(book, who, key, clock=desk.clock("banks", 0))

            taken = deposits.take_notices(conn, context, bank, person, told)
        if checker:
            deposits.approve_notices(context, bank, checker, taken)
    return None


def _instructions(book: Book, day: date, desk: Desk, clerk: str) -> Halt | None:
    def context(key: bytes) -> Context:
        return Context(book, clerk, key, clock=desk.clock("banks", 1))

    sent = sending.send_all(book.database, context, desk.gateways, day, rounds=desk.patience)
    return Halt("banks", refused=sent) if isinstance(sent, Refusal) else None


def _statements(book: Book, day: date, desk: Desk, clerk: str) -> Refusal | None:
    """Every bank's statement of the day, where it is another than the one that is there."""
    for handle, gateway in desk.gateways.items():
        told = gateway.statement(day)
        if isinstance(told, Unknown) or (told.bank, told.day) != (handle, day):
            continue  # the reconciliation will say that it is missing
        with book.database.read() as conn:
            bank = banks.bank_named(conn, handle)
            if isinstance(bank, Refusal):
                return bank
            if _is_there(told, banks.newest_statement(conn, bank, day)):
                continue
            rounds = banks.statement_rounds(conn, bank, day)
        # What was sent before may be sent again after something else: each round is a command of its own.
        key = digest(b"bank-statement" + canonical([rounds, told]))[:KEY_BYTES]
        ctx = Context(book, clerk, key, clock=desk.clock("banks", 2))
        outcome = service.import_statement(ctx, ImportStatement(told))
        if isinstance(outcome, Refusal):
            return outcome
    return None


def _is_there(told: Statement, known: Statement | Refusal) -> bool:
    return not isinstance(known, Refusal) and canonical(told) == canonical(known)
