"""The kernel: records in, result codes out, state changed. Pure integers; no clock, no I/O, no exceptions.

The functions below are plain Python and are also what Numba compiles (`compiled()`), so there is one text of
the rules. They therefore keep to loops, arrays and ints. Every change writes its inverse into the undo
journal first; a failed chain, or a whole refused command, is taken back by playing the journal backwards.

Invariants, at every record boundary:
* ordinary cells: available ≥ 0 and held ≥ 0; overdraft cells: held = 0;
* per instrument, Σ(available + held) over all cells = 0;
* per instrument, outstanding = Σ max(0, −available) over overdraft cells ≤ cap < 2^62, so nothing overflows;
* a cell's held = Σ remaining of its open holds; account_cells counts an account's non-zero cells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


class Arrays(NamedTuple):
    """The state, as arrays. `counts` is [accounts, instruments, cells, holds]. `cells` is an open-addressed
    hash table of rows [key, available, held] (key −1: free; a row is one visit to memory, columns would be
    three). Holds are sorted by position because positions only grow."""

    counts: Ints
    account_flags: Ints
    account_cells: Ints
    instrument_cap: Ints
    instrument_scale: Ints
    instrument_serialised: Ints
    instrument_outstanding: Ints
    cells: Ints
    hold_position: Ints
    hold_cell_key: Ints
    hold_remaining: Ints


# Literal copies of codes.Code, records.Op and limits: compiled code wants plain ints. Tests hold them equal.
OK, CHAIN_FAILED, CHAIN_OPEN, UNKNOWN_OPERATION, RESERVED_FIELD = 0, 1, 2, 3, 4
NUMBER_NOT_NEXT, FLAGS_INVALID, SCALE_INVALID = 5, 6, 7
DEBIT_UNKNOWN, CREDIT_UNKNOWN, INSTRUMENT_UNKNOWN, SAME_ACCOUNT = 8, 9, 10, 11
AMOUNT_NOT_POSITIVE, AMOUNT_TOO_LARGE = 12, 13
DEBIT_CLOSED, CREDIT_CLOSED, DEBIT_FORBIDDEN, CREDIT_FORBIDDEN = 14, 15, 16, 17
HOLD_ON_OVERDRAFT, HOLD_NOT_OPEN, HOLD_MISMATCH, HOLD_EXCEEDED = 18, 19, 20, 21
INSUFFICIENT_AVAILABLE, CAP_EXCEEDED, ACCOUNT_NOT_EMPTY = 22, 23, 24
OPEN_ACCOUNT, SET_FLAGS, DEFINE_INSTRUMENT, TRANSFER, HOLD, CAPTURE, RELEASE = 1, 2, 3, 4, 5, 6, 7
NO_DEBIT, NO_CREDIT, OVERDRAFT, CLOSED, LINKED = 1, 2, 4, 8, 1
ACCOUNT_MAX, INSTRUMENT_MAX, AMOUNT_MAX, SCALE_MAX = (1 << 31) - 1, (1 << 20) - 1, (1 << 62) - 1, 9
INSTRUMENT_BITS, POSITION_BITS = 20, 16
INSTRUMENT_MASK = (1 << INSTRUMENT_BITS) - 1
KEY, AVAILABLE, HELD = 0, 1, 2
"""The columns of a cell."""

# What an undo row restores. Cells are named by their key, not their place: the table may have moved since.
# A cell once made stays in the table, empty, until the whole table is compacted: a table of this kind cannot
# forget out of order.
U_AVAILABLE, U_HELD, U_REMAINING, U_NEW_HOLD, U_FLAGS = 0, 1, 2, 3, 4
U_NEW_ACCOUNT, U_NEW_INSTRUMENT, U_OUTSTANDING, U_CELLS = 5, 6, 7, 8
UNDO_PER_RECORD = 6
"""The most rows one record writes: a capture changes two cells, two counts, a hold and the outstanding."""


def apply(
    position: Ints,
    op: Any,
    flags: Any,
    instrument: Any,
    debit: Any,
    credit: Any,
    amount: Any,
    hold: Any,
    unused: Any,
    s: Arrays,
    undo: Ints,
    results: Any,
) -> int:
    """Apply records in order; write one result code each; return the length of the undo journal.

    `position` names each record and says where an entry ends. `unused` is non-zero where a reserved field is.
    """
    n = len(position)
    journal = 0
    chain_start = -1
    chain_mark = 0
    broken = False
    for i in range(n):
        linked = int(flags[i]) & LINKED != 0
        last = i == n - 1 or int(position[i + 1]) >> POSITION_BITS != int(position[i]) >> POSITION_BITS
        if linked and chain_start < 0:
            chain_start, chain_mark, broken = i, journal, False
        before = journal
        code = OK
        if linked and last:
            code = CHAIN_OPEN
        elif broken:
            code = CHAIN_FAILED
        elif int(flags[i]) & ~LINKED != 0 or int(unused[i]) != 0:
            code = RESERVED_FIELD
        else:
            code, journal = _one(
                int(position[i]),
                int(op[i]),
                int(instrument[i]),
                int(debit[i]),
                int(credit[i]),
                int(amount[i]),
                int(hold[i]),
                s,
                undo,
                before,
            )
        if code != OK and chain_start >= 0 and not broken:
            _undo(s, undo, chain_mark, journal)
            journal = chain_mark
            for k in range(chain_start, i):
                results[k] = CHAIN_FAILED
            broken = True
        results[i] = code
        if chain_start >= 0 and (last or not linked):
            chain_start, broken = -1, False
    return journal


def take_back(s: Arrays, undo: Ints, journal: int) -> None:
    """Undo everything a call of `apply` did."""
    _undo(s, undo, 0, journal)


def home(key: Any) -> Any:
    """Where a cell wants to be, before the mask of the table's size; of one key, or of an array of them."""
    # Products stay below 2^63.
    return ((key >> INSTRUMENT_BITS) * 2654435761 + (key & INSTRUMENT_MASK) * 2246822519) >> 12


def _one(
    position: int,
    op: int,
    instrument: int,
    debit: int,
    credit: int,
    amount: int,
    hold: int,
    s: Arrays,
    undo: Ints,
    u: int,
) -> tuple[int, int]:
    """One record: (code, new journal length). A code other than OK has changed nothing."""
    if op == TRANSFER:
        return _transfer(instrument, debit, credit, amount, hold, s, undo, u)
    if op == HOLD:
        return _hold(position, instrument, debit, credit, amount, hold, s, undo, u)
    if op == CAPTURE:
        return _capture(instrument, debit, credit, amount, hold, s, undo, u)
    if op == RELEASE:
        return _release(instrument, debit, credit, amount, hold, s, undo, u)
    if op == OPEN_ACCOUNT:
        return _open_account(instrument, debit, credit, amount, hold, s, undo, u)
    if op == SET_FLAGS:
        return _set_flags(instrument, debit, credit, amount, hold, s, undo, u)
    if op == DEFINE_INSTRUMENT:
        return _define_instrument(instrument, debit, credit, amount, hold, s, undo, u)
    return UNKNOWN_OPERATION, u


def _transfer(
    instrument: int, debit: int, credit: int, amount: int, hold: int, s: Arrays, undo: Ints, u: int
) -> tuple[int, int]:
    if hold != 0:
        return RESERVED_FIELD, u
    code = _check_names(s, instrument, debit, credit, True)
    if code == OK:
        code = _check_amount(amount)
    if code == OK:
        code = _check_sides(s, debit, credit, True)
    if code != OK:
        return code, u
    debit_overdraft = int(s.account_flags[debit]) & OVERDRAFT != 0
    credit_overdraft = int(s.account_flags[credit]) & OVERDRAFT != 0
    gives = _available(s, debit, instrument)
    if not debit_overdraft and gives < amount:
        return INSUFFICIENT_AVAILABLE, u
    grows = 0
    if debit_overdraft:
        grows += max(0, amount - gives) - max(0, -gives)
    if credit_overdraft:
        gets = _available(s, credit, instrument)
        grows += max(0, -gets - amount) - max(0, -gets)
    outstanding = int(s.instrument_outstanding[instrument])
    if outstanding + grows > int(s.instrument_cap[instrument]):
        return CAP_EXCEEDED, u
    if grows != 0:
        u = _remember(undo, u, U_OUTSTANDING, instrument, outstanding)
        s.instrument_outstanding[instrument] = outstanding + grows
    u = _change(s, undo, u, debit, instrument, -amount, 0)
    u = _change(s, undo, u, credit, instrument, amount, 0)
    return OK, u


def _hold(
    position: int,
    instrument: int,
    account: int,
    credit: int,
    amount: int,
    hold: int,
    s: Arrays,
    undo: Ints,
    u: int,
) -> tuple[int, int]:
    if hold != 0 or credit != 0:
        return RESERVED_FIELD, u
    code = _check_names(s, instrument, account, account, False)
    if code == OK:
        code = _check_amount(amount)
    if code == OK:
        code = _check_sides(s, account, -1, True)
    if code != OK:
        return code, u
    if int(s.account_flags[account]) & OVERDRAFT != 0:
        return HOLD_ON_OVERDRAFT, u
    if _available(s, account, instrument) < amount:
        return INSUFFICIENT_AVAILABLE, u
    u = _change(s, undo, u, account, instrument, -amount, amount)
    k = int(s.counts[3])
    u = _remember(undo, u, U_NEW_HOLD, k, 0)
    s.hold_position[k] = position
    s.hold_cell_key[k] = account << INSTRUMENT_BITS | instrument
    s.hold_remaining[k] = amount
    s.counts[3] = k + 1
    return OK, u


def _capture(
    instrument: int, debit: int, credit: int, amount: int, hold: int, s: Arrays, undo: Ints, u: int
) -> tuple[int, int]:
    code = _check_names(s, instrument, debit, credit, True)
    if code == OK:
        code = _check_amount(amount)
    if code == OK:
        # The hold was granted before; a later no-debit does not take it back.
        code = _check_sides(s, debit, credit, False)
    if code != OK:
        return code, u
    code, k = _check_hold(s, hold, debit, instrument, amount)
    if code != OK:
        return code, u
    if int(s.account_flags[credit]) & OVERDRAFT != 0:
        gets = _available(s, credit, instrument)
        shrinks = max(0, -gets) - max(0, -gets - amount)
        if shrinks != 0:
            outstanding = int(s.instrument_outstanding[instrument])
            u = _remember(undo, u, U_OUTSTANDING, instrument, outstanding)
            s.instrument_outstanding[instrument] = outstanding - shrinks
    u = _remember(undo, u, U_REMAINING, k, int(s.hold_remaining[k]))
    s.hold_remaining[k] = int(s.hold_remaining[k]) - amount
    u = _change(s, undo, u, debit, instrument, 0, -amount)
    u = _change(s, undo, u, credit, instrument, amount, 0)
    return OK, u


def _release(
    instrument: int, account: int, credit: int, amount: int, hold: int, s: Arrays, undo: Ints, u: int
) -> tuple[int, int]:
    if credit != 0:
        return RESERVED_FIELD, u
    code = _check_names(s, instrument, account, account, False)
    if code == OK:
        code = _check_amount(amount)
    if code != OK:
        return code, u
    code, k = _check_hold(s, hold, account, instrument, amount)
    if code != OK:
        return code, u
    u = _remember(undo, u, U_REMAINING, k, int(s.hold_remaining[k]))
    s.hold_remaining[k] = int(s.hold_remaining[k]) - amount
    return OK, _change(s, undo, u, account, instrument, amount, -amount)


def _open_account(
    instrument: int, account: int, credit: int, flags: int, hold: int, s: Arrays, undo: Ints, u: int
) -> tuple[int, int]:
    if instrument != 0 or credit != 0 or hold != 0:
        return RESERVED_FIELD, u
    n = int(s.counts[0])
    if account != n or account > ACCOUNT_MAX:
        return NUMBER_NOT_NEXT, u
    if flags & ~(NO_DEBIT | NO_CREDIT | OVERDRAFT) != 0:
        return FLAGS_INVALID, u
    u = _remember(undo, u, U_NEW_ACCOUNT, n, 0)
    s.account_flags[n] = flags
    s.account_cells[n] = 0
    s.counts[0] = n + 1
    return OK, u


def _set_flags(
    instrument: int, account: int, credit: int, flags: int, hold: int, s: Arrays, undo: Ints, u: int
) -> tuple[int, int]:
    if instrument != 0 or credit != 0 or hold != 0:
        return RESERVED_FIELD, u
    if account >= int(s.counts[0]):
        return DEBIT_UNKNOWN, u
    old = int(s.account_flags[account])
    if flags & ~(NO_DEBIT | NO_CREDIT | OVERDRAFT | CLOSED) != 0 or (flags ^ old) & OVERDRAFT != 0:
        return FLAGS_INVALID, u
    if old & CLOSED != 0:
        return DEBIT_CLOSED, u
    if flags & CLOSED != 0 and int(s.account_cells[account]) != 0:
        return ACCOUNT_NOT_EMPTY, u
    u = _remember(undo, u, U_FLAGS, account, old)
    s.account_flags[account] = flags
    return OK, u


def _define_instrument(
    instrument: int, scale: int, serialised: int, cap: int, hold: int, s: Arrays, undo: Ints, u: int
) -> tuple[int, int]:
    if hold != 0:
        return RESERVED_FIELD, u
    n = int(s.counts[1])
    if instrument != n or instrument > INSTRUMENT_MAX:
        return NUMBER_NOT_NEXT, u
    if serialised > 1:
        return FLAGS_INVALID, u
    if scale > SCALE_MAX:
        return SCALE_INVALID, u
    code = _check_amount(cap)
    if code != OK:
        return code, u
    u = _remember(undo, u, U_NEW_INSTRUMENT, n, 0)
    s.instrument_cap[n] = cap
    s.instrument_scale[n] = scale
    s.instrument_serialised[n] = serialised
    s.instrument_outstanding[n] = 0
    s.counts[1] = n + 1
    return OK, u


def _check_names(s: Arrays, instrument: int, debit: int, credit: int, two: bool) -> int:
    accounts = int(s.counts[0])
    if debit >= accounts:
        return DEBIT_UNKNOWN
    if credit >= accounts:
        return CREDIT_UNKNOWN
    if instrument >= int(s.counts[1]):
        return INSTRUMENT_UNKNOWN
    if two and debit == credit:
        return SAME_ACCOUNT
    return OK


def _check_amount(amount: int) -> int:
    if amount <= 0:
        return AMOUNT_NOT_POSITIVE
    if amount > AMOUNT_MAX:
        return AMOUNT_TOO_LARGE
    return OK


def _check_sides(s: Arrays, debit: int, credit: int, giving: bool) -> int:
    """May these accounts give and receive? credit −1: nobody receives. giving False: a hold already gave."""
    debit_flags = int(s.account_flags[debit])
    credit_flags = int(s.account_flags[credit]) if credit >= 0 else 0
    if debit_flags & CLOSED != 0:
        return DEBIT_CLOSED
    if credit_flags & CLOSED != 0:
        return CREDIT_CLOSED
    if giving and debit_flags & NO_DEBIT != 0:
        return DEBIT_FORBIDDEN
    if credit_flags & NO_CREDIT != 0:
        return CREDIT_FORBIDDEN
    return OK


def _check_hold(s: Arrays, position: int, account: int, instrument: int, amount: int) -> tuple[int, int]:
    """(code, index of the hold)."""
    k = _find_hold(s, position)
    if k < 0 or int(s.hold_remaining[k]) == 0:
        return HOLD_NOT_OPEN, k
    if int(s.hold_cell_key[k]) != account << INSTRUMENT_BITS | instrument:
        return HOLD_MISMATCH, k
    if int(s.hold_remaining[k]) < amount:
        return HOLD_EXCEEDED, k
    return OK, k


def _find_hold(s: Arrays, position: int) -> int:
    """The index of the hold made there, −1 where there is none (or it was closed and forgotten)."""
    low, high = 0, int(s.counts[3])
    while low < high:
        middle = (low + high) >> 1
        if int(s.hold_position[middle]) < position:
            low = middle + 1
        else:
            high = middle
    if low >= int(s.counts[3]) or int(s.hold_position[low]) != position:
        return -1
    return low


def _slot(s: Arrays, key: int) -> int:
    """Where the cell is, or the free slot where it would be."""
    mask = len(s.cells) - 1
    h = home(key) & mask
    while int(s.cells[h, KEY]) != key and int(s.cells[h, KEY]) >= 0:
        h = (h + 1) & mask
    return h


def _available(s: Arrays, account: int, instrument: int) -> int:
    """A free slot holds zeros, as a cell does in which nothing was ever moved."""
    return int(s.cells[_slot(s, account << INSTRUMENT_BITS | instrument), AVAILABLE])


def _change(s: Arrays, undo: Ints, u: int, account: int, instrument: int, available: int, held: int) -> int:
    """Add to a cell, making it if need be; keep the account's count of non-zero cells."""
    key = account << INSTRUMENT_BITS | instrument
    slot = _slot(s, key)
    if int(s.cells[slot, KEY]) < 0:
        s.cells[slot, KEY] = key
        s.counts[2] += 1
    old_available, old_held = int(s.cells[slot, AVAILABLE]), int(s.cells[slot, HELD])
    if available != 0:
        u = _remember(undo, u, U_AVAILABLE, key, old_available)
        s.cells[slot, AVAILABLE] = old_available + available
    if held != 0:
        u = _remember(undo, u, U_HELD, key, old_held)
        s.cells[slot, HELD] = old_held + held
    was = old_available != 0 or old_held != 0
    now = old_available + available != 0 or old_held + held != 0
    if was != now:
        u = _remember(undo, u, U_CELLS, account, int(s.account_cells[account]))
        s.account_cells[account] = int(s.account_cells[account]) + (1 if now else -1)
    return u


def _remember(undo: Ints, u: int, kind: int, index: int, old: int) -> int:
    undo[u, 0] = kind
    undo[u, 1] = index
    undo[u, 2] = old
    return u + 1


def _undo(s: Arrays, undo: Ints, mark: int, journal: int) -> None:
    """Play the journal backwards from `journal` down to `mark`."""
    for u in range(journal - 1, mark - 1, -1):
        kind, index, old = int(undo[u, 0]), int(undo[u, 1]), int(undo[u, 2])
        if kind == U_AVAILABLE:
            s.cells[_slot(s, index), AVAILABLE] = old
        elif kind == U_HELD:
            s.cells[_slot(s, index), HELD] = old
        elif kind == U_REMAINING:
            s.hold_remaining[index] = old
        elif kind == U_NEW_HOLD:
            s.counts[3] = index
        elif kind == U_FLAGS:
            s.account_flags[index] = old
        elif kind == U_NEW_ACCOUNT:
            s.counts[0] = index
        elif kind == U_NEW_INSTRUMENT:
            s.counts[1] = index
        elif kind == U_OUTSTANDING:
            s.instrument_outstanding[index] = old
        else:
            s.account_cells[index] = old


# Innermost first: each is compiled against the ones before it.
_HELPERS = (
    _remember,
    home,
    _slot,
    _available,
    _undo,
    _check_names,
    _check_amount,
    _check_sides,
    _find_hold,
    _check_hold,
    _change,
    _transfer,
    _hold,
    _capture,
    _release,
    _open_account,
    _set_flags,
    _define_instrument,
    _one,
    apply,
)


def compiled() -> Callable[..., int]:
    """`apply`, compiled by Numba from this same text."""
    return compiled_scope()["apply"]


def is_compiled() -> bool:
    """Is the compiled kernel loaded in this process?"""
    return compiled_scope.cache_info().currsize > 0


@cache
def compiled_scope() -> dict[str, Any]:
    """The functions of this module, compiled, by name."""
    return compile_into(dict(globals()), _HELPERS)


def compile_into(
    scope: dict[str, Any],
    functions: Iterable[Any],
    *,
    keep: bool = True,
    stamp: str = "",
    inline: bool = False,
) -> dict[str, Any]:
    """Compile functions, each against what `scope` holds by then, and put them there under their names.

    keep: on disk, for the next process; only where all of them stand in one file, since Numba looks no
    further to tell whether what it kept is stale, or where `stamp` says what all the files are: it becomes
    part of the name under which they are kept. inline: every call becomes the text it calls, where functions
    are small, called often, and take many arrays. Numba is imported here: a small command never needs it.
    """
    from numba import njit
    from numba.core.options import DefaultOptions

    # The kernel allocates nothing. Counting references to its arrays would take most of its time.
    options: dict[str, Any] = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}
    if inline:
        options["forceinline"] = True
    for function in functions:
        plain = FunctionType(function.__code__, scope, function.__name__)
        if stamp:
            plain.__qualname__ = f"{function.__name__}_{stamp}"
        try:
            scope[function.__name__] = njit(plain, cache=keep, **options)
        except RuntimeError:  # a read-only installation has nowhere to keep compiled code
            scope[function.__name__] = njit(plain, **options)
    return scope
