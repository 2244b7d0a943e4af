"""What stands of published quotes: of each day the newest import's row; earlier ones stay, superseded."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Select, Table, select

from tanshu.base.refusal import Refusal, catalogue
from tanshu.base.text import Text
from tanshu.exchange.published.model import AUCTION, Finding, Kind, Row
from tanshu.exchange.published.service import AUCTION_COLUMNS, QUOTE_COLUMNS
from tanshu.exchange.published.tables import (
    PUBLISHED_AUCTION,
    PUBLISHED_FILE,
    PUBLISHED_FINDING,
    PUBLISHED_QUOTE,
)


@dataclass(frozen=True, slots=True)
class Series:
    """A series of which something was imported."""

    name: str
    market: str
    period: str


@dataclass(frozen=True, slots=True)
class Found:
    """A finding that was kept, with where it stands. columns: field → what the file calls it."""

    finding: Finding
    file: str
    file_id: str
    columns: Mapping[str, str]


def series(conn: Connection, *, market: str = "", period: str = "") -> list[Series]:
    """The series there are, by name."""
    found = {
        row.series: Series(row.series, row.market, row.period)
        for row in conn.execute(select(PUBLISHED_FILE).order_by(PUBLISHED_FILE.c.seq))
        if market.casefold() in ("", row.market.casefold()) and period in ("", row.period)
    }
    return [found[name] for name in sorted(found)]


def newest(conn: Connection, series: str) -> str | None:
    """The SHA-256 of the file that was imported last."""
    query = select(PUBLISHED_FILE.c.sha256).where(PUBLISHED_FILE.c.series == series)
    return conn.execute(query.order_by(PUBLISHED_FILE.c.seq.desc()).limit(1)).scalar()


def days(conn: Connection, series: str, first: date | None = None, last: date | None = None) -> list[Row]:
    """The rows of a series that stand, by day and vintage; of months, first days."""
    quotes = PUBLISHED_QUOTE
    rows: dict[tuple[date, str], dict[tuple[int, int], dict[str, int | None]]] = {}
    for one in conn.execute(_within(quotes, series, first, last)):
        versions = rows.setdefault((one.day, one.vintage), {})
        cells = versions.setdefault((one.seq, one.row), {})
        cells |= {f"{one.mode}_{what}": getattr(one, column) for what, column in QUOTE_COLUMNS.items()}
    return [
        Row(last[1], day, vintage, {name: v for name, v in versions[last].items() if v is not None})
        for (day, vintage), versions in sorted(rows.items())
        for last in (max(versions),)
    ]


def auctions(conn: Connection, series: str) -> list[Row]:
    """The auctions of a series that stand, in order."""
    found: dict[tuple[date, str], tuple[tuple[int, int], Row]] = {}
    for one in conn.execute(_within(PUBLISHED_AUCTION, series, None, None)):
        cells = {f"{AUCTION}_{what}": getattr(one, column) for what, column in AUCTION_COLUMNS.items()}
        row, version = Row(one.row, one.day, "", cells, one.title), (one.seq, one.row)
        if (one.day, one.title) not in found or found[one.day, one.title][0] < version:
            found[one.day, one.title] = version, row
    return [found[key][1] for key in sorted(found)]


def months(conn: Connection, series: str) -> list[str]:
    """The months that have rows: 2024-12, in order."""
    query = select(PUBLISHED_QUOTE.c.day).where(PUBLISHED_QUOTE.c.series == series).distinct()
    return sorted({f"{day:%Y-%m}" for day in conn.execute(query).scalars()})


def versions(conn: Connection, series: str, day: date) -> list[tuple[str, int]]:
    """The imports that told of a day: (file's id, seq), oldest first; the last one stands."""
    quotes = PUBLISHED_QUOTE
    query = select(quotes.c.file_id, quotes.c.seq).where(quotes.c.series == series, quotes.c.day == day)
    return [(row.file_id, row.seq) for row in conn.execute(query.distinct().order_by(quotes.c.seq))]


def findings_of(conn: Connection, files: Iterable[str]) -> list[Found]:
    """What was found in these files, by row."""
    query = _findings().where(PUBLISHED_FINDING.c.file_id.in_(list(files)))
    return _read(conn, query.order_by(PUBLISHED_FINDING.c.row, PUBLISHED_FINDING.c.n))


def findings_in(conn: Connection, series: str, first: date, last: date) -> list[Found]:
    """What was found in days of a series, as far as the file that says it still stands for the day."""
    table = PUBLISHED_FINDING
    query = _findings().where(table.c.series == series, table.c.day >= first, table.c.day <= last)
    found = _read(conn, query.order_by(table.c.day, table.c.vintage, table.c.row, table.c.n))
    standing = _standing_files(conn, series, first, last)
    return [one for one in found if standing.get((one.finding.day, one.finding.vintage)) == one.file_id]


def _within(table: Table, series: str, first: date | None, last: date | None) -> Select[Any]:
    query = select(table).where(table.c.series == series)
    if first:
        query = query.where(table.c.day >= first)
    return query.where(table.c.day <= last) if last else query


def _standing_files(
    conn: Connection, series: str, first: date, last: date
) -> dict[tuple[date | None, str], str]:
    quotes = PUBLISHED_QUOTE
    query = _within(quotes, series, first, last).order_by(quotes.c.seq)
    return {(row.day, row.vintage): row.file_id for row in conn.execute(query)}


def _findings() -> Select[Any]:
    files = PUBLISHED_FILE
    joined = PUBLISHED_FINDING.join(files, files.c.id == PUBLISHED_FINDING.c.file_id)
    return select(PUBLISHED_FINDING, files.c.file, files.c.columns).select_from(joined)


def _read(conn: Connection, query: Select[Any]) -> list[Found]:
    kinds = catalogue()
    return [
        Found(
            Finding(
                row.row,
                row.day,
                row.vintage,
                tuple(json.loads(row.fields)),
                Kind(row.kind),
                _why(kinds[row.code], json.loads(row.facts), json.loads(row.fields)),
                tuple(json.loads(row.repairs)),
                json.loads(row._mapping["values"]),
            ),
            row.file,
            row.file_id,
            json.loads(row.columns),
        )
        for row in conn.execute(query)
    ]


def _why(kind: Any, facts: Mapping[str, Any], fields: Sequence[str]) -> Refusal:
    spoken = {name: Text(**value) if isinstance(value, dict) else value for name, value in facts.items()}
    return Refusal(kind, fields[0] if fields else None, spoken)
