"""The audit: one walk along the log, one look at the state it leads to."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from tanshu.audit import checks, compare, rows
from tanshu.audit.report import AuditReport, Finding
from tanshu.audit.rows import Stored
from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.base.refusal import Refusal, RefusalKind, Refused
from tanshu.book.records import RECORD, decode
from tanshu.book.reference import ReferenceBook
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.log.entry import ENGINE, ERA, Entry, genesis, is_intact
from tanshu.log.store import REGISTRY_LOG, unpacked

_UNKNOWN = b""
"""The hash of an entry whose row cannot be believed."""
FINDINGS_MAX = 100
"""An audit that has found this much has said enough."""


def run(
    database: Database, log: int = REGISTRY_LOG, progress: Callable[[int], None] | None = None
) -> AuditReport:
    """Audit one log. progress: told now and then how many entries have been read.

    From the first finding on the state is no longer carried forward, but every later entry is still checked
    by itself, so that the report tells one altered entry from many.
    """
    started = time.perf_counter()
    walk = _Walk(log)
    with walk.surviving(), database.read() as conn:
        for chunk in rows.chunks(conn, log):
            walk.look_at(chunk)
            if progress:
                progress(walk.entries)
        walk.look_around(
            twice=rows.used_twice(conn, log),
            others=rows.other_logs(conn, log),
        )
    with walk.surviving(), database.read() as conn:
        for complaint in rows.integrity(conn):
            walk.find(None, checks.INTEGRITY, why=complaint)
    walk.look_at_state()
    return walk.report(time.perf_counter() - started)


class _Walk:
    """Where the audit stands: what it has read, the two states, what it has found."""

    def __init__(self, log: int):
        self.log = log
        self.entries = 0
        self.records = 0
        self.findings: list[Finding] = []
        self.tail = Tail()
        self.reference = ReferenceBook()
        self.fast = State()
        self.fast_tail = Tail()

    def find(self, seq: int | None, kind: RefusalKind, **facts: object) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(seq, Refusal(kind, None, {"seq": seq, **facts})))

    @contextmanager
    def surviving(self) -> Iterator[None]:
        """A database that cannot be read is a finding, not a crash."""
        try:
            yield
        except rows.DATABASE_ERRORS as error:
            why = str(getattr(error, "orig", None) or error).strip()
            self.find(self.tail.seq + 1, checks.UNREADABLE, why=why)

    # -- along the log -------------------------------------------------------------------------------------

    def look_at(self, chunk: list[Stored]) -> None:
        good: list[Entry] = []
        for stored in chunk:
            self.entries += 1
            if self._is_good(stored) and stored.entry and self._replays(stored.entry):
                good.append(stored.entry)
        try:
            replay(good, self.fast, self.fast_tail)
        except Refused as stopped:
            self.find(self.fast_tail.seq + 1, checks.KERNEL, why=stopped.refusal.sentence("en"))

    def _is_good(self, stored: Stored) -> bool:
        """Check one entry by itself and its link to the one before; move the tail along."""
        found = len(self.findings)
        before, expected = self.tail, self.tail.seq + 1
        if stored.seq is not None and stored.seq != expected:
            self.find(expected, checks.MISSING, found=stored.seq)
            expected = stored.seq
        if stored.entry is None:
            self.find(expected, checks.KIND, column=stored.wrong)
            self.tail = Tail(expected, before.time_ns, _UNKNOWN)
            return False
        for finding in _flaws(stored, before):
            self.find(stored.entry.seq, finding[0], **finding[1])
        self.tail = Tail(expected, stored.entry.time_ns, stored.entry.hash)
        return len(self.findings) == found

    def _replays(self, entry: Entry) -> bool:
        """Apply an entry to the reference, unless something before it was already wrong."""
        if self.findings:
            return False
        answered = self.reference.apply(entry.seq, decode(entry.records).tolist())
        self.records += len(answered)
        for i, (stored, reference) in enumerate(zip(entry.results, answered, strict=True)):
            if stored != reference:
                self.find(entry.seq, checks.RESULT, record=i, stored=stored, reference=reference)
                return False
        return True

    def look_around(
        self, twice: list[tuple[int, int]], others: list[tuple[object, int, object, object]]
    ) -> None:
        """What one entry after the other does not show."""
        if not self.entries:
            self.find(0, checks.NO_GENESIS, log=self.log)
        for first, again in twice:
            self.find(again, checks.KEY, first=first)
        for log, entries, first, last in others:
            if (first, last) != (0, entries - 1):
                self.find(None, checks.STRAY, log=log, entries=entries, first=first, last=last)

    # -- at its end ----------------------------------------------------------------------------------------

    def look_at_state(self) -> None:
        """The two kernels must agree in everything, and every instrument must sum to zero."""
        if not self.findings:
            for what in compare.differences(self.reference, self.fast):
                self._find_in_state(what)
        for instrument, total in compare.conservation(self.reference).items():
            if total:
                self._find_in_state(checks.CONSERVATION(instrument=instrument, sum=total))

    def _find_in_state(self, what: Refusal) -> None:
        if len(self.findings) < FINDINGS_MAX:
            self.findings.append(Finding(self.tail.seq, what))

    def report(self, seconds: float) -> AuditReport:
        book = self.reference
        return AuditReport(
            entries=self.entries,
            records=self.records,
            accounts=len(book.accounts),
            instruments=len(book.instruments),
            cells=len(book.cells()),
            holds=len(book.open_holds()),
            findings=tuple(self.findings),
            conservation=compare.conservation(book),
            log_seq=self.tail.seq,
            log_hash=self.tail.hash.hex(),
            seconds=seconds,
        )


def _flaws(stored: Stored, before: Tail) -> list[tuple[RefusalKind, Mapping[str, object]]]:
    """What is wrong with one entry: its own bytes first, then its place."""
    entry, answer = stored.entry, stored.answer
    assert entry
    first = entry.seq == 0
    found: list[tuple[RefusalKind, Mapping[str, object]]] = []
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
    if (entry.engine, entry.era) != (ENGINE, ERA):
        found.append((checks.ENGINE, {"engine": entry.engine, "era": entry.era}))
    if len(entry.records) != RECORD.itemsize * len(entry.results):
        found.append((checks.SHAPE, {"bytes": len(entry.records), "results": len(entry.results)}))
    if first and not _is_genesis(entry, answer):
        found.append((checks.GENESIS, {}))
    return found


def _rows_match(entry: Entry, stored: bytes) -> bool:
    try:
        return digest(unpacked(stored)) == entry.rows_hash
    except zlib.error:
        return False


def _is_genesis(entry: Entry, answer: bytes) -> bool:
    """Does entry 0 follow from the facts it states?"""
    try:
        name = json.loads(answer)["book"]
        return (entry, answer) == genesis(str(name), entry.time_ns)
    except (ValueError, KeyError, TypeError):
        return False
