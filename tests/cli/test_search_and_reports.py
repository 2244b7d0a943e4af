"""Searching, inquiries and reports at the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.conftest import Tanshu
from tests.support.market import credit_code

CLERK, REVIEWER = "registry-maker-1", "registry-checker-1"


def test_subjects_are_found_by_parts_of_what_is_known(year: Tanshu):
    first = year("search", "subjects", "--kind", "enterprise", "--limit", "2", "--json").ok().json
    assert len(first["subjects"]) == 2 and first["next"] is not None
    rest = (
        year("search", "subjects", "--kind", "enterprise", "--after", str(first["next"]), "--json").ok().json
    )
    names = [one["name"] for one in (*first["subjects"], *rest["subjects"])]
    assert len(names) == len(set(names)) > 2 and rest["next"] is None
    part = names[0][1:4]
    found = year("search", "subjects", part, "--region", "42", "--json").ok().json["subjects"]
    assert names[0] in [one["name"] for one in found]
    code = first["subjects"][0]["accounts"][0]["account"]
    assert year("search", "subjects", "--code", code, "--json").ok().json["subjects"][0]["name"] == names[0]
    assert names[0] in year("search", "subjects", names[0][:1], "--starts").ok().out
    assert year("search", "subjects", names[0][:1], "--json").refusal == "REG-7101"
    assert year("search", "subjects", "--kind", "club").code == 2


def test_a_subjects_lines_come_in_pages(year: Tanshu):
    handle = year("search", "subjects", "--kind", "enterprise", "--json").ok().json["subjects"][0]["handle"]
    whole = year("search", "lines", handle, "--json").ok().json["lines"]
    assert {"surrender", "final-allocation"} <= {one["type"] for one in whole}
    page = year("search", "lines", handle, "--limit", "1", "--json").ok().json
    assert page["lines"][0] == whole[0] and page["next"] == whole[0]["seq"]
    assert "next page" in year("search", "lines", handle, "--limit", "1", "--lang", "en").ok().out


def test_lists_are_paged(year: Tanshu):
    accounts = year("account", "list", "--limit", "0", "--json").ok().json
    assert accounts["total"] == len(accounts["accounts"]) and accounts["next"] is None
    page = year("account", "list", "--limit", "3", "--json").ok().json
    more = year("account", "list", "--limit", "3", "--after", str(page["next"]), "--json").ok().json
    assert page["accounts"] + more["accounts"] == accounts["accounts"][:6]
    newest = year("tx", "list", "--limit", "2", "--json").ok().json
    older = year("tx", "list", "--limit", "2", "--before", newest["next"], "--json").ok().json
    four = year("tx", "list", "--limit", "4", "--json").ok().json["transactions"]
    assert older["transactions"] + newest["transactions"] == four
    assert year("tx", "list", "--before", "what").code == 2
    first = four[0]["proposed_seq"]
    since = year("tx", "list", "--from", f"seq:{first}", "--json").ok().json
    assert [one["id"] for one in since["transactions"]] == [one["id"] for one in four]


@pytest.fixture
def plant(tanshu: Tanshu) -> str:
    code = credit_code(1)
    tanshu(
        *("account", "register", "--kind", "enterprise", "--name", "甲电厂", "--uscc", code),
        *("--region", "420100", "--account", "registration", "--as", CLERK),
    ).ok()
    return code


def test_an_inquiry_from_the_letter_to_a_second_reading(tanshu: Tanshu, plant: str, tmp_path: Path):
    letter = tmp_path / "letter.txt"
    letter.write_text("协助查询通知书")
    request = (
        *("inquiry", "request", "--subject", plant, "--authority", "某法院", "--document", "1号"),
        *("--officer", "张某某", "--role", "法警", "--what", "holdings", "--what", "claims"),
        *("--letter", str(letter), "--as", CLERK, "--json"),
    )
    asked = tanshu(*request).ok().json
    id, out = asked["id"], tmp_path / "answer.html"
    assert len(asked["salt"]) == 32
    assert tanshu(*request).refusal == "REG-7008"
    answer = ("inquiry", "answer", id, "--as", CLERK, "--out", str(out), "--json")
    assert tanshu(*answer).refusal == "REG-7007"
    tanshu("inquiry", "approve", id, "--as", REVIEWER).ok()
    given = tanshu(*answer, "--key", "answer-1").ok().json
    assert given["number"].endswith("-00001") and "甲电厂" in out.read_text()
    first = out.read_bytes()
    assert tanshu(*answer, "--key", "answer-1").ok().json["repeated"] is True
    assert out.read_bytes() == first
    assert tanshu(*answer).refusal == "REG-7002"
    tanshu(*answer, "--purpose", "a copy was asked for").ok()
    assert out.read_bytes() == first
    facts = tmp_path / "answer.json"
    said = (*("inquiry", "answer", id, "--as", REVIEWER, "--purpose", "audit"), "--out", str(facts))
    tanshu(*said, "--format", "json").ok()
    assert json.loads(facts.read_bytes())["subject"]["credit_code"] == plant
    shown = tanshu("inquiry", "show", id, "--json").ok().json
    assert [one["purpose"] for one in shown["readings"]] == ["a copy was asked for", "audit"]
    listed = tanshu("inquiry", "list", "--subject", plant, "--state", "answered", "--json").ok()
    assert [one["id"] for one in listed.json["inquiries"]] == [id] and "张某某" not in listed.out
    assert "某法院" in tanshu("inquiry", "list").ok().out
    assert tanshu("inquiry", "list", "--state", "odd").code == 2


def test_the_ministrys_report_on_the_screen_and_as_files(year: Tanshu, tmp_path: Path):
    said = year("report", "ministry", "--json").ok().json
    assert said["agrees"] is True and said["stamp"]
    assert said["total"]["surrendered_t"] > 0 and said["total"]["gap_t"] == 0
    assert "湖北省" in year("report", "ministry", "--lang", "zh").ok().out
    for format in ("html", "xlsx", "csv", "json"):
        out = tmp_path / f"report.{format}"
        year("report", "ministry", "--format", format, "--out", str(out)).ok()
        assert out.stat().st_size > 500
    assert year("report", "ministry", "--format", "doc").code == 2
    assert year("report", "ministry", "--at", "seq:1", "--json").refusal == "INS-2002"


def test_what_is_public_on_the_screen_and_as_files(year: Tanshu, tmp_path: Path):
    said = year("report", "disclosure", "--year", "2023", "--today", "2025-02-01", "--json").ok().json
    assert {one["status"] for one in said["entities"]} == {"compliant"} and "verified" not in said[
        "entities"
    ][0]
    out = tmp_path / "public"
    year("report", "disclosure", "--year", "2023", "--today", "2025-02-01", "--out", str(out)).ok()
    assert {"index.html", "entities.csv", "disclosure.json"} <= {path.name for path in out.iterdir()}
    early = year("report", "disclosure", "--year", "2023", "--today", "2023-06-01", "--json")
    assert early.refusal == "INS-2102"
    assert (
        "已履约"
        in year("report", "disclosure", "--year", "2023", "--today", "2025-02-01", "--lang", "zh").ok().out
    )
