"""Serial numbers: where every unit of a serialised instrument is, and where it ever was.

The book moves amounts; this projection tells which numbers they are. Units of an instrument are numbered from
1 in the order in which they were made. How the queues work is in `serial_queues`; here they are kept.

What the projection keeps of the past and of the present is told in `serial_rows`; others ask

* `ranges`: what an account has of an instrument, now or after any entry;
* `moved`: what each record of some entries moved;
* `life`: where a unit ever was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Table, insert, select, update

from tanshu.base.refusal import Refusal, Refused, refusal
from tanshu.book import projections, serial_rows
from tanshu.book.commit import Book
from tanshu.book.projections import Progress, Projection
from tanshu.book.records import Op, Records, position
from tanshu.book.replay import gather
from tanshu.book.serial_queues import NUMBER_MAX, Queues, joined
from tanshu.book.serial_rows import SERIAL_INSTRUMENT, SERIAL_RANGE, SERIAL_SOURCE, forks_over
from tanshu.log import store
from tanshu.log.entry import Entry

BEHIND = refusal(
    "BOOK-1202",
    "序列号只编到第 {known} 条,而所需为第 {wanted} 条:其间有新的记录写入。请重试。",
    "Serial numbers are known up to entry {known}, but entry {wanted} is needed: others wrote meanwhile. "
    "Try again.",
)

_FIELDS = ("op", "instrument", "debit", "credit", "amount", "hold")
_MOVES = (Op.TRANSFER, Op.HOLD, Op.CAPTURE, Op.RELEASE)
_FEW_CELLS = 200
"""So many cells are looked up one by one; for more of them everything that goes on is read at once."""
_MANY_CHANGES = 200_000
"""Changed rows are written when there are so many, so that memory does not grow with what is followed."""
_CELL_BITS = 20
_CHANCES = 20
"""How often a reader follows what was written while it began to read."""


class Range(NamedTuple):
    """Numbers start to end; hold is the position of the hold they are in, 0 where they are available."""

    start: int
    end: int
    hold: int


class Moved(NamedTuple):
    """Numbers start to end of an instrument, moved by one record."""

    instrument: int
    start: int
    end: int


class Stay(NamedTuple):
    """Where a unit was from record `since` until record `until` (None: it is there), with its neighbours.

    acquired: the record that brought it to the account; start to end: what stayed with it all that time.
    """

    account: int
    hold: int
    since: int
    until: int | None
    acquired: int
    start: int
    end: int


class Serials(Projection):
    """The projection. In memory it keeps the cells that it met; in the tables everything."""

    name: ClassVar[str] = "serials"
    version: ClassVar[int] = 1
    tables: ClassVar[tuple[Table, ...]] = (SERIAL_RANGE, SERIAL_INSTRUMENT, SERIAL_SOURCE)

    def __init__(self, log: int):
        super().__init__(log)
        self._queues = Queues()
        self._knows_all = False
        self._stored: tuple[dict[int, int], dict[tuple[int, int], int]] = ({}, {})

    def load(self, conn: Connection) -> None:
        """What instruments and sources there are; the cells are read when a record names them."""
        self._queues, self._knows_all = Queues(), False
        instruments, sources = SERIAL_INSTRUMENT, SERIAL_SOURCE
        for row in conn.execute(select(instruments).where(instruments.c.log == self.log)):
            self._queues.last[row.instrument] = row.last
        for row in conn.execute(select(sources).where(sources.c.log == self.log)):
            self._queues.made[row.account, row.instrument] = row.made
        self._remember_counts()

    def follow(self, conn: Connection, entries: Sequence[Entry]) -> None:
        at, records = self._moves(entries)
        self._fetch(conn, _cells(records))
        columns = (records[name].tolist() for name in _FIELDS)
        queues = self._queues
        for now, *fields in zip(at.tolist(), *columns, strict=True):
            queues.apply(now, *fields)
            if len(queues.left) >= _MANY_CHANGES:
                self._write(conn)
        self._write(conn)

    def _moves(self, entries: Sequence[Entry]) -> tuple[NDArray[np.int64], Records]:
        """Positions and records of what moved serialised units, refused records left out."""
        at, records, results = gather(entries)
        accepted = results == 0
        defined = accepted & (records["op"] == Op.DEFINE_INSTRUMENT) & (records["credit"] == 1)
        for instrument in records["instrument"][defined].tolist():
            self._queues.define(instrument)
        serialised = np.isin(records["instrument"], list(self._queues.last))
        moves = accepted & serialised & np.isin(records["op"], _MOVES)
        return at[moves], records[moves]

    # -- reading what goes on ------------------------------------------------------------------------------

    def _fetch(self, conn: Connection, cells: Iterable[tuple[int, int]]) -> None:
        """Know these (account, instrument), with all that is available or held in them."""
        known = self._queues.cells
        missing = [] if self._knows_all else [cell for cell in cells if cell not in known]
        if len(missing) > _FEW_CELLS:
            known.clear()
            self._queues.restore(serial_rows.going_on(conn, self.log))
            self._knows_all = True
            return
        for account, instrument in missing:
            self._queues.restore(serial_rows.going_on(conn, self.log, account, instrument))
            self._queues.cell(account, instrument)  # known from now on, with nothing in it or something

    # -- writing -------------------------------------------------------------------------------------------

    def _write(self, conn: Connection) -> None:
        """Bring the tables to where the queues stand."""
        queues = self._queues
        serial_rows.replace(conn, self.log, queues.gone, [*queues.left, *queues.came.values()])
        queues.forget_changes()
        self._write_counts(conn)

    def _write_counts(self, conn: Connection) -> None:
        last, made = self._stored
        for instrument, number in self._queues.last.items():
            if last.get(instrument) != number:
                this = {"log": self.log, "instrument": instrument}
                _put(conn, SERIAL_INSTRUMENT, this, {"last": number}, is_new=instrument not in last)
        for (account, instrument), number in self._queues.made.items():
            if made.get((account, instrument)) != number:
                this = {"log": self.log, "account": account, "instrument": instrument}
                _put(conn, SERIAL_SOURCE, this, {"made": number}, is_new=(account, instrument) not in made)
        self._remember_counts()

    def _remember_counts(self) -> None:
        self._stored = (dict(self._queues.last), dict(self._queues.made))


def catch_up_for(book: Book, progress: Progress | None = None) -> Serials:
    """Bring the serial numbers of a book up to its newest entry. Writes; not within a transaction."""
    return projections.catch_up(book.database, Serials, book.log, progress=progress)


@contextmanager
def reading(book: Book, progress: Progress | None = None) -> Iterator[Connection]:
    """A read transaction that knows the serial numbers of every entry it sees.

    Raises Refused BOOK-1202 where others write faster than this can follow.
    """
    for chance in range(_CHANCES, 0, -1):
        catch_up_for(book, progress)
        with book.database.read() as conn:
            newest = store.tail(conn, book.log)
            wanted = -1 if newest is None else newest[0]
            if chance > 1 and standing(conn, book.log) < wanted:
                continue  # somebody wrote between the two
            need_standing(conn, book.log, wanted)
            yield conn
            return


# -- asking ------------------------------------------------------------------------------------------------


def standing(conn: Connection, log: int) -> int:
    """The sequence number up to which serial numbers are known; −1 where there are none."""
    mark = projections.watermark(conn, Serials.name, log)
    return -1 if mark is None or mark.version != Serials.version else mark.tail.seq


def need_standing(conn: Connection, log: int, seq: int) -> None:
    """Raises Refused BOOK-1202 where serial numbers are not known up to entry `seq`."""
    if refused := behind(conn, log, seq):
        raise Refused(refused)


def behind(conn: Connection, log: int, seq: int) -> Refusal | None:
    """BOOK-1202 where serial numbers are not known up to entry `seq`."""
    known = standing(conn, log)
    return BEHIND(known=known, wanted=seq) if known < seq else None


def last_number(conn: Connection, log: int, instrument: int) -> int | None:
    """The last number made of an instrument; None where its units have no numbers."""
    t = SERIAL_INSTRUMENT
    this = select(t.c.last).where(t.c.log == log, t.c.instrument == instrument)
    return conn.execute(this).scalar_one_or_none()


def ranges(conn: Connection, log: int, account: int, instrument: int, at: int | None = None) -> list[Range]:
    """What an account has: available first, then by hold; in the order of the numbers, neighbours joined.

    at: after this entry; None for as far as the projection stands.
    """
    t = SERIAL_RANGE
    there = select(t.c.since, t.c.start, t.c.end, t.c.hold).where(
        t.c.log == log, t.c.account == account, t.c.instrument == instrument
    )
    rows = [*conn.execute(there.where(t.c.until.is_(None)))]
    if at is not None:
        rows += conn.execute(there.where(t.c.until >= position(at + 1, 0)))
        rows = [row for row in rows if row.since < position(at + 1, 0)]
    found = joined((row.hold, row.start, row.end) for row in rows)
    return [Range(start, end, hold) for hold, start, end in found]


def moved(conn: Connection, log: int, after: int, upto: int) -> dict[int, list[Moved]]:
    """Position of a record → the numbers it moved, held or released, of entries after < seq ≤ upto."""
    t = SERIAL_RANGE
    return _moved(conn, log, t.c.since >= position(after + 1, 0), t.c.since < position(upto + 1, 0))


def moved_by(conn: Connection, log: int, records: Collection[int]) -> dict[int, list[Moved]]:
    """Position of a record → the numbers it moved, of these records, which stand close together."""
    if not records:
        return {}
    since = SERIAL_RANGE.c.since
    found = _moved(conn, log, since >= min(records), since <= max(records))
    return {record: found[record] for record in records if record in found}


def _moved(conn: Connection, log: int, *conditions: ColumnElement[bool]) -> dict[int, list[Moved]]:
    t = SERIAL_RANGE
    query = select(t.c.since, t.c.start, t.c.end, t.c.instrument).where(t.c.log == log, *conditions)
    rows = conn.execute(query).all()
    instrument = {row.since: row.instrument for row in rows}  # a record moves one instrument
    found: dict[int, list[Moved]] = defaultdict(list)
    for since, start, end in joined((row.since, row.start, row.end) for row in rows):
        found[since].append(Moved(instrument[since], start, end))
    return dict(found)


def life(conn: Connection, log: int, instrument: int, n: int) -> list[Stay]:
    """Where unit n was, from the record that made it on; empty where there is no such unit."""
    if not 0 < n <= NUMBER_MAX:
        return []
    t = SERIAL_RANGE
    query = select(t.c.account, t.c.hold, t.c.since, t.c.until, t.c.acquired, t.c.start, t.c.end).where(
        t.c.log == log,
        t.c.instrument == instrument,
        t.c.fork.in_(forks_over(n)),
        t.c.start <= n,
        t.c.end >= n,
    )
    return sorted((Stay(*row) for row in conn.execute(query)), key=lambda stay: stay.since)


# -- small parts -------------------------------------------------------------------------------------------


def _cells(records: Records) -> list[tuple[int, int]]:
    """Every (account, instrument) that the records name."""
    receives = records[(records["op"] == Op.TRANSFER) | (records["op"] == Op.CAPTURE)]
    accounts = np.concatenate([records["debit"], receives["credit"]]).astype(np.int64)
    instruments = np.concatenate([records["instrument"], receives["instrument"]]).astype(np.int64)
    keys = np.unique(accounts << _CELL_BITS | instruments).tolist()
    return [(key >> _CELL_BITS, key & (1 << _CELL_BITS) - 1) for key in keys]


def _put(
    conn: Connection, table: Table, this: dict[str, int], values: dict[str, int], *, is_new: bool
) -> None:
    if is_new:
        conn.execute(insert(table).values(**this, **values))
    else:
        same = [table.c[name] == value for name, value in this.items()]
        conn.execute(update(table).where(*same).values(**values))
