"""Restoring: an empty database becomes what the book was after any of its entries.

Until it is whole and found to be the same, the database says of itself that it is being restored, and nobody
opens it. A restore that was killed goes on where it stands when it is started again.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from sqlalchemy import Connection, inspect, select

from tanshu import migrations
from tanshu.app import OTHER_VERSION
from tanshu.backup import checks, kept, markets
from tanshu.backup.folder import Folder
from tanshu.backup.markets import MarketKept, MarketReplica, Reach
from tanshu.backup.reading import entries
from tanshu.backup.verify import Replica
from tanshu.base.clock import end_of_day_ns
from tanshu.base.database import Database, metadata
from tanshu.base.refusal import Refused
from tanshu.book import rows, told
from tanshu.book.commit import Book
from tanshu.book.projections import Progress
from tanshu.book.queries import BAD_MOMENT, NO_SUCH_MOMENT
from tanshu.exchange.market import Market
from tanshu.log import store
from tanshu.log.store import Written

_SEQ = re.compile(r"^seq:(\d{1,18})$")
_HASH = re.compile(r"^[0-9a-f]{64}$")


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored. entries: written by this run; left_out: those of the backup after `seq`, which are
    not there now. tables: rows by table; state: the digest of the book; kept: rows beside the log that were
    put back, by kind; not_put_back: those that were not, as they need a secret that is not in the backup, or
    are about entries left out. markets: each up to the same moment."""

    book: str
    entries: int
    seq: int
    time_ns: int
    hash: bytes
    left_out: int
    state: bytes
    tables: dict[str, int]
    kept: dict[str, int]
    not_put_back: int
    markets: tuple[MarketKept, ...] = ()


def restore(
    path: Path,
    url: str,
    *,
    to: str | None = None,
    to_hash: str | None = None,
    progress: Progress | None = None,
    log: int = store.REGISTRY_LOG,
) -> Restored:
    """Restore a backup into an empty database: all of it, or up to `seq:N`, the end of a Shanghai date, or
    the entry with a hash.

    Raises Refused BAK-2xxx and LOG-1003 (the backup is not what was written), BAK-3xxx (the database is not
    empty, or was begun from something else), BOOK-1101 and 1102 (no such moment).
    """
    folder = Folder.open(path)
    newest = folder.newest()
    wanted, instant_ns = _wanted(folder, newest, to, to_hash)
    database = Database.open(url, create=True)
    try:
        reached = _begin(database, wanted, log)
        replica = Replica()
        there = markets.folders(path)
        reach = Reach.of(there)
        for written in entries(folder, wanted):
            replica.follow(written)
            reach.follow(written)
            _check_place(database, written, reached, log)
            _write(database, log, [one for one in written if one.entry.seq > reached])
            if progress:
                progress(replica.tail.seq, wanted)
        if replica.tail.seq != wanted:
            raise Refused(checks.MISSING(first=replica.tail.seq + 1, last=wanted))
        instant_ns = replica.tail.time_ns if instant_ns is None else instant_ns
        ends = {
            one: reach.end(one, there[one], instant_ns)
            for one in markets.told(replica.tables)
            if one in there
        }
        markets.check_there(path, replica.tables, ends)
        beside_book = tuple(
            _market(database, there[one], MarketReplica(one, markets.closes(replica.tables, one)), end)
            for one, end in ends.items()
        )
        beside = _finish(database, folder, replica, log)
        return Restored(
            folder.book,
            wanted - reached,
            wanted,
            replica.tail.time_ns,
            replica.tail.hash,
            newest - wanted,
            replica.state.digest(),
            {name: len(table.by_key) for name, table in replica.tables.items() if table.by_key},
            beside,
            sum(len(kept.newest(folder, kind)) for kind in kept.KINDS) - sum(beside.values()),
            beside_book,
        )
    finally:
        database.close()


# -- up to where -------------------------------------------------------------------------------------------


def _wanted(folder: Folder, newest: int, to: str | None, to_hash: str | None) -> tuple[int, float | None]:
    """The entry of the book to end with, and the instant at which markets end; None: that of the entry."""
    if to and to_hash:
        raise Refused(checks.ONE_MOMENT(field="to"))
    if to_hash:
        return _with_hash(folder, to_hash.strip().lower()), None
    return _at_moment(folder, newest, to.strip()) if to else (newest, math.inf)


def _at_moment(folder: Folder, newest: int, text: str) -> tuple[int, float | None]:
    if match := _SEQ.match(text):
        if int(match[1]) > newest:
            raise Refused(NO_SUCH_MOMENT(field="to", value=text, newest=newest))
        return int(match[1]), None
    try:
        end_ns = end_of_day_ns(date.fromisoformat(text))
    except ValueError:
        raise Refused(BAD_MOMENT(field="to", value=text)) from None
    found = folder.seq_at(end_ns)
    if found is None:
        raise Refused(NO_SUCH_MOMENT(field="to", value=text, newest=newest))
    return found, end_ns


def _with_hash(folder: Folder, wanted: str) -> int:
    if _HASH.match(wanted):
        for chunk in entries(folder):
            for one in chunk:
                if one.entry.hash.hex() == wanted:
                    return one.entry.seq
    raise Refused(checks.NO_HASH(field="to_hash", hash=wanted))


# -- the database ------------------------------------------------------------------------------------------


def _begin(database: Database, wanted: int, log: int) -> int:
    """Make the tables and mark them as unfinished; returns the newest entry that is there already, or -1."""
    with database.read() as conn:
        known, tables = migrations.known(conn), sorted(inspect(conn).get_table_names())
    if known is None:
        if tables:
            raise Refused(checks.NOT_EMPTY(field="db", url=database.url, why=", ".join(tables[:3])))
        migrations.upgrade(database)
    with database.write() as conn:
        store.lock(conn, log)
        if migrations.known(conn) == migrations.RESTORING:
            reached = _newest(conn, log)
            if reached > wanted:
                how_far = {"url": database.url, "reached": reached, "wanted": wanted}
                raise Refused(checks.GONE_FURTHER(field="db", **how_far))
            return reached
        _check_empty(conn, database.url)
        migrations.mark(conn, migrations.RESTORING)
    return -1


def _check_empty(conn: Connection, url: str) -> None:
    known = migrations.known(conn)
    if known != migrations.HEAD:
        raise Refused(OTHER_VERSION(field="db", url=url, known=known, needed=migrations.HEAD))
    for table in metadata.sorted_tables:
        if conn.execute(select(table).limit(1)).first() is not None:
            raise Refused(checks.NOT_EMPTY(field="db", url=url, why=table.name))


def _check_place(database: Database, written: list[Written], reached: int, log: int) -> None:
    """Where an earlier run has ended, there must be the very entry of this backup."""
    for one in written:
        if one.entry.seq == reached:
            with database.read() as conn:
                found = store.hash_at(conn, log, reached)
            if found != one.entry.hash:
                raise Refused(checks.OTHER_RESTORE(field="db", url=database.url, seq=reached))


def _write(database: Database, log: int, written: list[Written]) -> None:
    """Entries and what they changed, in one transaction."""
    if not written:
        return
    with database.write() as conn:
        store.lock(conn, log)
        if _newest(conn, log) != written[0].entry.seq - 1:
            raise Refused(checks.OVERTAKEN(field="db", url=database.url))
        store.append(conn, log, written)
        rows.apply(conn, [change for one in written for change in rows.decode(one.rows)])


def _market(database: Database, folder: Folder, replica: MarketReplica, end: int) -> MarketKept:
    """Write a market's log up to entry `end`, and see that it leads to the same engine."""
    log, reached = replica.log, -1
    with database.read() as conn:
        reached = _newest(conn, log)
    if reached > end:
        raise Refused(checks.GONE_FURTHER(field="db", url=database.url, reached=reached, wanted=end))
    for written in entries(folder, end):
        replica.follow(written)
        _check_place(database, written, reached, log)
        _write(database, log, [one for one in written if one.entry.seq > reached])
    market = Market(database, log)
    with database.read() as conn:
        state = market.catch_up(conn).state_hash()
    found = (market.tail.seq, market.tail.hash, state)
    if found != (replica.tail.seq, replica.tail.hash, replica.engine.state_hash()):
        raise Refused(checks.NOT_THE_SAME(field="db", what=f"log {log}, entry {market.tail.seq}"))
    left_out = markets.newest(folder) - end
    return MarketKept(log, folder.book, end - reached, end, market.tail.hash, state, left_out)


def _finish(database: Database, folder: Folder, replica: Replica, log: int) -> dict[str, int]:
    """Read everything back, compare, and only then let the database be used."""
    book = Book(database, log)
    with database.read() as conn:
        state = book.catch_up(conn)
        if (book.tail.seq, book.tail.hash) != (replica.tail.seq, replica.tail.hash):
            raise Refused(checks.NOT_THE_SAME(field="db", what=f"log, entry {book.tail.seq}"))
        if state.digest() != replica.state.digest():
            raise Refused(checks.NOT_THE_SAME(field="db", what="holdings"))
        for one in told.differences(conn, replica.tables):
            raise Refused(checks.NOT_THE_SAME(field="db", what=f"{one.table} {one.key} {one.column}"))
    with database.write() as conn:
        beside = kept.put_back(conn, folder, replica.tail.seq)
        migrations.mark(conn, migrations.HEAD)
    return beside


def _newest(conn: Connection, log: int) -> int:
    tail = store.tail(conn, log)
    return tail[0] if tail else -1
