"""What a rule pack is once it is read: tables of checked values, each with its source and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from pathlib import Path
from typing import Any

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.steps import StepSource, citation, number_json, text_json
from tanshu.rules.terms import EVIDENCE, STATUSES


@dataclass(frozen=True, slots=True)
class Source:
    """A document: its title, its number ("" where it has none) and its date."""

    key: str
    document: str
    number: str
    date: date

    def __str__(self) -> str:
        return citation(self.document, self.number, self.date)

    def as_json(self) -> dict[str, object]:
        return {"document": self.document, "number": self.number, "date": self.date.isoformat()}


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a pack: checked values with one source and one grade of evidence.

    evidence: confirmed (seen in a copy of the text) · recalled (from memory) · assumed (our reading; no
    text seen). unknown: keys the pack declares unknown; asking for one raises `Refused` with RULE-1201.
    """

    pack: str
    name: str
    values: Mapping[str, Any]
    source: Source
    evidence: str
    unknown: frozenset[str] = frozenset()
    remark: Text | None = None

    def __getitem__(self, key: str) -> Any:
        if key in self.unknown:
            raise Refused(
                checks.VALUE_UNKNOWN(
                    field=key, pack=self.pack, table=self.name, key=key, citation=str(self.source)
                )
            )
        return self.values[key]

    def decimal(self, key: str) -> Decimal:
        value = self[key]
        assert isinstance(value, Decimal), f"{self.name}.{key} is not a decimal"
        return value

    def step_source(self) -> StepSource:
        return StepSource(self.source.document, self.source.number, self.source.date, self.evidence)

    def note(self) -> Text | None:
        """What a reader must know about this table: None when it is confirmed and has no remark."""
        if self.evidence == "confirmed":
            return None
        remark = self.remark or Text("", "")
        if self.evidence == "recalled":
            return Text(
                f"[{self.name}] 凭记忆整理,使用前请与{self.source}核对。{remark.zh}",
                f"[{self.name}] is recalled: compare it with {self.source} before use. {remark.en}".strip(),
            )
        return Text(
            f"[{self.name}] 为假定,{self.source}未见相应条文。{remark.zh}",
            f"[{self.name}] is assumed: no such text of {self.source} was seen. {remark.en}".strip(),
        )

    def as_json(self) -> dict[str, object]:
        return {
            "values": {key: _value_json(value) for key, value in self.values.items()},
            "unknown": sorted(self.unknown),
            "source": self.source.as_json(),
            "evidence": self.evidence,
            "remark": text_json(self.remark) if self.remark else None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Pack:
    """A dated rule pack (规则包). Compared by identity: the loader hands out one object per file version.

    effective_from/to are dates of the facts the pack governs (a power pack: its compliance year);
    effective_to is None where the end is open. Drafts and examples carry a watermark that every output must
    show.
    """

    name: str
    title: Text
    jurisdiction: str
    schema: str
    status: str
    effective_from: date
    effective_to: date | None
    tables: Mapping[str, Table]
    path: Path = field(repr=False)

    @property
    def watermark(self) -> Text | None:
        if self.status == "draft":
            return Text(
                f"草案:《{self.title.zh}》尚未定稿,结果仅供测算,不得作为配额核定或履约的依据。",
                f"DRAFT: “{self.title.en}” is not final. The result is an estimate and decides nothing.",
            )
        if self.status == "example":
            return Text(
                f"示例:《{self.title.zh}》中的数值为示例,不是任何市场的规定。",
                f"EXAMPLE: the values of “{self.title.en}” are examples, no market's rules.",
            )
        return None

    @property
    def notes(self) -> tuple[Text, ...]:
        """One note per recalled or assumed table."""
        return self.notes_on(*self.tables)

    def notes_on(self, *names: str) -> tuple[Text, ...]:
        """The notes of these tables (those of them the pack has), in the pack's order."""
        wanted = (table.note() for name, table in self.tables.items() if name in names)
        return tuple(note for note in wanted if note is not None)

    def table(self, name: str) -> Table:
        """The table, else `Refused` with RULE-1202."""
        found = self.tables.get(name)
        if found is None:
            raise Refused(checks.TABLE_ABSENT(field=name, pack=self.name, table=name))
        return found

    def group(self, prefix: str) -> dict[str, Table]:
        """The tables under `prefix`, by the rest of their name: group("chains") → {"surrender": …}."""
        start = prefix + "."
        return {name[len(start) :]: table for name, table in self.tables.items() if name.startswith(start)}

    def value(self, table: str, key: str) -> Any | Refusal:
        """One value, or the refusal saying why there is none: absent table, absent key or declared
        unknown.
        """
        try:
            found = self.table(table)
            if key not in found.values and key not in found.unknown:
                return checks.TABLE_ABSENT(field=key, pack=self.name, table=f"{table}.{key}")
            return found[key]
        except Refused as no:
            return no.refusal

    def must_be(self, *schemas: str) -> Pack:
        """This pack, if it is of a wanted kind, else `Refused` with RULE-1203."""
        if self.schema not in schemas:
            wanted = " | ".join(schemas)
            raise Refused(checks.WRONG_SCHEMA(pack=self.name, schema=self.schema, expected=wanted))
        return self

    def evidence(self) -> dict[str, int]:
        """How many tables are confirmed, recalled, assumed."""
        grades = [table.evidence for table in self.tables.values()]
        return {grade: grades.count(grade) for grade in EVIDENCE}

    def summary(self) -> dict[str, object]:
        watermark = self.watermark
        return {
            "name": self.name,
            "title": text_json(self.title),
            "jurisdiction": self.jurisdiction,
            "schema": self.schema,
            "status": self.status,
            "status_text": text_json(STATUSES[self.status]),
            "effective_from": self.effective_from.isoformat(),
            "effective_to": self.effective_to.isoformat() if self.effective_to else None,
            "evidence": self.evidence(),
            "watermark": text_json(watermark) if watermark else None,
        }

    def as_json(self) -> dict[str, object]:
        return {
            **self.summary(),
            "notes": [text_json(note) for note in self.notes],
            "tables": {name: table.as_json() for name, table in self.tables.items()},
        }


def _value_json(value: Any) -> object:
    if isinstance(value, Text):
        return text_json(value)
    if isinstance(value, tuple):
        return [_value_json(item) for item in value]
    if isinstance(value, Mapping):
        return {name: _value_json(item) for name, item in value.items()}
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, time):
        return value.isoformat("minutes")
    if isinstance(value, Decimal):
        return number_json(value)
    return value
