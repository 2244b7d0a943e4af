"""What the market of a scenario came to, read from its own log: the days, the closes, the auction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from sqlalchemy import Connection, select

from tanshu.exchange.auctions import queries as auctions
from tanshu.exchange.bridge import trades as market_trades
from tanshu.exchange.engine.records import Op, decode
from tanshu.exchange.figures.quotes import Sum
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.log import store
from tanshu.parties import queries as parties


@dataclass(frozen=True, slots=True)
class MarketDay:
    """A closed day. closes: product → fen per tonne; modes: those in which something was traded."""

    day: date
    closes: Mapping[str, int]
    modes: Mapping[str, Sum]
    state_hash: str

    @property
    def total(self) -> Sum:
        found = Sum()
        for one in self.modes.values():
            found = found.plus(one)
        return found


@dataclass(frozen=True, slots=True)
class AuctionResult:
    """An auction that is over: who sold, who got how much, at fen per tonne; handles name subjects."""

    number: int
    day: date
    seller: str
    instrument: str
    offered_t: int
    sold_t: int
    reserve_fen: int
    clearing_fen: int
    bids: int
    awards: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class MarketResult:
    """A market: where its log stands, and its closed days. hash: the newest entry's."""

    name: str
    log: int
    seq: int
    hash: str
    participants: int
    days: Sequence[MarketDay]
    auctions: Sequence[AuctionResult]

    @property
    def state_hash(self) -> str:
        """The engine's, at the last close; "" before the first."""
        return self.days[-1].state_hash if self.days else ""

    def as_json(self) -> dict[str, object]:
        """Plain data: prices as text in yuan per tonne."""
        return {
            "name": self.name,
            "synthetic": True,
            "participants": self.participants,
            "log_seq": self.seq,
            "log_hash": self.hash,
            "state_hash": self.state_hash,
            "days": [_day_json(one) for one in self.days],
            "auctions": [_auction_json(one) for one in self.auctions],
        }


def market_result(conn: Connection, name: str) -> MarketResult | None:
    """The market of this name; None where it is not founded yet."""
    log = conn.execute(select(MARKET.c.log).where(MARKET.c.name == name)).scalar()
    if log is None:
        return None
    tail = store.tail(conn, log)
    assert tail is not None, "a market has a genesis entry"
    participants = conn.execute(select(MARKET_PARTY.c.number).where(MARKET_PARTY.c.log == log)).all()
    return MarketResult(
        name, log, tail[0], tail[2].hex(), len(participants), _days(conn, log), _auctions(conn, log)
    )


# -- reading -----------------------------------------------------------------------------------------------


def _days(conn: Connection, log: int) -> list[MarketDay]:
    here = (MARKET_DAY.c.log == log, MARKET_DAY.c.market_closed.is_not(None))
    named = select(MARKET_INSTRUMENT.c.number, MARKET_INSTRUMENT.c.code).where(MARKET_INSTRUMENT.c.log == log)
    codes = {row.number: row.code for row in conn.execute(named)}
    return [
        MarketDay(
            row.day,
            _closes(conn, log, row.market_closed, codes),
            _modes(market_trades.of_entries(conn, log, row.market_opened, row.market_closed)),
            row.state_hash,
        )
        for row in conn.execute(select(MARKET_DAY).where(*here).order_by(MARKET_DAY.c.day))
    ]


def _closes(conn: Connection, log: int, seq: int, codes: Mapping[int, str]) -> dict[str, int]:
    """What the entry that closed a day says."""
    (entry,) = store.read(conn, log, after=seq - 1, upto=seq)
    records = decode(entry.records)
    said = records[records["op"] == Op.CLOSE]
    return {codes[int(one["instrument"])]: int(one["price"]) for one in said}


def _modes(found: Sequence[market_trades.Trade]) -> dict[str, Sum]:
    sums: dict[str, Sum] = {}
    for one in found:
        sums[one.mode] = sums.get(one.mode, Sum()).plus(Sum(one.quantity, one.amount, 1))
    return sums


def _auctions(conn: Connection, log: int) -> list[AuctionResult]:
    subjects = {one.id: one.handle for one in parties.subjects(conn)}
    found: list[AuctionResult] = []
    for notice in auctions.notices(conn, log):
        result = auctions.result(conn, log, notice.number)
        if result is not None:
            awards = auctions.awards(conn, log, notice.number)
            found.append(
                AuctionResult(
                    notice.number,
                    notice.day,
                    subjects[notice.initiator_id],
                    notice.instrument,
                    notice.quantity,
                    result.sold_t,
                    notice.reserve_fen,
                    result.clearing_fen,
                    result.bids,
                    {subjects[one.subject_id]: one.quantity for one in awards},
                )
            )
    return found


def price(fen: int) -> str:
    """Fen per tonne as text in yuan."""
    return str(Decimal(fen).scaleb(-2))


# -- as data -----------------------------------------------------------------------------------------------


def _day_json(one: MarketDay) -> dict[str, object]:
    return {
        "day": one.day.isoformat(),
        "closes_yuan": {code: price(fen) for code, fen in one.closes.items()},
        **_sum_json(one.total),
        "modes": {mode: _sum_json(one.modes[mode]) for mode in sorted(one.modes)},
        "state_hash": one.state_hash,
    }


def _auction_json(one: AuctionResult) -> dict[str, object]:
    return {
        "number": one.number,
        "day": one.day.isoformat(),
        "seller": one.seller,
        "instrument": one.instrument,
        "offered_t": one.offered_t,
        "sold_t": one.sold_t,
        "reserve_yuan": price(one.reserve_fen),
        "clearing_yuan": price(one.clearing_fen),
        "bids": one.bids,
        "awards": dict(one.awards),
    }


def _sum_json(one: Sum) -> dict[str, int]:
    return {"trades": one.trades, "volume_t": one.volume, "amount_fen": one.amount}
