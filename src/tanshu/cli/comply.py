"""`tanshu comply`: what is owed for a year, surrendering it, and what follows when it is not."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli.border import complain
from tanshu.cli.demo import status_chip
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    Bar,
    Chip,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.stamps import notices, short_stamp
from tanshu.cli.transactions import LINE_HELP, read_line, send_proposal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.compliance.obligations import Owed
    from tanshu.parties.model import Subject

app = group("履约:清缴、抵销、处罚、结转 · compliance")

YearOption = Annotated[int, typer.Option(help="履约年度 · compliance year")]
SubjectOption = Annotated[str, typer.Option(metavar="HANDLE", help="主体 · subject")]
CLAIM_HELP = "注销编号:数量:项目:登记日期 · NUMBER:QUANTITY:PROJECT:YYYY-MM-DD"

BOARD = (
    text_column("重点排放单位", "entity", fold=True),
    number_column("核查排放量", "verified"),
    number_column("核定配额", "approved"),
    number_column("应清缴", "obligation"),
    number_column("已清缴", "surrendered"),
    number_column("已抵销", "offset"),
    number_column("审核中", "pending"),
    number_column("尚欠", "due"),
    text_column("今日状态", "status today"),
    text_column("期限日状态", "at the deadline"),
    number_column("补缴", "paid late"),
)
RETURN = number_column("待缴回", "to return")
"""Shown where any entity has issued excess that has not come back."""


def add_to(root: typer.Typer) -> None:
    from tanshu.cli import comply_after, comply_decisions

    comply_after.add_to(app)
    comply_decisions.add_to(app)
    root.add_typer(app, name="comply")


@command(app, "status", "履约一览 · the compliance board")
def status(
    door: Door,
    year: Annotated[int | None, typer.Option(help="履约年度,缺省为最近 · default: the newest")] = None,
    subject: SubjectOption = "",
) -> Reply:
    """Every listed entity: what it owes, has paid, and its status today and at the deadline."""
    from tanshu.cli.own_words import own_words
    from tanshu.compliance import obligations, packs
    from tanshu.parties import queries as parties

    with door.reading() as (conn, _):
        year = year or newest_year(conn)
        today = today_of(conn)
        owner = need(parties.subject(conn, subject)) if subject else None
        board = obligations.board(conn, year, today=today)
        if owner:
            board = [row for row in board if row.subject.id == owner.id] or [
                need(obligations.owed(conn, owner, year, today=today))
            ]
        deadline = packs.deadline(conn, year)
        mark, say = short_stamp(conn), own_words(conn)
    data = {"stamp": mark, **_board_json(board, year, deadline, today)}
    return Reply(data, say(_board_parts(board, year, deadline, today, mark)))


@command(app, "surrender", "清缴配额 · surrender allowances", writes=True)
def surrender(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体 · subject")],
    year: YearOption,
    instrument: Annotated[str, typer.Option(metavar="CODE", help="产品,如 CEA23 · instrument")] = "",
    quantity: Annotated[str, typer.Option(metavar="N", help="数量(吨) · tonnes")] = "",
    line: Annotated[list[str] | None, typer.Option("--line", metavar="LINE", help=LINE_HELP)] = None,
) -> Reply:
    """A proposal of type surrender: the entity's checker, the province and the registry approve it."""
    typed = list(line or ())
    if instrument or quantity:
        typed.append(f"{instrument}:{quantity}")
    if not typed:
        raise complain(
            door.lang,
            "给出 --instrument 与 --quantity,或 --line",
            "give --instrument and --quantity, or --line",
        )
    lines = tuple(read_line(one, door.lang) for one in typed)
    return send_proposal(door, "surrender", lines, subject=subject, year=year)


@command(app, "offset", "减排量抵销 · offset with credits", writes=True)
def offset(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体 · subject")],
    year: YearOption,
    claim: Annotated[list[str], typer.Option(metavar="CLAIM", help=CLAIM_HELP)],
    instrument: Annotated[str, typer.Option(metavar="CODE", help="减排量产品 · the credit")] = "CCER",
) -> Reply:
    """Each cancellation in the credits' own register is claimed once."""
    from tanshu.registry.model import ProposedLine

    claims = [_claim(one, door.lang) for one in claim]
    total = sum(quantity for _, quantity, _, _ in claims)
    details = {
        "claims": [
            {"number": number, "quantity": quantity, "project": project, "registered_on": day}
            for number, quantity, project, day in claims
        ]
    }
    lines = (ProposedLine(instrument, total),)
    return send_proposal(door, "offset", lines, subject=subject, year=year, details=details)


# -- shared with what follows ------------------------------------------------------------------------------


def newest_year(conn: Connection) -> int:
    """The newest year that has a list. Raises Refused CLI-1003 when there is none."""
    from tanshu.base.refusal import Refused
    from tanshu.cli import checks
    from tanshu.mrv import queries as mrv

    years = mrv.years(conn)
    if not years:
        raise Refused(checks.NO_YEAR(field="year", year=checks.ANY_YEAR))
    return years[-1]


def today_of(conn: Connection) -> date:
    """The business date: today's, or the log's where it is ahead (a scenario's year may be)."""
    from tanshu.base.clock import business_date, system_clock
    from tanshu.log import store

    tail = store.tail(conn, store.REGISTRY_LOG)
    return business_date(max(system_clock(), tail[1] if tail else 0))


def listed_subjects(conn: Connection, year: int, handle: str) -> list[Subject]:
    """The one named, or all on the year's list, in its order."""
    from tanshu.mrv import queries as mrv
    from tanshu.parties import queries as parties

    if handle:
        return [need(parties.subject(conn, handle))]
    return [parties.subject_by_id(conn, one) for one in mrv.listed(conn, year)]


# -- the board ---------------------------------------------------------------------------------------------


def _board_parts(board: list[Owed], year: int, deadline: date, today: date, mark: Text | None) -> list[Part]:
    from tanshu.compliance.obligations import Status

    returning = any(row.return_due_t for row in board)
    rows = [
        (
            row.subject.name,
            row.verified_t,
            row.approved_t,
            row.obligation_t,
            row.surrendered_t,
            row.offset_t,
            row.pending_t,
            row.due_t,
            status_chip(row.status),
            status_chip(row.status_at_deadline) if row.status_at_deadline else None,
            Chip(row.paid_late_t, "yellow") if row.paid_late_t else 0,
            *([Chip(row.return_due_t, "yellow") if row.return_due_t else 0] if returning else []),
        )
        for row in board
    ]
    owing = [row for row in board if row.status is not Status.EXCLUDED]
    done = sum(row.status is Status.COMPLIANT for row in owing)
    late = sum(row.late for row in board)
    sums = [
        sum(getattr(row, name) or 0 for row in board)
        for name in (
            "verified_t",
            "approved_t",
            "obligation_t",
            "surrendered_t",
            "offset_t",
            "pending_t",
            "due_t",
        )
    ]
    total = (
        Text(f"合计 {len(board)} 家", f"{len(board)} in all"),
        *sums,
        Text(f"已履约 {done}", f"{done} compliant"),
        Text(f"逾期 {late}", f"{late} late"),
        sum(row.paid_late_t for row in board),
        *([sum(row.return_due_t for row in board)] if returning else []),
    )
    title = Text(
        f"{year} 年度履约(吨),期限 {deadline},今日 {today}",
        f"Compliance {year} (t), deadline {deadline}, today {today}",
    )
    paid = sum(min(row.obligation_t, row.surrendered_t + row.offset_t) for row in board)
    owed = sum(row.obligation_t for row in board)
    return [
        *notices(mark),
        Table((*BOARD, RETURN) if returning else BOARD, rows, title, total),
        Bar(Text("单位履约率", "entities compliant"), done, len(owing)),
        Bar(Text("清缴完成率", "obligation paid   "), paid, owed, " t"),
    ]


def _board_json(board: list[Owed], year: int, deadline: date, today: date) -> dict[str, object]:
    from tanshu.compliance.obligations import Status

    def total(name: str) -> int:
        return sum(getattr(row, name) or 0 for row in board)

    return {
        "year": year,
        "deadline": deadline,
        "today": today,
        "entities": [owed_json(row) for row in board],
        "compliant": sum(row.status is Status.COMPLIANT for row in board),
        "late": sum(row.late for row in board),
        "obligation_t": total("obligation_t"),
        "surrendered_t": total("surrendered_t"),
        "offset_t": total("offset_t"),
        "pending_t": total("pending_t"),
        "due_t": total("due_t"),
        "return_due_t": total("return_due_t"),
    }


def owed_json(row: Owed) -> dict[str, object]:
    return {
        "subject": row.subject.handle,
        "name": row.subject.name,
        "verified_t": row.verified_t,
        "pre_allocated_t": row.pre_allocated_t,
        "approved_t": row.approved_t,
        "obligation_t": row.obligation_t,
        "surrendered_t": row.surrendered_t,
        "offset_t": row.offset_t,
        "pending_t": row.pending_t,
        "due_t": row.due_t,
        "due_at_deadline_t": row.due_at_deadline_t,
        "paid_late_t": row.paid_late_t,
        "return_due_t": row.return_due_t,
        "return_pending_t": row.return_pending_t,
        "status": row.status,
        "status_at_deadline": row.status_at_deadline,
        "late": row.late,
    }


def _claim(text: str, lang: Lang) -> tuple[str, int, str, str]:
    """Number, quantity, project, date; a project's name may hold colons."""
    from tanshu.base.quantity import check_quantity

    parts = [part.strip() for part in text.split(":")]
    if len(parts) < 4 or not all(parts):
        raise complain(lang, f"“{text}”应写作 {CLAIM_HELP}", f"write “{text}” as {CLAIM_HELP}")
    number, quantity, *project, day = parts
    try:
        date.fromisoformat(day)
    except ValueError:
        raise complain(lang, f"“{day}”不是日期 YYYY-MM-DD", f"“{day}” is no date YYYY-MM-DD") from None
    return number, need(check_quantity(quantity, "claim")), ":".join(project), day
