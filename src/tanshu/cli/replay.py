"""`tanshu replay`: real published markets posted to the last tonne, and compared with what they say."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from tanshu.base.text import Text
from tanshu.cli import border, output
from tanshu.cli.border import shown_url
from tanshu.cli.demo import FreshOption, ResumeOption
from tanshu.cli.door import Door, command
from tanshu.cli.output import (
    Chip,
    Column,
    Facts,
    Line,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from tanshu.job import Progress
    from tanshu.replay.model import Finding, Grid, Loader
    from tanshu.replay.runner import Replay, Unusable
    from tanshu.replay.summary import Told

FINDINGS_SHOWN = 8
"""Findings of one number that people see; the JSON object has them all."""

NameArgument = Annotated[
    str | None, typer.Argument(help="回放的名称;不写则列出全部 · which replay; none: list them")
]
DataOption = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="公布文件所在目录 · folder of the published files"),
]


def add_to(app: typer.Typer) -> None:
    command(app, "replay", "回放真实市场的公布数据 · replay a real market's published data")(replay)


def replay(
    door: Door,
    name: NameArgument = None,
    data: DataOption = None,
    resume: ResumeOption = False,
    fresh: FreshOption = False,
) -> Reply:
    """Post a published market through the register, and hold the result against what was published."""
    from tanshu.base.refusal import Refused
    from tanshu.replay import checks, runner

    if name is None:
        return _list(list(runner.all_loaders().values()))
    chosen = runner.loader(name)
    if data is None:
        files = ", ".join(needed.name for needed in chosen.files)
        raise Refused(checks.DATA_NEEDED(field="data", files=files))
    started = time.perf_counter()
    with progress(Text("读取与核对文件", "reading and checking the files").in_(door.lang)):
        found = runner.read(chosen, data)
    if isinstance(found, runner.Unusable):
        _unusable(door, found)
    return _run(door, found, started, resume=resume, fresh=fresh)


def _run(door: Door, found: Replay, started: float, *, resume: bool, fresh: bool) -> Reply:
    from tanshu.replay import runner, summary

    with ExitStack() as stack:
        watch = _Watch(door)
        stack.callback(watch.close)
        installation = runner.run(door.url, found, resume=resume, fresh=fresh, watch=watch)
        stack.callback(installation.close)
        watch.close()
        with progress(Text("比对", "comparing").in_(door.lang)):
            told = summary.tell(found, installation)
    seconds = time.perf_counter() - started
    url = shown_url(door.url)
    code = border.OK if told.holds else border.AUDIT_FAILED
    if door.as_json:
        return Reply(summary.as_json(told, database=url, seconds=seconds), code=code)
    return Reply({}, list(_parts(told, url, seconds)), code)


class _Watch:
    """A bar for the step at work, a line when it is done."""

    def __init__(self, door: Door):
        self.door = door
        self.last: Progress | None = None
        self._bar = ExitStack()
        self._tick = lambda _done: None

    def __call__(self, now: Progress) -> None:
        if self.last is None or self.last.step != now.step:
            self._bar.close()
            title = f"[{now.number}/{now.of}] {now.title.in_(self.door.lang)}"
            self._tick = self._bar.enter_context(progress(title, now.commands))
        self._tick(now.done)
        self.last = now
        if now.done == now.commands:
            self._bar.close()
            stream = sys.stderr if self.door.as_json else sys.stdout
            line = f"✓ {now.number:>2}/{now.of}  {now.title.in_(self.door.lang)}"
            print(line, file=stream, flush=True)

    def close(self) -> None:
        self._bar.close()


# -- what people read --------------------------------------------------------------------------------------


def _list(loaders: Sequence[Loader]) -> Reply:
    """What can be replayed, and which files each needs."""
    columns = (
        text_column("名称", "name"),
        text_column("市场", "market"),
        text_column("所需文件", "files needed", fold=True),
    )
    rows = [
        (one.name, one.title, needed.name) if n == 0 else (" ", " ", needed.name)
        for one in loaders
        for n, needed in enumerate(one.files)
    ]
    data = {
        "replays": [
            {
                "name": one.name,
                "title": one.title,
                "jurisdiction": one.jurisdiction,
                "files": [{"name": needed.name, "title": needed.title} for needed in one.files],
            }
            for one in loaders
        ]
    }
    return Reply(data, (Table(columns, rows),))


def _unusable(door: Door, found: Unusable) -> NoReturn:
    """Files that cannot be used: every finding with its place, and a refusal."""
    from tanshu.replay import checks, summary

    count = sum(1 for one in found.findings if one.severity == "unusable")
    refusal = checks.FILES_UNUSABLE(field="data", count=count)
    if door.as_json:
        output.show_refusal(refusal, door.lang, json_wanted=True, **summary.findings_json(found.findings))
    else:
        output.show_parts(_findings(found.findings), door.lang)
        output.show_refusal(refusal, door.lang, json_wanted=False)
    raise typer.Exit(border.REFUSED)


def _parts(told: Told, url: str, seconds: float) -> Iterator[Part]:
    replay, held = told.replay, told.held
    yield Line(replay.loader.title, output.LOUD)
    yield Notice(
        Text(
            "公布文件没有写明的(谁卖给谁、何时发行)由本程序虚构,逐笔标明“synthetic”。",
            "What the files do not tell (who sold to whom, when units were issued) is made up and marked "
            "“synthetic”, transaction by transaction.",
        )
    )
    yield from (_table(grid) for grid in told.report.grids)
    yield _made_up(told)
    yield from _findings(replay.findings)
    for text, true in told.report.claims:
        yield Line(Text(f"{_mark(true)} {text.zh}", f"{_mark(true)} {text.en}"), _style(true))
    yield _conservation(told)
    yield Facts(
        (
            (Text("数据库", "database"), url),
            (Text("日志", "log"), Text(f"第 {held.log_seq} 条", f"entry {held.log_seq}")),
            (Text("日志哈希", "log hash"), held.log_hash),
            (Text("用时", "took"), Text(f"{seconds:.1f} 秒", f"{seconds:.1f} s")),
        )
    )


def _table(grid: Grid) -> Table:
    columns = [Column(column.label, right=column.number, fold=not column.number) for column in grid.columns]
    return Table(columns, grid.rows, grid.title, grid.total)


def _made_up(told: Told) -> Table:
    columns = (
        text_column("虚构的业务", "made up"),
        text_column("说明", "what it is", fold=True),
        number_column("笔数", "lines"),
        number_column("数量(吨)", "quantity (t)"),
    )
    return Table(columns, told.made_up, Text("虚构部分", "What the replay made up"))


def _findings(findings: Sequence[Finding]) -> Iterator[Part]:
    if not findings:
        yield Line(Text("✓ 文件中没有发现问题", "✓ nothing wrong was found in the files"), output.GOOD)
        return
    columns = (
        text_column("编号", "code"),
        text_column("出处", "place"),
        text_column("发现", "finding", fold=True),
    )
    shown: Counter[str] = Counter()
    rows = []
    for one in findings:
        shown[one.code] += 1
        if shown[one.code] <= FINDINGS_SHOWN:
            style = output.BAD if one.severity == "unusable" else "yellow"
            rows.append((Chip(one.code, style), str(one.source), one.refusal.text))
    count = len(findings)
    yield Table(columns, rows, Text(f"文件中的问题:{count} 处", f"{count} findings in the files"))
    left = count - len(rows)
    if left:
        yield Line(Text(f"另有 {left} 处,见 --json。", f"{left} more of these are in --json."), output.WEAK)


def _conservation(told: Told) -> Line:
    """Σ over all accounts per instrument: each one where they are few, else how many there are."""
    sums = told.held.conservation
    bad = [f"{code} Σ = {total}" for code, total in sums.items() if total]
    if bad or len(sums) <= FINDINGS_SHOWN:
        words = " · ".join(bad or [f"{code} Σ = 0" for code in sums])
        text = Text(f"{_mark(not bad)} 守恒:{words}", f"{_mark(not bad)} conservation: {words}")
    else:
        text = Text(f"✓ 守恒:{len(sums)} 个产品 Σ = 0", f"✓ conservation: Σ = 0 for {len(sums)} instruments")
    return Line(text, _style(not bad))


def _mark(true: bool) -> str:
    return "✓" if true else "✗"


def _style(true: bool) -> str:
    return output.GOOD if true else output.BAD
