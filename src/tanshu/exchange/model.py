"""What operators ask of a market. Prices: fen per tonne; quantities: tonnes; `ref`: a client's own number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tanshu.base.text import Text


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the order book. kind: limit, market, ioc, fok."""

    instrument: str
    side: str
    quantity: int
    price_fen: int = 0
    kind: str = "limit"
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Offer:
    """挂牌: an offer on the board, to buy or to sell. It waits to be taken."""

    instrument: str
    side: str
    quantity: int
    price_fen: int
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Take:
    """摘牌: take offers of the other side, the best price first, or the one named.

    side: the taker's. price_fen: the worst price accepted, 0 for any within the visible levels.
    """

    instrument: str
    side: str
    quantity: int
    price_fen: int = 0
    offer: str = ""
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Quote:
    """大宗申报: to everybody, or to one participant by handle."""

    instrument: str
    side: str
    quantity: int
    price_fen: int
    to: str = ""
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Counter:
    """Answer a block quote with other terms."""

    order: str
    quantity: int
    price_fen: int
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Confirm:
    """Agree to a block quote as it stands."""

    order: str
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Decline:
    order: str
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Bid:
    """A bid in an auction, by its number."""

    auction: int
    quantity: int
    price_fen: int
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Amend:
    order: str
    quantity: int
    price_fen: int
    ref: int = 0


@dataclass(frozen=True, slots=True)
class Cancel:
    order: str
    ref: int = 0


Asked = Order | Offer | Take | Quote | Counter | Confirm | Decline | Bid | Amend | Cancel


@dataclass(frozen=True, slots=True)
class Batch:
    """Several at once, each for itself, durable together: one entry of the log."""

    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """The call of the order book, outside the timetable: everything that crosses trades at one price."""

    instrument: str


STATE_WORDS: Mapping[str, Text] = {
    "resting": Text("已申报", "entered"),
    "part": Text("部分成交", "partly filled"),
    "filled": Text("已成交", "filled"),
    "cancelled": Text("已撤单", "cancelled"),
    "withdrawn": Text("系统撤单", "withdrawn by the system"),
    "over": Text("已失效", "over"),
}
"""The states of orders, in the words of the trading client."""

Told = Mapping[str, Any]
