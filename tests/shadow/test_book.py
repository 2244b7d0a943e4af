"""The shadow's own book: the same for the same files, taken up where it was cut off, and nobody else's."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.book.commit import Book
from tanshu.shadow import faults, writing
from tanshu.shadow.run import run
from tests.support.clock import START_NS

KILLED = """
import os, signal, sys
from pathlib import Path
from tanshu.shadow import run
asked = [0]
def tick(what, done, of):
    if what is run.RECORDING:
        asked[0] += 1
        if asked[0] == int(sys.argv[3]):
            os.kill(os.getpid(), signal.SIGKILL)
run.run(Path(sys.argv[1]), sys.argv[2], tick=tick)
"""


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("month") / "month"
    writing.write(folder, faults.make(4, 6, days=10))
    return folder


def refusal(folder: Path, url: str) -> str:
    with pytest.raises(Refused) as caught:
        run(folder, url)
    return caught.value.refusal.code


def test_both_databases_come_to_the_same_hash_and_findings(month: Path, sqlite_url: str, postgresql_url: str):
    one, other = (run(month, url) for url in (sqlite_url, postgresql_url))
    assert one.as_json() == other.as_json()
    assert len(one.breaks) == 6


def test_killed_in_the_middle_and_run_again_it_is_the_same(month: Path, sqlite_url: str, tmp_path: Path):
    whole = run(month, sqlite_url)
    url = f"sqlite:///{tmp_path}/killed.db"
    for n in (3, 7):
        done = subprocess.run([sys.executable, "-c", KILLED, str(month), url, str(n)], check=False)
        assert done.returncode == -signal.SIGKILL
    assert run(month, url).as_json() == whole.as_json()


def test_days_that_come_later_are_added_to_those_there_are(month: Path, database_url: str, tmp_path: Path):
    grown = shutil.copytree(month, tmp_path / "grown")
    last = sorted(path for path in grown.iterdir() if path.is_dir())[-1]
    shutil.move(last, tmp_path / "later")
    before = run(grown, database_url)
    shutil.move(tmp_path / "later", last)
    after = run(grown, database_url)
    assert after.log_seq == before.log_seq + 1
    assert [one for one in after.breaks if one.day in before.days] == before.breaks


def test_a_recorded_day_that_changed_is_refused_and_fresh_computes_anew(
    month: Path, database_url: str, tmp_path: Path
):
    changed = shutil.copytree(month, tmp_path / "changed")
    first = run(changed, database_url)
    trades = changed / "2024-11-05" / "trades.csv"
    lines = trades.read_text(encoding="utf-8-sig").splitlines(keepends=True)
    trades.write_text("".join([*lines[:4], *lines[5:]]), encoding="utf-8")
    assert refusal(changed, database_url) == "SHD-2002"
    anew = run(changed, database_url, fresh=True)
    assert anew.log_hash != first.log_hash
    assert run(changed, database_url).as_json() == anew.as_json()


def test_a_day_that_comes_in_before_recorded_ones_is_refused(sqlite_url: str, tmp_path: Path):
    holed = tmp_path / "holed"
    writing.write(holed, faults.make(4, 0, days=3, subjects=26, trades=2))
    shutil.move(holed / "2024-11-04", tmp_path / "out")
    assert run(holed, sqlite_url).breaks
    shutil.move(tmp_path / "out", holed / "2024-11-04")
    assert refusal(holed, sqlite_url) == "SHD-2002"


def test_a_register_is_never_taken_for_a_shadow(month: Path, database_url: str):
    database = Database.open(database_url)
    Book(database).create("register", START_NS)
    database.close()
    assert refusal(month, database_url) == "SHD-2001"


def test_an_example_goes_into_an_empty_folder_with_as_many_breaks_as_there_are_kinds(tmp_path: Path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    for folder, breaks, code in (("full", 0, "SHD-2003"), ("new", len(faults.KINDS) + 1, "SHD-2004")):
        with pytest.raises(Refused) as caught:
            writing.example(tmp_path / folder, breaks=breaks)
        assert caught.value.refusal.code == code
