"""The report: all its files, the same figures in each, nothing from outside."""

from __future__ import annotations

import csv
import json
import re
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

from tanshu.base.text import Lang
from tanshu.insight import report, sheets
from tanshu.insight.figures import year_figures
from tanshu.insight.sheets import Column, Sheet, to_csv
from tanshu.parties.model import AccountKind
from tanshu.scenario import summary
from tests.insight.conftest import RunYear
from tests.support.market import YEAR, Market

LANGS: tuple[Lang, ...] = ("zh", "en")
FILES = {
    "index.html",
    "report.xlsx",
    "entities.csv",
    "trades.csv",
    "holdings.csv",
    "figures.json",
    "certificates",
}


class Page(HTMLParser):
    """Counts what matters: entity rows, references, the text."""

    def __init__(self, html: str):
        super().__init__()
        self.entities, self.references, self.text = 0, list[str](), ""
        self.scripts = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.entities += tag == "tr" and found.get("class") == "entity"
        self.scripts += tag == "script"
        self.references += [found[name] or "" for name in ("src", "href") if name in found]

    def handle_data(self, data: str) -> None:
        self.text += data


def table(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def sheet(hubei: RunYear, lang: Lang, name: str) -> list[tuple[Any, ...]]:
    """The rows of a sheet under the stamp and the headings."""
    workbook = load_workbook(hubei.reports[lang] / "report.xlsx", read_only=True)
    rows = list(workbook[name].iter_rows(values_only=True))
    workbook.close()
    return rows[2:]


@pytest.mark.parametrize("lang", LANGS)
def test_all_files_are_there_and_no_others(hubei: RunYear, lang: Lang) -> None:
    assert {path.name for path in hubei.reports[lang].iterdir()} == FILES


@pytest.mark.parametrize("lang", LANGS)
def test_the_page_says_what_matters(hubei: RunYear, lang: Lang) -> None:
    html = (hubei.reports[lang] / "index.html").read_text()
    page, f = Page(html), hubei.figures
    facts = hubei.run.facts
    assert page.entities == 46
    assert facts.stamp.in_(lang) in page.text
    assert facts.title.in_(lang) in page.text
    assert f.hash in page.text and str(f.seq) in page.text
    assert f"{f.verified_t:,}" in page.text
    assert all(row.name in page.text and row.code in page.text for row in f.rows)
    assert "tanshu book audit" in page.text
    assert "cn.power.2023" in page.text and "国环规气候〔2024〕1号" in page.text
    assert html.count("<svg ") == 6
    assert {"zh": "CEA23 日K线(挂牌协议)", "en": "CEA23, daily K-lines (listing)"}[lang] in page.text
    for part in ({"zh": ("日行情", "月度行情"), "en": ("by day", "by month")})[lang]:
        heading = {"zh": "市场行情(模拟成交)", "en": "The market (synthetic trades)"}[lang]
        assert f"{heading} · {part}" in page.text
    assert ("估算" if lang == "zh" else "estimate") in page.text


@pytest.mark.parametrize("lang", LANGS)
def test_nothing_on_a_page_comes_from_outside(hubei: RunYear, lang: Lang) -> None:
    folder = hubei.reports[lang]
    for path in (folder / "index.html", *(folder / "certificates").iterdir()):
        html = path.read_text()
        assert "http" not in html and "@import" not in html and "url(/" not in html
        page = Page(html)
        assert page.scripts == 0
        for reference in page.references:
            assert reference.startswith("#") or (folder / reference).is_file(), reference


@pytest.mark.parametrize("lang", LANGS)
def test_a_certificate_lies_beside_for_every_surrender_and_offset(hubei: RunYear, lang: Lang) -> None:
    names = {path.name for path in (hubei.reports[lang] / "certificates").iterdir()}
    payers = {row.code for row in hubei.figures.rows}
    assert names >= {f"{code}-surrender.html" for code in payers}
    assert len(names) == 46 + sum(row.offset_t > 0 for row in hubei.figures.rows)


@pytest.mark.parametrize(("lang", "name"), [("zh", "重点排放单位"), ("en", "entities")])
def test_the_workbooks_entities_sum_to_the_figures(hubei: RunYear, lang: Lang, name: str) -> None:
    rows, f = sheet(hubei, lang, name), hubei.figures
    assert len(rows) == 46
    wanted = (f.verified_t, f.pre_allocated_t, f.approved_t, f.approved_t - f.verified_t)
    assert tuple(sum(row[n] for row in rows) for n in (4, 5, 6, 7)) == wanted
    assert tuple(sum(row[n] for row in rows) for n in (9, 10, 11, 12)) == (
        f.opening_t,
        f.bought_t,
        f.sold_t,
        f.surrendered_t,
    )


def test_the_workbooks_other_sheets_hold_numbers(hubei: RunYear) -> None:
    f = hubei.figures
    trades = sheet(hubei, "en", "trades")
    assert len(trades) == f.trades and sum(row[5] for row in trades) == f.traded_t
    assert round(sum(row[7] for row in trades) * 100) == f.amount_fen
    total = {row[0]: row[1] for row in sheet(hubei, "en", "summary")}
    assert total["verified emissions"] == f.verified_t
    assert total["surrendered"] == f.surrendered_t
    assert total["conservation CEA23"] == 0
    assert total["entry hash"] == f.hash
    surrendered = [row for row in sheet(hubei, "en", "transactions") if row[1] == "surrender"]
    assert sum(row[5] for row in surrendered) == f.surrendered_t
    left = [row for row in sheet(hubei, "en", "holdings") if row[4].startswith("CEA")]
    assert sum(row[5] + row[6] for row in left) == f.left_t


def test_csv_files_open_in_excel_and_read_back(hubei: RunYear) -> None:
    folder, f = hubei.reports["zh"], hubei.figures
    assert (folder / "entities.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    entities = table(folder / "entities.csv")
    assert [row["名称"] for row in entities] == [row.name for row in f.rows]
    assert sum(int(row["核查排放量"]) for row in entities) == f.verified_t
    assert sum(int(row["清缴"]) + int(row["抵销"]) for row in entities) == f.verified_t
    trades = table(folder / "trades.csv")
    assert sum(int(row["数量(吨)"]) for row in trades) == f.traded_t
    held = table(folder / "holdings.csv")
    left = sum(int(row["可用(吨;资金为元)"]) for row in held if row["产品"].startswith("CEA"))
    assert left == f.left_t


def test_text_that_a_spreadsheet_would_run_is_quoted() -> None:
    made = Sheet(
        "x", summary.LABELS["trades"], (Column(summary.LABELS["trades"]),), [("=1+1",), ("甲",), (-5,)]
    )
    assert to_csv(made, "en").decode("utf-8-sig").splitlines() == ["trades", "'=1+1", "甲", "-5"]


@pytest.mark.parametrize(("lang", "column"), [("zh", "说明"), ("en", "note")])
def test_every_row_of_a_csv_says_it_is_modelled(hubei: RunYear, lang: Lang, column: str) -> None:
    for name in report.CSV_FILES:
        rows = table(hubei.reports[lang] / f"{name}.csv")
        assert {row[column] for row in rows} == {sheets.SHORT_STAMP.in_(lang)}
        assert list(rows[0])[-1] == column


def test_the_json_is_the_figures_with_the_stamp(hubei: RunYear) -> None:
    found = json.loads((hubei.reports["en"] / "figures.json").read_text())
    assert found.pop("stamp")["zh"] == hubei.run.facts.stamp.zh
    assert found == hubei.figures.as_json()


def test_the_same_log_gives_the_same_bytes(hubei: RunYear, tmp_path: Path) -> None:
    summary.write_report(hubei.installation, hubei.run, tmp_path, "zh")
    first, second = (
        {path.relative_to(root): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        for root in (hubei.reports["zh"], tmp_path)
    )
    assert first == second


def test_certificates_of_an_earlier_report_do_not_stay(hubei: RunYear, tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    folder.mkdir()
    (folder / "SOMEBODY-surrender.html").write_text("old")
    (folder / "notes.txt").write_text("mine")
    summary.write_report(hubei.installation, hubei.run, tmp_path, "en")
    assert not (folder / "SOMEBODY-surrender.html").exists()
    assert (folder / "notes.txt").read_text() == "mine"
    assert not list(tmp_path.rglob("*.part"))


# -- the small market, on both databases -------------------------------------------------------------------


def test_a_year_that_has_hardly_begun_has_a_report(market: Market, tmp_path: Path) -> None:
    market.give(market.plant_a, 500)
    market.emit(market.plant_a, 1_000)
    with market.database.read() as conn:
        state = market.book.catch_up(conn)
        path = report.write(conn, state, market.book, YEAR, tmp_path, "en")
    page = Page(path.read_text())
    assert page.entities == 1
    assert "short" in page.text and "−1,000" not in page.text
    assert not (tmp_path / "certificates").exists()
    assert re.search(r"CEA22\s*0 ✓", page.text)


def test_sheets_show_cash_in_yuan(market: Market) -> None:
    market.emit(market.plant_a, 1_000)
    cash = market.account(market.plant_a, AccountKind.CASH)
    line = ("CNY", 123_456, "", cash)
    market.done("bank-maker-1", "cash-deposit", line, by=("registry-checker-1",))
    with market.database.read() as conn:
        state = market.book.catch_up(conn)
        made = sheets.holdings(conn, state, year_figures(conn, state, YEAR), "zh")
    assert [row[4:] for row in made.rows] == [("CNY", Decimal("1234.56"), Decimal("0.00"))]
