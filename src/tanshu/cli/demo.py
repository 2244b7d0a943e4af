"""`tanshu demo` and `tanshu run`: a whole compliance year, step by step, ending with its figures."""

from __future__ import annotations

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli import output
from tanshu.cli.border import shown_url
from tanshu.cli.door import Door, command
from tanshu.cli.output import Bar, Chip, Facts, Line, Notice, Part, Reply, Table, number_column, text_column
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from tanshu.app import Installation
    from tanshu.insight.figures import YearFigures
    from tanshu.scenario.runner import Progress, Run

DEMO = "hubei-power-2023"
REPORT = Path("tanshu-report")

ResumeOption = Annotated[bool, typer.Option("--resume", help="从中断处继续 · go on where it stopped")]
FreshOption = Annotated[bool, typer.Option("--fresh", help="清空此场景的数据库,重新运行 · wipe and run anew")]
ReportOption = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help=f"报告目录 · folder of the report [{REPORT}]"),
]

BOARD = (
    text_column("重点排放单位", "entity", fold=True),
    number_column("核查排放量", "verified"),
    number_column("核定配额", "approved"),
    number_column("盈缺率 %", "gap %"),
    number_column("买入", "bought"),
    number_column("卖出", "sold"),
    number_column("清缴", "surrendered"),
    number_column("抵销", "offset"),
    text_column("状态", "status"),
)


def add_to(app: typer.Typer) -> None:
    command(app, "demo", "运行演示:湖北电力 2023 履约年度 · run the demonstration year")(demo)
    command(app, "run", "运行一个场景 · run a scenario")(run)


def demo(
    door: Door,
    resume: ResumeOption = False,
    fresh: FreshOption = False,
    report: ReportOption = None,
) -> Reply:
    """A province's compliance year on fictional activity data."""
    return _run(door, DEMO, resume=resume, fresh=fresh, report=report)


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
    return _run(door, scenario, resume=resume, fresh=fresh, report=report)


def _run(door: Door, name: str, *, resume: bool, fresh: bool, report: Path | None) -> Reply:
    from tanshu.scenario import runner, summary

    scenario = runner.load(name)
    with ExitStack() as stack:
        watch = _Watch(door, scenario)
        stack.callback(watch.close)
        installation = runner.run(door.url, scenario, resume=resume, fresh=fresh, watch=watch)
        stack.callback(installation.close)
        watch.say_last(installation)
        url = shown_url(door.url)
        if not door.as_json:
            found = summary.figures_of(installation, scenario)
            output.show_parts(_result(found, scenario.facts.stamp, url), door.lang)
            written = _report(door, installation, scenario, report or REPORT)
            return Reply({}, (Line(Text(f"报告:{written}", f"report: {written}"), "bold"),))
        data = summary.summary(installation, scenario, database=url)
        if report:
            data["report"] = str(_report(door, installation, scenario, report))
        return Reply(data)


def _report(door: Door, installation: Installation, scenario: Run, folder: Path) -> Path:
    from tanshu.scenario import summary

    title = Text("生成报告", "writing the report").in_(door.lang)
    with progress(title):
        return summary.write_report(installation, scenario, folder, door.lang)


class _Watch:
    """Shows a run: a bar for the step at work, a line with its totals when it is done.

    Totals are read from the database, so a step's line is printed at the first sign of the next one, when its
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
            facts = self.scenario.facts
            output.show_parts((Line(facts.title, output.LOUD), Notice(facts.stamp)), self.door.lang)
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
        totals = self._totals(self.last.step, installation)
        print(f"{line}  {totals}".rstrip(), file=sys.stderr if self.door.as_json else sys.stdout, flush=True)
        self.last = None

    def _totals(self, step: str, installation: Installation | None) -> str:
        from tanshu.base.database import Database
        from tanshu.scenario import summary

        database = installation.database if installation else Database.open(self.door.url)
        try:
            with database.read() as conn:
                return summary.in_words(summary.step_totals(conn, self.scenario, step), self.door.lang)
        finally:
            if installation is None:
                database.close()


def _result(found: YearFigures, stamp: Text, url: str) -> list[Part]:
    parts: list[Part] = [
        compliance_table(found),
        Notice(stamp),
        Bar(Text("履约率", "compliance"), found.compliant, found.entities),
        Line(conservation(found)),
        Facts(
            (
                (Text("数据库", "database"), url),
                (Text("日志", "log"), Text(f"第 {found.seq} 条", f"entry {found.seq}")),
                (Text("日志哈希", "log hash"), found.hash),
            )
        ),
    ]
    return parts


def compliance_table(found: YearFigures) -> Table:
    """One row for every listed entity, and the totals."""
    rows = [
        (
            row.name,
            row.verified_t,
            row.approved_t,
            row.gap_rate,
            row.bought_t,
            row.sold_t,
            row.surrendered_t,
            row.offset_t,
            status_chip(row.status),
        )
        for row in found.rows
    ]
    total = (
        Text(f"合计 {found.entities} 家", f"{found.entities} in all"),
        found.verified_t,
        sum(row.approved_t or 0 for row in found.rows),
        None,
        found.bought_t,
        found.sold_t,
        found.surrendered_t,
        found.offset_t,
        Text(f"已履约 {found.compliant}", f"{found.compliant} compliant"),
    )
    title = Text(
        f"{found.year} 年度履约(吨),期限 {found.deadline}",
        f"Compliance {found.year} (t), deadline {found.deadline}",
    )
    return Table(BOARD, rows, title, total)


def status_chip(status: str) -> Chip:
    """A compliance status in its colour."""
    from tanshu.compliance.obligations import STATUS_LABELS, Status

    style = {Status.COMPLIANT: output.GOOD, Status.SHORT: output.BAD}.get(Status(status), "yellow")
    return Chip(STATUS_LABELS[Status(status)], style)


def conservation(found: YearFigures) -> Text:
    """The book's own proof: per instrument the sum over all accounts is zero."""
    sums = " · ".join(f"{code} Σ = {total}" for code, total in found.conservation.items())
    good = not any(found.conservation.values())
    mark = "✓" if good else "✗"
    return Text(f"{mark} 守恒:{sums}", f"{mark} conservation: {sums}")
