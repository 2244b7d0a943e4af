"""Tiny files in the published layouts of the UK and the EU, clean until a test changes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from openpyxl import Workbook

from tanshu.replay.loaders import eu_facts, uk_ets_facts

YEARS = uk_ets_facts.REPORTED
REPORT, ALLOCATIONS = uk_ets_facts.REPORT.name, uk_ets_facts.ALLOCATIONS.name
COMPLIANCE, INSTALLATIONS = eu_facts.COMPLIANCE.name, eu_facts.INSTALLATIONS.name


def operator(id: int, *emissions: object, surrendered: int, statuses: str, **changes: object) -> list[Any]:
    """A row of the compliance report; statuses: one letter a year, `-` for none."""
    letters = {"-": None, "N": "NOT_APPLICABLE", "X": "EXCLUDED"}
    row = {
        "Regulator": "EA",
        "Account Holder Name": f"Holder {id}",
        "Account type": "OPERATOR_HOLDING_ACCOUNT",
        "Account status": "OPEN",
        "Operator ID": id,
        "Permit ID or Monitoring plan ID": f"UK-E-IN-{id}",
        "Installation name": f"Works {id}",
        "First Year of Operation": 2021,
        "Last Year of Operation": None,
        **{f"Recorded emissions {y}": cell for y, cell in zip(YEARS, emissions, strict=True)},
        "Cumulative emissions": sum(cell for cell in emissions if type(cell) is int),
        "Cumulative surrenders": surrendered,
        **{f"Static surrender status {y}": letters.get(s, s) for y, s in zip(YEARS, statuses, strict=True)},
        **changes,
    }
    return [row[name] for name in HEADING]


def allocation(id: int, tonnes: int, **changes: object) -> list[Any]:
    """A row of the allocation table: the same tonnes every year."""
    row: dict[str, object] = {
        "Permit ID": f"UK-E-IN-{id}",
        "Installation ID": id,
        "Installation Name": f"Works {id}",
        "Account Holder Name": f"Holder {id}",
    }
    for year in uk_ets_facts.ALLOCATED:
        row |= {
            f"(A) Allocation (Standard) {year}": tonnes,
            f"(B) Allocation (NER) {year}": 0,
            f"(C) Allocation (Total) {year}": tonnes,
        }
    row |= changes
    return list(row.values())


HEADING = [
    "Regulator",
    "Account Holder Name",
    "Account type",
    "Account status",
    "Operator ID",
    "Permit ID or Monitoring plan ID",
    "Installation name",
    "First Year of Operation",
    "Last Year of Operation",
    *(f"Recorded emissions {year}" for year in YEARS),
    "Cumulative emissions",
    "Cumulative surrenders",
    *(f"Static surrender status {year}" for year in YEARS),
]
ALLOCATION_HEADING = [
    "Permit ID",
    "Installation ID",
    "Installation Name",
    "Account Holder Name",
    *(
        f"{part} {year}"
        for year in uk_ets_facts.ALLOCATED
        for part in ("(A) Allocation (Standard)", "(B) Allocation (NER)", "(C) Allocation (Total)")
    ),
]


@dataclass
class Uk:
    """Both workbooks as rows; row 2 of each is the first below the heading. Change them, then write."""

    sheet: str = "Data"
    heading: list[str] = field(default_factory=lambda: list(HEADING))
    rows: list[list[Any]] = field(
        default_factory=lambda: [
            operator(1, 100, 90, 80, 70, surrendered=340, statuses="AAAA"),
            operator(2, 10, 10, None, 10, surrendered=25, statuses="AACB"),
            operator(3, "EXCLUDED", None, "EXCLUDED", 5, surrendered=5, statuses="XXXA"),
        ]
    )
    allocation_sheet: str = "Sheet1"
    allocations: list[list[Any]] = field(default_factory=lambda: [allocation(1, 50), allocation(2, 0)])

    def set(self, row: int, column: str, value: object) -> None:
        """Put a value into a cell of the compliance report; rows as a spreadsheet counts."""
        self.rows[row - 2][self.heading.index(column)] = value

    def set_allocation(self, row: int, column: str, value: object) -> None:
        self.allocations[row - 2][ALLOCATION_HEADING.index(column)] = value

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        _workbook(folder / REPORT, self.sheet, [self.heading, *self.rows])
        _workbook(folder / ALLOCATIONS, self.allocation_sheet, [ALLOCATION_HEADING, *self.allocations])
        return folder


@dataclass
class Eu:
    """Both CSV files as text."""

    installations: str = "id,name,country_id\nAT_1,Werk,AT\nDE_2,Kessel,DE\n"
    compliance: str = (
        "installation_id,year,free,emission\nAT_1,2013,10,15\nAT_1,2014,10,5\nDE_2,2013,0,7\nDE_2,2017,3,0\n"
    )

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / INSTALLATIONS).write_text(self.installations, encoding="utf-8", newline="")
        (folder / COMPLIANCE).write_text(self.compliance, encoding="utf-8", newline="")
        return folder


def _workbook(path: Path, sheet: str, rows: Sequence[Sequence[Any]]) -> None:
    workbook = Workbook()
    page = workbook.active
    assert page is not None
    page.title = sheet
    for row in rows:
        page.append(list(row))
    workbook.save(path)
