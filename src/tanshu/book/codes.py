"""The result codes of the kernel: one ordered list.

A record is answered with the first code, in this order of checking, that applies to it. Numbers are stable:
they are stored in the log and must come out again on every replay.
"""

from __future__ import annotations

from enum import IntEnum


class Code(IntEnum):
    OK = 0
    CHAIN_FAILED = 1
    """Another record of the same chain failed."""
    CHAIN_OPEN = 2
    """The last record of an entry is linked to nothing."""
    UNKNOWN_OPERATION = 3
    RESERVED_FIELD = 4
    """A field this operation does not use is not zero."""
    NUMBER_NOT_NEXT = 5
    """A new account or instrument must carry the next free number."""
    FLAGS_INVALID = 6
    SCALE_INVALID = 7
    DEBIT_UNKNOWN = 8
    CREDIT_UNKNOWN = 9
    INSTRUMENT_UNKNOWN = 10
    SAME_ACCOUNT = 11
    AMOUNT_NOT_POSITIVE = 12
    AMOUNT_TOO_LARGE = 13
    DEBIT_CLOSED = 14
    CREDIT_CLOSED = 15
    DEBIT_FORBIDDEN = 16
    """The account gives nothing: its no-debit flag is set."""
    CREDIT_FORBIDDEN = 17
    """The account receives nothing: its no-credit flag is set."""
    HOLD_ON_OVERDRAFT = 18
    """An account that may go below zero has nothing of its own to hold."""
    HOLD_NOT_OPEN = 19
    """No such hold, or nothing is left of it."""
    HOLD_MISMATCH = 20
    """The hold is on another account or instrument."""
    HOLD_EXCEEDED = 21
    INSUFFICIENT_AVAILABLE = 22
    CAP_EXCEEDED = 23
    """More would be in circulation than the instrument's cap."""
    ACCOUNT_NOT_EMPTY = 24
    """An account is closed only when all its cells are zero."""
