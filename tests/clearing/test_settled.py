"""What the house settled is read as trades wherever trades are read, and named in the register's papers."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from tanshu.base.refusal import need
from tanshu.book import serials as book_serials
from tanshu.clearing import queries
from tanshu.clearing.tables import CLEARING_FAIL
from tanshu.compliance import carry_over
from tanshu.insight import flows
from tanshu.insight.flows import Window
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry import exports, search, serials, settled, statement_views, statements
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tanshu.registry.settled import Dealt, SettledTrade
from tests.clearing.support import House
from tests.exchange.bridge.support import DAY, MONEY, NEXT, TRADING, Trading

SALES = (("a", "b", 1_000, 8_000), ("a", "c", 500, 8_000), ("b", "c", 200, 7_900))
DELIVERY = ("collect", "clear", "confirm", "review", "approve", "deliver")


def traded(trading: Trading) -> None:
    """Three trades, and the day is closed."""
    for seller, buyer, tonnes, price in SALES:
        trading.sell(getattr(trading, seller), tonnes, price)
        trading.buy(getattr(trading, buyer), tonnes, price)
    trading.done(trading.closes())


def delivered(house: House) -> int:
    """The house settles the day as far as delivery. Returns the entry of its block."""
    house.takes(*DELIVERY)
    with house.database.read() as conn:
        (block,) = queries.blocks(conn, DAY, house.trading.exchange.log)
    return block.seq


def ids(conn: Connection, trading: Trading) -> dict[str, str]:
    return {name: need(parties.subject(conn, getattr(trading, name))).id for name in ("a", "b", "c")}


def said(trade: SettledTrade) -> tuple[Any, ...]:
    """A trade without its name, which differs by who settled it."""
    return (
        trade.day,
        trade.mode,
        trade.instrument,
        trade.seller_id,
        trade.buyer_id,
        trade.quantity,
        trade.price_fen,
    )


def test_trades_are_the_same_whoever_settled_them(house: House) -> None:
    trading = house.trading
    traded(trading)
    with trading.market.database.read() as conn:
        assert settled.settled(conn) == []  # traded is not settled
    delivered(house)
    with trading.market.database.read() as conn:
        who = ids(conn, trading)
        found = settled.settled(conn)
        totals = settled.totals(conn)
    assert [one.transaction for one in found] == [f"cea 2024-01-02 #{n}" for n in (1, 2, 3)]
    assert [said(one) for one in found] == [
        (DAY, "listing", "CEA22", who[seller], who[buyer], tonnes, price)
        for seller, buyer, tonnes, price in SALES
    ]
    assert totals.of(who["a"], {"CEA22"}) == Dealt(1_500, 0)
    assert totals.of(who["b"], {"CEA22"}) == Dealt(200, 1_000)
    assert totals.of(who["b"], {"CEA21"}) == Dealt(0, 0)
    assert totals.amount_fen == sum(one.amount_fen for one in found)
    assert totals.average_price_fen() == 7_988


def test_transactions_of_an_exchange_that_settles_by_itself_say_the_same(house: House) -> None:
    trading = house.trading
    traded(trading)
    trading.delivers()
    with trading.market.database.read() as conn:
        who = ids(conn, trading)
        found, totals = settled.settled(conn), settled.totals(conn)
    assert [one[3:] for one in map(said, found)] == [
        (who[seller], who[buyer], tonnes, price) for seller, buyer, tonnes, price in SALES
    ]
    assert all(one.transaction.startswith("TX-") for one in found)
    assert (totals.trades, totals.tonnes, totals.of(who["b"], {"CEA22"})) == (3, 1_700, Dealt(200, 1_000))


def test_the_window_is_of_trading_days(house: House) -> None:
    trading = house.trading
    traded(trading)
    delivered(house)
    before, after = DAY - timedelta(days=1), DAY + timedelta(days=1)
    with trading.market.database.read() as conn:
        assert settled.totals(conn, DAY, DAY).trades == 3
        assert settled.totals(conn, after).trades == settled.totals(conn, None, before).trades == 0
        assert settled.totals(conn, after).average_price_fen() is None


def test_a_trade_that_failed_is_not_settled_and_the_others_keep_their_names(house: House) -> None:
    trading = house.trading
    traded(trading)
    blocked = trading.market.account(trading.a, TRADING)
    trading.market.set_state(blocked, "restricted")
    seq = delivered(house)
    with trading.market.database.read() as conn:
        found = settled.settled(conn)
        names = settled.named(conn, [seq << 16, seq << 16 | 1])
    assert [one.transaction for one in found] == ["cea 2024-01-02 #3"]
    assert {str(one) for one in names.values()} == {"cea 2024-01-02 #3"}


def test_a_part_that_failed_counts_when_it_is_delivered_after_all(house: House) -> None:
    """Trades 1 and 2 failed; 50 of the 200 t of trade 3, too. Then trade 1 comes with another entry."""
    trading = house.trading
    traded(trading)
    trading.market.set_state(trading.market.account(trading.a, TRADING), "restricted")
    seq = delivered(house)
    t = CLEARING_FAIL.c
    with house.database.write() as conn:
        row = dict(conn.execute(select(CLEARING_FAIL).where(t.trade == 1)).one()._mapping)
        conn.execute(insert(CLEARING_FAIL).values(**row | {"trade": 3, "quantity": 50, "amount": 50 * 7_900}))
        conn.execute(update(CLEARING_FAIL).where(t.trade == 1).values(state="delivered", ended_seq=seq - 1))
    with house.database.read() as conn:
        found = list(settled.in_order(conn))
        totals = settled.totals(conn)
    assert [(at, one.transaction, one.quantity) for at, one in found] == [
        (seq - 1, "cea 2024-01-02 #1", 1_000),
        (seq, "cea 2024-01-02 #3", 150),
    ]
    assert (totals.trades, totals.tonnes) == (2, 1_150)


def test_a_statement_names_the_trade_of_each_movement(house: House) -> None:
    trading = house.trading
    traded(trading)
    seq = delivered(house)
    with statements.reading(trading.book) as conn:
        for kind, changes in ((TRADING, (1_000, -200)), (MONEY, (-8_000_000, 1_580_000))):
            account = trading.market.account(trading.b, kind)
            found = need(statements.statement(conn, trading.book, account))
            lines = [line for line in found.lines if line.seq == seq]
            assert tuple(line.available_change + line.held_change for line in lines) == changes
            assert [line.reference for line in lines] == ["cea 2024-01-02 #1", "cea 2024-01-02 #3"]
            assert [line.transaction for line in lines] == [None, None]
            assert {line.what.zh.split(" · ")[0] for line in lines} == {"交易交收"}
            shown = statement_views.as_json(found)["movements"]
            assert [(one["trade"], one["price_fen"]) for one in shown if one["entry"] == seq] == [  # type: ignore[index]
                ("cea 2024-01-02 #1", 8_000),
                ("cea 2024-01-02 #3", 7_900),
            ]
            paper = str(statement_views.paper(conn, found))
            assert "cea 2024-01-02 #3 · 79.00 元/吨" in paper


def test_a_subjects_lines_include_what_the_house_delivered(house: House) -> None:
    trading = house.trading
    traded(trading)
    seq = delivered(house)
    with statements.reading(trading.book) as conn:
        owner = need(parties.subject(conn, trading.b))
        found = need(search.touching(conn, trading.book.log, owner.id, limit=1))
    assert [(one.seq, one.transaction, one.trade) for one in found.rows] == [
        (seq, None, "cea 2024-01-02 #1"),
        (seq, None, "cea 2024-01-02 #3"),
    ]
    assert [[line.quantity for line in one.lines] for one in found.rows] == [
        [1_000, 8_000_000],
        [200, 1_580_000],
    ]
    assert found.next == seq


def test_the_export_of_trades_has_what_the_house_settled_as_of_its_entry(house: House) -> None:
    trading = house.trading
    traded(trading)
    seq = delivered(house)
    with statements.reading(trading.book) as conn:
        newest = statements.newest(conn, trading.book.log)
        rows, before = (
            list(exports.EXPORTS["trades"].rows(conn, exports.moment_at(conn, trading.book.log, at, newest)))
            for at in (newest, seq - 1)
        )
    names = {"a": trading.a, "b": trading.b, "c": trading.c}
    assert rows == [
        (
            f"cea 2024-01-02 #{n}",
            DAY,
            "listing",
            "CEA22",
            names[seller],
            names[buyer],
            tonnes,
            price,
            tonnes * price,
            seq,
        )
        for n, (seller, buyer, tonnes, price) in enumerate(SALES, start=1)
    ]
    assert before == []


def test_a_units_life_names_the_trade_that_delivered_it(house: House) -> None:
    trading = house.trading
    traded(trading)
    seq = delivered(house)
    with book_serials.reading(trading.book) as conn:
        instrument = need(registry.instrument(conn, "CEA22"))
        account = need(parties.account(conn, trading.market.account(trading.c, TRADING)))
        ranges = book_serials.ranges(conn, trading.book.log, account.number, instrument.number)
        lives = [serials.life(conn, trading.book.log, instrument.number, one.start) for one in ranges]
    last = {str(life[-1].trade) for life in lives if life[-1].stay.since >> 16 == seq}
    assert last == {"cea 2024-01-02 #2", "cea 2024-01-02 #3"}
    assert all(turn.trade is None for life in lives for turn in life[:-1])


def test_the_years_flows_count_what_the_house_settled(house: House) -> None:
    trading = house.trading
    traded(trading)
    delivered(house)
    with trading.market.database.read() as conn:
        who = ids(conn, trading)
        found = flows.flows_of(conn, who.values(), 2022, Window(None, NEXT))
        before = flows.flows_of(conn, who.values(), 2022, Window(DAY, NEXT))
        instrument = need(registry.instrument(conn, "CEA22")).number
        state = trading.book.catch_up(conn)
        kinds = (AccountKind.REGISTRATION, AccountKind.TRADING)
        for name, (sold, bought) in {"a": (1_500, 0), "b": (200, 1_000), "c": (0, 700)}.items():
            flow = found.by_subject[who[name]]
            assert (flow.sold_t, flow.bought_t) == (sold, bought)
            cells = [
                state.cell(one.number, instrument)
                for one in parties.accounts_of(conn, who[name])
                if one.kind in kinds
            ]
            assert flow.left_t == sum(cell.available + cell.held for cell in cells)
            moved = before.by_subject[who[name]]
            assert (moved.sold_t, moved.bought_t, moved.left_t) == (0, 0, flow.left_t)
        assert not registry.transactions(conn, type="trade-settlement", state=TransactionState.EFFECTED)


def test_a_carry_over_counts_what_the_house_settled(house: House) -> None:
    trading = house.trading
    traded(trading)
    delivered(house)
    with trading.market.database.read() as conn:
        terms = carry_over.Terms.of(conn)
        subject = need(parties.subject(conn, trading.a))
        state = trading.book.catch_up(conn)
        (counted,) = carry_over.counted(conn, terms, (subject,), state, trading.book.tail.seq, {}).values()
        within = terms.day("trades_first") <= DAY <= terms.day("trades_last")
    assert counted.sold_t == (1_500 if within and "CEA22" in terms.old else 0)
