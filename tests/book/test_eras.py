"""Eras: a pretend engine 2, under which thirteen units never move, on a log that engine 1 began."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tanshu.base.canonical import canonical, digest
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import effects, eras, kernel, projections, records, replay, snapshots
from tanshu.book import state as states
from tanshu.book.codes import Code
from tanshu.book.commit import Book
from tanshu.book.movements import Movements, movements
from tanshu.book.records import Op
from tanshu.book.replay import Tail
from tanshu.book.state import State
from tanshu.log import entry as log_entry
from tanshu.log import store
from tanshu.log.entry import Draft, Entry, seal
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, NO, TAKER, accepted, opening, refused, request
from tests.support.stories import Story

THIRTEEN = records.transfer(MAKER, TAKER, CEA, 13)
TWELVE = records.transfer(MAKER, TAKER, CEA, 12)


def _engine_2(real: Callable[..., int]) -> Callable[..., int]:
    """The kernel of engine 2: a transfer of thirteen is refused, whatever engine 1 says."""

    def apply(position, op, flags, instrument, debit, credit, amount, hold, unused, s, undo, results):
        superstitious = unused | ((op == Op.TRANSFER) & (amount == 13))
        return real(
            position, op, flags, instrument, debit, credit, amount, hold, superstitious, s, undo, results
        )

    return apply


class Upgrade:
    """`upgrade()`: the program speaks engine 2 from here on; `upgrade.back()`: engine 1 again."""

    def __init__(self) -> None:
        self.patch = pytest.MonkeyPatch()

    def __call__(self) -> None:
        self.patch.setattr(log_entry, "ENGINE", 2)
        self.patch.setattr(log_entry, "ENGINES", {1: "0.0.1", 2: "0.2.0"})
        self.patch.setattr(kernel, "apply", _engine_2(kernel.apply))

    def back(self) -> None:
        self.patch.undo()


@pytest.fixture
def upgrade():
    made = Upgrade()
    yield made
    made.back()


@pytest.fixture
def old(book: Book, ticker: Ticker) -> Book:
    """Entry 1 opens; 2 gives thirteen; 3 holds thirteen; 4 captures a part."""
    hold = records.hold(MAKER, CEA, 13)
    take = records.capture(records.position(3, 0), MAKER, TAKER, CEA, 4)
    rows = [opening(), [THIRTEEN], [hold], [take]]
    book.commit([request(book, n, *some, ticker=ticker) for n, some in enumerate(rows)])
    return book


def reopened(book: Book) -> Book:
    fresh = Book(book.database, book.log)
    with book.database.read() as conn:
        fresh.catch_up(conn)
    return fresh


def why_not(book: Book) -> Refusal:
    """Why the book does not open."""
    with pytest.raises(Refused) as caught:
        reopened(book)
    return caught.value.refusal


def entries(book: Book) -> list[Entry]:
    with book.database.read() as conn:
        return list(store.read(conn, book.log))


# -- the story of an upgrade -------------------------------------------------------------------------------


def test_a_log_of_an_older_engine_is_read_by_its_stored_codes(old: Book, upgrade: Upgrade):
    before = old._state.digest()
    upgrade()
    assert reopened(old)._state.digest() == before
    with old.database.read() as conn:
        assert Book(old.database).as_of(conn, 2).cell(TAKER, CEA).available == 13


def test_nothing_is_written_before_the_new_era_begins(old: Book, upgrade: Upgrade):
    upgrade()
    book = reopened(old)
    outcome = book.commit([request(book, 50, TWELVE)])[0]
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.facts) == ("LOG-1005", {"engine": 1, "era": 0, "known": 2})
    assert len(entries(book)) == 5
    # What was done before is still answered.
    again = book.commit([request(book, 1, THIRTEEN)])[0]
    assert accepted(again).repeated


def test_an_era_begins_with_an_entry_that_tells_what_was_there(old: Book, upgrade: Upgrade, context):
    state = old._state.digest()
    upgrade()
    book = reopened(old)
    ctx = replace(context("registry-checker-1"), book=book)
    answer = accepted(eras.begin(ctx))
    assert answer.data == {
        "era": 1,
        "engine": 2,
        "program": "0.2.0",
        "digest": state.hex(),
        "accounts": 4,
        "instruments": 2,
        "cells": 5,
        "holds": 1,
    }
    began = entries(book)[-1]
    told = (began.seq, began.engine, began.era, began.command, began.actor, began.records)
    assert told == (5, 2, 1, "era", "registry-checker-1", b"")
    assert accepted(eras.begin(ctx)).repeated
    assert refused(eras.begin(ctx.with_(key=bytes(16)))) == "LOG-1006"


@pytest.fixture
def grown(old: Book, upgrade: Upgrade, context) -> Book:
    """The log of engine 1, and its second era: 5 begins it, 6 gives twelve."""
    upgrade()
    book = reopened(old)
    accepted(eras.begin(replace(context("registry-checker-1"), book=book)))
    accepted(book.commit([request(book, 60, TWELVE)])[0])
    return book


def test_the_new_engine_decides_from_then_on_and_the_old_entries_stand(grown: Book):
    outcome = grown.commit([request(grown, 61, THIRTEEN)])[0]
    assert isinstance(outcome, Refusal) and outcome.code == f"BOOK-{2000 + Code.RESERVED_FIELD}"
    assert [(e.engine, e.era) for e in entries(grown)] == [(1, 0)] * 5 + [(2, 1)] * 2
    fresh = reopened(grown)
    assert fresh._state.digest() == grown._state.digest()
    assert fresh._state.cell(TAKER, CEA).available == 13 + 4 + 12
    assert (fresh.tail.engine, fresh.tail.era) == (2, 1)


def test_a_program_of_the_older_engine_says_which_release_it_takes(grown: Book, upgrade: Upgrade):
    upgrade.back()
    why = why_not(grown)
    assert (why.code, why.facts["seq"], why.facts["known"]) == ("LOG-1004", 5, 1)
    assert "tanshu 0.2.0" in why.sentence("en") and "tanshu 0.2.0" in why.sentence("zh")
    with grown.database.read() as conn:  # what its own engine wrote it can still tell
        assert Book(grown.database).as_of(conn, 4).cell(TAKER, CEA).available == 17
    with pytest.raises(Refused, match="LOG-1004"):
        projections.catch_up(grown.database, Movements)


def test_a_log_born_under_an_engine_needs_no_era_for_it(book: Book, upgrade: Upgrade, ticker: Ticker):
    upgrade()
    newborn = Book(book.database, 9)
    newborn.create("young", 1)
    outcome = newborn.commit([request(newborn, 1, *opening(), ticker=ticker)])[0]
    assert accepted(outcome).seq == 1
    assert [(e.engine, e.era) for e in entries(newborn)] == [(2, 0)] * 2
    upgrade.back()
    assert "a later release" in why_not(newborn).sentence("en")


def test_snapshots_and_movements_cross_eras(grown: Book, upgrade: Upgrade):
    for seq in (3, 6):
        with grown.database.read() as conn:
            entry = entries(grown)[seq]
            snapshots.take(grown.database, grown.log, grown.as_of(conn, seq), Tail.at(entry))
    fresh = reopened(grown)
    assert (fresh.tail.engine, fresh.tail.era) == (2, 1)
    assert fresh._state.digest() == grown._state.digest()
    projections.catch_up(grown.database, Movements)
    with grown.database.read() as conn:
        seen = movements(conn, grown.log, TAKER, CEA)
    assert [(m.seq, m.available_change, m.available) for m in seen] == [(2, 13, 13), (4, 4, 17), (6, 12, 29)]
    upgrade.back()
    with grown.database.read() as conn:
        flaws = [one.flaw and one.flaw.code for one in snapshots.kept(conn, grown.log)]
        assert flaws == ["LOG-1004", None]
        assert snapshots.nearest(conn, grown.log).tail.seq == 3


def test_who_may_begin_an_era_is_asked_first(old: Book, upgrade: Upgrade, context):
    upgrade()
    ctx = replace(context("somebody"), book=reopened(old))
    assert refused(eras.begin(ctx, may=lambda act: NO() if act.actor == "somebody" else None)) == "TEST-1001"
    assert len(entries(old)) == 5


# -- logs that cannot be -----------------------------------------------------------------------------------


def resealed(before: Entry, entry: Entry, **changes: Any) -> Entry:
    draft: dict[str, Any] = {name: getattr(entry, name) for name in Draft.__slots__} | changes
    return seal(Draft(**draft), before.seq + 1, before.hash)


IMPOSSIBLE = {
    "an era of another state": (5, {"answer_hash": digest(b"{}")}, 5, "the state is not the one"),
    "an engine without an era": (5, {"command": "record"}, 5, "engine 2, era 1 does not follow"),
    "an era that skips one": (5, {"era": 2}, 5, "engine 2, era 2 does not follow"),
    "an era of the same engine": (5, {"engine": 1}, 5, "engine 1, era 1 does not follow"),
    "back to the older engine": (6, {"engine": 1}, 6, "engine 1, era 1 does not follow"),
    "back to the older era": (6, {"era": 0}, 6, "engine 2, era 0 does not follow"),
    "a first era that is not 0": (0, {"era": 1}, 0, "engine 1, era 1 does not follow"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_eras_follow_each_other_only_through_their_own_entries(grown: Book, name: str):
    at, changes, seq, why = IMPOSSIBLE[name]
    told = entries(grown)
    made = told[:at]
    for entry in told[at:]:
        before = made[-1] if made else replace(entry, seq=-1, hash=log_entry.NO_HASH)
        made.append(resealed(before, entry, **(changes if entry.seq == at else {})))
    with pytest.raises(Refused) as caught:
        replay.replay(made, State(), Tail())
    assert (caught.value.refusal.code, caught.value.refusal.facts["seq"]) == ("LOG-1003", seq)
    assert why in str(caught.value.refusal.facts["why"])


def test_the_new_engine_would_not_have_allowed_what_the_old_one_did(old: Book, upgrade: Upgrade):
    """What makes stored codes necessary: the same entries under the new engine's name do not replay."""
    told = entries(old)
    upgrade()
    made: list[Entry] = []
    for entry in told:
        before = made[-1] if made else replace(entry, seq=-1, hash=log_entry.NO_HASH)
        made.append(resealed(before, entry, engine=2))
    with pytest.raises(Refused, match="replay answers 4 where 0 is stored"):
        replay.replay(made, State(), Tail())


ROWS = {
    "a transfer from nobody": records.transfer(9, MAKER, CEA, 1),
    "a transfer to nobody": records.transfer(MAKER, 9, CEA, 1),
    "a transfer of nothing known": records.transfer(MAKER, TAKER, 9, 1),
    "a capture of no hold": records.capture(77, MAKER, TAKER, CEA, 1),
    "a release of more than is held": records.release(records.position(2, 0), MAKER, CEA, 6),
    "an account out of turn": records.open_account(9),
    "an instrument out of turn": records.define_instrument(9),
    "flags of nobody": records.set_flags(9, records.AccountFlag.NONE),
    "no such operation": (99, 0, CEA, MAKER, TAKER, 1, 0, 0, 0, 0),
}


@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
@pytest.mark.parametrize("name", ROWS)
def test_an_older_entry_that_cannot_have_been_accepted_is_named(
    name: str, compiled: bool, upgrade: Upgrade, monkeypatch: pytest.MonkeyPatch
):
    story = Story()
    story.add(*opening())
    story.add(records.hold(MAKER, CEA, 5))
    story.add(TWELVE, ROWS[name], results=b"\0\0")
    upgrade()
    monkeypatch.setattr(states, "COMPILE_FROM", 1)
    monkeypatch.setattr(states, "COMPILE_AFTER", 0 if compiled else 10**9)
    monkeypatch.setattr(kernel, "is_compiled", lambda: compiled)
    with pytest.raises(Refused) as caught:
        replay.replay(story.entries, State(), Tail())
    assert (caught.value.refusal.code, caught.value.refusal.facts["seq"]) == ("LOG-1003", 3)
    assert story.reference.take_effect(3, [TWELVE, ROWS[name]], [0, 0]) == 1


def test_a_refused_record_of_an_older_entry_does_nothing(upgrade: Upgrade):
    story = Story()
    story.add(*opening())
    story.add(TWELVE, THIRTEEN, results=bytes([0, Code.CAP_EXCEEDED]))
    upgrade()
    state = State()
    replay.replay(story.entries, state, Tail())
    assert state.cell(TAKER, CEA).available == 12
    assert effects.OK == Code.OK


def test_what_an_era_tells_is_hashed_as_it_is_answered():
    state = State()
    state.apply(1, records.encode(opening()))
    story = Story()
    answer = canonical(eras.told(state, 1, 0))
    entry = replace(story.add(), answer_hash=digest(answer))
    assert eras.tells(entry, state)
    state.apply(2, records.encode([TWELVE]))
    assert not eras.tells(entry, state)
    assert np.asarray(state.cell_rows()).shape == (5, 3)
