"""What the register itself brings to its transactions, beyond the type table's checks."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.parties import checks as party_checks
from tanshu.parties import queries as parties
from tanshu.parties.model import Account
from tanshu.registry import checks, queries
from tanshu.registry.encumbrances import checks as claim_checks
from tanshu.registry.encumbrances import orders
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances.model import CLASS_LABELS
from tanshu.registry.model import Proposed
from tanshu.registry.rooms import Room
from tanshu.registry.tables import SUCCESSOR, TRANSACTION, TRANSACTION_LINE
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
    """No pending transaction names the account, and nobody has a claim on it, not even one that waits."""
    joined = TRANSACTION_LINE.join(TRANSACTION, TRANSACTION.c.id == TRANSACTION_LINE.c.transaction_id)
    either = (TRANSACTION_LINE.c.debit == account.number) | (TRANSACTION_LINE.c.credit == account.number)
    query = select(TRANSACTION.c.id).select_from(joined).where(either, TRANSACTION.c.state == "pending")
    pending = act.conn.execute(query.order_by(TRANSACTION.c.proposed_seq).limit(1)).scalar()
    if pending is not None:
        return party_checks.PENDING_REQUEST(field="account", account=account.code, transaction=pending)
    for claim in claims.of_account(act.conn, account.number):
        facts = {"account": account.code, "claim": claim.id, "cls": CLASS_LABELS[claim.cls]}
        return claim_checks.STILL_CLAIMED(field="account", **facts)
    return None


def _one_line_a_cell(_act: Act, proposed: Proposed) -> Refusal | None:
    return orders.one_line_a_cell(proposed)


def check_change(act: Act, proposed: Proposed) -> Refusal | None:
    """Who merged or ended has one successor."""
    gone, taker = proposed.lines[0].debit.subject_id, proposed.lines[0].credit.subject_id
    recorded = queries.successor(act.conn, gone)
    if recorded is None or recorded == taker:
        return None
    names = {"subject": gone, "successor": recorded, "other": taker}
    facts = {word: parties.subject_by_id(act.conn, id).name for word, id in names.items()}
    return checks.SUCCESSOR_RECORDED(field="credit", **facts)


def record_successor(act: Act, proposed: Proposed) -> None:
    """From now on the taker stands in for who is gone."""
    gone, taker = proposed.lines[0].debit.subject_id, proposed.lines[0].credit.subject_id
    if queries.successor(act.conn, gone) is None:
        row = {"subject_id": gone, "successor_id": taker, "transaction_id": proposed.id, "seq": act.seq}
        act.insert(SUCCESSOR, row)


def check_correction(act: Act, proposed: Proposed) -> Refusal | None:
    """Somebody says why."""
    if not proposed.at_proposal or act.ctx.reason.strip():
        return None
    return checks.REASON_NEEDED(field="reason", name=proposed.type.name)


_ORDERS = ("judicial-freeze", "judicial-renewal", "judicial-release", "judicial-deduction", "court-transfer")
_GONE = ("merger", "succession", "closing-transfer")
ROOM = Room(
    name="registry",
    checks={
        "trade-settlement": (check_trade,),
        **dict.fromkeys(_ORDERS, (orders.check_order,)),
        **dict.fromkeys(_GONE, (check_change,)),
        "pledge": (orders.check_pledge,),
        "pledge-substitution": (orders.check_swap,),
        "pledge-release": (_one_line_a_cell,),
        "pledge-enforcement": (_one_line_a_cell,),
        "correction": (check_correction,),
    },
    on_effected=dict.fromkeys(_GONE, record_successor),
)
