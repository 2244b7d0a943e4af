"""How the markets of a story ended: every trade in its order, and what each day closed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select

from tanshu.app import Installation
from tanshu.base.quantity import yuan
from tanshu.base.text import Text
from tanshu.exchange.figures import of_market, queries
from tanshu.exchange.figures.quotes import day_of
from tanshu.exchange.figures.words import MODES
from tanshu.exchange.tables import MARKET
from tanshu.scenario.result import Check, Column, Grid
from tanshu.scenario.trading_result import MarketResult, market_result

_TRADES = (
    Column(Text("日期", "day")),
    Column(Text("方式", "mode")),
    Column(Text("产品", "product")),
    Column(Text("卖方", "seller"), fold=True),
    Column(Text("买方", "buyer"), fold=True),
    Column(Text("吨", "t"), number=True),
    Column(Text("单价(元)", "price (CNY)"), number=True),
)
_DAYS = (
    Column(Text("日期", "day")),
    Column(Text("产品", "product")),
    Column(Text("收盘价(元)", "close (CNY)"), number=True),
    Column(Text("全部产品成交(吨)", "traded, all products (t)"), number=True),
    Column(Text("成交额(元)", "amount (CNY)"), number=True),
)


def of(installation: Installation, names: Mapping[str, str]) -> tuple[list[Any], list[Grid], list[Check]]:
    """(data, grids, checks) of every market. names: of participants, by handle."""
    with installation.database.read() as conn:
        known = list(conn.execute(select(MARKET.c.name).order_by(MARKET.c.log)).scalars())
        results = [found for name in known if (found := market_result(conn, name))]
    grids: list[Grid] = []
    checks: list[Check] = []
    for result in results:
        trades = _trades(installation, result.name, names)
        grids += [_trades_grid(result, trades), _days_grid(result)]
        told = sum(day.total.volume for day in result.days)
        text = Text(
            f"市场 {result.name}:成交明细之和等于各日成交量",
            f"market {result.name}: the trades listed add up to the days",
        )
        checks.append(Check(text, sum(int(row[5]) for row in trades) == told))
    return [result.as_json() for result in results], grids, checks


def _trades(installation: Installation, market: str, names: Mapping[str, str]) -> list[tuple[Any, ...]]:
    with of_market.followed(installation.book, market) as floor:
        parties, codes = floor.names.parties, floor.names.instruments
        return [
            (
                day_of(one.day).isoformat(),
                MODES[one.mode],
                codes[one.instrument],
                names.get(parties[one.seller], parties[one.seller]),
                names.get(parties[one.buyer], parties[one.buyer]),
                one.quantity,
                yuan(one.price),
            )
            for one in queries.trades(floor.conn, floor.log, queries.Which())
        ]


def _trades_grid(result: MarketResult, trades: list[tuple[Any, ...]]) -> Grid:
    title = Text(f"市场 {result.name} 的成交", f"Trades of the market {result.name}")
    return Grid(title, _TRADES, tuple(trades))


def _days_grid(result: MarketResult) -> Grid:
    rows = tuple(
        (day.day.isoformat(), code, yuan(fen), day.total.volume, yuan(day.total.amount))
        for day in result.days
        for code, fen in day.closes.items()
    )
    title = Text(f"市场 {result.name} 的交易日", f"Days of the market {result.name}")
    return Grid(title, _DAYS, rows)
