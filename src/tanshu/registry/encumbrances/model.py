"""The types of encumbrances."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text
from tanshu.registry.types import ClaimClass


class ClaimState(StrEnum):
    WAITING = "waiting"
    IN_FORCE = "in-force"
    SETTLING = "settling"
    """A session's, in the hands of the clearing house until the day is delivered: nobody else touches it."""
    ENDED = "ended"


CLASS_LABELS = {
    ClaimClass.COURT: Text("司法冻结", "judicial freeze"),
    ClaimClass.DUTY: Text("清缴义务", "surrender duty"),
    ClaimClass.PLEDGE: Text("质押", "pledge"),
    ClaimClass.SESSION: Text("交易时段占用", "trading session"),
    ClaimClass.HOLDER: Text("业务占用", "pending application"),
}
CLAIM_STATE_LABELS = {
    ClaimState.WAITING: Text("轮候", "waiting"),
    ClaimState.IN_FORCE: Text("生效", "in force"),
    ClaimState.SETTLING: Text("交收中", "being settled"),
    ClaimState.ENDED: Text("已终止", "ended"),
}
CONTESTING = (ClaimClass.COURT, ClaimClass.DUTY, ClaimClass.PLEDGE)
"""Among these a rule pack says who goes first; nobody is displaced by, or displaces, the others."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim on one cell, in the instrument's minor unit.

    ordered: what it is for; reach: what it can come to hold, `ordered` unless later arrivals are beyond it;
    held: what it holds now. transaction_id and line made it, of the type numbered tag; root_id is the
    transaction whose claims belong together (a pledge and what was substituted for parts of it).
    beneficiary_id: the subject for whom it is.
    """

    id: str
    cls: ClaimClass
    account: int
    instrument: int
    ordered: int
    reach: int
    held: int
    follows: bool
    state: ClaimState
    seq: int
    n: int
    transaction_id: str
    line: int
    tag: int
    root_id: str
    beneficiary_id: str | None
    document: str
    expires_on: date | None
    ended_seq: int | None

    @property
    def short(self) -> int:
        """What it still waits for."""
        return self.reach - self.held

    def is_over(self, today: date) -> bool:
        """Is its last day past?"""
        return self.expires_on is not None and self.expires_on < today


@dataclass(frozen=True, slots=True)
class Wanted:
    """A claim to be entered into a queue."""

    cls: ClaimClass
    account: int
    instrument: int
    quantity: int
    transaction_id: str
    line: int
    tag: int
    follows: bool = True
    root_id: str = ""
    beneficiary_id: str | None = None
    document: str = ""
    expires_on: date | None = None


@dataclass(frozen=True, slots=True)
class Portion:
    """What is left of one hold of a claim: its position in the log, and how much."""

    position: int
    quantity: int
