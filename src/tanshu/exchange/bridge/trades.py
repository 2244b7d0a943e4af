"""The trades of a day, read from the market's log: what is delivered against payment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection

from tanshu.exchange.engine.records import Mode, Op, Records, decode
from tanshu.log import store

MODE_WORD = {
    Mode.LISTING: "listing",
    Mode.BLOCK: "block",
    Mode.AUCTION: "auction",
    Mode.ORDER_BOOK: "order_book",
}


@dataclass(frozen=True, slots=True)
class Trade:
    """One trade: tonnes of an instrument at fen per tonne, by the market's numbers."""

    number: int
    mode: str
    instrument: int
    buyer: int
    seller: int
    quantity: int
    price: int

    @property
    def amount(self) -> int:
        """Fen."""
        return self.quantity * self.price


def of_entries(conn: Connection, log: int, first: int, last: int) -> list[Trade]:
    """The trades that these entries of a market's log told of, in their order."""
    found: list[Trade] = []
    for one in records_of(conn, log, first, last).tolist():
        _op, mode, _side, _kind, instrument, buyer, seller, quantity, price, _buy, _sell, number = one
        found.append(Trade(number, MODE_WORD[Mode(mode)], instrument, buyer, seller, quantity, price))
    return found


def records_of(conn: Connection, log: int, first: int, last: int) -> Records:
    """The same as the market's records, for who looks at all of them together and at none by itself."""
    found = [decode(b"")]
    for entry in store.read(conn, log, after=first - 1, upto=last):
        records = decode(entry.records)
        found.append(records[records["op"] == Op.TRADE])
    return np.concatenate(found)
