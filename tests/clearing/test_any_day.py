"""A random day settled by the house, and the same by its exchange's own transactions: nobody is worse off.

The days are those of the exchange's tests: orders, moves of units and money, courts, suspensions, refusals.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tanshu.base.refusal import need
from tanshu.clearing import day as steps
from tanshu.clearing import sealing
from tanshu.clearing.model import DayState
from tanshu.clearing.trades import read_day
from tanshu.parties.model import AccountKind
from tanshu.registry.model import Decide
from tanshu.registry.service import reject
from tests.clearing.packs import settled_as
from tests.clearing.support import House
from tests.exchange.bridge.support import DAY, MONEY, TRADING, Trading, figures
from tests.exchange.bridge.test_any_day import Day
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings
from tests.support.copies import Copies

__all__ = ["postgresql_tradings", "sqlite_tradings"]

TURNS = 40


class Left(NamedTuple):
    """What a day left: of each participant tonnes on both sides and fen (free, held); its fees, fen."""

    units: tuple[tuple[int, int], ...]
    money: tuple[tuple[int, int], ...]
    fees: tuple[int, ...]

    @property
    def after_fees(self) -> list[int]:
        """Fen of each once the fees are paid."""
        return [sum(cell) - fee for cell, fee in zip(self.money, self.fees, strict=True)]


def turns(trading: Trading, seed: int) -> None:
    """A day up to its close, with nothing left that waits for somebody's decision."""
    day = Day(trading, seed)
    for _ in range(TURNS):
        day.step()
    for id in day.waiting:
        trading.done(reject(trading.ctx("registry-checker-1"), Decide(id, "the day is over")))
    trading.done(trading.closes())


def left(trading: Trading) -> Left:
    everybody = (trading.a, trading.b, trading.c)
    units = [trading.has(one, kind) for one in everybody for kind in (TRADING, AccountKind.REGISTRATION)]
    return Left(
        tuple(units),
        tuple(trading.has(one, MONEY, "CNY") for one in everybody),
        tuple(_fees(trading, one) for one in everybody),
    )


def by_house(trading: Trading, model: str, folder: Path) -> Left:
    """Settled by the house in a model; the books balance. Its fees are taken already: they are not owed."""
    house = House(trading)
    with settled_as(folder, model=model):
        house.after_the_close()
        house.takes(*[step for step in steps.STEPS if step != "close"])
    assert (house.row().state, house.row().differences) == (DayState.SEALED, 0)
    with house.book.reading() as (conn, state):
        assert sealing.holds(conn, state) is None
    assert trading.has("registry", AccountKind.POOL, "CNY") == (0, 0)
    found = left(trading)
    return found._replace(fees=(0,) * len(found.fees))


def by_exchange(trading: Trading) -> Left:
    assert trading.delivers(), "a day without a trade says little"
    assert trading.findings() == []
    return left(trading)


def _fees(trading: Trading, handle: str) -> int:
    """Fen that a participant's trades of the day cost it."""
    with trading.market.database.read() as conn:
        trades = need(read_day(conn, trading.exchange.log, DAY)).trades
    who: Any = trading.party(handle)
    bought, sold = trades.only(trades.buyer == who), trades.only(trades.seller == who)
    columns = (
        *(bought.buyer_trading, bought.buyer_settlement),
        *(sold.seller_trading, sold.seller_settlement),
    )
    return sum(int(column.sum()) for column in columns)


@pytest.fixture(params=["sqlite", "postgresql"])
def copied(request: pytest.FixtureRequest) -> Iterator[Copies[Trading]]:
    with figures():
        yield request.getfixturevalue(f"{request.param}_tradings")


@pytest.mark.parametrize("seed", [1, 7])
def test_the_house_leaves_everybody_with_what_the_exchange_does(
    copied: Copies[Trading], tmp_path: Path, seed: int
) -> None:
    with copied(_folder(tmp_path, "exchange")) as trading:
        turns(trading, seed)
        theirs = by_exchange(trading)
    for model in ("gross", "net_cash", "net"):
        with copied(_folder(tmp_path, model)) as trading:
            turns(trading, seed)
            ours = by_house(trading, model, _folder(tmp_path, f"{model} pack"))
        assert ours.units == theirs.units, model
        assert ours.after_fees == theirs.after_fees, model


def _folder(above: Path, name: str) -> Path:
    folder = above / name
    folder.mkdir()
    return folder
