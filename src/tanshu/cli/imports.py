"""`tanshu import`: files of rows. Nothing enters unless every row is good, or only good rows are asked for.

Every row's key comes from the file's bytes (or --key) and its number, so that importing a file twice, or
after an interruption, does nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.text import Text
from tanshu.cli.border import REFUSED
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import BAD, GOOD, Chip, Facts, Line, Part, Reply, Table, text_column
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from tanshu.app import Installation
    from tanshu.base.files import FileRow, Finding
    from tanshu.book.commit import Act, Answer, Decision, Outcome, Request
    from tanshu.cli.import_rows import Plan, Planned

app = group("导入 CSV 或 XLSX 文件 · import CSV or XLSX files")

FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV (UTF-8) 或 XLSX · CSV or XLSX")]
YearOption = Annotated[int, typer.Option(help="年度 · year")]
AcceptOption = Annotated[
    bool, typer.Option("--accept-valid", help="只导入无误的行 · import the good rows of a file with findings")
]

FINDINGS = (
    text_column("行", "row"),
    text_column("列", "field"),
    text_column("编号", "code"),
    text_column("问题", "what", fold=True),
)


def add_to(root: typer.Typer) -> None:
    root.add_typer(app, name="import")


@command(app, "accounts", "主体、账户与经办人 · subjects with accounts and people", writes=True)
def accounts(door: Door, file: FileArgument, accept_valid: AcceptOption = False) -> Reply:
    """Columns kind, name, uscc, handle, region, accounts, people [, fictional]."""
    from tanshu.cli import import_rows

    columns = ("kind", "name", "uscc", "handle", "region", "accounts", "people")
    return _import(door, file, "accounts", columns, import_rows.accounts, accept_valid)


@command(app, "list", "年度重点排放单位名录 · a year's list of covered entities", writes=True)
def listed(door: Door, file: FileArgument, year: YearOption, accept_valid: AcceptOption = False) -> Reply:
    """Columns handle or uscc [, excluded] [, note] [, sector]."""
    from tanshu.cli import import_rows

    return _import(door, file, f"list/{year}", (), lambda rows: import_rows.listed(rows, year), accept_valid)


@command(app, "emissions", "核查排放量 · verified emissions", writes=True)
def emissions(door: Door, file: FileArgument, year: YearOption, accept_valid: AcceptOption = False) -> Reply:
    """Columns handle or uscc, verified_t [, source]."""
    from tanshu.cli import import_rows

    def plan(rows: Sequence[FileRow]) -> Plan:
        return import_rows.emissions(rows, year)

    return _import(door, file, f"emissions/{year}", ("verified_t",), plan, accept_valid)


@command(app, "activity", "机组活动数据 · what each unit did", writes=True)
def activity(door: Door, file: FileArgument, year: YearOption, accept_valid: AcceptOption = False) -> Reply:
    """Columns handle or uscc, unit, unit_class, capacity_mw, generation_mwh, heat_gj, …; see the guide."""
    from tanshu.cli import import_rows

    columns = (
        "unit",
        "unit_class",
        "capacity_mw",
        "generation_mwh",
        "heat_gj",
        "running_hours",
        "verified_t",
    )

    def plan(rows: Sequence[FileRow]) -> Plan:
        return import_rows.activity(rows, year)

    return _import(door, file, f"activity/{year}", columns, plan, accept_valid)


@command(app, "output", "生产线产量数据 · what each line produced", writes=True)
def output(door: Door, file: FileArgument, year: YearOption, accept_valid: AcceptOption = False) -> Reply:
    """Columns handle or uscc, line, product, verified_t [, output] [, intensity] [, base_t] [, days]."""
    from tanshu.cli import import_rows

    def plan(rows: Sequence[FileRow]) -> Plan:
        return import_rows.output(rows, year)

    return _import(door, file, f"output/{year}", ("line", "product", "verified_t"), plan, accept_valid)


@command(app, "allocations", "按文件分配并核对 · allocate by a file and compare", writes=True)
def allocations(door: Door, file: FileArgument, accept_valid: AcceptOption = False) -> Reply:
    """Columns handle or uscc, year, stage [, expected_t]."""
    from tanshu.cli import import_rows

    return _import(door, file, "allocations", ("year", "stage"), import_rows.allocations, accept_valid)


# -- importing ---------------------------------------------------------------------------------------------


def _import(
    door: Door,
    file: Path,
    kind: str,
    columns: Sequence[str],
    plan: Callable[[Sequence[FileRow]], Plan],
    accept_valid: bool,
) -> Reply:
    """Read, plan, send together, tell. Findings of reading and of deciding end in one table.

    kind: what is imported; one file may serve several imports, each with keys of its own.
    """
    from tanshu.base.files import Finding, read_table
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.cli.batch import together
    from tanshu.cli.import_rows import need_who
    from tanshu.mrv.checks import NOTHING

    rows = read_table(file, columns)
    if not rows:
        raise Refused(NOTHING(field="file"))
    need_who(rows)
    planned, findings = plan(rows)
    stopped = bool(findings) and not accept_valid
    with door.installation() as installation:
        asked = _requests(door, installation, file, kind, planned)
        with progress(Text("导入", "importing").in_(door.lang), len(asked)) as tick:
            outcomes = together(
                installation.book, asked, all_or_nothing=not accept_valid, rehearsal=stopped, tick=tick
            )
    findings = [*findings]
    for one, outcome in zip(planned, outcomes, strict=True):
        if isinstance(outcome, Refusal):
            findings.append(Finding(one.row, outcome))
    findings.sort(key=lambda finding: finding.row)
    if findings and not accept_valid:
        return _refused(door, len(rows), findings)
    return _imported(file, len(rows), outcomes, findings, door)


def _requests(
    door: Door, installation: Installation, file: Path, kind: str, planned: Sequence[Planned]
) -> list[Request]:
    from tanshu.base.canonical import digest
    from tanshu.cli.batch import request

    base = replace(door, key=door.key or digest(file.read_bytes()).hex())
    return [
        _watched(request(one.verb, door.context(installation, base.key_for(kind, one.row)), one.body), one)
        for one in planned
    ]


def _watched(asked: Request, planned: Planned) -> Request:
    """A command that must come to an expected quantity is refused when it does not."""
    if planned.expected is None:
        return asked
    from tanshu.base.refusal import Refusal
    from tanshu.cli.import_rows import mismatch

    def decide(act: Act, body: Any) -> Decision:
        decided = asked.decide(act, body)
        return decided if isinstance(decided, Refusal) else mismatch(planned, decided) or decided

    return replace(asked, decide=decide)


def _refused(door: Door, rows: int, findings: Sequence[Finding]) -> Reply:
    """Nothing was imported: the findings, and the refusal that says so."""
    from tanshu.base.files import FINDINGS as NOT_IMPORTED

    refusal = NOT_IMPORTED(field="file", count=len(findings))
    data = {
        "refusal": refusal.as_json(),
        "rows": rows,
        "imported": 0,
        "findings": [finding.as_json() for finding in findings],
    }
    said = Line(Text(f"{refusal.code} {refusal.text.zh}", f"{refusal.code} {refusal.text.en}"), "bold red")
    return Reply(data, (_findings(findings, door), said), REFUSED)


def _imported(
    file: Path, rows: int, outcomes: Sequence[Outcome], findings: Sequence[Finding], door: Door
) -> Reply:
    from tanshu.base.refusal import Refusal

    good: list[Answer] = [one for one in outcomes if not isinstance(one, Refusal)]
    repeated = sum(one.repeated for one in good)
    seqs = [one.seq for one in good]
    data: dict[str, object] = {
        "file": str(file),
        "rows": rows,
        "commands": len(good),
        "imported": len(good) - repeated,
        "repeated": repeated,
        "seq": [min(seqs), max(seqs)] if seqs else None,
        "findings": [finding.as_json() for finding in findings],
        "answers": [_answer(one) for one in good],
    }
    facts = Facts(
        (
            (Text("文件", "file"), str(file)),
            (Text("行数", "rows"), rows),
            (Text("已导入", "imported"), Chip(len(good) - repeated, GOOD)),
            (Text("此前已导入", "imported before"), repeated),
            (Text("日志序号", "log seq"), f"{min(seqs)}–{max(seqs)}" if seqs else None),
            (Text("问题", "findings"), Chip(len(findings), BAD) if findings else 0),
        )
    )
    parts: list[Part] = [facts]
    if findings:
        parts.append(_findings(findings, door))
    return Reply(data, parts)


def _answer(one: Answer) -> Mapping[str, object]:
    return {"seq": one.seq, "repeated": one.repeated, **one.data}


def _findings(findings: Sequence[Finding], door: Door) -> Table:
    rows = [
        (str(one.row), one.refusal.field, one.refusal.code, one.refusal.sentence(door.lang))
        for one in findings
    ]
    return Table(FINDINGS, rows, Text("文件中的问题", "findings in the file"))
