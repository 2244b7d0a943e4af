"""`tanshu statement`: an account over any span, as of any moment, as text, paper, table or JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.handed_out import formats, paper_bytes, said
from tanshu.cli.holdings import quantity
from tanshu.cli.moments import MOMENT, read_moment
from tanshu.cli.output import Facts, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, short_stamp, stamp

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from tanshu.registry.statements import Balance, Statement

FORMATS = ("text", "json", "html", "pdf", "csv", "xlsx")
ANY_FORMAT = "|".join(FORMATS)
ON_SCREEN, PAPERS = ("text", "json"), ("html", "pdf")
BALANCES = (
    text_column("产品", "instrument"),
    number_column("可用", "available"),
    number_column("冻结", "held"),
)
MOVEMENTS = (
    text_column("时间", "time"),
    number_column("条目", "entry"),
    text_column("事项", "what", fold=True),
    text_column("业务", "transaction"),
    text_column("对方账户", "counterparty", fold=True),
    text_column("产品", "instrument"),
    number_column("可用变动", "available ±"),
    number_column("冻结变动", "held ±"),
    number_column("可用", "available"),
    number_column("冻结", "held"),
)
HELD = (
    text_column("产品", "instrument"),
    text_column("用途", "for", fold=True),
    number_column("数量", "quantity"),
    text_column("业务或权利", "transaction or claim"),
    text_column("文书", "document", fold=True),
)
SERIALS = (
    text_column("序列号", "serial numbers"),
    number_column("数量", "units"),
    text_column("状态", "state"),
)
SERIALS_SHOWN = 50
"""Ranges that a screen lists; papers and JSON say more."""


def add_to(app: typer.Typer) -> None:
    command(app, "statement", "对账单:任一账户、任一期间、任一时点 · statement of account")(statement)


def statement(
    door: Door,
    account: Annotated[str, typer.Argument(metavar="ACCOUNT", help="账户 · account code")],
    start: Annotated[str | None, typer.Option("--from", metavar="seq:N|YYYY-MM-DD", help="自 · from")] = None,
    end: Annotated[str | None, typer.Option("--to", metavar=MOMENT, help="至(含) · up to and with")] = None,
    at: Annotated[str | None, typer.Option("--at", metavar=MOMENT, help="同 --to · the same as --to")] = None,
    seq: Annotated[int | None, typer.Option("--seq", metavar="N", help="至该条目 · up to this entry")] = None,
    names: Annotated[
        bool, typer.Option("--names", help="登记机构自用:显示对方名称 · the registry's own: with names")
    ] = False,
    format: Annotated[
        str, typer.Option("--format", metavar="|".join(FORMATS), help="格式 · format")
    ] = "text",
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="输出文件 · the file")] = None,
) -> Reply:
    """Other holders are shown by account code only, as their holder may see them, unless --names."""
    from tanshu.registry import statement_views, statements

    form = formats(format, FORMATS)[0]
    ends = [one for one in (end, at, None if seq is None else f"seq:{seq}") if one is not None]
    if len(ends) > 1:
        raise complain(door.lang, "--to、--at、--seq 只能用一个", "use one of --to, --at and --seq")
    title = Text("跟进日志", "following the log").in_(door.lang)
    with (
        door.reading() as (_, book),
        progress(title) as tick,
        statements.reading(book, lambda done, _of: tick(done)) as conn,
    ):
        after, upto = _span(conn, book.log, start, ends[0] if ends else None)
        found = need(statements.statement(conn, book, account, after=after, upto=upto, names=names))
        mark = short_stamp(conn)
        data = {"stamp": mark, **statement_views.as_json(found)}
        if form == "json":
            from tanshu.cli import output

            print(output.as_json(data), flush=True)
            raise typer.Exit
        if form in ON_SCREEN:
            return Reply(data, _parts(found, mark))
        path = out or Path(f"{statement_views.number(found)}.{form}")
        _write(door, conn, found, form, path)
    return Reply({"file": str(path), **data}, (*notices(mark), *said([path])))


def _span(conn: Connection, log: int, start: str | None, end: str | None) -> tuple[int, int | None]:
    from tanshu.book import queries

    after = -1 if start is None else need(queries.before(conn, log, start))
    return after, None if end is None else read_moment(conn, log, end, "to")


def _write(door: Door, conn: Connection, found: Statement, form: str, path: Path) -> None:
    from tanshu.base import tabular
    from tanshu.registry import exports, statement_views

    if form in PAPERS:
        path.write_bytes(paper_bytes(statement_views.paper(conn, found, stamp=stamp(conn)), door.lang, form))
        return
    about = exports.about(conn, found.closed, stamp(conn), [found.subject])
    tabular.write(path, tabular.Format(form), statement_views.sheet(found, about), door.lang)


# -- the screen --------------------------------------------------------------------------------------------


def _parts(found: Statement, mark: Text | None) -> list[Part]:
    from tanshu.registry.statement_views import counterparty, number
    from tanshu.registry.statements import account_label

    at = shanghai_text(found.closed.time_ns)
    facts = Facts(
        (
            (Text("编号", "number"), number(found)),
            (Text("账户", "account"), found.account.code),
            (Text("类别", "kind"), account_label(found.account)),
            (Text("主体", "subject"), found.subject.name),
            (Text("自", "from"), Text(f"第 {found.after + 1} 条", f"entry {found.after + 1}")),
            (
                Text("至", "to"),
                Text(f"第 {found.closed.seq} 条,{at}", f"entry {found.closed.seq}, {at}"),
            ),
        )
    )
    lines = [
        (
            shanghai_text(one.time_ns),
            str(one.seq),
            one.what,
            one.reference,
            counterparty(one.counterparty),
            one.instrument.code,
            quantity(one.available_change, one.instrument.scale) if one.available_change else None,
            quantity(one.held_change, one.instrument.scale) if one.held_change else None,
            quantity(one.available, one.instrument.scale),
            quantity(one.held, one.instrument.scale),
        )
        for one in found.lines
    ]
    return [
        *notices(mark),
        facts,
        _balances(Text("期初", "opening"), found.opening),
        Table(MOVEMENTS, lines, Text("变动", "movements")),
        _balances(Text("期末", "closing"), found.closing),
        *_held(found),
        *_serials(found),
    ]


def _balances(title: Text, balances: Sequence[Balance]) -> Table:
    rows = [
        (
            one.instrument.code,
            quantity(one.available, one.instrument.scale),
            quantity(one.held, one.instrument.scale),
        )
        for one in balances
    ]
    return Table(BALANCES, rows, title)


def _held(found: Statement) -> list[Part]:
    rows = [
        (
            one.instrument.code,
            one.what,
            quantity(one.quantity, one.instrument.scale),
            one.claim or one.transaction,
            one.document,
        )
        for one in found.held
    ]
    return [Table(HELD, rows, Text("冻结明细", "what is held, and for what"))] if rows else []


def _serials(found: Statement) -> list[Part]:
    held, free = Text("冻结", "held"), Text("可用", "available")
    rows = [(str(one), one.units, held if one.hold else free) for one in found.numbers[:SERIALS_SHOWN]]
    if not rows:
        return []
    count = f"{len(rows)}/{len(found.numbers)}"
    return [
        Table(SERIALS, rows, Text(f"期末序列号({count} 段)", f"serial numbers at the end ({count} ranges)"))
    ]
