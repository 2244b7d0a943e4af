"""The two halves of a joint command, told by their bytes: which entries of a market only the book can cause,
and how the key of such an entry follows from the key of the book's.
"""

from __future__ import annotations

import numpy as np

from tanshu.base.canonical import digest
from tanshu.base.ids import KEY_BYTES
from tanshu.exchange.engine.records import Op, Records, Why

OF_BOOK = (
    Op.PARTY,
    Op.OPERATOR,
    Op.INSTRUMENT,
    Op.TERM,
    Op.DAY,
    Op.HOLDING,
    Op.UNITS_IN,
    Op.UNITS_OUT,
    Op.CASH_IN,
    Op.CASH_OUT,
    Op.SUSPEND,
    Op.LIFT,
    Op.WITHDRAW_ALL,
    Op.CLOSE_DAY,
    Op.AUCTION,
    Op.QUALIFY,
)
"""Records that only a command of the book puts to a market."""
STEPS = (Op.PHASE, Op.AUCTION_PHASE)
"""The timetable's, where they do not say that the exchange decided so."""


def is_of_book(records: Records) -> bool:
    """Can an entry with these records only be there together with one of the book?"""
    ops = records["op"]
    decided = np.isin(ops, STEPS) & (records["other"] != Why.TIMETABLE)
    return bool((np.isin(ops, OF_BOOK) | decided).any())


def key_of(key: bytes, n: int) -> bytes:
    """The key of the n-th entry that a command of the book with this key writes to markets' logs."""
    return digest(key + n.to_bytes(2, "little"))[:KEY_BYTES]
