"""The settlement days in the report of a year."""

from __future__ import annotations

import pytest

from tanshu.base.text import Lang
from tanshu.clearing.model import DayState
from tanshu.insight import settlement_section
from tests.insight.conftest import RunYear
from tests.support.market import Market


def test_every_trading_day_of_the_year_is_listed_sealed(hubei: RunYear) -> None:
    with hubei.installation.database.read() as conn:
        found = settlement_section.of_days(conn)
    assert {one.day for one in found} == {trade.day for trade in hubei.run.year.trades}
    assert {(one.state, one.failed, one.differences) for one in found} == {(DayState.SEALED, 0, 0)}
    assert sum(one.tonnes for one in found) == sum(trade.quantity for trade in hubei.run.year.trades)
    assert sum(one.trades for one in found) == hubei.figures.trades
    assert sum(one.amount for one in found) == hubei.figures.amount_fen


@pytest.mark.parametrize(("lang", "words"), [("zh", "已封账"), ("en", "sealed")])
def test_the_report_has_a_row_for_each(hubei: RunYear, lang: Lang, words: str) -> None:
    page = (hubei.reports[lang] / "index.html").read_text(encoding="utf-8")
    table = page.split('id="settlement-days"')[1].split("</section>")[0]
    days = {trade.day for trade in hubei.run.year.trades}
    assert table.count(f"<td>{words}</td>") == len(days)
    assert all(f"<td>{day}</td>" in table for day in days)


def test_where_no_house_settles_there_is_no_section(market: Market) -> None:
    with market.database.read() as conn:
        assert settlement_section.rendered(conn, "zh") == ""
