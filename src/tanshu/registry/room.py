"""What the register itself brings to its transactions, beyond the type table's checks."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.parties import checks as party_checks
from tanshu.parties.model import Account
from tanshu.registry import checks
from tanshu.registry.model import Proposed
from tanshu.registry.rooms import Room
from tanshu.registry.tables import TRANSACTION, TRANSACTION_LINE
from tanshu.registry.types import InstrumentKind

TRADE_MODES = ("listing", "block", "auction")


def check_trade(act: Act, proposed: Proposed) -> Refusal | None:
    """A settled trade tells its mode, day and price, and its price fits its amount.

    Averages, penalties and carry-over are read from these facts later, so they cannot be taken on trust.
    """
    units, cash = sorted(proposed.lines, key=lambda line: line.instrument.kind is InstrumentKind.CASH)
    price, day = proposed.details.get("price_fen"), proposed.details.get("traded_on")
    try:
        traded_on = date.fromisoformat(str(day))
    except ValueError:
        return checks.TRADE_FACTS(field="details")
    fits = (
        isinstance(price, int)
        and not isinstance(price, bool)
        and price > 0
        and price * units.quantity == cash.quantity
        and proposed.details.get("mode") in TRADE_MODES
        and traded_on <= act.today
    )
    return None if fits else checks.TRADE_FACTS(field="details")


def check_closing(act: Act, account: Account) -> Refusal | None:
    """No pending transaction names the account."""
    joined = TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == TRANSACTION_LINE.c.transaction_id)
    either = (TRANSACTION_LINE.c.debit == account.number) | (TRANSACTION_LINE.c.credit == account.number)
    query = select(TRANSACTION.c.id).select_from(joined).where(either, TRANSACTION.c.state == "pending")
    pending = act.conn.execute(query.order_by(TRANSACTION.c.proposed_seq).limit(1)).scalar()
    if pending is None:
        return None
    return party_checks.PENDING_REQUEST(field="account", account=account.code, transaction=pending)


ROOM = Room(name="registry", checks={"trade-settlement": (check_trade,)})
