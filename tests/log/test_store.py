"""The table of entries: append, find, read; the keys that fence a stale writer."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from threading import Event, Thread

import psycopg
import pytest

from tanshu.base.canonical import digest
from tanshu.base.database import Database
from tanshu.log import store
from tanshu.log.entry import NO_HASH, Draft, seal

LOG = 1
TAKEN = (sqlite3.IntegrityError, psycopg.errors.UniqueViolation)


def chain(count: int, first: int = 0, before: bytes = NO_HASH) -> list[store.Written]:
    """Entries one second apart, each with an answer of its own."""
    made: list[store.Written] = []
    for seq in range(first, first + count):
        answer = f'{{"n":{seq}}}'.encode()
        draft = Draft(
            time_ns=(seq + 1) * 10**9,
            key=digest(b"%d" % seq)[:16],
            body_hash=digest(b"body"),
            answer_hash=digest(answer),
            actor="登记员-1",
            command="note",
            records=bytes([seq % 256]) * 48,
            results=b"\0",
        )
        entry = seal(draft, seq, before)
        made.append(store.Written(entry, answer))
        before = entry.hash
    return made


@pytest.fixture
def five(database: Database) -> Database:
    with database.write() as conn:
        store.append(conn, LOG, chain(5))
    return database


def test_an_empty_log_has_no_tail_and_no_moment(database: Database):
    with database.read() as conn:
        assert store.tail(conn, LOG) is None
        assert store.seq_at(conn, LOG, 2**62) is None
        assert list(store.read(conn, LOG)) == []
        assert store.find(conn, LOG, bytes(16)) is None


def test_entries_come_back_as_they_went(five: Database):
    with five.read() as conn:
        assert list(store.read(conn, LOG)) == [one.entry for one in chain(5)]
        assert store.answers(conn, LOG, -1, 9) == {seq: b'{"n":%d}' % seq for seq in range(5)}


@pytest.mark.parametrize(
    ("after", "upto", "seqs"),
    [
        (-1, None, [0, 1, 2, 3, 4]),
        (2, None, [3, 4]),
        (-1, 1, [0, 1]),
        (1, 3, [2, 3]),
        (4, None, []),
        (3, 2, []),
    ],
)
def test_a_stretch_of_the_log_is_read_in_order(five: Database, after: int, upto: int | None, seqs: list[int]):
    with five.read() as conn:
        assert [entry.seq for entry in store.read(conn, LOG, after, upto)] == seqs
        assert list(store.answers(conn, LOG, after, 9 if upto is None else upto)) == seqs


@pytest.mark.parametrize("count", [1_999, 2_000, 2_001, 4_000])
def test_a_long_log_is_read_whole_whatever_the_chunk(sqlite_url: str, count: int):
    database = Database.open(sqlite_url)
    with database.write() as conn:
        store.append(conn, LOG, chain(count))
    with database.read() as conn:
        assert [entry.seq for entry in store.read(conn, LOG)] == list(range(count))
    database.close()


def test_a_key_is_found_with_its_body_and_answer(five: Database):
    entry, answer, _ = chain(5)[3]
    with five.read() as conn:
        assert store.find(conn, LOG, entry.key) == (3, entry.body_hash, answer)
        assert store.find(conn, LOG, entry.key[:-1] + b"\0") is None
        assert store.find(conn, LOG + 1, entry.key) is None


def test_the_tail_is_the_newest_entry(five: Database):
    newest = chain(5)[4][0]
    with five.read() as conn:
        assert store.tail(conn, LOG) == (4, newest.time_ns, newest.hash)


@pytest.mark.parametrize(
    ("time_ns", "seq"),
    [(10**9 - 1, None), (10**9, 0), (3 * 10**9 - 1, 1), (3 * 10**9, 2), (5 * 10**9, 4), (2**62, 4)],
)
def test_the_newest_entry_at_an_instant(five: Database, time_ns: int, seq: int | None):
    with five.read() as conn:
        assert store.seq_at(conn, LOG, time_ns) == seq


def test_a_number_taken_twice_is_refused_by_the_database(five: Database):
    entry, answer, _ = chain(5)[4]
    with pytest.raises(TAKEN), five.write() as conn:
        store.append(conn, LOG, [store.Written(replace(entry, key=b"k" * 16), answer)])


def test_a_key_used_twice_is_refused_by_the_database(five: Database):
    entry, answer, _ = chain(5)[4]
    with pytest.raises(TAKEN), five.write() as conn:
        store.append(conn, LOG, [store.Written(replace(entry, seq=5), answer)])


def test_after_a_failed_append_nothing_of_the_group_is_there(five: Database):
    fresh = chain(7)[5:]
    with pytest.raises(TAKEN), five.write() as conn:
        store.append(conn, LOG, [*fresh, chain(5)[4]])
    with five.read() as conn:
        assert [entry.seq for entry in store.read(conn, LOG)] == [0, 1, 2, 3, 4]


def test_two_logs_on_one_database_do_not_meet(five: Database):
    with five.write() as conn:
        store.append(conn, LOG + 1, chain(2))
    with five.read() as conn:
        assert len(list(store.read(conn, LOG))) == 5
        assert len(list(store.read(conn, LOG + 1))) == 2


def test_the_lock_lets_one_writer_in_at_a_time(database: Database):
    inside, seen = Event(), []

    def second() -> None:
        inside.wait(10)
        with database.write() as conn:
            store.lock(conn, LOG)
            seen.append(store.tail(conn, LOG))

    waiting = Thread(target=second)
    waiting.start()
    with database.write() as conn:
        store.lock(conn, LOG)
        inside.set()
        waiting.join(0.2)
        assert waiting.is_alive() and not seen
        store.append(conn, LOG, chain(1))
    waiting.join(10)
    assert [found[0] for found in seen] == [0]
