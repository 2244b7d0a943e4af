"""A market: the writer of its own log, and the engine that its entries lead to.

Every command is an entry: what went in, a code for each, and what came of it. The engine is a pure function
of the entries, so a replay must give the same codes, the same outputs and, at every close, the same hash.
What moves units or money between the book and the session appends to both logs in one transaction: the book's
command comes first and joins the market's (`Writer.join`).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, bindparam, insert, select

from tanshu.base.database import Database, Savepoint
from tanshu.base.refusal import Refusal, Refused
from tanshu.book.act import LogAct
from tanshu.book.replay import Tail, broken
from tanshu.book.snapshots import SNAPSHOT
from tanshu.book.writer import Done, Request, Writer
from tanshu.exchange import checks
from tanshu.exchange.engine import state
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Applied, Engine
from tanshu.exchange.engine.records import RECORDS_MAX, Records, Row, decode, encode, inputs, outputs
from tanshu.exchange.joined import is_of_book
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_OPERATOR, MARKET_PARTY
from tanshu.log import store
from tanshu.log.entry import Entry
from tanshu.parties.tables import SUBJECT

FIRST_LOG = 100
"""Markets have logs from this number on."""
KEEP_AFTER = 2_000
"""Entries followed since a state was kept that make keeping one worth it."""


@dataclass(frozen=True, slots=True)
class Names:
    """What a market's numbers are called. operators: person → (operator's number, party's number)."""

    operators: Mapping[str, tuple[int, int]]
    parties: Mapping[int, str]
    """Party → the subject's handle."""
    party_of: Mapping[str, int]
    """Subject's handle → party."""
    instruments: Mapping[int, str]
    """Instrument → its code."""
    instrument_of: Mapping[str, int]
    people: Mapping[int, str]
    """Operator → person."""


class MarketAct(LogAct):
    """One command of a market being decided."""

    def __init__(
        self, request: Request, conn: Connection, market: Market, engine: Engine, tail: Tail, now_ns: int,
        savepoint: Savepoint | None,
    ):  # fmt: skip
        super().__init__(request.ctx, conn, tail, now_ns, savepoint)
        self.market = market
        self.engine = engine
        self.applied: list[Records] = []
        self.codes: list[bytes] = []
        self.told: list[Records] = []

    @property
    def names(self) -> Names:
        """What the market's numbers are called."""
        return self.market.names(self._conn)

    def apply(self, rows: Sequence[Row]) -> Applied:
        """Put records to the engine, each for itself; those that were accepted become part of the entry.

        A single refused record leaves no trace. In a batch of several, refused ones are kept with their code.
        """
        block = encode(rows)
        done = self.engine.apply(block)
        if len(rows) == 1 and done.codes[0]:
            return done
        self.applied.append(block)
        self.codes.append(done.codes.tobytes())
        self.told.append(done.outputs)
        return done

    def must(self, rows: Sequence[Row]) -> Applied:
        """Put records to the engine of which each has to be accepted. Raises `Refused` where one is not:
        only the first may be refused, for nothing can be taken back."""
        done = self.apply(rows)
        for n, code in enumerate(done.codes):
            if code:
                assert len(rows) == 1, f"record {n} of {len(rows)} was refused: {Code(int(code)).name}"
                raise Refused(checks.from_code(self.engine, rows[n], int(code), self.names))
        return done


class Market(Writer[Engine]):
    """One market on one database."""

    def __init__(self, database: Database, log: int, book: Writer[Any] | None = None):
        super().__init__(database, log, book)
        self._names: tuple[tuple[int, ...], Names] | None = None
        self.next_step_ns: int | None = None
        """When the timetable's next step is due; None where that has to be found out."""

    def names(self, conn: Connection) -> Names:
        """What the market's numbers are called; asked of the database when there are new ones."""
        counts = tuple(int(self._state.arrays.day[i]) for i in _COUNTED)
        if self._names is None or self._names[0] != counts:
            self._names = (counts, read_names(conn, self.log))
        return self._names[1]

    def name(self, conn: Connection) -> str:
        """What the market is called."""
        return str(conn.execute(select(MARKET.c.name).where(MARKET.c.log == self.log)).scalar_one())

    def keep_snapshot(self, *, now: bool = False) -> None:
        """Keep the engine as it is, where following the log has become long work, or `now`. Best effort."""
        with self._mutex:
            if self._tail.seq < 0 or not (now or self._unkept >= KEEP_AFTER):
                return
            tail, image, digest = self._tail, self._state.image(), bytes.fromhex(self._state.state_hash())
            with self.database.write() as conn:
                if store.hash_at(conn, self.log, tail.seq) == tail.hash:
                    _keep(conn, self.log, tail, image, digest)
            self._unkept = 0

    # -- the kind of log it is -----------------------------------------------------------------------------

    def _empty(self) -> Engine:
        return Engine()

    def _nearest(self, conn: Connection) -> tuple[Engine, Tail]:
        self._names = None  # numbers may have been given to others than the replica knew
        self.next_step_ns = None
        for row in conn.execute(_KEPT, {"log": self.log}):
            if store.hash_at(conn, self.log, row.seq) != bytes(row.hash):
                continue
            try:
                engine = Engine.restore(zlib.decompress(bytes(row.data)))
            except (ValueError, IndexError, KeyError, struct.error, zlib.error):
                continue
            if bytes.fromhex(engine.state_hash()) == bytes(row.digest):
                return engine, Tail(row.seq, row.time_ns, bytes(row.hash), row.engine, row.era)
        return Engine(), Tail()

    def _replay(self, conn: Connection, state: Engine, tail: Tail) -> int:
        before = tail.seq
        for entry in store.read(conn, self.log, after=tail.seq):
            follow(state, tail, entry)
            if self.next_step_ns is not None and is_of_book(inputs(decode(entry.records))):
                self.next_step_ns = None  # another process has opened a day, or announced an auction
        return tail.seq - before

    def _run(
        self,
        request: Request,
        conn: Connection,
        state: Engine,
        tail: Tail,
        now_ns: int,
        savepoint: Savepoint | None,
    ) -> Done | Refusal:
        act = MarketAct(request, conn, self, state, tail, now_ns, savepoint)
        try:
            decision = request.decide(act, request.command)
        except Refused as refused:
            decision = refused.refusal
        if isinstance(decision, Refusal):
            assert not act.applied, "what the engine did is not taken back by a refusal"
            return decision
        if request.ctx.also:
            request.ctx.also(act)
        said = sum(map(len, act.told))
        codes = b"".join(act.codes)
        assert len(codes) + said <= RECORDS_MAX
        records = b"".join(block.tobytes() for block in (*act.applied, *act.told))
        return Done(act, decision, records, codes + bytes(said))

    def _take_back(self, undo: Sequence[Any]) -> None:  # noqa: ARG002
        """The engine keeps no undo: it is made again from the log."""
        self._discard()


def follow(engine: Engine, tail: Tail, entry: Entry) -> Records:
    """Apply an entry; returns what came out. Raises Refused LOG-1003 where it is not what is stored."""
    tail.follow(entry)
    records = decode(entry.records)
    went_in = inputs(records)
    done = engine.apply(went_in)
    if done.codes.tobytes() + bytes(len(records) - len(went_in)) != entry.results:
        wrong = np.frombuffer(entry.results, np.uint8)[: len(went_in)] != done.codes
        raise broken(entry.seq, f"replay answers otherwise from record {int(np.argmax(wrong))} on")
    if done.outputs.tobytes() != outputs(records).tobytes():
        raise broken(entry.seq, "something else comes out of the same records")
    return done.outputs


def replayed(conn: Connection, log: int, upto: int | None = None) -> Iterator[tuple[Entry, Engine]]:
    """Every entry of a market's log with the engine after it, from genesis on, believing nothing.

    Raises Refused LOG-1003 where an entry does not follow, or the register was told another state at a close.
    """
    engine, tail = Engine(), Tail()
    closes = select(MARKET_DAY.c.market_closed, MARKET_DAY.c.state_hash).where(
        MARKET_DAY.c.log == log, MARKET_DAY.c.market_closed.is_not(None)
    )
    told = {row.market_closed: row.state_hash for row in conn.execute(closes)}
    for entry in store.read(conn, log, upto=upto):
        follow(engine, tail, entry)
        if entry.seq in told and engine.state_hash() != told[entry.seq]:
            raise broken(entry.seq, "the state at this close is not the one that the register was told")
        yield entry, engine


def by_name(book: Writer[Any], conn: Connection, name: str) -> Market | Refusal:
    """The market of this name on the book's database: one object in a process."""
    row = conn.execute(select(MARKET.c.log).where(MARKET.c.name == name)).first()
    if row is None:
        known = ", ".join(sorted(conn.execute(select(MARKET.c.name)).scalars()))
        return checks.NO_MARKET(field="market", name=name, known=known or "—")
    return of(book, row.log)


def of(book: Writer[Any], log: int) -> Market:
    """The market with this log on the book's database."""
    if log not in book.companions:
        book.companions[log] = Market(book.database, log, book)
    return book.companions[log]


def read_names(conn: Connection, log: int) -> Names:
    operators = list(conn.execute(select(MARKET_OPERATOR).where(MARKET_OPERATOR.c.log == log)))
    joined = MARKET_PARTY.join(SUBJECT, SUBJECT.c.id == MARKET_PARTY.c.subject_id)
    parties = list(
        conn.execute(
            select(MARKET_PARTY.c.number, SUBJECT.c.handle)
            .select_from(joined)
            .where(MARKET_PARTY.c.log == log)
        )
    )
    instruments = list(conn.execute(select(MARKET_INSTRUMENT).where(MARKET_INSTRUMENT.c.log == log)))
    return Names(
        {row.person: (row.number, row.party) for row in operators},
        {row.number: row.handle for row in parties},
        {row.handle: row.number for row in parties},
        {row.number: row.code for row in instruments},
        {row.code: row.number for row in instruments},
        {row.number: row.person for row in operators},
    )


def _keep(conn: Connection, log: int, tail: Tail, image: bytes, digest: bytes) -> None:
    here = (SNAPSHOT.c.log == log, SNAPSHOT.c.seq == tail.seq)
    if conn.execute(select(SNAPSHOT.c.seq).where(*here)).first():
        return
    conn.execute(
        insert(SNAPSHOT),
        {
            "log": log,
            "seq": tail.seq,
            "hash": tail.hash,
            "time_ns": tail.time_ns,
            "engine": tail.engine,
            "era": tail.era,
            "digest": digest,
            "data": zlib.compress(image, 1),
        },
    )


_COUNTED = (state.PARTIES, state.OPERATORS, state.INSTRUMENTS)
_KEPT = select(SNAPSHOT).where(SNAPSHOT.c.log == bindparam("log")).order_by(SNAPSHOT.c.seq.desc())
