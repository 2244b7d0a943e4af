"""Making a backup: what is new in the log since last time, read in one transaction while writers go on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, select

from tanshu.backup import checks, kept, markets
from tanshu.backup.folder import Folder, clear, writing
from tanshu.backup.markets import MarketKept
from tanshu.backup.reading import beside
from tanshu.backup.verify import standing
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book.projections import Progress
from tanshu.book.replay import Tail
from tanshu.exchange.tables import MARKET
from tanshu.log import store
from tanshu.log.checks import NOT_INITIALISED
from tanshu.log.entry import Entry
from tanshu.log.store import Written

SEGMENT_ENTRIES = 5_000
SEGMENT_BYTES = 16 * 2**20
"""A segment ends at whichever comes first, so that memory does not grow with the log."""
_CHUNK_ENTRIES = 500
_CHUNK_BYTES = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Made:
    """What a run of the backup did. entries, segments: new ones. seq, time_ns, hash: the newest entry kept.

    size: bytes of the whole folder. kept: rows beside the log; secret ones stay 0 unless asked for. markets:
    what was added of each.
    """

    book: str
    entries: int
    segments: int
    seq: int
    time_ns: int
    hash: bytes
    size: int
    kept: dict[str, int]
    markets: tuple[MarketKept, ...] = ()


def back_up(
    database: Database,
    path: Path,
    *,
    secrets: bool = False,
    progress: Progress | None = None,
    segment_entries: int = SEGMENT_ENTRIES,
    log: int = store.REGISTRY_LOG,
) -> Made:
    """Add what is new to the backup in `path`; each segment is safe before the next is begun.

    Every entry is checked on the way: what does not follow from its hash is not kept in its stead. Raises
    Refused BAK-1001 (in use), 1002 (another book), 1003 (the database is behind), 1004 (forked), LOG-1002 (no
    book), LOG-1003 (the log is broken).
    """
    with writing(path), database.read() as conn:
        folder = _folder(conn, path, log)
        newest = _newest(conn, log)
        tail = _last_kept(conn, folder, log)
        # Markets first: what the book tells of them is there whenever the book's own part is.
        beside_book = tuple(_market(conn, path, one, segment_entries) for one in _markets(conn))
        began, segments = tail.seq, 0
        for written in _segments(_followed(conn, log, tail, newest), segment_entries):
            folder.add(written)
            segments += 1
            if progress:
                progress(written[-1].entry.seq, newest)
        kinds = kept.KINDS if secrets else kept.KINDS[:1]
        beside_log = {kind: kept.keep(conn, folder, kind) if kind in kinds else 0 for kind in kept.KINDS}
        return Made(
            folder.book,
            tail.seq - began,
            segments,
            tail.seq,
            tail.time_ns,
            tail.hash,
            folder.size + sum(one.size for one in markets.folders(path).values()),
            beside_log,
            beside_book,
        )


def _markets(conn: Connection) -> list[int]:
    """The logs of the markets that the database has."""
    return list(conn.execute(select(MARKET.c.log).order_by(MARKET.c.log)).scalars())


def _market(conn: Connection, path: Path, log: int, segment_entries: int) -> MarketKept:
    """Add what is new in a market's log."""
    place = markets.place(path, log)
    clear(place)
    folder = _folder(conn, place, log)
    tail = _last_kept(conn, folder, log)
    began = tail.seq
    for written in _segments(_followed(conn, log, tail, _newest(conn, log)), segment_entries):
        folder.add(written)
    return MarketKept(log, folder.book, tail.seq - began, tail.seq, tail.hash)


def _folder(conn: Connection, path: Path, log: int) -> Folder:
    genesis = store.hash_at(conn, log, 0)
    if genesis is None:
        raise Refused(NOT_INITIALISED(field="db"))
    facts = json.loads(store.answers(conn, log, -1, 0)[0])
    return Folder.found(path, facts["book"], genesis)


def _newest(conn: Connection, log: int) -> int:
    tail = store.tail(conn, log)
    assert tail, "the genesis entry is there"
    return tail[0]


def _last_kept(conn: Connection, folder: Folder, log: int) -> Tail:
    """Where the folder ends, which must be an entry of this very log."""
    last = folder.last()
    if last is None:
        return Tail()
    if store.hash_at(conn, log, last.last) == last.hash:
        return Tail(last.last, last.last_ns, last.hash)
    place = standing(conn, folder, log)
    if place.how == "behind":
        raise Refused(
            checks.BEHIND(field="db", folder=folder.path, newest=place.database_seq, kept=place.backup_seq)
        )
    raise Refused(checks.FORKED(field="db", folder=folder.path, seq=place.common + 1))


def _followed(conn: Connection, log: int, tail: Tail, newest: int) -> Iterator[Written]:
    """The entries after `tail`, each checked; `tail` moves along."""
    for chunk in _chunks(conn, log, tail.seq, newest):
        answers = store.answers(conn, log, chunk[0].seq - 1, chunk[-1].seq)
        changed = dict(store.rows(conn, log, chunk[0].seq - 1, chunk[-1].seq))
        for entry in chunk:
            written = Written(entry, answers[entry.seq], changed.get(entry.seq, b""))
            tail.follow(entry)
            beside(written)
            yield written


def _chunks(conn: Connection, log: int, after: int, newest: int) -> Iterator[list[Entry]]:
    chunk: list[Entry] = []
    size = 0
    for entry in store.read(conn, log, after=after, upto=newest):
        chunk.append(entry)
        size += len(entry.records)
        if len(chunk) == _CHUNK_ENTRIES or size >= _CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk


def _segments(entries: Iterator[Written], at_most: int) -> Iterator[list[Written]]:
    segment: list[Written] = []
    size = 0
    for written in entries:
        segment.append(written)
        size += len(written.entry.records) + len(written.answer) + len(written.rows)
        if len(segment) == at_most or size >= SEGMENT_BYTES:
            yield segment
            segment, size = [], 0
    if segment:
        yield segment
