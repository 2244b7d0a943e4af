"""`tanshu market found|admit|…|open-day|close-day|settle|halt|resume|suspend|lift|call|status`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Said, Tanshu, at
from tests.exchange.bridge.support import CHECKER, DAY, EXCHANGE, NEXT, Trading, figures
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings
from tests.support.copies import Copies

__all__ = ["postgresql_tradings", "sqlite_tradings"]
By = Callable[..., Said]


@pytest.fixture(params=["sqlite", "postgresql"])
def trading(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Trading]:
    """The market `cea` at ten in the morning of its first day; the clock of the computer says so, too."""
    copied: Copies[Trading] = request.getfixturevalue(f"{request.param}_tradings")
    with figures(), copied(tmp_path) as made:
        monkeypatch.setattr("time.time_ns", lambda: made.clock())
        yield made


@pytest.fixture
def by(trading: Trading) -> By:
    """`tanshu market …` by a person: by("exchange-maker-1", "close-day")."""
    tanshu = at(trading.book.database.url)
    return lambda who, *args: tanshu("market", *args, "--as", who)


def stands(trading: Trading, market: str = "cea") -> dict[str, Any]:
    """What `tanshu market status` says."""
    said = at(trading.book.database.url)("market", "status", "--market", market, "--json")
    return said.ok().json


def phases(trading: Trading) -> dict[str, str]:
    return {one["mode"]: one["phase"] for one in stands(trading)["modes"]}


def test_a_market_is_founded_its_participants_admitted_its_product_listed(trading: Trading, by: By):
    founded = by(EXCHANGE, "found", "second", "--pack", "cn.cea", "--json").ok().json
    assert founded["log"] == 101
    assert by(EXCHANGE, "found", "second", "--json").refusal == "EXC-8002"
    trader = trading.traders[trading.a]
    admitted = by(
        EXCHANGE, "admit", trading.a, "--operator", trader, "--related", "g", "--market", "second", "--json"
    )
    assert admitted.ok().json["operators"] == {trader: 1}
    assert by(EXCHANGE, "admit", trading.b, "--market", "second", "--json").refusal == "EXC-8008"
    again = by(EXCHANGE, "add-operator", trader, "--market", "second", "--json")
    assert again.refusal == "EXC-8006"
    listed = by(EXCHANGE, "list-instrument", "CEA22", "--reference", "81.5", "--market", "second", "--json")
    assert listed.ok().json["reference_fen"] == 8150
    assert by(EXCHANGE, "list-instrument", "CEA22", "--json").refusal == "EXC-8007"
    seen = stands(trading, "second")
    assert (seen["state"], seen["day"], seen["next"], seen["settled"]) == (None, None, None, True)
    assert seen["products"][0]["previous_fen"] == 8150
    human = at(trading.book.database.url)("market", "status", "--market", "second").ok().out
    assert "尚未开市" in human and "已闭市" in human


def test_a_day_is_closed_settled_and_the_next_one_opened(trading: Trading, by: By):
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 400)
    assert by(EXCHANGE, "open-day", "--json").refusal == "EXC-8010"
    trading.clock.set_day(DAY, time(15, 1))
    closed = by(EXCHANGE, "close-day", "--json").ok().json
    assert (closed["day"], closed["trades"], closed["closes"]) == ("2024-01-02", 1, {"CEA22": 8000})
    assert by(EXCHANGE, "close-day", "--json").refusal == "EXC-8014"
    assert (stands(trading)["state"], stands(trading)["settled"]) == ("closed", False)
    product = stands(trading)["products"][0]
    assert (product["previous_fen"], product["close_fen"]) == (None, 8000), (
        "today's close is not the one before"
    )
    assert "未完成" in at(trading.book.database.url)("market", "status").ok().out
    settled = by(EXCHANGE, "settle", "--json").ok().json
    assert (len(settled["proposed"]), settled["left"], settled["batch"]) == (1, 0, "cea 2024-01-02")
    tanshu = at(trading.book.database.url)
    for person in ("registry-checker-1", "registry-checker-2"):
        tanshu("tx", "approve", "--batch", settled["batch"], "--as", person).ok()
    assert stands(trading)["settled"]
    assert by(EXCHANGE, "settle", "--json").refusal == "EXC-8019"
    assert by(EXCHANGE, "open-day", "--day", NEXT.isoformat(), "--json").refusal == "EXC-8009"
    trading.clock.set_day(NEXT, time(9, 5))
    opened = by(EXCHANGE, "open-day", "--json").ok().json
    assert (opened["day"], opened["units"], opened["without"]) == ("2024-01-03", 3, [])
    english = by(EXCHANGE, "close-day", "--lang", "en").ok().out
    assert "state hash" in english and "80.00" in english


def test_status_tells_the_phases_and_the_next_step_as_the_clock_moves_without_writing(trading: Trading):
    before = trading.tails()
    assert phases(trading) == {"listing": "open", "block": "closed", "auction": "open"}
    assert stands(trading)["next"]["at"] == "2024-01-02 11:30:00"
    trading.clock.set_day(DAY, time(11, 30))
    assert phases(trading)["listing"] == "break"
    trading.clock.set_day(DAY, time(13, 0))
    assert phases(trading) == {"listing": "open", "block": "open", "auction": "open"}
    trading.clock.set_day(DAY, time(15, 0))
    assert set(phases(trading).values()) == {"closed"}
    assert stands(trading)["next"] is None
    assert trading.tails() == before


def test_status_tells_what_rests_and_the_last_trade(trading: Trading):
    trading.sell(trading.a, 1_000, 8010)
    trading.buy(trading.b, 400, 8010)
    seen = stands(trading)
    assert seen["resting"] == 1
    listing = seen["products"][0]
    assert listing["sell"] == {"price_fen": 8010, "quantity": 600, "orders": 1}
    assert (listing["buy"], listing["last_fen"], listing["volume"]) == (None, 8010, 400)
    out = at(trading.book.database.url)("market", "status", "--lang", "en").ok().out
    assert "80.10" in out and "11:30 listing in a break" in out


def test_a_halt_shows_in_the_status_and_ends_by_a_checker(trading: Trading, by: By):
    product = ("--instrument", "CEA22", "--mode", "listing")
    assert by(EXCHANGE, "halt", *product, "--json").refusal == "EXC-8021"
    by(EXCHANGE, "halt", *product, "--reason", "核实传闻").ok()
    assert by(EXCHANGE, "halt", *product, "--reason", "x", "--json").refusal == "EXC-8025"
    seen = stands(trading)
    assert seen["halts"][0] == {
        "mode": "listing", "instrument": "CEA22", "emergency": False, "by": EXCHANGE, "why": "核实传闻",
    }  # fmt: skip
    assert phases(trading)["listing"] == "halted" and phases(trading)["auction"] == "open"
    assert "核实传闻" in at(trading.book.database.url)("market", "status").ok().out
    by(EXCHANGE, "halt", "--emergency", "--reason", "系统故障").ok()
    assert set(phases(trading).values()) == {"halted"}
    by(CHECKER, "resume", "--reason", "已恢复").ok()
    assert phases(trading) == {"listing": "halted", "block": "closed", "auction": "open"}
    by(CHECKER, "resume", *product, "--reason", "已核实").ok()
    assert stands(trading)["halts"] == [] and phases(trading)["listing"] == "open"
    assert by(EXCHANGE, "halt", "--mode", "tulips", "--reason", "x", "--json").refusal == "EXC-8027"


def test_a_suspension_shows_in_the_status_until_two_have_lifted_it(trading: Trading, by: By):
    trading.sell(trading.a, 1_000)
    said = by(EXCHANGE, "suspend", trading.a, "--reason", "异常交易", "--json").ok().json
    assert said["cancelled"] == 1
    assert stands(trading)["suspended"] == [
        {"participant": trading.a, "by": EXCHANGE, "why": "异常交易", "asked_by": None}
    ]
    asked = by(EXCHANGE, "lift", trading.a, "--reason", "已核查", "--lang", "en").ok().out
    assert f"asked by {EXCHANGE}" in asked
    assert stands(trading)["suspended"][0]["asked_by"] == EXCHANGE
    assert EXCHANGE in at(trading.book.database.url)("market", "status").ok().out
    by(CHECKER, "lift", trading.a).ok()
    assert stands(trading)["suspended"] == []
    assert by(EXCHANGE, "lift", trading.a, "--reason", "x", "--json").refusal == "EXC-8023"


def test_who_is_not_of_the_exchange_and_what_is_no_market_are_refused(trading: Trading, by: By):
    trader = trading.traders[trading.a]
    assert by(trader, "close-day", "--json").code == 1
    assert by(EXCHANGE, "call", "CEA22", "--market", "moon", "--json").refusal == "EXC-1001"
    assert by(EXCHANGE, "call", "CEA22", "--market", "cea", "--json").code == 1
    assert (
        at(trading.book.database.url)("market", "status", "--market", "moon", "--json").refusal == "EXC-1001"
    )
    assert by(EXCHANGE, "close-day", "--day", "tomorrow").code == 2


def test_a_register_without_a_market_has_no_status(tanshu: Tanshu):
    assert tanshu("market", "status", "--json").refusal == "EXC-1001"
