"""`tanshu market found|admit|…|open-day|close-day|settle|halt|suspend`: what the exchange itself does."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

import typer

from tanshu.base.quantity import yuan
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.door import Door, command
from tanshu.cli.market_asked import MODES, PRODUCT, MarketOption, mode_called
from tanshu.cli.market_orders import TRADES, fen, trade_row
from tanshu.cli.output import Fen, Reply, Table, number_column
from tanshu.cli.written import accepted

Handle = Annotated[str, typer.Argument(metavar="HANDLE", help="参与人 · the participant")]
Code = Annotated[str, typer.Argument(metavar="INSTRUMENT", help="产品,如 CEA23 · product")]
TheDay = Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="交易日 · the trading day")]
ModeAsked = Annotated[
    str, typer.Option("--mode", metavar="MODE", help=f"默认全部 · default: all; {' · '.join(MODES)}")
]
ProductAsked = Annotated[
    str, typer.Option("--instrument", metavar="CODE", help="默认全部 · one product; default: all")
]
CLOSES = (PRODUCT, number_column("收盘价(元/吨)", "close (CNY/t)"))
YES, NO, ALL = Text("是", "yes"), Text("否", "no"), Text("全部", "all")


def add_to(market: typer.Typer) -> None:
    """Into the group `tanshu market`."""
    command(market, "found", "设立市场 · found a market", writes=True)(found)
    command(market, "admit", "接纳参与人 · admit a participant", writes=True)(admit)
    command(market, "add-operator", "增加交易员 · one more operator", writes=True)(add_operator)
    command(market, "list-instrument", "产品上市 · list a product", writes=True)(list_instrument)
    command(market, "open-day", "开市 · open a trading day", writes=True)(open_day)
    command(market, "close-day", "收市 · close the trading day", writes=True)(close_day)
    command(market, "settle", "交收:逐笔提交 · propose a closed day's settlement", writes=True)(settle)
    command(market, "halt", "停牌、暂停交易 · halt trading", writes=True)(halt)
    command(market, "resume", "复牌 · end a halt", writes=True)(resume)
    command(market, "suspend", "暂停参与人交易 · suspend a participant", writes=True)(suspend)
    command(market, "lift", "解除暂停:一人申请,另一人同意 · lift a suspension, by two", writes=True)(lift)
    command(market, "call", "集合撮合(时间表之外) · hold the call now", writes=True)(call)


# -- founding ----------------------------------------------------------------------------------------------


def found(
    door: Door,
    name: Annotated[str, typer.Argument(metavar="NAME", help="市场名称,如 cea · what it goes by")],
    pack: Annotated[str, typer.Option("--pack", metavar="PACK", help="规则包 · its rule pack")] = "cn.cea",
) -> Reply:
    """Its log begins with this command. Refuses EXC-8001, EXC-8002, RULE-1xxx, REG-1003 (no such money)."""
    from tanshu.exchange.bridge import founding
    from tanshu.exchange.bridge.model import FoundMarket

    answer, key = door.do(founding.found_market, FoundMarket(name, pack))
    return accepted(
        answer, key, (Text("市场", "market"), name), (Text("日志", "its log"), str(answer["log"]))
    )


def admit(
    door: Door,
    handle: Handle,
    operator: Annotated[
        list[str] | None, typer.Option("--operator", metavar="PERSON", help="交易员,可多次 · may repeat")
    ] = None,
    related: Annotated[
        str, typer.Option("--related", metavar="NAME", help="关联组 · the related group it belongs to")
    ] = "",
    market: MarketOption = "cea",
) -> Reply:
    """It gets a number, each operator a code. Refuses EXC-8003 to 8006, EXC-8008."""
    from tanshu.exchange.bridge import founding
    from tanshu.exchange.bridge.model import Admit

    answer, key = door.do(founding.admit, Admit(market, handle, tuple(operator or ()), related))
    codes = _codes(answer["operators"])
    return accepted(answer, key, (Text("参与人编号", "number"), str(answer["number"])), codes)


def add_operator(
    door: Door,
    person: Annotated[str, typer.Argument(metavar="PERSON", help="交易员 · who may give orders")],
    market: MarketOption = "cea",
) -> Reply:
    """For the participant whose trader the person is. Refuses EXC-3002, EXC-8005, EXC-8006."""
    from tanshu.exchange.bridge import founding
    from tanshu.exchange.bridge.model import AddOperator

    answer, key = door.do(founding.add_operator, AddOperator(market, person))
    return accepted(
        answer, key, (Text("参与人", "participant"), answer["participant"]), _codes(answer["operators"])
    )


def list_instrument(
    door: Door,
    instrument: Code,
    reference: Annotated[
        str,
        typer.Option("--reference", metavar="YUAN", help="首日参考价 · of its first day"),
    ] = "",
    market: MarketOption = "cea",
) -> Reply:
    """Without --reference: as the market's figures say. Refuses EXC-8007, EXC-8029, RULE-1601, RULE-1608."""
    from tanshu.exchange.bridge import founding
    from tanshu.exchange.bridge.model import ListInstrument

    price = fen(door, reference) if reference else None
    answer, key = door.do(founding.list_instrument, ListInstrument(market, instrument, price))
    return accepted(
        answer, key, (Text("首日参考价(元/吨)", "reference (CNY/t)"), yuan(answer["reference_fen"]))
    )


# -- the day -----------------------------------------------------------------------------------------------


def open_day(door: Door, day: TheDay = "", market: MarketOption = "cea") -> Reply:
    """Today. What is free in the accounts of participants is held for the session. Refuses EXC-8009 to 8013,
    RULE-16xx (a figure nobody gave), RULE-3001 (no trading day)."""
    from tanshu.base.clock import business_date, system_clock
    from tanshu.exchange.bridge import days
    from tanshu.exchange.bridge.model import OpenDay

    asked = read_date(day, door.lang, "--day") if day else business_date(system_clock())
    answer, key = door.do(days.open_day, OpenDay(market, asked))
    without = ", ".join(answer["without"])
    return accepted(
        answer,
        key,
        (Text("交易日", "day"), answer["day"]),
        (Text("转入产品账户数", "cells of units"), answer["units"]),
        (Text("转入资金账户数", "cells of money"), answer["cash"]),
        *([(Text("未参加", "stay out"), without)] if without else []),
    )


def close_day(door: Door, day: TheDay = "", market: MarketOption = "cea") -> Reply:
    """Orders lapse, closes are made, what the day does not owe is free. Without --day: the newest one.
    Refuses EXC-8014."""
    from tanshu.exchange.bridge import days
    from tanshu.exchange.bridge.model import CloseDay

    answer, key = door.do(days.close_day, CloseDay(market, _day(door, market, day)))
    rows = [(code, Fen(price)) for code, price in answer["closes"].items()]
    return accepted(
        answer,
        key,
        (Text("交易日", "day"), answer["day"]),
        (Text("成交笔数", "trades"), answer["trades"]),
        (Text("状态哈希", "state hash"), answer["state_hash"]),
        parts=(Table(CLOSES, rows, Text("收盘价", "closes")),),
    )


def settle(
    door: Door,
    day: TheDay = "",
    limit: Annotated[int, typer.Option("--limit", help="最多笔数 · trades at most")] = 200,
    market: MarketOption = "cea",
) -> Reply:
    """Trade by trade, units against money; approved as one batch. Refuses EXC-8015, EXC-8018, EXC-8019."""
    from tanshu.exchange.bridge import delivery
    from tanshu.exchange.bridge.model import Settle

    answer, key = door.do(delivery.settle, Settle(market, _day(door, market, day), limit))
    return accepted(
        answer,
        key,
        (Text("批次", "batch"), answer["batch"]),
        (Text("已提交(笔)", "proposed"), len(answer["proposed"])),
        (Text("剩余(笔)", "left"), answer["left"]),
    )


def _day(door: Door, name: str, text: str) -> date:
    """The day asked for, or the market's newest; today where it has none."""
    from tanshu.base.clock import business_date, system_clock
    from tanshu.exchange import market as markets
    from tanshu.exchange.bridge import sessions

    if text:
        return read_date(text, door.lang, "--day")
    with door.reading() as (conn, book):
        session = sessions.last(conn, need(markets.by_name(book, conn, name)).log)
    return session.day if session else business_date(system_clock())


# -- stopping ----------------------------------------------------------------------------------------------


def halt(
    door: Door,
    mode: ModeAsked = "",
    instrument: ProductAsked = "",
    emergency: Annotated[bool, typer.Option("--emergency", help="紧急措施 · an emergency")] = False,
    market: MarketOption = "cea",
) -> Reply:
    """With --reason. It outlasts the day. Refuses EXC-8021, EXC-8025, EXC-8027, EXC-2001."""
    from tanshu.exchange import standing
    from tanshu.exchange.standing import Halt

    answer, key = door.do(standing.halt, Halt(market, mode, instrument, emergency))
    return accepted(answer, key, *_place(mode, instrument), (Text("停牌", "halted"), YES))


def resume(
    door: Door, mode: ModeAsked = "", instrument: ProductAsked = "", market: MarketOption = "cea"
) -> Reply:
    """With --reason, by a checker; the same mode and product as were halted. Refuses EXC-8021, EXC-8026."""
    from tanshu.exchange import standing
    from tanshu.exchange.standing import Resume

    answer, key = door.do(standing.resume, Resume(market, mode, instrument))
    return accepted(answer, key, *_place(mode, instrument), (Text("停牌", "halted"), NO))


def suspend(door: Door, handle: Handle, market: MarketOption = "cea") -> Reply:
    """With --reason. Its orders are cancelled, what they held is free. Refuses EXC-3002, EXC-8021, 8022."""
    from tanshu.exchange import standing
    from tanshu.exchange.standing import Suspend

    answer, key = door.do(standing.suspend, Suspend(market, handle))
    return accepted(answer, key, (Text("已撤委托(笔)", "orders cancelled"), answer["cancelled"]))


def lift(door: Door, handle: Handle, market: MarketOption = "cea") -> Reply:
    """A maker asks, with --reason; a checker says the same command and grants it. Refuses EXC-8023, 8024."""
    from tanshu.exchange import standing
    from tanshu.exchange.standing import Lift

    answer, key = door.do(standing.lift, Lift(market, handle))
    still = answer["suspended"]
    asked = Text(f"{answer['asked_by']} 已申请,待复核", f"asked by {answer['asked_by']}, to be granted")
    return accepted(answer, key, (Text("解除", "lifted"), asked if still else YES))


def call(door: Door, instrument: Code, market: MarketOption = "clob") -> Reply:
    """Everything that crosses trades at one price. Refuses EXC-1004."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.exchange import market as markets
    from tanshu.exchange import service
    from tanshu.exchange.model import Call

    key = door.key_for()
    with door.installation() as installation:
        with installation.database.read() as conn:
            found = need(markets.by_name(installation.book, conn, market))
        outcome = service.call(service.at(door.context(installation, key), found), Call(instrument))
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    rows = [trade_row(one) for one in outcome["trades"]]
    return accepted(outcome, key, parts=(Table(TRADES, rows, Text("成交", "trades")),))


def _place(mode: str, instrument: str) -> tuple[tuple[Text, object], tuple[Text, object]]:
    where = mode_called(mode) if mode in MODES else ALL
    return (Text("方式", "mode"), where), (Text("产品", "product"), instrument or ALL)


def _codes(operators: Any) -> tuple[Text, object]:
    said = ", ".join(f"{person} = {code}" for person, code in operators.items())
    return Text("交易员代码", "operator codes"), said
