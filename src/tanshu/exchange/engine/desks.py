"""Which desks an engine has."""

from __future__ import annotations

from tanshu.exchange.engine.desk import Desk


def desks() -> dict[int, Desk]:
    """A desk for each mode, fresh."""
    from tanshu.exchange.engine.auction import AuctionDesk
    from tanshu.exchange.engine.block import BlockDesk
    from tanshu.exchange.engine.board import BoardDesk
    from tanshu.exchange.engine.order_book import OrderBookDesk

    return {desk.mode: desk for desk in (BoardDesk(), BlockDesk(), AuctionDesk(), OrderBookDesk())}
