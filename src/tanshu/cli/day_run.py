"""`tanshu day run|resume|status|explain|review|approve|send-back`: the house's day, step by step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.cli import day_explained
from tanshu.cli.accounts import read_date
from tanshu.cli.bank import AtOption, gateways
from tanshu.cli.border import AUDIT_FAILED, complain
from tanshu.cli.day_statements import DayArgument
from tanshu.cli.door import Door, command
from tanshu.cli.output import (
    GOOD,
    NONE,
    Chip,
    Facts,
    Fen,
    Line,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.clearing.day import Role
    from tanshu.clearing.driving import Driven, Halt

PeopleOption = Annotated[
    list[str] | None,
    typer.Option("--also", metavar="PERSON", help="还在场的人,可多次 · who else is at hand; may repeat"),
]
BankPeopleOption = Annotated[
    list[str] | None,
    typer.Option("--bank-person", metavar="BANK=PERSON", help="银行经办,可多次 · its person; may repeat"),
]
AllDays = Annotated[str, typer.Argument(metavar="[DAY]", help="结算日 · the settlement day, YYYY-MM-DD")]
Comment = Annotated[str, typer.Option("--comment", help="退回原因 · why it is sent back")]
DAYS = (
    text_column("结算日", "day"),
    text_column("状态", "state"),
    number_column("成交笔数", "trades"),
    number_column("吨", "t"),
    number_column("金额(元)", "CNY"),
    number_column("未交收", "failed"),
    number_column("差异", "differences"),
    number_column("已说明", "explained"),
)
STEPS = (
    text_column("步骤", "step"),
    text_column("状态", "state"),
    text_column("经办", "by"),
    number_column("日志", "entry"),
)
MARKETS = (
    text_column("市场", "market"),
    text_column("结算方式", "settled"),
    number_column("成交笔数", "trades"),
    number_column("吨", "t"),
    number_column("金额(元)", "CNY"),
    number_column("费用(元)", "fees"),
    number_column("已交收", "delivered"),
    number_column("未交收", "failed"),
)
BLOCKS = (
    text_column("市场", "market"),
    number_column("批次", "block"),
    number_column("首笔", "first"),
    number_column("末笔", "last"),
    number_column("笔数", "trades"),
    number_column("日志", "entry"),
)
FAILS = (
    text_column("市场", "market"),
    number_column("成交编号", "trade"),
    number_column("吨", "t"),
    number_column("金额(元)", "CNY"),
    text_column("账户", "account"),
    text_column("原因", "why"),
)
BREAKS = (
    text_column("差异", "difference"),
    text_column("事项", "about"),
    number_column("本方", "ours"),
    number_column("对方", "theirs"),
    text_column("原因", "cause", fold=True),
)
WHY = {
    "stopped": Text("账户已停用", "the account is stopped"),
    "short": Text("不足额", "not enough there"),
    "depends": Text("取决于未交收的成交", "waits for another that failed"),
}


def add_to(app: typer.Typer) -> None:
    command(app, "run", "办理结算日 · take a settlement day as far as it goes", writes=True)(run)
    command(app, "resume", "继续办理 · go on with a settlement day", writes=True)(run)
    command(app, "status", "结算日一览 · how far the settlement days are")(status)
    command(app, "explain", "结算日详情 · what happened on a day and what it waits for")(explain)
    command(app, "review", "初审 · the first review", writes=True)(review)
    command(app, "approve", "复审 · the second review", writes=True)(approve)
    command(app, "send-back", "退回重新清算 · send a day back to be cleared again", writes=True)(send_back)


def run(
    door: Door,
    day: DayArgument,
    also: PeopleOption = None,
    at: AtOption = None,
    bank_person: BankPeopleOption = None,
) -> Reply:
    """From wherever it stands to its seal, by the people named. It stops where somebody else is needed, where
    something is refused, or where a difference is open; running it again goes on from there."""
    from tanshu.clearing import day as steps
    from tanshu.clearing import driving

    when = read_date(day, door.lang, "DAY")
    with door.installation() as installation:
        with installation.database.read() as conn:
            people = roles(conn, when, (door.actor, *(also or ())))
        desk = driving.Desk(
            people,
            gateways(door, at),
            _bank_people(door, bank_person),
            allow_draft=door.allow_draft,
        )
        title = Text(f"{when} 结算", f"settling {when}").in_(door.lang)
        with progress(title, len(steps.STEPS)) as tick:
            driven = driving.run(installation.book, when, desk, lambda seen: tick(seen.number))
    return _driven(driven)


def _bank_people(door: Door, pairs: Sequence[str] | None) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in pairs or ():
        bank, is_there, person = text.partition("=")
        if not (bank and is_there and person):
            zh, en = f"--bank-person:“{text}”应为 BANK=PERSON", f"--bank-person: “{text}” is not BANK=PERSON"
            raise complain(door.lang, zh, en)
        found[bank] = person
    return found


def status(door: Door, day: AllDays = "") -> Reply:
    """Of one day, or of all: how far, what of, how many differences."""
    from tanshu.clearing import queries
    from tanshu.clearing.model import DAY_LABELS, DayState

    rows: list[Sequence[object]] = []
    found: list[Mapping[str, object]] = []
    with door.reading() as (conn, _):
        days = [need(queries.day(conn, read_date(day, door.lang, "DAY")))] if day else queries.days(conn)
        for one in days:
            facts = _facts(conn, one)
            found.append(facts)
            state = DayState(one.state)
            chip = Chip(DAY_LABELS[state], GOOD if state is DayState.SEALED else "yellow")
            counted = (facts["trades"], facts["tonnes"], Fen(facts["amount_fen"]), facts["failed"])
            differs = NONE if one.differences is None else one.differences
            rows.append((one.day.isoformat(), chip, *counted, differs, facts["explained"]))
    none = Line(Text("尚无结算日", "no settlement day yet"))
    return Reply({"days": found}, (Table(DAYS, rows),) if rows else (none,))


def explain(door: Door, day: DayArgument) -> Reply:
    """Step by step: who took it, in which entry; the markets, the blocks, what failed, what differs."""
    from tanshu.clearing import day as steps
    from tanshu.clearing import queries
    from tanshu.clearing.day import ROLE_LABELS

    when = read_date(day, door.lang, "DAY")
    with door.reading() as (conn, _):
        row = need(queries.day(conn, when))
        due = steps.next_step(conn, when)
        asked = steps.commands(conn, due, when) if due else ()
        taken = list(_taken(row))
        markets = [_market(one) for one in queries.markets(conn, when)]
        logs = {one.log: one.market for one in queries.markets(conn, when)}
        blocks = [(name, block) for log, name in logs.items() for block in queries.blocks(conn, when, log)]
        fails = [(name, one) for log, name in logs.items() for one in queries.fails(conn, when, log)]
        codes = _codes(conn, {one.account for _, one in fails})
        breaks = queries.breaks(conn, when) if row.differences else ()
        explained = queries.explanations(conn, when)
        granted = len(queries.granted_explanations(conn, when))
    waits = asked[0].role if asked else None
    facts: list[tuple[Text, object]] = [(Text("结算日", "day"), when.isoformat())]
    if due:
        facts.append((Text("待办", "next"), steps.STEPS[due]))
    if waits:
        facts.append((Text("由谁办理", "by whom"), ROLE_LABELS[waits]))
    if row.comment:
        facts.append((Text("退回原因", "sent back because"), row.comment))
    if row.log_hash:
        facts.append((Text("封账日志", "sealed up to entry"), row.log_seq))
        facts.append((Text("日志哈希", "log hash"), row.log_hash))
        facts.append((Text("账簿状态哈希", "hash of the book's state"), row.state_hash))
    parts: list[Part] = [Facts(facts), Table(STEPS, taken)]
    if markets:
        parts.append(Table(MARKETS, [one["row"] for one in markets], Text("市场", "markets")))
    if blocks:
        lines = [(n, b.block, b.first, b.last, b.trades, b.seq) for n, b in blocks]
        parts.append(Table(BLOCKS, lines, Text("交收批次", "blocks delivered")))
    if fails:
        parts.append(
            Table(FAILS, [_fail(name, one, codes) for name, one in fails], Text("未能交收", "failed"))
        )
    if breaks:
        parts.append(Table(BREAKS, [_break(one) for one in breaks], Text("差异", "differences")))
    if explained:
        parts.append(day_explained.table(explained))
    data = {
        "day": when.isoformat(),
        "state": row.state,
        "next": due,
        "waits_for": waits,
        "steps": [{"step": step.en, "by": by, "seq": seq} for step, _, by, seq in taken],
        "markets": [one["data"] for one in markets],
        "blocks": [_plain(block) | {"market": name} for name, block in blocks],
        "fails": [_plain(one) | {"market": name} for name, one in fails],
        "differences": [_plain(one) for one in breaks],
        "explained": granted,
        "explanations": [_plain(one) for one in explained],
        "log_hash": row.log_hash,
        "state_hash": row.state_hash,
    }
    return Reply(data, tuple(parts))


def review(door: Door, day: DayArgument) -> Reply:
    """By a checker of the registry who did not collect the day. Refuses CLR-1001, 1002, 1008."""
    from tanshu.clearing import reviewing

    return _reviewed(door, reviewing.review, day, accept=True)


def approve(door: Door, day: DayArgument) -> Reply:
    """By a second checker of the registry. Refuses CLR-1001, 1002, 1008."""
    from tanshu.clearing import reviewing

    return _reviewed(door, reviewing.approve, day, accept=True)


def send_back(door: Door, day: DayArgument, comment: Comment = "") -> Reply:
    """At one's own review, with the reason. Refuses CLR-1001, 1002, 1008, 1009."""
    from tanshu.clearing import queries, reviewing
    from tanshu.clearing.model import DayState

    with door.reading() as (conn, _):
        row = need(queries.day(conn, read_date(day, door.lang, "DAY")))
    verb = reviewing.approve if row.state == DayState.REVIEWED else reviewing.review
    return _reviewed(door, verb, day, accept=False, comment=comment)


def roles(conn: Connection, day: date, handles: Sequence[str]) -> Mapping[Role, str]:
    """What each of these people can be on this day, by their rights; nobody reviews twice."""
    from tanshu.clearing import queries
    from tanshu.clearing.day import Role
    from tanshu.parties import queries as parties
    from tanshu.parties.model import Right, SubjectKind

    row = queries.day(conn, day)
    reviewed = None if isinstance(row, Refusal) else row.reviewed_by
    found: dict[Role, str] = {}
    for handle in handles:
        person = need(parties.person(conn, handle))
        kind = parties.subject_by_id(conn, person.subject_id).kind
        if kind is SubjectKind.EXCHANGE:
            may = {Right.MAKER: (Role.EXCHANGE,), Right.CHECKER: (Role.CONFIRMER,)}
        elif kind is SubjectKind.REGISTRY:
            first = Role.SECOND if reviewed not in (None, handle) or Role.FIRST in found else Role.FIRST
            may = {Right.MAKER: (Role.CLERK,), Right.CHECKER: (first,)}
        else:
            may = {}
        for right in person.rights:
            for role in may.get(right, ()):
                found.setdefault(role, handle)
    return found


# -- parts -------------------------------------------------------------------------------------------------


def _reviewed(door: Door, verb: Any, day: str, *, accept: bool, comment: str = "") -> Reply:
    from tanshu.clearing.model import DAY_LABELS, DayState, Review

    answer, key = door.do(verb, Review(read_date(day, door.lang, "DAY"), accept, comment))
    state = DAY_LABELS[DayState(answer["state"])]
    return accepted(answer, key, (Text("结算日", "day"), answer["day"]), (Text("状态", "state"), state))


def _driven(driven: Driven) -> Reply:
    from tanshu.clearing.model import DAY_LABELS

    state = DAY_LABELS[driven.state] if driven.state else Text("尚未开始", "not begun")
    facts = [(Text("结算日", "day"), driven.day.isoformat()), (Text("状态", "state"), state)]
    data: dict[str, object] = {"day": driven.day.isoformat(), "state": driven.state}
    if driven.halt is None:
        return Reply(data | {"differences": 0}, (Facts(facts),))
    data |= {"step": driven.halt.step, "waits_for": driven.halt.waits_for}
    data["differences"] = driven.halt.differences
    if driven.halt.refused:
        data["refused"] = driven.halt.refused.as_json()
    code = AUDIT_FAILED if driven.halt.refused or driven.halt.differences else 0
    return Reply(data, (Facts(facts), *_halted(driven.halt, driven.day)), code)


def _halted(halt: Halt, day: date) -> Sequence[Part]:
    from tanshu.clearing.day import ROLE_LABELS, STEPS

    step = STEPS[halt.step]
    if halt.waits_for:
        who = ROLE_LABELS[halt.waits_for]
        return (
            Notice(
                Text(
                    f"“{step.zh}”须由{who.zh}办理:加 --also PERSON,或由其运行 tanshu day resume {day}",
                    f"“{step.en}” takes {who.en}: add --also PERSON, or they run tanshu day resume {day}",
                )
            ),
        )
    if halt.refused:
        return (Notice(Text(f"“{step.zh}”:{halt.refused.text.zh}", f"“{step.en}”: {halt.refused.text.en}")),)
    if halt.differences:
        found = Text(
            f"对账差异 {halt.differences} 处:见 tanshu day explain {day}",
            f"differences: {halt.differences}; see tanshu day explain {day}",
        )
        outside = Text(
            "成因在外的差异可由两人说明:tanshu day explain-difference",
            "What others caused two people explain: tanshu day explain-difference",
        )
        return Notice(found), Line(outside)
    return ()


def _facts(conn: Connection, row: Any) -> dict[str, Any]:
    from tanshu.clearing import queries

    markets = queries.markets(conn, row.day)
    return {
        "day": row.day.isoformat(),
        "state": row.state,
        "differences": row.differences,
        "explained": len(queries.granted_explanations(conn, row.day)),
        "trades": sum(one.trades for one in markets),
        "tonnes": sum(one.tonnes for one in markets),
        "amount_fen": sum(one.amount for one in markets),
        "fees_fen": sum(one.trading_fees + one.settlement_fees for one in markets),
        "failed": sum(one.failed for one in markets),
        "statements_hash": row.statements_hash,
        "log_seq": row.log_seq,
        "log_hash": row.log_hash,
        "state_hash": row.state_hash,
    }


def _taken(row: Any) -> Sequence[tuple[Text, Text, str, int]]:
    """The steps that are done: name, what came of it, by whom, in which entry."""
    from tanshu.clearing.day import STEPS
    from tanshu.clearing.model import DAY_LABELS, DayState

    people = {"collected": row.collected_by, "confirmed": row.confirmed_by}
    people |= {"reviewed": row.reviewed_by, "approved": row.approved_by}
    ours = [step for step in STEPS if step not in ("close", "banks")]
    names = dict(zip([state.value for state in DayState], ours, strict=True))
    passed = list(DayState)[: list(DayState).index(DayState(row.state)) + 1]
    return [
        (STEPS[names[state]], DAY_LABELS[state], people.get(state) or "", getattr(row, f"{state}_seq"))
        for state in passed
        if getattr(row, f"{state}_seq") is not None
    ]


def _market(one: Any) -> dict[str, Any]:
    from tanshu.clearing.model import MODEL_LABELS, Model

    fees = one.trading_fees + one.settlement_fees
    counted = (one.trades, one.tonnes, Fen(one.amount), Fen(fees), one.delivered, one.failed)
    return {"row": (one.market, MODEL_LABELS[Model(one.model)], *counted), "data": _plain(one)}


def _fail(market: str, one: Any, codes: Mapping[int, str]) -> Sequence[object]:
    return (market, one.trade, one.quantity, Fen(one.amount), codes[one.account], WHY[one.why])


def _break(one: Any) -> Sequence[object]:
    from tanshu.clearing.reconciling import KINDS, REASONS

    return (KINDS[one.kind], one.about, one.ours, one.theirs, REASONS[one.cause])


def _codes(conn: Connection, numbers: set[int]) -> Mapping[int, str]:
    from tanshu.parties import queries as parties

    return {number: parties.account_by_number(conn, number).code for number in numbers}


def _plain(row: Any) -> dict[str, object]:
    named = row._mapping.items()
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in named}
