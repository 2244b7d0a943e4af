"""What a scenario states: entities, generating units, counterparties, parameters, prices, sources.

A scenario is a folder: `scenario.toml`, `prices.toml`, `entities.csv`, `units.csv`, `counterparties.csv`.
Nothing is computed here; `model.build` turns these facts into a year. Every field of an entity or a unit
names its source; `assumed` is the source that says there is none.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, TypeVar, cast, get_args

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.rules.activity import UnitClass
from tanshu.scenario.reading import MISSING, Span, Table, rows_of, toml, unique

_T = TypeVar("_T")

ASSUMED = "assumed"
SMALL_UNIT_MW = 100

Kind = Literal["condensing", "chp", "captive"]
Role = Literal["grid", "heat", "captive"]
Side = Literal["sell", "buy"]
Mode = Literal["listing", "block"]
"""Modes with a published average of the month."""
Technology = Literal["pulverised-coal", "circulating-fluidised-bed", "combined-cycle-gas"]


@dataclass(frozen=True, slots=True)
class Entity:
    """A key emitter. role: grid (power for the grid) · heat (for a town or park) · captive (own works)."""

    name: str
    uscc: str
    city: str
    role: Role
    sources: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Unit:
    """A generating unit; capacity in MW, class after the 2023 plan, `profile` names how it runs."""

    uscc: str
    unit: str
    capacity_mw: Decimal
    unit_class: UnitClass
    kind: Kind
    technology: Technology
    sources: Mapping[str, str]
    note: str

    @property
    def profile(self) -> str:
        if self.technology == "combined-cycle-gas":
            return "gas_chp" if self.kind == "chp" else "gas_condensing"
        if self.capacity_mw < SMALL_UNIT_MW:
            return "coal_small"
        return "coal_chp" if self.kind == "chp" else "coal_condensing"


@dataclass(frozen=True, slots=True)
class Counterparty:
    """A labelled fictional emitter of another province, on one side of the market only."""

    name: str
    uscc: str
    kind: str
    region: str
    side: Side


@dataclass(frozen=True, slots=True)
class Profile:
    """How plants of one kind run: hours a year, GJ of heat and of fuel per MWh, own use as a fraction."""

    hours: int
    heat: Span
    own_use: Decimal
    heat_rate: Decimal


@dataclass(frozen=True, slots=True)
class Project:
    label: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Dates:
    """Business dates of the year's steps, in order (Asia/Shanghai)."""

    opening: date
    report: date
    verification: date
    pre_allocation: date
    approval: date
    trading_first: date
    trading_last: date
    offset: date
    surrender: date
    deadline: date


@dataclass(frozen=True, slots=True)
class MarketTerms:
    """The market on which the year is traded: what it goes by, and its rule pack."""

    name: str
    pack: str


@dataclass(frozen=True, slots=True)
class AuctionTerms:
    """The year's one sale by auction. opens, closes: HH:MM, Shanghai; prices fen per tonne.

    deposit_share: a fraction of what a bidder is for, as decimal text. losers: how many bid too low.
    """

    day: date
    opens: str
    closes: str
    reserve_fen: int
    deposit_share: str
    bid_spread_fen: int
    losers: int


@dataclass(frozen=True, slots=True)
class Parameters:
    """The dials of the model; `scenario.toml` says what each means. Fractions unless named otherwise."""

    shortfall: Decimal
    load: Span
    generation_spread: Decimal
    plant_spread: Decimal
    unit_spread: Decimal
    last_year: Span
    holder_share: Decimal
    stock: Span
    seller_share: Decimal
    sold: Span
    inside_share: Decimal
    listing: Span
    offset_count: int
    offset: Span
    listing_spread_fen: int
    block_spread_fen: int
    buyer_posts: Decimal
    taken_twice: Decimal
    countered: Decimal


@dataclass(frozen=True, slots=True)
class ScenarioFacts:
    id: str
    seed: str
    title: Text
    stamp: Text
    region: str
    compliance_year: int
    rule_pack: str
    dates: Dates
    parameters: Parameters
    profiles: Mapping[str, Profile]
    projects: tuple[Project, ...]
    prices_fen: Mapping[tuple[str, Mode], int]
    """(month "2024-11", mode) → the market's volume-weighted average, fen per tonne."""
    closes_fen: Mapping[date, int]
    """The days on which the scenario trades, in order, each with its published close, fen per tonne."""
    market: MarketTerms
    auction: AuctionTerms
    sources: Mapping[str, Text]
    entities: tuple[Entity, ...]
    units: tuple[Unit, ...]
    counterparties: tuple[Counterparty, ...]

    def units_of(self, uscc: str) -> tuple[Unit, ...]:
        return tuple(unit for unit in self.units if unit.uscc == uscc)

    def draw(self, *label: object) -> Decimal:
        """A fraction in [0, 1) with six decimals, decided by the scenario, its seed and the label alone."""
        text = "\x1f".join(map(str, (self.id, self.seed, *label)))
        number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        return Decimal(number % 1_000_000).scaleb(-6)

    def between(self, span: Span, *label: object) -> Decimal:
        return span[0] + (span[1] - span[0]) * self.draw(*label)

    def pick(self, among: Sequence[_T], *label: object) -> _T:
        """One of these."""
        return among[int(self.draw(*label) * len(among))]


def load(path: Path | str) -> ScenarioFacts:
    """Read a scenario folder; raises `Refused` with the file, the place and the value that is wrong."""
    folder = Path(path)
    head = Table("scenario.toml", "top", toml(folder, "scenario.toml"))
    sources = {row.text("id"): Text(row.text("zh"), row.text("en")) for row in head.tables("source")}
    dates = _dates(head.table("dates"))
    closes = _closes(folder, sources, dates)
    entities = _entities(folder, sources)
    units = _units(folder, sources, {entity.uscc for entity in entities})
    return ScenarioFacts(
        id=head.text("id"),
        seed=head.text("seed"),
        title=head.table("title").both_languages(),
        stamp=head.table("stamp").both_languages(),
        region=head.text("region"),
        compliance_year=head.whole("compliance_year"),
        rule_pack=head.text("rule_pack"),
        dates=dates,
        parameters=_parameters(head.table("model")),
        profiles=MappingProxyType(
            {n: _profile(head.table("profile").table(n)) for n in sorted({u.profile for u in units})}
        ),
        projects=tuple(Project(row.text("label"), row.day("issued_on")) for row in head.tables("project")),
        prices_fen=MappingProxyType(_prices(folder, sources)),
        closes_fen=MappingProxyType(closes),
        market=_market(head.table("market")),
        auction=_auction(head.table("auction"), closes),
        sources=MappingProxyType(sources),
        entities=entities,
        units=units,
        counterparties=_counterparties(folder),
    )


# ---- the five files ----------------------------------------------------------------------------------------


def _entities(folder: Path, sources: Mapping[str, Text]) -> tuple[Entity, ...]:
    rows = list(rows_of(folder, "entities.csv"))
    unique(rows, "uscc")
    return tuple(
        Entity(
            row.text("name"),
            row.uscc("uscc"),
            row.text("city"),
            cast(Role, row.choice("role", get_args(Role))),
            row.sources(("name", "city", "role"), sources),
        )
        for row in rows
    )


def _units(folder: Path, sources: Mapping[str, Text], owners: set[str]) -> tuple[Unit, ...]:
    rows = list(rows_of(folder, "units.csv"))
    unique(rows, "uscc", "unit")
    units = tuple(_unit(row, sources, owners) for row in rows)
    for uscc in sorted(owners - {unit.uscc for unit in units}):
        raise Refused(MISSING(file="units.csv", place=uscc, column="unit"))
    return units


def _unit(row: Table, sources: Mapping[str, Text], owners: set[str]) -> Unit:
    return Unit(
        row.choice("uscc", sorted(owners)),
        row.text("unit"),
        row.positive("capacity_mw"),
        cast(UnitClass, row.choice("unit_class", get_args(UnitClass))),
        cast(Kind, row.choice("kind", get_args(Kind))),
        cast(Technology, row.choice("technology", get_args(Technology))),
        row.sources(("capacity", "class", "kind", "technology"), sources),
        row.data.get("note") or "",
    )


def _counterparties(folder: Path) -> tuple[Counterparty, ...]:
    rows = list(rows_of(folder, "counterparties.csv"))
    unique(rows, "uscc")
    for row in rows:  # a real emitter of another province has no place here
        row.choice("fictional", ("true",))
    return tuple(
        Counterparty(
            row.text("name"),
            row.uscc("uscc"),
            row.choice("kind", ("enterprise",)),
            row.text("region"),
            cast(Side, row.choice("side", get_args(Side))),
        )
        for row in rows
    )


def _prices(folder: Path, sources: Mapping[str, Text]) -> dict[tuple[str, Mode], int]:
    top = Table("prices.toml", "top", toml(folder, "prices.toml"))
    top.choice("source", sorted(sources))
    months = [name for name in top.data if name not in ("source", "closes")]
    return {
        (month, mode): top.table(month).whole(f"{mode}_fen") for month in months for mode in get_args(Mode)
    }


def _closes(folder: Path, sources: Mapping[str, Text], dates: Dates) -> dict[date, int]:
    """The days of trading, within the season and in order, with their closes."""
    table = Table("prices.toml", "top", toml(folder, "prices.toml")).table("closes")
    table.choice("source", sorted(sources))
    found: dict[date, int] = {}
    for name in (name for name in table.data if name != "source"):
        day = _day_named(table, name)
        if not max([dates.trading_first, *found]) <= day <= dates.trading_last or day in found:
            raise table.bad(name, name, "a day of the trading season, after the one before it")
        found[day] = table.whole(name)
    return found


def _day_named(table: Table, name: str) -> date:
    try:
        return date.fromisoformat(name)
    except ValueError:
        raise table.bad(name, name, "a date like 2024-12-31") from None


def _market(table: Table) -> MarketTerms:
    return MarketTerms(table.text("name"), table.text("pack"))


def _auction(table: Table, closes: Mapping[date, int]) -> AuctionTerms:
    day = table.day("day")
    if day not in closes:
        raise table.bad("day", day, "one of the days of prices.toml, [closes]")
    return AuctionTerms(
        day,
        table.text("opens"),
        table.text("closes"),
        table.whole("reserve_fen"),
        table.text("deposit_share"),
        table.whole("bid_spread_fen"),
        table.whole("losers"),
    )


def _dates(table: Table) -> Dates:
    return Dates(**table.days_in_order(tuple(Dates.__dataclass_fields__)))


def _parameters(table: Table) -> Parameters:
    read = {"int": table.whole, "Span": table.span, "Decimal": table.decimal}
    fields = Parameters.__dataclass_fields__.values()
    return Parameters(**cast(Any, {field.name: read[str(field.type)](field.name) for field in fields}))


def _profile(table: Table) -> Profile:
    rest = (table.decimal("own_use"), table.positive("heat_rate"))
    return Profile(table.whole("hours"), table.span("heat"), *rest)
