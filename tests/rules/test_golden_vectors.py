"""Golden numbers: restated here, so that they are tested everywhere, and read again from the data folder."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from tanshu.rules import carry_over, explain
from tests.rules.cases import good, pack, read_sections

# F as a fraction → Ff of 2019–2022, 2023–2024, 2025–2026
LOAD_CORRECTIONS = """
0.3    1.160541  1.160541  1.281146
0.4    1.126493  1.126493  1.160254
0.45   1.109845  1.109845  1.126059
0.499  1.093769  1.093769  1.100731
0.5    1.093443  1.093443  1.0
0.6    1.061364  1.061364  1.0
0.649  1.04599   1.04599   1.0
0.65   1.045678  1.0       1.0
0.7    1.030225  1.0       1.0
0.75   1.015     1.0       1.0
0.8    1.007     1.0       1.0
0.85   1.0       1.0       1.0
"""
# Class I, 3,000,000 MWh, 2,000,000 GJ, Ff = 1: electricity and heat quota in tonnes
INITIAL_QUOTAS = """
2023  2385000  207600
2024  2373000  206600
2025  2370600  205400
2026  2368200  204200
"""
# sold, bought, holding → carryable, in tonnes
CARRY_OVERS = """
100000  40000  500000  100000
0       0      8000    8000
0       1      50000   10000
"""
FAMILIES = ((2019, 2020, 2021, 2022), (2023, 2024), (2025, 2026))


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


def check_load_corrections(table: list[list[str]]) -> None:
    assert len(table) == 12
    for load, *values in table:
        for years, value in zip(FAMILIES, values, strict=True):
            for year in years:
                step = good(explain.load_correction(pack(f"cn.power.{year}"), Decimal(load)))
                assert step.result == Decimal(value), (year, load)


def check_initial_quotas(table: list[list[str]]) -> None:
    assert len(table) == 4
    for year, electricity_t, heat_t in table:
        power, heat, whole = good(
            explain.initial_quota(
                pack(f"cn.power.{year}"), "I", Decimal(3_000_000), Decimal(2_000_000), Decimal(1)
            )
        )
        assert (power.result, heat.result) == (int(electricity_t), int(heat_t)), year
        assert whole.result == int(electricity_t) + int(heat_t)


def check_carry_overs(table: list[list[str]]) -> None:
    assert len(table) == 3
    for row in table:
        sold_t, bought_t, holding_t, carryable_t = map(int, row)
        estimate = carry_over.estimate(pack("cn.carry_over"), sold_t, bought_t, holding_t)
        assert estimate.carryable_t == carryable_t, row


CHECKS = {
    "load_correction": (check_load_corrections, LOAD_CORRECTIONS),
    "initial_quota": (check_initial_quotas, INITIAL_QUOTAS),
    "carry_over": (check_carry_overs, CARRY_OVERS),
}


@pytest.mark.parametrize("section", CHECKS)
def test_golden_values(section: str) -> None:
    check, table = CHECKS[section]
    check(rows(table))


@pytest.mark.parametrize("section", CHECKS)
def test_golden_values_of_the_data_folder(section: str, data_dir: Path) -> None:
    check, table = CHECKS[section]
    read = read_sections(data_dir / "rules" / "vectors.txt")[section][1:]
    check(read)
    assert read == rows(table)
