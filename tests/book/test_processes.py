"""Several processes on one book, and one that dies in the middle of its work."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tanshu import audit
from tanshu.book.commit import Book
from tests.support.commands import CEA, MAKER, TAKER, accepted, opening, send

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def opened(book: Book, context) -> Book:
    accepted(send(context(), *opening()))
    return book


def start(book: Book, actor: str, first: int, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.book.worker", book.database.url, actor, str(first), str(count)]
    return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE)


def answers(worker: subprocess.Popen[str]) -> list[tuple[int, bool]]:
    """(sequence number, repeated) of every complete line it printed that nobody has read yet."""
    assert worker.stdout
    with worker.stdout as stdout:  # not communicate(): it would lose what readline() has taken in already
        out = stdout.read()
    worker.wait(timeout=60)
    lines = [line.split() for line in out.splitlines(keepends=True) if line.endswith("\n")]
    return [(int(seq), repeated == "True") for seq, repeated in lines]


def given(book: Book) -> tuple[int, int]:
    """What MAKER and TAKER have, by the log."""
    with book.database.read() as conn:
        state = Book(book.database).catch_up(conn)
    return state.cell(MAKER, CEA).available, state.cell(TAKER, CEA).available


def test_two_processes_writing_at_once_make_one_log(opened: Book):
    workers = [start(opened, actor, 0, 25) for actor in ("exchange-1", "exchange-2")]
    seqs = [seq for worker in workers for seq, _ in answers(worker)]
    assert [worker.returncode for worker in workers] == [0, 0]
    assert sorted(seqs) == list(range(2, 52))
    assert given(opened) == (950, 50)
    report = audit.run(opened.database)
    assert (report.ok, report.entries) == (True, 52)


def test_what_a_killed_process_was_answered_is_there_and_its_work_can_be_repeated(opened: Book):
    worker = start(opened, "exchange-1", 0, 100_000)
    assert worker.stdout
    for _ in range(10):
        worker.stdout.readline()
    worker.kill()
    told = 10 + len(answers(worker))
    report = audit.run(opened.database)
    done = report.entries - 2
    assert report.ok
    assert told <= done <= told + 1  # one more may have been committed but not told
    assert given(opened) == (1_000 - done, done)

    again = answers(start(opened, "exchange-1", 0, done + 5))

    assert [repeated for _, repeated in again] == [True] * done + [False] * 5
    assert given(opened) == (995 - done, done + 5)
    assert audit.run(opened.database).ok
