"""The picture of a month: a square for each day and kind that have breaks, with their number."""

from __future__ import annotations

from collections import Counter

from tanshu.base.text import Lang, Text
from tanshu.insight.drawing import DEEP, GRID, LEAF, PAPER, RUST, SAND, SOFT, Canvas, Chart, Key
from tanshu.shadow.causes import LABELS
from tanshu.shadow.run import Result

WIDTH, LEFT, TOP, ROW, BARS = 1_060, 208, 34, 26, 110
_SHADES = ((1, SAND), (2, RUST), (4, DEEP))
"""From how many breaks on, which colour."""


def draw(result: Result, lang: Lang) -> Chart:
    """Kinds down, days along; to the right how many there are of each kind."""
    from matplotlib.patches import Rectangle  # slow to import; nothing else here needs it

    count = Counter((one.day, one.kind) for one in result.breaks)
    kinds = sorted(result.by_kind, key=lambda kind: (-result.by_kind[kind], list(LABELS).index(kind)))
    canvas = Canvas("shadow", lang, WIDTH, TOP + ROW * len(kinds) + 16)
    wide = WIDTH - LEFT - BARS
    axes = canvas.axes(LEFT, TOP, wide, ROW * len(kinds))
    axes.set_xlim(0, len(result.days))
    axes.set_ylim(len(kinds), 0)
    axes.set_xticks([])
    axes.set_yticks([])
    for x, day in enumerate(result.days):
        canvas.write(axes, x + 0.5, -0.35, f"{day:%m-%d}", colour=SOFT, size_px=9.5, ha="center", va="bottom")
        for y, kind in enumerate(kinds):
            found = count[day, kind]
            colour = next((shade for least, shade in reversed(_SHADES) if found >= least), GRID)
            axes.add_patch(Rectangle((x + 0.05, y + 0.08), 0.9, 0.84, color=colour, linewidth=0))
            if found:
                dark = colour != SAND
                canvas.write(
                    axes,
                    x + 0.5,
                    y + 0.52,
                    str(found),
                    colour=PAPER if dark else DEEP,
                    ha="center",
                    bold=True,
                )
    for y, kind in enumerate(kinds):
        canvas.write(axes, -0.25, y + 0.52, LABELS[kind], ha="right")
    bars = canvas.axes(LEFT + wide + 10, TOP, BARS - 40, ROW * len(kinds))
    bars.set_xlim(0, max(3, *result.by_kind.values()))
    bars.set_ylim(len(kinds), 0)
    bars.set_xticks([])
    bars.set_yticks([])
    for y, kind in enumerate(kinds):
        number = result.by_kind[kind]
        bars.add_patch(Rectangle((0, y + 0.25), number, 0.5, color=LEAF, linewidth=0))
        canvas.write(bars, number, y + 0.52, f"  {number}", colour=SOFT)
    title = Text("差异:按日、按原因", "Breaks by day and cause")
    keys = tuple(
        Key(shade, Text(f"{least} 处起" if least > 1 else "1 处", f"{least} or more" if least > 1 else "1"))
        for least, shade in _SHADES
    )
    note = Text(
        "每处差异只在其起因处列一次;由它引起的后续不符不再列出。",
        "A break stands once, where it comes from; what follows from it is not listed again.",
    )
    return Chart("shadow", title, note, keys, canvas.svg(title))
