"""补交收: trades that failed on their day are delivered later, or given up.

When: within a settlement day that two people have reviewed, before the first trade of that day itself is
delivered. Nothing of the day's own is on its way then, so what is free in an account is its owner's to spend,
and what moves is registered, told to the banks and reconciled with that day.

How: each trade is one linked chain, as on its day: first out of what the session of its day still holds for
it, then out of what is free in the same account (money paid in since, or what an earlier one brought). With
the fees of both sides, where the trade failed as a whole; a part that is late had its fees with the rest.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book import records
from tanshu.book.commit import Act, Decision, verb
from tanshu.book.records import RECORDS_MAX, Row
from tanshu.clearing import checks, queries
from tanshu.clearing.collecting import by_clerk
from tanshu.clearing.delivery import TAG, split
from tanshu.clearing.effecting import FEE_TAG
from tanshu.clearing.fees import fees_account
from tanshu.clearing.model import DayState, DeliverFailed, FailState
from tanshu.clearing.tables import CLEARING_FAIL
from tanshu.clearing.trades import TradedDay, read_day
from tanshu.exchange.bridge.sessions import session_name
from tanshu.parties.model import AccountState
from tanshu.parties.tables import ACCOUNT
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue
from tanshu.registry.encumbrances.model import Claim
from tanshu.rules.clearing_pack import clearing_rules

ROOM = RECORDS_MAX - 8_192
"""Records after which an entry takes no more trades: the rest go with another command."""
Cell = tuple[int, int]
"""An account and an instrument, by the book's numbers."""


class Failed(NamedTuple):
    """A trade that waits: its cells, what it needs of them, and its fees (fen, by payer and organisation)."""

    row: Any
    session: str
    units: int
    money: Cell
    seller: Cell
    taker: int
    fees: tuple[tuple[Cell, int, int], ...]
    """(who pays, to which account, fen), none of them zero."""

    @property
    def accounts(self) -> frozenset[int]:
        return frozenset((self.units, self.money[0], self.seller[0], self.taker))


@verb("clearing.deliver-failed")
def deliver_failed(act: Act, command: DeliverFailed) -> Decision:
    """Deliver what failed on earlier days and can go now: of a market or all, of a trading day or all.

    A trade goes when its four accounts are open and what it needs is there; the others wait on. By the
    registry's clerk. Refuses with CLR-1001, CLR-1002, CLR-2101 (the day's own delivery has begun), CLR-2102
    (nothing waits), CLR-2003 (nowhere to put the fees).
    """
    need(by_clerk(act))
    need(queries.day_in(act.conn, command.day, DayState.APPROVED, DayState.DELIVERED))
    if queries.is_begun(act.conn, command.day):
        return checks.BEGUN_ALREADY(field="day", day=command.day)
    waiting = queries.waiting(act.conn, command.day, command.market, command.traded_on)
    if not waiting:
        return checks.NOTHING_WAITS(field="day", day=command.day)
    going = _Going(act, _stopped(act.conn))
    for one in _read(act, waiting):
        if len(going.rows) < ROOM and going.can_go(one):
            going.go(one)
    for row in (*going.rows, *going.fees):
        act.record(row)
    for (account, what), quantity in going.arrived.items():
        queue.arrived(act, account, what, quantity)
    return {
        "day": command.day.isoformat(),
        "delivered": len(going.went),
        "tonnes": sum(one.row.quantity for one in going.went),
        "amount": sum(one.row.amount for one in going.went),
        "fees": sum(fen for one in going.went for _, _, fen in one.fees),
        "waiting": len(waiting) - len(going.went),
    }


def needed(traded: TradedDay, rows: Sequence[Any]) -> dict[Cell, int]:
    """What failed trades of one day need of each cell: tonnes of sellers, fen of buyers, and fees of both."""
    found: dict[Cell, int] = defaultdict(int)
    _, failed = split(traded.trades, rows)
    for n in range(len(failed)):
        buyer, seller, kind = (int(column[n]) for column in (failed.buyer, failed.seller, failed.instrument))
        found[int(traded.units_account[seller]), int(traded.instruments[kind])] += int(failed.quantity[n])
        paid = failed.amount[n] + failed.buyer_trading[n] + failed.buyer_settlement[n]
        found[int(traded.cash_account[buyer]), traded.currency] += int(paid)
        owed = failed.seller_trading[n] + failed.seller_settlement[n]
        found[int(traded.cash_account[seller]), traded.currency] += int(owed)
    return {cell: quantity for cell, quantity in found.items() if quantity}


# -- one after the other -----------------------------------------------------------------------------------


@dataclass
class _Going:
    """Trades on their way: what they left of what is held and of what is free, and the records so far.

    rows: the chains. fees: they follow all chains, so that the k-th chain is the k-th trade that went.
    """

    act: Act
    stopped: frozenset[int]
    rows: list[Row] = field(default_factory=list)
    fees: list[Row] = field(default_factory=list)
    went: list[Failed] = field(default_factory=list)
    arrived: dict[Cell, int] = field(default_factory=dict)
    free: dict[Cell, int] = field(default_factory=dict)

    def can_go(self, one: Failed) -> bool:
        if one.accounts & self.stopped:
            return False
        what, row = (one.units, one.row.instrument), one.row
        fees: dict[Cell, int] = defaultdict(int)
        for payer, _, fen in one.fees:
            fees[payer] += fen
        return (
            self._there(one.session, what) >= row.quantity
            and self._there(one.session, one.money) >= row.amount + fees[one.money]
            and self._there(one.session, one.seller) + row.amount >= fees[one.seller]
        )

    def go(self, one: Failed) -> None:
        row = one.row
        chain = [
            *self._moves(one.session, (one.units, row.instrument), one.taker, row.quantity, TAG),
            *self._moves(one.session, one.money, one.seller[0], row.amount, TAG),
        ]
        self.rows += [*map(records.linked, chain[:-1]), chain[-1]]
        self._comes((one.taker, row.instrument), row.quantity)
        self._comes(one.seller, row.amount)
        for payer, account, fen in one.fees:
            self.fees += self._moves(one.session, payer, account, fen, FEE_TAG)
        name = {"day": row.day, "log": row.log, "trade": row.trade}
        self.act.update(CLEARING_FAIL, name, state=FailState.DELIVERED, ended_seq=self.act.seq)
        self.went.append(one)

    def _there(self, session: str, cell: Cell) -> int:
        return self._free(cell) + sum(one.held for one in self._claims(session, cell))

    def _free(self, cell: Cell) -> int:
        if cell not in self.free:
            self.free[cell] = max(0, self.act.cell(*cell).available)
        return self.free[cell]

    def _claims(self, session: str, cell: Cell) -> Sequence[Claim]:
        return claims.of_transaction_in_cell(self.act.conn, session, *cell)

    def _moves(self, session: str, cell: Cell, credit: int, quantity: int, tag: int) -> Iterator[Row]:
        """What is held goes first, the oldest claim before the next; the rest is free."""
        left = quantity
        for one in self._claims(session, cell):
            piece = min(one.held, left)
            if piece:
                yield from queue.deliver(self.act, one, credit, piece, tag)
                left -= piece
        if left:
            self.free[cell] = self._free(cell) - left
            yield records.transfer(cell[0], credit, cell[1], left, tag=tag)

    def _comes(self, cell: Cell, quantity: int) -> None:
        self.free[cell] = self._free(cell) + quantity
        self.arrived[cell] = self.arrived.get(cell, 0) + quantity


# -- steps -------------------------------------------------------------------------------------------------


class _Row(NamedTuple):
    """What of a failed trade is to be delivered: tonnes of the book's instrument, fen."""

    day: date
    log: int
    trade: int
    instrument: int
    quantity: int
    amount: int


def _read(act: Act, waiting: Sequence[Any]) -> Iterator[Failed]:
    """In their order: by trading day, market, number."""
    traded: TradedDay | None = None
    to: tuple[int, int] = (0, 0)
    for row in waiting:
        if traded is None or (traded.log, traded.day) != (row.log, row.day):
            traded = need(read_day(act.conn, row.log, row.day))
            to = _fees_go_to(act, row)
        yield _failed(traded, row, to)


def _failed(traded: TradedDay, row: Any, to: tuple[int, int]) -> Failed:
    t, n = traded.trades, int(np.searchsorted(traded.trades.number, row.trade))
    buyer, seller, what = int(t.buyer[n]), int(t.seller[n]), int(traded.instruments[t.instrument[n]])
    money = (int(traded.cash_account[buyer]), traded.currency)
    paid = (int(traded.cash_account[seller]), traded.currency)
    owed = (
        (money, to[0], int(t.buyer_trading[n])),
        (money, to[1], int(t.buyer_settlement[n])),
        (paid, to[0], int(t.seller_trading[n])),
        (paid, to[1], int(t.seller_settlement[n])),
    )
    whole = row.quantity == int(t.quantity[n])
    return Failed(
        _Row(row.day, row.log, row.trade, what, row.quantity, row.amount),
        session_name(traded.market, row.day),
        int(traded.units_account[seller]),
        money,
        paid,
        int(traded.units_account[buyer]),
        tuple(one for one in owed if whole and one[2]),
    )


def _fees_go_to(act: Act, row: Any) -> tuple[int, int]:
    """Accounts of the trading and of the settlement fees, by the pack of the trade's own day."""
    market = next(one for one in queries.markets(act.conn, row.day) if one.log == row.log)
    rules = need(clearing_rules(market.pack, allow_draft=act.ctx.allow_draft))
    accounts = (
        fees_account(act.conn, to, fen) if fen else 0
        for to, fen in (
            (rules.trading_to, market.trading_fees),
            (rules.settlement_to, market.settlement_fees),
        )
    )
    trading, settlement = (need(one) if isinstance(one, Refusal) else one for one in accounts)
    return trading, settlement


def _stopped(conn: Connection) -> frozenset[int]:
    """Accounts that neither give nor receive."""
    query = select(ACCOUNT.c.number).where(ACCOUNT.c.state != AccountState.OPEN)
    return frozenset(conn.execute(query).scalars())
