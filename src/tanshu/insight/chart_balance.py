"""Supply and obligation: where allowances came from and where they went, whole and enlarged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tanshu.base.text import Lang, Text
from tanshu.insight import drawing
from tanshu.insight.drawing import (
    BLUE,
    DEEP,
    INK,
    LEAF,
    RUST,
    SAND,
    STONE,
    UNIT,
    Canvas,
    Chart,
    Key,
    in_unit,
)
from tanshu.insight.figures import YearFigures

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH_PX, HEIGHT_PX, LEFT_PX = 1120, 456, 128
LABELLED = 0.12
"""A part of a stacked bar is labelled inside from this share of the whole on."""
_TITLE = Text("配额从哪里来,到哪里去", "Where allowances came from, where they went")


@dataclass(frozen=True, slots=True)
class Bar:
    """A row of the waterfall, in tonnes: parts laid end to end from `start`."""

    name: Text
    start: int
    parts: Sequence[tuple[int, str]]
    label: Text | str

    @property
    def ends(self) -> tuple[int, int]:
        return self.start, self.start + sum(quantity for quantity, _ in self.parts)


def balance(figures: YearFigures, lang: Lang) -> Chart | None:
    """Above, all supply beside all use; below, the last few per cent enlarged, step by step."""
    if not figures.allocated_t and not figures.obligation_t:
        return None
    canvas = Canvas("balance", lang, WIDTH_PX, HEIGHT_PX)
    _whole(canvas, figures)
    _enlarged(canvas, figures)
    return Chart(
        "balance",
        _TITLE,
        Text(
            f"单位:{UNIT.zh}。上图为全貌;下图放大最后几个百分点,横轴不从零开始。",
            f"In {UNIT.en}. Above, the whole; below, its last few per cent enlarged: "
            "the axis does not begin at zero.",
        ),
        (
            Key(DEEP, Text("预分配 / 清缴本年度配额", "pre-allocation / surrendered, own vintage")),
            Key(LEAF, Text("核定后补发", "true-up")),
            Key(SAND, Text("往年配额", "older vintages")),
            Key(BLUE, Text("买入 / 抵销", "bought / offset")),
            Key(RUST, Text("卖出", "sold")),
            Key(STONE, Text("结余", "left")),
        ),
        canvas.svg(_TITLE),
    )


def _whole(canvas: Canvas, figures: YearFigures) -> None:
    own = figures.surrendered.get(figures.instrument, 0)
    supply = (
        (figures.pre_allocated_t, DEEP, Text("预分配", "pre-allocation")),
        (max(0, figures.allocated_t - figures.pre_allocated_t), LEAF, Text("核定后补发", "true-up")),
        (figures.opening_t, SAND, Text("期初持仓", "opening stock")),
        (max(0, figures.bought_t - figures.sold_t), BLUE, Text("净买入", "net purchases")),
    )
    use = (
        (own, DEEP, Text(f"清缴 {figures.instrument}", f"surrendered {figures.instrument}")),
        (figures.surrendered_t - own, SAND, Text("清缴往年配额", "surrendered, older vintages")),
        (max(0, figures.left_t), STONE, Text("结余", "left")),
    )
    widest = max(sum(part[0] for part in supply), sum(part[0] for part in use), 1)
    axes = canvas.axes(LEFT_PX, 4, WIDTH_PX - LEFT_PX - 26, 108)
    axes.set_xlim(0, widest)
    axes.set_ylim(-0.5, 1.5)
    axes.set_xticks([])
    axes.set_yticks([])
    for y, parts, name in ((1, supply, Text("供给", "supply")), (0, use, Text("去向", "use"))):
        canvas.write(axes, -widest * 0.012, y, name, ha="right", bold=True)
        left = 0
        for quantity, colour, what in parts:
            axes.barh(y, quantity, left=left, height=0.74, color=colour, edgecolor="white", linewidth=0.8)
            if quantity > widest * LABELLED:
                number = in_unit(quantity, canvas.lang)
                text = Text(f"{what.zh} {number}", f"{what.en} {number}")
                canvas.write(axes, left + quantity / 2, y, text, colour="white", ha="center", bold=True)
            left += quantity


def _enlarged(canvas: Canvas, figures: YearFigures) -> None:
    bars = _bars(figures, canvas.lang)
    marks = [end for bar in bars for end in bar.ends if end] + [figures.obligation_t]
    span = max(max(marks) - min(marks), 1)
    low, high = max(0, min(marks) - span * 0.35), max(marks) + span * 0.14
    axes = canvas.axes(LEFT_PX, 152, WIDTH_PX - LEFT_PX - 26, HEIGHT_PX - 152 - 30)
    axes.set_xlim(low, high)
    axes.set_ylim(len(bars) - 0.45, -0.7)
    axes.set_yticks([])
    drawing.vertical_grid(axes)
    drawing.unit_ticks(axes, canvas.lang)
    for n, bar in enumerate(bars):
        _row(canvas, axes, n, bar, low, high)
    axes.axvline(figures.obligation_t, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
    number = in_unit(figures.obligation_t, canvas.lang)
    label = Text(f"应清缴 {number}", f"obligation {number}")
    canvas.write(axes, figures.obligation_t, -0.92, label, ha="center", bold=True)


def _row(canvas: Canvas, axes: Axes, n: int, bar: Bar, low: float, high: float) -> None:
    """Draw a bar; one that begins left of the axis is cut there, as the note says."""
    canvas.write(axes, low - (high - low) * 0.012, n, bar.name, ha="right")
    left = bar.start
    for quantity, colour in bar.parts:
        start, end = max(low, min(left, left + quantity)), max(left, left + quantity)
        if end > start:
            axes.barh(n, end - start, left=start, height=0.6, color=colour)
        left += quantity
    canvas.write(axes, max(bar.ends) + (high - low) * 0.007, n, bar.label)


def _bars(figures: YearFigures, lang: Lang) -> list[Bar]:
    steps = [
        (Text("期初持仓", "opening stock"), figures.opening_t, SAND),
        (Text("买入", "bought"), figures.bought_t, BLUE),
        (Text("卖出", "sold"), -figures.sold_t, RUST),
    ]
    if figures.other_t:
        steps.append((Text("其他变动", "other moves"), figures.other_t, STONE))
    allocated = figures.allocated_t
    bars = [Bar(Text("已分配", "allocated"), 0, ((allocated, LEAF),), in_unit(allocated, lang))]
    at = allocated
    for name, quantity, colour in steps:
        bars.append(Bar(name, at, ((quantity, colour),), in_unit(quantity, lang, sign=True)))
        at += quantity
    left, offset = in_unit(at - figures.surrendered_t, lang), in_unit(figures.offset_t, lang)
    paid = in_unit(figures.surrendered_t, lang)
    bars.append(
        Bar(
            Text("可用于清缴", "available"),
            0,
            ((figures.surrendered_t, DEEP), (at - figures.surrendered_t, STONE)),
            Text(
                f"{in_unit(at, lang)},清缴后结余 {left}", f"{in_unit(at, lang)}, {left} left after surrender"
            ),
        )
    )
    bars.append(
        Bar(
            Text("清缴与抵销", "paid"),
            0,
            ((figures.surrendered_t, DEEP), (figures.offset_t, BLUE)),
            Text(f"清缴 {paid} + 抵销 {offset}", f"surrendered {paid} + offset {offset}"),
        )
    )
    return bars
