"""Charts: the same everywhere, text stays text, nothing is drawn of nothing."""

from __future__ import annotations

import re

import pytest

from tanshu.base.text import Lang, Text
from tanshu.insight import charts
from tanshu.insight.charts import short_name
from tanshu.insight.drawing import Canvas, in_unit
from tanshu.insight.figures import year_figures
from tests.insight.conftest import RunYear
from tests.support.market import YEAR, Market

NAMES = ("balance", "course", "vintages", "market", "gaps")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_chart_is_drawn_twice_alike(hubei: RunYear, lang: Lang) -> None:
    first, second = (charts.draw(hubei.figures, lang) for _ in range(2))
    assert tuple(first) == NAMES
    assert {name: chart.svg for name, chart in first.items()} == {
        name: chart.svg for name, chart in second.items()
    }


def test_text_stays_text_and_the_page_chooses_the_font(hubei: RunYear) -> None:
    for chart in charts.draw(hubei.figures, "zh").values():
        assert "<text" in chart.svg
        assert "font-family" not in chart.svg and "DejaVu" not in chart.svg
        assert not re.search(r"@\d+@", chart.svg), "every token has become its words"
        assert "http" not in chart.svg and "<metadata" not in chart.svg
        assert chart.title.zh in chart.svg
    gaps = charts.draw(hubei.figures, "zh")["gaps"].svg
    assert all(short_name(row.name) in gaps for row in hubei.figures.rows)


def test_no_two_charts_share_an_id(hubei: RunYear) -> None:
    ids: list[str] = []
    for chart in charts.draw(hubei.figures, "en").values():
        own = set(re.findall(r'\bid="([^"]+)"', chart.svg))
        used = set(re.findall(r'url\(#([^)]+)\)|href="#([^"]+)"', chart.svg))
        assert {a or b for a, b in used} <= own
        ids += own
    assert len(ids) == len(set(ids))


def test_a_year_in_which_nothing_has_happened_has_no_charts(market: Market) -> None:
    market.emit(market.plant_a, 1_000)
    with market.database.read() as conn:
        figures = year_figures(conn, market.book.catch_up(conn), YEAR)
    assert list(charts.draw(figures, "zh")) == ["balance"]


def test_words_are_escaped() -> None:
    canvas = Canvas("x", "en", 200, 100)
    canvas.write(canvas.axes(0, 0, 200, 100), 0.5, 0.5, Text("甲", "a <b> & c"))
    assert "a &lt;b&gt; &amp; c" in canvas.svg(Text("题", 'the "title"'))
    assert 'aria-label="the &quot;title&quot;"' in canvas.svg(Text("题", 'the "title"'))


@pytest.mark.parametrize(
    ("quantity", "lang", "text"),
    [
        (98_048_517, "zh", "9,804.9"),
        (98_048_517, "en", "98,048.5"),
        (499, "zh", "0.0"),
        (500, "zh", "0.1"),
        (-1_743_000, "zh", "−174.3"),
        (0, "en", "0.0"),
    ],
)
def test_large_quantities_in_the_readers_unit(quantity: int, lang: Lang, text: str) -> None:
    assert in_unit(quantity, lang) == text


def test_a_plus_is_shown_where_asked() -> None:
    assert in_unit(1_149_130, "zh", sign=True) == "+114.9"


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("华能武汉发电有限责任公司", "华能武汉发电"),
        ("安道麦股份有限公司", "安道麦"),
        ("中国石化集团资产经营管理有限公司宜昌分公司", "中国石化集团资产经营管理宜昌分…"),
    ],
)
def test_long_names_lose_their_legal_form(name: str, short: str) -> None:
    assert short_name(name) == short
