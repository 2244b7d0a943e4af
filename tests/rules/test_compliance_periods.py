"""Compliance periods of several years: their years, deadline, limit of offsets and newest vintages."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.rules import packs
from tanshu.rules.compliance_periods import Period, periods
from tests.rules.cases import PACKAGED, code, good


def california() -> tuple[Period, ...]:
    return good(periods("usca"))


def test_californias_two_periods() -> None:
    found = [(one.name, one.years, one.due, one.offset_limit, one.latest_vintage) for one in california()]
    assert found == [
        ("2013-2014", (2013, 2014), date(2015, 11, 2), Decimal("0.08"), 2016),
        ("2015-2017", (2015, 2016, 2017), date(2018, 11, 1), Decimal("0.08"), 2019),
    ]
    assert all("95854" in one.source.number and one.source.evidence == "confirmed" for one in california())


def test_a_jurisdiction_whose_years_stand_alone_has_no_periods() -> None:
    assert good(periods("cn")) == ()


def test_an_unknown_jurisdiction_is_refused() -> None:
    assert code(periods("xx")) == "RULE-1001"


@given(st.integers(0, 10**12), st.integers(0, 10**11))
def test_offsets_within_the_limit_are_those_whose_share_is_at_most_eight_percent(
    obligation: int, offsets: int
) -> None:
    (first, _) = california()
    assert (offsets <= first.offsets_allowed(obligation)) == (100 * offsets <= 8 * obligation)


@pytest.mark.parametrize("name", ["usca.compliance", "usca.registry"])
def test_the_packs_load_and_name_their_sources(name: str) -> None:
    loaded = good(packs.load(name))
    assert loaded.status == "final"
    assert all(table.source.document for table in loaded.tables.values())


def test_a_period_without_years_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = (PACKAGED / "usca" / "compliance.toml").read_text(encoding="utf-8")
    (tmp_path / "usca").mkdir()
    changed = text.replace("[periods.2015-2017]", "[periods.2018-2020]")
    (tmp_path / "usca" / "compliance.toml").write_text(changed, encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    assert code(periods("usca")) == "RULE-1110"
