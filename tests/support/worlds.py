"""Random books: bytes read as commands, so that ten thousand of them are cheap to draw and small to shrink.

Four bytes make one record: what and how linked, who and of what, how much, which hold. All bytes mean
something; many of the records are refused, which is the point.
"""

from __future__ import annotations

from collections.abc import Iterator

from hypothesis import strategies as st

from tanshu.book.records import AMOUNT_MAX, LINKED, Op, Row, position
from tests.support.commands import CEA, CNY, ISSUER, MAKER, SINK, TAKER

FIRST_SEQ = 1
"""Entry 0 is the opening."""
RECORD_BYTES = 4
AMOUNTS = (1, 2, 3, 5, 10, 20, 40, 60, 100, 100, 200, 300, 500, 700, 1_000, None)
ODD_AMOUNTS = (0, -1, AMOUNT_MAX, AMOUNT_MAX + 1, 999_000, 1_000_000, 50_000, 49_000)
# Mostly movements; a handful of openings, flags, definitions.
OPS = (*[Op.TRANSFER] * 5, *[Op.HOLD] * 3, *[Op.CAPTURE] * 3, *[Op.RELEASE] * 2, *list(Op)[:3])
ACCOUNTS = (MAKER, TAKER, MAKER, TAKER, ISSUER, SINK)
INSTRUMENTS = (CEA, CEA, CNY)
FLAGS = (0, 0, 1, 2, 8, 4, 5, 16)

Entries = list[list[Row]]


def worlds(records: int = 8) -> st.SearchStrategy[bytes]:
    """Bytes for so many records; read them with `entries`."""
    return st.binary(min_size=RECORD_BYTES * records, max_size=RECORD_BYTES * records)


def entries(data: bytes) -> Entries:
    """The entries that these bytes mean, to be applied after `opening()`."""
    made: Entries = [[]]
    holds: list[tuple[int, int, int]] = []  # position, account, instrument: of every hold asked for
    accounts, instruments = 4, 2
    for start in range(0, len(data), RECORD_BYTES):
        what, who, much, which = data[start : start + RECORD_BYTES]
        op, linked, ends = OPS[what & 15], what >> 4 & 7 < 3, what >> 7 == 1
        linked = linked and (not ends or which % 8 == 7)
        known = (*ACCOUNTS, accounts - 1, 9 if which > 240 else MAKER)
        debit, credit = known[who & 7], known[who >> 3 & 7]
        instrument = (*INSTRUMENTS, 9 if which > 240 else instruments - 1)[who >> 6]
        amount = AMOUNTS[much & 15] or ODD_AMOUNTS[much >> 5]
        hold = 0
        if op in (Op.CAPTURE, Op.RELEASE) and not holds:
            op = Op.HOLD
        if op == Op.HOLD:
            holds.append((position(FIRST_SEQ + len(made) - 1, len(made[-1])), debit, instrument))
        elif op in (Op.CAPTURE, Op.RELEASE):
            hold, of, what_is_held = holds[which % len(holds)]
            if which < 240:  # else a hold asked for by somebody it does not belong to
                debit, instrument = of, what_is_held
        if op == Op.OPEN_ACCOUNT:
            accounts += which >= 32
            row = (accounts - 1, 0, 0, FLAGS[much & 3])
        elif op == Op.SET_FLAGS:
            row = (accounts - 1 if which & 1 else debit, 0, 0, FLAGS[much & 7])
        elif op == Op.DEFINE_INSTRUMENT:
            instruments += which >= 32
            row = (which & 11, much >> 4 & 1, instruments - 1, amount)
        elif op in (Op.TRANSFER, Op.CAPTURE):
            row = (debit, credit, instrument, amount)
        else:
            row = (debit, 0, instrument, amount)
        debit, credit, instrument, amount = row
        made[-1].append((op, int(linked), instrument, debit, credit, amount, hold, 0, 0, 0))
        if ends:
            made.append([])
    return [rows for rows in made if rows]


def chains(rows: list[Row]) -> Iterator[range]:
    """The indexes of each chain of an entry."""
    start = 0
    for i, row in enumerate(rows):
        if not row[1] & LINKED or i == len(rows) - 1:
            yield range(start, i + 1)
            start = i + 1
