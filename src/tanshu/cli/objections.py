"""`tanshu objection`, `tanshu adjustment`, `tanshu deduction`: what follows an allocation."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Facts,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.written import accepted

DAY = ["%Y-%m-%d"]
OBJECTIONS = (
    text_column("异议", "objection"),
    text_column("主体", "entity", fold=True),
    text_column("年度", "year"),
    text_column("阶段", "stage"),
    text_column("状态", "state"),
    text_column("送达", "served"),
    text_column("收到", "received"),
    text_column("申请期限", "apply by"),
    text_column("决定期限", "decide by"),
    number_column("新数量", "new quantity"),
)
ADJUSTMENTS = (
    text_column("调整", "adjustment"),
    text_column("主体", "entity", fold=True),
    text_column("事由", "ground"),
    number_column("之前(吨)", "before (t)"),
    number_column("之后(吨)", "after (t)"),
    number_column("应清缴(吨)", "owed (t)"),
    number_column("增发(负数为收回)", "issued (negative: back)"),
    text_column("期限", "due"),
    text_column("业务", "transaction"),
    text_column("状态", "state"),
)
OWED = (
    text_column("扣减", "deduction"),
    text_column("主体", "entity", fold=True),
    number_column("应扣减(吨)", "to deduct (t)"),
    number_column("尚待扣减(吨)", "remaining (t)"),
)


class Stage(StrEnum):
    PRE = "pre"
    FINAL = "final"


class Ground(StrEnum):
    OBJECTION = "objection"
    VERIFICATION = "verification"


SubjectOption = Annotated[str, typer.Option(metavar="HANDLE", help="主体 · the entity")]
YearOption = Annotated[int, typer.Option(help="履约年度 · compliance year")]
ObjectionArgument = Annotated[str, typer.Argument(metavar="OBJECTION", help="异议编号 · the objection")]


def add_to(app: typer.Typer) -> None:
    objections = group("分配异议 · objections to an allocation")
    app.add_typer(objections, name="objection")
    command(objections, "file", "提出异议 · file one", writes=True)(file)
    command(objections, "list", "异议;--overdue 逾期未决 · objections")(list_all)
    command(objections, "show", "一项异议 · one objection")(show)
    command(objections, "decide", "拟定决定 · propose the decision", writes=True)(decide)
    command(objections, "confirm", "复核决定 · confirm the decision", writes=True)(confirm)
    adjustments = group("配额调整 · adjustments of an allocation")
    app.add_typer(adjustments, name="adjustment")
    command(adjustments, "make", "调整核定分配 · adjust a final allocation", writes=True)(adjust)
    command(adjustments, "confirm", "确认不涉及配额的调整 · confirm one that moves nothing", writes=True)(
        confirm_adjustment
    )
    command(adjustments, "list", "一个年度的调整 · a year's adjustments")(list_adjustments)
    deductions = group("扣减 · deductions owed from earlier decisions")
    app.add_typer(deductions, name="deduction")
    command(deductions, "record", "录入扣减决定 · record one", writes=True)(record_deduction)
    command(deductions, "confirm", "复核扣减决定 · confirm one", writes=True)(confirm_deduction)
    command(deductions, "list", "尚待扣减 · what is still owed")(list_deductions)


# -- objections ---------------------------------------------------------------------------------------------


def file(
    door: Door,
    subject: SubjectOption,
    year: YearOption,
    stage: Annotated[Stage, typer.Option(help="pre 预分配 · final 核定分配")],
    grounds: Annotated[str, typer.Option(help="理由 · grounds")],
    notice: Annotated[
        str, typer.Option(help="通知书,缺省为该阶段最近一份 · the notice; default: the newest")
    ] = "",
    served_on: Annotated[
        datetime | None,
        typer.Option(formats=DAY, help="送达日,以登记为准,仅系统外文书须写 · of a letter from elsewhere"),
    ] = None,
    received_on: Annotated[
        datetime | None, typer.Option(formats=DAY, help="收到日,缺省为今天 · when it came")
    ] = None,
    claimed_t: Annotated[int | None, typer.Option(help="主张的数量(吨) · what is claimed")] = None,
) -> Reply:
    """By a maker of the entity, or of the province for one that came on paper. The term runs from service."""
    from tanshu.compliance import objections

    served, came = (day.date() if day else None for day in (served_on, received_on))
    body = objections.FileObjection(subject, year, stage.value, notice, served, grounds, came, claimed_t)
    answer, key = door.do(objections.file_objection, body)
    return accepted(
        answer,
        key,
        (Text("异议", "objection"), answer["objection"]),
        (Text("状态", "state"), _state(answer["state"])),
        (Text("申请期限", "apply by"), answer["apply_by"]),
        (Text("决定期限", "decide by"), answer["decide_by"]),
    )


def decide(
    door: Door,
    objection: ObjectionArgument,
    opinion: Annotated[str, typer.Option(help="意见 · the reasons")],
    uphold: Annotated[bool, typer.Option("--uphold/--dismiss", help="支持或驳回 · uphold or dismiss")],
    quantity: Annotated[int | None, typer.Option(help="支持时的新数量(吨) · the new quantity")] = None,
) -> Reply:
    """By a maker of the province; it counts once a checker has confirmed it."""
    from tanshu.compliance import objections

    body = objections.DecideObjection(objection, uphold, opinion, quantity)
    answer, key = door.do(objections.decide_objection, body)
    return accepted(answer, key, (Text("状态", "state"), _state(answer["state"])))


def confirm(
    door: Door,
    objection: ObjectionArgument,
    reject: Annotated[bool, typer.Option("--reject", help="退回重拟 · send it back")] = False,
) -> Reply:
    """By a checker of the province who did not propose the decision."""
    from tanshu.compliance import objections

    body = objections.ConfirmObjection(objection, accept=not reject)
    answer, key = door.do(objections.confirm_objection, body)
    in_time = answer["in_time"]
    late = () if in_time is not False else ((Text("期限", "term"), Chip(Text("超期", "late"), BAD)),)
    return accepted(answer, key, (Text("状态", "state"), _state(answer["state"])), *late)


def list_all(
    door: Door,
    year: Annotated[int | None, typer.Option(help="履约年度 · compliance year")] = None,
    state: Annotated[str, typer.Option(help="filed|late|proposed|upheld|dismissed")] = "",
    overdue: Annotated[bool, typer.Option("--overdue", help="逾期未决 · waiting beyond their day")] = False,
    today: Annotated[
        datetime | None, typer.Option(formats=DAY, help="以此日为今天 · as if today were")
    ] = None,
) -> Reply:
    """Oldest first; overdue ones by the day they should have been decided."""
    from tanshu.cli.comply import today_of
    from tanshu.compliance import objections

    with door.reading() as (conn, _):
        now = today.date() if today else today_of(conn)
        found = (
            objections.overdue(conn, now) if overdue else objections.objections(conn, state=state, year=year)
        )
        names = _names(conn)
    data = {"today": now, "objections": [_json(row, names) for row in found]}
    return Reply(data, (Table(OBJECTIONS, [_row(row, names) for row in found]),))


def show(door: Door, objection: ObjectionArgument) -> Reply:
    """Everything that is known of it."""
    from tanshu.compliance import objections

    with door.reading() as (conn, _):
        row = need(objections.find(conn, objection))
        names = _names(conn)
    data = _json(row, names)
    facts = Facts(
        (
            (Text("异议", "objection"), row.id),
            (Text("主体", "entity"), names[row.subject_id]),
            (Text("状态", "state"), _state(row.state)),
            (Text("通知书", "notice"), f"{row.notice} ({row.served_on})"),
            (Text("收到", "received"), row.received_on),
            (Text("申请期限", "apply by"), row.apply_by),
            (Text("决定期限", "decide by"), row.decide_by),
            (Text("理由", "grounds"), row.grounds),
            (Text("主张(吨)", "claimed (t)"), row.claimed_t),
            (Text("新数量(吨)", "new quantity (t)"), row.quantity),
            (Text("意见", "opinion"), row.opinion),
            (
                Text("拟定、复核", "proposed, confirmed by"),
                f"{row.decided_by or '—'}, {row.confirmed_by or '—'}",
            ),
        )
    )
    return Reply(data, (facts,))


# -- adjustments and deductions -----------------------------------------------------------------------------


def adjust(
    door: Door,
    subject: SubjectOption,
    year: YearOption,
    ground: Annotated[Ground, typer.Option(help="事由 · objection 异议 | verification 核查变更")],
    reference: Annotated[str, typer.Option(help="异议编号或文号 · the objection, or the document")],
    changed_on: Annotated[
        datetime | None, typer.Option(formats=DAY, help="核查变更日 · when verification changed")
    ] = None,
    quantity: Annotated[int | None, typer.Option(help="新的核定数量(吨) · newly approved")] = None,
) -> Reply:
    """By a maker of the province; what moves passes the chain of an administrative adjustment."""
    from tanshu.compliance import adjustment

    day = changed_on.date() if changed_on else None
    body = adjustment.Adjust(subject, year, ground.value, reference, day, quantity)
    answer, key = door.do(adjustment.adjust, body)
    term = Chip(Text("按期", "in time"), GOOD) if answer["in_time"] else Chip(Text("超期", "late"), BAD)
    return accepted(
        answer,
        key,
        (Text("调整", "adjustment"), answer["adjustment"]),
        (Text("核定(吨)", "approved (t)"), f"{answer['before_t']:,} → {answer['after_t']:,}"),
        (Text("增发(负数为收回)", "issued (negative: back)"), answer["issue_t"]),
        (Text("业务", "transaction"), answer["transaction"]),
        (Text("期限", "due"), answer["due_on"]),
        (Text("办理", "done"), term),
        parts=_draft(answer.data),
    )


def confirm_adjustment(
    door: Door, adjustment: Annotated[str, typer.Argument(metavar="ADJUSTMENT", help="调整编号")]
) -> Reply:
    """By a checker of the province, where nothing moves."""
    from tanshu.compliance.adjustment import ConfirmAdjustment
    from tanshu.compliance.adjustment import confirm_adjustment as verb

    answer, key = door.do(verb, ConfirmAdjustment(adjustment))
    return accepted(answer, key, (Text("调整", "adjustment"), answer["adjustment"]))


def list_adjustments(door: Door, year: YearOption) -> Reply:
    """Oldest first, each with the state of its transaction."""
    from tanshu.compliance import adjusted

    with door.reading() as (conn, _):
        found = adjusted.rows(conn, year)
        names = _names(conn)
    rows = [
        (
            row.id,
            names[row.subject_id],
            row.ground,
            row.before_t,
            row.after_t,
            row.obligation_t,
            row.issue_t,
            row.due_on,
            row.transaction_id,
            state or ("confirmed" if row.confirmed else "to be confirmed"),
        )
        for row, state in found
    ]
    data = {"year": year, "adjustments": [{**_json(row, names), "state": state} for row, state in found]}
    return Reply(data, (Table(ADJUSTMENTS, rows),))


def record_deduction(
    door: Door,
    subject: SubjectOption,
    quantity: Annotated[str, typer.Option(help="吨 · tonnes")],
    document: Annotated[str, typer.Option(help="决定文号 · number of the decision")],
    decided_on: Annotated[datetime, typer.Option(formats=DAY, help="决定日期 · its date")],
    basis: Annotated[str, typer.Option(help="法律依据 · law and article")],
) -> Reply:
    """By a maker of the province; it counts once a checker has confirmed it."""
    from tanshu.compliance import deductions

    body = deductions.RecordDeduction(subject, quantity, document, decided_on.date(), basis)
    answer, key = door.do(deductions.record_deduction, body)
    return accepted(answer, key, (Text("扣减", "deduction"), answer["deduction"]))


def confirm_deduction(
    door: Door, deduction: Annotated[str, typer.Argument(metavar="DEDUCTION", help="扣减编号")]
) -> Reply:
    """By a checker of the province who did not record it."""
    from tanshu.compliance import deductions

    answer, key = door.do(deductions.confirm_deduction, deductions.ConfirmDeduction(deduction))
    return accepted(answer, key, (Text("扣减", "deduction"), answer["deduction"]))


def list_deductions(door: Door) -> Reply:
    """Deductions in force, with what is left of each."""
    from tanshu.compliance import deductions

    with door.reading() as (conn, _):
        owed = deductions.owing(conn)
        names = _names(conn)
    every = [(names[subject], one) for subject, several in owed.items() for one in several]
    rows = [(one.id, name, one.quantity, one.remaining_t) for name, one in every]
    data = {
        "draft": deductions.DRAFT,
        "deductions": [
            {"deduction": one.id, "name": name, "quantity": one.quantity, "remaining_t": one.remaining_t}
            for name, one in every
        ],
    }
    return Reply(data, (Notice(deductions.DRAFT), Table(OWED, rows)))


# -- pieces -------------------------------------------------------------------------------------------------


def _state(state: str) -> Chip:
    from tanshu.compliance.upload_checks import STATE_LABELS

    style = {"upheld": GOOD, "late": BAD}.get(state, "yellow")
    return Chip(STATE_LABELS[state], style)


def _names(conn: Any) -> dict[str, str]:
    from tanshu.parties import queries as parties

    return {one.id: one.name for one in parties.subjects(conn)}


def _json(row: Any, names: dict[str, str]) -> dict[str, object]:
    told = {name: value for name, value in row._mapping.items() if name not in ("seq", "subject_id")}
    return {**told, "name": names[row.subject_id]}


def _row(row: Any, names: dict[str, str]) -> tuple[object, ...]:
    days: tuple[date | None, ...] = (row.served_on, row.received_on, row.apply_by, row.decide_by)
    return (row.id, names[row.subject_id], str(row.year), row.stage, _state(row.state), *days, row.quantity)


def _draft(data: Any) -> tuple[Part, ...]:
    """The algebra of deductions is a reading of a draft: whoever sees its result sees that."""
    mark = data.get("draft")
    return (Notice(Text(mark["zh"], mark["en"])),) if mark else ()
