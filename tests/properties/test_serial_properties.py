"""Serial numbers against the obvious book that keeps one list entry for each unit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count, pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, select

from tanshu.base.database import Database
from tanshu.book import projections, serial_rows, serials
from tanshu.book.records import Row, position
from tanshu.book.serial_queues import Queues
from tanshu.book.serial_rows import fork, forks_over
from tanshu.book.serials import Serials
from tanshu.book.state import State
from tests.support.units import (
    CCER,
    CEA,
    ORDINARY,
    OVERDRAFT,
    Place,
    Told,
    UnitBook,
    entries_of,
    tell,
    worlds,
    write,
)

on_one_database = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


# -- in memory ---------------------------------------------------------------------------------------------


def follow(queues: Queues, seq: int, rows: list[Row], results: list[int]) -> None:
    for i, (row, result) in enumerate(zip(rows, results, strict=True)):
        op, _, instrument, debit, credit, amount, hold, *_ = row
        if not result and op == 3 and credit:
            queues.define(instrument)
        if not result and op > 3 and instrument in queues.last:
            queues.apply(position(seq, i), op, instrument, debit, credit, amount, hold)


def pieces_of(queues: Queues) -> dict[Place, list[tuple[int, int, int]]]:
    """Place → (acquired, start, end) in the order in which they will be given away."""
    found: dict[Place, list[tuple[int, int, int]]] = {}
    for (account, instrument), cell in queues.cells.items():
        found[account, instrument, 0] = [piece[:3] for piece in sorted(cell.queue)]
        found |= {(account, instrument, hold): [p[:3] for p in held] for hold, held in cell.holds.items()}
    return {place: pieces for place, pieces in found.items() if pieces}


def agree(queues: Queues, units: UnitBook) -> None:
    """The same units, acquired at the same time, in the same order, at every place."""
    singly = {
        place: [(acquired, n) for acquired, start, end in pieces for n in range(start, end + 1)]
        for place, pieces in pieces_of(queues).items()
    }
    assert singly == {place: units for place, units in units.places.items() if units}


def hold_together(queues: Queues, state: State) -> None:
    """What must be true of queues and state, whatever happened."""
    found = pieces_of(queues)
    size = {place: sum(end - start + 1 for _, start, end in pieces) for place, pieces in found.items()}
    assert {p: n for p, n in size.items() if p[2]} == {
        (h.account, h.instrument, h.position): h.remaining
        for h in state.holds()
        if h.instrument in queues.last
    }
    for instrument in (CEA, CCER):
        for account in ORDINARY:
            assert size.get((account, instrument, 0), 0) == state.cell(account, instrument).available
        for account in OVERDRAFT:
            assert size.get((account, instrument, 0), 0) >= max(0, state.cell(account, instrument).available)
        here = [pieces for place, pieces in found.items() if place[1] == instrument]
        numbers = sorted((start, end) for pieces in here for _, start, end in pieces)
        for (_, end), (start, _) in pairwise([(0, 0), *numbers]):
            assert start == end + 1, "no number in two places, none in no place"
        assert queues.last[instrument] == (numbers[-1][1] if numbers else 0)


@settings(deadline=None, max_examples=200)
@given(data=worlds(records=60))
def test_queues_of_ranges_do_what_lists_of_units_do(data: bytes):
    queues, units, state = Queues(), UnitBook(), State()
    for seq, (rows, results) in enumerate(tell(entries_of(data)).entries, start=1):
        follow(queues, seq, rows, results)
        units.apply(seq, rows, results)
        agree(queues, units)
    state = tell(entries_of(data)).state
    hold_together(queues, state)


@settings(deadline=None, max_examples=200)
@given(data=worlds(records=60))
def test_what_one_record_brought_lies_in_as_few_ranges_as_can_be(data: bytes):
    """Between two pieces of one place with the same history there is always a gap."""
    queues = Queues()
    for seq, (rows, results) in enumerate(tell(entries_of(data)).entries, start=1):
        follow(queues, seq, rows, results)
    alike: dict[Any, list[tuple[int, int]]] = defaultdict(list)
    for since, start, end, instrument, account, hold, acquired, _ in queues.came.values():
        alike[instrument, account, hold, acquired, since].append((start, end))
    for found in alike.values():
        assert all(end + 1 < start for (_, end), (start, _) in pairwise(sorted(found)))


@given(start=st.integers(1, 2**62), length=st.integers(1, 2**40), part=st.integers(0, 2**40))
def test_a_range_is_found_at_its_fork_by_every_number_in_it(start: int, length: int, part: int):
    end, n = start + length - 1, start + part % length
    found = fork(start, end)
    assert start <= found <= end
    assert found in forks_over(n)
    power = found & -found
    assert not any(start <= other <= end for other in (found - power, found + power)), "no rounder number"


# -- on a database -----------------------------------------------------------------------------------------


@pytest.fixture
def logs() -> Iterator[int]:
    """Each example has a log of its own on the one database."""
    return count(10)


def contents(conn: Connection, log: int) -> list[list[tuple[Any, ...]]]:
    """Every row of the projection's tables."""
    return [
        sorted((tuple(row) for row in conn.execute(select(table).where(table.c.log == log))), key=repr)
        for table in Serials.tables
    ]


def places_at(conn: Connection, log: int, at: int | None) -> dict[Place, list[int]]:
    """Place → the numbers there, asked cell by cell."""
    found: dict[Place, list[int]] = defaultdict(list)
    for account in (*ORDINARY, *OVERDRAFT):
        for instrument in (CEA, CCER):
            for start, end, hold in serials.ranges(conn, log, account, instrument, at):
                found[account, instrument, hold] += range(start, end + 1)
    return dict(found)


def check_answers(conn: Connection, log: int, told: Told) -> None:
    """Holdings as of every entry, what every record moved, many a unit's life."""
    units = UnitBook()
    for seq, (rows, results) in enumerate(told.entries, start=1):
        units.apply(seq, rows, results)
        assert places_at(conn, log, seq) == units.where()
    assert places_at(conn, log, None) == units.where()
    moved = serials.moved(conn, log, 0, len(told.entries))
    assert {
        now: [(m.instrument, n) for m in found for n in range(m.start, m.end + 1)]
        for now, found in moved.items()
    } == units.moved()
    for instrument in (CEA, CCER):
        last = units.numbers[instrument]
        assert serials.last_number(conn, log, instrument) == last
        for n in {1, *range(2, last, 9), last}:
            stays = serials.life(conn, log, instrument, n)
            life = units.lives.get((instrument, n), [])
            assert [(stay.account, stay.hold, stay.since) for stay in stays] == life
            assert [stay.until for stay in stays] == [since for _, _, since in life[1:]] + [None] * bool(life)
        assert serials.life(conn, log, instrument, last + 1) == []


@pytest.mark.parametrize("few", [0, 200], ids=["read-at-once", "read-cell-by-cell"])
@settings(on_one_database, max_examples=12)
@given(data=worlds(records=50), steps=st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_followed_in_any_steps_the_tables_say_what_lists_of_units_say(
    database: Database, logs: Iterator[int], few: int, data: bytes, steps: list[int]
):
    log, told = next(logs), tell(entries_of(data))
    write(database, log, told)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serials, "_FEW_CELLS", few)
        patch.setattr(serials, "_MANY_CHANGES", 3 + data[0] % 8)  # written in the middle of an entry, too
        patch.setattr(serial_rows, "_BULK", data[2] % 8)  # some of them as if they were very many
        patch.setattr(projections, "CHUNK_ENTRIES", 1 + data[1] % 3)  # several chunks with one memory
        reached = 0
        for step in steps:
            reached += step
            projections.catch_up(database, Serials, log, upto=reached)
        projections.catch_up(database, Serials, log)
    with database.read() as conn:
        check_answers(conn, log, told)
        followed = contents(conn, log)
    projections.rebuild(database, Serials, log)
    with database.read() as conn:
        assert contents(conn, log) == followed
