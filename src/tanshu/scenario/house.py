"""The clearing house of a scenario: its banks, whose money lies where, and the days that it settles.

The banks are simulated, with books of their own; they are spoken to in the words of the wire. Those books
follow from the scenario's deposits and from what the register says was done. So a run that was killed and is
resumed finds its banks as they were, on any database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, time

from sqlalchemy import Connection

from tanshu.base.clock import NS, Clock, shanghai_ns
from tanshu.base.refusal import need
from tanshu.book.commit import Answer, Book, Context, Outcome
from tanshu.clearing import day as days
from tanshu.clearing import driving
from tanshu.clearing.bank import deposits, wire
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import (
    BankAnswer,
    BankGateway,
    Instruction,
    LineKind,
    NeverHeard,
    Notice,
    Statement,
    Unknown,
)
from tanshu.clearing.bank.model import Bind, InstructionState
from tanshu.clearing.bank.service import bind
from tanshu.clearing.bank.simulated import SimulatedBanks
from tanshu.clearing.day import Role
from tanshu.clearing.model import Seal
from tanshu.clearing.sealing import seal
from tanshu.job import Command
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind

STARTS, SEALED = time(15, 30), time(15, 59)


@dataclass(frozen=True, slots=True)
class Deposit:
    """What a participant pays in at its bank: fen."""

    who: str
    amount: int


class House:
    """The house's part of a scenario.

    people: by role. bank_people: who acts for each bank. bound: participant → (bank, the participant's name).
    paid_in: on the day `first`, before anybody trades.
    """

    def __init__(
        self,
        people: Mapping[Role, str],
        bank_people: Mapping[str, str],
        bound: Mapping[str, tuple[str, str]],
        paid_in: Sequence[Deposit],
        first: date,
    ):
        self._people, self._bank_people, self._bound = people, bank_people, bound
        self._paid_in, self._first = paid_in, first
        self._banks: Mapping[str, BankGateway] = {}

    # -- before it trades ------------------------------------------------------------------------------------

    def bindings(self) -> Iterator[Command]:
        """Everybody is bound to a bank."""
        for who, (bank, name) in self._bound.items():
            yield Command(self._people[Role.CLERK], bind, Bind(who, bank, name), self._first)

    def deposits(self, at: time) -> Iterator[Command]:
        """What was paid in at each bank: the bank proposes, the registry approves."""
        for bank, person in self._bank_people.items():
            yield Command(person, self._take, bank, self._first, at)

    def _take(self, ctx: Context, bank: str) -> Outcome:
        """Every notice of a bank, proposed and approved; the last approval is the command's last entry."""
        told = self._gateways(ctx)[bank].notices(0)
        assert not isinstance(told, Unknown) and told, "somebody pays in at every bank of a scenario"
        with ctx.book.database.read() as conn:
            subject = need(banks.bank_named(conn, bank))
            taken = deposits.take_notices(conn, _asked(ctx), subject, ctx.actor, told)
        refused = list(taken.refused)
        if not refused:
            approving = _asked(ctx, len(taken.proposed))
            refused = deposits.approve_notices(approving, subject, self._people[Role.FIRST], taken)
        return refused[0][1] if refused else Answer(0, {"deposits": len(taken.proposed)})

    # -- a day -----------------------------------------------------------------------------------------------

    def settlement(self, day: date) -> Iterator[Command]:
        """A closed day from the collection of its trades to its seal."""
        clerk = self._people[Role.CLERK]
        yield Command(clerk, self._settle, day, day, STARTS)
        yield Command(clerk, seal, Seal(day), day, SEALED)

    def _settle(self, ctx: Context, day: date) -> Outcome:
        """Everything but the seal. Where it does not come that far, the seal is what is refused."""
        assert isinstance(ctx.book, Book), "a day is settled in the book"
        desk = driving.Desk(self._people, self._gateways(ctx), self._bank_people, _clock(day), patience=1)
        driven = driving.run(ctx.book, day, desk, before="seal")
        refused = driven.halt.refused if driven.halt else None
        return refused or Answer(0, {"day": day.isoformat()})

    # -- the banks -------------------------------------------------------------------------------------------

    def _gateways(self, ctx: Context) -> Mapping[str, BankGateway]:
        if not self._banks:
            books = SimulatedBanks(":memory:")
            self._banks = {name: AtHand(books, name) for name in self._bank_people}
            with ctx.book.database.read() as conn:
                self._tell_again(conn, books)
        return self._banks

    def _tell_again(self, conn: Connection, books: SimulatedBanks) -> None:
        """What a bank has seen so far: the deposits, and the instructions that it is known to have done."""
        codes = parties.account_codes(conn)
        for one in self._paid_in:
            bank, name = self._bound[one.who]
            account, reference = codes[one.who, AccountKind.CASH], f"scenario-{one.who}"
            books.deposit(bank, account, name, one.amount, self._first, LineKind.DEPOSIT, reference)
        rows = [row for row in banks.instructions(conn) if row.state == InstructionState.DONE]
        rows.sort(key=lambda row: (row.answered_seq, row.seq, row.id))
        handles = {one.id: one.handle for one in banks.banks(conn)}
        for row, instruction in zip(rows, banks.as_sent(conn, rows), strict=True):
            self._banks[handles[row.bank_id]].submit(instruction, row.done_on)


class AtHand:
    """The gateway to a simulated bank of this process."""

    def __init__(self, books: SimulatedBanks, bank: str):
        self._books, self._bank = books, bank

    def submit(self, instruction: Instruction, on: date) -> BankAnswer:
        said = wire.instruction_out(instruction, on)
        text = json.dumps({name: said[name] for name in sorted(said) if name != "on"}, ensure_ascii=False)
        answer = wire.answer_in(self._books.submit(self._bank, said, text))
        return Unknown("never heard") if isinstance(answer, NeverHeard) else answer

    def ask(self, id: str, on: date) -> BankAnswer | NeverHeard:
        return wire.answer_in(self._books.asked(self._bank, id, on))

    def notices(self, after: int) -> list[Notice] | Unknown:
        return [wire.notice_in(one) for one in self._books.notices(self._bank, after)]

    def statement(self, day: date) -> Statement | Unknown:
        return self._books.statement(self._bank, day)


def _asked(ctx: Context, count: int = 0) -> Callable[[str, bytes], Context]:
    """Contexts of the same time for other people and keys; the count-th carries what the job adds."""
    drawn = iter(range(1, count + 1))

    def context(who: str, key: bytes) -> Context:
        last = count > 0 and next(drawn) == count
        return ctx.with_(actor=who, key=key, also=ctx.also if last else None)

    return context


def _clock(day: date) -> Callable[[str, int], Clock]:
    """The afternoon of the day: a minute for each step, a second for each command."""

    def clock(step: str, n: int) -> Clock:
        at = shanghai_ns(day, STARTS) + (60 * list(days.STEPS).index(step) + n) * NS
        return lambda: at

    return clock
