"""Who may not trade and what is not traded: at once by one, lifted by two; halts outlast the day."""

from __future__ import annotations

from datetime import time

from tanshu.base.refusal import Refusal
from tanshu.exchange.model import Offer
from tanshu.exchange.standing import Halt, Lift, Resume, Suspend, halt, lift, resume, suspend
from tanshu.parties.blocking import block
from tanshu.parties.model import Block
from tests.exchange.bridge.support import CEA, CHECKER, DAY, EXCHANGE, MONEY, NEXT, TRADING, UNITS, Trading
from tests.support.auditors import AUDITOR, with_auditor

OFFER = Offer("CEA22", "sell", 1_000, 8000)


def _suspended(trading: Trading, handle: str):
    return suspend(trading.ctx(EXCHANGE, reason="异常交易"), Suspend(CEA, handle))


def _code(outcome: object) -> str | None:
    return outcome.code if isinstance(outcome, Refusal) else None


def test_suspending_cancels_orders_and_lifting_takes_two(trading: Trading) -> None:
    trading.sell(trading.a, 10_000)
    trading.refuses("EXC-8021", lambda: suspend(trading.ctx(EXCHANGE), Suspend(CEA, trading.a)))
    trading.refuses("EXC-3002", lambda: _suspended(trading, "bank"))
    trading.refuses("EXC-8023", lambda: lift(trading.ctx(EXCHANGE, reason="r"), Lift(CEA, trading.a)))
    assert trading.done(_suspended(trading, trading.a))["cancelled"] == 1
    assert trading.units(trading.a) == (UNITS, 0, 0, 0)
    trading.refuses("EXC-8022", lambda: _suspended(trading, trading.a))
    assert _code(trading.orders(trading.a, OFFER)) == "EXC-3005"
    both = "exchange-both-1"
    trading.refuses("EXC-8021", lambda: lift(trading.ctx(both), Lift(CEA, trading.a)))
    trading.done(lift(trading.ctx(both, reason="已整改"), Lift(CEA, trading.a)))
    trading.refuses("EXC-8024", lambda: lift(trading.ctx(both), Lift(CEA, trading.a)))
    assert _code(trading.orders(trading.a, OFFER)) == "EXC-3005"
    trading.done(lift(trading.ctx(CHECKER), Lift(CEA, trading.a)))
    trading.done(trading.orders(trading.a, OFFER))
    assert trading.findings() == []


def test_an_account_that_is_restricted_or_blocked_in_mid_session_stops_its_owner(trading: Trading) -> None:
    market = trading.market
    trading.sell(trading.a, 1_000)
    market.set_state(market.account(trading.a, MONEY), "restricted")
    assert _code(trading.orders(trading.a, OFFER)) == "EXC-3005"
    assert trading.units(trading.a) == (UNITS, 0, 0, 0)
    with_auditor(market)
    trading.done(block(market.ctx(AUDITOR), Block(market.account(trading.b, TRADING), "AUD-6003")))
    assert _code(trading.orders(trading.b, OFFER)) == "EXC-3005"
    trading.check()
    trading.done(trading.closes())
    trading.clock.set_day(NEXT)
    told = trading.done(trading.opens(NEXT))
    assert told["without"] == [trading.a, trading.b]
    assert trading.has(trading.a) == (UNITS, 0)
    assert trading.findings() == []


def test_a_halt_stops_its_place_and_outlasts_the_day(trading: Trading) -> None:
    def halts(**what: object):
        return halt(trading.ctx(EXCHANGE, reason="核实信息"), Halt(CEA, **what))  # type: ignore[arg-type]

    def resumes(**what: object):
        return resume(trading.ctx(CHECKER, reason="已核实"), Resume(CEA, **what))  # type: ignore[arg-type]

    trading.sell(trading.a, 1_000)
    trading.refuses("EXC-8027", lambda: halts(mode="spot"))
    trading.refuses("EXC-2001", lambda: halts(instrument="CEA99"))
    trading.refuses("EXC-8026", lambda: resumes(instrument="CEA22"))
    trading.refuses("EXC-8021", lambda: halt(trading.ctx(EXCHANGE), Halt(CEA)))
    trading.done(halts(instrument="CEA22"))
    trading.refuses("EXC-8025", lambda: halts(instrument="CEA22"))
    assert _code(trading.orders(trading.a, OFFER)) == "EXC-1004"
    trading.done(halts(emergency=True))
    trading.done(trading.closes())
    trading.clock.set_day(NEXT)
    trading.done(trading.opens(NEXT))
    trading.clock.set_day(NEXT, time(10))
    assert _code(trading.orders(trading.a, OFFER)) == "EXC-1004"
    trading.done(resumes())
    assert _code(trading.orders(trading.a, OFFER)) == "EXC-1004"
    trading.done(resumes(instrument="CEA22"))
    trading.done(trading.orders(trading.a, OFFER))
    assert trading.findings() == []


def test_what_is_resumed_at_night_is_traded_the_next_day(trading: Trading) -> None:
    trading.done(halt(trading.ctx(EXCHANGE, reason="故障"), Halt(CEA, mode="listing", emergency=True)))
    trading.done(trading.closes(DAY))
    trading.done(resume(trading.ctx(CHECKER, reason="恢复"), Resume(CEA, mode="listing")))
    trading.clock.set_day(NEXT)
    trading.done(trading.opens(NEXT))
    trading.clock.set_day(NEXT, time(10))
    trading.done(trading.orders(trading.a, OFFER))
