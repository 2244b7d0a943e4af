"""`tanshu tx`: propose, approve, reject, withdraw; list and show are in `transaction_views`."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli.border import REFUSED, complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, Chip, Line, Reply, Table, text_column
from tanshu.cli.progress import progress
from tanshu.cli.written import accepted, next_step

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.book.commit import Context, Outcome
    from tanshu.registry.model import ProposedLine, Transaction

app = group("登记业务:申请、审批、查询 · registry transactions")

IdsArgument = Annotated[list[str] | None, typer.Argument(metavar="ID…", help="业务编号 · transactions")]
LINE_HELP = "明细 · INSTRUMENT:QUANTITY[:DEBIT[:CREDIT]]"
LineOption = Annotated[list[str] | None, typer.Option("--line", metavar="LINE", help=LINE_HELP)]
YearOption = Annotated[int | None, typer.Option(help="履约年度 · compliance year")]
CommentOption = Annotated[str, typer.Option(help="意见 · comment")]
BATCHES = 50
"""Approvals committed together: few enough that others get their turn in between."""

DECIDED = (
    text_column("业务", "transaction"),
    text_column("结果", "result"),
    text_column("下一步", "next", fold=True),
)
EXPIRED = (text_column("编号", "id"), text_column("结果", "result"))


def add_to(root: typer.Typer) -> None:
    from tanshu.cli import transaction_views

    transaction_views.add_to(app)
    root.add_typer(app, name="tx")


@command(app, "propose", "申请一笔业务 · propose a transaction", writes=True)
def propose(
    door: Door,
    type: Annotated[str, typer.Option(help="业务类型,见 registry types · its type")],
    line: LineOption = None,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="为谁办理 · for whom")] = "",
    year: YearOption = None,
    batch: Annotated[str, typer.Option(help="批次 · groups transactions")] = "",
    detail: Annotated[list[str] | None, typer.Option(metavar="KEY=VALUE", help="补充信息 · a detail")] = None,
    details_json: Annotated[Path | None, typer.Option(metavar="FILE", help="补充信息文件 · details")] = None,
) -> Reply:
    """Its units stay held until the approval chain ends."""
    lines = tuple(read_line(one, door.lang) for one in line or ())
    details = read_details(detail or (), details_json, door.lang)
    return send_proposal(door, type, lines, subject=subject, year=year, batch=batch, details=details)


def send_proposal(
    door: Door,
    type: str,
    lines: tuple[ProposedLine, ...],
    *,
    subject: str = "",
    year: int | None = None,
    batch: str = "",
    details: Mapping[str, object] | None = None,
) -> Reply:
    """Propose, and say who has to act next."""
    from tanshu.registry import service
    from tanshu.registry.model import Propose

    body = Propose(type, lines, subject, year, batch, details or {})
    answer, key = door.do(service.propose, body)
    return accepted(
        answer,
        key,
        (Text("业务", "transaction"), answer["id"]),
        (Text("状态", "state"), _state(answer.data)),
        (Text("下一步", "next"), next_step(answer.data)),
    )


@command(app, "approve", "办理下一步 · take the next step of a chain", writes=True)
def approve(
    door: Door,
    ids: IdsArgument = None,
    batch: Annotated[str, typer.Option(help="整批办理:轮到此人的全部 · all of a batch that wait")] = "",
    type: Annotated[str, typer.Option(help="只办理此类型 · only of this type")] = "",
    comment: CommentOption = "",
) -> Reply:
    """The last step puts a transaction into effect. --batch and --type mean all whose turn it is."""
    from tanshu.registry import service

    if ids and (batch or type):
        raise complain(
            door.lang, "业务编号与 --batch/--type 不能同用", "give ids, or --batch/--type, not both"
        )
    if not ids and not (batch or type):
        raise complain(door.lang, "给出业务编号,或 --batch/--type", "give ids, or --batch/--type")
    chosen = list(ids or ()) or _waiting(door, batch, type)
    return _decide(door, service.approve, chosen, comment)


@command(app, "reject", "驳回 · turn transactions down", writes=True)
def reject(
    door: Door,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="业务编号 · transactions")],
    comment: CommentOption = "",
) -> Reply:
    """At one's own step; what they held is released."""
    from tanshu.registry import service

    return _decide(door, service.reject, ids, comment)


@command(app, "withdraw", "撤回 · take proposals back", writes=True)
def withdraw(
    door: Door,
    ids: Annotated[list[str], typer.Argument(metavar="ID…", help="业务编号 · transactions")],
    comment: CommentOption = "",
) -> Reply:
    """By a maker of the organisation that made them."""
    from tanshu.registry import service

    return _decide(door, service.withdraw, ids, comment)


@command(app, "expire", "清理到期的申请与冻结 · end what has run out", writes=True)
def expire(
    door: Door,
    limit: Annotated[
        int, typer.Option(min=1, help="每条日志最多多少项 · at most so many in one entry")
    ] = 200,
) -> Reply:
    """Every morning, by a maker of the registry: until nothing is due. Refuses REG-4311 if nothing was."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.registry import service
    from tanshu.registry.model import Expire

    proposals: list[str] = []
    claims: list[str] = []
    part = 0
    with door.installation() as installation, progress(Text("清理", "ending").in_(door.lang)) as tick:
        while True:
            key = door.key_for(*((part,) if part else ()))
            answer = service.expire(door.context(installation, key), Expire(limit))
            if isinstance(answer, Refusal):
                raise Refused(answer)
            proposals += answer["proposals"]
            claims += answer["claims"]
            part += 1
            tick(len(proposals) + len(claims))
            if not answer["more"]:
                break
    told = Line(
        Text(
            f"过期申请 {len(proposals)} 笔,期满冻结 {len(claims)} 项",
            f"{len(proposals)} proposals expired, {len(claims)} freezes lapsed",
        )
    )
    data = {"proposals": proposals, "claims": claims, "entries": part}
    rows = [(one, Text("申请过期", "proposal expired")) for one in proposals]
    rows += [(one, Text("冻结期满", "freeze lapsed")) for one in claims]
    return Reply(data, (Table(EXPIRED, rows), told))


# -- deciding ----------------------------------------------------------------------------------------------


def _waiting(door: Door, batch: str, type: str) -> list[str]:
    """The pending transactions of a batch or type whose turn it is for the person who asks.

    Raises Refused CLI-1007 when there is none.
    """
    from tanshu.base.refusal import Refused
    from tanshu.cli import checks
    from tanshu.cli.comply import today_of
    from tanshu.registry import queries as registry
    from tanshu.registry.chains import waiting_for
    from tanshu.registry.model import TransactionState

    with door.reading() as (conn, _):
        pending = registry.transactions(
            conn, type=type or None, state=TransactionState.PENDING, batch=batch or None
        )
        mine = [one.id for one in waiting_for(conn, door.actor, pending, today_of(conn))]
        if not mine:
            turns = _turns(conn, pending)
            raise Refused(checks.NOBODY_HERE(field="as", person=door.actor, count=len(pending), turns=turns))
    return mine


def _turns(conn: Connection, pending: Sequence[Transaction]) -> Text:
    """Whose people have to do what, and how often."""
    from tanshu.registry.chains import next_organisation, next_step
    from tanshu.rules.terms import ACTS, ORGANISATIONS

    counts: Counter[tuple[str, str]] = Counter()
    for one in pending:
        step, who = next_step(one), next_organisation(conn, one)
        if step is not None:
            zh, en = (who.name, who.name) if who else (ORGANISATIONS[step.by].zh, ORGANISATIONS[step.by].en)
            act = ACTS[step.act]
            counts[f"{zh} {act.zh}", f"{en} to {act.en}"] += 1
    if not counts:
        return Text("无", "nobody")
    return Text(
        ";".join(f"{zh} {count} 笔" for (zh, _), count in counts.items()),
        "; ".join(f"{en}: {count}" for (_, en), count in counts.items()),
    )


def _decide(door: Door, verb: Callable[[Context, Any], Outcome], ids: Sequence[str], comment: str) -> Reply:
    """Send one decision for each id. One alone answers or is refused by itself; several are tabled."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.cli.batch import request, together
    from tanshu.registry.model import Decide

    keys = [door.key_for(*((id,) if len(ids) > 1 else ())) for id in ids]
    outcomes: list[Outcome] = []
    with door.installation() as installation:
        asked = [
            request(verb, door.context(installation, key), Decide(id, comment))
            for id, key in zip(ids, keys, strict=True)
        ]
        with progress(Text("办理", "deciding").in_(door.lang), len(asked)) as tick:
            for start in range(0, len(asked), BATCHES):
                part = asked[start : start + BATCHES]
                outcomes += together(installation.book, part, tick=lambda n, start=start: tick(start + n))
    if len(outcomes) == 1 and isinstance(outcomes[0], Refusal):
        raise Refused(outcomes[0])
    refused = sum(isinstance(one, Refusal) for one in outcomes)
    data = {
        "results": [_json(id, one, key) for id, one, key in zip(ids, outcomes, keys, strict=True)],
        "accepted": len(outcomes) - refused,
        "refused": refused,
    }
    rows = [_row(id, one, door.lang) for id, one in zip(ids, outcomes, strict=True)]
    count = Line(
        Text(
            f"办理 {len(rows) - refused} 笔,拒绝 {refused} 笔",
            f"{len(rows) - refused} done, {refused} refused",
        )
    )
    return Reply(data, (Table(DECIDED, rows), count), REFUSED if refused else 0)


def _json(id: str, outcome: Outcome, key: bytes) -> dict[str, object]:
    from tanshu.base.refusal import Refusal

    if isinstance(outcome, Refusal):
        return {"id": id, "refusal": outcome.as_json()}
    return {"seq": outcome.seq, "repeated": outcome.repeated, "key": key.hex(), **outcome.data}


def _row(id: str, outcome: Outcome, lang: Lang) -> tuple[object, ...]:
    from tanshu.base.refusal import Refusal

    if isinstance(outcome, Refusal):
        return id, Chip(outcome.code, BAD), outcome.sentence(lang)
    return id, _state(outcome.data), next_step(outcome.data)


def _state(answer: Mapping[str, Any]) -> Chip:
    from tanshu.registry.model import TRANSACTION_STATE_LABELS, TransactionState

    state = TransactionState(answer["state"])
    return Chip(TRANSACTION_STATE_LABELS[state], GOOD if state is TransactionState.EFFECTED else "yellow")


# -- reading what was typed --------------------------------------------------------------------------------


def read_line(text: str, lang: Lang) -> ProposedLine:
    """`CEA23:1,000` or `CEA23:1000:CN-R-000017-41:CN-T-000018-12`. Refuses with BASE-100x (the quantity)."""
    from tanshu.base.quantity import check_quantity
    from tanshu.registry.model import ProposedLine

    parts = [part.strip() for part in text.split(":")]
    if not 2 <= len(parts) <= 4:
        raise complain(
            lang,
            f"“{text}”应写作 产品:数量[:转出账户[:转入账户]]",
            f"write “{text}” as INSTRUMENT:QUANTITY[:DEBIT[:CREDIT]]",
        )
    return ProposedLine(parts[0], need(check_quantity(parts[1])), *parts[2:])


def read_details(pairs: Sequence[str], file: Path | None, lang: Lang) -> dict[str, object]:
    """Details from a JSON file, then from KEY=VALUE pairs; numbers with decimals stay exact."""
    found: dict[str, object] = {}
    if file:
        try:
            read = json.loads(file.read_text(encoding="utf-8-sig"), parse_float=Decimal)
        except (OSError, ValueError) as error:
            raise complain(lang, f"无法读取 {file}:{error}", f"cannot read {file}: {error}") from None
        if not isinstance(read, dict):
            raise complain(lang, f"{file} 不是 JSON 对象", f"{file} is no JSON object")
        found |= read
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise complain(lang, f"“{pair}”应写作 名称=值", f"write “{pair}” as KEY=VALUE")
        found[name.strip()] = value
    return found
