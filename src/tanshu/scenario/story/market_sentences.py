"""What a sentence about a market says, once it is read: one small type for each kind of sentence.

Prices are fen per tonne, money fen, quantities tonnes; what could not be read as a number stays as written,
and the market says what it makes of it. Orders and auctions go by the names that the story gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from tanshu.exchange.engine.records import Mode, Phase, Side
from tanshu.scenario.story.house_sentences import DayIs, OpensAccount, SendsBack, StatementIs, TakesStep

Number = int | str

# -- the market as an institution --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FoundsMarket:
    who: str
    market: str
    pack: str


@dataclass(frozen=True, slots=True)
class InMarket:
    """From here on the story is about this market."""

    market: str


@dataclass(frozen=True, slots=True)
class Appoints:
    """The registry appoints a trader of a subject."""

    who: str
    trader: str


@dataclass(frozen=True, slots=True)
class Admits:
    """related: the group it belongs to, "" for none."""

    who: str
    subject: str
    traders: tuple[str, ...]
    related: str


@dataclass(frozen=True, slots=True)
class AddsTrader:
    who: str
    trader: str


@dataclass(frozen=True, slots=True)
class Lists:
    """reference_fen: None where the market's figures say it."""

    who: str
    instrument: str
    reference_fen: Number | None


@dataclass(frozen=True, slots=True)
class OpensDay:
    """day: None is today."""

    who: str
    day: date | None


@dataclass(frozen=True, slots=True)
class ClosesDay:
    who: str
    day: date | None


@dataclass(frozen=True, slots=True)
class Settles:
    who: str
    day: date | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class ApprovesAll:
    """Somebody approves everything that was proposed for settlement last."""

    who: str


@dataclass(frozen=True, slots=True)
class Suspends:
    """lift: ask for the end of a suspension, or, as a second person, grant it."""

    who: str
    subject: str
    lift: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Halts:
    """mode, instrument: "" for all. resume: trade again what such a halt stopped."""

    who: str
    resume: bool
    mode: str
    instrument: str
    emergency: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of the day moves on."""

    at: time


# -- orders ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Orders:
    """A trader asks the market for something.

    act: offer, take, quote, order, counter, amend, confirm, decline, cancel, bid. about: the order or the
    auction that is meant, "" for none. to: the subject a block is quoted to. kind: of an order of the order
    book. name: how later sentences call the order.
    """

    who: str
    act: str
    side: str = ""
    instrument: str = ""
    quantity: Number = 0
    price_fen: Number = 0
    about: str = ""
    to: str = ""
    kind: str = "limit"
    name: str = ""


# -- auctions ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Announces:
    """stated: what the notice says besides, by fields of `auctions.model.Announce`. day: None is today."""

    who: str
    initiator: str
    side: str
    instrument: str
    quantity: Number
    reserve_fen: Number
    day: date | None
    opens: str
    closes: str
    stated: Mapping[str, Any]
    name: str


@dataclass(frozen=True, slots=True)
class Qualifies:
    who: str
    bidder: str
    auction: str
    quantity: Number


@dataclass(frozen=True, slots=True)
class EndsAuction:
    """act: record, publish, call-off."""

    who: str
    act: str
    auction: str
    reason: str


# -- what must have come of it -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PriceIs:
    """what: last (最新价), close (收盘价), previous (上一收盘价)."""

    what: str
    instrument: str
    fen: Number


@dataclass(frozen=True, slots=True)
class Traded:
    """One trade: who sold to whom ("" where that is not told), tonnes, fen per tonne."""

    seller: str
    buyer: str
    quantity: int
    price_fen: Number


@dataclass(frozen=True, slots=True)
class TradesAre:
    """All trades of the day in a product, in their order; of one mode, or of all."""

    instrument: str
    mode: Mode
    trades: tuple[Traded, ...]


@dataclass(frozen=True, slots=True)
class DepthIs:
    """What everybody sees of one side: (fen, tonnes) a level, the best first."""

    instrument: str
    side: Side
    levels: tuple[tuple[Number, int], ...]


@dataclass(frozen=True, slots=True)
class HasUnits:
    """What a participant has of a product on the market: free, held by orders, bought and sold today."""

    subject: str
    instrument: str
    free: int
    held: int
    bought: int
    sold: int


@dataclass(frozen=True, slots=True)
class HasMoney:
    """Fen: free, held by orders, and what may leave now (None where that is not told)."""

    subject: str
    free: Number
    held: Number
    leaves: Number | None


@dataclass(frozen=True, slots=True)
class Charged:
    """Fees of the day, both columns, fen."""

    subject: str
    trading: Number
    settlement: Number


@dataclass(frozen=True, slots=True)
class OrderIs:
    """state: a word of `STATE_WORDS`. left: tonnes, None where that is not told."""

    name: str
    state: str
    left: int | None


@dataclass(frozen=True, slots=True)
class PhaseIs:
    mode: Mode
    phase: Phase


@dataclass(frozen=True, slots=True)
class AuctionIs:
    """outcome: as `OUTCOME_WORDS` begin. sold: tonnes; price_fen: the clearing price."""

    name: str
    outcome: str
    sold: int
    price_fen: Number


MarketAct = (
    FoundsMarket | Appoints | Admits | AddsTrader | Lists | OpensDay | ClosesDay | Settles | ApprovesAll
    | Suspends | Halts | Orders | Announces | Qualifies | EndsAuction | OpensAccount | TakesStep
    | SendsBack
)  # fmt: skip
"""What somebody (`who`) does."""
MarketFact = (
    PriceIs | TradesAre | DepthIs | HasUnits | HasMoney | Charged | OrderIs | PhaseIs | AuctionIs | DayIs
    | StatementIs
)  # fmt: skip
"""What must be so."""
MarketSentence = MarketAct | MarketFact | InMarket | Clock
