"""Reads one pack file strictly: what the schema does not say is a numbered refusal naming file, table and
key.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn

from tanshu.base.refusal import Refusal, Refused
from tanshu.base.text import Text
from tanshu.rules import checks
from tanshu.rules.fields import Field, TableRule
from tanshu.rules.pack_model import Pack, Source, Table
from tanshu.rules.registry_schema import STEP_CHOICES
from tanshu.rules.schemas import CHECKS, SCHEMAS, leads_to_a_table, matching_rule
from tanshu.rules.terms import EVIDENCE, STATUSES

_DECIMAL_TEXT: Final = re.compile(r"-?\d{1,18}(\.\d{1,18})?")
_TIMES: Final = re.compile(r"((?:[01]\d|2[0-3]):[0-5]\d)-((?:[01]\d|2[0-3]):[0-5]\d)", re.ASCII)
_HEAD: Final[Mapping[str, Field]] = {
    "name": Field("text"),
    "title": Field("bilingual"),
    "jurisdiction": Field("text"),
    "schema": Field("name", tuple(SCHEMAS)),
    "status": Field("name", tuple(STATUSES)),
    "effective_from": Field("date"),
    "effective_to": Field("end"),
}
_SOURCE: Final[Mapping[str, Field]] = {
    "document": Field("text"),
    "number": Field("text"),
    "date": Field("date"),
}
_PROVENANCE: Final = ("source", "evidence", "unknown", "remark")


def read(path: Path, name: str) -> Pack | Refusal:
    """The pack in this file, or the first thing that is wrong with it (RULE-11xx).

    `name` is what the place of the file says it is called: cn/power.2023.toml is cn.power.2023.
    """
    try:
        return _Reader(path, name).read()
    except Refused as no:
        return no.refusal


class _Reader:
    """One file being read; it exists to carry the file's name into every refusal."""

    def __init__(self, path: Path, name: str):
        self.path = path
        self.name = name
        self.file = f"{path.parent.name}/{path.name}"

    def read(self) -> Pack:
        content = self._content()
        head = self._head(content)
        sources = self._sources(content)
        schema = head["schema"]
        body = {key: value for key, value in content.items() if key not in ("pack", "sources")}
        tables = {name: self._table(schema, name, raw, sources) for name, raw in self._walk(schema, "", body)}
        self._required_tables(schema, tables)
        self._agreement(schema, tables)
        return Pack(
            name=self.name,
            title=head["title"],
            jurisdiction=head["jurisdiction"],
            schema=schema,
            status=head["status"],
            effective_from=head["effective_from"],
            effective_to=head["effective_to"],
            tables=tables,
            path=self.path,
        )

    def _content(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self.path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as problem:
            raise Refused(checks.NOT_TOML(field=self.name, file=self.file, problem=problem)) from problem

    def _head(self, content: dict[str, Any]) -> dict[str, Any]:
        raw = content.get("pack")
        if not isinstance(raw, dict):
            self._missing("pack", "pack")
        head = self._values("pack", raw, _HEAD)
        jurisdiction = self.name.split(".")[0]
        for key, expected in (("name", self.name), ("jurisdiction", jurisdiction)):
            if head[key] != expected:
                self._refuse(checks.NAME_DOES_NOT_MATCH, "pack", key, value=head[key], expected=expected)
        if head["effective_to"] is not None and head["effective_to"] < head["effective_from"]:
            self._disagree("pack", "effective_to", Text("早于 effective_from", "it is before effective_from"))
        return head

    def _sources(self, content: dict[str, Any]) -> dict[str, Source]:
        raw = content.get("sources")
        if not isinstance(raw, dict):
            self._missing("sources", "sources")
        found: dict[str, Source] = {}
        for key, entry in raw.items():
            table = f"sources.{key}"
            if not isinstance(entry, dict):
                self._wrong_type(table, key, entry, Text("一张表", "a table"))
            values = self._values(table, entry, _SOURCE, empty_ok=("number",))
            found[key] = Source(key, values["document"], values["number"], values["date"])
        return found

    def _walk(self, schema: str, prefix: str, body: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
        """Every table under `body`, by its dotted name."""
        for key, value in body.items():
            name = f"{prefix}.{key}" if prefix else key
            if not isinstance(value, dict):
                if prefix:
                    self._refuse(checks.KEY_NOT_EXPECTED, prefix, key, expected="—")
                self._refuse(checks.TABLE_NOT_EXPECTED, name, key, schema=schema)
            if matching_rule(schema, name) is not None:
                yield name, value
            elif leads_to_a_table(schema, name):
                yield from self._walk(schema, name, value)
            else:
                self._refuse(checks.TABLE_NOT_EXPECTED, name, key, schema=schema)

    def _table(self, schema: str, name: str, raw: dict[str, Any], sources: Mapping[str, Source]) -> Table:
        rule = matching_rule(schema, name)
        assert rule is not None
        source = self._source_of(name, raw, sources)
        evidence = self._evidence_of(name, raw)
        unknown = self._unknown_of(name, raw, rule)
        remark = self._bilingual(name, "remark", raw["remark"]) if "remark" in raw else None
        values = self._values(
            name, {k: v for k, v in raw.items() if k not in _PROVENANCE}, rule.fields, unknown=unknown
        )
        return Table(self.name, name, values, source, evidence, unknown, remark)

    def _source_of(self, name: str, raw: dict[str, Any], sources: Mapping[str, Source]) -> Source:
        if "source" not in raw:
            self._refuse(checks.PROVENANCE_MISSING, name, "source")
        key = raw["source"]
        if not isinstance(key, str):
            self._wrong_type(name, "source", key, Text("来源的键(文本)", "the key of a source, as text"))
        if key not in sources:
            self._refuse(checks.SOURCE_NOT_LISTED, name, "source", value=key)
        return sources[key]

    def _evidence_of(self, name: str, raw: dict[str, Any]) -> str:
        if "evidence" not in raw:
            self._refuse(checks.PROVENANCE_MISSING, name, "evidence")
        return self._one_of(name, "evidence", raw["evidence"], tuple(EVIDENCE))

    def _unknown_of(self, name: str, raw: dict[str, Any], rule: TableRule) -> frozenset[str]:
        keys = self._texts(name, "unknown", raw.get("unknown", []))
        allowed = tuple(key for key, field in rule.fields.items() if field.may_be_unknown)
        for key in keys:
            if key not in allowed:
                self._not_allowed(name, "unknown", key, allowed)
            if key in raw:
                self._disagree(name, key, Text("既给出又声明未知", "it is given and declared unknown"))
        return frozenset(keys)

    def _values(
        self,
        table: str,
        raw: Mapping[str, Any],
        fields: Mapping[str, Field],
        *,
        unknown: frozenset[str] = frozenset(),
        empty_ok: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """The table's values in the schema's order, each of its kind."""
        for key in raw:
            if key not in fields:
                self._refuse(checks.KEY_NOT_EXPECTED, table, key, expected=", ".join(fields))
        values: dict[str, Any] = {}
        for key, field in fields.items():
            if key in raw:
                if raw[key] == "" and key not in empty_ok:
                    self._missing(table, key)
                values[key] = _KINDS[field.kind](self, table, key, raw[key], field)
            elif field.required and key not in unknown:
                self._missing(table, key)
        return values

    def _required_tables(self, schema: str, tables: Mapping[str, Table]) -> None:
        for pattern, rule in SCHEMAS[schema].items():
            if rule.required and not any(matching_rule(schema, name) is rule for name in tables):
                self._missing(pattern, "*")

    def _agreement(self, schema: str, tables: Mapping[str, Table]) -> None:
        for table, key, problem in CHECKS[schema]({name: table.values for name, table in tables.items()}):
            self._disagree(table, key, problem)

    # --- kinds of value ---

    def _decimal(self, table: str, key: str, value: Any, _field: Field) -> Decimal:
        if not isinstance(value, str):
            self._wrong_type(
                table, key, value, Text('十进制文本,如 "0.7950"', 'decimal text such as "0.7950"')
            )
        if not _DECIMAL_TEXT.fullmatch(value):
            self._wrong_type(
                table, key, value, Text('十进制文本,如 "0.7950"', 'decimal text such as "0.7950"')
            )
        return Decimal(value)

    def _fraction(self, table: str, key: str, value: Any, field: Field) -> Decimal:
        number = self._decimal(table, key, value, field)
        if not 0 <= number <= 1:
            self._not_allowed(table, key, value, ("0 … 1",))
        return number

    def _int(self, table: str, key: str, value: Any, _field: Field) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            self._wrong_type(table, key, value, Text("整数", "a whole number"))
        if value < 0:
            self._not_allowed(table, key, value, ("≥ 0",))
        return value

    def _flag(self, table: str, key: str, value: Any, _field: Field) -> bool:
        if not isinstance(value, bool):
            self._wrong_type(table, key, value, Text("true 或 false", "true or false"))
        return value

    def _date(self, table: str, key: str, value: Any, _field: Field) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            self._wrong_type(table, key, value, Text("日期,如 2024-12-31", "a date such as 2024-12-31"))
        return value

    def _month_day(self, table: str, key: str, value: Any, field: Field) -> str:
        text = self._text(table, key, value, field)
        if not _is_month_day(text):
            self._wrong_type(table, key, value, Text('月日,如 "03-31"', 'a month and day such as "03-31"'))
        return text

    def _end(self, table: str, key: str, value: Any, field: Field) -> date | None:
        return None if value == "open" else self._date(table, key, value, field)

    def _dates(self, table: str, key: str, value: Any, field: Field) -> tuple[date, ...]:
        if not isinstance(value, list):
            self._wrong_type(table, key, value, Text("日期的列表", "a list of dates"))
        return tuple(self._date(table, key, item, field) for item in value)

    def _text(self, table: str, key: str, value: Any, _field: Field) -> str:
        if not isinstance(value, str):
            self._wrong_type(table, key, value, Text("文本", "text"))
        return value

    def _texts(self, table: str, key: str, value: Any, _field: Field | None = None) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            self._wrong_type(table, key, value, Text("文本的列表", "a list of texts"))
        return tuple(value)

    def _bilingual(self, table: str, key: str, value: Any, _field: Field | None = None) -> Text:
        if not isinstance(value, dict) or set(value) != {"zh", "en"}:
            self._wrong_type(table, key, value, Text("{zh, en} 两种语言", "text in {zh, en}"))
        if not all(isinstance(words, str) and words for words in value.values()):
            self._wrong_type(table, key, value, Text("{zh, en} 两种语言", "text in {zh, en}"))
        return Text(value["zh"], value["en"])

    def _name(self, table: str, key: str, value: Any, field: Field) -> str:
        return self._one_of(table, key, value, field.choices)

    def _names(self, table: str, key: str, value: Any, field: Field) -> tuple[str, ...]:
        return tuple(self._one_of(table, key, item, field.choices) for item in self._texts(table, key, value))

    def _steps(self, table: str, key: str, value: Any, _field: Field) -> tuple[tuple[str, str], ...]:
        """[{by = organisation, act = act}, …] as (by, act) pairs."""
        if not isinstance(value, list) or not value:
            self._wrong_type(table, key, value, Text("{by, act} 的列表", "a list of {by, act}"))
        pairs: list[tuple[str, str]] = []
        for item in value:
            if not isinstance(item, dict) or set(item) != {"by", "act"}:
                self._wrong_type(table, key, item, Text("{by, act}", "{by, act}"))
            by, act = (self._one_of(table, key, item[part], STEP_CHOICES[part]) for part in ("by", "act"))
            pairs.append((by, act))
        return tuple(pairs)

    def _window(self, table: str, key: str, value: Any, _field: Field | None = None) -> tuple[time, time]:
        """A window of the day, "09:30-11:30"; its end lies after its beginning."""
        found = _TIMES.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self._wrong_type(
                table, key, value, Text('时段,如 "09:30-11:30"', 'a window such as "09:30-11:30"')
            )
        first, last = time.fromisoformat(found[1]), time.fromisoformat(found[2])
        if first >= last:
            self._disagree(table, key, Text(f"{value} 的结束不晚于开始", f"{value} ends before it begins"))
        return first, last

    def _windows(self, table: str, key: str, value: Any, _field: Field) -> tuple[tuple[time, time], ...]:
        return tuple(self._window(table, key, item) for item in self._texts(table, key, value))

    def _weights(self, table: str, key: str, value: Any, field: Field) -> Mapping[str, Decimal]:
        if not isinstance(value, dict) or not value:
            self._wrong_type(
                table, key, value, Text('{名称 = "权重"}', 'decimals by name such as { CEA25 = "1" }')
            )
        return {name: self._decimal(table, key, weight, field) for name, weight in value.items()}

    def _one_of(self, table: str, key: str, value: Any, choices: tuple[str, ...]) -> str:
        if not isinstance(value, str):
            self._wrong_type(table, key, value, Text("文本", "text"))
        if value not in choices:
            self._not_allowed(table, key, value, choices)
        return value

    # --- refusals ---

    def _refuse(self, kind: Any, table: str, key: str, **facts: object) -> NoReturn:
        raise Refused(kind(field=f"{table}.{key}", file=self.file, table=table, key=key, **facts))

    def _missing(self, table: str, key: str) -> NoReturn:
        self._refuse(checks.VALUE_MISSING, table, key)

    def _wrong_type(self, table: str, key: str, value: object, expected: Text) -> NoReturn:
        self._refuse(
            checks.WRONG_TYPE, table, key, value=repr(value), expected_zh=expected.zh, expected_en=expected.en
        )

    def _not_allowed(self, table: str, key: str, value: object, allowed: tuple[str, ...]) -> NoReturn:
        self._refuse(checks.VALUE_NOT_ALLOWED, table, key, value=value, allowed=", ".join(allowed) or "—")

    def _disagree(self, table: str, key: str, problem: Text) -> NoReturn:
        self._refuse(checks.VALUES_DISAGREE, table, key, problem_zh=problem.zh, problem_en=problem.en)


def _is_month_day(text: str) -> bool:
    if not re.fullmatch(r"\d\d-\d\d", text, re.ASCII):
        return False
    try:
        date.fromisoformat(f"2024-{text}")  # a leap year: 02-29 is a day
    except ValueError:
        return False
    return True


_KINDS: Final[Mapping[str, Callable[[_Reader, str, str, Any, Field], Any]]] = {
    "decimal": _Reader._decimal,
    "fraction": _Reader._fraction,
    "int": _Reader._int,
    "flag": _Reader._flag,
    "date": _Reader._date,
    "month_day": _Reader._month_day,
    "end": _Reader._end,
    "dates": _Reader._dates,
    "text": _Reader._text,
    "texts": _Reader._texts,
    "bilingual": _Reader._bilingual,
    "name": _Reader._name,
    "names": _Reader._names,
    "steps": _Reader._steps,
    "window": _Reader._window,
    "windows": _Reader._windows,
    "weights": _Reader._weights,
}
