"""How a market's trades are settled, read from its clearing pack and the operator's figures.

    cn.clearing            the published rule; what it leaves open is declared unknown there
    cn.clearing.figures    the operator's own figures, found in a folder of TANSHU_PACKS or of a scenario

A market's pack says by its first name which clearing pack is meant: cn.cea is settled as cn.clearing says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import checks, packs
from tanshu.rules.answers import answering
from tanshu.rules.market_model import Family
from tanshu.rules.pack_model import Pack


@dataclass(frozen=True, slots=True)
class InterestTerms:
    """rate_ppm: parts per million a year of year_days days; paid: monthly or quarterly."""

    rate_ppm: int
    year_days: int
    paid: str


@dataclass(frozen=True, slots=True, eq=False)
class ClearingRules:
    """The rules of clearing. `pack` is the law, `figures` what the operator added, if anything.

    calendar: the jurisdiction whose calendar says when banks move money. modes: what is settled here. model,
    and models by family of products: gross, net_cash or net. delivery_days: T+n. block_trades: of one entry.
    trading_to, settlement_to: exchange or registry. shortfall_order: what covers a shortfall, in this order.
    """

    pack: Pack
    figures: Pack | None
    name: Text
    currency: str
    calendar: str
    modes: tuple[str, ...]
    model: str
    models: Mapping[str, str]
    partial: bool
    delivery_days: int
    block_trades: int
    trading_to: str
    settlement_to: str
    review_levels: int
    shortfall_order: tuple[str, ...]
    objections_until: str
    silence: str

    @property
    def watermarks(self) -> tuple[Text, ...]:
        """What every output must show: drafts and examples say so, the operator's figures for themselves."""
        marks = (pack.watermark for pack in self._packs())
        return tuple(mark for mark in marks if mark is not None)

    @property
    def notes(self) -> tuple[Text, ...]:
        """One note for each recalled or assumed table."""
        return tuple(note for pack in self._packs() for note in pack.notes)

    def model_of(self, instrument: str) -> str:
        """How a product is settled, by its code: as its family is where the pack names it."""
        for family, model in self.models.items():
            if instrument == family or Family(family, self.name, vintages=True).has(instrument):
                return model
        return self.model

    def cure_minutes(self) -> int | None:
        """From the notice of a shortfall until the house covers it; None where nobody has given it."""
        return self._given("shortfall", "cure_minutes")

    def reserve_share_ppm(self) -> int | None:
        """The part of the settlement fees that goes into the risk reserve; None where nobody has given it."""
        return self._given("reserve", "fee_share_ppm")

    def interest(self) -> InterestTerms:
        """What the house pays on money kept. Raises Refused RULE-1702 for the first figure not given."""
        return InterestTerms(*(self._needed("interest", key) for key in ("rate_ppm", "year_days", "paid")))

    def check_day(self, day: date) -> None:
        """Raises Refused RULE-1604 where these rules are not in force on this day."""
        since, until = self.pack.effective_from, self.pack.effective_to
        if day < since or (until is not None and day > until):
            raise Refused(
                checks.MARKET_NOT_IN_FORCE(
                    field="day", pack=self.pack.name, day=day, since=since, until=until or "…"
                )
            )

    def _packs(self) -> tuple[Pack, ...]:
        return (self.pack,) if self.figures is None else (self.pack, self.figures)

    def _given(self, table: str, key: str) -> Any:
        for pack in self._packs():
            found = pack.tables.get(table)
            if found is not None and key in found.values:
                return found.values[key]
        return None

    def _needed(self, table: str, key: str) -> Any:
        found = self._given(table, key)
        if found is None:
            raise Refused(
                checks.CLEARING_FIGURE_NEEDED(
                    field=f"{table}.{key}",
                    pack=self.pack.name,
                    table=table,
                    key=key,
                    figures=figures_name(self.pack),
                )
            )
        return found


@answering
def clearing_rules(name: str, *, allow_draft: bool = False) -> ClearingRules:
    """The rules of clearing by the name of their pack, with the operator's figures where there are any.

    Refuses as `packs.load` does (RULE-1001, 1002, 11xx), with RULE-1203 for a pack of another kind, and with
    RULE-1703 where the operator's figures state what the pack settles.
    """
    pack = _loaded(name, allow_draft).must_be("clearing")
    figures = packs.load(figures_name(pack), allow_draft=allow_draft)
    if isinstance(figures, Refusal):
        if figures.kind is not checks.PACK_UNKNOWN:
            raise Refused(figures)
        return read_rules(pack, None)
    return read_rules(pack, figures.must_be("clearing_figures"))


def pack_for(market_pack: str) -> str | Refusal:
    """The clearing pack of a market, by the name of its market pack: cn.clearing for cn.cea.

    Refuses with RULE-1701 where there is none.
    """
    name = f"{market_pack.split('.', 1)[0]}.clearing"
    found = packs.load(name, allow_draft=True)
    if isinstance(found, Refusal) and found.kind is checks.PACK_UNKNOWN:
        return checks.NO_CLEARING_PACK(field="pack", market=market_pack, pack=name)
    return name


def figures_name(pack: Pack) -> str:
    """The pack in which the operator writes the figures that the rule leaves open."""
    return f"{pack.name}.figures"


def read_rules(pack: Pack, figures: Pack | None) -> ClearingRules:
    """The rules that a pack and an operator's figures make together. Raises Refused RULE-1703."""
    if figures is not None:
        _refuse_what_is_settled(pack, figures)
    house, settlement, fees = pack.table("house"), pack.table("settlement"), pack.table("fees")
    objections = pack.table("objections")
    return ClearingRules(
        pack=pack,
        figures=figures,
        name=house["name"],
        currency=house["currency"],
        calendar=house["calendar"],
        modes=house["modes"],
        model=settlement["model"],
        models={family: table["model"] for family, table in pack.group("instruments").items()},
        partial=settlement["partial"],
        delivery_days=settlement["delivery_days"],
        block_trades=settlement["block_trades"],
        trading_to=fees["trading_to"],
        settlement_to=fees["settlement_to"],
        review_levels=pack.table("reviews")["levels"],
        shortfall_order=pack.table("shortfall")["order"],
        objections_until=objections["until"],
        silence=objections["silence"],
    )


def _refuse_what_is_settled(pack: Pack, figures: Pack) -> None:
    """An operator adds to the rule and does not change it; another rule is another pack."""
    for name, table in figures.tables.items():
        for key in table.values:
            if key in pack.table(name).values:
                raise Refused(
                    checks.CLEARING_FIGURE_SETTLED(
                        field=f"{name}.{key}", pack=pack.name, table=name, key=key, figures=figures.name
                    )
                )


def _loaded(name: str, allow_draft: bool) -> Pack:
    pack = packs.load(name, allow_draft=allow_draft)
    if isinstance(pack, Refusal):
        raise Refused(pack)
    return pack
