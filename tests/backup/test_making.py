"""Making a backup: online, only what is new, and never in the place of an older one that is good."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import text

from tanshu.backup import back_up, restore, stands, verify
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book import records
from tanshu.book.commit import Book
from tests.backup.conftest import SEGMENT, History
from tests.support.clock import Ticker
from tests.support.commands import CEA, MAKER, TAKER, accepted, opening, request, send
from tests.support.market import Market

GIVE = records.transfer(MAKER, TAKER, CEA, 1)


@pytest.fixture
def opened(book: Book, context) -> Book:
    accepted(send(context(), *opening()))
    return book


def give(book: Book, first: int, many: int, ticker: Ticker) -> None:
    for n in range(first, first + many):
        accepted(book.commit([request(book, n, GIVE, ticker=ticker)])[0])


def files(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}


def test_the_same_book_gives_the_same_bytes_from_both_databases(
    postgresql_url: str, history: History, tmp_path: Path
):
    from tests.backup.conftest import live

    market = Market(postgresql_url)
    assert list(live(market))[-1] == history.newest
    back_up(market.database, tmp_path / "backup", segment_entries=SEGMENT)
    market.close()
    assert files(tmp_path / "backup") == files(history.folder)


def test_a_second_run_adds_what_is_new_and_touches_nothing_else(opened: Book, ticker: Ticker, tmp_path: Path):
    first = back_up(opened.database, tmp_path / "b", segment_entries=SEGMENT)
    before = files(tmp_path / "b")
    give(opened, 0, 12, ticker)
    second = back_up(opened.database, tmp_path / "b", segment_entries=SEGMENT)
    third = back_up(opened.database, tmp_path / "b", segment_entries=SEGMENT)

    assert (first.entries, second.entries, third.entries) == (2, 12, 0)
    assert (first.segments, second.segments, third.segments) == (1, 3, 0)
    assert before.items() <= files(tmp_path / "b").items()
    assert third.hash == opened.tail.hash == verify(tmp_path / "b").hash


def test_writers_go_on_while_a_backup_is_made(opened: Book, ticker: Ticker, tmp_path: Path):
    give(opened, 0, 12, ticker)
    newest = opened.tail.seq

    def write(_done: int, _newest: int) -> None:
        give(opened, opened.tail.seq, 1, ticker)

    made = back_up(opened.database, tmp_path / "b", segment_entries=SEGMENT, progress=write)

    assert made.seq == newest < opened.tail.seq
    assert stands(tmp_path / "b", opened.database).how == "ahead"
    assert back_up(opened.database, tmp_path / "b").seq == opened.tail.seq
    assert verify(tmp_path / "b").hash == opened.tail.hash


def test_one_run_at_a_time(opened: Book, tmp_path: Path):
    back_up(opened.database, tmp_path / "b")
    with (tmp_path / "b" / "lock").open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(Refused, match="BAK-1001"):
            back_up(opened.database, tmp_path / "b")


def test_the_folder_is_for_its_owner_only(opened: Book, tmp_path: Path):
    back_up(opened.database, tmp_path / "b")
    modes = {one.name: one.stat().st_mode & 0o077 for one in (tmp_path / "b").glob("*.*")}
    assert len(modes) == 2
    assert not any(modes.values())
    assert (tmp_path / "b").stat().st_mode & 0o077 == 0


# -- what does not belong together -------------------------------------------------------------------------


def other_book(database: Database) -> None:
    with database.write() as conn:
        conn.execute(text("DELETE FROM log_entry"))
    Book(database).create("another", 1)


def lost_the_newest(database: Database) -> None:
    with database.write() as conn:
        conn.execute(text("DELETE FROM log_entry WHERE seq > 4"))


def gone_another_way(database: Database) -> None:
    lost_the_newest(database)
    give(Book(database), 100, 6, Ticker())


def gone_another_way_but_not_so_far(database: Database) -> None:
    lost_the_newest(database)
    give(Book(database), 100, 1, Ticker())


def altered(database: Database) -> None:
    with database.write() as conn:
        conn.execute(text("UPDATE log_entry SET actor = 'nobody' WHERE seq = 9"))


def altered_answer(database: Database) -> None:
    with database.write() as conn:
        conn.execute(
            text("UPDATE log_entry SET answer = :answer WHERE seq = 9"), {"answer": b'{"positions":[]}'}
        )


def altered_hash_where_the_backup_ends(database: Database) -> None:
    with database.write() as conn:
        conn.execute(text("UPDATE log_entry SET hash = :hash WHERE seq = 7"), {"hash": bytes(32)})


AMISS = {
    "another book": (other_book, "BAK-1002", "other", -1),
    "the newest entries lost": (lost_the_newest, "BAK-1003", "behind", 4),
    "another way": (gone_another_way, "BAK-1004", "forked", 4),
    "another way, not so far": (gone_another_way_but_not_so_far, "BAK-1004", "forked", 4),
    "an entry altered since": (altered, "LOG-1003", "ahead", 8),
    "an answer altered since": (altered_answer, "BAK-2005", "ahead", 8),
    "a hash altered where the backup ends": (altered_hash_where_the_backup_ends, "BAK-1004", "forked", 6),
}


@pytest.mark.parametrize("name", AMISS)
def test_what_does_not_continue_the_backup_is_refused_and_the_backup_stays(
    opened: Book, ticker: Ticker, tmp_path: Path, name: str
):
    harm, code, how, common = AMISS[name]
    give(opened, 0, 6, ticker)
    back_up(opened.database, tmp_path / "b", segment_entries=3)
    before = files(tmp_path / "b")
    give(opened, 6, 4, ticker)
    harm(opened.database)

    with pytest.raises(Refused, match=code):
        back_up(opened.database, tmp_path / "b", segment_entries=1)

    standing = stands(tmp_path / "b", opened.database)
    assert (standing.how, standing.common) == (how, common)
    assert before.items() <= files(tmp_path / "b").items()
    assert verify(tmp_path / "b").seq >= 7


def test_a_restored_book_that_went_another_way_is_not_backed_up_over_the_first(
    history: History, tmp_path: Path
):
    kept = shutil.copytree(history.folder, tmp_path / "kept")
    url = f"sqlite:///{tmp_path}/restored.db"
    restore(kept, url, to="seq:20")
    market = Database.open(url)
    with pytest.raises(Refused, match="BAK-1003"):
        back_up(market, kept)
    fork = Book(market)
    send_something(fork)
    with pytest.raises(Refused, match=r"BAK-1004.* 21 "):
        back_up(market, kept)
    assert back_up(market, tmp_path / "fork").seq == 21
    market.close()
    assert files(kept) == files(history.folder)


def send_something(book: Book) -> None:
    with book.database.read() as conn:
        free = book.catch_up(conn).accounts
    accepted(book.commit([request(book, 1, records.open_account(free))])[0])


# -- crashes -----------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The machine stops here."""


def crash_at(moment: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before and after each sync, naming and removal of a file is a moment; at this one the machine stops."""
    moments = count(1)

    def watched(do: Callable) -> Callable:
        def run(*args):
            if next(moments) == moment:
                raise Crash
            do(*args)
            if next(moments) == moment:
                raise Crash

        return run

    monkeypatch.setattr(os, "fsync", watched(os.fsync))
    monkeypatch.setattr(Path, "replace", watched(Path.replace))
    monkeypatch.setattr(Path, "unlink", watched(Path.unlink))


def test_a_crash_at_any_moment_leaves_the_older_backup_and_the_next_run_completes_it(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ticker = Ticker()
    book = Book(Database.open(sqlite_url))
    book.create("test", 1)
    send_opening(book)
    back_up(book.database, tmp_path / "old", segment_entries=3)
    give(book, 0, 8, ticker)
    back_up(book.database, whole := tmp_path / "whole", segment_entries=3)
    for moment in range(1, 50):
        folder = shutil.copytree(tmp_path / "old", tmp_path / f"b{moment}")
        with monkeypatch.context() as patch:
            crash_at(moment, patch)
            try:
                back_up(book.database, folder, segment_entries=3)
                break
            except Crash:
                pass
        assert 1 <= verify(folder).seq <= 9
        assert back_up(book.database, folder, segment_entries=3).hash == verify(whole).hash
        assert not list(folder.glob("*.part"))
    else:
        pytest.fail("it never came to its end")
    book.database.close()
    assert moment > 18  # three segments: file, name, directory


def send_opening(book: Book) -> None:
    accepted(book.commit([request(book, 999, *opening())])[0])
