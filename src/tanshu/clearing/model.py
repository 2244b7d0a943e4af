"""The types of the clearing house: its day, what is asked of it, and what a day comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text


class DayState(StrEnum):
    """How far a settlement day is. Each follows from the one before; a sealed day never changes again."""

    COLLECTED = "collected"
    CLEARED = "cleared"
    CONFIRMED = "confirmed"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    DELIVERED = "delivered"
    EFFECTED = "effected"
    RECONCILED = "reconciled"
    STATED = "stated"
    SEALED = "sealed"


DAY_LABELS = {
    DayState.COLLECTED: Text("已归集成交", "trades collected"),
    DayState.CLEARED: Text("已清算", "cleared"),
    DayState.CONFIRMED: Text("交易机构已确认", "confirmed by the exchange"),
    DayState.REVIEWED: Text("已初审", "first review passed"),
    DayState.APPROVED: Text("已复审", "second review passed"),
    DayState.DELIVERED: Text("已交收", "delivered against payment"),
    DayState.EFFECTED: Text("已登记变更", "registered"),
    DayState.RECONCILED: Text("已对账", "reconciled"),
    DayState.STATED: Text("已出结算单", "statements made"),
    DayState.SEALED: Text("已封账", "sealed"),
}


class Model(StrEnum):
    """How trades are settled."""

    GROSS = "gross"
    """逐笔全额: every trade by itself, units against its whole price."""
    NET_CASH = "net_cash"
    """Units trade by trade, money as one net amount for each participant."""
    NET = "net"
    """多边净额: the house is the counterparty of everybody (novation); units and money net."""


class FailState(StrEnum):
    """What becomes of a trade that failed on its day."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    UNWOUND = "unwound"
    """Given up: both sides had back what was held for it."""


class ExplanationState(StrEnum):
    """How far the explanation of a difference is. One person asks, another decides; so it ends, too."""

    ASKED = "asked"
    DECLINED = "declined"
    GRANTED = "granted"
    ENDING = "ending"
    """In force; somebody asked to end it."""
    ENDED = "ended"


EXPLANATION_LABELS = {
    ExplanationState.ASKED: Text("待复核", "waits for a second person"),
    ExplanationState.DECLINED: Text("未同意", "declined"),
    ExplanationState.GRANTED: Text("已说明", "explained"),
    ExplanationState.ENDING: Text("已说明,终止待复核", "explained; its end waits for a second person"),
    ExplanationState.ENDED: Text("已终止", "ended"),
}
MODEL_LABELS = {
    Model.GROSS: Text("逐笔全额", "gross, trade by trade"),
    Model.NET_CASH: Text("配额逐笔、资金净额", "units gross, cash net"),
    Model.NET: Text("多边净额", "multilateral net"),
}


# -- commands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Collect:
    """Take over the trades of a day from every market that closed one: by the registry's clerk."""

    day: date


@dataclass(frozen=True, slots=True)
class Clear:
    """Compute what the day owes: by the registry's clerk."""

    day: date


@dataclass(frozen=True, slots=True)
class Confirm:
    """The exchange says what it counts: trades, tonnes, fen of all its markets together."""

    day: date
    trades: int
    tonnes: int
    amount: int


@dataclass(frozen=True, slots=True)
class Review:
    """初审 or 复审: pass the day on, or send it back to be cleared again with the reason."""

    day: date
    accept: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Deliver the next trades of a market's day against payment, one entry: the n-th block, from 0."""

    day: date
    market: str
    block: int


@dataclass(frozen=True, slots=True)
class DeliverFailed:
    """Deliver within this day what failed before: of a market, of a trading day, or all that can go."""

    day: date
    market: str = ""
    traded_on: date | None = None


@dataclass(frozen=True, slots=True)
class AskUnwinding:
    """Ask to give up a failed trade of a market's day. The command's reason says why."""

    day: date
    market: str
    trade: int


@dataclass(frozen=True, slots=True)
class DecideUnwinding:
    """Give it up, or decline to, with a comment."""

    day: date
    market: str
    trade: int
    accept: bool = True
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Effect:
    """End what the sessions held, take the fees, book the bank positions: the register's part is done."""

    day: date


@dataclass(frozen=True, slots=True)
class Reconcile:
    """Hold market, book and bank against each other."""

    day: date


@dataclass(frozen=True, slots=True)
class State:
    """Make everybody's statement of the day."""

    day: date


@dataclass(frozen=True, slots=True)
class Seal:
    """Close the day for good."""

    day: date


@dataclass(frozen=True, slots=True)
class ExplainDifference:
    """Say what caused an open difference: the command's reason. kind: where several are about the same.

    document: SHA-256 of what proves it, or nothing.
    """

    day: date
    about: str
    kind: str = ""
    document: str = ""


@dataclass(frozen=True, slots=True)
class EndExplanation:
    """Ask to end an explanation from a day on. reference: the line by which the bank put it right, if any."""

    explanation: str
    on: date
    reference: str = ""


@dataclass(frozen=True, slots=True)
class GrantExplanation:
    """Grant what was asked of an explanation, or decline it, with a comment."""

    explanation: str
    accept: bool = True
    comment: str = ""
