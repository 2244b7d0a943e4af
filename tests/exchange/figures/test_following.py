"""Tables that follow a market's log say what its engine says, however the log is cut, and come back so."""

from __future__ import annotations

from datetime import date, time
from random import Random

import pytest
from sqlalchemy import select

from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.database import Database, metadata
from tanshu.book import projections
from tanshu.exchange.engine import session
from tanshu.exchange.engine.board import BoardDesk
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import MODES, Gone, Mode, Op, Phase, Row, Side, encode, row
from tanshu.exchange.engine.state import (
    AMOUNT,
    HIGH,
    LAST,
    LOW,
    O_FEES,
    O_FEES_SETTLEMENT,
    O_LEFT,
    O_PAID,
    O_PARTY,
    O_PRICE,
    O_QUANTITY,
    ORDERS,
    REFERENCE,
    TRADES,
    VOLUME,
)
from tanshu.exchange.engine.state import (
    FIRST as FIRST_PRICE,
)
from tanshu.exchange.engine.terms import Term
from tanshu.exchange.figures import depth
from tanshu.exchange.figures.following import MarketData
from tanshu.exchange.figures.tables import (
    MARKET_CLOSE,
    MARKET_DAY_FIGURE,
    MARKET_ORDER,
    MARKET_TERM,
    MARKET_TRADE,
    MARKET_TRADING_DAY,
    TABLES,
)
from tanshu.exchange.figures.words import State, kind_of
from tanshu.log import store
from tests.exchange.engine.support import CEA, TODAY, opening
from tests.exchange.figures.support import FIRST, LOG, Hand, Said, chained, played, resealed, sealed, written

MONDAY, TUESDAY = FIRST, date(2024, 11, 5)
TEN = shanghai_ns(MONDAY, time(10))


def contents(database: Database) -> dict[str, list[tuple[object, ...]]]:
    """Every row of every table, in the order of its key."""
    with database.read() as conn:
        return {
            table.name: [tuple(one) for one in conn.execute(select(table).order_by(*table.primary_key))]
            for table in TABLES
        }


def one_day() -> Hand:
    hand = Hand()
    hand.open(MONDAY)
    return hand


def orders_of(hand: Hand, database: Database) -> dict[int, tuple[int, int, int, State]]:
    """Number → quantity, remaining, filled, state."""
    written(database, hand.blocks)
    projections.catch_up(database, MarketData, LOG)
    t = MARKET_ORDER.c
    with database.read() as conn:
        return {
            number: (quantity, remaining, filled, State(state))
            for number, quantity, remaining, filled, state in conn.execute(
                select(t.number, t.quantity, t.remaining, t.filled, t.state)
            )
        }


def test_orders_stand_in_the_words_of_their_clients(database: Database):
    hand = one_day()
    waits = hand.enter(TEN, Side.SELL, 100, 5000)
    partly = hand.enter(TEN + 1, Side.SELL, 100, 5000)
    filled = hand.enter(TEN + 2, Side.BUY, 40, 5000, party=2)
    hand.fill(TEN + 3, filled, partly, 40, 5000)
    cancelled = hand.enter(TEN + 4, Side.SELL, 10, 5000)
    hand.leave(TEN + 5, cancelled)
    frozen = hand.enter(TEN + 6, Side.BUY, 10, 5000, party=3)
    hand.leave(TEN + 7, frozen, Gone.FROZEN)
    assert orders_of(hand, database) == {
        waits: (100, 100, 0, State.RESTING),
        partly: (100, 60, 40, State.PART),
        filled: (40, 0, 40, State.FILLED),
        cancelled: (10, 10, 0, State.CANCELLED),
        frozen: (10, 10, 0, State.WITHDRAWN),
    }


def test_what_rests_at_the_close_is_taken_back_by_the_system_as_lapsed(database: Database):
    hand = one_day()
    number = hand.enter(TEN, Side.SELL, 100, 5000)
    hand.close(TEN + NS)
    assert orders_of(hand, database)[number] == (100, 100, 0, State.WITHDRAWN)
    with database.read() as conn:
        why, ended = conn.execute(select(MARKET_ORDER.c.why, MARKET_ORDER.c.ended_ns)).one()
    assert (why, ended) == (Gone.LAPSED, TEN + NS)


def test_an_amended_order_keeps_its_row_and_shows_what_it_asks_now(database: Database):
    hand = one_day()
    number = hand.enter(TEN, Side.SELL, 100, 5000, mode=Mode.ORDER_BOOK)
    buy = hand.enter(TEN + 1, Side.BUY, 30, 5000, party=2, mode=Mode.ORDER_BOOK)
    hand.fill(TEN + 2, buy, number, 30, 5000)
    amended = row(
        Op.AMENDED, mode=Mode.ORDER_BOOK, side=Side.SELL, party=1, quantity=50, price=4990, order=number
    )
    hand.blocks.append((TEN + 3, (), [amended]))
    assert orders_of(hand, database)[number] == (80, 50, 30, State.PART)


def test_a_trade_carries_the_fees_of_both_sides_by_column(database: Database):
    hand = one_day()
    hand.trade(TEN, 100, 5000)  # 5,000.00 yuan: 300, 150 and 50 millionths of it
    written(database, hand.blocks)
    projections.catch_up(database, MarketData, LOG)
    t = MARKET_TRADE.c
    fees = (t.buyer_trading_fee, t.buyer_settlement_fee, t.seller_trading_fee, t.seller_settlement_fee)
    with database.read() as conn:
        assert conn.execute(select(t.day, t.number, t.quantity, t.price, *fees)).all() == [
            (20241104, 1, 100, 5000, 150, 0, 75, 25)
        ]


def test_refused_records_tell_nothing(database: Database):
    hand = one_day()
    hand.blocks.append((TEN, [row(Op.DAY, quantity=20241105)], []))
    *before, last = sealed(hand.blocks)
    refused = resealed(last, bytes([Code.ALREADY]))
    with database.write() as conn:
        metadata.create_all(conn, tables=TABLES)
        store.append(conn, LOG, [*before, refused])
    projections.catch_up(database, MarketData, LOG)
    with database.read() as conn:
        assert conn.execute(select(MARKET_TRADING_DAY.c.day)).scalars().all() == [20241104]


@pytest.mark.parametrize("seed", [1, 2])
def test_figures_orders_and_closes_are_those_of_the_engine(database: Database, seed: int):
    hand = Hand(references=(5000, 6100))
    played(hand, seed, MONDAY, 60, modes=MODES)
    played(hand, seed + 10, TUESDAY, 400, modes=MODES)
    written(database, hand.blocks, per_entry=3)
    projections.catch_up(database, MarketData, LOG)
    a = hand.engine.arrays
    with database.read() as conn:
        t = MARKET_DAY_FIGURE.c
        figures = {
            (r.instrument, r.mode): tuple(r[4:11])
            for r in conn.execute(select(MARKET_DAY_FIGURE).where(t.day == 20241105))
        }
        orders = conn.execute(
            select(MARKET_ORDER).where(MARKET_ORDER.c.day == 20241105).order_by(MARKET_ORDER.c.number)
        ).all()
        fees = _fees_by_order(conn)
        closes = dict(
            conn.execute(
                select(MARKET_CLOSE.c.instrument, MARKET_CLOSE.c.close).where(MARKET_CLOSE.c.day == 20241105)
            ).all()
        )
        assert conn.execute(select(MARKET_TERM.c.value)).first() is not None
    wanted = {
        (i, mode): tuple(
            int(a.stats[i, mode, k]) for k in (FIRST_PRICE, HIGH, LOW, LAST, VOLUME, AMOUNT, TRADES)
        )
        for i in hand.instruments
        for mode in MODES
        if a.stats[i, mode, TRADES]
    }
    assert len(wanted) > 4
    assert figures == wanted
    assert closes == {i: int(a.instruments[i, REFERENCE]) for i in hand.instruments}
    assert len(orders) == int(a.day[ORDERS])
    for one in orders:
        o = a.orders[one.number]
        assert (one.quantity, one.remaining, one.amount) == (o[O_QUANTITY], o[O_LEFT], o[O_PAID])
        assert fees.get(one.number, (0, 0)) == (o[O_FEES], o[O_FEES_SETTLEMENT])


def _fees_by_order(conn) -> dict[int, tuple[int, int]]:
    found: dict[int, tuple[int, int]] = {}
    for r in conn.execute(select(MARKET_TRADE).where(MARKET_TRADE.c.day == 20241105)):
        for number, *fees in (
            (r.buy_order, r.buyer_trading_fee, r.buyer_settlement_fee),
            (r.sell_order, r.seller_trading_fee, r.seller_settlement_fee),
        ):
            so_far = found.get(number, (0, 0))
            found[number] = (so_far[0] + fees[0], so_far[1] + fees[1])
    return found


def test_the_rows_are_the_same_however_often_one_looks_and_after_a_rebuild(database: Database):
    hand = Hand(references=(5000, 6100))
    played(hand, 5, MONDAY, 250, modes=(Mode.LISTING, Mode.BLOCK))
    played(hand, 6, TUESDAY, 250, modes=(Mode.LISTING, Mode.BLOCK))
    written(database, hand.blocks, per_entry=2)
    last = len(sealed(hand.blocks, 2)) - 1
    for upto in (3, 5, 40, 41, 90, last - 1):
        projections.catch_up(database, MarketData, LOG, upto=upto)
    projections.catch_up(database, MarketData, LOG)
    seen = contents(database)
    assert len(seen["market_trade"]) > 60
    projections.rebuild(database, MarketData, LOG)
    assert contents(database) == seen


@pytest.mark.parametrize("mode", [Mode.LISTING, Mode.ORDER_BOOK])
def test_a_desk_in_full_swing_is_told_as_it_was(database: Database, mode: Mode):
    """Orders, takings, amendments, cancellations and refusals through the engine's own desk."""
    chance = Random(11)
    terms = {Term.PRICE_LOW: 4_500, Term.PRICE_HIGH: 5_500, Term.IN_CLOSE: 1, Term.LEVELS: 5}
    engine = Engine()
    said: list[Said] = []

    def send(rows: list[Row]) -> None:
        done = engine.apply(encode(rows))
        said.append((rows, done.codes.tobytes(), done.outputs.tolist()))

    send(opening(terms={mode: terms}))
    for _ in range(120):
        send([_some_request(chance, engine, mode) for _ in range(chance.randrange(1, 5))])
    codes = b"".join(codes for _, codes, _ in said)
    assert codes.count(0) > 100 and len(codes) - codes.count(0) > 20
    told_of = {Op(record[0]) for _, _, came in said for record in came}
    assert told_of >= {Op.ENTERED, Op.TRADE, Op.GONE}
    assert (Op.AMENDED in told_of) == (mode == Mode.ORDER_BOOK)
    with database.write() as conn:
        metadata.create_all(conn, tables=TABLES)
        store.append(conn, LOG, chained(said))
    for upto in (40, 77, None):
        projections.catch_up(database, MarketData, LOG, upto=upto)
    a = engine.arrays
    with database.read() as conn:
        orders = conn.execute(select(MARKET_ORDER).order_by(MARKET_ORDER.c.number)).all()
        (figure,) = conn.execute(select(MARKET_DAY_FIGURE)).all()
        seen = depth.of_log(conn, LOG, TODAY, CEA, mode)
    told = [(one.quantity, one.price, one.remaining, one.amount) for one in orders]
    there = a.orders[1 : int(a.day[ORDERS]) + 1]
    assert told == [tuple(o) for o in there[:, (O_QUANTITY, O_PRICE, O_LEFT, O_PAID)].tolist()]
    resting = [one.number for one in orders if one.state in (State.RESTING, State.PART)]
    assert resting == session.resting(a)
    assert (figure.volume, figure.amount) == tuple(a.stats[CEA, mode, (VOLUME, AMOUNT)].tolist())
    assert seen == depth.of_engine(a, CEA, mode) and (seen.buy or seen.sell)
    board = engine.desks[Mode.LISTING]
    if mode == Mode.LISTING and isinstance(board, BoardDesk):
        levels = board.depth(a, CEA)
        assert [tuple(one) for one in levels[Side.BUY]] == [tuple(one) for one in seen.buy]
        assert [tuple(one) for one in levels[Side.SELL]] == [tuple(one) for one in seen.sell]


def test_an_auction_is_told_with_its_deposits_its_bids_and_what_was_offered(database: Database):
    auction = {"mode": Mode.AUCTION, "order": 1}
    offered = row(Op.AUCTION, side=Side.SELL, instrument=CEA, party=1, quantity=100, price=4_000, **auction)
    steps = [
        *opening(parties=3, terms={Mode.AUCTION: {}}),
        offered,
        row(Op.QUALIFY, party=2, price=1_000_00, **auction),
        row(Op.QUALIFY, party=3, **auction),
        row(Op.AUCTION_PHASE, kind=Phase.OPEN, **auction),
        row(Op.BID, party=2, other=2, quantity=80, price=4_300, **auction),
        row(Op.BID, party=3, other=3, quantity=50, price=4_200, **auction),
        row(Op.AUCTION_PHASE, kind=Phase.CLOSED, **auction),
    ]
    engine = Engine()
    done = engine.apply(encode(steps))
    assert not done.codes.any()
    with database.write() as conn:
        metadata.create_all(conn, tables=TABLES)
        store.append(conn, LOG, chained([(steps, bytes(len(steps)), done.outputs.tolist())]))
    projections.catch_up(database, MarketData, LOG)
    t = MARKET_ORDER.c
    with database.read() as conn:
        told = conn.execute(
            select(t.mode, t.kind, t.party, t.filled, t.remaining, t.state).order_by(t.number)
        )
        seen = [
            (kind_of(mode, kind)[0], party, *sums, State(state)) for mode, kind, party, *sums, state in told
        ]
        trades = conn.execute(select(MARKET_TRADE.c.quantity, MARKET_TRADE.c.price)).all()
    assert sorted(seen) == [
        ("bid", 2, 80, 0, State.FILLED),
        ("bid", 3, 20, 30, State.WITHDRAWN),
        ("deposit", 2, 0, 0, State.WITHDRAWN),
        ("offered", 1, 100, 0, State.FILLED),
    ]
    assert trades == [(80, 4_200), (20, 4_200)]


def _some_request(chance: Random, engine: Engine, mode: Mode) -> Row:
    party = chance.randrange(1, 4)
    who = {"party": party, "other": party}
    what = {"instrument": CEA, "mode": mode, "side": chance.choice((Side.BUY, Side.SELL)), **who}
    fate, quantity, price = chance.random(), chance.randrange(1, 900), chance.randrange(4_480, 5_520)
    orders = engine.arrays.orders
    number = chance.randrange(1, int(engine.arrays.day[ORDERS]) + 3)
    if fate < 0.5:
        entering = Op.OFFER if mode == Mode.LISTING else Op.ORDER
        return row(entering, quantity=quantity, price=price, **what)
    if fate < 0.7 and mode == Mode.LISTING:
        return row(Op.TAKE, quantity=quantity, **what)
    if fate < 0.8:
        owner = int(orders[number, O_PARTY]) or party
        fewer = max(1, int(orders[number, O_QUANTITY]) - 10)
        same = int(orders[number, O_PRICE])
        price = same if chance.random() < 0.5 else price
        return row(Op.AMEND, party=owner, other=owner, order=number, quantity=fewer, price=price)
    return row(Op.CANCEL, order=number, **who)


def test_two_markets_do_not_mix(database: Database):
    first, second = one_day(), one_day()
    first.trade(TEN, 100, 5000)
    second.trade(TEN, 7, 5001)
    written(database, first.blocks)
    written(database, second.blocks, log=LOG + 1)
    projections.catch_up(database, MarketData, LOG)
    projections.catch_up(database, MarketData, LOG + 1)
    projections.rebuild(database, MarketData, LOG)
    with database.read() as conn:
        found = conn.execute(select(MARKET_TRADE.c.log, MARKET_TRADE.c.quantity).order_by(MARKET_TRADE.c.log))
        assert found.all() == [(LOG, 100), (LOG + 1, 7)]
