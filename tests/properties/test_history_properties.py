"""What holds for every history: forgetting what is closed changes nothing, bytes keep a state whole, effects
are what the kernel did, and running balances are the balances."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.book import image, moves
from tanshu.book.moves import Balances
from tanshu.book.records import Op, Row, encode, positions
from tanshu.book.reference import ReferenceBook
from tanshu.book.replay import gather
from tanshu.book.state import State
from tanshu.log.entry import Entry
from tests.properties.test_kernel_properties import apply, check_invariants, opened, reference
from tests.support.commands import opening
from tests.support.stories import Story
from tests.support.worlds import FIRST_SEQ, entries, worlds

many = settings(max_examples=400, deadline=None)


def compacted(state: State) -> None:
    """Compact, however little there is to forget."""
    state._compact_holds_at = state._compact_cells_at = 0
    state.compact()


@many
@given(worlds(records=16), st.binary(min_size=16, max_size=16))
def test_compacting_at_any_safe_point_changes_nothing(data: bytes, when: bytes):
    plain, small = opened(), opened()
    for seq, rows in enumerate(entries(data), FIRST_SEQ):
        if when[seq % 16] & 1:
            compacted(small)
        undone = small.apply(seq, encode(rows), compiled=False)
        if when[seq % 16] & 2:  # a batch is taken back before it is done after all
            small.take_back(undone)
            undone = small.apply(seq, encode(rows), compiled=False)
        assert undone.results.tolist() == apply(plain, seq, rows)
        assert small.digest() == plain.digest()
    compacted(small)
    assert small.digest() == plain.digest()
    check_invariants(small)
    assert list(small.holds()) == list(plain.holds())
    used = small.arrays.counts
    assert used[3] <= 2 * len(list(small.holds())) and used[2] <= 2 * len(list(small.cells()))


@many
@given(worlds(records=16))
def test_a_state_comes_back_from_its_bytes(data: bytes):
    story = list(enumerate(entries(data), FIRST_SEQ))
    cut = data[0] % (len(story) + 1)
    whole = opened()
    for seq, rows in story[:cut]:
        apply(whole, seq, rows)
    again = image.decode(image.encode(whole))
    check_invariants(again)
    assert again.digest() == whole.digest()
    assert [again.instrument_facts(n) for n in range(again.instruments)] == [
        whole.instrument_facts(n) for n in range(whole.instruments)
    ]
    for seq, rows in story[cut:]:
        assert apply(again, seq, rows) == apply(whole, seq, rows)
    assert again.digest() == whole.digest()


@many
@given(worlds(records=16))
def test_effects_by_stored_codes_are_what_the_kernel_did(data: bytes):
    real, plain, compiled = opened(), opened(), opened()
    obvious, by_codes = reference(), reference()
    for seq, rows in enumerate(entries(data), FIRST_SEQ):
        codes = obvious.apply(seq, rows)
        assert apply(real, seq, rows) == codes
        names, stored = positions(seq, len(rows)), np.array(codes, np.uint8)
        stored.flags.writeable = False
        for state in (plain, compiled):
            assert state.take_effect(names, encode(rows), stored, compiled=state is compiled) == -1
        assert by_codes.book.take_effect(seq, encode(rows).tolist(), codes) is None
    assert plain.digest() == compiled.digest() == real.digest()
    check_invariants(plain)
    check_invariants(compiled)
    assert (by_codes.cells(), by_codes.holds()) == (obvious.cells(), obvious.holds())
    assert by_codes.book.outstanding == obvious.book.outstanding


def told(data: bytes) -> Story:
    """The world as a log: refused records stand in it beside the others."""
    story = Story()
    story.add(*opening())
    for rows in entries(data):
        story.add(*rows)
    return story


@many
@given(worlds(records=24), st.integers(1, 5))
def test_running_balances_are_the_balances(data: bytes, size: int):
    """By columns, in chunks of any size, against the reference kernel record by record."""
    log = told(data).entries
    known = Balances(*(np.zeros(0, np.int64) for _ in range(3)))
    found: list[tuple[int, ...]] = []
    for start in range(0, len(log), size):
        made = moves.by_cell(moves.moves(*gather(log[start : start + size])))
        starts = np.flatnonzero(np.diff(made.key, prepend=-1))
        before = moves.at(known, made.key[starts])
        available = moves.running(made.available, starts, before.available)
        held = moves.running(made.held, starts, before.held)
        found += zip(*(c.tolist() for c in (made.position, made.key, available, held)), strict=True)
        ends = np.append(starts[1:], len(made.key)) - 1 if len(starts) else starts
        known = moves.merged(known, Balances(made.key[ends], available[ends], held[ends]))
    assert sorted(found) == _one_by_one(log)


def _one_by_one(log: list[Entry]) -> list[tuple[int, ...]]:
    """(position, cell, available, held) of both sides of every record that took effect."""
    book, found = ReferenceBook(), []
    for entry in log:
        names, records, results = gather([entry])
        for i, row in enumerate(records.tolist()):
            if results[i]:
                continue
            only_this = [int(k != i) for k in range(len(results))]
            assert book.take_effect(entry.seq, records.tolist(), only_this) is None
            for account in _sides(row):
                cell, key = (account, row[2]), account << 20 | row[2]
                has = book.available.get(cell, 0), book.held.get(cell, 0)
                found.append((int(names[i]), key, *has))
    return sorted(found)


def _sides(row: Row) -> list[int]:
    """The accounts whose cells a record changes."""
    both, one = (Op.TRANSFER, Op.CAPTURE), (Op.HOLD, Op.RELEASE)
    return [row[3], row[4]] if row[0] in both else [row[3]] if row[0] in one else []


@given(st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=30), st.integers(0, 2**62))
def test_a_sum_that_leaves_the_range_on_the_way_is_still_right(changes: list[int], before: int):
    """Each cell's own balance is in range; the sum over all cells need not be."""
    pairs = np.array([c for change in changes for c in (change, -change)], np.int64)
    starts = np.arange(0, len(pairs), 2)
    at_first = np.full(len(starts), before // 4, np.int64)
    after = moves.running(pairs, starts, at_first)
    assert after[1::2].tolist() == at_first.tolist()
    assert after[::2].tolist() == [before // 4 + change for change in changes]
