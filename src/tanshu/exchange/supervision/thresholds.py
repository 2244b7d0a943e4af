"""The numbers at which the rules speak, from a supervision pack. Shares are exact fractions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeVar

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.rules import packs
from tanshu.rules.checks import PACK_UNKNOWN
from tanshu.rules.pack_model import Pack, Table

DEFAULT = "sim.supervision"


@dataclass(frozen=True, slots=True)
class SelfTrade:
    """arranged_t, met_t: tonnes of a day. met_trades: trades by chance. attempts: refused or prevented.
    quick_seconds: an offer taken so soon was taken by arrangement.
    """

    quick_seconds: int
    quick_trades: int
    arranged_t: int
    met_t: int
    met_trades: int
    attempts: int


@dataclass(frozen=True, slots=True)
class Wash:
    """days: the window, trading days. round_share: of the group's trades within itself, what came back."""

    days: int
    quick_seconds: int
    arranged_t: int
    met_t: int
    met_trades: int
    round_share: Fraction


@dataclass(frozen=True, slots=True)
class CloseMarking:
    """close_moved, price_moved: shares of the close, of the earlier average. late_share: of late volume."""

    minutes: int
    close_moved: Fraction
    price_moved: Fraction
    late_share: Fraction
    profit_ratio: Fraction
    follow_days: int


@dataclass(frozen=True, slots=True)
class Layering:
    """An order counts that stood within `near` of the best price when the other side traded, lived no longer
    than life_seconds and was cancelled within after_seconds; together `ratio` times what was traded, and
    depth_share of what was shown. one_sided: of the participant's own orders shown then. cancelled_share: of
    what it entered on that side that day. orders: at each time; times: in a day.
    """

    life_seconds: int
    after_seconds: int
    near: Fraction
    ratio: Fraction
    depth_share: Fraction
    one_sided: Fraction
    orders: int
    times: int
    cancelled_share: Fraction
    day_ratio: Fraction


@dataclass(frozen=True, slots=True)
class Concentration:
    """report_share: of the holding limit. The others together: of all holdings, of what was bought in
    volume_days trading days, of all holdings gained meanwhile.
    """

    report_share: Fraction
    holding_share: Fraction
    volume_share: Fraction
    volume_days: int
    gained_share: Fraction


@dataclass(frozen=True, slots=True)
class Thresholds:
    self_trade: SelfTrade
    wash: Wash
    close: CloseMarking
    layering: Layering
    concentration: Concentration
    pack: str = DEFAULT
    watermark: Text | None = None


def of_market(jurisdiction: str, name: str = "", *, allow_draft: bool = False) -> Thresholds:
    """The thresholds of the pack named; else of the jurisdiction's own, else the example.

    Raises Refused as packs.load refuses.
    """
    asked = name or f"{jurisdiction}.supervision"
    pack = packs.load(asked, allow_draft=allow_draft)
    if isinstance(pack, Refusal) and not name and pack.kind is PACK_UNKNOWN:
        pack = packs.load(DEFAULT, allow_draft=allow_draft)
    return of_pack(need(pack))


def of_pack(pack: Pack) -> Thresholds:
    """Raises Refused RULE-1203 where the pack is of another kind."""
    pack.must_be("supervision")
    return Thresholds(
        _read(SelfTrade, pack.table("self_trade")),
        _read(Wash, pack.table("related_wash")),
        _read(CloseMarking, pack.table("marking_close")),
        _read(Layering, pack.table("cancel_ratio")),
        _read(Concentration, pack.table("concentration")),
        pack.name,
        pack.watermark,
    )


Terms = TypeVar("Terms", SelfTrade, Wash, CloseMarking, Layering, Concentration)


def _read(kind: type[Terms], table: Table) -> Terms:
    return kind(**{one.name: _value(table[one.name]) for one in fields(kind)})


def _value(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value
