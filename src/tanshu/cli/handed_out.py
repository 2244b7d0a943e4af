"""Papers on their way out: which formats are wanted, and the files they become."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import Refused, refusal
from tanshu.base.text import Lang, Text
from tanshu.cli.output import Line, Part

if TYPE_CHECKING:
    from tanshu.base.documents import Paper

NO_FORMAT = refusal(
    "CLI-2001",
    "不认识格式“{value}”,可用:{known}。",
    "“{value}” is no format of this paper; it comes as {known}.",
)
PAPERS = ("html", "pdf")
OutOption = Annotated[Path, typer.Option("--out", metavar="DIR", help="输出目录 · folder for the files")]
FormatOption = Annotated[str, typer.Option("--format", metavar="html,pdf", help="格式 · which formats")]


def formats(text: str, known: Sequence[str] = PAPERS) -> tuple[str, ...]:
    """The formats named, separated by commas. Raises Refused CLI-2001."""
    wanted = tuple(one.strip().lower() for one in text.split(",") if one.strip())
    for one in wanted or ("",):
        if one not in known:
            raise Refused(NO_FORMAT(field="format", value=one, known=", ".join(known)))
    return wanted


def write_paper(paper: Paper, lang: Lang, folder: Path, wanted: Sequence[str]) -> list[Path]:
    """The paper's files, named by its number. Raises OSError where one cannot be written."""
    folder.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    for form in wanted:
        path = folder / f"{paper.number}.{form}"
        path.write_bytes(paper_bytes(paper, lang, form))
        written.append(path)
    return written


def paper_bytes(paper: Paper, lang: Lang, form: str) -> bytes:
    if form == "pdf":
        from tanshu.base.pdf import pdf

        return pdf(paper, lang)
    from tanshu.base.documents import html

    return html(paper, lang).encode()


def said(files: Sequence[Path]) -> list[Part]:
    """One line for each file."""
    return [Line(Text(f"已写入 {path}", f"written: {path}")) for path in files]
