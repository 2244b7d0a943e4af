"""Transfers made durable through `Book.commit`, beside the machine's own limits in the same run."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from itertools import count
from pathlib import Path

from benchmarks import raw
from benchmarks.common import Figure, batches, in_turns, open_log, opened_state, opening, ratio, seconds
from tanshu.base.canonical import digest
from tanshu.base.clock import NS
from tanshu.base.database import Database
from tanshu.book.commit import Act, Answer, Book, Context, Request
from tanshu.book.records import Records
from tanshu.book.state import State

ENTRIES = {1: 150, 100: 80, 1_000: 30, 8_000: 12}
"""Batch size → entries per run."""
JOURNAL, COPY, INSERT = "journal + kernel", "COPY", "raw insert"
GOALS = {("SQLite", 100): "≥ 0.40", ("SQLite", 8_000): "≥ 0.40", ("PostgreSQL", 8_000): "≥ 0.70"}


def figures(folder: Path, postgres: str) -> list[Figure]:
    books = {
        "SQLite": new_book(open_log(f"sqlite:///{folder}/book.db")),
        "PostgreSQL": new_book(open_log(postgres)),
    }
    journal, state = raw.Journal(folder), opened_state()
    found: list[Figure] = []
    for size, entries in ENTRIES.items():
        contenders = _contenders(batches(entries, size), books, journal, state, folder)
        if size == max(ENTRIES):
            contenders[COPY] = lambda: raw.copy_rows_per_second(postgres)
        found += _table(size, in_turns(contenders))
    found += _fdatasync(journal)
    journal.close()
    for book in books.values():
        book.database.close()
    return found


def _contenders(
    blocks: list[Records], books: dict[str, Book], journal: raw.Journal, state: State, folder: Path
) -> dict[str, Callable[[], float]]:
    """Who takes turns at one batch size."""
    seqs = count(10)
    return {
        **{name: lambda book=book: commits_per_second(book, blocks) for name, book in books.items()},
        JOURNAL: lambda: raw.journal_per_second(journal, blocks, state, next(seqs) * 1_000),
        INSERT: lambda: raw.sqlite_rows_per_second(folder / "raw.db", len(blocks[0]), len(blocks)),
    }


def _table(size: int, turns: dict[str, list[float]]) -> list[Figure]:
    per = f"batch {size:,}"
    found = []
    for name in ("SQLite", "PostgreSQL"):
        against = COPY if name == "PostgreSQL" and COPY in turns else JOURNAL
        words = "COPY of rows, no index, 64,000 per commit" if against == COPY else "file journal + kernel"
        found.append(
            Figure(
                f"book on {name}, {per}",
                statistics.median(turns[name]),
                "transfers/s",
                ratio(turns, name, against),
                words,
                GOALS.get((name, size), ""),
            )
        )
    found.append(
        Figure(f"preallocated file journal + kernel, {per}", statistics.median(turns[JOURNAL]), "transfers/s")
    )
    found.append(Figure(f"raw SQLite insert, {per}", statistics.median(turns[INSERT]), "rows/s"))
    if COPY in turns:
        found.append(Figure("raw PostgreSQL COPY", statistics.median(turns[COPY]), "rows/s"))
    return found


def _fdatasync(journal: raw.Journal) -> list[Figure]:
    taken = [raw.fdatasync_ms(journal) for _ in range(5)]
    return [Figure("one fdatasync of 512 bytes, p50", statistics.median(taken), "ms")]


# -- a book to measure -------------------------------------------------------------------------------------

_drawn = count(1)


def new_book(database: Database) -> Book:
    """A book with its accounts open and funded."""
    book = Book(database)
    book.create("bench", NS)
    book.commit([transfer_request(book, block) for block in opening()])
    return book


def transfer_request(book: Book, block: Records) -> Request:
    """One command that records a whole block."""
    n = next(_drawn)
    ctx = Context(book, "exchange-1", digest(b"%d" % n)[:16], clock=_clock(n))
    return Request(ctx, "transfer", {"records": digest(block.tobytes())}, _recording(block))


def _clock(n: int) -> Callable[[], int]:
    return lambda: n * NS


def _recording(block: Records) -> Callable[[Act, object], dict[str, int]]:
    return lambda act, _command: {"first": act.record_all(block)}


def commits_per_second(book: Book, blocks: list[Records]) -> float:
    """Transfers per second, one entry and one transaction per block."""

    def work() -> None:
        for block in blocks:
            (outcome,) = book.commit([transfer_request(book, block)])
            assert isinstance(outcome, Answer), outcome

    return sum(map(len, blocks)) / seconds(work)
