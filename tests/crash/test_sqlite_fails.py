"""The file under SQLite fails: no room in the middle of a commit, a log cut short, a page spoilt."""

from __future__ import annotations

import json
import random
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from tanshu import audit
from tanshu.backup import back_up, stands
from tanshu.base.database import Database, driver, failure
from tanshu.base.refusal import Refused
from tanshu.book.commit import Answer, Book
from tests.crash.acknowledger import FORKS, PATIENCE_S, TAKER, UNIT, move, open_book
from tests.crash.full_disk import fill_and_go_on

KIB = 1024
PAGE = 4096
MOVES = 30
BEFORE = 2
"""Entries before the first move."""


@pytest.fixture
def book(sqlite_url: str) -> Iterator[Book]:
    database = Database.open(sqlite_url)
    yield open_book(database)
    database.close()


# -- no room -----------------------------------------------------------------------------------------------


def went_on_as_it_should(said: dict[str, object]) -> None:
    assert said["code"] == "BASE-1109"
    assert said["sound"] is True
    assert said["next"] == said["entries"]


def test_a_database_that_may_not_grow_says_so_and_goes_on_when_it_may(book: Book):
    def pages(most: int) -> None:
        with book.database.write() as conn:
            driver(conn).execute(f"PRAGMA max_page_count = {most}")

    with book.database.read() as conn:
        (now,) = driver(conn).execute("PRAGMA page_count").fetchone()
    pages(now + 40)
    went_on_as_it_should(fill_and_go_on(book, lambda: pages(2**30)))


def test_a_file_that_may_not_grow_says_so_and_goes_on_when_it_may(book: Book):
    ear, mouth = FORKS.Pipe(duplex=False)
    child = FORKS.Process(target=_limited, args=(book.database.url, mouth), daemon=True)
    child.start()
    assert ear.poll(PATIENCE_S)
    said = ear.recv()
    child.join()
    went_on_as_it_should(said)
    assert audit.run(book.database).entries == said["next"] + 1


def _limited(url: str, mouth: Connection) -> None:
    """In the child: no file may become longer than 300 KiB, until that is lifted again."""
    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300 * KIB, usual[1]))
    book = Book(Database.open(url))
    mouth.send(fill_and_go_on(book, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, usual)))


_ON_A_SMALL_DISK = """
mount -t tmpfs -o size=3m small "$1" && cp "$2" "$1/tanshu.db" && head -c 500000 /dev/zero > "$1/filler" &&
exec "$3" -m tests.crash.full_disk "sqlite:///$1/tanshu.db"
"""


def test_a_full_disk_says_so_and_goes_on_when_there_is_room(book: Book, tmp_path: Path):
    if subprocess.run(["unshare", "--mount", "mount", "-t", "tmpfs", "x", tmp_path], check=False).returncode:
        pytest.skip("no disk of its own can be mounted here; the limits above are always tested")
    path = Path(book.database.url.removeprefix("sqlite:///"))
    book.database.close()
    (disk := tmp_path / "disk").mkdir()
    command = ["unshare", "--mount", "sh", "-c", _ON_A_SMALL_DISK, "sh", disk, path, sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    went_on_as_it_should(json.loads(done.stdout))


# -- cut and spoilt ----------------------------------------------------------------------------------------


@pytest.fixture
def moved(book: Book, tmp_path: Path) -> Book:
    """A book with thirty moves that lie in the write-ahead log only, and their backup."""
    with book.database.write() as conn:
        driver(conn).execute("PRAGMA wal_autocheckpoint = 0")
    for n in range(MOVES):
        book.commit([move(book, b"%16d" % n)])
    back_up(book.database, tmp_path / "backup")
    return book


def image(book: Book, folder: Path, wal: bytes | None = None) -> str:
    """The files as a machine that lost its power leaves them; `wal` in the place of its log."""
    path = Path(book.database.url.removeprefix("sqlite:///"))
    folder.mkdir()
    shutil.copyfile(path, folder / path.name)
    log = path.with_name(path.name + "-wal")
    (folder / log.name).write_bytes(log.read_bytes() if wal is None else wal)
    return f"sqlite:///{folder / path.name}"


def wal_of(book: Book) -> bytes:
    return Path(book.database.url.removeprefix("sqlite:///") + "-wal").read_bytes()


@pytest.mark.parametrize("how", ["cut", "spoilt"])
def test_a_damaged_write_ahead_log_loses_whole_entries_and_a_backup_tells(
    moved: Book, tmp_path: Path, how: str
):
    whole = wal_of(moved)
    dice = random.Random()
    lengths = {len(whole)}
    for n in range(12):
        at = dice.randrange(len(whole) // 3, len(whole))
        rest = b"" if how == "cut" else bytes([whole[at] ^ 0xFF]) + whole[at + 1 :]
        database = Database.open(image(moved, tmp_path / f"i{n}", whole[:at] + rest))
        report = audit.run(database)
        assert report.ok, report.first_bad  # what is left is a sound book, only shorter
        with database.read() as conn:
            left = Book(database).catch_up(conn).cell(TAKER, UNIT).available
        assert left == report.entries - BEFORE <= MOVES
        standing = stands(tmp_path / "backup", database)
        assert standing.common == report.log_seq
        assert standing.how == ("behind" if left < MOVES else "same")
        lengths.add(left)
        database.close()
    assert len(lengths) > 3


def test_what_was_committed_before_the_power_went_is_there(moved: Book, tmp_path: Path):
    database = Database.open(image(moved, tmp_path / "i"))
    assert stands(tmp_path / "backup", database).how == "same"
    database.close()


def test_a_spoilt_page_is_found_wherever_it_lies(moved: Book, tmp_path: Path):
    with moved.database.write() as conn:
        driver(conn).execute("PRAGMA wal_autocheckpoint = 1")
    moved.commit([move(moved, b"the last of them")])
    path = Path(moved.database.url.removeprefix("sqlite:///"))
    moved.database.close()
    whole = path.read_bytes()
    dice = random.Random()
    pages = dice.sample(range(1, len(whole) // PAGE), 8)
    for page in (0, *pages):
        spoilt = tmp_path / f"page-{page}.db"
        spoilt.write_bytes(whole[: page * PAGE] + dice.randbytes(PAGE) + whole[(page + 1) * PAGE :])
        found, code = _looked_at(f"sqlite:///{spoilt}")
        assert found, page
        assert code in (None, "BASE-1106", "LOG-1003"), (page, code)


def test_a_file_cut_in_half_is_found(moved: Book, tmp_path: Path):
    path = Path(moved.database.url.removeprefix("sqlite:///"))
    moved.database.close()
    half = tmp_path / "half.db"
    half.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    found, code = _looked_at(f"sqlite:///{half}")
    assert found
    assert code in ("BASE-1106", "LOG-1003")


def _looked_at(url: str) -> tuple[bool, str | None]:
    """(found, by the audit or before it could begin; the refusal that a book on this file meets, if any)."""
    try:
        database = Database.open(url)
    except Refused as refused:
        return True, refused.refusal.code
    try:
        return not audit.run(database).ok, _opened(database)
    finally:
        database.close()


def _opened(database: Database) -> str | None:
    """The refusal that a book on these files meets, None where the damage is elsewhere."""
    try:
        with database.read() as conn:
            Book(database).catch_up(conn)
    except Refused as refused:
        return refused.refusal.code
    except Exception as error:
        refusal = failure(error, database.url)
        assert refusal, error
        return refusal.code
    return None


# -- the clock ---------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_never_turns_the_log_back(book: Book):
    readings = iter([10**18, 10**18 + 365 * 86_400 * 10**9, 10**18 + 5, 7, 10**18 + 366 * 86_400 * 10**9])
    times = []
    for n, reading in enumerate(readings):
        ask = move(book, b"%16d" % n)
        ctx = ask.ctx.with_(clock=lambda reading=reading: reading)
        outcome = book.commit([replace(ask, ctx=ctx)])[0]
        assert isinstance(outcome, Answer)
        times.append(book.tail.time_ns)
    ahead = times[1]
    assert times[2:4] == [ahead + 1, ahead + 2]  # the clock is behind: one nanosecond after the newest
    assert times[0] < ahead < times[4]
    assert audit.run(book.database).ok
