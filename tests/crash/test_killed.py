"""kill -9 at any moment: nothing acknowledged is lost, and a resumed run ends at the same hash."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from tanshu import audit
from tanshu.base.database import Database
from tanshu.base.refusal import Refused
from tanshu.exchange.tables import MARKET
from tanshu.log import store
from tanshu.rules import packs
from tests.support.databases import PostgresServer
from tests.support.demo import Demo

TANSHU = Path(sys.executable).with_name("tanshu")
GOLDEN = (
    "f82ea9fd2982f3843ef42a7f59c7b21d6078eb95bf5adb01199ebc2dea22bfc3",
    "2e1161646b060622a12c72b31813c0ae7b70b591bc832b11ad66fa6478ce325d",
)
"""The hashes of the year's two logs, the book's and the market's. A change of scenario, law or answers
changes them: then they are written anew."""
MOMENTS = {"": 3, "soak": 100}


Hashes = tuple[str, ...]
"""Of the newest entries of a database's logs, the book's first."""


@pytest.fixture(scope="module")
def undisturbed(finished_demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Hashes:
    """The hashes of a year nobody disturbed, on SQLite."""
    return _tail_hashes(finished_demo.copy(tmp_path_factory.mktemp("year")))


def test_the_same_year_has_the_same_hashes_on_both_databases(
    postgres_server: PostgresServer, undisturbed: Hashes
):
    with postgres_server.bare() as url:
        shown = DEMO.run(url)
        assert _tail_hashes(url) == undisturbed == GOLDEN
    assert (shown["log_hash"], shown["market"]["log_hash"]) == undisturbed
    assert shown["verified_t"] == shown["surrendered_t"] + shown["offset_t"]


def test_a_killed_year_resumes_to_the_undisturbed_hash(bare_url: str, tmp_path: Path):
    whole = f"sqlite:///{tmp_path}/whole.db"
    PILOT.run(whole)
    _kill_and_resume(PILOT, bare_url, _tail_hashes(whole), MOMENTS[""])


@pytest.mark.soak
def test_a_demo_killed_a_hundred_times_resumes_to_the_undisturbed_hash(bare_url: str, undisturbed: Hashes):
    _kill_and_resume(DEMO, bare_url, undisturbed, MOMENTS["soak"])


@dataclass(frozen=True)
class Year:
    """A scenario as the terminal runs it: its words, and how many entries it comes to."""

    words: tuple[str, ...]
    entries: int

    def command(self, url: str, *options: str) -> list[str]:
        return [str(TANSHU), *self.words, "--json", "--db", url, *options]

    def run(self, url: str, *options: str) -> dict[str, Any]:
        done = subprocess.run(self.command(url, *options), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout)


DEMO = Year(("demo",), 1_100)
PILOT_FOLDER = Path(__file__).resolve().parents[2] / "scenarios" / "hubei-pilot-2023"
PILOT = Year(("run", str(PILOT_FOLDER)), 214)
"""A small market's whole year: killed in every run of the tests, the demonstration in the long ones."""


def _kill_and_resume(year: Year, url: str, undisturbed: Hashes, moments: int) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    # The first moments fall into the founding, the others anywhere in the log.
    targets = [-1, *sorted(dice.randrange(0, year.entries - 20) for _ in range(moments - 1))]
    for target in targets:
        child = _start(year.command(url, "--resume"))
        if target < 0:
            time.sleep(dice.random() * 2)
        else:
            _wait_for(target, child, url)
        time.sleep(dice.random() / 50)
        child.kill()
        child.communicate()
    year.run(url, "--resume")
    assert _tail_hashes(url) == undisturbed, f"seed {seed}"
    database = Database.open(url)
    with packs.searching(PILOT_FOLDER / "packs"):
        assert audit.run(database).first_bad is None
    database.close()


def _start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _wait_for(target: int, child: subprocess.Popen[str], url: str) -> None:
    """Until the log has this entry, or the child has ended; with one connection, which is closed then."""
    database, deadline = None, time.monotonic() + 120
    while child.poll() is None and time.monotonic() < deadline:
        database = database or _with_log(url)
        if database and _tail_seq(database) >= target:
            break
        time.sleep(0.02)
    if database:
        database.close()


def _with_log(url: str) -> Database | None:
    """The database, once there is a log in it."""
    try:
        database = Database.open(url)
    except Refused:
        return None
    with database.read() as conn:
        if inspect(conn).has_table(store.LOG_ENTRY.name):
            return database
    database.close()
    return None


def _tail_seq(database: Database) -> int:
    """The newest sequence number, -1 before the first."""
    with database.read() as conn:
        tail = store.tail(conn, store.REGISTRY_LOG)
    return tail[0] if tail else -1


def _tail_hashes(url: str) -> Hashes:
    database = Database.open(url)
    with database.read() as conn:
        logs = [store.REGISTRY_LOG, *conn.execute(select(MARKET.c.log).order_by(MARKET.c.log)).scalars()]
        tails = [store.tail(conn, log) for log in logs]
    database.close()
    assert all(tails)
    return tuple(tail[2].hex() for tail in tails if tail)
