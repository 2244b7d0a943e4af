"""What the second opinion says of a market's whole log, and of every exchange that stands on its register."""

from __future__ import annotations

from tanshu.audit import reconcile, rows
from tanshu.audit.judge import Judge
from tanshu.audit.market import Markets
from tests.support.market import Market


def findings(market: Market) -> list[str]:
    """Every finding of a judge that reads the logs from their beginning: none, if all is well."""
    judge, markets = Judge(), Markets()
    with market.database.read() as conn:
        found = [
            str(finding)
            for chunk in rows.chunks(conn, market.book.log, judge.tail.seq)
            for stored in chunk
            for finding in judge.look_at(stored)
        ]
        of_markets = [*markets.follow(conn, judge.business), *markets.finish(conn, alone=not judge.sound)]
    apart = reconcile.lines(judge.business, judge.reference, judge.tail.seq)
    return [*found, *map(str, apart), *map(str, of_markets)]
