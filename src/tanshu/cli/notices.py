"""`tanshu notice`: what subjects were told, the papers that tell it, and when they were served."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.clock import shanghai_text
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.cli.accounts import read_date
from tanshu.cli.door import Door, command, group
from tanshu.cli.handed_out import FormatOption, formats, said, write_paper
from tanshu.cli.output import GOOD, Chip, Facts, Line, Part, Reply, Table, text_column
from tanshu.cli.own_words import own_words
from tanshu.cli.stamps import notices as stamped
from tanshu.cli.stamps import short_stamp, stamp
from tanshu.cli.written import accepted

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.registry.notices import Notice

NoticeId = Annotated[str, typer.Argument(metavar="ID", help="通知书编号 · notice")]
LIST = (
    text_column("通知书", "notice"),
    text_column("类别", "kind"),
    text_column("主体", "subject", fold=True),
    text_column("事项", "about"),
    text_column("签发", "issued"),
    text_column("送达日", "served on"),
)

app = group("通知书:列表、查看、送达 · notices: list, show, serve")


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="notice")


@command(app, "list", "列出通知书 · list notices")
def list_notices(
    door: Door,
    subject: Annotated[str, typer.Option(metavar="HANDLE", help="主体 · subject")] = "",
    kind: Annotated[str, typer.Option(help="类别 · kind")] = "",
    about: Annotated[str, typer.Option(metavar="ID", help="业务或权利 · transaction or claim")] = "",
    unserved: Annotated[bool, typer.Option("--unserved", help="只列未送达的 · not served yet")] = False,
    limit: Annotated[int, typer.Option(min=1, help="最近多少份 · the newest so many")] = 100,
) -> Reply:
    """In the order in which they were issued. Refuses REG-6104 where there is no such kind."""
    from tanshu.parties import queries as parties
    from tanshu.registry import notices

    with door.reading() as (conn, _):
        whose = need(parties.subject(conn, subject)).id if subject else None
        found = notices.of(
            conn,
            subject_id=whose,
            about=about or None,
            kind=need(notices.kind_named(kind)).code if kind else None,
            served=False if unserved else None,
            limit=limit,
        )
        rows = [_as_json(conn, one) for one in found]
        mark, say = short_stamp(conn), own_words(conn)
    table = [
        (row["notice"], row["title"], row["name"], row["about"], row["issued"], row["served_on"])
        for row in rows
    ]
    return Reply({"stamp": mark, "notices": rows}, say((*stamped(mark), Table(LIST, table))))


@command(app, "show", "查看或输出一份通知书 · read a notice, or write it as a paper")
def show(
    door: Door,
    id: NoticeId,
    format: FormatOption = "",
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="输出目录 · folder for the files")
    ] = Path(),
) -> Reply:
    """Its wording is written anew each time, in the reader's language."""
    from tanshu.registry import notices
    from tanshu.registry.notice_texts import body

    wanted = formats(format) if format else ()
    with door.reading() as (conn, book):
        found = need(notices.one(conn, id))
        data = _as_json(conn, found)
        files = []
        if wanted:
            paper = notices.notice_paper(conn, book, found, stamp=stamp(conn))
            files = write_paper(paper, door.lang, out, wanted)
        mark, say = short_stamp(conn), own_words(conn)
    sentences = body(found.kind, found.facts)
    facts = Facts(
        (
            (Text("通知书", "notice"), found.id),
            (Text("类别", "kind"), found.kind.title),
            (Text("主体", "subject"), data["name"]),
            (Text("事项", "about"), found.about),
            (Text("签发", "issued"), data["issued"]),
            (Text("送达日", "served on"), _served(found.served_on)),
        )
    )
    parts: list[Part] = [*stamped(mark), facts, *(Line(one) for one in sentences), *said(files)]
    return Reply({**data, "text": list(sentences), "files": [str(path) for path in files]}, say(parts))


@command(app, "serve", "登记送达 · record that a notice was served", writes=True)
def serve(
    door: Door,
    id: NoticeId,
    on: Annotated[str, typer.Option("--on", metavar="YYYY-MM-DD", help="送达日 · the day of service")],
) -> Reply:
    """The terms that run from service begin. Refuses REG-6101 to 6103."""
    from tanshu.registry import notices

    command = notices.ServeNotice(id, read_date(on, door.lang, "--on"))
    answer, key = door.do(notices.serve, command)
    return accepted(
        answer, key, (Text("通知书", "notice"), id), (Text("送达日", "served on"), answer["served_on"])
    )


def _served(day: date | None) -> object:
    return Chip(day.isoformat(), GOOD) if day else Text("未送达", "not yet")


def _as_json(conn: Connection, one: Notice) -> dict[str, object]:
    from tanshu.parties import queries as parties

    subject = parties.subject_by_id(conn, one.subject_id)
    return {
        "notice": one.id,
        "kind": one.kind.code,
        "title": one.kind.title,
        "subject": subject.handle,
        "name": subject.name,
        "about": one.about,
        "facts": one.facts,
        "issued_seq": one.issued_seq,
        "issued": shanghai_text(one.issued_ns),
        "served_on": one.served_on,
        "served_by": one.served_by,
    }
