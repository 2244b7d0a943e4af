"""`tanshu refusals`: every number with which Tanshu says no, or one of them explained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.cli import checks
from tanshu.cli.door import Door, command
from tanshu.cli.output import Facts, Line, Reply, Table, text_column

if TYPE_CHECKING:
    from tanshu.cli.refusal_index import Numbered

COLUMNS = (
    text_column("编号", "number"),
    text_column("说明", "what it says", fold=True),
    text_column("字段", "field"),
    text_column("所属模块", "module"),
)


def add_to(root: typer.Typer) -> None:
    command(root, "refusals", "拒绝的编号与说明 · every numbered refusal, or one explained")(refusals)


def refusals(
    _: Door,
    code: Annotated[str, typer.Argument(metavar="[CODE]", help="如 REG-2005,或 REG · one, or a series")] = "",
) -> Reply:
    """All numbers, those of a series (REG), or one (REG-2005) with its sentences and what it fills in."""
    from tanshu.cli import refusal_index

    wanted, known = code.strip().upper(), refusal_index.index()
    if wanted in known:
        return _explained(known[wanted])
    chosen = [one for one in known.values() if wanted in ("", one.series)]
    if not chosen:
        series = ", ".join(dict.fromkeys(one.series for one in known.values()))
        raise Refused(checks.NO_REFUSAL(field="code", code=code, known=series))
    rows = [(one.code, one.text, one.fields, one.module) for one in chosen]
    count = Line(Text(f"共 {len(rows)} 个编号", f"{len(rows)} numbers"))
    return Reply({"refusals": [one.as_json() for one in chosen]}, (Table(COLUMNS, rows), count))


def _explained(one: Numbered) -> Reply:
    facts = (
        (Text("编号", "number"), one.code),
        (Text("中文", "in Chinese"), one.text.zh),
        (Text("英文", "in English"), one.text.en),
        (Text("填入", "fills in"), one.facts),
        (Text("字段", "field"), one.fields),
        (Text("所属模块", "module"), one.module),
        (Text("程序中的名称", "its name there"), one.name),
    )
    return Reply(one.as_json(), (Facts(facts),))
