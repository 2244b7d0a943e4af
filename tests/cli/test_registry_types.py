"""`tanshu registry types`: the table of transaction types, with and without a database."""

from __future__ import annotations

from pathlib import Path

from tanshu.registry.types import TYPES
from tests.cli.conftest import at, in_process

KEYS = (
    *("number", "code", "name", "gives", "receives", "instruments", "between", "whose", "room", "held"),
    *("while_restricted", "revalidated", "expiry_days", "reversible_days", "effect", "claim", "about"),
    *("needs_documents", "enabled", "chain"),
)
"""Programs read these: a key stays."""


def test_the_table_without_a_database_is_chinas(tmp_path: Path):
    said = in_process("registry", "types", "--db", f"sqlite:///{tmp_path}/none.db", "--json").ok().json
    assert said["jurisdiction"] == "cn" and said["pack"]["name"] == "cn.registry"
    assert [one["code"] for one in said["types"]] == list(TYPES)
    assert all(tuple(one) == KEYS for one in said["types"])
    found = {one["code"]: one for one in said["types"]}
    surrender = found["surrender"]
    assert [(step["by"]["code"], step["act"]["code"]) for step in surrender["chain"]["steps"]] == [
        ("holder", "make"),
        ("holder", "check"),
        ("province", "approve"),
        ("registry", "approve"),
    ]
    assert surrender["chain"]["evidence"]["code"] == "recalled" and surrender["claim"]["code"] == "duty"
    assert surrender["gives"] == [{"code": "registration", "label": {"zh": "登记", "en": "registration"}}]
    assert found["free-transfer"]["enabled"] is False
    assert found["surrender-reversal"]["about"][0] == "surrender"


def test_the_table_of_a_register_is_its_own_jurisdictions_unless_another_is_named(database_url: str):
    tanshu = at(database_url)
    tanshu("init", "--jurisdiction", "uk").ok()
    assert tanshu("registry", "types", "--jurisdiction", "cn", "--json").ok().json["jurisdiction"] == "cn"
    uk = tanshu("registry", "types", "--json").ok().json
    assert uk["jurisdiction"] == "uk"
    assert {one["code"] for one in uk["types"] if one["enabled"]} >= {"free-transfer", "surrender"}
    assert tanshu("registry", "types", "--jurisdiction", "xx", "--json").refusal == "RULE-1001"


def test_people_read_the_table_and_one_type_in_both_languages(tmp_path: Path):
    where = ("--db", f"sqlite:///{tmp_path}/none.db")
    english = in_process("registry", "types", "--lang", "en", *where).ok().out
    assert "judicial-freeze" in english and "holder make → holder check" in english and "assumed" in english
    assert "登记主体 经办 → 登记主体 复核" in in_process("registry", "types", "--lang", "zh", *where).ok().out
    one = in_process("registry", "types", "correction", "--lang", "en", *where).ok().out
    assert "court-transfer" in one and "reversal" not in one
    assert in_process("registry", "types", "gift", "--json", *where).refusal == "REG-1001"
