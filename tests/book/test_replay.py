"""From the log back to the state: now, then, and not at all when the log is damaged."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace
from datetime import date

import pytest

from tanshu.base.database import Database, driver
from tanshu.base.refusal import Refusal, Refused
from tanshu.book import queries, records
from tanshu.book import replay as replaying
from tanshu.book import state as states
from tanshu.book.commit import Book
from tanshu.book.replay import Tail, replay
from tanshu.book.state import State
from tanshu.log import store
from tanshu.log.entry import Draft, Entry, genesis, seal
from tests.support.clock import START_NS, Ticker
from tests.support.commands import CEA, MAKER, SINK, TAKER, accepted, opening, request, send

GIVE = records.transfer(MAKER, TAKER, CEA, 100)


@pytest.fixture
def year(book: Book, context, ticker: Ticker) -> Book:
    """1 on 2 January: opening; 2 on 1 July: 100 given; 3 and 4 on 31 December: 500 held, 200 captured."""
    send(context(), *opening())
    ticker.set_day(date(2024, 7, 1))
    send(context(), GIVE)
    ticker.set_day(date(2024, 12, 31))
    held = accepted(send(context(), records.hold(MAKER, CEA, 500)))["positions"][0]
    send(context(), records.capture(held, MAKER, SINK, CEA, 200))
    return book


MOMENTS = [
    # moment, entry, MAKER's available, held, TAKER's available
    (None, 4, 400, 300, 100),
    ("seq:4", 4, 400, 300, 100),
    ("seq:3", 3, 400, 500, 100),
    ("seq:2", 2, 900, 0, 100),
    ("seq:1", 1, 1_000, 0, 0),
    ("seq:0", 0, 0, 0, 0),
    ("2024-12-31", 4, 400, 300, 100),
    ("2030-01-01", 4, 400, 300, 100),
    (" 2024-12-30 ", 2, 900, 0, 100),
    ("2024-06-30", 1, 1_000, 0, 0),
]


@pytest.mark.parametrize(("moment", "seq", "available", "held", "taken"), MOMENTS)
def test_holdings_as_of(year: Book, moment: str | None, seq: int, available: int, held: int, taken: int):
    with year.database.read() as conn:
        found = queries.state_at(conn, year, moment)
    assert not isinstance(found, Refusal)
    assert found[0] == seq
    maker, taker = found[1].cell(MAKER, CEA), found[1].cell(TAKER, CEA)
    assert (maker.available, maker.held, taker.available) == (available, held, taken)


@pytest.mark.parametrize(
    ("moment", "code"),
    [
        ("seq:5", "BOOK-1102"),
        ("2024-01-01", "BOOK-1102"),
        ("yesterday", "BOOK-1101"),
        ("seq:-1", "BOOK-1101"),
        ("2024-02-30", "BOOK-1101"),
        ("", "BOOK-1101"),
    ],
)
def test_a_moment_the_book_does_not_know_is_refused(year: Book, moment: str, code: str):
    with year.database.read() as conn:
        found = queries.state_at(conn, year, moment)
    assert isinstance(found, Refusal)
    assert (found.code, found.field) == (code, "as_of")


def test_every_moment_replays_to_the_state_the_book_had(book: Book, ticker: Ticker):
    digests = []
    for n, row in enumerate([*opening(), GIVE, records.hold(MAKER, CEA, 5)]):
        book.commit([request(book, n, row, ticker=ticker)])
        digests.append(book._state.digest())
    with book.database.read() as conn:
        assert [book.as_of(conn, seq).digest() for seq in range(1, 11)] == digests


def test_the_same_commands_give_the_same_hashes_on_every_database(sqlite_url: str, postgresql_url: str):
    tails = []
    for url in (sqlite_url, postgresql_url):
        database = Database.open(url)
        book = Book(database)
        book.create("test", START_NS)
        clock = Ticker()
        groups = [[opening()], [[GIVE], [records.hold(MAKER, CEA, 7)], []], [[records.open_account(4)]]]
        numbers = iter(range(100))
        for group in groups:
            book.commit([request(book, next(numbers), *r, actor="登记员-1", ticker=clock) for r in group])
        tails.append((book.tail.seq, book.tail.hash.hex(), book._state.digest().hex()))
        database.close()
    assert tails[0] == tails[1]
    assert tails[0][:2] == (5, "b358b88b0ef8aaad19428ea4e333832f95933f86e11e65dde5755fb91db7bf28")


# -- a damaged log -----------------------------------------------------------------------------------------


DAMAGE = {
    "records": ("UPDATE log_entry SET records = answer WHERE seq = 2", 2),
    "results": ("UPDATE log_entry SET results = {ff} WHERE seq = 2", 2),
    "actor": ("UPDATE log_entry SET actor = 'somebody' WHERE seq = 3", 3),
    "time": ("UPDATE log_entry SET time_ns = time_ns + 1 WHERE seq = 1", 1),
    "era": ("UPDATE log_entry SET era = 1 WHERE seq = 4", 4),
    "a missing entry": ("DELETE FROM log_entry WHERE seq = 3", 3),
    "a missing beginning": ("DELETE FROM log_entry WHERE seq = 0", 0),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_replay_of_a_damaged_log_names_the_entry(year: Book, name: str):
    sql, seq = DAMAGE[name]
    with year.database.write() as conn:
        driver(conn).execute(sql.format(ff="x'ff'" if year.database.is_sqlite else r"'\xff'"))
    fresh = Book(year.database)
    with pytest.raises(Refused) as caught, year.database.read() as conn:
        fresh.catch_up(conn)
    assert (caught.value.refusal.code, caught.value.refusal.facts["seq"]) == ("LOG-1003", seq)
    assert fresh.tail.seq == -1  # nothing half-way is kept


def story(count: int) -> list[Entry]:
    """Genesis, an opening, then `count` transfers, sealed."""
    made = [genesis("test", 1)[0]]
    for n, rows in enumerate([opening(), *[[records.transfer(MAKER, TAKER, CEA, 1)]] * count]):
        data = records.encode(rows).tobytes()
        draft = Draft(n + 2, bytes(16), bytes(32), bytes(32), "a", "c", data, bytes(len(rows)))
        made.append(seal(draft, n + 1, made[-1].hash))
    return made


def resealed(entries: list[Entry], at: int, **changes) -> list[Entry]:
    """The same story with one entry changed and every hash after it made good again."""
    made = entries[:at]
    for entry in entries[at:]:
        new = replace(entry, **changes) if entry.seq == at else entry
        made.append(seal(Draft(**{f: getattr(new, f) for f in Draft.__slots__}), new.seq, made[-1].hash))
    return made


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"results": b"\x16"}, "replay answers 0 where 22 is stored"),
        ({"time_ns": 5}, "time does not grow"),
        ({"results": b"\0\0"}, "records and results do not match in number"),
        ({"records": bytes(47)}, "records and results do not match in number"),
    ],
)
def test_a_story_with_good_hashes_must_also_make_sense(changes: dict, why: str):
    entries = resealed(story(10), 5, **changes)
    with pytest.raises(Refused) as caught:
        replay(entries, State(), Tail())
    assert (caught.value.refusal.facts["seq"], caught.value.refusal.facts["why"]) == (5, why)


@pytest.mark.parametrize("compile_after", [0, 10**9], ids=["compiled", "plain"])
def test_replay_goes_on_where_it_stopped(compile_after: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(states, "COMPILE_AFTER", compile_after)
    monkeypatch.setattr(states, "COMPILE_FROM", min(compile_after, 1))
    entries = story(500)
    whole, parts, tail = State(), State(), Tail()
    replay(entries, whole, Tail())
    for start in range(0, len(entries), 97):
        replay(entries[start : start + 97], parts, tail)
    assert parts.digest() == whole.digest()
    assert (tail.seq, tail.hash) == (501, entries[-1].hash)


def test_a_chunk_of_replay_is_bounded_in_records_not_only_in_entries():
    big = [replace(entry, results=bytes(records.RECORDS_MAX)) for entry in story(40)]
    chunks = list(replaying._chunks(iter(big)))
    assert [entry for chunk in chunks for entry in chunk] == big
    assert max(sum(len(entry.results) for entry in chunk) for chunk in chunks) <= 4 * records.RECORDS_MAX


def test_reading_the_log_does_not_hold_it_all_in_memory(sqlite_url: str):
    database = Database.open(sqlite_url)
    entry = genesis("test", 1)[0]
    rows = [
        store.Written(replace(entry, seq=n, key=b"%016d" % n, records=bytes(2**20)), b"") for n in range(64)
    ]
    with database.write() as conn:
        store.append(conn, 1, rows)
    with database.read() as conn:
        tracemalloc.start()
        count = sum(1 for _ in store.read(conn, 1))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    database.close()
    assert count == 64
    assert peak < 40 * 2**20
