"""kill -9 of a backup, and of a restore: the older backup stays good, half a database is never used."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

from tanshu import audit
from tanshu.backup import back_up, restore, verify
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book.commit import Book
from tests.crash.acknowledger import FORKS, move, open_book

MOVES = 240
SEGMENT = 4
KILLS = 6
LATEST_S = 0.1


@contextmanager
def moved(url: str) -> Iterator[Book]:
    database = Database.open(url)
    book = open_book(database)
    book.commit([move(book, b"%16d" % n) for n in range(MOVES)])
    yield book
    database.close()


@pytest.fixture
def book(database_url: str) -> Iterator[Book]:
    with moved(database_url) as book:
        yield book


def in_the_child_back_up(url: str, folder: Path) -> None:
    back_up(Database.open(url), folder, segment_entries=SEGMENT)


def in_the_child_restore(folder: Path, url: str) -> None:
    restore(folder, url)


def killed(child: BaseProcess) -> bool:
    """Start it, and kill it after a while; True when it was not faster."""
    child.start()
    time.sleep(random.random() * LATEST_S)
    child.kill()
    child.join()
    return child.exitcode != 0


def test_a_killed_backup_leaves_what_was_kept_before(book: Book, tmp_path: Path):
    folder, reached = tmp_path / "b", -1
    for _ in range(KILLS):
        args = (book.database.url, folder)
        if not killed(FORKS.Process(target=in_the_child_back_up, args=args, daemon=True)):
            break
        try:
            kept = verify(folder)
        except Refused as refused:
            assert refused.refusal.code == "BAK-2001"  # it died before its first segment
            assert reached == -1
            continue
        assert kept.seq >= reached
        reached = kept.seq
    done = back_up(book.database, folder, segment_entries=SEGMENT)
    assert verify(folder).hash == done.hash == book.tail.hash


def test_a_killed_restore_is_finished_by_the_next(bare_url: str, sqlite_url: str, tmp_path: Path):
    with moved(sqlite_url) as book:
        newest = back_up(book.database, tmp_path / "b", segment_entries=SEGMENT).hash
    for _ in range(KILLS):
        if not killed(
            FORKS.Process(target=in_the_child_restore, args=(tmp_path / "b", bare_url), daemon=True)
        ):
            break
    else:
        restore(tmp_path / "b", bare_url)
    database = Database.open(bare_url)
    report = audit.run(database)
    database.close()
    assert report.ok, report.first_bad
    assert report.log_hash == newest.hex()
