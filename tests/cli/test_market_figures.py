"""`tanshu market trades|orders|depth|day|bars|month-figures`: a market's own data on the terminal."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from sqlalchemy import insert

from tanshu.base.clock import shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.exchange.engine.records import Mode, Side
from tanshu.exchange.tables import MARKET, MARKET_INSTRUMENT
from tanshu.rules import packs
from tests.cli.conftest import Tanshu, at
from tests.exchange.figures.support import LOG, Hand, written

FIGURES = """
[pack]
name = "cn.cea.figures"
title = { zh = "测试用", en = "for a test" }
jurisdiction = "cn"
schema = "market_figures"
status = "example"
effective_from = 2024-01-01
effective_to = 2024-12-31

[sources.example]
document = "示例 · example"
number = ""
date = 2024-01-08

[composite.vintages]
in_force_from = 2023-08-28
weights = { CEA22 = "0.5", CEA23 = "0.5" }
source = "example"
evidence = "assumed"
"""
"""What an operator adds to the national rule: the weights of the composite."""
MONDAY, TUESDAY = date(2024, 11, 4), date(2024, 11, 5)


def ns(day: date, clock: str) -> int:
    return shanghai_ns(day, time.fromisoformat(clock))


def two_days() -> Hand:
    hand = Hand(references=(9_700, 9_500))
    hand.open(MONDAY)
    hand.trade(ns(MONDAY, "09:31"), 100, 9_750)
    hand.trade(ns(MONDAY, "13:05"), 100_000, 9_000, mode=Mode.BLOCK)
    hand.trade(ns(MONDAY, "14:59"), 101, 9_700)
    hand.close(ns(MONDAY, "15:00"))
    hand.open(TUESDAY)
    hand.trade(ns(TUESDAY, "11:30"), 10, 9_800)
    hand.enter(ns(TUESDAY, "13:00"), Side.SELL, 500, 9_810)
    hand.enter(ns(TUESDAY, "13:01"), Side.BUY, 300, 9_790, party=3)
    hand.leave(ns(TUESDAY, "13:02"), hand.enter(ns(TUESDAY, "13:01:30"), Side.BUY, 1, 9_000, party=3))
    return hand


@pytest.fixture
def tanshu(founded_url: str) -> Tanshu:
    """The command line on a register whose market `cea` has traded CEA22 and CEA23 for two days."""
    database = Database.open(founded_url)
    with database.write() as conn:
        metadata.create_all(conn, tables=[MARKET, MARKET_INSTRUMENT])
        conn.execute(insert(MARKET).values(log=LOG, name="cea", pack="cn.cea", currency=1, seq=0))
        for number, code in ((1, "CEA22"), (2, "CEA23")):
            row = {"log": LOG, "number": number, "instrument": number, "code": code, "vintage": 2021 + number}
            conn.execute(insert(MARKET_INSTRUMENT).values(**row, reference_fen=9_700, seq=0))
    written(database, two_days().blocks)
    database.close()
    return at(founded_url)


def test_trades_of_the_newest_day_and_of_all(tanshu: Tanshu):
    found = tanshu("market", "trades", "--json").ok().json["trades"]
    assert [(one["trade"], one["instrument"], one["price_fen"], one["quantity"]) for one in found] == [
        ("20241105-1", "CEA22", 9_800, 10)
    ]
    assert found[0]["time"] == "2024-11-05 11:30:00"
    blocks = (
        tanshu("market", "trades", "--from", "2024-11-01", "--mode", "block", "--json").ok().json["trades"]
    )
    assert [one["amount_fen"] for one in blocks] == [900_000_000]
    assert "98.00" in tanshu("market", "trades", "--lang", "zh").ok().out


def test_orders_are_shown_in_the_words_of_the_client(tanshu: Tanshu):
    orders = tanshu("market", "orders", "--json").ok().json["orders"]
    assert [one["state"] for one in orders] == ["filled", "filled", "resting", "resting", "cancelled"]
    said = tanshu("market", "orders", "--lang", "zh").ok().out
    assert all(word in said for word in ("已成交", "已申报", "已撤单", "客户撤单"))
    assert "cancelled by its client" in tanshu("market", "orders", "--lang", "en").ok().out


def test_depth_has_both_sides_and_the_tape(tanshu: Tanshu):
    found = tanshu("market", "depth", "--instrument", "CEA22", "--json").ok().json
    assert found["sell"] == [{"price_fen": 9_810, "quantity": 500, "orders": 1}]
    assert found["buy"] == [{"price_fen": 9_790, "quantity": 300, "orders": 1}]
    assert [one["trade"] for one in found["trades"]] == ["20241105-1"]
    assert "卖1" in tanshu("market", "depth", "--instrument", "CEA22", "--lang", "zh").ok().out


def test_the_quotes_of_a_day(tanshu: Tanshu):
    found = tanshu("market", "day", "--day", "2024-11-04", "--json").ok().json
    first, second = found["quotes"]
    prices = ("previous_fen", "open_fen", "high_fen", "low_fen", "close_fen")
    assert [first[name] for name in prices] == [9_700, 9_750, 9_750, 9_700, 9_725]
    assert first["modes"]["block"] == {
        "volume": 100_000, "amount_fen": 900_000_000, "trades": 1, "average_fen": 9_000,
    }  # fmt: skip
    assert [second[name] for name in prices] == [9_500] * 5 and not second["traded"]
    said = tanshu("market", "day", "--day", "2024-11-04", "--lang", "zh").ok().out
    assert "97.25" in said and "大宗协议" in said
    assert "cn.cea.figures" in said, "nobody gave the weights of the composite: nobody can quote it"
    assert found["composite"] is None


def test_the_composite_is_quoted_with_the_weights_an_operator_gave(tanshu: Tanshu, tmp_path: Path):
    folder = tmp_path / "packs" / "cn"
    folder.mkdir(parents=True)
    (folder / "cea.figures.toml").write_text(FIGURES, encoding="utf-8")
    with packs.searching(tmp_path / "packs"):
        found = tanshu("market", "day", "--day", "2024-11-04", "--json").ok().json
        bars = tanshu("market", "bars", "--instrument", "CEA22", "--lang", "zh").ok().out
    assert found["composite"]["close_fen"] == 9_613  # (9,725 + 9,500) / 2 = 9,612.5
    assert found["composite"]["total"]["volume"] == 100_201
    assert found["watermarks"] and found["watermarks"][0]["zh"][:4] in bars, (
        "made-up figures say so everywhere"
    )


def test_k_lines_come_as_data_as_candles_and_as_a_drawing(tanshu: Tanshu, tmp_path: Path):
    days = tanshu("market", "bars", "--instrument", "CEA22", "--json").ok().json["bars"]
    assert [(one["begins"], one["open_fen"], one["last_fen"], one["volume"]) for one in days] == [
        ("2024-11-04", 9_750, 9_700, 201),
        ("2024-11-05", 9_800, 9_800, 10),
    ]
    minutes = tanshu("market", "bars", "--instrument", "CEA22", "--period", "5m", "--json").ok().json["bars"]
    assert [one["begins"] for one in minutes] == ["2024-11-05 11:25"], "stamped at the end of the morning"
    chart = tmp_path / "k.svg"
    said = tanshu("market", "bars", "--instrument", "CEA22", "--chart", str(chart), "--lang", "zh").ok().out
    assert "▮" in said and "▯" in said and str(chart) in said
    assert chart.read_text(encoding="utf-8").startswith("<svg xmlns=")
    again = tanshu("market", "bars", "--instrument", "CEA23", "--chart", str(tmp_path / "none.svg")).ok()
    assert "未画图" in again.out and not (tmp_path / "none.svg").exists()


def test_months_by_mode_and_of_one_product_its_days(tanshu: Tanshu):
    (month,) = tanshu("market", "month-figures", "--json").ok().json["months"]
    assert month["total"]["volume"] == 100_211 == month["cumulative"]["volume"]
    assert month["close_fen"] is None
    (own,) = (
        tanshu("market", "month-figures", "--instrument", "CEA22", "--month", "2024-11", "--json")
        .ok()
        .json["months"]
    )
    assert [day["close_fen"] for day in own["days"]] == [9_725, None]
    assert (own["high_fen"], own["low_fen"]) == (9_800, 9_700)
    said = tanshu(
        "market", "month-figures", "--instrument", "CEA22", "--month", "2024-11", "--lang", "zh"
    ).ok()
    assert "自开市累计" in said.out


def test_a_month_report_is_of_our_own_market_where_nothing_was_imported(tanshu: Tanshu):
    own = tanshu("market", "month-figures", "--month", "2024-11", "--json").ok().json
    assert tanshu("market", "report", "--month", "2024-11", "--json").ok().json == own
    month = ("market", "report", "--month", "2024-11", "--json")
    assert tanshu(*month, "--source", "market").ok().json == own
    assert tanshu(*month, "--source", "published").refusal == "EXC-6006"
    assert tanshu(*month, "--source", "market", "--market", "no-such").refusal == "EXC-1001"
    assert tanshu(*month, "--source", "elsewhere").code == 2


def test_what_is_not_there_is_refused_by_number(tanshu: Tanshu):
    assert tanshu("market", "day", "--day", "2024-11-03", "--json").refusal == "EXC-6901"
    assert tanshu("market", "month-figures", "--month", "2023-01", "--json").refusal == "EXC-6902"
    assert tanshu("market", "bars", "--instrument", "CEA99", "--json").refusal == "EXC-2001"
    assert tanshu("market", "trades", "--party", "nobody", "--json").refusal == "EXC-3002"
    assert tanshu("market", "trades", "--market", "no-such", "--json").refusal == "EXC-1001"
    assert tanshu("market", "bars", "--instrument", "CEA22", "--period", "7m").code == 2
    assert tanshu("market", "trades", "--mode", "otc").code == 2
    assert tanshu("market", "trades", "--day", "yesterday").code == 2


def test_the_tables_can_be_built_again(tanshu: Tanshu):
    before = tanshu("market", "orders", "--from", "2024-01-01", "--json").ok().json
    assert tanshu("market", "rebuild", "--json").ok().json["trades"] == 4
    assert tanshu("market", "orders", "--from", "2024-01-01", "--json").ok().json == before
