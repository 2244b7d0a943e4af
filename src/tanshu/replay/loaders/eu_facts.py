"""What an extract of the EU transaction log says: installations, their free allocation and emissions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tanshu.base.text import Text
from tanshu.replay import files
from tanshu.replay.files import Findings, Row
from tanshu.replay.loaders import eu_checks as checks
from tanshu.replay.model import FileNeeded, Finding, Source

YEARS = (2013, 2014, 2015, 2016, 2017)
COMPLIANCE = FileNeeded(
    "eutl_compliance_2013-2017.csv",
    Text("设施各年免费配额与核查排放", "free allocation and verified emissions by installation and year"),
)
INSTALLATIONS = FileNeeded("eutl_installations.csv", Text("设施名录", "installations"))
_ID = re.compile(r"^([A-Z]{2})_(\d{1,18})$")


@dataclass(frozen=True, slots=True)
class InstallationYear:
    """One row of the compliance file: tonnes allocated free, tonnes emitted."""

    row: int
    id: str
    handle: str
    year: int
    free: int
    emitted: int

    @property
    def short(self) -> int:
        """What was emitted beyond the free allocation of the year."""
        return max(0, self.emitted - self.free)


@dataclass(frozen=True, slots=True)
class Facts:
    """names: by installation id, of those that have figures. years: every installation-year."""

    names: Mapping[str, str]
    years: tuple[InstallationYear, ...]


def handle(id: str) -> str:
    """AT_201018 → at-201018."""
    return id.lower().replace("_", "-")


def state_of(id: str) -> str:
    """The member state that an id begins with."""
    return id[:2]


# -- reading -----------------------------------------------------------------------------------------------


def read(folder: Path) -> tuple[Facts | None, Sequence[Finding]]:
    """Both files: (facts, findings); no facts where a finding makes them unusable."""
    findings = Findings()
    columns = ("id", "name", "country_id")
    table = files.comma_separated(folder / INSTALLATIONS.name, columns, findings)
    names = _names(table.rows, findings) if table else {}
    columns = ("installation_id", "year", "free", "emission")
    table = files.comma_separated(folder / COMPLIANCE.name, columns, findings)
    years = list(_years(table.rows)) if table else []
    if findings.unusable:
        return None, findings.all
    known = []
    for one in years:
        if one.id in names:
            known.append(one)
        else:
            findings.note(
                checks.INSTALLATION_UNKNOWN, Source(COMPLIANCE.name, "", one.row), installation=one.id
            )
    with_figures = {one.id: names[one.id] for one in known}
    nameless = sum(1 for name in with_figures.values() if not name)
    if nameless:
        findings.note(checks.NAMES_BLANK, Source(INSTALLATIONS.name), count=nameless)
    return Facts(with_figures, tuple(known)), findings.all


def _names(rows: Iterable[Row], findings: Findings) -> dict[str, str]:
    """Installation id → name, "" where it has none."""
    seen: dict[str, int] = {}
    names: dict[str, str] = {}
    for row in rows:
        id = _id(row, "id")
        if id in seen:
            row.twice(id, seen[id])
        seen.setdefault(id, row.number)
        names[id] = row.text("name", blank=True)
        country = row.text("country_id", blank=True)
        if id and country and country != state_of(id):
            findings.note(
                checks.COUNTRY_DIFFERS, row.source, installation=id, country=country, prefix=state_of(id)
            )
    return names


def _years(rows: Iterable[Row]) -> Iterator[InstallationYear]:
    seen: dict[tuple[str, int], int] = {}
    for row in rows:
        id = _id(row, "installation_id")
        year = row.whole("year", least=YEARS[0], most=YEARS[-1]) or 0
        if (id, year) in seen:
            row.twice(f"{id} {year}", seen[id, year])
        seen.setdefault((id, year), row.number)
        free, emitted = row.whole("free") or 0, row.whole("emission") or 0
        yield InstallationYear(row.number, id, handle(id), year, free, emitted)


def _id(row: Row, column: str) -> str:
    id = row.text(column)
    if id and not _ID.match(id):
        row.refuse(checks.ID_FORM, column, value=id)
    return id
