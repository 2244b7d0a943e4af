"""Delivery against payment of a closed day, trade by trade: each is a settlement of the register.

A settlement names its trade (`market`, `traded_on`, `trade`), and its lines are that trade's. When it is
proposed, exactly what it needs leaves the session's claims for its own. Where a sale of the day pays for a
purchase of the day, the purchase waits until the sale has taken effect: what came in is held for it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, bindparam, select

from tanshu.base.memo import remembered, remembering
from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.exchange.bridge import checks, sessions, trades
from tanshu.exchange.bridge.model import Settle
from tanshu.exchange.bridge.sessions import CLOSED, Session, Stake
from tanshu.exchange.bridge.tables import MARKET_DELIVERY, MARKET_DUE
from tanshu.exchange.bridge.trades import Trade
from tanshu.exchange.tables import MARKET, MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountState
from tanshu.parties.tables import ACCOUNT
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue
from tanshu.registry.model import Propose, Proposed, ProposedLine
from tanshu.registry.service import decide_proposal

SETTLEMENT = "trade-settlement"
SETTLE_MAX = 500
"""Trades whose settlement one command proposes."""


@verb("exchange.settle")
def settle(act: Act, command: Settle) -> Decision:
    """Propose the settlement of the next trades of a closed day, in their order.

    It stops before a trade that has to wait for earlier ones to take effect; `left` says how many have no
    settlement yet. A trade with an account that is restricted, blocked or closed is passed over (`stopped`):
    it keeps nobody else from being paid. The proposals are one batch, named as the session. Refuses with
    EXC-8015 (no such day), EXC-8019 (nothing left), EXC-8018 (the next one has to wait), EXC-8028 (the
    limit), PAR-2xxx (only trades of stopped accounts are left).
    """
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    session = need(sessions.of_day(act.conn, market.log, command.day, CLOSED))
    if not 1 <= command.limit <= SETTLE_MAX:
        return checks.TRADE_LIMIT(field="limit", limit=SETTLE_MAX)
    delivered = _delivered(act.conn, session)
    left = [one for one in _of_day(act.conn, session).values() if one.number not in delivered]
    if not left:
        return checks.NOTHING_LEFT(field="day", market=command.market, day=command.day)
    stopped = _stopped(act.conn, session)
    able = [one for one in left if not stopped & {one.buyer, one.seller}]
    proposed: list[str] = []
    waiting: Refusal | None = None
    with remembering():  # a proposal changes no account, no person, and no trade
        for trade in able or left[:1]:  # where none can be settled, the register says why
            if len(proposed) == command.limit:
                break
            waits = _waits(act, session, trade)
            if waits is None:
                proposed.append(need(decide_proposal(act, _settlement(act.conn, session, trade)))["id"])
            elif len(able) == len(left):
                waiting = waits
                break
            else:  # perhaps for one of those passed over: whoever comes later does not wait with it
                waiting = waiting or waits
    if waiting and not proposed:
        return waiting
    return {
        "market": command.market,
        "day": command.day.isoformat(),
        "batch": session.name,
        "proposed": proposed,
        "left": len(left) - len(proposed),
        "stopped": [one.number for one in left if stopped & {one.buyer, one.seller}],
    }


def is_of_a_trade(proposed: Proposed) -> bool:
    """Is it the settlement of a trade of one of our markets?"""
    return proposed.type.code == SETTLEMENT and "market" in proposed.details


def before(act: Act, proposed: Proposed) -> Refusal | None:
    """Let exactly what a trade's settlement needs out of the session's claims; note who settles it."""
    found = _trade_of(act, proposed)
    if isinstance(found, Refusal):
        return found
    session, trade = found
    other = _settled_by(act.conn, session, trade.number)
    if other:
        facts = {"market": session.market, "day": session.day, "trade": trade.number}
        return checks.TRADE_DELIVERED(field="details", transaction=other, **facts)
    refused = _waits(act, session, trade)
    if refused:
        return refused
    for stake, needed in _gives(act.conn, session, trade):
        sessions.take(act, stake, needed)
        _less(act, stake, needed)
    act.insert(
        MARKET_DELIVERY,
        {
            "log": session.log,
            "day": session.day,
            "trade": trade.number,
            "transaction_id": proposed.id,
            "seq": act.seq,
        },
    )
    return None


def dropping(act: Act, proposed: Proposed) -> None:
    """What a settlement of a trade held is held for the session again, before all who wait."""
    session, trade = need(_trade_of(act, proposed))
    stakes = {(stake.account, stake.what): stake for stake, _ in _gives(act.conn, session, trade)}
    for one in claims.of_transaction(act.conn, proposed.id):
        freed = queue.end(act, one)
        if freed:
            sessions.add(act, stakes[one.account, one.instrument], freed)


def dropped(act: Act, proposed: Proposed) -> None:
    """The trade is without a settlement again; what it gave back is held for it."""
    found = need(_trade_of(act, proposed))
    session, trade = found
    act.delete(MARKET_DELIVERY, {"log": session.log, "day": session.day, "trade": trade.number})
    for stake, needed in _gives(act.conn, session, trade):
        _less(act, stake, -needed)


def reserve(act: Act, stake: Stake) -> None:
    """Hold what is free in a cell, as far as the closed day still owes from it."""
    due = _due(act.conn, stake)
    if due is None:
        return
    short = due.left + due.fees - sessions.held(act.conn, stake)
    more = min(short, queue.available(act, stake.account, stake.what))
    if more > 0:
        sessions.add(act, stake, more)


# -- steps -------------------------------------------------------------------------------------------------


@remembered
def _of_day(conn: Connection, session: Session) -> dict[int, Trade]:
    """The trades of a closed day by number, in order."""
    assert session.closed is not None
    done = trades.of_entries(conn, session.log, session.opened, session.closed)
    return {one.number: one for one in done}


def _stopped(conn: Connection, session: Session) -> set[int]:
    """The participants of whom an account neither gives nor receives by a settlement."""
    mine = (MARKET_PARTY.c.units_account, MARKET_PARTY.c.cash_account)
    query = select(MARKET_PARTY.c.number).join(ACCOUNT, ACCOUNT.c.number.in_(mine))
    here = (MARKET_PARTY.c.log == session.log, ACCOUNT.c.state != AccountState.OPEN)
    return set(conn.execute(query.where(*here)).scalars())


def _delivered(conn: Connection, session: Session) -> set[int]:
    """The trades that have a settlement."""
    here = (MARKET_DELIVERY.c.log == session.log, MARKET_DELIVERY.c.day == session.day)
    return set(conn.execute(select(MARKET_DELIVERY.c.trade).where(*here)).scalars())


def _settled_by(conn: Connection, session: Session, trade: int) -> str | None:
    return conn.execute(_DELIVERY, {"log": session.log, "day": session.day, "trade": trade}).scalar()


def _trade_of(act: Act, proposed: Proposed) -> tuple[Session, Trade] | Refusal:
    """The trade that a settlement names, if its lines are that trade's. Refuses with EXC-8016."""
    details = proposed.details
    facts = {"market": details.get("market"), "day": details.get("traded_on"), "trade": details.get("trade")}
    none = checks.NO_SUCH_TRADE(field="details", **facts)
    log = act.conn.execute(select(MARKET.c.log).where(MARKET.c.name == str(facts["market"]))).scalar()
    try:
        day = date.fromisoformat(str(facts["day"]))
    except ValueError:
        return none
    if log is None:
        return none
    session = sessions.of_day(act.conn, log, day, CLOSED)
    if isinstance(session, Refusal):
        return none
    number = facts["trade"]
    trade = _of_day(act.conn, session).get(number) if isinstance(number, int) else None
    if trade is None or details.get("price_fen") != trade.price or details.get("mode") != trade.mode:
        return none
    if facts["day"] != day.isoformat():  # a date can be written otherwise, and would be looked for in vain
        return none
    meant = {(stake.account, stake.what, quantity) for stake, quantity in _gives(act.conn, session, trade)}
    given = {(line.debit.number, line.instrument.number, line.quantity) for line in proposed.lines}
    takers = {stake.account for stake in _gets(act.conn, session, trade)}
    if meant != given or takers != {line.credit.number for line in proposed.lines}:
        return none
    return session, trade


def _gives(conn: Connection, session: Session, trade: Trade) -> tuple[tuple[Stake, int], tuple[Stake, int]]:
    """The seller's units, the buyer's money."""
    what = _instrument(conn, session.log, trade.instrument)
    seller, buyer = _party(conn, session.log, trade.seller), _party(conn, session.log, trade.buyer)
    units = Stake(session, trade.seller, trade.instrument, seller.units_account, what)
    money = Stake(session, trade.buyer, 0, buyer.cash_account, session.currency)
    return (units, trade.quantity), (money, trade.amount)


def _gets(conn: Connection, session: Session, trade: Trade) -> tuple[Stake, Stake]:
    """Where the units and the money go."""
    what = _instrument(conn, session.log, trade.instrument)
    seller, buyer = _party(conn, session.log, trade.seller), _party(conn, session.log, trade.buyer)
    return (
        Stake(session, trade.buyer, trade.instrument, buyer.units_account, what),
        Stake(session, trade.seller, 0, seller.cash_account, session.currency),
    )


def _waits(act: Act, session: Session, trade: Trade) -> Refusal | None:
    """Is what the trade needs held for the session, or does it come from one that has not taken effect?"""
    for stake, needed in _gives(act.conn, session, trade):
        there = sessions.held(act.conn, stake)
        if there < needed:
            return checks.NOT_ARRIVED(
                field="trade",
                trade=trade.number,
                day=session.day,
                account=parties.account_by_number(act.conn, stake.account).code,
                there=there,
                needed=needed,
            )
    return None


def _settlement(conn: Connection, session: Session, trade: Trade) -> Propose:
    (units, quantity), (money, amount) = _gives(conn, session, trade)
    buyer, seller = _gets(conn, session, trade)
    lines = tuple(
        ProposedLine(
            registry.instrument_by_number(conn, giver.what).code,
            much,
            parties.account_by_number(conn, giver.account).code,
            parties.account_by_number(conn, taker.account).code,
        )
        for giver, much, taker in ((units, quantity, buyer), (money, amount, seller))
    )
    details = {
        "market": session.market,
        "traded_on": session.day.isoformat(),
        "trade": trade.number,
        "mode": trade.mode,
        "price_fen": trade.price,
    }
    return Propose(SETTLEMENT, lines, batch=session.name, details=details)


def _less(act: Act, stake: Stake, quantity: int) -> None:
    """The day owes so much less from a cell without a settlement."""
    due = _due(act.conn, stake)
    assert due is not None and 0 <= due.left - quantity <= due.due
    where = {"log": stake.session.log, "day": stake.session.day}
    cell = {"account": stake.account, "instrument": stake.what}
    act.update(MARKET_DUE, {**where, **cell}, left=due.left - quantity)


def _due(conn: Connection, stake: Stake) -> Any | None:
    session = stake.session
    asked = {"log": session.log, "day": session.day, "account": stake.account, "instrument": stake.what}
    return conn.execute(_DUE, asked).first()


@remembered
def _party(conn: Connection, log: int, number: int) -> Any:
    query = select(MARKET_PARTY).where(MARKET_PARTY.c.log == log, MARKET_PARTY.c.number == number)
    return conn.execute(query).one()


@remembered
def _instrument(conn: Connection, log: int, number: int) -> int:
    query = select(MARKET_INSTRUMENT.c.instrument).where(
        MARKET_INSTRUMENT.c.log == log, MARKET_INSTRUMENT.c.number == number
    )
    return conn.execute(query).scalar_one()


# Asked for every trade: putting a statement together costs more than running it.
_DUE = select(MARKET_DUE).where(
    *(MARKET_DUE.c[name] == bindparam(name) for name in ("log", "day", "account", "instrument"))
)
_DELIVERY = select(MARKET_DELIVERY.c.transaction_id).where(
    *(MARKET_DELIVERY.c[name] == bindparam(name) for name in ("log", "day", "trade"))
)
