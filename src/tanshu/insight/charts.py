"""The charts of a compliance year, each a function of the figures: what people would rather see than read."""

from __future__ import annotations

from datetime import date, timedelta

from tanshu.base.text import Lang, Text
from tanshu.insight import drawing
from tanshu.insight.chart_balance import balance
from tanshu.insight.chart_market import Published, market
from tanshu.insight.drawing import BLUE, DEEP, INK, LEAF, RUST, SAND, SOFT, UNIT, Canvas, Chart, Key
from tanshu.insight.figures import EntityYear, YearFigures, percent

WIDE_PX, HALF_PX, HALF_HEIGHT_PX = 1120, 540, 330
ROW_PX = 18
NAME_MAX = 16
BEGUN_AT = 10
"""The course begins a fortnight before the entities hold a tenth of what they owe: it is flat before."""


def draw(figures: YearFigures, lang: Lang, published_fen: Published | None = None) -> dict[str, Chart]:
    """Every chart that has something to show, by name."""
    drawn = (
        balance(figures, lang),
        course(figures, lang),
        vintages(figures, lang),
        market(figures, lang, published_fen or {}),
        gaps(figures, lang),
    )
    return {chart.name: chart for chart in drawn if chart is not None}


# -- over time ---------------------------------------------------------------------------------------------


def course(figures: YearFigures, lang: Lang) -> Chart | None:
    """What the entities hold and what they have paid, day by day, towards the obligation."""
    if not figures.days:
        return None
    title = Text("持有与清缴的进程", "Held and paid over time")
    first, days, held, paid = _running(figures)
    last = max(figures.deadline, figures.days[-1].day) + timedelta(days=5)
    canvas = Canvas("course", lang, HALF_PX, HALF_HEIGHT_PX)
    axes = canvas.axes(62, 34, HALF_PX - 82, HALF_HEIGHT_PX - 70)
    days, held, paid = [*days, last.toordinal()], [*held, held[-1]], [*paid, paid[-1]]
    axes.fill_between(days, held, step="post", color=LEAF, alpha=0.16, linewidth=0)
    axes.step(days, held, where="post", color=LEAF, linewidth=1.8)
    axes.step(days, paid, where="post", color=DEEP, linewidth=2.6)
    axes.axhline(figures.obligation_t, color=INK, linewidth=1, linestyle=(0, (4, 3)))
    axes.axvline(figures.deadline.toordinal(), color=RUST, linewidth=1.2)
    top = max(*held, *paid, figures.obligation_t, 1) * 1.12
    axes.set_ylim(0, top)
    axes.set_xlim(first.toordinal(), last.toordinal())
    drawing.horizontal_grid(axes)
    drawing.unit_ticks(axes, lang, vertical=True)
    drawing.week_ticks(axes, first, last, weeks=2)
    label = Text(f"截止 {figures.deadline}", f"deadline {figures.deadline}")
    canvas.write(axes, last.toordinal(), top * 1.045, label, colour=RUST, ha="right", size_px=11.5)
    canvas.write(axes, first.toordinal(), top * 1.045, UNIT, colour=SOFT, size_px=11.5)
    return Chart(
        "course",
        title,
        Text("名录内单位合计,各日终了时。", "All listed entities together, at the end of each day."),
        (
            Key(LEAF, Text("持有配额", "allowances held"), "line"),
            Key(DEEP, Text("累计清缴与抵销", "surrendered and offset"), "line"),
            Key(INK, Text("应清缴", "obligation"), "dash"),
        ),
        canvas.svg(title),
    )


def _running(figures: YearFigures) -> tuple[date, list[int], list[int], list[int]]:
    """(first day shown, day numbers, held, paid): running totals, beginning where something is to be seen."""
    first, days, held, paid = figures.days[0].day, [0], [0], [0]
    begun = False
    for day in figures.days:
        days.append(day.day.toordinal())
        held.append(held[-1] + day.change_t)
        paid.append(paid[-1] + day.surrendered_t + day.offset_t)
        if not begun and held[-1] * BEGUN_AT >= figures.obligation_t:
            first, begun = day.day - timedelta(days=14), True
    return first, days, held, paid


def vintages(figures: YearFigures, lang: Lang) -> Chart | None:
    """What was surrendered, by vintage, and offset. The own vintage's bar is cut where it dwarfs the rest."""
    total = figures.surrendered_t + figures.offset_t
    if not total:
        return None
    title = Text("用什么清缴", "What was surrendered")
    own = figures.surrendered.get(figures.instrument, 0)
    older = sorted(code for code in figures.surrendered if code != figures.instrument)
    bars = [(Text(figures.instrument, figures.instrument), own, DEEP)]
    bars += [(Text(code, code), figures.surrendered[code], SAND) for code in reversed(older)]
    bars += [(Text("抵销", "offset"), figures.offset_t, BLUE)] if figures.offset_t else []
    limit = max([quantity for _, quantity, _ in bars[1:]], default=own) * 1.3 or own
    canvas = Canvas("vintages", lang, HALF_PX, HALF_HEIGHT_PX)
    axes = canvas.axes(84, 16, HALF_PX - 274, HALF_HEIGHT_PX - 36)
    for n, (name, quantity, colour) in enumerate(bars):
        axes.barh(n, min(quantity, limit), height=0.54, color=colour)
        canvas.write(axes, -limit * 0.04, n, name, ha="right")
        share = percent(quantity, total)
        text = Text(f"{quantity:,} 吨 · {share}%", f"{quantity:,} t · {share}%")
        canvas.write(axes, min(quantity, limit) + limit * 0.03, n, text, bold=n == 0)
        if quantity > limit:
            for shift in (0.84, 0.88):
                x = [limit * shift, limit * (shift + 0.025)]
                axes.plot(x, [n + 0.34, n - 0.34], color="white", linewidth=2.4)
    axes.set_xlim(0, limit)
    axes.set_ylim(len(bars) - 0.4, -0.6)
    axes.set_xticks([])
    axes.set_yticks([])
    cut = Text("本年度配额的条形已截断。", "The bar of the year's own vintage is cut.")
    keys = (
        Key(DEEP, Text("本年度配额", "own vintage")),
        Key(SAND, Text("往年配额", "older vintages")),
        Key(BLUE, Text("减排量抵销", "offset with credits")),
    )
    return Chart("vintages", title, cut if own > limit else Text("", ""), keys, canvas.svg(title))


# -- entities ----------------------------------------------------------------------------------------------


def gaps(figures: YearFigures, lang: Lang) -> Chart | None:
    """Approved less verified, one bar per entity, the shortest first; beside it the gap in per cent."""
    rows = sorted((row for row in figures.rows if row.gap_t is not None), key=_gap)
    if not rows:
        return None
    title = Text("各单位的缺口与盈余", "Shortage and surplus by entity")
    canvas = Canvas("gaps", lang, WIDE_PX, 40 + ROW_PX * len(rows))
    axes = canvas.axes(236, 30, WIDE_PX - 300, ROW_PX * len(rows))
    widest = max(max(abs(_gap(row)) for row in rows), 1)
    axes.set_xlim(-widest * 1.12, widest * 1.12)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([])
    drawing.vertical_grid(axes)
    drawing.unit_ticks(axes, lang, sign=True)
    axes.xaxis.tick_top()
    axes.axvline(0, color=SOFT, linewidth=1)
    for n, row in enumerate(rows):
        gap = _gap(row)
        side, ha, colour = (-1, "right", RUST) if gap < 0 else (1, "left", LEAF)
        axes.barh(n, gap, height=0.66, color=colour)
        canvas.write(axes, -widest * 1.15, n, short_name(row.name), ha="right", size_px=12)
        canvas.write(axes, gap + side * widest * 0.012, n, _rate(row), ha=ha, colour=SOFT, size_px=11)
    return Chart(
        "gaps",
        title,
        Text(
            f"核定配额减核查排放量({UNIT.zh});旁注为占排放量的百分比。",
            f"Approved allowances less verified emissions ({UNIT.en}); beside it in per cent of emissions.",
        ),
        (Key(RUST, Text("缺口", "shortage")), Key(LEAF, Text("盈余", "surplus"))),
        canvas.svg(title),
    )


def short_name(name: str) -> str:
    """A company's name for a narrow place: without its legal form, cut where it is still too long."""
    for form in ("有限责任公司", "股份有限公司", "有限公司"):
        name = name.replace(form, "")
    return name if len(name) <= NAME_MAX else name[: NAME_MAX - 1] + "…"


def _gap(row: EntityYear) -> int:
    assert row.gap_t is not None
    return row.gap_t


def _rate(row: EntityYear) -> str:
    return "" if row.gap_rate is None else f"{row.gap_rate:+}%".replace("-", "−")
