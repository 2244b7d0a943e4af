"""`tanshu day statement`, `tanshu day report`: what a settlement day came to, for one and for all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.handed_out import formats, paper_bytes, said
from tanshu.cli.market_asked import date_of
from tanshu.cli.output import NONE, Facts, Fen, Part, Reply, Table, as_json, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, short_stamp, stamp
from tanshu.cli.statements import FORMATS, ON_SCREEN, PAPERS

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.base.documents import Paper
    from tanshu.base.tabular import Sheet
    from tanshu.book.commit import Book
    from tanshu.clearing.statements.customer import CustomerStatement
    from tanshu.clearing.statements.market_report import MarketReport
    from tanshu.rules.clearing_pack import ClearingRules

DayArgument = Annotated[str, typer.Argument(metavar="DAY", help="结算日 · the settlement day, YYYY-MM-DD")]
FormatOption = Annotated[str, typer.Option("--format", metavar="|".join(FORMATS), help="格式 · format")]
OutOption = Annotated[Path | None, typer.Option("--out", metavar="FILE", help="输出文件 · the file")]
CASH = (text_column("项目", "item"), number_column("金额(元)", "yuan"))
HOLDINGS = (
    text_column("产品", "instrument"),
    number_column("交易可用", "trading, available"),
    number_column("交易冻结", "trading, held"),
    number_column("登记可用", "registration, available"),
    number_column("登记冻结", "registration, held"),
)
TRADES = (
    number_column("成交编号", "number"),
    text_column("市场", "market"),
    text_column("方式", "mode"),
    text_column("产品", "instrument"),
    text_column("方向", "side"),
    number_column("吨", "t"),
    number_column("元/吨", "yuan/t"),
    number_column("金额(元)", "amount"),
    number_column("交易手续费", "trading fee"),
    number_column("结算手续费", "settlement fee"),
    text_column("对手方", "counterparty", fold=True),
)
FAILS = (
    text_column("成交日", "traded on"),
    number_column("成交编号", "number"),
    text_column("产品", "instrument"),
    text_column("方向", "side"),
    number_column("吨", "t"),
    number_column("金额(元)", "amount"),
    text_column("情况", "what happened", fold=True),
)
LINES = (
    text_column("市场", "market"),
    text_column("产品", "instrument"),
    text_column("方式", "mode"),
    number_column("笔数", "trades"),
    number_column("吨", "t"),
    number_column("金额(元)", "yuan"),
    number_column("交易手续费", "trading fees"),
    number_column("结算手续费", "settlement fees"),
)
HOUSE = (
    text_column("账户", "account"),
    text_column("户主", "owner", fold=True),
    text_column("内容", "what"),
    number_column("元", "yuan"),
)
SUMS = (
    text_column("项目", "item"),
    number_column("结算单合计", "sum of statements"),
    number_column("市场", "market"),
)


def add_to(app: typer.Typer) -> None:
    command(app, "statement", "结算单:某主体某结算日 · a participant's statement of a settlement day")(
        statement
    )
    command(app, "report", "市场结算报告 · the market's settlement report")(report)


def statement(
    door: Door,
    day: DayArgument,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="主体代号 · the participant")],
    names: Annotated[
        bool,
        typer.Option("--names", help="登记机构自用:显示对手方 · the registry's own: with counterparties"),
    ] = False,
    format: FormatOption = "text",
    out: OutOption = None,
) -> Reply:
    """Counterparties are withheld, as from the participant itself, unless --names."""
    from tanshu.clearing.statements import customer, customer_views

    form = formats(format, FORMATS)[0]
    with _reading(door) as (conn, book):
        found = need(customer.customer_statement(conn, book, _day(door, day), subject, names=names))
        mark = short_stamp(conn)
        data = {"stamp": mark, **customer_views.as_json(found)}
        if form in ON_SCREEN:
            return _shown(form, data, [*notices(mark), *_statement_parts(found)])
        path = out or Path(f"{customer_views.number(found)}.{form}")
        if form in PAPERS:
            rules = _rules(conn, found.day)
            _write_paper(door, customer_views.paper(conn, found, stamp=stamp(conn), rules=rules), form, path)
        else:
            from tanshu.registry import exports

            about = exports.about(conn, found.stated, stamp(conn), [found.subject], found.packs)
            _write_sheet(door, customer_views.sheet(found, about), form, path)
    return Reply({"file": str(path), **data}, (*notices(mark), *said([path])))


def report(door: Door, day: DayArgument, format: FormatOption = "text", out: OutOption = None) -> Reply:
    """All markets of a settlement day together, and the sum of its statements beside them."""
    from tanshu.clearing.statements import market_report, market_report_data, market_report_views

    form = formats(format, FORMATS)[0]
    with _reading(door) as (conn, book):
        found = need(market_report.market_report(conn, book, _day(door, day)))
        mark = short_stamp(conn)
        data = {"stamp": mark, **market_report_data.as_json(found)}
        if form in ON_SCREEN:
            return _shown(form, data, [*notices(mark), *_report_parts(found)])
        path = out or Path(f"{market_report_views.number(found)}.{form}")
        if form in PAPERS:
            _write_paper(door, market_report_views.paper(conn, found, stamp=stamp(conn)), form, path)
        else:
            from tanshu.registry import exports

            about = exports.about(conn, found.stated, stamp(conn), found.people, found.packs)
            _write_sheet(door, market_report_data.sheet(found, about), form, path)
    return Reply({"file": str(path), **data}, (*notices(mark), *said([path])))


def _day(door: Door, text: str) -> date:
    found = date_of(door, text or NONE)
    assert found is not None, "only no text is no day"
    return found


def _shown(form: str, data: Mapping[str, object], parts: Sequence[Part]) -> Reply:
    """On the screen; `--format json` is `--json`."""
    if form == "json":
        print(as_json(data), flush=True)
        raise typer.Exit
    return Reply(data, parts)


@contextmanager
def _reading(door: Door) -> Iterator[tuple[Connection, Book]]:
    """A read transaction that knows movements up to now."""
    from tanshu.registry import statements

    title = Text("跟进日志", "following the log").in_(door.lang)
    with (
        door.reading() as (_, book),
        progress(title) as tick,
        statements.reading(book, lambda done, _of: tick(done)) as conn,
    ):
        yield conn, book


def _rules(conn: Connection, day: date) -> ClearingRules | None:
    """The clearing pack of a day's first market; None where there is none that can be read."""
    from tanshu.base.refusal import Refusal
    from tanshu.clearing import queries
    from tanshu.rules.clearing_pack import clearing_rules

    markets = queries.markets(conn, day)
    rules = clearing_rules(markets[0].pack, allow_draft=True) if markets else None
    return None if isinstance(rules, Refusal) else rules


def _write_paper(door: Door, paper: Paper, form: str, path: Path) -> None:
    path.write_bytes(paper_bytes(paper, door.lang, form))


def _write_sheet(door: Door, sheet: Sheet, form: str, path: Path) -> None:
    from tanshu.base import tabular

    tabular.write(path, tabular.Format(form), sheet, door.lang)


# -- the screen --------------------------------------------------------------------------------------------


def _statement_parts(found: CustomerStatement) -> Iterator[Part]:
    from tanshu.clearing.statements import customer_views
    from tanshu.exchange.figures.words import SIDES

    number = (Text("编号", "number"), customer_views.number(found))
    yield Facts((number, *customer_views.facts(found)))
    yield Table(CASH, [(label, Fen(fen)) for label, fen in customer_views.money_rows(found)], _CASH)
    holdings = [
        (
            one.instrument.code,
            one.trading_available,
            one.trading_held,
            one.registration_available,
            one.registration_held,
        )
        for one in found.holdings
    ]
    yield Table(HOLDINGS, holdings, Text("分年度持仓(吨)", "holdings by vintage, t"))
    trades = [
        (
            one.number,
            one.market,
            one.words,
            one.instrument,
            SIDES[one.side],
            one.quantity,
            *(Fen(fen) for fen in (one.price, one.amount, one.trading_fee, one.settlement_fee)),
            one.other,
        )
        for one in found.trades
    ]
    shown = TRADES if found.names else TRADES[:-1]
    yield Table(shown, [row[: len(shown)] for row in trades], Text("当日成交", "trades of the day"))
    fails = [
        (
            one.traded_on,
            one.number,
            one.instrument,
            SIDES[one.side],
            one.quantity,
            Fen(one.amount),
            customer_views.said(one),
        )
        for one in found.fails
    ]
    if fails:
        yield Table(FAILS, fails, Text("未交收与补交收", "not delivered; delivered late"))


def _report_parts(found: MarketReport) -> Iterator[Part]:
    from tanshu.clearing.statements import market_report_views, totals
    from tanshu.exchange.figures.words import MODES

    number = (Text("编号", "number"), market_report_views.number(found))
    yield Facts((number, *market_report_views.facts(found)))
    lines = [
        (
            one.market,
            one.instrument,
            MODES[one.mode],
            one.trades,
            one.tonnes,
            *(Fen(fen) for fen in (one.amount, one.trading_fees, one.settlement_fees)),
        )
        for one in found.lines
    ]
    yield Table(LINES, lines, Text("分产品与交易方式", "by product and mode"))
    house = [
        (one.account.code, one.owner, market_report_views.house_label(one), Fen(one.amount))
        for one in found.house
    ]
    yield Table(HOUSE, house, Text("结算银行与自有账户", "banks and the house"))
    sums = list(zip(totals.LABELS, found.ours, found.theirs, strict=True))
    yield Table(SUMS, sums, Text("结算单合计与市场数据", "the statements' sum beside the market's figures"))


_CASH = Text("资金", "cash")
