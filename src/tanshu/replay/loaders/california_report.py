"""What the register holds of California, beside what was published: row by row, project by project.

Tonnes come from book and MRV; of the files only what they are compared with.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, func, select

from tanshu.app import Installation
from tanshu.base.text import Text
from tanshu.parties.model import AccountKind
from tanshu.parties.tables import ACCOUNT, SUBJECT
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import INSTRUMENT, TRANSACTION, TRANSACTION_LINE
from tanshu.replay import figures
from tanshu.replay.loaders import california_grids as grids
from tanshu.replay.loaders.california_facts import Issuance, Obligation, PeriodFacts
from tanshu.replay.loaders.california_offsets import by_issuance
from tanshu.replay.loaders.california_plan import BUFFER, Facts, allowance, handle
from tanshu.replay.model import Report

FULFILLED, SHORT = "fulfilled", "short"
NO_VINTAGE = "not published"
_CLAIMS: Final = (
    Text("每个义务行:配额 + 抵销 = 合计", "allowances + offsets = instruments in every obligation row"),
    Text("登记的义务逐行等于公布值", "obligations entered are those published, row by row"),
    Text("登记的配额清缴逐行等于公布值", "allowances surrendered are those published, row by row"),
    Text("登记的抵销逐行等于公布值", "offsets surrendered are those published, row by row"),
    Text("登记的抵销逐签发等于公布值", "offsets surrendered are those published, issuance by issuance"),
    Text("没有项目超发:清缴不超过离开缓冲池的数量", "no project is over-issued"),
    Text("每个产品守恒:签发 = 清缴 + 持有", "every instrument is conserved: issued = surrendered + held"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """An obligation row as the register holds it; allowances by vintage, under None without one."""

    published: Obligation
    obligation: int
    allowances: Mapping[int | None, int]
    offsets: int

    @property
    def surrendered(self) -> int:
        return sum(self.allowances.values()) + self.offsets

    @property
    def status(self) -> str:
        return FULFILLED if self.surrendered >= self.obligation else SHORT


@dataclass(frozen=True, slots=True)
class Settled:
    """A period as the register holds it. offsets: by issuance."""

    period: PeriodFacts
    rows: tuple[Row, ...]
    offsets: Counter[str]

    @property
    def by_vintage(self) -> dict[int | None, int]:
        totals: Counter[int | None] = Counter()
        for row in self.rows:
            totals.update(row.allowances)
        return {vintage: totals[vintage] for vintage in sorted(totals, key=lambda one: one or 9999)}


@dataclass(frozen=True, slots=True)
class Conserved:
    """An instrument in the book. held: by everybody, the forest buffer included; sum: over all its cells."""

    issued: int
    surrendered: int
    held: int
    buffer: int
    sum: int

    @property
    def holds(self) -> bool:
        return self.sum == 0 and self.issued == self.surrendered + self.held


def report(facts: Facts, installation: Installation) -> Report:
    """Everything by period, by project and by instrument."""
    with installation.database.read() as conn:
        obligations = figures.verified(conn)
        moved = {type: _surrendered(conn, type) for type in ("surrender", "credit-surrender")}
        book = _conserved(conn, installation)
    settled = [_settled(facts, period, obligations, moved) for period in facts.published.periods]
    projects = by_project(facts, settled, book)
    data = {
        "obligation_rows": sum(len(one.rows) for one in settled),
        "rows_that_add_up": sum(_adds_up(row.published) for one in settled for row in one.rows),
        "periods": {one.period.layout.period: _period(facts, one) for one in settled},
        "offset_issuance": _issuance(facts, projects),
        "notes": [note.as_json() for note in facts.notes],
        "instruments": {
            "count": len(book),
            "out_of_balance": sorted(code for code, one in book.items() if not one.holds),
            "by_instrument": {code: _as_json(one) for code, one in book.items()},
        },
    }
    tables = (
        grids.periods(settled),
        grids.vintages(settled),
        grids.statuses(settled),
        grids.short(settled),
        grids.projects(projects),
        grids.instruments(book),
        grids.notes(facts.notes),
    )
    return Report(data, tables, tuple(zip(_CLAIMS, _holds(settled, projects, book), strict=True)))


def _holds(
    settled: Sequence[Settled], projects: Mapping[str, Project], book: Mapping[str, Conserved]
) -> tuple[bool, ...]:
    """The claims' truth, in their order."""
    rows = [row for one in settled for row in one.rows]
    return (
        all(_adds_up(row.published) for row in rows),
        all(row.obligation == row.published.obligation for row in rows),
        all(sum(row.allowances.values()) == row.published.allowances for row in rows),
        all(row.offsets == row.published.offsets for row in rows),
        all(by_issuance(one.period) == one.offsets for one in settled),
        not any(one.over_issued for one in projects.values()),
        all(one.holds for one in book.values()),
    )


def _adds_up(row: Obligation) -> bool:
    return row.allowances + row.offsets == row.instruments


# -- from the register -------------------------------------------------------------------------------------

Moved = Mapping[tuple[str, int | None, str], int]
"""Tonnes by handle, year and instrument."""


def _surrendered(conn: Connection, type: str) -> Moved:
    line, head = TRANSACTION_LINE, TRANSACTION
    by = (SUBJECT.c.handle, head.c.year, INSTRUMENT.c.code)
    query = (
        select(*by, func.sum(line.c.quantity))
        .select_from(line)
        .join(head, head.c.id == line.c.transaction_id)
        .join(ACCOUNT, ACCOUNT.c.number == line.c.debit)
        .join(SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id)
        .join(INSTRUMENT, INSTRUMENT.c.number == line.c.instrument)
        .where(head.c.type == type, head.c.state == TransactionState.EFFECTED)
        .group_by(*by)
    )
    return {(handle, year, code): int(total) for handle, year, code, total in conn.execute(query)}


def _conserved(conn: Connection, installation: Installation) -> dict[str, Conserved]:
    """Every instrument's cells summed by what their accounts are."""
    state = installation.book.catch_up(conn)
    owners = select(ACCOUNT.c.number, ACCOUNT.c.kind, SUBJECT.c.handle).join(
        SUBJECT, SUBJECT.c.id == ACCOUNT.c.subject_id
    )
    kinds = {number: BUFFER if who == BUFFER else kind for number, kind, who in conn.execute(owners)}
    codes = {one.number: one.code for one in registry.instruments(conn)}
    totals: dict[str, Counter[str]] = {code: Counter() for code in codes.values()}
    for cell in state.cells():
        totals[codes[cell.instrument]][kinds[cell.account]] += cell.available + cell.held
    return {code: _in_the_book(by_kind) for code, by_kind in totals.items()}


def _in_the_book(by_kind: Counter[str]) -> Conserved:
    issued, surrendered = -by_kind[AccountKind.ISSUANCE], by_kind[AccountKind.SURRENDER]
    outside = (AccountKind.ISSUANCE, AccountKind.SURRENDER)
    held = sum(quantity for kind, quantity in by_kind.items() if kind not in outside)
    return Conserved(issued, surrendered, held, by_kind[BUFFER], sum(by_kind.values()))


def _settled(
    facts: Facts,
    period: PeriodFacts,
    obligations: Mapping[tuple[str, int], int],
    moved: Mapping[str, Moved],
) -> Settled:
    year = facts.rules[period.layout.period].years[-1]
    vintages = {allowance(one): one for one in (*range(2000, 2100), None)}
    allowances: dict[str, dict[int | None, int]] = defaultdict(dict)
    for (who, when, code), quantity in moved["surrender"].items():
        if when == year:
            allowances[who][vintages[code]] = quantity
    offsets: Counter[str] = Counter()
    by_issuance: Counter[str] = Counter()
    for (who, when, code), quantity in moved["credit-surrender"].items():
        if when == year:
            offsets[who] += quantity
            by_issuance[code] += quantity
    rows = tuple(
        Row(row, obligations.get((who, year), 0), allowances[who], offsets[who])
        for row in period.obligations
        for who in (handle(row.entity),)
    )
    return Settled(period, rows, by_issuance)


# -- projects ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Project:
    """An offset project: its issuances together, tonnes. used: surrendered, by period.

    over_issued: one of its issuances was surrendered beyond what left the buffer.
    """

    type: str
    issuances: int
    issued: int
    buffer: int
    used: Mapping[str, int]
    over_issued: bool


def by_project(facts: Facts, settled: Sequence[Settled], book: Mapping[str, Conserved]) -> dict[str, Project]:
    """Every project by id; issued and buffered as in the book."""
    issuances: dict[str, list[Issuance]] = defaultdict(list)
    for one in facts.published.table.issuances:
        issuances[one.project].append(one)
    return {id: _project(issuances[id], settled, book) for id in sorted(issuances)}


def _project(
    issuances: Sequence[Issuance], settled: Sequence[Settled], book: Mapping[str, Conserved]
) -> Project:
    used = {
        one.period.layout.period: sum(one.offsets.get(issuance.id, 0) for issuance in issuances)
        for one in settled
    }
    cells = [book[issuance.id] for issuance in issuances]
    return Project(
        issuances[0].type,
        len(issuances),
        sum(cell.issued for cell in cells),
        sum(cell.buffer for cell in cells),
        used,
        any(cell.surrendered > cell.issued - cell.buffer for cell in cells),
    )


# -- as data -----------------------------------------------------------------------------------------------


def _period(facts: Facts, settled: Settled) -> dict[str, object]:
    period, rows = settled.period, settled.rows
    rule = facts.rules[period.layout.period]
    known = {one.id for one in facts.published.table.issuances}
    return {
        "years": list(rule.years),
        "surrender_due": rule.due.isoformat(),
        "obligation_rows": len(rows),
        "rows_that_add_up": sum(_adds_up(row.published) for row in rows),
        "obligation_t": sum(row.obligation for row in rows),
        "allowances_t": sum(settled.by_vintage.values()),
        "allowances_by_vintage_t": {
            NO_VINTAGE if vintage is None else str(vintage): quantity
            for vintage, quantity in settled.by_vintage.items()
        },
        "offsets_t": sum(settled.offsets.values()),
        "offset_ids": len(settled.offsets),
        "offset_ids_known": sum(id in known for id in settled.offsets),
        "offset_ids_published": len(by_issuance(period)),
        "offset_projects": len({id.split("-")[0] for id in settled.offsets}),
        "offset_limit": str(rule.offset_limit),
        "offset_limit_source": rule.source.as_json(),
        "instruments_t": sum(row.surrendered for row in rows),
        "statuses": _statuses(rows),
        "short": [_short(row) for row in rows if row.status == SHORT],
        "rows": [_row(row) for row in rows],
    }


def _statuses(rows: Sequence[Row]) -> dict[str, dict[str, int]]:
    """Published status → status by the register's tonnes → rows."""
    counted = Counter((row.published.status, row.status) for row in rows)
    return {
        published: {computed: counted[published, computed] for computed in (FULFILLED, SHORT)}
        for published in sorted({row.published.status for row in rows})
    }


def _short(row: Row) -> dict[str, object]:
    return {
        "entity": row.published.entity,
        "name": row.published.name,
        "obligation_t": row.obligation,
        "surrendered_t": row.surrendered,
        "short_t": row.obligation - row.surrendered,
        "published": row.published.status,
    }


def _row(row: Row) -> dict[str, object]:
    return {
        "row": row.published.source.row,
        "entity": row.published.entity,
        "name": row.published.name,
        "obligation_t": row.obligation,
        "allowances_by_vintage_t": {
            NO_VINTAGE if vintage is None else str(vintage): quantity
            for vintage, quantity in sorted(row.allowances.items(), key=lambda one: one[0] or 9999)
        },
        "offsets_t": row.offsets,
        "instruments_t": row.surrendered,
        "published": row.published.status,
        "computed": row.status,
    }


def _issuance(facts: Facts, projects: Mapping[str, Project]) -> dict[str, object]:
    return {
        "issuances": len(facts.published.table.issuances),
        "rows_without_credits": len(facts.published.table.idle),
        "projects": len(projects),
        "issued_t": sum(one.issued for one in projects.values()),
        "buffer_t": sum(one.buffer for one in projects.values()),
        "over_issued": sorted(id for id, one in projects.items() if one.over_issued),
        "by_project": {id: dict(_project_json(one)) for id, one in projects.items()},
    }


def _project_json(project: Project) -> Iterator[tuple[str, object]]:
    yield "type", project.type
    yield "issuances", project.issuances
    yield "issued_t", project.issued
    yield "buffer_t", project.buffer
    for period, quantity in project.used.items():
        if quantity:
            yield f"surrendered_{period}_t", quantity


def _as_json(one: Conserved) -> dict[str, int]:
    return {"issued_t": one.issued, "surrendered_t": one.surrendered, "held_t": one.held, "sum_t": one.sum}
