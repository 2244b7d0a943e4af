"""What is public, as a page and as files: one table each for entities, totals, cancellations, changes."""

from __future__ import annotations

import json

from tanshu.base.documents import render
from tanshu.base.text import Lang, Text
from tanshu.compliance.obligations import STATUS_LABELS, Status
from tanshu.insight import regions
from tanshu.insight.disclosure import CANCELLATIONS, CHANGES, NAMELESS, TOTALS, Disclosure, Entity
from tanshu.insight.ministry_pages import sector_name
from tanshu.insight.sheets import Cell, Column, Sheet, to_csv
from tanshu.rules.terms import DISCLOSED

CHANGED = {
    "rename": Text("更名", "new name"),
    "merger": Text("合并", "merger"),
    "split": Text("分立", "split"),
}
AT_DEADLINE = Text("截止日状态", "at the deadline")
_TEXTS = ("name", "code", "region", "sector", "status")


def sheets(made: Disclosure, lang: Lang) -> tuple[Sheet, ...]:
    """A table for each part that is public."""
    parts = {
        TOTALS: _totals,
        CANCELLATIONS: _cancellations,
        CHANGES: _changes,
    }
    found = [_entities(made, lang)] if made.entity_fields else []
    return (*found, *(make(made, lang) for field, make in parts.items() if field in made.public))


def files(made: Disclosure, lang: Lang, stamp: Text | None = None) -> dict[str, bytes]:
    """Every file by name: the page, a CSV for each table, everything as JSON."""
    found = {f"{sheet.key}.csv": to_csv(sheet, lang, stamp) for sheet in sheets(made, lang)}
    note = {"zh": stamp.zh, "en": stamp.en} if stamp else None
    said = {"stamp": note, **made.as_json()}
    found["disclosure.json"] = json.dumps(said, ensure_ascii=False, indent=1).encode() + b"\n"
    found["index.html"] = to_html(made, lang, stamp).encode()
    return found


def to_html(made: Disclosure, lang: Lang, stamp: Text | None = None) -> str:
    title = Text(f"{made.year} 年度信息公开", f"Public information on {made.year}")
    return render(
        "tanshu.insight",
        "supervision.html",
        lang,
        title=title,
        brand=Text("碳枢 · 信息公开", "TANSHU · PUBLIC INFORMATION"),
        sub=Text(f"{made.day} · 登记簿第 {made.seq} 条", f"{made.day} · entry {made.seq} of the log"),
        stamps=[stamp] if stamp else [],
        cards=(),
        charts=(),
        sheets=sheets(made, lang),
        notes=_notes(made),
        verdict=None,
        sound=True,
    )


def _notes(made: Disclosure) -> list[Text]:
    notes = [
        Text(f"依据:{'、'.join(made.sources)}。", f"Published under {', '.join(made.sources)}."),
        Text(
            f"账簿 {made.book},条目哈希 {made.hash}。",
            f"Book {made.book}, entry hash {made.hash}.",
        ),
    ]
    for field, first in made.later.items():
        name = DISCLOSED[field]
        notes.append(Text(f"{name.zh}自 {first} 起公开。", f"Public from {first} on: {name.en}."))
    return notes


# -- tables ------------------------------------------------------------------------------------------------


def _entities(made: Disclosure, lang: Lang) -> Sheet:
    fields = made.entity_fields
    columns = [
        Column(DISCLOSED[one], "text" if one in _TEXTS else "whole", 34 if one == "name" else 16)
        for one in fields
    ]
    if "status" in fields:
        columns.append(Column(AT_DEADLINE, width=16))
    rows = [_entity(one, fields, lang) for one in made.entities]
    return Sheet("entities", Text("重点排放单位", "listed entities"), columns, rows)


def _entity(one: Entity, fields: tuple[str, ...], lang: Lang) -> tuple[Cell, ...]:
    cells: list[Cell] = [_cell(one, field, lang) for field in fields]
    if "status" in fields:
        cells.append(_status(one.status_at_deadline, lang))
    return tuple(cells)


def _cell(one: Entity, field: str, lang: Lang) -> Cell:
    if field == "name":
        return one.name or NAMELESS.in_(lang)
    if field == "region":
        return regions.place(one.region or "").in_(lang)
    if field == "sector":
        return sector_name(one.sector or "").in_(lang)
    if field == "status":
        return _status(one.status, lang)
    return getattr(one, field)


def _status(status: str | None, lang: Lang) -> str:
    return STATUS_LABELS[Status(status)].in_(lang) if status else ""


def _totals(made: Disclosure, lang: Lang) -> Sheet:  # noqa: ARG001 - every table is made alike
    columns = (Column(Text("产品", "instrument")), Column(Text("持有总量", "held in total"), "whole", 18))
    return Sheet(
        "totals",
        Text("持有总量", "holdings in total"),
        columns,
        [(t.instrument, t.held) for t in made.totals],
    )


def _cancellations(made: Disclosure, lang: Lang) -> Sheet:
    columns = (
        Column(Text("日期", "day"), "day"),
        Column(Text("主体", "subject"), width=34),
        Column(Text("产品", "instrument")),
        Column(Text("数量", "quantity"), "whole"),
        Column(Text("业务", "transaction"), width=22),
    )
    rows = [
        (one.day, one.name or NAMELESS.in_(lang), one.instrument, one.quantity, one.transaction)
        for one in made.cancellations
    ]
    return Sheet("cancellations", Text("自愿注销公告", "voluntary cancellations"), columns, rows)


def _changes(made: Disclosure, lang: Lang) -> Sheet:
    columns = (
        Column(Text("日期", "day"), "day"),
        Column(Text("事项", "what")),
        Column(Text("代码", "code"), width=22),
        Column(Text("变更前", "before"), width=34),
        Column(Text("变更后", "after"), width=34),
    )
    rows = [(one.day, CHANGED[one.what].in_(lang), one.code, one.before, one.after) for one in made.changes]
    return Sheet("changes", Text("主体变更公告", "changed subjects"), columns, rows)
