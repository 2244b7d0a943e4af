"""What a sentence about the clearing house says, once it is read. Money is fen, quantities are tonnes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

Number = int | str


@dataclass(frozen=True, slots=True)
class OpensAccount:
    """One more account for a subject that is there. account: a word such as 登记准备金."""

    who: str
    account: str


@dataclass(frozen=True, slots=True)
class TakesStep:
    """Somebody takes a step of a settlement day. step: as `clearing.day.STEPS`, "" for the whole day."""

    who: str
    step: str
    day: date | None


@dataclass(frozen=True, slots=True)
class SendsBack:
    """Somebody who reviews a day sends it back to be cleared again. step: review, approve."""

    who: str
    step: str
    day: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class DayIs:
    """How far a settlement day is; None for what is not told. differences: of the newest reconciliation."""

    day: date | None
    state: str
    trades: int | None
    failed: int | None
    differences: int | None


@dataclass(frozen=True, slots=True)
class StatementIs:
    """What somebody's statement of a day says: money at its end, tonnes bought and sold (None: not told)."""

    subject: str
    day: date | None
    closing: Number
    bought_t: int | None
    sold_t: int | None
