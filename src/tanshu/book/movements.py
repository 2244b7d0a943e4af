"""Movements: every change of every cell, with the balance after it; and the holdings they lead to.

A record that takes effect changes one cell (hold, release) or two (transfer, capture). Each change is a row
of `movement`, found by account, instrument and position; so a statement of account, as of any moment, is a
range of the primary key, and the holdings of a moment are the last rows before it. `holding` has the newest
balance of every cell that is not empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Integer,
    SmallInteger,
    Table,
    func,
    literal_column,
    or_,
    select,
)

from tanshu.base import bulk
from tanshu.base.database import driver, metadata
from tanshu.base.refusal import Refused, refusal
from tanshu.book import projections
from tanshu.book.kernel import INSTRUMENT_BITS, INSTRUMENT_MASK, Ints
from tanshu.book.moves import Balances, Moves, at, by_cell, merged, moves, running
from tanshu.book.projections import Projection
from tanshu.book.records import POSITION_BITS, position
from tanshu.book.replay import gather
from tanshu.book.state import Cell, State
from tanshu.log.entry import Entry
from tanshu.log.store import LOG_ENTRY

MOVEMENT = Table(
    "movement",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Integer, primary_key=True, autoincrement=False),
    Column("instrument", Integer, primary_key=True, autoincrement=False),
    Column("position", BigInteger, primary_key=True, autoincrement=False, comment="of the record"),
    Column("op", SmallInteger, nullable=False),
    Column("available_change", BigInteger, nullable=False),
    Column("held_change", BigInteger, nullable=False),
    Column("available", BigInteger, nullable=False, comment="after it"),
    Column("held", BigInteger, nullable=False, comment="after it"),
    Column("counter", Integer, comment="the other account of a transfer or capture"),
    Column("hold", BigInteger, comment="position of the hold that was made or used"),
    Column("tag", BigInteger, nullable=False, comment="the caller's own number"),
    comment="Every change of every cell, with the balance after it.",
    info={"derived": True},
    sqlite_with_rowid=False,
)
HOLDING = Table(
    "holding",
    metadata,
    Column("log", SmallInteger, primary_key=True, autoincrement=False),
    Column("account", Integer, primary_key=True, autoincrement=False),
    Column("instrument", Integer, primary_key=True, autoincrement=False),
    Column("available", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False, comment="the entry that changed it last"),
    comment="What every account has, as far as the movements are followed. Empty cells have no row.",
    info={"derived": True},
    sqlite_with_rowid=False,
)

BEHIND = refusal(
    "BOOK-1404",
    "变动明细只编到第 {known} 条,而所需为第 {wanted} 条。请先更新(tanshu book rebuild movements)。",
    "Movements are known up to entry {known}, but entry {wanted} is needed. Let them catch up first.",
)

_FEW_CELLS = 500
"""So many cells are looked up one by one; for more of them every holding is read, once."""
_BITS: ColumnElement[int] = literal_column(str(POSITION_BITS))
_HOLDING = ("account", "instrument", "available", "held", "seq")


class Movement(NamedTuple):
    """One change of one cell: when, by which record, by how much, and what the cell has after it.

    counter: the other account of a transfer or capture. hold: the hold that was made or used.
    """

    time_ns: int
    position: int
    account: int
    instrument: int
    op: int
    available_change: int
    held_change: int
    available: int
    held: int
    counter: int | None
    hold: int | None
    tag: int

    @property
    def seq(self) -> int:
        """The entry that the record stands in."""
        return self.position >> POSITION_BITS


class Disagreement(NamedTuple):
    """A cell of which the projection and the state say different things: (available, held) by each."""

    account: int
    instrument: int
    projected: tuple[int, int]
    state: tuple[int, int]


# -- following ---------------------------------------------------------------------------------------------


class Movements(Projection):
    """The tables `movement` and `holding` of one log."""

    name: ClassVar[str] = "movements"
    tables: ClassVar[tuple[Table, ...]] = (MOVEMENT, HOLDING)

    def __init__(self, log: int):
        super().__init__(log)
        self._known: Balances | None = None

    def load(self, conn: Connection) -> None:  # noqa: ARG002
        """Nothing yet: balances are read when they are needed, and a few entries need few of them."""
        self._known = None

    def follow(self, conn: Connection, entries: Sequence[Entry]) -> None:
        made = by_cell(moves(*gather(entries)))
        if not len(made.key):
            return
        starts = np.flatnonzero(np.diff(made.key, prepend=-1))
        before = self._before(conn, made.key[starts])
        available = running(made.available, starts, before.available)
        held = running(made.held, starts, before.held)
        bulk.insert(conn, MOVEMENT.name, _columns(self.log, made, available, held))
        ends = np.append(starts[1:], len(made.key)) - 1
        after = Balances(made.key[ends], available[ends], held[ends])
        seq = made.position[ends] >> POSITION_BITS
        (_hold_on_sqlite if conn.dialect.name == "sqlite" else _hold)(conn, self.log, after, seq)
        if self._known is not None:
            self._known = merged(self._known, after)

    def _before(self, conn: Connection, keys: Ints) -> Balances:
        """What these cells have so far."""
        if self._known is None and len(keys) <= _FEW_CELLS:
            return at(_look_up(conn, self.log, keys), keys)
        if self._known is None:
            self._known = _balances(_held_rows(conn, self.log))
        return at(self._known, keys)


# -- asking ------------------------------------------------------------------------------------------------


def movements(
    conn: Connection,
    log: int,
    account: int,
    instrument: int | None = None,
    *,
    after: int = -1,
    upto: int | None = None,
    limit: int | None = None,
) -> list[Movement]:
    """An account's movements of entries after < seq ≤ upto, oldest first; of more than `limit` the newest.

    Raises Refused BOOK-1404 where they are not known up to there.
    """
    t = MOVEMENT.c
    its_entry = (LOG_ENTRY.c.log == t.log) & (LOG_ENTRY.c.seq == t.position.op(">>")(_BITS))
    query = (
        select(LOG_ENTRY.c.time_ns, *(t[name] for name in Movement._fields[1:]))
        .select_from(MOVEMENT.join(LOG_ENTRY, its_entry))
        .where(t.log == log, t.account == account, t.position >= position(after + 1, 0))
    )
    if instrument is not None:
        query = query.where(t.instrument == instrument)
    if upto is not None:
        _need(conn, log, upto)
        query = query.where(t.position < position(upto + 1, 0))
    rows = conn.execute(query.order_by(t.position.desc(), t.instrument).limit(limit))
    return [Movement(*row) for row in rows][::-1]


def holdings_at(conn: Connection, log: int, seq: int, account: int | None = None) -> list[Cell]:
    """Every cell that was not empty after entry `seq`, by account and instrument.

    Raises Refused BOOK-1404 where movements are not known up to there.
    """
    _need(conn, log, seq)
    t = MOVEMENT.c
    theirs = [t.log == log, t.position < position(seq + 1, 0)]
    if account is not None:
        theirs.append(t.account == account)
    last = (
        select(t.account, t.instrument, func.max(t.position).label("position"))
        .where(*theirs)
        .group_by(t.account, t.instrument)
        .subquery()
    )
    same = (t.account == last.c.account, t.instrument == last.c.instrument, t.position == last.c.position)
    query = (
        select(t.account, t.instrument, t.available, t.held)
        .join(last, (t.log == log) & same[0] & same[1] & same[2])
        .where(or_(t.available != 0, t.held != 0))
        .order_by(t.account, t.instrument)
    )
    if account is not None:  # said once more: SQLite would else read every account's movements
        query = query.where(t.account == account)
    return [Cell(*row) for row in conn.execute(query)]


def holdings(conn: Connection, log: int) -> list[Cell]:
    """Every cell that is not empty, as far as the movements are followed."""
    return [Cell(*row) for row in sorted(_held_rows(conn, log))]


def disagreements(conn: Connection, log: int, state: State) -> list[Disagreement]:
    """Where the table `holding` and a state of the same moment differ, by account and instrument.

    The movements must have been followed to just that moment, which the caller sees to.
    """
    projected = {(a, i): (available, held) for a, i, available, held in _held_rows(conn, log)}
    wanted = {(a, i): (available, held) for a, i, available, held in state.cells()}
    apart = sorted({cell for cell, _ in projected.items() ^ wanted.items()})
    return [Disagreement(*cell, projected.get(cell, (0, 0)), wanted.get(cell, (0, 0))) for cell in apart]


def _need(conn: Connection, log: int, seq: int) -> None:
    mark = projections.watermark(conn, Movements.name, log)
    known = -1 if mark is None or mark.version != Movements.version else mark.tail.seq
    if known < seq:
        raise Refused(BEHIND(known=known, wanted=seq))


# -- the raw connection ------------------------------------------------------------------------------------


def _columns(log: int, made: Moves, available: Ints, held: Ints) -> list[bulk.Column]:
    return [
        bulk.Column("log", np.full(len(made.key), log), 2),
        bulk.Column("account", made.key >> INSTRUMENT_BITS, 4),
        bulk.Column("instrument", made.key & INSTRUMENT_MASK, 4),
        bulk.Column("position", made.position),
        bulk.Column("op", made.op, 2),
        bulk.Column("available_change", made.available),
        bulk.Column("held_change", made.held),
        bulk.Column("available", available),
        bulk.Column("held", held),
        bulk.Column("counter", made.counter, 4, made.counter < 0),
        bulk.Column("hold", made.hold, 8, made.hold < 0),
        bulk.Column("tag", made.tag),
    ]


def _hold(conn: Connection, log: int, after: Balances, seq: Ints) -> None:
    """Bring `holding` to these balances, on PostgreSQL."""
    names = ", ".join(_HOLDING)
    run = driver(conn).execute
    run(
        "CREATE TEMPORARY TABLE IF NOT EXISTS holding_now (account integer, instrument integer, "
        "available bigint, held bigint, seq bigint) ON COMMIT DROP"
    )
    bulk.insert(conn, "holding_now", _holding_columns(after, seq))
    run(
        f"INSERT INTO holding (log, {names}) SELECT %s, {names} FROM holding_now "
        "WHERE available <> 0 OR held <> 0 ON CONFLICT (log, account, instrument) "
        "DO UPDATE SET available = excluded.available, held = excluded.held, seq = excluded.seq",
        (log,),
    )
    run(
        "DELETE FROM holding USING holding_now AS now WHERE holding.log = %s AND now.available = 0 "
        "AND now.held = 0 AND holding.account = now.account AND holding.instrument = now.instrument",
        (log,),
    )
    run("DELETE FROM holding_now")


def _hold_on_sqlite(conn: Connection, log: int, after: Balances, seq: Ints) -> None:
    filled = (after.available != 0) | (after.held != 0)
    columns = [bulk.Column("log", np.full(len(seq), log)), *_holding_columns(after, seq)]
    bulk.run_many(
        conn,
        f"INSERT OR REPLACE INTO holding (log, {', '.join(_HOLDING)}) VALUES (?, ?, ?, ?, ?, ?)",
        [column._replace(values=column.values[filled]) for column in columns],
    )
    bulk.run_many(
        conn,
        "DELETE FROM holding WHERE log = ? AND account = ? AND instrument = ?",
        [column._replace(values=column.values[~filled]) for column in columns[:3]],
    )


def _holding_columns(after: Balances, seq: Ints) -> list[bulk.Column]:
    return [
        bulk.Column("account", after.key >> INSTRUMENT_BITS, 4),
        bulk.Column("instrument", after.key & INSTRUMENT_MASK, 4),
        bulk.Column("available", after.available),
        bulk.Column("held", after.held),
        bulk.Column("seq", seq),
    ]


def _held_rows(conn: Connection, log: int) -> list[tuple[int, int, int, int]]:
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    sql = f"SELECT account, instrument, available, held FROM holding WHERE log = {mark}"
    return driver(conn).execute(sql, (log,)).fetchall()


def _look_up(conn: Connection, log: int, keys: Ints) -> Balances:
    """The balances of a few cells."""
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    pairs = ", ".join([f"({mark}, {mark})"] * len(keys))
    sql = (
        f"SELECT account, instrument, available, held FROM holding WHERE log = {mark} "
        f"AND (account, instrument) IN (VALUES {pairs})"
    )
    named = np.column_stack((keys >> INSTRUMENT_BITS, keys & INSTRUMENT_MASK)).ravel().tolist()
    return _balances(driver(conn).execute(sql, (log, *named)).fetchall())


def _balances(rows: Iterable[Sequence[Any]]) -> Balances:
    columns = np.array(sorted(map(tuple, rows)), np.int64).reshape(-1, 4).T
    return Balances(columns[0] << INSTRUMENT_BITS | columns[1], columns[2], columns[3])
