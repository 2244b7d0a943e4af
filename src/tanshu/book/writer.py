"""How a command becomes durable on any log: decided under the lock, applied, appended, committed, answered.

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
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import Connection

from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import Clock, system_clock
from tanshu.base.database import UNKNOWN, Database, Savepoint, failure, is_uncertain, shown
from tanshu.base.ids import KEY_BYTES
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import checks, eras, records, rows
from tanshu.book.act import LogAct
from tanshu.book.replay import Tail
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

    book: Writer[Any]
    actor: str
    key: bytes
    reason: str = ""
    clock: Clock = system_clock
    allow_draft: bool = False
    also: Callable[[Any], None] | None = None

    def commit(self, name: str, command: object, decide: Callable[[Any, Any], Decision]) -> Outcome:
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
    decide: Callable[[Any, Any], Decision]

    def body_hash(self) -> bytes:
        body = {
            "command": self.name,
            "actor": self.ctx.actor,
            "reason": self.ctx.reason,
            "body": self.command,
        }
        return digest(canonical(body))


C = TypeVar("C")
S = TypeVar("S")
KEYS_NAMED = 3
"""Of many commands sent at once, so many keys are named where their outcome is unknown."""
ACTOR_MAX = 64
"""Characters in the name of who asks: a role holder's handle."""
TOGETHER_MAX = 64
"""Threads that share one transaction, at most."""


def verb(name: str) -> Callable[[Callable[[Any, C], Decision]], Callable[[Context, C], Outcome]]:
    """Turn a decision into a service verb: `verb(ctx, command)` commits what `decide(act, command)` says."""

    def wrap(decide: Callable[[Any, C], Decision]) -> Callable[[Context, C], Outcome]:
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


class Done(NamedTuple):
    """What a decision came to: its answer, its records and results as they are kept, how to undo it."""

    act: LogAct
    data: Mapping[str, Any]
    records: bytes
    results: bytes
    undo: Any = None


class Writer(ABC, Generic[S]):
    """One log on one database: a replica of the state it leads to, and the only way to change it.

    A kind of log says what its state is, how entries are followed, and what deciding a command comes to.
    """

    def __init__(self, database: Database, log: int, beside: Writer[Any] | None = None):
        """beside: the writer whose transactions this log's are joined to. They take turns: one that held its
        own turn and waited for the database would never let a joined command in, which holds the database.
        """
        self.database = database
        self.log = log
        self._mutex = beside._mutex if beside else threading.RLock()
        self._turns: Turns[_Asked, list[Outcome]] = Turns(TOGETHER_MAX)
        self._reader: int | None = None  # the thread inside `reading`
        self.companions: dict[int, Any] = {}
        """Writers of other logs on this database, by log: one of each in a process, so that they share it."""
        self._discard()

    # -- opening -------------------------------------------------------------------------------------------

    def create(self, name: str, time_ns: int) -> None:
        """Write the genesis entry. The tables exist; the log is empty."""
        with self._mutex, self.database.write() as conn:
            store.lock(conn, self.log)
            if store.tail(conn, self.log) is None:
                store.append(conn, self.log, [Written(*genesis(name, time_ns))])

    def catch_up(self, conn: Connection) -> S:
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
            self._state, self._tail = self._nearest(conn)
        self._unkept += self._replay(conn, self._state, self._tail)

    @contextmanager
    def reading(self) -> Iterator[tuple[Connection, S]]:
        """A read transaction with the state as of the newest entry it sees. Nobody commits meanwhile."""
        with self._mutex, self.database.read() as conn:
            self._reader, before = threading.get_ident(), self._reader
            try:
                yield conn, self.catch_up(conn)
            finally:
                self._reader = before

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
                self._settle(state)
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
            if group.committing or not isinstance(error, Exception) or isinstance(error, HalfApplied):
                self._discard()
            else:
                self._take_back(group.undo)
            raise
        return outcomes

    def _decide(
        self,
        conn: Connection,
        state: S,
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
        savepoint = None if alone else Savepoint(conn)
        done = self._run(request, conn, state, group.tail, now_ns, savepoint)
        if isinstance(done, Refusal):
            if savepoint is None:
                raise _RollBack(done)  # the whole transaction was this command
            savepoint.take_back()
            return done
        group.undo.append(done.undo)  # before anything else may fail: what is in this list is taken back
        if savepoint:
            savepoint.keep()
        return group.add(request, done, body_hash)

    def join(
        self, act: LogAct, name: str, command: object, decide: Callable[[Any, Any], Decision]
    ) -> Outcome:
        """Run one command of this log within another log's transaction, durable with it or not at all.

        Who asks, why, when and the key are those of `act`. Where the other transaction comes to nothing, the
        replica is ahead of the log; it finds out when it next catches up. A refusal changes nothing here.
        """
        key = digest(act.ctx.key + len(act.joined).to_bytes(2, "little"))[:KEY_BYTES]
        ctx = replace(act.ctx, key=key, also=None)  # what else the command changes, `act` does
        answer = self.within(act.conn, ctx, act.now_ns, name, command, decide)
        if isinstance(answer, Answer):
            act.joined.append((self.log, answer.seq))
        return answer

    def within(
        self,
        conn: Connection,
        ctx: Context,
        now_ns: int,
        name: str,
        command: object,
        decide: Callable[[Any, Any], Decision],
    ) -> Outcome:
        """Run one command of this log by itself, under its own key, within another log's transaction.

        Whoever calls has seen, under this log's lock, that the key is new.
        """
        request = Request(ctx, name, command, decide)
        body = _body_hash(request)
        if isinstance(body, Refusal):
            return body
        with self._mutex:
            store.lock(conn, self.log)
            state = self.catch_up(conn)
            group = _Group()
            group.tail = self._tail.copy()
            if closed := eras.closed_to(group.tail, name):
                return closed
            try:
                done = self._run(request, conn, state, group.tail, max(now_ns, group.tail.time_ns + 1), None)
                if isinstance(done, Refusal):
                    return done
                answer = group.add(request, done, body)
                store.append(conn, self.log, group.entries)
            except BaseException:
                self._discard()
                raise
            self._tail = group.tail
            return answer

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
        self._state = self._empty()
        self._tail = Tail()
        self._unkept = 0  # how much was followed since a snapshot was kept

    # -- what a kind of log brings -------------------------------------------------------------------------

    @abstractmethod
    def _empty(self) -> S:
        """The state before genesis."""

    @abstractmethod
    def _nearest(self, conn: Connection) -> tuple[S, Tail]:
        """The newest state that was kept, or the empty one."""

    @abstractmethod
    def _replay(self, conn: Connection, state: S, tail: Tail) -> int:
        """Follow what comes after `tail`, believing nothing; returns how much work it was."""

    @abstractmethod
    def _run(
        self,
        request: Request,
        conn: Connection,
        state: S,
        tail: Tail,
        now_ns: int,
        savepoint: Savepoint | None,
    ) -> Done | Refusal:
        """Decide and apply. A refusal leaves the state as it was."""

    def _settle(self, state: S) -> None:
        """What was committed before is not taken back any more."""

    @abstractmethod
    def _take_back(self, undo: Sequence[Any]) -> None:
        """Take back what commands of a failed transaction did, given in their order."""


class _RollBack(Exception):
    """The only request of a transaction was refused: take its domain rows with it."""

    def __init__(self, why: Refusal):
        super().__init__(str(why))
        self.refusal = why


class HalfApplied(Exception):
    """The kernel itself failed: what it changed before is unknown."""


class _Group:
    """Entries that will become durable together."""

    def __init__(self) -> None:
        self.tail = Tail()
        self.entries: list[Written] = []
        self.undo: list[Any] = []
        """How to take back what each of them did."""
        self.known: dict[bytes, tuple[int, bytes, bytes]] = {}
        """Key → (sequence number, body hash, answer), of the requests that were committed before."""
        self.records = 0
        self.committing = False

    def add(self, request: Request, done: Done, body_hash: bytes) -> Answer:
        act = done.act
        answer = canonical(done.data)
        changed = rows.encode(act.changes)
        draft = Draft(
            act.now_ns,
            request.ctx.key,
            body_hash,
            digest(answer),
            request.ctx.actor,
            request.name,
            done.records,
            done.results,
            digest(changed) if changed else NO_ROWS,
            *eras.of_next(self.tail, request.name),
        )
        entry = seal(draft, act.seq, self.tail.hash)
        self.tail = Tail.at(entry)
        self.entries.append(Written(entry, answer, changed))
        self.known[entry.key] = (entry.seq, body_hash, answer)
        self.records += len(done.results)
        return Answer(entry.seq, json.loads(answer))


def _body_hash(request: Request) -> bytes | Refusal:
    """The hash of what is asked, or why it cannot be asked at all."""
    if not 0 < len(request.ctx.actor) <= ACTOR_MAX or not request.ctx.actor.isprintable():
        return checks.ACTOR_FORM(field="as", limit=ACTOR_MAX)
    try:
        return request.body_hash()
    except Refused as refused:  # a value that has no canonical form
        return refused.refusal


def _again(request: Request, body_hash: bytes, known: tuple[int, bytes, bytes]) -> Outcome:
    seq, first_hash, answer = known
    if first_hash != body_hash:
        return log_checks.KEY_REUSED(field="key", key=request.ctx.key.hex(), seq=seq)
    return Answer(seq, json.loads(answer), repeated=True)
