"""Offset credits: what was surrendered beside what was issued, and what of it the book can take."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tanshu.replay.loaders import california_checks as checks
from tanshu.replay.loaders.california_facts import (
    RETIRED_IN,
    Issuance,
    IssuanceTable,
    OffsetUse,
    PeriodFacts,
    Published,
)
from tanshu.replay.loaders.california_findings import Facts, anomaly
from tanshu.replay.model import Finding
from tanshu.rules.compliance_periods import Period


@dataclass(frozen=True, slots=True)
class Posted:
    """A surrender of credits as the book takes it. day: the period's deadline, or the day of issuance where
    that is later.
    """

    use: OffsetUse
    day: date


def of_uses(
    published: Published, rules: Mapping[str, Period]
) -> tuple[dict[str, tuple[Posted, ...]], list[Finding]]:
    """By period, the surrenders that can be posted; findings on those that cannot, or not as published.

    Periods and rows are taken in their order: what an earlier row used up, a later one cannot use.
    """
    issuances = {one.id: one for one in published.table.issuances}
    used: Counter[str] = Counter()
    posted: dict[str, tuple[Posted, ...]] = {}
    findings: list[Finding] = []
    for period in published.periods:
        taken: list[Posted] = []
        known = {row.entity for row in period.obligations}
        for use in period.offsets:
            flaws, day = _of_use(use, known, issuances.get(use.issuance), used, rules[period.layout.period])
            findings += flaws
            if day:
                used[use.issuance] += use.quantity
                taken.append(Posted(use, day))
        posted[period.layout.period] = tuple(taken)
        findings += _of_sums(period)
    return posted, findings


def _of_use(
    use: OffsetUse, known: set[str], issuance: Issuance | None, used: Mapping[str, int], rule: Period
) -> tuple[list[Finding], date | None]:
    """Findings on a row, and the day on which it is posted: None where the book could not take it."""
    facts: Facts = {"entity": use.entity, "issuance": use.issuance, "quantity": use.quantity}
    if use.entity not in known:
        return [anomaly(checks.UNKNOWN_ENTITY, use.source, facts)], None
    if issuance is None:
        return [anomaly(checks.ISSUANCE_UNKNOWN, use.source, facts)], None
    findings: list[Finding] = []
    issued_at = {"issued_at": str(issuance.source), "comment": issuance.comment}
    if use.vintage != issuance.vintage:
        vintages = {"written": use.vintage, "issued": issuance.vintage}
        findings.append(anomaly(checks.OFFSET_VINTAGE_DIFFERS, use.source, {**facts, **vintages}, issued_at))
    together = used[use.issuance] + use.quantity
    if together > issuance.available:
        available = {"used": together, "available": issuance.available}
        findings.append(anomaly(checks.OVER_ISSUED, use.source, {**facts, **available}, issued_at))
        return findings, None
    if issuance.day > rule.due:
        days = {"due": rule.due.isoformat(), "issued": issuance.day.isoformat()}
        findings.append(anomaly(checks.SURRENDERED_BEFORE_ISSUED, use.source, {**facts, **days}, issued_at))
    return findings, max(rule.due, issuance.day)


def _of_sums(period: PeriodFacts) -> Iterator[Finding]:
    """Every entity's offsets by project beside its summary."""
    used: Counter[str] = Counter()
    for use in period.offsets:
        used[use.entity] += use.quantity
    for row in period.obligations:
        if used[row.entity] != row.offsets:
            facts = {"entity": row.entity, "detail": used[row.entity], "summary": row.offsets}
            yield anomaly(checks.OFFSETS_DIFFER, row.source, facts)


def of_table(published: Published) -> Iterator[Finding]:
    """The issuance table by itself, and beside the compliance reports."""
    yield from _twice(published.table)
    reported = {period.layout.period: by_issuance(period) for period in published.periods}
    for issuance in published.table.issuances:
        retired = sum(issuance.retired.values())
        if retired > issuance.issued:
            excess = retired - issuance.issued
            facts = {"issuance": issuance.id, "issued": issuance.issued, "retired": retired, "excess": excess}
            columns = {column: value for column, value in issuance.retired.items() if value}
            evidence = {**columns, "comment": issuance.comment}
            yield anomaly(checks.RETIRED_BEYOND_ISSUED, issuance.source, facts, evidence)
        for period, used in reported.items():
            table, report = issuance.retired[RETIRED_IN[period]], used[issuance.id]
            if table != report:
                facts = {"issuance": issuance.id, "period": period, "table": table, "report": report}
                yield anomaly(checks.RETIRED_DIFFERS, issuance.source, facts, {"comment": issuance.comment})


def _twice(table: IssuanceTable) -> Iterator[Finding]:
    """Ids are to be unique; of rows that issue credits the reader makes sure, of the others this tells."""
    first: dict[str, int] = {}
    for source, id in table.idle:
        if id in first:
            yield anomaly(checks.ISSUANCE_TWICE, source, {"issuance": id, "first": first[id]})
        first.setdefault(id, source.row)


def of_types(table: IssuanceTable) -> Iterator[Finding]:
    """The table's own totals by type."""
    issued: Counter[tuple[str, str]] = Counter()
    for one in table.issuances:
        issued[one.route, one.type] += one.issued
    for source, route, kind, value in table.published:
        if issued[route, kind] != value:
            facts = {"column": f"{kind} · {route}", "published": value, "total": issued[route, kind]}
            yield anomaly(checks.TOTAL_DIFFERS, source, facts)


def by_issuance(period: PeriodFacts) -> Counter[str]:
    """Credits surrendered in a period by issuance, as published."""
    used: Counter[str] = Counter()
    for use in period.offsets:
        used[use.issuance] += use.quantity
    return used
