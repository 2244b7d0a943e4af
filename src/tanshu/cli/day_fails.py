"""`tanshu day give-up|decide-give-up`: a failed trade that can never go is given up, by two people."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.day_statements import DayArgument
from tanshu.cli.door import Door, command
from tanshu.cli.output import GOOD, Chip, Reply
from tanshu.cli.written import accepted

TradeArgument = Annotated[int, typer.Argument(metavar="TRADE", help="成交编号 · the trade, as in explain")]
MarketOption = Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")]


def add_to(day: typer.Typer) -> None:
    command(day, "give-up", "申请了结未能交收的成交 · ask to give a failed trade up", writes=True)(give_up)
    command(day, "decide-give-up", "复核了结申请 · grant it, or decline", writes=True)(decide)


def give_up(door: Door, day: DayArgument, trade: TradeArgument, market: MarketOption = "cea") -> Reply:
    """By a clerk of the registry, with --reason. Refuses CLR-1001, CLR-1002, CLR-2103 to CLR-2105."""
    from tanshu.clearing.model import AskUnwinding
    from tanshu.clearing.unwinding import ask_unwinding

    body = AskUnwinding(read_date(day, door.lang, "DAY"), market, trade)
    answer, key = door.do(ask_unwinding, body)
    waits = Chip(Text("待复核", "waits for a second person"), "yellow")
    return accepted(answer, key, (Text("成交编号", "trade"), trade), (Text("状态", "state"), waits))


def decide(
    door: Door,
    day: DayArgument,
    trade: TradeArgument,
    market: MarketOption = "cea",
    decline: Annotated[bool, typer.Option("--decline", help="不同意 · decline it")] = False,
    comment: Annotated[str, typer.Option("--comment", help="意见 · why")] = "",
) -> Reply:
    """By a checker who did not ask; both sides have back what was held. Refuses CLR-2103 to CLR-2107."""
    from tanshu.clearing.model import DecideUnwinding
    from tanshu.clearing.unwinding import unwind_failed

    body = DecideUnwinding(read_date(day, door.lang, "DAY"), market, trade, not decline, comment)
    answer, key = door.do(unwind_failed, body)
    state = Chip(Text("未同意", "declined"), "yellow") if decline else Chip(Text("已了结", "given up"), GOOD)
    return accepted(answer, key, (Text("成交编号", "trade"), trade), (Text("状态", "state"), state))
