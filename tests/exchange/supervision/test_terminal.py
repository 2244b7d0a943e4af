"""`tanshu supervise`: a day is gone through, an alert becomes a case, a case a suspension that is lifted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Said, in_process
from tests.exchange.bridge.support import CEA, CHECKER, DAY, EXCHANGE, FIGURES, Trading
from tests.exchange.supervision.test_cases import Watched

MAKER, SECOND = ("--as", EXCHANGE), ("--as", CHECKER)


@pytest.fixture
def watched(trading: Trading) -> Watched:
    return Watched(trading)


def say(watched: Watched, *args: str, json: bool = True) -> Said:
    more = ("--json",) if json else ("--lang", "zh")
    url = watched.trading.market.database.url
    return in_process("supervise", *args, *more, "--db", url, env={"TANSHU_PACKS": str(FIGURES)})


def test_from_a_days_alerts_to_a_suspension_and_its_end(watched: Watched, tmp_path: Path):
    plant = watched.trading.a
    ran = say(watched, "run", "--market", CEA, "--day", f"{DAY}", *MAKER).ok().json
    assert (ran["found"], ran["pack"]) == (len(ran["new"]), "sim.supervision")
    assert "EXAMPLE" in ran["watermark"]["en"]
    assert say(watched, "run", "--market", CEA, "--day", f"{DAY}", *MAKER).ok().json["new"] == []
    (alert,) = say(watched, "alerts", "--rule", "self-trade").ok().json["alerts"]
    shown = say(watched, "alert", alert["id"]).ok().json
    assert shown["participants"] == [plant, watched.trading.b]
    assert shown["evidence"][0][0] == "trade"
    letter = tmp_path / "letter.txt"
    letter.write_text("说明函", encoding="utf-8")
    about = ("--alert", alert["id"], "--note", "同一实际控制人对敲", "--document", str(letter))
    case = say(watched, "case", "open", *about, *MAKER).ok().json["case"]
    aimed = ("--participant", plant, "--note", "依规则")
    assert not say(watched, "case", "act", case, "warn", *aimed, *MAKER).ok().json["waits"]
    assert say(watched, "case", "act", case, "suspend", *aimed, *MAKER).ok().json["waits"]
    assert say(watched, "case", "confirm", case, "--reason", "依规则", *SECOND).ok().json["suspended"]
    assert say(watched, "case", "close", case, "--note", "完", *MAKER).refusal == "EXC-7014"
    why = ("--reason", "已整改")
    say(watched, "case", "act", case, "lift-suspend", *aimed, *why, *MAKER).ok()
    say(watched, "case", "confirm", case, *SECOND).ok()
    say(watched, "case", "close", case, "--note", "完", *MAKER).ok()
    told = say(watched, "case", "show", case).ok().json
    kinds = ["open", "warn", "suspend", "confirm", "lift-suspend", "confirm", "close"]
    assert [act["kind"] for act in told["acts"]] == kinds
    assert told["acts"][0]["documents"][0]["title"] == "letter.txt"
    assert (told["state"], told["in_force"]) == ("closed", [])


def test_people_read_it_in_chinese(watched: Watched):
    case = watched.opened()
    watched.act(case, "restrict", watched.trading.a)
    said = say(watched, "case", "show", case, json=False).ok().out
    assert "限制交易" in said and "同一实际控制人" in said
    assert "自买自卖" in say(watched, "alerts", "--market", CEA, "--day", f"{DAY}", json=False).ok().out
    (listed,) = say(watched, "case", "list", "--market", CEA, "--state", "open").ok().json["cases"]
    assert listed["waits"] == 2
    assert say(watched, "case", "confirm", case, "--decline", *SECOND).refusal == "EXC-7005"
    declined = say(watched, "case", "confirm", case, "--decline", "--note", "不足", *SECOND).ok().json
    assert not declined["accepted"]
    assert say(watched, "case", "dismiss", case, "--note", "不成立", *MAKER).ok().json["state"] == "dismissed"


def test_an_owner_is_put_on_record(watched: Watched):
    told = ("--owner", "另一集团", "--basis", "股权变更公告")
    assert say(watched, "owner", watched.trading.c, *told, *MAKER).ok().json["owner"] == "另一集团"
    assert say(watched, "owner", watched.trading.c, *told, *MAKER).refusal == "EXC-7016"


def test_how_good_the_rules_are_is_printed():
    told = in_process("supervise", "evaluate", "--seeds", "2001", "--abuses", "1", "--json").ok().json
    assert set(told["rules"]) == {
        "self-trade", "related-wash", "marking-close", "cancel-ratio", "concentration",
    }  # fmt: skip
    assert all(one["labels"] == 1 for one in told["rules"].values())
    assert (told["labelled_months"], told["clean_months"], told["participant_days"]) == (1, 1, 560)
    assert not told["seeds_tuned_on"]


@pytest.mark.parametrize("seeds", ["x", "9-1", "1-5000", ""])
def test_seeds_that_are_none_are_refused(seeds: str):
    assert in_process("supervise", "evaluate", "--seeds", seeds, "--json").refusal == "CLI-2301"
