"""Clearing packs: what is settled how, figures an operator adds, and every way such a pack can be wrong."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal, Refused
from tanshu.rules import packs
from tanshu.rules.clearing_pack import ClearingRules, InterestTerms, clearing_rules, pack_for
from tanshu.rules.clearing_schema import MODELS
from tanshu.rules.market_pack import market_rules
from tanshu.rules.pack_reader import read
from tests.rules.cases import PACKAGED, code, good, pack

CLEARING = ("cn.clearing", "hb.clearing", "auction.clearing", "sim.clearing")
MARKETS = ("cn.cea", "hb.hbea", "auction.primary", "sim.clob")
FIGURES = """
[pack]
name = "cn.clearing.figures"
title = {{ zh = "数值", en = "figures" }}
jurisdiction = "cn"
schema = "clearing_figures"
status = "{status}"
effective_from = 2021-07-16
effective_to = "open"

[sources.us]
document = "结算机构通知"
number = ""
date = 2024-01-02
"""
MARK = 'source = "us"\nevidence = "confirmed"\n'


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name.split(".")[0] / f"{name.split('.', 1)[1]}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def figures(*tables: str, status: str = "final") -> str:
    return FIGURES.format(status=status) + "".join(f"\n{table}\n{MARK}" for table in tables)


def packaged(name: str) -> str:
    return (PACKAGED / name.split(".")[0] / "clearing.toml").read_text(encoding="utf-8")


@pytest.fixture
def extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    return tmp_path


def rules(name: str) -> ClearingRules:
    return good(clearing_rules(name))


# --- the packs that come with the program ----------------------------------------------------------------


@pytest.mark.parametrize("name", CLEARING)
def test_every_clearing_pack_loads_and_its_marks_show(name: str) -> None:
    found, loaded = rules(name), pack(name)
    assert found.pack is loaded and loaded.schema == "clearing"
    assert len(found.notes) == sum(table.evidence != "confirmed" for table in loaded.tables.values())
    assert bool(found.watermarks) is (loaded.status == "example") is (name != "cn.clearing")


@pytest.mark.parametrize("name", MARKETS)
def test_every_market_has_a_clearing_pack_that_settles_its_modes_as_long_as_it_trades(name: str) -> None:
    market, clearing = good(market_rules(name)), rules(good(pack_for(name)))
    assert set(market.modes) <= set(clearing.modes)
    assert clearing.pack.effective_from <= market.pack.effective_from
    assert clearing.currency == market.currency


def test_the_national_rule_is_gross_and_leaves_its_figures_open() -> None:
    found = rules("cn.clearing")
    assert (found.model, found.partial, found.delivery_days) == ("gross", False, 0)
    assert found.shortfall_order == ("reserve", "own_funds")
    assert (found.trading_to, found.settlement_to, found.review_levels) == ("exchange", "registry", 2)
    assert (found.objections_until, found.silence) == ("next_opening", "accepted")
    assert found.cure_minutes() is None and found.reserve_share_ppm() is None
    with pytest.raises(Refused) as no:
        found.interest()
    assert code(no.value.refusal) == "RULE-1702" and no.value.refusal.field == "interest.rate_ppm"
    assert all(table.evidence != "confirmed" for table in found.pack.tables.values()), "nothing was seen"


def test_the_simulated_market_is_settled_net_with_figures_of_its_own() -> None:
    found = rules("sim.clearing")
    assert found.model == "net" and found.model in MODELS
    assert (found.cure_minutes(), found.reserve_share_ppm()) == (1440, 100_000)
    assert found.interest() == InterestTerms(3500, 360, "quarterly")


def test_a_market_without_a_clearing_pack_is_refused_by_its_name() -> None:
    answer = pack_for("ccer.spot")
    assert code(answer) == "RULE-1701" and "ccer.clearing" in str(answer)


def test_rules_speak_for_the_days_of_their_pack_only() -> None:
    rules("cn.clearing").check_day(date(2021, 7, 16))
    with pytest.raises(Refused) as no:
        rules("cn.clearing").check_day(date(2021, 7, 15))
    assert code(no.value.refusal) == "RULE-1604"


@pytest.mark.parametrize(
    ("instrument", "model"),
    [("SIM", "net_cash"), ("SIM24", "net_cash"), ("SIM19-20", "net_cash"), ("SIMX", "net"), ("CEA24", "net")],
)
def test_a_family_of_products_may_be_settled_otherwise(extra: Path, instrument: str, model: str) -> None:
    own = '\n[instruments.SIM]\nmodel = "net_cash"\nsource = "example"\nevidence = "confirmed"\n'
    write(extra, "sim.clearing", packaged("sim.clearing") + own)
    assert rules("sim.clearing").model_of(instrument) == model


# --- what an operator adds -------------------------------------------------------------------------------


def test_an_operators_figures_stand_in_for_the_unknown_ones(extra: Path) -> None:
    interest = '[interest]\nrate_ppm = 1000\nyear_days = 365\npaid = "monthly"'
    write(extra, "cn.clearing.figures", figures("[shortfall]\ncure_minutes = 90", interest))
    found = rules("cn.clearing")
    assert found.cure_minutes() == 90 and found.reserve_share_ppm() is None
    assert found.interest() == InterestTerms(1000, 365, "monthly")


def test_figures_that_are_a_draft_are_refused_unless_drafts_are_allowed(extra: Path) -> None:
    write(extra, "cn.clearing.figures", figures("[shortfall]\ncure_minutes = 90", status="draft"))
    assert code(clearing_rules("cn.clearing")) == "RULE-1002"
    assert good(clearing_rules("cn.clearing", allow_draft=True)).watermarks


def test_figures_that_the_rule_settles_are_refused(extra: Path) -> None:
    text = figures("[shortfall]\ncure_minutes = 90").replace("cn.", "sim.").replace('"cn"', '"sim"')
    write(extra, "sim.clearing.figures", text)
    answer = clearing_rules("sim.clearing")
    assert code(answer) == "RULE-1703" and "cure_minutes" in str(answer)


@pytest.mark.parametrize("name", ["cn.cea", "cn.registry"])
def test_a_pack_of_another_kind_is_refused(name: str) -> None:
    assert code(clearing_rules(name)) == "RULE-1203"


def test_a_pack_that_is_not_there_is_refused() -> None:
    assert code(clearing_rules("xx.clearing")) == "RULE-1001"


# --- every way it can be wrong ---------------------------------------------------------------------------

# (text to find — a regular expression —, replacement, code, table and key the sentence names)
WRONG = [
    (r"\[reviews\]", "[review]", "RULE-1102", "review.review"),
    (r'currency = "CNY"', 'currency = "EUR"', "RULE-1106", "house.currency"),
    (r'"order_book"', '"board"', "RULE-1106", "house.modes"),
    (r'modes = \["order_book"\]', "modes = []", "RULE-1110", "house.modes"),
    (r'modes = \["order_book"\]', 'modes = ["block", "block"]', "RULE-1110", "house.modes"),
    (r'model = "net"', 'model = "netting"', "RULE-1106", "settlement.model"),
    (r'model = "net"\n', "", "RULE-1104", "settlement.model"),
    (r"partial = false", 'partial = "no"', "RULE-1105", "settlement.partial"),
    (r"delivery_days = 0", "delivery_days = -1", "RULE-1106", "settlement.delivery_days"),
    (r"block_trades = 30000", "block_trades = 0", "RULE-1110", "settlement.block_trades"),
    (r"block_trades = 30000", "block_trades = 65537", "RULE-1110", "settlement.block_trades"),
    (r'trading_to = "exchange"', 'trading_to = "bank"', "RULE-1106", "fees.trading_to"),
    (r"levels = 2", "levels = 1", "RULE-1110", "reviews.levels"),
    (r'order = \["reserve", "own_funds"\]', "order = []", "RULE-1110", "shortfall.order"),
    (r'order = \["reserve", "own_funds"\]', 'order = ["units"]', "RULE-1106", "shortfall.order"),
    (r'"reserve", "own', '"own_funds", "own', "RULE-1110", "shortfall.order"),
    (r"cure_minutes = 1440", "cure_minutes = 0", "RULE-1110", "shortfall.cure_minutes"),
    (r"cure_minutes = 1440\n", "", "RULE-1104", "shortfall.cure_minutes"),
    (r"fee_share_ppm = 100000", "fee_share_ppm = 1000001", "RULE-1110", "reserve.fee_share_ppm"),
    (r"rate_ppm = 3500", 'rate_ppm = "0.35%"', "RULE-1105", "interest.rate_ppm"),
    (r"rate_ppm = 3500", "rate_ppm = 3500000", "RULE-1110", "interest.rate_ppm"),
    (r"year_days = 360", "year_days = 366", "RULE-1110", "interest.year_days"),
    (r'silence = "accepted"', 'silence = "refused"', "RULE-1106", "objections.silence"),
    (r"levels = 2", 'unknown = ["levels"]', "RULE-1106", "reviews.unknown"),
    (r'evidence = "confirmed"\n\n\[reviews', "\n[reviews", "RULE-1107", "fees.evidence"),
]


@pytest.mark.parametrize(("find", "replace", "expected", "place"), WRONG)
def test_a_malformed_clearing_pack_is_refused_with_its_place(
    tmp_path: Path, find: str, replace: str, expected: str, place: str
) -> None:
    text, count = re.subn(find, replace, packaged("sim.clearing"), count=1)
    assert count == 1
    answer = read(write(tmp_path, "sim.clearing", text), "sim.clearing")
    assert code(answer) == expected
    assert isinstance(answer, Refusal) and answer.field == place


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ("[shortfall]\ncure_minutes = 0", "RULE-1110"),
        ('[shortfall]\norder = ["reserve"]', "RULE-1103"),
        ("[interest]\nyear_days = 100", "RULE-1110"),
        ('[settlement]\nmodel = "net"', "RULE-1102"),
    ],
)
def test_malformed_figures_are_refused(extra: Path, table: str, expected: str) -> None:
    write(extra, "cn.clearing.figures", figures(table))
    assert code(packs.load("cn.clearing.figures")) == expected
    assert code(clearing_rules("cn.clearing")) == expected
