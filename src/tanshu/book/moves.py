"""What records do to cells, by columns, and the balances that come of it: the arithmetic of movements.

Changes are sorted by cell and summed up from the balance before; no record is looked at by itself.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.book.kernel import INSTRUMENT_BITS, Ints
from tanshu.book.records import Op, Records


class Moves(NamedTuple):
    """Changes of cells as columns; `counter` and `hold` are −1 where there is none."""

    position: Ints
    key: Ints
    op: Ints
    available: Ints
    held: Ints
    counter: Ints
    hold: Ints
    tag: Ints


class Balances(NamedTuple):
    """Cells as columns: sorted keys, what is available and held."""

    key: Ints
    available: Ints
    held: Ints


def moves(names: Ints, records: Records, results: NDArray[np.uint8]) -> Moves:
    """What records that took effect did to cells: one row for each side. By the table in records.py."""
    moving = (records["op"] >= Op.TRANSFER) & (records["op"] <= Op.RELEASE) & (results == 0)
    r, at = records[moving], names[moving]
    op, amount = r["op"].astype(np.int64), r["amount"].astype(np.int64)
    debit, credit, instrument = (r[name].astype(np.int64) for name in ("debit", "credit", "instrument"))
    passes = (op == Op.TRANSFER) | (op == Op.CAPTURE)
    hold = np.select([op == Op.TRANSFER, op == Op.HOLD], [np.int64(-1), at], r["hold"])
    tag = r["tag"].astype(np.int64)
    gives = Moves(
        at,
        debit << INSTRUMENT_BITS | instrument,
        op,
        np.select([op == Op.CAPTURE, op == Op.RELEASE], [np.int64(0), amount], -amount),
        np.select([op == Op.TRANSFER, op == Op.HOLD], [np.int64(0), amount], -amount),
        np.where(passes, credit, -1),
        hold,
        tag,
    )
    gets = Moves(at, credit << INSTRUMENT_BITS | instrument, op, amount, 0 * amount, debit, hold, tag)
    return Moves(*(np.concatenate((mine, theirs[passes])) for mine, theirs in zip(gives, gets, strict=True)))


def by_cell(made: Moves) -> Moves:
    """The same, ordered by cell and, within a cell, by position."""
    order = np.lexsort((made.position, made.key))
    return Moves(*(column[order] for column in made))


def running(changes: Ints, starts: Ints, before: Ints) -> Ints:
    """The balance after each change; a cell's changes begin at `starts`, from its balance `before`.

    The sum over all cells may leave the range of an int64 and come back: the differences are right.
    """
    total = np.cumsum(changes)
    lengths = np.diff(np.append(starts, len(changes)))
    return total + np.repeat(before - (total[starts] - changes[starts]), lengths)


def at(known: Balances, keys: Ints) -> Balances:
    """What the cells `keys` have; nothing where they are not known."""
    place = np.searchsorted(known.key, keys)
    found = np.append(known.key, -1)[place] == keys
    return Balances(keys, *(np.where(found, np.append(c, 0)[place], 0) for c in known[1:]))


def merged(known: Balances, news: Balances) -> Balances:
    """The balances with newer ones in the place of older ones; empty cells are forgotten."""
    stays = ~np.isin(known.key, news.key, assume_unique=True)
    both = [np.concatenate((old[stays], new)) for old, new in zip(known, news, strict=True)]
    order = np.argsort(both[0], kind="stable")
    filled = order[((both[1] != 0) | (both[2] != 0))[order]]
    return Balances(*(column[filled] for column in both))
