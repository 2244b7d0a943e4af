"""The log that each release left behind is read by every later one, to the last bit of the state."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.book import kernel, projections, records
from tanshu.book import state as states
from tanshu.book.codes import Code
from tanshu.book.commit import Book
from tanshu.book.movements import Movements, disagreements
from tanshu.book.records import Op
from tanshu.book.reference import ReferenceBook
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.log import entry as log_entry
from tanshu.log import store
from tanshu.log.entry import NO_ROWS, Entry, is_genesis, is_intact
from tanshu.log.store import Written
from tests.golden import write

HERE = Path(__file__).parent


class Pinned(NamedTuple):
    """What a release's log leads to, for ever."""

    entries: int
    hash: str
    state: str


PINNED = {
    "0.0.1": Pinned(
        55,
        "8748bf46d05e1976f988df7d174866e8c6c5236ecbc1a53560686b473c99d904",
        "2efd2c59646c22519608cbc2b77b75c9a6db156ecaeb303a7a9b42c5176f85ce",
    ),
}
every_release = pytest.mark.parametrize("release", PINNED)


def read(release: str) -> list[Written]:
    lines = (HERE / f"log-{release}.jsonl").read_text(encoding="utf-8").splitlines()
    return [_written(json.loads(line)) for line in lines]


def _written(line: dict) -> Written:
    answer, changed = line.pop("answer").encode(), line.pop("rows").encode()
    kept = ("seq", "time_ns", "actor", "command", "engine", "era")
    fields: dict[str, Any] = {n: v if n in kept else bytes.fromhex(v) for n, v in line.items()}
    return Written(Entry(**fields), answer, changed)


def test_every_golden_log_is_pinned():
    assert {file.stem.removeprefix("log-") for file in HERE.glob("*.jsonl")} == set(PINNED)
    assert write.release() in PINNED


@every_release
@pytest.mark.parametrize("compiled", [False, True], ids=["plain", "compiled"])
def test_a_golden_log_replays_to_its_pinned_state(
    release: str, compiled: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(states, "COMPILE_FROM", 1)
    monkeypatch.setattr(states, "COMPILE_AFTER", 0 if compiled else 10**9)
    monkeypatch.setattr(kernel, "is_compiled", lambda: compiled)
    pinned, state, tail = PINNED[release], State(), Tail()
    replay((one.entry for one in read(release)), state, tail)
    assert Pinned(tail.seq + 1, tail.hash.hex(), state.digest().hex()) == pinned


@every_release
def test_a_golden_log_is_whole(release: str):
    """Every hash is that of what lies there: entries, answers, rows."""
    first, *_ = told = read(release)
    assert is_genesis(first.entry, first.answer)
    for entry, answer, changed in told:
        assert is_intact(entry)
        assert digest(answer) == entry.answer_hash
        assert (digest(changed) if changed else NO_ROWS) == entry.rows_hash
        assert not changed or json.loads(changed)


@every_release
def test_a_golden_log_is_recomputed_by_the_reference_kernel(release: str):
    obvious, state = ReferenceBook(), State()
    told = [one.entry for one in read(release)]
    for entry in told:
        block = records.decode(entry.records).tolist()
        if entry.engine == log_entry.ENGINE:
            assert bytes(obvious.apply(entry.seq, block)) == entry.results
        else:
            assert obvious.take_effect(entry.seq, block, entry.results) is None
    replay(told, state, Tail())
    assert [tuple(cell) for cell in state.cells()] == obvious.cells()
    assert [tuple(hold) for hold in state.holds()] == obvious.open_holds()


@every_release
def test_a_golden_log_opens_as_a_book(release: str, database: Database):
    with database.write() as conn:
        store.append(conn, store.REGISTRY_LOG, read(release))
    book = Book(database)
    projections.catch_up(database, Movements)
    with database.read() as conn:
        state = book.catch_up(conn)
        assert state.digest().hex() == PINNED[release].state
        assert disagreements(conn, book.log, state) == []
        assert book.as_of(conn, 1).cell(1, 0).available == 1_000


def test_the_present_golden_log_has_everything_in_it():
    told = [one.entry for one in read(write.release())]
    assert {code for entry in told for code in entry.results} == set(map(int, Code))
    ops = {int(record["op"]) for entry in told for record in records.decode(entry.records)}
    assert ops >= set(map(int, Op))


def test_the_present_golden_log_is_what_its_writer_writes():
    """Nothing random, nothing of the day: written again it is the same, byte for byte."""
    file = HERE / f"log-{write.release()}.jsonl"
    assert write.as_text(write.story().written) == file.read_text(encoding="utf-8")
