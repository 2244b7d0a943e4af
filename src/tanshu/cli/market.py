"""`tanshu market`: the market's doors of the terminal, one group."""

from __future__ import annotations

import typer

from tanshu.cli import (
    market_auctions,
    market_data,
    market_figures,
    market_orders,
    market_session,
    market_status,
)

market = typer.Typer(help="市场 · the market", no_args_is_help=True)


def add_to(root: typer.Typer) -> None:
    market_status.add_to(market)
    market_session.add_to(market)
    market_data.add_to(market)
    market_auctions.add_to(market)
    market_figures.add_to(market)
    market_orders.add_to(market)
    root.add_typer(market, name="market")
