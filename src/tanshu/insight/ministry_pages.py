"""The ministry's report to look at and to work with: tables, two charts, one page."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tanshu.base.clock import shanghai_text
from tanshu.base.documents import render
from tanshu.base.text import Lang, Text
from tanshu.insight import drawing, regions, workbook
from tanshu.insight.drawing import BLUE, DEEP, INK, LEAF, RUST, SAND, SOFT, UNIT, Canvas, Chart, Key
from tanshu.insight.ministry import NATIONAL, Balance, MinistryReport, Row
from tanshu.insight.sheets import Cell, Column, Sheet, to_csv
from tanshu.parties.model import ACCOUNT_TYPES, AccountKind

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SECTORS = {
    "power": Text("发电", "power"),
    "steel": Text("钢铁", "steel"),
    "cement": Text("水泥", "cement"),
    "aluminium": Text("铝冶炼", "aluminium"),
}
UNLISTED = Text("名录外或未注明", "not listed, or not said")
FIGURES = {
    "holders": Text("持有主体(户)", "holders"),
    "listed": Text("名录内单位(家)", "entities listed"),
    "issued_t": Text("发行", "issued t"),
    "staged_t": Text("主管部门账户", "with authorities t"),
    "held_t": Text("持有", "held t"),
    "frozen_t": Text("其中司法冻结", "of it frozen t"),
    "pledged_t": Text("其中质押", "of it pledged t"),
    "pending_t": Text("其中业务占用", "of it pending t"),
    "waiting_t": Text("轮候", "waiting t"),
    "obligation_t": Text("应清缴", "obligation t"),
    "surrendered_t": Text("已清缴", "surrendered t"),
    "offset_t": Text("已抵销", "offset t"),
    "gap_t": Text("缺口", "gap t"),
}
SOUND = Text(
    "全部产品守恒,分组合计与账簿一致。", "Every instrument adds up to zero, and the rows to the book."
)
BROKEN = Text(
    "不守恒:请立即停用,并运行 tanshu book audit。",
    "It does not add up: stop using it, and run tanshu book audit.",
)
WIDE_PX, BAR_PX, HEAD_PX, LEFT_PX = 1120, 26, 44, 190


def province_name(province: str) -> Text:
    if not province:
        return Text("合计", "total")
    return Text("国家", "national") if province == NATIONAL else regions.place(f"{province}0000")


def sector_name(sector: str) -> Text:
    return SECTORS.get(sector) or (Text(sector, sector) if sector else UNLISTED)


# -- tables ------------------------------------------------------------------------------------------------


def sheets(report: MinistryReport, lang: Lang) -> tuple[Sheet, ...]:
    """By province and sector, by province, by sector, by instrument. Words in cells are in `lang`."""
    name = {
        "province": lambda row: province_name(row.province).in_(lang),
        "sector": lambda row: sector_name(row.sector).in_(lang),
    }
    headings = {"province": Text("地区", "province"), "sector": Text("行业", "sector")}

    def sheet(key: str, title: Text, by: Sequence[str], rows: Sequence[Row]) -> Sheet:
        columns = [Column(headings[one], width=16) for one in by]
        columns += [Column(heading, "whole") for heading in FIGURES.values()]
        cells: list[tuple[Cell, ...]] = [(*(name[one](row) for one in by), *_figures(row)) for row in rows]
        last = (Text("合计", "total").in_(lang), *("" for _ in by[1:]), *_figures(report.total))
        return Sheet(key, title, columns, [*cells, last])

    return (
        sheet("groups", Text("地区与行业", "province and sector"), ("province", "sector"), report.rows),
        sheet("provinces", Text("分地区", "by province"), ("province",), report.by_province),
        sheet("sectors", Text("分行业", "by sector"), ("sector",), report.by_sector),
        _balances(report.balances, lang),
    )


def _figures(row: Row) -> tuple[int, ...]:
    return tuple(getattr(row, name) for name in FIGURES)


def _balances(balances: Sequence[Balance], lang: Lang) -> Sheet:
    kinds = [kind for kind in AccountKind if any(kind in one.by_kind for one in balances)]
    columns = (
        Column(Text("产品", "instrument"), width=16),
        Column(Text("小数位", "decimals"), "whole"),
        Column(Text("净发行", "issued, net"), "whole", 18),
        *(Column(ACCOUNT_TYPES[kind].label, "whole", 18) for kind in kinds),
        Column(Text("守恒检查", "conservation"), "whole"),
        Column(Text("结论", "verdict")),
    )
    balanced, broken = Text("平衡", "balanced").in_(lang), Text("不平", "broken").in_(lang)
    rows = [
        (
            one.instrument,
            one.scale,
            one.issued,
            *(one.by_kind.get(kind, 0) for kind in kinds),
            one.conservation,
            broken if one.conservation else balanced,
        )
        for one in balances
    ]
    return Sheet("instruments", Text("守恒", "conservation"), columns, rows)


# -- charts ------------------------------------------------------------------------------------------------


def charts(report: MinistryReport, lang: Lang) -> tuple[Chart, ...]:
    """Those that have something to show."""
    drawn = (holdings_chart(report, lang), duty_chart(report, lang))
    return tuple(one for one in drawn if one is not None)


def holdings_chart(report: MinistryReport, lang: Lang) -> Chart | None:
    """What holders have, a bar for each province: free, pending, pledged, frozen."""
    parts = (
        (Text("可用", "free"), LEAF, lambda r: r.held_t - r.pending_t - r.pledged_t - r.frozen_t),
        (Text("业务占用", "pending"), BLUE, lambda r: r.pending_t),
        (Text("质押", "pledged"), SAND, lambda r: r.pledged_t),
        (Text("司法冻结", "frozen"), RUST, lambda r: r.frozen_t),
    )
    rows = [row for row in report.by_province if row.held_t]
    if not rows:
        return None
    title = Text("各地区持有的配额", "Allowances held, by province")
    canvas, axes = _rows_of(Canvas("held", lang, WIDE_PX, HEAD_PX + BAR_PX * len(rows)), rows, lang)
    widest = max(row.held_t for row in rows)
    axes.set_xlim(0, widest * 1.14)
    for n, row in enumerate(rows):
        left = 0
        for _, colour, part in parts:
            axes.barh(n, part(row), left=left, height=0.64, color=colour)
            left += part(row)
        _beside(canvas, axes, row.held_t + widest * 0.01, n, row.held_t)
    keys = tuple(Key(colour, text) for text, colour, _ in parts)
    note = Text(f"登记账户与交易账户,{UNIT.zh}。", f"Registration and trading accounts, {UNIT.en}.")
    return Chart("held", title, note, keys, canvas.svg(title))


def duty_chart(report: MinistryReport, lang: Lang) -> Chart | None:
    """The year's obligation, a bar for each province: surrendered, offset, still short."""
    rows = [row for row in report.by_province if row.obligation_t]
    if not rows:
        return None
    title = Text(f"{report.year} 年度清缴与缺口", f"{report.year}: surrendered and short")
    canvas, axes = _rows_of(Canvas("duty", lang, WIDE_PX, HEAD_PX + BAR_PX * len(rows)), rows, lang)
    widest = max(row.surrendered_t + row.offset_t + row.gap_t for row in rows)
    axes.set_xlim(0, widest * 1.14)
    for n, row in enumerate(rows):
        left = 0
        for quantity, colour in ((row.surrendered_t, DEEP), (row.offset_t, BLUE), (row.gap_t, RUST)):
            axes.barh(n, quantity, left=left, height=0.64, color=colour)
            left += quantity
        axes.plot([row.obligation_t] * 2, [n - 0.42, n + 0.42], color=INK, linewidth=1.6)
        _beside(canvas, axes, left + widest * 0.01, n, row.gap_t)
    keys = (
        Key(DEEP, Text("已清缴", "surrendered")),
        Key(BLUE, Text("已抵销", "offset")),
        Key(RUST, Text("缺口(右侧数字)", "short (the figure on the right)")),
        Key(INK, Text("应清缴", "obligation"), "line"),
    )
    note = Text(
        f"缺口逐家计算后相加,盈余不相抵;{UNIT.zh}。",
        f"Gaps are each entity's own, added up: no surplus fills another's; {UNIT.en}.",
    )
    return Chart("duty", title, note, keys, canvas.svg(title))


def _rows_of(canvas: Canvas, rows: Sequence[Row], lang: Lang):
    axes = canvas.axes(LEFT_PX, 26, WIDE_PX - LEFT_PX - 20, BAR_PX * len(rows))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks([])
    drawing.vertical_grid(axes)
    drawing.unit_ticks(axes, lang)
    axes.xaxis.tick_top()
    for n, row in enumerate(rows):
        canvas.write(axes, 0, n, _ahead(province_name(row.province)), ha="right", size_px=12)
    return canvas, axes


def _ahead(name: Text) -> Text:
    """Words that end a little before the axis."""
    return Text(f"{name.zh}\u2002", f"{name.en}\u2002")


def _beside(canvas: Canvas, axes: Axes, x: float, y: int, quantity: int) -> None:
    """A quantity in small grey figures."""
    canvas.write(axes, x, y, drawing.in_unit(quantity, canvas.lang), colour=SOFT, size_px=11.5)


# -- files -------------------------------------------------------------------------------------------------


def to_html(report: MinistryReport, lang: Lang, stamp: Text | None = None) -> str:
    """The report as one page, without anything from outside."""
    total = report.total
    title = Text(f"登记簿监管报告 · {report.day}", f"Report on the register · {report.day}")
    cards = (
        (Text("持有", "held"), total.held_t),
        (Text("司法冻结", "frozen"), total.frozen_t),
        (Text("质押", "pledged"), total.pledged_t),
        (Text("缺口", "gap"), total.gap_t),
    )
    return render(
        "tanshu.insight",
        "supervision.html",
        lang,
        title=title,
        brand=Text("碳枢 · 监管报告", "TANSHU · SUPERVISION"),
        sub=Text(
            f"{report.year} 年度 · 登记簿第 {report.seq} 条({shanghai_text(report.time_ns)},上海时间)",
            f"compliance year {report.year} · entry {report.seq} of the log "
            f"({shanghai_text(report.time_ns)}, Shanghai)",
        ),
        stamps=[stamp] if stamp else [],
        cards=cards,
        charts=charts(report, lang),
        sheets=sheets(report, lang),
        notes=[
            Text(
                "发行按发行业务转入的账户所在地区计;持有为登记与交易账户;清缴按履约年度计,已扣除撤销与更正。",
                "Issued counts by the region of the account that issuance went to; held are registration and "
                "trading accounts; surrendered is for the compliance year, less reversals and corrections.",
            ),
            Text(
                f"账簿 {report.book},条目哈希 {report.hash};核验:tanshu book audit。",
                f"Book {report.book}, entry hash {report.hash}; to check it: tanshu book audit.",
            ),
        ],
        verdict=SOUND if report.agrees else BROKEN,
        sound=report.agrees,
    )


def to_csv_bytes(report: MinistryReport, lang: Lang, stamp: Text | None = None) -> bytes:
    """The rows by province and sector."""
    return to_csv(sheets(report, lang)[0], lang, stamp)


def to_xlsx(report: MinistryReport, lang: Lang, stamp: Text | None = None) -> bytes:
    return workbook.build(sheets(report, lang), lang, stamp, report.time_ns)


def to_json(report: MinistryReport, stamp: Text | None = None) -> bytes:
    note = {"zh": stamp.zh, "en": stamp.en} if stamp else None
    return json.dumps({"stamp": note, **report.as_json()}, ensure_ascii=False, indent=1).encode() + b"\n"
