"""Every way a market pack, or an operator's figures, can be wrong: the code, and the place it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal
from tanshu.rules.pack_reader import read
from tests.rules.cases import PACKAGED, code

FIGURES = Path(__file__).parents[2] / "scenarios/hubei-power-2023/packs/cn/cea.figures.toml"

# (pack, text to find — a regular expression —, replacement, code, table and key the sentence names)
CASES = [
    # the shape
    ("cn.cea", r'currency = "CNY"', 'currency = "EUR"', "RULE-1106", "market.currency"),
    ("cn.cea", r'currency = "CNY"\n', "", "RULE-1104", "market.currency"),
    ("cn.cea", r"\[negotiation\]", "[negotiations]", "RULE-1102", "negotiations"),
    ("cn.cea", r"\[modes\.auction\]", "[modes.dutch]", "RULE-1102", "modes.dutch"),
    ("cn.cea", r"tick_fen = 1", "tick_fen = 0.01", "RULE-1105", "modes.listing.tick_fen"),
    ("cn.cea", r"tick_fen = 1", 'tick_fen = "1"', "RULE-1105", "modes.listing.tick_fen"),
    ("cn.cea", r"tick_fen = 1", "tick_fen = -1", "RULE-1106", "modes.listing.tick_fen"),
    ("cn.cea", r"tick_fen = 1\n", "", "RULE-1104", "modes.listing.tick_fen"),
    ("cn.cea", r"levels = 5", 'levels = 5\ndepth = "all"', "RULE-1103", "modes.listing.depth"),
    ("cn.cea", r'"best_price"', '"any"', "RULE-1106", "modes.listing.choose_maker"),
    ("cn.cea", r'self_trade = "refuse"', 'self_trade = "allow"', "RULE-1106", "orders.self_trade"),
    ("cn.cea", r'validity = "day"', 'validity = "good_till"', "RULE-1106", "orders.validity"),
    ("cn.cea", r'down = "0\.10"', "down = 0.10", "RULE-1105", "bands.listing.down"),
    ("cn.cea", r'down = "0\.10"', 'down = "10"', "RULE-1106", "bands.listing.down"),
    ("cn.cea", r'base = "listing"', 'base = "yesterday"', "RULE-1106", "bands.listing.base"),
    ("cn.cea", r'edges = "half_up"', 'edges = "even"', "RULE-1106", "band_rounding.edges"),
    ("cn.cea", r'method = "average"', 'method = "median"', "RULE-1106", "close.method"),
    ("cn.cea", r'"previous_close"', '"zero"', "RULE-1106", "close.none_traded"),
    ("cn.cea", r'mid_day = "settlement_first"', 'mid_day = "at_once"', "RULE-1106", "freezes.mid_day"),
    ("cn.cea", r'evidence = "confirmed"\n\n\[families', "\n[families", "RULE-1107", "market.evidence"),
    # times
    ("cn.cea", r'\["09:30-11:30", "13', '["9:30-11:30", "13', "RULE-1105", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["09:30-24:00", "13', "RULE-1105", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["09:30", "13', "RULE-1105", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["٠9:30-11:30", "13', "RULE-1105", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["11:30-09:30", "13', "RULE-1110", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["11:30-11:30", "13', "RULE-1110", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["09:30-13:00", "13', "RULE-1110", "sessions.listing.open"),
    ("cn.cea", r'\["09:30-11:30", "13', '["14:30-14:40", "13', "RULE-1110", "sessions.listing.open"),
    ("cn.cea", r'open = \["13:00-15:00"\]', "open = []", "RULE-1110", "sessions.block.open"),
    ("cn.cea", r'open = \["13:00-15:00"\]', 'open = "13:00-15:00"', "RULE-1105", "sessions.block.open"),
    ("sim.clob", r'pre_open = "09:15-09:30"', 'pre_open = "09:15-09:25"', "RULE-1110", "pre_open"),
    ("sim.clob", r'pre_open = "09:15-09:30"', 'pre_open = ["09:15-09:30"]', "RULE-1105", "pre_open"),
    ("sim.clob", r'closing = "14:57-15:00"', 'closing = "14:58-15:00"', "RULE-1110", "closing"),
    # what must agree
    ("cn.cea", r"tick_fen = 1", "tick_fen = 0", "RULE-1110", "modes.listing.tick_fen"),
    ("cn.cea", r"lot_t = 1", "lot_t = 0", "RULE-1110", "modes.listing.lot_t"),
    ("cn.cea", r"quantity_below_t = 100000", "quantity_below_t = 1", "RULE-1110", "quantity_below_t"),
    (
        "cn.cea",
        r"lot_t = 1\nquantity_min_t",
        "lot_t = 7\nquantity_min_t",
        "RULE-1110",
        "modes.block.quantity_min_t",
    ),
    ("cn.cea", r"in_close = true", "in_close = false", "RULE-1110", "bands.listing.base"),
    ("cn.cea", r'base = "listing"', 'base = "block"', "RULE-1110", "bands.listing.base"),
    ("cn.cea", r'down = "0\.10"', 'down = "1"', "RULE-1110", "bands.listing.down"),
    ("cn.cea", r"(?s)\[band_rounding\].*?\n\n", "", "RULE-1110", "band_rounding.edges"),
    ("cn.cea", r"(?s)\[fees\.block\].*?\n\n", "", "RULE-1110", "fees.block"),
    ("cn.cea", r"(?s)\[sessions\.block\].*?\n\n", "", "RULE-1110", "sessions.block"),
    ("cn.cea", r"(?s)\[modes\.auction\].*?\n\n", "", "RULE-1110", "sessions.auction"),
    ("cn.cea", r"\[bands\.block\]", "[bands.order_book]", "RULE-1110", "bands.order_book"),
    ("cn.cea", r"(?s)\[modes\..*?\n\[negotiation\]", "[negotiation]", "RULE-1110", "modes"),
    ("cn.cea", r"\[limits\.individual\]", "[limits.bank]", "RULE-1110", "limits.bank"),
    ("cn.cea", r"price_fen = 4800", "price_fen = 0", "RULE-1110", "references.CEA19-20.price_fen"),
    ("cn.cea", r"lifting_people = 2", "lifting_people = 0", "RULE-1110", "suspension.lifting_people"),
    ("cn.cea", r'CEA25 = "1"', 'CEA25 = "0.9"', "RULE-1110", "composite.2026.weights"),
    ("cn.cea", r'CEA25 = "1"', 'CEA25 = "2", CEA24 = "-1"', "RULE-1110", "composite.2026.weights"),
    ("cn.cea", r'\{ CEA25 = "1" \}', '"CEA25"', "RULE-1105", "composite.2026.weights"),
    ("cn.cea", r'\{ CEA25 = "1" \}', "{ CEA25 = 1 }", "RULE-1105", "composite.2026.weights"),
    ("cn.cea", r"in_force_from = 2026-01-01", "in_force_from = 2023-08-28", "RULE-1110", "composite.2026"),
    ("sim.clob", r"(?s)\[bands\.order_book\].*?\n\n", "", "RULE-1110", "bands.order_book"),
    ("sim.clob", r"in_close = true", "in_close = false", "RULE-1110", "bands.order_book.base"),
    ("sim.clob", r'"cancel_resting"', '"pass_over"', "RULE-1110", "orders.self_trade"),
    ("sim.clob", r"buyer_trading_ppm = 200", "buyer_trading_ppm = 1000001", "RULE-1110", "fees.order_book"),
    ("sim.clob", r"\[safety\.order_book\]", "[safety.block]", "RULE-1110", "safety.block"),
    (
        "sim.clob",
        r"\Z",
        '\n[negotiation]\nposter_confirms = true\nsource = "example"\nevidence = "assumed"\n',
        "RULE-1110",
        "negotiation.poster_confirms",
    ),
    (
        "sim.clob",
        r"\Z",
        '\n[auctions]\npricing = "uniform"\nties = "time"\nsealed = true\ndeposit_share = "0.1"\n'
        'source = "example"\nevidence = "assumed"\n',
        "RULE-1110",
        "auctions.pricing",
    ),
    ("auction.primary", r"\[paid_share\.2025\]", "[paid_share.first]", "RULE-1110", "paid_share.first"),
    ("auction.primary", r'share = "0\.02"', 'share = "2"', "RULE-1106", "paid_share.2025.share"),
    ("auction.primary", r'ties = "pro_rata"', 'ties = "by_lot"', "RULE-1106", "auctions.ties"),
    # unknown only where a figure may be
    ("cn.cea", r"tick_fen = 1", 'unknown = ["tick_fen"]', "RULE-1106", "modes.listing.unknown"),
    ("cn.cea", r'unknown = \["buyer_trading_ppm", ', "unknown = [", "RULE-1104", "fees.listing"),
    # an operator's figures
    ("cn.cea.figures", r"\[fees\.auction\]", "[fees.clock]", "RULE-1110", "fees.clock"),
    ("cn.cea.figures", r"\[safety\.listing\]", "[safety.board]", "RULE-1110", "safety.board"),
    ("cn.cea.figures", r"\[limits\.individual\]", "[limits.bank]", "RULE-1110", "limits.bank"),
    ("cn.cea.figures", r"price_fen = 10503", "price_fen = 0", "RULE-1110", "references.CEA19-20"),
    ("cn.cea.figures", r'CEA23 = "1"', 'CEA23 = "0.5"', "RULE-1110", "composite.vintages.weights"),
    (
        "cn.cea.figures",
        r"buyer_trading_ppm = 0",
        "buyer_trading_ppm = 2000000",
        "RULE-1110",
        "fees.listing",
    ),
    ("cn.cea.figures", r"\Z", '\n[close]\nmethod = "last"\n', "RULE-1102", "close"),
]


@pytest.mark.parametrize(("name", "find", "replacement", "expected", "place"), CASES)
def test_a_malformed_market_pack_is_refused_by_number_and_place(
    tmp_path: Path, name: str, find: str, replacement: str, expected: str, place: str
) -> None:
    text, times = re.subn(find, replacement, _source(name), count=1)
    assert times == 1 and text != _source(name), "the case changes nothing"
    answer = _read(tmp_path, name, text)
    assert code(answer) == expected, answer
    assert isinstance(answer, Refusal) and answer.field is not None
    assert place in answer.field, answer.field


@pytest.mark.parametrize("name", ["cn.cea", "hb.hbea", "auction.primary", "sim.clob"])
def test_no_key_of_a_market_pack_may_be_left_out(name: str, tmp_path: Path) -> None:
    """Each key is there because something needs it; only what a rule may lack can be left out."""
    free = ("remark", "quantity_", "cap_share", "pre_open", "closing")
    lines = _source(name).splitlines()
    keyed = [i for i, line in enumerate(lines) if re.match(r"\w+ = ", line)]
    assert len(keyed) > 50
    for left_out in keyed:
        answer = _read(tmp_path, name, "\n".join(line for i, line in enumerate(lines) if i != left_out))
        assert isinstance(answer, Refusal) or lines[left_out].startswith(free), lines[left_out]


def _source(name: str) -> str:
    if name.endswith(".figures"):
        return FIGURES.read_text(encoding="utf-8")
    jurisdiction, rest = name.split(".", 1)
    return (PACKAGED / jurisdiction / f"{rest}.toml").read_text(encoding="utf-8")


def _read(folder: Path, name: str, text: str) -> object:
    jurisdiction, rest = name.split(".", 1)
    path = folder / jurisdiction / f"{rest}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return read(path, name)
