"""Looking at a finished year: holdings, accounts, transactions, compliance, the book."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import ENTITIES, Tanshu

FIRST = "914206006703947663"
"""The first entity of the scenario's list."""


def test_holdings_now_and_then(year: Tanshu) -> None:
    now = year("holdings", "--json").ok().json
    newest = now["as_of_seq"]
    assert year("holdings", "--json", "--as-of", f"seq:{newest}").json == now
    before = year("holdings", "--json", "--as-of", "seq:2").ok().json
    assert (before["as_of_seq"], before["holdings"]) == (2, [])
    day = year("holdings", "--json", "--as-of", "2024-10-25", "--subject", FIRST).ok().json
    assert day["as_of_time"].startswith("2024-10-25")
    cells = {(one["kind"], one["instrument"]): one["available"] for one in day["holdings"]}
    pre = year("comply", "status", "--json", "--subject", FIRST).json["entities"][0]["pre_allocated_t"]
    assert cells["registration", "CEA23"] == pre


@pytest.mark.parametrize(
    ("moment", "code"),
    [("seq:99999", "BOOK-1102"), ("2019-01-01", "BOOK-1102"), ("yesterday", "BOOK-1101")],
)
def test_moments_that_cannot_be(year: Tanshu, moment: str, code: str) -> None:
    assert year("holdings", "--json", "--as-of", moment).refusal == code


@pytest.mark.parametrize(
    "command",
    [
        ("holdings",),
        ("tx", "list"),
        ("account", "list"),
        ("comply", "status"),
        ("comply", "carry-over"),
        ("comply", "penalty"),
    ],
)
def test_tables_of_a_scenario_carry_its_stamp(year: Tanshu, command: tuple[str, ...]) -> None:
    assert "模型数据" in year(*command, "--json").ok().json["stamp"]["zh"]
    assert "modelled data" in year(*command, "--lang", "en").ok().out


def test_holdings_sum_to_zero_and_filters_agree(year: Tanshu) -> None:
    cells = year("holdings", "--json").json["holdings"]
    for code in ("CEA23", "CNY"):
        assert sum(one["available"] + one["held"] for one in cells if one["instrument"] == code) == 0
    assert any(one["instrument"] == "CEA23" and one["available"] < 0 for one in cells)
    only = year("holdings", "--json", "--instrument", "CNY", "--subject", FIRST).json["holdings"]
    assert {(one["instrument"], one["subject"]) for one in only} <= {("CNY", FIRST)}
    account = cells[0]["account"]
    assert {one["account"] for one in year("holdings", "--json", "--account", account).json["holdings"]} == {
        account
    }
    assert year("holdings", "--instrument", "XYZ", "--json").refusal == "REG-1003"


def test_holdings_as_people_read_them(year: Tanshu) -> None:
    said = year("holdings", "--subject", FIRST, "--lang", "en").ok()
    assert "registration" in said.out
    cash = year("holdings", "--subject", FIRST, "--instrument", "CNY", "--json").json["holdings"]
    for one in cash:
        assert f"{one['available'] / 100:,.2f}" in said.out


def test_account_list_and_show(year: Tanshu) -> None:
    trading = year("account", "list", "--kind", "trading", "--json").json["accounts"]
    assert {one["kind"] for one in trading} == {"trading"}
    shown = year("account", "show", FIRST, "--json").ok().json
    assert shown["subject"]["handle"] == FIRST
    assert {one["kind"] for one in shown["accounts"]} == {"registration", "trading", "cash"}
    assert sorted(right for one in shown["people"] for right in one["rights"]) == [
        "checker",
        "maker",
        "trader",
    ]
    code = shown["accounts"][0]["account"]
    assert [one["account"] for one in year("account", "show", code, "--json").json["accounts"]] == [code]
    wrong = code[:-2] + f"{(int(code[-2:]) + 1) % 97:02d}"
    assert year("account", "show", wrong, "--json").refusal == "PAR-2006"


def test_instruments(year: Tanshu) -> None:
    found = {one["instrument"]: one for one in year("instrument", "list", "--json").json["instruments"]}
    assert set(found) == {"CEA19-20", "CEA21", "CEA22", "CEA23", "CCER", "CNY"}
    assert found["CEA23"]["serialised"] and found["CNY"]["scale"] == 2


def test_transactions_are_listed_and_shown(year: Tanshu, tmp_path: Path) -> None:
    found = year("tx", "list", "--type", "surrender", "--json").ok().json
    assert found["total"] == len(found["transactions"]) == ENTITIES
    assert len(year("tx", "list", "--limit", "2", "--json").json["transactions"]) == 2
    assert year("tx", "list", "--state", "pending", "--json").json["total"] == 0
    assert year("tx", "list", "--mine", "registry-checker-1", "--json").json["total"] == 0
    assert year("tx", "list", "--mine", "nobody", "--json").refusal == "PAR-3001"
    assert year("tx", "list", "--state", "odd").code == 2
    id = found["transactions"][0]["id"]
    shown = year("tx", "show", id, "--json").ok().json
    assert [step["decision"] for step in shown["steps"]] == ["made", *["approved"] * 3]
    assert shown["ended_seq"] == shown["steps"][-1]["seq"]
    assert id in year("tx", "show", id).ok().out
    paper = tmp_path / "certificate.html"
    year("tx", "certificate", id, "--out", str(paper)).ok()
    page = paper.read_text(encoding="utf-8")
    assert id in page
    assert "模型数据" in page, "a paper from a scenario's database carries its stamp"
    nowhere = str(tmp_path / "no" / "folder.html")
    assert year("tx", "certificate", id, "--json", "--out", nowhere).refusal == "CLI-1004"


def test_certificate_of_holdings(year: Tanshu, tmp_path: Path) -> None:
    paper = tmp_path / "holdings.html"
    year("account", "certificate", FIRST, "--out", str(paper), "--lang", "en").ok()
    page = paper.read_text(encoding="utf-8")
    assert FIRST in page
    assert "modelled data" in page


def test_the_compliance_board(year: Tanshu) -> None:
    board = year("comply", "status", "--json").ok().json
    assert (board["year"], board["deadline"], board["compliant"]) == (2023, "2024-12-31", ENTITIES)
    assert board["obligation_t"] == board["surrendered_t"] + board["offset_t"]
    assert {one["status_at_deadline"] for one in board["entities"]} == {"compliant"}
    said = year("comply", "status", "--year", "2023").ok().out
    assert sum("已履约" in line for line in said.splitlines()) == ENTITIES + 1
    assert said.count("100.00 %") == 2
    assert year("comply", "status", "--year", "2018", "--json").refusal == "RULE-3003"


def test_nobody_was_short_so_there_is_no_penalty(year: Tanshu) -> None:
    assert year("comply", "penalty", "--json").ok().json["ranges"] == []
    assert year("comply", "penalty", "--subject", FIRST, "--json").refusal == "CMP-3001"


def test_carry_over_estimate(year: Tanshu) -> None:
    found = year("comply", "carry-over", "--json").ok().json
    assert len(found["estimates"]) == ENTITIES
    assert found["carryable_t"] == sum(one["carryable_t"] for one in found["estimates"])
    said = year("comply", "carry-over", "--subject", FIRST).ok().out
    assert "T = ⌊B + NS × R⌋" in said


def test_an_entity_is_explained_with_formula_and_source(year: Tanshu) -> None:
    found = year("rules", "explain", FIRST, "--year", "2023", "--json").ok().json
    assert found["approved_t"] == found["decided_t"]
    said = year("rules", "explain", FIRST, "--year", "2023").ok().out
    assert "Ae = ⌊Qe × Be × Ff⌋" in said
    assert "国环规气候〔2024〕1号" in said
    assert f"{found['approved_t']:,}" in said
    assert year("rules", "explain", FIRST, "--year", "2022", "--json").refusal == "CMP-1006"


def test_the_log(year: Tanshu) -> None:
    newest = year("book", "log", "--json", "--limit", "3").ok().json
    assert [one["seq"] for one in newest["entries"]] == [
        newest["newest"] - 2,
        newest["newest"] - 1,
        newest["newest"],
    ]
    first = year("book", "log", "--from", "0", "--limit", "2", "--json").json["entries"]
    assert [one["command"] for one in first] == ["genesis", "parties.establish"]
    assert first[1]["prev_hash"] == first[0]["hash"]
    assert year("book", "log", "99999", "--json").refusal == "CLI-1005"


def test_one_entry_decoded(year: Tanshu) -> None:
    ended = year("tx", "list", "--type", "surrender", "--limit", "1", "--json").json["transactions"][0]
    entry = year("book", "log", str(ended["ended_seq"]), "--json").ok().json
    assert entry["intact"] is True
    assert entry["answer"]["id"] == ended["id"]
    for line, record in zip(ended["lines"], entry["records"], strict=True):
        assert record["operation"] == "capture"
        assert record["result"] == "OK"
        assert (record["debit"], record["credit"]) == (line["debit"], line["credit"])
        assert (record["instrument"], record["amount"]) == (line["instrument"], line["quantity"])
        assert record["tag"] == "surrender"
    opened = year("book", "log", "1", "--json").json["records"]
    assert [one["operation"] for one in opened] == ["open_account"] * 6
    assert "open_account" in year("book", "log", "1", "--lang", "en").ok().out
    assert "开户" in year("book", "log", "1").ok().out


def test_stats_and_audit_agree(year: Tanshu) -> None:
    stats = year("book", "stats", "--json").ok().json
    audit = year("book", "audit", "--json").ok().json
    assert audit["ok"] is True
    for name in ("entries", "records", "accounts", "cells", "holds", "log_seq", "log_hash"):
        assert stats[name] == audit[name], name
    assert {one["sum"] for one in stats["instruments"].values()} == {0}
    assert "审计通过" in year("book", "audit").ok().out
