"""What is asked of the register about banks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.clearing.bank.gateway import Kind, LineKind, Statement


class InstructionState(StrEnum):
    """made and unknown are in transit; so is refused, until a deposit has given its money back."""

    MADE = "made"
    UNKNOWN = "unknown"
    DONE = "done"
    REFUSED = "refused"
    RETURNED = "returned"


OPEN = (InstructionState.MADE, InstructionState.UNKNOWN)
"""States in which the bank has still to be asked."""

STATE_LABELS = {
    InstructionState.MADE: Text("待发送", "to be sent"),
    InstructionState.UNKNOWN: Text("结果未知", "result unknown"),
    InstructionState.DONE: Text("银行已办", "done by the bank"),
    InstructionState.REFUSED: Text("银行拒绝,待退回", "refused, to be given back"),
    InstructionState.RETURNED: Text("已退回", "given back"),
}
KIND_LABELS = {
    Kind.PAYOUT: Text("出金", "payout"),
    Kind.POSITION: Text("头寸划拨", "position transfer"),
    Kind.LEDGER: Text("分账", "sub-ledgers"),
}
LINE_LABELS = {
    LineKind.DEPOSIT: Text("入金", "deposit"),
    LineKind.PAYOUT: Text("出金", "payout"),
    LineKind.POSITION_IN: Text("头寸转入", "position received"),
    LineKind.POSITION_OUT: Text("头寸转出", "position paid"),
    LineKind.INTEREST: Text("结息", "interest"),
    LineKind.FEE: Text("银行收费", "bank fee"),
}


@dataclass(frozen=True, slots=True)
class Bind:
    """Say which bank keeps a subject's money. name: the account's at the bank; it must be the subject's."""

    subject: str
    bank: str
    name: str


@dataclass(frozen=True, slots=True)
class Answered:
    """A bank's answer to one instruction: done (with reference and day), refused (with why), or unknown.

    by_hand: no machine took it; a person says what the bank said on paper, or on the telephone.
    """

    instruction: str
    state: str
    reference: str = ""
    on: date | None = None
    why: str = ""
    by_hand: bool = False


@dataclass(frozen=True, slots=True)
class Answers:
    """Answers as they came in one round of sending."""

    answers: tuple[Answered, ...]


@dataclass(frozen=True, slots=True)
class ImportStatement:
    """Take a bank's statement of a day. A later one of the same day counts instead."""

    statement: Statement
