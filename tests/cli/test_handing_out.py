"""`tanshu certificate`, `statement`, `notice`, `export`, `records`: what the register hands out, as files."""

from __future__ import annotations

import csv
import json
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from pyarrow import parquet

from tanshu.app import open_installation
from tanshu.base.clock import business_date, system_clock
from tanshu.base.refusal import need
from tanshu.book.commit import Act, Answer, Decision
from tanshu.log import keys
from tanshu.parties import queries as parties
from tanshu.registry import notices
from tests.cli.conftest import Tanshu, at, in_process
from tests.support.pdf_text import text_of

FIRST = "914206006703947663"
"""The first entity of the scenario's list."""


def effected(year: Tanshu, kind: str) -> dict[str, Any]:
    found = year("tx", "list", "--type", kind, "--state", "effected", "--json").ok().json["transactions"]
    return found[-1]


def account(year: Tanshu) -> str:
    return effected(year, "surrender")["lines"][0]["debit"]


# -- certificates ------------------------------------------------------------------------------------------


def test_a_surrenders_certificate_is_a_page_and_a_pdf_under_one_number(year: Tanshu, tmp_path: Path) -> None:
    id = effected(year, "surrender")["id"]
    said = year("certificate", "surrender", id, "--out", str(tmp_path), "--json").ok().json
    page, pdf = (tmp_path / f"{said['number']}.{form}" for form in ("html", "pdf"))
    assert said["files"] == [str(page), str(pdf)]
    moved = year("serial", "moved", id, "--plain").ok().out.split()
    text = "\n".join(text_of(pdf.read_bytes()))
    assert moved
    for fact in (id, said["number"], "履约证明", *moved):
        assert fact in page.read_text(encoding="utf-8") and fact in text, fact
    again = tmp_path / "again"
    year("certificate", "surrender", id, "--out", str(again), "--json").ok()
    assert (again / pdf.name).read_bytes() == pdf.read_bytes(), "the same paper is the same file"


def test_certificates_come_with_proofs_that_a_stranger_checks(year: Tanshu, tmp_path: Path) -> None:
    key = tmp_path / "registry.key"
    verifier = str(keys.new(key, "tanshu/small-2023").verifier)
    signed = ("--out", str(tmp_path), "--format", "html", "--proof", "--signing-key", str(key), "--json")
    held = year("certificate", "holding", FIRST, *signed).ok().json
    surrendered = year("certificate", "surrender", effected(year, "surrender")["id"], *signed).ok().json
    proofs = [path for said in (held, surrendered) for path in said["files"] if path.endswith(".proof.json")]
    assert len(proofs) >= 2
    for path in proofs:
        in_process("verify", path, "--key", verifier).ok()
    assert held["as_of_seq"] == year("proof", "checkpoints", "--json").ok().json["checkpoints"][-1]["seq"]


def test_a_certificate_of_holdings_as_of_a_past_moment(year: Tanshu, tmp_path: Path) -> None:
    newest = year("holdings", "--json").ok().json["as_of_seq"]
    then = ("certificate", "holding", FIRST, "--as-of", f"seq:{newest // 2}", "--format", "html")
    said = year(*then, "--out", str(tmp_path), "--json").ok().json
    assert said["as_of_seq"] == newest // 2
    page = Path(said["files"][0]).read_text(encoding="utf-8")
    held = (
        year("holdings", "--subject", FIRST, "--as-of", f"seq:{newest // 2}", "--json").ok().json["holdings"]
    )
    assert held and all(f"{one['available']:,}" in page or one["scale"] for one in held)


@pytest.mark.parametrize(
    ("args", "code"),
    [
        (("cancellation", "{surrender}"), "REG-6001"),
        (("surrender", "{issuance}"), "CMP-4001"),
        (("pledge", "{surrender}"), "REG-6002"),
        (("registration", "TX-none"), "REG-3105"),
        (("holding", "nobody"), "PAR-1004"),
        (("holding", FIRST, "--as-of", "tomorrow"), "BOOK-1101"),
        (("holding", FIRST, "--as-of", "2024-13-01 10:00"), "BOOK-1101"),
        (("holding", FIRST, "--as-of", "2001-01-01 10:00"), "BOOK-1102"),
        (("holding", FIRST, "--format", "docx"), "CLI-2001"),
    ],
)
def test_certificates_that_cannot_be(year: Tanshu, tmp_path: Path, args: tuple[str, ...], code: str) -> None:
    ids = {kind: effected(year, kind)["id"] for kind in ("surrender", "issuance")}
    said = year("certificate", *(one.format(**ids) for one in args), "--out", str(tmp_path), "--json")
    assert said.refusal == code
    assert not list(tmp_path.iterdir())


def test_a_proof_speaks_as_of_its_checkpoint_only(year: Tanshu) -> None:
    assert year("certificate", "holding", FIRST, "--proof", "--as-of", "seq:5").code == 2


# -- statements --------------------------------------------------------------------------------------------


def test_a_statement_in_every_format_says_the_same(year: Tanshu, tmp_path: Path) -> None:
    code = account(year)
    data = year("statement", code, "--json").ok().json
    assert json.loads(year("statement", code, "--format", "json").ok().out) == data
    for form in ("html", "pdf", "csv", "xlsx"):
        year("statement", code, "--format", form, "--out", str(tmp_path / f"s.{form}")).ok()
    seen = [one["transaction"] for one in data["movements"]]
    with (tmp_path / "s.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["row"] == "movement"]
    assert [row["transaction"] for row in rows] == seen and seen
    assert [int(row["available"]) for row in rows] == [one["available"] for one in data["movements"]]
    assert "模型数据" in (tmp_path / "s.csv.about.txt").read_text(encoding="utf-8")
    sheet = load_workbook(tmp_path / "s.xlsx")["账户对账单"]
    assert [row[5] for row in sheet.iter_rows(values_only=True) if row[0] == "movement"] == seen
    text = "\n".join(text_of((tmp_path / "s.pdf").read_bytes()))
    page = (tmp_path / "s.html").read_text(encoding="utf-8")
    screen = year("statement", code).ok().out
    for fact in (code, data["number"], *seen):
        assert all(fact in where for where in (text, page, screen)), fact


def test_a_statement_up_to_a_minute_an_entry_or_a_day(year: Tanshu) -> None:
    code = account(year)
    movements = year("statement", code, "--json").ok().json["movements"]
    third = movements[2]
    for span in (("--at", third["time"]), ("--seq", str(third["entry"])), ("--to", f"seq:{third['entry']}")):
        found = year("statement", code, *span, "--json").ok().json["movements"]
        assert found == [one for one in movements if one["entry"] <= third["entry"]]
    since = year("statement", code, "--from", f"seq:{third['entry']}", "--json").ok().json
    assert since["movements"][0]["entry"] == third["entry"]
    assert since["opening"][0]["available"] == movements[1]["available"]
    assert year("statement", code, "--at", "2024-12-01", "--seq", "5").code == 2
    assert year("statement", code, "--format", "docx", "--json").refusal == "CLI-2001"


# -- exports, notices, records -----------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx", "parquet"])
def test_holdings_exported_are_those_shown(year: Tanshu, tmp_path: Path, form: str) -> None:
    path = tmp_path / f"h.{form}"
    said = year("export", "holdings", "--format", form, "--out", str(path), "--json").ok().json
    shown = year("holdings", "--json").ok().json
    assert said["as_of_seq"] == shown["as_of_seq"]
    expected = sorted((one["account"], one["instrument"], one["available"]) for one in shown["holdings"])
    if form == "csv":
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = [
                (row["account"], row["instrument"], int(row["available"])) for row in csv.DictReader(file)
            ]
    elif form == "xlsx":
        workbook = load_workbook(path)
        assert workbook.sheetnames[0] == "说明"
        rows = [(row[0], row[5], row[7]) for row in workbook["持仓"].iter_rows(min_row=2, values_only=True)]
    else:
        table = parquet.read_table(path).to_pylist()
        rows = [(row["account"], row["instrument"], row["available"]) for row in table]
    assert sorted(rows) == expected and said["rows"] == len(expected)


def test_exports_that_cannot_be(year: Tanshu, tmp_path: Path) -> None:
    out = ("--out", str(tmp_path / "x"), "--json")
    assert year("export", "everything", *out).refusal == "REG-6301"
    assert year("export", "holdings", "--format", "ods", *out).refusal == "BASE-1501"
    assert year("export", "holdings", "--at", "seq:999999", *out).refusal == "BOOK-1102"
    assert year("export", "holdings", "--out", str(tmp_path / "no" / "x"), "--json").refusal == "CLI-1004"
    assert not list(tmp_path.iterdir())


def test_notices_are_listed_and_those_that_are_not_there_refused(year: Tanshu) -> None:
    found = year("notice", "list", "--json").ok().json["notices"]
    assert all(one["title"]["zh"] for one in found)
    assert year("notice", "list", "--kind", "letter", "--json").refusal == "REG-6104"
    assert year("notice", "show", "NTC-none", "--json").refusal == "REG-6101"
    served = year("notice", "serve", "NTC-none", "--on", "2024-12-01", "--as", "registry-maker-1", "--json")
    assert served.refusal == "REG-6101"


def test_records_say_how_long_they_are_kept(year: Tanshu) -> None:
    data = year("records", "--json").ok().json
    assert data["keep_years"] == 20
    assert {one["records"] for one in data["records"]} == {"entries", "transactions", "notices", "documents"}
    assert "20" in year("records", "--lang", "en").ok().out


def test_a_notice_is_shown_written_as_a_paper_and_served(founded_url: str, tmp_path: Path) -> None:
    facts = {"account": "CN-R-000009-37", "since": "2024-01-02", "state": "限制使用", "reason": "资料过期"}
    with closing(open_installation(founded_url)) as installation:
        with installation.database.read() as conn:
            subject = need(parties.subject(conn, "registry"))

        def tell(act: Act, _command: object) -> Decision:
            return {"notice": notices.issue(act, subject.id, "restriction", "CN-R-000009-37", facts)}

        answer = installation.context("registry-maker-1", bytes(16)).commit("test.tell", {}, tell)
    assert isinstance(answer, Answer)
    tanshu, id = at(founded_url), str(answer["notice"])
    shown = tanshu("notice", "show", id, "--format", "html,pdf", "--out", str(tmp_path), "--json").ok().json
    assert "资料过期" in shown["text"][0]["zh"] and shown["served_on"] is None
    page, pdf = (Path(path) for path in shown["files"])
    assert (
        "账户限制通知书" in page.read_text(encoding="utf-8")
        and "账户限制通知书" in text_of(pdf.read_bytes())[0]
    )
    today = business_date(system_clock()).isoformat()
    tanshu("notice", "serve", id, "--on", today, "--as", "registry-maker-1").ok()
    (listed,) = tanshu("notice", "list", "--json").ok().json["notices"]
    assert (listed["notice"], listed["served_on"], listed["served_by"]) == (id, today, "registry-maker-1")
    assert tanshu("notice", "list", "--unserved", "--json").ok().json["notices"] == []
