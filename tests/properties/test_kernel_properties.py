"""What holds for every book there could be: thousands of small ones for each sentence."""

from __future__ import annotations

import copy
from collections import Counter

import numpy as np

from tanshu.book.codes import Code
from tanshu.book.records import AccountFlag, Row, encode, positions
from tanshu.book.reference import ReferenceBook
from tanshu.book.state import State
from tests.support.commands import opening
from tests.support.kernels import Fast, Reference
from tests.support.thousands import thousands
from tests.support.worlds import FIRST_SEQ, chains, entries, worlds

_OPENED = State()
_OPENED.apply(0, encode(opening()))
_OPENED_REFERENCE = ReferenceBook()
_OPENED_REFERENCE.apply(0, opening())


def opened() -> State:
    """A state after the opening."""
    state = State()
    state.arrays = state.arrays._make(column.copy() for column in _OPENED.arrays)
    return state


def fast(compiled: bool) -> Fast:
    kernel = Fast(compiled)
    kernel.state = opened()
    return kernel


def reference() -> Reference:
    kernel = Reference()
    kernel.book = copy.deepcopy(_OPENED_REFERENCE)
    return kernel


def apply(state: State, seq: int, rows: list[Row]) -> list[int]:
    return state.apply(seq, encode(rows), compiled=False).results.tolist()


@thousands(data=worlds())
def test_the_kernel_plain_and_compiled_answers_as_the_reference_does(data: bytes):
    obvious, plain, compiled = reference(), fast(compiled=False), fast(compiled=True)
    for seq, rows in enumerate(entries(data), FIRST_SEQ):
        expected = obvious.apply(seq, rows)
        assert plain.apply(seq, rows) == expected
        assert compiled.apply(seq, rows) == expected
    assert plain.cells() == obvious.cells()
    assert plain.holds() == obvious.holds()
    assert plain.flags() == obvious.flags()
    assert plain.state.digest() == compiled.state.digest()
    facts = [tuple(instrument) for _, instrument in sorted(obvious.book.instruments.items())]
    assert [plain.state.instrument_facts(n)[:3] for n in range(plain.state.instruments)] == facts


@thousands(data=worlds())
def test_at_every_sequence_number_sums_are_zero_nothing_is_negative_and_holds_add_up(data: bytes):
    state = opened()
    for seq, rows in enumerate(entries(data), FIRST_SEQ):
        apply(state, seq, rows)
        check_invariants(state)


def check_invariants(state: State) -> None:
    """The invariants that the kernel's docstring promises."""
    held: Counter[tuple[int, int]] = Counter()
    for hold in state.holds():
        assert hold.remaining > 0
        held[hold.account, hold.instrument] += hold.remaining
    total: Counter[int] = Counter()
    below: Counter[int] = Counter()
    filled: Counter[int] = Counter()
    for account, instrument, available, held_here in state.cells():
        assert held_here == held.pop((account, instrument), 0)
        if available < 0:
            assert state.flags(account) & AccountFlag.OVERDRAFT and held_here == 0
            below[instrument] -= available
        total[instrument] += available + held_here
        filled[account] += 1
    assert not held
    assert not any(total.values())
    assert state.sums() == dict.fromkeys(range(state.instruments), 0)
    for number in range(state.instruments):
        cap, _, _, outstanding = state.instrument_facts(number)
        assert outstanding == below[number] <= cap
    for account in range(state.accounts):
        assert state.is_empty(account) == (filled[account] == 0)


@thousands(data=worlds())
def test_a_chain_happens_whole_or_leaves_no_trace(data: bytes):
    state, without = opened(), opened()
    for seq, rows in enumerate(entries(data), FIRST_SEQ):
        codes = apply(state, seq, rows)
        kept = list(rows)
        for chain in chains(rows):
            answers = [codes[i] for i in chain]
            if not any(answers):
                continue
            causes = [code for code in answers if code not in (Code.CHAIN_FAILED, Code.CHAIN_OPEN)]
            assert Code.OK not in answers
            assert len(causes) == 1 or (not causes and answers[-1] == Code.CHAIN_OPEN)
            for i in chain:
                kept[i] = (0, *rows[i][1:])  # an operation that does not exist, in the same place
        apply(without, seq, kept)
    assert without.digest() == state.digest()


@thousands(data=worlds())
def test_taking_back_newest_first_restores_every_digest(data: bytes):
    state = opened()
    done = []
    for seq, rows in enumerate(entries(data), FIRST_SEQ):
        before = state.digest()
        done.append((before, state.apply(seq, encode(rows), compiled=False)))
    for before, applied in reversed(done):
        state.take_back(applied)
        assert state.digest() == before
    assert [state.is_empty(account) for account in range(4)] == [
        _OPENED.is_empty(account) for account in range(4)
    ]


@thousands(data=worlds())
def test_many_entries_at_once_give_what_they_give_one_by_one(data: bytes):
    story = list(enumerate(entries(data), FIRST_SEQ))
    one_by_one, at_once = opened(), opened()
    expected = [code for seq, rows in story for code in apply(one_by_one, seq, rows)]
    names = [positions(seq, len(rows)) for seq, rows in story]
    rows = [row for _, rows in story for row in rows]
    if rows:
        split = data[-1] % (len(story) + 1)  # in two parts, compiled and plain, as a resumed replay would
        cut = sum(len(part) for part in names[:split])
        every = np.concatenate(names)
        first = at_once.apply_at(every[:cut], encode(rows[:cut]), compiled=True).results
        second = at_once.apply_at(every[cut:], encode(rows[cut:]), compiled=False).results
        assert [*first, *second] == expected
    assert at_once.digest() == one_by_one.digest()
