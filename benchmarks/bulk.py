"""Lines of a registry's transaction log, as the EU publishes them, into the book with every check on.

    python -m benchmarks.bulk             20 k, 200 k and 2 M generated lines, on SQLite and PostgreSQL
    python -m benchmarks.bulk FILE [URL]  a file of that shape, for instance a published one

The file has the columns of the EU transaction log. What such a file does not tell is synthesised: whoever
first gives a unit is issued enough of it before. Each size is loaded by a process of its own, so that its
peak memory is its own.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from itertools import chain, count, islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import SEED, Figure, open_log, postgresql, scratch
from benchmarks.verbs import fresh_postgresql
from tanshu.base.clock import NS
from tanshu.base.ids import scenario_key
from tanshu.base.refusal import need
from tanshu.book import bulk
from tanshu.book.bulk import Block, Loaded, NewInstrument
from tanshu.book.commit import Book, Context
from tanshu.book.records import RECORD, AccountFlag, Op, Records, encode, open_account
from tanshu.book.state import State

COLUMNS = [
    "id",
    "transactionID",
    "date",
    "transactionTypeMain_id",
    "transactionTypeSupplementary_id",
    "transferringAccount_id",
    "acquiringAccount_id",
    "unitType_id",
    "project_id",
    "amount",
    "transferringAccountID_2024",
]
UNITS = ("EUA2005", "EUA_2008", "CER", "AAU", "ERU")
TYPES = ((10, 0), (10, 41), (10, 2), (10, 53), (5, 1), (4, 3))
SIZES = (20_000, 200_000, 2_000_000)
ACCOUNTS = 15_000
LINES_PER_ENTRY = 8_000
ISSUED = 10**12
"""Issued to whoever first gives a unit: more than a file takes away."""
ISSUE_TAG = 1
"""The tag of synthetic issuance; a line's own is main type × 100 + supplementary type."""


# -- a file ------------------------------------------------------------------------------------------------


def write_lines(path: Path, lines: int, accounts: int = ACCOUNTS, seed: int = SEED) -> None:
    """Lines in the order of time; a few accounts give and receive most of them, as in the published file."""
    rng = np.random.default_rng(seed)
    activity = 1.0 / np.arange(1, accounts + 1) ** 0.9
    activity /= activity.sum()
    ids = rng.permutation(accounts) + 300
    milliseconds = np.datetime64("2005-01-03T08:00", "ms") + np.cumsum(rng.integers(1, 100_000, lines))
    with path.open("w") as file:
        file.write(",".join(COLUMNS) + "\n")
        for start in range(0, lines, 100_000):
            n = min(100_000, lines - start)
            giver = rng.choice(accounts, n, p=activity)
            taker = (giver + 1 + rng.choice(accounts - 1, n, p=activity[1:] / activity[1:].sum())) % accounts
            unit = rng.choice(len(UNITS), n, p=(0.62, 0.2, 0.12, 0.03, 0.03))
            kind = rng.choice(len(TYPES), n, p=(0.2, 0.45, 0.15, 0.05, 0.1, 0.05))
            amount = np.minimum(rng.lognormal(8.5, 2.0, n).astype(np.int64) + 1, 10**8)
            when = np.datetime_as_string(milliseconds[start : start + n])
            rows = zip(
                range(start + 1, start + n + 1),
                (str(one).replace("T", " ") for one in when),
                (TYPES[k] for k in kind),
                ids[giver].tolist(),
                ids[taker].tolist(),
                (UNITS[u] for u in unit),
                amount.tolist(),
                strict=True,
            )
            file.writelines(
                f"{line},EU{line},{at},{main},{more},{a}.0,{b}.0,{of},,{much},\n"
                for line, at, (main, more), a, b, of, much in rows
            )


# -- reading it --------------------------------------------------------------------------------------------


class BadLine(Exception):
    """A line that is not what its columns promise; nothing of its block is loaded."""


class Names:
    """Numbers for names, in the order in which they come up."""

    def __init__(self, first: int = 0):
        self.known: dict[str, int] = {}
        self._next = count(first)

    def number(self, names: Sequence[str]) -> NDArray[np.uint32]:
        known, fresh = self.known, self._next
        for name in dict.fromkeys(names):
            if name not in known:
                known[name] = next(fresh)
        return np.fromiter(map(known.__getitem__, names), np.uint32, len(names))


class Lines:
    """A file as blocks. Account 0 of the stream is the issuer."""

    def __init__(self, path: Path):
        self.path = path
        self.accounts = Names(first=1)
        self.instruments = Names()
        self._funded: set[int] = set()

    def blocks(self) -> Iterator[Block]:
        """One block per LINES_PER_ENTRY lines. Raises BadLine where a line is malformed."""
        with self.path.open(newline="") as file:
            lines = csv.reader(file)
            if next(lines, None) != COLUMNS:
                raise BadLine("line 1: not the columns of a transaction log")
            first = 2
            while rows := list(islice(lines, LINES_PER_ENTRY)):
                yield self._block(rows, first)
                first += len(rows)

    def _block(self, rows: list[list[str]], first: int) -> Block:
        if set(map(len, rows)) != {len(COLUMNS)}:
            bad = next(n for n, row in enumerate(rows) if len(row) != len(COLUMNS))
            raise BadLine(f"line {first + bad}: not {len(COLUMNS)} columns")
        _, _, date, main, more, giver, taker, unit, _, amount, _ = zip(*rows, strict=True)
        opened, defined = len(self.accounts.known), len(self.instruments.known)
        made = np.zeros(len(rows), RECORD)
        made["op"] = Op.TRANSFER
        made["instrument"] = self.instruments.number(unit)
        # Giver before taker, line by line: numbers come in the order in which a reader meets the names.
        both = self.accounts.number(tuple(chain.from_iterable(zip(giver, taker, strict=True))))
        made["debit"], made["credit"] = both[0::2], both[1::2]
        try:
            made["amount"] = _integers(amount)
            made["tag"] = _integers(main) * 100 + _integers(more)
            np.array(date, "datetime64[ms]")
        except (ValueError, OverflowError) as error:
            raise BadLine(f"lines {first} to {first + len(rows) - 1}: {error}") from None
        if "" in self.accounts.known or (made["amount"] <= 0).any():
            raise BadLine(f"lines {first} to {first + len(rows) - 1}: an account or an amount is missing")
        issuer = (AccountFlag.OVERDRAFT,) if first == 2 else ()
        return Block(
            np.concatenate([self._issuance(made), made]),
            (*issuer, *(AccountFlag.NONE,) * (len(self.accounts.known) - opened)),
            (NewInstrument(),) * (len(self.instruments.known) - defined),
            {"file": self.path.name, "first_line": first},
        )

    def _issuance(self, made: Records) -> Records:
        """What must be issued before these lines: once for each account and unit that gives."""
        gives = np.unique(made["debit"].astype(np.int64) << 8 | made["instrument"]).tolist()
        fresh = [cell for cell in gives if cell not in self._funded]
        self._funded.update(fresh)
        issued = np.zeros(len(fresh), RECORD)
        issued["op"] = Op.TRANSFER
        issued["credit"] = np.array(fresh, np.int64) >> 8
        issued["instrument"] = np.array(fresh, np.int64) & 0xFF
        issued["amount"] = ISSUED
        issued["tag"] = ISSUE_TAG
        return issued


def _integers(texts: Sequence[str]) -> NDArray[np.int64]:
    return np.fromiter(map(int, texts), np.int64, len(texts))


# -- one load, in a process of its own ---------------------------------------------------------------------


class Measured(NamedTuple):
    """lines_per_second: from the file to the durable book. replayed: records per second coming back.

    peak_mb: of the whole process. positions: non-zero cells at the end.
    """

    lines: int
    lines_per_second: float
    replayed: float
    peak_mb: float
    positions: int
    accounts: int
    log_hash: str


def run(path: Path, url: str) -> Measured:
    """Load a file, then build the book again from its log and hold it against the file's own sums."""
    State().apply(1, encode([open_account(0)]), compiled=True)  # load the compiled kernel: not per line
    database = open_log(url)
    book, lines, clock = Book(database), Lines(path), count(2)
    book.create("bulk", NS)

    def context(n: int) -> Context:
        return Context(
            book, "importer-1", scenario_key(path.name, "1", "lines", n), clock=lambda: next(clock) * NS
        )

    started = time.perf_counter()
    loaded = need(bulk.load(context, lines.blocks()))
    taken = time.perf_counter() - started
    peak = peak_mb()

    fresh = Book(database)
    started = time.perf_counter()
    with database.read() as conn:
        state = fresh.catch_up(conn)
    replayed = loaded.transfers / (time.perf_counter() - started)
    assert (fresh.tail.hash, state.digest()) == (book.tail.hash, book._state.digest())
    assert _balances(state, loaded) == _sums(path)
    cells = sum(1 for _ in state.cells())
    database.close()
    issued = len(lines._funded)
    read = loaded.transfers - issued
    return Measured(read, read / taken, replayed, peak, cells, len(loaded.accounts), fresh.tail.hash.hex())


def peak_mb() -> float:
    """The most memory this process ever had. Linux counts what its parent had into getrusage's answer."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _balances(state, loaded: Loaded) -> dict[tuple[int, int], int]:
    """What every account but the issuer has beyond what it was issued, where that is not nothing."""
    first, instruments = int(loaded.accounts[0]), len(loaded.instruments)
    assert loaded.accounts.tolist() == list(range(first, first + len(loaded.accounts)))
    found = {}
    for cell in state.cells():
        if cell.account != first:
            found[cell.account - first, cell.instrument] = cell.available
    assert all(0 <= instrument < instruments for _, instrument in found)
    return found


def _sums(path: Path) -> dict[tuple[int, int], int]:
    """The same from the file alone, added up in a dictionary line by line: the obvious way."""
    sums: dict[tuple[str, str], int] = {}
    accounts: dict[str, int] = {}
    units: dict[str, int] = {}
    gave: set[tuple[str, str]] = set()
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            giver, taker, unit = row["transferringAccount_id"], row["acquiringAccount_id"], row["unitType_id"]
            accounts.setdefault(giver, len(accounts) + 1)
            accounts.setdefault(taker, len(accounts) + 1)
            units.setdefault(unit, len(units))
            sums[giver, unit] = sums.get((giver, unit), 0) - int(row["amount"])
            sums[taker, unit] = sums.get((taker, unit), 0) + int(row["amount"])
            gave.add((giver, unit))
    with_issue = {
        (accounts[who], units[of]): amount + (ISSUED if (who, of) in gave else 0)
        for (who, of), amount in sums.items()
    }
    return {cell: amount for cell, amount in with_issue.items() if amount}


# -- the table ---------------------------------------------------------------------------------------------


def figures(folder: Path, postgres: str, runs: int = 3) -> list[Figure]:
    """Lines per second and peak memory by size; the ratio is to the smallest size: 1 means linear."""
    found: list[Figure] = []
    measured: dict[tuple[str, int], list[Measured]] = {}
    for turn in range(runs):
        for lines in SIZES:
            path = folder / f"lines-{lines}.csv"
            if not path.exists():
                write_lines(path, lines)
            for place, url in (
                ("SQLite", f"sqlite:///{folder}/bulk-{lines}-{turn}.db"),
                ("PostgreSQL", fresh_postgresql(postgres, f"bulk_{lines}_{turn}")),
            ):
                measured.setdefault((place, lines), []).append(in_a_process(path, url))
    for (place, lines), each in measured.items():
        against = measured[place, SIZES[0]]
        found.append(
            Figure(
                f"bulk load of {lines:,} lines, every check on, {place}",
                statistics.median(one.lines_per_second for one in each),
                "lines/s",
                statistics.median(
                    a.lines_per_second / b.lines_per_second for a, b in zip(each, against, strict=True)
                ),
                f"{SIZES[0]:,} lines",
            )
        )
        found.append(
            Figure(
                f"its peak memory, {each[0].positions:,} positions",
                statistics.median(one.peak_mb for one in each),
                "MB",
                statistics.median(a.peak_mb / b.peak_mb for a, b in zip(each, against, strict=True)),
                f"{SIZES[0]:,} lines",
            )
        )
    for lines in SIZES:
        assert measured["SQLite", lines][0].log_hash == measured["PostgreSQL", lines][0].log_hash
    return found


def in_a_process(path: Path, url: str) -> Measured:
    command = [sys.executable, "-m", "benchmarks.bulk", str(path), url]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Measured(**json.loads(done.stdout))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bulk", description=__doc__)
    parser.add_argument("file", nargs="?", type=Path)
    parser.add_argument("url", nargs="?")
    wants = parser.parse_args()
    if wants.file is None:
        with scratch() as folder, postgresql() as server:
            for figure in figures(folder, server):
                print(figure)
        return
    with tempfile.TemporaryDirectory() as folder:
        measured = run(wants.file, wants.url or f"sqlite:///{folder}/bulk.db")
    print(json.dumps(measured._asdict(), indent=None if wants.url else 2))


if __name__ == "__main__":
    main()
