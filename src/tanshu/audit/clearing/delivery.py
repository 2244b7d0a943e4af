"""Delivery against payment judged beside the market's own trades, with plain dictionaries.

Gross: the k-th chain of a block is its k-th trade, units one way and the price the other, nothing besides.
Net: what an entry changes for everybody is what its trades come to, and nothing stays between them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple

from tanshu.audit.clearing import checks
from tanshu.audit.market.ledger import Flaw, Trade
from tanshu.book.records import LINKED, Op
from tanshu.book.reference import Record

GROSS = "gross"
Row = Mapping[str, Any]
Cell = tuple[int, int]
"""Account and instrument by the book's numbers."""
Move = tuple[int, int, int]
"""From whom, to whom, of what: the book's numbers."""


class Places(NamedTuple):
    """What a market's numbers are in the book. accounts: participant → for units, for money; products: by the
    market's number; money: what is paid with."""

    accounts: Mapping[int, tuple[int, int]]
    products: Mapping[int, int]
    money: int

    def units(self, trade: Trade) -> Move:
        product = self.products.get(trade.instrument, -1)
        return self._account(trade.seller, 0), self._account(trade.buyer, 0), product

    def price(self, trade: Trade) -> Move:
        return self._account(trade.buyer, 1), self._account(trade.seller, 1), self.money

    def _account(self, party: int, which: int) -> int:
        return self.accounts.get(party, (-1, -1))[which]


@dataclass(slots=True)
class Clearing:
    """How far the house is with a market's day. day: ISO; pack, model: by which rules; block: the next one's
    number; upto: the last trade of those before; delivered, failed: how many trades; fails: their numbers."""

    day: str
    pack: str
    model: str
    block: int = 0
    upto: int = 0
    delivered: int = 0
    fails: list[int] = field(default_factory=list[int])

    def as_data(self) -> list[object]:
        return list(asdict(self).values())


def block(
    row: Row,
    failed: Sequence[Row],
    records: Sequence[Record],
    trades: Sequence[Trade],
    places: Places,
    progress: Clearing,
    dealt: dict[int, str],
) -> Iterator[Flaw]:
    """Everything in which a block is not the next trades of its day.

    failed: the failed trades that its entry tells; records: all that it moves. trades: the day's, by number
    from 1. dealt: what became of each trade before; it grows.
    """
    told = {"day": row["day"], "block": row["block"]}
    skipped = set(json.loads(row["skipped"]))
    numbers = range(row["first"], row["last"] + 1)
    if not (1 <= row["first"] <= row["last"] <= len(trades)) or skipped - set(numbers):
        yield checks.BLOCK, {"what": "trades", **told}
        return
    if (row["block"], row["first"]) != (progress.block, progress.upto + 1):
        yield checks.BLOCK, {"what": "place", **told}
    progress.block, progress.upto = row["block"] + 1, row["last"]
    went = [trades[number - 1] for number in numbers if number not in skipped]
    if row["trades"] != len(went) or {one["trade"] for one in failed} != skipped:
        yield checks.BLOCK, {"what": "skipped", **told}
    yield from _each_once(row, went, failed, dealt)
    for one in failed:
        yield from _failed(one, trades, places)
    progress.delivered += len(went)
    progress.fails += [one["trade"] for one in failed]
    if progress.model == GROSS:
        yield from _chains(row, went, records, places)
    else:
        yield from _nets(row, went, records, places)


def _each_once(
    row: Row, went: Sequence[Trade], failed: Sequence[Row], dealt: dict[int, str]
) -> Iterator[Flaw]:
    """No trade is delivered, or told to have failed, a second time."""
    name = f"{row['day']} {row['block']}"
    for number in (*(one.number for one in went), *(one["trade"] for one in failed)):
        if number in dealt:
            yield checks.TWICE, {"day": row["day"], "trade": number, "before": dealt[number]}
        dealt[number] = name


def _failed(row: Row, trades: Sequence[Trade], places: Places) -> Iterator[Flaw]:
    """What failed is a trade, whole, with somebody of its own in the way."""
    told = {"day": row["day"], "trade": row["trade"]}
    if not 1 <= row["trade"] <= len(trades):
        yield checks.FAIL, {"what": "trade", **told}
        return
    trade = trades[row["trade"] - 1]
    if (row["quantity"], row["amount"]) != (trade.quantity, trade.quantity * trade.price):
        yield checks.FAIL, {"what": "quantity", **told}
    if row["account"] not in {*places.units(trade)[:2], *places.price(trade)[:2]}:
        yield checks.FAIL, {"what": "account", **told}
    if (row["state"], row["ended_seq"]) != ("waiting", None):
        yield checks.FAIL, {"what": "state", **told}


# -- gross -------------------------------------------------------------------------------------------------


def _chains(row: Row, went: Sequence[Trade], records: Sequence[Record], places: Places) -> Iterator[Flaw]:
    chains = list(_chained(records))
    if len(chains) != len(went):
        yield checks.BLOCK, {"day": row["day"], "block": row["block"], "what": f"{len(chains)} chains"}
    for trade, chain in zip(went, chains, strict=False):
        expected = {places.units(trade): trade.quantity, places.price(trade): trade.quantity * trade.price}
        found = _moved(chain)
        if found != expected:
            shown = {"expected": _shown(expected), "found": _shown(found)}
            yield checks.CHAIN, {"day": row["day"], "trade": trade.number, **shown}


def _chained(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """The records chain by chain: each but a chain's last is linked to the next."""
    chain: list[Record] = []
    for record in records:
        chain.append(record)
        if not record.flags & LINKED:
            yield chain
            chain = []
    if chain:
        yield chain


def _moved(records: Sequence[Record]) -> dict[Move, int]:
    """What records give to whom. One that only holds or releases is of nobody: −1."""
    moved: dict[Move, int] = defaultdict(int)
    for r in records:
        credit = r.credit if r.op in (Op.CAPTURE, Op.TRANSFER) else -1
        moved[r.debit, credit, r.instrument] += r.amount
    return dict(moved)


def _shown(moved: Mapping[Move, int]) -> str:
    return "; ".join(f"{debit}→{credit} {what}: {n}" for (debit, credit, what), n in sorted(moved.items()))


# -- net ---------------------------------------------------------------------------------------------------


def _nets(row: Row, went: Sequence[Trade], records: Sequence[Record], places: Places) -> Iterator[Flaw]:
    """Account by account. Where nothing is owed nothing changes: so the pool is as empty as it was."""
    expected: dict[Cell, int] = defaultdict(int)
    for trade in went:
        for (debit, credit, what), amount in (
            (places.units(trade), trade.quantity),
            (places.price(trade), trade.quantity * trade.price),
        ):
            expected[debit, what] -= amount
            expected[credit, what] += amount
    found: dict[Cell, int] = defaultdict(int)
    for (debit, credit, what), amount in _moved(records).items():
        found[debit, what] -= amount
        found[credit, what] += amount
    for account, what in sorted(expected.keys() | found.keys()):
        wanted, there = expected.get((account, what), 0), found.get((account, what), 0)
        if wanted != there:
            told = {"account": account, "instrument": what, "expected": wanted, "found": there}
            yield checks.NET, {"day": row["day"], **told}
