"""`tanshu audit` and `tanshu book audit` as people and scripts call them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from tanshu.book import projections, records
from tanshu.book.movements import Movements
from tanshu.log import store
from tests.audit.house import House
from tests.cli.conftest import Said, in_process
from tests.support.auditors import AUDITOR, CLERK, REVIEWER

Audit = Callable[..., Said]


@pytest.fixture
def at(house: House, tmp_path: Path) -> Audit:
    """`tanshu audit …` on the house, with a state file of its own."""
    house.market.clock.set(house.market.clock.now_ns)

    def say(*args: str, state: bool = True) -> Said:
        more = ["--state", str(tmp_path / "state")] if state else []
        return in_process("audit", *args, *more, "--db", house.market.database.url)

    return say


def alter_a_holding(house: House) -> str:
    """Give plant-a units that nobody issued, where the house shows them; the account's code."""
    projections.catch_up(house.market.database, Movements)
    own = house.account(house.market.plant_a)
    with house.market.database.write() as conn:
        conn.execute(
            text("UPDATE holding SET available = 5 WHERE account = :a AND instrument = :i"),
            {"a": own.number, "i": house.instrument("CEA22")},
        )
    return own.code


def test_following_once_says_in_one_line_that_nothing_disagrees(at: Audit):
    said = at("follow", "--lang", "en")
    assert said.code == 0 and said.out.count("\n") == 1
    assert "round 1" in said.out and "9 transactions" in said.out and "nothing disagrees" in said.out
    assert "无不符" in at("follow", "--once", "--lang", "zh").out
    told = at("status", "--json").ok().json
    assert (told["rounds"], told["lag"], told["findings_so_far"], told["sound"]) == (2, 0, 0, True)


def test_rounds_without_end_are_one_json_object_a_line(at: Audit, house: House):
    said = at("follow", "--every", "0.01", "--rounds", "3", "--json")
    assert said.code == 0
    rounds = [json.loads(line) for line in said.out.splitlines()]
    assert [one["round"] for one in rounds] == [1, 2, 3]
    with house.market.database.read() as conn:
        newest = store.tail(conn, store.REGISTRY_LOG)
    assert newest and rounds[-1]["log_hash"] == newest[2].hex()


def test_a_finding_ends_with_code_3_a_table_and_a_line_in_the_report(at: Audit, house: House, tmp_path: Path):
    code = alter_a_holding(house)
    report = tmp_path / "report.jsonl"
    said = at("follow", "--report", str(report), "--lang", "en")
    assert said.code == 3 and "AUD-6003" in said.out and code in said.out
    assert json.loads(report.read_text())["accounts"] == [code]
    standing = at("follow", "--report", str(report), "--lang", "zh")
    assert standing.code == 3 and "1 项发现仍未消除" in standing.out
    assert len(report.read_text().splitlines()) == 1
    told = at("status", "--json")
    assert told.code == 3 and told.json["findings_so_far"] == 1 and len(told.json["standing"]) == 1


def test_blocking_needs_an_auditor_and_its_end_two_people(at: Audit, house: House):
    refused = at("follow", "--block", "--json")
    assert refused.code == 1 and refused.refusal == "AUD-7005"
    code = alter_a_holding(house)
    said = at("follow", "--block", "--as", AUDITOR, "--json")
    assert said.code == 3 and said.json["blocked"] == [code]
    (one,) = at("blocks", "--json", state=False).ok().json["blocks"]
    assert (one["code"], one["finding"], one["person"]) == (code, "AUD-6003", AUDITOR)

    projections.rebuild(house.market.database, Movements)
    end = ("unblock", code, "--json", "--as")
    assert at(*end, CLERK, state=False).refusal == "PAR-3012"
    assert at(*end, CLERK, "--reason", "rebuilt", state=False).ok().json["state"] == "blocked"
    assert at(*end, REVIEWER, state=False).ok().json["state"] == "open"
    assert at("blocks", "--json", state=False).json["blocks"] == []
    assert len(at("blocks", "--ended", "--json", state=False).json["blocks"]) == 1
    assert at("follow").code == 0


def test_somebody_who_is_no_auditor_blocks_nothing_and_that_is_said(at: Audit, house: House):
    code = alter_a_holding(house)
    said = at("follow", "--block", "--as", CLERK, "--json")
    assert said.code == 3 and said.json["blocked"] == []
    (spared,) = said.json["not_blocked"]
    assert spared["account"] == code and spared["why"].startswith("PAR-3003")
    again = at("follow", "--block", "--as", AUDITOR, "--json")
    assert again.json["blocked"] == [code], "what could not be blocked is tried again"


def test_an_account_is_blocked_by_hand(at: Audit, house: House):
    code = house.market.account(house.market.plant_b)
    said = at(
        "block", code, "--finding", "AUD-5206", "--seq", "7", "--as", AUDITOR, "--lang", "en", state=False
    )
    assert said.code == 0 and "blocked by the audit" in said.out
    shown = in_process("account", "show", code, "--db", house.market.database.url, "--lang", "zh")
    assert "稽核封停" in shown.ok().out


def test_a_missing_state_file_is_refused(at: Audit):
    assert at("status", "--json").refusal == "AUD-7004"


def test_the_whole_audit_counts_transactions_and_rows_and_names_the_broken_rule(house: House):
    market = house.market
    url = ("--db", market.database.url)
    good = in_process("book", "audit", "--json", *url).ok().json
    assert good["transactions"] == 9 and good["rows"] == house.judge.business.rows
    giver, taker = (house.account(plant).number for plant in (market.plant_a, market.plant_b))
    house.behind(
        "registry-checker-1",
        "registry.approve",
        lambda act: act.record(records.transfer(giver, taker, house.instrument("CEA22"), 5)),
    )
    bad = in_process("book", "audit", "--json", *url)
    assert bad.code == 3
    assert [one["code"] for one in bad.json["findings"]] == ["AUD-5006", "AUD-5002", "AUD-6005", "AUD-6005"]
    assert bad.json["findings"][1]["accounts"] == [giver, taker]
