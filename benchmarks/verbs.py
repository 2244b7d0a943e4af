"""One command through a whole service verb, durable: what a single click costs.

To measure another verb, add a line to VERBS: a name and a function that takes a book and returns something
which sends one command each time it is called.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from pathlib import Path

from benchmarks import raw
from benchmarks.common import Figure, batches, in_turns, open_log, ratio, seconds
from benchmarks.durable import new_book, transfer_request
from tanshu.book.commit import Answer, Book, Context

COMMANDS = 150
"""Commands per run; the run's figure is their median."""
SYNC = "fdatasync"


def transfer(book: Book) -> Callable[[], None]:
    """A command with one record through `Context.commit`."""

    def send() -> None:
        asked = transfer_request(book, batches(1, 1)[0])
        ctx: Context = asked.ctx
        assert isinstance(ctx.commit(asked.name, asked.command, asked.decide), Answer)

    return send


VERBS: dict[str, Callable[[Book], Callable[[], None]]] = {
    "one transfer, durable": transfer,
}


def figures(folder: Path, postgres: str) -> list[Figure]:
    """Milliseconds, p50, and how many fdatasyncs that is."""
    journal = raw.Journal(folder, 2**20)
    found: list[Figure] = []
    for place, url in (("SQLite", f"sqlite:///{folder}/verbs.db"), ("PostgreSQL", postgres)):
        database = open_log(url)
        book = new_book(database)
        for name, make in VERBS.items():
            send = make(book)
            turns = in_turns({name: lambda send=send: p50_ms(send), SYNC: lambda: raw.fdatasync_ms(journal)})
            found.append(
                Figure(
                    f"{name}, {place}, p50",
                    statistics.median(turns[name]),
                    "ms",
                    ratio(turns, name, SYNC),
                    "one fdatasync",
                    "≤ 4" if place == "SQLite" else "",
                )
            )
        database.close()
    journal.close()
    return found


def p50_ms(send: Callable[[], None]) -> float:
    return statistics.median(seconds(send) for _ in range(COMMANDS)) * 1_000
