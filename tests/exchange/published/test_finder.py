"""A clean year has nothing against it; every kind of error put into it is found and named."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tanshu.exchange.published.finder import AROUND, AROUND_MAX, findings, recent
from tanshu.exchange.published.model import Finding, Kind, Row, Terms
from tests.exchange.published.made import TERMS, changed, with_block, year

SEEDS = st.integers(0, 2**32)
PLAIN = ("total_cum_volume", "total_cum_amount", "total_average", "total_change", "total_prev_close")
"""Columns that repeat other cells: a year without them is judged by its legs and prices alone."""


def bare(rows: Sequence[Row]) -> list[Row]:
    return [replace(r, cells={k: v for k, v in r.cells.items() if k not in PLAIN}) for r in rows]


@settings(max_examples=20)
@given(SEEDS)
def test_a_clean_year_has_no_finding(seed: int) -> None:
    assert findings(year(seed, 120), TERMS) == []


# -- errors that are put in --------------------------------------------------------------------------------

Spoiled = tuple[list[Row], int]


def _columns_exchanged(rows: list[Row]) -> Spoiled:
    n = with_block(rows, 30)
    c = rows[n].cells
    turned = {}
    for what in ("volume", "amount"):
        turned |= {f"listing_{what}": c[f"total_{what}"], f"block_{what}": c[f"listing_{what}"]}
        turned |= {f"total_{what}": c[f"block_{what}"]}
    return changed(rows, n, **turned), n


def _leg_copied(rows: list[Row]) -> Spoiled:
    old = rows[40].cells
    return changed(rows, 41, listing_volume=old["listing_volume"], listing_amount=old["listing_amount"]), 41


def _amount_copied_from_further_back(rows: list[Row]) -> Spoiled:
    n = with_block(rows, 50)
    while not (old := next((r for r in rows[n - 6 : n - 1] if r.cells["block_amount"]), None)):
        n = with_block(rows, n + 1)
    return changed(rows, n, block_amount=old.cells["block_amount"]), n


def _leg_as_total(rows: list[Row]) -> Spoiled:
    n = with_block(rows, 60)
    return changed(rows, n, total_volume=rows[n].cells["block_volume"]), n


def _ten_times(rows: list[Row]) -> Spoiled:
    n = with_block(rows, 70)
    return changed(rows, n, block_amount=(rows[n].cells["block_amount"] or 0) * 10), n


def _a_digit(rows: list[Row]) -> Spoiled:
    n = with_block(rows, 80)
    return changed(rows, n, total_volume=(rows[n].cells["total_volume"] or 0) + 10), n


def _all_ten_times(rows: list[Row]) -> Spoiled:
    """Volume of listing and total: the legs still add up, the average does not lie in the quote."""
    n = next(n for n in range(85, 200) if not rows[n].cells["block_volume"])
    volume = (rows[n].cells["listing_volume"] or 0) * 10
    return changed(rows, n, listing_volume=volume, total_volume=volume), n


def _legs_exchanged(rows: list[Row]) -> Spoiled:
    """Two large legs; the block at a price that no listing trade had."""
    n = with_block(rows, 90)
    c = rows[n].cells
    lv, la = 200_000, (c["total_close"] or 0) * 200_000
    bv = c["block_volume"] or 0
    ba = bv * ((c["total_high"] or 0) + 300)
    cells = {"listing_volume": bv, "listing_amount": ba, "block_volume": lv, "block_amount": la}
    return changed(rows, n, **cells, total_volume=lv + bv, total_amount=la + ba), n


def _average_outside(rows: list[Row]) -> Spoiled:
    n = next(n for n in range(95, 200) if not rows[n].cells["block_volume"])
    amount = ((rows[n].cells["total_high"] or 0) + 7) * (rows[n].cells["listing_volume"] or 0)
    return changed(rows, n, listing_amount=amount, total_amount=amount), n


def _something_for_nothing(rows: list[Row]) -> Spoiled:
    c = rows[100].cells
    lv, la = c["listing_volume"] or 0, c["listing_amount"] or 0
    return changed(rows, 100, block_volume=0, block_amount=500, total_volume=lv, total_amount=la + 500), 100


def _close_outside(rows: list[Row]) -> Spoiled:
    return changed(rows, 110, total_open=(rows[110].cells["total_high"] or 0) + 1), 110


def _other_close(rows: list[Row]) -> Spoiled:
    low, close = rows[120].cells["total_low"] or 0, rows[120].cells["total_close"] or 0
    return changed(rows, 120, total_close=(low + close) // 2), 120


def _beyond_the_band(rows: list[Row]) -> Spoiled:
    return changed(rows, 130, total_high=(rows[129].cells["total_close"] or 0) * 112 // 100), 130


def _small_block(rows: list[Row]) -> Spoiled:
    c = rows[140].cells
    base = rows[139].cells["total_close"] or 0
    lv, la = c["listing_volume"] or 0, c["listing_amount"] or 0
    cells = {"block_volume": 99_999, "block_amount": 99_999 * base}
    return changed(rows, 140, **cells, total_volume=lv + 99_999, total_amount=la + 99_999 * base), 140


def _block_beyond(rows: list[Row]) -> Spoiled:
    c = rows[150].cells
    price = (rows[149].cells["total_close"] or 0) * 131 // 100
    lv, la = c["listing_volume"] or 0, c["listing_amount"] or 0
    cells = {"block_volume": 100_000, "block_amount": 100_000 * price}
    return changed(rows, 150, **cells, total_volume=lv + 100_000, total_amount=la + 100_000 * price), 150


def _block_slip(rows: list[Row]) -> Spoiled:
    """A block's amount without its last digit, the total summed from it."""
    c = rows[155].cells
    price = (rows[154].cells["total_close"] or 0) // 10
    lv, la = c["listing_volume"] or 0, c["listing_amount"] or 0
    cells = {"block_volume": 100_000, "block_amount": 100_000 * price}
    return changed(rows, 155, **cells, total_volume=lv + 100_000, total_amount=la + 100_000 * price), 155


def _weekend(rows: list[Row]) -> Spoiled:
    fridays = ((n, row.day) for n, row in enumerate(rows) if n >= 160 and row.day and row.day.weekday() == 4)
    n, friday = next(fridays)
    spoiled = list(rows)
    spoiled[n] = replace(rows[n], day=friday + timedelta(1))
    return spoiled, n


def _twice(rows: list[Row]) -> Spoiled:
    return [*rows[:171], replace(rows[170], number=999), *rows[171:]], 171


def _disorder(rows: list[Row]) -> Spoiled:
    return [*rows[:180], rows[181], rows[180], *rows[182:]], 181


def _blank(rows: list[Row]) -> Spoiled:
    return changed(rows, 190, block_volume=None, block_amount=None), 190


ERRORS: Sequence[tuple[Callable[[list[Row]], Spoiled], str, Kind]] = (
    (_columns_exchanged, "EXC-6107", Kind.HARD),
    (_leg_copied, "EXC-6108", Kind.HARD),
    (_amount_copied_from_further_back, "EXC-6108", Kind.HARD),
    (_leg_as_total, "EXC-6117", Kind.HARD),
    (_ten_times, "EXC-6116", Kind.HARD),
    (_a_digit, "EXC-6106", Kind.HARD),
    (_all_ten_times, "EXC-6116", Kind.HARD),
    (_legs_exchanged, "EXC-6118", Kind.HARD),
    (_average_outside, "EXC-6111", Kind.HARD),
    (_something_for_nothing, "EXC-6109", Kind.HARD),
    (_close_outside, "EXC-6110", Kind.HARD),
    (_other_close, "EXC-6301", Kind.SUSPECT),
    (_beyond_the_band, "EXC-6302", Kind.SUSPECT),
    (_small_block, "EXC-6303", Kind.SUSPECT),
    (_block_beyond, "EXC-6304", Kind.SUSPECT),
    (_block_slip, "EXC-6308", Kind.SUSPECT),
    (_weekend, "EXC-6105", Kind.HARD),
    (_twice, "EXC-6104", Kind.HARD),
    (_disorder, "EXC-6306", Kind.SUSPECT),
    (_blank, "EXC-6201", Kind.INCOMPLETE),
)
MENDED = (_columns_exchanged, _leg_copied, _amount_copied_from_further_back, _leg_as_total, _ten_times)
MENDED += (_legs_exchanged, _blank)
"""Errors whose right value follows from the row: it is among what is proposed."""


@pytest.mark.parametrize(("spoil", "code", "kind"), ERRORS, ids=lambda one: getattr(one, "__name__", None))
@settings(max_examples=4)
@given(seed=SEEDS)
def test_an_error_is_found_in_its_row_and_named(
    spoil: Callable[[list[Row]], Spoiled], code: str, kind: Kind, seed: int
) -> None:
    rows, n = spoil(bare(year(seed)))
    found = [one for one in findings(rows, TERMS) if one.row == rows[n].number]
    assert (code, kind) in {(one.code, one.kind) for one in found}, found
    assert all(one.why.sentence("zh") and one.why.sentence("en") for one in found)


@pytest.mark.parametrize("spoil", MENDED, ids=lambda one: one.__name__)
@settings(max_examples=4)
@given(seed=SEEDS)
def test_what_was_there_before_is_among_the_proposals(
    spoil: Callable[[list[Row]], Spoiled], seed: int
) -> None:
    clean = bare(year(seed))
    rows, n = spoil(clean)
    (one,) = (f for f in findings(rows, TERMS) if f.row == rows[n].number and f.repairs)
    if spoil is _legs_exchanged:
        return_to = {**rows[n].cells, **one.repairs[0]}
        assert one.proposed and return_to["listing_amount"] == rows[n].cells["block_amount"]
        return
    assert any({**rows[n].cells, **repair} == dict(clean[n].cells) for repair in one.repairs)


def test_one_cause_is_told_once() -> None:
    """Legs that do not add up put the listing average out of range, too: that is not a second finding."""
    rows, n = _columns_exchanged(bare(year(7)))
    assert [one.code for one in findings(rows, TERMS) if one.row == rows[n].number] == ["EXC-6107"]


# -- columns that repeat others ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "off", "code"),
    [
        ("total_average", 20_000, "EXC-6112"),
        ("total_cum_volume", -1, "EXC-6113"),
        ("total_cum_amount", 1, "EXC-6113"),
        ("total_change", 3, "EXC-6114"),
        ("total_prev_close", 1, "EXC-6115"),
    ],
)
def test_a_repeated_figure_that_differs_is_found_once(field: str, off: int, code: str) -> None:
    rows = year(3)
    rows = changed(rows, 50, **{field: (rows[50].cells[field] or 0) + off})
    assert code in {one.code for one in findings(rows, TERMS)}
    assert {one.row for one in findings(rows, TERMS)} == {rows[50].number}


def test_a_total_that_runs_on_wrongly_is_told_on_its_first_day_only() -> None:
    name = "total_cum_volume"
    clean = year(4)
    rows = clean[:60]
    for row in clean[60:]:
        rows.append(replace(row, cells={**row.cells, name: (row.cells[name] or 0) + 5}))
    assert [(one.row, one.code, len(one.repairs)) for one in findings(rows, TERMS)] == [
        (rows[60].number, "EXC-6113", 2)
    ]


# -- terms -------------------------------------------------------------------------------------------------


def test_a_composed_quote_binds_no_average_and_no_band() -> None:
    """What is out of range before the quote was composed is no alarm after."""
    rows = bare(year(5))
    spoiled, n = _average_outside(rows)
    spoiled, m = _beyond_the_band(spoiled)
    composed = replace(TERMS, composite_from=rows[0].day)
    assert {one.row for one in findings(spoiled, TERMS)} >= {rows[n].number, rows[m].number}
    assert findings(spoiled, composed) == []


def test_legs_far_apart_in_a_composed_quote_look_exchanged() -> None:
    cells = {"total_low": 7_442, "total_high": 7_493, "total_close": 7_460}
    cells |= {"listing_volume": 720_000, "listing_amount": 5_135_000_000}
    cells |= {"block_volume": 372_573, "block_amount": 2_791_039_900}
    row = Row(2, date(2030, 1, 1), "", cells)
    composed = replace(TERMS, composite_from=date(2030, 1, 1))
    (one,) = findings([row], composed)
    assert (one.code, one.kind) == ("EXC-6307", Kind.SUSPECT)
    near = replace(row, cells={**cells, "listing_amount": 720_000 * 7_300})
    assert findings([near], composed) == []  # within two per cent: an ordinary day of several vintages


def test_a_trading_day_that_is_not_there_is_missing_where_its_calendar_is_known() -> None:
    rows = bare(year(6, 30))
    gone = [*rows[:10], *rows[11:]]
    assert findings(gone, TERMS) == []

    def trades(day: date) -> bool:
        return day.weekday() < 5

    (one,) = findings(gone, TERMS, trades=trades)
    assert (one.code, one.kind, one.row) == ("EXC-6202", Kind.INCOMPLETE, rows[11].number)
    assert str(rows[10].day) in one.why.sentence("en")


def test_the_first_day_is_held_against_the_configured_reference() -> None:
    row = Row(2, date(2030, 1, 1), "", {"total_low": 4_300, "total_high": 5_281, "total_close": 5_000})
    terms = Terms(band=Decimal("0.10"), first_day=row.day, first_reference=4_800)
    assert [one.why.facts["value"] for one in findings([row], terms)] == ["43.00", "52.81"]


def test_vintages_are_judged_apart() -> None:
    """The close of another vintage is no base, and the same day twice is two vintages."""
    one, other = bare(year(8, 20)), bare(year(9, 20))
    other = [replace(row, vintage="22", number=row.number + 100) for row in other]
    mixed = [row for pair in zip(one, other, strict=True) for row in pair]
    assert findings(mixed, TERMS) == []


@pytest.mark.parametrize("vintages", [("",), ("21", "22", "23", "24", "25")])
def test_a_file_in_parts_is_judged_as_the_whole(vintages: tuple[str, ...]) -> None:
    one = bare(year(10))
    for spoil in (_leg_copied, _twice, _blank, _weekend, _other_close):
        one, _ = spoil(one)
    rows = [replace(row, vintage=vintage) for row in one for vintage in vintages]
    rows = [replace(row, number=n) for n, row in enumerate(rows, 2)]
    whole = findings(rows, TERMS)
    parts: list[Finding] = []
    size = 41 * len(vintages)  # the copied leg is in the first rows of a part
    for start in range(0, len(rows), size):
        part, after = rows[start : start + size], rows[start + size : start + size + AROUND_MAX]
        before = recent(rows[:start])
        assert len(before) <= AROUND * len(vintages)
        parts += findings(part, TERMS, before=before, after=after)
    assert parts == whole and len(whole) >= 5


# -- auctions ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("off", "code"),
    [
        ({}, ""),
        ({"auction_amount": 1}, "EXC-6121"),
        ({"auction_volume": 1_000, "auction_amount": 6_000_000, "auction_offered": 999}, "EXC-6122"),
        ({"auction_valid_bids": 999}, "EXC-6122"),
        ({"auction_top_bid": 5_999}, "EXC-6122"),
        ({"auction_reserve": 6_001}, "EXC-6122"),
        ({"auction_offered": None}, "EXC-6201"),
    ],
)
def test_an_auction_satisfies_price_times_volume_and_its_bounds(
    off: dict[str, int | None], code: str
) -> None:
    cells = {"auction_price": 6_000, "auction_volume": 1_000, "auction_amount": 6_000_000}
    cells |= {"auction_offered": 1_000, "auction_reserve": 6_000}
    cells |= {"auction_top_bid": 8_100, "auction_valid_bids": 5_000}
    row = Row(2, date(2030, 1, 1), "", {**cells, **off})
    assert {one.code for one in findings([row], Terms(), period="auction")} == ({code} if code else set())
