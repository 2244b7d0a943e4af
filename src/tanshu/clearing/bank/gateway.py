"""The port to a settlement bank: what the house asks of it, and what it can answer.

A bank is far away: an answer can be lost, late or twice. So every instruction has an id of its own, and
a bank that hears the same id again does nothing again and answers as before. Whatever happens on the way,
an instruction is *done*, *refused*, or its result is *unknown*, and then it is asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol


class Kind(StrEnum):
    """What an instruction asks for."""

    PAYOUT = "payout"
    """Pay from the sub-ledger of one subject to its own account."""
    POSITION = "position"
    """头寸划拨: pay from this bank's special account to that of another bank."""
    LEDGER = "ledger"
    """分账: what settlement changed in the sub-ledgers; no money moves."""


class LineKind(StrEnum):
    """What a line of a statement tells."""

    DEPOSIT = "deposit"
    PAYOUT = "payout"
    POSITION_IN = "position_in"
    POSITION_OUT = "position_out"
    INTEREST = "interest"
    FEE = "fee"


@dataclass(frozen=True, slots=True)
class Part:
    """What one sub-ledger is to change by: fen, with its sign."""

    account: str
    name: str
    amount: int


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. amount: fen, above zero; for `ledger` the sum of its parts, with its sign.

    id: the request's, the same whenever it is sent. account, name: the sub-ledger's, by the book's account
    code and its subject's registered name. other: the bank that receives a position.
    """

    id: str
    day: date
    kind: Kind
    amount: int
    account: str = ""
    name: str = ""
    other: str = ""
    parts: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """The bank did it, on its bank day `on`."""

    reference: str
    on: date


@dataclass(frozen=True, slots=True)
class RefusedByBank:
    """The bank did not do it, and will not."""

    why: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Nobody here can say whether it is done: no answer, a broken one, or "later"."""

    why: str = ""


@dataclass(frozen=True, slots=True)
class NeverHeard:
    """Asked for a request, the bank says that it has none of this id."""


BankAnswer = Done | RefusedByBank | Unknown


@dataclass(frozen=True, slots=True)
class Notice:
    """The bank tells of money that came in: by a deposit, or as interest. n counts its notices, from 1."""

    n: int
    reference: str
    kind: LineKind
    account: str
    name: str
    amount: int
    day: date


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of the special account: fen, what came in above zero.

    request: the house's instruction, "" where there is none. reference: the bank's.
    """

    n: int
    kind: str
    reference: str
    request: str
    account: str
    name: str
    amount: int
    balance: int


@dataclass(frozen=True, slots=True)
class Statement:
    """A day of a special account as its bank tells it. subs: the closing of each sub-ledger, by account."""

    bank: str
    day: date
    opening: int
    closing: int
    lines: tuple[StatementLine, ...] = ()
    subs: Mapping[str, int] = field(default_factory=dict)


class BankGateway(Protocol):
    """One bank. Nothing raises for what happens on the way: that is `Unknown`."""

    def submit(self, instruction: Instruction, on: date) -> BankAnswer:
        """Ask for it on a bank day, once or again."""
        ...

    def ask(self, id: str, on: date) -> BankAnswer | NeverHeard:
        """What became of a request."""
        ...

    def notices(self, after: int) -> list[Notice] | Unknown:
        """Notices numbered beyond `after`, in order; one may come twice."""
        ...

    def statement(self, day: date) -> Statement | Unknown:
        """The statement of a day that is over."""
        ...
