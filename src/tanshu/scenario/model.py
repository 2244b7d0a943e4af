"""The modelled year of a scenario: pure, seeded, the same on every machine.

`build` draws each unit's year around stated values, solves one common intensity so that the province ends
short by the stated fraction under the real allocation formulas, and plans the stock, offsets, trades and
surrenders that let every entity comply exactly. Integers and `Decimal` only; every draw is a SHA-256 of
(scenario, seed, labels). Nothing here describes a real company: see `Year.estimated_fields`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Context, Decimal, localcontext
from types import MappingProxyType
from typing import TypeVar

from tanshu.base.quantity import round_half_up
from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import calendars, packs, power
from tanshu.rules.activity import UnitYear
from tanshu.scenario.facts import Mode, ScenarioFacts, Span, Unit

_T = TypeVar("_T")

OWN_VINTAGE = "CEA23"
OLD_VINTAGES = ("CEA19-20", "CEA21", "CEA22")
BLOCK_MIN_T = 100_000
"""A block is at least this much, a listing trade always less (全国碳市场 大宗协议 / 挂牌协议)."""
ROUND_LOT_T = 100
BLOCK_LOT_T = 10_000
BLOCK_SIZES = (Decimal(100_000), Decimal(400_000))
LISTING_SIZES = (Decimal(3_000), Decimal(60_000))
DEPOSIT_STEP_FEN = 1_000_000
HOURS_A_YEAR = 8_760
NANO = 1_000_000_000
MODELLED = (  # fields of a unit's year, then of the year
    *("generation_mwh", "supply_mwh", "heat_gj", "heat_ratio", "running_hours", "verified_t"),
    *("verified_2023", "approved_2023", "verified_2022", "opening", "offsets", "trades"),
    *("deposits_fen", "surrender", "intensity_factor"),
)


@dataclass(frozen=True, slots=True)
class Lot:
    """So many tonnes of one instrument."""

    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Opening:
    """Stock from earlier years; of a counterparty, what its own province allocated (fictional)."""

    holder: str
    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Offset:
    """Certified reductions cancelled in their own register, in tonnes; number and project are fictional."""

    uscc: str
    quantity: int
    cancellation_number: str
    project: str
    issued_on: date


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade between two holders (by code); quantity in tonnes, price in fen per tonne."""

    number: int
    day: date
    mode: Mode
    seller: str
    buyer: str
    instrument: str
    quantity: int
    price_fen: int

    @property
    def amount_fen(self) -> int:
        return self.quantity * self.price_fen


@dataclass(frozen=True, slots=True)
class Year:
    """A modelled compliance year, keyed by unified social credit code; tonnes and fen are whole numbers."""

    units_2023: Mapping[str, tuple[UnitYear, ...]]
    verified_2023: Mapping[str, int]
    approved_2023: Mapping[str, int]
    verified_2022: Mapping[str, int]
    opening: tuple[Opening, ...]
    offsets: tuple[Offset, ...]
    trades: tuple[Trade, ...]
    deposits_fen: Mapping[str, int]
    surrender: Mapping[str, tuple[Lot, ...]]
    intensity_factor: Decimal
    estimated_fields: tuple[str, ...] = MODELLED


def build(facts: ScenarioFacts) -> Year:
    """Turn facts into a year. Raises `Refused` if the rule pack is not there or refuses a unit."""
    with localcontext(Context(prec=28)):  # the caller's precision must not reach the figures
        return _build(facts, _or_raise(packs.load(facts.rule_pack)))


def _build(facts: ScenarioFacts, pack: packs.Pack) -> Year:
    factor = _solve(facts, pack)
    units = _units(facts, pack, factor)
    verified = {uscc: sum(unit.verified_t for unit in own) for uscc, own in units.items()}
    approved = {uscc: _or_raise(power.allocate(pack, own)).approved_t for uscc, own in units.items()}
    stock, offsets = _stock(facts, verified), _offsets(facts, verified)
    held = _totals([*approved.items(), *((s.holder, s.quantity) for s in stock)])
    due = _totals([*verified.items(), *((o.uscc, -o.quantity) for o in offsets)])
    trades = _price(facts, _dated(facts, _deals(facts, {uscc: held[uscc] - due[uscc] for uscc in verified})))
    return Year(
        units_2023=MappingProxyType(units),
        verified_2023=MappingProxyType(verified),
        approved_2023=MappingProxyType(approved),
        verified_2022=MappingProxyType(_last_year(facts, verified)),
        opening=(*stock, *_counterparty_stock(facts, trades)),
        offsets=offsets,
        trades=trades,
        deposits_fen=MappingProxyType(_deposits(trades)),
        surrender=MappingProxyType({uscc: _surrender(due[uscc], uscc, stock) for uscc in verified}),
        intensity_factor=factor,
    )


def _units(facts: ScenarioFacts, pack: packs.Pack, factor: Decimal) -> dict[str, tuple[UnitYear, ...]]:
    return {
        entity.uscc: tuple(_unit_year(facts, pack, unit, factor) for unit in facts.units_of(entity.uscc))
        for entity in facts.entities
    }


def _unit_year(facts: ScenarioFacts, pack: packs.Pack, unit: Unit, factor: Decimal) -> UnitYear:
    """One unit's year; `factor` scales the emissions of all units alike."""
    dials, profile, label = facts.parameters, facts.profiles[unit.profile], (unit.uscc, unit.unit)
    hours = profile.hours * _around(facts, dials.generation_spread, *label, "generation")
    generation = round_half_up(unit.capacity_mw * hours, 0)
    load = _load(facts, unit, generation)
    heat = round_half_up(generation * facts.between(profile.heat, *label, "heat"), 0)
    verified = _balanced(pack, unit, generation, heat) * _intensity(facts, unit) * factor
    return UnitYear(
        unit=unit.unit,
        year=facts.compliance_year,
        unit_class=unit.unit_class,
        capacity_mw=unit.capacity_mw,
        generation_mwh=generation,
        heat_gj=heat,
        running_hours=round_half_up(generation / (unit.capacity_mw * load), 1),
        verified_t=int(round_half_up(verified, 0)),
        supply_mwh=round_half_up(generation * (1 - profile.own_use), 0),
        heat_ratio=round_half_up(heat / (heat + generation * profile.heat_rate), 4),
        chp=heat > 0,
    )


def _balanced(pack: packs.Pack, unit: Unit, generation_mwh: Decimal, heat_gj: Decimal) -> Decimal:
    """Tonnes at the year's balance values 平衡值 of the class: tCO2 per MWh, tCO2 per GJ of heat."""
    electricity, heat = pack.table("balance_values.electricity"), pack.table("balance_values.heat")
    fuel = "gas" if unit.unit_class == "IV" else "coal"
    return generation_mwh * electricity.decimal(unit.unit_class) + heat_gj * heat.decimal(fuel)


def _intensity(facts: ScenarioFacts, unit: Unit) -> Decimal:
    """How far a unit is from the balance value: a draw of its plant times a smaller one of its own."""
    spread = facts.parameters.plant_spread
    plant = facts.between((1 - spread, 1 + spread), unit.uscc, "intensity")
    return plant * _around(facts, facts.parameters.unit_spread, unit.uscc, unit.unit, "intensity")


def _load(facts: ScenarioFacts, unit: Unit, generation: Decimal) -> Decimal:
    """F while running, raised where a busy unit would otherwise need more hours than the year has."""
    low, high = facts.parameters.load
    needed = generation / (unit.capacity_mw * HOURS_A_YEAR) * Decimal("1.02")
    return facts.between((max(low, needed), high), unit.uscc, unit.unit, "load")


def _last_year(facts: ScenarioFacts, verified: Mapping[str, int]) -> dict[str, int]:
    """Emissions of the year before, on which the pre-allocation rests: the year's own, times a draw."""
    share = {uscc: facts.between(facts.parameters.last_year, uscc, "last year") for uscc in verified}
    return {uscc: int(round_half_up(total * share[uscc], 0)) for uscc, total in verified.items()}


def _solve(facts: ScenarioFacts, pack: packs.Pack) -> Decimal:
    """The common intensity factor at which the province is short by the stated fraction (to about a tonne).

    Bisection over whole billionths: allocation hardly moves with emissions, so the shortage grows with them.
    """
    low, high = 9 * NANO // 10, 11 * NANO // 10
    while high - low > 1:
        middle = (low + high) // 2
        if _excess(facts, pack, Decimal(middle) / NANO) > 0:
            high = middle
        else:
            low = middle
    return Decimal(low) / NANO


def _excess(facts: ScenarioFacts, pack: packs.Pack, factor: Decimal) -> Decimal:
    """Tonnes by which the province is shorter than it should be."""
    units = _units(facts, pack, factor)
    verified = sum(unit.verified_t for own in units.values() for unit in own)
    approved = sum(_or_raise(power.allocate(pack, own)).approved_t for own in units.values())
    return verified - approved - facts.parameters.shortfall * verified


def _stock(facts: ScenarioFacts, verified: Mapping[str, int]) -> tuple[Opening, ...]:
    """Allowances of earlier years that some entities still hold; the newer the vintage, the more of it."""
    stock: list[Opening] = []
    for uscc, total in verified.items():
        if facts.draw(uscc, "holder") >= facts.parameters.holder_share:
            continue
        held = total * facts.between(facts.parameters.stock, uscc, "stock")
        first = int(facts.draw(uscc, "oldest vintage") * len(OLD_VINTAGES))
        kept = OLD_VINTAGES[first:]
        weights = sum(range(1, len(kept) + 1))
        for weight, vintage in enumerate(kept, 1):
            stock.append(Opening(uscc, vintage, max(10, _down(held * weight / weights, 10))))
    return tuple(stock)


def _counterparty_stock(facts: ScenarioFacts, trades: Iterable[Trade]) -> tuple[Opening, ...]:
    sold = _totals((trade.seller, trade.quantity) for trade in trades)
    return tuple(
        Opening(c.uscc, OWN_VINTAGE, _up(sold[c.uscc], 1_000)) for c in facts.counterparties if c.uscc in sold
    )


def _offsets(facts: ScenarioFacts, verified: Mapping[str, int]) -> tuple[Offset, ...]:
    """A few entities use a little certified reduction, each claim with its own cancellation number."""
    chosen = sorted(verified, key=lambda uscc: facts.draw(uscc, "offset"))[: facts.parameters.offset_count]
    offsets: list[Offset] = []
    for n, uscc in enumerate(sorted(chosen), 1):
        used = _down(verified[uscc] * facts.between(facts.parameters.offset, uscc, "used"), ROUND_LOT_T)
        project = _pick(facts, facts.projects, uscc, "project")
        number = f"虚构-CCER-{facts.dates.offset.year}-{n:04d}"
        offsets.append(Offset(uscc, max(ROUND_LOT_T, used), number, project.label, project.issued_on))
    return tuple(offsets)


def _surrender(due: int, uscc: str, stock: Iterable[Opening]) -> tuple[Lot, ...]:
    """Oldest vintages first, the year's own for the rest."""
    lots: list[Lot] = []
    for old in (s for s in stock if s.holder == uscc):
        lots.append(Lot(old.instrument, min(due, old.quantity)))
        due -= lots[-1].quantity
    return (*lots, Lot(OWN_VINTAGE, due))


# ---- trades ------------------------------------------------------------------------------------------------


def _deals(facts: ScenarioFacts, position: Mapping[str, int]) -> list[tuple[str, str, int]]:
    """(seller, buyer, tonnes). Short entities buy all they need; others sell part of their surplus.

    A sale goes to a short entity where one can take the whole lot, else to a fictional counterparty; what is
    still wanted then comes from fictional counterparties. Nobody is on both sides.
    """
    wanted = {uscc: _up(-tonnes, ROUND_LOT_T) for uscc, tonnes in position.items() if tonnes < 0}
    outside = {side: [c.uscc for c in facts.counterparties if c.side == side] for side in ("sell", "buy")}
    deals: list[tuple[str, str, int]] = []
    for seller, quantity in _sales(facts, position).items():
        for n, lot in enumerate(_lots(facts, quantity, seller)):
            fits = [buyer for buyer, want in wanted.items() if want >= lot]
            inside = fits and facts.draw(seller, n, "inside") < facts.parameters.inside_share
            buyer = _pick(facts, fits if inside else outside["buy"], seller, n, "buyer")
            if inside:
                wanted[buyer] -= lot
            deals.append((seller, buyer, lot))
    for buyer, quantity in wanted.items():
        for n, lot in enumerate(_lots(facts, quantity, buyer)):
            deals.append((_pick(facts, outside["sell"], buyer, n, "seller"), buyer, lot))
    return deals


def _sales(facts: ScenarioFacts, position: Mapping[str, int]) -> dict[str, int]:
    dials = facts.parameters
    return {
        uscc: _down(tonnes * facts.between(dials.sold, uscc, "sold"), ROUND_LOT_T)
        for uscc, tonnes in position.items()
        if tonnes > 0 and facts.draw(uscc, "seller") < dials.seller_share
    }


def _lots(facts: ScenarioFacts, quantity: int, who: str) -> list[int]:
    """Cut a need or an offer into trades: mostly blocks where it is large enough, listing trades below."""
    listing = _down(quantity * facts.between(facts.parameters.listing, who, "listing"), ROUND_LOT_T)
    if quantity < BLOCK_MIN_T:
        listing = quantity
    elif quantity - listing < BLOCK_MIN_T:
        listing = 0
    blocks = _cut(facts, quantity - listing, BLOCK_SIZES, BLOCK_LOT_T, who, "block")
    return blocks + _cut(facts, listing, LISTING_SIZES, ROUND_LOT_T, who, "listing")


def _cut(facts: ScenarioFacts, quantity: int, sizes: Span, step: int, *label: str) -> list[int]:
    """Pieces of a drawn size, none below the smallest size unless the whole is."""
    pieces: list[int] = []
    while quantity >= 2 * sizes[0]:
        drawn = _down(facts.between(sizes, *label, len(pieces)), step)
        pieces.append(min(drawn, quantity - int(sizes[0])))
        quantity -= pieces[-1]
    return [*pieces, quantity] if quantity else pieces


def _dated(facts: ScenarioFacts, deals: Sequence[tuple[str, str, int]]) -> list[Trade]:
    """Give each deal its day, most of them about the middle of the season, and number them in day order."""
    days = trading_days(facts)
    placed: list[tuple[date, Mode, str, str, int]] = []
    for n, (seller, buyer, lot) in enumerate(deals):
        middle = (facts.draw(n, "day") + facts.draw(n, "day, again")) / 2
        mode: Mode = "block" if lot >= BLOCK_MIN_T else "listing"
        placed.append((days[int(middle * len(days))], mode, seller, buyer, lot))
    return [
        Trade(number, day, mode, seller, buyer, OWN_VINTAGE, lot, 0)
        for number, (day, mode, seller, buyer, lot) in enumerate(sorted(placed), 1)
    ]


def trading_days(facts: ScenarioFacts) -> list[date]:
    """The exchange's days of the trading season, from the calendar of the rule pack's jurisdiction."""
    first, last, jurisdiction = (
        facts.dates.trading_first,
        facts.dates.trading_last,
        facts.rule_pack.split(".")[0],
    )
    days = _or_raise(calendars.trading_days(jurisdiction, first.year))
    return [day for day in days if first <= day <= last]


def _price(facts: ScenarioFacts, trades: Sequence[Trade]) -> tuple[Trade, ...]:
    """Draw prices about the month's average of the mode, then level them so that the average is met."""
    priced: dict[int, int] = {}
    groups: dict[tuple[str, Mode], list[Trade]] = {}
    for trade in trades:
        groups.setdefault((f"{trade.day:%Y-%m}", trade.mode), []).append(trade)
    for (month, mode), group in groups.items():
        average = facts.prices_fen[month, mode]
        spread = getattr(facts.parameters, f"{mode}_spread_fen")
        drawn = {t.number: average + int(spread * (2 * facts.draw(t.number, "price") - 1)) for t in group}
        priced |= _level(drawn, group, average)
    return tuple(replace(trade, price_fen=priced[trade.number]) for trade in trades)


def _level(drawn: Mapping[int, int], group: Sequence[Trade], average: int) -> dict[int, int]:
    """Shift prices until the volume-weighted average is `average`, or below it by a small part of a fen."""
    volume = sum(trade.quantity for trade in group)
    shift, rest = divmod(average * volume - sum(drawn[t.number] * t.quantity for t in group), volume)
    prices = {number: price + shift for number, price in drawn.items()}
    for trade in sorted(group, key=lambda t: (-t.quantity, t.number)):
        if trade.quantity <= rest:
            prices[trade.number] += 1
            rest -= trade.quantity
    return prices


def _deposits(trades: Iterable[Trade]) -> dict[str, int]:
    """Cash each buyer brings before the season: its purchases, up to the next 10,000 yuan; no fees."""
    bought = _totals((trade.buyer, trade.amount_fen) for trade in trades)
    return {buyer: _up(amount, DEPOSIT_STEP_FEN) for buyer, amount in sorted(bought.items())}


def _around(facts: ScenarioFacts, spread: Decimal, *label: object) -> Decimal:
    """About 1 ± spread, nearer 1 more often (the mean of two draws)."""
    return 1 + spread * (facts.draw(*label) + facts.draw(*label, "again") - 1)


def _pick(facts: ScenarioFacts, among: Sequence[_T], *label: object) -> _T:
    return among[int(facts.draw(*label) * len(among))]


def _totals(pairs: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for key, value in pairs:
        totals[key] = totals.get(key, 0) + value
    return totals


def _down(value: Decimal | int, step: int) -> int:
    return int(value) // step * step


def _up(value: int, step: int) -> int:
    return -(-value // step) * step


def _or_raise(answer: _T | Refusal) -> _T:
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer
