"""K-lines drawn: candles with the volume below. A rise is red and hollow, a fall green and filled, as in
China; the shape says it without the colour.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from tanshu.base.text import Lang, Text
from tanshu.exchange.figures.bars import Bar, Period, text
from tanshu.insight import drawing
from tanshu.insight.drawing import DEEP, PAPER, SOFT, Canvas, Chart, Key

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PX, HEIGHT_PX = 1120, 430
RISE, FALL = "#b4332a", "#2f8f74"
WIDTH_MAX = 0.62
"""Of a candle, where 1 is the distance to the next."""
FEWEST = 20
"""There is room for so many, so that a few are not blown up."""
TICKS_MAX = 9
SHOWN_MAX = 400
"""So many candles can be told apart; of more the newest are drawn."""
PERIODS: Mapping[Period, Text] = {
    Period.M1: Text("1 分钟", "1 minute"),
    Period.M5: Text("5 分钟", "5 minutes"),
    Period.M15: Text("15 分钟", "15 minutes"),
    Period.M30: Text("30 分钟", "30 minutes"),
    Period.M60: Text("60 分钟", "60 minutes"),
    Period.DAY: Text("日", "daily"),
    Period.WEEK: Text("周", "weekly"),
    Period.MONTH: Text("月", "monthly"),
}
_NOTE = Text(
    "空心(红)为升,实心(绿)为跌,按首末笔成交价;下方为成交量(吨)。无成交的时段没有K线。",
    "Hollow (red): up; filled (green): down, from the first trade to the last. Below: volume, t. "
    "Where nothing was traded there is no candle.",
)


def klines(
    bars: Sequence[Bar],
    period: Period,
    title: Text,
    lang: Lang,
    *,
    closes: Mapping[date, int] | None = None,
    name: str = "klines",
) -> Chart | None:
    """The candles of bars of one product; None where there is nothing to draw.

    closes: the exchange's close of each day, fen per tonne, marked on daily candles. name: unique in a page.
    """
    if not bars:
        return None
    shown = bars[-SHOWN_MAX:]
    canvas = Canvas(name, lang, WIDTH_PX, HEIGHT_PX)
    prices = canvas.axes(64, 30, WIDTH_PX - 96, 256)
    volumes = canvas.axes(64, 316, WIDTH_PX - 96, 82)
    for axes in (prices, volumes):
        axes.set_xlim(-1, max(len(shown), FEWEST))
        drawing.horizontal_grid(axes)
        _ticks(axes, shown, period)
    _candles(prices, shown)
    marked = closes if closes and period is Period.DAY else {}
    _closes(prices, shown, marked)
    _volumes(volumes, shown)
    prices.set_xticklabels([])
    for axes, unit in ((prices, Text("元/吨", "CNY/t")), (volumes, Text("吨", "t"))):
        axes.set_ylim(*axes.get_ylim())
        canvas.write(axes, -0.03, 1.07, unit, colour=SOFT, size_px=11.5, transform=axes.transAxes)
    keys = [Key(RISE, Text("升", "up")), Key(FALL, Text("跌", "down"))]
    if marked:
        keys.append(Key(DEEP, Text("收盘价", "the exchange's close"), "line"))
    return Chart(name, title, _NOTE, tuple(keys), canvas.svg(title))


def standalone(chart: Chart) -> str:
    """The drawing as a file of its own."""
    opened = '<svg xmlns="http://www.w3.org/2000/svg" style="background:#fff;font-family:sans-serif" '
    return chart.svg.replace("<svg ", opened, 1) + ("" if chart.svg.endswith("\n") else "\n")


def _candles(axes: Axes, bars: Sequence[Bar]) -> None:
    """A line from the lowest price to the highest, over it a box from the first to the last."""
    spread = max(bar.high for bar in bars) - min(bar.low for bar in bars)
    for n, bar in enumerate(bars):
        rises = bar.last >= bar.open
        colour = RISE if rises else FALL
        low, high = sorted((bar.open, bar.last))
        axes.plot([n, n], [bar.low / 100, bar.high / 100], color=colour, linewidth=1, zorder=2)
        axes.bar(
            n,
            max(high - low, spread / 300) / 100,
            bottom=low / 100,
            width=WIDTH_MAX,
            color=PAPER if rises else colour,
            edgecolor=colour,
            linewidth=1,
            zorder=3,
        )
    # A bar drags its axis down to zero; prices are read from where they lie.
    margin = max(spread, 2) * 0.08 / 100
    axes.set_ylim(min(bar.low for bar in bars) / 100 - margin, max(bar.high for bar in bars) / 100 + margin)


def _closes(axes: Axes, bars: Sequence[Bar], closes: Mapping[date, int]) -> None:
    for n, bar in enumerate(bars):
        if bar.day in closes:
            level = closes[bar.day] / 100
            axes.plot([n - 0.46, n + 0.46], [level, level], color=DEEP, linewidth=2, zorder=4)


def _volumes(axes: Axes, bars: Sequence[Bar]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    for n, bar in enumerate(bars):
        rises = bar.last >= bar.open
        colour = RISE if rises else FALL
        axes.bar(
            n, bar.volume, width=WIDTH_MAX, color=PAPER if rises else colour, edgecolor=colour, linewidth=1
        )
    axes.margins(y=0.1)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _position: f"{value:,.0f}"))


def _ticks(axes: Axes, bars: Sequence[Bar], period: Period) -> None:
    """Say now and then when a candle begins; the day where it changes, the time within it."""
    step = -(-len(bars) // TICKS_MAX)
    places = list(range(0, len(bars), step))
    labels: list[str] = []
    for before, n in zip((None, *places), places, strict=False):
        stands = text(bars[n], period)
        new_day = before is None or bars[before].day != bars[n].day
        labels.append(
            stands[5:] if len(stands) > 10 and new_day else stands[-5:] if period.minutes else stands
        )
    axes.set_xticks(places)
    axes.set_xticklabels(labels)
