"""One participant's statement of a settlement day 结算单, read back: what was told, and what it is made of.

Everything is told as of the entry that made the day's statements: asked for years later, it is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import numpy as np
from sqlalchemy import Connection, or_, select

from tanshu.base.refusal import Refusal, need
from tanshu.base.text import Text
from tanshu.book.commit import Book
from tanshu.clearing import queries
from tanshu.clearing.statements import checks
from tanshu.clearing.statements.computing import DELIVERED, told_since
from tanshu.clearing.statements.tables import CLEARING_HOLDING, CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_FAIL
from tanshu.clearing.trades import TradedDay, read_day
from tanshu.exchange.engine.records import Mode, Side
from tanshu.exchange.figures.words import MODES
from tanshu.exchange.tables import MARKET, MARKET_PARTY
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind, Subject
from tanshu.registry import papers
from tanshu.registry import queries as registry
from tanshu.registry.model import Instrument, TransactionState
from tanshu.registry.papers import Position
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import TYPES


@dataclass(frozen=True, slots=True)
class Traded:
    """One side of a trade. Tonnes; fen per tonne; fen. other: who was on the other side, None if withheld."""

    market: str
    number: int
    mode: Mode
    side: Side
    instrument: str
    quantity: int
    price: int
    trading_fee: int
    settlement_fee: int
    other: str | None

    @property
    def amount(self) -> int:
        """Fen."""
        return self.quantity * self.price

    @property
    def words(self) -> Text:
        return MODES[self.mode]


@dataclass(frozen=True, slots=True)
class Failed:
    """A trade of this day that was not delivered, or one of an earlier day that now was (late)."""

    market: str
    traded_on: date
    number: int
    side: Side
    instrument: str
    quantity: int
    amount: int
    why: str
    late: bool


@dataclass(frozen=True, slots=True)
class Cash:
    """Money that a transaction brought, or took (below zero), fen."""

    transaction: str
    type: str
    time_ns: int
    amount: int

    @property
    def words(self) -> Text:
        return TYPES[self.type].name


@dataclass(frozen=True, slots=True)
class Holding:
    """What somebody held of an instrument in the trading and in the registration account, tonnes."""

    instrument: Instrument
    trading_available: int
    trading_held: int
    registration_available: int
    registration_held: int

    @property
    def total(self) -> int:
        return (
            self.trading_available + self.trading_held + self.registration_available + self.registration_held
        )


@dataclass(frozen=True, slots=True)
class CustomerStatement:
    """A participant's settlement day. money: the row of `clearing_statement`. packs: the rules it goes by.

    accounts: the cash, trading and registration account, as far as there are. names: it names other
    participants.
    """

    day: date
    subject: Subject
    accounts: tuple[Account, ...]
    stated: Position
    state: str
    money: Any
    holdings: tuple[Holding, ...]
    trades: tuple[Traded, ...]
    fails: tuple[Failed, ...]
    cash: tuple[Cash, ...]
    packs: tuple[str, ...]
    names: bool = False


def customer_statement(
    conn: Connection, book: Book, day: date, handle: str, *, names: bool = False
) -> CustomerStatement | Refusal:
    """A participant's statement of a day. names: who stood on the other side of each trade.

    Refuses with PAR-1xxx (the subject), CLR-1001, CLR-5004 (not made so far), CLR-5005 (no participant).
    """
    subject = parties.subject(conn, handle)
    if isinstance(subject, Refusal):
        return subject
    row = stated_day(conn, day)
    if isinstance(row, Refusal):
        return row
    t = CLEARING_STATEMENT.c
    money = conn.execute(select(CLEARING_STATEMENT).where(t.day == day, t.subject_id == subject.id)).first()
    if money is None:
        return checks.NO_STATEMENT(field="subject", handle=subject.handle, day=day)
    seq = row.stated_seq
    traded = [need(read_day(conn, one.log, day)) for one in queries.markets(conn, day)]
    trades = [_trades(conn, market, subject.id, seq, names=names) for market in traded]
    return CustomerStatement(
        day,
        papers.subject_at(conn, subject.id, seq),
        tuple(_accounts(conn, subject.id)),
        papers.position_of(conn, book, seq),
        row.state,
        money,
        tuple(_holdings(conn, day, subject.id)),
        tuple(chain.from_iterable(trades)),
        tuple(_fails(conn, day, seq, traded, subject.id)),
        tuple(_cash(conn, day, seq, subject.id)),
        packs_of(conn, day),
        names,
    )


def stated_day(conn: Connection, day: date) -> Any | Refusal:
    """The row of a day whose statements were made. Refuses with CLR-1001, CLR-5004."""
    row = queries.day(conn, day)
    if isinstance(row, Refusal):
        return row
    return checks.NOT_STATED(field="day", day=day) if row.stated_seq is None else row


def packs_of(conn: Connection, day: date) -> tuple[str, ...]:
    """The rule packs a day went by: of its markets, of their clearing, and the figures given to each."""
    found = queries.markets(conn, day)
    own = select(MARKET.c.pack).where(MARKET.c.log.in_([one.log for one in found])).order_by(MARKET.c.log)
    names = dict.fromkeys([*conn.execute(own).scalars(), *(one.pack for one in found)])
    return tuple(part for name in names for part in (name, f"{name}.figures"))


# -- what it is made of ------------------------------------------------------------------------------------


def _accounts(conn: Connection, subject_id: str) -> Iterator[Account]:
    for kind in (AccountKind.CASH, AccountKind.TRADING, AccountKind.REGISTRATION, AccountKind.PROVINCIAL):
        account = parties.account_of(conn, subject_id, kind)
        if account is not None:
            yield account


def _holdings(conn: Connection, day: date, subject_id: str) -> Iterator[Holding]:
    instruments = {one.number: one for one in registry.instruments(conn)}
    t = CLEARING_HOLDING.c
    rows = conn.execute(select(CLEARING_HOLDING).where(t.day == day, t.subject_id == subject_id))
    for row in sorted(rows, key=lambda row: instruments[row.instrument].code):
        _day, _subject, instrument, *amounts = row
        yield Holding(instruments[instrument], *amounts)


def _trades(
    conn: Connection, traded: TradedDay, subject_id: str, seq: int, *, names: bool
) -> Iterator[Traded]:
    t = traded.trades
    mine = _number_of(traded, subject_id)
    if mine is None:
        return
    for n in np.flatnonzero((t.buyer == mine) | (t.seller == mine)).tolist():
        sides = (
            (Side.BUY, t.buyer, t.seller, t.buyer_trading, t.buyer_settlement),
            (Side.SELL, t.seller, t.buyer, t.seller_trading, t.seller_settlement),
        )
        for side, who, other, trading, settlement in sides:
            if who[n] == mine:
                yield Traded(
                    traded.market,
                    int(t.number[n]),
                    Mode(int(t.mode[n])),
                    side,
                    traded.codes[int(t.instrument[n])],
                    int(t.quantity[n]),
                    int(t.price[n]),
                    int(trading[n]),
                    int(settlement[n]),
                    _name(conn, traded.subject[int(other[n])], seq) if names else None,
                )


def _number_of(traded: TradedDay, subject_id: str) -> int | None:
    return traded.subject.index(subject_id) if subject_id in traded.subject else None


def _name(conn: Connection, subject_id: str, seq: int) -> str:
    return papers.subject_at(conn, subject_id, seq).name


def _fails(
    conn: Connection, day: date, seq: int, traded: Sequence[TradedDay], subject_id: str
) -> Iterator[Failed]:
    t = CLEARING_FAIL.c
    open_then = or_(t.ended_seq.is_(None), t.ended_seq > seq)
    now = (t.day == day) & open_then
    late = (
        (t.day < day) & (t.state == DELIVERED) & (t.ended_seq > told_since(conn, day)) & (t.ended_seq <= seq)
    )
    rows = conn.execute(select(CLEARING_FAIL).where(now | late).order_by(t.day, t.log, t.trade)).all()
    days = {(one.log, one.day): one for one in traded}
    for row in rows:
        if (row.log, row.day) not in days:
            days[row.log, row.day] = need(read_day(conn, row.log, row.day))
        market = days[row.log, row.day]
        n = int(np.searchsorted(market.trades.number, row.trade))
        for side, party in ((Side.BUY, market.trades.buyer), (Side.SELL, market.trades.seller)):
            if market.subject[int(party[n])] == subject_id:
                code = market.codes[int(market.trades.instrument[n])]
                facts = (row.trade, side, code, row.quantity, row.amount, row.why)
                yield Failed(market.market, row.day, *facts, late=row.day < day)


def _cash(conn: Connection, day: date, seq: int, subject_id: str) -> Iterator[Cash]:
    """What transactions moved on the cash account since the statements before, in the order of the log."""
    account = conn.execute(
        select(MARKET_PARTY.c.cash_account).where(MARKET_PARTY.c.subject_id == subject_id).limit(1)
    ).scalar_one()
    t, line = TRANSACTION.c, TRANSACTION_LINE.c
    query = (
        select(t.id, t.type, t.ended_ns, line.debit, line.credit, line.quantity)
        .join(TRANSACTION_LINE, line.transaction_id == t.id)
        .where(t.state == TransactionState.EFFECTED, or_(line.debit == account, line.credit == account))
        .where(t.ended_seq > told_since(conn, day), t.ended_seq <= seq)
        .order_by(t.ended_seq, t.proposed_seq, line.n)
    )
    for row in conn.execute(query):
        yield Cash(row.id, row.type, row.ended_ns, row.quantity if row.credit == account else -row.quantity)
