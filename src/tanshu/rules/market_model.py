"""The parts of a market's rules, as values. Prices are fen per tonne, amounts fen, quantities tonnes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from fractions import Fraction
from typing import Final

from tanshu.base.text import Text

Window = tuple[time, time]
"""Times of a day in Shanghai, the first included, the last not."""
_VINTAGE: Final = re.compile(r"\d\d(-\d\d)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Family:
    """Products whose codes begin alike: CEA with vintages is CEA23, CEA19-20; without, HBEA alone."""

    code: str
    name: Text
    vintages: bool

    def has(self, instrument: str) -> bool:
        if not self.vintages:
            return instrument == self.code
        return instrument.startswith(self.code) and bool(_VINTAGE.fullmatch(instrument[len(self.code) :]))


@dataclass(frozen=True, slots=True)
class Session:
    """When a mode trades. Between two windows of `open` is a break; the calls gather orders."""

    open: tuple[Window, ...]
    pre_open: Window | None
    closing: Window | None


@dataclass(frozen=True, slots=True)
class Band:
    """Fractions below and above the close of `base` the day before; `edges` says how they come to a tick."""

    down: Decimal
    up: Decimal
    base: str
    edges: str


@dataclass(frozen=True, slots=True)
class ModeRules:
    """How one mode trades.

    quantity_min_t: 0 where one lot is the least; quantity_max_t: inclusive, 0 where there is none. levels:
    how many of the best opposite levels a taker reaches, 0 all. amount_max_fen: of one order, 0 none.
    """

    mode: str
    name: Text
    tick_fen: int
    lot_t: int
    quantity_min_t: int
    quantity_max_t: int
    settle_days: int
    in_close: bool
    levels: int
    choose_maker: str
    poster_confirms: bool
    amount_max_fen: int
    band: Band | None
    session: Session


@dataclass(frozen=True, slots=True)
class Fees:
    """Parts per million of the amount, by side and column (交易手续费, 结算手续费)."""

    buyer_trading_ppm: int
    buyer_settlement_ppm: int
    seller_trading_ppm: int
    seller_settlement_ppm: int


@dataclass(frozen=True, slots=True)
class HoldingLimit:
    """For one participant, tonnes: at most `holding_t`; from `report_t` on it reports as a large holder."""

    holding_t: int
    report_t: int


@dataclass(frozen=True, slots=True)
class Composite:
    """Weights of products in the composite price since a day; None where nobody published them."""

    key: str
    since: date
    weights: Mapping[str, Decimal] | None


@dataclass(frozen=True, slots=True)
class AuctionTerms:
    """What an auction of this market is unless its notice says otherwise; shares of 1."""

    pricing: str
    ties: str
    sealed: bool
    deposit_share: Decimal
    cap_share: Decimal | None


def edges(band: Band, tick_fen: int, previous_close_fen: int) -> tuple[int, int]:
    """The edges of a band on the tick, fen. half_up: each to the nearest tick, halves up; inward: the foot up
    and the head down, so that no price lies outside the exact fractions. No price is below one tick.
    """
    foot = Fraction(previous_close_fen) * (1 - Fraction(band.down)) / tick_fen
    head = Fraction(previous_close_fen) * (1 + Fraction(band.up)) / tick_fen
    if band.edges == "half_up":
        low, high = _half_up(foot), _half_up(head)
    else:
        low, high = -(-foot.numerator // foot.denominator), head.numerator // head.denominator
    return max(low, 1) * tick_fen, high * tick_fen


def _half_up(number: Fraction) -> int:
    return (2 * number.numerator + number.denominator) // (2 * number.denominator)
