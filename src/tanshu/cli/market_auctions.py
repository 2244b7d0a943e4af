"""`tanshu market auction`: notices of auctions, bidders, results and their papers. Prices: yuan per tonne."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.quantity import yuan
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.door import Door, command, group
from tanshu.cli.handed_out import FormatOption, OutOption, formats, said, write_paper
from tanshu.cli.market_orders import MarketOption, fen, whole
from tanshu.cli.output import Chip, Facts, Line, Reply, Table, number_column, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.base.documents import Paper
    from tanshu.exchange.auctions.model import Result

Number = Annotated[int, typer.Argument(metavar="AUCTION", min=1, help="竞价编号 · the auction's number")]
LIST = (
    number_column("编号", "number"),
    text_column("标题", "title", fold=True),
    text_column("方向", "side"),
    text_column("产品", "product"),
    number_column("数量(吨)", "tonnes"),
    text_column("时段", "window"),
    text_column("结果", "outcome"),
    number_column("成交(吨)", "traded (t)"),
    number_column("成交价(元/吨)", "price (CNY/t)"),
)

app = group("单向竞价:公告、资格、结果 · one-way auctions: notices, bidders, results")


def add_to(market: typer.Typer) -> None:
    market.add_typer(app, name="auction")


@command(app, "announce", "竞价公告 · announce an auction", writes=True)
def announce(
    door: Door,
    initiator: Annotated[str, typer.Argument(metavar="HANDLE", help="发起方 · who sells or buys")],
    instrument: Annotated[str, typer.Argument(metavar="INSTRUMENT", help="产品 · product")],
    tonnes: Annotated[str, typer.Argument(metavar="TONNES", help="数量(吨) · tonnes")],
    day: Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="竞价日 · its day")],
    window: Annotated[str, typer.Option("--window", metavar="HH:MM-HH:MM", help="时段 · window")],
    title: Annotated[str, typer.Option("--title", help="中文标题 · title in Chinese")],
    title_en: Annotated[str, typer.Option("--title-en", help="英文标题 · title in English")],
    reserve: Annotated[str, typer.Option("--reserve", metavar="YUAN", help="保留价 · reserve price")] = "0",
    side: Annotated[str, typer.Option("--side", help="sell 出让 · buy 收购")] = "sell",
    reserve_hidden: Annotated[
        bool, typer.Option("--reserve-hidden", help="保留价不公开 · tell it with the result only")
    ] = False,
    pricing: Annotated[str, typer.Option("--pricing", help="uniform · pay_as_bid")] = "",
    ties: Annotated[str, typer.Option("--ties", help="time · pro_rata")] = "",
    sealed: Annotated[
        bool | None, typer.Option("--sealed/--open", help="密封或公开报价 · sealed or open bids")
    ] = None,
    one_bid: Annotated[bool, typer.Option("--one-bid", help="每方一笔申报 · one bid each")] = False,
    binding: Annotated[bool, typer.Option("--binding", help="申报不可撤销 · bids bind")] = False,
    deposit: Annotated[str, typer.Option("--deposit", metavar="SHARE", help="保证金比例 · deposit")] = "",
    cap: Annotated[str, typer.Option("--cap", metavar="SHARE", help="每方上限比例 · limit each")] = "",
    criteria: Annotated[str, typer.Option("--criteria", help="资格条件(中文) · who may bid")] = "",
    criteria_en: Annotated[str, typer.Option("--criteria-en", help="who may bid, in English")] = "",
    paid_year: Annotated[
        int | None, typer.Option("--paid-year", help="有偿分配年度 · year of paid allocation")
    ] = None,
    year_total: Annotated[
        int | None, typer.Option("--year-total", help="该年度配额总量(吨) · that year's total")
    ] = None,
    market: MarketOption = "cea",
) -> Reply:
    """What is left out is as the market's rule pack says. Refuses EXC-51xx."""
    from tanshu.exchange.auctions import service
    from tanshu.exchange.auctions.model import Announce

    opens, _, closes = window.partition("-")
    asked = Announce(
        market=market, title_zh=title, title_en=title_en, initiator=initiator, instrument=instrument,
        quantity=whole(door, tonnes), reserve_fen=fen(door, reserve),
        day=read_date(day, door.lang, "--day"), opens=opens.strip(), closes=closes.strip(), side=side,
        reserve_hidden=reserve_hidden, pricing=pricing, ties=ties, sealed=sealed, one_bid=one_bid,
        binding=binding, deposit_share=deposit, cap_share=cap, criteria_zh=criteria, criteria_en=criteria_en,
        paid_year=paid_year, year_total_t=year_total,
    )  # fmt: skip
    answer, key = door.do(service.announce, asked)
    return accepted(answer, key, (Text("竞价编号", "auction"), answer["auction"]))


@command(app, "qualify", "确认资格 · find a bidder qualified", writes=True)
def qualify(
    door: Door,
    number: Number,
    bidder: Annotated[str, typer.Argument(metavar="HANDLE", help="竞价方 · bidder")],
    tonnes: Annotated[str, typer.Argument(metavar="TONNES", help="可申报数量(吨) · tonnes to bid for")],
    market: MarketOption = "cea",
) -> Reply:
    """The deposit for these tonnes is held. Refuses EXC-5107, EXC-5005."""
    from tanshu.exchange.auctions import service
    from tanshu.exchange.auctions.model import Qualify

    answer, key = door.do(service.qualify, Qualify(market, number, bidder, whole(door, tonnes)))
    return accepted(answer, key, (Text("保证金(元)", "deposit (CNY)"), yuan(answer["deposit_fen"])))


@command(app, "call-off", "取消竞价 · call an auction off", writes=True)
def call_off(door: Door, number: Number, market: MarketOption = "cea") -> Reply:
    """Everything held for it is free again; --reason says why. Refuses EXC-5111, EXC-5115."""
    from tanshu.exchange.auctions import service
    from tanshu.exchange.auctions.model import CallOff

    answer, key = door.do(service.call_off, CallOff(market, number))
    return accepted(answer, key, (Text("结果", "outcome"), _outcome(answer["outcome"])))


@command(app, "record", "登记竞价结果 · take the result into the register", writes=True)
def record(door: Door, number: Number, market: MarketOption = "cea") -> Reply:
    """Once its window has closed. Refuses EXC-5104 before that."""
    from tanshu.exchange.auctions import service
    from tanshu.exchange.auctions.model import CloseWindow

    answer, key = door.do(service.record, CloseWindow(market, number))
    return accepted(
        answer,
        key,
        (Text("结果", "outcome"), _outcome(answer["outcome"])),
        (Text("成交(吨)", "traded (t)"), answer["sold_t"]),
        (Text("成交价(元/吨)", "price (CNY/t)"), yuan(answer["clearing_fen"])),
    )


@command(app, "publish", "公布竞价结果 · publish the result", writes=True)
def publish(door: Door, number: Number, market: MarketOption = "cea") -> Reply:
    """By a second person of the exchange. Refuses EXC-5112 to 5114."""
    from tanshu.exchange.auctions import service
    from tanshu.exchange.auctions.model import PublishResult

    answer, key = door.do(service.publish, PublishResult(market, number))
    return accepted(answer, key, (Text("公布日期", "published"), answer["published_on"]))


@command(app, "list", "竞价一览 · list auctions")
def list_auctions(door: Door, market: MarketOption = "cea") -> Reply:
    """Notices, and the results that are public."""
    from tanshu.exchange.auctions import papers, queries
    from tanshu.exchange.auctions.model import SIDE_WORDS

    data, rows = list[dict[str, Any]](), list[tuple[object, ...]]()
    with door.reading() as (conn, book):
        log = _log(conn, book, market)
        for one in queries.notices(conn, log):
            result = queries.public_result(conn, log, one.number)
            said_of_it = papers.notice_json(conn, one)
            data.append(papers.result_json(conn, one, result) if result else said_of_it)
            about = (one.number, one.title, SIDE_WORDS[one.side], one.instrument, one.quantity)
            rows.append((*about, f"{one.day} {one.opens}–{one.closes}", *_told(result)))
    return Reply({"market": market, "auctions": data}, (Table(LIST, rows),))


@command(app, "show", "公告与结果 · a notice, or its result, as a paper")
def show(
    door: Door,
    number: Number,
    result: Annotated[bool, typer.Option("--result", help="竞价结果公告 · the result")] = False,
    format: FormatOption = "",
    out: OutOption = Path(),
    market: MarketOption = "cea",
) -> Reply:
    """Refuses EXC-5101, and EXC-5112 where the result is not public."""
    from tanshu.exchange.auctions import papers, queries

    wanted = formats(format) if format else ()
    with door.reading() as (conn, book):
        log = _log(conn, book, market)
        make = papers.result_paper if result else papers.notice_paper
        paper: Paper = need(make(conn, book, log, number))
        notice = need(queries.notice(conn, log, number))
        ended = queries.public_result(conn, log, number) if result else None
        data = papers.result_json(conn, notice, ended) if ended else papers.notice_json(conn, notice)
        files = write_paper(paper, door.lang, out, wanted) if wanted else []
    lines = [Line(Text(one, one)) for one in papers.text(paper, door.lang).splitlines()]
    body = {**data, "paper": paper.number, "files": [str(path) for path in files]}
    return Reply(body, (Facts(((Text("文号", "number"), paper.number),)), *lines, *said(files)))


def _told(result: Result | None) -> tuple[object, ...]:
    if result is None:
        return ("", "", "")
    return _outcome(result.outcome.name.lower()), result.sold_t, yuan(result.clearing_fen)


def _log(conn: Any, book: Any, market: str) -> int:
    from tanshu.exchange import market as markets

    return need(markets.by_name(book, conn, market)).log


def _outcome(name: str) -> object:
    from tanshu.exchange.auctions.model import OUTCOME_WORDS
    from tanshu.exchange.engine.records import Outcome

    return Chip(OUTCOME_WORDS[Outcome[name.upper()]], "yellow" if name != "sold" else "green")
