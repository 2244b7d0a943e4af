"""`tanshu supervise case`: from alerts to reminders, warnings, restrictions and suspensions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, Chip, Facts, Reply, Table, number_column, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.exchange.supervision.cases import Case
    from tanshu.parties.model import Document

CASES = (
    text_column("案件", "case"),
    text_column("立案", "opened"),
    text_column("状态", "state"),
    number_column("预警", "alerts"),
    text_column("待复核", "waits"),
    text_column("生效中", "in force", fold=True),
)
ACTS = (
    number_column("序号", "n"),
    text_column("日期", "day"),
    text_column("事项", "act"),
    text_column("对象", "participant"),
    text_column("内容", "note", fold=True),
    text_column("经办", "by"),
)

CaseArgument = Annotated[str, typer.Argument(metavar="CASE", help="案件编号 · the case")]
NoteOption = Annotated[str, typer.Option("--note", help="理由或内容 · why, or what")]
AlertOption = Annotated[
    list[str] | None, typer.Option("--alert", metavar="ALERT", help="预警,可重复 · an alert; repeat it")
]
DocumentOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--document", metavar="FILE", help="证据材料,只记其摘要 · a document; its hash is kept; repeat it"
    ),
]


def add_to(supervise: typer.Typer) -> None:
    case = group("案件 · cases")
    supervise.add_typer(case, name="case")
    command(case, "open", "立案 · open one about alerts", writes=True)(open_case)
    command(case, "act", "提示、警示、限制、暂停、解除 · remind, warn, restrict, suspend, lift", writes=True)(
        act_on
    )
    command(case, "confirm", "复核措施(第二人)· confirm a measure, as a second person", writes=True)(confirm)
    command(case, "dismiss", "撤案 · dismiss it", writes=True)(dismiss)
    command(case, "close", "结案 · close it", writes=True)(close)
    command(case, "show", "一个案件 · one case")(show)
    command(case, "list", "案件 · cases")(list_all)


def open_case(
    door: Door, note: NoteOption, alert: AlertOption = None, document: DocumentOption = None
) -> Reply:
    """By a maker of the exchange or of the registry; all alerts are of one market."""
    from tanshu.exchange.supervision import service
    from tanshu.exchange.supervision.commands import OpenCase

    body = OpenCase(tuple(alert or ()), note, _documents(document))
    answer, key = door.do(service.open_case, body)
    return accepted(answer, key, (Text("案件", "case"), answer["case"]))


def act_on(
    door: Door,
    case: CaseArgument,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="attach|remind|warn|restrict|suspend|lift-restrict|lift-suspend",
        ),
    ],
    note: NoteOption,
    participant: Annotated[str, typer.Option("--participant", metavar="HANDLE", help="对象 · at whom")] = "",
    alert: AlertOption = None,
    document: DocumentOption = None,
) -> Reply:
    """By a maker of the exchange. Restricting, suspending and lifting wait for a second person."""
    from tanshu.exchange.supervision import service
    from tanshu.exchange.supervision.commands import KIND_LABELS, ActOnCase, Kind

    body = ActOnCase(case, kind, note, participant, tuple(alert or ()), _documents(document))
    answer, key = door.do(service.act_on_case, body)
    waits = Chip(Text("待复核", "waits for a second person"), "yellow")
    done = Chip(Text("已办理", "done"), GOOD)
    return accepted(
        answer,
        key,
        (Text("事项", "act"), KIND_LABELS[Kind(answer["kind"])]),
        (Text("状态", "state"), waits if answer["waits"] else done),
    )


def confirm(
    door: Door,
    case: CaseArgument,
    decline: Annotated[bool, typer.Option("--decline", help="退回 · decline it")] = False,
    note: Annotated[str, typer.Option("--note", help="退回的理由 · why it is declined")] = "",
) -> Reply:
    """By a checker of the exchange who did not propose it; a suspension asks for --reason."""
    from tanshu.exchange.supervision import service
    from tanshu.exchange.supervision.commands import KIND_LABELS, ConfirmAct, Kind

    answer, key = door.do(service.confirm_act, ConfirmAct(case, not decline, note))
    in_force = Chip(Text("已生效", "in force"), GOOD)
    declined = Chip(Text("已退回", "declined"), BAD)
    return accepted(
        answer,
        key,
        (Text("事项", "act"), KIND_LABELS[Kind(answer["kind"])]),
        (Text("状态", "state"), in_force if answer["accepted"] else declined),
    )


def dismiss(door: Door, case: CaseArgument, note: NoteOption) -> Reply:
    """There was nothing in it: by a maker of the exchange, with the reason."""
    return _end(door, case, note, dismissed=True)


def close(door: Door, case: CaseArgument, note: NoteOption) -> Reply:
    """Everything is done and nothing is in force: by a maker of the exchange."""
    return _end(door, case, note, dismissed=False)


def show(door: Door, case: CaseArgument) -> Reply:
    """Its alerts, and everything that was done, in order."""
    from tanshu.exchange.supervision import cases
    from tanshu.exchange.supervision.commands import KIND_LABELS, Kind

    with door.reading() as (conn, _):
        found = need(cases.case(conn, case))
        handles = _handles(conn, found)
        told = [need(cases.alert(conn, id)) for id in found.alerts]
    rows = [
        (row.n, row.day, KIND_LABELS[Kind(row.kind)], handles.get(row.subject_id), row.note, row.person)
        for row in found.acts
    ]
    alerts = [(row.id, row.day, Text(row.zh, row.en)) for row in told]
    columns = (
        text_column("预警", "alert"),
        text_column("日期", "day"),
        text_column("说明", "what", fold=True),
    )
    return Reply(_json(found, handles), (_facts(found, handles), Table(columns, alerts), Table(ACTS, rows)))


def list_all(
    door: Door,
    market: Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")] = "",
    state: Annotated[str, typer.Option(help="open|closed|dismissed")] = "",
) -> Reply:
    """Oldest first."""
    from tanshu.exchange import market as markets
    from tanshu.exchange.supervision import cases

    with door.reading() as (conn, book):
        log = need(markets.by_name(book, conn, market)).log if market else None
        found = cases.cases(conn, log=log, state=state)
        handles = [_handles(conn, one) for one in found]
    data = {"cases": [_json(one, names) for one, names in zip(found, handles, strict=True)]}
    rows = [_row(one, names) for one, names in zip(found, handles, strict=True)]
    return Reply(data, (Table(CASES, rows),))


# -- pieces -------------------------------------------------------------------------------------------------


def _end(door: Door, case: str, note: str, *, dismissed: bool) -> Reply:
    from tanshu.exchange.supervision import service
    from tanshu.exchange.supervision.cases import STATE_LABELS
    from tanshu.exchange.supervision.commands import EndCase

    answer, key = door.do(service.end_case, EndCase(case, note, dismissed))
    return accepted(answer, key, (Text("状态", "state"), STATE_LABELS[answer["state"]]))


def _documents(paths: list[Path] | None) -> tuple[Document, ...]:
    from tanshu.base.canonical import digest
    from tanshu.cli import paper_files
    from tanshu.parties.model import Document

    papers = [(path, paper_files.read(path, "document")) for path in paths or ()]
    return tuple(Document("evidence", digest(data).hex(), len(data), path.name) for path, data in papers)


def _handles(conn: Connection, case: Case) -> dict[str, str]:
    from tanshu.parties import queries as parties

    ids = {row.subject_id for row in case.acts if row.subject_id}
    return {id: one.handle for id, one in parties.subjects_by_id(conn, ids).items()}


def _facts(case: Case, handles: dict[str, str]) -> Facts:
    return Facts([(one.label, value) for one, value in zip(CASES, _row(case, handles), strict=True)])


def _row(case: Case, handles: dict[str, str]) -> tuple[object, ...]:
    from tanshu.exchange.supervision.cases import STATE_LABELS
    from tanshu.exchange.supervision.commands import KIND_LABELS, Kind

    waits = KIND_LABELS[Kind(case.waits.kind)] if case.waits is not None else None
    force = [
        Text(f"{KIND_LABELS[kind].zh} {handles[id]}", f"{KIND_LABELS[kind].en} {handles[id]}")
        for kind, id in case.measures
    ]
    return (case.id, case.opened_on, STATE_LABELS[case.state], len(case.alerts), waits, force)


def _json(case: Case, handles: dict[str, str]) -> dict[str, object]:
    return {
        "case": case.id,
        "opened_on": case.opened_on,
        "state": case.state,
        "alerts": case.alerts,
        "waits": case.waits.n if case.waits is not None else None,
        "in_force": [{"measure": kind, "participant": handles[id]} for kind, id in case.measures],
        "acts": [_act(row, handles) for row in case.acts],
    }


def _act(row: Any, handles: dict[str, str]) -> dict[str, object]:
    told = {name: row._mapping[name] for name in ("n", "kind", "about", "note", "person", "day", "seq")}
    read = {name: json.loads(row._mapping[name]) for name in ("alerts", "documents")}
    return {**told, "participant": handles.get(row.subject_id), **read}
