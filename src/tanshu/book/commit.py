"""The book: a log's writer (writer.py) over the kernel's state, with undo images and snapshots."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from tanshu.base.database import Database, Savepoint
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import checks, records, snapshots
from tanshu.book.act import Act
from tanshu.book.records import Records
from tanshu.book.replay import Tail
from tanshu.book.state import NOTHING, Applied, State
from tanshu.book.writer import (
    ACTOR_MAX,
    KEYS_NAMED,
    TOGETHER_MAX,
    Answer,
    Context,
    Decision,
    Done,
    HalfApplied,
    Outcome,
    Request,
    Writer,
    verb,
)
from tanshu.log import store

__all__ = [
    "ACTOR_MAX", "KEYS_NAMED", "TOGETHER_MAX", "Act", "Answer", "Book", "Context", "Decision", "Outcome",
    "Request", "Writer", "verb",
]  # fmt: skip

NO_RECORDS = records.encode([])


class Book(Writer[State]):
    """One book on one database: a replica of its state, and the only way to change it."""

    def __init__(self, database: Database, log: int = store.REGISTRY_LOG):
        super().__init__(database, log)

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

    # -- the kind of log it is -----------------------------------------------------------------------------

    def _empty(self) -> State:
        return State()

    def _nearest(self, conn: Connection) -> tuple[State, Tail]:
        return snapshots.nearest(conn, self.log)

    def _replay(self, conn: Connection, state: State, tail: Tail) -> int:
        return snapshots.follow(conn, self.log, state, tail)

    def _settle(self, state: State) -> None:
        state.compact()

    def _take_back(self, undo: Sequence[Applied]) -> None:
        for applied in reversed(undo):
            self._state.take_back(applied)

    def _run(
        self,
        request: Request,
        conn: Connection,
        state: State,
        tail: Tail,
        now_ns: int,
        savepoint: Savepoint | None,
    ) -> Done | Refusal:
        act = Act(request.ctx, conn, state, tail, now_ns, savepoint)
        decision, block, applied = _run(request, act, state)
        if isinstance(decision, Refusal):
            return decision
        return Done(act, decision, block.tobytes(), applied.results.tobytes(), applied)


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
        raise HalfApplied(f"the kernel failed at entry {act.seq}") from error
    if applied.all_ok:
        return decision, block, applied
    state.take_back(applied)
    # The record that failed by itself says more than its neighbours in the chain.
    codes = [int(code) for code in applied.results]
    first = next(i for i, code in enumerate(codes) if code and (code != 1 or set(codes) <= {0, 1}))
    return checks.from_code(codes[first], first), NO_RECORDS, NOTHING
