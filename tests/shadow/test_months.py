"""Made-up months: what was put in is found, its cause is named, and nothing else is said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.base.text import Text
from tanshu.shadow import faults, writing
from tanshu.shadow.model import Break, Kind
from tanshu.shadow.run import Result, run
from tests.support.databases import SqliteTemplate

BREAKS = 20
Told = tuple[date, Kind, str]


def computed(folder: Path, url: str, seed: int, breaks: int, **size: int) -> tuple[faults.Made, Result]:
    made = faults.make(seed, breaks, **size)
    writing.write(folder / "month", made)
    return made, run(folder / "month", url)


def told(found: Sequence[Break], put: Sequence[faults.Injected]) -> list[Told]:
    """Each break by day, kind, and whichever of its two names was meant."""
    meant = {tuple(one) for one in put}
    return sorted(
        (one.day, one.kind, one.trade if (one.day, one.kind, one.trade) in meant else one.subject)
        for one in found
    )


def holds(made: faults.Made, result: Result) -> None:
    assert told(result.breaks, made.injected) == sorted(tuple(one) for one in made.injected)


SEEDS = [*range(1, 11), *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(11, 26))]


@pytest.mark.parametrize("seed", SEEDS)
def test_twenty_breaks_of_a_month_are_found_and_nothing_else(seed: int, tmp_path: Path, sqlite_url: str):
    made, result = computed(tmp_path, sqlite_url, seed, BREAKS)
    assert len(made.injected) == BREAKS and len({one.kind for one in made.injected}) == BREAKS
    holds(made, result)


def test_every_kind_that_can_be_put_in_is_found_in_one_month(tmp_path: Path, sqlite_url: str):
    made, result = computed(tmp_path, sqlite_url, 101, len(faults.KINDS))
    assert {one.kind for one in made.injected} == set(faults.KINDS)
    holds(made, result)
    for one in result.breaks:
        assert one.cause.zh and one.cause.en and one.line > 0
    (one,) = [one for one in result.breaks if one.kind is Kind.QUANTITY]
    assert one.cause == Text(
        f"成交 {one.trade} 应交付 {one.ours:,} 吨,实际交付 {one.theirs:,} 吨。",
        f"Trade {one.trade} is of {one.ours:,} t; {one.theirs:,} t were delivered.",
    )
    assert one.difference == one.theirs - one.ours < 0  # type: ignore[operator]
    assert one.explains == 2


def test_a_month_without_breaks_has_no_finding(tmp_path: Path, sqlite_url: str):
    made, result = computed(tmp_path, sqlite_url, 5, 0)
    assert made.injected == [] and result.breaks == []
    assert result.clean_days == len(result.days) == 22


def test_the_months_have_several_breaks_on_a_day_and_at_a_subject():
    days, people = [], []
    for seed in range(1, 13):
        made = faults.make(seed, BREAKS)
        days += [len(made.injected) - len({one.day for one in made.injected})]
        for plan in made.days:
            hit = [one for one in plan.trades if one.number in plan.used]
            people += [name for one in hit for name in {one.buyer, one.seller}]
            days.append(len(people) - len(set(people)))
            people.clear()
    assert sum(days) > 40


@settings(max_examples=8)
@given(seed=st.integers(1_000, 10**6), breaks=st.integers(0, 9), days=st.integers(12, 14))
def test_small_months_hold(
    seed: int,
    breaks: int,
    days: int,
    tmp_path_factory: pytest.TempPathFactory,
    sqlite_template: SqliteTemplate,
):
    folder = tmp_path_factory.mktemp("small")
    with sqlite_template.fresh(folder) as url:
        made, result = computed(folder, url, seed, breaks, days=days, subjects=26, trades=8)
        holds(made, result)
