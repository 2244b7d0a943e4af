"""Many trades between many: settled as the trades say, and told by participant at most."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from tanshu.base.refusal import need
from tanshu.book import rows
from tanshu.book.records import LINKED, Op, decode
from tanshu.book.state import State
from tanshu.clearing import queries, trades
from tanshu.clearing.model import DayState
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.exchange.bridge import trades as market_trades
from tanshu.exchange.bridge.tables import MARKET_DUE
from tanshu.exchange.tables import MARKET_DAY, MARKET_PARTY
from tanshu.log import store
from tanshu.registry.encumbrances.tables import CLAIM
from tests.support.cleared_day import STEPS, Clearing, settled_as
from tests.support.trading_day import DAY, PRICE, make

PARTICIPANTS, ORDERS = 40, 800
Cells = dict[tuple[int, int], int]


@contextmanager
def closed_day(url: str, folder: Path, orders: int = ORDERS, model: str = "gross") -> Iterator[Clearing]:
    """A closed day, about to be settled by this model."""
    made = make(url, folder / "stocking", PARTICIPANTS, orders)
    assert made.trades > orders * 4 // 5
    with settled_as(model, folder / "settling"):
        clearing = Clearing(url)
        yield clearing
        clearing.close()


def day_trades(conn: Connection) -> tuple[int, list[market_trades.Trade]]:
    """The market's log, and the trades that it tells of, one by one."""
    row = conn.execute(select(MARKET_DAY)).one()
    found = market_trades.of_entries(conn, row.log, row.market_opened, row.market_closed)
    return row.log, found


def holdings(conn: Connection, state: State) -> Cells:
    """What participants have, free and held: of units and of money."""
    accounts = {
        n for one in conn.execute(select(MARKET_PARTY)) for n in (one.units_account, one.cash_account)
    }
    cells = (cell for cell in state.cells() if cell.account in accounts)
    return {(cell.account, cell.instrument): cell.available + cell.held for cell in cells}


def entitled(clearing: Clearing, before: Cells) -> Cells:
    """What everybody has afterwards, trade by trade with dictionaries: the obvious way."""
    after = defaultdict(int, before)
    with clearing.database.read() as conn:
        log, found = day_trades(conn)
        parties = {one.number: one for one in conn.execute(select(MARKET_PARTY))}
        due = conn.execute(select(MARKET_DUE).where(MARKET_DUE.c.log == log)).all()
    units, money = sorted({what for _, what in before}, reverse=True)
    for one in found:
        after[parties[one.buyer].units_account, units] += one.quantity
        after[parties[one.seller].units_account, units] -= one.quantity
        after[parties[one.seller].cash_account, money] += one.amount
        after[parties[one.buyer].cash_account, money] -= one.amount
    for one in due:
        after[one.account, one.instrument] -= one.fees
    return dict(after)


@pytest.mark.parametrize("model", ["gross", "net"])
def test_a_day_of_a_thousand_trades_leaves_everybody_what_the_trades_say(
    database_url: str, tmp_path: Path, model: str
):
    with closed_day(database_url, tmp_path, model=model) as clearing:
        with clearing.book.reading() as (conn, state):
            before = holdings(conn, state)
        expected = entitled(clearing, before)
        for step in STEPS:
            clearing.take(step)
        with clearing.book.reading() as (conn, state):
            after = holdings(conn, state)
            sealed = need(queries.day(conn, DAY))
            (market,) = queries.markets(conn, DAY)
            _, found = day_trades(conn)
            if model == "gross":
                check_chains(conn, clearing)
            stated = conn.execute(select(CLEARING_STATEMENT)).all()
            held = {one.held for one in conn.execute(select(CLAIM).where(CLAIM.c.root_id == f"sim {DAY}"))}
        assert (sealed.state, sealed.differences) == (DayState.SEALED, 0)
        assert (market.delivered, market.failed) == (len(found), 0)
        assert after == expected != before
        assert held == {0}
        assert sum(one.buys for one in stated) == sum(one.amount for one in found)
        assert sum(one.bought_t for one in stated) == sum(one.quantity for one in found)


def check_chains(conn: Connection, clearing: Clearing) -> None:
    """Every trade is a chain of two legs at least, and some are paid from the day's sales."""
    log, found = day_trades(conn)
    (block,) = queries.blocks(conn, DAY, log)
    records = decode(next(store.read(conn, clearing.book.log, block.seq - 1, block.seq)).records)
    chains = Counter[int]()
    at = 0
    for record in records:
        chains[at] += 1
        at += not record["flags"] & LINKED
    assert len(chains) == len(found)
    assert min(chains.values()) == 2
    used = Counter(records["op"].tolist())
    assert used[Op.CAPTURE] > used[Op.TRANSFER] > 0
    assert set(used) == {Op.CAPTURE, Op.TRANSFER}
    assert (records["amount"] > 0).all()
    assert int(records["amount"].max()) >= PRICE


def test_a_day_s_trades_are_read_once_and_again_when_forgotten(sqlite_url: str, tmp_path: Path):
    with (
        closed_day(sqlite_url, tmp_path, orders=2 * PARTICIPANTS) as clearing,
        clearing.database.read() as conn,
    ):
        log = conn.execute(select(MARKET_DAY.c.log)).scalar_one()
        first, second = (need(trades.read_day(conn, log, DAY)).trades for _ in range(2))
        assert second is first
        assert not first.quantity.flags.writeable
        trades.forget()
        again = need(trades.read_day(conn, log, DAY)).trades
        assert again is not first and again.hash() == first.hash()


def test_ten_times_the_trades_tell_no_more_rows(sqlite_url: str, tmp_path: Path):
    few = rows_told(sqlite_url, tmp_path, orders=2 * PARTICIPANTS)
    many = rows_told(f"sqlite:///{tmp_path}/many.db", tmp_path, orders=20 * PARTICIPANTS)
    assert few.keys() == many.keys()
    for step, count in many.items():
        assert count <= max(few[step], 8) * 1.5 + 4 * PARTICIPANTS * (step in ("effect", "banks", "state"))
    assert sum(many.values()) < 12 * PARTICIPANTS


def rows_told(url: str, folder: Path, orders: int) -> dict[str, int]:
    """How many rows each step of a day tells the log of."""
    told: dict[str, int] = {}
    with closed_day(url, folder / str(orders), orders) as clearing:
        for step in STEPS:
            seq = clearing.book.tail.seq
            clearing.take(step)
            with clearing.database.read() as conn:
                entries = store.rows(conn, clearing.book.log, seq)
                told[step] = sum(len(rows.decode(changed)) for _, changed in entries)
    return told
