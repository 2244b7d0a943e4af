"""`tanshu market import`, `report`, `published-auctions`: published market data, checked and compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tanshu.base.text import Text
from tanshu.cli.door import Door, command
from tanshu.cli.market_figures import SourceOption, own_month
from tanshu.cli.market_findings import KIND_STYLES, finding_json, findings_table, kept_json
from tanshu.cli.output import (
    BAD,
    GOOD,
    Chip,
    Facts,
    Fen,
    Line,
    Part,
    Reply,
    Table,
    number_column,
    text_column,
)
from tanshu.cli.progress import progress

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tanshu.book.commit import Answer
    from tanshu.cli.progress import Tick
    from tanshu.exchange.published.model import Finding, Layout, Row
    from tanshu.exchange.published.months import Comparison
    from tanshu.exchange.published.queries import Found
    from tanshu.exchange.published.reading import Source
    from tanshu.exchange.published.report import Month
    from tanshu.exchange.published.service import ImportQuotes

DAYS = (
    text_column("日期", "day"),
    number_column("收盘价", "close"),
    number_column("挂牌量(吨)", "listing t"),
    number_column("挂牌额(元)", "listing CNY"),
    number_column("大宗量(吨)", "block t"),
    number_column("大宗额(元)", "block CNY"),
    number_column("合计量(吨)", "total t"),
    number_column("合计额(元)", "total CNY"),
    number_column("问题", "findings"),
)
OFFICIAL = (
    text_column("项目", "figure"),
    number_column("各日之和", "sum of days"),
    number_column("公布数", "published"),
    number_column("相差", "difference"),
    text_column("", ""),
)
AUCTIONS = (
    text_column("日期", "day"),
    text_column("竞价", "auction", fold=True),
    number_column("成交价(元/吨)", "price"),
    number_column("成交量(吨)", "volume t"),
    number_column("成交额(元)", "amount CNY"),
    number_column("投放量(吨)", "offered t"),
    number_column("底价", "reserve"),
    number_column("有效申报(吨)", "valid bids t"),
)
SUPERSEDED = Text(
    "此后又导入过另一文件,以后者为准。要恢复本文件,请另给 --key 重新导入。",
    "Another file was imported since, and stands. To put this one in force, import it with another --key.",
)
FileArgument = Annotated[Path, typer.Argument(metavar="FILE", help="CSV 或 XLSX · CSV or XLSX")]
LayoutOption = Annotated[
    Path | None,
    typer.Option("--layout", metavar="FILE", help="列对应关系(TOML) · which column is what, as TOML"),
]
MonthOption = Annotated[str, typer.Option("--month", metavar="YYYY-MM", help="月份 · the month")]
MarketOption = Annotated[str, typer.Option("--market", metavar="NAME", help="市场 · the market")]
SeriesOption = Annotated[
    str, typer.Option("--series", metavar="NAME", help="行情系列 · which of its series of quotes")
]


def add_to(market: typer.Typer) -> None:
    """Into the group `tanshu market`."""
    command(market, "import", "导入公布的行情 · import published quotes", writes=True)(import_file)
    command(market, "report", "月度行情与公布数核对 · a month, held against what was published")(report)
    command(market, "published-auctions", "已导入的竞价结果 · the auctions that were imported")(auctions)


# -- import ------------------------------------------------------------------------------------------------


def import_file(door: Door, file: FileArgument, layout: LayoutOption = None) -> Reply:
    """Findings stop nothing: what was published is kept as it was. Refuses EXC-6001 to 6004, 6007 to 6009."""
    from tanshu.base.refusal import Refusal, Refused
    from tanshu.exchange.published import layouts, queries, reading
    from tanshu.exchange.published.service import import_quotes

    source = reading.look(file, None if layout is None else layouts.read(layout))
    answers: list[Answer] = []
    with (
        door.installation() as installation,
        progress(Text("导入", "importing").in_(door.lang), source.rows) as tick,
    ):
        for part in _parts(source, tick):
            context = door.context(installation, _key(door, source, part.part))
            outcome = import_quotes(context, part)
            if isinstance(outcome, Refusal):
                raise Refused(outcome)
            answers.append(outcome)
    with door.reading() as (conn, _):
        found = queries.findings_of(conn, [one["file"] for one in answers])
        others = _differences(conn, source.layout)
        in_force = queries.newest(conn, source.layout.name) == source.sha256
    return _imported(door, source, answers, found, others, in_force=in_force)


def _parts(source: Source, tick: Tick) -> Iterator[ImportQuotes]:
    """The file in commands, never more of it in memory than one of them and the rows around it."""
    from tanshu.exchange.published import reading
    from tanshu.exchange.published.finder import AROUND_MAX, recent
    from tanshu.exchange.published.service import ROWS_MAX, ImportQuotes

    layout, rows = source.layout, reading.rows(source)
    parts = -(-source.rows // ROWS_MAX)
    before: list[Row] = []
    waiting = list(islice(rows, ROWS_MAX))
    for part in range(1, parts + 1):
        following = list(islice(rows, ROWS_MAX))
        yield ImportQuotes(
            layout.name,
            layout.market,
            layout.period,
            source.file,
            source.sha256,
            {field: column for column, field in layout.columns.items()},
            tuple(waiting),
            layout.terms,
            part,
            parts,
            tuple(before),
            tuple(following[:AROUND_MAX]),
        )
        tick(min(part * ROWS_MAX, source.rows))
        before, waiting = recent([*before, *waiting])[-AROUND_MAX:], following


def _key(door: Door, source: Source, part: int) -> bytes:
    """The key given; else one that follows from the bytes: the same file sent again is the same command."""
    from tanshu.base.ids import key_from_text

    if door.key:
        return door.key_for(part)
    what = (source.layout.name, source.sha256, part, door.actor, door.reason)
    return key_from_text("\x1f".join(("market import", *map(str, what))))


def _differences(conn: Connection, layout: Layout) -> dict[str, list[Finding]]:
    """What the series now says otherwise than others of the same market, days against days."""
    from tanshu.exchange.published import copies, queries

    if layout.period != "day":
        return {}
    others = [one.name for one in queries.series(conn, market=layout.market, period="day")]
    if others == [layout.name]:
        return {}
    mine = queries.days(conn, layout.name)
    return {
        name: copies.differences(mine, queries.days(conn, name), name)
        for name in others
        if name != layout.name
    }


def _imported(
    door: Door,
    source: Source,
    answers: Sequence[Answer],
    found: Sequence[Found],
    others: Mapping[str, Sequence[Finding]],
    *,
    in_force: bool,
) -> Reply:
    from tanshu.exchange.published.model import KIND_LABELS, Kind

    kinds = {kind: sum(one["kinds"][kind.value] for one in answers) for kind in Kind}
    seqs = [one.seq for one in answers]
    repeated = all(one.repeated or one["unchanged"] for one in answers)
    data = {
        "file": source.file,
        "sha256": source.sha256,
        "layout": source.layout.name,
        "market": source.layout.market,
        "period": source.layout.period,
        "rows": source.rows,
        "kept": sum(one["kept"] for one in answers),
        "parts": len(answers),
        "seq": [min(seqs), max(seqs)],
        "repeated": repeated,
        "in_force": in_force,
        "kinds": {kind.value: kinds[kind] for kind in Kind},
        "findings": [kept_json(one) for one in found],
        "differences": _differences_json(others),
    }
    facts = Facts(
        (
            (Text("文件", "file"), source.file),
            (Text("格式", "layout"), source.layout.title),
            (Text("行数", "rows"), source.rows),
            (Text("日志序号", "log seq"), f"{min(seqs)}–{max(seqs)}"),
            (Text("此前已导入", "imported before"), repeated),
            *((KIND_LABELS[kind], Chip(n, KIND_STYLES[kind] if n else "")) for kind, n in kinds.items()),
        )
    )
    parts: list[Part] = [facts, *findings_table([one.finding for one in found], door)]
    if not in_force:
        parts.insert(1, Line(SUPERSEDED, BAD))
    for name, these in others.items():
        title = Text(f"与 {name} 不一致", f"differences from {name}")
        parts += findings_table(these, door, title)
    return Reply(data, parts)


def _differences_json(others: Mapping[str, Sequence[Finding]]) -> dict[str, object]:
    return {name: [finding_json(one, name) for one in these] for name, these in others.items()}


# -- report ------------------------------------------------------------------------------------------------


def report(
    door: Door,
    month: MonthOption,
    market: MarketOption = "CEA",
    series: SeriesOption = "",
    source: SourceOption = "",
) -> Reply:
    """A month by day and mode with its findings, beside the published month; or that of a market of our own.

    Refuses EXC-6005, 6006 (published), 1001, 6901, 6902 (our own).
    """
    from tanshu.exchange.published import report as reports

    own = None if series else own_month(door, market, month, source)
    if own:
        return own
    with door.reading() as (conn, _):
        found = reports.month(conn, market, month, series)
    return Reply(_month_json(found), _month_parts(found, door))


def _month_json(found: Month) -> dict[str, object]:
    from tanshu.exchange.published.model import LEGS, TOTAL

    kept = {(one.finding.row, one.finding.day): one for one in found.found}
    return {
        "market": found.market,
        "month": found.month,
        "series": found.series,
        "days": [_day_json(row) for row in found.days],
        "totals": {mode: _totals(found, mode) for mode in (*LEGS, TOTAL) if f"{mode}_volume" in found.sums},
        "close_fen": found.close,
        "findings": [
            finding_json(one, found.series) if at not in kept else kept_json(kept[at], one)
            for one in found.findings
            for at in ((one.row, one.day),)
        ],
        "official": None if found.comparison is None else _official_json(found, found.comparison),
        "differences": {
            name: [finding_json(one, name) for one in these] for name, these in found.others.items()
        },
    }


def _day_json(row: Row) -> dict[str, object]:
    modes: dict[str, dict[str, int | None]] = {}
    for name, value in row.cells.items():
        mode, what = name.split("_", 1)
        modes.setdefault(mode, {})[what] = value
    return {"day": row.day, "vintage": row.vintage, **modes}


def _totals(found: Month, mode: str) -> dict[str, object]:
    from tanshu.exchange.published.sums import average_yuan

    volume, amount = found.sums[f"{mode}_volume"], found.sums[f"{mode}_amount"]
    average = average_yuan(amount, volume) if volume else None
    return {"volume_t": volume, "amount_fen": amount, "average_cny_per_t": average}


def _official_json(found: Month, comparison: Comparison) -> dict[str, object]:
    return {
        "series": found.official,
        "equal": comparison.equal,
        "explained": comparison.equal or bool(comparison.proven),
        "figures": [
            {
                "mode": one.mode,
                "what": one.what,
                "days": one.days,
                "official": one.official,
                "difference": one.difference,
                "equal": one.equal,
            }
            for one in comparison.series
        ],
        "proven": [{"day": one.day, "row": one.row, "repair": repair} for one, repair in comparison.proven],
        "cleared": [{"day": one.day, "row": one.row, "code": one.code} for one in comparison.cleared],
    }


def _month_parts(found: Month, door: Door) -> list[Part]:
    comparison = found.comparison
    named = f"{found.market} {found.month}"
    title = Text(f"{named} 日行情({found.series})", f"{named} ({found.series})")
    counts: dict[object, int] = {}
    for one in found.findings:
        counts[one.day] = counts.get(one.day, 0) + 1
    rows = [
        (
            f"{row.day} {row.vintage}".strip(),
            _fen(row.get("total", "close")),
            *_sums(row.cells),
            Chip(counts[row.day], BAD) if row.day in counts else "",
        )
        for row in found.days
    ]
    total = (Text("合计", "total"), _fen(found.close), *_sums(found.sums), len(found.findings) or "")
    parts: list[Part] = [Table(DAYS, rows, title, total)]
    if comparison:
        parts += _official_parts(found, comparison)
    else:
        parts.append(Line(Text("未导入本月公布数。", "No published month is loaded."), "dim"))
    parts += findings_table(found.findings, door)
    for name, these in found.others.items():
        parts += findings_table(these, door, Text(f"与 {name} 不一致", f"differences from {name}"))
    return parts


def _official_parts(found: Month, comparison: Comparison) -> list[Part]:
    from tanshu.exchange.published.model import MODE_LABELS, UNIT_LABELS

    rows = [
        (
            Text(
                f"{MODE_LABELS[one.mode].zh}{UNIT_LABELS[one.what].zh}",
                f"{MODE_LABELS[one.mode].en} {UNIT_LABELS[one.what].en}",
            ),
            _shown(one.what, one.days),
            _shown(one.what, one.official),
            _shown(one.what, one.difference) if one.difference else "",
            Chip("✓", GOOD) if one.equal else Chip("≠", BAD),
        )
        for one in comparison.series
    ]
    title = Text(f"与公布数({found.official})核对", f"beside the published month ({found.official})")
    parts: list[Part] = [Table(OFFICIAL, rows, title)]
    if comparison.proven:
        days = ", ".join(str(one.day) for one, _ in comparison.proven)
        said = Text(
            f"按 {days} 的建议值改正后,六项与公布数逐项相等。",
            f"With the proposed values of {days}, all six figures equal what was published.",
        )
        parts.append(Line(said, GOOD))
    for one in comparison.cleared:
        said = Text(
            f"{one.day} 的 {one.code}:公布数与现有数字相符,不是填错栏。",
            f"{one.code} of {one.day}: the published month agrees with the figures as they stand.",
        )
        parts.append(Line(said, "dim"))
    return parts


# -- auctions ----------------------------------------------------------------------------------------------


def auctions(door: Door, market: MarketOption = "GDEA", series: SeriesOption = "") -> Reply:
    """The auctions of a market with what was found in them."""
    from tanshu.exchange.published import queries

    with door.reading() as (conn, _):
        names = [one.name for one in queries.series(conn, market=market, period="auction")]
        rows = [row for name in names if series in ("", name) for row in queries.auctions(conn, name)]
    data = {
        "market": market,
        "auctions": [{"title": row.title, **_day_json(row)} for row in rows],
    }
    table = [
        (
            row.day,
            row.title,
            _fen(row.get("auction", "price")),
            row.get("auction", "volume"),
            _fen(row.get("auction", "amount")),
            row.get("auction", "offered"),
            _fen(row.get("auction", "reserve")),
            row.get("auction", "valid_bids"),
        )
        for row in rows
    ]
    return Reply(data, [Table(AUCTIONS, table)])


# -- cells -----------------------------------------------------------------------------------------------


def _sums(cells: Mapping[str, int | None] | Mapping[str, int]) -> tuple[object, ...]:
    from tanshu.exchange.published.model import LEGS, TOTAL

    return tuple(
        shown
        for mode in (*LEGS, TOTAL)
        for shown in (cells.get(f"{mode}_volume"), _fen(cells.get(f"{mode}_amount")))
    )


def _fen(value: int | None) -> Fen | None:
    return None if value is None else Fen(value)


def _shown(what: str, value: int | None) -> object:
    return _fen(value) if what == "amount" else value
