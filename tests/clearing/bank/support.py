"""A small house with two banks: one simulated process keeps both."""

from __future__ import annotations

from datetime import date
from functools import partial
from typing import Any

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Context, Outcome, verb
from tanshu.clearing.bank import deposits, queries, service
from tanshu.clearing.bank.gateway import Statement, Unknown
from tanshu.clearing.bank.model import Bind, ImportStatement
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.process import Simulator
from tanshu.clearing.bank.reconcile import Break, compare
from tanshu.clearing.bank.sending import Sent, send_all
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, NewPerson, Register, Subject, SubjectKind
from tanshu.parties.service import register
from tests.support.market import Market

CASH = AccountKind.CASH
DAY, NEXT = date(2024, 1, 2), date(2024, 1, 3)
CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"


class Banked:
    """The market and its banks: `bank` keeps plant-a's money; `bank-2`, once it is there, plant-b's."""

    def __init__(self, market: Market, simulator: Simulator):
        self.market, self.simulator = market, simulator
        self.code_a, self.code_b = market.account(market.plant_a, CASH), market.account(market.plant_b, CASH)

    def second_bank(self) -> None:
        """Register it, and say who keeps whose money."""
        people = (NewPerson("bank-2-maker-1", ("maker",)),)
        body = Register(SubjectKind.BANK, "第二结算银行", "bank-2", accounts=("bank",), people=people)
        self.market.accepted(register(self.market.ctx(CLERK), body))
        self.bind(self.market.plant_a, "bank", "甲电厂")
        self.bind(self.market.plant_b, "bank-2", "乙电厂")

    def bind(self, handle: str, bank: str, name: str) -> None:
        self.market.accepted(service.bind(self.market.ctx(CLERK), Bind(handle, bank, name)))

    def context(self, person: str, key: bytes) -> Context:
        return Context(self.market.book, person, key, clock=self.market.clock)

    # -- money ---------------------------------------------------------------------------------------------

    def pays_in(self, code: str, name: str, fen: int, bank: str = "bank", **more: Any) -> str:
        return self.simulator.deposit(bank, code, name, fen, more.pop("day", DAY), **more)

    def take(self, bank: str = "bank", *, approve: bool = True) -> deposits.Taken:
        notices = self.simulator.bank(bank).notices(0)
        assert not isinstance(notices, Unknown)
        with self.market.database.read() as conn:
            subject = self.subject(bank)
            taken = deposits.take_notices(conn, self.context, subject, f"{bank}-maker-1", notices)
        if approve:
            assert deposits.approve_notices(self.context, subject, REVIEWER, taken) == []
        return taken

    def funded(self, fen_a: int = 100_000, fen_b: int = 50_000, bank_b: str = "bank") -> None:
        self.pays_in(self.code_a, "甲电厂", fen_a)
        self.pays_in(self.code_b, "乙电厂", fen_b, bank_b)
        for bank in sorted({"bank", bank_b}):
            self.take(bank)

    def withdraw(self, fen: int, plant: str = "plant-a", bank: str = "bank") -> str:
        """Proposed by the holder, approved by the registry; the instruction's id."""
        there = self.market.account(bank, AccountKind.BANK)
        code = self.code_a if plant == "plant-a" else self.code_b
        line = ("CNY", fen, code, there)
        tx = self.market.done(f"{plant}-maker-1", "cash-withdrawal", line, by=(REVIEWER,))
        with self.market.database.read() as conn:
            (row,) = [row for row in queries.instructions(conn) if row.transaction_id == tx]
        return row.id

    def settles(self, fen: int, payer: str, payee: str, day: date = DAY) -> Outcome:
        """What a settled trade does to money: it moves in the book, and the banks are told."""
        return _settle(self.market.ctx(CLERK), {"payer": payer, "payee": payee, "fen": fen, "day": day})

    # -- the bank's day ------------------------------------------------------------------------------------

    def send(self, day: date = DAY, **more: Any) -> Sent:
        return need(self.sent(day, **more))

    def sent(self, day: date = DAY, **more: Any) -> Sent | Refusal:
        gateways = {name: self.simulator.bank(name) for name in ("bank", "bank-2")}
        context = partial(self.context, CLERK)
        return send_all(self.market.database, context, gateways, day, **more)

    def statement(self, bank: str = "bank", day: date = DAY) -> Statement:
        said = self.simulator.bank(bank).statement(day)
        assert isinstance(said, Statement), said
        return said

    def reconciled(self, bank: str = "bank", day: date = DAY) -> list[Break]:
        """Fetch the statement, keep it, and compare what was kept with the book."""
        outcome = service.import_statement(self.market.ctx(CLERK), ImportStatement(self.statement(bank, day)))
        assert not isinstance(outcome, Refusal) or outcome.code == "CLR-3203", outcome
        with self.market.database.read() as conn:
            subject = self.subject(bank)
            state = self.market.book.catch_up(conn)
            kept = need(queries.newest_statement(conn, subject, day))
            return compare(of_day(conn, state, subject, day), kept)

    def kinds(self, bank: str = "bank", day: date = DAY) -> list[str]:
        return [one.kind for one in self.reconciled(bank, day)]

    # -- asking --------------------------------------------------------------------------------------------

    def subject(self, handle: str) -> Subject:
        with self.market.database.read() as conn:
            return need(parties.subject(conn, handle))

    def row(self, id: str) -> Any:
        with self.market.database.read() as conn:
            return need(queries.instruction(conn, id))

    def cash(self, handle: str) -> int:
        return sum(self.market.has(handle, "CNY", CASH))


@verb("clearing.effect")
def _settle(act: Act, said: dict[str, Any]) -> dict[str, Any]:
    """Stands for the house's own step: one payment, and what the banks are to know of it."""
    from tanshu.book import records
    from tanshu.clearing import positions

    payer, payee = (need(parties.account(act.conn, said[word])).number for word in ("payer", "payee"))
    money = need(queries.money(act.conn)).number
    act.record(records.transfer(payer, payee, money, said["fen"]))
    moved = {payer: -said["fen"], payee: said["fen"]}
    return {"positions": positions.book(act, said["day"], {money: moved})}
