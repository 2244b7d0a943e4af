"""`tanshu onboard review-year|reviews`: the yearly review of what is registered, and who is late with it."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.onboarding_files import today
from tanshu.cli.output import BAD, GOOD, Chip, Line, Part, Reply, Table, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.parties.onboarding.yearly import Standing

REVIEWS = (text_column("主体", "subject"), text_column("状态", "state"), text_column("期限", "due"))
NOT_BEGUN = Text("未开始", "not begun")


class Doing(StrEnum):
    START = "start"
    FINDINGS = "findings"
    FINISH = "finish"
    AGAIN = "again"


def add_to(app: typer.Typer) -> None:
    command(app, "review-year", "年度复核 · the yearly review of a subject", writes=True)(review_year)
    command(app, "reviews", "列出年度复核与逾期 · yearly reviews, and which are late")(list_reviews)


def review_year(
    door: Door,
    doing: Annotated[Doing, typer.Argument(help="start · findings · finish · again")],
    subject: Annotated[str, typer.Argument(metavar="HANDLE", help="主体代号或信用代码 · the subject")],
    year: Annotated[int, typer.Option(help="年度 · the year")],
    findings: Annotated[str, typer.Option(help="复核结果,写入日志 · what was found, kept in the log")] = "",
    due: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="期限(规则包未定时)· the last day")] = "",
) -> Reply:
    """A maker starts it and writes what was found; a checker finishes it, or has it looked at again."""
    from tanshu.cli.accounts import read_date
    from tanshu.parties.onboarding import yearly
    from tanshu.parties.onboarding.model import (
        REVIEW_STATE_LABELS,
        FinishYearReview,
        RecordFindings,
        ReviewState,
        StartYearReview,
    )

    last: date | None = read_date(due, door.lang, "--due") if due else None
    if doing is Doing.START:
        answer, key = door.do(yearly.start, StartYearReview(subject, year, last))
    elif doing is Doing.FINDINGS:
        answer, key = door.do(yearly.record_findings, RecordFindings(subject, year, findings))
    else:
        answer, key = door.do(yearly.finish, FinishYearReview(subject, year, accept=doing is Doing.FINISH))
    return accepted(
        answer,
        key,
        (Text("主体", "subject"), answer["subject"]),
        (Text("年度", "year"), str(year)),
        (Text("状态", "state"), REVIEW_STATE_LABELS[ReviewState(answer["state"])]),
        *([(Text("代", "acting for"), answer["acting_for"])] if answer["acting_for"] else []),
    )


def list_reviews(
    door: Door,
    year: Annotated[int, typer.Option(help="年度 · the year")],
    overdue: Annotated[bool, typer.Option("--overdue", help="只看逾期 · only those that are late")] = False,
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="以哪一天计 · as of a day")] = "",
) -> Reply:
    """Every holder that was registered before the year."""
    from tanshu.parties.onboarding import law, yearly

    day = today(door, on)
    with door.reading() as (conn, book):
        found = yearly.standings(conn, book.log, year, day)
        note = law.of(conn).note
    shown = [one for one in found if one.overdue] if overdue else found
    data = {
        "year": year,
        "on": day,
        "reviews": [
            {"subject": one.handle, "state": one.state, "due_on": one.due_on, "overdue": one.overdue}
            for one in shown
        ],
        "note": note,
    }
    late = sum(one.overdue for one in found)
    count = Line(Text(f"共 {len(found)} 个主体,逾期 {late} 个", f"{len(found)} subjects, {late} late"), "dim")
    noted: list[Part] = [Line(note, "dim")] if note else []
    return Reply(data, (Table(REVIEWS, [_row(one) for one in shown]), count, *noted))


def _row(one: Standing) -> tuple[object, ...]:
    from tanshu.parties.onboarding.model import REVIEW_STATE_LABELS, ReviewState

    label = REVIEW_STATE_LABELS[one.state] if one.state else NOT_BEGUN
    style = GOOD if one.state is ReviewState.DONE else BAD if one.overdue else "yellow"
    return one.handle, Chip(label, style), one.due_on
