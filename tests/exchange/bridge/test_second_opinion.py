"""What a dishonest house does with a session is found by the second opinion."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tanshu.base.refusal import need
from tanshu.book.commit import Act, Decision
from tanshu.exchange.bridge import sessions
from tanshu.exchange.bridge.tables import MARKET_SUSPENSION
from tanshu.exchange.standing import Lift, Suspend, lift, suspend
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import queue
from tests.exchange.bridge.support import CEA, DAY, EXCHANGE, TRADING, Trading


def _stake(trading: Trading, act: Act) -> sessions.Stake:
    account = need(parties.account(act.conn, trading.market.account(trading.a, TRADING)))
    instrument = need(registry.instrument(act.conn, "CEA22")).number
    return sessions.stakes(act.conn, account, instrument)[0]


def _behind(trading: Trading, name: str, does: Callable[[Act], None]) -> set[str]:
    """Commit an entry of this name behind the register's back; the codes of what is found."""

    def decide(act: Act, _command: object) -> Decision:
        does(act)
        return {}

    trading.done(trading.ctx(EXCHANGE).commit(name, {"behind": name}, decide))
    return {finding.what.code for finding in trading.findings()}


@pytest.mark.parametrize("name", ["exchange.close-day", "exchange.open-day", "exchange.settle"])
def test_a_session_lets_go_at_the_close_or_for_a_transaction_and_not_otherwise(
    trading: Trading, name: str
) -> None:
    assert "AUD-5403" in _behind(trading, name, lambda act: _let_go(trading, act))


def _let_go(trading: Trading, act: Act) -> None:
    sessions.take(act, _stake(trading, act), 5)


def test_a_session_holds_more_only_by_what_comes_in(trading: Trading) -> None:
    def enter(act: Act) -> None:
        stake = _stake(trading, act)
        sessions.take(act, stake, 5)
        queue.enter(act, sessions.wanted(stake, 5))

    assert "AUD-5403" in _behind(trading, "exchange.open-day", enter)


def test_a_claim_of_a_session_that_never_was_is_found(trading: Trading) -> None:
    trading.done(trading.closes())

    def enter(act: Act) -> None:
        stake = _stake(trading, act)
        name = sessions.session_name("other", DAY)
        wanted = sessions.wanted(stake, 5)
        queue.enter(act, type(wanted)(wanted.cls, stake.account, stake.what, 5, name, 0, wanted.tag))

    assert "AUD-5403" in _behind(trading, "exchange.open-day", enter)


def test_a_suspension_is_not_lifted_by_who_asked_for_it(trading: Trading) -> None:
    trading.done(suspend(trading.ctx(EXCHANGE, reason="r"), Suspend(CEA, trading.a)))
    trading.done(lift(trading.ctx(EXCHANGE, reason="r"), Lift(CEA, trading.a)))

    def end(act: Act) -> None:
        row = act.conn.execute(select(MARKET_SUSPENSION)).one()
        this = {"log": row.log, "party": row.party, "seq": row.seq}
        act.update(MARKET_SUSPENSION, this, ended_by=EXCHANGE, ended_seq=act.seq)

    assert "AUD-5307" in _behind(trading, "exchange.lift", end)
