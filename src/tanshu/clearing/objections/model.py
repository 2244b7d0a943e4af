"""The types of an objection to a settlement day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from tanshu.base.text import Text

CORRECTION = "settlement-correction"
"""Code of the transaction that corrects."""
OWN_REASON = "reason"
"""In a correction's details, where nobody objected: what the house itself found wrong."""


class State(StrEnum):
    FILED = "filed"
    PROPOSED = "proposed"
    DISMISSED = "dismissed"
    UPHELD = "upheld"
    CORRECTED = "corrected"


STATE_LABELS = {
    State.FILED: Text("已提出", "filed"),
    State.PROPOSED: Text("待复核", "waiting for the second person"),
    State.DISMISSED: Text("不成立", "dismissed"),
    State.UPHELD: Text("成立", "upheld"),
    State.CORRECTED: Text("已更正", "corrected"),
}


# -- commands ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FileObjection:
    """Object to one's statement of a settlement day, in writing. subject: by handle."""

    subject: str
    day: date
    grounds: str


@dataclass(frozen=True, slots=True)
class DecideObjection:
    """What a clerk of the registry proposes to decide.

    quantity_t, amount_fen: tonnes and fen that the correction of an upheld objection moves; 0 for none.
    """

    objection: str
    uphold: bool
    opinion: str
    quantity_t: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, slots=True)
class ConfirmObjection:
    """A second person's word on it; not accepted, it goes back to be decided anew."""

    objection: str
    accept: bool = True
