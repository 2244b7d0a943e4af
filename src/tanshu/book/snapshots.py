"""Snapshots: states kept beside the log, so that opening a book, or asking how things stood, is quick.

A snapshot is believed only when the log has an entry of its sequence number and hash, and the state that
comes out of its bytes has the digest noted with it. Any other is passed over, for an older one or for replay
from genesis. That guards against damage and against snapshots of another log; against somebody who writes a
false state with its true digest there is the audit, which reads none, and `false_ones`, which replays.

They are taken off the hot path, by whoever has just followed the log for long, and thinned out so that those
that stay are spread over the whole log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    LargeBinary,
    SmallInteger,
    Table,
    delete,
    func,
    insert,
    select,
)

from tanshu.base.database import Database, failure, metadata
from tanshu.base.refusal import Refusal, Refused, refusal
from tanshu.book import eras, image
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.log import entry as log_entry
from tanshu.log import store
from tanshu.log.entry import Entry, is_intact

FOREIGN = refusal(
    "BOOK-1401",
    "第 {seq} 条处的快照不属于此日志:哈希不同。已忽略。",
    "The snapshot at entry {seq} is not of this log: its hash is another. It is passed over.",
)
DAMAGED = refusal(
    "BOOK-1402",
    "第 {seq} 条处的快照已损坏:{why}。已忽略。",
    "The snapshot at entry {seq} is damaged: {why}. It is passed over.",
)
FALSE = refusal(
    "BOOK-1403",
    "第 {seq} 条处的快照与日志重放的结果不符。请删除快照并保留数据库作证据。",
    "The snapshot at entry {seq} is not what the log gives. Drop the snapshots, and keep the database as "
    "evidence.",
)

SNAPSHOT = Table(
    "snapshot",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the state after this entry"),
    Column("hash", LargeBinary, nullable=False, comment="of the entry"),
    Column("time_ns", BigInteger, nullable=False),
    Column("engine", SmallInteger, nullable=False),
    Column("era", SmallInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, comment="of the state"),
    Column("data", LargeBinary, nullable=False, comment="book/image.py"),
    comment="States kept so that a book opens quickly. Derived: any of them may be deleted.",
    info={"derived": True},
)

ENTRY_WEIGHT = 10
"""An entry costs a replay about as much as so many records: a hash, a header, a row of the database."""
DUE_FROM = 50_000
"""Records (or entries, by their weight) that are worth a snapshot: about a third of a second to replay. A
state of more rows than that must have been followed for as many: loading it is not free either."""
KEPT = 12
"""Snapshots per log: no moment is more than about 2/KEPT of the log away from one."""


class Followed(NamedTuple):
    """Where a state comes from: `seq` −1 is the empty one before genesis."""

    state: State
    tail: Tail


class Kept(NamedTuple):
    """A snapshot as it lies there; size in bytes; flaw: why it is passed over, None for a good one."""

    seq: int
    time_ns: int
    engine: int
    era: int
    size: int
    flaw: Refusal | None


# -- reading -----------------------------------------------------------------------------------------------


def nearest(conn: Connection, log: int, upto: int | None = None) -> Followed:
    """The newest good snapshot at or before an entry, or the empty state."""
    for seq in _seqs(conn, log, upto):
        found = _load(conn, log, seq)
        if not isinstance(found, Refusal):
            return found
    return Followed(State(), Tail())


def follow(conn: Connection, log: int, state: State, tail: Tail, upto: int | None = None) -> int:
    """Replay what comes after; returns how much work it was (records, and entries by their weight)."""
    before = tail.seq
    try:
        done = replay(store.read(conn, log, after=tail.seq, upto=upto), state, tail)
    except Refused as refused:
        raise eras.with_program(conn, log, refused) from None
    return done + ENTRY_WEIGHT * (tail.seq - before)


def kept(conn: Connection, log: int) -> list[Kept]:
    """Every snapshot, newest first, each loaded once to see whether it is good."""
    c = SNAPSHOT.c
    query = (
        select(c.seq, c.time_ns, c.engine, c.era, func.length(c.data))
        .where(c.log == log)
        .order_by(c.seq.desc())
    )
    return [Kept(*row, flaw=_flaw(conn, log, row.seq)) for row in conn.execute(query)]


def false_ones(conn: Connection, log: int) -> list[Refusal]:
    """Snapshots that look good and are not what the log gives; the whole log is replayed once."""
    state, tail = State(), Tail()
    found: list[Refusal] = []
    for seq in sorted(_seqs(conn, log, None)):
        snapshot = _load(conn, log, seq)
        if isinstance(snapshot, Refusal):
            continue
        follow(conn, log, state, tail, upto=seq)
        if state.digest() != snapshot.state.digest():
            found.append(FALSE(seq=seq))
    return found


def _seqs(conn: Connection, log: int, upto: int | None) -> Sequence[int]:
    """Where snapshots were taken, newest first."""
    query = select(SNAPSHOT.c.seq).where(SNAPSHOT.c.log == log).order_by(SNAPSHOT.c.seq.desc())
    if upto is not None:
        query = query.where(SNAPSHOT.c.seq <= upto)
    return conn.execute(query).scalars().all()


def _load(conn: Connection, log: int, seq: int) -> Followed | Refusal:
    """The state of a snapshot, or why it cannot be believed. What the log says of its entry counts."""
    row = conn.execute(select(SNAPSHOT).where(SNAPSHOT.c.log == log, SNAPSHOT.c.seq == seq)).one()
    entry = _entry(conn, log, seq)
    if entry is None or entry.hash != bytes(row.hash):
        return FOREIGN(seq=seq)
    if entry.engine > log_entry.ENGINE:
        return eras.newer_engine(seq, entry.engine)
    try:
        state = image.decode(bytes(row.data))
    except ValueError as error:
        return DAMAGED(seq=seq, why=str(error))
    if state.digest() != bytes(row.digest):
        return DAMAGED(seq=seq, why="the digest does not come out")
    return Followed(state, Tail.at(entry))


def _entry(conn: Connection, log: int, seq: int) -> Entry | None:
    """An entry of the log, None where there is none or it is damaged."""
    try:
        found = next(iter(store.read(conn, log, after=seq - 1, upto=seq)), None)
    except Refused:
        return None
    return found if found and is_intact(found) else None


def _flaw(conn: Connection, log: int, seq: int) -> Refusal | None:
    found = _load(conn, log, seq)
    return found if isinstance(found, Refusal) else None


# -- taking ------------------------------------------------------------------------------------------------


def is_due(followed: int, state: State) -> bool:
    """Was it so much work to come here that a snapshot is worth its while?"""
    if followed < DUE_FROM:
        return False
    return followed >= state.accounts + len(state.cell_rows()) + len(state.hold_rows())


def take(database: Database, log: int, state: State, tail: Tail) -> None:
    """Keep this state. Waits for its turn to write."""
    data = image.encode(state)
    with database.write() as conn:
        _keep(conn, log, state, tail, data)


def take_at_once(database: Database, log: int, state: State, tail: Tail) -> bool:
    """Keep this state; False, and nothing lost, where the database is busy or may not be written to."""
    data = image.encode(state)
    try:
        with database.write_at_once() as conn:
            _keep(conn, log, state, tail, data)
    except Exception as error:
        if failure(error, database.url) is None:
            raise
        return False
    return True


def drop(conn: Connection, log: int) -> int:
    """Forget every snapshot; returns how many there were."""
    return conn.execute(delete(SNAPSHOT).where(SNAPSHOT.c.log == log)).rowcount


def _keep(conn: Connection, log: int, state: State, tail: Tail, data: bytes) -> None:
    """Put a snapshot in place of whatever lies at its entry, and thin out the others."""
    this = (SNAPSHOT.c.log == log, SNAPSHOT.c.seq == tail.seq)
    conn.execute(delete(SNAPSHOT).where(*this))
    conn.execute(
        insert(SNAPSHOT).values(
            log=log,
            seq=tail.seq,
            hash=tail.hash,
            time_ns=tail.time_ns,
            engine=tail.engine,
            era=tail.era,
            digest=state.digest(),
            data=data,
        )
    )
    for seq in superfluous(_seqs(conn, log, None)):
        conn.execute(delete(SNAPSHOT).where(SNAPSHOT.c.log == log, SNAPSHOT.c.seq == seq))


def superfluous(seqs: Sequence[int]) -> list[int]:
    """Which snapshots to forget so that KEPT stay: one by one, the one whose neighbours are closest to each
    other. The newest stays."""
    still, gone = [-1, *sorted(seqs)], []
    while len(still) > KEPT + 1:
        gaps = [after - before for before, after in zip(still, still[2:], strict=False)]
        gone.append(still.pop(1 + gaps.index(min(gaps))))
    return gone
