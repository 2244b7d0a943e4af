"""Trading days and working days of 2023 and 2024, and what happens without a calendar."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tanshu.base.refusal import need
from tanshu.rules import calendars, packs
from tests.rules.cases import code, good

YEARS = (2023, 2024)


@pytest.mark.parametrize("year", YEARS)
def test_each_year_has_242_trading_days(year: int) -> None:
    days = good(calendars.trading_days("cn", year))
    assert len(days) == 242
    assert list(days) == sorted(set(days))
    assert all(day.year == year and day.weekday() < 5 for day in days)


@pytest.mark.parametrize("year", YEARS)
def test_trading_days_are_exactly_the_dates_of_the_published_quotes(year: int, data_dir: Path) -> None:
    path = data_dir / "market" / "cea_daily_2021-07-16_2024-12-31.csv"
    with path.open(encoding="utf-8") as file:
        quoted = {date.fromisoformat(row["date"]) for row in csv.DictReader(file)}
    assert set(good(calendars.trading_days("cn", year))) == {day for day in quoted if day.year == year}


@pytest.mark.parametrize(("year", "count"), [(2023, 249), (2024, 251)])
def test_working_days_of_a_year(year: int, count: int) -> None:
    assert len(good(calendars.working_days("cn", year))) == count


@pytest.mark.parametrize(
    ("day", "trades", "works"),
    [
        ("2023-01-02", False, False),  # New Year
        ("2023-01-28", False, True),  # make-up Saturday
        ("2023-04-23", False, True),  # make-up Sunday
        ("2023-10-06", False, False),
        ("2023-10-09", True, True),
        ("2024-02-09", False, True),  # New Year's Eve: the exchange closed, offices were open
        ("2024-02-18", False, True),
        ("2024-09-14", False, True),
        ("2024-09-29", False, True),
        ("2024-10-07", False, False),
        ("2024-12-31", True, True),
        ("2024-12-28", False, False),  # plain Saturday
    ],
)
def test_days_that_differ(day: str, trades: bool, works: bool) -> None:
    on = date.fromisoformat(day)
    assert calendars.is_trading_day("cn", on) is trades
    assert calendars.is_working_day("cn", on) is works


@pytest.mark.parametrize(
    ("start", "n", "count_first", "end"),
    [
        ("2024-02-05", 1, True, "2024-02-05"),
        ("2024-02-05", 1, False, "2024-02-06"),
        ("2024-02-08", 3, True, "2024-02-18"),  # 8, 9, then the make-up Sunday after the festival
        ("2024-02-08", 3, False, "2024-02-19"),
        ("2024-02-10", 1, True, "2024-02-18"),  # a holiday is not day 1
        ("2024-02-10", 1, False, "2024-02-18"),
        ("2023-07-14", 20, True, "2023-08-10"),
        ("2023-07-14", 20, False, "2023-08-11"),
        ("2023-12-29", 2, True, "2024-01-02"),  # across the year
    ],
)
def test_adding_working_days(start: str, n: int, count_first: bool, end: str) -> None:
    answer = calendars.add_working_days("cn", date.fromisoformat(start), n, count_first=count_first)
    assert answer == date.fromisoformat(end)


def test_a_public_notice_of_20_working_days_counts_its_first_day(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2026-07-17 to 2026-08-13, as the voluntary market published it; no holiday falls in between."""
    write_year(tmp_path, "xx", 2026)
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    start = date(2026, 7, 17)
    assert calendars.add_working_days("xx", start, 20, count_first=True) == date(2026, 8, 13)
    assert calendars.add_working_days("xx", start, 20, count_first=False) == date(2026, 8, 14)


def test_a_year_without_a_calendar_is_refused() -> None:
    for answer in (
        calendars.trading_days("cn", 2020),
        calendars.working_days("cn", 2030),
        calendars.is_trading_day("cn", date(2030, 1, 2)),
        calendars.is_working_day("cn", date(2020, 12, 30)),
        calendars.trading_days("uk", 2024),
        calendars.add_working_days("cn", date(2026, 12, 30), 3, count_first=True),
    ):
        assert code(answer) == "RULE-3001"


@pytest.mark.parametrize("n", [0, -1])
def test_counting_no_days_is_refused(n: int) -> None:
    assert code(calendars.add_working_days("cn", date(2024, 1, 2), n, count_first=True)) == "RULE-3002"


def test_a_broken_calendar_says_what_is_wrong_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_year(tmp_path, "xx", 2026).write_text("[pack", encoding="utf-8")
    monkeypatch.setenv("TANSHU_PACKS", str(tmp_path))
    assert code(calendars.trading_days("xx", 2026)) == "RULE-1101"


days_of_2024 = st.dates(date(2024, 1, 1), date(2024, 10, 31))


@given(days_of_2024, st.integers(1, 30), st.booleans())
def test_the_nth_working_day_has_n_working_days_up_to_it(start: date, n: int, count_first: bool) -> None:
    end = good(calendars.add_working_days("cn", start, n, count_first=count_first))
    working = set(good(calendars.working_days("cn", 2024)))
    first = start if count_first else start + timedelta(1)
    between = [first + timedelta(i) for i in range((end - first).days + 1)]
    assert end in working
    assert sum(day in working for day in between) == n


def write_year(directory: Path, jurisdiction: str, year: int) -> Path:
    path = directory / jurisdiction / f"calendar.{year}.toml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(
        f"""
[pack]
name = "{jurisdiction}.calendar.{year}"
title = {{ zh = "测试日历", en = "Test calendar" }}
jurisdiction = "{jurisdiction}"
schema = "calendar"
status = "example"
effective_from = {year}-01-01
effective_to = {year}-12-31

[sources.test]
document = "测试"
number = ""
date = {year}-01-01

[year]
year = {year}
source = "test"
evidence = "assumed"

[holidays.new_year]
name = {{ zh = "元旦", en = "New Year's Day" }}
first = {year}-01-01
last = {year}-01-01
working_weekends = []
source = "test"
evidence = "assumed"

[exchange]
extra_closures = []
source = "test"
evidence = "assumed"
""",
        encoding="utf-8",
    )
    return path


def test_2025_has_the_published_number_of_trading_days():
    assert len(need(calendars.trading_days("cn", 2025))) == 243
    assert calendars.is_working_day("cn", date(2025, 1, 26))
    assert not calendars.is_trading_day("cn", date(2025, 2, 8))


# -- bank days ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", YEARS)
def test_bank_days_are_the_working_days_where_the_pack_names_no_others(year: int) -> None:
    assert good(calendars.bank_days("cn", year)) == good(calendars.working_days("cn", year))


@pytest.mark.parametrize(
    ("day", "banks", "following"),
    [
        ("2024-02-09", True, "2024-02-18"),  # New Year's Eve; then eight days of holidays
        ("2024-02-10", False, "2024-02-18"),  # the make-up Sunday is a bank day, and no trading day
        ("2024-11-02", False, "2024-11-04"),
        ("2024-12-31", True, "2025-01-02"),
    ],
)
def test_the_next_bank_day(day: str, banks: bool, following: str) -> None:
    on = date.fromisoformat(day)
    assert good(calendars.is_bank_day("cn", on)) is banks
    assert good(calendars.next_bank_day("cn", on)) == date.fromisoformat(following)


def test_the_next_bank_day_beyond_the_years_that_are_loaded_is_refused_with_RULE_3001() -> None:
    assert code(calendars.next_bank_day("hb", date(2024, 12, 31))) == "RULE-3001"
    assert code(calendars.is_bank_day("cn", date(1999, 1, 4))) == "RULE-3001"


def test_a_pack_names_the_banks_own_closures_and_openings(tmp_path: Path) -> None:
    packaged = packs.PACKAGED / "cn" / "calendar.2024.toml"
    text = packaged.read_text(encoding="utf-8")
    own = text.replace(
        "extra_closures = []\nopen_on_holidays = []",
        "extra_closures = [2024-12-31]\nopen_on_holidays = [2024-10-01]",
    )
    assert own != text
    (tmp_path / "cn").mkdir()
    (tmp_path / "cn" / packaged.name).write_text(own, encoding="utf-8")
    with packs.searching(tmp_path):
        days = good(calendars.bank_days("cn", 2024))
    assert date(2024, 10, 1) in days and date(2024, 12, 31) not in days
    assert list(days) == sorted(days)
    assert date(2024, 12, 31) in good(calendars.bank_days("cn", 2024))
