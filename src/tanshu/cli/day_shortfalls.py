"""`tanshu day shortfall`: money missing in a participant's cash account, from the notice to its recovery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.border import complain
from tanshu.cli.claim_orders import EvidenceOption, TitleOption, papers_of
from tanshu.cli.day_statements import DayArgument
from tanshu.cli.door import Door, command, group
from tanshu.cli.market_orders import fen
from tanshu.cli.onboarding_files import VaultOption
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Facts,
    Fen,
    Line,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.transactions import send_proposal
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

SubjectArgument = Annotated[str, typer.Argument(metavar="SUBJECT", help="主体代号 · the participant")]
IdArgument = Annotated[str, typer.Argument(metavar="SHORTFALL", help="资金不足编号 · its id")]
FundOption = Annotated[
    str, typer.Option("--fund", metavar="FUND", help="reserve 风险准备金 · own_funds 自有资金")
]
SHORTFALLS = (
    text_column("资金不足", "shortfall"),
    text_column("结算日", "day"),
    text_column("主体", "participant"),
    text_column("原因", "cause"),
    text_column("状态", "state"),
    number_column("金额(元)", "CNY"),
    number_column("补足", "made good"),
    number_column("垫付", "covered"),
    number_column("追偿", "recovered"),
    text_column("补足期限", "until"),
)
PAYMENTS = (
    text_column("性质", "what"),
    text_column("资金来源", "fund"),
    number_column("金额(元)", "CNY"),
    text_column("业务", "transaction"),
    text_column("付方", "from"),
    text_column("收方", "to"),
    number_column("日志", "entry"),
)
PAYMENT_LABELS = {
    "cure": Text("补足", "made good"),
    "cover": Text("垫付", "covered"),
    "recovery": Text("追偿", "recovered"),
}


def add_to(day: typer.Typer) -> None:
    app = group("资金不足 · shortfalls")
    day.add_typer(app, name="shortfall")
    command(app, "notice", "提出资金不足 · state that money is missing", writes=True)(notice)
    command(app, "confirm", "复核通知,即行生效 · confirm a notice: it binds", writes=True)(confirm)
    command(app, "withdraw", "撤回通知 · take a notice back", writes=True)(withdraw)
    command(app, "cure", "以入金补足 · count deposits that make it good", writes=True)(cure)
    command(app, "cover", "申请垫付 · propose that the house covers it", writes=True)(cover)
    command(app, "recover", "申请追偿 · propose that a fund gets its money back", writes=True)(recover)
    command(app, "list", "列出资金不足 · list shortfalls")(listed)
    command(app, "explain", "资金不足详情:每一分钱 · every fen of one")(explain)


def notice(
    door: Door,
    day: DayArgument,
    subject: SubjectArgument,
    yuan: Annotated[str, typer.Argument(metavar="YUAN", help="金额,元 · CNY")],
    cause: Annotated[
        str,
        typer.Option("--cause", help="bank-short · returned-deposit · failed-participant · other"),
    ],
    minutes: Annotated[
        int | None,
        typer.Option("--minutes", help="补足期限(分钟),规则包未定时必填 · where no pack says how long"),
    ] = None,
) -> Reply:
    """By a clerk of the registry, with --reason; a checker makes it bind. Refuses CLR-4002 to 4007."""
    from tanshu.clearing.shortfall import service
    from tanshu.clearing.shortfall.model import NoticeShortfall

    body = NoticeShortfall(subject, read_date(day, door.lang, "DAY"), fen(door, yuan), cause, minutes)
    answer, key = door.do(service.notice_shortfall, body)
    return accepted(
        answer,
        key,
        (Text("资金不足", "shortfall"), answer["shortfall"]),
        (Text("状态", "state"), _state(answer["state"])),
        (Text("金额(元)", "CNY"), Fen(answer["amount"])),
    )


def confirm(door: Door, shortfall: IdArgument) -> Reply:
    """By a checker of the registry who did not state it: the participant is told and stops trading.

    Nothing is paid out to it; its period begins. Refuses CLR-4001, CLR-4008, CLR-4022.
    """
    from tanshu.clearing.shortfall import service
    from tanshu.clearing.shortfall.model import ConfirmShortfall

    answer, key = door.do(service.confirm_shortfall, ConfirmShortfall(shortfall))
    return accepted(
        answer,
        key,
        (Text("资金不足", "shortfall"), answer["shortfall"]),
        (Text("金额(元)", "CNY"), Fen(answer["amount"])),
        (Text("补足期限", "to be made good until"), shanghai_text(answer["cure_until_ns"])),
        (Text("已暂停交易的市场", "stopped in"), _markets(answer["suspended"])),
    )


def withdraw(door: Door, shortfall: IdArgument) -> Reply:
    """By a checker of the registry who did not state it, with --reason, until something was covered.

    What it had stopped goes on. Refuses CLR-4001, CLR-4005, CLR-4008, CLR-4022, CLR-4023.
    """
    from tanshu.clearing.shortfall import service
    from tanshu.clearing.shortfall.model import WithdrawShortfall

    answer, key = door.do(service.withdraw_shortfall, WithdrawShortfall(shortfall))
    lifted = (Text("恢复交易的市场", "trades again in"), _markets(answer["lifted"]))
    return accepted(answer, key, (Text("状态", "state"), _state(answer["state"])), lifted)


def cure(
    door: Door,
    shortfall: IdArgument,
    deposits: Annotated[list[str], typer.Argument(metavar="ID…", help="入金业务编号 · the deposits")],
) -> Reply:
    """By a clerk of the registry: deposits since the notice, in this order. Refuses CLR-4001, 4008, 4016."""
    from tanshu.clearing.shortfall import service
    from tanshu.clearing.shortfall.model import CureShortfall

    answer, key = door.do(service.cure_shortfall, CureShortfall(shortfall, tuple(deposits)))
    missing = (Text("尚缺(元)", "still missing (CNY)"), Fen(answer["missing"]))
    return accepted(answer, key, (Text("状态", "state"), _state(answer["state"])), missing)


def cover(
    door: Door,
    shortfall: IdArgument,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """All that is missing, from the funds in the pack's order; two more people approve.

    Once its period is over. Refuses CLR-4001, CLR-4008, CLR-4011, CLR-4017.
    """
    from tanshu.clearing.shortfall import service

    details = papers_of(door, evidence, vault, title)
    with door.reading() as (conn, book):
        body = need(service.cover(conn, book.catch_up(conn), shortfall, ()))
        whose = _whose(conn, shortfall)
    details |= {"shortfall": shortfall}
    return send_proposal(door, body.type, body.lines, subject=whose, details=details)


def recover(
    door: Door,
    shortfall: IdArgument,
    yuan: Annotated[str, typer.Argument(metavar="YUAN", help="金额,元 · CNY")],
    fund: FundOption,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """Back to the fund that gave it; two more people approve. Refuses CLR-4001, CLR-4008, CLR-4015."""
    from tanshu.clearing.shortfall.model import FUNDS, RECOVERY

    if fund not in FUNDS:
        names = ", ".join(FUNDS)
        raise complain(door.lang, f"--fund:应为 {names}", f"--fund: one of {names}")
    amount = fen(door, yuan)
    details = papers_of(door, evidence, vault, title)
    with door.reading() as (conn, _):
        lines, whose = (_recovery(conn, shortfall, fund, amount),), _whose(conn, shortfall)
    return send_proposal(door, RECOVERY, lines, subject=whose, details=details | {"shortfall": shortfall})


def listed(door: Door) -> Reply:
    """The oldest first."""
    from tanshu.clearing.shortfall import queries
    from tanshu.clearing.shortfall.model import CAUSE_LABELS, Cause

    with door.reading() as (conn, _):
        found = queries.shortfalls(conn)
        names = _handles(conn)
    rows = [
        (
            row.id,
            row.day,
            names[row.subject_id],
            CAUSE_LABELS[Cause(row.cause)],
            _state(row.state),
            *map(Fen, (row.amount, row.cured, row.covered, row.recovered)),
            _until(row.cure_until_ns),
        )
        for row in found
    ]
    data = {"shortfalls": [_json(row, names) for row in found]}
    if not rows:
        return Reply(data, (Line(Text("没有资金不足", "no shortfalls")),))
    return Reply(data, (Table(SHORTFALLS, rows),))


def explain(door: Door, shortfall: IdArgument) -> Reply:
    """From its notice to its end: which transaction, from where to where. Refuses CLR-4001."""
    from tanshu.clearing.shortfall import queries
    from tanshu.clearing.shortfall.model import CAUSE_LABELS, FUND_LABELS, Cause

    with door.reading() as (conn, _):
        told = need(queries.explain(conn, shortfall))
    owed = [
        (Text(f"{label.zh}尚未收回(元)", f"{label.en}: outstanding (CNY)"), Fen(told["outstanding"][fund]))
        for fund, label in FUND_LABELS.items()
    ]
    who, why = "withdrawn_by", "withdrawn_why"
    withdrawn = [None] if told[who] else []
    facts = Facts(
        (
            (Text("资金不足", "shortfall"), told["shortfall"]),
            (Text("结算日", "day"), told["day"]),
            (Text("主体", "participant"), told["subject"]),
            (Text("账户", "account"), told["account"]),
            (Text("原因", "cause"), CAUSE_LABELS[Cause(told["cause"])]),
            (Text("说明", "why"), told["why"]),
            (Text("状态", "state"), _state(told["state"])),
            (Text("提出", "stated by"), told["noticed_by"]),
            (Text("复核", "confirmed by"), told["confirmed_by"] or ""),
            *((Text("撤回", "withdrawn"), f"{told[who]}: {told[why]}") for _ in withdrawn),
            (Text("补足期限", "to be made good until"), _until(told["cure_until_ns"])),
            (Text("金额(元)", "CNY"), Fen(told["amount"])),
            (Text("补足(元)", "made good (CNY)"), Fen(told["cured"])),
            (Text("垫付(元)", "covered (CNY)"), Fen(told["covered"])),
            (Text("追偿(元)", "recovered (CNY)"), Fen(told["recovered"])),
            (Text("尚缺(元)", "still missing (CNY)"), Fen(told["missing"])),
            *owed,
        )
    )
    payments = _payments(told["payments"])
    return Reply(told, (facts, Table(PAYMENTS, payments)) if payments else (facts,))


# -- pieces ------------------------------------------------------------------------------------------------


def _recovery(conn: Connection, id: str, fund: str, amount: int) -> Any:
    from tanshu.clearing.shortfall import queries
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry
    from tanshu.registry.model import ProposedLine

    row = need(queries.shortfall(conn, id))
    code = registry.instrument_by_number(conn, row.instrument).code
    giver = parties.account_by_number(conn, row.account).code
    account = queries.fund_accounts(conn).get(fund)
    return ProposedLine(code, amount, giver, account.code if account else "")


def _whose(conn: Connection, id: str) -> str:
    from tanshu.clearing.shortfall import queries
    from tanshu.parties import queries as parties

    return parties.subject_by_id(conn, need(queries.shortfall(conn, id)).subject_id).handle


def _payments(told: Sequence[Mapping[str, Any]]) -> list[tuple[object, ...]]:
    from tanshu.clearing.shortfall.model import FUND_LABELS

    return [
        (
            PAYMENT_LABELS[one["kind"]],
            FUND_LABELS[one["fund"]] if one["fund"] else "",
            Fen(one["amount"]),
            one["transaction"],
            "+".join(dict.fromkeys(line["debit"] for line in one["lines"])),
            "+".join(dict.fromkeys(line["credit"] for line in one["lines"])),
            one["seq"],
        )
        for one in told
    ]


def _until(ns: int | None) -> str:
    return "" if ns is None else shanghai_text(ns)


def _markets(names: Sequence[str]) -> object:
    return ", ".join(names) or Text("无", "none")


def _state(state: str) -> Chip:
    from tanshu.clearing.shortfall.model import STATE_LABELS, State

    ended = {State.CURED: GOOD, State.RECOVERED: GOOD, State.WITHDRAWN: GOOD}
    style = {**ended, State.CONFIRMED: BAD}.get(State(state), "yellow")
    return Chip(STATE_LABELS[State(state)], style)


def _handles(conn: Connection) -> dict[str, str]:
    from tanshu.parties import queries as parties

    return {one.id: one.handle for one in parties.subjects(conn)}


def _json(row: Any, names: Mapping[str, str]) -> dict[str, object]:
    told = {name: value for name, value in row._mapping.items() if name != "subject_id"}
    return {**told, "subject": names[row.subject_id]}
