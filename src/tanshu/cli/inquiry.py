"""`tanshu inquiry`: what courts and authorities ask about a subject, and what they are answered."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, Chip, Facts, Reply, Table, text_column
from tanshu.cli.search import more
from tanshu.cli.stamps import notices, short_stamp
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from tanshu.app import Installation
    from tanshu.book.commit import Answer
    from tanshu.registry.inquiry import Inquiry, InquiryState, Reading

app = group("协助查询:司法机关、主管部门查询 · inquiries by courts and authorities")

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="查询编号 · the inquiry")]
CommentOption = Annotated[str, typer.Option(help="意见 · comment")]
MOMENT = "seq:N|YYYY-MM-DD"

LIST = (
    text_column("查询", "inquiry"),
    text_column("状态", "state"),
    text_column("答复编号", "answer no"),
    text_column("查询机关", "authority", fold=True),
    text_column("文号", "document"),
    text_column("主体", "subject", fold=True),
    text_column("内容", "asked about"),
    text_column("截至", "as of"),
    text_column("录入", "entered by"),
    text_column("审批", "decided by"),
)
READINGS = (
    text_column("序", "no"),
    text_column("经办人", "person"),
    text_column("目的", "purpose", fold=True),
    text_column("条目", "entry"),
    text_column("时间", "time"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="inquiry")


@command(app, "request", "录入一份查询文书 · enter what a letter asks", writes=True)
def request(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="被查询主体 · who is asked about")],
    authority: Annotated[str, typer.Option(help="查询机关 · the court or authority")],
    document: Annotated[str, typer.Option(help="文号 · number of its letter")],
    officer: Annotated[str, typer.Option(help="承办人,只记带盐哈希 · who asks; only a salted hash is kept")],
    role: Annotated[str, typer.Option(help="承办人职务 · their role")],
    what: Annotated[list[str] | None, typer.Option(help="holdings · history · claims,可重复")] = None,
    as_of: Annotated[str, typer.Option(metavar=MOMENT, help="截至,缺省为现在 · as of, else now")] = "",
    since: Annotated[str, typer.Option("--from", metavar=MOMENT, help="明细自何时起 · history from")] = "",
    letter: Annotated[Path | None, typer.Option(metavar="FILE", help="文书文件,取哈希 · the letter")] = None,
    salt: Annotated[str, typer.Option(metavar="HEX", help="盐;缺省随机 · the salt; a random one")] = "",
) -> Reply:
    """By a maker of the registry. Keep the salt with the letter: it is nowhere else."""
    from tanshu.base.canonical import digest
    from tanshu.base.ids import random_key
    from tanshu.cli import paper_files
    from tanshu.registry import inquiry

    try:
        grain = bytes.fromhex(salt) if salt else random_key()
    except ValueError:
        raise complain(door.lang, "--salt 应为十六进制", "--salt is hexadecimal") from None
    body = inquiry.RequestInquiry(
        authority,
        document,
        subject,
        tuple(what or (inquiry.HOLDINGS,)),
        role,
        inquiry.officer_hash(officer, grain),
        as_of,
        since,
        digest(paper_files.read(letter, "letter")).hex() if letter else "",
    )
    answer, key = door.do(inquiry.request, body)
    reply = accepted(
        answer,
        key,
        (Text("查询", "inquiry"), answer["id"]),
        (Text("截至条目", "as of entry"), str(answer["as_of_seq"])),
        (Text("盐(随文书保存)", "salt, to be kept with the letter"), grain.hex()),
    )
    return Reply({**reply.data, "salt": grain.hex()}, reply.parts)


@command(app, "approve", "批准(第二人)· approve, as a second person", writes=True)
def approve(door: Door, id: IdArgument, comment: CommentOption = "") -> Reply:
    """By a checker of the registry who did not enter it."""
    from tanshu.registry import inquiry

    answer, key = door.do(inquiry.approve, inquiry.DecideInquiry(id, comment))
    return accepted(answer, key, (Text("查询", "inquiry"), id), _state_fact(answer["state"]))


@command(app, "refuse", "退回 · send back, with the reason", writes=True)
def refuse(door: Door, id: IdArgument, comment: CommentOption = "") -> Reply:
    """By a checker of the registry who did not enter it."""
    from tanshu.registry import inquiry

    answer, key = door.do(inquiry.refuse, inquiry.DecideInquiry(id, comment))
    return accepted(answer, key, (Text("查询", "inquiry"), id), _state_fact(answer["state"]))


@command(app, "answer", "出具或再次查阅答复 · give the answer, or read it again", writes=True)
def answer(
    door: Door,
    id: IdArgument,
    purpose: Annotated[str, typer.Option(help="再次查阅的目的 · what it is read again for")] = "",
    format: Annotated[str, typer.Option(help="html · pdf · json")] = "html",
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="输出文件 · where to write it")] = None,
) -> Reply:
    """The first time it gets its number; each later time the reading is an entry of the log, too."""
    if format not in ("html", "pdf", "json"):
        raise complain(door.lang, "--format 应为 html、pdf 或 json", "--format is html, pdf or json")
    with door.installation() as installation:
        given, key = _given(door, installation, id, purpose)
        content, number = _rendered(door, installation, id, format)
    path = out or Path(f"inquiry-{number}.{format}")
    path.write_bytes(content)
    reply = accepted(
        given,
        key,
        (Text("查询", "inquiry"), id),
        (Text("答复编号", "answer no"), number),
        (Text("文件", "file"), str(path)),
    )
    return Reply({**reply.data, "file": str(path)}, reply.parts)


@command(app, "list", "列出查询 · list inquiries")
def list_inquiries(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="被查询主体 · who is asked about")] = "",
    state: Annotated[str, typer.Option(help="requested · approved · refused · answered")] = "",
    before: Annotated[int | None, typer.Option(help="上一页的 next · next of the page before")] = None,
    limit: Annotated[int, typer.Option(min=1, help="每页条数 · rows of a page")] = 50,
) -> Reply:
    """The newest first."""
    from tanshu.parties import queries as parties
    from tanshu.registry import inquiry

    if state and state not in tuple(inquiry.InquiryState):
        known = ", ".join(inquiry.InquiryState)
        raise complain(door.lang, f"--state 应为 {known}", f"--state is one of {known}")
    wanted = inquiry.InquiryState(state) if state else None
    with door.reading() as (conn, _):
        owner = need(parties.subject(conn, subject)).id if subject else None
        found = inquiry.inquiries(conn, subject_id=owner, state=wanted, before=before, limit=limit + 1)
        shown = found[:limit]
        who = parties.subjects_with_ids(conn, {one.subject_id for one in shown})
        mark = short_stamp(conn)
    following = shown[-1].requested_seq if len(found) > limit else None
    rows = [_row(one, who[one.subject_id].name) for one in shown]
    data = {
        "stamp": mark,
        "inquiries": [_json(one, who[one.subject_id].handle) for one in shown],
        "next": following,
    }
    return Reply(data, (*notices(mark), Table(LIST, rows), *more(following, "--before")))


@command(app, "show", "查看一份查询及其查阅记录 · an inquiry, and who read its answer")
def show(door: Door, id: IdArgument) -> Reply:
    """Not the answer: that is read with `tanshu inquiry answer`, which is told."""
    from tanshu.parties import queries as parties
    from tanshu.registry import inquiry

    with door.reading() as (conn, _):
        found = need(inquiry.inquiry(conn, id))
        readings = inquiry.readings(conn, found.id)
        subject = parties.subject_by_id(conn, found.subject_id)
        mark = short_stamp(conn)
    data = _json(found, subject.handle) | {"stamp": mark, "readings": [_reading(one) for one in readings]}
    facts = Facts(tuple(zip((one.label for one in LIST), _row(found, subject.name), strict=True)))
    rows = [tuple(_reading(one).values()) for one in readings]
    return Reply(data, (*notices(mark), facts, Table(READINGS, rows, Text("查阅记录", "readings"))))


# -- answering ---------------------------------------------------------------------------------------------


def _given(door: Door, installation: Installation, id: str, purpose: str) -> tuple[Answer, bytes]:
    """Commit the answer; or the reading of one that was given, unless its own key is sent again."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.registry import inquiry

    key = door.key_for()
    ctx = door.context(installation, key)
    found = _inquiry(installation, id)
    if found.state is inquiry.InquiryState.ANSWERED and (purpose or not door.key):
        outcome = inquiry.read(ctx, inquiry.ReadInquiry(found.id, purpose))
    else:
        outcome = inquiry.answer(ctx, inquiry.AnswerInquiry(found.id, _sha256(installation, found)))
    if isinstance(outcome, Refusal):
        raise Refused(outcome)
    return outcome, key


def _inquiry(installation: Installation, id: str) -> Inquiry:
    from tanshu.registry import inquiry

    with installation.database.read() as conn:
        return need(inquiry.inquiry(conn, id))


def _sha256(installation: Installation, found: Inquiry) -> str:
    """Of what an approved inquiry is to be told. Nothing is looked up for any other: it will be refused."""
    from tanshu.book import projections
    from tanshu.book.movements import Movements
    from tanshu.registry import inquiry, inquiry_answer

    if found.state is not inquiry.InquiryState.APPROVED:
        return found.answer_sha256 or ""
    projections.catch_up(installation.database, Movements, installation.book.log)
    with installation.database.read() as conn:
        return inquiry_answer.sha256(inquiry_answer.facts(conn, installation.book, found))


def _rendered(door: Door, installation: Installation, id: str, format: str) -> tuple[bytes, str]:
    """(bytes, number) of an answer that was given, made again from the log and held against its hash."""
    from tanshu.base.canonical import canonical
    from tanshu.base.documents import html
    from tanshu.book import projections
    from tanshu.book.movements import Movements
    from tanshu.registry import inquiry, inquiry_answer

    projections.catch_up(installation.database, Movements, installation.book.log)
    with installation.database.read() as conn:
        found = need(inquiry.inquiry(conn, id))
        said = need(inquiry_answer.same_again(conn, installation.book, found))
        paper = inquiry_answer.paper(conn, installation.book, found, said)
    if format == "json":
        return canonical(said) + b"\n", found.answer_number
    if format == "pdf":
        from tanshu.base.pdf import pdf

        return pdf(paper, door.lang), found.answer_number
    return html(paper, door.lang).encode(), found.answer_number


# -- showing -----------------------------------------------------------------------------------------------


def _state_fact(state: str) -> tuple[Text, object]:
    from tanshu.registry.inquiry import InquiryState

    return Text("状态", "state"), _chip(InquiryState(state))


def _chip(state: InquiryState) -> Chip:
    from tanshu.registry.inquiry import STATE_LABELS, InquiryState

    style = {InquiryState.ANSWERED: GOOD, InquiryState.REFUSED: BAD}.get(state, "yellow")
    return Chip(STATE_LABELS[state], style)


def _row(one: Inquiry, name: str) -> tuple[object, ...]:
    from tanshu.registry.inquiry import WHAT

    what = [WHAT[each] for each in one.what]
    return (
        one.id,
        _chip(one.state),
        one.answer_number,
        one.authority,
        one.document,
        name,
        Text("、".join(each.zh for each in what), ", ".join(each.en for each in what)),
        f"seq:{one.as_of_seq}",
        one.requested_by,
        one.decided_by,
    )


def _json(one: Inquiry, handle: str) -> dict[str, object]:
    return {
        "id": one.id,
        "state": one.state,
        "number": one.answer_number or None,
        "authority": one.authority,
        "document": one.document,
        "document_sha256": one.document_sha256,
        "officer_role": one.officer_role,
        "officer_hash": one.officer_hash,
        "subject": handle,
        "what": list(one.what),
        "from_seq": one.from_seq,
        "as_of_seq": one.as_of_seq,
        "requested_by": one.requested_by,
        "requested_seq": one.requested_seq,
        "decided_by": one.decided_by,
        "decided_seq": one.decided_seq,
        "comment": one.comment,
        "answered_by": one.answered_by,
        "answered_seq": one.answered_seq,
        "answer_sha256": one.answer_sha256,
    }


def _reading(one: Reading) -> dict[str, object]:
    from tanshu.base.clock import shanghai_text

    return {
        "n": str(one.n + 1),
        "person": one.person,
        "purpose": one.purpose,
        "seq": str(one.seq),
        "time": shanghai_text(one.time_ns),
    }
