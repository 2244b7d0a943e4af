"""How fast a book comes back from its log, beside the kernel alone."""

from __future__ import annotations

import statistics
from pathlib import Path

from benchmarks.common import Figure, batches, in_turns, opened_state, ratio, seconds
from benchmarks.durable import new_book, transfer_request
from tanshu import audit, migrations
from tanshu.base.database import Database
from tanshu.book.commit import Book

BATCH, ENTRIES = 8_000, 40
REPLAY, KERNEL = "replay", "kernel"


def figures(folder: Path, _postgres: str) -> list[Figure]:
    """Records per second: read from SQLite, every hash and result code checked."""
    database = Database.open(f"sqlite:///{folder}/replay.db", create=True)
    migrations.upgrade(database)  # the audit looks at every table
    book = new_book(database)
    blocks = batches(ENTRIES, BATCH)
    for block in blocks:
        book.commit([transfer_request(book, block)])
    records = BATCH * ENTRIES

    def replay() -> float:
        fresh = Book(database)
        with database.read() as conn:
            taken = seconds(lambda: fresh.catch_up(conn))
        assert fresh.tail.hash == book.tail.hash
        return records / taken

    def kernel() -> float:
        state = opened_state()
        return records / seconds(lambda: [state.apply(2 + n, block) for n, block in enumerate(blocks)])

    turns = in_turns({REPLAY: replay, KERNEL: kernel})
    report = audit.run(database)
    assert report.ok, report.first_bad
    database.close()
    return [
        Figure(
            f"replay of the log, entries of {BATCH:,}",
            statistics.median(turns[REPLAY]),
            "records/s",
            ratio(turns, REPLAY, KERNEL),
            "the kernel in memory",
            "≥ 0.5",
        ),
        Figure("audit by the reference kernel (once)", records / report.seconds, "records/s"),
    ]
