"""Statements of settlement days: everybody's add up, and together they are the market's report."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, update

from tanshu.base.refusal import Refusal, need
from tanshu.clearing.model import DayState
from tanshu.clearing.statements import customer, totals
from tanshu.clearing.statements.computing import compute
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_FAIL, CLEARING_MARKET
from tanshu.clearing.trades import read_day
from tanshu.exchange.engine.records import Side
from tanshu.exchange.tables import MARKET
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tests.clearing.statements.support import (
    BEFORE_STATED,
    after_the_close,
    next_day,
    report,
    row,
    statement,
    traded,
)
from tests.clearing.support import House
from tests.exchange.bridge.support import CASH, DAY, MONEY, NEXT, TRADING

REGISTRATION = AccountKind.REGISTRATION
A_SELLS, A_TRADING, A_SETTLEMENT = 300 * 8_000 + 700 * 8_100, 720 + 1_701, 240 + 567
"""Fen: 1,000 t at two prices; fees of 300 ppm and 100 ppm."""


def test_a_participants_statement_has_every_fen_of_the_day(house: House) -> None:
    t = house.trading
    t.pays_in(t.a, 500_000)
    traded(house)
    house.after_the_close()
    house.settles()
    a = row(house, t.a)
    assert (a.opening, a.cash_in, a.cash_out, a.other) == (0, CASH + 500_000, 0, 0)  # founded this morning
    assert (a.trades, a.bought_t, a.sold_t) == (2, 0, 1_000)
    assert (a.buys, a.sells, a.buy_fee) == (0, A_SELLS, 0)
    assert (a.sell_fee, a.settlement_fee) == (A_TRADING, A_SETTLEMENT)
    assert a.closing == CASH + 500_000 + A_SELLS - A_TRADING - A_SETTLEMENT
    assert (a.available, a.held) == t.has(t.a, MONEY, "CNY")
    b = row(house, t.b)
    assert (b.bought_t, b.sold_t, b.buys, b.sells) == (300, 100, 2_400_000, 790_000)
    assert (b.buy_fee, b.sell_fee, b.settlement_fee) == (720, 237, 240 + 79)
    assert b.cash_in - 2_400_000 + 790_000 - 720 - 237 - 319 == b.closing


def test_all_statements_together_are_the_markets_report(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.settles()
    found = report(house)
    assert found.agrees
    assert found.ours == found.theirs
    assert found.ours.trades == 2 * 3
    assert (found.ours.bought_t, found.ours.buys) == (1_100, 300 * 8_000 + 700 * 8_100 + 100 * 7_900)
    assert found.ours.trading_fees == found.markets[0].trading_fees
    assert found.closing - found.opening == found.ours.change
    banks = [one.amount for one in found.house if one.account.kind == "bank"]
    house_money = sum(one.amount for one in found.house if one.account.kind != "bank")
    assert sum(banks) == found.closing + house_money
    with house.database.read() as conn:
        assert totals.check_told(conn, DAY) is None


def test_a_participant_without_trades_has_a_statement_too(house: House) -> None:
    t = house.trading
    t.sell(t.a, 10)
    t.buy(t.b, 10)
    house.after_the_close()
    house.settles()
    c = statement(house, t.c)
    assert c.trades == c.fails == ()
    assert c.money.cash_in == c.money.closing == CASH
    assert [(one.instrument.code, one.total) for one in c.holdings] == [("CEA22", 100_000)]


def test_holdings_are_told_by_account_and_vintage(house: House) -> None:
    t = house.trading
    t.market.give(t.a, 77, "CEA19-20")
    traded(house)
    house.after_the_close()
    house.settles()
    holdings = {one.instrument.code: one for one in statement(house, t.a).holdings}
    assert set(holdings) == {"CEA22", "CEA19-20"}
    assert holdings["CEA19-20"].registration_available == 77
    assert (holdings["CEA22"].trading_available, holdings["CEA22"].trading_held) == t.has(t.a, TRADING)
    assert holdings["CEA22"].registration_available == t.has(t.a, REGISTRATION)[0]


def test_the_next_day_opens_where_the_last_one_closed_and_money_moves_in_between(house: House) -> None:
    t = house.trading
    traded(house)
    house.after_the_close()
    house.settles()
    t.pays_in(t.b, 123_456)  # in the evening: it is the next day's
    next_day(house)
    t.sell(t.b, 50, 8_050)
    t.buy(t.c, 50, 8_050)
    paid = t.market.done(
        t.maker(t.c),
        "cash-withdrawal",
        ("CNY", 1_000, t.market.account(t.c, MONEY)),
        by=("registry-checker-1",),
    )
    after_the_close(house, NEXT)
    house.settles(NEXT)
    b, c = row(house, t.b, NEXT), row(house, t.c, NEXT)
    assert b.opening == row(house, t.b).closing
    assert (b.cash_in, b.cash_out) == (123_456, 0)
    assert (c.cash_in, c.cash_out) == (0, 1_000)
    assert c.opening - 1_000 - c.buys - c.buy_fee - c.settlement_fee == c.closing
    assert [(one.transaction, one.type, one.amount) for one in statement(house, t.c, NEXT).cash] == [
        (paid, "cash-withdrawal", -1_000)
    ]
    assert report(house, NEXT).agrees
    assert len(statement(house, t.b).cash) == 1  # the day before is as it was
    assert report(house).agrees


def test_a_trade_that_failed_is_shown_and_its_money_is_not_counted(house: House) -> None:
    t = house.trading
    traded(house)
    house.after_the_close()
    t.market.set_state(t.market.account(t.c, TRADING), "restricted")
    house.settles()
    c, a = statement(house, t.c), row(house, t.a)
    assert [(one.number, one.side, one.quantity, one.why, one.late) for one in c.fails] == [
        (2, Side.BUY, 700, "stopped", False),
        (3, Side.BUY, 100, "stopped", False),
    ]
    assert (c.money.bought_t, c.money.failed_bought_t) == (800, 800)
    assert c.money.buys == c.money.failed_buys == 700 * 8_100 + 100 * 7_900
    assert c.money.failed_fees == c.money.buy_fee + c.money.settlement_fee
    assert c.money.cash_in == c.money.closing == CASH
    assert (a.failed_sold_t, a.failed_sells, a.failed_fees) == (700, 5_670_000, 1_701 + 567)
    assert report(house).agrees


def test_what_failed_and_was_delivered_later_counts_on_the_later_day(house: House) -> None:
    t = house.trading
    traded(house)
    house.after_the_close()
    t.market.set_state(t.market.account(t.c, TRADING), "restricted")
    house.settles()
    seq = house.row().sealed_seq
    altered(
        house,
        update(CLEARING_FAIL).where(CLEARING_FAIL.c.trade == 2).values(state="delivered", ended_seq=seq),
    )
    with house.book.reading() as (conn, state):
        made = need(compute(conn, state, NEXT, []))
        theirs = totals.of_market(conn, NEXT)
        subjects = {one: need(parties.subject(conn, one)).id for one in (t.a, t.b, t.c)}
    late = 700 * 8_100
    by_name = dict(zip(made.people.subject, made.money.late_buys.tolist(), strict=True))
    assert by_name == {subjects[t.a]: 0, subjects[t.b]: 0, subjects[t.c]: late}
    ours = totals.sums(made.money)
    assert (ours.late_buys, ours.late_sells, ours.late_fees) == (late, late, 2 * (1_701 + 567))
    assert (theirs.late_buys, theirs.late_sells, theirs.late_fees) == (late, late, ours.late_fees)
    # Nothing moved in the book: what it would have is what is missing.
    wrong = {one.subject: one.closing - one.expected for one in made.unequal()}
    assert wrong == {subjects[t.a]: -(late - 2_268), subjects[t.c]: late + 2_268}


def test_what_was_stated_is_what_would_be_stated_again(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.takes(*BEFORE_STATED)
    with house.book.reading() as (conn, state):
        first = need(compute(conn, state, DAY, [need(read_day(conn, house.trading.exchange.log, DAY))]))
    house.takes("state")
    assert house.row().statements_hash == first.hash()
    assert house.row().state == DayState.STATED


# -- refusals ----------------------------------------------------------------------------------------------


def altered(house: House, *changes: Any) -> None:
    """Rows altered behind the log's back."""
    with house.database.write() as conn:
        for change in changes:
            conn.execute(change)


def test_cash_that_does_not_add_up_is_refused_with_CLR_5001(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.settles()
    altered(house, update(CLEARING_STATEMENT).values(closing=CLEARING_STATEMENT.c.closing + 1))
    next_day(house)
    after_the_close(house, NEXT)
    house.takes(*BEFORE_STATED, day=NEXT)
    refused = house.take("state", NEXT)[-1]
    assert isinstance(refused, Refusal)
    assert refused.code == "CLR-5001"
    assert refused.facts["count"] == 3
    assert str(refused.facts["subject"]).endswith("电厂")


def test_statements_that_are_not_what_the_market_traded_are_refused_with_CLR_5002(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.takes(*BEFORE_STATED)
    altered(house, update(CLEARING_MARKET).values(tonnes=CLEARING_MARKET.c.tonnes + 1))
    refused = house.take("state")[-1]
    assert isinstance(refused, Refusal)
    assert refused.code == "CLR-5002"
    assert refused.sentence("en").startswith(
        "The statements of 2024-01-02 do not sum to the market's report: tonnes"
    )


def test_markets_of_two_currencies_are_refused_with_CLR_5003(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.takes(*BEFORE_STATED)
    altered(house, insert(MARKET).values(log=9, name="other", pack="cn.cea", currency=1, seq=1))
    refused = house.take("state")[-1]
    assert isinstance(refused, Refusal)
    assert refused.code == "CLR-5003"


def test_before_it_is_reconciled_nothing_is_stated_CLR_1002(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.takes(*BEFORE_STATED[:-1])
    refused = house.take("state")[-1]
    assert isinstance(refused, Refusal)
    assert refused.code == "CLR-1002"


def test_asking_for_what_is_not_there_is_refused_with_CLR_1001_CLR_5004_and_CLR_5005(house: House) -> None:
    t = house.trading

    def asked(conn: Connection, handle: str) -> str:
        outcome = customer.customer_statement(conn, house.book, DAY, handle)
        assert isinstance(outcome, Refusal)
        return outcome.code

    with house.database.read() as conn:
        assert asked(conn, t.a) == "CLR-1001"
    traded(house)
    house.after_the_close()
    house.takes(*BEFORE_STATED)
    with house.database.read() as conn:
        assert asked(conn, t.a) == "CLR-5004"
    house.takes("state")
    with house.database.read() as conn:
        assert asked(conn, "hubei") == "CLR-5005"


def test_a_day_whose_statements_were_altered_is_not_sealed_CLR_5002(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.takes(*BEFORE_STATED, "state")
    altered(house, update(CLEARING_STATEMENT).values(settlement_fee=CLEARING_STATEMENT.c.settlement_fee + 1))
    refused = house.take("seal")[-1]
    assert isinstance(refused, Refusal)
    assert refused.code == "CLR-5002"


def test_a_told_statement_that_was_altered_no_longer_sums_to_the_market(house: House) -> None:
    traded(house)
    house.after_the_close()
    house.settles()
    altered(house, delete(CLEARING_STATEMENT).where(CLEARING_STATEMENT.c.sold_t > 0))
    with house.database.read() as conn:
        refused = totals.check_told(conn, DAY)
    assert isinstance(refused, Refusal)
    assert refused.code == "CLR-5002"
    assert not report(house).agrees
