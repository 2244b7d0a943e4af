"""What a sentence of a story says, once it is read: one small type for each kind of sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, get_args

from tanshu.scenario.story.market_sentences import MarketFact, MarketSentence

# -- what somebody does ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """One line of a proposal, in words. quantity: in minor units, or the words that are no number."""

    instrument: str
    quantity: int | str
    debit: str
    credit: str


@dataclass(frozen=True, slots=True)
class Asks:
    """Somebody proposes a transaction. name: how later sentences call it."""

    who: str
    type: str
    lines: tuple[Asked, ...]
    details: Mapping[str, Any]
    subject: str
    year: int | None
    reason: str
    name: str


@dataclass(frozen=True, slots=True)
class Decides:
    """Somebody approves, rejects or withdraws a proposal; the last one, unless it is named."""

    who: str
    verb: str
    name: str


@dataclass(frozen=True, slots=True)
class Handles:
    """Somebody does what is not a proposal by itself: computes, decides, confirms (a key of `OFFICE`).

    type: the code of the transaction that it proposes, "" where it proposes none. quantity: tonnes.
    """

    who: str
    matter: str
    type: str
    subjects: tuple[str, ...]
    year: int | None
    quantity: int | None
    details: Mapping[str, Any]
    name: str


@dataclass(frozen=True, slots=True)
class ClosesYear:
    who: str
    year: int


@dataclass(frozen=True, slots=True)
class Sweeps:
    who: str


@dataclass(frozen=True, slots=True)
class SetsState:
    who: str
    account: str
    state: str


@dataclass(frozen=True, slots=True)
class Defines:
    """Somebody defines the allowance of a year."""

    who: str
    code: str
    year: int


# -- what is so --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Day:
    day: date


@dataclass(frozen=True, slots=True)
class Enables:
    """The operator's pack has these types, too."""

    types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Ranks:
    """The operator's pack says who goes first: by class in this order, or first come where it is empty."""

    order: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stock:
    subject: str
    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Emits:
    """On the year's list, with verified emissions; generation_mwh: of one coal-fired unit, if told."""

    subject: str
    year: int
    quantity: int
    generation_mwh: int | None = None


# -- what must have come of it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Became:
    """state: of the last proposal, or the named one; refused: the number that the sentence before meets."""

    state: str
    refused: str
    name: str = ""


@dataclass(frozen=True, slots=True)
class Left:
    account: str
    instrument: str
    available: int
    held: int


@dataclass(frozen=True, slots=True)
class Queue:
    """The claims on a cell in their order: class, held, ordered."""

    account: str
    instrument: str
    claims: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True, slots=True)
class Owes:
    """What of a subject's year (`due`), or of its notice (`carryable`), comes to so many tonnes."""

    subject: str
    what: str
    year: int | None
    quantity: int


Sentence = (
    Asks | Decides | Handles | ClosesYear | Sweeps | SetsState | Defines
    | Day | Enables | Ranks | Stock | Emits
    | Became | Left | Queue | Owes
    | MarketSentence
)  # fmt: skip
EXPECTATIONS = (Became, Left, Queue, Owes, *get_args(MarketFact))
"""Sentences that do nothing: they say what must be so."""


@dataclass(frozen=True, slots=True)
class Told:
    """A sentence and where it stands."""

    line: int
    text: str
    said: Sentence


@dataclass(frozen=True, slots=True)
class Scenario:
    """What stands under one heading."""

    title: str
    line: int
    told: list[Told] = field(default_factory=list)
