"""What California's files say, row by row, as published; and the words they say it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from tanshu.base.text import Text
from tanshu.replay.model import FileNeeded, Source

NOBODY: Final = "N/A"
"""The entity id of a row that is nobody's: energy imbalance market emissions, which no entity answers for."""
FULFILLED, UNFULFILLED, FULFILLED_LATE = "Fulfilled", "Unfulfilled", "Fulfilled*"
STATUSES: Final = (FULFILLED, UNFULFILLED, FULFILLED_LATE)

ALLOWANCES, OFFSETS = "Total Allowances Surrendered", "Total Offsets Surrendered"
INSTRUMENTS, QUANTITY = "Total Instruments Surrendered", "Quantity"
"""Columns that are summed, by their headings."""


def vintage_column(year: int) -> str:
    return f"{year} Allowances Surrendered"


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between the two compliance reports. vintages: those that have a column."""

    file: str
    period: str
    obligation: str
    vintages: tuple[int, ...]


REPORTS: Final = (
    Layout(
        "2013-2014compliancereport.xlsx",
        "2013-2014",
        "2013-2014 Triennial Surrender Obligation",
        (2013, 2014, 2015, 2016),
    ),
    Layout(
        "2015-2017compliancereport.xlsx",
        "2015-2017",
        "2015-2017 Full Compliance Period Surrender Obligation",
        (2013, 2014, 2015, 2016, 2017, 2018, 2019),
    ),
)
ISSUANCE_TABLE: Final = "nc-arboc_issuance.xlsx"
FILES: Final = (
    FileNeeded(REPORTS[0].file, Text("2013–2014年履约报告", "compliance report 2013–2014")),
    FileNeeded(REPORTS[1].file, Text("2015–2017年履约报告", "compliance report 2015–2017")),
    FileNeeded(ISSUANCE_TABLE, Text("抵消信用签发表", "table of offset credits issued")),
)


# -- what a row says ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Obligation:
    """A row of a summary; tonnes. facilities: the reporting ids under this entity."""

    source: Source
    entity: str
    name: str
    facilities: tuple[str, ...]
    obligation: int
    allowances: int
    offsets: int
    instruments: int
    status: str


@dataclass(frozen=True, slots=True)
class Vintages:
    """A row of allowances surrendered, by vintage as published; None where the cell is blank."""

    source: Source
    entity: str
    name: str
    cells: Mapping[int, int | None]
    total: int


@dataclass(frozen=True, slots=True)
class OffsetUse:
    """A row of offset credits surrendered out of one issuance."""

    source: Source
    entity: str
    name: str
    vintage: int
    quantity: int
    issuance: str


@dataclass(frozen=True, slots=True)
class Total:
    """A published total: of which column, and whether rows without an entity count."""

    source: Source
    column: str
    value: int
    with_nobody: bool


@dataclass(frozen=True, slots=True)
class PeriodFacts:
    """One compliance report. totals: by sheet kind ("summary", "vintages", "offsets")."""

    layout: Layout
    obligations: tuple[Obligation, ...]
    vintages: tuple[Vintages, ...]
    offsets: tuple[OffsetUse, ...]
    totals: Mapping[str, tuple[Total, ...]]


@dataclass(frozen=True, slots=True)
class Issuance:
    """Offset credits issued: `issued` includes what went to the forest buffer.

    retired: tonnes by column of the table, in its order.
    """

    source: Source
    id: str
    type: str
    route: str
    vintage: int
    issued: int
    buffer: int
    day: date
    retired: Mapping[str, int]
    comment: str

    @property
    def project(self) -> str:
        return self.id.split("-")[0]

    @property
    def available(self) -> int:
        """What left the buffer and can be surrendered."""
        return self.issued - self.buffer


@dataclass(frozen=True, slots=True)
class IssuanceTable:
    """idle: rows that issue nothing (a reversal, a period without credits), by source and id.

    published: credits by (route, type) in the file's own summary.
    """

    issuances: tuple[Issuance, ...]
    idle: tuple[tuple[Source, str], ...]
    published: tuple[tuple[Source, str, str, int], ...]


@dataclass(frozen=True, slots=True)
class Published:
    """All three files."""

    periods: tuple[PeriodFacts, ...]
    table: IssuanceTable


RETIRED_IN: Final[Mapping[str, str]] = {
    "2013-2014": "Retired 1st Compliance Period (CA)",
    "2015-2017": "Retired 2nd Compliance Period (CA)",
}
"""The issuance table's own column of what a compliance period used."""
