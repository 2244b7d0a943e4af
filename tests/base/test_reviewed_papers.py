"""Papers, tables and vaults that meet what is too long, damaged or means to be run."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tanshu.base import tabular
from tanshu.base.documents import Facts, Paper, Paragraphs, Part, Table
from tanshu.base.pdf import pages, pdf
from tanshu.base.tabular import Column, Format, Kind, Sheet
from tanshu.base.text import Text
from tanshu.base.vault import Vault


def test_a_document_that_was_damaged_is_whole_once_it_is_handed_in_again(tmp_path: Path):
    vault = Vault(tmp_path / "vault")
    kept = vault.put(b"licence")
    path = vault.folder / kept.sha256[:2] / kept.sha256[2:]
    for damage in (b"", b"licencE"):
        path.write_bytes(damage)
        vault.put(b"licence")
        assert vault.get(kept.sha256) == b"licence"


def test_nobody_else_may_look_into_the_vault(tmp_path: Path):
    vault = Vault(tmp_path / "vault")
    vault.put(b"licence")
    assert vault.folder.stat().st_mode & 0o077 == 0


def sheet(*cells: tabular.Cell) -> Sheet:
    columns = (Column("a", Text("甲", "a")), Column("n", Text("数", "n"), Kind.INTEGER))
    return Sheet(Text("表", "Table"), columns, [(cell, 1) for cell in cells], (), 0)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "=", "+", "-", "@"])
def test_nothing_a_spreadsheet_would_run_stands_in_a_csv(tmp_path: Path, start: str):
    tabular.write(tmp_path / "a.csv", Format.CSV, sheet(f"{start}1+1"), "en")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[1][0] == f"'{start}1+1"


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(tmp_path: Path):
    long = "长" * 40_000
    tabular.write(tmp_path / "a.xlsx", Format.XLSX, sheet(long), "en")
    cell = load_workbook(tmp_path / "a.xlsx")["Table"]["A2"].value
    assert isinstance(cell, str) and cell.startswith("长" * 30_000) and cell.endswith("…")


def paper(*parts: Part) -> Paper:
    return Paper(Text("纸", "Paper"), "N-1", "issuer", Text("言", "lead"), parts, Text("验", "check"), 0)


LONG = "reason " * 3_000


@pytest.mark.parametrize(
    "part",
    [
        Facts([(Text("由", "why"), LONG)]),
        Table(Text("表", "T"), (Text("甲", "a"), Text("乙", "b")), [(LONG, "1")]),
        Table(Text("表", "T"), (Text("甲", "a"), Text("乙", "b")), [("x" * 9_000, "1")]),
        Paragraphs([LONG]),
        Facts([]),
        Paragraphs(["<b>&amp;<script>", "\x00\x1b[31m", "\U0001f600"]),
    ],
)
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_paper_is_made_of_whatever_it_says(part: Part, lang: str):
    assert pages(pdf(paper(part), "en" if lang == "en" else "zh")) >= 1
