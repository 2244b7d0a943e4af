"""What holds for every sequence of commands on a real database: keys, refusals, groups, and the log."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tanshu import audit
from tanshu.base.database import Database, driver, metadata
from tanshu.base.refusal import Refusal
from tanshu.book import records
from tanshu.book.commit import Answer, Book, Outcome, Request
from tanshu.book.records import AMOUNT_MAX, Row
from tests.support.clock import START_NS, Ticker
from tests.support.commands import CEA, ISSUER, MAKER, TAKER, opening, request
from tests.support.kernels import Reference
from tests.support.thousands import thousands
from tests.support.worlds import entries, worlds

on_one_database = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
KEYS = 6
"""So few keys that commands often meet one that is taken."""

Model = dict[int, tuple[list[Row], Answer]]
"""What a key was first used for, and what that was answered."""


@pytest.fixture
def new_book(database: Database) -> Iterator[Book]:
    """Books on one database, each with a log of its own, so that an example costs no database."""

    def books() -> Iterator[Book]:
        for log in count(-1, -1):  # numbers that no market can have
            book = Book(database, log)
            book.create("test", START_NS)
            book.commit([request(book, -1, *opening())])
            yield book

    return books()


def commands(book: Book, data: bytes, clock: Ticker) -> list[tuple[int, list[Row], Request]]:
    """(key, rows, request): each entry of the random world, under one of few keys."""
    asked = []
    for rows in entries(data):
        key = sum(row[5] for row in rows) % KEYS
        asked.append((key, rows, request(book, key, *rows, ticker=clock)))
    return asked


def assert_known(used: tuple[list[Row], Answer], rows: list[Row], outcome: Outcome) -> None:
    """The key was used before: the first answer again for the same body, LOG-1001 for another."""
    first_rows, first = used
    if first_rows == rows:
        assert outcome == Answer(first.seq, first.data, repeated=True)
    else:
        assert isinstance(outcome, Refusal) and outcome.code == "LOG-1001"
        assert outcome.facts["seq"] == first.seq


def check(model: Model, obvious: Reference, key: int, rows: list[Row], outcome: Outcome) -> None:
    """One outcome against what an obvious book with a dictionary of keys would say."""
    if key in model:
        assert_known(model[key], rows, outcome)
        return
    seq = 2 + len(model)
    expected = copy.deepcopy(obvious).apply(seq, rows)
    if any(expected):
        assert isinstance(outcome, Refusal)
        assert int(outcome.code.removeprefix("BOOK-2")) in expected
        return
    obvious.apply(seq, rows)
    assert isinstance(outcome, Answer) and (outcome.seq, outcome.repeated) == (seq, False)
    model[key] = (rows, outcome)


def count_rows(book: Book) -> int:
    mark = "?" if book.database.is_sqlite else "%s"
    with book.database.read() as conn:
        found = driver(conn).execute(f"SELECT count(*) FROM log_entry WHERE log = {mark}", (book.log,))
        return found.fetchone()[0]


def check_against_log(book: Book) -> None:
    """The live replica is what the log says, and nothing was made or lost."""
    fresh = Book(book.database, book.log)
    with book.database.read() as conn:
        assert fresh.catch_up(conn).digest() == book._state.digest()
    assert fresh.tail.hash == book.tail.hash
    assert not any(book._state.sums().values())


@settings(on_one_database, max_examples=100)
@given(data=worlds(records=24))
def test_commands_one_by_one_keep_every_promise(new_book: Iterator[Book], data: bytes):
    book, model, obvious = next(new_book), Model(), Reference()
    obvious.apply(1, opening())
    for key, rows, ask in commands(book, data, Ticker()):
        before = book._state.digest()
        (outcome,) = book.commit([ask])
        if isinstance(outcome, Refusal) or outcome.repeated:
            assert book._state.digest() == before
        check(model, obvious, key, rows, outcome)
        assert count_rows(book) == 2 + len(model)
    assert [tuple(cell) for cell in book._state.cells()] == obvious.cells()
    check_against_log(book)
    report = audit.run(book.database, book.log)
    assert (report.ok, report.entries) == (True, 2 + len(model))


@settings(on_one_database, max_examples=100)
@given(data=worlds(records=24))
def test_commands_in_groups_keep_every_promise(new_book: Iterator[Book], data: bytes):
    book, model, obvious = next(new_book), Model(), Reference()
    obvious.apply(1, opening())
    asked = commands(book, data, Ticker())
    size = 1 + data[0] % 5
    for start in range(0, len(asked), size):
        group = asked[start : start + size]
        outcomes = book.commit([ask for *_, ask in group])
        for (key, rows, _), outcome in zip(group, outcomes, strict=True):
            check(model, obvious, key, rows, outcome)
        assert count_rows(book) == 2 + len(model)
    check_against_log(book)


@pytest.fixture(scope="module")
def in_memory() -> Iterator[Book]:
    """A book on SQLite without a file: nothing waits for a disk."""
    database = Database.open("sqlite://")
    metadata.create_all(database.engine)
    book = Book(database)
    book.create("test", START_NS)
    book.commit([request(book, -1, *opening())])
    yield book
    database.close()


BODIES = (
    [records.transfer(ISSUER, MAKER, CEA, 1)],
    [records.transfer(MAKER, ISSUER, CEA, 1)],
    [records.transfer(MAKER, TAKER, CEA, AMOUNT_MAX)],  # always refused
    [],
)
_examples = count()


@thousands(data=st.binary(min_size=4, max_size=4))
def test_a_key_means_one_command_for_ever(in_memory: Book, data: bytes):
    """Four commands in one group: four bodies under three keys that were never used before."""
    example = next(_examples)
    asked = [(byte >> 2) % 3 for byte in data]
    bodies = [BODIES[byte & 3] for byte in data]
    before = in_memory.tail.seq

    outcomes = in_memory.commit(
        [request(in_memory, 3 * example + key, *rows) for key, rows in zip(asked, bodies, strict=True)]
    )

    first: dict[int, tuple[list[Row], Answer]] = {}
    for key, rows, outcome in zip(asked, bodies, outcomes, strict=True):
        if key in first:
            assert_known(first[key], rows, outcome)
        elif rows is BODIES[2]:
            assert isinstance(outcome, Refusal) and outcome.code == "BOOK-2022"
        else:
            assert isinstance(outcome, Answer)
            assert (outcome.seq, outcome.repeated) == (before + 1 + len(first), False)
            first[key] = (rows, outcome)
    assert in_memory.tail.seq == before + len(first)
