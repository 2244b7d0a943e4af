"""A stream of blocks becomes entries, wherever it is interrupted and whatever the book held before."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from tanshu import audit
from tanshu.base.ids import scenario_key
from tanshu.base.refusal import Refusal
from tanshu.book import bulk, records
from tanshu.book.bulk import Block, Loaded, NewInstrument
from tanshu.book.commit import Book, Context
from tanshu.book.records import AccountFlag, encode
from tests.support.clock import Ticker
from tests.support.commands import accepted, opening, request

ISSUER, FIRST, SECOND, THIRD = range(4)
"""Accounts as the stream numbers them."""

STREAM = [
    Block(
        encode([records.transfer(ISSUER, FIRST, 0, 500), records.transfer(FIRST, SECOND, 0, 120)]),
        accounts=(AccountFlag.OVERDRAFT, AccountFlag.NONE, AccountFlag.NONE),
        instruments=(NewInstrument(cap=1_000),),
        about={"file": "lines.csv", "line": 2},
    ),
    Block(
        encode([records.transfer(SECOND, THIRD, 0, 20), records.transfer(ISSUER, THIRD, 1, 7, tag=3)]),
        accounts=(AccountFlag.NONE,),
        instruments=(NewInstrument(scale=2),),
    ),
    Block(encode([])),
    Block(encode([records.transfer(THIRD, FIRST, 1, 5, tag=10)])),
]
HELD = {(FIRST, 0): 380, (SECOND, 0): 100, (THIRD, 0): 20, (THIRD, 1): 2, (FIRST, 1): 5}


@pytest.fixture
def contexts(book: Book) -> Callable[[int], Context]:
    clock = Ticker()
    return lambda n: Context(book, "importer-1", scenario_key("lines", "1", "load", n), clock=clock)


def held(book: Book, loaded: Loaded) -> dict[tuple[int, int], int]:
    """What the stream's accounts have, in its own numbers."""
    with book.reading() as (_conn, state):
        found = {
            (a, i): state.cell(int(account), int(instrument)).available
            for a, account in enumerate(loaded.accounts)
            for i, instrument in enumerate(loaded.instruments)
        }
    return {cell: amount for cell, amount in found.items() if amount > 0}


@pytest.mark.parametrize("before", [False, True], ids=["an empty book", "a book that holds something"])
def test_a_stream_is_loaded_in_its_own_numbers(book: Book, contexts, ticker: Ticker, before: bool):
    if before:
        accepted(book.commit([request(book, 1, *opening(), ticker=ticker)])[0])
    heard: list[int] = []
    loaded = bulk.load(contexts, STREAM, heard.append)
    assert isinstance(loaded, Loaded)
    assert (loaded.entries, loaded.repeated, loaded.transfers, heard) == (4, 0, 5, [2, 4, 4, 5])
    first = 4 if before else 0
    assert loaded.accounts.tolist() == list(range(first, first + 4))
    assert held(book, loaded) == HELD
    assert audit.run(book.database).ok


@pytest.mark.parametrize("done", range(5))
def test_a_stream_that_was_interrupted_is_taken_up_where_it_was(book: Book, contexts, done: int):
    def cut(blocks: list[Block]) -> Iterator[Block]:
        yield from blocks[:done]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bulk.load(contexts, cut(STREAM))
    loaded = bulk.load(contexts, STREAM)
    assert isinstance(loaded, Loaded)
    assert (loaded.entries, loaded.repeated, book.tail.seq) == (4, done, 4)
    assert held(book, loaded) == HELD


BAD = {
    "more than there is": (encode([records.transfer(FIRST, SECOND, 0, 9_999)]), "BOOK-2022"),
    "an account nobody opened": (encode([records.transfer(FIRST, 9, 0, 1)]), "BOOK-1004"),
    "an instrument nobody defined": (encode([records.transfer(FIRST, SECOND, 4, 1)]), "BOOK-1004"),
    "something else than a transfer": (encode([records.hold(FIRST, 0, 1)]), "BOOK-1003"),
    "another block under the same key": (encode([records.transfer(FIRST, SECOND, 0, 1)]), "LOG-1001"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_block_that_cannot_be_recorded_is_named_and_those_before_it_stay(book: Book, contexts, name: str):
    transfers, code = BAD[name]
    if code == "LOG-1001":
        bulk.load(contexts, STREAM[:2])
    outcome = bulk.load(contexts, [STREAM[0], Block(transfers), STREAM[1]])
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.field) == (code, "blocks[1]")
    assert "{" not in outcome.sentence("zh") + outcome.sentence("en")
    assert book.tail.seq == (2 if code == "LOG-1001" else 1)
    assert audit.run(book.database).ok


def test_more_accounts_than_a_first_guess_keep_their_numbers(book: Book, contexts):
    many = 1_500
    opened = [Block(encode([]), accounts=(AccountFlag.NONE,) * many, instruments=(NewInstrument(),))]
    given = encode([records.transfer(many, n, 0, n + 1) for n in range(many)])
    loaded = bulk.load(contexts, [*opened, Block(given, (AccountFlag.OVERDRAFT,))])
    assert isinstance(loaded, Loaded)
    assert loaded.accounts.tolist() == list(range(many + 1))
    assert np.sum([*held(book, loaded).values()]) == many * (many + 1) // 2
