"""The audit: one walk along the log, one look at the state and the tables it leads to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from tanshu.audit import checks, compare, reconcile, rows
from tanshu.audit.judge import Judge
from tanshu.audit.market import Markets
from tanshu.audit.report import AuditReport, Finding
from tanshu.audit.rows import Stored
from tanshu.base.database import Database
from tanshu.base.refusal import Refusal, RefusalKind, Refused
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.log.entry import Entry
from tanshu.log.store import REGISTRY_LOG

FINDINGS_MAX = 100
"""An audit that has found this much has said enough."""


def run(
    database: Database, log: int = REGISTRY_LOG, progress: Callable[[int], None] | None = None
) -> AuditReport:
    """Audit a book, the logs of its markets, and what lies beside them.

    progress: told now and then how many entries of the book have been read.

    From the first finding in the log itself on the state is no longer carried forward, but every later entry
    is still checked by itself, so that the report tells one altered entry from many.
    """
    started = time.perf_counter()
    walk = _Walk(log)
    with walk.surviving(), database.read() as conn:
        walk.along(conn, progress)
        walk.look_at_markets(conn)
        walk.look_around(
            twice=rows.used_twice(conn, log),
            others=rows.other_logs(conn, log),
        )
        walk.look_beside(conn)
    with walk.surviving(), database.read() as conn:
        for complaint in rows.integrity(conn):
            walk.find(None, checks.INTEGRITY, why=complaint)
    walk.look_at_state()
    return walk.report(time.perf_counter() - started)


class _Walk:
    """Where the audit stands: the judge, the fast kernel's state beside it, what was found."""

    def __init__(self, log: int):
        self.log = log
        self.judge = Judge()
        self.markets = Markets()
        self.findings: list[Finding] = []
        self.fast = State()
        self.fast_tail = Tail()
        self.rows = 0

    def add(self, found: list[Finding]) -> None:
        self.findings += found[: FINDINGS_MAX - len(self.findings)]

    def find(self, seq: int | None, kind: RefusalKind, **facts: object) -> None:
        self.add([Finding(seq, Refusal(kind, None, {"seq": seq, **facts}))])

    @contextmanager
    def surviving(self) -> Iterator[None]:
        """A database that cannot be read is a finding, not a crash."""
        try:
            yield
        except rows.DATABASE_ERRORS as error:
            why = str(getattr(error, "orig", None) or error).strip()
            self.find(self.judge.tail.seq + 1, checks.UNREADABLE, why=why)
            self.judge.sound = False

    # -- along the log -------------------------------------------------------------------------------------

    def along(self, conn: Connection, progress: Callable[[int], None] | None) -> None:
        """Every entry; on the way, what the house keeps as of some of them."""
        after = -1
        for place in (*reconcile.places(conn, self.log, after), None):
            for chunk in rows.chunks(conn, self.log, after, place):
                self.look_at(chunk)
                self.add(self.markets.follow(conn, self.judge.business))
                if progress:
                    progress(self.judge.entries)
            if place is not None:
                after = place
                if self.judge.sound and self.judge.tail.seq == place:
                    self.add(reconcile.kept(conn, self.log, self.judge))

    def look_at(self, chunk: list[Stored]) -> None:
        good: list[Entry] = []
        for stored in chunk:
            self.add(self.judge.look_at(stored))
            if self.judge.sound and stored.entry:
                good.append(stored.entry)
        self.judge.forget_ended_holds()
        try:
            replay(good, self.fast, self.fast_tail)
        except Refused as stopped:
            self.find(self.fast_tail.seq + 1, checks.KERNEL, why=stopped.refusal.sentence("en"))

    def look_at_markets(self, conn: Connection) -> None:
        """What markets wrote since the newest entry of the book that concerns them; whatever has a log."""
        self.add(self.markets.finish(conn, alone=not self.judge.sound))
        for log in self.markets.judges:
            for first, again in rows.used_twice(conn, log):
                self.add([Finding(again, checks.KEY(seq=again, first=first), log=log)])

    def look_around(
        self, twice: list[tuple[int, int]], others: list[tuple[object, int, object, object]]
    ) -> None:
        """What one entry after the other does not show."""
        if not self.judge.entries:
            self.find(0, checks.NO_GENESIS, log=self.log)
            self.judge.sound = False
        for first, again in twice:
            self.find(again, checks.KEY, first=first)
        for log, entries, first, last in others:
            if (first, last) != (0, entries - 1):
                self.find(None, checks.STRAY, log=log, entries=entries, first=first, last=last)
        if self.judge.sound:
            self.add(self.markets.unfounded(others))

    def look_beside(self, conn: Connection) -> None:
        """The tables must be what the log tells, and every holding what its transactions come to."""
        if not self.judge.sound:
            return
        business = self.judge.business
        self.add(reconcile.tables(conn, self.log, business, self.judge.tail.seq))
        self.add(reconcile.foreign(conn, self.log))
        self.add(reconcile.movements(conn, self.log, business.facts))
        self.add(reconcile.lines(business, self.judge.reference, self.judge.tail.seq))
        self.rows = business.rows

    # -- at its end ----------------------------------------------------------------------------------------

    def look_at_state(self) -> None:
        """The two kernels must agree in everything, and every instrument must sum to zero."""
        seq = self.judge.tail.seq
        if self.judge.sound:
            self.add([Finding(seq, what) for what in compare.differences(self.judge.reference, self.fast)])
        for instrument, total in compare.conservation(self.judge.reference).items():
            if total:
                self.add([Finding(seq, checks.CONSERVATION(instrument=instrument, sum=total))])

    def report(self, seconds: float) -> AuditReport:
        judge, book = self.judge, self.judge.reference
        return AuditReport(
            entries=judge.entries,
            records=judge.records,
            accounts=len(book.accounts),
            instruments=len(book.instruments),
            cells=len(book.cells()),
            holds=len(book.open_holds()),
            findings=tuple(self.findings),
            conservation=compare.conservation(book),
            log_seq=judge.tail.seq,
            log_hash=judge.tail.hash.hex(),
            seconds=seconds,
            transactions=judge.business.transactions,
            rows=self.rows,
            markets=self.markets.facts(),
        )
