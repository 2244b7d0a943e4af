"""The modelled year of a scenario: pure, seeded, the same on every machine.

`build` draws each unit's year around stated values, solves one common intensity so that the province ends
short by the stated fraction under the real allocation formulas, and plans the stock, offsets, trades and
surrenders that let every entity comply exactly. Integers and `Decimal` only; every draw is a SHA-256 of
(scenario, seed, labels). Nothing here describes a real company: see `Year.estimated_fields`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Context, Decimal, localcontext
from types import MappingProxyType
from typing import TypeVar

from tanshu.base.quantity import round_half_up
from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import packs, power
from tanshu.rules.activity import UnitYear
from tanshu.scenario import deals
from tanshu.scenario.deals import OWN_VINTAGE, ROUND_LOT_T, Auction, Trade, down, totals, up
from tanshu.scenario.facts import ScenarioFacts, Unit

_T = TypeVar("_T")

OLD_VINTAGES = ("CEA19-20", "CEA21", "CEA22")
HOURS_A_YEAR = 8_760
NANO = 1_000_000_000
MODELLED = (  # fields of a unit's year, then of the year
    *("generation_mwh", "supply_mwh", "heat_gj", "heat_ratio", "running_hours", "verified_t"),
    *("verified_2023", "approved_2023", "verified_2022", "opening", "offsets", "trades"),
    *("auction", "orders", "deposits_fen", "surrender", "intensity_factor"),
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
class Year:
    """A modelled compliance year, keyed by unified social credit code; tonnes and fen are whole numbers."""

    units_2023: Mapping[str, tuple[UnitYear, ...]]
    verified_2023: Mapping[str, int]
    approved_2023: Mapping[str, int]
    verified_2022: Mapping[str, int]
    opening: tuple[Opening, ...]
    offsets: tuple[Offset, ...]
    trades: tuple[Trade, ...]
    auction: Auction | None
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
    held = totals([*approved.items(), *((s.holder, s.quantity) for s in stock)])
    due = totals([*verified.items(), *((o.uscc, -o.quantity) for o in offsets)])
    found = deals.deals(facts, {uscc: held[uscc] - due[uscc] for uscc in verified})
    trades = deals.priced(facts, deals.dated(facts, found))
    auction = deals.auction(facts, trades)
    return Year(
        units_2023=MappingProxyType(units),
        verified_2023=MappingProxyType(verified),
        approved_2023=MappingProxyType(approved),
        verified_2022=MappingProxyType(_last_year(facts, verified)),
        opening=(*stock, *_counterparty_stock(facts, trades)),
        offsets=offsets,
        trades=trades,
        auction=auction,
        deposits_fen=MappingProxyType(deals.deposits(trades, auction)),
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
            stock.append(Opening(uscc, vintage, max(10, down(held * weight / weights, 10))))
    return tuple(stock)


def _counterparty_stock(facts: ScenarioFacts, trades: Iterable[Trade]) -> tuple[Opening, ...]:
    sold = totals((trade.seller, trade.quantity) for trade in trades)
    return tuple(
        Opening(c.uscc, OWN_VINTAGE, up(sold[c.uscc], 1_000)) for c in facts.counterparties if c.uscc in sold
    )


def _offsets(facts: ScenarioFacts, verified: Mapping[str, int]) -> tuple[Offset, ...]:
    """A few entities use a little certified reduction, each claim with its own cancellation number."""
    chosen = sorted(verified, key=lambda uscc: facts.draw(uscc, "offset"))[: facts.parameters.offset_count]
    offsets: list[Offset] = []
    for n, uscc in enumerate(sorted(chosen), 1):
        used = down(verified[uscc] * facts.between(facts.parameters.offset, uscc, "used"), ROUND_LOT_T)
        project = facts.pick(facts.projects, uscc, "project")
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


def _around(facts: ScenarioFacts, spread: Decimal, *label: object) -> Decimal:
    """About 1 ± spread, nearer 1 more often (the mean of two draws)."""
    return 1 + spread * (facts.draw(*label) + facts.draw(*label, "again") - 1)


def _or_raise(answer: _T | Refusal) -> _T:
    if isinstance(answer, Refusal):
        raise Refused(answer)
    return answer
