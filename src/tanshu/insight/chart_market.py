"""The market of a year: prices and volumes by day, beside the monthly averages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TYPE_CHECKING

from tanshu.base.text import Lang, Text
from tanshu.insight import drawing
from tanshu.insight.drawing import BLUE, DEEP, SAND, SOFT, STONE, UNIT, Canvas, Chart, Key
from tanshu.insight.figures import Traded, YearFigures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PX, HEIGHT_PX = 1120, 430
DOT_MIN, DOT_RANGE = 26, 520
"""Area of a dot in square points: the smallest trade's, and how much the largest adds."""
MODES: Mapping[str, Text] = {
    "block": Text("大宗协议", "block"),
    "listing": Text("挂牌协议", "listing"),
    "auction": Text("单向竞价", "auction"),
}
COLOURS: Mapping[str, str] = {"block": DEEP, "listing": SAND, "auction": BLUE}
Published = Mapping[tuple[str, str], int]
"""(month "2024-11", mode) → an exchange's published average, fen per tonne."""
_TITLE = Text("成交价与成交量,按日", "Price and volume by day")
_NOTE = Text(
    "圆点:当日该方式的加权均价,面积与成交量成正比。虚线:{zh}。",
    "Dots: the day's weighted average of a mode, area in proportion to volume. Dashed: {en}.",
)


def market(figures: YearFigures, lang: Lang, published_fen: Published) -> Chart | None:
    """Above, the average price of each day and mode (a dot as large as its volume); below, the volume."""
    rows = figures.by_day_and_mode
    if not rows:
        return None
    days = [_day(row) for row in rows]
    first, last = min(days) - timedelta(days=2), max(days) + timedelta(days=2)
    canvas = Canvas("market", lang, WIDTH_PX, HEIGHT_PX)
    prices = canvas.axes(64, 30, WIDTH_PX - 96, 226)
    volumes = canvas.axes(64, 286, WIDTH_PX - 96, 112)
    for axes in (prices, volumes):
        axes.set_xlim(first.toordinal(), last.toordinal())
        drawing.horizontal_grid(axes)
        drawing.week_ticks(axes, first, last)
    _prices(prices, rows)
    _averages(canvas, prices, figures, published_fen)
    _volumes(canvas, volumes, rows)
    prices.set_xticklabels([])
    _unit_label(canvas, prices, Text("元/吨", "CNY/t"))
    _unit_label(canvas, volumes, UNIT)
    known = bool(published_fen)
    return Chart(
        "market",
        _TITLE,
        _NOTE.format(
            zh="交易机构公布的月度均价" if known else "月度加权均价",
            en="the exchange's published monthly average" if known else "the month's weighted average",
        ),
        tuple(Key(COLOURS[mode], name) for mode, name in MODES.items() if any(r.mode == mode for r in rows)),
        canvas.svg(_TITLE),
    )


def _prices(axes: Axes, rows: Sequence[Traded]) -> None:
    largest = max(row.volume_t for row in rows)
    for row in rows:
        assert row.average_price is not None, "a group of trades has an average"
        axes.scatter(
            _day(row).toordinal(),
            float(row.average_price),
            s=DOT_MIN + DOT_RANGE * row.volume_t / largest,
            color=COLOURS.get(row.mode, STONE),
            alpha=0.72,
            linewidths=0,
        )
    axes.margins(y=0.14)


def _averages(canvas: Canvas, axes: Axes, figures: YearFigures, published_fen: Published) -> None:
    """One dashed line per month and mode, of the published ones where there are any. Of two in a month, the
    upper is labelled above, the other below."""
    levels: dict[str, list[float]] = {}
    for row in figures.by_month_and_mode:
        fen = published_fen.get((row.month, row.mode))
        if fen is None and published_fen:
            continue  # nothing was published to compare with: an auction's own price is its dot
        level = float(row.average_price or 0) if fen is None else fen / 100
        levels.setdefault(row.month, []).append(level)
        days = [_day(one).toordinal() for one in figures.by_day_and_mode if one.month == row.month]
        span = [min(days) - 0.6, max(days) + 0.6]
        axes.plot(
            span,
            [level, level],
            color=COLOURS.get(row.mode, STONE),
            linewidth=1.6,
            linestyle=(0, (5, 3)),
        )
    for month, found in levels.items():
        at = max(_day(one).toordinal() for one in figures.by_day_and_mode if one.month == month) + 0.55
        shift = 0.02 * (axes.get_ylim()[1] - axes.get_ylim()[0])
        for level in found:
            above = level == max(found)
            text, va = f"{level:.2f}", "bottom" if above else "top"
            canvas.write(axes, at, level + (shift if above else -shift), text, va=va, ha="right", bold=True)


def _volumes(canvas: Canvas, axes: Axes, rows: Sequence[Traded]) -> None:
    order, base = list(MODES), dict[date, int]()
    for row in sorted(rows, key=lambda row: order.index(row.mode) if row.mode in order else len(order)):
        day, bottom = _day(row), base.get(_day(row), 0)
        colour = COLOURS.get(row.mode, STONE)
        axes.bar(day.toordinal(), row.volume_t, bottom=bottom, width=0.72, color=colour)
        base[day] = bottom + row.volume_t
    axes.margins(y=0.1)
    drawing.unit_ticks(axes, canvas.lang, vertical=True, most=4)


def _unit_label(canvas: Canvas, axes: Axes, text: Text) -> None:
    axes.set_ylim(*axes.get_ylim())
    where = {"transform": axes.transAxes, "colour": SOFT, "size_px": 11.5}
    canvas.write(axes, -0.03, 1.08, text, **where)


def _day(row: Traded) -> date:
    assert row.day is not None, "grouped by day"
    return row.day
