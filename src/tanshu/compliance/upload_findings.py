"""What is wrong with an uploaded allocation table, cell by cell.

An error stands in the way of the whole batch; a warning (the rule pack computes another quantity) is shown
and explained. The register's own data are read once for all rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.canonical import canonical
from tanshu.base.memo import remembering
from tanshu.base.refusal import Refusal, RefusalKind, Refused
from tanshu.base.text import Lang, Text
from tanshu.book.commit import Act
from tanshu.compliance import allocation
from tanshu.compliance import upload_checks as checks
from tanshu.compliance.allocation import STAGE_LABELS
from tanshu.compliance.tables import ALLOCATION
from tanshu.compliance.upload_model import COLUMNS, UploadAllocation, UploadedRow
from tanshu.mrv import queries as mrv
from tanshu.mrv.output_tables import LINE_ACTIVITY
from tanshu.mrv.tables import UNIT_ACTIVITY
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, AccountState, Subject

TONNES_MAX = 10**11
"""More than twice the world's emissions of a year: no cell means this."""
TEXT_MAX = 200
_SHOWN = 80
_WHOLE = re.compile(r"[+-]?\d{1,3}(,\d{3})+|[+-]?\d+")
_RECEIVING = (AccountState.OPEN, AccountState.RESTRICTED)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about one cell. row: as a spreadsheet counts. column: one of COLUMNS."""

    row: int
    column: str
    value: str
    severity: str
    refusal: Refusal

    def as_row(self, upload_id: str, n: int) -> dict[str, Any]:
        return {
            "upload_id": upload_id,
            "n": n,
            "sheet_row": self.row,
            "heading": self.column,
            "value": self.value[:_SHOWN],
            "severity": self.severity,
            "code": self.refusal.code,
            "facts": canonical(self.refusal.as_json()["facts"]).decode(),
        }


def sentences(kind: RefusalKind, facts: Mapping[str, Any]) -> Text:
    """What a kept finding says: its facts are as JSON has them."""

    def in_(lang: Lang) -> str:
        said = {name: fact[lang] if isinstance(fact, dict) else fact for name, fact in facts.items()}
        return kind.text.in_(lang).format(**said)

    return Text(in_("zh"), in_("en"))


@dataclass(frozen=True, slots=True)
class JudgedRow:
    """A row as it is kept: what its cells mean, as far as they mean something."""

    number: int
    credit_code: str
    name: str
    quantity: int | None
    facts: Mapping[str, int | None]


@dataclass(frozen=True, slots=True)
class Judged:
    rows: tuple[JudgedRow, ...]
    findings: list[Finding]


def judge(act: Act, authority: Subject, command: UploadAllocation) -> Judged:
    """Every row, and everything found in them, in the order of the file."""
    with remembering():  # judging changes nothing
        return _judged(command, _Known(act, authority, command.year, command.stage))


def _judged(command: UploadAllocation, known: _Known) -> Judged:
    rows: list[JudgedRow] = []
    found: list[Finding] = []
    seen: dict[str, int] = {}
    for row in command.rows:
        judged = _read(row, command.stage, found)
        rows.append(judged)
        if judged.credit_code in seen:
            first = checks.TWICE(field="credit_code", first=seen[judged.credit_code])
            found.append(Finding(row.number, "credit_code", judged.credit_code, "error", first))
            continue
        seen[judged.credit_code] = row.number
        for column, severity, refusal in known.about(judged):
            found.append(Finding(row.number, column, row[column], severity, refusal))
    return Judged(tuple(rows), found)


# -- cells --------------------------------------------------------------------------------------------------


def _read(row: UploadedRow, stage: str, found: list[Finding]) -> JudgedRow:
    texts = {}
    for column in ("credit_code", "name"):
        text = texts[column] = row[column].strip()[:TEXT_MAX]
        if not text:
            found.append(Finding(row.number, column, "", "error", checks.BLANK(field=column)))
    numbers = {
        column: _tonnes(row, column, found)
        for column in COLUMNS[stage]
        if column not in ("credit_code", "name")
    }
    quantity = numbers.pop("quantity")
    return JudgedRow(row.number, texts["credit_code"].upper(), texts["name"], quantity, numbers)


def _tonnes(row: UploadedRow, column: str, found: list[Finding]) -> int | None:
    """A cell as whole tonnes, or a finding."""
    text = row[column].strip()
    flaw = _flaw(text)
    if flaw is None:
        return int(text.replace(",", ""))
    found.append(Finding(row.number, column, text, "error", flaw))
    return None


def _flaw(text: str) -> Refusal | None:
    if not text:
        return checks.BLANK()
    if not (text.isascii() and _WHOLE.fullmatch(text)):
        return checks.NOT_WHOLE(value=text[:_SHOWN])
    if text.startswith("-"):
        return checks.NEGATIVE(value=text[:_SHOWN])
    if len(text.replace(",", "")) > len(str(TONNES_MAX)) or int(text.replace(",", "")) > TONNES_MAX:
        return checks.BEYOND(value=text[:_SHOWN], limit=TONNES_MAX)
    return None


# -- what the register knows --------------------------------------------------------------------------------

Said = tuple[str, str, Refusal]
"""Column, severity, what is wrong."""


class _Known:
    """What the register knows of everybody who may stand in a table, read once."""

    def __init__(self, act: Act, authority: Subject, year: int, stage: str):
        conn = act.conn
        self.act, self.year, self.stage = act, year, stage
        self.province = authority.region[:2]
        self.subjects = {one.uscc: one for one in parties.subjects(conn) if one.uscc}
        self.accounts = {
            one.subject_id: one.state
            for one in parties.accounts(conn)
            if one.kind is AccountKind.REGISTRATION
        }
        self.listed = mrv.listed(conn, year)
        self.verified = mrv.verified(conn, year - 1 if stage == "pre" else year)
        self.decided = _decided(conn, year)
        self.active = with_activity(conn, year)

    def about(self, row: JudgedRow) -> Iterator[Said]:
        subject = self.subjects.get(row.credit_code)
        if subject is None:
            if row.credit_code:
                yield "credit_code", "error", checks.CODE_UNKNOWN(value=row.credit_code)
            return
        if row.name and row.name != subject.name:
            yield "name", "error", checks.NAME_DIFFERS(name=subject.name)
        yield from self._standing(subject)
        errors = [said for said in self._facts(subject, row) if said[1] == "error"]
        yield from errors
        if not errors and row.quantity is not None:
            yield from self._computed(subject, row.quantity)

    def _standing(self, subject: Subject) -> Iterator[Said]:
        """May this entity be allocated to at all?"""
        if subject.region[:2] != self.province:
            yield "credit_code", "error", checks.OTHER_PROVINCE()
        listed = self.listed.get(subject.id)
        if listed is None:
            yield "credit_code", "error", checks.NOT_LISTED(year=self.year)
        elif listed.excluded:
            yield "credit_code", "error", checks.LIST_EXCLUDED(year=self.year)
        if self.accounts.get(subject.id) not in _RECEIVING:
            yield "credit_code", "error", checks.NO_ACCOUNT()
        made = self.decided.get(subject.id, {})
        if self.stage in made or "final" in made:
            stage = STAGE_LABELS[self.stage if self.stage in made else "final"]
            yield "credit_code", "error", checks.DECIDED_ALREADY(year=self.year, stage=stage)

    def _facts(self, subject: Subject, row: JudgedRow) -> Iterator[Said]:
        """Are the figures that the quantity follows from the register's own?"""
        known: dict[str, int | None] = {
            "last_verified_t": self.verified.get(subject.id),
            "verified_t": self.verified.get(subject.id),
            "pre_allocated_t": self.decided.get(subject.id, {}).get("pre", 0),
        }
        for column, value in row.facts.items():
            if value is None:
                continue
            if known[column] is None:
                if column == "verified_t":  # what is owed for the year follows from it
                    yield column, "error", checks.FACT_UNKNOWN()
            elif value != known[column]:
                yield column, "error", checks.FACT_DIFFERS(known=known[column])

    def _computed(self, subject: Subject, quantity: int) -> Iterator[Said]:
        """Does the rule pack come to the same? Asked only where there are data to compute from."""
        if subject.id not in (self.verified if self.stage == "pre" else self.active):
            return
        own = computed(self.act, subject, self.year, self.stage)
        if own and own.quantity != quantity:
            kind: RefusalKind = checks.QUANTITY_DIFFERS
            pack, delta = own.explanation["pack"], f"{quantity - own.quantity:+d}"
            yield "quantity", "warning", kind(pack=pack, computed=own.quantity, delta=delta)


def with_activity(conn: Connection, year: int) -> frozenset[str]:
    """The subjects of whose year there are data that a pack could compute from."""
    found = (
        select(table.c.subject_id).where(table.c.year == year) for table in (UNIT_ACTIVITY, LINE_ACTIVITY)
    )
    return frozenset(id for query in found for id in conn.execute(query.distinct()).scalars())


def computed(act: Act, subject: Subject, year: int, stage: str) -> allocation.Computed | None:
    """What the rule pack comes to for an entity; None where it cannot say."""
    try:
        found = allocation.compute(act, subject, year, stage)
    except Refused:
        return None
    return None if isinstance(found, Refusal) else found


def _decided(conn: Connection, year: int) -> dict[str, dict[str, int]]:
    """By subject, the year's decisions: stage → quantity."""
    found: dict[str, dict[str, int]] = {}
    for row in conn.execute(select(ALLOCATION).where(ALLOCATION.c.year == year)):
        found.setdefault(row.subject_id, {})[row.stage] = row.quantity
    return found
