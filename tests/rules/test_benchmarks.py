"""Every benchmark in the packs, restated and compared row by row with the table in the data folder."""

from __future__ import annotations

import csv
from decimal import Decimal
from pathlib import Path

import pytest

from tanshu.rules.pack_model import Pack
from tests.rules.cases import pack

# year: I, II, III, IV in tCO2/MWh; coal, gas in tCO2/GJ
BENCHMARKS = {
    "2019": ("0.877", "0.979", "1.146", "0.392", "0.126", "0.059"),
    "2020": ("0.877", "0.979", "1.146", "0.392", "0.126", "0.059"),
    "2021": ("0.8218", "0.8773", "0.9350", "0.3920", "0.1111", "0.0560"),
    "2022": ("0.8177", "0.8729", "0.9303", "0.3901", "0.1105", "0.0557"),
    "2023 balance": ("0.7982", "0.8155", "0.8352", "0.3239", "0.1041", "0.0525"),
    "2023": ("0.7950", "0.8090", "0.8285", "0.3305", "0.1038", "0.0536"),
    "2024": ("0.7910", "0.8049", "0.8244", "0.3288", "0.1033", "0.0533"),
    "2025": ("0.7902", "0.8017", "0.8162", "0.3288", "0.1027", "0.0533"),
    "2026": ("0.7894", "0.7985", "0.8080", "0.3288", "0.1021", "0.0533"),
}


def value(year: str, product: str, unit_class: str) -> Decimal:
    group = "balance_values" if year.endswith("balance") else "benchmarks"
    rules = pack(f"cn.power.{year.split()[0]}")
    return rules.table(f"{group}.{product}").decimal(unit_class)


@pytest.mark.parametrize("year", BENCHMARKS)
def test_benchmarks_of_a_year(year: str) -> None:
    electricity = [value(year, "electricity", unit_class) for unit_class in ("I", "II", "III", "IV")]
    heat = [value(year, "heat", fuel) for fuel in ("coal", "gas")]
    assert [*electricity, *heat] == [Decimal(text) for text in BENCHMARKS[year]]


def test_the_data_table_equals_the_packs_row_by_row(data_dir: Path) -> None:
    seen: dict[str, int] = {}
    with (data_dir / "rules" / "power_benchmarks.csv").open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            year, product = row["year"], row["product"]
            first = row["class"].split()[0]
            unit_class = first if product == "electricity" else {"coal": "coal", "IV": "gas"}[first]
            assert value(year, product, unit_class) == Decimal(row["value"]), row
            check_marks(pack(f"cn.power.{year.split()[0]}"), product, row)
            seen[year] = seen.get(year, 0) + 1
    assert seen == dict.fromkeys(BENCHMARKS, 6)


def check_marks(rules: Pack, product: str, row: dict[str, str]) -> None:
    """Recalled rows are recalled in the pack, draft rows live in a draft, and the basis is the same."""
    evidence = rules.table(f"benchmarks.{product}").evidence
    assert evidence == ("recalled" if "memory" in row["status"] else "confirmed"), row
    assert rules.status == ("draft" if row["status"].startswith("DRAFT") else "final"), row
    if product == "electricity":
        assert row["activity_basis"].startswith(rules.table("scope")["basis"]), row
