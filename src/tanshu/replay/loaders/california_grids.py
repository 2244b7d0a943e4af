"""The replay of California for people: its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from tanshu.base.text import Text
from tanshu.replay.loaders.california_findings import Note
from tanshu.replay.model import Column, Grid

if TYPE_CHECKING:
    from tanshu.replay.loaders.california_report import Conserved, Project, Settled

_PERIOD = Column(Text("履约期", "period"))
_TOTAL: Final = Text("合计", "in all")
_LISTED: Final = 10


def periods(settled: Sequence[Settled]) -> Grid:
    heads = (
        ("义务行", "rows"),
        ("应清缴", "obligation"),
        ("配额", "allowances"),
        ("抵销", "offsets"),
        ("合计清缴", "instruments"),
        ("抵销签发编号", "offset ids"),
    )
    figures = [
        (
            len(one.rows),
            sum(row.obligation for row in one.rows),
            sum(one.by_vintage.values()),
            sum(one.offsets.values()),
            sum(row.surrendered for row in one.rows),
            len(one.offsets),
        )
        for one in settled
    ]
    rows = [(one.period.layout.period, *row) for one, row in zip(settled, figures, strict=True)]
    *sums, _ = (sum(column) for column in zip(*figures, strict=True))  # an id may serve in both periods
    total = (_TOTAL, *sums, None)
    return Grid(Text("义务与清缴(吨)", "obligations and surrenders (t)"), _columns(heads), rows, total)


def vintages(settled: Sequence[Settled]) -> Grid:
    """Periods down, vintages across."""
    known = sorted({one for period in settled for one in period.by_vintage}, key=lambda one: one or 9999)
    heads = [(str(one), str(one)) if one else ("未公布", "not published") for one in known]
    rows = [(one.period.layout.period, *(one.by_vintage.get(v, 0) for v in known)) for one in settled]
    total = (_TOTAL, *(sum(one.by_vintage.get(v, 0) for one in settled) for v in known))
    title = Text("清缴的配额,按年份(吨)", "allowances surrendered, by vintage (t)")
    return Grid(title, _columns(heads), rows, total)


def statuses(settled: Sequence[Settled]) -> Grid:
    """Published status beside that by the register's tonnes."""
    title = Text("履约状态:公布(行)与按登记数量(列)", "status: published (rows), by the register's tonnes")
    counted = Counter(
        (one.period.layout.period, row.published.status, row.status) for one in settled for row in one.rows
    )
    keys = sorted({(period, published) for period, published, _ in counted})
    columns = (
        _PERIOD,
        Column(Text("公布", "published")),
        _number("足额", "in full"),
        _number("欠缴", "short"),
    )
    return Grid(
        title,
        columns,
        [(*key, counted[*key, "fulfilled"], counted[*key, "short"]) for key in keys],
    )


def short(settled: Sequence[Settled]) -> Grid:
    columns = (
        _PERIOD,
        Column(Text("实体", "entity")),
        Column(Text("名称", "name")),
        Column(Text("公布状态", "published")),
        _number("应清缴", "obligation"),
        _number("已清缴", "surrendered"),
        _number("欠缴", "short"),
    )
    rows = [
        (
            one.period.layout.period,
            row.published.entity,
            row.published.name,
            row.published.status,
            row.obligation,
            row.surrendered,
            row.obligation - row.surrendered,
        )
        for one in settled
        for row in one.rows
        if row.surrendered < row.obligation
    ]
    return Grid(Text("欠缴的实体(吨)", "entities that are short (t)"), columns, rows)


def projects(found: Mapping[str, Project]) -> Grid:
    """The projects most used, and all of them in the total."""
    names = list(next(iter(found.values())).used) if found else []
    used = sorted(found.items(), key=lambda one: (-sum(one[1].used.values()), one[0]))
    columns = (
        Column(Text("项目", "project")),
        Column(Text("类型", "type")),
        _number("签发", "issued"),
        _number("缓冲池", "buffer"),
        *(_number(f"{name} 清缴", f"surrendered {name}") for name in names),
    )
    rows = [
        (id, one.type, one.issued, one.buffer, *(one.used[name] for name in names))
        for id, one in used[:_LISTED]
    ]
    everything = found.values()
    total = (
        Text(f"全部 {len(found)} 个", f"all {len(found)}"),
        None,
        sum(one.issued for one in everything),
        sum(one.buffer for one in everything),
        *(sum(one.used[name] for one in everything) for name in names),
    )
    title = Text(f"抵消项目,清缴最多的 {_LISTED} 个(吨)", f"offset projects, the {_LISTED} most used (t)")
    return Grid(title, columns, rows, total)


def instruments(book: Mapping[str, Conserved]) -> Grid:
    """Allowances one by one, offset credits together: issued = surrendered + held."""
    columns = (
        Column(Text("产品", "instrument")),
        _number("数目", "how many"),
        _number("签发", "issued"),
        _number("清缴", "surrendered"),
        _number("持有", "held"),
        _number("不守恒", "out of balance"),
    )
    groups: dict[str | Text, list[Conserved]] = {}
    for code, one in book.items():
        allowance = code.startswith("CCA")
        groups.setdefault(code if allowance else Text("抵消信用", "offset credits"), []).append(one)
    rows = [
        (
            name,
            len(some),
            sum(one.issued for one in some),
            sum(one.surrendered for one in some),
            sum(one.held for one in some),
            sum(not one.holds for one in some),
        )
        for name, some in groups.items()
    ]
    return Grid(Text("每个产品守恒(吨)", "conservation per instrument (t)"), columns, rows)


def notes(found: Sequence[Note]) -> Grid:
    title = Text("说明:有缘由、不算异常", "notes: odd, explained, no anomalies")
    columns = (Column(Text("说明", "note")), _number("处", "times"), Column(Text("例", "for example")))
    return Grid(title, columns, [(note.text, note.count, note.places[0]) for note in found])


def _columns(heads: Sequence[tuple[str, str]]) -> tuple[Column, ...]:
    return (_PERIOD, *(_number(zh, en) for zh, en in heads))


def _number(zh: str, en: str) -> Column:
    return Column(Text(zh, en), number=True)
