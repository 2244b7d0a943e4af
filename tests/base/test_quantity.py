"""Quantities are whole numbers of the smallest unit; rounding is written down once."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tanshu.base.quantity import QUANTITY_MAX, check_quantity, floor_int, round_half_up, yuan
from tanshu.base.refusal import Refusal

GOOD = [
    (1, 1),
    ("1", 1),
    (" 1,000 ", 1_000),
    ("12,345,678", 12_345_678),
    ("+5", 5),
    ("007", 7),
    (QUANTITY_MAX, 2**62 - 1),
    (str(QUANTITY_MAX), 2**62 - 1),
]
BAD = [
    ("", "BASE-1001"),
    (",", "BASE-1001"),
    ("1_000", "BASE-1001"),
    ("1,5", "BASE-1001"),
    ("1,0000", "BASE-1001"),
    (",100", "BASE-1001"),
    ("1.0", "BASE-1001"),
    ("1e3", "BASE-1001"),
    ("十", "BASE-1001"),
    ("9" * 31, "BASE-1001"),
    (1.0, "BASE-1001"),
    (Decimal(1), "BASE-1001"),
    (True, "BASE-1001"),
    (None, "BASE-1001"),
    (0, "BASE-1002"),
    ("-5", "BASE-1002"),
    (QUANTITY_MAX + 1, "BASE-1003"),
    ("9" * 30, "BASE-1003"),
]


@pytest.mark.parametrize(("given", "quantity"), GOOD)
def test_a_whole_number_is_taken(given: object, quantity: int):
    assert check_quantity(given) == quantity


@pytest.mark.parametrize(("given", "code"), BAD)
def test_anything_else_is_refused_by_number(given: object, code: str):
    answer = check_quantity(given, field="tonnes")
    assert isinstance(answer, Refusal)
    assert (answer.code, answer.field) == (code, "tonnes")


@pytest.mark.parametrize(
    ("value", "whole"), [("1789.70", 1789), ("1789.9999", 1789), ("0", 0), ("-0.1", -1), ("5", 5)]
)
def test_quotas_round_down(value: str, whole: int):
    assert floor_int(Decimal(value)) == whole


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [("2.5", 0, "3"), ("-2.5", 0, "-3"), ("0.005", 2, "0.01"), ("0.0049", 2, "0.00"), ("1", 2, "1.00")],
)
def test_halves_round_away_from_zero(value: str, places: int, rounded: str):
    assert str(round_half_up(Decimal(value), places)) == rounded


@pytest.mark.parametrize(
    ("fen", "text"), [(0, "0.00"), (5, "0.05"), (123456, "1,234.56"), (-1, "-0.01"), (-100000, "-1,000.00")]
)
def test_fen_read_as_yuan(fen: int, text: str):
    assert yuan(fen) == text
