"""Quantities and money as integers.

A quantity is an int in the instrument's minor unit: 1 t for allowances and credits, 1 fen for CNY.
A price is fen per tonne. No float ever decides money or tonnes; ratios are `Decimal`.
"""

from __future__ import annotations

import re
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

from tanshu.base.refusal import Refusal, refusal

QUANTITY_MAX = 2**62 - 1
YEAR_MIN, YEAR_MAX = 1990, 2200

NOT_AN_INTEGER = refusal(
    "BASE-1001",
    "“{value}”不是整数。数量必须是整数(配额与减排量以 1 吨、资金以 1 分为最小单位)。",
    "“{value}” is not a whole number. Give a whole number of the smallest unit (1 t; 1 fen).",
)
NOT_POSITIVE = refusal(
    "BASE-1002", "数量 {value} 必须大于零。", "The quantity {value} must be greater than zero."
)
TOO_LARGE = refusal(
    "BASE-1003",
    "数量 {value} 超过账簿上限 {limit}。",
    "The quantity {value} is beyond the book's limit of {limit}.",
)
NOT_A_YEAR = refusal(
    "BASE-1004",
    "“{value}”不是 {first}–{last} 之间的年度。",
    "“{value}” is not a year from {first} to {last}.",
)

_INTEGER = re.compile(r"^[+-]?(\d{1,30}|\d{1,3}(,\d{3}){1,9})$")


def check_quantity(value: object, field: str = "quantity") -> int | Refusal:
    """A positive whole number below 2^62, or the refusal that says which of these it is not.

    Takes an int, or text with optional thousands commas as people type them ("1,000").
    """
    if isinstance(value, str):
        if not _INTEGER.match(value.strip()):
            return NOT_AN_INTEGER(field=field, value=value)
        value = int(value.strip().replace(",", ""))
    if isinstance(value, bool) or not isinstance(value, int):
        return NOT_AN_INTEGER(field=field, value=value)
    if value <= 0:
        return NOT_POSITIVE(field=field, value=value)
    if value > QUANTITY_MAX:
        return TOO_LARGE(field=field, value=value, limit=QUANTITY_MAX)
    return value


def check_year(value: int | None, field: str = "year") -> int | Refusal | None:
    """A compliance year that every database can keep; None stays None."""
    if value is not None and not YEAR_MIN <= value <= YEAR_MAX:
        return NOT_A_YEAR(field=field, value=value, first=YEAR_MIN, last=YEAR_MAX)
    return value


def floor_int(value: Decimal) -> int:
    """The largest integer not above `value`: the rounding of every quota (1789.70 → 1789)."""
    return int(value.to_integral_value(rounding=ROUND_FLOOR))


def round_half_up(value: Decimal, places: int) -> Decimal:
    """Half-up to `places` decimals: 2.5 → 3, 0.005 → 0.01."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def yuan(fen: int) -> str:
    """Fen as yuan text with two decimals and thousands commas: 123456 → "1,234.56"."""
    sign, fen = ("-", -fen) if fen < 0 else ("", fen)
    return f"{sign}{fen // 100:,}.{fen % 100:02d}"
