"""`tanshu report`: what the register tells those who supervise it, and the public."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Column,
    Facts,
    Line,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.stamps import notices, short_stamp, stamp

if TYPE_CHECKING:
    from tanshu.insight.ministry import MinistryReport, Row
    from tanshu.insight.sheets import Sheet

app = group("监管报告与信息公开 · reports to the ministry and the public")

OutOption = Annotated[Path | None, typer.Option(metavar="PATH", help="输出位置 · where to write it")]
FORMATS = ("html", "xlsx", "csv", "json")


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="report")


@command(app, "ministry", "监管报告:分地区、行业 · the ministry's report, by province and sector")
def ministry(
    door: Door,
    at: Annotated[str | None, typer.Option(metavar="seq:N|YYYY-MM-DD", help="时点 · as of")] = None,
    year: Annotated[int | None, typer.Option(help="履约年度,缺省为最近名录 · of the newest list")] = None,
    format: Annotated[str, typer.Option(help="html · xlsx · csv · json:写成文件 · as a file")] = "",
    out: OutOption = None,
) -> Reply:
    """Issued, held, frozen, pledged, waiting, surrendered, short; and whether all adds up to zero."""
    from tanshu.book.queries import state_at
    from tanshu.insight import ministry as figures

    if format and format not in FORMATS:
        raise complain(door.lang, f"--format 应为 {', '.join(FORMATS)}", f"--format is {', '.join(FORMATS)}")
    with door.reading() as (conn, book):
        seq, state = need(state_at(conn, book, at))
        report = need(figures.report(conn, book, seq, state, year))
        mark = short_stamp(conn)
        full = stamp(conn)
    data = {"stamp": mark, **report.as_json()}
    if not format:
        return Reply(data, (*notices(mark), *_ministry_parts(report)))
    path = out or Path(f"ministry-{report.day}.{format}")
    path.write_bytes(_ministry_file(report, door, format, full))
    said = Line(Text(f"监管报告已写入 {path}", f"the report was written to {path}"))
    return Reply({**data, "file": str(path)}, (said, *_verdict(report)))


@command(app, "disclosure", "信息公开 · what is public of a year")
def disclosure(
    door: Door,
    year: Annotated[int, typer.Option(help="履约年度 · compliance year")],
    today: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="公开日 · the day of publication")] = "",
    out: OutOption = None,
) -> Reply:
    """What the registry pack's [disclosure.*] names, from its day on; --out is a folder."""
    from tanshu.insight import disclosure as public
    from tanshu.insight import disclosure_pages as pages

    day = _day(door, today) if today else None
    with door.reading() as (conn, book):
        state = book.catch_up(conn)
        made = need(public.disclose(conn, book, state, year, today=day))
        mark, full = short_stamp(conn), stamp(conn)
    data = {"stamp": mark, **made.as_json()}
    if out is None:
        facts = Facts(
            (
                (Text("年度", "year"), str(made.year)),
                (Text("公开的内容", "public"), list(made.public)),
                (Text("以后公开", "later"), [f"{field} {first}" for field, first in made.later.items()]),
                (Text("单位", "entities"), len(made.entities)),
            )
        )
        return Reply(data, (*notices(mark), facts, *_sheets(pages.sheets(made, door.lang))))
    written = []
    out.mkdir(parents=True, exist_ok=True)
    for name, content in pages.files(made, door.lang, full).items():
        (out / name).write_bytes(content)
        written.append(str(out / name))
    said = Line(Text(f"已写入 {out}:{len(written)} 个文件", f"{len(written)} files written to {out}"))
    return Reply({**data, "files": written}, (said,))


def _ministry_file(report: MinistryReport, door: Door, format: str, full: Text | None) -> bytes:
    from tanshu.insight import ministry_pages as pages

    if format == "html":
        return pages.to_html(report, door.lang, full).encode()
    if format == "xlsx":
        return pages.to_xlsx(report, door.lang, full)
    if format == "csv":
        return pages.to_csv_bytes(report, door.lang, full)
    return pages.to_json(report, full)


def _ministry_parts(report: MinistryReport) -> list[Part]:
    from tanshu.base.clock import shanghai_text
    from tanshu.insight.ministry_pages import FIGURES, province_name, sector_name

    columns = (
        text_column("地区", "province"),
        text_column("行业", "sector"),
        *(number_column(label.zh, label.en) for label in FIGURES.values()),
    )

    def cells(row: Row) -> list[object]:
        return [getattr(row, name) for name in FIGURES]

    rows = [(province_name(one.province), sector_name(one.sector), *cells(one)) for one in report.rows]
    at = shanghai_text(report.time_ns)
    facts = Facts(
        (
            (Text("时点", "as of"), Text(f"第 {report.seq} 条记录,{at}", f"entry {report.seq}, {at}")),
            (Text("履约年度", "compliance year"), str(report.year)),
        )
    )
    total = (Text("合计", "total"), "", *cells(report.total))
    return [facts, Table(columns, rows, total=total), *_verdict(report)]


def _verdict(report: MinistryReport) -> list[Part]:
    columns = (
        text_column("产品", "instrument"),
        number_column("净发行", "issued, net"),
        number_column("守恒检查", "conservation"),
        text_column("结论", "verdict"),
    )
    good, bad = Chip(Text("平衡", "balanced"), GOOD), Chip(Text("不平", "broken"), BAD)
    rows = [
        (one.instrument, one.issued, one.conservation, bad if one.conservation else good)
        for one in report.balances
    ]
    return [Table(columns, rows, Text("守恒", "conservation"))]


def _sheets(sheets: Iterable[Sheet]) -> list[Part]:
    """The tables of a report, on the screen."""
    parts: list[Part] = []
    for sheet in sheets:
        columns = [Column(one.heading, right=one.kind not in ("text", "day")) for one in sheet.columns]
        parts.append(Table(columns, sheet.rows, sheet.name))
    return parts


def _day(door: Door, text: str) -> date:
    from tanshu.cli.accounts import read_date

    return read_date(text, door.lang, "--today")
