"""The judge: takes the log in entry by entry, believes nothing, and keeps a state of its own.

An entry is judged by its own bytes and its link, then by the reference kernel, then by the rules of the
register. Once the log itself is wrong, the state is not carried on; later entries are still judged by
themselves, so that one altered entry can be told from many.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from tanshu.audit import checks
from tanshu.audit.business import Business
from tanshu.audit.clearing import seal
from tanshu.audit.report import Finding
from tanshu.audit.rows import Stored
from tanshu.base.canonical import digest
from tanshu.base.refusal import Refusal, RefusalKind
from tanshu.book.records import RECORD, Row, decode
from tanshu.book.reference import Record, ReferenceBook
from tanshu.book.replay import Tail
from tanshu.log import entry as log_entry
from tanshu.log.entry import Entry, is_genesis, is_intact, may_follow
from tanshu.log.store import unpacked

_UNKNOWN = b""
"""The hash of an entry whose row cannot be believed."""
_FEW_HOLDS = 1_000

Flaw = tuple[RefusalKind, Mapping[str, Any]]


class Judge:
    """Where a judgement stands: the newest entry, the state by the reference kernel, what the rooms told.

    sound: nothing was wrong with the log so far, so the state is that of `tail`.
    """

    def __init__(self) -> None:
        self.tail = Tail()
        self.reference = ReferenceBook()
        self.business = Business()
        self.sound = True
        self.entries = 0
        self.records = 0
        self._holds_kept = 0

    def look_at(self, stored: Stored) -> list[Finding]:
        """Take the next row of the log in; everything that is wrong with it."""
        self.entries += 1
        found = self._in_itself(stored)
        if found:
            self.sound = False
        if not self.sound or stored.entry is None:
            return found
        return self._in_effect(stored.entry, unpacked(stored.rows))

    def forget_ended_holds(self) -> None:
        """A hold of which nothing is left is not named again: memory follows open positions, not history.

        They are looked through when there are twice as many as were kept last time, so that it costs little.
        """
        holds = self.reference.holds
        if len(holds) > 2 * self._holds_kept + _FEW_HOLDS:
            self.reference.holds = {at: hold for at, hold in holds.items() if hold[2]}
            self._holds_kept = len(self.reference.holds)

    # -- one entry -----------------------------------------------------------------------------------------

    def _in_itself(self, stored: Stored) -> list[Finding]:
        """Check one row by itself and its link to the one before; move the tail along."""
        self.tail, found = in_itself(stored, self.tail)
        return [_finding(seq, kind, **facts) for seq, kind, facts in found]

    def _in_effect(self, entry: Entry, told: bytes) -> list[Finding]:
        """Apply a sound entry to the reference, then ask the rules."""
        records = decode(entry.records).tolist()
        wrong = self._apply(entry, records)
        if wrong:
            self.sound = False
            return [wrong]
        self.records += len(records)
        found = self.business.look_at(entry, told, records, self.reference.accounts)
        return found + seal.judge(entry, told, self.reference)

    def _apply(self, entry: Entry, records: list[Row]) -> Finding | None:
        if entry.engine < log_entry.ENGINE:
            impossible = self.reference.take_effect(entry.seq, records, entry.results)
            return None if impossible is None else _result(entry, impossible, records[impossible], None)
        answered = self.reference.apply(entry.seq, records)
        for i, (stored, reference) in enumerate(zip(entry.results, answered, strict=True)):
            if stored != reference:
                return _result(entry, i, records[i], reference)
        return None


def in_itself(stored: Stored, before: Tail) -> tuple[Tail, list[tuple[int, RefusalKind, Mapping[str, Any]]]]:
    """One row of any log by itself, and its link to the one before: the tail after it, and what is wrong
    with which entry."""
    expected = before.seq + 1
    found: list[tuple[int, RefusalKind, Mapping[str, Any]]] = []
    if stored.seq is not None and stored.seq != expected:
        found.append((expected, checks.MISSING, {"found": stored.seq}))
        expected = stored.seq
    if stored.entry is None:
        return Tail(expected, before.time_ns, _UNKNOWN), [
            *found,
            (expected, checks.KIND, {"column": stored.wrong}),
        ]
    found += [(stored.entry.seq, kind, facts) for kind, facts in _flaws(stored, before)]
    return Tail.at(stored.entry), found


def _result(entry: Entry, i: int, record: Row, reference: int | None) -> Finding:
    facts = {"seq": entry.seq, "record": i, "stored": entry.results[i], "reference": reference}
    return Finding(entry.seq, checks.RESULT(**facts), (Record(*record).debit,))


def _finding(seq: int, kind: RefusalKind, **facts: object) -> Finding:
    return Finding(seq, Refusal(kind, None, {"seq": seq, **facts}))


def _flaws(stored: Stored, before: Tail) -> list[Flaw]:
    """What is wrong with one entry: its own bytes first, then its place."""
    entry, answer = stored.entry, stored.answer
    assert entry
    first = entry.seq == 0
    found: list[Flaw] = []
    if not is_intact(entry):
        found.append((checks.HASH, {}))
    if digest(answer) != entry.answer_hash:
        found.append((checks.ANSWER, {}))
    if not _rows_match(entry, stored.rows):
        found.append((checks.ROWS, {}))
    # After a gap, or an unreadable row, the entry before is not there to be compared with.
    follows = entry.seq == before.seq + 1 and before.hash != _UNKNOWN
    if follows and entry.prev_hash != before.hash:
        found.append((checks.LINK, {"before": before.seq}))
    if not first and entry.time_ns <= before.time_ns:
        found.append((checks.TIME, {"time_ns": entry.time_ns, "before_ns": before.time_ns}))
    found += _engine(entry, before)
    if len(entry.records) != RECORD.itemsize * len(entry.results):
        found.append((checks.SHAPE, {"bytes": len(entry.records), "results": len(entry.results)}))
    if first and not is_genesis(entry, answer):
        found.append((checks.GENESIS, {}))
    return found


def _engine(entry: Entry, before: Tail) -> list[Flaw]:
    """Is it written by an engine that this program can follow, in the era of the entry before?"""
    facts = {"engine": entry.engine, "era": entry.era}
    if entry.engine > log_entry.ENGINE or (entry.seq == 0 and entry.era != log_entry.ERA):
        return [(checks.ENGINE, facts)]
    if before.engine is None or before.era is None or may_follow(entry, before.engine, before.era):
        return []
    return [(checks.ERA, facts)]


def _rows_match(entry: Entry, stored: bytes) -> bool:
    try:
        return digest(unpacked(stored)) == entry.rows_hash
    except zlib.error:
        return False
