"""`tanshu comply confirm|unlock`: a second person of the province, on an allocation and on its data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Lang, Text
from tanshu.cli.border import REFUSED
from tanshu.cli.door import Door, command
from tanshu.cli.output import BAD, GOOD, Chip, Reply, Table, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.book.commit import Outcome

YearOption = Annotated[int, typer.Option(help="履约年度 · compliance year")]

CONFIRMED = (
    text_column("主体", "entity"),
    text_column("结果", "result"),
    text_column("原因", "why not", fold=True),
)


def add_to(app: typer.Typer) -> None:
    command(
        app, "confirm", "确认不增发的核定分配 · confirm a final allocation that issues nothing", writes=True
    )(confirm)
    command(app, "unlock", "解锁数据以便更正 · open locked data for correction", writes=True)(unlock)


def confirm(
    door: Door,
    year: YearOption,
    subject: Annotated[list[str], typer.Option(metavar="HANDLE", help="主体,可重复 · entities")],
    reject: Annotated[bool, typer.Option("--reject", help="不确认,撤销该决定 · drop the decision")] = False,
) -> Reply:
    """By a checker of the province, not the one who decided. Each entity by itself."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.cli.batch import request, together
    from tanshu.compliance.allocation import Confirm, confirm_allocation

    keys = [door.key_for(*((one,) if len(subject) > 1 else ())) for one in subject]
    with door.installation() as installation:
        asked = [
            request(
                confirm_allocation, door.context(installation, key), Confirm(one, year, accept=not reject)
            )
            for one, key in zip(subject, keys, strict=True)
        ]
        outcomes = together(installation.book, asked)
    if len(outcomes) == 1 and isinstance(outcomes[0], Refusal):
        raise Refused(outcomes[0])
    refused = sum(isinstance(one, Refusal) for one in outcomes)
    data = {
        "year": year,
        "results": [_json(*each) for each in zip(subject, outcomes, keys, strict=True)],
        "accepted": len(outcomes) - refused,
        "refused": refused,
    }
    rows = [_row(one, outcome, door.lang) for one, outcome in zip(subject, outcomes, strict=True)]
    return Reply(data, (Table(CONFIRMED, rows),), REFUSED if refused else 0)


def unlock(
    door: Door,
    subject: Annotated[str, typer.Argument(metavar="SUBJECT", help="主体代号或信用代码 · the entity")],
    year: YearOption,
) -> Reply:
    """By a checker of the province, with --reason; a maker then imports the corrected data."""
    from tanshu.mrv import service
    from tanshu.mrv.service import Unlock

    answer, key = door.do(service.unlock, Unlock(subject, year))
    return accepted(
        answer,
        key,
        (Text("主体", "entity"), answer["subject"]),
        (Text("年度", "year"), str(year)),
        (Text("解除的锁", "locks released"), answer["released"]),
    )


def _json(handle: str, outcome: Outcome, key: bytes) -> dict[str, object]:
    from tanshu.base.refusal import Refusal

    if isinstance(outcome, Refusal):
        return {"subject": handle, "refusal": outcome.as_json()}
    return {"seq": outcome.seq, "repeated": outcome.repeated, "key": key.hex(), **outcome.data}


def _row(handle: str, outcome: Outcome, lang: Lang) -> tuple[object, ...]:
    from tanshu.base.refusal import Refusal

    if isinstance(outcome, Refusal):
        return handle, Chip(outcome.code, BAD), outcome.sentence(lang)
    confirmed = Text("已生效", "in force") if outcome["in_force"] else Text("已撤销", "dropped")
    return handle, Chip(confirmed, GOOD if outcome["in_force"] else "yellow"), None
