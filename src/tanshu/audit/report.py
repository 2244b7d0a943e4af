"""What an audit answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.base.text import Lang, Text

_ABOUT = ("account", "instrument", "table", "key", "column", "projection", "at")
"""The facts of a standing finding that say what it is about."""


def place(log: int, seq: int | None) -> str | None:
    """An entry as people read it: `17`, in a market's log `100/17`; None for none of the log judged."""
    known = [str(one) for one in (log or None, seq) if one is not None]
    return "/".join(known) or None


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong.

    seq: the entry it concerns; None when it concerns no single entry. accounts: book numbers of those whose
    holdings it puts in doubt. stands: it is about how things stand after entry `seq`, and may pass; else it
    is about what that entry did, for good.
    """

    seq: int | None
    what: Refusal
    accounts: tuple[int, ...] = ()
    stands: bool = False
    log: int = 0
    """The market's log it is about; 0 for the log that is judged."""

    @property
    def id(self) -> str:
        """The same for the same finding whenever it is made: to tell a new one from one known.

        A standing one is known by what it is about: a balance that disagrees stays the same finding while
        both figures move.
        """
        if self.stands:
            told = [f"{name}={self.what.facts[name]}" for name in _ABOUT if name in self.what.facts]
        else:
            told = [str(self.seq), str(self.what)]
        if self.log:
            told.append(f"log={self.log}")
        text = " ".join((self.what.code, str(self.accounts), *told))
        return digest(text.encode(errors="backslashreplace")).hex()[:16]

    def sentence(self, lang: Lang) -> str:
        """What is wrong, in characters that can be kept and shown whatever the database holds."""
        place = Text(f"市场日志 {self.log}:", f"Market log {self.log}: ").in_(lang) if self.log else ""
        text = place + self.what.sentence(lang).replace("\x00", "\\x00")
        return text.encode(errors="backslashreplace").decode()

    def as_json(self) -> dict[str, object]:
        where = {"log": self.log} if self.log else {}
        return {**where, "seq": self.seq, "accounts": list(self.accounts), **self.what.as_json()}

    @property
    def entry(self) -> str | None:
        """The entry it concerns as people read it."""
        return place(self.log, self.seq)

    def __str__(self) -> str:
        return f"log {self.log}: {self.what}" if self.log else str(self.what)


@dataclass(frozen=True, slots=True)
class MarketFacts:
    """How far a market's own log was judged. hash: of its newest entry, hex."""

    log: int
    name: str
    entries: int
    records: int
    trades: int
    seq: int
    hash: str

    def as_json(self) -> dict[str, object]:
        return {
            "log": self.log,
            "market": self.name,
            "entries": self.entries,
            "records": self.records,
            "trades": self.trades,
            "log_seq": self.seq,
            "log_hash": self.hash,
        }


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit's counts and findings, in the order in which they were met.

    entries: read from the log. records … conservation describe the state the reference kernel reached, up to
    the first finding in the log. transactions: judged by the rules. rows: compared with what the log tells.
    conservation: instrument number → Σ(available + held) over all accounts, zero when all is well. log_seq,
    log_hash (hex): the newest entry reached. markets: each with its own log, as far as it was judged.
    """

    entries: int
    records: int
    accounts: int
    instruments: int
    cells: int
    holds: int
    findings: tuple[Finding, ...]
    conservation: Mapping[int, int]
    log_seq: int
    log_hash: str
    seconds: float
    transactions: int = 0
    rows: int = 0
    markets: tuple[MarketFacts, ...] = ()

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def first_bad(self) -> Finding | None:
        return self.findings[0] if self.findings else None

    def as_json(self) -> dict[str, object]:
        return {
            "ok": self.ok,
            "entries": self.entries,
            "records": self.records,
            "accounts": self.accounts,
            "instruments": self.instruments,
            "cells": self.cells,
            "holds": self.holds,
            "transactions": self.transactions,
            "rows": self.rows,
            "markets": [one.as_json() for one in self.markets],
            "log_seq": self.log_seq,
            "log_hash": self.log_hash,
            "conservation": {str(number): total for number, total in self.conservation.items()},
            "first_bad": self.first_bad.as_json() if self.first_bad else None,
            "findings": [finding.as_json() for finding in self.findings],
            "seconds": round(self.seconds, 3),
        }
