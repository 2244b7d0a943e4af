"""`tanshu bank …`: who keeps whose money, what banks were asked to do, what they say they did."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import Refusal, Refused, need
from tanshu.base.text import Text
from tanshu.cli import bank_answers, bank_simulated
from tanshu.cli.accounts import read_date
from tanshu.cli.bank_answers import InstructionArgument
from tanshu.cli.bank_simulated import BankArgument, DayArgument
from tanshu.cli.border import AUDIT_FAILED, complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import GOOD, Chip, Facts, Fen, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.clearing.bank.gateway import BankGateway, Statement
    from tanshu.clearing.bank.reconcile import Break, Movement

app = group("结算银行 · settlement banks")

AtOption = Annotated[
    list[str] | None,
    typer.Option("--at", metavar="BANK=URL", help="银行连接地址,可多次 · a bank's address; may repeat"),
]
HERE = (
    text_column("银行", "bank"),
    number_column("应存(元)", "has to keep (CNY)"),
    number_column("账簿(元)", "in the book (CNY)"),
    number_column("在途指令", "instructions in transit"),
    number_column("主体", "subjects"),
)
INSTRUCTIONS = (
    text_column("编号", "id"),
    text_column("日期", "day"),
    text_column("银行", "bank"),
    text_column("种类", "kind"),
    text_column("对方", "for"),
    number_column("金额(元)", "CNY"),
    text_column("状态", "state"),
    text_column("银行流水", "bank's reference"),
    number_column("次数", "asked"),
    text_column("手工登记", "by hand"),
)
LINES = (
    number_column("序号", "n"),
    text_column("种类", "kind"),
    text_column("银行流水", "reference"),
    text_column("本方指令", "request"),
    text_column("分账", "sub-ledger"),
    text_column("户名", "name"),
    number_column("金额(元)", "CNY"),
    number_column("余额(元)", "balance"),
)
SUBS = (text_column("分账", "sub-ledger"), number_column("余额(元)", "CNY"))
FOUND = (
    text_column("差异", "difference"),
    text_column("事项", "about"),
    number_column("本方(元)", "ours (CNY)"),
    number_column("银行(元)", "theirs (CNY)"),
    text_column("原因", "cause", fold=True),
)
ON_THE_WAY = (text_column("事项", "about"), text_column("种类", "kind"), number_column("金额(元)", "CNY"))


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="bank")


bank_simulated.add_to(app)
bank_answers.add_to(app)

# -- whose money lies where --------------------------------------------------------------------------------


@command(app, "bind", "绑定结算银行 · say which bank keeps a subject's money", writes=True)
def bind(
    door: Door,
    subject: Annotated[str, typer.Argument(metavar="HANDLE", help="主体 · the subject")],
    bank: BankArgument,
    name: Annotated[str, typer.Option("--name", help="银行账户户名 · the account's name at the bank")],
) -> Reply:
    """The name has to be the registered one. Refuses CLR-3003 to CLR-3006, CLR-3008."""
    from tanshu.clearing.bank import service
    from tanshu.clearing.bank.model import Bind

    answer, key = door.do(service.bind, Bind(subject, bank, name))
    return accepted(answer, key, (Text("主体", "subject"), subject), (Text("银行", "bank"), bank))


@command(app, "list", "各结算银行的资金 · what each bank keeps")
def listed(door: Door) -> Reply:
    """Has to keep: the sub-ledgers bound to it. In the book: minus the book's cell of the bank's account."""
    from tanshu.clearing.bank import queries

    with door.reading() as (conn, book):
        state, money = book.catch_up(conn), need(queries.money(conn)).number
        subs = queries.sub_ledgers(conn)
        needed = need(queries.positions(conn, state, money))
        transit = [row for row in queries.instructions(conn) if row.state in queries.OPEN]
        rows, found = [], []
        for bank in queries.banks(conn):
            mine = [one for one in subs if one.bank_id == bank.id]
            keeps = sum(queries.total(state, one.account, money) for one in mine)
            booked = keeps - needed[bank.id]
            waiting = sum(row.bank_id == bank.id for row in transit)
            count = len({one.subject_id for one in mine})
            rows.append((bank.handle, Fen(keeps), Fen(booked), waiting, count))
            facts = {"bank": bank.handle, "name": bank.name, "has_to_keep": keeps, "in_book": booked}
            found.append(facts | {"in_transit": waiting, "subjects": count})
    return Reply({"banks": found}, (Table(HERE, rows),))


# -- instructions ------------------------------------------------------------------------------------------


@command(app, "instructions", "银行指令 · what banks were asked to do")
def instructions(
    door: Door,
    day: Annotated[str, typer.Option("--day", metavar="YYYY-MM-DD", help="某日的 · of a day")] = "",
    state: Annotated[
        str, typer.Option("--state", metavar="STATE", help="made unknown done refused returned")
    ] = "",
) -> Reply:
    """In the order in which they were made."""
    from tanshu.clearing.bank import queries
    from tanshu.clearing.bank.gateway import Kind
    from tanshu.clearing.bank.model import KIND_LABELS, STATE_LABELS, InstructionState
    from tanshu.parties import queries as parties

    if state and state not in tuple(InstructionState):
        known = ", ".join(InstructionState)
        raise complain(door.lang, f"--state:可用 {known}", f"--state: known are {known}")
    on = read_date(day, door.lang, "--day") if day else None
    with door.reading() as (conn, _):
        found = queries.instructions(conn, day=on, state=state or None)
        handles = {bank.id: bank.handle for bank in queries.banks(conn)}
        accounts = parties.accounts_numbered(conn, {row.account for row in found if row.account is not None})
    told = [_told(row, handles, accounts) for row in found]
    rows = [
        (
            one["id"],
            one["day"],
            one["bank"],
            KIND_LABELS[Kind(one["kind"])],
            one["account"] or one["other"] or "",
            Fen(one["amount"]),
            STATE_LABELS[InstructionState(one["state"])],
            one["reference"] or "",
            one["attempts"],
            one["by_hand"] or "",
        )
        for one in told
    ]
    return Reply({"instructions": told}, (Table(INSTRUCTIONS, rows),))


def _told(row: Any, handles: dict[str, str], accounts: dict[int, Any]) -> dict[str, Any]:
    names = ("id", "day", "kind", "amount", "state", "why", "done_on", "attempts", "seq", "by_hand")
    return {name: getattr(row, name) for name in names} | {
        "bank": handles[row.bank_id],
        "other": handles.get(row.other_id),
        "account": accounts[row.account].code if row.account is not None else None,
        "transaction": row.transaction_id,
        "reference": row.bank_reference,
        "returned": row.returned_id,
    }


@command(app, "send", "发送指令并记录回执 · send what is open, and record the answers", writes=True)
def send(
    door: Door,
    day: DayArgument,
    at: AtOption = None,
    on: Annotated[
        str, typer.Option("--on", metavar="YYYY-MM-DD", help="实际发送日,默认同日 · when it is sent")
    ] = "",
    rounds: Annotated[int, typer.Option("--rounds", min=1, max=10, help="最多问几次 · times to ask")] = 1,
) -> Reply:
    """To be run again at any time: nothing is done twice. Refuses CLR-3301, RULE-3001, and CLR-310x."""
    from tanshu.clearing.bank.model import InstructionState
    from tanshu.clearing.bank.sending import send_all

    when = read_date(day, door.lang, "DAY")
    sent_on = read_date(on, door.lang, "--on") if on else when
    with door.installation() as opened:

        def context(key: bytes) -> Any:
            return door.context(opened, key)

        sent = need(send_all(opened.database, context, gateways(door, at), when, on=sent_on, rounds=rounds))
    counts = {state.value: sent.count(state) for state in InstructionState if sent.count(state)}
    data = {"day": when, "on": sent_on, "answers": counts, "open": sent.open, "next_day": sent.next_day}
    facts: list[tuple[Text, object]] = [
        (Text("已办", "done"), counts.get("done", 0)),
        (Text("拒绝", "refused"), counts.get("refused", 0)),
        (Text("结果未知", "unknown"), counts.get("unknown", 0)),
        (Text("仍在途", "still in transit"), sent.open),
    ]
    if sent.next_day:
        facts.append((Text("非银行日,下一银行日", "no bank day; the next is"), sent.next_day))
    return Reply(data, (Facts(facts),))


@command(app, "take", "接收到账通知并申报入金 · propose the deposits a bank tells of", writes=True)
def take(
    door: Door,
    bank: BankArgument,
    at: AtOption = None,
    approve_as: Annotated[
        str, typer.Option("--approve-as", metavar="PERSON", help="登记机构复核人 · who approves them")
    ] = "",
    after: Annotated[
        int | None, typer.Option("--after", help="通知序号,默认接上次 · notices numbered beyond this")
    ] = None,
) -> Reply:
    """As one of the bank's people. What came before is not booked again. Refuses CLR-3301, CLR-3302."""
    from dataclasses import replace

    from tanshu.clearing.bank import checks, deposits, queries
    from tanshu.clearing.bank.gateway import Unknown

    gateway = _gateway(door, at, bank)
    with door.installation() as opened:

        def context(person: str, key: bytes) -> Any:
            return replace(door, actor=person).context(opened, key)

        with opened.database.read() as conn:
            subject = need(queries.bank_named(conn, bank))
            first = deposits.newest_taken(conn, subject) if after is None else after
            notices = gateway.notices(first)
            if isinstance(notices, Unknown):
                raise Refused(checks.BANK_SILENT(field="at", bank=bank, why=notices.why))
            taken = deposits.take_notices(conn, context, subject, door.actor, notices)
        refused = [*taken.refused]
        if approve_as:
            refused += deposits.approve_notices(context, subject, approve_as, taken)
    data = {
        "bank": bank,
        "proposed": [id for _, id in taken.proposed],
        "unmatched": [one.reference for one in taken.unmatched],
        "refused": [{"reference": one.reference, **why.as_json()} for one, why in refused],
    }
    facts = (
        (Text("已申报", "proposed"), len(taken.proposed)),
        (Text("无法归属", "for nobody here"), ", ".join(data["unmatched"]) or 0),
        (Text("被拒绝", "refused"), len(refused)),
    )
    told = [
        Line(Text(f"{one.reference}:{why.text.zh}", f"{one.reference}: {why.text.en}"))
        for one, why in refused
    ]
    return Reply(data, (Facts(facts), *told))


@command(app, "give-back", "退回被银行拒绝的出金 · give a refused payout back", writes=True)
def give_back(door: Door, instruction: InstructionArgument) -> Reply:
    """As one of the bank's people; the registry approves the deposit. Refuses CLR-3101, CLR-3106."""
    from tanshu.clearing.bank import service
    from tanshu.registry.service import propose

    with door.reading() as (conn, _):
        body = need(service.return_of(conn, instruction))
    answer, key = door.do(propose, body)
    return accepted(answer, key, (Text("入金", "deposit"), answer["id"]))


# -- statements --------------------------------------------------------------------------------------------


@command(app, "import-statement", "导入对账单 · take a bank's statement", writes=True)
def import_statement(
    door: Door,
    bank: BankArgument,
    day: DayArgument,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="CSV;不给则向银行索取 · else the bank is asked")
    ] = None,
    at: AtOption = None,
) -> Reply:
    """The newest of a day counts. Refuses CLR-3003, CLR-3201 to CLR-3203, CLR-3301, CLR-3302."""
    from tanshu.clearing.bank import checks, service, statement_files
    from tanshu.clearing.bank.gateway import Unknown
    from tanshu.clearing.bank.model import ImportStatement

    on = read_date(day, door.lang, "DAY")
    if file is not None:
        said: Statement | Unknown = statement_files.read_statement(file, bank, on)
    else:
        said = _gateway(door, at, bank).statement(on)
    if isinstance(said, Unknown):
        raise Refused(checks.BANK_SILENT(field="at", bank=bank, why=said.why))
    answer, key = door.do(service.import_statement, ImportStatement(said))
    told = (Text("逐笔", "lines"), answer["lines"]), (Text("第几次", "round"), answer["round"])
    return accepted(answer, key, *told, (Text("期末(元)", "closing (CNY)"), Fen(said.closing)))


@command(app, "statement", "查看对账单 · show a bank's statement")
def statement(
    door: Door,
    bank: BankArgument,
    day: DayArgument,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="另存为 CSV · write it as CSV")
    ] = None,
) -> Reply:
    """The one that counts. Refuses CLR-3003, CLR-3204."""
    from tanshu.clearing.bank import queries, statement_files, wire

    with door.reading() as (conn, _):
        subject = need(queries.bank_named(conn, bank))
        said = need(queries.newest_statement(conn, subject, read_date(day, door.lang, "DAY")))
    parts = _shown(said)
    if csv is not None:
        csv.write_text(statement_files.written(said), encoding="utf-8")
        parts = [*parts, Line(Text(f"已写入 {csv}", f"written to {csv}"))]
    return Reply(wire.statement_out(said), parts)


def _shown(said: Statement) -> Sequence[Part]:
    from tanshu.clearing.bank.gateway import LineKind
    from tanshu.clearing.bank.model import LINE_LABELS

    lines = [
        (
            one.n,
            LINE_LABELS[LineKind(one.kind)],
            one.reference,
            one.request,
            one.account,
            one.name,
            Fen(one.amount),
            Fen(one.balance),
        )
        for one in said.lines
    ]
    facts = (
        (Text("银行", "bank"), said.bank),
        (Text("日期", "day"), said.day),
        (Text("期初(元)", "opening (CNY)"), Fen(said.opening)),
        (Text("期末(元)", "closing (CNY)"), Fen(said.closing)),
    )
    subs = [(account, Fen(fen)) for account, fen in said.subs.items()]
    return [Facts(facts), Table(LINES, lines), Table(SUBS, subs, Text("分账", "sub-ledgers"))]


@command(app, "compare", "对账 · hold book and statement against each other")
def compare(door: Door, bank: BankArgument, day: DayArgument) -> Reply:
    """Ends with 3 where there is a difference; what is in transit is none. Refuses CLR-3003, CLR-3204."""
    from tanshu.clearing.bank import explained, position, queries, reconcile

    on = read_date(day, door.lang, "DAY")
    with door.reading() as (conn, book):
        subject = need(queries.bank_named(conn, bank))
        said = need(queries.newest_statement(conn, subject, on))
        ours = position.of_day(conn, book.catch_up(conn), subject, on)
        every = reconcile.compare(ours, said)
        found = explained.unexplained(conn, subject, on, every)
    transit = reconcile.in_transit(ours, said)
    data = {
        "bank": bank,
        "day": on,
        "differences": len(found),
        "explained": len(every) - len(found),
        "breaks": [_break(one) for one in found],
        "in_transit": [
            {"about": one.id, "kind": one.kind, "amount": one.amount, "account": one.account}
            for one in transit
        ],
    }
    parts = _compared(found, transit)
    if data["explained"]:
        parts.append(Facts(((Text("已说明的差异", "differences explained"), data["explained"]),)))
    return Reply(data, parts, AUDIT_FAILED if found else 0)


def _break(one: Break) -> dict[str, object]:
    from tanshu.clearing.bank.reconcile import CAUSES

    return {**one._asdict(), "why": CAUSES[one.cause]}


def _compared(found: Sequence[Break], transit: Sequence[Movement]) -> list[Part]:
    from tanshu.clearing.bank.model import LINE_LABELS
    from tanshu.clearing.bank.reconcile import BREAKS, CAUSES

    parts: list[Part] = []
    if found:
        rows = [
            (BREAKS[one.kind], one.about, Fen(one.ours), Fen(one.theirs), CAUSES[one.cause]) for one in found
        ]
        parts.append(Table(FOUND, rows, Text("差异", "differences")))
    else:
        parts.append(Line(Chip(Text("账实相符,无差异", "book and bank agree"), GOOD)))
    if transit:
        rows = [(one.id, LINE_LABELS[one.kind], Fen(one.amount)) for one in transit]
        parts.append(Table(ON_THE_WAY, rows, Text("在途", "in transit")))
    return parts


# -- gateways ----------------------------------------------------------------------------------------------


def gateways(door: Door, at: list[str] | None) -> dict[str, BankGateway]:
    """The banks whose addresses were given."""
    from tanshu.clearing.bank.http import HttpBank

    found: dict[str, BankGateway] = {}
    for text in at or ():
        bank, is_there, url = text.partition("=")
        if not (bank and is_there and url.startswith(("http://", "https://"))):
            raise complain(
                door.lang, f"--at:“{text}”应为 BANK=http://…", f"--at: “{text}” is not BANK=http://…"
            )
        found[bank] = HttpBank(url, bank)
    return found


def _gateway(door: Door, at: list[str] | None, bank: str) -> BankGateway:
    from tanshu.clearing.bank import checks

    found = gateways(door, at).get(bank)
    if found is None:
        missing: Refusal = checks.GATEWAY_MISSING(field="at", bank=bank)
        raise Refused(missing)
    return found
