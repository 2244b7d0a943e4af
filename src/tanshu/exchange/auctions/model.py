"""What is said of an auction, before and after. Prices: fen per tonne; quantities: tonnes; money: fen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tanshu.base.text import Text
from tanshu.exchange.engine.records import Outcome


@dataclass(frozen=True, slots=True)
class Announce:
    """竞价公告: announce an auction.

    side: the initiator's, sell or buy. reserve_fen: the worst price it accepts, 0 for none (who buys needs
    one). pricing, ties, sealed, deposit_share, cap_share: blank for what the market's pack says. opens and
    closes: HH:MM, Shanghai. paid_year: the allowances of this year are allocated against payment (有偿分配),
    of year_total_t tonnes in all.
    """

    market: str
    title_zh: str
    title_en: str
    initiator: str
    instrument: str
    quantity: int
    reserve_fen: int
    day: date
    opens: str
    closes: str
    side: str = "sell"
    reserve_hidden: bool = False
    pricing: str = ""
    ties: str = ""
    sealed: bool | None = None
    one_bid: bool = False
    binding: bool = False
    deposit_share: str = ""
    cap_share: str = ""
    criteria_zh: str = ""
    criteria_en: str = ""
    paid_year: int | None = None
    year_total_t: int | None = None


@dataclass(frozen=True, slots=True)
class Qualify:
    """Find a bidder qualified to bid for so many tonnes; its deposit is held."""

    market: str
    auction: int
    bidder: str
    tonnes: int


@dataclass(frozen=True, slots=True)
class OpenWindow:
    """Open the window for bids, at its time or later."""

    market: str
    auction: int


@dataclass(frozen=True, slots=True)
class CloseWindow:
    """Close the window, at its time or later; the result is found."""

    market: str
    auction: int


@dataclass(frozen=True, slots=True)
class CallOff:
    """Call an auction off; the reason stands in the context."""

    market: str
    auction: int


@dataclass(frozen=True, slots=True)
class PublishResult:
    """竞价结果公告: a second person makes the result public."""

    market: str
    auction: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as it is kept."""

    log: int
    market: str
    number: int
    title: Text
    initiator_id: str
    side: str
    instrument: str
    quantity: int
    reserve_fen: int
    reserve_hidden: bool
    pricing: str
    ties: str
    sealed: bool
    one_bid: bool
    binding: bool
    day: date
    opens: str
    closes: str
    deposit_share: Decimal
    cap_t: int
    criteria: Text
    pack: str
    paid_year: int | None
    year_total_t: int | None
    published_on: date
    seq: int


@dataclass(frozen=True, slots=True)
class Bidder:
    subject_id: str
    tonnes: int
    deposit_fen: int


@dataclass(frozen=True, slots=True)
class Award:
    """One trade of an auction; trade: its number of the day."""

    trade: int
    subject_id: str
    quantity: int
    price_fen: int


@dataclass(frozen=True, slots=True)
class Result:
    """published_on: None until somebody has published it."""

    outcome: Outcome
    why: str
    sold_t: int
    clearing_fen: int
    amount_fen: int
    bids: int
    valid_t: int
    best_fen: int
    ended_by: str
    seq: int
    published_on: date | None
    published_seq: int | None


PRICING_WORDS: Mapping[str, Text] = {
    "uniform": Text("统一价成交(最低入围价)", "uniform price: the lowest accepted bid"),
    "pay_as_bid": Text("按各自报价成交", "pay as bid"),
}
TIES_WORDS: Mapping[str, Text] = {
    "time": Text("时间优先", "the earlier bid first"),
    "pro_rata": Text("按申报量比例分配", "in proportion to what is bid for"),
}
SIDE_WORDS: Mapping[str, Text] = {"sell": Text("出让", "sale"), "buy": Text("收购", "purchase")}
OUTCOME_WORDS: Mapping[Outcome, Text] = {
    Outcome.SOLD: Text("全部成交", "wholly traded"),
    Outcome.PART: Text("部分成交(有效申报不足)", "traded in part: fewer valid bids than tonnes"),
    Outcome.RESERVE_NOT_MET: Text("未达保留价,未成交", "no bid met the reserve price"),
    Outcome.NO_BIDS: Text("无人申报,未成交", "nobody bid"),
    Outcome.CALLED_OFF: Text("已取消", "called off"),
}
