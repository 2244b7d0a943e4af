"""Market packs: bands at the tick, required figures, first references, days, composites; marks that show."""

from __future__ import annotations

import csv
from datetime import date, time
from decimal import Decimal, localcontext
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import Refused
from tanshu.rules import calendars, packs
from tanshu.rules.market_model import Band, Family, Fees, HoldingLimit, edges
from tanshu.rules.market_pack import MarketRules, market_rules
from tests.rules.cases import PACKAGED, code, good, pack

DEMO = Path(__file__).parents[2] / "scenarios/hubei-power-2023/packs"
MARKETS = ("cn.cea", "hb.hbea", "auction.primary", "sim.clob")
FIGURES_HEAD = """
[pack]
name = "cn.cea.figures"
title = {{ zh = "数值", en = "figures" }}
jurisdiction = "cn"
schema = "market_figures"
status = "{status}"
effective_from = 2021-07-16
effective_to = "open"

[sources.us]
document = "交易机构通知"
number = ""
date = 2024-01-02
"""
MARK = 'source = "us"\nevidence = "confirmed"\n'


def figures(folder: Path, tables: str, status: str = "final") -> None:
    """An operator's figures for cn.cea in this folder: `[table]` lines, provenance added."""
    text = FIGURES_HEAD.format(status=status)
    for table in tables.split("\n\n"):
        text += f"\n{table.strip()}\n{MARK}"
    path = folder / "cn" / "cea.figures.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    return tmp_path


def market(name: str) -> MarketRules:
    return good(market_rules(name))


def refused(ask, *arguments: object) -> str:
    """The code of the refusal that asking raises, and the field it is about."""
    with pytest.raises(Refused) as no:
        ask(*arguments)
    return f"{code(no.value.refusal)} {no.value.refusal.field}"


# --- the packs that come with the program ----------------------------------------------------------------


@pytest.mark.parametrize("name", MARKETS)
def test_every_market_pack_loads_and_its_marks_show(name: str) -> None:
    rules, loaded = market(name), pack(name)
    assert rules.pack is loaded and loaded.schema == "market"
    unsure = [table for table in loaded.tables.values() if table.evidence != "confirmed"]
    assert len(rules.notes) == len(unsure)
    assert bool(rules.watermarks) is (loaded.status == "example")
    assert packs.show(name) == loaded.as_json()


def test_only_the_national_rule_is_no_example() -> None:
    assert {name: pack(name).status for name in MARKETS} == {
        "cn.cea": "final",
        "hb.hbea": "example",
        "auction.primary": "example",
        "sim.clob": "example",
    }
    notes = "".join(note.zh for note in market("hb.hbea").notes)
    assert "单向逐笔配对" in notes


def test_the_national_market_as_its_notice_says() -> None:
    rules = market("cn.cea")
    listing, block, auction = rules.mode("listing"), rules.mode("block"), rules.mode("auction")
    assert list(rules.modes) == ["listing", "block", "auction"]
    assert (listing.quantity_min_t, listing.quantity_max_t) == (0, 99_999)
    assert (block.quantity_min_t, block.quantity_max_t) == (100_000, 0)
    assert (auction.quantity_min_t, auction.quantity_max_t, auction.band) == (0, 0, None)
    assert [mode.tick_fen for mode in rules.modes.values()] == [1, 1, 1]
    assert [mode.lot_t for mode in rules.modes.values()] == [1, 1, 1]
    assert [mode.settle_days for mode in rules.modes.values()] == [1, 1, 1]
    assert (listing.levels, listing.choose_maker) == (5, "best_price")
    assert [mode.in_close for mode in rules.modes.values()] == [True, False, False]
    morning, afternoon = (time(9, 30), time(11, 30)), (time(13), time(15))
    assert listing.session.open == (morning, afternoon) and block.session.open == (afternoon,)
    assert (rules.close_method, rules.on_freeze, rules.lifting_people) == ("average", "settlement_first", 2)
    assert (rules.calendar, rules.currency, rules.keep_years) == ("cn", "CNY", 20)


def test_the_other_markets() -> None:
    hubei, sim, primary = market("hb.hbea"), market("sim.clob"), market("auction.primary")
    assert set(hubei.modes) == {"order_book", "block"} and hubei.mode("order_book").in_close
    assert hubei.first_reference("HBEA", date(2024, 3, 1)) == 2_000
    assert sim.mode("order_book").session.pre_open == (time(9, 15), time(9, 30))
    assert sim.mode("order_book").session.closing == (time(14, 57), time(15))
    assert sim.mode("order_book").amount_max_fen == 5_000_000_000
    assert sim.fees("order_book") == Fees(200, 100, 200, 100)
    assert sim.holding_limit("individual", 7) == HoldingLimit(100_000, 50_000)
    assert primary.holding_limit("enterprise") is None, "nobody is limited there"
    assert primary.auctions is not None and primary.auctions.pricing == "uniform"
    shares = [primary.paid_share[year] for year in sorted(primary.paid_share)]
    assert shares == sorted(set(shares)) and len(shares) == 4, "the share grows"


# --- bands -----------------------------------------------------------------------------------------------

BANDS = [
    # close, down, up, tick, edges, low, high: fen
    (9_749, "0.10", "0.10", 1, "half_up", 8_774, 10_724),  # 87.741 and 107.239
    (9_749, "0.10", "0.10", 1, "inward", 8_775, 10_723),
    (9_749, "0.30", "0.30", 1, "half_up", 6_824, 12_674),  # 68.243 and 126.737
    (4_800, "0.10", "0.10", 1, "half_up", 4_320, 5_280),  # the first day: exact edges
    (4_800, "0.10", "0.10", 1, "inward", 4_320, 5_280),
    (2_005, "0.10", "0.10", 1, "half_up", 1_805, 2_206),  # 18.045 and 22.055: both halves go up
    (2_005, "0.10", "0.10", 1, "inward", 1_805, 2_205),
    (2_000, "0.01", "0.10", 1, "half_up", 1_980, 2_200),  # asymmetric: down one per cent only
    (2_000, "0.10", "0", 1, "half_up", 1_800, 2_000),
    (1, "0.10", "0.10", 1, "half_up", 1, 1),  # one cent: the band is one price
    (1, "0.30", "0.50", 1, "half_up", 1, 2),  # 0.015 yuan goes up
    (1, "0.90", "0.30", 1, "half_up", 1, 1),  # never below one tick
    (4, "0.10", "0.10", 1, "half_up", 4, 4),
    (5, "0.10", "0.10", 1, "half_up", 5, 6),  # 0.045 and 0.055
    (9_749, "0.10", "0.10", 5, "half_up", 8_775, 10_725),  # to the nearest five fen
    (9_749, "0.10", "0.10", 5, "inward", 8_775, 10_720),
    (9_750, "0.10", "0.10", 10, "half_up", 8_780, 10_730),  # 877.5 and 1072.5 ticks go up
    (1 << 39, "0.10", "0.10", 1, "half_up", 494_780_232_499, 604_731_395_277),
]


@pytest.mark.parametrize(("close", "down", "up", "tick", "rule", "low", "high"), BANDS)
def test_a_band_at_the_tick(
    close: int, down: str, up: str, tick: int, rule: str, low: int, high: int
) -> None:
    assert edges(Band(Decimal(down), Decimal(up), "listing", rule), tick, close) == (low, high)


@given(
    close=st.integers(1, 1 << 40),
    down=st.decimals(0, "0.99", places=6),
    up=st.decimals(0, 1, places=6),
    tick=st.sampled_from([1, 5, 10, 100]),
)
def test_the_edges_of_any_band_are_ticks_and_as_near_as_the_rule_says(
    close: int, down: Decimal, up: Decimal, tick: int
) -> None:
    foot, head = close * (1 - Fraction(down)), close * (1 + Fraction(up))
    with localcontext() as context:
        context.prec = 3  # whoever set the thread's precision decides nothing
        low, high = edges(Band(down, up, "listing", "half_up"), tick, close)
        inner_low, inner_high = edges(Band(down, up, "listing", "inward"), tick, close)
    assert low % tick == high % tick == inner_low % tick == inner_high % tick == 0
    assert low == tick or -tick < 2 * (foot - low) < tick or 2 * (low - foot) == tick
    assert -tick <= 2 * (head - high) < tick
    assert foot <= inner_low and inner_high <= head
    assert low <= inner_low and inner_high <= high


def test_a_band_is_asked_of_a_mode_and_a_close() -> None:
    rules = market("cn.cea")
    assert rules.band("listing", 9_749) == (8_774, 10_724)
    assert rules.band("block", 9_749) == (6_824, 12_674)
    assert rules.band("auction", 9_749) == (0, 0), "an auction has no band"
    assert refused(rules.band, "order_book", 9_749) == "RULE-1606 mode"
    assert refused(rules.band, "listing", 0).startswith("RULE-1601")


def test_a_band_without_a_tick_in_it_is_refused(extra: Path) -> None:
    text = (PACKAGED / "cn/cea.toml").read_text(encoding="utf-8")
    (extra / "cn").mkdir()
    (extra / "cn/cea.toml").write_text(text.replace("tick_fen = 1\n", "tick_fen = 100\n"), encoding="utf-8")
    rules = market("cn.cea")
    assert rules.band("listing", 100) == (100, 100)
    assert refused(rules.band, "listing", 40) == "RULE-1607 bands.listing"


# --- figures that the rule leaves open -------------------------------------------------------------------


@pytest.mark.parametrize("name", ["cn.cea", "hb.hbea"])
def test_an_unknown_fee_is_refused_by_its_key(name: str) -> None:
    rules = market(name)
    for mode in rules.modes:
        assert refused(rules.fees, mode) == f"RULE-1602 fees.{mode}.buyer_trading_ppm"
    with pytest.raises(Refused) as no:
        rules.fees("block")
    assert f"{name}.figures" in no.value.refusal.sentence("zh")
    assert "buyer_trading_ppm" in no.value.refusal.sentence("en")


def test_the_first_fee_that_is_missing_is_named(extra: Path) -> None:
    figures(extra, "[fees.listing]\nbuyer_trading_ppm = 300\nseller_trading_ppm = 300")
    assert refused(market("cn.cea").fees, "listing") == "RULE-1602 fees.listing.buyer_settlement_ppm"


def test_an_operators_figures_are_used_and_a_final_pack_needs_no_watermark(extra: Path) -> None:
    figures(
        extra,
        "[fees.listing]\nbuyer_trading_ppm = 1\nbuyer_settlement_ppm = 2\nseller_trading_ppm = 3\n"
        "seller_settlement_ppm = 4\n\n[safety.block]\namount_max_fen = 5\n\n"
        "[limits.institution]\nown_allocation = false\nholding_t = 10\nreport_t = 6\n\n"
        "[limits.individual]\nown_allocation = true\nholding_t = 10\nreport_t = 6",
    )
    rules = market("cn.cea")
    assert rules.fees("listing") == Fees(1, 2, 3, 4) and rules.watermarks == ()
    assert (rules.mode("block").amount_max_fen, rules.mode("listing").amount_max_fen) == (5, 0)
    assert rules.holding_limit("institution", 100) == HoldingLimit(10, 6)
    assert rules.holding_limit("individual", 100) == HoldingLimit(110, 106)
    assert refused(rules.holding_limit, "enterprise") == "RULE-1602 limits.enterprise.own_allocation"
    assert rules.holding_limit("authority") is None, "an authority that auctions is no holder"


def test_the_figures_of_the_demonstration_carry_their_mark() -> None:
    with packs.searching(DEMO):
        rules = market("cn.cea")
    assert len(rules.watermarks) == 1 and "示例" in rules.watermarks[0].zh
    assert any("[fees.listing]" in note.en for note in rules.notes)
    assert {mode: rules.fees(mode) for mode in rules.modes}.keys() == {"listing", "block", "auction"}
    assert rules.fees("listing") == rules.fees("auction") == Fees(0, 0, 0, 0), "nobody collects them yet"
    assert rules.holding_limit("enterprise", 40_000) == HoldingLimit(20_000_000, 10_000_000)
    for vintage in ("CEA19-20", "CEA21", "CEA22", "CEA23"):
        assert rules.first_reference(vintage, date(2024, 11, 11)) == 10_503


@pytest.mark.parametrize(
    "table",
    [
        '[composite.2026]\nin_force_from = 2026-01-01\nweights = { CEA24 = "1" }',
        '[composite.vintages]\nin_force_from = 2023-08-29\nweights = { CEA23 = "1" }',
    ],
)
def test_figures_add_to_the_rule_and_do_not_change_it(extra: Path, table: str) -> None:
    figures(extra, table)
    assert code(market_rules("cn.cea")) == "RULE-1603"


def test_malformed_or_foreign_figures_are_refused_and_no_figures_are_none(extra: Path) -> None:
    assert market("cn.cea").figures is None
    figures(extra, "[fees.listing]\nbuyer_ppm = 1")
    assert code(market_rules("cn.cea")) == "RULE-1103"
    figures(extra, "[fees.listing]\nbuyer_trading_ppm = 1", status="draft")
    assert code(market_rules("cn.cea")) == "RULE-1002"
    assert market_rules("cn.cea", allow_draft=True).watermarks  # type: ignore[union-attr]
    assert code(market_rules("cn.registry")) == "RULE-1203"
    assert code(market_rules("cn.nothing")) == "RULE-1001"


# --- products, days, the composite -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code_", "vintages", "instrument", "has"),
    [
        ("CEA", True, "CEA23", True),
        ("CEA", True, "CEA19-20", True),
        ("CEA", True, "CEA", False),
        ("CEA", True, "CEA2023", False),
        ("CEA", True, "CEA23X", False),
        ("HBEA", False, "HBEA", True),
        ("HBEA", False, "HBEA23", False),
    ],
)
def test_which_products_are_a_family(code_: str, vintages: bool, instrument: str, has: bool) -> None:
    assert Family(code_, pack("cn.cea").title, vintages).has(instrument) is has


def test_the_first_reference_of_a_new_vintage_is_configured_or_refused(extra: Path) -> None:
    rules = market("cn.cea")
    assert rules.first_reference("CEA19-20", date(2021, 7, 16)) == 4_800
    assert refused(rules.first_reference, "CEA23", date(2024, 11, 11)) == "RULE-1601 references.CEA23"
    assert refused(rules.first_reference, "HBEA", date(2024, 11, 11)) == "RULE-1608 instrument"
    figures(extra, "[references.CEA23]\nfirst_day = 2024-11-11\nprice_fen = 10503")
    rules = market("cn.cea")
    assert rules.first_reference("CEA23", date(2024, 11, 11)) == 10_503
    assert refused(rules.first_reference, "CEA23", date(2024, 11, 8)) == "RULE-1601 references.CEA23"


def test_a_market_that_was_traded_elsewhere_goes_on_from_its_last_close(extra: Path) -> None:
    figures(extra, "[references.CEA19-20]\nfirst_day = 2024-11-11\nprice_fen = 10503")
    rules = market("cn.cea")
    assert rules.first_reference("CEA19-20", date(2024, 11, 8)) == 4_800
    assert rules.first_reference("CEA19-20", date(2024, 11, 11)) == 10_503


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        ("2024-11-11", ""),
        ("2024-11-10", "RULE-1605"),  # a Sunday
        ("2024-02-09", "RULE-1605"),  # the exchange closed, offices were open
        ("2024-02-18", "RULE-1605"),  # a make-up Sunday
        ("2021-07-15", "RULE-1604"),  # the day before the first
        ("2051-01-04", "RULE-3001"),  # no calendar
    ],
)
def test_a_day_on_which_the_market_trades(day: str, expected: str) -> None:
    rules = market("cn.cea")
    if not expected:
        rules.check_day(date.fromisoformat(day))
    else:
        assert refused(rules.check_day, date.fromisoformat(day)).split()[0] == expected


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024])
def test_the_national_market_trades_on_the_days_of_its_published_quotes(year: int, data_dir: Path) -> None:
    path = data_dir / "market" / "cea_daily_2021-07-16_2024-12-31.csv"
    with path.open(encoding="utf-8") as file:
        quoted = {date.fromisoformat(row["date"]) for row in csv.DictReader(file)}
    rules, since = market("cn.cea"), date(2021, 7, 16)
    days = [day for day in good(calendars.trading_days(rules.calendar, year)) if day >= since]
    assert set(days) == {day for day in quoted if day.year == year}
    for day in days:
        rules.check_day(day)


def test_weights_of_the_composite_by_day(extra: Path) -> None:
    rules = market("cn.cea")
    assert rules.composite(date(2023, 8, 27)) is None, "the quote was the listing price then"
    assert refused(rules.composite, date(2023, 8, 28)) == "RULE-1602 composite.vintages.weights"
    assert rules.composite(date(2026, 7, 31)) == {"CEA25": Decimal(1)}
    weights = 'weights = { CEA22 = "0.4", CEA23 = "0.6" }'
    figures(extra, f"[composite.vintages]\nin_force_from = 2023-08-28\n{weights}")
    rules = market("cn.cea")
    assert rules.composite(date(2025, 12, 31)) == {"CEA22": Decimal("0.4"), "CEA23": Decimal("0.6")}
    assert rules.composite(date(2026, 1, 1)) == {"CEA25": Decimal(1)}
