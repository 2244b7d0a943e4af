"""What is asked of a market as an institution: to be founded, to admit, to list, to hold its days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class FoundMarket:
    """Found a market. name: what it goes by; pack: its rule pack, cn.cea."""

    name: str
    pack: str


@dataclass(frozen=True, slots=True)
class Admit:
    """Admit a subject as participant, with its operators by person. related: its related group's name."""

    market: str
    handle: str
    operators: tuple[str, ...]
    related: str = ""


@dataclass(frozen=True, slots=True)
class AddOperator:
    """Give one more person of a participant an operator code."""

    market: str
    person: str


@dataclass(frozen=True, slots=True)
class ListInstrument:
    """Trade one more instrument. reference_fen: for its first day; None is what the market's figures say."""

    market: str
    instrument: str
    reference_fen: int | None = None


@dataclass(frozen=True, slots=True)
class OpenDay:
    market: str
    day: date


@dataclass(frozen=True, slots=True)
class CloseDay:
    market: str
    day: date


@dataclass(frozen=True, slots=True)
class Settle:
    """Propose the settlement of the next trades of a closed day, in their order; at most `limit`."""

    market: str
    day: date
    limit: int = 200


# -- what the market's log is told -------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entered:
    """A participant with its group (0 none) and the people who operate for it."""

    handle: str
    group: int
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Listed:
    instrument: str
    vintage: int
    reference_fen: int


@dataclass(frozen=True, slots=True)
class Moved:
    """So much comes to, or is wanted from, a participant's session.

    instrument: the market's number, 0 for money. claimed: what the book holds for the session in this cell.
    """

    party: int
    instrument: int
    quantity: int
    claimed: int = 0
