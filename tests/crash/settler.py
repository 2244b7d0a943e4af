"""A settlement day made to be killed: a child that settles it and dies at a statement of its choice."""

from __future__ import annotations

import os
import signal
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import psycopg  # noqa: F401 - imported before the fork, or each child would do so
from sqlalchemy import event

from tanshu import app
from tanshu.base.database import Database
from tanshu.book.commit import Book
from tanshu.clearing.bank.http import HttpBank
from tanshu.clearing.driving import Driven, run
from tanshu.rules import packs
from tests.clearing.support import desk
from tests.exchange.bridge.support import DAY, FIGURES

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def settle(url: str, address: str, folder: Path, kill_at: int = 0, boundary: int = 0) -> tuple[Driven, int]:
    """Settle the day; dead at the n-th statement, or after so many steps, where they are given.

    Returns what came of it, and how many statements it took.
    """
    app.wire()
    database = Database.open(url)
    statements = steps = 0

    def count(*_: Any) -> None:
        nonlocal statements
        statements += 1
        if statements == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)

    def step_done(_seen: object) -> None:
        nonlocal steps
        steps += 1
        if steps == boundary:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(database.engine, "before_cursor_execute", count)
    with packs.searching(FIGURES, folder):
        driven = run(Book(database), DAY, desk(bank=HttpBank(address, "bank")), step_done)
    database.close()
    return driven, statements


def killed(url: str, address: str, folder: Path, *, kill_at: int = 0, boundary: int = 0) -> bool:
    """In a process of its own; was it killed?"""
    child = FORKS.Process(target=settle, args=(url, address, folder, kill_at, boundary))
    child.start()
    child.join()
    return child.exitcode == -signal.SIGKILL
