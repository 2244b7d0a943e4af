"""What contradicts itself in California's files: every check of an auditor, and how each row is read then.

A finding is an anomaly of the published data. What looks odd and is explained by the files themselves or by
the rules (a name spelled in two ways, a facility that changed hands, true-up allowances) is a note. Which is
which, and why: docs/decisions/0012-california-readings.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from tanshu.base.refusal import RefusalKind
from tanshu.base.text import Text
from tanshu.replay.loaders import california_checks as checks
from tanshu.replay.loaders.california_facts import (
    ALLOWANCES,
    FULFILLED_LATE,
    INSTRUMENTS,
    NOBODY,
    OFFSETS,
    QUANTITY,
    UNFULFILLED,
    IssuanceTable,
    Layout,
    Obligation,
    OffsetUse,
    PeriodFacts,
    Published,
    Vintages,
    vintage_column,
)
from tanshu.replay.model import Finding, Source
from tanshu.rules.compliance_periods import Period

ByVintage = Mapping[int | None, int]
"""Tonnes by vintage; under None what the files give no vintage for."""
Facts = Mapping[str, int | str]
Evidence = Mapping[str, int | str | None]
PLACES_SHOWN: Final = 12


@dataclass(frozen=True, slots=True)
class Note:
    """Something to know that is no anomaly. count: how often; places: the first of them."""

    key: str
    text: Text
    count: int
    places: tuple[str, ...]

    def as_json(self) -> dict[str, object]:
        return {
            "key": self.key,
            "text": {"zh": self.text.zh, "en": self.text.en},
            "count": self.count,
            "places": list(self.places),
        }


def anomaly(kind: RefusalKind, source: Source, facts: Facts, more: Evidence | None = None) -> Finding:
    """A finding whose evidence is what its sentence says, and more."""
    return Finding(kind(field=None, **facts), source, evidence={**facts, **(more or {})})


# -- obligations -------------------------------------------------------------------------------------------


def of_obligations(period: PeriodFacts, rule: Period) -> Iterator[Finding]:
    """Sums, shortfalls, statuses and the limit on offsets, row by row."""
    for row in period.obligations:
        yield from _of_obligation(row, period)
        yield from _of_limit(row, period, rule)


def _of_obligation(row: Obligation, period: PeriodFacts) -> Iterator[Finding]:
    owed, given = row.obligation, row.instruments
    parts: Facts = {"entity": row.entity, "allowances": row.allowances, "offsets": row.offsets}
    common: Facts = {"entity": row.entity, "name": row.name, "obligation": owed, "instruments": given}
    if row.allowances + row.offsets != given:
        yield anomaly(checks.SUM_DIFFERS, row.source, {**parts, "instruments": given})
    if given < owed:
        facts = {**common, "short": owed - given, "status": row.status}
        yield anomaly(checks.SHORT, row.source, facts, parts)
    if given > owed:
        same = [one.entity for one in period.obligations if one.obligation - one.instruments == given - owed]
        evidence = {**parts, "status": row.status, "short_by_the_same": ", ".join(same) or None}
        yield anomaly(checks.MORE_THAN_OWED, row.source, {**common, "more": given - owed}, evidence)
    if (given < owed) != (row.status == UNFULFILLED):
        yield anomaly(checks.STATUS_DIFFERS, row.source, {**common, "status": row.status})


def _of_limit(row: Obligation, period: PeriodFacts, rule: Period) -> Iterator[Finding]:
    """Offsets over obligation. A row may be over it and yet within it together with the entities whose
    facility it took over, for the limit is theirs together; the evidence says so where facilities show it.
    """
    limit = rule.offsets_allowed(row.obligation)
    if row.offsets <= limit:
        return
    before = [
        other
        for other in period.obligations
        if other.entity != row.entity and set(other.facilities) & set(row.facilities)
    ]
    together = [row, *before]
    evidence = {
        "shares_a_facility_with": ", ".join(other.entity for other in before) or None,
        "limit_together": rule.offsets_allowed(sum(one.obligation for one in together)) if before else None,
        "offsets_together": sum(one.offsets for one in together) if before else None,
    }
    facts = {
        "entity": row.entity,
        "name": row.name,
        "obligation": row.obligation,
        "offsets": row.offsets,
        "percent": f"{(rule.offset_limit * 100).normalize():f}%",
        "limit": limit,
        "excess": row.offsets - limit,
    }
    yield anomaly(checks.OVER_LIMIT, row.source, facts, evidence)


def of_facilities(published: Published) -> Iterator[Finding]:
    """A facility id that belongs to somebody else: given to an entity whose only facility has another id in
    the other period, and to its owner in both.
    """
    for period in published.periods:
        for other in published.periods:
            if other is not period:
                yield from _of_facilities(period, other)


def _of_facilities(period: PeriodFacts, other: PeriodFacts) -> Iterator[Finding]:
    then = {row.entity: row for row in other.obligations}
    owners = facility_owners(period)
    for row in period.obligations:
        if len(row.facilities) != 1 or row.entity not in then:
            continue
        (facility,) = row.facilities
        own = then[row.entity].facilities
        steady = [one for one in owners[facility] if one in then and facility in then[one].facilities]
        if steady and facility not in own:
            facts = {"entity": row.entity, "facility": facility, "other": steady[0], "own": ", ".join(own)}
            evidence = {"own_at": str(then[row.entity].source), "other_at": str(then[steady[0]].source)}
            yield anomaly(checks.FACILITY_OF_ANOTHER, row.source, facts, evidence)


def facility_owners(period: PeriodFacts) -> Mapping[str, list[str]]:
    owners: dict[str, list[str]] = defaultdict(list)
    for row in period.obligations:
        for facility in row.facilities:
            owners[facility].append(row.entity)
    return owners


def of_totals(period: PeriodFacts) -> Iterator[Finding]:
    """The report's own totals beside the sums of its rows, cells as published."""
    layout = period.layout
    owed = [(row.entity, _figures(row, layout)) for row in period.obligations]
    held = [(row.entity, {**_cells(row), ALLOWANCES: row.total}) for row in period.vintages]
    used = [(row.entity, {QUANTITY: row.quantity}) for row in period.offsets]
    for kind, rows in (("summary", owed), ("vintages", held), ("offsets", used)):
        for total in period.totals[kind]:
            counted = (figures for entity, figures in rows if total.with_nobody or entity != NOBODY)
            found = sum(figures[total.column] for figures in counted)
            if found != total.value:
                facts = {"column": total.column, "published": total.value, "total": found}
                yield anomaly(checks.TOTAL_DIFFERS, total.source, facts)


def _figures(row: Obligation, layout: Layout) -> Mapping[str, int]:
    return {
        layout.obligation: row.obligation,
        ALLOWANCES: row.allowances,
        OFFSETS: row.offsets,
        INSTRUMENTS: row.instruments,
    }


def _cells(row: Vintages) -> Mapping[str, int]:
    return {vintage_column(year): value or 0 for year, value in row.cells.items()}


# -- allowances by vintage ---------------------------------------------------------------------------------


def read_vintages(row: Vintages) -> tuple[ByVintage, list[Finding]]:
    """A row's tonnes by vintage, mended where its own total says how; under None where it does not."""
    known = {year: value for year, value in row.cells.items() if value is not None}
    blanks = [year for year, value in row.cells.items() if value is None]
    rest = row.total - sum(known.values())
    if rest < 0:
        return _too_much(row, known, rest)
    findings: list[Finding] = []
    if len(blanks) == 1 or rest == 0:
        for year in blanks:
            known[year] = rest
            facts = {"entity": row.entity, "column": vintage_column(year), "value": rest}
            findings.append(anomaly(checks.VINTAGE_BLANK, row.source, facts, {"total": row.total}))
        rest = row.total - sum(known.values())
    if rest:
        return _unsettled(row)
    return {year: value for year, value in known.items() if value}, findings


def _too_much(row: Vintages, known: dict[int, int], rest: int) -> tuple[ByVintage, list[Finding]]:
    """One cell may repeat the total: the others come to it without that cell."""
    repeats = [year for year, value in known.items() if value == row.total == -rest]
    if len(repeats) != 1:
        return _unsettled(row)
    (year,) = repeats
    facts = {"entity": row.entity, "column": vintage_column(year), "value": row.total}
    others = {vintage_column(other): value for other, value in known.items() if other != year}
    found = anomaly(checks.VINTAGE_REPEATS_TOTAL, row.source, facts, {"total": row.total, **others})
    return {other: value for other, value in known.items() if value and other != year}, [found]


def _unsettled(row: Vintages) -> tuple[ByVintage, list[Finding]]:
    total = sum(value or 0 for value in row.cells.values())
    facts = {"entity": row.entity, "total": total, "published": row.total}
    cells = {vintage_column(year): value for year, value in row.cells.items()}
    return _undated(row.total), [anomaly(checks.VINTAGES_DIFFER, row.source, facts, cells)]


def _undated(quantity: int) -> ByVintage:
    return {None: quantity} if quantity else {}


def of_vintages(period: PeriodFacts, rule: Period) -> tuple[dict[str, ByVintage], list[Finding]]:
    """By entity, the allowances it surrendered as they are posted: in all, what the summary says."""
    read: dict[str, ByVintage] = {}
    findings: list[Finding] = []
    owed = {row.entity: row for row in period.obligations}
    for row in period.vintages:
        if row.entity not in owed:
            facts = {"entity": row.entity, "quantity": row.total}
            findings.append(anomaly(checks.UNKNOWN_ENTITY, row.source, facts))
            continue
        by_vintage, found = read_vintages(row)
        findings += found
        summary = owed[row.entity].allowances
        if row.total != summary:
            facts = {"entity": row.entity, "detail": row.total, "summary": summary}
            findings.append(anomaly(checks.ALLOWANCES_DIFFER, row.source, facts))
            by_vintage = _undated(summary)
        findings += _too_late(row, by_vintage, rule)
        read[row.entity] = by_vintage
    for entity, row in owed.items():
        if entity not in read and row.allowances:
            read[entity] = _undated(row.allowances)
            if entity != NOBODY:
                facts = {"entity": entity, "allowances": row.allowances}
                findings.append(anomaly(checks.NO_VINTAGES, row.source, facts))
    return read, findings


def _too_late(row: Vintages, by_vintage: ByVintage, rule: Period) -> Iterator[Finding]:
    for year, quantity in by_vintage.items():
        if year is not None and year > rule.latest_vintage:
            last, latest = rule.years[-1], rule.latest_vintage
            limits = {"last": last, "latest": latest}
            facts = {"entity": row.entity, "quantity": quantity, "vintage": year, **limits}
            yield anomaly(checks.VINTAGE_TOO_LATE, row.source, facts)


# -- names -------------------------------------------------------------------------------------------------


def of_names(period: PeriodFacts) -> tuple[list[Finding], Note | None]:
    """Names that are somebody else's are anomalies; names written in another way are a note."""
    names = {row.entity: row.name for row in period.obligations}
    bearers = {_letters(name): entity for entity, name in reversed(names.items())}
    findings: list[Finding] = []
    variants: list[str] = []
    for row in (*period.vintages, *period.offsets):
        name = names.get(row.entity, row.name)
        other = bearers.get(_letters(row.name))
        if row.name == name:
            continue
        if other and _letters(row.name) != _letters(name):
            facts = {"entity": row.entity, "written": row.name, "other": other, "name": name}
            findings.append(anomaly(checks.NAME_OF_ANOTHER, row.source, facts))
        else:
            variants.append(_place(row.source, row.entity))
    text = _of(
        period, "名称写法与汇总表不同(大小写、标点、缩写)", "names spelled otherwise than in the summary"
    )
    return findings, _note("spelling", text, variants)


def _letters(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isalnum())


# -- notes -------------------------------------------------------------------------------------------------


def notes_on(period: PeriodFacts, rule: Period, read: Mapping[str, ByVintage]) -> Iterator[Note | None]:
    """What is odd about a period and explained."""
    last, latest = rule.years[-1], rule.latest_vintage
    yield _note(
        "shared-facility",
        _of(period, "一个设施列在两个实体下(期内易主)", "facilities under two entities: they changed hands"),
        [f"{facility}: {', '.join(who)}" for facility, who in facility_owners(period).items() if who[1:]],
    )
    yield _note(
        "later-vintage",
        _of(
            period,
            f"使用 {last} 年以后的配额(补足配额),最迟 {latest} 年",
            f"vintages after {last} used, up to {latest}: true-up allowances",
        ),
        [
            f"{entity}: {year} {quantity}"
            for entity, by_vintage in read.items()
            for year, quantity in by_vintage.items()
            if year is not None and last < year <= latest
        ],
    )
    yield _note(
        "fulfilled-late",
        _of(
            period, "逾期补缴后履约(原文“Fulfilled*”)", "fulfilled with an untimely surrender (“Fulfilled*”)"
        ),
        [_place(row.source, row.entity) for row in period.obligations if row.status == FULFILLED_LATE],
    )
    yield _note(
        "no-entity",
        _of(period, "无实体的行,没有配额年份明细", "a row of no entity and without vintages"),
        [_place(row.source, row.name) for row in period.obligations if row.entity == NOBODY],
    )
    yield _note(
        "several-lines",
        _of(period, "同一实体同一签发分多行清缴,数量不同", "one entity, one issuance, several lines"),
        _several_lines(period.offsets),
    )


def _of(period: PeriodFacts, zh: str, en: str) -> Text:
    name = period.layout.period
    return Text(f"{name}:{zh}", f"{name}: {en}")


def note_on_idle(table: IssuanceTable) -> Note | None:
    """Rows of the issuance table that issue nothing."""
    text = Text("签发表中未签发信用的行(逆转、零减排、推迟)", "rows that issue nothing")
    return _note("idle", text, [_place(source, id) for source, id in table.idle])


def _several_lines(uses: Sequence[OffsetUse]) -> list[str]:
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    for use in uses:
        rows[use.entity, use.issuance].append(use.source.row)
    return [
        f"{entity} {issuance}: {', '.join(map(str, numbers))}"
        for (entity, issuance), numbers in rows.items()
        if numbers[1:]
    ]


def _note(key: str, text: Text, places: Sequence[str]) -> Note | None:
    return Note(key, text, len(places), tuple(places[:PLACES_SHOWN])) if places else None


def _place(source: Source, what: str) -> str:
    return f"{source.sheet} · {source.row} · {what}"
