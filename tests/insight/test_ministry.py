"""The ministry's report: figures of any moment, which add up; its files."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import openpyxl
import pytest

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.queries import state_at
from tanshu.insight import ministry, ministry_pages
from tanshu.insight.ministry import MinistryReport, Row
from tanshu.mrv import service as mrv
from tanshu.parties.model import AccountKind
from tests.support.market import YEAR, Market
from tests.support.orders import Court, documents, pledge

STAMP = Text("测试数据", "test data")


def made(market: Market, at: str | None = None, year: int | None = None) -> MinistryReport | Refusal:
    with market.database.read() as conn:
        seq, state = need(state_at(conn, market.book, at))
        return ministry.report(conn, market.book, seq, state, year)


def listed(market: Market, handle: str, verified_t: int, sector: str) -> None:
    entity = mrv.ListedEntity(handle, sector=sector)
    market.accepted(mrv.list_entities(market.ctx("hubei-maker-1"), mrv.ListEntities(YEAR, (entity,))))
    verified = mrv.EntityEmissions(handle, verified_t)
    market.accepted(mrv.import_emissions(market.ctx("hubei-maker-1"), mrv.ImportEmissions(YEAR, (verified,))))


def row(report: MinistryReport, province: str, sector: str) -> Row:
    return next(one for one in report.rows if (one.province, one.sector) == (province, sector))


def surrendered(market: Market, handle: str, name: str, quantity: int) -> str:
    id = market.accepted(market.surrender(f"{name}-maker-1", handle, quantity))["id"]
    for checker in (f"{name}-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(checker, id))
    return id


@pytest.fixture
def busy(market: Market) -> Market:
    """Two plants of two sectors: frozen, pledged, waiting, surrendered; one waits for approval."""
    listed(market, market.plant_a, 900, "power")
    listed(market, market.plant_b, 700, "steel")
    market.give(market.plant_a, 1_000)
    market.give(market.plant_b, 1_000)
    Court(market, "甲法院").freeze(market.plant_a, 150)
    pledge(market, market.plant_a, 250, "1")
    Court(market, "乙法院").freeze(market.plant_b, 1_300, follows=True)
    surrendered(market, market.plant_a, "plant-a", 400)
    return market


def test_every_figure_stands_in_its_province_and_sector(busy: Market):
    report = need(made(busy))
    power = row(report, "42", "power")
    assert power == Row(
        "42",
        "power",
        holders=1,
        listed=1,
        held_t=600,
        frozen_t=150,
        pledged_t=250,
        obligation_t=900,
        surrendered_t=400,
        gap_t=500,
    )
    steel = row(report, "42", "steel")
    assert (steel.held_t, steel.frozen_t, steel.waiting_t) == (1_000, 1_000, 300)
    assert (steel.obligation_t, steel.gap_t) == (700, 700)
    assert row(report, "42", "").issued_t == 2_000  # to the province's own account
    assert row(report, "41", "").holders == 1
    assert report.total.gap_t == 1_200 and report.year == YEAR


def test_what_waits_for_approval_is_pending(busy: Market):
    account = busy.account(busy.plant_a)
    busy.accepted(busy.propose("plant-a-maker-1", "voluntary-cancellation", ("CEA22", 60, account)))
    power = row(need(made(busy)), "42", "power")
    assert (power.held_t, power.pending_t, power.frozen_t, power.pledged_t) == (600, 60, 150, 250)


def test_everything_adds_up_to_zero_and_the_rows_to_the_book(busy: Market):
    report = need(made(busy))
    assert report.agrees
    by_code = {one.instrument: one for one in report.balances}
    assert by_code["CEA22"].issued == 2_000 and by_code["CEA22"].conservation == 0
    assert by_code["CEA22"].by_kind[AccountKind.SURRENDER] == 400
    assert report.total.held_t + report.total.staged_t + 400 == 2_000
    for parts in (report.by_province, report.by_sector):
        assert ministry.summed("", "", parts) == report.total


def test_a_report_that_does_not_add_up_says_so(busy: Market):
    report = need(made(busy))
    first, *rest = report.balances
    one_more = replace(first, by_kind={**first.by_kind, AccountKind.TRADING: 1})
    broken = replace(report, balances=(one_more, *rest))
    assert not broken.agrees
    assert ministry_pages.BROKEN.en in ministry_pages.to_html(broken, "en")


def test_the_report_of_a_past_moment_never_changes(busy: Market):
    seq = busy.book.tail.seq
    before = need(made(busy, f"seq:{seq}"))
    surrendered(busy, busy.plant_a, "plant-a", 100)
    Court(busy, "丙法院").freeze(busy.plant_a, 50)
    busy.give(busy.plant_b, 10)
    Court(busy, "丁法院").freeze(busy.plant_b, 5)
    listed(busy, busy.plant_a, 901, "cement")
    assert need(made(busy, f"seq:{seq}")) == before
    now = need(made(busy))
    assert now != before and now.agrees
    assert row(now, "42", "cement").surrendered_t == 500


def test_what_a_reversal_took_back_is_not_surrendered(busy: Market):
    id = surrendered(busy, busy.plant_a, "plant-a", 100)
    assert row(need(made(busy)), "42", "power").surrendered_t == 500
    outcome = busy.propose(
        "plant-a-maker-1",
        "surrender-reversal",
        ("CEA22", 100),
        details={"original": id, "documents": documents()},
    )
    reversal = busy.accepted(outcome)["id"]
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        busy.accepted(busy.approve(checker, reversal))
    power = row(need(made(busy)), "42", "power")
    assert (power.surrendered_t, power.gap_t) == (400, 500)


def test_without_a_list_there_is_no_report(market: Market):
    refused = made(market)
    assert isinstance(refused, Refusal) and refused.code == "INS-2002"
    listed(market, market.plant_a, 900, "power")
    refused = made(market, year=2022)
    assert isinstance(refused, Refusal) and refused.code == "INS-2001"
    assert refused.sentence("zh") and refused.sentence("en")


def test_a_sector_is_a_short_word(market: Market):
    entity = mrv.ListedEntity(market.plant_a, sector="Power!")
    body = mrv.ListEntities(YEAR, (entity,))
    market.refuses("MRV-1014", lambda: mrv.list_entities(market.ctx("hubei-maker-1"), body))


def test_page_workbook_csv_and_json_say_the_same(busy: Market):
    report = need(made(busy))
    pages = {lang: ministry_pages.to_html(report, lang, STAMP) for lang in ("zh", "en")}
    for page in pages.values():
        assert "<svg" in page and "http" not in page.replace("http-equiv", "") and report.hash in page
    assert "湖北省" in pages["zh"] and "发电" in pages["zh"] and "测试数据" in pages["zh"]
    assert "Hubei" in pages["en"] and "power" in pages["en"]
    rows = list(csv.reader(io.StringIO(ministry_pages.to_csv_bytes(report, "en").decode("utf-8-sig"))))
    heading, last = rows[0], rows[-1]
    assert last[heading.index("held t")] == str(report.total.held_t)
    book = openpyxl.load_workbook(io.BytesIO(ministry_pages.to_xlsx(report, "en", STAMP)))
    assert book.sheetnames == ["province and sector", "by province", "by sector", "conservation"]
    told = json.loads(ministry_pages.to_json(report, STAMP))
    assert told["total"]["gap_t"] == report.total.gap_t and told["agrees"] is True
    assert ministry_pages.to_html(report, "zh", STAMP) == pages["zh"]
