"""How the rooms below come to know what the house settled. What an answer takes is loaded when they ask."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import date

from sqlalchemy import Connection

from tanshu.registry.settled import Block, Source, TradeName, tell_settled


def take_part() -> None:
    """From now on the register reads what the house settled."""
    tell_settled("clearing", Source(_blocks, _named))


def _blocks(conn: Connection, since: date | None, until: date | None) -> Iterator[Block]:
    from tanshu.clearing import settled

    return settled.blocks(conn, since, until)


def _named(conn: Connection, positions: Collection[int]) -> Mapping[int, TradeName]:
    from tanshu.clearing import settled

    return settled.named(conn, positions)
