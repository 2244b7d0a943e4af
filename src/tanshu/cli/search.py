"""`tanshu search`: subjects by what is known of them, transactions by theirs, page by page."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.holdings import quantity
from tanshu.cli.output import WEAK, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.stamps import notices, short_stamp

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.book.commit import Book
    from tanshu.registry.search import Found

app = group("检索主体与业务 · find subjects and transactions")

LimitOption = Annotated[int, typer.Option(help="每页条数 · rows of a page")]

SUBJECTS = (
    number_column("序", "no"),
    text_column("主体", "subject", fold=True),
    text_column("代号", "handle"),
    text_column("类别", "kind"),
    text_column("地区", "region"),
    text_column("账户", "accounts", fold=True),
)
LINES = (
    text_column("业务", "transaction"),
    text_column("类型", "type"),
    text_column("条目", "entry"),
    text_column("时间", "time"),
    text_column("产品", "instrument"),
    number_column("数量", "quantity"),
    text_column("转出", "debit"),
    text_column("转入", "credit"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="search")


@command(app, "subjects", "检索主体及其账户 · find subjects and their accounts")
def subjects(
    door: Door,
    name: Annotated[str, typer.Argument(help="名称片段 · a part of a name")] = "",
    starts: Annotated[bool, typer.Option("--starts", help="名称以此开头 · names that begin with it")] = False,
    code: Annotated[str, typer.Option(help="代号、信用代码或账户号 · handle, credit or account code")] = "",
    region: Annotated[str, typer.Option(help="地区前 2、4 或 6 位 · first digits of the division")] = "",
    kind: Annotated[str, typer.Option(help="主体类别 · kind of subject")] = "",
    account_kind: Annotated[str, typer.Option(help="有此类账户 · has an account of this kind")] = "",
    state: Annotated[str, typer.Option(help="有此状态的账户 · has an account in this state")] = "",
    after: Annotated[int, typer.Option(help="从上一页的 next 接着看 · next of the page before")] = -1,
    limit: LimitOption = 50,
) -> Reply:
    """In the order of registration. Old names are found, too."""
    from tanshu.registry import search

    _check_choices(door.lang, kind, account_kind, state)
    wanted = search.Wanted(name, starts, region, kind, account_kind, state)
    with indexed(door) as (conn, book):
        if code:
            found = search.Page((need(search.by_code(conn, book.log, code)),))
        else:
            found = need(search.subjects(conn, book.log, wanted, after=after, limit=limit))
        mark = short_stamp(conn)
    rows = [_subject_row(one, door.lang) for one in found.rows]
    data = {"stamp": mark, "subjects": [_subject_json(one) for one in found.rows], "next": found.next}
    return Reply(data, (*notices(mark), Table(SUBJECTS, rows), *more(found.next, "--after")))


@command(app, "lines", "一个主体参与的业务明细(含成批业务)· lines in which a subject gave or received")
def lines(
    door: Door,
    subject: Annotated[str, typer.Argument(metavar="HANDLE", help="主体代号或信用代码 · the subject")],
    before: Annotated[
        int | None, typer.Option(help="从上一页的 next 接着看 · next of the page before")
    ] = None,
    limit: LimitOption = 50,
) -> Reply:
    """Effected transactions, whoever proposed them, the newest first; of a batch the subject's lines only."""
    from tanshu.book import projections
    from tanshu.book.movements import Movements
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry
    from tanshu.registry import search
    from tanshu.registry.types import TYPES

    with door.reading() as (_, book):
        projections.catch_up(book.database, Movements, book.log)
        with book.database.read() as conn:
            owner = need(parties.subject(conn, subject))
            found = need(search.touching(conn, book.log, owner.id, before=before, limit=limit))
            sides = {n for one in found.rows for line in one.lines for n in (line.debit, line.credit)}
            codes = {n: one.code for n, one in parties.accounts_numbered(conn, sorted(sides)).items()}
            instruments = {one.number: one for one in registry.instruments(conn)}
            mark = short_stamp(conn)
    data: list[dict[str, object]] = []
    rows: list[tuple[object, ...]] = []
    for one in found.rows:
        for line in one.lines:
            what = instruments[line.instrument]
            debit, credit = codes[line.debit], codes[line.credit]
            time = shanghai_text(one.time_ns)
            data.append(
                {
                    "transaction": one.transaction,
                    "trade": one.trade,
                    "type": one.type,
                    "seq": one.seq,
                    "time": time,
                    "instrument": what.code,
                    "quantity": line.quantity,
                    "debit": debit,
                    "credit": credit,
                }
            )
            shown = quantity(line.quantity, what.scale)
            name = TYPES[one.type].name
            rows.append(
                (one.transaction or one.trade, name, str(one.seq), time, what.code, shown, debit, credit)
            )
    said = {"stamp": mark, "lines": data, "next": found.next}
    return Reply(said, (*notices(mark), Table(LINES, rows), *more(found.next, "--before")))


@contextmanager
def indexed(door: Door) -> Iterator[tuple[Connection, Book]]:
    """The database in one read transaction, after the index of subjects has caught up."""
    from tanshu.registry import search_index

    with door.reading() as (_, book):
        search_index.catch_up(book.database, book.log)
        with book.database.read() as conn:
            yield conn, book


def more(following: object | None, option: str) -> tuple[Part, ...]:
    """How the next page is asked for; nothing where there is none."""
    if following is None:
        return ()
    return (Line(Text(f"下一页:{option} {following}", f"next page: {option} {following}"), WEAK),)


def _subject_row(found: Found, lang: Lang) -> tuple[object, ...]:
    from tanshu.parties.model import STATE_LABELS, SUBJECT_LABELS, AccountState

    subject = found.subject
    accounts = [
        one.code if one.state is AccountState.OPEN else f"{one.code} {STATE_LABELS[one.state].in_(lang)}"
        for one in found.accounts
    ]
    kind = SUBJECT_LABELS[subject.kind]
    return str(found.number), subject.name, subject.handle, kind, subject.region, accounts


def _subject_json(found: Found) -> dict[str, object]:
    subject = found.subject
    return {
        "number": found.number,
        "handle": subject.handle,
        "name": subject.name,
        "kind": subject.kind,
        "uscc": subject.uscc,
        "region": subject.region,
        "fictional": subject.fictional,
        "accounts": [{"account": one.code, "kind": one.kind, "state": one.state} for one in found.accounts],
    }


def _check_choices(lang: Lang, kind: str, account_kind: str, state: str) -> None:
    from tanshu.parties.model import AccountKind, AccountState, SubjectKind

    for option, value, known in (
        ("--kind", kind, SubjectKind),
        ("--account-kind", account_kind, AccountKind),
        ("--state", state, AccountState),
    ):
        if value and value not in tuple(known):
            choices = ", ".join(known)
            raise complain(lang, f"{option} 应为 {choices}", f"{option} is one of {choices}")
