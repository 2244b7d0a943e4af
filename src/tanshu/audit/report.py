"""What an audit answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal
from tanshu.base.text import Lang

_ABOUT = ("account", "instrument", "table", "key", "column", "projection", "at")
"""The facts of a standing finding that say what it is about."""


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
        text = " ".join((self.what.code, str(self.accounts), *told))
        return digest(text.encode(errors="backslashreplace")).hex()[:16]

    def sentence(self, lang: Lang) -> str:
        """What is wrong, in characters that can be kept and shown whatever the database holds."""
        text = self.what.sentence(lang).replace("\x00", "\\x00")
        return text.encode(errors="backslashreplace").decode()

    def as_json(self) -> dict[str, object]:
        return {"seq": self.seq, "accounts": list(self.accounts), **self.what.as_json()}

    def __str__(self) -> str:
        return str(self.what)


@dataclass(frozen=True, slots=True)
class AuditReport:
    """An audit's counts and findings, in the order in which they were met.

    entries: read from the log. records … conservation describe the state the reference kernel reached, up to
    the first finding in the log. transactions: judged by the rules. rows: compared with what the log tells.
    conservation: instrument number → Σ(available + held) over all accounts, zero when all is well. log_seq,
    log_hash (hex): the newest entry reached.
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
            "log_seq": self.log_seq,
            "log_hash": self.log_hash,
            "conservation": {str(number): total for number, total in self.conservation.items()},
            "first_bad": self.first_bad.as_json() if self.first_bad else None,
            "findings": [finding.as_json() for finding in self.findings],
            "seconds": round(self.seconds, 3),
        }
