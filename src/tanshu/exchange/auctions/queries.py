"""What is known of published auctions. Who may be told of bidders and hidden reserves, the asker knows."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Row, select

from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.exchange.auctions import checks
from tanshu.exchange.auctions.model import Award, Bidder, Notice, Result
from tanshu.exchange.auctions.tables import AUCTION_AWARD, AUCTION_BIDDER, AUCTION_NOTICE, AUCTION_RESULT
from tanshu.exchange.engine.records import Outcome
from tanshu.exchange.tables import MARKET


def notice(conn: Connection, log: int, number: int) -> Notice | Refusal:
    """One notice. Refuses with EXC-5101."""
    t = AUCTION_NOTICE.c
    row = conn.execute(_NOTICES.where(t.log == log, t.number == number)).first()
    if row is None:
        name = conn.execute(select(MARKET.c.name).where(MARKET.c.log == log)).scalar() or str(log)
        return checks.NO_NOTICE(field="auction", market=name, auction=number)
    return _to_notice(row)


def notices(conn: Connection, log: int) -> list[Notice]:
    """All notices of a market, in order."""
    found = conn.execute(_NOTICES.where(AUCTION_NOTICE.c.log == log).order_by(AUCTION_NOTICE.c.number))
    return [_to_notice(row) for row in found]


def bidders(conn: Connection, log: int, number: int) -> list[Bidder]:
    """Who is qualified, as it was said last, in the order of the first saying."""
    t = AUCTION_BIDDER.c
    rows = conn.execute(select(AUCTION_BIDDER).where(t.log == log, t.number == number).order_by(t.seq))
    newest = {row.subject_id: Bidder(row.subject_id, row.tonnes, row.deposit_fen) for row in rows}
    return list(newest.values())


def result(conn: Connection, log: int, number: int) -> Result | None:
    """The result, published or not; None before there is one."""
    t = AUCTION_RESULT.c
    row = conn.execute(select(AUCTION_RESULT).where(t.log == log, t.number == number)).first()
    if row is None:
        return None
    names = ("why", "sold_t", "clearing_fen", "amount_fen", "bids", "valid_t", "best_fen", "ended_by", "seq")
    facts: dict[str, Any] = {name: row._mapping[name] for name in names}
    return Result(
        Outcome[row.outcome.upper()],
        **facts,
        published_on=row.published_on,
        published_seq=row.published_seq,
    )


def public_result(conn: Connection, log: int, number: int) -> Result | None:
    """The result, once it is public."""
    found = result(conn, log, number)
    return found if found and found.published_on else None


def awards(conn: Connection, log: int, number: int, subject_id: str = "") -> Sequence[Award]:
    """The trades, in order; of one bidder or of all."""
    t = AUCTION_AWARD.c
    query = select(AUCTION_AWARD).where(t.log == log, t.number == number).order_by(t.trade)
    if subject_id:
        query = query.where(t.subject_id == subject_id)
    return [Award(row.trade, row.subject_id, row.quantity, row.price_fen) for row in conn.execute(query)]


_NOTICES = select(AUCTION_NOTICE, MARKET.c.name.label("market")).join(
    MARKET, MARKET.c.log == AUCTION_NOTICE.c.log
)


def _to_notice(row: Row[Any]) -> Notice:
    facts = dict(row._mapping)
    for name in ("title_zh", "title_en", "criteria_zh", "criteria_en", "person", "deposit_share"):
        facts.pop(name)
    return Notice(
        **facts,
        title=Text(row.title_zh, row.title_en),
        criteria=Text(row.criteria_zh, row.criteria_en),
        deposit_share=Decimal(row.deposit_share),
    )
