"""A month beside its published figures: what they prove, clear, leave unexplained; copies side by side."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from tanshu.exchange.published import copies, months
from tanshu.exchange.published.finder import findings
from tanshu.exchange.published.model import SUMS, Kind, Row, Terms
from tests.exchange.published.made import changed, with_block, year

MONTH = "2030-01"
COMPOSED = Terms(quote_of="listing", composite_from=date(2030, 1, 1), block_min_t=100_000)


def january(seed: int = 1) -> list[Row]:
    return [row for row in year(seed, 23) if row.day and row.day.month == 1]


def official(rows: list[Row]) -> Row:
    """The published month: the sums of rows as they were before anything was spoiled."""
    return Row(2, date(2030, 1, 1), "", months.sums(rows))


def exchanged(rows: list[Row], n: int) -> list[Row]:
    c = rows[n].cells
    turned = {
        f"{leg}_{what}": c[f"{other}_{what}"]
        for leg, other in (("listing", "block"), ("block", "listing"))
        for what in ("volume", "amount")
    }
    return changed(rows, n, **turned)


def test_an_equal_month_proves_nothing_and_is_equal_in_six_figures() -> None:
    rows = january()
    said = months.compare(MONTH, rows, official(rows), [])
    assert said.equal and len(said.series) == 6 and not said.findings and not said.proven


def test_of_three_possible_repairs_the_published_month_proves_one() -> None:
    rows = january()
    n = with_block(rows, 5)
    spoiled = changed(rows, n, listing_volume=(rows[n].cells["listing_volume"] or 0) + 10)
    found = findings(spoiled, COMPOSED)
    assert len(found[0].repairs) == 3 and found[0].proposed is None
    said = months.compare(MONTH, spoiled, official(rows), found)
    assert [(one.mode, one.what, one.difference) for one in said.series if not one.equal] == [
        ("listing", "volume", 10)
    ]
    assert said.findings[0].proposed == {"listing_volume": rows[n].cells["listing_volume"]}


def test_exchanged_legs_that_nothing_in_the_file_betrays_are_found_by_the_published_month() -> None:
    rows = january()
    n = with_block(rows, 8)
    spoiled = exchanged(rows, n)
    assert findings(spoiled, Terms()) == []
    said = months.compare(MONTH, spoiled, official(rows), [])
    (one,) = said.findings
    assert (one.code, one.kind, one.day) == ("EXC-6118", Kind.HARD, rows[n].day)
    assert "published month" in one.why.sentence("en")


def test_two_errors_of_one_month_are_proven_together() -> None:
    rows = january()
    n = with_block(rows, 3)
    m = with_block(rows, n + 1)
    spoiled = changed(exchanged(rows, m), n, block_volume=None, block_amount=None)
    said = months.compare(MONTH, spoiled, official(rows), findings(spoiled, COMPOSED))
    assert {one.day for one, _ in said.proven} == {rows[n].day, rows[m].day}


def test_a_suspicion_that_the_published_month_contradicts_is_cleared() -> None:
    rows = january()
    n = with_block(rows, 8)
    c = rows[n].cells
    price = (c["block_amount"] or 0) // (c["block_volume"] or 1)
    bought = 150_000, 150_000 * price * 11 // 10  # of a dearer vintage: far outside the composed quote
    cells = {
        "listing_volume": bought[0],
        "listing_amount": bought[1],
        "total_low": price,
        "total_high": price,
    }
    cells |= {
        f"total_{what}": own + (c[f"block_{what}"] or 0) for what, own in zip(SUMS, bought, strict=True)
    }
    rows = changed(rows, n, **cells)
    found = [one for one in findings(rows, COMPOSED) if one.code == "EXC-6307"]
    assert [one.row for one in found] == [rows[n].number]
    said = months.compare(MONTH, rows, official(rows), found)
    assert said.equal and said.cleared == tuple(found) and said.findings == tuple(found)


def test_a_difference_that_no_day_explains_stays_a_finding_of_the_month() -> None:
    rows = january()
    off = {**official(rows).cells, "total_amount": 1}
    said = months.compare(MONTH, rows, replace(official(rows), cells=off), [])
    (one,) = said.findings
    assert (one.code, one.kind, one.fields) == ("EXC-6119", Kind.HARD, ("total_amount",))
    assert not said.proven and not said.cleared


def test_two_days_that_explain_it_equally_well_prove_nothing() -> None:
    """Exchanged, the first has the legs that the second has by right: nobody can tell which is wrong."""
    rows = january()
    n = with_block(rows, 3)
    legs = {name: value for name, value in rows[n].cells.items() if name.startswith(("listing", "block"))}
    totals = {f"total_{what}": rows[n].cells[f"total_{what}"] for what in SUMS}
    rows = exchanged(changed(rows, n + 1, **legs, **totals), n + 1)
    said = months.compare(MONTH, exchanged(rows, n), official(rows), [])
    assert not said.proven and {one.code for one in said.findings} == {"EXC-6119"}


def test_two_copies_differ_by_day_and_field_and_in_the_days_they_have() -> None:
    mine, its = january(), january()
    mine = changed(mine, 4, total_close=1)
    its = [*its[:8], *its[9:]]
    mine = [*mine[:12], *mine[13:]]
    told = copies.differences(mine, its, "other")
    assert [(one.day, one.code, one.kind) for one in told] == [
        (mine[4].day, "EXC-6120", Kind.HARD),
        (mine[8].day, "EXC-6204", Kind.INCOMPLETE),
        (its[11].day, "EXC-6203", Kind.INCOMPLETE),
    ]
    assert copies.differences(mine, mine, "other") == []


def test_vintages_together_are_held_against_the_whole_and_a_wrong_date_is_recognised() -> None:
    whole = january()
    halves = [replace(row, vintage=vintage) for row in whole[:6] for vintage in ("21", "22")]
    doubled = [
        replace(row, cells={name: 2 * (row.cells[name] or 0) for name in months.sums([row])}) for row in whole
    ]
    assert copies.differences(halves, doubled, "whole") == []
    misdated = [replace(row, day=whole[9].day) if row.day == whole[2].day else row for row in halves]
    told = copies.differences(misdated, doubled, "whole")
    assert {one.day for one in told} == {whole[9].day}
    assert str(whole[2].day) in told[0].why.sentence("en")
