"""Drawing SVG with matplotlib so that it is the same on every machine and stays text.

Chinese words never pass through matplotlib, which would measure them with fonts that this machine may not
have: it sees a short token, and the words are put in afterwards. So the browser chooses the font. Floats live
here and in `charts` only; they place ink and decide nothing.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from html import escape
from typing import TYPE_CHECKING, Any

from tanshu.base.text import Lang, Text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, SOFT, GRID, PAPER = "#17231f", "#5a6a64", "#e3e8e5", "#ffffff"
DEEP, LEAF, SAND, RUST, BLUE, STONE = "#0d4f43", "#2f8f74", "#d9a441", "#b4532a", "#33658a", "#9aa8a2"
"""Six colours that stay apart for colour-blind eyes: each differs in lightness, too."""

UNIT = Text("万吨", "kt")
PX_PER_INCH = 100
FONT_PX = 12.5
_TOKEN = re.compile(r"@(\d+)@")
_ID = re.compile(r'(\bid="|url\(#|href="#)')
_UNNEEDED = (
    re.compile(r"<metadata>.*?</metadata>\s*", re.DOTALL),
    re.compile(r'(?<=<g) id="[^"]*"'),
    re.compile(r"<!--.*?-->\s*", re.DOTALL),
    re.compile(r"font-family: [^;\"]*;? ?"),  # the family is the page's
    re.compile(r' transform="rotate\(-0 [^"]*\)"'),
)


@dataclass(frozen=True, slots=True)
class Key:
    """One entry of a legend: a swatch and its meaning. shape: bar, line, dash, dot."""

    colour: str
    text: Text
    shape: str = "bar"


@dataclass(frozen=True, slots=True)
class Chart:
    """A drawn chart: inline SVG without any reference outside itself; title and note go around it."""

    name: str
    title: Text
    note: Text
    keys: tuple[Key, ...]
    svg: str


class Canvas:
    """A figure of a given size in CSS pixels, and the words to be put into it."""

    def __init__(self, name: str, lang: Lang, width_px: int, height_px: int):
        from matplotlib.figure import Figure  # slow to import; nothing else here needs it

        self.name = name
        self.lang: Lang = lang
        self.width_px, self.height_px = width_px, height_px
        size = (width_px / PX_PER_INCH, height_px / PX_PER_INCH)
        self.figure: Figure = Figure(figsize=size, dpi=PX_PER_INCH)
        self.figure.patch.set_alpha(0)
        self._words: list[str] = []

    def axes(self, left_px: float, top_px: float, width_px: float, height_px: float) -> Axes:
        """Bare axes at a place counted from the top left, in pixels."""
        bottom = self.height_px - top_px - height_px
        box = (
            left_px / self.width_px,
            bottom / self.height_px,
            width_px / self.width_px,
            height_px / self.height_px,
        )
        axes = self.figure.add_axes(box)
        axes.set_facecolor("none")
        for spine in axes.spines.values():
            spine.set_visible(False)
        axes.tick_params(length=0, labelsize=_points(FONT_PX - 1), labelcolor=SOFT, pad=6)
        axes.set_axisbelow(True)
        return axes

    def word(self, text: Text | str) -> str:
        """A token that becomes these words in the finished SVG."""
        self._words.append(text.in_(self.lang) if isinstance(text, Text) else text)
        return f"@{len(self._words) - 1}@"

    def write(
        self,
        axes: Axes,
        x: float,
        y: float,
        text: Text | str,
        *,
        colour: str = INK,
        size_px: float = FONT_PX,
        ha: str = "left",
        va: str = "center",
        bold: bool = False,
        **more: Any,
    ) -> None:
        axes.text(
            x,
            y,
            self.word(text),
            color=colour,
            fontsize=_points(size_px),
            ha=ha,
            va=va,
            fontweight="bold" if bold else "normal",
            **more,
        )

    def svg(self, title: Text) -> str:
        """The drawing as an `<svg>` element that scales with its box; title is its spoken label."""
        sink = io.StringIO()
        with _settings(self.name):
            metadata = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            self.figure.savefig(sink, format="svg", metadata=metadata)
        return self._finish(sink.getvalue(), escape(title.in_(self.lang)))

    def _finish(self, raw: str, label: str) -> str:
        """Drop what only a stand-alone file needs, make ids unique in the page, put in the words."""
        body = raw[raw.index(">", raw.index("<svg")) + 1 :]
        for pattern in _UNNEEDED:
            body = pattern.sub("", body)
        body = _ID.sub(lambda found: f"{found[1]}{self.name}-", body.replace("xlink:href=", "href="))
        body = _TOKEN.sub(lambda found: escape(self._words[int(found[1])]), body)
        width, height = (size * 72 / PX_PER_INCH for size in (self.width_px, self.height_px))
        return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{label}">{body}'


def horizontal_grid(axes: Axes) -> None:
    axes.grid(axis="y", color=GRID, linewidth=0.8)


def vertical_grid(axes: Axes) -> None:
    axes.grid(axis="x", color=GRID, linewidth=0.8)


def unit_t(lang: Lang) -> int:
    """Tonnes in the unit of large quantities: 万吨 for Chinese readers, kt for English ones."""
    return 1_000 if lang == "en" else 10_000


def in_unit(quantity: int, lang: Lang, *, sign: bool = False) -> str:
    """A quantity in that unit with one decimal, rounded half away from zero: 98048517 → 9,804.9 (万吨)."""
    size = unit_t(lang)
    tenths = (abs(quantity) * 20 + size) // (2 * size)
    mark = "−" if quantity < 0 else "+" if sign and quantity > 0 else ""
    return f"{mark}{tenths // 10:,}.{tenths % 10}"


def unit_ticks(axes: Axes, lang: Lang, *, vertical: bool = False, sign: bool = False, most: int = 7) -> None:
    """Label a tonnes axis in the reader's unit."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    size = unit_t(lang)
    axis = axes.yaxis if vertical else axes.xaxis

    def label(value: float, _position: int) -> str:
        mark = "−" if value < 0 else "+" if sign and value > 0 else ""
        return f"{mark}{abs(value) / size:,.6g}"

    axis.set_major_locator(MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(FuncFormatter(label))


def week_ticks(axes: Axes, first: date, last: date, *, weeks: int = 1) -> None:
    """Tick an axis of day numbers at every so many Mondays."""
    monday = first + timedelta(days=-first.weekday() % 7)
    ticks = [monday + timedelta(days=n) for n in range(0, (last - monday).days + 1, 7 * weeks)]
    axes.set_xticks([day.toordinal() for day in ticks])
    axes.set_xticklabels([f"{day:%m-%d}" for day in ticks])


def _points(px: float) -> float:
    return px * 72 / PX_PER_INCH


@contextmanager
def _settings(salt: str) -> Iterator[None]:
    import matplotlib

    with matplotlib.rc_context(
        {
            "svg.fonttype": "none",
            "svg.hashsalt": salt,
            "font.family": ["DejaVu Sans"],  # comes with matplotlib: measures are the same everywhere
            "axes.unicode_minus": True,
        }
    ):
        yield
