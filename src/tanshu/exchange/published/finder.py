"""What is wrong, missing or odd in published quotes: pure functions of rows, with no database behind them.

Every rule is a piece of arithmetic that the figures must satisfy whatever the market did. Where a row's legs
do not add up, that is one finding with its cause; what follows from it (an average out of range) is not told
again.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from tanshu.base.text import Text
from tanshu.exchange.published import along, checks, sums, within
from tanshu.exchange.published.model import (
    AUCTION,
    LEGS,
    MODE_LABELS,
    SUMS,
    WHAT_LABELS,
    WHOLE_ONLY,
    Finding,
    Kind,
    Repair,
    Row,
    Terms,
    Trades,
    found,
    weekdays,
)

AROUND = 10
"""Rows of its vintage that a rule looks back at; a figure copied from further back is not recognised."""
AROUND_MAX = 40 * AROUND
"""Rows before or after a part of a file that go with it, so that it is judged as in the whole."""
GAP_DAYS_MAX = 14
"""The previous close is that of the row before, unless it lies further back than the longest holiday."""


def findings(
    rows: Sequence[Row],
    terms: Terms,
    *,
    period: str = "day",
    trades: Trades = weekdays,
    before: Sequence[Row] = (),
    after: Sequence[Row] = (),
) -> list[Finding]:
    """What is found in `rows`, in their order. before, after: rows around them, looked at but not judged."""
    told: list[Finding] = []
    past: dict[str, deque[Row]] = defaultdict(lambda: deque(maxlen=AROUND))
    for row in before:
        if row.day is not None:
            past[row.vintage].append(row)
    following = _following([*rows, *after])
    for row in rows:
        earlier = tuple(past[row.vintage])
        told += _of_row(row, earlier, following.get(row.number), terms, period, trades)
        if row.day is not None:
            past[row.vintage].append(row)
    return told


def recent(rows: Sequence[Row]) -> list[Row]:
    """Those of the rows that `findings` of what comes next looks at: the last ones of each vintage."""
    left: dict[str, int] = defaultdict(lambda: AROUND)
    kept: list[Row] = []
    for row in reversed(rows):
        if row.day is not None and left[row.vintage]:
            left[row.vintage] -= 1
            kept.append(row)
    return kept[::-1]


def _of_row(
    row: Row, earlier: tuple[Row, ...], later: Row | None, terms: Terms, period: str, trades: Trades
) -> Iterator[Finding]:
    yield from _flaws(row)
    if row.day is None:
        return
    yield from _blanks(row, terms)
    if period == "auction":
        yield from within.auction(row)
        return
    if twice := along.twice(row, earlier):
        yield twice
        return
    if period == "day":
        yield from _calendar(row, earlier, trades)
    last, older = _before(row, earlier, period)
    caused = list(sums.broken(row, earlier, terms))
    yield from caused
    yield from within.one_sided(row)
    yield from within.price_order(row)
    if not caused:
        yield from within.averages(row, terms)
    yield from along.chained(row, last, older, later)
    if period == "day":
        yield from along.banded(row, last, terms, legs=not caused)


def _before(row: Row, earlier: tuple[Row, ...], period: str) -> tuple[Row | None, Row | None]:
    """The rows of the trading day before and of the one before that, each day once."""
    days = {one.day: one for one in earlier if one.day and row.day and one.day < row.day}
    nearest = [days[day] for day in sorted(days)[-2:]]
    if not nearest or not row.day or not nearest[-1].day:
        return None, None
    if period == "day" and row.day - nearest[-1].day > timedelta(GAP_DAYS_MAX):
        return None, None
    return nearest[-1], nearest[0] if len(nearest) > 1 else None


def _following(rows: Sequence[Row]) -> dict[int, Row]:
    """Row number → the next row of the same vintage."""
    next_of: dict[int, Row] = {}
    newest: dict[str, Row] = {}
    for row in rows:
        if row.day is None:
            continue
        if row.vintage in newest:
            next_of[newest[row.vintage].number] = row
        newest[row.vintage] = row
    return next_of


def field_label(name: str) -> Text:
    """`listing_volume` in words; what only the whole day has goes without its mode."""
    mode, what = name.split("_", 1)
    label = WHAT_LABELS[what]
    if mode == AUCTION or what in WHOLE_ONLY:
        return label
    return Text(MODE_LABELS[mode].zh + label.zh, f"{MODE_LABELS[mode].en} {label.en}")


# -- cells -------------------------------------------------------------------------------------------------


def _flaws(row: Row) -> Iterator[Finding]:
    for flaw in row.flaws:
        if flaw.field == "day":
            why, kind = checks.DAY_UNREADABLE(field="day", text=flaw.text), Kind.HARD
        else:
            of, kind = {
                "text": (checks.CELL_UNREADABLE, Kind.HARD),
                "negative": (checks.NEGATIVE, Kind.HARD),
                "fraction": (checks.FRACTION, Kind.SUSPECT),
            }[flaw.code]
            why = of(field=flaw.field, label=field_label(flaw.field), text=flaw.text)
        yield found(row, (flaw.field,), kind, why)


def _blanks(row: Row, terms: Terms) -> Iterator[Finding]:
    unread = {flaw.field for flaw in row.flaws}
    blank = tuple(name for name, value in row.cells.items() if value is None and name not in unread)
    if not blank:
        return
    labels = [field_label(name) for name in blank]
    said = Text("、".join(one.zh for one in labels), ", ".join(one.en for one in labels))
    why = checks.BLANK(field=blank[0], fields=said)
    yield found(row, blank, Kind.INCOMPLETE, why, *_filled(row, set(blank), terms))


def _filled(row: Row, blank: set[str], terms: Terms) -> tuple[Repair, ...]:
    """What the blank volumes and amounts must have been, as far as the sum of the legs tells."""
    missing = [leg for leg in LEGS if any(f"{leg}_{what}" in blank for what in SUMS)]
    if not missing or any(row.get("total", what) is None for what in SUMS):
        return ()
    if len(missing) == 1:
        other = next(leg for leg in LEGS if leg not in missing)
        if any(row.get(other, what) is None for what in SUMS):
            return ()
        return sums.rest_of(row, missing[0], other)
    whole = {what: row.cells[f"total_{what}"] or 0 for what in SUMS}
    options = [
        {f"{leg}_{what}": whole[what] if leg == one else 0 for leg in LEGS for what in SUMS} for one in LEGS
    ]
    return sums.plausible(row, options, terms)


# -- the calendar ------------------------------------------------------------------------------------------


def _calendar(row: Row, earlier: tuple[Row, ...], trades: Trades) -> Iterator[Finding]:
    assert row.day is not None
    where = (row, ("day",))
    if trades(row.day) is False:
        yield found(*where, Kind.HARD, checks.NO_TRADING_DAY(field="day", day=row.day))
    above = earlier[-1].day if earlier else None
    if above is None:
        return
    if row.day < above:
        yield found(*where, Kind.SUSPECT, checks.DISORDER(field="day", day=row.day, before=above))
        return
    missing = _between(above, row.day, trades)
    if missing:
        said = ", ".join(day.isoformat() for day in missing)
        why = checks.DAYS_MISSING(field="day", days=said, before=above, day=row.day)
        yield found(*where, Kind.INCOMPLETE, why)


def _between(first: date, last: date, trades: Trades) -> list[date]:
    """Trading days between two rows, as far as calendars are loaded."""
    days = (first + timedelta(n) for n in range(1, (last - first).days))
    return [day for day in days if trades(day)]
