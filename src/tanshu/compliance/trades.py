"""What was bought and sold, read from the register's settled trades. Compliance needs no exchange."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from tanshu.base.clock import business_date
from tanshu.parties import queries as parties
from tanshu.registry import queries as registry
from tanshu.registry.model import Transaction, TransactionState
from tanshu.registry.types import InstrumentKind


@dataclass(frozen=True, slots=True)
class SettledTrade:
    """One settled trade. price_fen is fen per tonne; mode is listing, block or auction."""

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


def settled(conn: Connection, since: date | None = None, until: date | None = None) -> list[SettledTrade]:
    """Settled trades in an inclusive window of trading days, in the order of settlement."""
    kinds = {one.number: one for one in registry.instruments(conn)}
    owners = {account.number: account.subject_id for account in parties.accounts(conn)}
    found: list[SettledTrade] = []
    for transaction in registry.transactions(conn, type="trade-settlement", state=TransactionState.EFFECTED):
        trade = _trade(transaction, kinds, owners)
        if (since is None or trade.day >= since) and (until is None or trade.day <= until):
            found.append(trade)
    return found


def sold_and_bought(
    trades: Collection[SettledTrade], subject_id: str, instruments: Collection[str]
) -> tuple[int, int]:
    """(sold, bought) tonnes of one subject in these instruments."""
    mine = [trade for trade in trades if trade.instrument in instruments]
    sold = sum(trade.quantity for trade in mine if trade.seller_id == subject_id)
    bought = sum(trade.quantity for trade in mine if trade.buyer_id == subject_id)
    return sold, bought


def average_price_fen(trades: Collection[SettledTrade]) -> int | None:
    """Volume-weighted average in fen per tonne, half-up; None without trades."""
    tonnes = sum(trade.quantity for trade in trades)
    if not tonnes:
        return None
    return (2 * sum(trade.amount_fen for trade in trades) + tonnes) // (2 * tonnes)


def _trade(
    transaction: Transaction, kinds: dict[int, registry.Instrument], owners: dict[int, str]
) -> SettledTrade:
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
