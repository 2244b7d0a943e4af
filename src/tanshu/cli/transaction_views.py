"""`tanshu tx list|show|certificate`: looking at transactions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.holdings import quantity
from tanshu.cli.output import (
    BAD,
    GOOD,
    WEAK,
    Chip,
    Facts,
    Line,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.stamps import notices, short_stamp, stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.parties.model import Account, Subject
    from tanshu.registry.model import Instrument, Transaction, TransactionState
    from tanshu.registry.search import WantedTransactions

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="业务编号 · transaction")]

MOMENT = "seq:N|YYYY-MM-DD"
LIST = (
    text_column("业务", "transaction"),
    text_column("类型", "type"),
    text_column("状态", "state"),
    text_column("主体", "subject", fold=True),
    text_column("年度", "year"),
    text_column("明细", "lines", fold=True),
    text_column("下一步", "next"),
    text_column("申请时间", "proposed"),
)
LINES = (
    text_column("产品", "instrument"),
    number_column("数量", "quantity"),
    text_column("转出", "debit"),
    text_column("转入", "credit"),
    text_column("冻结", "hold"),
)
STEPS = (
    text_column("步骤", "step"),
    text_column("机构", "organisation"),
    text_column("办理", "act"),
    text_column("经办人", "person"),
    text_column("决定", "decision"),
    text_column("时间", "time"),
    text_column("日志序号", "log seq"),
    text_column("意见", "comment", fold=True),
)


def add_to(app: typer.Typer) -> None:
    command(app, "list", "列出业务 · list transactions")(list_transactions)
    command(app, "show", "查看一笔业务 · show a transaction")(show)
    command(app, "certificate", "业务证明(HTML)· certificate of a transaction, HTML")(certificate)


class _Names:
    """Codes and names by number and id: what a list of these transactions needs to be readable."""

    def __init__(self, conn: Connection, made: Sequence[Transaction]):
        from tanshu.parties import queries as parties
        from tanshu.registry import queries as registry

        numbers = {n for one in made for line in one.lines for n in (line.debit, line.credit)}
        self.accounts: dict[int, Account] = parties.accounts_numbered(conn, sorted(numbers))
        owners = {one.subject_id for one in self.accounts.values()} | {one.subject_id for one in made}
        self.subjects: dict[str, Subject] = parties.subjects_with_ids(conn, sorted(owners))
        self.instruments: dict[int, Instrument] = {one.number: one for one in registry.instruments(conn)}


def list_transactions(
    door: Door,
    type: Annotated[str, typer.Option(help="业务类型 · type")] = "",
    state: Annotated[str, typer.Option(help="pending · effected · rejected · withdrawn · expired")] = "",
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体 · subject")] = "",
    year: Annotated[int | None, typer.Option(help="履约年度 · compliance year")] = None,
    batch: Annotated[str, typer.Option(help="批次 · batch")] = "",
    mine: Annotated[str, typer.Option(metavar="PERSON", help="轮到此人办理的 · whose turn it is")] = "",
    since: Annotated[str, typer.Option("--from", metavar=MOMENT, help="自何时申请 · proposed from")] = "",
    to: Annotated[str, typer.Option(metavar=MOMENT, help="至何时申请 · proposed up to")] = "",
    before: Annotated[str, typer.Option(help="从上一页的 next 接着看 · next of the page before")] = "",
    limit: Annotated[int, typer.Option(help="最近多少笔,0 为全部 · newest so many, 0 for all")] = 100,
) -> Reply:
    """In the order they were proposed; the newest `limit` of those that match."""
    from tanshu.cli.comply import today_of
    from tanshu.cli.own_words import own_words
    from tanshu.cli.search import more
    from tanshu.parties import queries as parties
    from tanshu.registry import search
    from tanshu.registry.chains import waiting_for

    cursor = _cursor(door, before) if before else None
    with door.reading() as (conn, _):
        wanted = search.WantedTransactions(
            type or None,
            _state_named(door, state) if state else None,
            need(parties.subject(conn, subject)).id if subject else None,
            year,
            batch or None,
            *_between(conn, since, to),
        )
        if mine:  # whose turn it is only the chain of each one says
            waiting = search.transactions(conn, _pending(wanted), before=cursor, limit=None)
            theirs = waiting_for(conn, mine, waiting, today_of(conn))
            found = list(theirs) if wanted.state in (None, "pending") else []
            total, shown = len(found), found[-limit:] if limit else found
        else:
            total = search.count(conn, wanted)
            found = search.transactions(conn, wanted, before=cursor, limit=limit + 1 if limit else None)
            shown = found[-limit:] if limit else found
        names = _Names(conn, shown)
        mark, say = short_stamp(conn), own_words(conn)
    following = f"{shown[0].proposed_seq}:{shown[0].id}" if len(shown) < len(found) else None
    rows = [_list_row(one, names) for one in shown]
    data = {
        "stamp": mark,
        "total": total,
        "transactions": [_json(one, names) for one in shown],
        "next": following,
    }
    count = Line(Text(f"{len(shown)} 笔,共 {total} 笔", f"{len(shown)} of {total}"), WEAK)
    parts = (*notices(mark), Table(LIST, rows), count, *more(following, "--before"))
    return Reply(data, say(parts))


def _cursor(door: Door, text: str) -> tuple[int, str]:
    """Where a page begins, as the page before said it: ENTRY:ID."""
    seq, colon, id = text.partition(":")
    if not colon or not seq.isdecimal():
        raise complain(
            door.lang, "--before 应为上一页给出的 next", "--before takes the next of the page before"
        )
    return int(seq), id


def _between(conn: Connection, since: str, to: str) -> tuple[int | None, int | None]:
    """Entries after the first and up to the second, from what was typed."""
    from tanshu.book import queries as book
    from tanshu.log import store

    first = need(book.before(conn, store.REGISTRY_LOG, since)) if since else None
    return first, need(book.moment(conn, store.REGISTRY_LOG, to, field="to")) if to else None


def _pending(wanted: WantedTransactions) -> WantedTransactions:
    from tanshu.registry.model import TransactionState

    return replace(wanted, state=TransactionState.PENDING)


def show(door: Door, id: IdArgument) -> Reply:
    """Its lines, its chain, who took which step, and for whom."""
    from tanshu.cli.own_words import own_words
    from tanshu.cli.words import DECISIONS
    from tanshu.registry import queries as registry
    from tanshu.registry.chains import hands
    from tanshu.rules.terms import ACTS, ORGANISATIONS

    with door.reading() as (conn, _):
        found = need(registry.transaction(conn, id))
        steps = registry.steps(conn, found.id)
        lent = {step.n: sorted(hands(conn, step) - {step.person}) for step in steps}
        names, say = _Names(conn, [found]), own_words(conn)
    taken = {step.n: step for step in steps}
    chain = [
        (
            str(n + 1),
            ORGANISATIONS[waiting.by],
            ACTS[waiting.act],
            _person(taken[n].person, lent[n]) if n in taken else None,
            DECISIONS.get(taken[n].decision, taken[n].decision) if n in taken else None,
            shanghai_text(taken[n].time_ns) if n in taken else None,
            str(taken[n].seq) if n in taken else None,
            taken[n].comment if n in taken else None,
        )
        for n, waiting in enumerate(found.chain)
    ]
    lines = [
        (
            names.instruments[line.instrument].code,
            quantity(line.quantity, names.instruments[line.instrument].scale),
            _account(names, line.debit),
            _account(names, line.credit),
            str(line.hold) if line.hold is not None else None,
        )
        for line in found.lines
    ]
    data = _json(found, names) | {
        "steps": [
            {
                "step": step.n + 1,
                "by": step.by,
                "act": step.act,
                "person": step.person,
                "for": lent[step.n],
                "decision": step.decision,
                "seq": step.seq,
                "time": shanghai_text(step.time_ns),
                "comment": step.comment,
            }
            for step in steps
        ]
    }
    parts: list[Part] = [
        Facts(_facts(found, names)),
        Table(LINES, lines, Text("明细", "lines")),
        Table(STEPS, chain, Text("审批链", "approval chain")),
    ]
    return Reply(data, say(parts))


def certificate(
    door: Door,
    id: IdArgument,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="输出文件 · where to write it")] = None,
) -> Reply:
    """Of a transaction in effect; a surrender's or an offset's tells the entity's year as well."""
    from tanshu.book import serials
    from tanshu.compliance import certificates
    from tanshu.registry import queries as registry
    from tanshu.registry.certificate import certificate as of_transaction

    with door.reading() as (_, book), serials.reading(book) as conn:
        found = need(registry.transaction(conn, id))
        if found.type.code in certificates.PAYMENTS:
            page = need(certificates.surrender_certificate(conn, book, found.id, door.lang, stamp(conn)))
        else:
            page = need(of_transaction(conn, book, found.id, door.lang, stamp=stamp(conn)))
    path = out or Path(f"{found.id}.html")
    path.write_text(page, encoding="utf-8")
    said = Line(Text(f"证明已写入 {path}", f"certificate written to {path}"))
    return Reply({"id": found.id, "file": str(path)}, (said,))


# -- showing -----------------------------------------------------------------------------------------------


def _state_named(door: Door, state: str) -> TransactionState:
    from tanshu.registry.model import TransactionState

    try:
        return TransactionState(state)
    except ValueError:
        known = ", ".join(TransactionState)
        raise complain(door.lang, f"--state 应为 {known}", f"--state is one of {known}") from None


def _chip(found: Transaction) -> Chip:
    from tanshu.registry.model import TRANSACTION_STATE_LABELS, TransactionState

    style = {TransactionState.EFFECTED: GOOD, TransactionState.PENDING: "yellow"}.get(found.state, BAD)
    return Chip(TRANSACTION_STATE_LABELS[found.state], style)


def _next(found: Transaction) -> Text | None:
    from tanshu.registry.chains import next_step
    from tanshu.rules.terms import ACTS, ORGANISATIONS

    step = next_step(found)
    if step is None:
        return None
    who, act = ORGANISATIONS[step.by], ACTS[step.act]
    return Text(f"{who.zh} {act.zh}", f"{who.en}: {act.en}")


def _list_row(found: Transaction, names: _Names) -> tuple[object, ...]:
    lines = "; ".join(
        f"{names.instruments[line.instrument].code} "
        f"{quantity(line.quantity, names.instruments[line.instrument].scale):,}"
        for line in found.lines
    )
    year = str(found.year) if found.year else None
    name = names.subjects[found.subject_id].name
    proposed = shanghai_text(found.proposed_ns)
    return found.id, found.type.name, _chip(found), name, year, lines, _next(found), proposed


def _person(handle: str, lent: Sequence[str]) -> Text:
    """Who took a step; of a substitute, on whose behalf."""
    names = ", ".join(lent)
    return Text(f"{handle}(代 {names})", f"{handle} (for {names})") if lent else Text(handle, handle)


def _account(names: _Names, number: int) -> str:
    account = names.accounts[number]
    return f"{account.code} {names.subjects[account.subject_id].name}"


def _facts(found: Transaction, names: _Names) -> list[tuple[Text, object]]:
    subject = names.subjects[found.subject_id]
    facts: list[tuple[Text, object]] = [
        (Text("业务", "transaction"), found.id),
        (Text("类型", "type"), found.type.name),
        (Text("状态", "state"), _chip(found)),
        (Text("主体", "subject"), subject.name),
        (Text("年度", "year"), str(found.year) if found.year else None),
        (Text("批次", "batch"), found.batch),
        (Text("申请", "proposed"), f"{shanghai_text(found.proposed_ns)} (seq {found.proposed_seq})"),
        (Text("有效至", "expires"), found.expires_on),
        (Text("事由", "reason"), found.reason),
        *((Text(name, name), str(value)) for name, value in found.details.items()),
    ]
    if found.ended_ns is not None:
        facts.insert(7, (Text("结束", "ended"), f"{shanghai_text(found.ended_ns)} (seq {found.ended_seq})"))
    return facts


def _json(found: Transaction, names: _Names) -> dict[str, object]:
    return {
        "id": found.id,
        "type": found.type.code,
        "state": found.state,
        "subject": names.subjects[found.subject_id].handle,
        "year": found.year,
        "batch": found.batch,
        "proposed_seq": found.proposed_seq,
        "proposed": shanghai_text(found.proposed_ns),
        "ended_seq": found.ended_seq,
        "ended": shanghai_text(found.ended_ns) if found.ended_ns is not None else None,
        "expires_on": found.expires_on,
        "chain": [{"by": step.by, "act": step.act} for step in found.chain],
        "taken": found.taken,
        "reason": found.reason,
        "details": found.details,
        "lines": [
            {
                "instrument": names.instruments[line.instrument].code,
                "quantity": line.quantity,
                "debit": names.accounts[line.debit].code,
                "credit": names.accounts[line.credit].code,
                "hold": line.hold,
            }
            for line in found.lines
        ],
    }
