"""How a command becomes durable: decided under the lock, applied, appended, committed, answered.

    lock → catch up → known key? → decide → domain rows → kernel → append → commit → answer

A refused command writes nothing and does not use up its key. Nothing leaves before the commit. A failure
known to have written nothing restores the undo images; after an unknown outcome the replica is discarded and
rebuilt from the log. Several requests may share one SQL transaction (group commit): each still is one entry.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import wraps
from typing import Any, TypeVar

from sqlalchemy import Connection, Table

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import Clock, business_date, system_clock
from tanshu.base.database import Database
from tanshu.base.ids import derived_id
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import checks, records, rows
from tanshu.book.records import AccountFlag, Records, Row
from tanshu.book.replay import Tail, replay
from tanshu.book.rows import DELETE, INSERT, UPDATE, Change
from tanshu.book.state import NOTHING, Applied, Cell, State
from tanshu.log import checks as log_checks
from tanshu.log import store
from tanshu.log.entry import NO_ROWS, Draft, genesis, seal
from tanshu.log.store import Written


@dataclass(frozen=True, slots=True)
class Answer:
    """What an accepted command was answered. `repeated`: the key was known; the first answer again."""

    seq: int
    data: Mapping[str, Any]
    repeated: bool = False

    def __getitem__(self, name: str) -> Any:
        return self.data[name]


Outcome = Answer | Refusal
Decision = Mapping[str, Any] | Refusal


@dataclass(frozen=True, slots=True)
class Context:
    """Who asks, why, with which key, at what time. Time, ids and randomness come from here only.

    also: what else the command changes once it is accepted (a long job's done mark).
    """

    book: Book
    actor: str
    key: bytes
    reason: str = ""
    clock: Clock = system_clock
    allow_draft: bool = False
    also: Callable[[Act], None] | None = None

    def commit(self, name: str, command: object, decide: Callable[[Act, Any], Decision]) -> Outcome:
        """Run one command to its durable answer, or a refusal with nothing written."""
        return self.book.commit([Request(self, name, command, decide)])[0]

    def with_(self, **changes: Any) -> Context:
        return replace(self, **changes)


@dataclass(frozen=True, slots=True)
class Request:
    """One command on its way to the book."""

    ctx: Context
    name: str
    command: object
    decide: Callable[[Act, Any], Decision]

    def body_hash(self) -> bytes:
        body = {
            "command": self.name,
            "actor": self.ctx.actor,
            "reason": self.ctx.reason,
            "body": self.command,
        }
        return digest(canonical(body))


C = TypeVar("C")
ACTOR_MAX = 64
"""Characters in the name of who asks: a role holder's handle."""


def verb(name: str) -> Callable[[Callable[[Act, C], Decision]], Callable[[Context, C], Outcome]]:
    """Turn a decision into a service verb: `verb(ctx, command)` commits what `decide(act, command)` says."""

    def wrap(decide: Callable[[Act, C], Decision]) -> Callable[[Context, C], Outcome]:
        @wraps(decide)
        def call(ctx: Context, command: C) -> Outcome:
            return ctx.commit(name, command, decide)

        call.decide = decide  # type: ignore[attr-defined]
        return call

    return wrap


class Act:
    """One command being decided, under the lock: what can be asked, and what will be recorded."""

    def __init__(self, ctx: Context, conn: Connection, state: State, seq: int, now_ns: int):
        self.ctx = ctx
        self.conn = conn
        self.state = state
        self.seq = seq
        self.now_ns = now_ns
        self.rows: list[Row] = []
        self._blocks: list[Records] = []  # what was recorded before `rows`
        self._accounts = state.accounts
        self._instruments = state.instruments
        self._ids: dict[str, int] = {}
        self.changes: list[Change] = []

    @property
    def actor(self) -> str:
        return self.ctx.actor

    @property
    def today(self) -> date:
        """The business date: the Shanghai day of the entry's time."""
        return business_date(self.now_ns)

    def id(self, prefix: str) -> str:
        """A new id that follows from the command's key."""
        n = self._ids.get(prefix, 0)
        self._ids[prefix] = n + 1
        return derived_id(prefix, self.ctx.key, n)

    def cell(self, account: int, instrument: int) -> Cell:
        """What the account has, before this command."""
        return self.state.cell(account, instrument)

    def open_account(self, flags: AccountFlag = AccountFlag.NONE) -> int:
        """Open a book account; returns its number."""
        number = self._accounts
        self._accounts += 1
        self.record(records.open_account(number, flags))
        return number

    def define_instrument(
        self, *, cap: int = records.AMOUNT_MAX, scale: int = 0, serialised: bool = False
    ) -> int:
        number = self._instruments
        self._instruments += 1
        self.record(records.define_instrument(number, cap=cap, scale=scale, serialised=serialised))
        return number

    def insert(self, table: Table, *rows: Mapping[str, Any]) -> None:
        """Add rows to a table, and to what the entry tells of itself."""
        self._change([Change(INSERT, table.name, {}, row) for row in rows])

    def update(self, table: Table, where: Mapping[str, Any], **values: Any) -> None:
        """Change the rows whose columns equal `where`."""
        self._change([Change(UPDATE, table.name, where, values)])

    def delete(self, table: Table, where: Mapping[str, Any]) -> int:
        """Remove the rows whose columns equal `where`; returns how many there were."""
        return self._change([Change(DELETE, table.name, where, {})])

    def _change(self, changes: list[Change]) -> int:
        changed = rows.apply(self.conn, changes)
        self.changes += changes
        return changed

    def record(self, row: Row) -> int:
        """Add a book record; returns its position, the name a hold goes by."""
        self.rows.append(row)
        return records.position(self.seq, self.count - 1)

    def record_all(self, block: Records) -> int:
        """Add many book records at once, as an array; returns the position of the first."""
        first = records.position(self.seq, self.count)
        self._blocks += [records.encode(self.rows), block]
        self.rows = []
        return first

    @property
    def count(self) -> int:
        """How many book records there are so far."""
        return len(self.rows) + sum(map(len, self._blocks))

    def encoded(self) -> Records:
        """All book records, in the order in which they were added."""
        parts = [part for part in (*self._blocks, records.encode(self.rows)) if len(part)]
        return parts[0] if len(parts) == 1 else records.decode(b"".join(part.tobytes() for part in parts))


class Book:
    """One book on one database: a replica of its state, and the only way to change it."""

    def __init__(self, database: Database, log: int = store.REGISTRY_LOG):
        self.database = database
        self.log = log
        self._mutex = threading.RLock()
        self._busy = False
        self._discard()

    # -- opening -------------------------------------------------------------------------------------------

    def create(self, name: str, time_ns: int) -> None:
        """Write the genesis entry. The tables exist; the log is empty."""
        with self._mutex, self.database.write() as conn:
            store.lock(conn, self.log)
            if store.tail(conn, self.log) is None:
                store.append(conn, self.log, [Written(*genesis(name, time_ns))])

    def catch_up(self, conn: Connection) -> State:
        """Follow entries written by others. Raises Refused LOG-1002 (no book), LOG-1003 (broken log)."""
        with self._mutex:
            try:
                replay(store.read(conn, self.log, after=self._tail.seq), self._state, self._tail)
            except BaseException:
                self._discard()  # a replica that stopped half-way is of no use
                raise
            if self._tail.seq < 0:
                raise Refused(log_checks.NOT_INITIALISED())
            return self._state

    def as_of(self, conn: Connection, seq: int) -> State:
        """The state after entry `seq`, by replay."""
        state = State()
        replay(store.read(conn, self.log, upto=seq), state, Tail())
        return state

    @property
    def tail(self) -> Tail:
        return self._tail

    # -- committing ----------------------------------------------------------------------------------------

    def commit(
        self, requests: Sequence[Request], before_commit: Callable[[Connection], None] | None = None
    ) -> list[Outcome]:
        """Decide, apply and append requests in order, durable together, each with its own outcome.

        before_commit: asked when everything is decided and written, nothing durable; raising takes all back.
        """
        bodies = [_body_hash(request) for request in requests]
        with self._mutex:
            assert not self._busy, "a decision must not commit: it would wait for itself"
            self._busy = True
            try:
                return self._commit(requests, bodies, before_commit)
            finally:
                self._busy = False

    def _commit(
        self,
        requests: Sequence[Request],
        bodies: Sequence[bytes | Refusal],
        before_commit: Callable[[Connection], None] | None,
    ) -> list[Outcome]:
        group = _Group()
        try:
            with self.database.write() as conn:
                store.lock(conn, self.log)
                state = self.catch_up(conn)
                group.tail = Tail(self._tail.seq, self._tail.time_ns, self._tail.hash)
                outcomes = [
                    self._decide(conn, state, group, request, body, alone=len(requests) == 1)
                    for request, body in zip(requests, bodies, strict=True)
                ]
                if group.entries:
                    store.append(conn, self.log, group.entries)
                if before_commit:
                    before_commit(conn)
                group.committing = True
            if group.entries:
                self._tail = group.tail
        except _RollBack as alone:
            return [alone.refusal]
        except BaseException as error:
            # Committed or not, applied or half applied? Where that is not certain only the log knows.
            if group.committing or not isinstance(error, Exception) or isinstance(error, _HalfApplied):
                self._discard()
            else:
                for applied in reversed(group.applied):
                    self._state.take_back(applied)
            raise
        return outcomes

    def _decide(
        self,
        conn: Connection,
        state: State,
        group: _Group,
        request: Request,
        body_hash: bytes | Refusal,
        *,
        alone: bool,
    ) -> Outcome:
        if isinstance(body_hash, Refusal):
            return body_hash
        known = group.answers.get(request.ctx.key) or store.find(conn, self.log, request.ctx.key)
        if known:
            return _again(request, body_hash, known)
        savepoint = None if alone else conn.begin_nested()
        now_ns = max(request.ctx.clock(), group.tail.time_ns + 1)
        act = Act(request.ctx, conn, state, group.tail.seq + 1, now_ns)
        decision, applied = _run(request, act, state)
        if isinstance(decision, Refusal):
            if savepoint is None:
                raise _RollBack(decision)  # the whole transaction was this command
            savepoint.rollback()
            return decision
        group.applied.append(applied)  # before anything else may fail: what is in this list is taken back
        if savepoint:
            savepoint.commit()
        return group.add(request, act, decision, applied.results.tobytes(), body_hash)

    def _discard(self) -> None:
        self._state = State()
        self._tail = Tail()


class _RollBack(Exception):
    """The only request of a transaction was refused: take its domain rows with it."""

    def __init__(self, why: Refusal):
        super().__init__(str(why))
        self.refusal = why


class _HalfApplied(Exception):
    """The kernel itself failed: what it changed before is unknown."""


class _Group:
    """Entries that will become durable together."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.entries: list[Written] = []
        self.applied: list[Applied] = []
        self.answers: dict[bytes, tuple[int, bytes, bytes]] = {}
        self.committing = False

    def add(
        self, request: Request, act: Act, data: Mapping[str, Any], results: bytes, body_hash: bytes
    ) -> Answer:
        answer = canonical(data)
        changed = rows.encode(act.changes)
        draft = Draft(
            act.now_ns,
            request.ctx.key,
            body_hash,
            digest(answer),
            request.ctx.actor,
            request.name,
            act.encoded().tobytes(),
            results,
            digest(changed) if changed else NO_ROWS,
        )
        entry = seal(draft, act.seq, self.tail.hash)
        self.tail = Tail(entry.seq, entry.time_ns, entry.hash)
        self.entries.append(Written(entry, answer, changed))
        self.answers[entry.key] = (entry.seq, body_hash, answer)
        return Answer(entry.seq, json.loads(answer))


def _body_hash(request: Request) -> bytes | Refusal:
    """The hash of what is asked, or why it cannot be asked at all."""
    if not 0 < len(request.ctx.actor) <= ACTOR_MAX or not request.ctx.actor.isprintable():
        return checks.ACTOR_FORM(field="as", limit=ACTOR_MAX)
    try:
        return request.body_hash()
    except Refused as refused:  # a value that has no canonical form
        return refused.refusal


def _run(request: Request, act: Act, state: State) -> tuple[Decision, Applied]:
    """Decide and apply. A refusal, the kernel's included, leaves the state as it was."""
    try:
        decision = request.decide(act, request.command)
    except Refused as refused:
        decision = refused.refusal
    if isinstance(decision, Refusal):
        return decision, NOTHING
    if request.ctx.also:
        request.ctx.also(act)
    if act.count > records.RECORDS_MAX:
        return checks.TOO_MANY_RECORDS(limit=records.RECORDS_MAX, count=act.count), NOTHING
    block = act.encoded()
    try:
        applied = state.apply(act.seq, block)
    except Exception as error:
        raise _HalfApplied(f"the kernel failed at entry {act.seq}") from error
    if applied.all_ok:
        return decision, applied
    state.take_back(applied)
    # The record that failed by itself says more than its neighbours in the chain.
    codes = [int(code) for code in applied.results]
    first = next(i for i, code in enumerate(codes) if code and (code != 1 or set(codes) <= {0, 1}))
    return checks.from_code(codes[first], first), NOTHING


def _again(request: Request, body_hash: bytes, known: tuple[int, bytes, bytes]) -> Outcome:
    seq, first_hash, answer = known
    if first_hash != body_hash:
        return log_checks.KEY_REUSED(field="key", key=request.ctx.key.hex(), seq=seq)
    return Answer(seq, json.loads(answer), repeated=True)
