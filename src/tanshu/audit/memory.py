"""What a follower remembers between two rounds: its own state, the hashes it has seen, what it has found.

It is kept in a file of the follower's own, never in the database it judges. The file is one line that names
format and hash, then deflated JSON; it is written beside the old one and put in its place, so a
killed follower finds the last whole round. Keep it on another machine than the database.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tanshu.audit import checks
from tanshu.audit.business import Business
from tanshu.audit.clearing.holdings import Settling
from tanshu.audit.judge import Judge
from tanshu.audit.market import Markets, remembered
from tanshu.audit.report import Finding, place
from tanshu.audit.settled import FINAL, Settled
from tanshu.base.canonical import digest, plain
from tanshu.base.refusal import Refused
from tanshu.book import rows, told
from tanshu.book.reference import Instrument, ReferenceBook
from tanshu.book.replay import Tail
from tanshu.book.rows import INSERT, Change

_MAGIC = b"tanshu-audit-memory"
_FORMAT = b"1"
MARKS_MAX = 64
FOUND_MAX = 1_000
"""Findings kept in full, the newest; all of them are counted, and stand in the report."""

Mark = tuple[int, str]
"""Sequence number and hash of an entry that was seen."""


@dataclass
class Known:
    """A finding as it was first made. ended: a standing one that was no longer there in a later round."""

    id: str
    seq: int | None
    code: str
    stands: bool
    accounts: list[str]
    zh: str
    en: str
    at_ns: int
    ended: bool = False
    log: int = 0
    """The market's log; 0 for the one that is followed."""

    @property
    def entry(self) -> str | None:
        """The entry it concerns as people read it."""
        return place(self.log, self.seq)

    @classmethod
    def of(cls, finding: Finding, accounts: list[str], at_ns: int) -> Known:
        return cls(
            finding.id,
            finding.seq,
            finding.what.code,
            finding.stands,
            accounts,
            finding.sentence("zh"),
            finding.sentence("en"),
            at_ns,
            log=finding.log,
        )


@dataclass
class Wanted:
    """An account that is to be blocked, and over what."""

    account: str
    finding: str
    seq: int | None
    note: str
    key: str


@dataclass
class Memory:
    """A follower's memory of one log. found: the newest findings; ever: how many there were."""

    book: str
    log: int
    judge: Judge = field(default_factory=Judge)
    markets: Markets = field(default_factory=Markets)
    marks: list[Mark] = field(default_factory=list)
    found: list[Known] = field(default_factory=list)
    ever: int = 0
    wanted: list[Wanted] = field(default_factory=list)
    rounds: int = 0

    def mark(self) -> None:
        """Remember the hash of the newest entry; older marks stand ever wider apart."""
        here = (self.judge.tail.seq, self.judge.tail.hash.hex())
        if here not in self.marks[-1:]:
            self.marks.append(here)
        if len(self.marks) > MARKS_MAX:
            half = MARKS_MAX // 2
            self.marks = self.marks[:half:2] + self.marks[half:]

    def open(self) -> list[Known]:
        """Standing findings that were still there in the last round."""
        return [known for known in self.found if known.stands and not known.ended]


# -- the file ----------------------------------------------------------------------------------------------


def save(memory: Memory, path: Path) -> None:
    """Write the memory, whole or not at all."""
    body = zlib.compress(json.dumps(_as_data(memory), default=_plain).encode(), 1)
    head = b" ".join((_MAGIC, _FORMAT, digest(body).hex().encode()))
    beside = path.with_name(path.name + ".new")
    with beside.open("wb") as file:
        file.write(head + b"\n" + body)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def beat(path: Path) -> None:
    """Nothing is new: only the time of the file says that the follower is alive."""
    os.utime(path)


def put_aside(path: Path) -> None:
    """Keep what was remembered as FILE.old: whoever begins anew may still have to show it."""
    if path.exists():
        path.replace(path.with_name(path.name + ".old"))


def load(path: Path) -> Memory:
    """Read a memory. Raises Refused AUD-7001 (torn or altered), 7003 (another version), 7004 (none)."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Refused(checks.MEMORY_MISSING(field="state", path=path)) from None
    head, _, body = data.partition(b"\n")
    parts = head.split(b" ")
    if len(parts) != 3 or parts[0] != _MAGIC:
        raise _damaged(path, "it does not begin like one")
    if parts[1] != _FORMAT:
        raise Refused(checks.MEMORY_VERSION(field="state", path=path))
    if digest(body).hex().encode() != parts[2]:
        raise _damaged(path, "its bytes do not have the hash that stands in it")
    try:
        return _from_data(json.loads(zlib.decompress(body)))
    except (KeyError, ValueError, TypeError, Refused):  # whole, yet of tables or fields not known here
        raise Refused(checks.MEMORY_VERSION(field="state", path=path)) from None


def _damaged(path: Path, why: str) -> Refused:
    return Refused(checks.MEMORY_DAMAGED(field="state", path=path, why=why))


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, where folders can be synced."""
    try:
        opened = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(opened)
    except OSError:
        pass
    finally:
        os.close(opened)


# -- as data -----------------------------------------------------------------------------------------------


def _as_data(memory: Memory) -> dict[str, Any]:
    return {
        "book": memory.book,
        "log": memory.log,
        "judge": _judge_data(memory.judge),
        "markets": remembered.as_data(memory.markets),
        "marks": memory.marks,
        "found": memory.found,
        "ever": memory.ever,
        "wanted": memory.wanted,
        "rounds": memory.rounds,
    }


def _from_data(data: Mapping[str, Any]) -> Memory:
    return Memory(
        data["book"],
        data["log"],
        _judge(data["judge"]),
        remembered.of_data(data["markets"]),
        [(seq, hash) for seq, hash in data["marks"]],
        [Known(**one) for one in data["found"]],
        data["ever"],
        [Wanted(**one) for one in data["wanted"]],
        data["rounds"],
    )


def _judge_data(judge: Judge) -> dict[str, Any]:
    tail, book, business = judge.tail, judge.reference, judge.business
    return {
        "tail": [tail.seq, tail.time_ns, tail.hash.hex(), tail.engine, tail.era],
        "sound": judge.sound,
        "entries": judge.entries,
        "records": judge.records,
        "accounts": list(book.accounts.items()),
        "instruments": [[number, *facts] for number, facts in book.instruments.items()],
        "cells": book.cells(),
        "holds": book.open_holds(),
        "tables": {name: _table_data(table) for name, table in business.facts.tables.items()},
        "settled": {name: [count, hex(total)] for name, (count, total) in business.settled.sums.items()},
        "earned": _cells(business.earned),
        "waiting": _cells(business.waiting),
        "transactions": business.transactions,
        "settling": business.settling.as_data(),
    }


def _judge(data: Mapping[str, Any]) -> Judge:
    judge = Judge()
    seq, time_ns, hash, engine, era = data["tail"]
    judge.tail = Tail(seq, time_ns, bytes.fromhex(hash), engine, era)
    judge.sound, judge.entries, judge.records = data["sound"], data["entries"], data["records"]
    judge.reference = ReferenceBook.of(
        dict(data["accounts"]),
        {number: Instrument(*facts) for number, *facts in data["instruments"]},
        data["cells"],
        data["holds"],
    )
    told = data["settled"]  # of every table, or it is another version's: KeyError
    settled = {name: (told[name][0], int(told[name][1], 16)) for name in FINAL}
    business = Business(_tables(data["tables"]), Settled(settled))
    business.earned.update({(a, i): quantity for a, i, quantity in data["earned"]})
    business.waiting.update({(a, i): quantity for a, i, quantity in data["waiting"]})
    business.transactions = data["transactions"]
    business.settling = Settling.of_data(data["settling"])
    judge.business = business
    return judge


def _table_data(table: told.Rows) -> list[object]:
    """Column names first, then the rows."""
    return [table.columns, *table.by_key.values()]


def _tables(data: Mapping[str, Any]) -> told.Tables:
    """The tables again: each row as the insert that would tell it, which knows the columns' types."""
    changes = [
        Change(INSERT, name, {}, dict(zip(columns, row, strict=True)))
        for name, (columns, *table) in data.items()
        for row in table
    ]
    return told.fold(rows.decode(json.dumps(changes).encode()))


def _plain(value: object) -> object:
    """What JSON does not know, as `rows` writes it."""
    return vars(value) if isinstance(value, Known | Wanted) else plain(value)


def _cells(amounts: Mapping[tuple[int, int], int]) -> list[list[int]]:
    return [[account, instrument, q] for (account, instrument), q in sorted(amounts.items()) if q]
