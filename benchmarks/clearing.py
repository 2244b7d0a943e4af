"""A closed market day of thousands of participants, cleared: collected, computed, reviewed, delivered against
payment, registered, reconciled, stated. Beside it the same number of plain transfers in the book's own bulk.

    python -m benchmarks.clearing [--write]     10 k, 100 k and 1 M trades, on SQLite and PostgreSQL

Each size is made once (tests/support/trading_day.py) and copied for every run. Every run is a process of its
own, so that its peak memory is its own. A trade is two records of the book, so the peer is a load of two
transfers a trade in entries of the same number of records (book/bulk.py), prepared before the clock starts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psycopg
from sqlalchemy.engine import make_url

from benchmarks.__main__ import DOCUMENT, machine, rounded
from benchmarks.bulk import peak_mb
from benchmarks.common import SEED, open_log, postgresql, scratch, seconds
from benchmarks.verbs import fresh_postgresql
from tanshu.base.clock import NS
from tanshu.base.ids import scenario_key
from tanshu.base.refusal import need
from tanshu.book import bulk
from tanshu.book.bulk import Block, NewInstrument
from tanshu.book.commit import Book, Context
from tanshu.book.records import RECORD, AccountFlag, Op, encode, open_account
from tanshu.book.state import State

PARTICIPANTS = 5_000
SIZES = (10_000, 100_000, 1_000_000)
RUNS = 3
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
    def rate(self) -> float:
        """Records per second, everything included."""
        return self.records / sum(self.steps.values())


# -- the peer: plain transfers in bulk ---------------------------------------------------------------------


def load_plain(url: str, trades: int) -> Measured:
    """Two plain transfers a trade over two accounts a participant, into a fresh book."""
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
    """Take the closed day at `url` through every step to its seal, the banks' own work not counted."""
    State().apply(1, encode([open_account(0)]), compiled=True)
    installation = app.open_installation(url)
    book, database = installation.book, installation.database
    drawn, now = count(), count(shanghai_ns(DAY, clock_time(16)), NS)
    with database.read() as conn:
        bank = PlainBank(conn)
    with book.reading():
        pass  # the book itself is there

    def ctx(actor: str) -> Context:
        return Context(book, actor, digest(b"clearing %d" % next(drawn))[:16], clock=lambda: next(now))

    steps: dict[str, float] = {}
    for step in list(day.STEPS)[1:]:
        started = time.perf_counter()
        if step == "banks":
            spent = _ask_bank(database, ctx, bank)
        else:
            spent = 0.0
            with database.read() as conn:
                asked = day.commands(conn, step, DAY)
            for one in asked:
                need(one.verb(ctx(PEOPLE[one.role]), one.body))
        steps[step] = time.perf_counter() - started - spent
    with database.read() as conn:
        (row,) = queries.markets(conn, DAY)
        found = need(queries.day(conn, DAY))
    assert (found.state, found.differences) == ("sealed", 0)
    installation.close()
    return Measured(row.delivered, 2 * row.delivered, steps, peak_mb())
