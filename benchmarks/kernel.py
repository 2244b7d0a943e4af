"""The kernel in memory, beside two peers made of dictionaries."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from benchmarks.common import (
    ACCOUNTS,
    FUNDS,
    Figure,
    batches,
    in_turns,
    opened_state,
    opening,
    ratio,
    seconds,
)
from tanshu.book.records import Records
from tanshu.book.reference import ReferenceBook

BATCH = 8_000
RUNS = 9
FAST, OBVIOUS, BARE = "kernel", "reference kernel", "bare dict"


def figures() -> list[Figure]:
    """Transfers per second, in memory."""
    state, book, balances = opened_state(), ReferenceBook(), dict.fromkeys(range(1, ACCOUNTS + 1), FUNDS)
    for seq, block in enumerate(opening(), 1):
        book.apply(seq, block.tolist())
    blocks = batches(25, BATCH)
    rows = [block.tolist() for block in batches(1, BATCH)]
    state.apply(2, blocks[0], compiled=True)
    seqs = iter(range(3, 10**9))

    def fast() -> float:
        return _per_second(blocks, seconds(lambda: [state.apply(next(seqs), block) for block in blocks]))

    def obvious() -> float:
        return _per_second(rows, seconds(lambda: [book.apply(next(seqs), batch) for batch in rows]))

    def bare() -> float:
        return _per_second(rows, seconds(lambda: [_bare(balances, batch) for batch in rows]))

    turns = in_turns({FAST: fast, OBVIOUS: obvious, BARE: bare}, RUNS)
    assert not any(state.sums().values())
    return [
        Figure(
            f"book kernel in memory, batch {BATCH:,}",
            statistics.median(turns[FAST]),
            "transfers/s",
            ratio(turns, FAST, OBVIOUS),
            "the reference kernel (dictionaries, every check)",
            "≥ 40",
        ),
        Figure("reference kernel", statistics.median(turns[OBVIOUS]), "transfers/s"),
        Figure(
            "two dictionary updates and one comparison, nothing else checked",
            statistics.median(turns[BARE]),
            "transfers/s",
        ),
    ]


def _bare(balances: dict[int, int], rows: list[tuple[int, ...]]) -> int:
    """The least that could be called a transfer."""
    refused = 0
    for _, _, _, debit, credit, amount, *_ in rows:
        if balances[debit] < amount:
            refused += 1
            continue
        balances[debit] -= amount
        balances[credit] += amount
    return refused


def _per_second(blocks: Sequence[Records] | Sequence[list[tuple[int, ...]]], taken: float) -> float:
    return sum(map(len, blocks)) / taken
