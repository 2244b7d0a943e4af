"""`tanshu run`: a scenario of any kind, as people and as programs read it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.conftest import Tanshu, at

OWN = Path(__file__).resolve().parents[2] / "docs" / "examples" / "your-own-market"


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> tuple[Tanshu, Path]:
    """A copy of the made-up market, and a database for it that does not exist yet."""
    folder = tmp_path_factory.mktemp("run")
    copy = shutil.copytree(OWN, folder / "market")
    return at(f"sqlite:///{folder}/market.db"), copy


def test_a_market_runs_prints_and_reprints(market: tuple[Tanshu, Path]) -> None:
    tanshu, folder = market
    first = tanshu("run", str(folder), "--json").ok()
    assert (first.json["scenario"], first.json["kind"]) == ("your-own-market", "market-year")
    assert (first.json["entities"], first.json["compliant"], first.json["short_t"]) == (12, 11, 4)
    assert set(first.json["conservation"].values()) == {0}
    assert [check["good"] for check in first.json["checks"]] == [True, True]
    steps = [line for line in first.err.splitlines() if line.startswith("✓")]
    assert len(steps) == 8
    again = tanshu("run", str(folder), "--json").ok()
    assert again.json == first.json and "✓" not in again.err
    told = tanshu("run", str(folder), "--lang", "zh").ok().out
    for words in ("示例:市场、企业与数据均为虚构", "2023 年度交回", "未足额交回", first.json["log_hash"]):
        assert words in told
    assert "清缴" not in told


def test_its_packs_are_not_left_behind(market: tuple[Tanshu, Path]) -> None:
    tanshu, folder = market
    tanshu("run", str(folder), "--json").ok()
    assert tanshu("rules", "show", "lagoon.registry", "--json").refusal == "RULE-1001"


def test_only_a_power_year_has_a_report(market: tuple[Tanshu, Path], tmp_path: Path) -> None:
    tanshu, folder = market
    assert tanshu("run", str(folder), "--report", str(tmp_path / "papers"), "--json").refusal == "SCN-3006"
    assert not (tmp_path / "papers").exists()


def test_another_scenarios_database_is_left_alone(market: tuple[Tanshu, Path]) -> None:
    tanshu, folder = market
    tanshu("run", str(folder), "--json").ok()
    assert tanshu("run", "hubei-pilot-2023", "--fresh", "--json").refusal == "SCN-2002"
