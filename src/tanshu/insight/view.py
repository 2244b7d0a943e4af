"""What the report's page shows, put together from the figures before a template lays it out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from tanshu.base.quantity import yuan
from tanshu.base.refusal import Refused
from tanshu.base.text import Lang, Text
from tanshu.compliance import packs
from tanshu.compliance.obligations import STATUS_LABELS, Status
from tanshu.insight import figures as sums
from tanshu.insight.chart_market import Published
from tanshu.insight.drawing import UNIT, Chart, in_unit
from tanshu.insight.figures import Traded, YearFigures, percent
from tanshu.insight.sheets import mode_name
from tanshu.parties import queries as parties
from tanshu.registry.papers import Position, how_to_check
from tanshu.rules import packs as rule_packs
from tanshu.rules.packs import Pack
from tanshu.rules.terms import EVIDENCE, STATUSES

FIELDS: Mapping[str, Text] = {
    "generation_mwh": Text("发电量", "generation"),
    "supply_mwh": Text("供电量", "electricity supplied"),
    "heat_gj": Text("供热量", "heat supplied"),
    "heat_ratio": Text("供热比", "heat ratio"),
    "running_hours": Text("运行小时数", "running hours"),
    "verified_t": Text("机组核查排放量", "units' verified emissions"),
    "verified_2023": Text("2023 年核查排放量", "verified emissions of 2023"),
    "approved_2023": Text("2023 年核定配额", "approved allocation of 2023"),
    "verified_2022": Text("2022 年核查排放量", "verified emissions of 2022"),
    "opening": Text("期初持仓", "opening stock"),
    "offsets": Text("减排量抵销", "offsets"),
    "trades": Text("交易", "trades"),
    "auction": Text("单向竞价", "auction"),
    "orders": Text("委托", "orders"),
    "deposits_fen": Text("入金", "deposits"),
    "surrender": Text("清缴", "surrender"),
    "intensity_factor": Text("排放强度系数", "intensity factor"),
}


@dataclass(frozen=True, slots=True)
class Card:
    """A key figure: a large number with its unit, and a line of detail."""

    label: Text
    value: str
    unit: Text
    detail: Text
    tone: str = ""


@dataclass(frozen=True, slots=True)
class TradeRow:
    """Trades of a month and mode, beside the published average where there is one (yuan per tonne)."""

    month: str
    mode: str
    trades: int
    volume_t: int
    amount: str
    average: Decimal | None
    published: Decimal | None
    difference: Decimal | None


@dataclass(frozen=True, slots=True)
class PackUse:
    """A rule pack the year rests on: its title, state, evidence, sources, and what a reader must know."""

    name: str
    title: Text
    status: Text
    watermark: Text | None
    evidence: Sequence[tuple[str, Text, int]]
    sources: Sequence[str]
    notes: Sequence[Text]


@dataclass(frozen=True, slots=True)
class Page:
    figures: YearFigures
    title: Text
    stamps: Sequence[Text]
    estimated: Sequence[Text]
    cards: Sequence[Card]
    charts: Mapping[str, Chart]
    codes: Sequence[str]
    statuses: Mapping[Status, Text]
    certificates: Mapping[str, Sequence[str]]
    trades: Sequence[TradeRow]
    all_trades: TradeRow | None
    has_published: bool
    packs: Sequence[PackUse]
    sources: Sequence[Text]
    position: Position
    check: Text
    market: str
    """The section of a market, as HTML."""


def page(
    conn: Connection,
    figures: YearFigures,
    position: Position,
    lang: Lang,
    *,
    title: Text | None,
    stamp: Text | None,
    estimated: Sequence[str],
    published_fen: Published,
    sources: Sequence[Text],
    certificates: Mapping[str, Sequence[str]],
    drawn: Mapping[str, Chart],
    market: str = "",
) -> Page:
    """Everything the template needs; it decides nothing."""
    used = pack_uses(conn, figures.year)
    marks = [pack.watermark for pack in used if pack.watermark]
    default = Text(f"{figures.year} 年度碳排放配额履约", f"Compliance year {figures.year}")
    rows = [_trade_row(row, published_fen, lang) for row in figures.by_month_and_mode]
    return Page(
        figures=figures,
        title=title or default,
        stamps=[*([stamp] if stamp else []), *marks],
        estimated=[FIELDS.get(name) or Text(name, name) for name in estimated],
        cards=cards(figures, lang),
        charts=drawn,
        codes=tuple(figures.surrendered),
        statuses=STATUS_LABELS,
        certificates=certificates,
        trades=rows,
        all_trades=_all_trades(figures),
        has_published=any(row.published is not None for row in rows),
        packs=used,
        sources=sources,
        position=position,
        check=how_to_check(position),
        market=market,
    )


def cards(figures: YearFigures, lang: Lang) -> list[Card]:
    """The year at a glance."""
    older = figures.surrendered_t - figures.surrendered.get(figures.instrument, 0)
    late = figures.status_at_deadline.get(Status.SHORT, 0)
    carry = figures.carry_over_t
    tonnes = Text("{n:,} 吨", "{n:,} t")

    def card(label: Text, quantity: int, detail: Text) -> Card:
        return Card(label, in_unit(quantity, lang), UNIT, detail)

    return [
        Card(
            Text("履约", "compliant"),
            f"{figures.compliant}/{figures.entities}",
            Text("家", "entities"),
            Text(f"截止日未足额 {late} 家", f"{late} short at the deadline"),
            "good" if figures.compliant == figures.entities else "bad",
        ),
        card(
            Text("核查排放量", "verified emissions"), figures.verified_t, tonnes.format(n=figures.verified_t)
        ),
        card(
            Text("已分配配额", "allocated"),
            figures.allocated_t,
            Text(
                f"预分配 {in_unit(figures.pre_allocated_t, 'zh')} 万吨",
                f"pre-allocated {in_unit(figures.pre_allocated_t, 'en')} kt",
            ),
        ),
        _gap_card(figures, lang),
        card(
            Text("成交量", "traded"),
            figures.traded_t,
            Text(
                f"{figures.trades} 笔 · 均价 {figures.average_price or '—'} 元/吨",
                f"{figures.trades} trades · {figures.average_price or '—'} CNY/t on average",
            ),
        ),
        card(
            Text("清缴", "surrendered"),
            figures.surrendered_t,
            Text(f"其中往年配额 {older:,} 吨", f"{older:,} t of older vintages"),
        ),
        card(
            Text("抵销", "offset"),
            figures.offset_t,
            Text(f"占应清缴 {_share(figures)}%", f"{_share(figures)}% of the obligation"),
        ),
        card(
            Text("结余", "left"),
            figures.left_t,
            Text("", "")
            if carry is None
            else Text(f"可结转估算 {carry:,} 吨", f"carry-over estimate {carry:,} t"),
        ),
    ]


def _gap_card(figures: YearFigures, lang: Lang) -> Card:
    gap = figures.gap_t
    if gap is None:
        return Card(Text("配额缺口", "gap"), "—", Text("", ""), Text("尚未核定", "not approved yet"))
    share = _signed(percent(gap, figures.verified_t) or Decimal(0))
    return Card(
        Text("配额缺口", "gap") if gap < 0 else Text("配额盈余", "surplus"),
        in_unit(gap, lang, sign=True),
        UNIT,
        Text(f"占排放量 {share}%", f"{share}% of emissions"),
        "bad" if gap < 0 else "",
    )


def pack_uses(conn: Connection, year: int) -> list[PackUse]:
    """The packs that a compliance year rests on, with the notes that concern it."""
    jurisdiction = parties.jurisdiction(conn)
    power = packs.allocation(conn, year, allow_draft=True)
    calendar = rule_packs.load(f"{jurisdiction}.compliance")
    found = [_pack_use(power, power.notes)]
    if isinstance(calendar, Pack):
        own = [name for name in calendar.tables if f".{year}" in name or "." not in name]
        found.append(_pack_use(calendar, calendar.notes_on(*own), own))
    registry = packs.registry(conn)
    found.append(_pack_use(registry, registry.notes))
    try:
        carry_over = packs.carry_over(conn)
    except Refused:
        return found
    return [*found, _pack_use(carry_over, carry_over.notes)]


def _pack_use(pack: Pack, notes: Sequence[Text], tables: Sequence[str] | None = None) -> PackUse:
    """tables: those of the pack that count here; default all."""
    used = [table for name, table in pack.tables.items() if tables is None or name in tables]
    grades = [table.evidence for table in used]
    return PackUse(
        pack.name,
        pack.title,
        STATUSES[pack.status],
        pack.watermark,
        [(grade, text, grades.count(grade)) for grade, text in EVIDENCE.items() if grade in grades],
        list(dict.fromkeys(str(table.source) for table in used)),
        notes,
    )


def _trade_row(row: Traded, published_fen: Published, lang: Lang) -> TradeRow:
    published = sums.yuan(published_fen.get((row.month, row.mode)))
    difference = None
    if published is not None and row.average_price is not None:
        difference = row.average_price - published
    return TradeRow(
        row.month,
        mode_name(row.mode, lang),
        row.trades,
        row.volume_t,
        yuan(row.amount_fen),
        row.average_price,
        published,
        difference,
    )


def _all_trades(figures: YearFigures) -> TradeRow | None:
    if not figures.trades:
        return None
    return TradeRow(
        "",
        "",
        figures.trades,
        figures.traded_t,
        yuan(figures.amount_fen),
        figures.average_price,
        None,
        None,
    )


def _share(figures: YearFigures) -> Decimal:
    return percent(figures.offset_t, figures.obligation_t) or Decimal("0.00")


def _signed(value: Decimal) -> str:
    return f"{value:+}".replace("-", "−")
