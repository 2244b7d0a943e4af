"""Deadlines by compliance year; what the law in force says about unpaid allowances."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.rules import compliance_calendar, penalties
from tests.rules.cases import PACKAGED, code, good


@pytest.mark.parametrize(
    ("year", "deadline", "instrument"),
    [
        (2019, "2021-12-31", "CEA19-20"),
        (2020, "2021-12-31", "CEA19-20"),
        (2021, "2023-12-31", "CEA21"),
        (2022, "2023-12-31", "CEA22"),
        (2023, "2024-12-31", "CEA23"),
        (2024, "2025-12-31", "CEA24"),
        (2025, "2026-12-31", "CEA25"),
    ],
)
def test_surrender_deadline_and_instrument_of_a_year(year: int, deadline: str, instrument: str) -> None:
    assert compliance_calendar.deadline("cn", year) == date.fromisoformat(deadline)
    assert compliance_calendar.instrument("cn", year) == instrument


@pytest.mark.parametrize("year", [2018, 2026])
def test_a_year_without_a_compliance_calendar_is_refused(year: int) -> None:
    assert code(compliance_calendar.deadline("cn", year)) == "RULE-3003"
    assert code(compliance_calendar.milestones("cn", year)) == "RULE-3003"
    assert code(compliance_calendar.instrument("cn", year)) == "RULE-3003"


def test_a_deadline_that_the_calendar_does_not_hold_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A year may be known before its deadline is."""
    text = (PACKAGED / "cn" / "compliance.toml").read_text(encoding="utf-8")
    (tmp_path / "cn").mkdir()
    cut = text.replace("[milestones.2023.surrender]", "[milestones.2023.issue]")
    assert cut != text
    (tmp_path / "cn" / "compliance.toml").write_text(cut, encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    assert code(compliance_calendar.deadline("cn", 2023)) == "RULE-3004"


def test_a_jurisdiction_without_a_compliance_calendar_is_refused() -> None:
    assert code(compliance_calendar.deadline("xx", 2023)) == "RULE-1001"


def test_milestones_come_in_the_order_of_their_dates() -> None:
    found = good(compliance_calendar.milestones("cn", 2025))
    assert [(milestone.key, milestone.on.isoformat()) for milestone in found] == [
        ("report", "2026-03-31"),
        ("verify", "2026-06-30"),
        ("pre_allocate", "2026-06-30"),
        ("approve", "2026-09-20"),
        ("issue", "2026-09-30"),
        ("surrender", "2026-12-31"),
    ]
    assert all("〔2026〕32号" in milestone.source.number for milestone in found)
    json.dumps([milestone.as_json() for milestone in found])


def test_a_recalled_deadline_says_so() -> None:
    (milestone,) = good(compliance_calendar.milestones("cn", 2022))
    assert milestone.note is not None and "凭记忆" in milestone.note.zh


# --- penalties -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "unpaid_t", "price_fen", "min_fen", "max_fen", "law"),
    [
        ("2021-12-31", 1_000, 5_000, 2_000_000, 3_000_000, "Order 19"),
        ("2024-04-30", 1, 1, 2_000_000, 3_000_000, "Order 19"),
        ("2024-05-01", 1_000, 9_791, 48_955_000, 97_910_000, "Order 775"),
        ("2024-12-31", 1, 10_000, 50_000, 100_000, "Order 775"),
        ("2026-08-14", 10, 9_781, 489_050, 978_100, "Order 775"),
    ],
)
def test_range_of_the_fine_by_the_law_of_the_day(
    on: str, unpaid_t: int, price_fen: int, min_fen: int, max_fen: int, law: str
) -> None:
    found = good(penalties.non_surrender("cn", date.fromisoformat(on), unpaid_t, price_fen))
    assert (found.min_fen, found.max_fen) == (min_fen, max_fen)
    assert law in found.law.en
    assert found.basis.zh and found.basis.en
    json.dumps(found.as_json())


def test_the_average_price_of_order_775_is_our_reading_and_says_so() -> None:
    found = good(penalties.non_surrender("cn", date(2025, 1, 1), 1, 1))
    assert [note.en.split()[0] for note in found.notes] == ["[average_price]"]
    assert good(penalties.non_surrender("cn", date(2022, 1, 1), 1, 1)).notes == ()


@pytest.mark.parametrize(
    ("on", "unpaid_t", "price_fen", "expected"),
    [
        ("2026-08-15", 1_000, 9_000, "RULE-1201"),  # the Code is in force, its amounts are not known
        ("2030-01-01", 1_000, 9_000, "RULE-1201"),
        ("2021-01-31", 1_000, 9_000, "RULE-4001"),
        ("2025-01-01", 0, 9_000, "RULE-4002"),
        ("2025-01-01", -1, 9_000, "RULE-4002"),
        ("2025-01-01", 1_000, 0, "RULE-4002"),
        ("2025-01-01", True, 9_000, "RULE-4002"),
    ],
)
def test_fines_that_nobody_can_name_are_refused(
    on: str, unpaid_t: int, price_fen: int, expected: str
) -> None:
    assert code(penalties.non_surrender("cn", date.fromisoformat(on), unpaid_t, price_fen)) == expected


@given(st.dates(date(2021, 2, 1), date(2026, 8, 14)), st.integers(1, 10**9), st.integers(1, 10**6))
def test_a_fine_is_a_range_and_that_of_order_775_is_5_to_10_times(
    on: date, unpaid_t: int, price: int
) -> None:
    found = good(penalties.non_surrender("cn", on, unpaid_t, price))
    assert 0 < found.min_fen <= found.max_fen
    if on >= date(2024, 5, 1):
        assert (found.min_fen, found.max_fen) == (5 * unpaid_t * price, 10 * unpaid_t * price)
