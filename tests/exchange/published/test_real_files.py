"""The published files themselves: which months agree, which errors stand behind those that do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from tanshu.base.refusal import Refusal
from tanshu.exchange.published import copies, months, reading
from tanshu.exchange.published.finder import findings
from tanshu.exchange.published.model import Finding, Kind, Row, weekdays
from tanshu.exchange.published.reading import Source
from tanshu.rules.calendars import is_trading_day
from tests.cli.conftest import at
from tests.support.market import Market

DAILY, MONTHLY = "cea_daily_2021-07-16_2024-12-31.csv", "cea_monthly_official_2021-07_2024-12.csv"
COPY_A, COPY_B = "hbea_daily_copy_a.csv", "hbea_daily_copy_b.csv"
Judged = tuple[Source, list[Row], list[Finding]]
Judge = Callable[[str], Judged]


def trades(day: date) -> bool | None:
    known = is_trading_day("cn", day)
    return weekdays(day) if isinstance(known, Refusal) else known


@pytest.fixture(scope="module")
def judged(data_dir: Path) -> Judge:
    found: dict[str, Judged] = {}

    def judge(name: str) -> Judged:
        if name not in found:
            source = reading.look(data_dir / "market" / name)
            rows, layout = list(reading.rows(source)), source.layout
            calendar = trades if layout.terms.calendar else weekdays
            told = findings(rows, layout.terms, period=layout.period, trades=calendar)
            found[name] = source, rows, told
        return found[name]

    return judge


def named(found: list[Finding], kind: Kind) -> list[tuple[str, str]]:
    return [(str(one.day), one.code) for one in found if one.kind is kind]


def test_the_national_file_has_these_errors_and_two_other_alarms(judged: Judge) -> None:
    source, rows, found = judged(DAILY)
    assert (source.layout.name, len(rows)) == ("cea-daily", 840)
    assert named(found, Kind.HARD) == [
        ("2023-01-06", "EXC-6108"),  # listing repeats the day before
        ("2023-10-30", "EXC-6108"),  # the block amount repeats that of two rows earlier
        ("2024-04-17", "EXC-6107"),  # listing, block and total in each other's columns
        ("2024-06-25", "EXC-6106"),  # ten tonnes too many
    ]
    assert named(found, Kind.SUSPECT) == [
        ("2021-12-24", "EXC-6301"),
        ("2023-09-18", "EXC-6307"),  # the published month proves it: below
        ("2024-10-11", "EXC-6307"),
    ]
    blanks = ["2022-07-19", "2022-07-20", "2022-08-05", "2023-11-27"]
    assert named(found, Kind.INCOMPLETE) == [(day, "EXC-6201") for day in blanks]


def test_36_of_42_months_equal_the_published_ones_and_the_other_six_are_explained(judged: Judge) -> None:
    _, rows, found = judged(DAILY)
    compared = {
        month: months.compare(
            month,
            [row for row in rows if f"{row.day:%Y-%m}" == month],
            official,
            [one for one in found if f"{one.day:%Y-%m}" == month],
        )
        for official in judged(MONTHLY)[1]
        for month in (f"{official.day:%Y-%m}",)
    }
    assert len(compared) == 42 and sum(one.equal for one in compared.values()) == 36
    volume = [one for month in compared.values() for one in month.series if (one.mode, one.what) == TOTAL_T]
    assert sum(one.equal for one in volume) == 41
    proven = {
        month: [(str(one.day), one.code) for one in said.findings if one.proposed]
        for month, said in compared.items()
        if not said.equal
    }
    assert proven == {
        "2022-08": [("2022-08-05", "EXC-6201")],
        "2023-01": [("2023-01-06", "EXC-6108")],
        "2023-09": [("2023-09-18", "EXC-6118")],
        "2023-10": [("2023-10-30", "EXC-6108")],
        "2024-04": [("2024-04-17", "EXC-6107")],
        "2024-06": [("2024-06-25", "EXC-6106")],
    }
    assert compared["2023-09"].findings[0].kind is Kind.HARD
    assert [str(one.day) for one in compared["2024-10"].cleared] == ["2024-10-11"]
    # what the published month proves, field by field
    assert dict(compared["2024-06"].proven[0][1]) == {"listing_volume": 69_010}
    assert compared["2022-08"].proven[0][1]["listing_volume"] == 68_765


TOTAL_T = ("total", "volume")


def test_the_published_months_agree_with_themselves(judged: Judge) -> None:
    _, rows, found = judged(MONTHLY)
    assert len(rows) == 42 and {one.kind for one in found} == {Kind.INCOMPLETE}


def test_the_hubei_copies_each_by_itself(judged: Judge) -> None:
    _, a, in_a = judged(COPY_A)
    _, b, in_b = judged(COPY_B)
    assert (len(a), len(b)) == (2171, 1459)
    assert named(in_a, Kind.HARD) == [("2021-09-27", "EXC-6113")]
    assert named(in_a, Kind.SUSPECT) == [("2016-12-26", "EXC-6302"), ("2021-02-26", "EXC-6302")]
    assert Counter(code for _, code in named(in_b, Kind.HARD)) == {
        "EXC-6104": 3,  # days twice
        "EXC-6105": 2,  # Saturdays
        "EXC-6114": 4,  # changes that the closes do not give
        "EXC-6115": 6,  # previous closes that no row has
    }
    assert not named(in_b, Kind.SUSPECT) and len(named(in_b, Kind.INCOMPLETE)) == 6


def test_the_hubei_copies_against_each_other(judged: Judge) -> None:
    told = copies.differences(judged(COPY_B)[1], judged(COPY_A)[1], "hbea-a")
    assert Counter(one.code for one in told) == {"EXC-6120": 25, "EXC-6203": 23, "EXC-6204": 8}
    swapped = {(str(one.day), one.fields[0]) for one in told if one.code == "EXC-6120"}
    assert {("2017-10-30", "total_amount"), ("2020-06-11", "total_volume")} <= swapped


def test_a_misdated_day_of_the_vintages_is_recognised(judged: Judge) -> None:
    told = copies.differences(judged("cea_by_vintage_three_days.csv")[1], judged(DAILY)[1], "cea-daily")
    assert {str(one.day) for one in told} == {"2023-07-27"}
    assert all("2023-09-27" in one.why.sentence("en") for one in told)


def test_13_guangdong_auctions_satisfy_every_bound_that_their_columns_allow(judged: Judge) -> None:
    _, rows, found = judged("guangdong_allowance_auctions.csv")
    assert len(rows) == 13 and {one.kind for one in found} == {Kind.INCOMPLETE}
    columns = [f"auction_{what}" for what in ("price", "volume", "amount")]
    bought = [tuple(row.cells[name] or 0 for name in columns) for row in rows]
    assert all(price * volume == amount for price, volume, amount in bought)
    assert bought[4] == (6_000, 679_471, 4_076_826_000)  # 679471.0000000001 in the file


def test_import_then_report_at_the_terminal(market: Market, data_dir: Path) -> None:
    tanshu, folder = at(market.database.url), data_dir / "market"
    said = tanshu("market", "import", str(folder / DAILY), "--as", "exchange-maker-1", "--json").ok().json
    assert said["kept"] == 840 and said["kinds"] == {"hard": 4, "incomplete": 4, "suspect": 3}
    tanshu("market", "import", str(folder / MONTHLY), "--as", "exchange-maker-1").ok()
    reports = {
        month: tanshu("market", "report", "--month", month, "--json").ok().json
        for month in ("2021-07", "2023-09", "2024-04", "2024-12")
    }
    equal = {month: report["official"]["equal"] for month, report in reports.items()}
    assert equal == {"2021-07": True, "2023-09": False, "2024-04": False, "2024-12": True}
    assert all(report["official"]["explained"] for report in reports.values())
    (one,) = reports["2023-09"]["findings"]
    assert (one["day"], one["kind"], one["code"]) == ("2023-09-18", "hard", "EXC-6118")
    december = reports["2024-12"]
    assert december["totals"]["block"]["volume_t"] == 61_829_762 and len(december["days"]) == 22
    assert december["close_fen"] == 9_749 and december["totals"]["listing"]["average_cny_per_t"] == "98.3774"
