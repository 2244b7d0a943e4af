"""The follower: an independent process that keeps up with the log and judges every entry by itself.

A round reads what is new in one snapshot of the database, so nothing it compares is half-way. First the log
must still be the one it saw: the hashes it remembers stand where they stood. Then every new entry is judged;
then what the house keeps and shows is laid beside the follower's own state.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection

from tanshu.audit import blocking, checks, compare, memory, reconcile, rows
from tanshu.audit.judge import Judge
from tanshu.audit.memory import FOUND_MAX, Known, Memory, Wanted
from tanshu.audit.report import Finding
from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book import projections
from tanshu.book.movements import Movements
from tanshu.log import store
from tanshu.log.checks import NOT_INITIALISED

REST = 9
"""After comparing all tables, so many times as long passes before that is done again."""

Progress = Callable[[int, int], None]
"""Told the entry reached and the newest one."""


@dataclass(frozen=True, slots=True)
class Orders:
    """What a follower does besides looking.

    report: a file to which each finding is added, one JSON object a line. auditor: who blocks, "" for nobody.
    system: block sources, sinks and authorities' accounts, too.
    """

    report: Path | None = None
    auditor: str = ""
    system: bool = False


class Round(NamedTuple):
    """What one round came to. found: findings that are new; standing: how many older ones still stand.

    blocked: accounts stopped in this round; spared: those that were to be stopped and were not, and why.
    """

    n: int
    seq: int
    hash: str
    entries: int
    records: int
    transactions: int
    found: tuple[Known, ...]
    standing: int
    sound: bool
    blocked: tuple[str, ...]
    spared: tuple[tuple[str, str], ...]
    seconds: float

    @property
    def ok(self) -> bool:
        return self.sound and not (self.found or self.standing)


class Follower:
    """One follower of one log, with its memory in a file."""

    def __init__(self, database: Database, kept: Memory, path: Path, orders: Orders | None = None):
        self.database, self.memory, self.path = database, kept, path
        self.orders = orders or Orders()
        self._tables_found: list[Finding] = []
        self._rest_until = 0.0
        self._standing = -1  # before the first round of this process

    @classmethod
    def at(
        cls,
        database: Database,
        path: Path,
        orders: Orders | None = None,
        *,
        log: int = store.REGISTRY_LOG,
        fresh: bool = False,
    ) -> Follower:
        """A follower that takes up where its file says; without one, or `fresh`, it begins at entry 0.

        Raises Refused AUD-7001 to 7003 (the file), LOG-1002 (no book).
        """
        name = _book_name(database, log)
        if name is None:
            raise Refused(NOT_INITIALISED(field="db"))
        if fresh:
            memory.put_aside(path)
        kept = memory.load(path) if path.exists() else Memory(name, log)
        if kept.log != log or (kept.book != name and "" not in (kept.book, name)):
            raise Refused(checks.MEMORY_OTHER(field="state", path=path, known=kept.book, book=name))
        return cls(database, kept, path, orders)

    def round(self, progress: Progress | None = None) -> Round:
        """Judge what is new, compare, report, block, remember: in this order, a kill loses nothing."""
        started = time.perf_counter()
        judge = self.memory.judge
        before = (judge.entries, judge.records, judge.business.transactions)
        found = self._look(progress)
        news, standing = self._sort_out(found)
        self._tell(news)
        blocked, spared = self._block()
        self.memory.rounds += 1
        done = (judge.entries, judge.records, judge.business.transactions)
        self._keep(is_news=done != before or bool(news or blocked or spared) or standing != self._standing)
        self._standing = standing
        return Round(
            self.memory.rounds,
            judge.tail.seq,
            judge.tail.hash.hex(),
            *(now - then for now, then in zip(done, before, strict=True)),
            found=tuple(news),
            standing=standing,
            sound=judge.sound,
            blocked=tuple(blocked),
            spared=tuple(spared),
            seconds=time.perf_counter() - started,
        )

    def _keep(self, *, is_news: bool) -> None:
        """Write the file where there is something new to remember, else only show that one is alive."""
        if is_news:
            memory.save(self.memory, self.path)
        else:
            memory.beat(self.path)

    # -- looking -------------------------------------------------------------------------------------------

    def _look(self, progress: Progress | None) -> list[Finding]:
        found: list[Finding] = []
        try:
            self._bring_forward()
            with self.database.read() as conn:
                found += self._rewritten(conn)
                if not found:
                    self._along(conn, found, progress)
                    found += self._beside(conn)
        except rows.DATABASE_ERRORS as error:
            seq, why = self.memory.judge.tail.seq + 1, str(getattr(error, "orig", None) or error).strip()
            found.append(Finding(seq, checks.UNREADABLE(seq=seq, why=why), stands=True))
        return found

    def _bring_forward(self) -> None:
        """What the house shows is brought up to date when somebody reads it; the follower reads it, too.

        Where it may not write, or where the log itself is broken, it compares what is there.
        """
        with self.database.read() as conn:
            if reconcile.foreign(conn, self.memory.log):
                return  # bringing it forward would drop the evidence
        with suppress(Refused, *rows.DATABASE_ERRORS):
            projections.catch_up(self.database, Movements, self.memory.log)

    def _rewritten(self, conn: Connection) -> list[Finding]:
        """Is the log still the one that was seen, and is each market's?"""
        tail = self.memory.judge.tail
        if tail.seq < 0:
            return []
        if markets := self.memory.markets.rewritten(conn):
            return markets
        now = store.hash_at(conn, self.memory.log, tail.seq)
        if now == tail.hash:
            return []
        newest = store.tail(conn, self.memory.log)
        if now is None:
            gone = checks.SHORTER(seq=tail.seq, newest=newest[0] if newest else -1)
            return [Finding(tail.seq, gone, stands=True)]
        other = checks.HISTORY(seq=tail.seq, seen=tail.hash.hex(), found=now.hex(), after=self._agreed(conn))
        return [Finding(tail.seq, other, stands=True)]

    def _agreed(self, conn: Connection) -> int:
        """The newest remembered entry whose hash is still what was seen; −1 when there is none."""
        for seq, seen in reversed(self.memory.marks):
            now = store.hash_at(conn, self.memory.log, seq)
            if now is not None and now.hex() == seen:
                return seq
        return -1

    def _along(self, conn: Connection, found: list[Finding], progress: Progress | None) -> None:
        """Judge every entry that is new, and what the house keeps as of some of them; add to `found`."""
        log, judge = self.memory.log, self.memory.judge
        newest = store.tail(conn, log)
        end = newest[0] if newest else -1
        stops = {seq for seq in reconcile.places(conn, log, judge.tail.seq) if seq < end}
        for stop in (*sorted(stops), end):
            for chunk in rows.chunks(conn, log, judge.tail.seq, stop):
                for stored in chunk:
                    found += judge.look_at(stored)
                found += self.memory.markets.follow(conn, judge.business)
                judge.forget_ended_holds()
                self.memory.mark()
                if progress:
                    progress(judge.tail.seq, end)
            if stop < end:
                found += self._kept(conn, judge)
        found += self.memory.markets.finish(conn, alone=not judge.sound)

    def _beside(self, conn: Connection) -> list[Finding]:
        """What the house keeps and shows as of the newest entry."""
        judge = self.memory.judge
        if not judge.sound:
            return []
        seq = judge.tail.seq
        sums = compare.conservation(judge.reference).items()
        return [
            *self._tables(conn, judge),
            *reconcile.foreign(conn, self.memory.log),
            *self._kept(conn, judge),
            *reconcile.lines(judge.business, judge.reference, seq),
            *(Finding(seq, checks.CONSERVATION(instrument=i, sum=s), stands=True) for i, s in sums if s),
        ]

    def _tables(self, conn: Connection, judge: Judge) -> list[Finding]:
        """The tables beside the log. To read them all takes at most a tenth of the follower's time; in
        between, what was found last time is taken to stand.
        """
        started = time.monotonic()
        if self._rest_until <= started:
            log, seq = self.memory.log, judge.tail.seq
            self._tables_found = reconcile.tables(conn, log, judge.business, seq)
            ended = time.monotonic()
            self._rest_until = ended + REST * (ended - started)
        return self._tables_found

    def _kept(self, conn: Connection, judge: Judge) -> list[Finding]:
        return reconcile.kept(conn, self.memory.log, judge) if judge.sound else []

    # -- what becomes of it --------------------------------------------------------------------------------

    def _sort_out(self, found: list[Finding]) -> tuple[list[Known], int]:
        """Tell new findings from known ones, and note which no longer stand."""
        seen = {finding.id for finding in found}
        known = {one.id for one in self.memory.found if not one.ended}
        for one in self.memory.open():
            one.ended = one.id not in seen
        now = time.time_ns()
        news: list[Known] = []
        facts = self.memory.judge.business.facts
        for finding in found:
            if finding.id in known:
                continue
            known.add(finding.id)
            codes = [facts.code(number) for number in finding.accounts]
            news.append(Known.of(finding, codes, now))
            self._want(news[-1])
        self.memory.found = (self.memory.found + news)[-FOUND_MAX:]
        self.memory.ever += len(news)
        return news, sum(one not in news for one in self.memory.open())

    def _want(self, one: Known) -> None:
        """An account is stopped once over a finding: if people let it go on, it does not stop it again."""
        if self.orders.auditor:
            for account in one.accounts:
                key = digest(f"audit block {one.id} {one.seq} {account}".encode()).hex()[:32]
                self.memory.wanted.append(Wanted(account, one.code, one.seq, f"{one.zh} {one.en}", key))

    def _tell(self, news: list[Known]) -> None:
        """Add the findings to the report before anything else is done about them."""
        if self.orders.report is None or not news:
            return
        with self.orders.report.open("a", encoding="utf-8") as file:
            for one in news:
                file.write(json.dumps(vars(one), ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _block(self) -> tuple[list[str], list[tuple[str, str]]]:
        """Stop the accounts that are to be stopped; those that could not be are tried again next time."""
        if not self.orders.auditor or not self.memory.wanted:
            return [], []
        done = blocking.send(self.database, self.memory.log, self.memory.wanted, self.orders)
        self.memory.wanted = [one for one in self.memory.wanted if one.account in done.again]
        return done.blocked, done.spared


def _book_name(database: Database, log: int) -> str | None:
    """What the book is called; "" where genesis no longer says so, which the judge will name."""
    with database.read() as conn:
        try:
            return store.book_name(conn, log)
        except (ValueError, KeyError, TypeError):
            return ""
