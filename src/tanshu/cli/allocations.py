"""`tanshu allocate`: the province's allocation of a year, for one entity, some or all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli.border import REFUSED
from tanshu.cli.door import Door, command
from tanshu.cli.output import BAD, GOOD, Chip, Notice, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress
from tanshu.cli.rules import warnings
from tanshu.cli.written import next_step

if TYPE_CHECKING:
    from tanshu.app import Installation
    from tanshu.book.commit import Outcome
    from tanshu.compliance.allocation import Allocate
    from tanshu.rules.pack_model import Pack

EVERYBODY = "all"

COLUMNS = (
    text_column("主体", "entity"),
    number_column("数量(吨)", "quantity (t)"),
    number_column("应发(负数为应缴回)", "to issue (negative: to return)"),
    text_column("业务", "transaction"),
    text_column("结果", "result"),
    text_column("下一步或原因", "next, or why not", fold=True),
)


class Stage(StrEnum):
    PRE = "pre"
    FINAL = "final"


def add_to(app: typer.Typer) -> None:
    command(app, "allocate", "配额分配:预分配、核定分配 · allocate a year's allowances", writes=True)(
        allocate
    )


def allocate(
    door: Door,
    year: Annotated[int, typer.Option(help="履约年度 · compliance year")],
    stage: Annotated[Stage, typer.Option(help="pre 预分配 · final 核定分配")],
    subject: Annotated[
        list[str] | None, typer.Option(metavar="HANDLE|all", help="主体,可重复;缺省为全部 · entities")
    ] = None,
    batch: Annotated[str, typer.Option(help="批次;缺省为 年度-阶段 · groups the transactions")] = "",
    share: Annotated[
        str, typer.Option(metavar="DECIMAL", help="预分配比例,如 0.5,规则包只设上限时 · pre-allocation share")
    ] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="只演算,不写入 · rehearse, write nothing")
    ] = False,
) -> Reply:
    """Each entity by itself: one that cannot be allocated does not stop the others."""
    from tanshu.cli.batch import request, together
    from tanshu.compliance import allocation, packs
    from tanshu.compliance.allocation import Allocate

    with door.installation() as installation:
        with installation.database.read() as conn:
            pack = packs.allocation(conn, year, allow_draft=door.allow_draft)
        handles = _handles(installation, year, subject or [EVERYBODY])
        commands = [Allocate(one, year, stage.value, batch or f"{year}-{stage}", share) for one in handles]
        asked = [
            request(allocation.allocate, door.context(installation, _key(door, one, len(commands))), one)
            for one in commands
        ]
        title = Text("分配", "allocating").in_(door.lang)
        with progress(title, len(asked)) as tick:
            outcomes = together(installation.book, asked, rehearsal=dry_run, tick=tick)
    return reply(handles, outcomes, pack, door.lang, rehearsed=dry_run)


def reply(
    handles: Sequence[str], outcomes: Sequence[Outcome], pack: Pack, lang: Lang, *, rehearsed: bool
) -> Reply:
    """What was allocated to whom, with the pack's watermark and notes. Refused ones make the exit code 1."""
    from tanshu.base.refusal import Refusal, Refused

    if len(outcomes) == 1 and isinstance(outcomes[0], Refusal):
        raise Refused(outcomes[0])
    good = [one for one in outcomes if not isinstance(one, Refusal)]
    refused = len(outcomes) - len(good)
    total_t, issue_t = (sum(one[name] for one in good) for name in ("quantity", "issue_t"))
    data = {
        "pack": pack.name,
        "watermark": pack.watermark,
        "notes": list(pack.notes),
        "dry_run": rehearsed,
        "allocations": [_json(handle, one) for handle, one in zip(handles, outcomes, strict=True)],
        "allocated": len(good),
        "refused": refused,
        "quantity": total_t,
        "issue_t": issue_t,
    }
    rows = [_row(handle, one, lang, rehearsed) for handle, one in zip(handles, outcomes, strict=True)]
    count = Text(f"{len(good)} 家,拒绝 {refused} 家", f"{len(good)} done, {refused} refused")
    parts: list[Part] = [*warnings(pack), Table(COLUMNS, rows, None, (count, total_t, issue_t, "", "", ""))]
    if rehearsed:
        parts.insert(0, Notice(Text("演算:未写入任何内容", "rehearsal: nothing was written")))
    return Reply(data, parts, REFUSED if refused else 0)


def _handles(installation: Installation, year: int, asked: list[str]) -> list[str]:
    """The entities meant: those named, or all on the year's list that take part in allocation."""
    from tanshu.base.refusal import Refused
    from tanshu.cli import checks
    from tanshu.compliance.checks import NOT_COVERED
    from tanshu.mrv import queries as mrv
    from tanshu.parties import queries as parties

    with installation.database.read() as conn:
        if EVERYBODY not in asked:
            return [need(parties.subject(conn, one)).handle for one in asked]
        subjects = {one.id: one.handle for one in parties.subjects(conn)}
        everybody = mrv.listed(conn, year).values()
    if not everybody:
        raise Refused(checks.NO_YEAR(field="year", year=Text(f" {year} 年度", str(year))))
    listed = [subjects[one.subject_id] for one in everybody if not one.excluded]
    if not listed:
        raise Refused(NOT_COVERED(field="subject", subject=EVERYBODY, year=year))
    return listed


def _key(door: Door, one: Allocate, count: int) -> bytes:
    return door.key_for(*((one.subject, one.year, one.stage) if count > 1 else ()))


def _json(handle: str, outcome: Outcome) -> dict[str, object]:
    from tanshu.base.refusal import Refusal

    if isinstance(outcome, Refusal):
        return {"subject": handle, "refusal": outcome.as_json()}
    return {"seq": outcome.seq, "repeated": outcome.repeated, **outcome.data}


def _row(handle: str, outcome: Outcome, lang: Lang, rehearsed: bool) -> tuple[object, ...]:
    from tanshu.base.refusal import Refusal

    if isinstance(outcome, Refusal):
        return handle, None, None, None, Chip(outcome.code, BAD), outcome.sentence(lang)
    result, then = _result(outcome.data, rehearsed)
    transaction = None if rehearsed else outcome["transaction"]
    return handle, outcome["quantity"], outcome["issue_t"], transaction, result, then


def _result(answer: Mapping[str, object], rehearsed: bool) -> tuple[Chip, object]:
    """What became of a decision, and who has to act next: a second person decides before it counts."""
    if answer["transaction"] is None and answer["stage"] == Stage.FINAL:
        then = Text(
            f"省级复核人运行 tanshu comply confirm --year {answer['year']} --subject {answer['subject']}",
            f"a checker of the province runs tanshu comply confirm --year {answer['year']} "
            f"--subject {answer['subject']}",
        )
        result = Chip(Text("待确认", "to be confirmed"), "yellow")
    else:
        then, result = next_step(answer), Chip(Text("已申请", "proposed"), "yellow")
    return (Chip(Text("可分配", "could be made"), GOOD), then) if rehearsed else (result, then)
