"""A market's rules, read from its pack and its operator's figures: typed, exact, with the marks they carry.

    cn.cea            the published rule; what is not published is declared unknown there
    cn.cea.figures    the operator's own figures, found in a folder of TANSHU_PACKS or of a scenario

A figure that neither gives has no default: asking for it is refused by its key (RULE-1602). Prices are fen
per tonne, amounts fen, quantities tonnes, fees parts per million.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import calendars, checks, packs
from tanshu.rules.answers import answering
from tanshu.rules.market_model import (
    AuctionTerms,
    Band,
    Composite,
    Family,
    Fees,
    HoldingLimit,
    ModeRules,
    Session,
    edges,
)
from tanshu.rules.market_schema import HOLDERS, MODES
from tanshu.rules.pack_model import Pack, Table

_FEE_KEYS: Final = (
    "buyer_trading_ppm",
    "buyer_settlement_ppm",
    "seller_trading_ppm",
    "seller_settlement_ppm",
)


@dataclass(frozen=True, slots=True, eq=False)
class MarketRules:
    """The rules of one market. `pack` is its law, `figures` what its operator added, if anything.

    close_method: average or last. on_freeze: settlement_first. lifting_people: how many people lift a
    suspension. calendar: the jurisdiction whose calendar says which days are trading days.
    """

    pack: Pack
    figures: Pack | None
    name: Text
    currency: str
    calendar: str
    families: tuple[Family, ...]
    modes: Mapping[str, ModeRules]
    self_trade: str
    cancel_in_breaks: bool
    close_method: str
    on_freeze: str
    lifting_people: int
    keep_years: int
    composites: tuple[Composite, ...]
    auctions: AuctionTerms | None
    paid_share: Mapping[int, Decimal]

    @property
    def watermarks(self) -> tuple[Text, ...]:
        """What every output must show: drafts and examples say so, the operator's figures for themselves."""
        marks = (pack.watermark for pack in self._packs())
        return tuple(mark for mark in marks if mark is not None)

    @property
    def notes(self) -> tuple[Text, ...]:
        """One note for each recalled or assumed table."""
        return tuple(note for pack in self._packs() for note in pack.notes)

    def mode(self, mode: str) -> ModeRules:
        """One mode's rules. Raises Refused RULE-1606 where the market has no such mode."""
        found = self.modes.get(mode)
        if found is None:
            known = ", ".join(self.modes)
            raise Refused(checks.MODE_NOT_TRADED(field="mode", pack=self.pack.name, mode=mode, known=known))
        return found

    def band(self, mode: str, previous_close_fen: int) -> tuple[int, int]:
        """The lowest and the highest price of the day, fen, both allowed; (0, 0) where the mode has no band.

        previous_close_fen: the close of the day before, for a new product its first reference price. Raises
        Refused RULE-1601 where it is not above zero, RULE-1607 where no tick lies within the band.
        """
        rules = self.mode(mode)
        if rules.band is None:
            return 0, 0
        if previous_close_fen <= 0:
            raise Refused(self._no_reference("—"))
        low, high = edges(rules.band, rules.tick_fen, previous_close_fen)
        if low > high:
            raise Refused(
                checks.BAND_EMPTY(
                    field=f"bands.{mode}", pack=self.pack.name, price=previous_close_fen, tick=rules.tick_fen
                )
            )
        return low, high

    def fees(self, mode: str) -> Fees:
        """The fees of a mode. Raises Refused RULE-1602 for the first that nobody has given."""
        self.mode(mode)
        return Fees(*(self._figure(f"fees.{mode}", key) for key in _FEE_KEYS))

    def holding_limit(self, kind: str, own_allocation_t: int = 0) -> HoldingLimit | None:
        """What a subject of a kind may hold; None for kinds that hold nothing, and where nobody is limited.

        own_allocation_t: its allocation of the year, which counts on top where the pack says so. Raises
        Refused RULE-1602 where the limit is not given.
        """
        limited = any(name.startswith("limits.") for pack in self._packs() for name in pack.tables)
        if kind not in HOLDERS or not limited:
            return None
        table = f"limits.{kind}"
        own = own_allocation_t if self._figure(table, "own_allocation") else 0
        return HoldingLimit(own + self._figure(table, "holding_t"), own + self._figure(table, "report_t"))

    def trades(self, instrument: str) -> bool:
        """Whether a product, by its code, is of this market."""
        return any(family.has(instrument) for family in self.families)

    def first_reference(self, instrument: str, day: date) -> int:
        """The reference price with which a product begins to trade here, fen.

        The operator's is taken before the rule's where it begins later: a market that was traded elsewhere
        before goes on from its last close. Raises Refused RULE-1608 for a product of another market,
        RULE-1601 where no price is configured for this day or an earlier one.
        """
        if not self.trades(instrument):
            known = ", ".join(family.code for family in self.families)
            raise Refused(
                checks.NOT_OF_THIS_MARKET(
                    field="instrument", pack=self.pack.name, instrument=instrument, known=known
                )
            )
        found = [pack.tables.get(f"references.{instrument}") for pack in self._packs()]
        begun = [table for table in found if table is not None and table["first_day"] <= day]
        if not begun:
            raise Refused(self._no_reference(instrument))
        return max(begun, key=lambda table: table["first_day"])["price_fen"]

    def composite(self, day: date) -> Mapping[str, Decimal] | None:
        """Weights of the composite price on a day; None before there was one.

        Raises Refused RULE-1602 where there was one and its weights are not given.
        """
        begun = [one for one in self.composites if one.since <= day]
        if not begun:
            return None
        last = max(begun, key=lambda one: one.since)
        if last.weights is None:
            raise Refused(self._not_given(f"composite.{last.key}", "weights"))
        return last.weights

    def check_day(self, day: date) -> None:
        """Raises Refused where the market does not trade on this day: RULE-1604 (the pack is not in force),
        RULE-1605 (no trading day), RULE-3001 (its calendar is not loaded).
        """
        pack = self.pack
        if day < pack.effective_from or (pack.effective_to is not None and day > pack.effective_to):
            since, until = pack.effective_from, pack.effective_to or "…"
            raise Refused(
                checks.MARKET_NOT_IN_FORCE(field="day", pack=pack.name, day=day, since=since, until=until)
            )
        trading = calendars.is_trading_day(self.calendar, day)
        if isinstance(trading, Refusal):
            raise Refused(trading)
        if not trading:
            raise Refused(checks.NOT_A_TRADING_DAY(field="day", calendar=self.calendar, day=day))

    def _packs(self) -> tuple[Pack, ...]:
        return (self.pack,) if self.figures is None else (self.pack, self.figures)

    def _figure(self, table: str, key: str) -> Any:
        for pack in self._packs():
            found = pack.tables.get(table)
            if found is not None and key in found.values:
                return found.values[key]
        raise Refused(self._not_given(table, key))

    def _not_given(self, table: str, key: str) -> Refusal:
        return checks.FIGURE_NEEDED(
            field=f"{table}.{key}", pack=self.pack.name, table=table, key=key, figures=figures_name(self.pack)
        )

    def _no_reference(self, instrument: str) -> Refusal:
        return checks.FIRST_REFERENCE_NEEDED(
            field=f"references.{instrument}",
            pack=self.pack.name,
            instrument=instrument,
            figures=figures_name(self.pack),
        )


@answering
def market_rules(name: str, *, allow_draft: bool = False) -> MarketRules:
    """The rules of a market by the name of its pack, with its operator's figures where there are any.

    Refuses as `packs.load` does (RULE-1001, 1002, 11xx), with RULE-1203 for a pack of another kind, and with
    RULE-1603 where the operator's figures state what the market's pack settles.
    """
    pack = _loaded(name, allow_draft).must_be("market")
    figures = packs.load(figures_name(pack), allow_draft=allow_draft)
    if isinstance(figures, Refusal):
        if figures.kind is not checks.PACK_UNKNOWN:
            raise Refused(figures)
        return read_rules(pack, None)
    return read_rules(pack, figures.must_be("market_figures"))


def figures_name(pack: Pack) -> str:
    """The pack in which a market's operator writes the figures that its rule leaves open."""
    return f"{pack.name}.figures"


def read_rules(pack: Pack, figures: Pack | None) -> MarketRules:
    """The rules that a pack and an operator's figures make together. Raises Refused RULE-1603."""
    if figures is not None:
        _refuse_what_is_settled(pack, figures)
    orders, suspension = pack.table("orders"), pack.table("suspension")
    market = pack.table("market")
    return MarketRules(
        pack=pack,
        figures=figures,
        name=market["name"],
        currency=market["currency"],
        calendar=market["calendar"],
        families=tuple(
            Family(code, table["name"], table["vintages"]) for code, table in pack.group("families").items()
        ),
        modes={mode: _mode(pack, figures, mode) for mode in MODES if f"modes.{mode}" in pack.tables},
        self_trade=orders["self_trade"],
        cancel_in_breaks=orders["cancel_in_breaks"],
        close_method=pack.table("close")["method"],
        on_freeze=pack.table("freezes")["mid_day"],
        lifting_people=suspension["lifting_people"],
        keep_years=pack.table("records")["keep_years"],
        composites=_composites(pack, figures),
        auctions=_auctions(pack.tables.get("auctions")),
        paid_share={int(year): table["share"] for year, table in pack.group("paid_share").items()},
    )


def _loaded(name: str, allow_draft: bool) -> Pack:
    found = packs.load(name, allow_draft=allow_draft)
    if isinstance(found, Refusal):
        raise Refused(found)
    return found


def _refuse_what_is_settled(pack: Pack, figures: Pack) -> None:
    """An operator adds to the rule and does not change it; another rule is another pack."""
    for name, table in figures.tables.items():
        settled = pack.tables.get(name)
        if settled is None or name.startswith("references."):
            continue
        for key, value in table.values.items():
            if key in settled.values and (key != "in_force_from" or settled.values[key] != value):
                raise Refused(
                    checks.FIGURE_SETTLED(
                        field=f"{name}.{key}", pack=pack.name, table=name, key=key, figures=figures.name
                    )
                )


def _mode(pack: Pack, figures: Pack | None, mode: str) -> ModeRules:
    table = pack.table(f"modes.{mode}")
    below = table.values.get("quantity_below_t")
    return ModeRules(
        mode=mode,
        name=MODES[mode],
        tick_fen=table["tick_fen"],
        lot_t=table["lot_t"],
        quantity_min_t=table.values.get("quantity_min_t", 0),
        quantity_max_t=0 if below is None else below - 1,
        settle_days=table["settle_days"],
        in_close=table["in_close"],
        levels=table.values.get("levels", 0),
        choose_maker=table.values.get("choose_maker", "no"),
        poster_confirms=mode == "block" and _optional(pack, "negotiation", "poster_confirms", False),
        amount_max_fen=_safety(pack, figures, mode),
        band=_band(pack, mode),
        session=_session(pack.table(f"sessions.{mode}")),
    )


def _safety(pack: Pack, figures: Pack | None, mode: str) -> int:
    here: int = _optional(pack, f"safety.{mode}", "amount_max_fen", 0)
    return here or (_optional(figures, f"safety.{mode}", "amount_max_fen", 0) if figures else 0)


def _optional(pack: Pack, table: str, key: str, otherwise: Any) -> Any:
    found = pack.tables.get(table)
    return otherwise if found is None else found[key]


def _band(pack: Pack, mode: str) -> Band | None:
    table = pack.tables.get(f"bands.{mode}")
    if table is None:
        return None
    return Band(table["down"], table["up"], table["base"], pack.table("band_rounding")["edges"])


def _session(table: Table) -> Session:
    return Session(table["open"], table.values.get("pre_open"), table.values.get("closing"))


def _composites(pack: Pack, figures: Pack | None) -> tuple[Composite, ...]:
    """By the day on which they begin. An operator's weights stand in for unknown ones."""
    found = {key: _composite(key, table) for key, table in pack.group("composite").items()}
    if figures is not None:
        found.update((key, _composite(key, table)) for key, table in figures.group("composite").items())
    return tuple(sorted(found.values(), key=lambda one: one.since))


def _composite(key: str, table: Table) -> Composite:
    return Composite(key, table["in_force_from"], table.values.get("weights"))


def _auctions(table: Table | None) -> AuctionTerms | None:
    if table is None:
        return None
    return AuctionTerms(
        table["pricing"],
        table["ties"],
        table["sealed"],
        table["deposit_share"],
        table.values.get("cap_share"),
    )
