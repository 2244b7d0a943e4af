"""Two series of one market beside each other: two copies of the same days, or vintages and their whole."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from tanshu.base.text import Text
from tanshu.exchange.published import checks
from tanshu.exchange.published.model import (
    FIELDS,
    MODE_LABELS,
    SUMS,
    TOTAL,
    WHAT_LABELS,
    Finding,
    Kind,
    Row,
    found,
    said,
)

_NO_HINT = Text("", "")
Days = Mapping[date, Row]


def differences(rows: Sequence[Row], others: Sequence[Row], series: str) -> list[Finding]:
    """What the two say differently of the same day; and days between first and last that only one has.

    Rows by vintage are summed where the other side is of the whole market; then only sums are compared, and
    only days that both have: a sample of vintages need not have all days.
    """
    by_vintage = any(row.vintage for row in rows), any(row.vintage for row in others)
    if by_vintage[0] != by_vintage[1]:
        mine, its = _summed(rows), _summed(others)
        return [one for day in sorted(mine.keys() & its) for one in _differing(mine[day], its, series)]
    told: list[Finding] = []
    for vintage in sorted({row.vintage for row in rows} & {row.vintage for row in others}):
        mine, its = _by_day(rows, vintage), _by_day(others, vintage)
        told += _copies(mine, its, series)
    return told


def _copies(mine: Days, its: Days, series: str) -> Iterator[Finding]:
    if not mine or not its:
        return
    first, last = max(min(mine), min(its)), min(max(mine), max(its))
    for day in sorted(day for day in {*mine, *its} if first <= day <= last):
        if day not in mine:
            why = checks.ONLY_THERE(field="day", series=series)
            yield Finding(0, day, "", ("day",), Kind.INCOMPLETE, why)
        elif day not in its:
            row, why = mine[day], checks.ONLY_HERE(field="day", series=series)
            yield found(row, ("day",), Kind.INCOMPLETE, why)
        else:
            yield from _differing(mine[day], its, series)


def _differing(row: Row, its: Days, series: str) -> Iterator[Finding]:
    """One finding per field; where another day of the other side has this day's sums, it says which."""
    assert row.day is not None
    other = its[row.day]
    both = [name for name in FIELDS if None not in (row.cells.get(name), other.cells.get(name))]
    off = [name for name in both if row.cells[name] != other.cells[name]]
    hint = _same_elsewhere(row, its, off)
    for name in off:
        mode, what = name.split("_", 1)
        why = checks.COPIES_DIFFER(
            field=name,
            mode=MODE_LABELS[mode],
            what=WHAT_LABELS[what],
            mine=said(what, row.cells[name]),
            series=series,
            other=said(what, other.cells[name]),
            hint=hint,
        )
        yield found(row, (name,), Kind.HARD, why)


def _same_elsewhere(row: Row, its: Days, off: Sequence[str]) -> Text:
    sums = {f"{TOTAL}_{what}": row.get(TOTAL, what) for what in SUMS}
    if not set(sums) <= set(off):
        return _NO_HINT
    same = [day for day, other in its.items() if all(other.cells.get(n) == v for n, v in sums.items())]
    if not same:
        return _NO_HINT
    return Text(f"与其 {same[0]} 的数相同。", f"It has these figures for {same[0]}.")


def _by_day(rows: Sequence[Row], vintage: str) -> dict[date, Row]:
    return {row.day: row for row in rows if row.day and row.vintage == vintage}


def _summed(rows: Sequence[Row]) -> dict[date, Row]:
    """Volumes and amounts of a day over all vintages; a sum that lacks one is none."""
    by_day: dict[date, list[Row]] = defaultdict(list)
    for row in rows:
        if row.day:
            by_day[row.day].append(row)
    return {
        day: Row(these[0].number, day, "", {name: _sum(these, name) for name in _sum_fields(these)})
        for day, these in by_day.items()
    }


def _sum_fields(rows: Sequence[Row]) -> list[str]:
    return [name for name in rows[0].cells if name.split("_", 1)[1] in SUMS]


def _sum(rows: Sequence[Row], name: str) -> int | None:
    values = [row.cells.get(name) for row in rows]
    return None if None in values else sum(value or 0 for value in values)
