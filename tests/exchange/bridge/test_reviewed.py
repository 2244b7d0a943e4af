"""What somebody tries who wants its units twice, its limit forgotten, or the market stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import time

import pytest

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Outcome
from tanshu.exchange.bridge.founding import admit, list_instrument
from tanshu.exchange.bridge.model import Admit, ListInstrument
from tanshu.exchange.engine.state import INSIDE, LIMIT, OUTSIDE
from tanshu.exchange.model import Take
from tanshu.exchange.standing import Halt, Lift, Resume, halt, lift, resume
from tanshu.parties.model import NewPerson, Register, SetState, SubjectKind
from tanshu.parties.service import register, set_state
from tanshu.registry.model import Decide
from tanshu.registry.service import reject
from tests.exchange.bridge.support import (
    CASH,
    CEA,
    CHECKER,
    DAY,
    EXCHANGE,
    MONEY,
    NEXT,
    TRADING,
    UNITS,
    Trading,
)
from tests.exchange.bridge.support import OUTSIDE as REGISTERED
from tests.support.market import HOLDER, credit_code
from tests.support.orders import Court

PRICE = 8000


def _lists(trading: Trading, code: str = "CEA23") -> None:
    trading.done(list_instrument(trading.ctx(EXCHANGE), ListInstrument(CEA, code, 8000)))


def _code(outcome: object) -> str | None:
    return outcome.code if isinstance(outcome, Refusal) else None


def _outside(trading: Trading, handle: str) -> tuple[int, int, int]:
    mine = trading.engine().arrays.parties[trading.party(handle)]
    return int(mine[OUTSIDE]), int(mine[INSIDE]), int(mine[LIMIT])


def test_a_mode_halted_before_a_product_is_listed_is_resumed_on_the_same_day(trading: Trading) -> None:
    trading.done(halt(trading.ctx(EXCHANGE, reason="故障"), Halt(CEA, mode="listing")))
    _lists(trading)
    trading.done(resume(trading.ctx(CHECKER, reason="恢复"), Resume(CEA, mode="listing")))
    trading.sell(trading.a, 1_000)


def test_who_stays_out_of_a_day_is_not_brought_in_by_what_arrives(trading: Trading) -> None:
    trading.done(trading.closes())
    trading.market.set_state(trading.market.account(trading.a, MONEY), "restricted")
    trading.clock.set_day(NEXT, time(9, 5))
    assert trading.done(trading.opens(NEXT))["without"] == [trading.a]
    trading.clock.set_day(NEXT, time(10))
    trading.done(trading.moves(trading.a, 1_000, into=True))
    assert trading.units(trading.a) == (0, 0, 0, 0)
    assert trading.has(trading.a) == (UNITS + 1_000, 0)
    trading.check()


def test_who_is_admitted_in_the_day_begins_with_the_next(trading: Trading) -> None:
    """Its limit is stated at the opening."""
    d = credit_code(77)
    body = Register(SubjectKind.ENTERPRISE, "丁电厂", uscc=d, region="420100", accounts=HOLDER)
    people = (NewPerson("d-maker-1", ("maker",)), NewPerson("d-checker-1", ("checker",)))
    trader = NewPerson("d-trader-1", ("trader",))
    trading.done(register(trading.ctx("registry-maker-1"), replace(body, people=(*people, trader))))
    trading.done(admit(trading.ctx(EXCHANGE), Admit(CEA, d, ("d-trader-1",))))
    trading.pays_in(d, CASH)
    assert trading.has(d, MONEY, "CNY") == (CASH, 0)
    trading.traders[d] = "d-trader-1"
    trading.sell(trading.a, 10)
    refused = trading.orders(d, Take("CEA22", "buy", 10, PRICE))
    assert isinstance(refused, Refusal) and refused.code == "EXC-3006"
    trading.done(trading.closes())
    trading.clock.set_day(NEXT, time(9, 5))
    trading.done(trading.opens(NEXT))
    assert trading.has(d, MONEY, "CNY") == (0, CASH)
    assert trading.engine().arrays.parties[4, LIMIT] > 0
    assert trading.findings() == []


def test_an_account_of_a_day_is_not_closed_before_all_is_delivered(trading: Trading) -> None:
    trading.done(trading.moves(trading.b, UNITS, into=False))
    account = trading.market.account(trading.b, TRADING)

    def closes() -> Outcome:
        return set_state(trading.ctx("registry-maker-1", reason="销户"), SetState(account, "closed"))

    trading.refuses("EXC-8031", closes)
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 1_000)
    trading.done(trading.closes())
    trading.refuses("EXC-8031", closes)
    trading.delivers()
    assert _code(closes()) == "PAR-2005", "what it bought is there"


def test_a_suspension_is_not_lifted_while_the_account_is_stopped(trading: Trading) -> None:
    trading.market.set_state(trading.market.account(trading.a, TRADING), "restricted")
    asks = lambda: lift(trading.ctx(EXCHANGE, reason="已整改"), Lift(CEA, trading.a))  # noqa: E731
    trading.refuses("EXC-8030", asks)
    trading.market.set_state(trading.market.account(trading.a, TRADING), "open")
    trading.done(asks())
    trading.market.set_state(trading.market.account(trading.a, MONEY), "restricted")
    trading.refuses("EXC-8030", lambda: lift(trading.ctx(CHECKER), Lift(CEA, trading.a)))
    trading.market.set_state(trading.market.account(trading.a, MONEY), "open")
    trading.done(lift(trading.ctx(CHECKER), Lift(CEA, trading.a)))
    trading.sell(trading.a, 1_000)


def test_frozen_units_of_the_trading_account_count_towards_the_limit(trading: Trading) -> None:
    trading.done(trading.closes())
    line = ("CEA22", 10_000, trading.market.account(trading.a, TRADING))
    Court(trading.market).done("judicial-freeze", line)
    trading.clock.set_day(NEXT, time(9, 5))
    trading.done(trading.opens(NEXT))
    outside, inside, _ = _outside(trading, trading.a)
    assert (outside, inside) == (REGISTERED + 10_000, UNITS - 10_000)


def test_one_stopped_account_does_not_keep_the_others_from_their_settlement(trading: Trading) -> None:
    trading.sell(trading.a, 3_000)
    trading.buy(trading.b, 1_000)
    trading.buy(trading.c, 500)
    trading.done(trading.closes())
    account = trading.market.account(trading.b, TRADING)
    trading.market.set_state(account, "restricted")
    told = trading.done(trading.settles())
    assert (len(told["proposed"]), told["left"], told["stopped"]) == (1, 1, [1])
    trading.refuses("PAR-2004", trading.settles)
    for person in ("registry-checker-1", "registry-checker-2"):
        trading.done(trading.market.approve(person, told["proposed"][0]))
    trading.market.set_state(account, "open")
    trading.delivers()
    assert trading.has(trading.b) == (UNITS + 1_000, 0) and trading.has(trading.c) == (UNITS + 500, 0)
    assert trading.findings() == []


@pytest.mark.parametrize("follows", [False, True])
def test_what_is_matched_stays_so_when_its_settlement_is_dropped(trading: Trading, follows: bool) -> None:
    """A freeze waits behind the session: it takes nothing of what was sold."""
    trading.sell(trading.a, 20_000)
    trading.buy(trading.b, 20_000)
    line = ("CEA22", 50_000, trading.market.account(trading.a, TRADING))
    Court(trading.market).done("judicial-freeze", line, follows=follows)
    trading.done(trading.closes())
    for _ in range(2):
        (id,) = trading.done(trading.settles())["proposed"]
        trading.done(reject(trading.ctx("registry-checker-1"), Decide(id, "重新办理")))
        assert trading.claimed(trading.a) == 20_000
    trading.delivers()
    assert trading.has(trading.a) == (0, 40_000) and trading.has(trading.b) == (UNITS + 20_000, 0)
    trading.clock.set_day(NEXT)
    trading.done(trading.opens(NEXT))
    assert trading.findings() == []


def test_a_settlement_writes_its_day_as_it_is_looked_for(trading: Trading) -> None:
    trading.sell(trading.a, 1_000)
    trading.buy(trading.b, 1_000)
    trading.done(trading.closes())
    units = ("CEA22", 1_000, *(trading.market.account(one, TRADING) for one in (trading.a, trading.b)))
    money = ("CNY", 1_000 * PRICE, *(trading.market.account(one, MONEY) for one in (trading.b, trading.a)))
    details = {"market": CEA, "trade": 1, "mode": "listing", "price_fen": PRICE}

    def proposes(day: str) -> Outcome:
        more = {**details, "traded_on": day}
        return trading.market.propose(EXCHANGE, "trade-settlement", units, money, details=more)

    trading.refuses("EXC-8016", lambda: proposes(f"{DAY:%Y%m%d}"))
    trading.done(proposes(DAY.isoformat()))
