"""California's three workbooks in small, clean until a test changes them: two entities, two periods."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import openpyxl

from tanshu.replay.loaders.california_facts import ISSUANCE_TABLE, REPORTS

FIRST, SECOND, TABLE = REPORTS[0].file, REPORTS[1].file, ISSUANCE_TABLE
SUMMARY_1, ALLOWANCES_1, OFFSETS_1 = (
    f"2013-2014 {kind}" for kind in ("Compliance Summary", "Allowance Detail", "Offset Detail")
)
SUMMARY_2, ALLOWANCES_2, OFFSETS_2 = (
    f"2015-2017 {kind}" for kind in ("Compliance Summary", "Allowance Detail", "Offset Detail")
)
ISSUANCES, TYPES = "ARB Offset Credit Issuance", "Summary by Type"
HEADER = 5
"""Row of the headings in a report's sheets; the first entity stands in the next."""

Rows = list[list[object]]
Books = dict[str, dict[str, Rows]]
Change = Callable[[Books], object]


def small() -> Books:
    """The files by name, their sheets by title, rows from the first on."""
    return {FIRST: _first(), SECOND: _second(), TABLE: _table()}


def write(folder: Path, *changes: Change) -> Path:
    """Write the small files into a folder, changed. What a change returns does not matter."""
    books = small()
    for change in changes:
        change(books)
    for name, sheets in books.items():
        workbook = openpyxl.Workbook()
        workbook.remove(workbook.worksheets[0])
        for title, rows in sheets.items():
            sheet = workbook.create_sheet(title)
            for row in rows:
                sheet.append(row)
        workbook.create_sheet("Introduction")
        workbook.save(folder / name)
    return folder


def cell(file: str, sheet: str, row: int, column: int, value: object) -> Change:
    """Set one cell; row and column count from 1."""

    def change(books: Books) -> None:
        cells = books[file][sheet][row - 1]
        cells += [None] * (column - len(cells))
        cells[column - 1] = value

    return change


def insert(file: str, sheet: str, row: int, values: list[object]) -> Change:
    """Put a row before the one of this number."""
    return lambda books: books[file][sheet].insert(row - 1, list(values))


def drop(file: str, sheet: str, row: int) -> Change:
    return lambda books: books[file][sheet].pop(row - 1)


def only(file: str, sheet: str, rows: int) -> Change:
    """Keep the first rows and lose the rest, as a copy that ends too soon."""

    def change(books: Books) -> None:
        books[file][sheet] = books[file][sheet][:rows]

    return change


def _headed(title: str, heading: list[object], rows: Rows) -> Rows:
    return [[None], [title], ["Report Generated"], ['See the "Introduction" tab'], heading, *rows]


def _summary(period: str, obligation: str, rows: Rows, totals: Rows) -> Rows:
    heading: list[object] = [
        "Entity ID",
        "Legal Name",
        "ARB GHG ID",
        obligation,
        "Total Allowances Surrendered",
        "Total Offsets Surrendered",
        "Total Instruments Surrendered",
        "Obligation Status",
    ]
    below: Rows = [
        [None],
        *totals,
        [None, "Percent of Total", None, None, 0.95, 0.05, 1.0],
        [None],
        ['* For purposes of this report, "Fulfilled*" …'],
        [None, "Notes:"],
    ]
    return _headed(f"{period} Summary", heading, [*rows, *below])


def _first() -> dict[str, Rows]:
    """2013-2014: CA1001 uses 80 of 1,000 t in offsets; ids carry blanks in the details, as published."""
    rows: Rows = [
        ["CA1001", "Alpha Power, LLC ", "100001, 100002", 1000, 920, 80, 1000, "Fulfilled"],
        ["CA1002", "Beta Foods, Inc. ", 100003, 200, 200, 0, 200, "Fulfilled"],
    ]
    totals: Rows = [[None, "Column Total", None, 1200, 1120, 80, 1200]]
    vintages: list[object] = [f"{year} Allowances Surrendered" for year in (2013, 2014, 2015, 2016)]
    return {
        SUMMARY_1: _summary("2013-2014", "2013-2014 Triennial Surrender Obligation", rows, totals),
        ALLOWANCES_1: _headed(
            "Allowances",
            ["Entity ID", "Legal Name", *vintages, "Total Allowances Surrendered"],
            [
                ["CA1001 ", "Alpha Power, LLC ", 500, 420, 0, 0, 920],
                ["ca1002 ", "Beta Foods, Inc. ", 0, 150, 50, 0, 200],
            ],
        ),
        OFFSETS_1: _headed(
            "Offsets",
            ["Entity ID", "Legal Name", "Vintage", "Quantity", "ARB Project ID #"],
            [
                ["CA1001 ", "Alpha Power, LLC ", 2013, 50, "CAOD0001-A"],
                ["CA1001 ", "Alpha Power, LLC ", 2013, 30, "CAOD0001-A"],
                [None],
                ["Additional details are available at: "],
            ],
        ),
    }


def _second() -> dict[str, Rows]:
    """2015-2017: CA1001 again, and emissions that are nobody's."""
    rows: Rows = [
        ["CA1001", "Alpha Power LLC", "100001, 100002", 2000, 1900, 100, 2000, "Fulfilled"],
        ["CA1002", "Beta Foods Inc", 100003, 300, 300, 0, 300, "Fulfilled"],
        ["n/a", "Imbalance Market Emissions", "n/a", 70, 70, 0, 70, "Fulfilled"],
    ]
    totals: Rows = [
        [None, "Column Totals excluding 2015-2017 EIM Emissions", None, 2300, 2200, 100, 2300],
        [None, "Column Totals", None, 2370, 2270, 100, 2370],
    ]
    vintages: list[object] = [f"{year} Allowances Surrendered" for year in range(2013, 2020)]
    return {
        SUMMARY_2: _summary(
            "2015-2017", "2015-2017 Full Compliance Period   Surrender Obligation", rows, totals
        ),
        ALLOWANCES_2: _headed(
            "Allowances",
            ["Entity ID", "Legal Name", *vintages, "Total Allowances Surrendered"],
            [
                ["CA1001 ", "Alpha Power, LLC ", 0, 100, 800, 1000, 0, 0, 0, 1900],
                ["CA1002 ", "Beta Foods, Inc. ", 0, 0, 0, 200, 0, 0, 100, 300],
                [None],
                [None, "Column Totals", 0, 100, 800, 1200, 0, 0, 100, 2200],
            ],
        ),
        OFFSETS_2: _headed(
            "Offsets",
            ["Entity ID", "Legal Name", "Vintage", "Quantity", "ARB Project ID #"],
            [
                ["CA1001", "Alpha Power LLC", 2013, 20, "CAOD0001-A"],
                ["CA1001", "Alpha Power LLC", 2016, 80, "CAFR5002-A"],
                [None],
                [None, "Column Total", None, 100],
            ],
        ),
    }


def _table() -> dict[str, Rows]:
    heading: list[object] = [
        "CARB Issuance ID",
        "OPR Project ID",
        "Project Type",
        "Early Action/ Compliance",
        "Vintage",
        "ARB Offset Credits Issued",
        "Forest Buffer Account Contribution",
        "Issuance Date",
        "Buffer Pool Retired",
        "Retired for Intentional Reversal",
        "Retired Voluntarily",
        "Retired 1st Compliance Period (CA)",
        "Retired 2nd Compliance Period (CA)",
        "Retired 3rd Compliance Period (CA)",
        "Retired 4th Compliance Period (CA)",
        "Retired for Compliance in Quebec",
        "Comment",
    ]
    none = "n/a"
    first, second = datetime(2014, 3, 25), datetime(2017, 8, 8)  # noqa: DTZ001 - a cell knows no zone
    return {
        ISSUANCES: [
            heading,
            ["CAOD0001-A", "CAR1", "ODS", "EA", 2013, 500, none, first, none, 0, 0, 80, 20, 0, 0, 0, none],
            ["CAFR5002-A", "CAR2", "Forest", "COP", 2016, 300, 60, second, 0, 0, 0, 0, 80, 0, 0, 0, none],
            ["CAFR5002-(zero)", "CAR2", "Forest", "COP", *[none] * 5, 0, 0, 0, 0, 0, 0, 0, "nothing"],
        ],
        TYPES: [
            ["Project Type", "ODS", "Livestock", "U.S. Forest", "Urban Forest", "MMC", "Rice Cultivation"],
            ["Compliance", 0, 0, 300, "- -", 0, "- -"],
            ["Early Action", 500, 0, 0, "- -", 0, "- -"],
        ],
    }
