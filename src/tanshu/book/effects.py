"""What accepted records did, by their stored codes alone: how the entries of an older engine replay.

Rules change from engine to engine; what a record does once it is accepted does not. So the kernel asks the
rules of its own engine, and this module asks none: code 0 means that it happened. Plain functions over the
kernel's arrays, compiled like the kernel itself.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from tanshu.book import kernel
from tanshu.book.kernel import (
    CAPTURE,
    DEFINE_INSTRUMENT,
    HOLD,
    INSTRUMENT_BITS,
    OK,
    OPEN_ACCOUNT,
    OVERDRAFT,
    RELEASE,
    SET_FLAGS,
    TRANSFER,
    Arrays,
    Ints,
    _available,
    _change,
    _find_hold,
)


def take_effect(
    position: Ints,
    op: Any,
    instrument: Any,
    debit: Any,
    credit: Any,
    amount: Any,
    hold: Any,
    results: Any,
    s: Arrays,
    scratch: Ints,
) -> int:
    """Let the records with code 0 take effect, in order.

    Returns −1, or the index of the first record that names what is not there, and so cannot have been
    accepted; the state is then of no use. scratch: a few rows of an undo journal, written and never read.
    """
    for i in range(len(position)):
        if int(results[i]) == OK and not _effect(
            int(position[i]),
            int(op[i]),
            int(instrument[i]),
            int(debit[i]),
            int(credit[i]),
            int(amount[i]),
            int(hold[i]),
            s,
            scratch,
        ):
            return i
    return -1


def _effect(
    position: int,
    op: int,
    instrument: int,
    debit: int,
    credit: int,
    amount: int,
    hold: int,
    s: Arrays,
    scratch: Ints,
) -> bool:
    """What one record did. False, and nothing done: it names what is not there."""
    if op == OPEN_ACCOUNT:
        return _open_account(s, debit, amount)
    if op == DEFINE_INSTRUMENT:
        return _define_instrument(s, instrument, debit, credit, amount)
    if debit >= int(s.counts[0]) or credit >= int(s.counts[0]):
        return False
    if op == SET_FLAGS:
        s.account_flags[debit] = amount
        return True
    if instrument >= int(s.counts[1]):
        return False
    if op == TRANSFER:
        _give(s, scratch, debit, instrument, -amount)
        _give(s, scratch, credit, instrument, amount)
        return True
    if op == HOLD:
        _change(s, scratch, 0, debit, instrument, -amount, amount)
        _add_hold(s, position, debit << INSTRUMENT_BITS | instrument, amount)
        return True
    if op != CAPTURE and op != RELEASE:
        return False
    k = _find_hold(s, hold)
    if k < 0 or int(s.hold_remaining[k]) < amount:
        return False
    s.hold_remaining[k] = int(s.hold_remaining[k]) - amount
    _change(s, scratch, 0, debit, instrument, 0, -amount)
    _give(s, scratch, credit if op == CAPTURE else debit, instrument, amount)
    return True


def _open_account(s: Arrays, account: int, flags: int) -> bool:
    if account != int(s.counts[0]):
        return False
    s.account_flags[account] = flags
    s.account_cells[account] = 0
    s.counts[0] = account + 1
    return True


def _define_instrument(s: Arrays, instrument: int, scale: int, serialised: int, cap: int) -> bool:
    if instrument != int(s.counts[1]):
        return False
    s.instrument_cap[instrument] = cap
    s.instrument_scale[instrument] = scale
    s.instrument_serialised[instrument] = serialised
    s.instrument_outstanding[instrument] = 0
    s.counts[1] = instrument + 1
    return True


def _add_hold(s: Arrays, position: int, key: int, amount: int) -> None:
    k = int(s.counts[3])
    s.hold_position[k] = position
    s.hold_cell_key[k] = key
    s.hold_remaining[k] = amount
    s.counts[3] = k + 1


def _give(s: Arrays, scratch: Ints, account: int, instrument: int, amount: int) -> None:
    """Add to what an account has available, and to what is outstanding where that is below zero."""
    if int(s.account_flags[account]) & OVERDRAFT != 0:
        has = _available(s, account, instrument)
        grows = max(0, -has - amount) - max(0, -has)
        s.instrument_outstanding[instrument] = int(s.instrument_outstanding[instrument]) + grows
    _change(s, scratch, 0, account, instrument, amount, 0)


@cache
def compiled() -> Callable[..., int]:
    """`take_effect`, compiled by Numba from this same text, anew in each process that needs it."""
    functions = (_open_account, _define_instrument, _add_hold, _give, _effect, take_effect)
    return kernel.compile_into(dict(kernel.compiled_scope()), functions, keep=False)["take_effect"]
