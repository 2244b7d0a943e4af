"""What a day took over, the fees it takes, what it keeps for failed trades: beside the market's own log."""

from __future__ import annotations

import hashlib
import struct
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tanshu.audit.clearing import checks
from tanshu.audit.market.delivery import Cell, Clearing, Places, Row
from tanshu.audit.market.ledger import Flaw, Ledger
from tanshu.base.refusal import Refusal
from tanshu.book.records import Op
from tanshu.book.reference import Record
from tanshu.registry.types import TYPES
from tanshu.rules import packs

FEE = TYPES["settlement-fee"].number
TRADED = (
    *("trades", "bought_t", "sold_t", "buys", "sells", "buy_fee", "sell_fee", "settlement_fee"),
    *("failed_bought_t", "failed_sold_t", "failed_buys", "failed_sells", "failed_fees"),
)
"""Columns that a day's trades make."""
Sums = Mapping[str, Mapping[str, int]]
"""Subject → column → amount."""
_COLUMNS = struct.Struct("<q")


def taken_over(row: Row, ledger: Ledger) -> Iterator[Flaw]:
    """What is told of a market's day is what its trades and their fees come to."""
    trades, charged = ledger.trades, ledger.charged
    expected = {
        "trades": len(trades),
        "tonnes": sum(one.quantity for one in trades),
        "amount": sum(one.quantity * one.price for one in trades),
        "trading_fees": sum(charged[0]) + sum(charged[2]),
        "settlement_fees": sum(charged[1]) + sum(charged[3]),
        "trades_hash": _hash(ledger),
    }
    for what, wanted in expected.items():
        if row[what] != wanted:
            told = {"day": row["day"], "what": what, "found": row[what], "expected": wanted}
            yield checks.TOTALS, told


def fees(ledger: Ledger, day: Clearing, to: Mapping[str, int], places: Places) -> dict[Cell, int]:
    """What a market charged for trades of which something was delivered: (payer's account, to whom) → fen.

    to: the accounts for fees by organisation. Which of them gets which fee is the clearing pack's.
    """
    goes = _goes(day.pack)
    owed: dict[Cell, int] = defaultdict(int)
    for trade in ledger.trades:
        if day.failed(trade):
            continue
        charged = [int(column[trade.number - 1]) for column in ledger.charged]
        for party, (trading, settlement) in ((trade.buyer, charged[:2]), (trade.seller, charged[2:])):
            payer = places.accounts.get(party, (-1, -1))[1]
            for organisation, fen in zip(goes, (trading, settlement), strict=True):
                if fen:
                    owed[payer, to.get(organisation, -1)] += fen
    return owed


def taken(records: Sequence[Record], owed: Mapping[Cell, int], day: object) -> Iterator[Flaw]:
    """What an entry takes as fees is what is owed, payer by payer."""
    found: dict[Cell, int] = defaultdict(int)
    for r in records:
        if r.tag == FEE and r.op in (Op.CAPTURE, Op.TRANSFER):
            found[r.debit, r.credit] += r.amount
    for payer, to in sorted(found.keys() | owed.keys()):
        wanted, there = owed.get((payer, to), 0), found.get((payer, to), 0)
        if wanted != there:
            yield checks.FEES, {"day": day, "account": payer, "to": to, "expected": wanted, "found": there}


def kept(ledger: Ledger, day: Clearing, held: Mapping[Cell, int], places: Places) -> Iterator[Flaw]:
    """Beyond its day a session holds no more than what failed needs."""
    needed: dict[Cell, int] = defaultdict(int)
    for number in day.missing:
        for cell, amount in _needs(ledger, number, day, places):
            needed[cell] += amount
    for (account, what), there in held.items():
        if there > needed.get((account, what), 0):
            told = {"account": account, "instrument": what, "found": there}
            yield checks.KEPT, {"day": day.day, "expected": needed.get((account, what), 0), **told}


def traded(ledger: Ledger, day: Clearing, subjects: Mapping[int, str]) -> Sums:
    """What a market's trades come to for everybody. subjects: by the market's number of a participant."""
    sums: dict[str, dict[str, int]] = defaultdict(lambda: dict.fromkeys(TRADED, 0))
    for trade in ledger.trades:
        fen, missing = trade.quantity * trade.price, day.missing.get(trade.number, 0)
        buys, buys_settle, sells, sells_settle = (int(one[trade.number - 1]) for one in ledger.charged)
        for party, bought, sold, fee, fees in (
            (trade.buyer, "bought_t", "buys", "buy_fee", (buys, buys_settle)),
            (trade.seller, "sold_t", "sells", "sell_fee", (sells, sells_settle)),
        ):
            mine = sums[subjects.get(party, "")]
            mine["trades"] += 1
            mine[bought] += trade.quantity
            mine[sold] += fen
            mine[fee] += fees[0]
            mine["settlement_fee"] += fees[1]
            mine["failed_" + bought] += missing
            mine["failed_" + sold] += missing * trade.price
            mine["failed_fees"] += sum(fees) if day.failed(trade) else 0
    return sums


def otherwise(rows: Iterable[Row], sums: Sequence[Sums]) -> Iterator[Mapping[str, Any]]:
    """Where statements tell of other trades than there were. sums: market by market."""
    for row in rows:
        for what in TRADED:
            expected = sum(one.get(row["subject_id"], {}).get(what, 0) for one in sums)
            if row[what] != expected:
                told = {"subject": row["subject_id"], "what": what}
                yield {"day": row["day"], **told, "found": row[what], "expected": expected}


def _needs(ledger: Ledger, number: int, day: Clearing, places: Places) -> Iterator[tuple[Cell, int]]:
    trade, tonnes = ledger.trades[number - 1], day.missing[number]
    fees = [int(column[number - 1]) if day.failed(trade) else 0 for column in ledger.charged]
    seller, _, product = places.units(trade)
    buyer_cash, seller_cash, money = places.price(trade)
    yield (seller, product), tonnes
    yield (buyer_cash, money), tonnes * trade.price + fees[0] + fees[1]
    yield (seller_cash, money), fees[2] + fees[3]


def _goes(pack: str) -> tuple[str, str]:
    """Whose are the trading and the settlement fees, as the clearing pack has it."""
    found = packs.load(pack, allow_draft=True)
    values: Mapping[str, Any] = {} if isinstance(found, Refusal) else found.tables["fees"].values
    return values.get("trading_to", ""), values.get("settlement_to", "")


def _hash(ledger: Ledger) -> str:
    """SHA-256 over the trades column by column, eight little-endian bytes a number."""
    names = ("number", "mode", "instrument", "buyer", "seller", "quantity", "price")
    sum_ = hashlib.sha256()
    for name in names:
        sum_.update(b"".join(_COLUMNS.pack(getattr(one, name)) for one in ledger.trades))
    for column in ledger.charged:
        sum_.update(b"".join(map(_COLUMNS.pack, column)))
    return sum_.hexdigest()
