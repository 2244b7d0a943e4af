"""`tanshu import`: findings by row, all or nothing, and never twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Tanshu, write_csv

PLANT_A, PLANT_B = "91999999XN9000019U", "91999999XN9000027N"
HEADER = "kind,name,uscc,handle,region,accounts,people"
HUBEI = "authority,省厅,,hubei,420000,provincial,hubei-maker-1:maker;hubei-checker-1:checker"
A = f"enterprise,甲电厂,{PLANT_A},,420100,registration;trading;cash,a-maker-1:maker;a-checker-1:checker"
B = f"enterprise,乙电厂,{PLANT_B},,420100,registration,b-maker-1:maker+checker"
ACTIVITY = "handle,unit,unit_class,capacity_mw,generation_mwh,heat_gj,running_hours,verified_t,exclusion"
UNITS_OF_A = (
    f"{PLANT_A},U1,I,600,3000000,0,5500,2400000,",
    f"{PLANT_A},U2,I,600,2000000,0,5500,1600000,",
)
REGISTRY, HUBEI_MAKER = ("--as", "registry-maker-1"), ("--as", "hubei-maker-1")


@pytest.fixture
def plants(tanshu: Tanshu, tmp_path: Path) -> Tanshu:
    """A province with two plants on the list of 2023."""
    tanshu("import", "accounts", write_csv(tmp_path / "accounts.csv", HEADER, HUBEI, A, B), *REGISTRY).ok()
    entities = write_csv(tmp_path / "list.csv", "uscc,excluded,note", f"{PLANT_A},,甲", f"{PLANT_B},no,")
    tanshu("import", "list", entities, "--year", "2023", *HUBEI_MAKER).ok()
    return tanshu


def findings(said_json: dict[str, Any]) -> list[tuple[int, str]]:
    return [(one["row"], one["code"]) for one in said_json["findings"]]


def seq(tanshu: Tanshu) -> int:
    return tanshu("book", "log", "--limit", "1", "--json").json["newest"]


def test_a_file_of_subjects_enters_row_by_row_and_once(tanshu: Tanshu, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "accounts.csv", HEADER, HUBEI, A, B)
    first = tanshu("import", "accounts", file, *REGISTRY, "--json").ok().json
    assert (first["rows"], first["imported"], first["repeated"], first["seq"]) == (3, 3, 0, [2, 4])
    again = tanshu("import", "accounts", file, *REGISTRY, "--json").ok().json
    assert (again["imported"], again["repeated"], seq(tanshu)) == (0, 3, 4)
    assert tanshu("account", "show", PLANT_B, "--json").json["people"][0]["rights"] == ["maker", "checker"]


def test_one_bad_row_keeps_everything_out(tanshu: Tanshu, tmp_path: Path) -> None:
    bad = "enterprise,丙电厂,91999999XN9000019X,,420100,registration,c-maker-1:maker"
    worse = "enterprise,丁电厂,91999999XN9000035H,,420100,registration,nobody"
    file = write_csv(tmp_path / "accounts.csv", HEADER, HUBEI, A, bad, A, worse)
    said = tanshu("import", "accounts", file, *REGISTRY, "--json")
    assert said.refusal == "BASE-1204"
    assert findings(said.json) == [(4, "PAR-1002"), (5, "PAR-1003"), (6, "CLI-1006")]
    assert seq(tanshu) == 1
    told = tanshu("import", "accounts", file, *REGISTRY)
    assert told.code == 1
    assert "PAR-1002" in told.out and "BASE-1204" in told.out
    accepted = tanshu("import", "accounts", file, *REGISTRY, "--accept-valid", "--json").ok().json
    assert (accepted["imported"], len(accepted["findings"]), seq(tanshu)) == (2, 3, 3)


def test_a_key_given_is_kept_for_the_rows(tanshu: Tanshu, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "accounts.csv", HEADER, HUBEI)
    tanshu("import", "accounts", file, *REGISTRY, "--key", "batch 1").ok()
    changed = write_csv(tmp_path / "accounts.csv", HEADER, HUBEI.replace("省厅", "厅"))
    said = tanshu("import", "accounts", changed, *REGISTRY, "--key", "batch 1", "--json")
    assert findings(said.json) == [(2, "LOG-1001")]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"kind,name\nenterprise,x\n", "BASE-1203"),
        ("kind,name,uscc\n企业".encode("gbk"), "BASE-1202"),
        (f"{HEADER}\n".encode(), "MRV-1010"),
        (None, "BASE-1201"),
    ],
)
def test_files_that_cannot_be_read(tanshu: Tanshu, tmp_path: Path, content: bytes | None, code: str) -> None:
    file = tmp_path / "file.csv"
    if content is not None:
        file.write_bytes(content)
    assert tanshu("import", "accounts", str(file), *REGISTRY, "--json").refusal == code


def test_a_workbook_is_read_like_a_csv(tanshu: Tanshu, tmp_path: Path) -> None:
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (HEADER, HUBEI, A):
        sheet.append(row.split(","))
    book.save(tmp_path / "accounts.xlsx")
    said = tanshu("import", "accounts", str(tmp_path / "accounts.xlsx"), *REGISTRY, "--json").ok().json
    assert said["imported"] == 2


def test_who_may_import(plants: Tanshu, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "e.csv", "handle,verified_t", f"{PLANT_A},1000")
    said = plants("import", "emissions", file, "--year", "2023", "--as", "a-maker-1", "--json")
    assert findings(said.json) == [(2, "PAR-3002")]


def test_emissions(plants: Tanshu, tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "e.csv",
        "uscc,verified_t,source",
        f'{PLANT_A},"1,000",核查报告',
        f'{PLANT_B},"1,25",',
        f"{PLANT_A},3,",
        "91999999XN0000012E,4,",
        ",5,",
    )
    args = ("import", "emissions", file, "--year", "2022", *HUBEI_MAKER, "--json")
    expected = [(3, "MRV-1008"), (4, "MRV-1009"), (5, "PAR-1004"), (6, "CLI-1006")]
    assert findings(plants(*args).json) == expected
    accepted = plants(*args, "--accept-valid").ok().json
    assert [one["verified_t"] for one in accepted["answers"]] == [1_000]


def test_one_file_serves_two_years(plants: Tanshu, tmp_path: Path) -> None:
    file = write_csv(tmp_path / "e.csv", "handle,verified_t", f"{PLANT_A},1000")
    for year in ("2022", "2023"):
        said = plants("import", "emissions", file, "--year", year, *HUBEI_MAKER, "--json").ok().json
        assert (said["imported"], said["repeated"]) == (1, 0)


def test_activity_keeps_an_entitys_units_together(plants: Tanshu, tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "a.csv",
        ACTIVITY,
        *UNITS_OF_A,
        f"{PLANT_B},U1,V,50,100000,0,5500,90000,",
        f"{PLANT_B},U2,II,50,100000,0,5500,90000,",
        f"{PLANT_A},U2,I,600,2000000,0,5500,1600000,",
        f"{PLANT_B},U3,II,50,much,0,5500,90000,",
    )
    args = ("import", "activity", file, "--year", "2023", *HUBEI_MAKER, "--json")
    said = plants(*args)
    assert findings(said.json) == [(4, "MRV-1002"), (6, "MRV-1006"), (7, "MRV-1001")]
    accepted = plants(*args, "--accept-valid").ok().json
    assert accepted["answers"] == [], "half of an entity's units would be taken for all of them"
    good = write_csv(tmp_path / "good.csv", ACTIVITY, *UNITS_OF_A)
    imported = plants("import", "activity", good, "--year", "2023", *HUBEI_MAKER, "--json").ok().json
    assert [one["units"] for one in imported["answers"]] == [2]


def test_allocations_are_compared_with_what_the_file_expects(plants: Tanshu, tmp_path: Path) -> None:
    issue(plants, tmp_path)
    file = write_csv(
        tmp_path / "allocations.csv",
        "handle,year,stage,expected_t",
        f"{PLANT_A},2023,pre,700",
        f"{PLANT_B},2023,pre,1399",
    )
    said = plants("import", "allocations", file, *HUBEI_MAKER, "--json")
    assert findings(said.json) == [(3, "CLI-1001")]
    facts = said.json["findings"][0]["facts"]
    assert (facts["computed"], facts["expected"]) == (1_400, 1_399)
    assert plants("tx", "list", "--state", "pending", "--json").json["total"] == 0
    accepted = plants("import", "allocations", file, *HUBEI_MAKER, "--accept-valid", "--json").ok().json
    assert [one["quantity"] for one in accepted["answers"]] == [700]
    assert plants("tx", "list", "--batch", "2023-pre", "--json").json["total"] == 1


def issue(plants: Tanshu, tmp_path: Path) -> None:
    """Verified emissions of 2022, and 5,000 t for the province."""
    verified = write_csv(tmp_path / "e.csv", "uscc,verified_t", f"{PLANT_A},1000", f"{PLANT_B},2000")
    plants("import", "emissions", verified, "--year", "2022", *HUBEI_MAKER).ok()
    plants(
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
    ).ok()
    line = ("--line", "CEA23:5000", "--subject", "hubei", "--batch", "issue")
    plants("tx", "propose", "--type", "issuance", *line, *REGISTRY).ok()
    plants("tx", "approve", "--batch", "issue", "--as", "registry-checker-1").ok()
