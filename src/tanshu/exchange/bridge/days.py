"""A trading day in the book: at its opening all that is free comes into the session, at its close what is not
owed comes out again.

Neither moves anything: the units and the money stay in their accounts, held for the session, and the market's
engine says for whom of its orders.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Answer, Context, Decision, Outcome, verb
from tanshu.exchange import day_terms, timetable
from tanshu.exchange.bridge import checks, halts, roster, sessions, trades
from tanshu.exchange.bridge.model import CloseDay, OpenDay
from tanshu.exchange.bridge.sessions import CLOSED, OPEN, Session, Stake
from tanshu.exchange.bridge.tables import MARKET_DELIVERY, MARKET_DUE
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import QUANTITY_MAX, Op, Records, Row, row
from tanshu.exchange.engine.session import OPENING
from tanshu.exchange.engine.state import CLOSE, FEES, INSTRUMENTS, REFERENCE, SOLD
from tanshu.exchange.market import Market, MarketAct
from tanshu.exchange.tables import MARKET_DAY, MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.parties.model import Account
from tanshu.registry.encumbrances import queue
from tanshu.registry.model import TransactionState
from tanshu.registry.tables import TRANSACTION
from tanshu.rules.market_pack import MarketRules


@dataclass(frozen=True, slots=True)
class Opening:
    """What a market's log is told of an opening: who stays out of it, by handle."""

    day: date
    without: tuple[str, ...]


OpeningCheck = Callable[[Act, Session], Refusal | None]
_OPENING_CHECKS: dict[str, OpeningCheck] = {}


def check_before_opening(room: str, check: OpeningCheck) -> None:
    """A room above says what keeps a day of a market from opening. It is shown that day."""
    _OPENING_CHECKS[room] = check


@verb("exchange.open-day")
def open_day(act: Act, command: OpenDay) -> Decision:
    """Open today as a trading day: what is free in the trading and cash accounts of participants is held.

    A participant whose accounts are not both open stays out (`without`). Refuses with EXC-8009 to 8013 (the
    day, the one before, nothing listed), RULE-16xx, RULE-3001 (no trading day, a figure that nobody gave).
    """
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    about = sessions.row_of(act.conn, market.log)
    rules = need(sessions.rules_of(act, about.pack))
    need(_may_open(act, market, command))
    rules.check_day(command.day)
    listed = _listed(act.conn, market.log)
    if not listed:
        return checks.NOTHING_LISTED(field="market", market=command.market)
    # The row tells who stands in the session; the market's entry is known when it is written.
    session = Session(market.log, about.name, about.pack, about.currency, command.day, OPEN, 0, None)
    for check in _OPENING_CHECKS.values():
        need(check(act, session))
    stakes, outside, without = roster.everybody(act, session, rules, listed)
    free = [(stake, _free(act, stake)) for stake in stakes]
    brought = [(stake, quantity) for stake, quantity in free if quantity]
    queue.enter_free(act, [sessions.wanted(stake, quantity) for stake, quantity in brought])
    stopped = halts.restated(act.conn, market.log)

    def begin(inner: MarketAct, _command: object) -> Decision:
        stated = _terms(inner.engine, rules, listed)
        day = command.day.year * 10_000 + command.day.month * 100 + command.day.day
        inner.must([row(Op.DAY, quantity=day), *stated, *outside, *map(_brings, brought), *stopped])
        return {"opened": len(brought)}

    opening = Opening(command.day, tuple(without))
    entry = need(market.join(act, "market.open-day", opening, begin))
    market.next_step_ns = None
    act.insert(
        MARKET_DAY,
        {
            "log": market.log,
            "day": command.day,
            "state": OPEN,
            "opened_seq": act.seq,
            "closed_seq": None,
            "market_opened": entry.seq,
            "market_closed": None,
            "state_hash": None,
        },
    )
    cells = sum(1 for stake, _ in brought if stake.instrument)
    return {
        "market": command.market,
        "day": command.day.isoformat(),
        "units": cells,
        "cash": len(brought) - cells,
        "without": without,
        "seq": entry.seq,
    }


def close_day(ctx: Context, command: CloseDay) -> Outcome:
    """Close a trading day: orders lapse, closes are made, what the day does not owe is free again.

    What was sold stays held for the buyers, the price of what was bought for the sellers, and fees until they
    are collected. The market's state is kept afterwards. Refuses with EXC-8014.
    """
    timetable.keep_of(ctx, command.market)  # a window that has closed has its result before the day ends
    outcome = _close_day(ctx, command)
    if isinstance(outcome, Answer) and not outcome.repeated:
        log = outcome["log"]
        if log in ctx.book.companions:
            ctx.book.companions[log].keep_snapshot(now=True)
    return outcome


@verb("exchange.close-day")
def _close_day(act: Act, command: CloseDay) -> Decision:
    need(sessions.by_exchange(act))
    market = need(sessions.named(act, command.market))
    session = need(sessions.of_day(act.conn, market.log, command.day, OPEN))
    entry = need(market.join(act, "market.close-day", command, _close))
    engine = market.catch_up(act.conn)
    done = trades.records_of(act.conn, market.log, session.opened, entry.seq)
    owed = _owed(act, session, engine, done)
    sessions.keep(act, session, {cell: due + fees for cell, (due, fees) in owed.items()})
    act.insert(
        MARKET_DUE,
        *(
            {
                "log": market.log, "day": command.day, "account": account, "instrument": what,
                "due": due, "left": due, "fees": fees,
            }
            for (account, what), (due, fees) in owed.items()
        ),
    )  # fmt: skip
    act.update(
        MARKET_DAY,
        {"log": market.log, "day": command.day},
        state=CLOSED,
        closed_seq=act.seq,
        market_closed=entry.seq,
        state_hash=entry["state_hash"],
    )
    market.next_step_ns = None
    names = {row.number: row.code for row in _listed(act.conn, market.log)}
    return {
        "market": command.market,
        "day": command.day.isoformat(),
        "log": market.log,
        "trades": len(done),
        "closes": {names[int(number)]: fen for number, fen in entry["closes"].items()},
        "state_hash": entry["state_hash"],
        "seq": entry.seq,
    }


def is_settled(conn: Connection, session: Session) -> bool:
    """Is everything that a closed day owes delivered and paid?"""
    due = (MARKET_DUE.c.log == session.log, MARKET_DUE.c.day == session.day, MARKET_DUE.c.left > 0)
    if conn.execute(select(MARKET_DUE.c.account).where(*due).limit(1)).first():
        return False
    joined = MARKET_DELIVERY.join(TRANSACTION, TRANSACTION.c.id == MARKET_DELIVERY.c.transaction_id)
    pending = (
        MARKET_DELIVERY.c.log == session.log,
        MARKET_DELIVERY.c.day == session.day,
        TRANSACTION.c.state == TransactionState.PENDING,
    )
    query = select(TRANSACTION.c.id).select_from(joined).where(*pending)
    return conn.execute(query.limit(1)).first() is None


def check_closing(act: Act, account: Account) -> Refusal | None:
    """An account is not closed while a day in which it takes part is open or owes something: EXC-8031."""
    mine = (MARKET_PARTY.c.units_account == account.number) | (MARKET_PARTY.c.cash_account == account.number)
    logs = select(MARKET_PARTY.c.log).where(mine).order_by(MARKET_PARTY.c.log)
    for log in act.conn.execute(logs).scalars().all():
        session = sessions.last(act.conn, log)
        if session is not None and (session.state == OPEN or not is_settled(act.conn, session)):
            facts = {"account": account.code, "market": session.market, "day": session.day}
            return checks.ACCOUNT_IN_DAY(field="account", **facts)
    return None


# -- the opening -------------------------------------------------------------------------------------------


def _may_open(act: Act, market: Market, command: OpenDay) -> Refusal | None:
    before = sessions.last(act.conn, market.log)
    if before is not None:
        facts = {"market": command.market, "day": before.day}
        if before.state == OPEN:
            return checks.DAY_STILL_OPEN(field="day", **facts)
        if command.day <= before.day:
            return checks.DAY_OVER(field="day", market=command.market, day=command.day)
        if not is_settled(act.conn, before):
            return checks.DAY_UNSETTLED(field="day", **facts)
    if command.day != act.today:
        return checks.NOT_TODAY(field="day", today=act.today, day=command.day)
    return None


def _free(act: Act, stake: Stake) -> int:
    return min(act.cell(stake.account, stake.what).available, QUANTITY_MAX)


def _brings(brought: tuple[Stake, int]) -> Row:
    stake, quantity = brought
    op = Op.UNITS_IN if stake.instrument else Op.CASH_IN
    return row(op, kind=OPENING, instrument=stake.instrument, party=stake.party, quantity=quantity)


def _terms(engine: Engine, rules: MarketRules, listed: Sequence[Any]) -> list[Row]:
    facts = engine.arrays.instruments
    stated = [(kind.number, kind.vintage or 0, int(facts[kind.number, REFERENCE])) for kind in listed]
    return day_terms.day_records(rules, stated)


def _listed(conn: Connection, log: int) -> Sequence[Any]:
    here = select(MARKET_INSTRUMENT).where(MARKET_INSTRUMENT.c.log == log)
    return conn.execute(here.order_by(MARKET_INSTRUMENT.c.number)).all()


# -- the close ---------------------------------------------------------------------------------------------


def _close(inner: MarketAct, _command: object) -> Decision:
    inner.must([row(Op.CLOSE_DAY)])
    a = inner.engine.arrays
    numbers = range(1, int(a.day[INSTRUMENTS]) + 1)
    return {
        "state_hash": inner.engine.state_hash(),
        "closes": {str(number): int(a.instruments[number, CLOSE]) for number in numbers},
    }


def _owed(
    act: Act, session: Session, engine: Engine, done: Records
) -> dict[tuple[int, int], tuple[int, int]]:
    """What the day owes from each cell: tonnes sold, fen for what was bought; and the fees."""
    a = engine.arrays
    paid = np.zeros(len(a.parties), np.int64)
    np.add.at(paid, done["party"], done["quantity"] * done["price"])
    owed: dict[tuple[int, int], tuple[int, int]] = {}
    query = select(MARKET_PARTY).where(MARKET_PARTY.c.log == session.log).order_by(MARKET_PARTY.c.number)
    listed = _listed(act.conn, session.log)
    for one in act.conn.execute(query):
        for kind in listed:
            sold = int(a.units[kind.number, one.number, SOLD])
            if sold:
                owed[one.units_account, kind.instrument] = (sold, 0)
        money = (int(paid[one.number]), int(a.cash[one.number, FEES]))
        if any(money):
            owed[one.cash_account, session.currency] = money
    return owed
