"""The figures of a year against sums made another way: plain SQL over the register's lines."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import text

from tanshu.insight.figures import YearFigures, percent, year_figures
from tanshu.parties.model import AccountKind
from tests.insight.conftest import RunYear
from tests.support.market import YEAR, Market

LISTED = "(select distinct subject_id from covered_entity where year = 2023)"
LINES = (
    "from transaction_line l join registry_transaction t on t.id = l.transaction_id "
    "join instrument i on i.number = l.instrument join account a on a.number = {side} "
    "where t.state = 'effected' and i.kind = 'allowance' "
)


def one(hubei: RunYear, sql: str) -> int:
    with hubei.installation.database.read() as conn:
        return int(conn.execute(text(sql)).scalar() or 0)


def credited(hubei: RunYear, where: str) -> int:
    lines = LINES.format(side="l.credit")
    return one(hubei, f"select sum(l.quantity) {lines} and a.subject_id in {LISTED} and {where}")


def debited(hubei: RunYear, where: str) -> int:
    lines = LINES.format(side="l.debit")
    return one(hubei, f"select sum(l.quantity) {lines} and a.subject_id in {LISTED} and {where}")


def test_totals_are_the_sums_of_the_registers_lines(hubei: RunYear) -> None:
    f = hubei.figures
    assert f.entities == f.compliant == 46
    assert f.allocated_t == credited(
        hubei, "t.type in ('pre-allocation', 'final-allocation') and t.year = 2023"
    )
    assert f.opening_t == credited(hubei, "t.type = 'final-allocation' and t.batch = 'opening'")
    assert f.surrendered_t == debited(hubei, "t.type = 'surrender'")
    listed = {one.uscc for one in hubei.run.facts.entities}
    assert f.bought_t == sum(one.quantity for one in hubei.run.year.trades if one.buyer in listed)
    assert f.sold_t == sum(one.quantity for one in hubei.run.year.trades if one.seller in listed)
    offset = (
        "select sum(l.quantity) from transaction_line l join registry_transaction t "
        "on t.id = l.transaction_id where t.type = 'offset' and t.state = 'effected'"
    )
    assert f.offset_t == one(hubei, offset)
    assert f.surrendered == {
        code: debited(hubei, f"t.type = 'surrender' and i.code = '{code}'") for code in f.surrendered
    }


def test_when_all_comply_what_was_emitted_is_what_was_paid(hubei: RunYear) -> None:
    f = hubei.figures
    assert f.verified_t == f.surrendered_t + f.offset_t == f.obligation_t
    assert f.short_t == f.short_at_deadline_t == f.paid_late_t == 0
    assert f.status == f.status_at_deadline == {"compliant": 46}


def test_a_trade_counts_once_though_both_sides_are_listed(hubei: RunYear) -> None:
    f = hubei.figures
    assert f.traded_t == sum(one.quantity for one in hubei.run.year.trades)
    assert f.bought_t + f.sold_t > f.traded_t, "some trades have both sides on the list"
    assert f.trades == sum(row.trades for row in f.by_mode) == sum(row.trades for row in f.by_month)
    for grouped in (f.by_mode, f.by_month, f.by_month_and_mode, f.by_day_and_mode):
        assert sum(row.volume_t for row in grouped) == f.traded_t
        assert sum(row.amount_fen for row in grouped) == f.amount_fen


def test_block_averages_meet_the_published_ones_to_the_fen(hubei: RunYear) -> None:
    """Listing trades lie about the closes of their days; the auction has a price of its own."""
    published = hubei.run.facts.prices_fen
    found = {(row.month, row.mode): row.average_price for row in hubei.figures.by_month_and_mode}
    assert found.keys() - published.keys() == {("2024-11", "auction")}
    for (month, mode), fen in published.items():
        if mode == "block":
            assert found[month, mode] == Decimal(fen) / 100


def test_every_entitys_flows_end_at_what_the_book_holds(hubei: RunYear) -> None:
    for row in hubei.figures.rows:
        units = sum(quantity for code, quantity in row.holdings.items() if code.startswith("CEA"))
        assert row.left_t == units, row.name
        gained = row.opening_t + row.allocated_t + row.bought_t + row.other_t
        assert gained - row.sold_t - row.surrendered_t == row.left_t
        assert row.gap_t == (row.approved_t or 0) - (row.verified_t or 0)
    f = hubei.figures
    assert f.left_t == sum(day.change_t for day in f.days)
    assert f.surrendered_t == sum(day.surrendered_t for day in f.days)
    assert f.offset_t == sum(day.offset_t for day in f.days)


def test_nothing_is_made_or_lost(hubei: RunYear) -> None:
    assert hubei.figures.conservation == dict.fromkeys(
        ("CEA19-20", "CEA21", "CEA22", "CEA23", "CCER", "CNY"), 0
    )


def test_the_figures_are_plain_data(hubei: RunYear) -> None:
    plain = hubei.figures.as_json()
    again = json.loads(json.dumps(plain))
    assert again["verified_t"] == hubei.figures.verified_t
    assert again["average_price"] == str(hubei.figures.average_price)
    assert len(again["rows"]) == 46
    assert again["hash"] == hubei.installation.book.tail.hash.hex()


@pytest.mark.parametrize(
    ("part", "whole", "answer"),
    [
        (-25_498, 837_646, "-3.04"),
        (1, 3, "33.33"),
        (1, 8_000, "0.01"),  # 0.0125 %
        (3, 8_000, "0.04"),  # 0.0375 %
        (0, 5, "0.00"),
        (5, 0, None),
        (None, 5, None),
        (5, None, None),
    ],
)
def test_per_cent_is_exact_and_half_up(part: int | None, whole: int | None, answer: str | None) -> None:
    assert percent(part, whole) == (None if answer is None else Decimal(answer))


# -- the small market, on both databases -------------------------------------------------------------------


def figures_of(market: Market, *, today: date | None = None) -> YearFigures:
    with market.database.read() as conn:
        return year_figures(conn, market.book.catch_up(conn), YEAR, today=today)


def test_a_late_payer_is_short_at_the_deadline_and_compliant_now(market: Market) -> None:
    market.give(market.plant_a, 1_500)
    market.emit(market.plant_a, 1_000)
    market.emit(market.plant_b, 400)
    market.today(date(2025, 1, 2))
    id = market.accepted(market.surrender("plant-a-maker-1", market.plant_a, 1_000))["id"]
    for checker in ("plant-a-checker-1", "hubei-checker-1", "registry-checker-1"):
        market.accepted(market.approve(checker, id))
    f = figures_of(market)
    assert f.status == {"short": 1, "compliant": 1}
    assert f.status_at_deadline == {"short": 2}
    assert (f.short_t, f.short_at_deadline_t, f.paid_late_t) == (400, 1_400, 1_000)
    assert (f.opening_t, f.surrendered_t, f.left_t, f.compliant) == (1_500, 1_000, 500, 1)
    a = next(row for row in f.rows if row.code == market.plant_a)
    assert a.carry_over_t == 0, "late: nothing may be carried over"
    assert f.traded_t == 0 and f.average_price is None and f.by_mode == ()


def test_before_the_deadline_nobody_has_a_status_at_it(market: Market) -> None:
    market.emit(market.plant_a, 1_000)
    f = figures_of(market)
    assert f.status == {"short": 1}
    assert f.status_at_deadline == {}
    assert f.short_at_deadline_t == 0
    assert f.rows[0].gap_t is None and f.rows[0].gap_rate is None


def test_moves_between_own_accounts_are_no_flow(market: Market) -> None:
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 300)
    registration = market.account(market.plant_a)
    trading = market.account(market.plant_a, AccountKind.TRADING)
    market.accepted(
        market.propose("plant-a-maker-1", "position-transfer", ("CEA22", 250, registration, trading))
    )
    row = figures_of(market).rows[0]
    assert (row.opening_t, row.bought_t, row.sold_t, row.other_t, row.left_t) == (1_000, 0, 0, 0, 1_000)


def test_what_belongs_to_no_heading_is_told_apart(market: Market) -> None:
    market.give(market.plant_a, 1_000)
    market.emit(market.plant_a, 300)
    market.done(
        "plant-a-maker-1",
        "voluntary-cancellation",
        ("CEA22", 100, market.account(market.plant_a)),
        by=("plant-a-checker-1", "registry-checker-1"),
    )
    row = figures_of(market).rows[0]
    assert (row.opening_t, row.other_t, row.left_t) == (1_000, -100, 900)
