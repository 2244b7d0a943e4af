"""The day begins: the trades of every market that closed are taken over, and what is owed is computed.

From here on the units and the money that a closed session holds are in the house's hands: its claims are
`settling`, nobody else touches them, and the kernel's holds stay where they are until delivery captures them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.clearing import checks, queries
from tanshu.clearing.fees import fees_account
from tanshu.clearing.model import DAY_LABELS, Clear, Collect, DayState, Model
from tanshu.clearing.tables import CLEARING_DAY, CLEARING_MARKET
from tanshu.clearing.trades import Ints, TradedDay, read_day
from tanshu.exchange.bridge.days import is_settled
from tanshu.exchange.bridge.sessions import CLEARING, CLOSED, OPEN, Session, of_day, session_name
from tanshu.exchange.bridge.tables import MARKET_DELIVERY, MARKET_DUE
from tanshu.exchange.tables import MARKET, MARKET_DAY
from tanshu.parties import queries as parties
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Person, Right, SubjectKind
from tanshu.registry.encumbrances.model import ClaimState
from tanshu.registry.encumbrances.tables import CLAIM
from tanshu.rules.clearing_pack import ClearingRules, clearing_rules, pack_for


def by_clerk(act: Act) -> Person | Refusal:
    """Who runs the house's day: a maker of the registry."""
    return may_for_kind(act.conn, act.actor, Right.MAKER, SubjectKind.REGISTRY)


@verb("clearing.collect")
def collect(act: Act, command: Collect) -> Decision:
    """Take over the trades of a day from every market that the house settles.

    A day without trades is a settlement day, too: money moves. Refuses with CLR-1003 and CLR-1005
    (an earlier day is not finished), CLR-1004 (a market is not closed), CLR-1006 (the exchange settles this
    day itself), CLR-1010 (a day to come), CLR-1014 (begun already), RULE-17xx (no clearing pack).
    """
    clerk = need(by_clerk(act))
    need(_may_begin(act, command.day))
    taken = list(_markets(act, command.day))
    act.insert(
        CLEARING_DAY,
        {
            "day": command.day,
            "state": DayState.COLLECTED,
            "collected_by": clerk.handle,
            "collected_seq": act.seq,
            "comment": "",
        },
    )
    told: list[dict[str, object]] = []
    for rules, traded in taken:
        row = _row(rules, traded)
        act.insert(CLEARING_MARKET, row)
        name = session_name(traded.market, command.day)
        act.update(CLAIM, {"root_id": name, "state": ClaimState.IN_FORCE}, state=ClaimState.SETTLING)
        act.update(MARKET_DAY, {"log": traded.log, "day": command.day}, state=CLEARING)
        names = ("model", "trades", "tonnes", "amount", "trades_hash")
        told.append({"market": traded.market, **{name: row[name] for name in names}})
    return {"day": command.day.isoformat(), "markets": told}


@verb("clearing.clear")
def clear(act: Act, command: Clear) -> Decision:
    """Compute what each participant owes and is owed, and hold it against the markets' own sums.

    Refuses with CLR-1002, CLR-2001 (a participant's sum is not the engine's), CLR-2003 (nowhere to put fees).
    """
    need(by_clerk(act))
    need(queries.day_in(act.conn, command.day, DayState.COLLECTED))
    found = queries.markets(act.conn, command.day)
    for row in found:
        traded = need(read_day(act.conn, row.log, command.day))
        assert traded.trades.hash() == row.trades_hash, "a closed day's log does not change"
        need(_agrees_with_engine(act.conn, traded))
        need(_fees_have_a_place(act, row))
    act.update(CLEARING_DAY, {"day": command.day}, state=DayState.CLEARED, cleared_seq=act.seq)
    return {
        "day": command.day.isoformat(),
        "trades": sum(row.trades for row in found),
        "tonnes": sum(row.tonnes for row in found),
        "amount": sum(row.amount for row in found),
        "fees": sum(row.trading_fees + row.settlement_fees for row in found),
    }


def model_of(rules: ClearingRules, traded: TradedDay) -> Model:
    """How a market's day is settled: as its products are, where they all are settled alike."""
    found = {rules.model_of(code) for code in traded.codes[1:]}
    return Model(found.pop() if len(found) == 1 else rules.model)


# -- the beginning -----------------------------------------------------------------------------------------


def _may_begin(act: Act, day: date) -> Refusal | None:
    if day > act.today:
        return checks.IN_FUTURE(field="day", day=day, today=act.today)
    before = queries.last_day(act.conn)
    if before is None:
        return None
    if before.day >= day:
        state = DAY_LABELS[DayState(before.state)]
        return checks.BEGUN(field="day", day=day, last=before.day, state=state)
    if before.state != DayState.SEALED:
        return checks.DAY_BEFORE(field="day", day=day, before=before.day)
    return None


def _markets(act: Act, day: date) -> Iterator[tuple[ClearingRules, TradedDay]]:
    """The markets that closed this day and are the house's to settle."""
    rows = select(MARKET.c.log, MARKET.c.name, MARKET.c.pack, MARKET_DAY.c.day, MARKET_DAY.c.state)
    joined = rows.join(MARKET_DAY, MARKET_DAY.c.log == MARKET.c.log).where(MARKET_DAY.c.day <= day)
    for row in act.conn.execute(joined.order_by(MARKET.c.log, MARKET_DAY.c.day)):
        pack = pack_for(row.pack)
        if isinstance(pack, Refusal) or row.state not in (CLOSED, OPEN):
            continue  # its exchange settles by itself; or the house has it already
        if row.state != CLOSED:
            need(checks.NOT_CLOSED(field="day", market=row.name, day=row.day))
        session = need(of_day(act.conn, row.log, row.day, CLOSED))
        if row.day < day:
            if not is_settled(act.conn, session):
                facts = {"market": row.name, "before": row.day, "day": day}
                need(checks.UNFINISHED_BEFORE(field="day", **facts))
            continue
        if other := _settled_by_exchange(act.conn, session):
            if is_settled(act.conn, session):
                continue
            need(checks.PARTLY_SETTLED(field="day", market=row.name, day=day, transaction=other))
        rules = need(clearing_rules(pack, allow_draft=act.ctx.allow_draft))
        yield rules, need(read_day(act.conn, row.log, day))


def _settled_by_exchange(conn: Connection, session: Session) -> str | None:
    here = (MARKET_DELIVERY.c.log == session.log, MARKET_DELIVERY.c.day == session.day)
    query = select(MARKET_DELIVERY.c.transaction_id).where(*here).order_by(MARKET_DELIVERY.c.trade)
    return conn.execute(query.limit(1)).scalar()


def _row(rules: ClearingRules, traded: TradedDay) -> dict[str, object]:
    trades = traded.trades
    return {
        "day": traded.day,
        "log": traded.log,
        "pack": rules.pack.name,
        "model": model_of(rules, traded),
        "trades": len(trades.number),
        "tonnes": int(trades.quantity.sum()),
        "amount": int(trades.amount.sum()),
        "trading_fees": int(trades.buyer_trading.sum() + trades.seller_trading.sum()),
        "settlement_fees": int(trades.buyer_settlement.sum() + trades.seller_settlement.sum()),
        "trades_hash": trades.hash(),
        "delivered": 0,
        "failed": 0,
    }


# -- clearing ----------------------------------------------------------------------------------------------


def _agrees_with_engine(conn: Connection, traded: TradedDay) -> Refusal | None:
    """What the trades come to is what the market's engine summed up while they were made."""
    mine = _owed(traded)
    its = (MARKET_DUE.c.account, MARKET_DUE.c.instrument, MARKET_DUE.c.due, MARKET_DUE.c.fees)
    query = select(*its).where(MARKET_DUE.c.log == traded.log, MARKET_DUE.c.day == traded.day)
    engine = {(account, what): (due, fees) for account, what, due, fees in conn.execute(query).all()}
    if mine == engine:
        return None
    cell = min(key for key in mine.keys() | engine.keys() if mine.get(key) != engine.get(key))
    account = parties.account_by_number(conn, cell[0]).code
    what = "fen" if cell[1] == traded.currency else traded.codes[list(traded.instruments).index(cell[1])]
    ours, theirs = sum(mine.get(cell, (0, 0))), sum(engine.get(cell, (0, 0)))
    facts = {"account": account, "what": what, "ours": ours, "theirs": theirs}
    return checks.DISAGREES(field="day", market=traded.market, day=traded.day, **facts)


def _fees_have_a_place(act: Act, row: Any) -> Refusal | None:
    """Who charges fees has an account for them: CLR-2003, before anything moves."""
    rules = need(clearing_rules(row.pack, allow_draft=act.ctx.allow_draft))
    for owed, to in ((row.trading_fees, rules.trading_to), (row.settlement_fees, rules.settlement_to)):
        account = fees_account(act.conn, to, owed) if owed else 0
        if isinstance(account, Refusal):
            return account
    return None


def _owed(traded: TradedDay) -> dict[tuple[int, int], tuple[int, int]]:
    """(account, instrument) → tonnes sold, or fen to pay; and fen of fees."""
    trades = traded.trades
    owed: dict[tuple[int, int], tuple[int, int]] = {}
    for number in range(1, len(traded.instruments)):
        here = trades.instrument == number
        sold = _by_party(traded, trades.seller[here], trades.quantity[here])
        some, what = np.flatnonzero(sold), int(traded.instruments[number])
        for account, tonnes in zip(traded.units_account[some].tolist(), sold[some].tolist(), strict=True):
            owed[account, what] = (tonnes, 0)
    paid = _by_party(traded, trades.buyer, trades.amount)
    fees = _by_party(traded, trades.buyer, trades.buyer_trading + trades.buyer_settlement)
    fees += _by_party(traded, trades.seller, trades.seller_trading + trades.seller_settlement)
    some = np.flatnonzero(paid | fees)
    columns = (traded.cash_account[some].tolist(), paid[some].tolist(), fees[some].tolist())
    for account, fen, charged in zip(*columns, strict=True):
        owed[account, traded.currency] = (fen, charged)
    return owed


def _by_party(traded: TradedDay, who: Ints, what: Ints) -> Ints:
    """Sums by participant, whole numbers throughout."""
    total = np.zeros(len(traded.cash_account), np.int64)
    np.add.at(total, who, what)
    return total
