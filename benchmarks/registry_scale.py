"""A register with many holders: opening it, searching, holdings, a statement, the ministry's report.

Each question is asked on SQLite, of a register with a tenth of the holders and of the whole one: what grows
with what is asked for stays the same, what must look at everything grows in proportion.
"""

from __future__ import annotations

import itertools
import statistics
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

from tests.support.crowd import Crowd, batches_allowed, uscc

from benchmarks.common import Figure, seconds
from tanshu import app
from tanshu.base.refusal import need
from tanshu.book import movements, projections
from tanshu.book.commit import Book
from tanshu.book.movements import Movements
from tanshu.insight import ministry
from tanshu.parties import queries as parties
from tanshu.registry import search, search_index, statements
from tanshu.registry.search import Wanted, WantedTransactions

HOLDERS = 50_000
"""Two accounts each: a registration and a trading account."""
PART = 10
ASKED = 7
"""Times that each question is asked; the figure is the median."""
QUERY_MS, REPORT_S = 300, 60
START_NS = 1_704_157_200 * 10**9


class Scale(NamedTuple):
    """What a register of some size took: seconds by question."""

    holders: int
    took: Mapping[str, float]


QUESTIONS: Mapping[str, Callable[[Book], object]] = {
    "search: part of a name": lambda book: find(book, Wanted(name="第4999")),
    "search: common part of a name, in one province": lambda book: find(
        book, Wanted("热电有限", region="42")
    ),
    "search: accounts in a state": lambda book: find(book, Wanted(state="restricted")),
    "list: a page of accounts": lambda book: page(book),
    "list: a page of transactions": lambda book: listed(book),
    "a holder's transactions, batches included": lambda book: touching(book),
    "a holder's holdings": lambda book: holdings(book),
    "a holder's movements": lambda book: moved(book),
    "a holder's statement of account, serials included": lambda book: statement(book),
}
OPENING, REPORT, INDEX = "opening", "the ministry's report", "the index of names, built anew"


def figures(folder: Path, _postgres: str) -> list[Figure]:
    """Milliseconds, and how much more than with a tenth of the holders."""
    ticks = itertools.count(START_NS, 10**9)
    with batches_allowed(folder / "packs"):
        crowd = Crowd(f"sqlite:///{folder}/crowd.db", lambda: next(ticks))
        few = _scale(crowd, HOLDERS // PART)
        many = _scale(crowd, HOLDERS)
        crowd.close()
    return [_figure(name, few, many) for name in many.took]


def _scale(crowd: Crowd, holders: int) -> Scale:
    """Let the register grow to so many holders, then ask."""
    before = crowd.holders
    crowd.grow(holders)
    crowd.stock(before)
    crowd.list_year()
    database, book = crowd.database, crowd.book
    projections.catch_up(database, Movements)
    took = {INDEX: seconds(lambda: projections.rebuild(database, search_index.SubjectIndex))}
    crowd.book.keep_snapshot()
    took[OPENING] = statistics.median(seconds(lambda: _open(database.url)) for _ in range(3))
    for name, ask in QUESTIONS.items():
        took[name] = statistics.median(seconds(lambda ask=ask: ask(book)) for _ in range(ASKED))
    took[REPORT] = seconds(lambda: report(book))
    return Scale(holders, took)


def _figure(name: str, few: Scale, many: Scale) -> Figure:
    goal = {REPORT: f"≤ {REPORT_S:,} s", INDEX: ""}.get(name, f"≤ {QUERY_MS}")
    measure = f"{2 * many.holders:,} accounts, {name}"
    ratio = many.took[name] / few.took[name]
    return Figure(measure, many.took[name] * 1_000, "ms", ratio, f"{2 * few.holders:,} accounts", goal)


# -- questions ---------------------------------------------------------------------------------------------


def _open(url: str) -> None:
    """What every command does first: the database, the book's state as of its newest entry."""
    opened = app.open_installation(url)
    try:
        with opened.book.reading():
            pass
    finally:
        opened.close()


def find(book: Book, wanted: Wanted) -> None:
    search_index.catch_up(book.database)
    with book.database.read() as conn:
        need(search.subjects(conn, book.log, wanted))


def page(book: Book) -> None:
    with book.database.read() as conn:
        found = parties.account_page(conn, kind="trading", after=1_000, limit=200)
        parties.subjects_with_ids(conn, [one.subject_id for one in found])


def listed(book: Book) -> None:
    with book.database.read() as conn:
        search.transactions(conn, WantedTransactions(state=None, type="issuance"), limit=100)


def touching(book: Book) -> None:
    with book.database.read() as conn:
        need(search.touching(conn, book.log, need(parties.subject(conn, uscc(1_234))).id))


def holdings(book: Book) -> None:
    with book.database.read() as conn:
        for one in _accounts(book):
            movements.holdings_at(conn, book.log, book.tail.seq, one)


def moved(book: Book) -> None:
    with book.database.read() as conn:
        for one in _accounts(book):
            movements.movements(conn, book.log, one, upto=book.tail.seq)


def statement(book: Book) -> None:
    with book.database.read() as conn:
        subject = need(parties.subject(conn, uscc(1_234)))
        codes = [one.code for one in parties.accounts_of(conn, subject.id)]
    with statements.reading(book) as conn:
        need(statements.statement(conn, book, codes[0]))


def _accounts(book: Book) -> list[int]:
    with book.database.read() as conn:
        subject = need(parties.subject(conn, uscc(1_234)))
        return [one.number for one in parties.accounts_of(conn, subject.id)]


def report(book: Book) -> None:
    with book.reading() as (conn, state):
        made = need(ministry.report(conn, book, book.tail.seq, state))
        assert made.agrees
