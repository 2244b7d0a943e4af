"""What was bought and sold, by whatever it was settled: the one place where rooms above read trades.

A trade is settled either by a transaction of its own (`trade-settlement`), or by a clearing house, many of
them in one entry. The register knows its own transactions; a house that settles otherwise tells of it at
start-up (`tell_settled`). Quantities are tonnes, money is fen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from heapq import merge
from operator import itemgetter
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.parties import queries as parties
from tanshu.registry import queries
from tanshu.registry.model import Instrument, Transaction, TransactionState
from tanshu.registry.types import InstrumentKind

SETTLEMENT = "trade-settlement"
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SettledTrade:
    """One settled trade. price_fen is fen per tonne; mode is listing, block, auction or order_book.

    transaction: the settlement's id; where there is none, how the trade is named: `cea 2024-11-04 #12`.
    """

    transaction: str
    day: date
    mode: str
    instrument: str
    seller_id: str
    buyer_id: str
    quantity: int
    price_fen: int

    @property
    def amount_fen(self) -> int:
        return self.quantity * self.price_fen


class Dealt(NamedTuple):
    """What somebody sold and bought, in tonnes."""

    sold_t: int
    bought_t: int


class TradeName(NamedTuple):
    """How a trade is named that has no transaction. number: 0 where money or units of many went in one."""

    market: str
    day: date
    number: int
    price_fen: int = 0

    def __str__(self) -> str:
        """`cea 2024-11-04 #12`."""
        return f"{self.market} {self.day}{f' #{self.number}' if self.number else ''}"


class Block(NamedTuple):
    """Trades of one trading day of a market that one entry settled; every column has one value for each.

    seller, buyer: places in `subjects` (ids); instrument: in `instruments` (codes); mode: in `modes`.
    """

    seq: int
    time_ns: int
    market: str
    day: date
    subjects: tuple[str, ...]
    instruments: tuple[str, ...]
    modes: tuple[str, ...]
    number: Ints
    mode: Ints
    instrument: Ints
    seller: Ints
    buyer: Ints
    quantity: Ints
    price: Ints

    def trades(self) -> Iterator[SettledTrade]:
        """One by one."""
        names = (self.number, self.mode, self.instrument, self.seller, self.buyer)
        values = (column.tolist() for column in (*names, self.quantity, self.price))
        for number, mode, what, seller, buyer, quantity, price in zip(*values, strict=True):
            yield SettledTrade(
                str(TradeName(self.market, self.day, number)),
                self.day,
                self.modes[mode],
                self.instruments[what],
                self.subjects[seller],
                self.subjects[buyer],
                quantity,
                price,
            )

    def dealt(self, instrument: int) -> Iterator[tuple[str, Dealt]]:
        """What each subject sold and bought of the instrument in this place of `instruments`."""
        these = self.instrument == instrument
        sums = np.zeros((2, len(self.subjects)), np.int64)
        for side, party in zip(sums, (self.seller, self.buyer), strict=True):
            np.add.at(side, party[these], self.quantity[these])
        for who in np.flatnonzero(sums.any(axis=0)).tolist():
            yield self.subjects[who], Dealt(int(sums[0, who]), int(sums[1, who]))


@dataclass(frozen=True, slots=True)
class Source:
    """Who settles otherwise than by transactions.

    blocks: what was settled of trading days in an inclusive window, in the order of the entries. named: of
    these records of the book (their positions) those that delivered or paid trades, and which.
    """

    blocks: Callable[[Connection, date | None, date | None], Iterator[Block]]
    named: Callable[[Connection, Collection[int]], Mapping[int, TradeName]]


class Totals:
    """Trades added up, without a value for each."""

    def __init__(self) -> None:
        self.trades = self.tonnes = self.amount_fen = 0
        self.by_instrument: dict[str, int] = defaultdict(int)
        self._dealt: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])

    def of(self, subject_id: str, instruments: Collection[str]) -> Dealt:
        """What one subject sold and bought of these instruments together."""
        mine = [self._dealt[key] for code in instruments if (key := (subject_id, code)) in self._dealt]
        return Dealt(sum(one[0] for one in mine), sum(one[1] for one in mine))

    def average_price_fen(self) -> int | None:
        """Volume-weighted average in fen per tonne, half-up; None without trades."""
        return average_price_fen(self.tonnes, self.amount_fen)

    def add(self, one: SettledTrade) -> None:
        self._count(one.instrument, 1, one.quantity, one.amount_fen)
        self._dealt[one.seller_id, one.instrument][0] += one.quantity
        self._dealt[one.buyer_id, one.instrument][1] += one.quantity

    def add_block(self, block: Block) -> None:
        for what in np.unique(block.instrument).tolist():
            these, code = block.instrument == what, block.instruments[what]
            quantity, price = block.quantity[these], block.price[these]
            self._count(code, len(quantity), int(quantity.sum()), int((quantity * price).sum()))
            for subject, (sold, bought) in block.dealt(what):
                self._dealt[subject, code][0] += sold
                self._dealt[subject, code][1] += bought

    def _count(self, instrument: str, trades: int, tonnes: int, amount_fen: int) -> None:
        self.trades += trades
        self.tonnes += tonnes
        self.amount_fen += amount_fen
        self.by_instrument[instrument] += tonnes


def average_price_fen(tonnes: int, amount_fen: int) -> int | None:
    """Volume-weighted average in fen per tonne, half-up; None without trades."""
    return (2 * amount_fen + tonnes) // (2 * tonnes) if tonnes else None


_SOURCES: dict[str, Source] = {}


def tell_settled(name: str, source: Source) -> None:
    """From now on its trades are read, too; telling again replaces it."""
    _SOURCES[name] = source


def settled(conn: Connection, since: date | None = None, until: date | None = None) -> list[SettledTrade]:
    """Settled trades in an inclusive window of trading days, in the order of settlement."""
    return [one for _, one in in_order(conn, since, until)]


def in_order(
    conn: Connection, since: date | None = None, until: date | None = None
) -> Iterator[tuple[int, SettledTrade]]:
    """The same one by one, each with the entry that settled it."""
    first = itemgetter(0)
    streams = [iter(sorted(_by_transactions(conn, since, until), key=first))]
    streams += [_one_by_one(source.blocks(conn, since, until)) for source in _SOURCES.values()]
    return merge(*streams, key=first)


def totals(conn: Connection, since: date | None = None, until: date | None = None) -> Totals:
    """The same, added up: a million trades are a few arrays."""
    found = Totals()
    for _, one in _by_transactions(conn, since, until):
        found.add(one)
    for block in blocks(conn, since, until):
        found.add_block(block)
    return found


def blocks(conn: Connection, since: date | None = None, until: date | None = None) -> Iterator[Block]:
    """What was settled otherwise than by transactions of its own, source by source."""
    for source in _SOURCES.values():
        yield from source.blocks(conn, since, until)


def named(conn: Connection, positions: Iterable[int]) -> dict[int, TradeName]:
    """Of these records of the book those that settled trades without a transaction, and which."""
    wanted = set(positions)
    found: dict[int, TradeName] = {}
    for source in _SOURCES.values() if wanted else ():
        found.update(source.named(conn, wanted))
    return found


def _one_by_one(blocks: Iterator[Block]) -> Iterator[tuple[int, SettledTrade]]:
    for block in blocks:
        for one in block.trades():
            yield block.seq, one


# -- the register's own ------------------------------------------------------------------------------------


def _by_transactions(
    conn: Connection, since: date | None, until: date | None
) -> Iterator[tuple[int, SettledTrade]]:
    """The settlements in effect, each with the entry that brought it."""
    kinds = {one.number: one for one in queries.instruments(conn)}
    owners = {account.number: account.subject_id for account in parties.accounts(conn)}
    for transaction in queries.transactions(conn, type=SETTLEMENT, state=TransactionState.EFFECTED):
        trade = _trade(transaction, kinds, owners)
        if (since is None or trade.day >= since) and (until is None or trade.day <= until):
            assert transaction.ended_seq is not None, "a transaction in effect has ended"
            yield transaction.ended_seq, trade


def _trade(transaction: Transaction, kinds: dict[int, Instrument], owners: dict[int, str]) -> SettledTrade:
    units = next(line for line in transaction.lines if kinds[line.instrument].kind is not InstrumentKind.CASH)
    day = transaction.details.get("traded_on")
    return SettledTrade(
        transaction.id,
        date.fromisoformat(day) if day else business_date(transaction.proposed_ns),
        str(transaction.details.get("mode", "")),
        kinds[units.instrument].code,
        owners[units.debit],
        owners[units.credit],
        units.quantity,
        int(transaction.details["price_fen"]),
    )
