"""The verbs of a market and its timetable: one process, two in turn, one that comes late; with the book."""

from __future__ import annotations

from datetime import date, time
from typing import Any

import pytest

from tanshu.base.clock import shanghai_ns
from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act, Request
from tanshu.exchange import market as markets
from tanshu.exchange import service, timetable
from tanshu.exchange.bridge.founding import add_operator
from tanshu.exchange.bridge.model import AddOperator
from tanshu.exchange.engine.records import Mode, Op, Phase, row
from tanshu.exchange.market import Market, MarketAct
from tanshu.exchange.model import Batch, Call, Cancel, Offer, Take
from tanshu.log import store
from tanshu.parties.model import Appoint, NewPerson
from tanshu.parties.service import appoint
from tests.exchange.bridge.support import CASH, DAY, EXCHANGE, NEXT, Trading


@pytest.fixture
def other(trading: Trading) -> Market:
    """The same market in another process."""
    return Market(trading.book.database, trading.exchange.log)


def asked(trading: Trading, market: Market, handle: str, what: Any, **more: Any) -> Any:
    return service.submit(service.at(trading.ctx(trading.traders[handle], **more), market), what)


def phases(market: Market) -> list[Phase]:
    with market.reading() as (_, engine):
        return [Phase(int(engine.arrays.phases[0, mode])) for mode in (Mode.LISTING, Mode.BLOCK)]


def state(market: Market) -> tuple[int, str]:
    with market.reading() as (_, engine):
        return market.tail.seq, engine.state_hash()


# -- the timetable -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clock", "listing", "block"),
    [
        (time(9, 29, 59), Phase.CLOSED, Phase.CLOSED),
        (time(9, 30), Phase.OPEN, Phase.CLOSED),
        (time(11, 29, 59), Phase.OPEN, Phase.CLOSED),
        (time(11, 30), Phase.BREAK, Phase.CLOSED),
        (time(13), Phase.OPEN, Phase.OPEN),
        (time(15), Phase.CLOSED, Phase.CLOSED),
        (time(23, 59), Phase.CLOSED, Phase.CLOSED),
    ],
)
def test_whoever_comes_first_finds_the_phase_of_the_hour(
    trading: Trading, clock: time, listing: Phase, block: Phase
):
    """However many steps were missed: each is taken once, in order, at its own time."""
    market = trading.exchange
    now = shanghai_ns(DAY, clock)
    taken = timetable.keep(market, now)
    assert phases(market) == [listing, block]
    assert timetable.keep(market, now) == 0
    with market.database.read() as conn:
        entries = list(store.read(conn, market.log, after=market.tail.seq - taken))
    assert [one.time_ns for one in entries] == sorted({one.time_ns for one in entries})
    assert all(one.time_ns < now + 1_000 for one in entries), "steps of one moment follow each other"


def test_a_day_that_nobody_closed_takes_its_last_steps_on_the_next(trading: Trading):
    timetable.keep(trading.exchange, shanghai_ns(NEXT, time(10)))
    assert phases(trading.exchange) == [Phase.CLOSED, Phase.CLOSED]
    assert timetable.keep(trading.exchange, shanghai_ns(NEXT, time(11))) == 0


def test_a_clock_that_goes_back_takes_no_step_back(trading: Trading, other: Market):
    assert timetable.keep(trading.exchange, shanghai_ns(DAY, time(11, 30)))
    assert timetable.keep(other, shanghai_ns(DAY, time(10))) == 0
    assert phases(other) == [Phase.BREAK, Phase.CLOSED]
    refused = asked(trading, other, trading.a, Offer("CEA22", "sell", 1, 8000))
    assert isinstance(refused, Refusal) and refused.code == "EXC-1004"


def test_two_processes_take_a_step_once(trading: Trading, other: Market):
    noon = shanghai_ns(DAY, time(12))
    first, second = timetable.keep(trading.exchange, noon), timetable.keep(other, noon)
    assert first and not second
    assert state(other) == state(trading.exchange)


def test_there_is_no_step_after_the_close_until_the_next_day(trading: Trading):
    timetable.keep(trading.exchange, trading.clock())
    trading.done(trading.closes())
    assert timetable.keep(trading.exchange, shanghai_ns(DAY, time(23))) == 0
    trading.clock.set_day(NEXT, time(13, 30))
    trading.done(trading.opens(NEXT))
    trading.sell(trading.a, 5)
    assert phases(trading.exchange) == [Phase.OPEN, Phase.OPEN], "opened late, in the afternoon"


def test_the_steps_of_a_day_come_from_the_pack():
    steps = timetable.of_day("cn.cea", date(2024, 1, 2))
    assert [step.n for step in steps] == list(range(len(steps)))
    assert [(one.at, one.phase) for one in steps if one.mode == "listing"] == [
        (time(9, 30), "open"),
        (time(11, 30), "break"),
        (time(13), "open"),
        (time(15), "closed"),
    ]


# -- two processes -----------------------------------------------------------------------------------------


def test_processes_that_write_in_turn_agree(trading: Trading, other: Market):
    mine = trading.exchange
    order = asked(trading, mine, trading.a, Offer("CEA22", "sell", 50, 8000))["order"]
    for n in range(4):
        market = (other, mine)[n % 2]
        told = asked(trading, market, trading.b, Take("CEA22", "buy", 10, 8000))
        assert told["filled"] == 10
    assert asked(trading, other, trading.a, Cancel(order))["filled"] == 40
    assert state(mine) == state(other)
    trading.check()


def test_a_trader_admitted_elsewhere_is_known_here(trading: Trading, other: Market):
    asked(trading, other, trading.a, Offer("CEA22", "sell", 50, 8000))  # its names are read by now
    trading.done(appoint(trading.ctx("registry-maker-1"), Appoint(trading.b, NewPerson("new", ("trader",)))))
    ctx = service.at(trading.ctx("new"), other)
    before = service.submit(ctx, Take("CEA22", "buy", 1))
    assert isinstance(before, Refusal) and before.code == "EXC-3001"
    trading.done(add_operator(trading.ctx(EXCHANGE), AddOperator("cea", "new")))
    assert trading.done(service.submit(ctx, Take("CEA22", "buy", 1)))["filled"] == 1


def test_a_key_used_in_one_process_is_known_in_the_other(trading: Trading, other: Market):
    ctx = trading.ctx(trading.traders[trading.a])
    offer = Offer("CEA22", "sell", 50, 8000)
    first = service.submit(service.at(ctx, trading.exchange), offer)
    again = service.submit(service.at(ctx, other), offer)
    assert not isinstance(first, Refusal) and not isinstance(again, Refusal)
    assert (again.seq, again.data, again.repeated) == (first.seq, first.data, True)
    reused = service.submit(service.at(ctx, other), Offer("CEA22", "sell", 51, 8000))
    assert isinstance(reused, Refusal) and reused.code == "LOG-1001"


# -- with the book -----------------------------------------------------------------------------------------


def test_commands_of_one_transaction_join_one_by_one(trading: Trading):
    """One that is refused after it has joined leaves nothing in the market's log; its neighbours stay."""
    market = trading.exchange

    def decide(act: Act, fails: bool) -> Any:
        told = market.join(act, "test", {"fails": fails}, _pay)
        assert not isinstance(told, Refusal)
        if fails:
            return markets.checks.NO_MARKET(field="market", name="x", known="")
        return {"seq": told.seq}

    before, cash = state(market)[0], trading.cash(trading.a)[0]
    plan = (False, True, False, True, False)
    requests = [
        Request(trading.ctx(EXCHANGE), "both", {"n": n, "fails": fails}, _of(decide, fails))
        for n, fails in enumerate(plan)
    ]
    outcomes = trading.book.commit(requests)
    assert [isinstance(one, Refusal) for one in outcomes] == list(plan)
    seqs = [one["seq"] for one in outcomes if not isinstance(one, Refusal)]
    assert seqs == [before + 1, before + 2, before + 3]
    assert trading.cash(trading.a)[0] == cash + 3 == CASH + 3
    assert state(market) == state(Market(trading.book.database, market.log))
    with pytest.raises(RuntimeError):
        trading.book.commit([_again(trading, decide)], before_commit=_fail)
    assert state(market) == state(Market(trading.book.database, market.log))


def _of(decide: Any, fails: bool) -> Any:
    return lambda act, _: decide(act, fails)


def _again(trading: Trading, decide: Any) -> Request:
    return Request(trading.ctx(EXCHANGE), "both", {"last": True}, _of(decide, False))


def _pay(inner: MarketAct, _command: object) -> Any:
    inner.must([row(Op.CASH_IN, party=1, quantity=1)])
    return {}


def _fail(_conn: object) -> None:
    raise RuntimeError("the power went")


# -- answers -----------------------------------------------------------------------------------------------


def test_a_call_is_held_by_the_exchange_only(trading: Trading):
    timetable.keep(trading.exchange, trading.clock())
    ctx = trading.ctx(trading.traders[trading.a])
    trading.refuses("PAR-3002", lambda: service.call(service.at(ctx, trading.exchange), Call("CEA22")))


def test_a_batch_of_cancels_is_for_its_owner_only(trading: Trading):
    order = trading.sell(trading.a, 10)["order"]
    ctx = trading.ctx(trading.traders[trading.b])
    batch = Batch((Cancel(order), Take("CEA22", "buy", 4), Cancel(order)))
    told = trading.done(service.submit_many(service.at(ctx, trading.exchange), batch)).data
    assert [bool(code) for code in told["codes"]] == [True, False, True]
    assert (told["trades"], told["traded_t"]) == (1, 4)
    trading.check()
