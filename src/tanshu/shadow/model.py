"""The types of the shadow: an operator's files as values, and what is found in them.

Quantities are tonnes, money is fen; every row knows the line of its file (the heading is line 1).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple

from tanshu.base.text import Text


class Account(StrEnum):
    """Where a subject keeps units."""

    TRADING = "trading"
    REGISTRATION = "registration"


class Moved(StrEnum):
    """What moves units or money without a trade."""

    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    ALLOCATION = "allocation"
    SURRENDER = "surrender"
    CANCELLATION = "cancellation"
    TO_TRADING = "to_trading"
    TO_REGISTRATION = "to_registration"
    FREEZE = "freeze"
    UNFREEZE = "unfreeze"


MONEY_MOVES = (Moved.DEPOSIT, Moved.WITHDRAWAL)


class Settlement(StrEnum):
    """How the operator books the money of a day."""

    GROSS = "gross"
    NET = "net"


class Holding(NamedTuple):
    """What a subject holds of an instrument in one account at the end of a day. quantity includes frozen."""

    subject: str
    instrument: str
    account: Account
    quantity: int
    frozen: int
    line: int


class Cash(NamedTuple):
    """A subject's money of a day, in fen."""

    subject: str
    opening: int
    paid_in: int
    paid_out: int
    buys: int
    buy_fee: int
    sells: int
    sell_fee: int
    settlement_fee: int
    closing: int
    line: int

    @property
    def counted(self) -> int:
        """What the row's own figures come to."""
        return self.opening + sum(sign * getattr(self, name) for name, sign in FLOWS.items())


FLOWS: Mapping[str, int] = {
    "paid_in": 1,
    "paid_out": -1,
    "buys": -1,
    "buy_fee": -1,
    "sells": 1,
    "sell_fee": -1,
    "settlement_fee": -1,
}
"""The columns between opening and closing, and what each does to the balance."""


class Trade(NamedTuple):
    """A trade as listed. price: fen per tonne; amount and fees: fen."""

    number: str
    time: str
    mode: str
    instrument: str
    buyer: str
    seller: str
    quantity: int
    price: int
    amount: int
    buyer_fee: int
    seller_fee: int
    buyer_settlement: int
    seller_settlement: int
    line: int

    @property
    def worth(self) -> int:
        """Fen: what it should cost."""
        return self.quantity * self.price


class Movement(NamedTuple):
    """A move without a trade: tonnes of an instrument, or fen."""

    number: str
    time: str
    kind: Moved
    subject: str
    instrument: str
    account: Account
    quantity: int
    amount: int
    line: int


class Day(NamedTuple):
    """One day's folder. folder: its name, which stands before every file's."""

    day: date
    folder: str
    trades: Sequence[Trade]
    movements: Sequence[Movement]
    holdings: Sequence[Holding]
    cash: Sequence[Cash]


class Month(NamedTuple):
    """Everything an operator handed over. opening: the holdings before the first day."""

    subjects: Mapping[str, str]
    instruments: Mapping[str, str]
    opening: Sequence[Holding]
    days: Sequence[Day]


# -- what is compared --------------------------------------------------------------------------------------


class What(StrEnum):
    UNITS = "units"
    FROZEN = "frozen"
    CASH = "cash"


class Cell(NamedTuple):
    """One figure of a day: units or frozen units by instrument and account, or a column of the cash file.

    name: the instrument, or the column. account: blank for cash.
    """

    what: What
    subject: str
    name: str
    account: str = ""


Differences = dict[Cell, int]
"""theirs − ours, by cell; cells without a difference are not there."""


# -- what is found -----------------------------------------------------------------------------------------


class Kind(StrEnum):
    """What a break comes from."""

    AMOUNT = "amount"
    FEE = "fee"
    TWICE = "twice"
    GAP = "gap"
    UNLISTED_TRADE = "unlisted-trade"
    UNITS_NOT_MOVED = "units-not-moved"
    CASH_NOT_MOVED = "cash-not-moved"
    ONE_SIDE = "one-side"
    NOT_SETTLED = "not-settled"
    SETTLED_TWICE = "settled-twice"
    EXCHANGED = "exchanged"
    INSTRUMENT = "instrument"
    QUANTITY = "quantity"
    CASH_AMOUNT = "cash-amount"
    WRONG_SUBJECT = "wrong-subject"
    NETTED = "netted"
    FEE_BOOKED = "fee-booked"
    CASH_COLUMN = "cash-column"
    CASH_UNKNOWN = "cash-unknown"
    MOVE_NOT_DONE = "move-not-done"
    MOVE_TWICE = "move-twice"
    UNLISTED_MOVE = "unlisted-move"
    OPENING = "opening"
    CLOSING = "closing"
    CASH_MISSING = "cash-missing"
    CONSERVATION = "conservation"
    FROZEN = "frozen"
    SAME_DAY = "same-day"
    FROZEN_SOLD = "frozen-sold"
    NEGATIVE = "negative"
    CLOSED_DAY = "closed-day"
    BAND = "band"
    UNKNOWN_SUBJECT = "unknown-subject"
    UNKNOWN_INSTRUMENT = "unknown-instrument"


class Unit(StrEnum):
    TONNES = "t"
    FEN = "fen"
    NONE = ""


@dataclass(frozen=True, slots=True)
class Break:
    """A root cause, once. theirs, ours: the figures it shows in, None where there is none.

    line: of the file, 0 for all of it. explains: how many figures of the day differ because of it.
    """

    day: date
    file: str
    line: int
    kind: Kind
    cause: Text
    subject: str = ""
    trade: str = ""
    theirs: int | None = None
    ours: int | None = None
    unit: Unit = Unit.NONE
    explains: int = 0

    @property
    def difference(self) -> int | None:
        return None if self.theirs is None or self.ours is None else self.theirs - self.ours

    def as_json(self) -> dict[str, object]:
        return {
            "day": self.day.isoformat(),
            "file": self.file,
            "line": self.line or None,
            "kind": self.kind.value,
            "subject": self.subject or None,
            "trade": self.trade or None,
            "theirs": self.theirs,
            "ours": self.ours,
            "difference": self.difference,
            "unit": self.unit.value or None,
            "cause": {"zh": self.cause.zh, "en": self.cause.en},
            "explains": self.explains,
        }


@dataclass(frozen=True, slots=True)
class Suspect:
    """Something that may have gone wrong, and what it would do to the figures (theirs − ours).

    cost: how far-fetched it is; the causes found for a day are those that explain every difference to the
    last unit at the least cost together. finding: the break it stands for, None where it adds none.
    """

    effects: Mapping[Cell, int]
    cost: int
    finding: Break | None = None
    follows: int | None = None
    """The number, among the day's certain breaks, of the one that this is a consequence of."""
    name: str = field(default="", compare=False)
