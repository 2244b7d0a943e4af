"""`tanshu delegate`: a right handed to a colleague for some days, or to a standing substitute."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.onboarding_files import today
from tanshu.cli.output import GOOD, WEAK, Chip, Line, Reply, Table, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from datetime import date

    from tanshu.parties.delegation import Delegation

app = group("委托与备岗 · delegation, standing substitutes")

STANDING, OVER, HOLDS, LATER = (
    Text("备岗(不定期)", "standing"),
    Text("已结束", "over"),
    Text("有效", "holds"),
    Text("未开始", "to come"),
)
COLUMNS = (
    text_column("委托", "delegation"),
    text_column("委托人", "person"),
    text_column("代办人", "substitute"),
    text_column("权限", "right"),
    text_column("自", "since"),
    text_column("至", "until"),
    text_column("状态", "state"),
    text_column("事由", "reason", fold=True),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="delegate")


@command(app, "give", "把自己的权限委托给同事 · hand a right of one's own to a colleague", writes=True)
def give(
    door: Door,
    substitute: Annotated[str, typer.Argument(metavar="PERSON", help="代办人 · who stands in")],
    right: Annotated[str, typer.Option(help="maker · checker")],
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="首日;缺省今天 · the first day")] = "",
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="末日 · the last day")] = "",
    standing: Annotated[bool, typer.Option("--standing", help="备岗,不定期 · until it is ended")] = False,
) -> Reply:
    """By whoever has the right (--as). Whoever acts as a substitute counts as both: nobody acts twice."""
    from tanshu.parties.delegation import Delegate, delegate
    from tanshu.parties.model import RIGHT_LABELS, Right

    if bool(until) == standing:
        raise complain(door.lang, "--until 与 --standing 二者择一", "give either --until or --standing")
    first = read_date(since, door.lang, "--since") if since else today(door, "")
    last = read_date(until, door.lang, "--until") if until else None
    answer, key = door.do(delegate, Delegate(substitute, right, first, last))
    return accepted(
        answer,
        key,
        (Text("委托", "delegation"), answer["delegation"]),
        (Text("代办人", "substitute"), answer["substitute"]),
        (Text("权限", "right"), RIGHT_LABELS[Right(answer["right"])]),
        (Text("自", "since"), answer["since"]),
        (Text("至", "until"), answer["until"] or STANDING),
    )


@command(app, "end", "提前终止委托 · end a delegation before its day", writes=True)
def end(
    door: Door,
    delegation: Annotated[str, typer.Argument(metavar="DELEGATION", help="委托编号 · its id")],
) -> Reply:
    """By either of the two, or by a maker of the registry."""
    from tanshu.parties.delegation import EndDelegation, end_delegation

    answer, key = door.do(end_delegation, EndDelegation(delegation))
    return accepted(
        answer, key, (Text("委托", "delegation"), answer["delegation"]), (Text("状态", "state"), OVER)
    )


@command(app, "list", "列出委托 · list delegations")
def list_delegations(
    door: Door,
    person: Annotated[str, typer.Option(metavar="PERSON", help="委托人或代办人 · by or to a person")] = "",
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="只看一个主体 · of one subject")] = "",
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="只看当日有效 · in force then")] = "",
) -> Reply:
    """Those that are over, too, unless a day is named."""
    from tanshu.base.refusal import need
    from tanshu.parties import queries
    from tanshu.parties.delegation import delegations

    day = today(door, on)
    with door.reading() as (conn, _):
        owner = need(queries.subject(conn, subject)).id if subject else ""
        found = delegations(conn, person=person, subject_id=owner, on=day if on else None)
    data = [_json(one, day) for one in found]
    count = Line(Text(f"共 {len(found)} 项", f"{len(found)} delegations"), "dim")
    return Reply({"on": day, "delegations": data}, (Table(COLUMNS, [_row(one, day) for one in found]), count))


def _json(one: Delegation, day: date) -> dict[str, object]:
    return {
        "delegation": one.id,
        "person": one.person,
        "substitute": one.substitute,
        "right": one.right,
        "since": one.since,
        "until": one.until,
        "standing": one.until is None,
        "holds": one.holds(day),
        "reason": one.reason,
        "ended_by": one.ended_by,
    }


def _row(one: Delegation, day: date) -> tuple[object, ...]:
    from tanshu.parties.model import RIGHT_LABELS

    if one.holds(day):
        state = Chip(HOLDS, GOOD)
    else:
        state = Chip(LATER if one.ended_seq is None and day < one.since else OVER, WEAK)
    label = RIGHT_LABELS[one.right]
    return one.id, one.person, one.substitute, label, one.since, one.until or STANDING, state, one.reason
