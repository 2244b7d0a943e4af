"""`tanshu day object|objections|decide-objection|confirm-objection|correct`: objections to a settled day."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.claim_orders import EvidenceOption, TitleOption, papers_of
from tanshu.cli.day_statements import DayArgument
from tanshu.cli.door import Door, command
from tanshu.cli.market_orders import fen, whole
from tanshu.cli.onboarding_files import VaultOption
from tanshu.cli.output import BAD, GOOD, Chip, Line, Reply, Table, number_column, text_column
from tanshu.cli.transactions import LINE_HELP, read_line, send_proposal
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

SubjectArgument = Annotated[str, typer.Argument(metavar="SUBJECT", help="主体代号 · who objects")]
ObjectionArgument = Annotated[str, typer.Argument(metavar="OBJECTION", help="异议编号 · its id")]
AnyDay = Annotated[str, typer.Argument(metavar="[DAY]", help="结算日 · of one settlement day, YYYY-MM-DD")]
OBJECTIONS = (
    text_column("异议", "objection"),
    text_column("结算日", "day"),
    text_column("主体", "who"),
    text_column("状态", "state"),
    text_column("理由", "grounds", fold=True),
    text_column("意见", "opinion", fold=True),
    text_column("拟定", "decided by"),
    text_column("复核", "confirmed by"),
    text_column("更正", "correction"),
    number_column("更正日志", "its entry"),
)


def add_to(day: typer.Typer) -> None:
    command(day, "object", "对结算单提出异议 · object to one's statement of a day", writes=True)(object_to)
    command(day, "objections", "列出结算异议 · objections to settlement days")(listed)
    command(day, "decide-objection", "拟定异议处理意见 · propose the decision", writes=True)(decide)
    command(day, "confirm-objection", "复核异议处理意见 · confirm the decision", writes=True)(confirm)
    command(day, "correct", "申请更正 · propose what an upheld objection asks for", writes=True)(correct)


def object_to(
    door: Door,
    day: DayArgument,
    subject: SubjectArgument,
    text: Annotated[str, typer.Option("--text", help="理由 · what it rests on")] = "",
) -> Reply:
    """By a maker of the participant, until a market opens again. Refuses CLR-1001, CLR-6002 to CLR-6005."""
    from tanshu.clearing.objections import service
    from tanshu.clearing.objections.model import FileObjection

    body = FileObjection(subject, read_date(day, door.lang, "DAY"), text)
    answer, key = door.do(service.file_objection, body)
    told = (Text("异议", "objection"), answer["objection"])
    return accepted(answer, key, told, (Text("状态", "state"), _state(answer["state"])))


def listed(door: Door, day: AnyDay = "") -> Reply:
    """All of them, or those to one day; the oldest first."""
    from tanshu.clearing.objections import queries

    with door.reading() as (conn, _):
        found = queries.objections(conn, read_date(day, door.lang, "DAY") if day else None)
        names = _handles(conn)
    rows = [
        (
            row.id,
            row.day,
            names[row.subject_id],
            _state(row.state),
            row.grounds,
            row.opinion,
            row.decided_by,
            row.confirmed_by,
            row.correction_id,
            row.corrected_seq,
        )
        for row in found
    ]
    data = {"objections": [_json(row, names) for row in found]}
    if not rows:
        return Reply(data, (Line(Text("没有结算异议", "no objections")),))
    return Reply(data, (Table(OBJECTIONS, rows),))


def decide(
    door: Door,
    objection: ObjectionArgument,
    uphold: Annotated[bool, typer.Option("--uphold/--dismiss", help="成立或不成立 · uphold or dismiss")],
    opinion: Annotated[str, typer.Option("--opinion", help="处理意见 · the reasons")] = "",
    tonnes: Annotated[str, typer.Option("--tonnes", help="更正的数量(吨) · tonnes to be moved")] = "",
    yuan: Annotated[str, typer.Option("--yuan", help="更正的金额(元) · CNY to be moved")] = "0",
) -> Reply:
    """By a clerk of the registry; a checker confirms it. Refuses CLR-6001, 6006, 6007, 6014."""
    from tanshu.clearing.objections import service
    from tanshu.clearing.objections.model import DecideObjection

    moved = (whole(door, tonnes) if tonnes else 0, fen(door, yuan))
    answer, key = door.do(service.decide_objection, DecideObjection(objection, uphold, opinion, *moved))
    return accepted(answer, key, (Text("状态", "state"), _state(answer["state"])))


def confirm(
    door: Door,
    objection: ObjectionArgument,
    reject: Annotated[bool, typer.Option("--reject", help="退回重拟 · send it back")] = False,
) -> Reply:
    """By a checker of the registry who did not propose it. Refuses CLR-6001, CLR-6006, CLR-6008."""
    from tanshu.clearing.objections import service
    from tanshu.clearing.objections.model import ConfirmObjection

    answer, key = door.do(service.confirm_objection, ConfirmObjection(objection, accept=not reject))
    return accepted(answer, key, (Text("状态", "state"), _state(answer["state"])))


def correct(
    door: Door,
    objection: ObjectionArgument,
    line: Annotated[list[str], typer.Option("--line", metavar="LINE", help=LINE_HELP)],
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """Dated today; the sealed day stays as it is; two more people approve.

    It moves what the decision says, between those who have a statement of the day. Refuses CLR-6001, 6006,
    6011, 6015, 6016.
    """
    from tanshu.clearing.objections import queries
    from tanshu.clearing.objections.model import CORRECTION

    lines = tuple(read_line(one, door.lang) for one in line)
    details = papers_of(door, evidence, vault, title)
    with door.reading() as (conn, _):
        row = need(queries.objection(conn, objection))
    named = {"objection": objection, "day": row.day.isoformat()}
    return send_proposal(door, CORRECTION, lines, details=details | named)


# -- pieces ------------------------------------------------------------------------------------------------


def _state(state: str) -> Chip:
    from tanshu.clearing.objections.model import STATE_LABELS, State

    style = {State.CORRECTED: GOOD, State.DISMISSED: BAD}.get(State(state), "yellow")
    return Chip(STATE_LABELS[State(state)], style)


def _handles(conn: Connection) -> dict[str, str]:
    from tanshu.parties import queries as parties

    return {one.id: one.handle for one in parties.subjects(conn)}


def _json(row: Any, names: Mapping[str, str]) -> dict[str, object]:
    told = {name: value for name, value in row._mapping.items() if name != "subject_id"}
    return {**told, "subject": names[row.subject_id]}
