"""`tanshu trace`: one tonne or one fen, through every layer, each step with the command that shows it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.output import WEAK, Facts, Line, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, short_stamp

if TYPE_CHECKING:
    from tanshu.clearing.tracing import Step

STEPS = (
    number_column("步", "step"),
    text_column("层", "layer"),
    text_column("时间", "time"),
    number_column("日志序号", "entry"),
    text_column("事项", "what", fold=True),
    text_column("查看", "shown by", fold=True),
)
FIRST_IN = Text(
    "资金不编号:按先进先出追踪,编号为银行入金的先后。",
    "Money has no numbers of its own: it is followed first in, first out, numbered as it was paid in.",
)


def add_to(root: typer.Typer) -> None:
    command(root, "trace", "追踪一吨或一分:由委托或银行流水到最终持有 · follow one tonne or one fen")(trace)


def trace(
    door: Door,
    what: Annotated[
        str,
        typer.Argument(
            metavar="WHAT",
            help="序列号、账户、成交“cea 2024-11-04 #12”、委托“cea 20241104-7”、业务、银行指令或流水号 · "
            "a serial number, account, trade, order, transaction, bank instruction or reference",
        ),
    ],
    instrument: Annotated[
        str, typer.Argument(metavar="[INSTRUMENT]", help="账户的产品 · of an account, which instrument")
    ] = "",
    money: Annotated[
        bool, typer.Option("--money", help="成交、委托:追踪资金 · of a trade or an order, its money")
    ] = False,
) -> Reply:
    """Units by serial number, money first in, first out. Refuses CLR-7001 to 7008."""
    from tanshu.book import serials
    from tanshu.clearing import trace_start, tracing

    title = Text("追踪", "tracing").in_(door.lang)
    with (
        door.reading() as (_, book),
        progress(title) as tick,
        serials.reading(book, lambda done, _of: tick(done)) as conn,
    ):
        begins = need(trace_start.start(conn, book.log, what, instrument, money=money))
        found = tracing.follow(conn, book.log, begins.instrument, begins.number)
        mark = short_stamp(conn)
    facts = Facts(
        (
            (Text("追踪", "followed"), found.name),
            (Text("产品", "instrument"), found.instrument.title),
        )
    )
    data = {
        "what": found.name,
        "instrument": found.instrument.code,
        "number": found.number,
        "money": found.is_money,
        "stamp": mark,
        "steps": [_as_json(n, one) for n, one in enumerate(found.steps, start=1)],
    }
    table = Table(STEPS, [_as_row(n, one) for n, one in enumerate(found.steps, start=1)])
    said = [Line(FIRST_IN, WEAK)] if found.is_money else []
    return Reply(data, (*notices(mark), facts, table, *said))


def _as_row(n: int, one: Step) -> tuple[object, ...]:
    from tanshu.clearing.tracing import LAYERS

    time = None if one.time_ns is None else shanghai_text(one.time_ns)
    entry = None if one.entry is None else str(one.entry)
    return (n, LAYERS[one.layer], time, entry, one.said, f"tanshu {one.command}")


def _as_json(n: int, one: Step) -> dict[str, object]:
    return {
        "step": n,
        "layer": one.layer,
        "time": None if one.time_ns is None else shanghai_text(one.time_ns),
        "entry": one.entry,
        "said": one.said,
        "command": f"tanshu {one.command}",
        "facts": dict(one.facts),
    }
