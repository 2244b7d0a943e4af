"""What the register holds of the UK ETS, beside what was published: totals, and the status of every year.

A published status is of the deadline's day; the published surrenders are one sum as of 2025-06-11. So the
statuses of 2024, the newest deadline, can be computed, and those before only in hindsight: whoever
surrendered late is A by now.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tanshu.app import Installation
from tanshu.base.text import Text
from tanshu.parties import queries as parties
from tanshu.replay import figures
from tanshu.replay.loaders.uk_ets_facts import (
    ALLOCATED,
    EXCLUDED,
    NOT_APPLICABLE,
    PUBLISHED,
    REPORTED,
    STATUSES,
    Facts,
    Operator,
)
from tanshu.replay.model import Column, Grid, Report

AS_PUBLISHED = f"surrenders as published {PUBLISHED}"
UNPUBLISHED = "not published"
_CLAIMS = (
    Text("登记的账户数等于公布的账户数", "every published account is enrolled"),
    Text("登记的核查排放等于公布的各年排放", "emissions entered are those published, account by account"),
    Text("登记的清缴量等于公布的累计清缴", "surrenders recorded are those published, account by account"),
    Text("登记的免费配额等于公布的分配量", "free allocation recorded is that published, year by year"),
)


def status(
    year: int,
    first: int,
    last: int | None,
    excluded: Collection[int],
    emitted: Mapping[int, int],
    surrendered: int,
) -> str:
    """The compliance status of an operator for a year.

    first, last: its years of operation, both counted (last None: it goes on). excluded: years whose cell says
    so. emitted: tonnes by year where any were entered, zero included. surrendered: tonnes in all.

    The rules are tried in order: NOT_APPLICABLE before the first year; EXCLUDED with no emissions entered to
    date and an excluded year; C for a year of operation whose cell is blank; B where more was emitted to date
    than surrendered; else A. Source: the report's own sheet “Field categorisation”; decision 0011 says how
    “active” is read.
    """
    if first > year:
        return NOT_APPLICABLE
    to_date = [tonnes for y, tonnes in emitted.items() if y <= year]
    if not to_date and any(y <= year for y in excluded):
        return EXCLUDED
    active = last is None or year <= last
    if active and year not in emitted and year not in excluded:
        return "C"
    return by_balance(sum(to_date), surrendered)


def by_balance(emitted: int, surrendered: int) -> str:
    """A or B by tonnes alone."""
    return "B" if emitted > surrendered else "A"


@dataclass(frozen=True, slots=True)
class Judged:
    """One operator in one year. published: "" where none is. short: emitted to date beyond surrendered, t."""

    operator: Operator
    published: str
    computed: str
    short: int

    @property
    def balance(self) -> str:
        return by_balance(self.short, 0)


def report(facts: Facts, installation: Installation) -> Report:
    """Computed from what book and MRV hold; of the files only years, exclusions and published statuses."""
    with installation.database.read() as conn:
        emitted: dict[str, dict[int, int]] = defaultdict(dict)
        for (handle, year), tonnes in figures.verified(conn).items():
            emitted[handle][year] = tonnes
        surrendered = {handle: tonnes for (handle, _), tonnes in figures.given(conn, "surrender").items()}
        free: Counter[int] = Counter()
        for (_, year), tonnes in figures.received(conn, "final-allocation").items():
            free[year or 0] += tonnes
        handles = {one.handle for one in parties.subjects(conn)}
    judged = {
        year: [
            _judge(one, year, emitted[one.handle], surrendered.get(one.handle, 0)) for one in facts.operators
        ]
        for year in REPORTED
    }
    by_year = {year: sum(years.get(year, 0) for years in emitted.values()) for year in REPORTED}
    data = {
        "accounts": len(facts.operators),
        "emissions_t": sum(by_year.values()),
        "surrendered_t": sum(surrendered.values()),
        "emissions_by_year_t": {str(year): tonnes for year, tonnes in by_year.items()},
        "free_allocation_by_year_t": {str(year): free[year] for year in ALLOCATED},
        "surrenders": AS_PUBLISHED,
        "statuses": {str(year): _as_json(some) for year, some in judged.items()},
        "short": [_short(one) for one in _newest_short(judged)],
    }
    holds = (
        all(one.handle in handles for one in facts.operators),
        all(sum(emitted[one.handle].values()) == one.tonnes(REPORTED[-1]) for one in facts.operators),
        all(surrendered.get(one.handle, 0) == one.surrendered for one in facts.operators),
        all(free[year] == sum(one.tonnes[year] for one in facts.allocations) for year in ALLOCATED),
    )
    grids = [_totals(by_year, free, sum(surrendered.values())), *_matrices(judged), _balances(judged)]
    return Report(data, (*grids, _shortest(judged)), tuple(zip(_CLAIMS, holds, strict=True)))


def _judge(one: Operator, year: int, emitted: Mapping[int, int], surrendered: int) -> Judged:
    excluded = {y for y, cell in one.emissions.items() if cell == EXCLUDED}
    computed = status(year, one.first, one.last, excluded, emitted, surrendered)
    to_date = sum(tonnes for y, tonnes in emitted.items() if y <= year)
    return Judged(one, one.statuses[year], computed, to_date - surrendered)


def _newest_short(judged: Mapping[int, Sequence[Judged]]) -> list[Judged]:
    short = [one for one in judged[REPORTED[-1]] if one.short > 0]
    return sorted(short, key=lambda one: (-one.short, one.operator.id))


# -- as data -----------------------------------------------------------------------------------------------


def _as_json(judged: Sequence[Judged]) -> dict[str, object]:
    """One year's statuses. on_a_b_rows: those published A or B, judged by tonnes alone."""
    published = [one for one in judged if one.published]
    differing = [one for one in published if one.computed != one.published]
    return {
        "surrenders": AS_PUBLISHED,
        "published": _counts(one.published for one in published),
        "computed": _counts(one.computed for one in published),
        "equal": len(published) - len(differing),
        "not_published": len(judged) - len(published),
        "matrix": _matrix(judged),
        "on_a_b_rows": _a_b(judged),
        "differing_on_a_b_rows": {
            f"{p}→{c}": n for p, row in _a_b(judged).items() for c, n in row.items() if p != c and n
        },
        "differences": [
            {
                "row": one.operator.row,
                "operator": one.operator.id,
                "published": one.published,
                "computed": one.computed,
            }
            for one in differing
        ],
    }


def _counts(statuses: Iterable[str]) -> dict[str, int]:
    counted = Counter(statuses)
    return {status: counted[status] for status in STATUSES}


def _matrix(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    """Published status → computed status → operators."""
    return {
        published or UNPUBLISHED: _counts(one.computed for one in judged if one.published == published)
        for published in (*STATUSES, "")
    }


def _a_b(judged: Sequence[Judged]) -> dict[str, dict[str, int]]:
    counted = Counter((one.published, one.balance) for one in judged)
    return {p: {c: counted[p, c] for c in "AB"} for p in "AB"}


def _short(one: Judged) -> dict[str, object]:
    return {
        "operator": one.operator.id,
        "name": one.operator.installation or one.operator.holder,
        "published": one.published or None,
        "short_t": one.short,
    }


# -- for people --------------------------------------------------------------------------------------------


def _totals(by_year: Mapping[int, int], free: Mapping[int, int], surrendered: int) -> Grid:
    return Grid(
        Text("排放与免费配额(吨)", "Emissions and free allocation (t)"),
        (
            Column(Text("年度", "year")),
            Column(Text("核查排放", "emissions"), number=True),
            Column(Text("免费配额", "free allocation"), number=True),
            Column(Text("清缴(累计)", "surrendered, in all"), number=True),
        ),
        [(str(year), by_year.get(year), free[year], None) for year in ALLOCATED],
        (Text("合计", "in all"), sum(by_year.values()), sum(free.values()), surrendered),
    )


def _matrices(judged: Mapping[int, Sequence[Judged]]) -> Iterator[Grid]:
    for year, some in judged.items():
        title = Text(
            f"{year} 年履约状态:公布(行)与计算(列);清缴量为 {PUBLISHED} 公布值",
            f"Status of {year}: published (rows) and computed (columns); {AS_PUBLISHED}",
        )
        columns = [Column(Text("公布", "published")), *(Column(Text(s, s), number=True) for s in STATUSES)]
        rows = [
            (_UNPUBLISHED if name == UNPUBLISHED else name, *row.values())
            for name, row in _matrix(some).items()
        ]
        yield Grid(title, columns, rows)


_UNPUBLISHED = Text("未公布", UNPUBLISHED)


def _balances(judged: Mapping[int, Sequence[Judged]]) -> Grid:
    title = Text(
        f"公布为 A、B 者,按 {PUBLISHED} 公布的清缴量另行判断",
        f"Those published A or B, judged anew by {AS_PUBLISHED}",
    )
    pairs = [(p, c) for p in "AB" for c in "AB"]
    columns = [
        Column(Text("年度", "year")),
        *(Column(Text(f"{p}→{c}", f"{p}→{c}"), number=True) for p, c in pairs),
    ]
    rows = [(str(year), *(_a_b(some)[p][c] for p, c in pairs)) for year, some in judged.items()]
    return Grid(title, columns, rows)


def _shortest(judged: Mapping[int, Sequence[Judged]]) -> Grid:
    """The ten that are shortest, and how many there are."""
    short = _newest_short(judged)
    title = Text(
        f"排放多于清缴的 {len(short)} 家(前十)",
        f"{len(short)} with more emitted than surrendered (the first ten)",
    )
    columns = (
        Column(Text("编号", "operator")),
        Column(Text("名称", "name")),
        Column(Text("公布状态", "published")),
        Column(Text("欠缴(吨)", "short (t)"), number=True),
    )
    rows = [
        (
            one.operator.handle,
            one.operator.installation or one.operator.holder,
            one.published or _UNPUBLISHED,
            one.short,
        )
        for one in short[:10]
    ]
    total = (None, Text("合计", "in all"), None, sum(one.short for one in short))
    return Grid(title, columns, rows, total)
