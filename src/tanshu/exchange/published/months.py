"""A month of daily rows: its sums by mode, and how they stand to what the exchange published for the month.

Where they differ, the findings' own repairs are tried, and the exchange of one day's legs: what makes all six
figures equal to the tonne and the fen is proven by the published month, and told so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import product

from tanshu.exchange.published import checks
from tanshu.exchange.published.model import (
    LEGS,
    MODE_LABELS,
    SUMS,
    TOTAL,
    WHAT_LABELS,
    Finding,
    Kind,
    Repair,
    Row,
    said,
)
from tanshu.exchange.published.model import found as about
from tanshu.exchange.published.sums import average_yuan

TRIED_MAX = 6
"""So many findings of a month are tried together; a month with more needs people first."""
SERIES = tuple((mode, what) for mode in (*LEGS, TOTAL) for what in SUMS)
"""The six figures of a published month."""
Sums = Mapping[str, int]
Place = tuple[int, date | None, str]
"""Where a figure stands: rows of several files make up a month, so their numbers alone do not tell."""


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the six: the sum of the days (blank cells count nothing) beside the published figure."""

    mode: str
    what: str
    days: int
    official: int | None

    @property
    def difference(self) -> int | None:
        return None if self.official is None else self.days - self.official

    @property
    def equal(self) -> bool:
        return self.difference == 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """A month beside its published figures. findings: those of the month, with what the month proves."""

    series: tuple[Compared, ...]
    findings: tuple[Finding, ...]
    proven: tuple[tuple[Finding, Repair], ...]
    cleared: tuple[Finding, ...]
    """Findings whose repair the published month contradicts: as the figures stand, it agrees with them."""

    @property
    def equal(self) -> bool:
        return all(one.equal for one in self.series)


def sums(rows: Sequence[Row]) -> dict[str, int]:
    """Volume and amount of each mode over the rows: field → sum, for the modes that the rows have."""
    names = [f"{mode}_{what}" for mode, what in SERIES]
    return {name: sum(row.cells.get(name) or 0 for row in rows) for name in names if _there(rows, name)}


def close_of(rows: Sequence[Row]) -> int | None:
    """The last close of the month, where the rows are of one market or one vintage."""
    if len({row.vintage for row in rows}) != 1:
        return None
    closes = [row.get(TOTAL, "close") for row in rows]
    return next((close for close in reversed(closes) if close is not None), None)


def compare(month: str, rows: Sequence[Row], official: Row, found: Sequence[Finding]) -> Comparison:
    """The six figures, and which findings of the month its published figures prove or clear."""
    have = sums(rows)
    series = tuple(
        Compared(mode, what, have[name], official.cells.get(name))
        for mode, what in SERIES
        if (name := f"{mode}_{what}") in have
    )
    off = {
        f"{one.mode}_{one.what}": -one.difference
        for one in series
        if one.difference  # what is to be added
    }
    proven = _explained(rows, off, found) if off else ()
    findings = [_upgraded(one, proven) for one in found]
    known = {id(one) for one in found}
    findings += [_exchange_proven(one) for one, _ in proven if id(one) not in known]
    if off and not proven:
        findings += _unexplained(month, rows, series)
    cleared = () if off and not proven else tuple(_cleared(found, proven))
    return Comparison(series, tuple(findings), proven, cleared)


def _there(rows: Sequence[Row], name: str) -> bool:
    return any(row.cells.get(name) is not None for row in rows)


def _explained(
    rows: Sequence[Row], off: Sums, found: Sequence[Finding]
) -> tuple[tuple[Finding, Repair], ...]:
    """The fewest repairs that add up to what is off; nothing where two ways do equally well."""
    by_place = {_place(row): row for row in rows}
    tried = [one for one in found if _touches(one) and _place(one) in by_place][:TRIED_MAX]
    options = [[None, *one.repairs] for one in tried]
    ways = [
        tuple((one, repair) for one, repair in zip(tried, way, strict=True) if repair is not None)
        for way in product(*options)
    ]
    ways.sort(key=len)
    fitting = [way for way in ways if way and _added(way, by_place) == off]
    if not fitting:
        fitting = [
            (*way, exchange)
            for way in ways
            for exchange in _exchanges(rows, {_place(one) for one, _ in way})
            if _added((*way, exchange), by_place) == off
        ]
    least = [way for way in fitting if len(way) == len(fitting[0])]
    return least[0] if len(least) == 1 else ()


def _place(of: Row | Finding) -> Place:
    return of.number if isinstance(of, Row) else of.row, of.day, of.vintage


def _touches(finding: Finding) -> bool:
    return any(name in repair for repair in finding.repairs for name in _NAMES)


_NAMES = frozenset(f"{mode}_{what}" for mode, what in SERIES)


def _added(way: Sequence[tuple[Finding, Repair]], rows: Mapping[Place, Row]) -> dict[str, int]:
    """What repairs add to the sums, zeros left out."""
    added: dict[str, int] = {}
    for finding, repair in way:
        for name in _NAMES & set(repair):
            added[name] = added.get(name, 0) + repair[name] - (rows[_place(finding)].cells.get(name) or 0)
    return {name: value for name, value in added.items() if value}


def _exchanges(rows: Sequence[Row], taken: set[Place]) -> Iterator[tuple[Finding, Repair]]:
    """Each day with its legs exchanged, as a finding that nothing proves yet."""
    for row in rows:
        names = [f"{leg}_{what}" for leg in LEGS for what in SUMS]
        values = [row.cells.get(name) for name in names]
        if _place(row) in taken or None in values or not any(values):
            continue
        lv, la, bv, ba = (value or 0 for value in values)
        repair = dict(zip(names, (bv, ba, lv, la), strict=True))
        facts = {
            "listing": average_yuan(la, lv) if lv else "—",
            "block": average_yuan(ba, bv) if bv else "—",
        }
        why = checks.LEGS_DOUBTFUL(field=names[0], low="—", high="—", **facts)
        yield about(row, names, Kind.SUSPECT, why, repair), repair


def _upgraded(finding: Finding, proven: Sequence[tuple[Finding, Repair]]) -> Finding:
    """A proven finding proposes one value only; legs that looked exchanged are known to be."""
    repair = next((repair for one, repair in proven if one is finding), None)
    if repair is None:
        return finding
    if finding.why.kind is checks.LEGS_DOUBTFUL:
        return _exchange_proven(finding)
    return replace(finding, repairs=(repair,))


def _exchange_proven(finding: Finding) -> Finding:
    facts = {name: finding.why.facts[name] for name in ("listing", "block")}
    why = checks.LEGS_EXCHANGED(field=finding.why.field, proof=checks.PROVEN, **facts)
    return replace(finding, kind=Kind.HARD, why=why)


def _cleared(found: Sequence[Finding], proven: Sequence[tuple[Finding, Repair]]) -> Iterator[Finding]:
    used = {id(one) for one, _ in proven}
    return (one for one in found if one.kind is Kind.SUSPECT and _touches(one) and id(one) not in used)


def _unexplained(month: str, rows: Sequence[Row], series: Sequence[Compared]) -> Iterator[Finding]:
    for one in series:
        if one.equal or one.official is None:
            continue
        name = f"{one.mode}_{one.what}"
        why = checks.MONTH_DIFFERS(
            field=name,
            month=month,
            mode=MODE_LABELS[one.mode],
            what=WHAT_LABELS[one.what],
            days=said(one.what, one.days),
            official=said(one.what, one.official),
            off=said(one.what, one.difference),
        )
        yield Finding(0, rows[-1].day, "", (name,), Kind.HARD, why)
