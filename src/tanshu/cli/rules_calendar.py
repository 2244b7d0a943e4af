"""`tanshu rules calendar`: a compliance year's milestones, trading days and working days."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.output import Facts, Line, Part, Reply, Table, number_column, text_column

MILESTONES = (
    text_column("履约年度", "year"),
    text_column("节点", "milestone"),
    text_column("截止", "last day"),
    text_column("来源", "source", fold=True),
    text_column("注", "note", fold=True),
)
MONTHS = (
    text_column("月份", "month"),
    number_column("交易日", "trading days"),
    number_column("工作日", "working days"),
)


def add_to(app: typer.Typer) -> None:
    command(app, "calendar", "履约时间表与日历 · milestones and calendars")(calendar)


def calendar(
    door: Door,
    year: Annotated[
        int | None, typer.Option(help="履约年度的时间表 · a compliance year's milestones")
    ] = None,
    days: Annotated[
        int | None, typer.Option(metavar="YEAR", help="某年的交易日与工作日 · days of a year")
    ] = None,
    on: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="某日是否交易日、工作日 · one day")] = "",
    add: Annotated[
        int | None, typer.Option(metavar="N", help="自 --on 起第 N 个工作日 · N working days on")
    ] = None,
    jurisdiction: Annotated[str, typer.Option(help="辖区 · jurisdiction")] = "cn",
) -> Reply:
    """Without options: the milestones of every year that is recorded."""
    if add is not None and not on:
        raise complain(door.lang, "--add 需要 --on", "--add needs --on")
    data: dict[str, object] = {"jurisdiction": jurisdiction}
    parts: list[Part] = []
    if on:
        _one_day(door, jurisdiction, on, add, data, parts)
    if days is not None:
        _days(jurisdiction, days, data, parts)
    if year is not None or not (on or days):
        _milestones(jurisdiction, year, data, parts)
    return Reply(data, parts)


def _one_day(
    door: Door, jurisdiction: str, on: str, add: int | None, data: dict[str, object], parts: list[Part]
) -> None:
    from tanshu.rules import calendars

    day = read_date(on, door.lang, "--on")
    trading = need(calendars.is_trading_day(jurisdiction, day))
    working = need(calendars.is_working_day(jurisdiction, day))
    data |= {"date": day, "trading_day": trading, "working_day": working}
    rows: list[tuple[Text, object]] = [
        (Text("日期", "date"), day),
        (Text("交易日", "trading day"), Text("是", "yes") if trading else Text("否", "no")),
        (Text("工作日", "working day"), Text("是", "yes") if working else Text("否", "no")),
    ]
    if add is not None:
        reached = need(calendars.add_working_days(jurisdiction, day, add, count_first=False))
        data["after_working_days"] = {"days": add, "date": reached}
        rows.append((Text(f"其后第 {add} 个工作日", f"{add} working days later"), reached))
    parts.append(Facts(rows))


def _days(jurisdiction: str, year: int, data: dict[str, object], parts: list[Part]) -> None:
    from tanshu.rules import calendars

    trading = need(calendars.trading_days(jurisdiction, year))
    working = need(calendars.working_days(jurisdiction, year))
    data |= {"calendar_year": year, "trading_days": list(trading), "working_days": list(working)}
    rows = [
        (
            f"{year}-{month:02d}",
            sum(d.month == month for d in trading),
            sum(d.month == month for d in working),
        )
        for month in range(1, 13)
    ]
    parts.append(Table(MONTHS, rows, None, (str(year), len(trading), len(working))))


def _milestones(jurisdiction: str, year: int | None, data: dict[str, object], parts: list[Part]) -> None:
    from tanshu.rules import compliance_calendar, packs

    years = [] if year is None else [year]
    if not years:
        pack = need(packs.load(f"{jurisdiction}.compliance"))
        years = sorted(int(name) for name in pack.must_be("compliance").group("years") if name.isdigit())
    rows, found = [], []
    for one in years:
        instrument = need(compliance_calendar.instrument(jurisdiction, one))
        marks = need(compliance_calendar.milestones(jurisdiction, one))
        found.append(
            {"year": one, "instrument": instrument, "milestones": [mark.as_json() for mark in marks]}
        )
        rows += [(str(one), mark.name, mark.on, str(mark.source), mark.note) for mark in marks]
    data["years"] = found
    parts.append(Table(MILESTONES, rows))
    if year is not None:
        told = Text(
            f"{year} 年度配额:{found[0]['instrument']}", f"allowance of {year}: {found[0]['instrument']}"
        )
        parts.append(Line(told))
