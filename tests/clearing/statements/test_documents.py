"""Statements and the market's report as papers, tables and on the command line."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from openpyxl import load_workbook

from tanshu.base import tabular
from tanshu.base.documents import html
from tanshu.base.pdf import pdf
from tanshu.base.text import Text
from tanshu.clearing.statements import customer_views, market_report_data, market_report_views
from tanshu.clearing.statements.customer_views import FIELDS
from tanshu.registry import statements
from tanshu.rules.clearing_pack import clearing_rules
from tests.clearing.statements.support import report, row, statement, traded
from tests.clearing.support import House
from tests.cli.conftest import in_process
from tests.support.pdf_text import text_of


@pytest.fixture
def settled(house: House) -> House:
    traded(house)
    house.after_the_close()
    house.settles()
    return house


def test_a_statement_is_a_page_in_both_languages_with_its_picture(settled: House) -> None:
    found = statement(settled, settled.trading.b)
    with settled.database.read() as conn:
        rules = clearing_rules("cn.clearing", allow_draft=True)
        assert not hasattr(rules, "code")
        paper = customer_views.paper(conn, found, rules=rules)  # type: ignore[arg-type]
    zh, en = html(paper, "zh"), html(paper, "en")
    for words in (
        "结算单",
        "期初资金",
        "入金",
        "买入交易手续费",
        "结算手续费",
        "分年度持仓",
        "对手方不予披露",
        "下一交易日开市前",
    ):
        assert words in zh, words
    for words in (
        "Settlement statement",
        "Opening cash",
        "Trading fee of buys",
        "Holdings by vintage",
        "withheld",
    ):
        assert words in en, words
    for amount in ("24,000.00", "7,900.00", "10,000,000.00"):
        assert amount in zh
        assert amount in en
    assert zh.count("<rect") == len(customer_views.steps(found)) == 6
    assert "甲电厂" not in zh
    printed = " ".join(text_of(pdf(paper, "zh")))
    assert "24,000.00" in printed
    assert "结算单" in printed
    assert pdf(paper, "en") == pdf(paper, "en")


def test_with_names_the_other_side_is_shown_and_it_is_another_paper(settled: House) -> None:
    plain, named = (statement(settled, settled.trading.b, names=names) for names in (False, True))
    assert [one.other for one in plain.trades] == [None, None]
    assert [one.other for one in named.trades] == ["甲电厂", "外省电厂"]
    assert customer_views.number(plain) != customer_views.number(named)


def test_a_statement_as_a_table_has_every_number(settled: House, tmp_path: Path) -> None:
    found = statement(settled, settled.trading.b)
    path = tmp_path / "b.csv"
    tabular.write(path, tabular.Format.CSV, customer_views.sheet(found, ()), "zh")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    money = {one["item"]: int(one["amount_fen"]) for one in rows if one["row"] == "cash"}
    told = row(settled, settled.trading.b)
    assert money == {name: getattr(told, name) for name, _ in FIELDS}
    trades = [one for one in rows if one["row"] == "trade"]
    assert [(one["number"], one["side"], one["quantity_t"], one["price_fen"]) for one in trades] == [
        ("1", "buy", "300", "8000"),
        ("3", "sell", "100", "7900"),
    ]
    assert sum(one["row"] == "holding" for one in rows) == 1
    workbook = tmp_path / "b.xlsx"
    tabular.write(workbook, tabular.Format.XLSX, customer_views.sheet(found, ()), "en")
    page = load_workbook(workbook)[customer_views.TITLE.en]
    assert page.max_row == 1 + len(rows)


def test_the_report_as_a_table_has_everybodys_statement_and_their_sum(settled: House, tmp_path: Path) -> None:
    found = report(settled)
    path = tmp_path / "report.csv"
    tabular.write(path, tabular.Format.CSV, market_report_data.sheet(found, ()), "zh")
    rows = list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"))))
    everybody = [one for one in rows if one["row"] == "statement"]
    (together,) = (one for one in rows if one["row"] == "sum-of-statements")
    assert len(everybody) == 3
    for name, _ in FIELDS:
        assert int(together[name]) == sum(int(one[name]) for one in everybody), name
    (traded_line,) = (one for one in rows if one["row"] == "traded")
    assert int(together["buys"]) == int(together["sells"]) == int(traded_line["amount_fen"])


def test_the_reports_page_shows_that_both_sums_are_equal(settled: House) -> None:
    found = report(settled)
    with statements.reading(settled.book) as conn:
        paper = market_report_views.paper(conn, found, stamp=Text("演示", "for show"))
    zh, en = html(paper, "zh"), html(paper, "en")
    assert "不一致" not in zh
    assert "not equal" not in en
    assert "cea" in zh
    assert "挂牌协议" in zh
    assert "演示" in zh
    assert found.day.log_hash in zh
    assert "专用账户应有余额" in zh
    assert "逐笔全额" in "".join(text_of(pdf(paper, "zh")))


def test_the_command_line_gives_both_as_json_and_as_files(settled: House, tmp_path: Path) -> None:
    url = settled.trading.market.installation.database.engine.url.render_as_string(hide_password=False)
    day = "2024-01-02"
    who = settled.trading.b
    said = in_process("day", "statement", day, who, "--json", "--db", url).ok().json
    assert (said["buys"], said["sells"], said["state"]) == (2_400_000, 790_000, "sealed")
    assert [one["counterparty"] for one in said["trades"]] == [None, None]
    told = in_process("day", "report", day, "--json", "--db", url).ok().json
    assert told["agrees"] is True
    assert told["totals"] == told["sum_of_statements"]
    assert told["statements_hash"] == settled.row().statements_hash
    for form in ("html", "pdf", "csv", "xlsx"):
        for command in (("statement", day, who), ("report", day)):
            path = tmp_path / f"{command[0]}.{form}"
            in_process(
                "day", *command, "--format", form, "--out", str(path), "--lang", "en", "--db", url
            ).ok()
            assert path.stat().st_size > 500
    screen = in_process("day", "statement", day, who, "--names", "--lang", "en", "--db", url).ok().out
    assert "Trading fee of buys" in screen
    assert "甲电厂" in screen
    report_screen = in_process("day", "report", day, "--lang", "zh", "--db", url).ok().out
    assert "专用账户应有余额" in report_screen
    refused = in_process("day", "statement", "2024-01-03", who, "--json", "--db", url)
    assert refused.refusal == "CLR-1001"
    assert in_process("day", "statement", "yesterday", who, "--db", url).code == 2
