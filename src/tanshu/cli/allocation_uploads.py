"""`tanshu upload`: allocation tables, from the workbook to the register, and the sealed letter beside it."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.cli.border import REFUSED
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, Chip, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.compliance.uploads import Difference

PART = 100
"""Rows, or transactions, of one entry."""


class Stage(StrEnum):
    PRE = "pre"
    FINAL = "final"


UPLOADS = (
    text_column("上传", "upload"),
    text_column("年度", "year"),
    text_column("阶段", "stage"),
    text_column("文件", "file", fold=True),
    number_column("家数", "entities"),
    number_column("合计(吨)", "total (t)"),
    number_column("错误", "errors"),
    number_column("待说明", "warnings"),
    text_column("状态", "state"),
    number_column("已办理", "loaded"),
    text_column("经办人", "by"),
)
FINDINGS = (
    number_column("行", "row"),
    text_column("列", "column"),
    text_column("值", "value", fold=True),
    text_column("编号", "code"),
    text_column("问题", "what is wrong", fold=True),
)
CHANGES = (
    text_column("信用代码", "credit code"),
    number_column("之前(吨)", "before (t)"),
    number_column("之后(吨)", "after (t)"),
    number_column("变化", "change"),
)

AuthorityOption = Annotated[str, typer.Option(metavar="HANDLE", help="省级主管部门 · the province")]
YearOption = Annotated[int, typer.Option(help="履约年度 · compliance year")]
StageOption = Annotated[Stage, typer.Option(help="pre 预分配 · final 核定分配")]
UploadArgument = Annotated[str, typer.Argument(metavar="UPLOAD", help="上传编号 · the upload")]
PartOption = Annotated[int, typer.Option("--part", help="每条日志办理的数量 · how many an entry takes")]


def add_to(app: typer.Typer) -> None:
    uploads = group("分配相关数据表:上传、盖章件、核对、办理 · allocation tables")
    app.add_typer(uploads, name="upload")
    command(uploads, "table", "上传数据表 · upload a workbook", writes=True)(table)
    command(uploads, "letter", "录入盖章件 · key the sealed letter", writes=True)(letter)
    command(uploads, "compare", "核对,接受或退回整批 · compare; accept or return", writes=True)(compare)
    command(uploads, "load", "办理已接受的表 · make it decisions and proposals", writes=True)(load)
    command(uploads, "approve", "整批审批 · take a batch's next step", writes=True)(approve)
    command(uploads, "confirm", "确认不发放的决定 · confirm what issues nothing", writes=True)(confirm)
    command(uploads, "list", "全部上传 · every attempt")(list_all)
    command(uploads, "show", "一次上传及其问题 · one attempt with its findings")(show)
    command(uploads, "diff", "两次上传的差异 · what differs between two")(diff)


def table(
    door: Door,
    file: Annotated[Path, typer.Argument(help="XLSX")],
    authority: AuthorityOption,
    year: YearOption,
    stage: StageOption,
    sheet: Annotated[str, typer.Option(help="工作表,缺省为第一个 · the sheet")] = "",
) -> Reply:
    """By a maker of the province. The attempt is kept, with everything that was found in it."""
    from tanshu.compliance import uploads, uploads_files
    from tanshu.compliance.upload_model import UploadAllocation

    read = uploads_files.read(file, stage.value, sheet)
    body = UploadAllocation(
        authority, year, stage.value, read.file, read.sheet, read.sha256, read.size, read.rows
    )
    answer, key = door.do(uploads.upload_allocation, body)
    with door.reading() as (conn, _):
        found = [_finding(row) for row in uploads.findings(conn, answer["upload"])]
    rows = (
        (Text("上传", "upload"), answer["upload"]),
        (Text("状态", "state"), _state(answer["state"])),
        (Text("家数", "entities"), answer["count"]),
        (Text("合计(吨)", "total (t)"), answer["total_t"]),
        (Text("SHA-256", "SHA-256"), read.sha256),
    )
    reply = accepted(answer, key, *rows, parts=_findings_part(found))
    data = {**reply.data, "sha256": read.sha256, "findings": found}
    return Reply(data, reply.parts, REFUSED if answer["errors"] else 0)


def letter(
    door: Door,
    authority: AuthorityOption,
    year: YearOption,
    stage: StageOption,
    number: Annotated[str, typer.Option(help="文号 · document number")],
    dated: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="日期 · its date")],
    count: Annotated[int, typer.Option(help="家数 · entities")],
    tonnes: Annotated[int, typer.Option(help="合计吨数 · total tonnes")],
    sha256: Annotated[str, typer.Option(help="文件的 SHA-256 · of the file")],
) -> Reply:
    """By a maker of the registry, from the paper."""
    from tanshu.compliance import uploads
    from tanshu.compliance.upload_model import KeySealedLetter

    body = KeySealedLetter(
        authority, year, stage.value, number, dated.date(), count, tonnes, sha256.strip().lower()
    )
    answer, key = door.do(uploads.key_sealed_letter, body)
    return accepted(answer, key, (Text("盖章件", "letter"), answer["letter"]))


def compare(
    door: Door,
    upload: UploadArgument,
    letter: Annotated[str, typer.Argument(metavar="LETTER", help="盖章件编号 · the sealed letter")],
) -> Reply:
    """By a checker of the registry. Where count, tonnes or SHA-256 differ, the whole batch goes back."""
    from tanshu.compliance import uploads
    from tanshu.compliance.upload_model import CompareUpload

    answer, key = door.do(uploads.compare_upload, CompareUpload(upload, letter))
    mismatch = answer["mismatch"]
    why = uploads.returned(mismatch) if mismatch else None
    parts: tuple[Part, ...] = (Line(f"{why.code} {why.sentence(door.lang)}", "bold red"),) if why else ()
    reply = accepted(answer, key, (Text("状态", "state"), _state(answer["state"])), parts=parts)
    return Reply(reply.data, reply.parts, REFUSED if why else 0)


def load(
    door: Door,
    upload: UploadArgument,
    batch: Annotated[str, typer.Option(help="批次名 · names the batch")] = "",
    part: PartOption = PART,
) -> Reply:
    """By a maker of the province; part by part, going on where an earlier run stopped."""
    from tanshu.compliance import uploads
    from tanshu.compliance.upload_loading import LoadUpload, load_upload

    done: list[dict[str, Any]] = []
    with door.installation() as installation:
        with installation.database.read() as conn:
            row = need(uploads.find(conn, upload))
        first, of = row.loaded, row.entities
        with progress(Text("办理", "loading").in_(door.lang), of) as tick:
            while first < of or not done:
                body = LoadUpload(row.id, first, min(part, of - first) or part, batch)
                outcome = load_upload(door.context(installation, door.key_for(first)), body)
                done.append(dict(_need(outcome).data))
                first = done[-1]["loaded"]
                tick(first)
    made = [id for one in done for id in one["transactions"]]
    idle = [handle for one in done for handle in one["to_confirm"]]
    data = {
        "upload": row.id,
        "batch": done[-1]["batch"],
        "loaded": first,
        "of": of,
        "issue_t": sum(one["issue_t"] for one in done),
        "transactions": len(made),
        "to_confirm": idle,
    }
    sentence = Text(
        f"批次 {data['batch']}:{len(made)} 笔业务待审批,{len(idle)} 项不发放的决定待确认",
        f"batch {data['batch']}: {len(made)} transactions wait for approval, "
        f"{len(idle)} decisions that issue nothing wait to be confirmed",
    )
    return Reply(data, (Line(sentence),))


def approve(
    door: Door,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="批次 · the batch")],
    part: PartOption = PART,
    comment: Annotated[str, typer.Option(help="意见 · comment")] = "",
) -> Reply:
    """Take the next step of everything in a batch that waits for this person; an entry for each part."""
    from tanshu.cli.comply import today_of
    from tanshu.registry import batches

    with door.installation() as installation:
        with installation.database.read() as conn:
            ids = batches.waiting(conn, door.actor, batch, today_of(conn))
        approved = effected = 0
        with progress(Text("审批", "approving").in_(door.lang), len(ids)) as tick:
            for some in batches.parts(ids, part):
                ctx = door.context(installation, door.key_for(some[0]))
                answer = _need(batches.approve_many(ctx, batches.DecideMany(some, comment)))
                approved, effected = approved + answer["approved"], effected + answer["effected"]
                tick(approved)
    data = {"batch": batch, "approved": approved, "effected": effected}
    sentence = Text(
        f"审批 {approved} 笔,其中 {effected} 笔生效", f"{approved} approved, {effected} of them took effect"
    )
    return Reply(data, (Line(sentence),))


def confirm(
    door: Door,
    upload: UploadArgument,
    part: PartOption = PART,
) -> Reply:
    """By a checker of the province: what a loaded table decided that issues nothing."""
    from tanshu.compliance import upload_loading, uploads

    with door.installation() as installation:
        with installation.database.read() as conn:
            row = need(uploads.find(conn, upload))
            handles = upload_loading.waiting(conn, row)
        confirmed = 0
        with progress(Text("确认", "confirming").in_(door.lang), len(handles)) as tick:
            for start in range(0, len(handles), part):
                some = tuple(handles[start : start + part])
                body = upload_loading.ConfirmMany(row.year, row.stage, some)
                ctx = door.context(installation, door.key_for(some[0]))
                confirmed += _need(upload_loading.confirm_many(ctx, body))["in_force"]
                tick(confirmed)
    return Reply(
        {"upload": row.id, "in_force": confirmed},
        (Line(Text(f"{confirmed} 项决定生效", f"{confirmed} decisions in force")),),
    )


def list_all(
    door: Door,
    year: Annotated[int | None, typer.Option(help="履约年度 · compliance year")] = None,
    stage: Annotated[Stage | None, typer.Option(help="pre 预分配 · final 核定分配")] = None,
) -> Reply:
    """Oldest first."""
    from tanshu.compliance import uploads

    with door.reading() as (conn, _):
        found = uploads.uploads(conn, year=year, stage=stage.value if stage else "")
    return Reply({"uploads": [_json(row) for row in found]}, (Table(UPLOADS, [_row(row) for row in found]),))


def show(door: Door, upload: UploadArgument) -> Reply:
    """What it said, whether it was what was sealed, and every finding that was kept."""
    from tanshu.compliance import uploads

    with door.reading() as (conn, _):
        row = need(uploads.find(conn, upload))
        found = [_finding(one) for one in uploads.findings(conn, row.id)]
    return Reply({**_json(row), "findings": found}, (Table(UPLOADS, [_row(row)]), *_findings_part(found)))


def diff(
    door: Door,
    before: Annotated[str, typer.Argument(metavar="BEFORE", help="较早的上传 · the earlier upload")],
    after: Annotated[str, typer.Argument(metavar="AFTER", help="较晚的上传 · the later one")],
) -> Reply:
    """Entities added, removed and changed, and both totals."""
    from tanshu.compliance import uploads

    with door.reading() as (conn, _):
        found = uploads.difference(conn, before, after)
    rows: list[tuple[object, ...]] = [
        *((code, None, quantity, quantity) for code, quantity in found.added),
        *((code, quantity, None, -quantity) for code, quantity in found.removed),
        *((code, was, now, now - was) for code, was, now in found.changed),
    ]
    delta = found.total_after_t - found.total_before_t
    total = (Text("合计", "total"), found.total_before_t, found.total_after_t, delta)
    return Reply(_difference_json(found), (Table(CHANGES, rows, None, total),))


# -- pieces -------------------------------------------------------------------------------------------------


def _need(outcome: Any) -> Any:
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome


def _state(state: str) -> Chip:
    from tanshu.compliance.upload_checks import STATE_LABELS

    style = {"accepted": GOOD, "returned": BAD, "faulty": BAD}.get(state, "yellow")
    return Chip(STATE_LABELS[state], style)


def _json(row: Any) -> dict[str, object]:
    return {name: value for name, value in row._mapping.items() if name != "seq"}


def _row(row: Any) -> tuple[object, ...]:
    return (
        row.id,
        str(row.year),
        row.stage,
        row.file,
        row.entities,
        row.total_t,
        row.errors,
        row.warnings,
        _state(row.state),
        row.loaded,
        row.maker,
    )


def _finding(row: Any) -> dict[str, Any]:
    """A kept finding with its sentence in both languages."""
    from tanshu.base.refusal import catalogue
    from tanshu.compliance.upload_findings import sentences

    said = sentences(catalogue()[row.code], json.loads(row.facts))
    return {
        "row": row.sheet_row,
        "column": row.heading,
        "value": row.value,
        "severity": row.severity,
        "code": row.code,
        "message": {"zh": said.zh, "en": said.en},
    }


def _findings_part(found: list[dict[str, Any]]) -> tuple[Part, ...]:
    if not found:
        return ()
    rows = [
        (
            one["row"],
            one["column"],
            one["value"],
            Chip(one["code"], BAD if one["severity"] == "error" else "yellow"),
            Text(one["message"]["zh"], one["message"]["en"]),
        )
        for one in found
    ]
    return (Table(FINDINGS, rows, Text("问题", "findings")),)


def _difference_json(found: Difference) -> dict[str, object]:
    return {
        "added": [{"credit_code": code, "quantity": quantity} for code, quantity in found.added],
        "removed": [{"credit_code": code, "quantity": quantity} for code, quantity in found.removed],
        "changed": [
            {"credit_code": code, "before_t": was, "after_t": now, "delta_t": now - was}
            for code, was, now in found.changed
        ],
        "total_before_t": found.total_before_t,
        "total_after_t": found.total_after_t,
        "delta_t": found.total_after_t - found.total_before_t,
    }
