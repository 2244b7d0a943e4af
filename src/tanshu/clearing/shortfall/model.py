"""The types of a shortfall."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.parties.model import AccountKind

COVER, RECOVERY = "shortfall-cover", "shortfall-recovery"
"""Codes of the transactions by which the house covers, and gets its money back."""
NAMED = "shortfall"
"""What their details name."""
FUNDS = {"reserve": AccountKind.RESERVE, "own_funds": AccountKind.OWN_FUNDS}
"""Accounts of the registry by what a clearing pack calls them."""
FUND_LABELS = {"reserve": Text("结算风险准备金", "risk reserve"), "own_funds": Text("自有资金", "own funds")}


class Cause(StrEnum):
    BANK_SHORT = "bank-short"
    RETURNED_DEPOSIT = "returned-deposit"
    FAILED_PARTICIPANT = "failed-participant"
    OTHER = "other"


CAUSE_LABELS = {
    Cause.BANK_SHORT: Text("银行账户余额不足", "the bank's account is short"),
    Cause.RETURNED_DEPOSIT: Text("入金被退回", "a deposit was returned"),
    Cause.FAILED_PARTICIPANT: Text("净额交收资金不足", "a participant cannot pay its net amount"),
    Cause.OTHER: Text("其他", "another cause"),
}


class State(StrEnum):
    """noticed: one person says so, and nothing follows yet. confirmed: two do; it binds, and its period runs,
    or is over. cured: made good by deposits. covered: by the house, which gets it back bit by bit:
    recovering, recovered. withdrawn: it was none.
    """

    NOTICED = "noticed"
    CONFIRMED = "confirmed"
    CURED = "cured"
    COVERED = "covered"
    RECOVERING = "recovering"
    RECOVERED = "recovered"
    WITHDRAWN = "withdrawn"


STATE_LABELS = {
    State.NOTICED: Text("待复核", "waiting for the second person"),
    State.CONFIRMED: Text("已通知补足", "to be made good"),
    State.CURED: Text("已补足", "made good"),
    State.COVERED: Text("已垫付", "covered"),
    State.RECOVERING: Text("追偿中", "being recovered"),
    State.RECOVERED: Text("已追偿", "recovered"),
    State.WITHDRAWN: Text("已撤回", "withdrawn"),
}
STANDING = (State.CONFIRMED, State.COVERED, State.RECOVERING)
"""While it stands, no money leaves the account."""


class PaymentKind(StrEnum):
    CURE = "cure"
    COVER = "cover"
    RECOVERY = "recovery"


@dataclass(frozen=True, slots=True)
class Amounts:
    """Fen of a shortfall: what it is, what deposits and the house made good, what came back to the house."""

    amount: int
    cured: int = 0
    covered: int = 0
    recovered: int = 0

    @property
    def missing(self) -> int:
        return self.amount - self.cured - self.covered

    @property
    def outstanding(self) -> int:
        return self.covered - self.recovered

    @property
    def state(self) -> State:
        """Of one that two people confirmed."""
        if self.missing:
            return State.CONFIRMED
        if not self.covered:
            return State.CURED
        if not self.recovered:
            return State.COVERED
        return State.RECOVERING if self.outstanding else State.RECOVERED


# -- commands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NoticeShortfall:
    """State that money is missing in a subject's cash account. amount: fen. minutes: to make it good, where
    the clearing pack does not say. The command's reason says what happened.
    """

    subject: str
    day: date
    amount: int
    cause: str
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class ConfirmShortfall:
    """A second person's word on a notice: from now on it binds."""

    shortfall: str


@dataclass(frozen=True, slots=True)
class WithdrawShortfall:
    """Take a notice back: it was none. The command's reason says why."""

    shortfall: str


@dataclass(frozen=True, slots=True)
class CureShortfall:
    """Deposits made since the notice make it good, or a part of it: by their transactions, in this order."""

    shortfall: str
    deposits: tuple[str, ...]
