"""`tanshu bank answer`: what a bank said whose line is down, recorded by hand."""

from __future__ import annotations

from typing import Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.door import Door, command
from tanshu.cli.output import Reply
from tanshu.cli.written import accepted

InstructionArgument = Annotated[str, typer.Argument(metavar="INSTRUCTION", help="银行指令编号 · its id")]


def add_to(bank: typer.Typer) -> None:
    title = "手工登记银行回执 · record by hand what a bank answered"
    command(bank, "answer", title, writes=True)(answer)


def answer(
    door: Door,
    instruction: InstructionArgument,
    state: Annotated[str, typer.Argument(metavar="done|refused", help="回执 · what it said")],
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="依据 · from where it is known")],
    reference: Annotated[str, typer.Option("--reference", metavar="R", help="银行流水 · the bank's")] = "",
    on: Annotated[
        str, typer.Option("--on", metavar="YYYY-MM-DD", help="银行办理日 · when the bank did it")
    ] = "",
) -> Reply:
    """For a bank whose line is down: what it said on paper. Refuses CLR-3101 to 3104, CLR-3109, CLR-3110."""
    from tanshu.clearing.bank import service
    from tanshu.clearing.bank.model import STATE_LABELS, Answered, Answers, InstructionState

    day = read_date(on, door.lang, "--on") if on else None
    said = Answered(instruction, state, reference, day, why, by_hand=True)
    found, key = door.do(service.answered, Answers((said,)))
    label = STATE_LABELS[InstructionState(next(iter(found["states"])))]
    return accepted(found, key, (Text("指令", "instruction"), instruction), (Text("状态", "state"), label))
