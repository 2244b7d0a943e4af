"""Numbers and lists as clerks write them: `1,000`, `80.05 元`, facts with commas between."""

from __future__ import annotations

import re
from decimal import Decimal

_COMMA = re.compile(r"\s*,\s*(?!\d{3}(?!\d))")
"""Between facts; the one within 1,000 is none."""
_YUAN = re.compile(r"-?\d+(\.\d{1,2})?")


def parts_of(rest: str | None) -> list[str]:
    """What stands between commas."""
    return [part for part in _COMMA.split((rest or "").strip()) if part]


def whole_number(text: str) -> int:
    return int(text.replace(",", ""))


def quantity_of(text: str) -> int | str:
    """A number; words that are none stay words: whether they will do is for who is asked to say."""
    plain = text.replace(",", "")
    return int(plain) if plain.removeprefix("-").isdecimal() else text


def fen_of(text: str) -> int | str:
    """Yuan as fen; what is no amount of whole fen stays words."""
    plain = text.removesuffix("元").replace(",", "").strip()
    return int(Decimal(plain) * 100) if _YUAN.fullmatch(plain) else text
