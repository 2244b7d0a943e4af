"""`tanshu withholding`: final allocations that stay in the provincial account, and what becomes of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.text import Text
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import GOOD, Chip, Reply, Table, number_column, text_column
from tanshu.cli.stamps import notices, short_stamp
from tanshu.cli.written import accepted, next_step

if TYPE_CHECKING:
    from tanshu.book.commit import Answer

app = group("差异化处理:配额保留、强制履约、发放 · withheld allocation")

YearOption = Annotated[int, typer.Option(help="履约年度 · compliance year")]
SubjectOption = Annotated[str, typer.Option(metavar="HANDLE", help="主体 · the entity")]
QuantityOption = Annotated[str, typer.Option(metavar="N", help="数量(吨) · tonnes")]
GroundOption = Annotated[
    str,
    typer.Option(metavar="judicial-freeze|risk|unpaid", help="事由:冻结、风险、欠缴 · ground"),
]
TitleOption = Annotated[str, typer.Option(help="文件名称 · title of the document")]
NumberOption = Annotated[str, typer.Option(help="文号 · its number")]
DatedOption = Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="文件日期 · its date")]
PaperOption = Annotated[Path, typer.Option(metavar="FILE", help="文件,只记 SHA-256 · only its hash is kept")]

DECISIONS = (
    text_column("重点排放单位", "entity", fold=True),
    text_column("事由", "ground"),
    text_column("状态", "state"),
    number_column("保留", "withheld"),
    number_column("强制履约", "forced"),
    number_column("已发放", "released"),
    number_column("在审", "pending"),
    number_column("尚余", "left"),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="withholding")


@command(app, "decide", "决定保留核定配额 · keep a final allocation back", writes=True)
def decide(
    door: Door,
    subject: SubjectOption,
    year: YearOption,
    ground: GroundOption,
    title: TitleOption,
    number: NumberOption,
    dated: DatedOption,
    paper: PaperOption,
) -> Reply:
    """By a maker of the province, before the final allocation; another person confirms it."""
    from tanshu.compliance.withholding import Withhold, withhold

    document = _document(title, number, dated, paper)
    answer, key = door.do(withhold, Withhold(subject, year, ground, document))
    return accepted(answer, key, *_decided(answer, Text("待复核", "to be confirmed")))


@command(app, "confirm", "复核保留决定 · confirm a decision", writes=True)
def confirm(
    door: Door,
    subject: SubjectOption,
    year: YearOption,
    reject: Annotated[bool, typer.Option("--reject", help="不确认,撤销该决定 · drop it")] = False,
) -> Reply:
    """By a checker of the province who did not make it."""
    from tanshu.compliance.withholding import ConfirmWithholding, confirm_withholding

    answer, key = door.do(confirm_withholding, ConfirmWithholding(subject, year, accept=not reject))
    state = Text("已撤销", "dropped") if reject else Text("已生效", "in force")
    return accepted(answer, key, *_decided(answer, state))


@command(app, "force", "强制履约 · pay with what is withheld", writes=True)
def force(
    door: Door,
    subject: SubjectOption,
    year: YearOption,
    quantity: QuantityOption,
    title: TitleOption,
    number: NumberOption,
    dated: DatedOption,
    paper: PaperOption,
) -> Reply:
    """By a maker of the province; its checker and the registry approve."""
    from tanshu.compliance.withholding import FromWithheld, force_surrender

    documents = (_document(title, number, dated, paper),)
    answer, key = door.do(force_surrender, FromWithheld(subject, year, quantity, documents))
    return accepted(answer, key, *_proposed(answer))


@command(app, "release", "发放剩余 · release what is left", writes=True)
def release(door: Door, subject: SubjectOption, year: YearOption, quantity: QuantityOption) -> Reply:
    """When the entity's year is paid. By a maker of the province; its checker and the registry approve."""
    from tanshu.compliance.withholding import FromWithheld, release_withheld

    answer, key = door.do(release_withheld, FromWithheld(subject, year, quantity))
    return accepted(answer, key, *_proposed(answer))


@command(app, "list", "保留配额一览 · what is withheld")
def show(door: Door, year: YearOption) -> Reply:
    """Every decision of a year, what it keeps, and what became of it."""
    from tanshu.compliance import withheld
    from tanshu.parties import queries as parties

    with door.reading() as (conn, _):
        rows = withheld.decisions(conn, year)
        subjects = [parties.subject_by_id(conn, row.subject_id) for row in rows]
        kept = [withheld.kept_for(conn, row.subject_id, year) for row in rows]
        found = list(zip(rows, subjects, kept, strict=True))
        mark = short_stamp(conn)
    data = {"stamp": mark, "year": year, "decisions": [_json(*one) for one in found]}
    title = Text(f"{year} 年度保留配额(吨)", f"withheld for {year} (t)")
    return Reply(data, (*notices(mark), Table(DECISIONS, [_row(*one) for one in found], title)))


def _document(title: str, number: str, dated: str, paper: Path) -> dict[str, str]:
    from tanshu.cli import paper_files

    sha256 = hashlib.sha256(paper_files.read(paper, "document")).hexdigest()
    return {"title": title, "number": number, "date": dated, "sha256": sha256}


def _decided(answer: Answer, state: Text) -> tuple[tuple[Text, object], ...]:
    return (
        (Text("决定", "decision"), answer["id"]),
        (Text("主体", "subject"), answer["subject"]),
        (Text("年度", "year"), str(answer["year"])),
        (Text("状态", "state"), state),
    )


def _proposed(answer: Answer) -> tuple[tuple[Text, object], ...]:
    return (
        (Text("业务", "transaction"), answer["id"]),
        (Text("下一步", "next"), next_step(answer.data)),
    )


def _row(row: Any, subject: Any, kept: Any) -> tuple[object, ...]:
    from tanshu.compliance.withholding import GROUND_LABELS, Ground

    state = Text("已生效", "in force") if row.in_force else Text("待复核", "to be confirmed")
    figures = _figures(kept)
    return (
        subject.name,
        GROUND_LABELS[Ground(row.ground)],
        Chip(state, GOOD if row.in_force else "yellow"),
        *(figures[name] for name in ("quantity", "forced_t", "released_t", "pending_t", "left_t")),
    )


def _json(row: Any, subject: Any, kept: Any) -> dict[str, object]:
    import json

    return {
        "id": row.id,
        "subject": subject.handle,
        "name": subject.name,
        "year": row.year,
        "ground": row.ground,
        "document": json.loads(row.document),
        "maker": row.maker,
        "confirmed_by": row.confirmed_by,
        "in_force": bool(row.in_force),
        **_figures(kept),
    }


def _figures(kept: Any) -> dict[str, int]:
    names = ("quantity", "forced_t", "released_t", "pending_t", "left_t")
    return {name: getattr(kept, name) if kept else 0 for name in names}
