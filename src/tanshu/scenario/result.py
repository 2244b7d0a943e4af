"""How a scenario ended, as plain data: what a door shows, and what `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tanshu.app import Installation
from tanshu.base.text import Text
from tanshu.insight.figures import conservation
from tanshu.log import store


@dataclass(frozen=True, slots=True)
class Column:
    """number: right-aligned, with thousands commas; fold: long text may be broken."""

    title: Text
    number: bool = False
    fold: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """One table; a cell is text in two languages, plain text, a whole number or None. total: set apart."""

    title: Text
    columns: tuple[Column, ...]
    rows: tuple[tuple[object, ...], ...]
    total: tuple[object, ...] | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """Something that must be so at the end of a scenario, and whether it is."""

    text: Text
    good: bool


@dataclass(frozen=True, slots=True)
class Result:
    """data: JSON-able, with what `ending` says. A check that is not good makes the exit code 1."""

    data: Mapping[str, Any] = field(default_factory=dict)
    grids: tuple[Grid, ...] = ()
    checks: tuple[Check, ...] = ()


@dataclass(frozen=True, slots=True)
class Ending:
    """Where the log stands, and per instrument the sum over all accounts, which is zero."""

    seq: int
    hash: str
    conservation: Mapping[str, int]

    def as_json(self) -> dict[str, Any]:
        return {"conservation": dict(self.conservation), "log_seq": self.seq, "log_hash": self.hash}


def ending(installation: Installation) -> Ending:
    """The book's own proof at the end of a scenario of any kind."""
    with installation.database.read() as conn:
        state = installation.book.catch_up(conn)
        tail = store.tail(conn, store.REGISTRY_LOG)
        assert tail is not None, "a book has a genesis entry"
        return Ending(tail[0], tail[2].hex(), conservation(conn, state))
