"""Progress on stderr: a bar on a terminal, a plain line now and then elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tanshu.cli.output import console

EVERY_S = 2.0
"""Where there is no terminal, a long job says so this often."""

Tick = Callable[[int], None]
"""Told how much is done so far."""


@contextmanager
def progress(title: str, total: int | None = None) -> Iterator[Tick]:
    """Show how far a job is; `total` None where nobody knows."""
    if sys.stderr.isatty():
        with _bar(title, total) as tick:
            yield tick
    else:
        yield _lines(title, total)


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Tick]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    counted = (MofNCompleteColumn(),) if total is not None else ()
    columns = (TextColumn("{task.description}"), BarColumn(), *counted, TimeElapsedColumn())
    with Progress(*columns, console=console(sys.stderr), transient=True) as bar:
        task = bar.add_task(title, total=total)
        yield lambda done: bar.update(task, completed=done)


def _lines(title: str, total: int | None) -> Tick:
    said = time.monotonic()

    def tick(done: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= EVERY_S:
            said = now
            of = f"/{total}" if total is not None else ""
            print(f"{title} {done}{of}", file=sys.stderr, flush=True)

    return tick
