"""What can be asked of the book: fixed-width records, 48 bytes each, integers only, little-endian.

| operation         | debit            | credit          | instrument | amount       | hold |
|-------------------|------------------|-----------------|------------|--------------|------|
| OPEN_ACCOUNT      | the new number   |                 |            | flags        |      |
| SET_FLAGS         | account          |                 |            | flags        |      |
| DEFINE_INSTRUMENT | scale (decimals) | 1 if serialised | new number | cap          |      |
| TRANSFER          | gives            | receives        | of what    | how much     |      |
| HOLD              | whose            |                 | of what    | how much     |      |
| CAPTURE           | whose            | receives        | of what    | how much     | which |
| RELEASE           | whose            |                 | of what    | how much     | which |

Blank fields are zero. Capture and release name account and instrument again, so that a projection can read
a record alone. `tag` is the caller's own number (a transaction type); the kernel carries it, unread.

A hold is named by the position of the record that made it: `seq << 16 | i`.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum, IntFlag

import numpy as np
from numpy.typing import NDArray


class Op(IntEnum):
    OPEN_ACCOUNT = 1
    SET_FLAGS = 2
    DEFINE_INSTRUMENT = 3
    TRANSFER = 4
    HOLD = 5
    CAPTURE = 6
    RELEASE = 7


class AccountFlag(IntFlag):
    NONE = 0
    NO_DEBIT = 1
    NO_CREDIT = 2
    OVERDRAFT = 4
    """May go below zero: the source or sink of an instrument. Set at opening, for good."""
    CLOSED = 8


LINKED = 1
"""Record flag: this record and the next succeed or fail together."""

RECORD = np.dtype(
    [
        ("op", "<u2"),
        ("flags", "<u2"),
        ("instrument", "<u4"),
        ("debit", "<u4"),
        ("credit", "<u4"),
        ("amount", "<i8"),
        ("hold", "<i8"),
        ("tag", "<u4"),
        ("reserved", "<u4"),
        ("extra", "<i8"),
    ]
)
"""`reserved` and `extra` must be zero: room for a later era without a wider record."""

assert RECORD.itemsize == 48

Records = NDArray[np.void]
Row = tuple[int, int, int, int, int, int, int, int, int, int]

POSITION_BITS = 16
RECORDS_MAX = 1 << POSITION_BITS
"""The most records one entry carries."""
ACCOUNT_MAX = (1 << 31) - 1
INSTRUMENT_MAX = (1 << 20) - 1
AMOUNT_MAX = (1 << 62) - 1
SCALE_MAX = 9


def position(seq: int, i: int) -> int:
    """The name of record i of entry seq."""
    return seq << POSITION_BITS | i


def positions(seq: int, count: int) -> NDArray[np.int64]:
    first = position(seq, 0)
    return np.arange(first, first + count, dtype=np.int64)


def encode(rows: Sequence[Row]) -> Records:
    return np.array(rows, dtype=RECORD) if rows else np.zeros(0, RECORD)


def decode(data: bytes) -> Records:
    return np.frombuffer(data, dtype=RECORD)


def open_account(number: int, flags: AccountFlag = AccountFlag.NONE) -> Row:
    return (Op.OPEN_ACCOUNT, 0, 0, number, 0, int(flags), 0, 0, 0, 0)


def set_flags(account: int, flags: AccountFlag) -> Row:
    return (Op.SET_FLAGS, 0, 0, account, 0, int(flags), 0, 0, 0, 0)


def define_instrument(number: int, *, cap: int = AMOUNT_MAX, scale: int = 0, serialised: bool = False) -> Row:
    return (Op.DEFINE_INSTRUMENT, 0, number, scale, int(serialised), cap, 0, 0, 0, 0)


def transfer(
    debit: int, credit: int, instrument: int, amount: int, *, tag: int = 0, linked: bool = False
) -> Row:
    return (Op.TRANSFER, int(linked), instrument, debit, credit, amount, 0, tag, 0, 0)


def hold(account: int, instrument: int, amount: int, *, tag: int = 0, linked: bool = False) -> Row:
    return (Op.HOLD, int(linked), instrument, account, 0, amount, 0, tag, 0, 0)


def capture(
    which: int, account: int, credit: int, instrument: int, amount: int, *, tag: int = 0, linked: bool = False
) -> Row:
    return (Op.CAPTURE, int(linked), instrument, account, credit, amount, which, tag, 0, 0)


def release(
    which: int, account: int, instrument: int, amount: int, *, tag: int = 0, linked: bool = False
) -> Row:
    return (Op.RELEASE, int(linked), instrument, account, 0, amount, which, tag, 0, 0)


def linked(row: Row) -> Row:
    """The same record, to succeed or fail together with the next one."""
    op, flags, instrument, debit, credit, amount, which, tag, reserved, extra = row
    return (op, flags | LINKED, instrument, debit, credit, amount, which, tag, reserved, extra)
