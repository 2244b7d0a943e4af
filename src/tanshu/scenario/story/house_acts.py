"""What the clearing house does in a story, from the sentence to the verbs of clearing; and its banks.

A story's banks have no faults and no books: they do what they are told at once, and their statements say what
the register says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from tanshu.base.canonical import digest
from tanshu.base.clock import Clock
from tanshu.base.ids import KEY_BYTES
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Answer, Book, Context, Outcome
from tanshu.clearing import day as days
from tanshu.clearing import driving
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank import sending, service
from tanshu.clearing.bank.gateway import (
    BankAnswer,
    BankGateway,
    Done,
    Instruction,
    NeverHeard,
    Notice,
    Statement,
    StatementLine,
    Unknown,
)
from tanshu.clearing.bank.model import ImportStatement
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import Where
from tanshu.clearing.day import Role
from tanshu.clearing.model import Review, Seal
from tanshu.clearing.reviewing import approve, review
from tanshu.clearing.sealing import seal
from tanshu.parties import service as parties
from tanshu.parties.model import OpenAccount
from tanshu.scenario.story.house_sentences import OpensAccount, SendsBack, TakesStep
from tanshu.scenario.story.words import ACCOUNTS

PEOPLE = {
    Role.EXCHANGE: "交易所经办",
    Role.CONFIRMER: "交易所复核",
    Role.CLERK: "登记经办",
    Role.FIRST: "登记复核",
    Role.SECOND: "登记审批",
}
"""Who settles the whole of a day, in the words of a story."""


class Words(Protocol):
    """What the words of a story mean where it stands now."""

    def handle(self, word: str) -> str: ...

    def person(self, word: str) -> str: ...

    @property
    def today(self) -> date: ...


def open_account(ctx: Context, said: OpensAccount, words: Words) -> Outcome:
    kind = next((word for word in ACCOUNTS if said.account.endswith(word)), "")
    handle = words.handle(said.account.removesuffix(kind))
    return parties.open_account(ctx, OpenAccount(handle, ACCOUNTS[kind] if kind else ""))


def take_step(ctx: Context, said: TakesStep, words: Words) -> Outcome:
    """One step of a settlement day by one person; or all of them, by everybody."""
    day = said.day or words.today
    if not said.step:
        return _whole_day(ctx, day, words)
    if said.step == "reconcile":
        refused = _banks_do_their_part(ctx, day)
        if refused:
            return refused
    with ctx.book.database.read() as conn:
        asked = days.commands(conn, said.step, day)
    return asked[0].verb(ctx, asked[0].body) if asked else Answer(0, {"day": day.isoformat()})


def send_back(ctx: Context, said: SendsBack, words: Words) -> Outcome:
    verb = review if said.step == "review" else approve
    return verb(ctx, Review(said.day or words.today, accept=False, comment=said.reason))


def _whole_day(ctx: Context, day: date, words: Words) -> Outcome:
    """Every step in its turn; the sentence's own entry is the seal."""
    people = {role: words.person(word) for role, word in PEOPLE.items()}
    driven = driving.run(_book(ctx), day, driving.Desk(people, _gateways(ctx), clock=_at(ctx)), before="seal")
    refused = driven.halt.refused if driven.halt else None
    return refused or seal(ctx.with_(actor=people[Role.CLERK]), Seal(day))


# -- the banks ---------------------------------------------------------------------------------------------


def _banks_do_their_part(ctx: Context, day: date) -> Refusal | None:
    """They do what they were told, and send the day's statements."""
    gateways = _gateways(ctx)
    sent = sending.send_all(ctx.book.database, lambda key: ctx.with_(key=key, also=None), gateways, day)
    if isinstance(sent, Refusal):
        return sent
    for bank, gateway in gateways.items():
        told = gateway.statement(day)
        assert isinstance(told, Statement)
        key = digest(ctx.key + bank.encode())[:KEY_BYTES]
        outcome = service.import_statement(ctx.with_(key=key, also=None), ImportStatement(told))
        if isinstance(outcome, Refusal):
            return outcome
    return None


def _gateways(ctx: Context) -> dict[str, BankGateway]:
    with ctx.book.database.read() as conn:
        return {one.handle: Faithful(_book(ctx), one.handle) for one in banks.banks(conn)}


@dataclass(frozen=True, slots=True)
class Faithful:
    """A bank without a fault."""

    book: Book
    bank: str

    def submit(self, instruction: Instruction, on: date) -> BankAnswer:
        return Done(f"R-{instruction.id}", on)

    def ask(self, id: str, on: date) -> BankAnswer | NeverHeard:
        return Done(f"R-{id}", on)

    def notices(self, after: int) -> list[Notice] | Unknown:  # noqa: ARG002
        return []

    def statement(self, day: date) -> Statement | Unknown:
        with self.book.reading() as (conn, state):
            subject = banks.bank_named(conn, self.bank)
            assert not isinstance(subject, Refusal)
            ours = of_day(conn, state, subject, day)
        there = [one for one in ours.movements if one.where in (Where.DONE, Where.AHEAD)]
        later = sum(one.amount for one in ours.movements if one.where is Where.OUTSIDE)
        ahead = sum(one.amount for one in ours.movements if one.where in (Where.AHEAD, Where.OLDER))
        closing = ours.balance - later + ahead
        at = opening = closing - sum(one.amount for one in there)
        lines: list[StatementLine] = []
        for n, one in enumerate(there, start=1):
            at += one.amount
            name = ours.subs[one.account].name if one.account in ours.subs else ""
            facts = (one.kind, one.reference or f"R-{one.id}", one.id, one.account, name)
            lines.append(StatementLine(n, *facts, one.amount, at))
        return Statement(self.bank, day, opening, closing, tuple(lines))


def _book(ctx: Context) -> Book:
    assert isinstance(ctx.book, Book), "the house asks the book"
    return ctx.book


def _at(ctx: Context) -> Callable[[str, int], Clock]:
    """All of a day's settlement at the time of the sentence."""
    now = ctx.clock()
    return lambda _step, _n: lambda: now
