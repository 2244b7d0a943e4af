"""`import_output`: what each line of an entity produced in a year, imported by the province's makers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from tanshu.base.quantity import QUANTITY_MAX
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.mrv import checks
from tanshu.mrv.output_tables import LINE_ACTIVITY
from tanshu.mrv.service import open_subjects
from tanshu.rules.activity import OutputYear

_NUMBERS = ("output", "intensity", "base_t", "days")


@dataclass(frozen=True, slots=True)
class EntityLines:
    """One entity's lines in a year."""

    handle: str
    lines: tuple[OutputYear, ...]


@dataclass(frozen=True, slots=True)
class ImportOutput:
    year: int
    entities: tuple[EntityLines, ...]


@verb("mrv.import-output")
def import_output(act: Act, command: ImportOutput) -> Decision:
    """Record what each line did in a year. Which numbers a product needs is the allocation pack's to say."""
    subjects = need(open_subjects(act, command.year, [entity.handle for entity in command.entities]))
    rows: list[dict[str, object]] = []
    for subject, entity in zip(subjects, command.entities, strict=True):
        seen: set[str] = set()
        for line in entity.lines:
            refused = _flaw(line, command.year, seen)
            if refused:
                return refused
            seen.add(line.line)
            rows.append(_row(act, subject.id, line))
    if not rows:
        return checks.NOTHING(field="entities")
    act.insert(LINE_ACTIVITY, *rows)
    return {"year": command.year, "entities": len(subjects), "lines": len(rows)}


def _flaw(line: OutputYear, year: int, seen: set[str]) -> Refusal | None:
    if line.line in seen:
        return checks.UNIT_TWICE(field="line", unit=line.line)
    if line.year != year:
        return checks.YEAR_INVALID(field="year", value=line.year)
    for name in _NUMBERS:
        value: Decimal | None = getattr(line, name)
        if value is not None and (not value.is_finite() or value < 0):
            return checks.NOT_A_NUMBER(field=name, value=value, field_name=name)
    if not 0 <= line.verified_t <= QUANTITY_MAX:
        return checks.NOT_TONNES(field="verified_t", value=line.verified_t)
    return None


def _row(act: Act, subject_id: str, line: OutputYear) -> dict[str, object]:
    numbers = {name: getattr(line, name) for name in _NUMBERS}
    return {
        "subject_id": subject_id,
        "year": line.year,
        "line": line.line,
        "seq": act.seq,
        "product": line.product,
        **{name: None if value is None else format(value, "f") for name, value in numbers.items()},
        "verified_t": line.verified_t,
    }
