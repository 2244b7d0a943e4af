"""Kinds of files, as data: which column is which field, and what the figures must satisfy.

The known ones are TOML files beside this module; a file of another market is described by one of its own.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from tanshu.base.refusal import Refused
from tanshu.base.text import Text
from tanshu.exchange.published import checks
from tanshu.exchange.published.model import FIELDS, MODES, TEXT_FIELDS, Layout, Terms

PERIODS = ("day", "month", "auction")
_KEYS = {"market", "period", "title", "columns", "ignored", "rules"}
_RULES = {
    *("quote_of", "close", "composite_from", "first_day", "first_reference"),
    *("band", "block_band", "block_min_t", "calendar"),
}
NAME_MAX = 64
"""Characters in the name of a series or a market."""


@cache
def known() -> Mapping[str, Layout]:
    """The layouts that come with the program, by name."""
    folder = resources.files("tanshu.exchange.published") / "layouts"
    files = sorted((one for one in folder.iterdir() if one.name.endswith(".toml")), key=lambda one: one.name)
    return {
        name: parsed(name, tomllib.loads(one.read_text(encoding="utf-8")), one.name)
        for one in files
        for name in (one.name.removesuffix(".toml"),)
    }


def read(path: Path) -> Layout:
    """The layout that a person wrote; its name is the file's. Raises Refused EXC-6002."""
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Refused(checks.LAYOUT_WRONG(field="layout", file=path.name, why=error)) from error
    return parsed(path.stem, table, path.name)


def chosen(header: Sequence[str]) -> Layout:
    """The known layout whose columns are exactly those of the header. Raises Refused EXC-6001."""
    names = frozenset(header)
    for layout in known().values():
        if names == frozenset({*layout.columns, *layout.ignored}):
            return layout
    said = "; ".join(f"{name}: {', '.join(layout.columns)}" for name, layout in known().items())
    raise Refused(checks.HEADER_UNKNOWN(field="file", columns=", ".join(header), known=said))


def parsed(name: str, table: Mapping[str, Any], file: str) -> Layout:
    """A layout from its TOML. Raises Refused EXC-6002 with what is wrong with it."""
    try:
        _check(name, table)
        return Layout(
            name,
            table["market"],
            table["period"],
            Text(**table["title"]) if "title" in table else Text(name, name),
            dict(table["columns"]),
            tuple(table.get("ignored", ())),
            _terms(table.get("rules", {})),
        )
    except (ValueError, TypeError, KeyError, InvalidOperation) as error:
        raise Refused(checks.LAYOUT_WRONG(field="layout", file=file, why=error)) from error


def _check(name: str, table: Mapping[str, Any]) -> None:
    _need(not set(table) - _KEYS, f"unknown keys {sorted(set(table) - _KEYS)}")
    market, columns = table.get("market"), table.get("columns")
    _need(isinstance(market, str) and 0 < len(market) <= NAME_MAX, "market is needed, as text")
    _need(0 < len(name) <= NAME_MAX, f"a name of up to {NAME_MAX} characters is needed")
    _need(table.get("period") in PERIODS, f"period is one of {', '.join(PERIODS)}")
    _need(isinstance(columns, dict) and bool(columns), "[columns] is needed: column = field")
    assert isinstance(columns, dict)
    known_fields = {*FIELDS, *TEXT_FIELDS}
    unknown = [field for field in columns.values() if field not in known_fields]
    _need(not unknown, f"unknown fields {unknown}; there are {', '.join(sorted(known_fields))}")
    _need(len(set(columns.values())) == len(columns), "a field stands for two columns")
    _need("day" in columns.values(), "no column is the day")


def _terms(rules: Mapping[str, Any]) -> Terms:
    _need(not set(rules) - _RULES, f"unknown rules {sorted(set(rules) - _RULES)}")
    quote_of, close = rules.get("quote_of", ""), rules.get("close", "")
    _need(quote_of in ("", *MODES), f"quote_of is one of {', '.join(MODES)}")
    _need(close in ("", "average"), "close is “average” or left out")
    for name in ("composite_from", "first_day"):
        _need(isinstance(rules.get(name), date | None), f"{name} is a date")
    reference = rules.get("first_reference")
    return Terms(
        quote_of,
        close,
        rules.get("composite_from"),
        rules.get("first_day"),
        None if reference is None else int(Decimal(reference).scaleb(2)),
        _band(rules, "band"),
        _band(rules, "block_band"),
        int(rules.get("block_min_t", 0)),
        str(rules.get("calendar", "")),
    )


def _band(rules: Mapping[str, Any], name: str) -> Decimal | None:
    value = rules.get(name)
    if value is None:
        return None
    _need(isinstance(value, str), f"{name} is a decimal in quotes")
    band = Decimal(value)
    _need(0 < band < 1, f"{name} is between 0 and 1")
    return band


def _need(holds: bool, why: str) -> None:
    if not holds:
        raise ValueError(why)
