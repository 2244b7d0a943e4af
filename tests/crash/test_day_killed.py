"""A settlement day killed at every step's end and in the middle of steps: it resumes to the same hashes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tanshu.base.clock import business_date
from tanshu.clearing.bank.process import Simulator, bank_process
from tanshu.clearing.driving import Driven
from tanshu.clearing.model import DayState
from tanshu.log import store
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tests.clearing.packs import write
from tests.clearing.support import House
from tests.crash.settler import killed, settle
from tests.exchange.bridge.support import DAY, Trading, figures
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings
from tests.support.copies import Copies

__all__ = ["postgresql_tradings", "sqlite_tradings"]
KILLS = {"sqlite": 5, "postgresql": 2}
"""In the middle of steps, besides one at the end of each."""
SOAK = 100
STEPS = 15
"""Boundaries of a day of four blocks: each block's end is one."""


class Traded(NamedTuple):
    """A day after its last trade, and a bank that knows everybody's money."""

    trading: Trading
    bank: Simulator


def test_a_day_killed_anywhere_resumes_to_the_same_hashes(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = write(tmp_path / "packs", block_trades=3)
    whole, statements = _undisturbed(request, tmp_path, folder)
    dice = random.Random(request.node.name)
    for kind, kills in KILLS.items():
        boundaries = range(1, STEPS + 1) if kind == "sqlite" else dice.sample(range(1, STEPS + 1), 2)
        moments = [{"boundary": n} for n in boundaries]
        moments += [{"kill_at": dice.randrange(2, statements)} for _ in range(kills)]
        for n, moment in enumerate(moments):
            got = _killed_and_resumed(request, kind, tmp_path / f"{kind}{n}", folder, moment)
            assert got == whole, moment


@pytest.mark.soak
def test_a_day_killed_a_hundred_times_resumes_to_the_same_hashes(
    request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    folder = write(tmp_path / "packs", block_trades=3)
    whole, statements = _undisturbed(request, tmp_path, folder)
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    for n in range(SOAK):
        kind, moment = ("sqlite", "postgresql")[n % 2], {"kill_at": dice.randrange(2, statements)}
        got = _killed_and_resumed(request, kind, tmp_path / str(n), folder, moment)
        assert got == whole, (seed, kind, moment)


def _undisturbed(
    request: pytest.FixtureRequest, tmp_path: Path, folder: Path
) -> tuple[tuple[bytes, ...], int]:
    """The hashes of both logs at the end of a day that nobody disturbed, and the statements it took."""
    with _traded(request, "sqlite", tmp_path / "whole") as (trading, bank):
        url = trading.market.database.url
        trading.close()
        driven, statements = settle(url, bank.address, folder)
        assert driven == Driven(DAY, DayState.SEALED, None)
        return _hashes(trading, url), statements


def _killed_and_resumed(
    request: pytest.FixtureRequest, kind: str, place: Path, folder: Path, moment: dict[str, int]
) -> tuple[bytes, ...]:
    with _traded(request, kind, place) as (trading, bank):
        url = trading.market.database.url
        trading.close()
        assert killed(url, bank.address, folder, **moment)
        driven, _ = settle(url, bank.address, folder)
        assert driven == Driven(DAY, DayState.SEALED, None)
        return _hashes(trading, url)


def _hashes(trading: Trading, url: str) -> tuple[bytes, ...]:
    found = trading.moved_to(url)
    with found.market.database.read() as conn:
        tails = [store.tail(conn, log) for log in (found.book.log, 100)]
        days = conn.exec_driver_sql("SELECT count(*) FROM clearing_block").scalar()
    found.close()
    assert days == 4
    assert all(tails)
    return tuple(tail[2] for tail in tails if tail)


@contextmanager
def _traded(request: pytest.FixtureRequest, kind: str, place: Path) -> Iterator[Traded]:
    copied: Copies[Trading] = request.getfixturevalue(f"{kind}_tradings")
    place.mkdir(parents=True)
    with figures(), copied(place) as trading, bank_process(place / "bank.db") as bank:
        House(trading)
        people = (trading.a, trading.b, trading.c)
        for n in range(10):
            trading.sell(people[n % 3], 10 + n)
            trading.buy(people[(n + 1) % 3], 10 + n)
        _knows_the_money(trading, bank)
        yield Traded(trading, bank)
    shutil.rmtree(place, ignore_errors=True)


def _knows_the_money(trading: Trading, bank: Simulator) -> None:
    """The bank's ledger before the day: what was paid in by hand."""
    with trading.market.database.read() as conn:
        for one in registry.transactions(conn, type="cash-deposit"):
            account = parties.account_by_number(conn, one.lines[0].credit)
            name = parties.subject_by_id(conn, account.subject_id).name
            day = business_date(one.proposed_ns)
            bank.deposit("bank", account.code, name, one.lines[0].quantity, day, reference=one.id)
