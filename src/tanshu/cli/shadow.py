"""`tanshu shadow`: another operator's days computed again beside it, and every break with its cause."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli import border, output
from tanshu.cli.border import complain, shown_url
from tanshu.cli.door import DEFAULT_DB, Door, command
from tanshu.cli.output import Chip, Facts, Line, Notice, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from tanshu.shadow.run import Result

DirArgument = Annotated[
    Path | None,
    typer.Argument(metavar="DIR", help="对方每日文件所在目录 · folder of the operator's daily files"),
]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", metavar="FILE", help="另写成网页 · write a page, too")
]
FreshOption = Annotated[bool, typer.Option("--fresh", help="清空影子账簿,从头重算 · compute all anew")]
ExampleOption = Annotated[
    Path | None,
    typer.Option("--example", metavar="DIR", help="写一个虚构的示例目录 · write a made-up example folder"),
]
BreaksOption = Annotated[int, typer.Option("--breaks", help="示例中的差异数 · breaks in the example")]
SeedOption = Annotated[int, typer.Option("--seed", help="示例的种子 · the example's seed")]


def add_to(app: typer.Typer) -> None:
    command(app, "shadow", "影子核对:重算对方的每一天 · another operator's days, computed again")(shadow)


def shadow(
    door: Door,
    folder: DirArgument = None,
    html: HtmlOption = None,
    fresh: FreshOption = False,
    example: ExampleOption = None,
    breaks: BreaksOption = 0,
    seed: SeedOption = 1,
) -> Reply:
    """Compare an operator's files with what their own lists come to, in a database apart.

    Without --db the database lies beside the folder. Exit code 3 where there are breaks.
    """
    if (folder is None) == (example is None):
        raise complain(door.lang, "请给出目录 DIR,或 --example DIR", "give DIR, or --example DIR")
    if example is not None:
        return _example(example, breaks, seed)
    assert folder is not None
    from tanshu.shadow import run

    url = run.default_url(folder) if door.url == DEFAULT_DB else door.url
    started = time.perf_counter()
    with _Watch(door) as watch:
        result = run.run(folder, url, fresh=fresh, tick=watch)
    if html:
        from tanshu.shadow import page

        page.write(html, result, door.lang)
    code = border.AUDIT_FAILED if result.breaks else border.OK
    seconds = time.perf_counter() - started
    if door.as_json:
        written = {"html": str(html)} if html else {}
        return Reply({**result.as_json(), **written, "database": shown_url(url)}, code=code)
    return Reply({}, list(_parts(result, shown_url(url), html, seconds)), code)


class _Watch:
    """A bar for each stage."""

    def __init__(self, door: Door):
        self._door, self._stage = door, None
        self._bar = ExitStack()
        self._tick = lambda _done: None

    def __enter__(self) -> _Watch:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.close()

    def __call__(self, stage: Text, done: int, of: int) -> None:
        if stage is not self._stage:
            self._bar.close()
            self._stage = stage
            self._tick = self._bar.enter_context(progress(stage.in_(self._door.lang), of))
        self._tick(min(done, of))


def _example(folder: Path, breaks: int, seed: int) -> Reply:
    from tanshu.shadow import writing
    from tanshu.shadow.causes import LABELS

    put = sorted(writing.example(folder, breaks=breaks, seed=seed))
    data = {
        "folder": str(folder),
        "injected": [{"day": one.day, "kind": one.kind.value, "name": one.name} for one in put],
    }
    said = Line(Text(f"示例(虚构)已写入 {folder}", f"the example (fictional) is in {folder}"))
    columns = (
        text_column("日期", "day"),
        text_column("注入的差异", "break put in"),
        text_column("何处", "where"),
    )
    table = Table(columns, [(one.day.isoformat(), LABELS[one.kind], one.name) for one in put])
    return Reply(data, (said, table) if put else (said,))


def _parts(result: Result, url: str, html: Path | None, seconds: float) -> Iterator[Part]:
    from tanshu.shadow.causes import LABELS
    from tanshu.shadow.page import shown

    yield Line(Text(f"影子核对:{result.title}", f"Shadow of {result.title}"), output.LOUD)
    heading = (
        text_column("日期", "day"),
        text_column("出处", "place"),
        text_column("起因", "cause"),
        text_column("说明", "what happened", fold=True),
        number_column("对方", "theirs"),
        number_column("本方", "ours"),
    )
    rows = [
        (
            one.day.isoformat(),
            f"{one.file.split('/')[-1]}:{one.line}" if one.line else one.file.split("/")[-1],
            Chip(LABELS[one.kind], output.BAD),
            one.cause,
            shown(one, "theirs"),
            shown(one, "ours"),
        )
        for one in result.breaks
    ]
    count, off = len(rows), len(result.days) - result.clean_days
    if rows:
        yield Table(heading, rows, Text(f"差异:{count} 处", f"{count} breaks"))
        yield Notice(
            Text(
                f"{off} 天有差异,每处只列起因;由它引起的后续不符不再列出。",
                f"{off} days have breaks. Each stands once, at its cause; what follows does not.",
            )
        )
    else:
        agrees = Text("✓ 逐日一致,没有差异", "✓ every day agrees: no break")
        yield Line(agrees, output.GOOD)
    days, clean = len(result.days), result.clean_days
    seq, log = result.log_seq, result.log_hash
    facts: list[tuple[Text, object]] = [
        (
            Text("天数", "days"),
            Text(f"{days},其中 {clean} 天无差异", f"{days}, {clean} without a break"),
        ),
        (Text("主体", "subjects"), result.subjects),
        (Text("成交", "trades"), result.trades),
        (Text("变动", "movements"), result.movements),
        (Text("影子数据库", "shadow database"), url),
        (Text("日志", "log"), Text(f"第 {seq} 条,{log}", f"entry {seq}, {log}")),
        (Text("用时", "took"), Text(f"{seconds:.1f} 秒", f"{seconds:.1f} s")),
    ]
    if html:
        facts.append((Text("网页", "page"), str(html)))
    yield Facts(facts)
