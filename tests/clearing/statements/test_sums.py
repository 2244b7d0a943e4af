"""Sums of trades by participant: whole numbers, the same as counted one by one."""

from __future__ import annotations

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tanshu.clearing.statements import computing, totals
from tanshu.clearing.statements.computing import Holdings, Money, People, Statements
from tanshu.clearing.trades import TradedDay, Trades

DAY = date(2024, 1, 2)
PARTIES = 4
SUBJECTS = ("", "s1", "s2", "s3", "s4")
LARGEST = 2**40
TRADE = st.tuples(
    st.integers(1, PARTIES), st.integers(1, PARTIES), st.integers(1, 2**20), st.integers(1, LARGEST // 2**20),
    *[st.integers(0, LARGEST)] * 4,
)  # fmt: skip


def day_of(rows: list[tuple[int, ...]]) -> TradedDay:
    """rows: buyer, seller, tonnes, price, the fees of both sides."""
    columns = np.array(rows, np.int64).reshape(-1, 8).T
    n = np.arange(1, len(rows) + 1)
    trades = Trades(n, np.ones_like(n), np.ones_like(n), *columns)
    nothing = np.zeros(PARTIES + 1, np.int64)
    return TradedDay(
        1, "cea", "cn.cea", DAY, 5, trades, nothing, nothing, SUBJECTS, nothing[:2], ("", "CEA22")
    )


def empty(count: int = PARTIES) -> Money:
    return Money(*(np.zeros(count, np.int64) for _ in Money._fields))


def summed(rows: list[tuple[int, ...]]) -> Money:
    money, day = empty(), day_of(rows)
    place = {subject: n for n, subject in enumerate(SUBJECTS[1:])}
    computing._add_trades(money, day, computing._places(day, place))
    return money


@given(st.lists(TRADE, max_size=30))
def test_sums_are_those_of_counting_trade_by_trade(rows: list[tuple[int, ...]]) -> None:
    money = summed(rows)
    for who in range(1, PARTIES + 1):
        bought = [row for row in rows if row[0] == who]
        sold = [row for row in rows if row[1] == who]
        at = who - 1
        assert money.trades[at] == len(bought) + len(sold)
        assert money.bought_t[at] == sum(row[2] for row in bought)
        assert money.sold_t[at] == sum(row[2] for row in sold)
        assert money.buys[at] == sum(row[2] * row[3] for row in bought)
        assert money.sells[at] == sum(row[2] * row[3] for row in sold)
        assert money.buy_fee[at] == sum(row[4] for row in bought)
        assert money.sell_fee[at] == sum(row[6] for row in sold)
        assert money.settlement_fee[at] == sum(row[5] for row in bought) + sum(row[7] for row in sold)


@given(st.lists(TRADE, max_size=30))
def test_all_together_pay_each_other_and_the_fees(rows: list[tuple[int, ...]]) -> None:
    money = summed(rows)
    all_together = totals.sums(money._replace(closing=money.opening + money.change))
    assert all_together.trades == 2 * len(rows)
    assert all_together.bought_t == all_together.sold_t
    assert all_together.buys == all_together.sells
    assert all_together.change == -(all_together.trading_fees + all_together.settlement_fees)


def statements(money: Money) -> Statements:
    people = People(SUBJECTS[1:], *(np.arange(1, PARTIES + 1) for _ in range(3)))
    return Statements(DAY, -1, people, money, Holdings(*(np.arange(2) for _ in Holdings._fields)))


def test_whoever_has_other_cash_than_the_day_makes_is_named_with_both_sums() -> None:
    money = summed([(1, 2, 10, 8_000, 24, 8, 24, 8)])
    money = money._replace(
        opening=np.full(PARTIES, 1_000_000), closing=np.full(PARTIES, 1_000_000) + money.change
    )
    assert statements(money).unequal() == []
    money.closing[1] += 1
    assert statements(money).unequal() == [("s2", 1_079_968, 1_079_969)]


def test_each_number_and_each_name_changes_the_hash() -> None:
    money = empty()
    hashes = {statements(money).hash()}
    for column in (*money, *statements(money).holdings):
        column[1] += 1
        found = statements(money)
        hashes.add(found.hash())
        column[1] -= 1
    assert len(hashes) == 1 + len(Money._fields)  # holdings are made anew for each
    other = statements(money)
    others = [
        other._replace(day=date(2024, 1, 3)),
        other._replace(people=other.people._replace(subject=("s1", "s2", "s3", "s5"))),
        *(
            other._replace(holdings=other.holdings._replace(**{name: np.array([0, 2])}))
            for name in Holdings._fields
        ),
    ]
    for one in others:
        assert one.hash() not in hashes


def test_cells_of_two_accounts_come_together_by_participant_and_instrument() -> None:
    people = People(("s1", "s2"), np.array([10, 20]), np.array([11, 21]), np.array([12, 0]))
    rows = [
        (10, 5, 900, 100),
        (11, 1, 60, 5),
        (11, 2, 7, 0),
        (12, 1, 40, 0),
        (20, 5, 1, 0),
        (21, 2, 0, 3),
        (99, 1, 8, 0),
    ]
    cells = np.array([(account << 20 | what, free, held) for account, what, free, held in rows])
    found = computing._holdings(people, cells, 5)
    assert list(zip(*(column.tolist() for column in found), strict=True)) == [
        (0, 1, 60, 5, 40, 0),
        (0, 2, 7, 0, 0, 0),
        (1, 2, 0, 3, 0, 0),
    ]
    money = empty(2)
    computing._add_cash(money, people, cells, 5)
    assert money.closing.tolist() == [1_000, 1]
    assert money.available.tolist() == [900, 1]
