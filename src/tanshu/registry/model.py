"""The types of the register."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from tanshu.base.text import Text
from tanshu.parties.model import Account, Subject
from tanshu.registry.types import InstrumentKind, TransactionType


class TransactionState(StrEnum):
    PENDING = "pending"
    EFFECTED = "effected"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


TRANSACTION_STATE_LABELS = {
    TransactionState.PENDING: Text("审核中", "pending"),
    TransactionState.EFFECTED: Text("已生效", "effected"),
    TransactionState.REJECTED: Text("已驳回", "rejected"),
    TransactionState.WITHDRAWN: Text("已撤回", "withdrawn"),
    TransactionState.EXPIRED: Text("已过期", "expired"),
}


@dataclass(frozen=True, slots=True)
class Instrument:
    """Something that can be held. vintage is the compliance year it was issued for, None where it has none.

    scale: decimals of the minor unit (0: tonnes; 2: fen of a yuan).
    """

    number: int
    code: str
    kind: InstrumentKind
    title: Text
    vintage: int | None
    scale: int


@dataclass(frozen=True, slots=True)
class Line:
    """One movement of a transaction, by book numbers; hold is the position of its hold while it waits."""

    debit: int
    credit: int
    instrument: int
    quantity: int
    hold: int | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a chain as it was taken: who, what, when."""

    n: int
    by: str
    act: str
    person: str
    decision: str
    seq: int
    time_ns: int
    comment: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """One step of a chain as the pack orders it: the organisation, and what it does."""

    by: str
    act: str


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction from proposal to effect. Times are UTC nanoseconds of their log entries."""

    id: str
    type: TransactionType
    state: TransactionState
    subject_id: str
    year: int | None
    batch: str
    proposed_seq: int
    proposed_ns: int
    ended_seq: int | None
    ended_ns: int | None
    expires_on: date | None
    chain: tuple[Waiting, ...]
    taken: int
    reason: str
    details: Mapping[str, Any]
    lines: tuple[Line, ...]
    original_id: str | None = None

    @property
    def quantity(self) -> int:
        """The sum over its lines; meaningful where all lines are of one kind."""
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class SidedLine:
    """A line with its accounts and instrument resolved: what checks look at."""

    debit: Account
    credit: Account
    instrument: Instrument
    quantity: int


@dataclass(frozen=True, slots=True)
class Proposed:
    """A transaction as the checks of a room see it, at proposal and again at approval."""

    id: str
    type: TransactionType
    subject: Subject
    year: int | None
    lines: tuple[SidedLine, ...]
    details: Mapping[str, Any]
    proposed_ns: int
    at_proposal: bool
    original: Transaction | None = None

    @property
    def quantity(self) -> int:
        return sum(line.quantity for line in self.lines)


# -- commands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DefineInstrument:
    """Define an instrument: one per vintage for allowances, one per kind of credit, one per currency.

    cap: the minor units that may be in circulation at most, None without a limit. What was handed over stays
    counted; only what goes back to its source is taken off.
    """

    code: str
    kind: str
    title_zh: str
    title_en: str
    vintage: int | None = None
    scale: int = 0
    cap: int | str | None = None


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """One movement as asked for. A blank account is the only one its type and subject allow."""

    instrument: str
    quantity: int | str
    debit: str = ""
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Propose:
    """Ask for a transaction. subject: for whom, where the accounts do not say it (offset)."""

    type: str
    lines: tuple[ProposedLine, ...]
    subject: str = ""
    year: int | None = None
    batch: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Decide:
    """Approve, reject or withdraw a transaction that waits."""

    transaction: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Expire:
    """End what has run out: proposals past their day, freezes past their term. limit: how many at most."""

    limit: int = 200
