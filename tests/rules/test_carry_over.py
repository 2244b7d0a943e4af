"""Carry-over of old vintages into 2025."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import Refused
from tanshu.rules import carry_over
from tests.rules.cases import code, pack


@pytest.mark.parametrize(
    ("sold", "bought", "holding", "pending", "late", "ceiling", "carryable"),
    [
        (100_000, 40_000, 500_000, 0, False, 100_000, 100_000),
        (0, 0, 8_000, 0, False, 10_000, 8_000),
        (0, 1, 50_000, 0, False, 10_000, 10_000),
        (1, 0, 50_000, 0, False, 10_001, 10_001),  # 10,001.5 is floored
        (0, 0, 12_000, 5_000, False, 10_000, 7_000),  # units in a pending surrender do not count
        (0, 0, 3_000, 5_000, False, 10_000, 0),
        (100_000, 0, 500_000, 0, True, 160_000, 0),  # late for 2023 or 2024
    ],
)
def test_carryable_quantity(
    sold: int, bought: int, holding: int, pending: int, late: bool, ceiling: int, carryable: int
) -> None:
    found = carry_over.estimate(pack("cn.carry_over"), sold, bought, holding, pending, late)
    assert (found.ceiling_t, found.carryable_t, found.eligible) == (ceiling, carryable, not late)
    assert (found.watermark, found.notes) == (None, ())
    json.dumps(found.as_json())


def test_the_steps_can_be_done_again_by_hand() -> None:
    found = carry_over.estimate(pack("cn.carry_over"), 100_000, 40_000, 500_000)
    assert [(step.numbers, step.result) for step in found.steps] == [
        ("max(0, 100,000 − 40,000)", 60_000),
        ("⌊10,000 + 60,000 × 1.5⌋", 100_000),
        ("500,000 − 0", 500_000),
        ("min(100,000, 500,000)", 100_000),
    ]


def test_a_negative_quantity_is_a_bug_of_the_caller() -> None:
    with pytest.raises(ValueError, match="not negative"):
        carry_over.estimate(pack("cn.carry_over"), -1, 0, 0)


def test_another_kind_of_pack_raises_the_refusal() -> None:
    with pytest.raises(Refused) as refused:
        carry_over.estimate(pack("cn.power.2024"), 0, 0, 0)
    assert code(refused.value.refusal) == "RULE-1203"


tonnes = st.integers(0, 10**12)


@given(tonnes, tonnes, tonnes, tonnes, st.booleans())
def test_nobody_carries_over_more_than_the_ceiling_or_the_holding(
    sold: int, bought: int, holding: int, pending: int, late: bool
) -> None:
    found = carry_over.estimate(pack("cn.carry_over"), sold, bought, holding, pending, late)
    assert 0 <= found.carryable_t <= min(found.ceiling_t, holding)
    assert found.ceiling_t == 10_000 + 3 * max(0, sold - bought) // 2
    assert not late or found.carryable_t == 0
