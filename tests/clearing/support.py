"""A market with a clearing house: short words for the steps of its settlement day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, time
from typing import Any

from sqlalchemy import select

from tanshu.base.clock import NS, Clock, shanghai_ns
from tanshu.base.refusal import Refusal, need
from tanshu.book import records
from tanshu.book.commit import Act, Outcome, Request
from tanshu.clearing import day as steps
from tanshu.clearing import queries
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import BankGateway, Statement, StatementLine
from tanshu.clearing.bank.model import Answered, Answers, ImportStatement, InstructionState
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import Where
from tanshu.clearing.bank.service import answered, import_statement
from tanshu.clearing.day import Role
from tanshu.clearing.driving import Desk
from tanshu.parties import queries as parties
from tanshu.parties.changes import decide_change
from tanshu.parties.model import AccountKind, AccountState, DecideChange, OpenAccount, SetState
from tanshu.parties.service import open_account, set_state
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tests.exchange.bridge.support import DAY, Trading

PEOPLE = {
    Role.EXCHANGE: "exchange-maker-1",
    Role.CONFIRMER: "exchange-checker-1",
    Role.CLERK: "registry-maker-1",
    Role.FIRST: "registry-checker-1",
    Role.SECOND: "registry-checker-2",
}
CLERK = PEOPLE[Role.CLERK]
ACCOUNTS = (("exchange", "fees"), ("registry", "fees"), ("registry", "pool"))


class House:
    """A trading day and the house that settles it. Fees have accounts; the market's own bank is the bank."""

    def __init__(self, trading: Trading, accounts: Sequence[tuple[str, str]] = ACCOUNTS):
        self.trading = trading
        self.book, self.database = trading.book, trading.market.database
        self.opens_accounts(*accounts)

    def opens_accounts(self, *accounts: tuple[str, str]) -> None:
        for handle, kind in accounts:
            self.trading.done(open_account(self.trading.ctx(CLERK), OpenAccount(handle, kind)))

    def stops(self, handle: str) -> None:
        """The registry restricts a participant's trading account: one asks, another grants."""
        t = self.trading
        account = t.market.account(handle, AccountKind.TRADING)
        asked = t.done(
            set_state(t.ctx(CLERK, reason="an investigation"), SetState(account, AccountState.RESTRICTED))
        )
        t.done(decide_change(t.ctx(PEOPLE[Role.FIRST]), DecideChange(asked["change"])))

    def after_the_close(self) -> None:
        self.trading.clock.set_day(DAY, time(15, 30))

    def loses(self, handle: str, tonnes: int) -> None:
        """Behind everybody's back a part of what the session holds of a participant's units is let go."""
        with self.database.read() as conn:
            account = need(parties.account(conn, self.trading.market.account(handle, AccountKind.TRADING)))
            query = select(CLAIM.c.instrument, CLAIM_HOLD).join(
                CLAIM_HOLD, CLAIM_HOLD.c.claim_id == CLAIM.c.id
            )
            hold = conn.execute(
                query.where(CLAIM.c.account == account.number, CLAIM.c.state == "settling")
            ).one()

        def slip(act: Act, _command: object) -> dict[str, Any]:
            act.record(records.release(hold.position, account.number, hold.instrument, tonnes))
            act.update(CLAIM_HOLD, {"position": hold.position}, quantity=hold.quantity - tonnes)
            return {}

        ctx = self.trading.ctx(CLERK)
        self.trading.done(self.book.commit([Request(ctx, "test.slip", None, slip)])[0])

    def take(self, step: str, day: date = DAY) -> list[Outcome]:
        """All commands of one step, as they stand; a refusal ends it."""
        with self.database.read() as conn:
            asked = steps.commands(conn, step, day)
        outcomes: list[Outcome] = []
        for one in asked:
            outcomes.append(one.verb(self.trading.ctx(PEOPLE[one.role]), one.body))
            if isinstance(outcomes[-1], Refusal):
                break
        return outcomes

    def takes(self, *names: str, day: date = DAY) -> Mapping[str, Any]:
        """These steps; the last one's answer. The bank does its part before it is reconciled with."""
        answer: Mapping[str, Any] = {}
        for step in names:
            if step == "reconcile":
                self.bank_works(day)
            for outcome in self.take(step, day):
                answer = self.trading.done(outcome).data
        return answer

    def settles(self, day: date = DAY) -> Mapping[str, Any]:
        """The whole day, from the close to the seal."""
        return self.takes(*steps.STEPS, day=day)

    def row(self, day: date = DAY) -> Any:
        with self.database.read() as conn:
            return need(queries.day(conn, day))

    def bank_works(self, day: date = DAY) -> None:
        """Every bank does what it was told, and sends a statement without a fault."""
        with self.database.read() as conn:
            rows = banks.in_transit(conn, day)
        told = tuple(Answered(r.id, InstructionState.DONE, f"R-{r.id}", day) for r in rows)
        if told:
            self.trading.done(answered(self.trading.ctx(CLERK), Answers(told)))
        with self.book.reading() as (conn, state):
            found = [self.statement(conn, state, bank, day) for bank in banks.banks(conn)]
        for one in found:
            self.trading.done(import_statement(self.trading.ctx(CLERK), ImportStatement(one)))

    def statement(self, conn: Any, state: Any, bank: Any, day: date) -> Statement:
        """What a bank without fault says of a day."""
        ours = of_day(conn, state, bank, day)
        lines: list[StatementLine] = []
        there = [one for one in ours.movements if one.where in (Where.DONE, Where.AHEAD)]
        later = sum(one.amount for one in ours.movements if one.where is Where.OUTSIDE)
        ahead = sum(one.amount for one in ours.movements if one.where in (Where.AHEAD, Where.OLDER))
        closing = ours.balance - later + ahead
        at = opening = closing - sum(one.amount for one in there)
        for n, one in enumerate(there, start=1):
            at += one.amount
            name = ours.subs[one.account].name if one.account in ours.subs else ""
            lines.append(
                StatementLine(
                    n, one.kind, one.reference or f"R-{one.id}", one.id, one.account, name, one.amount, at
                )
            )
        return Statement(bank.handle, day, opening, closing, tuple(lines))


def desk(*, without: tuple[Role, ...] = (), bank: BankGateway | None = None, on: date = DAY) -> Desk:
    """Everybody is at hand, at a time that follows from the step; the bank where there is a gateway to it."""
    people = {role: person for role, person in PEOPLE.items() if role not in without}
    return Desk(people, {"bank": bank} if bank else {}, clock=lambda step, n: moment(on, step, n))


def moment(day: date, step: str, n: int) -> Clock:
    """The afternoon of the day, a minute a step, a second a command."""
    at = shanghai_ns(day, time(15, 30)) + (60 * list(steps.STEPS).index(step) + n) * NS
    return lambda: at
