"""What is wrong with the late delivery, or the unwinding, of failed trades is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tanshu.base.refusal import need
from tanshu.book import records
from tanshu.book.commit import Act
from tanshu.clearing import late
from tanshu.clearing.day import Role
from tanshu.clearing.tables import CLEARING_FAIL, CLEARING_UNWINDING
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue
from tests.audit.test_clearing import behind
from tests.clearing.conftest import house, postgresql_tradings, sqlite_tradings, trading
from tests.clearing.support import CLERK, PEOPLE, House
from tests.clearing.test_late import BEFORE, failed, next_day
from tests.exchange.bridge.support import CEA, DAY, MONEY, NEXT, TRADING

__all__ = ["house", "postgresql_tradings", "sqlite_tradings", "trading"]

DELIVER, UNWIND = "clearing.deliver-failed", "clearing.unwind-failed"
Told = Callable[[House, Act], None]


def nothing_moves(_house: House, act: Act) -> None:
    act.update(CLEARING_FAIL, {"day": DAY}, state="delivered", ended_seq=act.seq)


def one_leg(house: House, act: Act) -> None:
    """The units go, the money does not."""
    nothing_moves(house, act)
    _capture(house, act, TRADING, 100, house.trading.b)


def another_takes_the_units(house: House, act: Act) -> None:
    nothing_moves(house, act)
    _capture(house, act, TRADING, 100, house.trading.c, linked=True)
    _capture(house, act, MONEY, 800_000, house.trading.a)


def _capture(
    house: House, act: Act, kind: AccountKind, quantity: int, taker: str, *, linked: bool = False
) -> None:
    """Out of what the session still holds in the first account of this kind, to somebody."""
    t = house.trading
    giver = (
        _number(act, house, t.a, TRADING) if kind is AccountKind.TRADING else _number(act, house, t.b, MONEY)
    )
    (claim,) = (one for one in claims.of_root(act.conn, f"{CEA} {DAY}") if one.account == giver)
    rows = queue.deliver(act, claim, _number(act, house, taker, kind), quantity, late.TAG)
    for row in rows:
        act.record(records.linked(row) if linked else row)


def _number(act: Act, house: House, handle: str, kind: AccountKind) -> int:
    return need(parties.account(act.conn, house.trading.market.account(handle, kind))).number


@pytest.mark.parametrize("tell", [nothing_moves, one_leg, another_takes_the_units])
def test_a_trade_that_was_not_delivered_as_it_is_told_is_found(house: House, tell: Told) -> None:
    house.trading.market.set_state(failed(house), "open")
    next_day(house, trades=True)
    house.takes(*BEFORE, day=NEXT)
    behind(house, CLERK, DELIVER, lambda act: tell(house, act))
    assert "AUD-8316" in {one.what.code for one in house.trading.findings()}


def test_a_delivery_at_no_time_for_it_is_found(house: House) -> None:
    failed(house)
    behind(house, CLERK, DELIVER, lambda act: nothing_moves(house, act))
    assert "AUD-8301" in {one.what.code for one in house.trading.findings()}


def test_an_unwinding_for_which_nobody_asked_is_found(house: House) -> None:
    failed(house)
    told = {"state": "unwound"}
    tell = lambda act: act.update(CLEARING_FAIL, {"day": DAY}, **told, ended_seq=act.seq)  # noqa: E731
    behind(house, PEOPLE[Role.FIRST], UNWIND, tell)
    assert "AUD-8316" in {one.what.code for one in house.trading.findings()}


def test_an_unwinding_that_who_asked_grants_is_found(house: House) -> None:
    failed(house)
    first = PEOPLE[Role.FIRST]
    asked = {"state": "asked", "why": "-", "asked_by": first, "comment": ""}

    def ask(act: Act) -> None:
        name = {"day": DAY, "log": house.trading.exchange.log, "trade": 1}
        act.insert(CLEARING_UNWINDING, {**name, **asked, "asked_seq": act.seq})

    def grant(act: Act) -> None:
        decided = {"state": "granted", "decided_by": first, "decided_seq": act.seq}
        act.update(CLEARING_UNWINDING, {"day": DAY}, **decided)
        act.update(CLEARING_FAIL, {"day": DAY}, state="unwound", ended_seq=act.seq)

    behind(house, first, "clearing.ask-unwinding", ask)
    behind(house, first, UNWIND, grant)
    assert "AUD-8316" in {one.what.code for one in house.trading.findings()}
