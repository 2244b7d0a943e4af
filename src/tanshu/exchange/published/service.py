"""`import_quotes`: the rows of a published file, kept with what is found in them. No book record is made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import select

from tanshu.base.canonical import canonical
from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act, Decision, verb
from tanshu.exchange.published import checks
from tanshu.exchange.published.finder import AROUND_MAX, findings
from tanshu.exchange.published.model import (
    AUCTION,
    FIELDS,
    MODES,
    Finding,
    Kind,
    Row,
    Terms,
    Trades,
    weekdays,
)
from tanshu.exchange.published.tables import (
    PUBLISHED_AUCTION,
    PUBLISHED_FILE,
    PUBLISHED_FINDING,
    PUBLISHED_QUOTE,
)
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Right, SubjectKind
from tanshu.rules.calendars import is_trading_day

ROWS_MAX = 2_000
"""Rows of one command; a longer file comes in parts."""
QUOTE_COLUMNS: Mapping[str, str] = {
    **{
        what: f"{what}_fen" for what in ("open", "high", "low", "close", "amount", "prev_close", "cum_amount")
    },
    "volume": "volume_t",
    "cum_volume": "cum_volume_t",
    "average": "average_micro",
    "change": "change_bp",
}
AUCTION_COLUMNS: Mapping[str, str] = {
    **{what: f"{what}_fen" for what in ("price", "amount", "reserve", "top_bid")},
    **{what: f"{what}_t" for what in ("volume", "offered", "valid_bids")},
}
"""What a field is of → the column it is kept in."""


@dataclass(frozen=True, slots=True)
class ImportQuotes:
    """One part of a file. before, after: the rows around it, for rules that look at neighbours."""

    series: str
    market: str
    period: str
    file: str
    sha256: str
    columns: Mapping[str, str]
    rows: tuple[Row, ...]
    terms: Terms = field(default_factory=Terms)
    part: int = 1
    parts: int = 1
    before: tuple[Row, ...] = ()
    after: tuple[Row, ...] = ()


@verb("exchange.import-quotes")
def import_quotes(act: Act, command: ImportQuotes) -> Decision:
    """Keep the rows and their findings; they supersede earlier rows of the series day by day.

    The same bytes, if they still are the newest of their series, change nothing and answer what they did.
    Refuses with EXC-6007 to 6009; with the parties' own numbers for people of neither registry nor exchange.
    """
    refused = _may(act) or _flaw(command) or _taken(act, command)
    if refused:
        return refused
    if (known := _stands(act, command)) is not None:
        return {**_counted(command, known), "kinds": _kinds_of(act, known), "unchanged": True}
    id = act.id("PUB")
    found = findings(
        command.rows,
        command.terms,
        period=command.period,
        trades=_calendar(command.terms.calendar),
        before=command.before,
        after=command.after,
    )
    act.insert(PUBLISHED_FILE, _file_row(act, id, command))
    if command.period == AUCTION:
        act.insert(PUBLISHED_AUCTION, *_auction_rows(act, id, command))
    else:
        act.insert(PUBLISHED_QUOTE, *_quote_rows(act, id, command))
    act.insert(PUBLISHED_FINDING, *(_finding_row(act, id, n, command, one) for n, one in enumerate(found)))
    counts = Counter(one.kind for one in found)
    return {
        **_counted(command, id),
        "kinds": {kind.value: counts[kind] for kind in Kind},
        "unchanged": False,
    }


# -- who, and what -----------------------------------------------------------------------------------------


def _may(act: Act) -> Refusal | None:
    """Makers of the exchange, or of the registry."""
    exchange = parties.only_of_kind(act.conn, SubjectKind.EXCHANGE)
    person = parties.person(act.conn, act.actor)
    of_exchange = exchange and not isinstance(person, Refusal) and person.subject_id == exchange.id
    kind = SubjectKind.EXCHANGE if of_exchange else SubjectKind.REGISTRY
    answer = may_for_kind(act.conn, act.actor, Right.MAKER, kind)
    return answer if isinstance(answer, Refusal) else None


def _flaw(command: ImportQuotes) -> Refusal | None:
    if not command.rows:
        return checks.NO_ROWS(field="rows")
    around = max(len(command.before), len(command.after))
    if len(command.rows) > ROWS_MAX or around > AROUND_MAX or not 1 <= command.part <= command.parts:
        facts = {"part": command.part, "parts": command.parts, "limit": ROWS_MAX, "around": AROUND_MAX}
        return checks.PART_WRONG(field="rows", **facts)
    for row in (*command.before, *command.rows, *command.after):
        for name, value in row.cells.items():
            if name not in FIELDS or not _is_quantity(value):
                return checks.FIELD_UNKNOWN(field="rows", name=name)
    return None


def _is_quantity(value: object) -> bool:
    return value is None or (type(value) is int and abs(value) <= QUANTITY_MAX)


def _taken(act: Act, command: ImportQuotes) -> Refusal | None:
    """A series is of one market and one period."""
    query = select(PUBLISHED_FILE.c.market, PUBLISHED_FILE.c.period)
    first = act.conn.execute(query.where(PUBLISHED_FILE.c.series == command.series).limit(1)).first()
    if first is None or (first.market, first.period) == (command.market, command.period):
        return None
    facts = {"series": command.series, "market": first.market, "period": first.period}
    return checks.SERIES_TAKEN(field="layout", **facts)


def _stands(act: Act, command: ImportQuotes) -> str | None:
    """The import of these very bytes, where nothing newer of the series has come since."""
    query = (
        select(PUBLISHED_FILE)
        .where(PUBLISHED_FILE.c.series == command.series)
        .order_by(PUBLISHED_FILE.c.seq.desc())
        .limit(command.parts)
    )
    newest = act.conn.execute(query).all()
    same = [row for row in newest if (row.sha256, row.parts) == (command.sha256, command.parts)]
    if len(same) < len(newest):
        return None
    return next((row.id for row in same if row.part == command.part), None)


def _kinds_of(act: Act, id: str) -> dict[str, int]:
    query = select(PUBLISHED_FINDING.c.kind).where(PUBLISHED_FINDING.c.file_id == id)
    counts = Counter(act.conn.execute(query).scalars())
    return {kind.value: counts[kind.value] for kind in Kind}


def _counted(command: ImportQuotes, id: str) -> dict[str, object]:
    days = [row.day for row in command.rows if row.day]
    return {
        "file": id,
        "series": command.series,
        "rows": len(command.rows),
        "kept": len(days),
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
    }


def _calendar(jurisdiction: str) -> Trades:
    """The trading calendar, as far as its years are loaded; weekends are known without one."""
    if not jurisdiction:
        return weekdays

    def trades(day: date) -> bool | None:
        known = is_trading_day(jurisdiction, day)
        return weekdays(day) if isinstance(known, Refusal) else known

    return trades


# -- rows --------------------------------------------------------------------------------------------------


def _file_row(act: Act, id: str, command: ImportQuotes) -> dict[str, object]:
    return {
        "id": id,
        "series": command.series,
        "market": command.market,
        "period": command.period,
        "file": command.file,
        "sha256": command.sha256,
        "part": command.part,
        "parts": command.parts,
        "rows": len(command.rows),
        "columns": _json(command.columns),
        "seq": act.seq,
    }


def _quote_rows(act: Act, id: str, command: ImportQuotes) -> list[dict[str, object]]:
    """A row for each mode that the file has columns for."""
    return [
        {
            "file_id": id,
            "row": row.number,
            "mode": mode,
            "series": command.series,
            "vintage": row.vintage,
            "day": row.day,
            **{column: row.get(mode, what) for what, column in QUOTE_COLUMNS.items()},
            "seq": act.seq,
        }
        for row in command.rows
        if row.day
        for mode in MODES
        if any(name.startswith(f"{mode}_") for name in row.cells)
    ]


def _auction_rows(act: Act, id: str, command: ImportQuotes) -> list[dict[str, object]]:
    return [
        {
            "file_id": id,
            "row": row.number,
            "series": command.series,
            "day": row.day,
            "title": row.title,
            **{column: row.get(AUCTION, what) for what, column in AUCTION_COLUMNS.items()},
            "seq": act.seq,
        }
        for row in command.rows
        if row.day
    ]


def _finding_row(act: Act, id: str, n: int, command: ImportQuotes, finding: Finding) -> dict[str, object]:
    return {
        "file_id": id,
        "n": n,
        "series": command.series,
        "row": finding.row,
        "day": finding.day,
        "vintage": finding.vintage,
        "kind": finding.kind.value,
        "code": finding.code,
        "fields": _json(finding.fields),
        "values": _json(finding.values),
        "facts": _json(finding.why.facts),
        "repairs": _json(finding.repairs),
        "seq": act.seq,
    }


def _json(value: Mapping[str, object] | Sequence[object]) -> str:
    return canonical(value).decode()
