"""Verifying a backup with no database: every hash, every link, every result and every row, once more."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection

from tanshu import app  # noqa: F401 - declares every room's tables, which the rows are about
from tanshu.backup import checks, kept
from tanshu.backup.folder import Folder
from tanshu.backup.segment import Header
from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book import rows
from tanshu.book.projections import Progress
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.book.told import Tables
from tanshu.log import store
from tanshu.log.entry import is_genesis
from tanshu.log.store import Written

_CHUNK_ENTRIES = 500

ANSWER = Text("答复", "an answer")
CHANGES = Text("表行变更", "row changes")


@dataclass(frozen=True, slots=True)
class Verified:
    """A backup in which everything follows. seq, time_ns, hash: its newest entry; state: the digest of the
    book it leads to; tables: rows it leads to, by table; kept: rows beside the log, by kind; size: bytes of
    the folder."""

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


@dataclass(frozen=True, slots=True)
class Standing:
    """How a database stands to a backup. common: the newest entry that both have, -1 for none."""

    how: Literal["same", "ahead", "behind", "forked", "other"]
    common: int
    backup_seq: int
    database_seq: int


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
    for written in entries(folder):
        replica.follow(written)
        if progress:
            progress(replica.tail.seq, newest)
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
        folder.size,
    )


def entries(folder: Folder, upto: int | None = None) -> Iterator[list[Written]]:
    """The entries of a backup up to `upto` (None: the newest), some at a time, as the files tell them."""
    for span in folder.spans():
        if upto is not None and span.first > upto:
            return
        header, written = folder.read(span)
        chunk: list[Written] = []
        for one in _as_promised(header, written):
            if upto is not None and one.entry.seq > upto:
                break
            if one.entry.seq == 0:
                _check_genesis(folder, one)
            chunk.append(one)
            if len(chunk) == _CHUNK_ENTRIES:
                yield chunk
                chunk = []
        if chunk:
            yield chunk


def _as_promised(header: Header, written: Iterable[Written]) -> Iterator[Written]:
    """The entries of a segment, which must be those its header names. Raises Refused BAK-2004."""
    first: Written | None = None
    last: Written | None = None
    for one in written:
        first = first or one
        last = one
        yield one
    if first is None or last is None or Header.of([first, last]) != header:
        why = Text("内容与其抬头不符", "its entries are not those its header names")
        raise Refused(checks.DAMAGED(name=header.name, why=why))


def beside(written: Written) -> None:
    """Check what lies beside an entry. Raises Refused BAK-2005."""
    entry = written.entry
    for what, data, expected in (
        (ANSWER, written.answer, entry.answer_hash),
        (CHANGES, written.rows, entry.rows_hash),
    ):
        if digest(data) != expected:
            raise Refused(checks.BESIDE(seq=entry.seq, what=what))


# -- beside a database -------------------------------------------------------------------------------------


def stands(path: Path, database: Database, log: int = store.REGISTRY_LOG) -> Standing:
    """How a database stands to a backup: has it lost entries, gone on, or gone another way?"""
    folder = Folder.open(path)
    with database.read() as conn:
        return standing(conn, folder, log)


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


def _check_genesis(folder: Folder, written: Written) -> None:
    entry, answer, _ = written
    follows = entry.hash == folder.genesis and is_genesis(entry, answer)
    if not follows or json.loads(answer)["book"] != folder.book:
        raise Refused(checks.NOT_GENESIS(book=folder.book))
