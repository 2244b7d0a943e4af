"""The market's settlement report 市场结算报告: a settlement day in all, beside the sum of its statements.

What it says of trades is from the markets' logs, what it says of money from the book as it stood when the
statements were made. What the day found and how it was sealed is told as it stands now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book import movements
from tanshu.book.commit import Book
from tanshu.clearing import queries
from tanshu.clearing.statements import totals
from tanshu.clearing.statements.computing import Money
from tanshu.clearing.statements.customer import packs_of, stated_day
from tanshu.clearing.statements.tables import CLEARING_HOLDING, CLEARING_STATEMENT
from tanshu.clearing.statements.totals import Totals
from tanshu.clearing.trades import Trades, read_day
from tanshu.exchange.engine.records import Mode
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind, Subject
from tanshu.parties.tables import ACCOUNT
from tanshu.registry import papers
from tanshu.registry import queries as registry
from tanshu.registry.papers import Position

HOUSE = (
    AccountKind.BANK,
    AccountKind.FEES,
    AccountKind.RESERVE,
    AccountKind.OWN_FUNDS,
    AccountKind.POOL,
)
"""Accounts of the house and of its banks, in the order in which the report lists them."""


@dataclass(frozen=True, slots=True)
class Line:
    """What a market traded of a product in a mode. Tonnes, fen; fees of both sides."""

    market: str
    instrument: str
    mode: Mode
    trades: int
    tonnes: int
    amount: int
    trading_fees: int
    settlement_fees: int


@dataclass(frozen=True, slots=True)
class HouseMoney:
    """An account of a bank or of the house: fen in it; for a bank, what its special account must hold."""

    account: Account
    owner: str
    amount: int


@dataclass(frozen=True, slots=True)
class Held:
    """What all participants together held of an instrument, tonnes."""

    instrument: str
    trading_available: int
    trading_held: int
    registration_available: int
    registration_held: int


@dataclass(frozen=True, slots=True)
class Fail:
    """A trade of the day that was not delivered on it. state: waiting, or delivered since."""

    market: str
    trade: int
    quantity: int
    amount: int
    account: str
    why: str
    state: str


@dataclass(frozen=True, slots=True)
class MarketReport:
    """A settlement day. day: its row; markets: rows of `clearing_market` with their names.

    ours: the sum of all statements; theirs: the same by the market. people: whose statement each row of
    `clearing_statement` is, in the same order. explained: differences that two people explained.
    """

    day: Any
    stated: Position
    markets: tuple[Any, ...]
    lines: tuple[Line, ...]
    ours: Totals
    theirs: Totals
    opening: int
    closing: int
    house: tuple[HouseMoney, ...]
    holdings: tuple[Held, ...]
    fails: tuple[Fail, ...]
    breaks: tuple[Any, ...]
    explained: tuple[Any, ...]
    people: tuple[Subject, ...]
    statements: tuple[Any, ...]
    packs: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Do the statements sum to what the market came to?"""
        return self.ours == self.theirs


def market_report(conn: Connection, book: Book, day: date) -> MarketReport | Refusal:
    """A day's report. Refuses with CLR-1001, CLR-5004; raises Refused BOOK-1404 where movements are not known
    so far: read with `registry.statements.reading`.
    """
    row = stated_day(conn, day)
    if isinstance(row, Refusal):
        return row
    markets = tuple(queries.markets(conn, day))
    statements = tuple(_statements(conn, day))
    subjects = parties.subjects_with_ids(conn, [one.subject_id for one in statements])
    return MarketReport(
        row,
        papers.position_of(conn, book, row.stated_seq),
        markets,
        tuple(line for one in markets for line in _lines(conn, one.log, day)),
        totals.told(conn, day),
        totals.of_market(conn, day),
        sum(one.opening for one in statements),
        sum(one.closing for one in statements),
        tuple(_house(conn, book.log, row.stated_seq)),
        tuple(_holdings(conn, day)),
        tuple(_fails(conn, markets, day)),
        tuple(queries.breaks(conn, day)),
        tuple(queries.granted_explanations(conn, day)),
        tuple(subjects[one.subject_id] for one in statements),
        statements,
        packs_of(conn, day),
    )


# -- what was traded ---------------------------------------------------------------------------------------


def _lines(conn: Connection, log: int, day: date) -> Iterator[Line]:
    """By product and mode, in the order of the market's numbers."""
    traded = need(read_day(conn, log, day))
    t = traded.trades
    kinds = np.unique(np.column_stack((t.instrument, t.mode)), axis=0)
    for instrument, mode in kinds.tolist():
        some = t.only((t.instrument == instrument) & (t.mode == mode))
        yield Line(traded.market, traded.codes[instrument], Mode(mode), len(some.number), *_amounts(some))


def _amounts(some: Trades) -> tuple[int, int, int, int]:
    columns = (
        some.quantity,
        some.amount,
        some.buyer_trading + some.seller_trading,
        some.buyer_settlement + some.seller_settlement,
    )
    tonnes, amount, trading, settlement = (int(column.sum()) for column in columns)
    return tonnes, amount, trading, settlement


def _fails(conn: Connection, markets: Sequence[Any], day: date) -> Iterator[Fail]:
    for market in markets:
        rows = queries.fails(conn, day, market.log)
        accounts = parties.accounts_numbered(conn, {row.account for row in rows})
        for row in rows:
            code = accounts[row.account].code
            yield Fail(market.market, row.trade, row.quantity, row.amount, code, row.why, row.state)


# -- what there is -----------------------------------------------------------------------------------------


def _statements(conn: Connection, day: date) -> Sequence[Any]:
    t = CLEARING_STATEMENT.c
    return conn.execute(select(CLEARING_STATEMENT).where(t.day == day).order_by(t.subject_id)).all()


def _house(conn: Connection, log: int, seq: int) -> Iterator[HouseMoney]:
    """What stood in the accounts of banks and house when the statements were made."""
    query = select(ACCOUNT.c.number).where(ACCOUNT.c.kind.in_(HOUSE), ACCOUNT.c.seq <= seq)
    accounts = parties.accounts_numbered(conn, conn.execute(query).scalars())
    for account in sorted(accounts.values(), key=lambda one: (HOUSE.index(one.kind), one.number)):
        cells = movements.holdings_at(conn, log, seq, account.number)
        amount = sum(cell.available + cell.held for cell in cells)
        sign = -1 if account.kind is AccountKind.BANK else 1
        yield HouseMoney(account, papers.subject_at(conn, account.subject_id, seq).name, sign * amount)


def _holdings(conn: Connection, day: date) -> Iterator[Held]:
    """All statements' holdings together, by product."""
    codes = {one.number: one.code for one in registry.instruments(conn)}
    names = ("trading_available", "trading_held", "registration_available", "registration_held")
    found: dict[str, list[int]] = {}
    for row in conn.execute(select(CLEARING_HOLDING).where(CLEARING_HOLDING.c.day == day)):
        sums = found.setdefault(codes[row.instrument], [0] * len(names))
        for n, name in enumerate(names):
            sums[n] += getattr(row, name)
    for code in sorted(found):
        yield Held(code, *found[code])


def columns_of(row: Any) -> Mapping[str, int]:
    """A row of `clearing_statement` as its numbers, by name."""
    return {name: getattr(row, name) for name in Money._fields}
