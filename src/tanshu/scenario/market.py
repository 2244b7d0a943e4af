"""A market's year as its folder states it, for any jurisdiction that allocates by output.

Three files beside scenario.toml: `entities.csv` (handle, name, region, sector, fictional, last_verified_t,
verified_t), `lines.csv` (handle, line, product, output, intensity, base_t, days, verified_t) and `trades.csv`
(day, seller, buyer, quantity, price_fen). `tanshu import` reads the first two as well. Everything
else — instrument, deadline, formulas, chains, types — is in the rule packs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.rules.activity import OutputYear
from tanshu.scenario import checks
from tanshu.scenario.folder import Folder
from tanshu.scenario.reading import Table, rows_of, unique


@dataclass(frozen=True, slots=True)
class Authority:
    """The authority in charge; region is the six digits of its division, the last four zero."""

    handle: str
    name: str
    region: str


@dataclass(frozen=True, slots=True)
class Holder:
    """A covered entity: by its credit code, or by the handle the registry gave. Tonnes are whole."""

    id: str
    name: str
    region: str
    sector: str
    last_verified_t: int
    verified_t: int
    fictional: bool

    @property
    def prefix(self) -> str:
        """What the handles of its people begin with."""
        return self.id.lower()


@dataclass(frozen=True, slots=True)
class Trade:
    """A recorded trade: tonnes, and fen per tonne."""

    number: int
    day: date
    seller: str
    buyer: str
    quantity: int
    price_fen: int

    @property
    def amount_fen(self) -> int:
        return self.quantity * self.price_fen


@dataclass(frozen=True, slots=True)
class Dates:
    """Business dates of the year's steps, in order. closing comes after the pack's deadline."""

    opening: date
    pre_allocation: date
    approval: date
    trading_first: date
    trading_last: date
    surrender: date
    closing: date


@dataclass(frozen=True, slots=True)
class Market:
    """titles: of the allowance and of the currency. vintage: None where allowances carry none."""

    year: int
    registry_name: str
    authority: Authority
    allowance: Text
    vintage: int | None
    currency: str
    money: Text
    dates: Dates
    holders: tuple[Holder, ...]
    lines: Mapping[str, tuple[OutputYear, ...]]
    trades: tuple[Trade, ...]

    @property
    def ids(self) -> list[str]:
        return [holder.id for holder in self.holders]

    def traded(self, side: str) -> dict[str, int]:
        """Tonnes sold or bought ("seller", "buyer") by entity."""
        totals: dict[str, int] = defaultdict(int)
        for trade in self.trades:
            totals[getattr(trade, side)] += trade.quantity
        return totals


def read(folder: Folder) -> Market:
    """Raises Refused SCN-1xxx (a value), SCN-3003 (an entity that is not in entities.csv)."""
    head, year = folder.head, folder.head.whole("compliance_year")
    rows = rows_of(folder.path, "entities.csv")
    unique(rows, "handle")
    holders = tuple(_holder(row) for row in rows)
    known = {holder.id for holder in holders}
    allowance, money = head.table("allowance"), head.table("money")
    return Market(
        year=year,
        registry_name=head.text("registry_name"),
        authority=_authority(head.table("authority")),
        allowance=allowance.both_languages(),
        vintage=allowance.whole("vintage") if "vintage" in allowance.data else None,
        currency=money.text("code"),
        money=money.both_languages(),
        dates=_dates(head.table("dates")),
        holders=holders,
        lines=_lines(folder, year, known),
        trades=_trades(folder, known),
    )


def _authority(table: Table) -> Authority:
    return Authority(table.text("handle"), table.text("name"), table.text("region"))


def _dates(table: Table) -> Dates:
    return Dates(**table.days_in_order(tuple(Dates.__dataclass_fields__)))


def _holder(row: Table) -> Holder:
    return Holder(
        row.text("handle"),
        row.text("name"),
        row.text("region"),
        row.maybe("sector"),
        row.count("last_verified_t"),
        row.count("verified_t"),
        row.choice("fictional", ("true", "false")) == "true",
    )


def _lines(folder: Folder, year: int, known: set[str]) -> dict[str, tuple[OutputYear, ...]]:
    rows = rows_of(folder.path, "lines.csv")
    unique(rows, "handle", "line")
    found: dict[str, list[OutputYear]] = defaultdict(list)
    for row in rows:
        found[_known(row, "handle", known)].append(
            OutputYear(
                row.text("line"),
                year,
                row.text("product"),
                row.count("verified_t"),
                row.maybe_decimal("output"),
                row.maybe_decimal("intensity"),
                row.maybe_decimal("base_t"),
                row.maybe_decimal("days"),
            )
        )
    return {entity: tuple(lines) for entity, lines in found.items()}


def _trades(folder: Folder, known: set[str]) -> tuple[Trade, ...]:
    return tuple(
        Trade(
            number,
            row.iso_day("day"),
            _known(row, "seller", known),
            _known(row, "buyer", known),
            row.count("quantity"),
            row.count("price_fen"),
        )
        for number, row in enumerate(rows_of(folder.path, "trades.csv"), start=1)
    )


def _known(row: Table, column: str, known: set[str]) -> str:
    if (handle := row.text(column)) not in known:
        raise Refused(checks.NO_SUCH_ENTITY(file=row.file, place=row.place, handle=handle))
    return handle
