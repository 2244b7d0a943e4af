"""What came of an auction, read from the market's own log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from tanshu.base.text import Text
from tanshu.exchange import timetable
from tanshu.exchange.auctions import windows
from tanshu.exchange.auctions.model import OUTCOME_WORDS, Notice
from tanshu.exchange.engine.auction import desk_of
from tanshu.exchange.engine.auction_state import Stage
from tanshu.exchange.engine.records import Op, Outcome, Records, decode, inputs, outputs
from tanshu.exchange.market import Market
from tanshu.exchange.tables import MARKET_DAY
from tanshu.log import store

DAY_CLOSED = "收市 · the day closed"
"""Why an auction was called off that nobody called off."""


class Award(NamedTuple):
    """A trade of the bidder `party`. trade: the day's number."""

    trade: int
    party: int
    quantity: int
    price_fen: int


class Ended(NamedTuple):
    """facts: the columns of its result. awards: in the order of the trades."""

    facts: Mapping[str, Any]
    awards: tuple[Award, ...] = ()


def words(outcome: Outcome) -> Text:
    return OUTCOME_WORDS[outcome]


def called_off(why: str, market_seq: int | None) -> Ended:
    facts = dict.fromkeys(("sold_t", "clearing_fen", "amount_fen", "bids", "valid_t", "best_fen"), 0)
    return Ended({"outcome": _name(Outcome.CALLED_OFF), "why": why, "market_seq": market_seq, **facts})


def found(conn: Connection, market: Market, notice: Notice) -> Ended | None:
    """The result that the market's log has; None while the auction is not over there."""
    taken = timetable.taken_as(conn, market, notice.day, windows.closing(notice.number))
    if taken is not None:
        entry = next(store.read(conn, market.log, after=taken - 1, upto=taken))
        records = decode(entry.records)
        if len(inputs(records)):  # the step was taken
            told = outputs(records)
            return _read(told, notice, entry.seq, _best(conn, notice, told, entry.seq))
    auction = desk_of(market.catch_up(conn)).auctions.all.get(notice.number)
    over = auction is None or auction.stage is Stage.OVER
    return called_off(DAY_CLOSED, None) if over else None


def _read(records: Records, notice: Notice, seq: int, best: int) -> Ended:
    """The result among what came of the step that closed the window."""
    told = records[(records["op"] == Op.RESULT) & (records["order"] == notice.number)]
    assert len(told) == 1, "a window that closes has one result"
    trades = records[records["op"] == Op.TRADE]
    whose = "party" if notice.side == "sell" else "counter"
    awards = tuple(
        Award(int(one["extra"]), int(one[whose]), int(one["quantity"]), int(one["price"])) for one in trades
    )
    outcome = Outcome(int(told["kind"][0]))
    if outcome is Outcome.CALLED_OFF:
        return called_off("发起方申报已被撤出 · the initiator's side was withdrawn", seq)
    facts = {
        "outcome": _name(outcome),
        "why": "",
        "sold_t": int(told["quantity"][0]),
        "clearing_fen": int(told["price"][0]),
        "amount_fen": sum(one.quantity * one.price_fen for one in awards),
        "bids": int(told["other"][0]),
        "valid_t": int(told["extra"][0]),
        "best_fen": best,
        "market_seq": seq,
    }
    return Ended(facts, awards)


def _best(conn: Connection, notice: Notice, records: Records, seq: int) -> int:
    """What the best bid was: that of the first trade, for the best is served first; in the day's log."""
    trades = records[records["op"] == Op.TRADE]
    if not len(trades):
        return 0
    order = int(trades["order" if notice.side == "sell" else "other"][0])
    query = select(MARKET_DAY.c.market_opened).where(
        MARKET_DAY.c.log == notice.log, MARKET_DAY.c.day == notice.day
    )
    opened = conn.execute(query).scalar() or 0
    for entry in store.read(conn, notice.log, after=opened - 1, upto=seq):
        told = decode(entry.records)
        here = told[(told["op"] == Op.ENTERED) & (told["order"] == order)]
        if len(here):
            return int(here["price"][0])
    raise AssertionError("an order that traded was entered")


def _name(outcome: Outcome) -> str:
    return outcome.name.lower()
