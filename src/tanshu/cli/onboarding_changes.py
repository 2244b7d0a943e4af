"""`tanshu onboard change|changes|decide`: what is registered changes when a second person says so."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command
from tanshu.cli.onboarding_files import VaultOption
from tanshu.cli.output import BAD, GOOD, Chip, Line, Reply, Table, text_column
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.base.text import Lang
    from tanshu.parties.model import Document
    from tanshu.parties.requests import Change

CHANGES = (
    text_column("变更", "change"),
    text_column("事项", "of"),
    text_column("主体", "subject"),
    text_column("拟变更为", "to", fold=True),
    text_column("状态", "state"),
    text_column("提出", "asked by"),
    text_column("复核", "decided by"),
    text_column("事由", "reason", fold=True),
)
NEXT = Text(
    "登记机构复核人运行 tanshu onboard decide {change}",
    "a checker of the registry runs tanshu onboard decide {change}",
)
DocumentOption = Annotated[
    list[str] | None,
    typer.Option("--document", metavar="KIND=FILE", help="材料,可重复 · a paper, kept in the vault"),
]


def add_to(app: typer.Typer) -> None:
    command(app, "change", "申请变更银行账户、联系方式或经办人 · ask for a change", writes=True)(change)
    command(app, "changes", "列出变更 · list changes")(list_changes)
    command(app, "decide", "复核变更(第二人)· decide a change, as a second person", writes=True)(decide)


def change(
    door: Door,
    handle: Annotated[str, typer.Argument(metavar="HANDLE", help="主体代号或信用代码 · the subject")],
    kind: Annotated[str, typer.Argument(metavar="KIND", help="bank · contact · people")],
    bank: Annotated[str, typer.Option(help="开户行 · the bank")] = "",
    bank_name: Annotated[str, typer.Option(help="户名 · the account's name")] = "",
    bank_number: Annotated[str, typer.Option(help="账号,只入资料库 · its number, for the vault only")] = "",
    contact: Annotated[
        list[str] | None, typer.Option(metavar="WHAT=VALUE", help="联系方式,只入资料库 · for the vault only")
    ] = None,
    appoint: Annotated[list[str] | None, typer.Option(metavar="HANDLE:RIGHTS", help="任命 · appoint")] = None,
    dismiss: Annotated[list[str] | None, typer.Option(metavar="PERSON", help="解除 · dismiss")] = None,
    document: DocumentOption = None,
    vault: VaultOption = None,
) -> Reply:
    """By a maker of the registry; it holds once a checker decides so."""
    from tanshu.base.vault import Vault, folder_for
    from tanshu.cli.accounts import read_person
    from tanshu.parties.changes import ask_change
    from tanshu.parties.model import AskChange
    from tanshu.parties.onboarding import papers

    key, kept = door.key_for(), Vault(folder_for(door.url, vault))
    facts = dict(_pair(one, door.lang) for one in contact or ())
    body = AskChange(
        handle,
        kind,
        papers.seal_bank(kept, key, bank, bank_name, bank_number) if bank or bank_number else None,
        papers.seal_contact(kept, key, facts) if facts else "",
        tuple(read_person(one, door.lang) for one in appoint or ()),
        tuple(dismiss or ()),
        documents(door, vault, document),
    )
    answer, key = replace(door, key=key.hex()).do(ask_change, body)
    return accepted(
        answer,
        key,
        (Text("主体", "subject"), answer["subject"]),
        (Text("变更", "change"), answer["change"]),
        (Text("下一步", "next"), NEXT.format(change=answer["change"])),
    )


def decide(
    door: Door,
    change: Annotated[str, typer.Argument(metavar="CHANGE", help="变更编号 · its id")],
    decline: Annotated[bool, typer.Option("--decline", help="不同意 · decline it")] = False,
    comment: Annotated[str, typer.Option("--comment", help="意见,写入日志 · kept in the log")] = "",
) -> Reply:
    """By a checker of the registry, not the one who asked."""
    from tanshu.parties.changes import decide_change
    from tanshu.parties.model import CHANGE_LABELS, ChangeKind, DecideChange
    from tanshu.parties.requests import CHANGE_STATE_LABELS, ChangeState

    answer, key = door.do(decide_change, DecideChange(change, accept=not decline, comment=comment))
    return accepted(
        answer,
        key,
        (Text("主体", "subject"), answer["subject"]),
        (Text("事项", "of"), CHANGE_LABELS[ChangeKind(answer["kind"])]),
        (Text("状态", "state"), CHANGE_STATE_LABELS[ChangeState(answer["state"])]),
        *([(Text("代", "acting for"), answer["acting_for"])] if answer["acting_for"] else []),
    )


def list_changes(
    door: Door,
    everything: Annotated[bool, typer.Option("--all", help="含已办结 · those decided, too")] = False,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="只看一个主体 · of one subject")] = "",
) -> Reply:
    """What waits for a second person."""
    from tanshu.base.refusal import need
    from tanshu.parties import queries, requests

    with door.reading() as (conn, _):
        owner = need(queries.subject(conn, subject)).id if subject else ""
        state = None if everything else requests.ChangeState.WAITING
        found = requests.changes(conn, state=state, subject_id=owner)
        handles = {id: queries.subject_by_id(conn, id).handle for id in {one.subject_id for one in found}}
        numbers = {one.account for one in found if one.account is not None}
        codes = {number: queries.account_by_number(conn, number).code for number in numbers}
    data = [_json(one, handles[one.subject_id], codes.get(one.account or -1)) for one in found]
    rows = [_row(one, handles[one.subject_id], codes.get(one.account or -1)) for one in found]
    count = Line(Text(f"共 {len(found)} 件", f"{len(found)} changes"), "dim")
    return Reply({"changes": data}, (Table(CHANGES, rows), count))


def documents(door: Door, vault: str | None, asked: list[str] | None) -> tuple[Document, ...]:
    """Papers given as KIND=FILE, put into the vault."""
    if not asked:
        return ()
    from tanshu.base.vault import Vault, folder_for
    from tanshu.cli.onboarding_files import keep_file

    kept = Vault(folder_for(door.url, vault))
    pairs = [_pair(one, door.lang) for one in asked]
    return tuple(keep_file(kept, kind, Path(name)) for kind, name in pairs)


def _pair(text: str, lang: Lang) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise complain(lang, f"“{text}”应写作 名称=内容", f"write “{text}” as NAME=VALUE")
    return name.strip(), value.strip()


def _json(one: Change, handle: str, account: str | None) -> dict[str, object]:
    return {
        "change": one.id,
        "kind": one.kind,
        "subject": handle,
        "account": account,
        "asked": dict(one.asked),
        "reason": one.reason,
        "state": one.state,
        "asked_by": one.asked_by,
        "asked_on": one.asked_on,
        "decided_by": one.decided_by,
        "decided_for": one.decided_for,
        "comment": one.comment,
    }


def _row(one: Change, handle: str, account: str | None) -> tuple[object, ...]:
    from tanshu.parties.model import CHANGE_LABELS
    from tanshu.parties.requests import CHANGE_STATE_LABELS, ChangeState

    styles = {ChangeState.DONE: GOOD, ChangeState.DECLINED: BAD}
    state = Chip(CHANGE_STATE_LABELS[one.state], styles.get(one.state, "yellow"))
    return (
        one.id,
        CHANGE_LABELS[one.kind],
        account or handle,
        _to(one),
        state,
        one.asked_by,
        one.decided_by,
        one.reason,
    )


def _to(one: Change) -> object:
    """What is to be, in a few words."""
    from tanshu.parties.model import STATE_LABELS, AccountState, ChangeKind

    asked = one.asked
    match one.kind:
        case ChangeKind.STATE:
            return STATE_LABELS[AccountState(asked["state"])]
        case ChangeKind.NAME:
            return f"{asked['name']} ({asked['since']})"
        case ChangeKind.BANK:
            return f"{asked['bank']} …{asked['last4']}"
        case ChangeKind.CONTACT:
            return f"SHA-256 {asked['sha256'][:12]}…"
        case ChangeKind.PEOPLE:
            come = [f"+{person['handle']}:{'+'.join(person['rights'])}" for person in asked["appoint"]]
            return ", ".join([*come, *(f"-{handle}" for handle in asked["dismiss"])])
