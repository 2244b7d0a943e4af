"""Legs of a day put onto holds, in their order: who gives from which hold, and what cannot be delivered.

A chain of legs goes as a whole or not at all. A leg takes from the holds of its cell, the oldest first, and
then from what the day brought into it: what a sale pays for waits for the sale, and a chain that needs what
a failed one would have brought fails, too. `walk` is plain Python and also what Numba compiles where a day is
large: there is one text of the rule.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tanshu.book.kernel import compile_into

Ints = NDArray[np.int64]

DELIVERED, STOPPED, SHORT = 0, 1, 2
"""What becomes of a chain: delivered; one of its parties is stopped; something it needs is not there."""
COMPILE_FROM = 20_000
"""Legs from which a compiled walk pays for its loading."""


class Cells(NamedTuple):
    """What can be given, cell by cell: a cell's holds stand together, the oldest first.

    at, until: a cell's first hold that is not used up, and the end of its holds. left: of each hold; arrived:
    what the day brought into each cell and nobody used yet.
    """

    at: Ints
    until: Ints
    left: Ints
    arrived: Ints

    def copy(self) -> Cells:
        return Cells(*(column.copy() for column in self))


class Taken(NamedTuple):
    """What a walk came to. leg, hold, amount: one row for each movement, hold −1 for what had arrived.

    outcome, leg_short: of each chain walked, and the leg that could not go. chains: how many were walked.
    """

    leg: Ints
    hold: Ints
    amount: Ints
    outcome: Ints
    leg_short: Ints
    chains: int


def take(
    cells: Cells,
    start: Ints,
    source: Ints,
    target: Ints,
    amount: Ints,
    stopped: NDArray[np.bool_],
    room: int,
) -> Taken:
    """Walk chains in order, changing `cells`, until no more movements than `room` came of them.

    start: where each chain's legs begin, and where the last one's end. source, target: cells of the legs.
    stopped: the chains that must not go.
    """
    chains = len(start) - 1
    out = min(room, len(source) + len(cells.left))
    leg, hold, taken = (np.empty(out, np.int64) for _ in range(3))
    outcome, short = np.zeros(chains, np.int64), np.full(chains, -1, np.int64)
    counts = np.zeros(2, np.int64)
    run = compiled() if len(source) >= COMPILE_FROM else walk
    run(
        start,
        source,
        target,
        amount,
        stopped.astype(np.int64),
        cells.at,
        cells.until,
        cells.left,
        cells.arrived,
        leg,
        hold,
        taken,
        outcome,
        short,
        counts,
    )
    done, n = int(counts[0]), int(counts[1])
    return Taken(leg[:n], hold[:n], taken[:n], outcome[:done], short[:done], done)


def walk(
    start: Ints,
    source: Ints,
    target: Ints,
    amount: Ints,
    stopped: Ints,
    at: Ints,
    until: Ints,
    left: Ints,
    arrived: Ints,
    leg: Ints,
    hold: Ints,
    taken: Ints,
    outcome: Ints,
    short: Ints,
    counts: Ints,
) -> None:
    """As `take` says; counts becomes (chains walked, movements)."""
    n = 0
    for c in range(len(start) - 1):
        counts[0] = c
        counts[1] = n
        if stopped[c]:
            outcome[c] = 1
            continue
        mark = n
        trouble = -1
        full = False
        for i in range(start[c], start[c + 1]):
            cell, need = source[i], amount[i]
            while need > 0 and at[cell] < until[cell] and not full:
                k = at[cell]
                piece = min(left[k], need)
                if piece > 0:
                    if n == len(leg):
                        full = True
                        break
                    leg[n] = i
                    hold[n] = k
                    taken[n] = piece
                    n += 1
                    left[k] -= piece
                    need -= piece
                if left[k] == 0:
                    at[cell] += 1
            if need > 0 and not full:
                if arrived[cell] < need:
                    trouble = i
                elif n == len(leg):
                    full = True
                else:
                    leg[n] = i
                    hold[n] = -1
                    taken[n] = need
                    n += 1
                    arrived[cell] -= need
                    need = 0
            if full or trouble >= 0:
                # What this leg took, and what the chain's earlier ones moved, goes back.
                for j in range(start[c], i):
                    arrived[target[j]] -= amount[j]
                while n > mark:
                    n -= 1
                    cell = source[leg[n]]
                    if hold[n] >= 0:
                        left[hold[n]] += taken[n]
                        at[cell] = hold[n]
                    else:
                        arrived[cell] += taken[n]
                break
            arrived[target[i]] += amount[i]
        if full:
            return
        if trouble >= 0:
            outcome[c] = 2
            short[c] = trouble
    counts[0] = len(start) - 1
    counts[1] = n


def compiled() -> Callable[..., None]:
    """`walk`, compiled by Numba from this same text."""
    return _scope()["walk"]


@cache
def _scope() -> dict[str, Any]:
    return compile_into(dict(globals()), [walk])
