"""`tanshu market day|bars|month-figures`: a market's own figures, from its log.

Prices are yuan per tonne for people, in JSON `…_fen` per tonne; amounts yuan, in JSON fen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli import market_trades
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.market_asked import (
    AMOUNT,
    COUNT,
    MODE,
    MODES,
    PERIODS,
    PRODUCT,
    TIME,
    VOLUME,
    DayOption,
    FromOption,
    MarketOption,
    ModeOption,
    ProductNeeded,
    ProductOption,
    ToOption,
    about,
    asked_for,
    date_of,
    fen,
    followed,
    mode_of,
    mode_text,
    modes_json,
    period_of,
    sum_json,
)
from tanshu.cli.output import WEAK, Column, Facts, Fen, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from tanshu.exchange.figures.bars import Bar, Period
    from tanshu.exchange.figures.months import Month
    from tanshu.exchange.figures.quotes import Quote

COMPOSITE = "composite"
OWN, PUBLISHED = "market", "published"
SOURCES = ("", OWN, PUBLISHED)
QUOTES = (
    PRODUCT,
    number_column("昨收", "previous"),
    number_column("开盘", "open"),
    number_column("最高", "high"),
    number_column("最低", "low"),
    number_column("收盘", "close"),
    number_column("涨跌幅%", "change %"),
    VOLUME,
    AMOUNT,
    COUNT,
)
BY_MODE = (PRODUCT, MODE, VOLUME, AMOUNT, COUNT, number_column("均价(元/吨)", "average (CNY/t)"))
BARS = (
    TIME,
    number_column("开", "open"),
    number_column("高", "high"),
    number_column("低", "low"),
    number_column("末笔", "last"),
    VOLUME,
    AMOUNT,
    COUNT,
)
MONTHS = (
    text_column("月份", "month"),
    number_column("最高", "high"),
    number_column("最低", "low"),
    number_column("收盘", "close"),
    MODE,
    VOLUME,
    AMOUNT,
    COUNT,
    number_column("均价(元/吨)", "average (CNY/t)"),
)

PeriodOption = Annotated[str, typer.Option("--period", metavar="PERIOD", help=" · ".join(PERIODS))]
SourceOption = Annotated[
    str,
    typer.Option(
        "--source",
        metavar="SOURCE",
        help="market 本系统市场 · published 已导入;默认先看已导入 · default: what was imported, else our own",
    ),
]
ChartOption = Annotated[
    Path | None, typer.Option("--chart", metavar="FILE.svg", help="画成图 · draw it to a file")
]


def add_to(market: typer.Typer) -> None:
    """Into the group `tanshu market`."""
    market_trades.add_to(market)
    command(market, "day", "日行情:开高低收、综合价格 · the quotes of a day")(day)
    command(market, "bars", "K线:1 分钟至月 · K-lines from a minute to a month")(bars)
    command(market, "month-figures", "月度行情 · the market's months")(month_figures)
    command(market, "rebuild", "由日志重建行情表 · build the tables of figures again from the log")(rebuild)


# -- days --------------------------------------------------------------------------------------------------


def day(door: Door, market: MarketOption = "cea", day: DayOption = "") -> Reply:
    """Every product of the day, and the composite where its weights are known. Refuses EXC-6901."""
    from tanshu.base.refusal import Refusal
    from tanshu.exchange.figures.quotes import composite, quotes

    with followed(door, market) as (found, stamp):
        today = found.day(date_of(door, day))
        seen = quotes(found.conn, found.log, today, today)
        weights = found.weights(today)
        whole = composite(seen, weights) if weights else None
        stated = found.stated_weights(today)
    named = [(found.names.instruments.get(one.instrument, ""), one) for one in seen]
    rows = [_quote_row(code, one) for code, one in named]
    rows += [_quote_row(Text("综合价格", "composite"), whole)] if whole else []
    by_mode = [
        (code, mode_text(mode), sum_.volume, Fen(sum_.amount), sum_.trades, fen(sum_.average))
        for code, one in named
        for mode, sum_ in one.modes.items()
    ]
    data = {
        **about(found),
        "day": today,
        "quotes": [{"instrument": code, **_quote_json(one)} for code, one in named],
        COMPOSITE: _quote_json(whole) if whole else None,
    }
    title = Text(f"{market} {today}", f"{market} {today}")
    parts: list[Part] = [*stamp, Table(QUOTES, rows, title), Table(BY_MODE, by_mode)]
    if isinstance(stated, Refusal):  # there is a composite, and it cannot be told
        parts.append(Line(Text(stated.sentence("zh"), stated.sentence("en")), WEAK))
    return Reply(data, parts)


def _quote_row(code: object, one: Quote) -> tuple[object, ...]:
    prices = (one.previous, one.open, one.high, one.low, one.close)
    total = one.total
    return (
        code, *map(fen, prices), one.change_percent, total.volume, Fen(total.amount), total.trades,
    )  # fmt: skip


def _quote_json(one: Quote) -> dict[str, object]:
    return {
        "day": one.day,
        "previous_fen": one.previous,
        "open_fen": one.open,
        "high_fen": one.high,
        "low_fen": one.low,
        "close_fen": one.close,
        "change_fen": one.change,
        "change_percent": one.change_percent,
        "traded": one.traded,
        "modes": modes_json(one.modes),
        "total": sum_json(one.total),
    }


# -- K-lines -----------------------------------------------------------------------------------------------


def bars(
    door: Door,
    instrument: ProductNeeded,
    period: PeriodOption = "day",
    market: MarketOption = "cea",
    mode: ModeOption = "",
    day: DayOption = "",
    first: FromOption = "",
    last_day: ToOption = "",
    chart: ChartOption = None,
) -> Reply:
    """Without days: minutes of the newest day; days, weeks and months of all time. No bar bridges a break;
    where nothing was traded there is none."""
    from tanshu.exchange.figures import bars as klines
    from tanshu.exchange.figures import queries
    from tanshu.exchange.figures.quotes import quotes
    from tanshu.exchange.figures.words import mode_name

    asked = period_of(door, period)
    with followed(door, market) as (found, stamp):
        traded_so = mode_of(door, mode, MODES) or found.priced_mode()
        if not (day or first or last_day or asked.minutes):
            first = date.min.isoformat()
        which = asked_for(door, found, day, first, last_day, instrument, mode_name(traded_so), "")
        seen = klines.bars(queries.for_bars(found.conn, found.log, which), asked, found.sessions(traded_so))
        closes = {
            one.day: one.close
            for one in quotes(found.conn, found.log, which.first, which.last)
            if one.instrument == which.instrument and one.close is not None
        }
    data = {
        **about(found),
        "instrument": instrument,
        "mode": mode_name(traded_so),
        "period": period,
        "bars": [_bar_json(one, asked) for one in seen],
        "chart": None if chart is None else str(chart),
    }
    parts: list[Part] = [*stamp, *_candles(seen), _bar_table(seen, asked)]
    if chart is not None:
        parts.append(_draw(door, chart, seen, asked, instrument, closes))
    return Reply(data, parts)


def _candles(seen: Sequence[Bar]) -> list[Part]:
    import sys

    from tanshu.cli import candles
    from tanshu.cli.output import room

    return [*(Line(line) for line in candles.lines(seen, min(room(sys.stdout), 160))), Line(" ")]


def _bar_table(seen: Sequence[Bar], period: Period) -> Table:
    from tanshu.exchange.figures.bars import text

    rows = [
        (
            text(one, period), *map(Fen, (one.open, one.high, one.low, one.last)), one.volume,
            Fen(one.amount), one.trades,
        )
        for one in seen
    ]  # fmt: skip
    return Table(BARS, rows)


def _bar_json(one: Bar, period: Period) -> dict[str, object]:
    from tanshu.exchange.figures.bars import text

    return {
        "begins": text(one, period),
        "begins_ns": one.start_ns,
        "open_fen": one.open,
        "high_fen": one.high,
        "low_fen": one.low,
        "last_fen": one.last,
        "volume": one.volume,
        "amount_fen": one.amount,
        "trades": one.trades,
    }


def _draw(
    door: Door, path: Path, seen: Sequence[Bar], period: Period, code: str, closes: Mapping[date, int]
) -> Line:
    """Write the drawing; nothing is written where there is nothing to draw."""
    from tanshu.insight.chart_klines import PERIODS as CALLED
    from tanshu.insight.chart_klines import klines, standalone

    called = CALLED[period]
    title = Text(f"{code} {called.zh}K线", f"{code}, {called.en} K-lines")
    drawn = klines(seen, period, title, door.lang, closes=closes)
    if drawn is None:
        return Line(Text("没有成交,未画图。", "Nothing was traded; nothing was drawn."))
    path.write_text(standalone(drawn), encoding="utf-8")
    return Line(Text(f"已画图:{path}", f"drawn: {path}"))


# -- months ------------------------------------------------------------------------------------------------


def month_figures(
    door: Door,
    market: MarketOption = "cea",
    month: Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="只看一个月 · one month")] = "",
    instrument: ProductOption = "",
) -> Reply:
    """High, low, close, volume and amount by mode, and since the beginning; of one month its days, too.

    Refuses EXC-6902 where the market has no figures of that month.
    """
    from tanshu.exchange.figures.of_months import all_months, one_month

    with followed(door, market) as (found, stamp):
        number = found.instrument(instrument) if instrument else 0
        known = [one_month(found, month, number)] if month else all_months(found, number)
    data = {
        **about(found),
        "instrument": instrument or None,
        "months": [_month_json(one, days=bool(month)) for one in known],
    }
    return Reply(data, (*stamp, *month_parts(known, days=bool(month))))


def own_month(door: Door, market: str, month: str, source: str) -> Reply | None:
    """What `market report` answers of a market of our own: where that is asked for, or where no days of a
    market of this name were imported; None where the published month is meant."""
    from sqlalchemy import func, select

    from tanshu.exchange.published import queries as published
    from tanshu.exchange.tables import MARKET

    if source not in SOURCES:
        raise complain(
            door.lang, f"来源“{source}”未知;可为 market、published", f"“{source}” is not market or published"
        )
    if source == PUBLISHED:
        return None
    with door.reading() as (conn, _):
        name = conn.execute(select(MARKET.c.name).where(func.lower(MARKET.c.name) == market.lower())).scalar()
        imported = published.series(conn, market=market, period="day")
    if source == OWN or (name is not None and not imported):
        return month_figures(door, name or market, month)
    return None


def month_parts(known: Sequence[Month], *, days: bool) -> Iterator[Part]:
    """A table of months by mode; of a single one its days and what was traded since the beginning."""
    yield Table(MONTHS, [row for one in known for row in _month_rows(one)])
    if not days:
        return
    for one in known:
        if one.days:
            columns: tuple[Column, ...] = (text_column("日期", "day"), *QUOTES[1:])
            yield Table(columns, [_quote_row(quote.day, quote) for quote in one.days])
        total = Text("自开市累计", "since the beginning")
        yield Facts(
            (
                (Text("累计成交量(吨)", "volume (t)"), one.cumulative.volume),
                (Text("累计成交额(元)", "amount (CNY)"), Fen(one.cumulative.amount)),
            ),
            total,
        )


def _month_rows(one: Month) -> Iterator[tuple[object, ...]]:
    sums = [(mode_text(mode), sum_) for mode, sum_ in one.modes.items()]
    prices: tuple[object, ...] = (one.month, fen(one.high), fen(one.low), fen(one.close))
    for called, sum_ in (*sums, (Text("合计", "total"), one.total)):
        yield *prices, called, sum_.volume, Fen(sum_.amount), sum_.trades, fen(sum_.average)
        prices = (" ", " ", " ", " ")


def _month_json(one: Month, *, days: bool) -> dict[str, object]:
    found: dict[str, object] = {
        "month": one.month,
        "high_fen": one.high,
        "low_fen": one.low,
        "close_fen": one.close,
        "modes": modes_json(one.modes),
        "total": sum_json(one.total),
        "cumulative": sum_json(one.cumulative),
    }
    return {**found, "days": [_quote_json(quote) for quote in one.days]} if days else found


def rebuild(door: Door, market: MarketOption = "cea") -> Reply:
    """Drop trades, orders and figures of a market, and build them again from its log."""
    from tanshu.exchange.figures import of_market

    title = Text("重建行情", "building again").in_(door.lang)
    with door.reading() as (_, book), progress(title) as tick:
        count = of_market.rebuild(book, market, lambda done, _of: tick(done))
    return Reply(
        {"market": market, "trades": count},
        (Line(Text(f"已重建,共 {count:,} 笔成交。", f"Built again: {count:,} trades.")),),
    )
