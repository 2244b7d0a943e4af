"""`tanshu instrument`: what can be held."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.door import Door, command, group
from tanshu.cli.holdings import quantity
from tanshu.cli.output import Reply, Table, number_column, text_column
from tanshu.cli.written import accepted

app = group("产品:配额、减排量、资金 · instruments: allowances, credits, cash")

COLUMNS = (
    text_column("产品", "instrument"),
    text_column("类别", "kind"),
    text_column("名称", "title", fold=True),
    text_column("年份", "vintage"),
    number_column("小数位", "scale"),
    text_column("编序号", "serialised"),
    number_column("流通量", "outstanding"),
    number_column("总量上限", "cap"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="instrument")


@command(app, "list", "列出产品 · list instruments")
def list_instruments(door: Door) -> Reply:
    """What is defined, and how much of it is in circulation."""
    from tanshu.base.quantity import QUANTITY_MAX
    from tanshu.cli.words import INSTRUMENT_KINDS
    from tanshu.registry import queries as registry

    with door.reading() as (conn, book):
        found = registry.instruments(conn)
        state = book.catch_up(conn)
    rows, data = [], []
    for one in found:
        limit, scale, serialised, outstanding = state.instrument_facts(one.number)
        cap = limit if limit < QUANTITY_MAX else None
        vintage = str(one.vintage) if one.vintage else None
        shown = quantity(outstanding, scale)
        rows.append(
            (
                one.code,
                INSTRUMENT_KINDS[one.kind],
                one.title,
                vintage,
                one.scale,
                bool(serialised),
                shown,
                quantity(cap, scale) if cap else None,
            )
        )
        data.append(
            {
                "instrument": one.code,
                "number": one.number,
                "kind": one.kind,
                "title": one.title,
                "vintage": one.vintage,
                "scale": one.scale,
                "serialised": bool(serialised),
                "outstanding": outstanding,
                "cap": cap,
            }
        )
    return Reply({"instruments": data}, (Table(COLUMNS, rows),))


@command(app, "define", "定义产品 · define an instrument", writes=True)
def define(
    door: Door,
    code: Annotated[str, typer.Argument(metavar="CODE", help="代码,如 CEA24 · its code")],
    kind: Annotated[str, typer.Option(help="allowance · credit · cash")],
    title_zh: Annotated[str, typer.Option(help="中文名称 · title in Chinese")],
    title_en: Annotated[str, typer.Option(help="英文名称 · title in English")] = "",
    vintage: Annotated[int | None, typer.Option(help="履约年度 · compliance year")] = None,
    scale: Annotated[int, typer.Option(help="最小单位的小数位 · decimals of the minor unit")] = 0,
    cap: Annotated[
        str | None, typer.Option(help="总量上限,最小单位 · at most so many in circulation, minor units")
    ] = None,
) -> Reply:
    """One per vintage for allowances, one per kind of credit, one per currency."""
    from tanshu.registry import service
    from tanshu.registry.model import DefineInstrument

    body = DefineInstrument(code, kind, title_zh, title_en or title_zh, vintage, scale, cap)
    answer, key = door.do(service.define_instrument, body)
    return accepted(answer, key, (Text("产品", "instrument"), answer["instrument"]))
