"""Commands that write: who acts, keys, chains of approval, allocation, surrender, what follows."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from tanshu.base.database import Database
from tests.cli.conftest import Said, Tanshu, write_csv

PLANT_A, PLANT_B = "91999999XN9000019U", "91999999XN9000027N"
REGISTRY = ("--as", "registry-maker-1")


@pytest.fixture
def province(tanshu: Tanshu, tmp_path: Path) -> Tanshu:
    """Two plants on the list of 2023 with verified emissions of 2022; 5,000 t issued to their province."""
    header = "kind,name,uscc,handle,region,accounts,people"
    people = "{0}-maker-1:maker;{0}-checker-1:checker"
    subjects = write_csv(
        tmp_path / "accounts.csv",
        header,
        f"authority,省厅,,hubei,420000,provincial,{people.format('hubei')}",
        f"enterprise,甲电厂,{PLANT_A},,420100,registration;trading;cash,{people.format('a')}",
        f"enterprise,乙电厂,{PLANT_B},,420100,registration,{people.format('b')}",
    )
    tanshu("import", "accounts", subjects, *REGISTRY).ok()
    tanshu(
        "instrument",
        "define",
        "CEA23",
        "--kind",
        "allowance",
        "--title-zh",
        "配额",
        "--vintage",
        "2023",
        *REGISTRY,
    )
    entities = write_csv(tmp_path / "list.csv", "handle", PLANT_A, PLANT_B)
    tanshu("import", "list", entities, "--year", "2023", "--as", "hubei-maker-1").ok()
    for year in ("2022", "2023"):
        verified = write_csv(
            tmp_path / f"{year}.csv", "uscc,verified_t", f"{PLANT_A},1000", f"{PLANT_B},2000"
        )
        tanshu("import", "emissions", verified, "--year", year, "--as", "hubei-maker-1").ok()
    issued = propose(tanshu, "--type", "issuance", "--line", "CEA23:5000", "--subject", "hubei", *REGISTRY)
    tanshu("tx", "approve", issued, "--as", "registry-checker-1").ok()
    return tanshu


@pytest.fixture
def allocated(province: Tanshu) -> Tanshu:
    """Both plants have their pre-allocation: 700 and 1,400 t."""
    province("allocate", "--year", "2023", "--stage", "pre", "--as", "hubei-maker-1").ok()
    for person in ("hubei-checker-1", "registry-checker-1"):
        province("tx", "approve", "--batch", "2023-pre", "--as", person).ok()
    return province


def propose(tanshu: Tanshu, *args: str) -> str:
    return tanshu("tx", "propose", *args, "--json").ok().json["id"]


def cells(tanshu: Tanshu, subject: str) -> dict[str, tuple[int, int]]:
    """Available and held by kind of account."""
    found = tanshu("holdings", "--subject", subject, "--json").json["holdings"]
    return {one["kind"]: (one["available"], one["held"]) for one in found}


def surrender(tanshu: Tanshu, *more: str) -> Said:
    args = ("--subject", PLANT_A, "--year", "2023", "--as", "a-maker-1", "--json")
    return tanshu("comply", "surrender", *args, *more)


def test_init_again_changes_nothing(tanshu: Tanshu) -> None:
    before = tanshu("book", "stats", "--json").json["log_hash"]
    again = tanshu("init", "--json").ok().json
    assert (again["created"], again["log_hash"]) == (False, before)
    assert tanshu("init", "--jurisdiction", "xx", "--json").refusal == "RULE-1001"


def test_a_subject_is_registered_with_accounts_and_people(tanshu: Tanshu) -> None:
    args = ("--kind", "enterprise", "--name", "甲电厂", "--uscc", PLANT_A, "--region", "420100")
    given = ("--account", "registration", "--person", "a-1:maker+checker", *REGISTRY)
    made = tanshu("account", "register", *args, *given, "--since", "2020-01-01", "--json").ok().json
    assert made["subject"] == PLANT_A
    assert set(made["accounts"]) == {"registration"}
    opened = tanshu("account", "open", PLANT_A, "--kind", "cash", *REGISTRY, "--json").ok().json
    tanshu("account", "appoint", PLANT_A, "a-2:checker", *REGISTRY).ok()
    unsaid = tanshu("account", "state", opened["account"], "closed", *REGISTRY, "--json")
    assert unsaid.refusal == "PAR-5204"
    asked = tanshu("account", "state", opened["account"], "closed", *REGISTRY, "--reason", "asked", "--json")
    tanshu("onboard", "decide", asked.ok().json["change"], "--as", "registry-checker-1").ok()
    ahead = tanshu("account", "rename", PLANT_A, "新甲电厂", "--since", "2999-01-01", *REGISTRY, "--json")
    assert ahead.refusal == "PAR-1011"
    asked = tanshu("account", "rename", PLANT_A, "新甲电厂", "--since", "2024-01-01", *REGISTRY, "--json")
    tanshu("onboard", "decide", asked.ok().json["change"], "--as", "registry-checker-1").ok()
    shown = tanshu("account", "show", PLANT_A, "--json").json
    assert {one["kind"]: one["state"] for one in shown["accounts"]} == {
        "registration": "open",
        "cash": "closed",
    }
    assert [one["person"] for one in shown["people"]] == ["a-1", "a-2"]
    assert tanshu("account", "state", opened["account"], "open", *REGISTRY, "--json").refusal == "PAR-2008"
    assert tanshu("account", "register", *args, *REGISTRY, "--json").refusal == "PAR-1003"
    assert tanshu("account", "appoint", PLANT_A, "a-3", *REGISTRY).code == 2


def test_a_key_makes_a_command_repeatable(tanshu: Tanshu) -> None:
    args = ("instrument", "define", "CEA23", "--kind", "allowance", "--title-zh", "配额", *REGISTRY, "--json")
    first = tanshu(*args, "--key", "define CEA23").ok().json
    again = tanshu(*args, "--key", "define CEA23").ok().json
    assert (first["repeated"], again["repeated"]) == (False, True)
    assert again | {"repeated": False} == first
    assert tanshu(*args).refusal == "REG-1006", "a fresh key is another command"
    assert tanshu(*args, "--key", "define CEA23", "--vintage", "2023").refusal == "LOG-1001"
    assert tanshu("book", "log", str(first["seq"]), "--json").json["key"] == first["key"]


def test_a_chain_is_walked_by_different_people(allocated: Tanshu) -> None:
    proposed = (
        surrender(allocated, "--instrument", "CEA23", "--quantity", "600", "--reason", "清缴").ok().json
    )
    id = proposed["id"]
    assert cells(allocated, PLANT_A)["registration"] == (100, 600)
    assert allocated("tx", "approve", id, "--as", "a-maker-1", "--json").refusal == "REG-3101"
    assert allocated("tx", "approve", id, "--as", "registry-checker-1", "--json").refusal == "REG-3102"
    for person in ("a-checker-1", "hubei-checker-1", "registry-checker-1"):
        mine = allocated("tx", "list", "--mine", person, "--json").json["transactions"]
        assert [one["id"] for one in mine] == [id]
        said = allocated("tx", "approve", id, "--as", person, "--comment", "同意").ok().out
    assert "已生效" in said
    assert cells(allocated, PLANT_A)["registration"] == (100, 0)
    assert allocated("tx", "show", id, "--json").json["reason"] == "清缴"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        (("--instrument", "CEA23", "--quantity", "701"), "REG-2005"),
        (("--line", "CEA23:400", "--line", "CEA23:400"), "REG-2005"),
        (("--instrument", "CEA23", "--quantity", "6.5"), "BASE-1001"),
        (("--instrument", "CEA23", "--quantity", "-6"), "BASE-1002"),
        (("--instrument", "CEA24", "--quantity", "6"), "REG-1003"),
    ],
)
def test_a_surrender_that_cannot_be(allocated: Tanshu, more: tuple[str, ...], code: str) -> None:
    assert surrender(allocated, *more).refusal == code
    assert cells(allocated, PLANT_A)["registration"] == (700, 0)


def test_reject_and_withdraw_release_what_was_held(allocated: Tanshu) -> None:
    first = surrender(allocated, "--instrument", "CEA23", "--quantity", "600").ok().json["id"]
    allocated("tx", "reject", first, "--as", "a-checker-1", "--comment", "数量不符").ok()
    second = surrender(allocated, "--instrument", "CEA23", "--quantity", "500").ok().json["id"]
    allocated("tx", "withdraw", second, "--as", "a-maker-1").ok()
    assert cells(allocated, PLANT_A)["registration"] == (700, 0)
    states = {
        one["id"]: one["state"]
        for one in allocated("tx", "list", "--type", "surrender", "--json").json["transactions"]
    }
    assert states == {first: "rejected", second: "withdrawn"}
    assert allocated("tx", "certificate", first, "--json").refusal == "REG-4001"


def test_several_approvals_tell_each_result(province: Tanshu) -> None:
    province("allocate", "--year", "2023", "--stage", "pre", "--as", "hubei-maker-1").ok()
    ids = [one["id"] for one in province("tx", "list", "--state", "pending", "--json").json["transactions"]]
    said = province("tx", "approve", *ids, "TX-none", "--as", "hubei-checker-1", "--json")
    assert said.code == 1
    assert (said.json["accepted"], said.json["refused"]) == (2, 1)
    assert said.json["results"][2]["refusal"]["code"] == "REG-3105"
    nothing = province("tx", "approve", "--batch", "2023-pre", "--as", "hubei-checker-1", "--json")
    assert nothing.refusal == "CLI-1007"
    assert nothing.json["refusal"]["facts"]["count"] == 2
    told = province("tx", "approve", "--type", "pre-allocation", "--as", "hubei-checker-1")
    assert (told.code, "审批 2 笔" in told.err) == (1, True)
    none = province("tx", "approve", "--batch", "no-such", "--as", "hubei-checker-1", "--json")
    assert none.json["refusal"]["facts"] == {
        "person": "hubei-checker-1",
        "count": 0,
        "turns": {"zh": "无", "en": "nobody"},
    }
    assert province("tx", "approve", ids[0], "--batch", "x", "--as", "hubei-checker-1").code == 2


def test_a_rehearsal_writes_nothing_and_tells_everything(province: Tanshu) -> None:
    before = province("book", "stats", "--json").json
    args = ("allocate", "--year", "2023", "--stage", "pre", "--as", "hubei-maker-1", "--json")
    told = province(*args, "--dry-run").ok().json
    assert told["dry_run"] is True
    assert {one["subject"]: one["quantity"] for one in told["allocations"]} == {PLANT_A: 700, PLANT_B: 1400}
    assert province("book", "stats", "--json").json == before
    assert province("tx", "list", "--state", "pending", "--json").json["total"] == 0
    done = province(*args).ok().json
    assert (done["quantity"], done["refused"]) == (2_100, 0)
    again = province(*args)
    assert again.code == 1
    assert {one["refusal"]["code"] for one in again.json["allocations"]} == {"CMP-1004"}


def test_a_rehearsal_counts_what_the_others_take(province: Tanshu) -> None:
    """1,000 t are left for 700 + 1,400: the second entity is refused in the rehearsal as it would be."""
    args = ("--type", "administrative-adjustment", "--line")
    source = province("account", "list", "--kind", "provincial", "--json").json["accounts"][0]["account"]
    taken = province("account", "show", PLANT_B, "--json").json["accounts"][0]["account"]
    propose(province, *args, f"CEA23:4000:{source}:{taken}", "--as", "hubei-maker-1")
    said = province(
        "allocate", "--year", "2023", "--stage", "pre", "--as", "hubei-maker-1", "--dry-run", "--json"
    )
    assert said.code == 1
    first, second = said.json["allocations"]
    assert first["quantity"] == 700
    assert second["refusal"]["code"] == "REG-2006"


def test_allocation_notes_and_drafts(province: Tanshu) -> None:
    args = ("--stage", "pre", "--as", "hubei-maker-1", "--dry-run")
    told = province("allocate", "--year", "2023", *args).ok().out
    assert "[rounding] 为假定" in told
    assert province("allocate", "--year", "2025", *args, "--json").refusal == "RULE-1002"
    said = province("allocate", "--year", "2025", *args, "--allow-draft", "--json")
    assert said.refusal == "CLI-1003", "nobody is on the list of 2025"


def test_a_share_where_the_pack_sets_a_ceiling(province: Tanshu, tmp_path: Path) -> None:
    for name, args in (("list", ("handle", PLANT_A)), ("emissions", ("uscc,verified_t", f"{PLANT_A},1000"))):
        file = write_csv(tmp_path / f"{name}-late.csv", *args)
        when = "2025" if name == "list" else "2024"
        province("import", name, file, "--year", when, "--as", "hubei-maker-1").ok()
    args = ("allocate", "--year", "2025", "--stage", "pre", "--as", "hubei-maker-1", "--dry-run")
    given = (*args, "--allow-draft", "--json")
    assert province(*given).refusal == "RULE-2009"
    told = province(*given, "--share", "0.5")
    assert told.code == 1 and told.refusal != "RULE-2009", "no CEA25 is defined here"


def test_a_final_allocation_that_issues_nothing_is_confirmed(allocated: Tanshu, tmp_path: Path) -> None:
    said = allocated(
        "comply", "confirm", "--year", "2023", "--subject", PLANT_A, "--json", "--as", "a-maker-1"
    )
    assert said.refusal == "PAR-3002"
    args = ("comply", "confirm", "--year", "2023", "--as", "hubei-checker-1", "--json")
    nothing = allocated(*args, "--subject", PLANT_A).refusal
    assert nothing.startswith("CMP-")
    both = allocated(*args, "--subject", PLANT_A, "--subject", PLANT_B, "--reject")
    assert (both.code, both.json["refused"]) == (1, 2)
    header = "handle,unit,unit_class,capacity_mw,generation_mwh,heat_gj,running_hours,verified_t,exclusion"
    file = write_csv(tmp_path / "activity.csv", header, f"{PLANT_A},U1,I,600,500,0,5500,800,")
    verified = write_csv(tmp_path / "less.csv", "uscc,verified_t", f"{PLANT_A},800")
    allocated("import", "emissions", verified, "--year", "2023", "--as", "hubei-maker-1").ok()
    allocated("import", "activity", file, "--year", "2023", "--as", "hubei-maker-1").ok()
    final = ("--year", "2023", "--stage", "final", "--subject", PLANT_A, "--as", "hubei-maker-1")
    for word in ("--reject", ""):
        told = allocated("allocate", *final).ok().out
        assert "待确认" in told and f"tanshu comply confirm --year 2023 --subject {PLANT_A}" in told
        said = allocated(*args, "--subject", PLANT_A, *([word] if word else [])).ok().json
        assert said["results"][0]["in_force"] is (not word)
    owed = allocated("comply", "status", "--subject", PLANT_A, "--json").ok().json
    assert owed["return_due_t"] == owed["entities"][0]["return_due_t"] > 0
    assert "待缴回" in allocated("comply", "status").ok().out


def test_locked_data_are_opened_by_a_checker_with_a_reason(allocated: Tanshu) -> None:
    args = ("comply", "unlock", PLANT_A, "--year", "2022", "--json")
    assert allocated(*args, "--as", "hubei-maker-1", "--reason", "更正").refusal == "PAR-3003"
    assert allocated(*args, "--as", "hubei-checker-1").refusal.startswith("MRV-")
    opened = allocated(*args, "--as", "hubei-checker-1", "--reason", "更正").ok().json
    assert (opened["subject"], opened["released"]) == (PLANT_A, 1)


def test_people_of_the_registry_are_confirmed_and_dismissed(tanshu: Tanshu) -> None:
    named = tanshu("account", "appoint", "registry", "registry-maker-9:maker", *REGISTRY).ok()
    assert "tanshu account confirm registry-maker-9" in named.out
    confirm = ("account", "confirm", "registry-maker-9", "--as", "registry-checker-1", "--json")
    assert tanshu(*confirm).ok().json["active"] is True
    assert tanshu(*confirm).refusal == "PAR-3007"
    assert tanshu("account", "dismiss", "registry-maker-9", *REGISTRY, "--json").ok().json["active"] is False
    late = tanshu("account", "open", "registry", "--kind", "cash", "--as", "registry-maker-9", "--json")
    assert late.refusal.startswith("PAR-3")


def test_after_the_deadline(allocated: Tanshu) -> None:
    """2023's deadline has passed: both are short, the range is shown, a decision is taken down."""
    board = allocated("comply", "status", "--json").ok().json
    assert {one["status"] for one in board["entities"]} == {"short"}
    assert allocated("comply", "penalty", "--subject", PLANT_A, "--json").refusal == "CMP-3003"
    refused = allocated("comply", "penalty", "--json")
    assert (refused.code, refused.json["stamp"]) == (1, None)
    assert [(one["subject"], one["code"]) for one in refused.json["unknown"]] == [
        (PLANT_A, "CMP-3003"),
        (PLANT_B, "CMP-3003"),
    ]
    assert "甲电厂" in allocated("comply", "penalty").out
    ranges = allocated("comply", "penalty", "--average-price", "9500", "--json").ok().json["ranges"]
    assert [(one["min_fen"], one["max_fen"]) for one in ranges] == [
        (1_000 * 9_500 * 5, 1_000 * 9_500 * 10),
        (2_000 * 9_500 * 5, 2_000 * 9_500 * 10),
    ]
    decision = ("--subject", PLANT_A, "--year", "2023", "--amount-fen", "47500000", "--basis", "第二十四条")
    given = ("comply", "penalty", "--decide", *decision, "--document", "环罚〔2026〕1号", "--json")
    assert allocated(*given, "--as", "hubei-maker-1").refusal == "PAR-3003"
    allocated(*given, "--as", "hubei-checker-1").ok()
    assert [one["amount_fen"] for one in allocated("comply", "penalty", "--json").json["decisions"]] == [
        47_500_000
    ]
    assert "环罚〔2026〕1号" in allocated("comply", "penalty", "--average-price", "9500").ok().out
    closed = ("comply", "close", "--region", "420000", "--year", "2023", "--json")
    assert allocated(*closed, "--as", "hubei-checker-1").ok().json["short_t"] == 3_000


def test_an_offset_needs_whole_claims(allocated: Tanshu) -> None:
    allocated("instrument", "define", "CCER", "--kind", "credit", "--title-zh", "减排量", *REGISTRY).ok()
    args = ("comply", "offset", "--subject", PLANT_A, "--year", "2023", "--as", "a-maker-1", "--json")
    assert allocated(*args, "--claim", "N-1:10").code == 2
    assert allocated(*args, "--claim", "N-1:10:项目:soon").code == 2
    too_much = allocated(*args, "--claim", "N-1:51:项目:二期:2024-05-01")
    assert too_much.refusal == "CMP-2004"
    made = (
        allocated(*args, "--claim", "N-1:30:项目:二期:2024-05-01", "--claim", "N-2:20:项目:2024-06-01")
        .ok()
        .json
    )
    shown = allocated("tx", "show", made["id"], "--json").json
    assert [one["project"] for one in shown["details"]["claims"]] == ["项目:二期", "项目"]
    assert shown["lines"][0]["quantity"] == 50


def test_an_altered_entry_fails_the_audit_and_is_named(tanshu: Tanshu, founded_url: str) -> None:
    define = ("instrument", "define", "CEA23", "--kind", "allowance", "--title-zh", "配额", *REGISTRY)
    tanshu(*define).ok()
    tanshu("instrument", "define", "CEA24", *define[3:]).ok()
    database = Database.open(founded_url)
    with database.write() as conn:
        conn.execute(text("UPDATE log_entry SET actor = 'nobody' WHERE seq = 2"))
    database.close()
    said = tanshu("book", "audit", "--json")
    assert (said.code, said.json["ok"], said.json["first_bad"]["seq"]) == (3, False, 2)
    told = tanshu("book", "audit")
    assert told.code == 3
    assert "首个问题在第 2 条 (AUD-1004)" in told.out
    assert tanshu("holdings", "--json").refusal == "LOG-1003"
    assert tanshu("book", "log", "2", "--json").ok().json["intact"] is False


def test_tables_of_another_version_are_left_alone(tanshu: Tanshu, founded_url: str) -> None:
    database = Database.open(founded_url)
    with database.write() as conn:
        conn.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    database.close()
    assert tanshu("holdings", "--json").refusal == "APP-1001"
    assert tanshu("account", "open", "registry", "--kind", "cash", *REGISTRY, "--json").refusal == "APP-1001"


def test_details_come_from_pairs_and_files(allocated: Tanshu, tmp_path: Path) -> None:
    file = tmp_path / "details.json"
    file.write_text('{"rate": 1.10, "from": "file", "deep": {"n": [1, 2]}}', encoding="utf-8")
    accounts = {
        one["kind"]: one["account"]
        for one in allocated("account", "show", PLANT_A, "--json").json["accounts"]
    }
    line = f"CEA23:10:{accounts['registration']}:{accounts['trading']}"
    args = ("--type", "position-transfer", "--line", line, "--as", "a-maker-1")
    id = propose(allocated, *args, "--details-json", str(file), "--detail", "from=pair")
    details = allocated("tx", "show", id, "--json").json["details"]
    assert details == {"rate": "1.10", "from": "pair", "deep": {"n": [1, 2]}}
    assert allocated("tx", "propose", *args, "--detail", "nothing").code == 2
    assert allocated("tx", "propose", *args, "--details-json", "nowhere.json").code == 2
