"""Threads that commit single transfers at the same time: how much one flush carries."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.common import Figure, batches, in_turns, open_log, ratio, seconds
from benchmarks.durable import new_book, transfer_request
from benchmarks.verbs import fresh_postgresql
from tanshu.book.commit import Answer, Book

THREADS = (1, 8, 32)
COMMITS = {1: 150, 8: 480, 32: 960}
"""Threads → transfers per run, over all of them."""


def figures(folder: Path, postgres: str) -> list[Figure]:
    """Commits per second, one transfer each, and how many times one thread's that is."""
    found: list[Figure] = []
    for place, url in (
        ("SQLite", f"sqlite:///{folder}/group.db"),
        ("PostgreSQL", fresh_postgresql(postgres, "grouped")),
    ):
        book = new_book(open_log(url))
        turns = in_turns({str(n): _threads(book, n) for n in THREADS})
        for n in THREADS[1:]:
            found.append(
                Figure(
                    f"{n} threads, one transfer per commit, {place}",
                    statistics.median(turns[str(n)]),
                    "commits/s",
                    ratio(turns, str(n), "1"),
                    "one thread",
                )
            )
        book.database.close()
    return found


def _threads(book: Book, threads: int) -> Callable[[], float]:
    return lambda: commits_per_second(book, threads, COMMITS[threads])


def commits_per_second(book: Book, threads: int, commits: int) -> float:
    """Every thread commits its share of transfers, one after the other."""
    (block,) = batches(1, 1)

    def send(share: int) -> None:
        for _ in range(share):
            (outcome,) = book.commit([transfer_request(book, block)])
            assert isinstance(outcome, Answer), outcome

    with ThreadPoolExecutor(threads) as pool:

        def work() -> None:
            list(pool.map(send, [commits // threads] * threads))

        return commits / seconds(work)
