"""`tanshu run`: a scenario of any kind, step by step, ending with what it came to."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.cli import output
from tanshu.cli.border import REFUSED, shown_url
from tanshu.cli.door import Door, command
from tanshu.cli.output import BAD, GOOD, Facts, Line, Notice, Part, Reply, Table
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from tanshu.app import Installation
    from tanshu.scenario.result import Check, Ending, Grid, Result
    from tanshu.scenario.runner import Progress, Run

REPORT = Path("tanshu-report")

ResumeOption = Annotated[bool, typer.Option("--resume", help="从中断处继续 · go on where it stopped")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="清空此场景的数据库,重新运行 · wipe and run anew")]
ReportOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help=f"报告目录,仅电力年度有 · folder of a power year's report [{REPORT}]"),
]


def add_to(app: typer.Typer) -> None:
    command(app, "run", "运行一个场景 · run a scenario")(run)


def run(
    door: Door,
    scenario: Annotated[
        str, typer.Argument(help="场景目录或自带场景的名称 · folder, or name of one included")
    ],
    resume: ResumeOption = False,
    fresh: FreshOption = False,
    report: ReportOption = None,
) -> Reply:
    """Any scenario: a folder, or the name of one that comes with the program."""
    from tanshu.rules import packs
    from tanshu.scenario import checks, result, runner
    from tanshu.scenario.power_year import PowerYear

    found = runner.load(scenario)
    if isinstance(found, PowerYear):
        from tanshu.cli.demo import power_year

        return power_year(door, found, resume=resume, fresh=fresh, report=report)
    if report:
        raise Refused(checks.NO_REPORT(field="report", kind=found.folder.kind))
    with ExitStack() as stack:
        stack.enter_context(packs.searching(*found.folder.packs))
        watch = RunWatch(door, found)
        stack.callback(watch.close)
        installation = runner.run(door.url, found, resume=resume, fresh=fresh, watch=watch)
        stack.callback(installation.close)
        watch.say_last(installation)
        came_to, end = found.result(installation), result.ending(installation)
        return _reply(door, found, came_to, end)


class RunWatch:
    """Shows a run: a bar for the step at work, a line with what it came to when it is done.

    That is read from the database, so a step's line is printed at the first sign of the next one, when its
    last entry is sure to be committed.
    """

    def __init__(self, door: Door, scenario: Run):
        self.door, self.scenario = door, scenario
        self.last: Progress | None = None
        self.stamped = False
        self._bar = ExitStack()
        self._tick = lambda _done: None

    def __call__(self, now: Progress) -> None:
        self.say_stamp()
        if self.last is None or self.last.step != now.step:
            self._finish()
            title = f"[{now.number}/{now.of}] {now.title.in_(self.door.lang)}"
            self._tick = self._bar.enter_context(progress(title, now.commands))
        self._tick(now.done)
        self.last = now

    def say_stamp(self) -> None:
        """What this is, before anything else is said, once."""
        if not (self.stamped or self.door.as_json):
            folder = self.scenario.folder
            output.show_parts((Line(folder.title, output.LOUD), Notice(folder.stamp)), self.door.lang)
        self.stamped = True

    def say_last(self, installation: Installation) -> None:
        self.say_stamp()
        self._finish(installation)

    def close(self) -> None:
        self._bar.close()

    def _finish(self, installation: Installation | None = None) -> None:
        self._bar.close()
        if self.last is None:
            return
        line = f"✓ {self.last.number:>2}/{self.last.of}  {self.last.title.in_(self.door.lang)}"
        told = self._told(self.last.step, installation)
        print(f"{line}  {told}".rstrip(), file=sys.stderr if self.door.as_json else sys.stdout, flush=True)
        self.last = None

    def _told(self, step: str, installation: Installation | None) -> str:
        from tanshu.base.database import Database

        database = installation.database if installation else Database.open(self.door.url)
        try:
            with database.read() as conn:
                return self.scenario.told(conn, step, self.door.lang)
        finally:
            if installation is None:
                database.close()


def _reply(door: Door, scenario: Run, came_to: Result, end: Ending) -> Reply:
    good = all(check.good for check in came_to.checks)
    url = shown_url(door.url)
    data = {
        "scenario": scenario.folder.id,
        "kind": scenario.folder.kind,
        **came_to.data,
        **end.as_json(),
        "database": url,
        "checks": [{"zh": one.text.zh, "en": one.text.en, "good": one.good} for one in came_to.checks],
    }
    parts: list[Part] = [
        *(_table(grid) for grid in came_to.grids),
        Notice(scenario.folder.stamp),
        *(_line(check) for check in came_to.checks),
        Facts(
            (
                (Text("数据库", "database"), url),
                (Text("日志", "log"), Text(f"第 {end.seq} 条", f"entry {end.seq}")),
                (Text("日志哈希", "log hash"), end.hash),
            )
        ),
    ]
    return Reply(data, parts, 0 if good else REFUSED)


def _table(grid: Grid) -> Table:
    columns = [output.Column(one.title, one.number, one.fold) for one in grid.columns]
    return Table(columns, grid.rows, grid.title, grid.total)


def _line(check: Check) -> Line:
    mark = "✓" if check.good else "✗"
    text = Text(f"{mark} {check.text.zh}", f"{mark} {check.text.en}")
    return Line(text, GOOD if check.good else BAD)
