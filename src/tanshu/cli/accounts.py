"""`tanshu account`: subjects, their accounts, the people who act for them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.holdings import cells_of, quantity
from tanshu.cli.onboarding_changes import NEXT, DocumentOption, documents
from tanshu.cli.onboarding_files import VaultOption
from tanshu.cli.output import BAD, GOOD, Chip, Facts, Line, Part, Reply, Table, number_column, text_column
from tanshu.cli.stamps import notices, short_stamp, stamp
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.parties.model import Account, AccountState, NewPerson, Subject

app = group("主体、账户与经办人 · subjects, accounts, role holders")

HandleArgument = Annotated[
    str, typer.Argument(metavar="HANDLE", help="主体代号或信用代码 · handle or credit code")
]
CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="账户号 · account code")]
PersonArgument = Annotated[str, typer.Argument(metavar="PERSON", help="经办人代号 · the role holder")]
PersonHelp = "经办人:代号:权限 · HANDLE:maker, HANDLE:checker or HANDLE:maker+checker"

ACCOUNTS = (
    text_column("账户", "account"),
    text_column("类别", "kind"),
    text_column("状态", "state"),
    text_column("主体", "subject", fold=True),
    text_column("代号", "handle"),
    text_column("地区", "region"),
)
CELLS = (
    text_column("账户", "account"),
    text_column("产品", "instrument"),
    number_column("可用", "available"),
    number_column("冻结", "held"),
)
PEOPLE = (text_column("经办人", "person"), text_column("权限", "rights"), text_column("在任", "active"))
CONFIRMED, DISMISSED = Text("已确认", "confirmed"), Text("已解除", "dismissed")


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="account")


@command(app, "list", "列出账户 · list accounts")
def list_accounts(
    door: Door,
    kind: Annotated[str, typer.Option(help="账户类别 · kind of account")] = "",
    state: Annotated[str, typer.Option(help="账户状态 · state")] = "",
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="只看一个主体 · of one subject")] = "",
    after: Annotated[int, typer.Option(help="从上一页的 next 接着看 · next of the page before")] = -1,
    limit: Annotated[int, typer.Option(help="每页账户数,0 为全部 · accounts of a page, 0 for all")] = 200,
) -> Reply:
    """Accounts with their owners, in the order of opening; `tanshu search subjects` finds by name."""
    from tanshu.cli.search import more
    from tanshu.parties import queries as parties

    with door.reading() as (conn, _):
        if subject:
            owner = need(parties.subject(conn, subject))
            theirs = parties.accounts_of(conn, owner.id)
            found = [one for one in theirs if kind in ("", one.kind) and state in ("", one.state)]
            total, following = len(found), None
        else:
            wanted = {"kind": kind or None, "state": state or None}
            page = parties.account_page(conn, **wanted, after=after, limit=limit + 1 if limit else None)
            found = page[:limit] if limit else page
            following = found[-1].number if len(page) > len(found) else None
            total = parties.count_accounts(conn, **wanted)
        subjects = parties.subjects_with_ids(conn, {one.subject_id for one in found})
        mark = short_stamp(conn)
    rows = [_account_row(one, subjects[one.subject_id]) for one in found]
    data = [_account_json(one, subjects[one.subject_id]) for one in found]
    count = Line(Text(f"{len(found)} 个账户,共 {total} 个", f"{len(found)} of {total} accounts"), "dim")
    said = {"stamp": mark, "total": total, "accounts": data, "next": following}
    return Reply(said, (*notices(mark), Table(ACCOUNTS, rows), count, *more(following, "--after")))


@command(app, "show", "查看主体或账户 · show a subject or an account")
def show(
    door: Door,
    what: Annotated[str, typer.Argument(metavar="HANDLE|CODE", help="主体代号或账户号 · subject or account")],
) -> Reply:
    """A subject with its accounts, what they hold and who acts for it; or one account."""
    from tanshu.parties import queries as parties
    from tanshu.parties.codes import looks_like_account_code
    from tanshu.parties.model import RIGHT_LABELS, SUBJECT_LABELS
    from tanshu.registry import queries as registry

    with door.reading() as (conn, book):
        subject, accounts = _named(conn, what, is_account=looks_like_account_code(what.strip().upper()))
        people = parties.people_of(conn, subject.id)
        instruments = {one.number: one for one in registry.instruments(conn)}
        state = book.catch_up(conn)
    codes = {one.number: one.code for one in accounts}
    cells = list(cells_of(state, set(codes), instruments))
    data = {
        "subject": {
            "handle": subject.handle,
            "name": subject.name,
            "kind": subject.kind,
            "uscc": subject.uscc,
            "region": subject.region,
            "fictional": subject.fictional,
        },
        "accounts": [{"account": one.code, "kind": one.kind, "state": one.state} for one in accounts],
        "people": [{"person": p.handle, "rights": list(p.rights), "active": p.active} for p in people],
        "holdings": [
            {
                "account": codes[cell.account],
                "instrument": instruments[cell.instrument].code,
                "available": cell.available,
                "held": cell.held,
                "scale": instruments[cell.instrument].scale,
            }
            for cell in cells
        ],
    }
    held = [
        (
            codes[cell.account],
            instruments[cell.instrument].code,
            quantity(cell.available, instruments[cell.instrument].scale),
            quantity(cell.held, instruments[cell.instrument].scale),
        )
        for cell in cells
    ]
    rights = [
        (p.handle, [RIGHT_LABELS[right].in_(door.lang) for right in p.rights], p.active) for p in people
    ]
    parts: list[Part] = [
        Facts(
            (
                (Text("主体", "subject"), subject.name),
                (Text("代号", "handle"), subject.handle),
                (Text("类别", "kind"), SUBJECT_LABELS[subject.kind]),
                (Text("信用代码", "credit code"), subject.uscc),
                (Text("地区", "region"), subject.region),
                (Text("虚构", "fictional"), subject.fictional),
            )
        ),
        Table(ACCOUNTS, [_account_row(one, subject) for one in accounts], Text("账户", "accounts")),
        Table(CELLS, held, Text("持仓", "holdings")),
        Table(PEOPLE, rights, Text("经办人", "role holders")),
    ]
    return Reply(data, parts)


@command(app, "register", "登记主体,连同账户与经办人 · register a subject", writes=True)
def register(
    door: Door,
    kind: Annotated[str, typer.Option(help="主体类别 · enterprise, institution, individual, authority, …")],
    name: Annotated[str, typer.Option(help="名称 · name")],
    handle: Annotated[str, typer.Option(help="代号;缺省用信用代码 · handle, else the credit code")] = "",
    uscc: Annotated[str, typer.Option(help="统一社会信用代码 · unified social credit code")] = "",
    region: Annotated[str, typer.Option(help="行政区划代码 · six-digit division")] = "",
    account: Annotated[list[str] | None, typer.Option(help="开立的账户类别,可重复 · kinds to open")] = None,
    person: Annotated[list[str] | None, typer.Option(metavar="HANDLE:RIGHTS", help=PersonHelp)] = None,
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="名称生效日 · the name holds from")] = "",
    fictional: Annotated[bool, typer.Option("--fictional", help="虚构主体 · a fictional subject")] = False,
) -> Reply:
    """One entry: the subject, its accounts, its role holders, all or nothing."""
    from tanshu.parties import service
    from tanshu.parties.model import Register

    people = tuple(read_person(one, door.lang) for one in person or ())
    body = Register(
        kind,
        name,
        handle,
        uscc,
        region,
        fictional,
        read_date(since, door.lang, "--since") if since else None,
        tuple(account or ()),
        people,
    )
    answer, key = door.do(service.register, body)
    codes = Text("账户", "accounts"), ", ".join(f"{k} {code}" for k, code in answer["accounts"].items())
    return accepted(answer, key, (Text("主体", "subject"), answer["subject"]), codes)


@command(app, "open", "开立一个账户 · open one more account", writes=True)
def open_account(
    door: Door,
    handle: HandleArgument,
    kind: Annotated[str, typer.Option(help="账户类别 · registration, trading, cash, …")],
) -> Reply:
    """One of each kind for a subject."""
    from tanshu.parties import service
    from tanshu.parties.model import OpenAccount

    answer, key = door.do(service.open_account, OpenAccount(handle, kind))
    return accepted(
        answer,
        key,
        (Text("主体", "subject"), answer["subject"]),
        (Text("账户", "account"), answer["account"]),
    )


@command(app, "state", "申请限制、恢复或注销账户 · ask to restrict, restore or close an account", writes=True)
def set_state(
    door: Door,
    code: CodeArgument,
    state: Annotated[str, typer.Argument(metavar="STATE", help="open · restricted · closed")],
    document: DocumentOption = None,
    vault: VaultOption = None,
) -> Reply:
    """With --reason; a second person decides (`tanshu onboard decide`). Closing needs an empty account."""
    from tanshu.parties import service
    from tanshu.parties.model import STATE_LABELS, AccountState, SetState

    body = SetState(code, state, documents(door, vault, document))
    answer, key = door.do(service.set_state, body)
    asked = STATE_LABELS[AccountState(answer["asked"])]
    return accepted(
        answer,
        key,
        (Text("账户", "account"), answer["account"]),
        (Text("拟变更为", "to become"), asked),
        (Text("变更", "change"), answer["change"]),
        (Text("下一步", "next"), NEXT.format(change=answer["change"])),
    )


@command(app, "appoint", "任命经办人 · appoint a role holder", writes=True)
def appoint(
    door: Door,
    handle: HandleArgument,
    person: Annotated[str, typer.Argument(metavar="HANDLE:RIGHTS", help=PersonHelp)],
) -> Reply:
    """By handle only: nothing personal is stored."""
    from tanshu.parties import service
    from tanshu.parties.model import Appoint

    answer, key = door.do(service.appoint, Appoint(handle, read_person(person, door.lang)))
    named = answer["person"]
    then = Text(
        f"登记机构复核人运行 tanshu account confirm {named}",
        f"a checker of the registry runs tanshu account confirm {named}",
    )
    return accepted(
        answer,
        key,
        (Text("主体", "subject"), answer["subject"]),
        (Text("经办人", "person"), named),
        *([] if answer["active"] else [(Text("下一步", "next"), then)]),
    )


@command(app, "confirm", "确认经办人(第二人)· confirm a role holder, as a second person", writes=True)
def confirm(door: Door, person: PersonArgument) -> Reply:
    """Those named to act for the registry itself cannot act before a checker of it confirms them."""
    from tanshu.parties import service
    from tanshu.parties.model import ConfirmPerson

    answer, key = door.do(service.confirm_person, ConfirmPerson(person))
    return accepted(answer, key, (Text("经办人", "person"), person), (Text("状态", "state"), CONFIRMED))


@command(app, "dismiss", "解除经办人 · dismiss a role holder", writes=True)
def dismiss(door: Door, person: PersonArgument) -> Reply:
    """For good; what the person did stays, the handle is not used again."""
    from tanshu.parties import service
    from tanshu.parties.model import Dismiss

    answer, key = door.do(service.dismiss, Dismiss(person))
    return accepted(answer, key, (Text("经办人", "person"), person), (Text("状态", "state"), DISMISSED))


@command(app, "rename", "申请变更名称 · ask for a new name from a date on", writes=True)
def rename(
    door: Door,
    handle: HandleArgument,
    name: Annotated[str, typer.Argument(help="新名称 · the new name")],
    since: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="生效日 · it holds from")],
) -> Reply:
    """A second person decides (`tanshu onboard decide`); the old name stays with its dates."""
    from tanshu.parties import service
    from tanshu.parties.model import Rename

    answer, key = door.do(service.rename, Rename(handle, name, read_date(since, door.lang, "--since")))
    return accepted(
        answer,
        key,
        (Text("主体", "subject"), handle),
        (Text("名称", "name"), answer["name"]),
        (Text("变更", "change"), answer["change"]),
        (Text("下一步", "next"), NEXT.format(change=answer["change"])),
    )


@command(app, "certificate", "持有证明(HTML)· certificate of what a subject holds, HTML")
def certificate(
    door: Door,
    handle: HandleArgument,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="输出文件 · where to write it")] = None,
) -> Reply:
    """As of the newest entry of the log."""
    from tanshu.book import serials
    from tanshu.registry.certificate import holding_certificate

    with door.reading() as (_, book), serials.reading(book) as conn:
        state = book.catch_up(conn)
        page = need(holding_certificate(conn, book, state, handle, door.lang, stamp=stamp(conn)))
        seq = book.tail.seq
    path = out or Path(f"holdings-{handle}.html")
    path.write_text(page, encoding="utf-8")
    return Reply(
        {"subject": handle, "as_of_seq": seq, "file": str(path)},
        (Line(Text(f"持有证明已写入 {path}", f"certificate of holdings written to {path}")),),
    )


# -- reading what was typed --------------------------------------------------------------------------------


def read_person(text: str, lang: Lang) -> NewPerson:
    """`handle:maker` or `handle:maker+checker`; unknown rights are for the service to refuse."""
    from tanshu.parties.model import NewPerson

    handle, colon, rights = text.strip().rpartition(":")
    if not colon or not handle:
        raise complain(lang, f"“{text}”应写作 代号:权限", f"write “{text}” as HANDLE:RIGHTS")
    return NewPerson(handle, tuple(one.strip() for one in rights.replace(",", "+").split("+")))


def read_date(text: str, lang: Lang, option: str) -> date:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise complain(
            lang, f"{option}:“{text}”不是日期 YYYY-MM-DD", f"{option}: “{text}” is no date YYYY-MM-DD"
        ) from None


def _named(conn: Connection, what: str, *, is_account: bool) -> tuple[Subject, list[Account]]:
    """The subject meant, with all its accounts or the one that was named."""
    from tanshu.parties import queries as parties

    if is_account:
        account = need(parties.account(conn, what))
        return parties.subject_by_id(conn, account.subject_id), [account]
    subject = need(parties.subject(conn, what))
    return subject, parties.accounts_of(conn, subject.id)


def _account_row(account: Account, subject: Subject) -> tuple[object, ...]:
    from tanshu.parties.model import ACCOUNT_TYPES

    label = ACCOUNT_TYPES[account.kind].label
    return account.code, label, _state(account.state), subject.name, subject.handle, subject.region


def _state(state: AccountState) -> Chip:
    from tanshu.parties.model import STATE_LABELS, AccountState

    style = {AccountState.OPEN: GOOD, AccountState.CLOSED: BAD}.get(state, "yellow")
    return Chip(STATE_LABELS[state], style)


def _account_json(account: Account, subject: Subject) -> dict[str, object]:
    return {
        "account": account.code,
        "kind": account.kind,
        "state": account.state,
        "subject": subject.handle,
        "name": subject.name,
        "region": subject.region,
    }
