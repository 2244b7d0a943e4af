"""封账: the day's last check, and what it is bound to. A sealed day never changes again.

What must hold at every seal, counted anew from the cells and the log:
* of every instrument all holdings are what was issued, less what was surrendered, cancelled or recalled;
* clients' money is what the banks' special accounts must hold, to the fen, and the pool is empty;
* nothing is below zero but sources and sinks;
* what was bought on the day was not sold on it, where the market's rule is T+1.
Source: 碳排放权结算管理规则(试行), recalled; the last one 碳排放权交易管理规则(试行).
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.kernel import INSTRUMENT_BITS, INSTRUMENT_MASK
from tanshu.book.records import AccountFlag, Op, decode
from tanshu.book.state import State
from tanshu.clearing import checks, queries
from tanshu.clearing.bank import queries as banks
from tanshu.clearing.bank.explained import unexplained
from tanshu.clearing.bank.position import of_day
from tanshu.clearing.bank.reconcile import compare
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.delivery import TAG
from tanshu.clearing.model import DayState, Seal
from tanshu.clearing.statements import totals
from tanshu.clearing.tables import CLEARING_DAY
from tanshu.clearing.trades import Ints
from tanshu.exchange.tables import MARKET
from tanshu.log import store
from tanshu.parties.model import AccountKind
from tanshu.parties.tables import ACCOUNT
from tanshu.registry import queries as registry
from tanshu.registry.types import InstrumentKind
from tanshu.rules.market_pack import market_rules

SOURCES = (AccountKind.ISSUANCE, AccountKind.EXTERNAL, AccountKind.BANK)
SINKS = (AccountKind.SURRENDER, AccountKind.CANCELLATION, AccountKind.OFFSET, AccountKind.RECALL)


class Balance(NamedTuple):
    """One instrument over all accounts, in its minor unit: issued = held + gone; pool is a part of held."""

    instrument: str
    issued: int
    gone: int
    held: int
    pool: int


@verb("clearing.seal")
def seal(act: Act, command: Seal) -> Decision:
    """Check the invariants once more and close the day for good, bound to the log and the book as they are.

    Refuses with CLR-1001, CLR-1002, CLR-1012 (differences are open, or a bank's statement has some that came
    after the reconciliation), CLR-1013 (an invariant fails), CLR-5002 (the statements do not sum to the
    market's report).
    """
    need(by_clerk(act))
    row = need(queries.day_in(act.conn, command.day, DayState.STATED))
    open = row.differences or _told_since(act, row)
    if open:
        return checks.STILL_DIFFERENT(field="day", day=command.day, differences=open)
    need(holds(act.conn, act.state))
    need(totals.check_told(act.conn, command.day))
    need(_was_not_sold_again(act.conn, act.ctx.book.log, row))
    tail = act.ctx.book.tail
    bound = {
        "log_seq": tail.seq,
        "log_hash": tail.hash.hex(),
        "state_hash": act.state.digest().hex(),
    }
    act.update(CLEARING_DAY, {"day": command.day}, state=DayState.SEALED, sealed_seq=act.seq, **bound)
    return {"day": command.day.isoformat(), "state": DayState.SEALED, **bound}


def balances(conn: Connection, state: State) -> list[Balance]:
    """What there is of every instrument, counted by kinds of accounts."""
    cells = state.cell_rows()
    account, instrument = cells[:, 0] >> INSTRUMENT_BITS, cells[:, 0] & INSTRUMENT_MASK
    total = cells[:, 1] + cells[:, 2]
    kind = {row.number: row.kind for row in conn.execute(select(ACCOUNT.c.number, ACCOUNT.c.kind))}
    of = {name: _is(account, kind, names) for name, names in _GROUPS.items()}
    found: list[Balance] = []
    for one in registry.instruments(conn):
        here = instrument == one.number
        sums = {name: int(total[here & mine].sum()) for name, mine in of.items()}
        held = int(total[here].sum()) - sums["issued"] - sums["gone"]
        found.append(Balance(one.code, -sums["issued"], sums["gone"], held, sums["pool"]))
    return found


def holds(conn: Connection, state: State) -> Refusal | None:
    """Do the books of every instrument balance, is the pool empty, is nothing below zero? Else CLR-1013."""
    for one in balances(conn, state):
        if one.issued != one.gone + one.held or one.pool:
            zh = f"{one.instrument}:发行 {one.issued},注销 {one.gone},持有 {one.held},过渡 {one.pool}"
            en = f"{one.instrument}: issued {one.issued}, gone {one.gone}, held {one.held}, pool {one.pool}"
            return checks.INVARIANT(what=Text(zh, en))
    cells = state.cell_rows()
    below = cells[(cells[:, 1] < 0) | (cells[:, 2] < 0)]
    for key, available, held in below.tolist():
        account = key >> INSTRUMENT_BITS
        if not state.flags(account) & AccountFlag.OVERDRAFT:
            what = Text(f"账户 {account} 为负({available}/{held})", f"account {account} is below zero")
            return checks.INVARIANT(what=what)
    return None


# -- steps -------------------------------------------------------------------------------------------------

_GROUPS = {"issued": SOURCES, "gone": SINKS, "pool": (AccountKind.POOL,)}


def _told_since(act: Act, row: Any) -> int:
    """How many differences the statements have that came after the day's reconciliation."""
    newer = set(banks.told_after(act.conn, row.day, row.reconciled_seq))
    found = 0
    for bank in banks.banks(act.conn) if newer else ():
        if bank.id in newer:
            statement = need(banks.newest_statement(act.conn, bank, row.day))
            differing = compare(of_day(act.conn, act.state, bank, row.day), statement)
            found += len(unexplained(act.conn, bank, row.day, differing))
    return found


def _is(account: Ints, kind: dict[int, str], names: tuple[AccountKind, ...]) -> Any:
    return np.isin(account, [number for number, one in kind.items() if one in names])


def _was_not_sold_again(conn: Connection, log: int, row: Any) -> Refusal | None:
    """Where the rule is T+1, no delivery took units that an earlier one of the day had brought: CLR-1013."""
    cash = {one.number for one in registry.instruments(conn) if one.kind is InstrumentKind.CASH}
    for market in queries.markets(conn, row.day):
        rules = need(market_rules(_pack_of(conn, market.log), allow_draft=True))
        if any(mode.settle_days == 0 for mode in rules.modes.values()) or market.model != "gross":
            continue
        for block in queries.blocks(conn, row.day, market.log):
            entry = next(store.read(conn, log, block.seq - 1, block.seq))
            records = decode(entry.records)
            passed = (records["op"] == Op.TRANSFER) & (records["tag"] == TAG)
            again = records[passed & ~np.isin(records["instrument"], list(cash))]
            if len(again):
                account = int(again["debit"][0])
                what = Text(
                    f"账户 {account} 当日买入当日卖出", f"account {account} sold what it bought that day"
                )
                return checks.INVARIANT(what=what)
    return None


def _pack_of(conn: Connection, log: int) -> str:
    return conn.execute(select(MARKET.c.pack).where(MARKET.c.log == log)).scalar_one()
