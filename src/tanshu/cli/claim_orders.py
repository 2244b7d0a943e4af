"""`tanshu claim freeze|renew|release|deduct` and `pledge|unpledge|swap|enforce`: proposals in fewer words.

Each builds the proposal that `tanshu tx propose` would; its chain of approvals is that of its type. Papers
are given as files: the log keeps their hash, title and size, a vault (where there is one) their bytes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import Refusal, need
from tanshu.cli.door import Door, command
from tanshu.cli.onboarding_files import VaultOption
from tanshu.cli.output import Reply
from tanshu.cli.transactions import LINE_HELP, read_line, send_proposal

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.base.vault import Vault
    from tanshu.parties.model import Account
    from tanshu.registry.encumbrances.model import Claim
    from tanshu.registry.model import ProposedLine

LinesArgument = Annotated[list[str], typer.Argument(metavar="LINE…", help=LINE_HELP)]
SomeLinesArgument = Annotated[
    list[str] | None, typer.Argument(metavar="[LINE…]", help=f"缺省为全部 · default: all. {LINE_HELP}")
]
OriginalArgument = Annotated[str, typer.Argument(metavar="ORIGINAL", help="原业务 · the freeze or pledge")]
ToOption = Annotated[
    str, typer.Option("--to", metavar="ACCOUNT|HANDLE", help="转入方 · who receives the units")
]
CourtOption = Annotated[str, typer.Option(help="法院 · the court")]
DocumentOption = Annotated[str, typer.Option(help="文书号 · the number of its document")]
EvidenceOption = Annotated[
    list[Path] | None, typer.Option("--evidence", metavar="FILE", help="文件,可重复 · papers")
]
TitleOption = Annotated[str, typer.Option(help="文件名称,缺省为编号 · what the papers are called")]


def add_to(app: typer.Typer) -> None:
    command(app, "freeze", "登记司法冻结 · register a judicial freeze", writes=True)(freeze)
    command(app, "renew", "续行冻结 · renew a freeze", writes=True)(renew)
    command(app, "release", "解除冻结 · release a freeze", writes=True)(release)
    command(app, "deduct", "司法扣划 · take what a freeze holds", writes=True)(deduct)
    command(app, "pledge", "申请质押登记 · apply for a pledge", writes=True)(pledge)
    command(app, "unpledge", "解除质押 · release a pledge", writes=True)(unpledge)
    command(app, "swap", "质押置换 · substitute pledged units", writes=True)(swap)
    command(app, "enforce", "质权实现 · enforce a pledge", writes=True)(enforce)


# -- courts ------------------------------------------------------------------------------------------------


def freeze(
    door: Door,
    where: Annotated[str, typer.Argument(metavar="ACCOUNT|HANDLE", help="账户或主体 · account or subject")],
    line: LinesArgument,
    court: CourtOption,
    document: DocumentOption,
    until: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="末日,缺省按规则包 · its last day; default: the pack's")
    ] = "",
    follows: Annotated[bool, typer.Option("--follows", help="及于后到数量 · later arrivals, too")] = False,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """Of what is there, and what is held before it; the rest waits. A checker of the registry reviews it."""
    from tanshu.parties.codes import looks_like_account_code

    lines = _lines(door, line)
    subject = ""
    if looks_like_account_code(where.strip().upper()):
        lines = tuple(replace(one, debit=one.debit or where) for one in lines)
    else:
        subject = where
    details: dict[str, object] = {"court": court, "document": document, "follows": follows}
    if until:
        details["until"] = until
    details |= papers_of(door, evidence, vault, title or document)
    return send_proposal(door, "judicial-freeze", lines, subject=subject, details=details)


def renew(
    door: Door,
    original: OriginalArgument,
    court: CourtOption,
    document: DocumentOption,
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="新的末日 · its new last day")],
    line: SomeLinesArgument = None,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """Before the term is over: the freeze keeps its place in the queue."""
    details = {"original": original, "court": court, "document": document, "until": until}
    papers = papers_of(door, evidence, vault, title or document)
    return _about(door, "judicial-renewal", original, line, details | papers)


def release(
    door: Door,
    original: OriginalArgument,
    court: CourtOption,
    document: DocumentOption,
    line: SomeLinesArgument = None,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """All of it, or a part; who waits moves up in the same entry."""
    details = {"original": original, "court": court, "document": document}
    papers = papers_of(door, evidence, vault, title or document)
    return _about(door, "judicial-release", original, line, details | papers)


def deduct(
    door: Door,
    original: OriginalArgument,
    to: ToOption,
    court: CourtOption,
    document: DocumentOption,
    line: SomeLinesArgument = None,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """What the freeze holds, or a part of it: nobody else's units."""
    details = {"original": original, "court": court, "document": document}
    papers = papers_of(door, evidence, vault, title or document)
    return _delivery(door, "judicial-deduction", original, to, line, details | papers)


# -- pledges -----------------------------------------------------------------------------------------------


def pledge(
    door: Door,
    line: LinesArgument,
    pledgee: Annotated[str, typer.Option(metavar="HANDLE", help="质权人:银行或机构 · a bank or institution")],
    registration_number: Annotated[str, typer.Option(help="公示登记编号 · of its public registration")],
    registered_at: Annotated[
        str, typer.Option(metavar="YYYY-MM-DD", help="公示时间 · when that was registered")
    ],
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """By the pledgor's maker, from its registration account. The units are held from now on."""
    details = {
        "pledgee": pledgee,
        "registration_number": registration_number,
        "registered_at": registered_at,
        **papers_of(door, evidence, vault, title or registration_number),
    }
    return send_proposal(door, "pledge", _lines(door, line), details=details)


def unpledge(
    door: Door,
    original: OriginalArgument,
    line: SomeLinesArgument = None,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """By the pledgee's maker: all of it, or a part."""
    details = {"original": original, **papers_of(door, evidence, vault, title or original)}
    return _about(door, "pledge-release", original, line, details)


def swap(
    door: Door,
    original: OriginalArgument,
    line: LinesArgument,
    release: Annotated[
        list[str], typer.Option("--release", metavar="LINE", help="换出 · INSTRUMENT:QUANTITY[:ACCOUNT]")
    ],
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """By the pledgor's maker: LINE comes under the pledge, --release leaves it."""
    with door.reading() as (conn, _):
        standing = _standing(conn, original)
        out = [_within(conn, standing, one) for one in _lines(door, release)]
    released = [{"account": one.debit, "instrument": one.instrument, "quantity": one.quantity} for one in out]
    details = {"original": original, "releases": released}
    papers = papers_of(door, evidence, vault, title or original)
    return send_proposal(door, "pledge-substitution", _lines(door, line), details=details | papers)


def enforce(
    door: Door,
    original: OriginalArgument,
    to: ToOption,
    line: SomeLinesArgument = None,
    evidence: EvidenceOption = None,
    title: TitleOption = "",
    vault: VaultOption = None,
) -> Reply:
    """By the pledgee's maker: what the pledge holds goes to whoever acquires it."""
    details = {"original": original, **papers_of(door, evidence, vault, title or original)}
    return _delivery(door, "pledge-enforcement", original, to, line, details)


# -- which units -------------------------------------------------------------------------------------------


def account_meant(conn: Connection, text: str) -> Account | Refusal:
    """An account by its code, or the account in which a subject keeps what is registered for it.

    Refuses with PAR-20xx (no such account, or the subject has none), PAR-1004 (no such subject).
    """
    from tanshu.parties import queries as parties
    from tanshu.parties.codes import looks_like_account_code
    from tanshu.parties.model import AccountKind

    if looks_like_account_code(text.strip().upper()):
        return parties.account(conn, text)
    subject = parties.subject(conn, text)
    if isinstance(subject, Refusal):
        return subject
    for kind in (AccountKind.REGISTRATION, AccountKind.PROVINCIAL, AccountKind.NATIONAL):
        account = parties.account_of(conn, subject.id, kind)
        if account:
            return account
    return parties.account(conn, text)


def _about(
    door: Door, type: str, original: str, line: Sequence[str] | None, details: dict[str, Any]
) -> Reply:
    """A proposal about the claims of its original; without lines, about all of them."""
    lines = _lines(door, line or ())
    if lines:
        with door.reading() as (conn, _):
            standing = _standing(conn, original)
            lines = tuple(_within(conn, standing, one) for one in lines)
    return send_proposal(door, type, lines, details=details)


def _delivery(
    door: Door, type: str, original: str, to: str, line: Sequence[str] | None, details: dict[str, Any]
) -> Reply:
    """A proposal that takes from claims; without lines, all they hold."""
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry
    from tanshu.registry.model import ProposedLine

    asked = _lines(door, line or ())
    with door.reading() as (conn, _):
        taker = need(account_meant(conn, to)).code
        standing = _standing(conn, original)
        if asked:
            lines = [_within(conn, standing, one) for one in asked]
        else:
            lines = [
                ProposedLine(
                    registry.instrument_by_number(conn, one.instrument).code,
                    one.held,
                    parties.account_by_number(conn, one.account).code,
                )
                for one in standing
                if one.held
            ]
    lines = tuple(replace(one, credit=one.credit or taker) for one in lines)
    return send_proposal(door, type, lines, details=details)


def _standing(conn: Connection, original: str) -> list[Claim]:
    """The claims of a freeze or pledge. Refuses with REG-3105 (no such transaction)."""
    from tanshu.registry import queries as registry
    from tanshu.registry.encumbrances import queries as claims

    return claims.of_root(conn, need(registry.transaction(conn, original)).id)


def _within(conn: Connection, standing: Iterable[Claim], line: ProposedLine) -> ProposedLine:
    """The line with the account in which the claim on its instrument stands, where there is only one."""
    from tanshu.parties import queries as parties
    from tanshu.registry import queries as registry

    if line.debit:
        return line
    instrument = need(registry.instrument(conn, line.instrument)).number
    accounts = {one.account for one in standing if one.instrument == instrument}
    if len(accounts) != 1:
        return line
    return replace(line, debit=parties.account_by_number(conn, accounts.pop()).code)


def _lines(door: Door, typed: Iterable[str]) -> tuple[ProposedLine, ...]:
    return tuple(read_line(one, door.lang) for one in typed)


# -- papers ------------------------------------------------------------------------------------------------


def papers_of(
    door: Door, files: Sequence[Path] | None, asked: str | None, title: str
) -> dict[str, list[dict[str, object]]]:
    """The papers as a proposal states them; their bytes go into the vault, if there is one.

    A file's own name stays out of the log: it may name a person. Raises Refused BASE-1201 (no such file),
    BASE-14xx (empty, too large), CLI-1004 (unreadable).
    """
    from tanshu.base.vault import weigh
    from tanshu.cli import paper_files

    if not files:
        return {}
    vault = _vault(door, asked)
    documents: list[dict[str, object]] = []
    for n, path in enumerate(files, start=1):
        data = paper_files.read(path, "evidence")
        kept = vault.put(data, path.name) if vault else weigh(data, path.name)
        name = f"{title} ({n})" if title and len(files) > 1 else title or str(n)
        documents.append({"title": name, "sha256": kept.sha256, "size": kept.size})
    return {"documents": documents}


def _vault(door: Door, asked: str | None) -> Vault | None:
    """The vault that was named, here or in the environment, or lies beside the database; else none."""
    from tanshu.base import vault

    folder = vault.folder_for(door.url, asked)
    configured = asked or os.environ.get(vault.ENVIRONMENT) or folder.is_dir()
    return vault.Vault(folder) if configured else None
