"""`tanshu rules`: the packs, their contents, and a result explained so that a person can check it by hand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tanshu.base.refusal import need
from tanshu.base.text import Lang, Text
from tanshu.cli.border import complain
from tanshu.cli.door import Door, command, group
from tanshu.cli.output import (
    BAD,
    GOOD,
    WEAK,
    Chip,
    Facts,
    Line,
    Notice,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.stamps import short_stamp

if TYPE_CHECKING:
    from tanshu.rules.explain import ExplainLine
    from tanshu.rules.pack_model import Pack

app = group("规则包:法律即数据 · rule packs: the law as data")

PackArgument = Annotated[str, typer.Argument(metavar="PACK", help="规则包,如 cn.power.2023 · a pack")]

LIST = (
    text_column("规则包", "pack"),
    text_column("名称", "title", fold=True),
    text_column("状态", "status"),
    text_column("生效", "from"),
    text_column("至", "to"),
    number_column("已核对", "confirmed"),
    number_column("凭记忆", "recalled"),
    number_column("假定", "assumed"),
)
VALUES = (
    text_column("表", "table"),
    text_column("键", "key"),
    text_column("值", "value", fold=True),
    text_column("来源", "source", fold=True),
    text_column("依据", "evidence"),
)
STEPS = (
    text_column("机组", "unit"),
    text_column("项目", "item", fold=True),
    text_column("公式", "formula", fold=True),
    text_column("数值", "numbers", fold=True),
    number_column("结果", "result"),
    text_column("单位", "in"),
    text_column("来源", "source"),
)


def add_to(root: typer.Typer) -> None:
    from tanshu.cli import rules_calendar

    rules_calendar.add_to(app)
    root.add_typer(app, name="rules")


@command(app, "list", "列出规则包 · list the packs")
def list_packs(door: Door) -> Reply:
    """Every pack that can be found: packaged ones, and an operator's own (TANSHU_PACKS)."""
    from tanshu.rules import packs

    found = packs.summaries()
    return Reply({"packs": list(found)}, (Table(LIST, [_pack_row(one, door.lang) for one in found]),))


@command(app, "show", "查看规则包的全部数值与来源 · show a pack")
def show(door: Door, pack: PackArgument) -> Reply:
    """Every value with its source and how well it is known. Looking at a draft needs no permission."""
    from tanshu.rules import packs

    data = need(packs.show(pack))
    found = need(packs.load(pack, allow_draft=True))
    rows = [row for name in found.tables for row in _table_rows(found, name, door.lang)]
    facts = Facts(
        (
            (Text("规则包", "pack"), found.name),
            (Text("名称", "title"), found.title),
            (Text("状态", "status"), _status(found.status)),
            (Text("适用", "governs"), f"{found.effective_from} – {found.effective_to or '…'}"),
        )
    )
    return Reply(data, (*warnings(found), facts, Table(VALUES, rows)))


@command(app, "explain", "解释一个结果:数值、公式、来源 · explain a result", drafts=True)
def explain(
    door: Door,
    entity: Annotated[str, typer.Argument(metavar="[ENTITY]", help="主体代号或信用代码 · an entity")] = "",
    year: Annotated[int | None, typer.Option(help="履约年度 · compliance year")] = None,
    pack: Annotated[str, typer.Option(metavar="NAME", help="规则包,如 cn.power.2023 · a pack")] = "",
    load: Annotated[str, typer.Option(metavar="F", help="负荷系数,如 0.60 · load factor")] = "",
    unit_class: Annotated[str, typer.Option("--class", help="机组类别 I–IV · unit class")] = "",
    qe: Annotated[str, typer.Option(metavar="MWH", help="电量 · electricity in MWh")] = "",
    qh: Annotated[str, typer.Option(metavar="GJ", help="供热量 · heat in GJ")] = "0",
    ff: Annotated[str, typer.Option(metavar="FF", help="负荷(调峰)修正系数 · load correction")] = "1",
    cooling: Annotated[str, typer.Option(help="water · air (2019–2022)")] = "water",
    heat_ratio: Annotated[str, typer.Option(help="供热比 (2019–2022) · heat ratio")] = "0",
) -> Reply:
    """An entity's allocation of a year; or, with --pack, one load correction or one initial quota."""
    if entity and not pack:
        if year is None:
            raise complain(door.lang, "请用 --year 指明年度", "name the year with --year")
        return _explain_entity(door, entity, year)
    if not pack or entity or not (load or (unit_class and qe)):
        raise complain(
            door.lang,
            "写法:explain 主体 --year Y;或 --pack NAME --load F;或 --pack NAME --class I --qe MWH --qh GJ",
            "write: explain ENTITY --year Y; or --pack NAME --load F; or --pack NAME --class I --qe N --qh N",
        )
    numbers = {
        name: _decimal(text, name, door.lang)
        for name, text in (("load", load), ("qe", qe), ("qh", qh), ("ff", ff), ("heat-ratio", heat_ratio))
        if text
    }
    return _explain_numbers(door, pack, unit_class, cooling, numbers)


def explained(lines: Iterable[ExplainLine]) -> list[Part]:
    """Steps of a calculation: one line, one thing to check by hand; the sources by number below."""
    sources: dict[str, str] = {}
    rows = [
        (
            line.about,
            line.label,
            line.formula,
            line.numbers,
            line.result,
            line.unit,
            sources.setdefault(line.source, f"[{len(sources) + 1}]"),
        )
        for line in lines
    ]
    notes = [Line(f"{number} {source}", WEAK) for source, number in sources.items()]
    return [Table(STEPS, rows), *notes]


def warnings(pack: Pack) -> list[Part]:
    """The watermark of a draft or example; a note for every table that is recalled or assumed."""
    mark: list[Part] = [Notice(pack.watermark)] if pack.watermark else []
    return [*mark, *(Line(note, "yellow") for note in pack.notes)]


# -- explaining --------------------------------------------------------------------------------------------


def _explain_entity(door: Door, handle: str, year: int) -> Reply:
    """An entity's year computed anew from its verified activity, beside what was decided."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.compliance import methods, obligations, packs
    from tanshu.compliance.checks import NO_ACTIVITY
    from tanshu.parties import queries as parties
    from tanshu.rules import explain as words

    with door.reading() as (conn, _):
        subject = need(parties.subject(conn, handle))
        pack = packs.allocation(conn, year, allow_draft=door.allow_draft)
        activity = methods.of(pack).data(conn, subject.id, year)
        owed = obligations.owed(conn, subject, year)
        mark = short_stamp(conn)
    if not activity:
        raise Refused(NO_ACTIVITY(field="year", subject=subject.name, year=year))
    result = need(methods.allocate(pack, activity, allow_draft=door.allow_draft))
    lines = words.allocation(result, door.lang)
    pre, decided = (None, None) if isinstance(owed, Refusal) else (owed.pre_allocated_t, owed.approved_t)
    data = {
        "subject": subject.handle,
        "name": subject.name,
        **result.as_json(),
        "lines": [line.as_json() for line in lines],
        "decided_t": decided,
        "pre_allocated_t": pre,
    }
    same = None if decided is None else decided == result.approved_t
    facts = Facts(
        (
            (Text("主体", "entity"), f"{subject.name} ({subject.handle})"),
            (Text("规则包", "pack"), f"{pack.name} {pack.title.in_(door.lang)}"),
            (Text("核查排放量(吨)", "verified (t)"), result.verified_t),
            (Text("核定配额(吨)", "approved (t)"), result.approved_t),
            (Text("应清缴(吨)", "obligation (t)"), result.obligation_t),
            (Text("缺口(吨)", "gap (t)"), result.gap_t),
            (Text("缺口率", "gap rate"), f"{result.gap_rate * 100:.2f} %"),
            (Text("预分配(吨)", "pre-allocated (t)"), pre),
            (Text("已作出的核定(吨)", "decided (t)"), _compared(decided, same)),
        )
    )
    notices: list[Part] = [*([Notice(mark)] if mark else [])]
    notices += [Notice(result.watermark)] if result.watermark else []
    notices += [Line(note, "yellow") for note in result.notes]
    return Reply(data, (*notices, facts, *explained(lines)))


def _compared(decided: int | None, same: bool | None) -> object:
    if decided is None:
        return None
    mark = Text("与此相同", "the same") if same else Text("与此不同", "differs")
    return Chip(Text(f"{decided:,} ({mark.zh})", f"{decided:,} ({mark.en})"), GOOD if same else BAD)


def _explain_numbers(
    door: Door, name: str, unit_class: str, cooling: str, numbers: Mapping[str, Decimal]
) -> Reply:
    """One load correction and/or one initial quota, from numbers alone."""
    from tanshu.rules import explain as words
    from tanshu.rules import packs
    from tanshu.rules.steps import Step

    pack = need(packs.load(name, allow_draft=door.allow_draft))
    steps: list[Step] = []
    if "load" in numbers:
        steps.append(need(words.load_correction(pack, numbers["load"])))
    if unit_class and "qe" in numbers:
        classed: Any = _one_of(unit_class.upper(), ("I", "II", "III", "IV"), "--class", door.lang)
        cooled: Any = _one_of(cooling, ("water", "air"), "--cooling", door.lang)
        ratio = numbers["heat-ratio"]
        quota = words.initial_quota(
            pack, classed, numbers["qe"], numbers["qh"], numbers["ff"], cooling=cooled, heat_ratio=ratio
        )
        steps += need(quota)
    lines = words.lines_of(steps, door.lang)
    data = {
        "pack": pack.name,
        "watermark": pack.watermark,
        "notes": list(pack.notes),
        "steps": [step.as_json() for step in steps],
    }
    return Reply(data, (*warnings(pack), *explained(lines)))


def _decimal(text: str, name: str, lang: Lang) -> Decimal:
    try:
        return Decimal(text.replace(",", "").strip())
    except InvalidOperation:
        raise complain(lang, f"--{name}:“{text}”不是数字", f"--{name}: “{text}” is no number") from None


def _one_of(value: str, known: tuple[str, ...], option: str, lang: Lang) -> str:
    if value not in known:
        words = ", ".join(known)
        raise complain(lang, f"{option} 应为 {words}", f"{option} is one of {words}")
    return value


# -- showing packs -----------------------------------------------------------------------------------------


def _pack_row(one: Mapping[str, Any], lang: Lang) -> tuple[object, ...]:
    if "refusal" in one:
        refusal = one["refusal"]
        return one["name"], Chip(refusal["message"][lang], BAD), Chip(refusal["code"], BAD), *(None,) * 5
    evidence = one["evidence"]
    return (
        one["name"],
        one["title"][lang],
        _status(one["status"]),
        one["effective_from"],
        one["effective_to"],
        evidence["confirmed"],
        evidence["recalled"],
        evidence["assumed"],
    )


def _status(status: str) -> Chip:
    from tanshu.rules.terms import STATUSES

    return Chip(STATUSES[status], GOOD if status == "final" else "yellow")


def _table_rows(pack: Pack, name: str, lang: Lang) -> list[tuple[object, ...]]:
    from tanshu.rules.terms import EVIDENCE

    table = pack.tables[name]
    evidence = Chip(EVIDENCE[table.evidence], GOOD if table.evidence == "confirmed" else "yellow")
    unknown = Chip(Text("未知", "unknown"), BAD)
    pairs = [*table.values.items(), *((key, unknown) for key in sorted(table.unknown))]
    rows: list[tuple[object, ...]] = []
    for n, (key, value) in enumerate(pairs):
        first = n == 0
        source = str(table.source) if first else " "
        rows.append((name if first else " ", key, _value(value, lang), source, evidence if first else " "))
    return rows


def _value(value: object, lang: Lang) -> object:
    if isinstance(value, tuple) and value and all(isinstance(item, time) for item in value):
        return "–".join(item.isoformat("minutes") for item in value)
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_value(item, lang)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(str(_value(item, lang)) for item in value)
    if isinstance(value, Text):
        return value.in_(lang)
    if isinstance(value, date | Chip):
        return value
    return str(value)
