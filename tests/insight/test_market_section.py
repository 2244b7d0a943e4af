"""The market in a report: candles, days and months of every product, in both languages, always the same."""

from __future__ import annotations

from datetime import date, time

import pytest
from sqlalchemy import insert

from tanshu.base.clock import shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.book.commit import Book
from tanshu.exchange.engine.records import Mode
from tanshu.exchange.figures.bars import Bar, Period
from tanshu.exchange.tables import MARKET, MARKET_INSTRUMENT
from tanshu.insight.chart_klines import SHOWN_MAX, klines, standalone
from tanshu.insight.market_section import rendered
from tests.exchange.figures.support import LOG, Hand, written

MONDAY, TUESDAY = date(2024, 11, 4), date(2024, 11, 5)
TITLE = Text("CEA22 日K线", "CEA22, daily K-lines")


def bar(n: int, open: int, last: int) -> Bar:
    day = date.fromordinal(MONDAY.toordinal() + n)
    return Bar(
        day, shanghai_ns(day), open, max(open, last) + 5, min(open, last) - 5, last, 100, 100 * last, 2
    )


def test_a_rise_is_hollow_and_a_fall_is_filled():
    drawn = klines([bar(0, 100, 120), bar(1, 120, 90)], Period.DAY, TITLE, "zh", closes={MONDAY: 110})
    assert drawn is not None
    assert drawn.svg.count("fill: #ffffff; stroke: #b4332a") == 2, "candle and volume of the rise"
    assert drawn.svg.count("fill: #2f8f74; stroke: #2f8f74") == 2
    assert [key.text.zh for key in drawn.keys] == ["升", "跌", "收盘价"]
    assert 'aria-label="CEA22 日K线"' in drawn.svg


def test_the_same_candles_are_the_same_drawing_and_nothing_is_drawn_of_nothing():
    days = [bar(n, 100 + n, 103) for n in range(30)]
    again = [klines(days, Period.DAY, TITLE, "en") for _ in range(2)]
    assert again[0] == again[1] is not None
    assert klines([], Period.DAY, TITLE, "en") is None


def test_a_price_that_never_moves_and_thousands_of_candles_can_be_drawn():
    assert klines([bar(0, 100, 100)._replace(high=100, low=100)], Period.DAY, TITLE, "zh") is not None
    many = [bar(n, 100, 101 + n % 3) for n in range(SHOWN_MAX + 50)]
    drawn = klines(many, Period.DAY, TITLE, "zh")
    assert drawn is not None
    assert str(many[0].day) not in drawn.svg, "the newest are drawn"
    assert standalone(drawn).startswith('<svg xmlns="http://www.w3.org/2000/svg"')


@pytest.fixture
def traded(book: Book) -> Book:
    """A market `cea`: on Monday a listing trade and a block of CEA22, on Tuesday a trade of CEA23."""
    hand = Hand(references=(9_700, 9_500))
    hand.open(MONDAY)
    hand.trade(shanghai_ns(MONDAY, time(10)), 100, 9_750)
    hand.trade(shanghai_ns(MONDAY, time(14)), 100_000, 9_000, mode=Mode.BLOCK)
    hand.close(shanghai_ns(MONDAY, time(15)))
    hand.open(TUESDAY)
    hand.trade(shanghai_ns(TUESDAY, time(10)), 7, 9_400, instrument=2)
    hand.close(shanghai_ns(TUESDAY, time(15)))
    database: Database = book.database
    with database.write() as conn:
        metadata.create_all(conn, tables=[MARKET, MARKET_INSTRUMENT])
        conn.execute(insert(MARKET).values(log=LOG, name="cea", pack="cn.cea", currency=1, seq=0))
        for number, code in ((1, "CEA22"), (2, "CEA23")):
            row = {"log": LOG, "number": number, "instrument": number, "code": code, "vintage": 2021 + number}
            conn.execute(insert(MARKET_INSTRUMENT).values(**row, reference_fen=9_700, seq=0))
    written(database, hand.blocks)
    return book


def test_a_report_shows_candles_days_and_months_of_every_product(traded: Book):
    html = rendered(traded, "cea", "zh")
    assert html.count("<svg ") == 2 and html == rendered(traded, "cea", "zh")
    for words in ("CEA22 日K线(挂牌协议)", "97.50", "100,000", "9,009,750.00", "全部产品", "大宗协议"):
        assert words in html
    assert "http" not in html, "nothing from anywhere else"
    english = rendered(traded, "cea", "en", heading=Text("示例市场", "An example market"))
    assert "An example market" in english and "挂牌" not in english


def test_a_section_of_days_without_trades_is_empty_and_of_no_market_is_refused(traded: Book):
    assert rendered(traded, "cea", "zh", first=date(2025, 1, 1)) == ""
    with pytest.raises(Refused, match="EXC-1001"):
        rendered(traded, "no-such", "zh")
