"""The words in which a pack's schema is written: tables, their fields and the kinds of value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from tanshu.base.text import Text
from tanshu.rules.formulas import ROUNDINGS

Kind = Literal[
    "decimal",
    "fraction",
    "int",
    "flag",
    "date",
    "month_day",
    "end",
    "text",
    "texts",
    "bilingual",
    "dates",
    "name",
    "names",
    "steps",
    "window",
    "windows",
    "weights",
]
"""decimal and fraction are written as text; fraction lies in 0..1. end is a date or "open" (then None).
month_day is a day of every year, "03-31". name and names come from `choices`. A window is two times of a day,
"09:30-11:30"; weights are decimals by name."""


@dataclass(frozen=True, slots=True)
class Field:
    """One key of a table. `may_be_unknown` lets a pack list the key under `unknown` instead of giving a
    value.
    """

    kind: Kind
    choices: tuple[str, ...] = ()
    required: bool = True
    may_be_unknown: bool = False


@dataclass(frozen=True, slots=True)
class TableRule:
    fields: Mapping[str, Field]
    required: bool = True


Schema = Mapping[str, TableRule]
Tables = Mapping[str, Mapping[str, Any]]
Problem = tuple[str, str, Text]
"""Table, key and what contradicts what."""
Problems = Iterator[Problem]

FRACTION: Final = Field("fraction")
DECIMAL: Final = Field("decimal")
INT: Final = Field("int")
FLAG: Final = Field("flag")
DATE: Final = Field("date")
TEXT: Final = Field("text")
TEXTS: Final = Field("texts")
BILINGUAL: Final = Field("bilingual")


def name(*choices: str) -> Field:
    return Field("name", choices)


def names(*choices: str) -> Field:
    return Field("names", choices)


def optional(field: Field) -> Field:
    return Field(field.kind, field.choices, required=False, may_be_unknown=field.may_be_unknown)


def may_be_unknown(field: Field) -> Field:
    return Field(field.kind, field.choices, field.required, may_be_unknown=True)


ROUNDING: Final = name(*ROUNDINGS)
