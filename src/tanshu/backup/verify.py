"""Verifying a backup with no database: every hash, every link, every result and every row, once more."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from tanshu import app  # noqa: F401 - declares every room's tables, which the rows are about
from tanshu.backup import checks, kept, markets
from tanshu.backup.folder import Folder
from tanshu.backup.markets import MarketKept, MarketReplica, Reach
from tanshu.backup.reading import beside, entries
from tanshu.backup.segment import Header
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book import rows
from tanshu.book.projections import Progress
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.book.told import Tables
from tanshu.log import store
from tanshu.log.store import Written


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup in which everything follows. seq, time_ns, hash: its newest entry; state: the digest of the
    book it leads to; tables: rows it leads to, by table; kept: rows beside the log, by kind; size: bytes of
    the folder; markets: each as far as it goes with the book."""

    book: str
    segments: int
    entries: int
    records: int
    seq: int
    time_ns: int
    hash: bytes
    state: bytes
    tables: dict[str, int]
    kept: dict[str, int]
    size: int
    markets: tuple[MarketKept, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """How a database stands to a backup. common: the newest entry that both have, -1 for none. log: the
    market's log with which it is not as the book says; 0 where there is none."""

    how: Literal["same", "ahead", "behind", "forked", "other"]
    common: int
    backup_seq: int
    database_seq: int
    log: int = 0

    @property
    def is_good(self) -> bool:
        """Has the database everything that the backup has?"""
        return self.how in ("same", "ahead")


class Replica:
    """What the entries lead to, nothing believed: the book's state, and the tables of the rooms."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.state = State()
        self.tables = Tables()
        self.records = 0

    def follow(self, written: list[Written]) -> None:
        """Take further entries. Raises Refused LOG-1003, BAK-2005, BAK-2007, BOOK-1301."""
        self.records += replay((one.entry for one in written), self.state, self.tail)
        for one in written:
            beside(one)
            try:
                self.tables.apply(rows.decode(one.rows))
            except KeyError as error:
                raise Refused(checks.UNKNOWN_ROWS(seq=one.entry.seq, name=error.args[0])) from None


def verify(path: Path, progress: Progress | None = None) -> Verified:
    """Go through a backup from its first entry to its last.

    Raises Refused BAK-2xxx or LOG-1003, naming the file or the entry that is not what was written.
    """
    folder = Folder.open(path)
    newest = folder.newest()
    replica = Replica()
    there = markets.folders(path)
    reach = Reach.of(there)
    for written in entries(folder):
        replica.follow(written)
        reach.follow(written)
        if progress:
            progress(replica.tail.seq, newest)
    ends = {log: reach.end(log, there[log]) for log in markets.told(replica.tables) if log in there}
    markets.check_there(path, replica.tables, ends)
    return Verified(
        folder.book,
        len(folder.spans()),
        replica.tail.seq + 1,
        replica.records,
        replica.tail.seq,
        replica.tail.time_ns,
        replica.tail.hash,
        replica.state.digest(),
        {name: len(table.by_key) for name, table in replica.tables.items() if table.by_key},
        {kind: len(kept.newest(folder, kind)) for kind in kept.KINDS},
        folder.size + sum(one.size for one in there.values()),
        tuple(_verified(log, there[log], end, replica.tables) for log, end in ends.items()),
    )


def _verified(log: int, folder: Folder, end: int, tables: Tables) -> MarketKept:
    """Go through a market's log as far as it goes with the book."""
    replica = MarketReplica(log, markets.closes(tables, log))
    for written in entries(folder, end):
        replica.follow(written)
    tail = replica.tail
    left_out = folder.newest() - end
    return MarketKept(
        log, folder.book, tail.seq + 1, tail.seq, tail.hash, replica.engine.state_hash(), left_out
    )


# -- beside a database -------------------------------------------------------------------------------------


def stands(path: Path, database: Database, log: int = store.REGISTRY_LOG) -> Standing:
    """How a database stands to a backup: has it lost entries, gone on, or gone another way?

    Where one of its markets does not stand as well as the book does, that market is what is answered.
    """
    folder = Folder.open(path)
    with database.read() as conn:
        of_book = standing(conn, folder, log)
        if of_book.is_good:
            for market, one in markets.folders(path).items():
                found = standing(conn, one, market)
                if not found.is_good:
                    return replace(found, log=market)
        return of_book


def standing(conn: Connection, folder: Folder, log: int) -> Standing:
    last, tail = folder.last(), store.tail(conn, log)
    ours, newest = last.last if last else -1, tail[0] if tail else -1
    if store.hash_at(conn, log, 0) != folder.genesis:
        return Standing("other", -1, ours, newest)
    both = common(conn, folder, log)
    if both == ours:
        return Standing("same" if newest == ours else "ahead", both, ours, newest)
    return Standing("behind" if both == newest else "forked", both, ours, newest)


def common(conn: Connection, folder: Folder, log: int) -> int:
    """The newest entry that backup and database have alike, -1 for none.

    Entries are chained: where two agree, all before them do. So the place is found by halving.
    """
    spans = folder.spans()
    same = bisect_left(spans, True, key=lambda span: not _agrees(conn, log, folder.read(span)[0]))
    both = spans[same - 1].last if same else -1
    if same < len(spans):
        for one in folder.read(spans[same])[1]:
            if store.hash_at(conn, log, one.entry.seq) != one.entry.hash:
                break
            both = one.entry.seq
    return both


def _agrees(conn: Connection, log: int, header: Header) -> bool:
    return store.hash_at(conn, log, header.last) == header.hash
