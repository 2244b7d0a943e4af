"""`tanshu day shortfall …`, `tanshu day object|objections|…|correct`: what comes after a settlement day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time
from pathlib import Path

import pytest

from tests.clearing.shortfall.support import House as Funded
from tests.clearing.support import House
from tests.cli.conftest import Said, at
from tests.exchange.bridge.support import DAY, MONEY, NEXT, Trading
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings, trading

__all__ = ["postgresql_tradings", "sqlite_tradings", "trading"]
By = Callable[..., Said]
CLERK, FIRST, SECOND = "registry-maker-1", "registry-checker-1", "registry-checker-2"
SHORT, RESERVE = "10,000.00", "6,000.00"


@pytest.fixture
def by(trading: Trading, monkeypatch: pytest.MonkeyPatch) -> By:
    """`tanshu …` by a person, at the market's time: by("registry-maker-1", "day", "object", …)."""
    monkeypatch.setattr("time.time_ns", lambda: trading.clock())
    tanshu = at(trading.book.database.url)
    return lambda who, *args: tanshu(*map(str, args), *(("--as", who) if who else ()))


@pytest.fixture
def paper(tmp_path: Path) -> str:
    path = tmp_path / "decision.txt"
    path.write_text("决定", encoding="utf-8")
    return str(path)


def _approved(by: By, id: str) -> None:
    for person in (FIRST, SECOND):
        by(person, "tx", "approve", id).ok()


def test_a_shortfall_is_noticed_covered_and_recovered(trading: Trading, by: By, paper: str):
    house = Funded(trading)
    asked = ("day", "shortfall", "notice", DAY, house.who, SHORT, "--cause", "returned-deposit", "--json")
    assert by(CLERK, *asked).refusal == "CLR-4005"
    assert by(CLERK, *asked, "--reason", "入金退回").refusal == "CLR-4003"
    told = by(CLERK, *asked, "--reason", "入金退回", "--minutes", 60).ok().json
    id = told["shortfall"]
    assert (told["amount"], told["state"]) == (1_000_000, "noticed")
    assert by("", "day", "shortfall", "explain", id, "--json").ok().json["cure_until_ns"] is None
    assert "待复核" in by("", "day", "shortfall", "list").ok().out
    confirmed = by(FIRST, "day", "shortfall", "confirm", id, "--json").ok().json
    assert (confirmed["amount"], confirmed["suspended"]) == (1_000_000, ["cea"])
    cover = ("day", "shortfall", "cover", id, "--evidence", paper, "--json")
    assert by(CLERK, *cover).refusal == "CLR-4011"
    house.wait()
    _approved(by, by(CLERK, *cover).ok().json["id"])
    shown = by("", "day", "shortfall", "list", "--lang", "en").ok().out
    assert id in shown and "covered" in shown
    recover = ("day", "shortfall", "recover", id, RESERVE, "--fund")
    assert by(CLERK, *recover, "treasure").code == 2
    _approved(by, by(CLERK, *recover, "reserve", "--evidence", paper, "--json").ok().json["id"])
    explained = by("", "day", "shortfall", "explain", id, "--json").ok().json
    assert explained["state"] == "recovering"
    assert explained["outstanding"] == {"reserve": 0, "own_funds": 400_000}
    assert [one["kind"] for one in explained["payments"]] == ["cover", "cover", "recovery"]
    in_words = by("", "day", "shortfall", "explain", id).ok().out
    assert "追偿中" in in_words and house.cash in in_words
    assert by("", "day", "shortfall", "explain", "SF-none", "--json").refusal == "CLR-4001"


def test_a_bank_that_is_short_itself_is_covered_and_pays_back(trading: Trading, by: By, paper: str):
    house = Funded(trading)
    asked = (
        "notice",
        DAY,
        "bank",
        RESERVE,
        "--cause",
        "bank-short",
        "--minutes",
        60,
        "--reason",
        "短款",
        "--json",
    )
    id = by(CLERK, "day", "shortfall", *asked, "--json").ok().json["shortfall"]
    by(FIRST, "day", "shortfall", "confirm", id).ok()
    house.wait()
    _approved(by, by(CLERK, "day", "shortfall", "cover", id, "--evidence", paper, "--json").ok().json["id"])
    back = ("day", "shortfall", "recover", id, RESERVE, "--fund", "reserve", "--evidence", paper, "--json")
    _approved(by, by(CLERK, *back).ok().json["id"])
    explained = by("", "day", "shortfall", "explain", id, "--json").ok().json
    assert (explained["subject"], explained["state"]) == ("bank", "recovered")


def test_a_notice_that_was_none_is_withdrawn_and_the_participant_trades_again(trading: Trading, by: By):
    house = Funded(trading)
    id = house.noticed(over=False)
    asked = ("day", "shortfall", "withdraw", id, "--json")
    assert by(FIRST, *asked).refusal == "CLR-4005"
    told = by(FIRST, *asked, "--reason", "通知有误").ok().json
    assert (told["state"], told["lifted"]) == ("withdrawn", ["cea"])
    shown = by("", "day", "shortfall", "explain", id, "--lang", "en").ok().out
    assert "withdrawn" in shown and "通知有误" in shown
    again = by(CLERK, "day", "shortfall", "cover", id, "--json")
    assert again.refusal == "CLR-4008"


def test_a_deposit_after_the_notice_makes_a_shortfall_good(trading: Trading, by: By):
    house = Funded(trading)
    assert "没有资金不足" in by("", "day", "shortfall", "list").ok().out
    id = house.noticed(500_000, over=False)
    early = by(CLERK, "day", "shortfall", "cure", id, "TX-none", "--json")
    assert early.refusal == "CLR-4016"
    paid = trading.pays_in(house.who, 500_000)
    cured = by(CLERK, "day", "shortfall", "cure", id, paid, "--json").ok().json
    assert (cured["state"], cured["missing"]) == ("cured", 0)
    (listed,) = by("", "day", "shortfall", "list", "--json").ok().json["shortfalls"]
    assert (listed["subject"], listed["state"], listed["cured"]) == (house.who, "cured", 500_000)


def test_an_objection_is_filed_sent_back_upheld_and_corrected(trading: Trading, by: By, paper: str):
    house, who = House(trading), trading.b
    trading.sell(trading.a, 1_000)
    trading.buy(who, 300)
    house.after_the_close()
    house.settles()
    maker = trading.maker(who)
    filing = ("day", "object", DAY, who, "--json")
    assert by(maker, *filing).refusal == "CLR-6004"
    id = by(maker, *filing, "--text", "多收手续费").ok().json["objection"]
    decide = ("day", "decide-objection", id, "--yuan", "2.50", "--uphold", "--opinion")
    bare = by(CLERK, "day", "decide-objection", id, "--uphold", "--opinion", "属实", "--json")
    assert bare.refusal == "CLR-6014"
    by(CLERK, *decide, "待核").ok()
    by(FIRST, "day", "confirm-objection", id, "--reject").ok()
    by(CLERK, *decide, "属实").ok()
    assert by(FIRST, "day", "confirm-objection", id, "--json").ok().json["state"] == "upheld"
    trading.clock.set_day(NEXT, time(9, 1))
    accounts = [trading.market.account(one, MONEY) for one in (trading.a, who)]
    line = ":".join(("CNY", "250", *accounts))
    asked = by(CLERK, "day", "correct", id, "--line", line, "--evidence", paper, "--json").ok().json
    _approved(by, asked["id"])
    (listed,) = by("", "day", "objections", DAY, "--json").ok().json["objections"]
    assert (listed["state"], listed["subject"], listed["correction_id"]) == ("corrected", who, asked["id"])
    assert "已更正" in by("", "day", "objections").ok().out
    assert "no objections" in by("", "day", "objections", NEXT, "--lang", "en").ok().out
    assert by(CLERK, *decide, "再议", "--json").refusal == "CLR-6006"
