"""A day that `trading_day` made, taken through the clearing house step by step, with one prompt bank."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, time
from itertools import count
from pathlib import Path

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.refusal import need
from tanshu.book.commit import Context
from tanshu.clearing import day
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.gateway import BankAnswer, Done, Instruction, NeverHeard, Notice, Statement
from tanshu.clearing.bank.model import ImportStatement
from tanshu.clearing.bank.sending import send_all
from tanshu.clearing.bank.service import import_statement
from tanshu.clearing.day import Role
from tanshu.rules.packs import PACKAGED
from tests.support.crowd import own_packs
from tests.support.trading_day import DAY

PEOPLE = {
    Role.EXCHANGE: "exchange-maker-1",
    Role.CONFIRMER: "exchange-checker-1",
    Role.CLERK: "registry-maker-1",
    Role.FIRST: "registry-checker-1",
    Role.SECOND: "registry-checker-2",
}
STEPS = tuple(step for step in day.STEPS if step != "close")
"""What is left of a day whose market is closed."""


@dataclass
class PlainBank:
    """A bank that does at once what it is told. subs: fen by sub-ledger, as it has them itself."""

    handle: str
    subs: dict[str, int]
    told: set[str] = field(default_factory=set)

    def submit(self, instruction: Instruction, on: date) -> BankAnswer:
        if instruction.id not in self.told:
            self.told.add(instruction.id)
            for part in instruction.parts:
                self.subs[part.account] = self.subs.get(part.account, 0) + part.amount
        return Done(f"R-{instruction.id}", on)

    def ask(self, id: str, on: date) -> BankAnswer | NeverHeard:
        return Done(f"R-{id}", on) if id in self.told else NeverHeard()

    def notices(self, after: int) -> list[Notice]:  # noqa: ARG002
        return []

    def statement(self, day: date) -> Statement:
        total = sum(self.subs.values())
        return Statement(self.handle, day, total, total, (), self.subs)


class Clearing:
    """The house on the day, opened as a process of its own would open it."""

    def __init__(self, url: str):
        self.installation = app.open_installation(url)
        self.book, self.database = self.installation.book, self.installation.database
        self._drawn, self._now = count(), count(shanghai_ns(DAY, time(16)), NS)
        with self.book.reading() as (conn, state):
            (bank,), money = banks.banks(conn), need(banks.money(conn)).number
            subs = {one.code: banks.total(state, one.account, money) for one in banks.sub_ledgers(conn)}
        self.bank = PlainBank(bank.handle, subs)

    def ctx(self, actor: str, key: bytes | None = None) -> Context:
        drawn = key or digest(b"clearing %d" % next(self._drawn))[:16]
        return Context(self.book, actor, drawn, clock=lambda: next(self._now))

    def take(self, step: str) -> None:
        """One step, all of its commands."""
        if step == "banks":
            self._ask_bank()
            return
        with self.database.read() as conn:
            asked = day.commands(conn, step, DAY)
        for one in asked:
            need(one.verb(self.ctx(PEOPLE[one.role]), one.body))

    def close(self) -> None:
        self.installation.close()

    def _ask_bank(self) -> None:
        clerk, gateways = PEOPLE[Role.CLERK], {self.bank.handle: self.bank}
        need(send_all(self.database, lambda key: self.ctx(clerk, key), gateways, DAY))
        need(import_statement(self.ctx(clerk), ImportStatement(self.bank.statement(DAY))))


@contextmanager
def settled_as(model: str, folder: Path) -> Iterator[None]:
    """The simulated market is settled by this model for the time being: an operator's own pack says so."""
    text = (PACKAGED / "sim" / "clearing.toml").read_text()
    with own_packs(folder, {"sim/clearing.toml": text.replace('model = "net"', f'model = "{model}"')}):
        yield


def copied(path: Path, to: Path) -> str:
    """The address of a copy of a day made in a file."""
    shutil.copyfile(path, to)
    return f"sqlite:///{to}"
