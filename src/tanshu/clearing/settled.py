"""What the house settled, as the rooms below ask for it: trades of delivered blocks, and whose a record is.

A block's row says which numbers it covers and which of them it left out; the trades themselves are read from
the market's log. What failed on its day counts from the entry in which it was delivered after all.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import numpy as np
from sqlalchemy import Connection, Row, Table, select

from tanshu.base.refusal import need
from tanshu.book.records import LINKED, POSITION_BITS, RECORDS_MAX
from tanshu.book.records import decode as book_records
from tanshu.clearing import queries, trades
from tanshu.clearing.model import Model
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_FAIL, CLEARING_MARKET
from tanshu.clearing.trades import Ints, TradedDay, Trades
from tanshu.exchange.bridge.trades import MODE_WORD
from tanshu.exchange.engine.records import Mode
from tanshu.log import store
from tanshu.log.store import LOG_ENTRY
from tanshu.registry.settled import Block, TradeName

DELIVERED = "delivered"
_MODES = tuple(MODE_WORD.get(mode, "") for mode in Mode)
"""By the market's number of a mode."""
_ASKED_AT_ONCE = 500


def blocks(conn: Connection, since: date | None = None, until: date | None = None) -> Iterator[Block]:
    """The delivered trades of trading days in an inclusive window, entry by entry. One day is in memory."""
    rows = [*_rows(conn, CLEARING_BLOCK, since, until), *_late(conn, since, until)]
    rows.sort(key=lambda row: row.seq)
    times = _times(conn, [row.seq for row in rows])
    days = _Days(conn)
    for row in rows:
        day = days.of(row)
        mine = trades_of(row, day.trades)
        if len(mine):
            yield _block(day, row.seq, times[row.seq], mine, _delivered(conn, row, mine))


def named(conn: Connection, positions: Collection[int]) -> Mapping[int, TradeName]:
    """Of these records of the book those of delivered blocks, each with its trade.

    Where the day settled net, a record is nobody's trade: only market and day are known.
    """
    by_seq: dict[int, list[int]] = defaultdict(list)
    for one in positions:
        by_seq[one >> POSITION_BITS].append(one)
    found: dict[int, TradeName] = {}
    days = _Days(conn)
    for row in _blocks_at(conn, sorted(by_seq)):
        found.update(_named(conn, row, days.of(row), by_seq.pop(row.seq)))
    for seq, theirs in sorted(by_seq.items()):
        found.update(_named_late(conn, days, seq, theirs))
    return found


def chains_of(conn: Connection, seq: int) -> Ints:
    """Which chain of an entry each of its records is part of, from 0."""
    entry = next(store.read(conn, store.REGISTRY_LOG, after=seq - 1, upto=seq))
    is_last = (book_records(entry.records)["flags"] & LINKED) == 0
    return np.cumsum(np.concatenate(([0], is_last[:-1]))).astype(np.int64)


def late_chain(conn: Connection, log: int, day: date, number: int) -> tuple[int, int] | None:
    """The entry, and its chain from 0, by which a trade that had failed was delivered; None for another."""
    t = CLEARING_FAIL.c
    here = (t.log == log, t.day == day, t.trade == number, t.state == DELIVERED)
    seq = conn.execute(select(t.ended_seq).where(*here)).scalar()
    if seq is None:
        return None
    went = [(row.log, row.day, row.trade) for row in queries.delivered_late(conn, seq - 1, seq)]
    return seq, went.index((log, day, number))


def trades_of(row: Any, day: Trades) -> Trades:
    """The trades of its day that a block delivered, in the order of its chains."""
    first, end = np.searchsorted(day.number, [row.first, row.last + 1]).tolist()
    within = day.only(slice(first, end))
    return within.only(~np.isin(within.number, json.loads(row.skipped)))


# -- steps -------------------------------------------------------------------------------------------------


class _Days:
    """Trading days as they are needed; the last one is kept."""

    def __init__(self, conn: Connection):
        self._conn = conn
        self._known: TradedDay | None = None

    def of(self, row: Any) -> TradedDay:
        if self._known is None or (self._known.log, self._known.day) != (row.log, row.day):
            self._known = need(trades.read_day(self._conn, row.log, row.day))
        return self._known


class _Late(NamedTuple):
    """A trade that failed and was delivered after all, as if it were a block of its own."""

    day: date
    log: int
    seq: int
    first: int
    last: int
    skipped: str = "[]"


def _named(
    conn: Connection, row: Any, day: TradedDay, positions: Collection[int]
) -> Iterator[tuple[int, TradeName]]:
    if row.model != Model.GROSS:
        yield from ((one, TradeName(day.market, day.day, 0)) for one in positions)
        return
    chains, mine = chains_of(conn, row.seq), trades_of(row, day.trades)
    for one in positions:
        chain = chains[one & RECORDS_MAX - 1]
        if chain < len(mine):  # what else the entry did stands after its chains
            yield one, TradeName(day.market, day.day, int(mine.number[chain]), int(mine.price[chain]))


def _named_late(
    conn: Connection, days: _Days, seq: int, positions: Collection[int]
) -> Iterator[tuple[int, TradeName]]:
    """The records of an entry that delivered failed trades: its k-th chain is the k-th of them."""
    rows = queries.delivered_late(conn, seq - 1, seq)
    chains = chains_of(conn, seq) if rows else ()
    for one in positions if rows else ():
        chain = chains[one & RECORDS_MAX - 1]
        if chain < len(rows):
            row = rows[chain]
            day = days.of(row)
            at = int(np.searchsorted(day.trades.number, row.trade))
            yield one, TradeName(day.market, day.day, row.trade, int(day.trades.price[at]))


def _rows(conn: Connection, table: Table, since: date | None, until: date | None) -> Sequence[Row[Any]]:
    query = select(table)
    query = query if since is None else query.where(table.c.day >= since)
    query = query if until is None else query.where(table.c.day <= until)
    return conn.execute(query).all()


def _late(conn: Connection, since: date | None, until: date | None) -> Iterator[_Late]:
    """Failed trades delivered by an entry that is no block's."""
    ended = [row for row in _rows(conn, CLEARING_FAIL, since, until) if row.ended_seq is not None]
    by_blocks = {row.seq for row in _blocks_at(conn, sorted({row.ended_seq for row in ended}))}
    for row in ended:
        if row.state == DELIVERED and row.ended_seq not in by_blocks:
            yield _Late(row.day, row.log, row.ended_seq, row.trade, row.trade)


def _blocks_at(conn: Connection, seqs: Sequence[int]) -> Iterator[Row[Any]]:
    """The blocks that these entries delivered, each with the model of its day."""
    t, its = CLEARING_BLOCK.c, CLEARING_MARKET.c
    joined = select(CLEARING_BLOCK, its.model).join(CLEARING_MARKET, (its.day == t.day) & (its.log == t.log))
    for start in range(0, len(seqs), _ASKED_AT_ONCE):
        yield from conn.execute(joined.where(t.seq.in_(seqs[start : start + _ASKED_AT_ONCE])).order_by(t.seq))


def _times(conn: Connection, seqs: Sequence[int]) -> dict[int, int]:
    """When these entries were written."""
    t = LOG_ENTRY.c
    found: dict[int, int] = {}
    for start in range(0, len(seqs), _ASKED_AT_ONCE):
        here = (t.log == store.REGISTRY_LOG, t.seq.in_(seqs[start : start + _ASKED_AT_ONCE]))
        found.update((row.seq, row.time_ns) for row in conn.execute(select(t.seq, t.time_ns).where(*here)))
    return found


def _delivered(conn: Connection, row: Any, mine: Trades) -> Ints:
    """Tonnes of each that this entry delivered: what failed of a trade came, or comes, with another one."""
    t = CLEARING_FAIL.c
    here = (t.day == row.day, t.log == row.log, t.trade.between(row.first, row.last))
    quantity = mine.quantity.copy()
    for number, failed, ended in conn.execute(select(t.trade, t.quantity, t.ended_seq).where(*here)):
        at = int(np.searchsorted(mine.number, number))
        if at < len(mine) and mine.number[at] == number:
            quantity[at] = failed if ended == row.seq else quantity[at] - failed
    return quantity


def _block(day: TradedDay, seq: int, time_ns: int, mine: Trades, quantity: Ints) -> Block:
    parties, columns = (day.subject, day.codes, _MODES), (mine.number, mine.mode, mine.instrument)
    sides = (mine.seller, mine.buyer, quantity, mine.price)
    return Block(seq, time_ns, day.market, day.day, *parties, *columns, *sides)
