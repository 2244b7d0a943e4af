"""How a command becomes durable: decided under the lock, applied, appended, committed, answered.

    lock → catch up → known key? → decide → domain rows → kernel → append → commit → answer

A refused command writes nothing and does not use up its key. Nothing leaves before the commit. A failure
known to have written nothing restores the undo images; after an unknown outcome the replica is discarded and
rebuilt from the log. Several requests may share one SQL transaction (group commit): each still is one entry.
Threads that commit at the same time share one, too (turns.py): should it fail and nothing be written, each is
tried by itself; should nobody know, all of them are told so.

The state is changed before its entries are durable. Who reads it while other threads commit does so in
`Book.reading()`, which keeps them out; `catch_up` returns the state as it lives on.
"""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Connection

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import Clock, system_clock
from tanshu.base.database import UNKNOWN, Database, Savepoint, failure, is_uncertain, shown
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import checks, eras, records, rows, snapshots
from tanshu.book.act import Act
from tanshu.book.records import Records
from tanshu.book.replay import Tail
from tanshu.book.state import NOTHING, Applied, State
from tanshu.book.turns import Ask, Turns
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
KEYS_NAMED = 3
"""Of many commands sent at once, so many keys are named where their outcome is unknown."""
ACTOR_MAX = 64
"""Characters in the name of who asks: a role holder's handle."""
TOGETHER_MAX = 64
"""Threads that share one transaction, at most."""
NO_RECORDS = records.encode([])


def verb(name: str) -> Callable[[Callable[[Act, C], Decision]], Callable[[Context, C], Outcome]]:
    """Turn a decision into a service verb: `verb(ctx, command)` commits what `decide(act, command)` says."""

    def wrap(decide: Callable[[Act, C], Decision]) -> Callable[[Context, C], Outcome]:
        @wraps(decide)
        def call(ctx: Context, command: C) -> Outcome:
            return ctx.commit(name, command, decide)

        call.decide = decide  # type: ignore[attr-defined]
        return call

    return wrap


class _Asked(NamedTuple):
    """What one call of `Book.commit` wants."""

    requests: Sequence[Request]
    bodies: Sequence[bytes | Refusal]
    before_commit: Callable[[Connection], None] | None


class Book:
    """One book on one database: a replica of its state, and the only way to change it."""

    def __init__(self, database: Database, log: int = store.REGISTRY_LOG):
        self.database = database
        self.log = log
        self._mutex = threading.RLock()
        self._turns: Turns[_Asked, list[Outcome]] = Turns(TOGETHER_MAX)
        self._reader: int | None = None  # the thread inside `reading`
        self._discard()

    # -- opening -------------------------------------------------------------------------------------------

    def create(self, name: str, time_ns: int) -> None:
        """Write the genesis entry. The tables exist; the log is empty."""
        with self._mutex, self.database.write() as conn:
            store.lock(conn, self.log)
            if store.tail(conn, self.log) is None:
                store.append(conn, self.log, [Written(*genesis(name, time_ns))])

    def catch_up(self, conn: Connection) -> State:
        """Follow entries written by others; at first, from the newest snapshot on.

        Raises Refused LOG-1002 (no book), LOG-1003 (broken log), LOG-1004 (written by a later release).
        """
        with self._mutex:
            try:
                newest = store.tail(conn, self.log)
                if newest is None or newest[2] != self._tail.hash:
                    self._follow(conn)
            except BaseException:
                self._discard()  # a replica that stopped half-way is of no use
                raise
            if self._tail.seq < 0:
                raise Refused(log_checks.NOT_INITIALISED())
            return self._state

    def _follow(self, conn: Connection) -> None:
        """Go on from where the replica stands; from a snapshot, where the log no longer has that entry."""
        if store.hash_at(conn, self.log, self._tail.seq) != self._tail.hash:
            self._state, self._tail = snapshots.nearest(conn, self.log)
        self._unkept += snapshots.follow(conn, self.log, self._state, self._tail)

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, State]]:
        """A read transaction with the state as of the newest entry it sees. Nobody commits meanwhile."""
        with self._mutex, self.database.read() as conn:
            self._reader, before = threading.get_ident(), self._reader
            try:
                yield conn, self.catch_up(conn)
            finally:
                self._reader = before

    def as_of(self, conn: Connection, seq: int) -> State:
        """The state after entry `seq`: from the nearest snapshot before it, by replay."""
        state, tail = snapshots.nearest(conn, self.log, upto=seq)
        snapshots.follow(conn, self.log, state, tail, upto=seq)
        return state

    def keep_snapshot(self) -> None:
        """Keep a snapshot where following the log has become long work. Does its best, and never waits."""
        with self._mutex:
            if snapshots.is_due(self._unkept, self._state) and snapshots.take_at_once(
                self.database, self.log, self._state, self._tail
            ):
                self._unkept = 0

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
        assert self._reader != threading.get_ident(), "who reads must not commit: it would wait for itself"
        asked = _Asked(requests, [_body_hash(request) for request in requests], before_commit)
        ask: Ask[_Asked, list[Outcome]] = Ask(asked, alone=len(requests) != 1 or before_commit is not None)
        return self._turns.run(ask, self._commit_for)

    def _commit_for(self, asks: Sequence[Ask[_Asked, list[Outcome]]]) -> None:
        """Commit what one thread asks; or what several ask, one command each, and tell each its outcome."""
        group = _Group()
        requests = [request for ask in asks for request in ask.what.requests]
        bodies = [body for ask in asks for body in ask.what.bodies]
        try:
            with self._mutex:
                outcomes = self._commit(
                    group,
                    requests,
                    bodies,
                    asks[0].what.before_commit,
                    full_at=math.inf if len(asks) == 1 else records.RECORDS_MAX,
                )
        except Exception as error:
            if group.committing or len(asks) == 1:
                for ask in asks:
                    ask.fail(self._named(error, group, ask.what))
            else:  # nothing was written: whose fault it was shows when each is by itself
                for ask in asks:
                    self._commit_for([ask])
            return
        if len(asks) == 1:
            asks[0].tell(outcomes)
            return
        for ask, outcome in zip(asks, outcomes, strict=False):
            ask.tell([outcome])
        if rest := asks[len(outcomes) :]:
            self._commit_for(rest)

    def _commit(
        self,
        group: _Group,
        requests: Sequence[Request],
        bodies: Sequence[bytes | Refusal],
        before_commit: Callable[[Connection], None] | None,
        *,
        full_at: float,
    ) -> list[Outcome]:
        """The outcomes of the first requests: all of them, or as many as carry `full_at` records together."""
        outcomes: list[Outcome] = []
        try:
            with self.database.write() as conn:
                store.lock(conn, self.log)
                state = self.catch_up(conn)
                state.compact()  # what was committed before is not taken back any more
                group.tail = self._tail.copy()
                group.known = store.find_all(conn, self.log, [request.ctx.key for request in requests])
                for request, body in zip(requests, bodies, strict=True):
                    outcomes.append(self._decide(conn, state, group, request, body, alone=len(requests) == 1))
                    if group.records >= full_at:
                        break
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
        if known := group.known.get(request.ctx.key):
            return _again(request, body_hash, known)
        if closed := eras.closed_to(group.tail, request.name):
            return closed
        now_ns = max(request.ctx.clock(), group.tail.time_ns + 1)
        act = Act(request.ctx, conn, state, group.tail, now_ns, None if alone else Savepoint(conn))
        decision, block, applied = _run(request, act, state)
        if isinstance(decision, Refusal):
            if act.savepoint is None:
                raise _RollBack(decision)  # the whole transaction was this command
            act.savepoint.take_back()
            return decision
        group.applied.append(applied)  # before anything else may fail: what is in this list is taken back
        if act.savepoint:
            act.savepoint.keep()
        return group.add(request, act, decision, block, applied, body_hash)

    def _named(self, error: Exception, group: _Group, asked: _Asked) -> Exception:
        """The failure; where it leaves the outcome unknown, BASE-1108 with the key that settles it."""
        if not (group.committing and group.entries and is_uncertain(error)):
            return error
        key = " ".join(request.ctx.key.hex() for request in asked.requests[:KEYS_NAMED])
        why = failure(error, self.database.url)
        facts = {"url": shown(self.database.url), "why": why.facts["why"] if why else error, "key": key}
        unknown = Refused(UNKNOWN(field="key", **facts))
        unknown.__cause__ = error
        return unknown

    def _discard(self) -> None:
        self._state = State()
        self._tail = Tail()
        self._unkept = 0  # how much was followed since a snapshot was kept


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
        self.known: dict[bytes, tuple[int, bytes, bytes]] = {}
        """Key → (sequence number, body hash, answer), of the requests that were committed before."""
        self.records = 0
        self.committing = False

    def add(
        self,
        request: Request,
        act: Act,
        data: Mapping[str, Any],
        block: Records,
        applied: Applied,
        body_hash: bytes,
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
            block.tobytes(),
            applied.results.tobytes(),
            digest(changed) if changed else NO_ROWS,
            *eras.of_next(self.tail, request.name),
        )
        entry = seal(draft, act.seq, self.tail.hash)
        self.tail = Tail.at(entry)
        self.entries.append(Written(entry, answer, changed))
        self.known[entry.key] = (entry.seq, body_hash, answer)
        self.records += len(block)
        return Answer(entry.seq, json.loads(answer))


def _body_hash(request: Request) -> bytes | Refusal:
    """The hash of what is asked, or why it cannot be asked at all."""
    if not 0 < len(request.ctx.actor) <= ACTOR_MAX or not request.ctx.actor.isprintable():
        return checks.ACTOR_FORM(field="as", limit=ACTOR_MAX)
    try:
        return request.body_hash()
    except Refused as refused:  # a value that has no canonical form
        return refused.refusal


def _run(request: Request, act: Act, state: State) -> tuple[Decision, Records, Applied]:
    """Decide and apply: (decision, records, what they did).

    A refusal, the kernel's included, leaves the state as it was.
    """
    try:
        decision = request.decide(act, request.command)
    except Refused as refused:
        decision = refused.refusal
    if isinstance(decision, Refusal):
        return decision, NO_RECORDS, NOTHING
    if request.ctx.also:
        request.ctx.also(act)
    if act.count > records.RECORDS_MAX:
        return checks.TOO_MANY_RECORDS(limit=records.RECORDS_MAX, count=act.count), NO_RECORDS, NOTHING
    block = act.encoded()
    try:
        applied = state.apply(act.seq, block)
    except Exception as error:
        raise _HalfApplied(f"the kernel failed at entry {act.seq}") from error
    if applied.all_ok:
        return decision, block, applied
    state.take_back(applied)
    # The record that failed by itself says more than its neighbours in the chain.
    codes = [int(code) for code in applied.results]
    first = next(i for i, code in enumerate(codes) if code and (code != 1 or set(codes) <= {0, 1}))
    return checks.from_code(codes[first], first), NO_RECORDS, NOTHING


def _again(request: Request, body_hash: bytes, known: tuple[int, bytes, bytes]) -> Outcome:
    seq, first_hash, answer = known
    if first_hash != body_hash:
        return log_checks.KEY_REUSED(field="key", key=request.ctx.key.hex(), seq=seq)
    return Answer(seq, json.loads(answer), repeated=True)
