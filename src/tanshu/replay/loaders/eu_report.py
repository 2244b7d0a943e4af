"""Who was short in the EU ETS, by what the register holds: emissions in MRV beyond the free allocation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

from tanshu.app import Installation
from tanshu.base.text import Text
from tanshu.replay import figures
from tanshu.replay.loaders.eu_facts import Facts, InstallationYear, state_of
from tanshu.replay.model import Column, Grid, Report

TOP = 10
"""Rows of the list of the shortest that people see; the JSON object has them all."""
_CLAIMS = (
    Text("登记的核查排放等于公布值(逐行)", "emissions entered are those published, row by row"),
    Text("登记的免费配额等于公布值(逐行)", "free allocation recorded is that published, row by row"),
    Text("清缴等于排放(逐行)", "every installation surrendered what it emitted, year by year"),
    Text("购买等于短缺(逐行)", "what was bought is what was short, row by row"),
)


class Held(NamedTuple):
    """One installation-year as the register holds it, in tonnes. emitted: None where nothing was entered."""

    row: InstallationYear
    free: int
    emitted: int | None
    bought: int
    surrendered: int

    @property
    def short(self) -> int:
        """What was emitted beyond the free allocation of the year."""
        return max(0, (self.emitted or 0) - self.free)


class Sums(NamedTuple):
    """A group of installation-years; quantities in tonnes."""

    installation_years: int
    free_t: int
    emissions_t: int
    short_installation_years: int
    short_installations: int
    short_t: int


def report(facts: Facts, installation: Installation) -> Report:
    """Every installation-year from book and MRV, compared with its row; and who was short."""
    years = _held(facts, installation)
    short = [one for one in years if one.short]
    by_year = _grouped(years, lambda one: str(one.row.year))
    by_state = _grouped(years, lambda one: state_of(one.row.id))
    total = _sums(years)
    data = {
        "installations": len(facts.names),
        **total._asdict(),
        "surrendered_t": sum(one.surrendered for one in years),
        "by_year": {name: sums._asdict() for name, sums in by_year.items()},
        "by_state": {name: sums._asdict() for name, sums in by_state.items()},
        "short": [
            {
                "installation": one.row.id,
                "year": one.row.year,
                "free_t": one.free,
                "emissions_t": one.emitted,
                "short_t": one.short,
            }
            for one in short
        ],
    }
    holds = (
        all(one.emitted == one.row.emitted for one in years),
        all(one.free == one.row.free for one in years),
        all(one.surrendered == one.row.emitted for one in years),
        all(one.bought == one.short for one in years),
    )
    grids = (
        _table(Text("按年度(吨)", "By year (t)"), Text("年度", "year"), by_year, total),
        _table(Text("按成员国(吨)", "By member state (t)"), Text("成员国", "state"), by_state, total),
        _shortest(short, facts),
    )
    return Report(data, grids, tuple(zip(_CLAIMS, holds, strict=True)))


def _held(facts: Facts, installation: Installation) -> list[Held]:
    with installation.database.read() as conn:
        emitted = figures.verified(conn)
        free = figures.received(conn, "final-allocation")
        bought = figures.received(conn, "free-transfer")
        surrendered = figures.given(conn, "surrender")
    return [
        Held(
            one,
            free.get((one.handle, one.year), 0),
            emitted.get((one.handle, one.year)),
            bought.get((one.handle, one.year), 0),
            surrendered.get((one.handle, one.year), 0),
        )
        for one in facts.years
    ]


def _grouped(years: Sequence[Held], name: Callable[[Held], str]) -> dict[str, Sums]:
    groups: dict[str, list[Held]] = defaultdict(list)
    for one in years:
        groups[name(one)].append(one)
    return {group: _sums(some) for group, some in sorted(groups.items())}


def _sums(years: Sequence[Held]) -> Sums:
    short = [one for one in years if one.short]
    return Sums(
        len(years),
        sum(one.free for one in years),
        sum(one.emitted or 0 for one in years),
        len(short),
        len({one.row.id for one in short}),
        sum(one.short for one in short),
    )


# -- for people --------------------------------------------------------------------------------------------


def _table(title: Text, first: Text, groups: dict[str, Sums], total: Sums) -> Grid:
    columns = (
        Column(first),
        Column(Text("设施年", "installation-years"), number=True),
        Column(Text("免费配额", "free"), number=True),
        Column(Text("核查排放", "emissions"), number=True),
        Column(Text("短缺设施年", "short"), number=True),
        Column(Text("短缺设施", "of installations"), number=True),
        Column(Text("短缺量", "short by"), number=True),
    )
    return Grid(
        title, columns, [(name, *sums) for name, sums in groups.items()], (Text("合计", "in all"), *total)
    )


def _shortest(short: Sequence[Held], facts: Facts) -> Grid:
    title = Text(f"短缺最多的 {TOP} 个设施年", f"The {TOP} installation-years that were shortest")
    columns = (
        Column(Text("设施", "installation")),
        Column(Text("名称", "name")),
        Column(Text("年度", "year")),
        Column(Text("免费配额", "free"), number=True),
        Column(Text("核查排放", "emissions"), number=True),
        Column(Text("短缺量", "short by"), number=True),
    )
    most = sorted(short, key=lambda one: (-one.short, one.row.id, one.row.year))[:TOP]
    rows = [
        (one.row.id, facts.names[one.row.id], str(one.row.year), one.free, one.emitted, one.short)
        for one in most
    ]
    return Grid(title, columns, rows)
