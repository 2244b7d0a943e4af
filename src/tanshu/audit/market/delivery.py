"""Delivery against payment judged beside the market's own trades, with plain dictionaries.

Gross: the k-th chain of a block is its k-th trade, units one way and the price the other, nothing besides.
Net: what an entry changes for everybody is what its trades come to, and nothing stays between them.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, Self

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
    """How far the house is with a market's day. day: ISO; pack, model: by which rules. block: the next one's
    number; upto: the last trade of those before. missing: of each trade that failed, whole or in part, the
    tonnes that were not delivered."""

    day: str
    pack: str
    model: str
    block: int = 0
    upto: int = 0
    missing: dict[int, int] = field(default_factory=dict[int, int])

    def as_data(self) -> list[object]:
        *facts, missing = asdict(self).values()
        return [*facts, list(missing.items())]

    @classmethod
    def of_data(cls, data: Sequence[Any]) -> Self:
        iso, pack, model, block, upto, missing = data
        return cls(iso, pack, model, block, upto, dict(missing))

    def part(self, trade: Trade) -> Trade:
        """A trade as far as it is delivered."""
        return trade._replace(quantity=trade.quantity - self.missing.get(trade.number, 0))

    def failed(self, trade: Trade) -> bool:
        """Was nothing of it delivered?"""
        return self.part(trade).quantity == 0


def block(
    row: Row,
    failed: Sequence[Row],
    records: Sequence[Record],
    trades: Sequence[Trade],
    places: Places,
    day: Clearing,
    dealt: dict[int, str],
) -> Iterator[Flaw]:
    """Everything in which a block is not the next trades of its day.

    failed: the failed trades that its entry tells; records: all that it moves. trades: the day's, by number
    from 1. day, dealt: how far it was before, and which block dealt with each trade; they go on.
    """
    told = {"day": row["day"], "block": row["block"]}
    skipped = set(json.loads(row["skipped"]))
    numbers = range(row["first"], row["last"] + 1)
    if not (1 <= row["first"] <= row["last"] <= len(trades)) or skipped - set(numbers):
        yield checks.BLOCK, {"what": "trades", **told}
        return
    for one in failed:
        yield from _fails(one, trades, places, day, dealt)
    between = [trades[number - 1] for number in range(day.upto + 1, row["first"])]
    if row["block"] != day.block or row["first"] <= day.upto or not all(map(day.failed, between)):
        yield checks.BLOCK, {"what": "place", **told}
    day.block, day.upto = row["block"] + 1, row["last"]
    left_out = [trades[number - 1] for number in sorted(skipped)]
    went = [day.part(trades[number - 1]) for number in numbers if number not in skipped]
    if row["trades"] != len(went) or not all(map(day.failed, left_out)):
        yield checks.BLOCK, {"what": "skipped", **told}
    for trade in went:
        if trade.number in dealt:
            yield checks.TWICE, {"day": row["day"], "trade": trade.number, "before": dealt[trade.number]}
        dealt[trade.number] = f"{row['day']} {row['block']}"
    yield from (_chains if day.model == GROSS else _nets)(row, went, records, places)


def _fails(
    row: Row, trades: Sequence[Trade], places: Places, day: Clearing, dealt: dict[int, str]
) -> Iterator[Flaw]:
    """What failed is a trade not delivered yet, or tonnes of one, with somebody of its own in the way."""
    told = {"day": row["day"], "trade": row["trade"]}
    if not 1 <= row["trade"] <= len(trades):
        yield checks.FAIL, {"what": "trade", **told}
        return
    trade = trades[row["trade"] - 1]
    if row["trade"] in dealt:
        yield checks.TWICE, {"before": dealt[row["trade"]], **told}
    if not 0 < row["quantity"] <= trade.quantity or row["amount"] != row["quantity"] * trade.price:
        yield checks.FAIL, {"what": "quantity", **told}
    if row["account"] not in {*places.units(trade)[:2], *places.price(trade)[:2]}:
        yield checks.FAIL, {"what": "account", **told}
    if (row["state"], row["ended_seq"]) != ("waiting", None):
        yield checks.FAIL, {"what": "state", **told}
    day.missing[trade.number] = row["quantity"]
    if day.failed(trade):
        dealt[trade.number] = f"{row['day']} failed"


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
