"""A closed market day of thousands of participants, cleared: collected, computed, reviewed, delivered against
payment, registered, reconciled, stated. Beside it the same number of plain transfers in the book's own bulk.

    python -m benchmarks.clearing [--write]     10 k, 100 k and 1 M trades, on SQLite and PostgreSQL
    python -m benchmarks.clearing --days DIR    the same; days that are made are kept there for the next time

Each size is made once on SQLite (tests/support/trading_day.py), brought to PostgreSQL by a backup, and copied
for every run. Every run is a process of its own, so that its peak memory is its own. A trade is two records
of the book, so the peer is a load of two transfers a trade in entries of the same number of records
(book/bulk.py), prepared before the clock starts.

The rate is that of the house's own work: clear, deliver, reconcile, state. Reading the market's log
(collect), what people and banks do, and the seal are shown beside it.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple

import numpy as np
import psycopg
from sqlalchemy.engine import make_url
from tests.support.cleared_day import STEPS, Clearing, copied, settled_as
from tests.support.trading_day import DAY, make

from benchmarks.__main__ import DOCUMENT, machine, rounded
from benchmarks.bulk import peak_mb
from benchmarks.common import SEED, open_log, postgresql, scratch, seconds
from benchmarks.verbs import fresh_postgresql
from tanshu.backup.make import back_up
from tanshu.backup.restore import restore
from tanshu.base.canonical import canonical, digest
from tanshu.base.clock import NS
from tanshu.base.database import Database
from tanshu.base.ids import scenario_key
from tanshu.base.memory import rarely_collect
from tanshu.base.refusal import need
from tanshu.book import bulk
from tanshu.book.bulk import Block, NewInstrument
from tanshu.book.commit import Book, Context
from tanshu.book.records import RECORD, AccountFlag, Op, encode, open_account
from tanshu.book.rows import told_tables
from tanshu.book.state import State
from tanshu.clearing import queries

PARTICIPANTS = 5_000
SIZES = (10_000, 100_000, 1_000_000)
RUNS = 3
CORE = ("clear", "deliver", "reconcile", "state")
"""The steps by which a day's rate is taken."""
FILLED = 0.942
"""Trades that come of an order, in the days that are made."""
BLOCK_TRADES = 20_000
"""Trades of one entry of the book, as the pack of the simulated market has it."""
BEGIN, END = "<!-- clearing: begin -->", "<!-- clearing: end -->"


class Measured(NamedTuple):
    """One run. steps: seconds by step, in their order; records: of the book that the trades came to."""

    trades: int
    records: int
    steps: Mapping[str, float]
    peak_mb: float

    @property
    def core(self) -> float:
        """Seconds of the house's own work; of all, where the run has no steps of a day."""
        return sum(taken for step, taken in self.steps.items() if step in CORE or "clear" not in self.steps)

    @property
    def rate(self) -> float:
        """Records per second of it."""
        return self.records / self.core


# -- the peer: plain transfers in bulk ---------------------------------------------------------------------


def load_plain(url: str, trades: int) -> Measured:
    """Two plain transfers a trade over two accounts a participant, into a fresh book."""
    rarely_collect()
    State().apply(1, encode([open_account(0)]), compiled=True)  # load the compiled kernel: not per record
    database = open_log(url)
    book, clock = Book(database), count(2)
    book.create("plain", NS)

    def context(n: int) -> Context:
        key = scenario_key("plain", "1", "block", n)
        return Context(book, "importer-1", key, clock=lambda: next(clock) * NS)

    prepared = list(_plain(trades))
    started = 0.0

    def blocks() -> Iterator[Block]:
        nonlocal started
        yield prepared[0]  # the accounts, and what they have
        started = time.perf_counter()
        yield from prepared[1:]

    need(bulk.load(context, blocks()))
    taken = time.perf_counter() - started
    database.close()
    return Measured(trades, 2 * trades, {"load": taken}, peak_mb())


def _plain(trades: int) -> Iterator[Block]:
    """What funds the accounts, then transfers between them, as many an entry as a delivery has."""
    accounts = 2 * PARTICIPANTS
    chance = np.random.default_rng(SEED)
    funds = np.zeros(accounts, RECORD)
    funds["op"], funds["credit"], funds["amount"] = Op.TRANSFER, np.arange(1, accounts + 1), 10**12
    yield Block(funds, (AccountFlag.OVERDRAFT, *(AccountFlag.NONE,) * accounts), (NewInstrument(),))
    for start in range(0, 2 * trades, 2 * BLOCK_TRADES):
        made = np.zeros(min(2 * BLOCK_TRADES, 2 * trades - start), RECORD)
        giver = chance.integers(0, accounts, len(made))
        made["op"], made["debit"] = Op.TRANSFER, giver + 1
        made["credit"] = (giver + chance.integers(1, accounts, len(made))) % accounts + 1
        made["amount"] = chance.integers(1, 100, len(made))
        yield Block(made)


# -- the day -----------------------------------------------------------------------------------------------


def clear_day(url: str) -> Measured:
    """Take the closed day at `url` through every step to its seal."""
    rarely_collect()
    State().apply(1, encode([open_account(0)]), compiled=True)
    with tempfile.TemporaryDirectory() as folder, settled_as("gross", Path(folder)):
        clearing = Clearing(url)
        steps = {step: seconds(lambda step=step: clearing.take(step)) for step in STEPS}
        with clearing.database.read() as conn:
            sealed = need(queries.day(conn, DAY))
            (market,) = queries.markets(conn, DAY)
        assert (sealed.state, sealed.differences) == ("sealed", 0)
        assert market.delivered + market.failed == market.trades > 1_000 * market.failed
        clearing.close()
    return Measured(market.delivered, 2 * market.delivered, steps, peak_mb())


# -- places ------------------------------------------------------------------------------------------------


class Place:
    """A kind of database: makes a day once, hands out copies of it, and empty databases."""

    def __init__(self, name: str, folder: Path, days: Path, server: str = ""):
        """days: where days made on SQLite lie; server: of PostgreSQL; without one it is SQLite."""
        self.name, self._folder, self._days, self._server = name, folder, days, server
        self._drawn = count()

    def made(self, trades: int) -> str:
        """The address of a day of about so many trades, made where it is not there yet."""
        path = self._days / f"day_{trades}_{_tables()}.db"
        if not path.exists():
            url = f"sqlite:///{self._folder / path.name}"
            make(url, self._folder / f"packs-{path.stem}", PARTICIPANTS, round(trades / FILLED))
            shutil.move(self._folder / path.name, path)
        return self._brought(path) if self._server else f"sqlite:///{path}"

    def _brought(self, path: Path) -> str:
        """A day made on SQLite, on the server."""
        url, backup = fresh_postgresql(self._server, path.stem), self._folder / f"backup-{path.stem}"
        database = Database.open(f"sqlite:///{path}")
        back_up(database, backup)
        database.close()
        restore(backup, url)
        return url

    @contextmanager
    def fresh(self, like: str = "") -> Iterator[str]:
        """A database of its own for one run, gone afterwards: empty, or a copy of the one at `like`."""
        name = f"run_{next(self._drawn)}"
        if self._server:
            yield from self._in_server(name, like)
            return
        path = self._folder / f"{name}.db"
        yield copied(Path(make_url(like).database or ""), path) if like else f"sqlite:///{path}"
        for file in self._folder.glob(f"{path.name}*"):
            file.unlink()

    def _in_server(self, name: str, like: str) -> Iterator[str]:
        template = f" TEMPLATE {make_url(like).database}" if like else ""
        with psycopg.connect(self._server, autocommit=True) as conn:
            conn.execute(f"CREATE DATABASE {name}{template}".encode())
            yield make_url(self._server).set(database=name).render_as_string(hide_password=False)
            conn.execute(f"DROP DATABASE {name}".encode())


def _tables() -> str:
    """What tables there are, as a few characters: a day kept from before they changed is of no use."""
    columns = [[table.name, *(str(one.type) for one in table.c), *table.c.keys()] for table in told_tables()]
    return digest(canonical(columns)).hex()[:8]


# -- the table ---------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """A size on a kind of database. ratio: of the day's records per second to the peer's, median of runs."""

    place: str
    runs: list[Measured]
    peers: list[Measured]

    @property
    def ratio(self) -> float:
        return median(day.rate / peer.rate for day, peer in zip(self.runs, self.peers, strict=True))


def measure(
    folder: Path, days: Path, server: str, sizes: Sequence[int] = SIZES, runs: int = RUNS
) -> list[Row]:
    rows: list[Row] = []
    for place in (Place("SQLite", folder, days), Place("PostgreSQL", folder, days, server)):
        for trades in sizes:
            made, row = place.made(trades), Row(place.name, [], [])
            for _ in range(runs):
                with place.fresh() as url:
                    row.peers.append(in_a_process("plain", url, trades))
                with place.fresh(like=made) as url:
                    row.runs.append(in_a_process("day", url, trades))
            rows.append(row)
            print(_line(row), flush=True, file=sys.stderr)
    return rows


def in_a_process(what: str, url: str, trades: int) -> Measured:
    command = [sys.executable, "-m", "benchmarks.clearing", "--run", what, url, str(trades)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Measured(**json.loads(done.stdout))


def as_markdown(rows: Sequence[Row]) -> str:
    lines = [
        f"{machine()}. {PARTICIPANTS:,} participants; medians of {len(rows[0].runs)} runs, in turns with the"
        " book's own bulk: two plain transfers a trade, in entries of the same number of records. The rates"
        f" are those of the house's own work: {', '.join(CORE)}.",
        "",
        "| trades | database | the day | own work | trades/s | records/s | plain transfers/s | ratio "
        "| peak memory |",
        "|---:|---|---:|---:|---:|---:|---:|---:|---:|",
        *map(_line, rows),
        "",
        "Seconds of each step:",
        "",
        f"| trades | database | {' | '.join(STEPS)} |",
        f"|---:|---|{'---:|' * len(STEPS)}",
        *map(_steps_line, rows),
    ]
    return "\n".join(lines)


def _line(row: Row) -> str:
    whole = median(sum(one.steps.values()) for one in row.runs)
    own = median(one.core for one in row.runs)
    rate, plain = median(one.rate for one in row.runs), median(one.rate for one in row.peers)
    trades, peak = row.runs[0].trades, median(one.peak_mb for one in row.runs)
    return (
        f"| {trades:,} | {row.place} | {whole:.3g} s | {own:.3g} s | {rounded(rate / 2)} | {rounded(rate)} "
        f"| {rounded(plain)} | {row.ratio:.3g} | {rounded(peak)} MB |"
    )


def _steps_line(row: Row) -> str:
    each = (f"{median(one.steps[step] for one in row.runs):.3g}" for step in STEPS)
    return f"| {row.runs[0].trades:,} | {row.place} | {' | '.join(each)} |"


def write(text: str) -> None:
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clearing", description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"put the table into {DOCUMENT.name}")
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="trades")
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--days", type=Path, help="keep the days that are made in this folder")
    parser.add_argument("--run", nargs=3, metavar=("WHAT", "URL", "TRADES"), help="one run, in this process")
    wants = parser.parse_args()
    if wants.run:
        what, url, trades = wants.run
        measured = clear_day(url) if what == "day" else load_plain(url, int(trades))
        print(json.dumps(measured._asdict()))
        return
    with scratch() as folder, postgresql() as server:
        days = wants.days or folder
        days.mkdir(parents=True, exist_ok=True)
        table = as_markdown(measure(folder, days, server, wants.sizes, wants.runs))
    print(table)
    if wants.write:
        write(table)


if __name__ == "__main__":
    main()
