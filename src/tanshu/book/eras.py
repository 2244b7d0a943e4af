"""Eras: what happens to a log when the meaning of its records changes.

A program speaks one engine version (log/entry.py). Entries of its own engine are recomputed on replay; those
of an older one take effect by their stored codes. Between them stands an entry that begins the era: it is
written under the new engine, by order of a person, and its answer tells what was there, so that whoever
replays can compare. A log of an older engine can be read; nothing else is written to it before its new era.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from tanshu.base.canonical import canonical, digest
from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.log import checks, store
from tanshu.log import entry as log_entry
from tanshu.log.entry import ERA_COMMAND, Entry

if TYPE_CHECKING:
    from tanshu.book.commit import Act, Context, Outcome
    from tanshu.book.replay import Tail
    from tanshu.book.state import State

_A_LATER_ONE = Text("更新的版本", "a later release")


def begin(ctx: Context, may: Callable[[Act], Refusal | None] = lambda _act: None) -> Outcome:
    """Begin a new era under this program's engine. Refuses LOG-1006 when the log is of this engine already.

    may: whether the person who orders it may do so, which a room above the book knows.
    """

    def decide(act: Act, _command: object) -> dict[str, Any] | Refusal:
        if act.engine >= log_entry.ENGINE:
            return checks.SAME_ENGINE(engine=act.engine, era=act.era)
        return may(act) or told(act.state, log_entry.ENGINE, act.era + 1)

    return ctx.commit(ERA_COMMAND, {"engine": log_entry.ENGINE}, decide)


def told(state: State, engine: int, era: int) -> dict[str, Any]:
    """What an era's entry tells: the state it begins with, and which release speaks its engine."""
    return {
        "era": era,
        "engine": engine,
        "program": log_entry.ENGINES.get(engine),
        "digest": state.digest(),
        "accounts": state.accounts,
        "instruments": state.instruments,
        "cells": len(state.cell_rows()),
        "holds": len(state.hold_rows()),
    }


def tells(entry: Entry, state: State) -> bool:
    """Does the era's entry tell of this state? Its answer's hash says so; the answer need not be read."""
    return digest(canonical(told(state, entry.engine, entry.era))) == entry.answer_hash


# -- writing -----------------------------------------------------------------------------------------------


def of_next(tail: Tail, command: str) -> tuple[int, int]:
    """(engine, era) of the entry that comes after."""
    assert tail.engine is not None and tail.era is not None, "the log has a genesis entry"
    if command == ERA_COMMAND:
        return log_entry.ENGINE, tail.era + 1
    return tail.engine, tail.era


def closed_to(tail: Tail, command: str) -> Refusal | None:
    """Why this command cannot be written yet: the log is still of an older engine (LOG-1005)."""
    if tail.engine == log_entry.ENGINE or command == ERA_COMMAND:
        return None
    return checks.OLDER_ENGINE(engine=tail.engine, era=tail.era, known=log_entry.ENGINE)


# -- reading what a later release wrote --------------------------------------------------------------------


def newer_engine(seq: int, engine: int) -> Refusal:
    """LOG-1004: something of an engine that this program does not know."""
    return checks.NEWER_ENGINE(seq=seq, engine=engine, known=log_entry.ENGINE, program=_A_LATER_ONE)


def with_program(conn: Connection, log: int, refused: Refused) -> Refused:
    """LOG-1004 with the release that the era's entry asks for; any other refusal as it is."""
    refusal = refused.refusal
    if refusal.kind is not checks.NEWER_ENGINE:
        return refused
    seq = int(str(refusal.facts["seq"]))
    program = json.loads(store.answers(conn, log, seq - 1, seq)[seq]).get("program")
    if not program:
        return refused
    return Refused(checks.NEWER_ENGINE(**{**refusal.facts, "program": f"tanshu {program}"}))
