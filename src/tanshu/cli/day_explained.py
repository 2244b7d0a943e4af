"""`tanshu day explain-difference|end-explanation|grant-explanation`: what a bank did on its own account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.day_statements import DayArgument
from tanshu.cli.door import Door, command
from tanshu.cli.output import Fen, Reply, Table, number_column, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.book.commit import Answer

IdArgument = Annotated[str, typer.Argument(metavar="EXPLANATION", help="差异说明编号 · its id")]
EXPLAINED = (
    text_column("编号", "id"),
    text_column("差异", "difference"),
    text_column("事项", "about"),
    number_column("本方(元)", "ours (CNY)"),
    number_column("银行(元)", "theirs (CNY)"),
    text_column("状态", "state"),
    text_column("申请", "asked by"),
    text_column("复核", "granted by"),
    text_column("终止自", "ended on"),
    text_column("理由", "reason", fold=True),
)


def add_to(day: typer.Typer) -> None:
    command(day, "explain-difference", "说明对账差异 · say what caused a difference", writes=True)(ask)
    command(day, "end-explanation", "申请终止差异说明 · ask to end an explanation", writes=True)(end)
    command(day, "grant-explanation", "复核差异说明 · grant an explanation or its end", writes=True)(grant)


def ask(
    door: Door,
    day: DayArgument,
    about: Annotated[str, typer.Argument(metavar="ABOUT", help="差异事项,见 explain · as explain names it")],
    kind: Annotated[str, typer.Option("--kind", metavar="KIND", help="种类 · where several are open")] = "",
    document: Annotated[str, typer.Option("--document", metavar="SHA256", help="证明 · of its proof")] = "",
) -> Reply:
    """By a clerk of the registry, with --reason. Refuses CLR-1501 to CLR-1505, CLR-1511."""
    from tanshu.clearing.explaining import explain_difference
    from tanshu.clearing.model import ExplainDifference

    body = ExplainDifference(read_date(day, door.lang, "DAY"), about, kind, document)
    return _accepted(*door.do(explain_difference, body))


def end(
    door: Door,
    explanation: IdArgument,
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="终止日 · from this day on")],
    reference: Annotated[
        str, typer.Option("--reference", metavar="R", help="银行更正流水 · the line that put it right")
    ] = "",
) -> Reply:
    """By a clerk of the registry, with --reason. Refuses CLR-1504, CLR-1506, CLR-1509, CLR-1510."""
    from tanshu.clearing.explaining import end_explanation
    from tanshu.clearing.model import EndExplanation

    body = EndExplanation(explanation, read_date(on, door.lang, "--on"), reference)
    return _accepted(*door.do(end_explanation, body))


def grant(
    door: Door,
    explanation: IdArgument,
    decline: Annotated[bool, typer.Option("--decline", help="不同意 · decline it")] = False,
    comment: Annotated[str, typer.Option("--comment", help="意见 · why")] = "",
) -> Reply:
    """By a checker who neither asked nor ran the day. Refuses CLR-1501, CLR-1504, CLR-1506 to CLR-1508."""
    from tanshu.clearing.explaining import grant_explanation
    from tanshu.clearing.model import GrantExplanation

    return _accepted(*door.do(grant_explanation, GrantExplanation(explanation, not decline, comment)))


def table(rows: Sequence[Any]) -> Table:
    """A day's explanations, to be shown."""
    from tanshu.clearing.bank.reconcile import BREAKS
    from tanshu.clearing.model import EXPLANATION_LABELS, ExplanationState

    shown = [
        (
            *(one.id, BREAKS[one.kind], one.about, Fen(one.ours), Fen(one.theirs)),
            *(EXPLANATION_LABELS[ExplanationState(one.state)], one.asked_by, one.granted_by or ""),
            *(one.ended_on.isoformat() if one.ended_on else "", one.reason),
        )
        for one in rows
    ]
    return Table(EXPLAINED, shown, Text("差异说明", "explanations"))


def _accepted(answer: Answer, key: bytes) -> Reply:
    from tanshu.clearing.model import EXPLANATION_LABELS, ExplanationState

    state = EXPLANATION_LABELS[ExplanationState(answer["state"])]
    told = (Text("差异说明", "explanation"), answer["explanation"])
    return accepted(answer, key, told, (Text("状态", "state"), state))
