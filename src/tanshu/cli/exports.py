"""`tanshu export`: the register as tables for other programs; `tanshu records`: what is kept, how long."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.handed_out import said
from tanshu.cli.moments import MOMENT, read_moment
from tanshu.cli.output import Line, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices, stamp

WHAT = "accounts|holdings|transactions|trades|movements|claims|notices"
RECORDS = (
    text_column("档案", "records"),
    number_column("数量", "count"),
    text_column("最早", "first"),
    text_column("最近", "newest"),
    text_column("至少保存至", "kept until at least"),
)
FOR_EVER = Text("永久,不删除", "for ever: never deleted")


def add_to(app: typer.Typer) -> None:
    command(app, "export", "导出为 CSV、XLSX、Parquet · export as CSV, XLSX, Parquet")(export)
    command(app, "records", "档案:保存了什么、保存到何时 · what is kept, and how long")(records)


def export(
    door: Door,
    what: Annotated[str, typer.Argument(metavar=WHAT, help="导出什么 · what")],
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="输出文件 · the file")] = None,
    format: Annotated[
        str, typer.Option("--format", metavar="csv|xlsx|parquet", help="格式 · format")
    ] = "csv",
    at: Annotated[str | None, typer.Option("--at", metavar=MOMENT, help="时点 · as of a moment")] = None,
) -> Reply:
    """Rows are written as they are read. Refuses REG-6301 and BASE-1501."""
    from tanshu.base import tabular
    from tanshu.registry import exports, papers, statements

    wanted, form = need(exports.export_named(what)), need(tabular.format_named(format))
    following = Text("跟进日志", "following the log").in_(door.lang)
    with (
        door.reading() as (_, book),
        progress(following) as tick,
        statements.reading(book, lambda done, _of: tick(done)) as conn,
    ):
        newest = statements.newest(conn, book.log)
        seq = newest if at is None else read_moment(conn, book.log, at)
        position = papers.position_of(conn, book, seq)
        moment = exports.moment_at(conn, book.log, seq, newest)
        mark = stamp(conn)
        sheet = exports.sheet(conn, wanted, moment, position, mark)
        path = out or Path(f"{what}-{seq}.{form}")
        with progress(wanted.title.in_(door.lang)) as written:
            rows = tabular.write(path, form, sheet, door.lang, written)
    data = {
        "what": what,
        "rows": rows,
        "as_of_seq": seq,
        "hash": position.hash,
        "stamp": mark,
        "file": str(path),
    }
    counted = Line(Text(f"{rows:,} 行,截至第 {seq} 条", f"{rows:,} rows, as of entry {seq}"))
    return Reply(data, (*notices(mark), *said([path]), counted))


def records(door: Door) -> Reply:
    """The log and what it tells are never deleted; documents are kept as long as the rule pack says."""
    from tanshu.registry import records

    with door.reading() as (conn, book):
        years = records.keep_years(conn)
        found = records.kept(conn, book.log)
    rows = [
        {
            "records": one.name,
            "count": one.count,
            "first": one.first,
            "newest": one.last,
            "for_ever": one.name != "documents",
            "until": one.until,
        }
        for one in found
    ]
    table = [
        (one.label, one.count, one.first, one.last, one.until if one.name == "documents" else FOR_EVER)
        for one in found
    ]
    unknown = isinstance(years, Refusal)
    line = Line(years.text if isinstance(years, Refusal) else _term(years))
    return Reply({"keep_years": None if unknown else years, "records": rows}, (Table(RECORDS, table), line))


def _term(years: int) -> Text:
    return Text(
        f"文件至少保存 {years} 年(规则包 records.keep_years)。",
        f"Documents are kept for {years} years at least (records.keep_years of the rule pack).",
    )
