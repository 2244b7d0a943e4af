"""`tanshu demo`: a whole compliance year, step by step, ending with its figures and a report."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tanshu.base.quantity import yuan
from tanshu.base.text import Text
from tanshu.cli import output
from tanshu.cli.border import shown_url
from tanshu.cli.door import Door, command
from tanshu.cli.output import Bar, Chip, Facts, Line, Notice, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.run import REPORT, FreshOption, ReportOption, ResumeOption, RunWatch

if TYPE_CHECKING:
    from tanshu.app import Installation
    from tanshu.insight.figures import YearFigures
    from tanshu.scenario.power_year import PowerYear
    from tanshu.scenario.trading_result import AuctionResult, MarketResult

DEMO = "hubei-power-2023"

BOARD = (
    text_column("重点排放单位", "entity", fold=True),
    number_column("核查排放量", "verified"),
    number_column("核定配额", "approved"),
    number_column("盈缺率 %", "gap %"),
    number_column("买入", "bought"),
    number_column("卖出", "sold"),
    number_column("清缴", "surrendered"),
    number_column("抵销", "offset"),
    text_column("状态", "status"),
)
MODES = ("listing", "block", "auction")
DAYS = (
    text_column("交易日", "day"),
    number_column("收盘价 元/吨", "close CNY/t"),
    number_column("挂牌协议 吨", "listing t"),
    number_column("大宗协议 吨", "block t"),
    number_column("单向竞价 吨", "auction t"),
    number_column("成交额 元", "amount CNY"),
)


def add_to(app: typer.Typer) -> None:
    command(app, "demo", "运行演示:湖北电力 2023 履约年度 · run the demonstration year")(demo)


def demo(
    door: Door,
    resume: ResumeOption = False,
    fresh: FreshOption = False,
    report: ReportOption = None,
) -> Reply:
    """A province's compliance year on fictional activity data."""
    from tanshu.scenario import runner
    from tanshu.scenario.power_year import PowerYear

    scenario = runner.load(DEMO)
    assert isinstance(scenario, PowerYear), "the demo's folder says so"
    return power_year(door, scenario, resume=resume, fresh=fresh, report=report)


def power_year(door: Door, scenario: PowerYear, *, resume: bool, fresh: bool, report: Path | None) -> Reply:
    """A scenario of the power sector, with its board and its report."""
    from tanshu.scenario import runner, summary

    with ExitStack() as stack:
        watch = RunWatch(door, scenario)
        stack.callback(watch.close)
        installation = runner.run(door.url, scenario, resume=resume, fresh=fresh, watch=watch)
        stack.callback(installation.close)
        watch.say_last(installation)
        url = shown_url(door.url)
        if not door.as_json:
            found, market = (
                summary.figures_of(installation, scenario),
                summary.market_of(installation, scenario),
            )
            names = {one.uscc: one.name for one in (*scenario.facts.entities, *scenario.facts.counterparties)}
            output.show_parts(_result(found, market, names, scenario.facts.stamp, url), door.lang)
            written = _report(door, installation, scenario, report or REPORT)
            return Reply({}, (Line(Text(f"报告:{written}", f"report: {written}"), "bold"),))
        data = summary.summary(installation, scenario, database=url)
        if report:
            data["report"] = str(_report(door, installation, scenario, report))
        return Reply(data)


def _report(door: Door, installation: Installation, scenario: PowerYear, folder: Path) -> Path:
    from tanshu.scenario import summary

    title = Text("生成报告", "writing the report").in_(door.lang)
    with progress(title):
        return summary.write_report(installation, scenario, folder, door.lang)


def _result(
    found: YearFigures, market: MarketResult | None, names: Mapping[str, str], stamp: Text, url: str
) -> list[Part]:
    parts: list[Part] = [
        *(market_parts(market, names) if market else ()),
        compliance_table(found),
        Notice(stamp),
        Bar(Text("履约率", "compliance"), found.compliant, found.entities),
        Line(conservation(found)),
        Facts(
            (
                (Text("数据库", "database"), url),
                (Text("日志", "log"), Text(f"第 {found.seq} 条", f"entry {found.seq}")),
                (Text("日志哈希", "log hash"), found.hash),
                *(((Text("市场日志哈希", "market's log hash"), market.hash),) if market else ()),
            )
        ),
    ]
    return parts


def market_parts(market: MarketResult, names: Mapping[str, str]) -> list[Part]:
    """One row a day of trading; what came of an auction. names: by handle."""
    rows = [
        (
            one.day.isoformat(),
            " ".join(yuan(fen) for fen in one.closes.values()),
            *(one.modes[mode].volume if mode in one.modes else None for mode in MODES),
            yuan(one.total.amount),
        )
        for one in market.days
    ]
    title = Text(
        f"市场 {market.name}:收盘价与成交量(模拟)", f"Market {market.name}: closes, volumes (synthetic)"
    )
    return [Table(DAYS, rows, title), *(Line(_auction(one, names)) for one in market.auctions)]


def _auction(one: AuctionResult, names: Mapping[str, str]) -> Text:
    got = ";".join(f"{names.get(who, who)} {tonnes:,}" for who, tonnes in one.awards.items())
    seller, price = names.get(one.seller, one.seller), yuan(one.clearing_fen)
    return Text(
        f"{one.day} 单向竞价:{seller} 出让 {one.offered_t:,} 吨,成交 {one.sold_t:,} 吨,统一价 {price} 元/吨"
        f"({one.bids} 笔有效申报):{got}。",
        f"{one.day} one-way auction: {seller} offered {one.offered_t:,} t; {one.sold_t:,} t went at {price} "
        f"CNY/t ({one.bids} valid bids): {got}.",
    )


def compliance_table(found: YearFigures) -> Table:
    """One row for every listed entity, and the totals."""
    rows = [
        (
            row.name,
            row.verified_t,
            row.approved_t,
            row.gap_rate,
            row.bought_t,
            row.sold_t,
            row.surrendered_t,
            row.offset_t,
            status_chip(row.status),
        )
        for row in found.rows
    ]
    total = (
        Text(f"合计 {found.entities} 家", f"{found.entities} in all"),
        found.verified_t,
        sum(row.approved_t or 0 for row in found.rows),
        None,
        found.bought_t,
        found.sold_t,
        found.surrendered_t,
        found.offset_t,
        Text(f"已履约 {found.compliant}", f"{found.compliant} compliant"),
    )
    title = Text(
        f"{found.year} 年度履约(吨),期限 {found.deadline}",
        f"Compliance {found.year} (t), deadline {found.deadline}",
    )
    return Table(BOARD, rows, title, total)


def status_chip(status: str) -> Chip:
    """A compliance status in its colour."""
    from tanshu.compliance.obligations import STATUS_LABELS, Status

    style = {Status.COMPLIANT: output.GOOD, Status.SHORT: output.BAD}.get(Status(status), "yellow")
    return Chip(STATUS_LABELS[Status(status)], style)


def conservation(found: YearFigures) -> Text:
    """The book's own proof: per instrument the sum over all accounts is zero."""
    sums = " · ".join(f"{code} Σ = {total}" for code, total in found.conservation.items())
    good = not any(found.conservation.values())
    mark = "✓" if good else "✗"
    return Text(f"{mark} 守恒:{sums}", f"{mark} conservation: {sums}")
