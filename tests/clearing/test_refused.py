"""What a settlement day refuses where something is wrong with what it is built on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sqlalchemy import update

from tanshu.base.refusal import need
from tanshu.book import records
from tanshu.book.commit import Act, Request
from tanshu.clearing import collecting, delivery, sealing
from tanshu.clearing.model import Collect, Seal
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.exchange.bridge.tables import MARKET_DUE
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, SubjectKind
from tanshu.registry import queries as registry
from tests.clearing.packs import settled_as
from tests.clearing.support import CLERK, House
from tests.exchange.bridge.support import DAY, NEXT


@pytest.fixture
def traded(house: House) -> House:
    house.trading.sell(house.trading.a, 100)
    house.trading.buy(house.trading.b, 100)
    return house


def test_a_day_that_the_exchange_settles_is_not_the_houses(traded: House) -> None:
    t = traded.trading
    traded.takes("close")
    t.done(t.settles())
    t.refuses("CLR-1006", lambda: collecting.collect(t.ctx(CLERK), Collect(DAY)))


def test_an_earlier_day_is_settled_first(traded: House) -> None:
    t = traded.trading
    traded.takes("close")
    t.clock.set_day(NEXT)
    t.refuses("CLR-1005", lambda: collecting.collect(t.ctx(CLERK), Collect(NEXT)))


def test_what_the_engine_summed_up_otherwise_is_not_cleared(traded: House) -> None:
    traded.takes("close", "collect")
    with traded.database.write() as conn:
        conn.execute(update(MARKET_DUE).values(due=MARKET_DUE.c.due + 1))
    traded.trading.refuses("CLR-2001", lambda: traded.take("clear")[-1])


def test_a_day_with_an_open_difference_is_not_sealed(traded: House) -> None:
    traded.takes(
        "close", "collect", "clear", "confirm", "review", "approve", "deliver", "effect", "reconcile"
    )
    traded.takes("state")
    with traded.database.write() as conn:
        conn.execute(update(CLEARING_DAY).values(differences=1))
    t = traded.trading
    t.refuses("CLR-1012", lambda: sealing.seal(t.ctx(CLERK), Seal(DAY)))


def test_what_lies_in_the_pool_keeps_a_day_from_its_seal(traded: House) -> None:
    traded.takes(
        "close", "collect", "clear", "confirm", "review", "approve", "deliver", "effect", "reconcile"
    )
    traded.takes("state")
    t = traded.trading
    with traded.database.read() as conn:
        house = parties.only_of_kind(conn, SubjectKind.REGISTRY)
        assert house
        pool = parties.account_of(conn, house.id, AccountKind.POOL)
        money = need(registry.instrument(conn, "CNY"))
        giver = need(parties.account(conn, t.market.account(t.a, AccountKind.CASH)))
    assert pool

    def slip(act: Act, _command: object) -> dict[str, Any]:
        act.record(records.transfer(giver.number, pool.number, money.number, 1))
        return {}

    t.done(traded.book.commit([Request(t.ctx(CLERK), "test.slip", None, slip)])[0])
    t.refuses("CLR-1013", lambda: sealing.seal(t.ctx(CLERK), Seal(DAY)))


def test_a_net_delivery_goes_at_once_or_not_at_all(
    traded: House, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    t = traded.trading
    with settled_as(tmp_path, model="net"):
        traded.takes("close", "collect", "clear", "confirm", "review", "approve")
        with monkeypatch.context() as patched:
            patched.setattr(delivery, "RECORDS_MAX", 3)
            t.refuses("CLR-2006", lambda: traded.take("deliver")[-1])
        with monkeypatch.context() as patched:
            patched.setattr(delivery, "_stopped", lambda _conn, floor: np.ones(floor.chains, bool))
            t.refuses("CLR-2008", lambda: traded.take("deliver")[-1])
        traded.takes("deliver")
