"""Snapshots: a book opens from one and looks back from one, and a bad one is passed over."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from tanshu import audit
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book import image, kernel, records, snapshots
from tanshu.book.commit import Book
from tanshu.book.records import Row
from tanshu.book.snapshots import SNAPSHOT, superfluous
from tanshu.book.state import State
from tanshu.log import store
from tests.support.clock import Ticker
from tests.support.commands import CEA, CNY, MAKER, TAKER, opening, request, send

GIVE = records.transfer(MAKER, TAKER, CEA, 7)
NEWEST = 31


@pytest.fixture
def told(book: Book, ticker: Ticker) -> Book:
    """Entry 1 opens; 2 to 31 give 7 each, or hold 3."""
    rows: list[list[Row]] = [opening(), *[[GIVE], [records.hold(MAKER, CEA, 3)]] * 15]
    book.commit([request(book, n, *some, ticker=ticker) for n, some in enumerate(rows)])
    return book


def keep(book: Book, *seqs: int) -> None:
    """Snapshots at these entries."""
    for seq in seqs:
        with book.database.read() as conn:
            state = book.as_of(conn, seq)
            entry = next(iter(store.read(conn, book.log, after=seq - 1, upto=seq)))
        snapshots.take(book.database, book.log, state, snapshots.Tail.at(entry))


@pytest.fixture
def read_from(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """After which entries the log was followed, each time; a look at one entry alone does not count."""
    asked: list[int] = []
    real = store.read

    def noting(conn, log, after=-1, upto=None):
        if after < 0 or upto != after + 1:
            asked.append(after)
        return real(conn, log, after, upto)

    monkeypatch.setattr(store, "read", noting)
    return asked


def seqs(book: Book) -> list[int]:
    with book.database.read() as conn:
        return [one.seq for one in snapshots.kept(conn, book.log)]


def reopened(book: Book) -> Book:
    fresh = Book(book.database, book.log)
    with book.database.read() as conn:
        fresh.catch_up(conn)
    return fresh


# -- opening and looking back ------------------------------------------------------------------------------


def test_a_book_opens_from_the_newest_snapshot_and_goes_on(told: Book, read_from: list[int]):
    keep(told, 10, 20)
    read_from.clear()
    fresh = reopened(told)
    assert read_from == [20]
    assert fresh._state.digest() == told._state.digest()
    assert (fresh.tail.seq, fresh.tail.hash) == (NEWEST, told.tail.hash)
    held = records.position(3, 0)
    fresh.commit([request(fresh, 100, records.capture(held, MAKER, TAKER, CEA, 3))])
    assert reopened(told)._state.digest() == fresh._state.digest()


@pytest.mark.parametrize(("seq", "start"), [(31, 20), (20, 20), (19, 10), (10, 10), (9, -1), (0, -1)])
def test_how_things_stood_is_told_from_the_nearest_snapshot(
    told: Book, read_from: list[int], seq: int, start: int
):
    with told.database.read() as conn:
        by_replay = told.as_of(conn, seq)
    keep(told, 10, 20)
    read_from.clear()
    with told.database.read() as conn:
        assert told.as_of(conn, seq).digest() == by_replay.digest()
    assert read_from == [start]


def test_a_log_that_is_damaged_after_its_snapshot_still_stops_the_book(told: Book):
    keep(told, 20)
    with told.database.write() as conn:
        conn.execute(update(store.LOG_ENTRY).where(store.LOG_ENTRY.c.seq == 25).values(actor="somebody"))
    with pytest.raises(Refused) as caught:
        reopened(told)
    assert (caught.value.refusal.code, caught.value.refusal.facts["seq"]) == ("LOG-1003", 25)


def test_a_log_that_is_damaged_where_its_snapshot_stands_is_not_passed_over(told: Book):
    keep(told, 10, 20)
    with told.database.write() as conn:
        conn.execute(update(store.LOG_ENTRY).where(store.LOG_ENTRY.c.seq == 20).values(actor="somebody"))
    with pytest.raises(Refused) as caught:
        reopened(told)
    assert (caught.value.refusal.code, caught.value.refusal.facts["seq"]) == ("LOG-1003", 20)


def test_what_the_log_says_of_an_entry_counts_not_what_the_snapshot_says(told: Book, ticker: Ticker):
    keep(told, NEWEST)
    with told.database.write() as conn:
        conn.execute(update(SNAPSHOT).values(time_ns=2**62, era=5))
    fresh = reopened(told)
    fresh.commit([request(fresh, 100, GIVE, ticker=ticker)])
    assert (fresh.tail.seq, fresh.tail.era) == (NEWEST + 1, 0)
    assert reopened(told).tail.hash == fresh.tail.hash


# -- bad ones ----------------------------------------------------------------------------------------------


def _flipped(data: bytes) -> bytes:
    return data[:-5] + bytes([data[-5] ^ 1]) + data[-4:]


def _other_state(_data: bytes) -> bytes:
    return image.encode(State())


def _rewritten(change: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: data[:1] + zlib.compress(change(zlib.decompress(data[1:])))


BAD: dict[str, tuple[str, Callable[[bytes], bytes] | bytes, str]] = {
    "one bit of its bytes": ("data", _flipped, "BOOK-1402"),
    "cut short": ("data", lambda data: data[:-9], "BOOK-1402"),
    "empty": ("data", b"", "BOOK-1402"),
    "bytes of another version": ("data", lambda data: b"\x02" + data[1:], "BOOK-1402"),
    "one amount": ("data", _rewritten(lambda body: body[:-1] + bytes([body[-1] ^ 1])), "BOOK-1402"),
    "a column too short": ("data", _rewritten(lambda body: body[:-8]), "BOOK-1402"),
    "fewer accounts than it names": (
        "data",
        _rewritten(lambda body: bytes([1]) + body[1:32] + body[56:]),
        "BOOK-1402",
    ),
    "another state": ("data", _other_state, "BOOK-1402"),
    "another digest": ("digest", bytes(32), "BOOK-1402"),
    "another hash": ("hash", bytes(32), "BOOK-1401"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_snapshot_is_passed_over_and_said_to_be_bad(told: Book, read_from: list[int], name: str):
    column, change, code = BAD[name]
    keep(told, 10, 20)
    with told.database.write() as conn:
        this = SNAPSHOT.c.seq == 20
        data = bytes(conn.execute(select(SNAPSHOT.c.data).where(this)).scalar_one())
        value = change if isinstance(change, bytes) else change(data)
        conn.execute(update(SNAPSHOT).where(this).values({column: value}))
    read_from.clear()
    assert reopened(told)._state.digest() == told._state.digest()
    assert read_from == [10]
    with told.database.read() as conn:
        newest, older = snapshots.kept(conn, told.log)
    assert (newest.seq, newest.flaw and newest.flaw.code) == (20, code)
    assert (older.seq, older.flaw) == (10, None)


def test_a_snapshot_of_an_entry_that_is_not_there_is_foreign(told: Book, read_from: list[int]):
    keep(told, 20)
    with told.database.write() as conn:
        row = conn.execute(select(SNAPSHOT)).one()._asdict()
        conn.execute(insert(SNAPSHOT).values({**row, "seq": 99}))
        conn.execute(insert(SNAPSHOT).values({**row, "log": 7}))
    read_from.clear()
    assert reopened(told).tail.seq == NEWEST
    assert read_from == [20]


def test_a_false_state_with_its_true_digest_is_found_by_replay_and_does_not_mislead_the_audit(told: Book):
    keep(told, 10, 20, 30)
    false = State()
    with told.database.write() as conn:
        conn.execute(
            update(SNAPSHOT)
            .where(SNAPSHOT.c.seq == 20)
            .values(data=image.encode(false), digest=false.digest())
        )
    with told.database.read() as conn:
        assert [one.code for one in snapshots.false_ones(conn, told.log)] == ["BOOK-1403"]
        assert snapshots.false_ones(conn, told.log)[0].facts == {"seq": 20}
    report = audit.run(told.database, told.log)
    assert {one.seq for one in report.findings} == {20}
    assert report.cells == len(list(told._state.cells()))


# -- taking ------------------------------------------------------------------------------------------------


def test_whoever_followed_for_long_keeps_a_snapshot(told: Book, monkeypatch: pytest.MonkeyPatch):
    weight = snapshots.ENTRY_WEIGHT * (NEWEST + 1) + len(opening()) + 30
    monkeypatch.setattr(snapshots, "DUE_FROM", weight + 1)
    reopened(told).keep_snapshot()
    assert seqs(told) == []
    monkeypatch.setattr(snapshots, "DUE_FROM", weight)
    fresh = reopened(told)
    fresh.keep_snapshot()
    assert seqs(told) == [NEWEST]
    with told.database.write() as conn:
        assert snapshots.drop(conn, told.log) == 1
    fresh.keep_snapshot()  # nothing was followed since
    assert seqs(told) == []


def test_a_large_state_is_not_kept_for_a_short_tail():
    state = State()
    few = snapshots.DUE_FROM
    assert snapshots.is_due(few, state)
    state.apply(1, records.encode([records.open_account(n) for n in range(few + 1)]), compiled=True)
    assert not snapshots.is_due(few, state)
    assert snapshots.is_due(few + 1, state)


@pytest.fixture
def reader_url(database_url: str) -> str:
    """The database's address for somebody who may not write."""
    if database_url.startswith("sqlite"):
        path = database_url.removeprefix("sqlite:///")
        return f"sqlite:///file:{path}?mode=ro&uri=true"
    joint = "&" if "?" in database_url else "?"
    return f"{database_url}{joint}options=-c%20default_transaction_read_only%3Don"


def test_who_may_not_write_reads_without_a_snapshot(
    told: Book, reader_url: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(snapshots, "DUE_FROM", 1)
    database = Database.open(reader_url, create=True)
    fresh = Book(database)
    with database.read() as conn:
        assert fresh.catch_up(conn).digest() == told._state.digest()
    fresh.keep_snapshot()
    database.close()
    assert seqs(told) == []


@pytest.fixture
def writing_elsewhere(told: Book) -> Iterator[None]:
    """Another process is in the midst of writing a snapshot of the same entry."""
    other = Database.open(told.database.url if told.database.is_sqlite else _address(told.database))
    with other.write() as conn:
        row = dict.fromkeys(("hash", "digest", "data"), b"x")
        numbers = {"log": told.log, "seq": NEWEST, "time_ns": 1, "engine": 1, "era": 0}
        conn.execute(insert(SNAPSHOT).values(**row, **numbers))
        yield
        conn.rollback()
    other.close()


def _address(database: Database) -> str:
    return database.engine.url.render_as_string(hide_password=False)


@pytest.mark.usefixtures("writing_elsewhere")
def test_a_busy_database_is_no_error(told: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshots, "DUE_FROM", 1)
    fresh = reopened(told)
    fresh.keep_snapshot()
    assert fresh._unkept > 0  # it will be tried again


def test_a_second_snapshot_of_one_entry_takes_the_place_of_the_first(told: Book):
    keep(told, 20)
    with told.database.write() as conn:
        conn.execute(update(SNAPSHOT).values(digest=bytes(32)))
    keep(told, 20)
    with told.database.read() as conn:
        assert [(one.seq, one.flaw) for one in snapshots.kept(conn, told.log)] == [(20, None)]


def test_snapshots_that_stay_are_spread_over_the_log(told: Book, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(snapshots, "KEPT", 4)
    keep(told, *range(1, NEWEST + 1))
    kept = sorted(seqs(told))
    assert len(kept) == 4
    assert kept[-1] == NEWEST
    gaps = [after - before for before, after in zip([-1, *kept], kept, strict=False)]
    assert max(gaps) <= 2 * (NEWEST + 1) / 4


@given(st.lists(st.integers(1, 1_000), min_size=1, max_size=200))
def test_no_moment_is_far_from_a_snapshot(steps: list[int]):
    """However unevenly they are taken, one by one."""
    still: list[int] = []
    newest = -1
    for step in steps:
        newest += step
        still.append(newest)
        for seq in superfluous(still):
            still.remove(seq)
        gaps = [after - before for before, after in zip([-1, *still], still, strict=False)]
        assert still[-1] == newest
        assert len(still) <= snapshots.KEPT
        assert max(gaps) <= max(max(steps), 2.5 * (newest + 1) / snapshots.KEPT)


# -- memory ------------------------------------------------------------------------------------------------


def test_memory_grows_with_what_is_open_not_with_what_was(book: Book, context):
    """40,000 holds made and released, through 20 commits; 3 of them stay."""
    send(context(), *opening(issued=100_000))
    kept = [send(context(), records.hold(MAKER, CEA, 10)) for _ in range(3)]
    assert len(kept) == 3
    for _ in range(20):
        seq = book.tail.seq + 1
        rows = [records.hold(MAKER, CEA, 1) for _ in range(2_000)]
        rows += [records.release(records.position(seq, i), MAKER, CEA, 1) for i in range(2_000)]
        send(context(), *rows)
    state = book._state
    assert [hold.remaining for hold in state.holds()] == [10, 10, 10]
    assert len(state.arrays.hold_position) <= 8_192
    with book.database.read() as conn:
        again = book.as_of(conn, book.tail.seq)
    assert again.digest() == state.digest()


def test_empty_cells_are_forgotten():
    state = State()
    state.apply(0, records.encode([*opening(issued=100_000), records.hold(TAKER, CNY, 50_000)]))
    state.apply(1, records.encode([records.open_account(4 + n) for n in range(6_000)]), compiled=True)
    for seq in range(2, 8):
        rows: list[Row] = []
        for account in range(4 + (seq - 2) * 1_000, 4 + (seq - 1) * 1_000):
            rows += [records.transfer(MAKER, account, CEA, 1), records.transfer(account, MAKER, CEA, 1)]
        state.compact()
        state.apply(seq, records.encode(rows), compiled=True)
    state.compact()
    assert int(state.arrays.counts[2]) < 2_100
    assert len(state.arrays.cells) <= 16_384
    assert len(list(state.cells())) == 4
    assert state.cell(TAKER, CNY) == (TAKER, CNY, 0, 50_000)  # nothing available, and not empty


def test_cells_that_run_over_the_end_of_a_table_are_found_at_its_start():
    """Thirty cells that all want one of the last two slots, and ten that want the first."""
    slots, accounts = 256, 40_000
    wanted = kernel.home(np.arange(accounts) << kernel.INSTRUMENT_BITS) & (slots - 1)
    chosen = np.sort([*np.flatnonzero(wanted >= slots - 2)[:30], *np.flatnonzero(wanted == 0)[:10]])
    cells = np.column_stack((chosen << kernel.INSTRUMENT_BITS, chosen + 1, np.zeros_like(chosen)))
    one = np.ones(1, np.int64)
    state = State.of(np.zeros(accounts, np.int64), [one, one, one], cells, np.zeros((0, 4), np.int64))
    assert len(state.arrays.cells) == slots
    assert [state.cell(account, 0).available for account in chosen] == (chosen + 1).tolist()
    assert np.count_nonzero(state.arrays.cells[:, kernel.KEY] >= 0) == 40


def test_a_journal_from_before_compacting_is_not_played():
    state = State()
    state.apply(0, records.encode(opening()))
    done = state.apply(1, records.encode([records.hold(MAKER, CEA, 5)]))
    state._compact_holds_at = state._compact_cells_at = 0
    state.apply(2, records.encode([records.release(records.position(1, 0), MAKER, CEA, 5)]))
    state.compact()
    with pytest.raises(AssertionError, match="out of date"):
        state.take_back(done)
