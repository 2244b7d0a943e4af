"""`tanshu carry-over`: notices, applications, issuance; what is overdue."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.cli.border import REFUSED
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, Chip, Facts, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.stamps import notices as marks
from tanshu.cli.stamps import short_stamp
from tanshu.cli.transactions import LINE_HELP, read_line, send_proposal
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy import Connection

    from tanshu.book.commit import Context, Outcome
    from tanshu.compliance.carry_over import Application, Terms

app = group("结转:告知、申请、发放 · carry-over of old vintages")

SubjectsOption = Annotated[
    list[str] | None, typer.Option("--subject", metavar="HANDLE", help="主体,可重复;缺省为全部 · entities")
]
SENT = (
    text_column("主体", "entities", fold=True),
    text_column("结果", "result"),
    text_column("原因", "why not", fold=True),
)
NOTICES = (
    text_column("重点排放单位", "entity", fold=True),
    number_column("净卖出", "net sold"),
    number_column("最大可结转", "ceiling"),
    number_column("期末持仓", "holding"),
    number_column("在审", "pending"),
    text_column("不符合条件", "not eligible: late for"),
    number_column("可结转", "carryable"),
    text_column("复核", "confirmed by"),
)
APPLICATIONS = (
    text_column("业务", "transaction"),
    text_column("重点排放单位", "entity", fold=True),
    text_column("批次", "batch"),
    number_column("数量(吨)", "tonnes"),
    text_column("申请日", "filed"),
    text_column("应办结", "due"),
    text_column("收回日", "recalled"),
    text_column("应发放", "to issue by"),
    text_column("发放业务", "issuance"),
    text_column("状态", "state"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="carry-over")


@command(app, "notices", "测算结转告知 · draw up the notices", writes=True)
def notices(door: Door, subject: SubjectsOption = None) -> Reply:
    """By a maker of the registry, for the holdings of the pack's day. Drafts are drawn up anew."""
    from tanshu.compliance import carry_over_service

    return _in_parts(door, carry_over_service.draw_up, subject, confirmed=None)


@command(app, "confirm", "复核结转告知 · confirm the notices", writes=True)
def confirm(door: Door, subject: SubjectsOption = None) -> Reply:
    """By a checker of the registry who did not draw them up; computed once more before they count."""
    from tanshu.compliance import carry_over_service

    return _in_parts(door, carry_over_service.confirm, subject, confirmed=False)


@command(app, "apply", "申请结转 · apply", writes=True)
def apply(
    door: Door,
    line: Annotated[list[str], typer.Option("--line", metavar="LINE", help=LINE_HELP)],
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体 · the entity")],
) -> Reply:
    """From the registration account, several times if need be, within what the notice says."""
    from tanshu.compliance.carry_over import APPLICATION

    return send_proposal(door, APPLICATION, tuple(read_line(one, door.lang) for one in line), subject=subject)


@command(app, "issue", "发放结转配额 · issue what a batch recalled", writes=True)
def issue(
    door: Door,
    batch: Annotated[str, typer.Option(metavar="1|2|late", help="批次 · batch")],
) -> Reply:
    """Proposes every issuance of the batch; a checker of the registry approves them."""
    from tanshu.compliance import carry_over_service
    from tanshu.compliance.carry_over_service import IssueCarriedOver

    made: list[str] = []
    quantity, part = 0, 0
    with door.installation() as installation, progress(Text("发放", "issuing").in_(door.lang)) as tick:
        while True:
            key = door.key_for(*((part,) if part else ()))
            answer = carry_over_service.issue(door.context(installation, key), IssueCarriedOver(batch))
            if isinstance(answer, Refusal):
                raise Refused(answer)
            made += answer["transactions"]
            quantity, part = quantity + answer["quantity"], part + 1
            tick(len(made))
            if not answer["more"]:
                break
    told = (
        (Text("业务", "transactions"), len(made)),
        (Text("合计(吨)", "total (t)"), quantity),
    )
    reply = accepted(answer, key, *told)
    return Reply({**reply.data, "transactions": made, "quantity": quantity}, reply.parts)


@command(app, "status", "结转一览 · notices, applications, what is overdue")
def status(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="只看一家 · of one entity")] = "",
) -> Reply:
    """What each entity was told and applied for, and what is late."""
    from tanshu.base.refusal import need
    from tanshu.cli.comply import today_of
    from tanshu.compliance import carry_over
    from tanshu.compliance.carry_over import Terms
    from tanshu.parties import queries as parties

    with door.reading() as (conn, _):
        terms, today = Terms.of(conn), today_of(conn)
        only = need(parties.subject(conn, subject)).id if subject else None
        names = {one.id: one.name for one in parties.subjects(conn)}
        told = [row for row in carry_over.notices(conn, terms) if only in (None, row.subject_id)]
        made = carry_over.applications(conn, terms, subject_id=only)
        untold = _untold(conn, terms, {row.subject_id for row in told}) if only is None else []
        mark = short_stamp(conn)
    overdue = [one for one in made if one.overdue(today)]
    late = today > terms.day("notice_by")
    data = {
        "stamp": mark,
        "pack": terms.pack.name,
        "today": today,
        "notices": [_notice_json(row) for row in told],
        "without_notice": untold,
        "notices_overdue": late and bool(untold or any(not row.confirmed_by for row in told)),
        "applications": [_application_json(one, today) for one in made],
        "overdue": [one.transaction.id for one in overdue],
    }
    return Reply(data, [*marks(mark), *_parts(terms, told, made, untold, names, today)])


# -- sending -----------------------------------------------------------------------------------------------


def _in_parts(
    door: Door,
    verb: Callable[[Context, Any], Outcome],
    subject: Sequence[str] | None,
    *,
    confirmed: bool | None,
) -> Reply:
    """Send one command for every so many entities, each by itself."""
    from tanshu.cli.batch import request, together
    from tanshu.compliance.carry_over_service import in_parts

    with door.installation() as installation:
        with installation.database.read() as conn:
            parts = in_parts(subject or _handles(conn, drafts=confirmed is False))
        keys = [door.key_for(*((n,) if len(parts) > 1 else ())) for n in range(len(parts))]
        asked = [
            request(verb, door.context(installation, key), part)
            for part, key in zip(parts, keys, strict=True)
        ]
        with progress(Text("结转告知", "notices").in_(door.lang), len(asked)) as tick:
            outcomes = together(installation.book, asked, tick=tick)
    if len(outcomes) == 1 and isinstance(outcomes[0], Refusal):
        raise Refused(outcomes[0])
    refused = sum(isinstance(one, Refusal) for one in outcomes)
    good = [one for one in outcomes if not isinstance(one, Refusal)]
    data = {
        "notices": sum(one["notices"] for one in good),
        "parts": [one.as_json() if isinstance(one, Refusal) else one.data for one in outcomes],
        "refused": refused,
    }
    rows = [_sent(part.subjects, outcome, door) for part, outcome in zip(parts, outcomes, strict=True)]
    return Reply(data, (Table(SENT, rows),), REFUSED if refused else 0)


def _handles(conn: Connection, *, drafts: bool) -> list[str]:
    """Whom this is about: those whose notice is a draft, or everybody without a confirmed one."""
    from tanshu.compliance import carry_over
    from tanshu.compliance.carry_over import Terms

    terms = Terms.of(conn)
    state = {row.subject_id: bool(row.confirmed_by) for row in carry_over.notices(conn, terms)}
    everybody = carry_over.entities(conn, terms)
    wanted = (False,) if drafts else (False, None)
    return [one.handle for one in everybody if state.get(one.id) in wanted]


def _sent(subjects: Sequence[str], outcome: Outcome, door: Door) -> tuple[object, ...]:
    named = subjects[0] if len(subjects) == 1 else f"{subjects[0]} … {subjects[-1]} ({len(subjects)})"
    if isinstance(outcome, Refusal):
        return named, Chip(outcome.code, BAD), outcome.sentence(door.lang)
    return named, Chip(outcome["notices"], GOOD), None


# -- showing -----------------------------------------------------------------------------------------------


def _untold(conn: Connection, terms: Terms, told: set[str]) -> list[str]:
    from tanshu.compliance import carry_over

    return [one.handle for one in carry_over.entities(conn, terms) if one.id not in told]


def _parts(
    terms: Terms,
    told: Sequence[Any],
    made: Sequence[Application],
    untold: Sequence[str],
    names: dict[str, str],
    today: date,
) -> list[Part]:
    rows = [
        (
            names[row.subject_id],
            row.net_sold_t,
            row.ceiling_t,
            row.holding_t,
            row.pending_t,
            row.late_years or None,
            row.carryable_t,
            row.confirmed_by or Chip(Text("待复核", "draft"), "yellow"),
        )
        for row in told
    ]
    columns = ("net_sold_t", "ceiling_t", "holding_t", "pending_t")
    sums = [sum(getattr(row, name) for row in told) for name in columns]
    total = (Text("合计", "total"), *sums, None, sum(row.carryable_t for row in told), None)
    facts = Facts(
        (
            (Text("规则包", "pack"), terms.pack.name),
            (Text("今日", "today"), today.isoformat()),
            (Text("告知期限", "notices due"), terms.day("notice_by").isoformat()),
        )
    )
    parts: list[Part] = [facts, Table(NOTICES, rows, Text("结转告知(吨)", "notices (t)"), total)]
    if untold:
        missing = Text(f"{len(untold)} 家尚未告知", f"{len(untold)} entities have no notice yet")
        parts.append(Line(missing, "yellow"))
    if made:
        lines = [_application_row(one, names, today) for one in made]
        parts.append(Table(APPLICATIONS, lines, Text("结转申请", "applications")))
    return parts


def _application_row(one: Application, names: dict[str, str], today: date) -> tuple[object, ...]:
    from tanshu.compliance.carry_over import BATCH_LABELS

    return (
        one.transaction.id,
        names[one.transaction.subject_id],
        BATCH_LABELS[one.batch],
        one.transaction.quantity,
        one.filed_on.isoformat(),
        one.done_by and one.done_by.isoformat(),
        one.recalled_on and one.recalled_on.isoformat(),
        one.issue_by and one.issue_by.isoformat(),
        one.issuance and one.issuance.id,
        _state(one, today),
    )


def _state(one: Application, today: date) -> Chip:
    if one.is_issued:
        return Chip(Text("已发放", "issued"), GOOD)
    if one.overdue(today):
        return Chip(Text("逾期", "overdue"), BAD)
    return Chip(Text("已收回", "recalled") if one.recalled_on else Text("审核中", "pending"), "yellow")


def _notice_json(row: Any) -> dict[str, object]:
    return {name: value for name, value in row._mapping.items() if name not in ("pack", "seq")}


def _application_json(one: Application, today: date) -> dict[str, object]:
    return {
        "transaction": one.transaction.id,
        "subject_id": one.transaction.subject_id,
        "batch": one.batch,
        "quantity": one.transaction.quantity,
        "filed_on": one.filed_on,
        "done_by": one.done_by,
        "recalled_on": one.recalled_on,
        "issue_by": one.issue_by,
        "issuance": one.issuance and one.issuance.id,
        "issued": one.is_issued,
        "overdue": one.overdue(today),
    }
