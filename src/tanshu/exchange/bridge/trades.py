"""The trades of a day, read from the market's log: what is delivered against payment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from tanshu.exchange.engine.records import Mode, Op, Records, decode
from tanshu.log import store

MODE_WORD = {
    Mode.LISTING: "listing",
    Mode.BLOCK: "block",
    Mode.AUCTION: "auction",
    Mode.ORDER_BOOK: "order_book",
}
_BYTES_AT_ONCE = 16 * 2**20
_TRADE = int(Op.TRADE)


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
    return decode(b"".join(_chosen(stretch) for stretch in stretches(conn, log, first, last)))


def stretches(conn: Connection, log: int, first: int, last: int) -> Iterator[Records]:
    """All records of these entries, some megabytes at a time: a million trades can be as many entries."""
    parts: list[bytes] = []
    size = 0
    for entry in store.read(conn, log, after=first - 1, upto=last):
        parts.append(entry.records)
        size += len(entry.records)
        if size >= _BYTES_AT_ONCE:
            yield decode(b"".join(parts))
            parts, size = [], 0
    yield decode(b"".join(parts))


def _chosen(records: Records) -> bytes:
    return records[records["op"] == _TRADE].tobytes()
