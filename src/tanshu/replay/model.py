"""The types of a replay: what a loader reads, what it plans, what it reports.

A jurisdiction is a rule pack (`rules/packs/<jurisdiction>/registry.toml`) and a loader: a module in
`tanshu.replay.loaders` with a `LOADER`. The loader reads files as published, plans what is posted, and tells
at the end what the register holds beside what the files say. Everything in between (founding, chunks, keys,
times, resuming) is the runner's.

What the files do not tell (who sold to whom, when units were issued) a plan makes up and marks `synthetic`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tanshu.app import Installation
from tanshu.base.refusal import Refusal
from tanshu.base.text import Text
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry.types import InstrumentKind

# -- what is found in the files ------------------------------------------------------------------------------


class Source(NamedTuple):
    """A place in a published file. sheet: "" for a CSV; row: as a spreadsheet counts, 0 for all of it."""

    file: str
    sheet: str = ""
    row: int = 0

    def __str__(self) -> str:
        return " · ".join(str(part) for part in self if part)


class Severity(StrEnum):
    ANOMALY = "anomaly"
    """The published data contradict themselves or each other: listed; the replay goes on."""
    UNUSABLE = "unusable"
    """The file is not what it should be: nothing is loaded."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is wrong in a file: a numbered sentence, its place, and the cells that show it.

    evidence: cell or figure by name, as published; integers and texts only.
    """

    refusal: Refusal
    source: Source
    severity: Severity = Severity.ANOMALY
    evidence: Mapping[str, int | str | None] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return self.refusal.code

    def as_json(self) -> dict[str, object]:
        return {
            "severity": self.severity,
            "file": self.source.file,
            "sheet": self.source.sheet or None,
            "row": self.source.row or None,
            "evidence": dict(self.evidence),
            **self.refusal.as_json(),
        }


# -- what is planned -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Subject:
    """Somebody with accounts: handle in small letters, digits and hyphens (`ca1000`, `at-201018`).

    region: two capitals and `0000` for the place whose authority is in charge (`UK0000`), as
    `parties.authority_of` reads it. An authority gets a maker `<handle>-maker`, who enters emissions.
    fictional: nobody's name, made up by the replay.
    """

    handle: str
    name: str
    region: str
    kind: SubjectKind = SubjectKind.ENTERPRISE
    accounts: tuple[AccountKind, ...] = (AccountKind.REGISTRATION,)
    fictional: bool = False


@dataclass(frozen=True, slots=True)
class Instrument:
    """An instrument to define: capitals, digits, hyphens, 32 at most. vintage None where it has none."""

    code: str
    kind: InstrumentKind
    title: Text
    vintage: int | None = None


class Side(NamedTuple):
    """An account: its subject's handle (the register's own is `registry`) and its kind."""

    handle: str
    kind: AccountKind


class Line(NamedTuple):
    """One movement. quantity: tonnes, above zero."""

    debit: Side
    credit: Side
    instrument: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Posting:
    """Registrations of one type to effect on one day; the runner cuts long ones into entries.

    step: the stage of the replay it belongs to; postings of one step stand together in the plan.
    type: a code of `registry/types.py` that the jurisdiction's pack lists under [bulk]. year: the compliance
    year, None where it has none. label: what it is and what of it is made up; kept with the transaction.
    """

    step: str
    title: Text
    day: date
    type: str
    year: int | None
    label: str
    synthetic: bool
    lines: Sequence[Line]


class Tonnes(NamedTuple):
    """Verified emissions of one subject."""

    handle: str
    tonnes: int


@dataclass(frozen=True, slots=True)
class Emissions:
    """Verified emissions of a year, entered by the maker of the subjects' authority (one region each)."""

    step: str
    title: Text
    day: date
    year: int
    authority: str
    source: str
    rows: Sequence[Tonnes]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a replay posts, in order. opening: the day the register is founded and everybody is enrolled.

    work: in the order in which it is done, days never going back; the work of one step stands together.
    findings: what planning found beside what reading did; facts that would break the book stay out of `work`.
    """

    opening: date
    subjects: Sequence[Subject]
    instruments: Sequence[Instrument]
    work: Sequence[Posting | Emissions]
    findings: Sequence[Finding] = ()


# -- what is reported ----------------------------------------------------------------------------------------


class Column(NamedTuple):
    label: Text
    number: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """A table for people. Cells: Text, str, int or None."""

    title: Text
    columns: Sequence[Column]
    rows: Sequence[Sequence[object]]
    total: Sequence[object] | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """data: one JSON-able object under English keys. grids: the same for people. claims: what the replay
    set out to show, each true or false; a false one makes the command fail.
    """

    data: Mapping[str, object]
    grids: Sequence[Grid] = ()
    claims: Sequence[tuple[Text, bool]] = ()


# -- the loader ----------------------------------------------------------------------------------------------


class FileNeeded(NamedTuple):
    """A file that a replay reads, by its published name in the folder of --data."""

    name: str
    title: Text


@dataclass(frozen=True, slots=True)
class Loader:
    """A jurisdiction's replay.

    read: folder → (facts, findings). Reads and checks everything; facts may be anything (None when a finding
    is UNUSABLE: nothing further is asked then). It raises nothing for what a file may hold.
    plan: facts → Plan, a pure function. report: facts and the installation after the replay → Report.
    """

    name: str
    title: Text
    jurisdiction: str
    files: tuple[FileNeeded, ...]
    read: Callable[[Path], tuple[Any, Sequence[Finding]]]
    plan: Callable[[Any], Plan]
    report: Callable[[Any, Installation], Report]
