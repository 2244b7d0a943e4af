"""What a market's rule packs make of its facts: quotas, what is handed over, who acts in which order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tanshu.base.refusal import Refused, need
from tanshu.compliance import methods
from tanshu.registry.settled import SETTLEMENT
from tanshu.registry.types import TYPES
from tanshu.rules import allocation_terms, compliance_calendar, packs, registry_pack
from tanshu.rules.packs import Pack
from tanshu.scenario import checks
from tanshu.scenario.market import Market

TRADE, TRANSFER = SETTLEMENT, "free-transfer"


@dataclass(frozen=True, slots=True)
class Quotas:
    """By entity, in tonnes. cancelled: allocated, not needed and never traded, where the law ends that."""

    pre: Mapping[str, int]
    final: Mapping[str, int]
    surrendered: Mapping[str, int]
    cancelled: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Law:
    """The packs of one jurisdiction and year.

    instrument: the allowance's code. trade: the type by which allowances change hands, None without trades.
    """

    registry: Pack
    allocation: Pack
    operators: Pack | None
    instrument: str
    types: frozenset[str]
    trade: str | None

    def approvers(self, type: str, prefixes: Mapping[str, str]) -> list[str]:
        """The people of a type's chain, its maker first. prefixes: of their handles, by organisation."""
        used: Counter[str] = Counter()
        people: list[str] = []
        for step in registry_pack.chains(self.registry)[TYPES[type].chain].steps:
            role = f"{prefixes[step.by]}-{'maker' if step.act == 'make' else 'checker'}"
            used[role] += 1
            people.append(f"{role}-{used[role]}")
        return people


def read(jurisdiction: str, market: Market) -> Law:
    """Raises Refused RULE-xxxx (a pack is missing or malformed), SCN-3004 (trades, and no way to trade)."""
    registry = need(packs.load(f"{jurisdiction}.registry"))
    types = frozenset(registry_pack.enabled_types(registry))
    trade = next((one for one in (TRADE, TRANSFER) if one in types), None)
    if market.trades and trade is None:
        raise Refused(checks.CANNOT_TRADE(field="trades.csv", pack=registry.name))
    pack = need(packs.for_year(jurisdiction, market.year, allocation_terms.ALLOCATING))
    pack.must_be("output")
    return Law(
        registry,
        pack,
        need(methods.operators(pack)),
        need(compliance_calendar.instrument(jurisdiction, market.year)),
        types,
        trade if market.trades else None,
    )


def quotas(law: Law, market: Market) -> Quotas:
    """What every entity gets and hands over.

    Raises Refused RULE-xxxx (its lines, the packs), SCN-3005 (it sells what it has not got).
    """
    sold, bought = market.traded("seller"), market.traded("buyer")
    pre: dict[str, int] = {}
    final: dict[str, int] = {}
    surrendered: dict[str, int] = {}
    cancelled: dict[str, int] = {}
    for holder in market.holders:
        id, lines = holder.id, market.lines.get(holder.id, ())
        found = need(methods.of(law.allocation).allocate(law.allocation, lines, law.operators))
        final[id] = found.approved_t
        if "pre-allocation" in law.types:
            pre[id] = need(
                allocation_terms.pre_allocation(law.allocation, holder.last_verified_t, None, law.operators)
            )
        held = found.approved_t + bought.get(id, 0)
        if sold.get(id, 0) > held:
            raise Refused(checks.SOLD_TOO_MUCH(field="trades.csv", handle=id, sold=sold[id], held=held))
        surrendered[id] = min(found.obligation_t, held - sold.get(id, 0))
        if "surplus-cancellation" in law.types:
            net_sold = max(0, sold.get(id, 0) - bought.get(id, 0))
            cancelled[id] = max(0, found.approved_t - found.obligation_t - net_sold)
    return Quotas(pre, final, surrendered, cancelled)


def positive(quantities: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    """The entities with something to do, in their order."""
    return [(id, quantity) for id, quantity in quantities.items() if quantity > 0]
