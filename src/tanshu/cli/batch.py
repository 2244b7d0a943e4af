"""Several commands in one database transaction: all of them, or the good ones, or none for a rehearsal.

Each is still one entry with its own key. A rehearsal goes through everything that would be done, to the last
record, and takes it all back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal, Refused
from tanshu.book.commit import Act, Answer, Book, Context, Decision, Outcome, Request
from tanshu.cli import checks
from tanshu.cli.progress import Tick
from tanshu.log import store
from tanshu.log.checks import KEY_REUSED


class _Asking:
    """Stands in for a context, so that calling a verb yields its request instead of committing it."""

    def __init__(self, ctx: Context):
        self.ctx = ctx

    def commit(self, name: str, command: object, decide: Callable[[Act, Any], Decision]) -> Request:
        return Request(self.ctx, name, command, decide)


class _TakenBack(Exception):
    """Leaves the transaction without committing it."""

    def __init__(self, outcomes: list[Outcome]):
        super().__init__()
        self.outcomes = outcomes


def request(verb: Callable[[Context, Any], Outcome], ctx: Context, command: object) -> Request:
    """The request that `verb(ctx, command)` would commit."""
    return cast(Request, cast(Any, verb)(_Asking(ctx), command))


def together(
    book: Book,
    requests: Sequence[Request],
    *,
    all_or_nothing: bool = False,
    rehearsal: bool = False,
    tick: Tick | None = None,
) -> list[Outcome]:
    """Commit requests in order; the outcome of each.

    all_or_nothing: one refusal takes everything back. rehearsal: everything is taken back in any case.
    """
    if not requests:
        return []
    refusals: dict[int, Refusal] = {}
    watched = [_watched(one, n, refusals, tick) for n, one in enumerate(requests)]

    def take_back(conn: Connection) -> None:
        """Asked when everything is decided and nothing committed."""
        outcomes = [_outcome(conn, book, one, refusals.get(n)) for n, one in enumerate(watched)]
        if rehearsal or (all_or_nothing and any(isinstance(one, Refusal) for one in outcomes)):
            raise _TakenBack(outcomes)

    try:
        return book.commit(watched, take_back if rehearsal or all_or_nothing else None)
    except _TakenBack as back:
        return back.outcomes


def _watched(one: Request, n: int, refusals: dict[int, Refusal], tick: Tick | None) -> Request:
    def decide(act: Act, command: object) -> Decision:
        try:
            decision = one.decide(act, command)
        except Refused as refused:
            decision = refused.refusal
        if isinstance(decision, Refusal):
            refusals[n] = decision
        if tick:
            tick(n + 1)
        return decision

    return replace(one, decide=decide)


def _outcome(conn: Connection, book: Book, one: Request, refusal: Refusal | None) -> Outcome:
    """What became of a request, read from the uncommitted log; the kernel keeps its own reasons."""
    known = None if refusal else store.find(conn, book.log, one.ctx.key)
    if known is None:
        return refusal or checks.BOOK_REFUSED()
    seq, body_hash, answer = known
    if body_hash != one.body_hash():
        return KEY_REUSED(field="key", key=one.ctx.key.hex(), seq=seq)
    return Answer(seq, json.loads(answer), repeated=seq <= book.tail.seq)
