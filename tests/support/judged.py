"""What the second opinion says of a market's whole log."""

from __future__ import annotations

from tanshu.audit import reconcile, rows
from tanshu.audit.judge import Judge
from tests.support.market import Market


def findings(market: Market) -> list[str]:
    """Every finding of a judge that reads the log from its beginning: none, if all is well."""
    judge = Judge()
    with market.database.read() as conn:
        found = [
            str(finding)
            for chunk in rows.chunks(conn, market.book.log, judge.tail.seq)
            for stored in chunk
            for finding in judge.look_at(stored)
        ]
    apart = reconcile.lines(judge.business, judge.reference, judge.tail.seq)
    return [*found, *map(str, apart)]
