"""The carry-over estimate: how much of the old vintages an entity could carry over as things stand.

An estimate only: the window of trades runs to the pack's date, and the register's own notice decides.
Source: 国环规气候〔2024〕1号, annex 5.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from tanshu.base.refusal import Refusal
from tanshu.book.state import State
from tanshu.compliance import obligations, packs, trades
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind, Subject
from tanshu.registry import queries as registry
from tanshu.registry.model import TransactionState
from tanshu.rules import carry_over
from tanshu.rules.carry_over import CarryOver

HOLDING_ACCOUNTS = (AccountKind.REGISTRATION, AccountKind.TRADING)


def estimate(
    conn: Connection,
    state: State,
    subject: Subject,
    settled: Collection[trades.SettledTrade] | None = None,
) -> CarryOver:
    """The estimate for one entity. Raises Refused when the jurisdiction has no carry-over pack."""
    pack = packs.carry_over(conn)
    window = pack.table("window")
    old = set(pack.table("vintages")["from"])
    if settled is None:
        settled = trades.settled(conn, window["trades_first"], window["trades_last"])
    sold, bought = trades.sold_and_bought(settled, subject.id, old)
    return carry_over.estimate(
        pack,
        sold,
        bought,
        _holding(conn, state, subject, old),
        _pending(conn, subject, old),
        late=_was_late(conn, subject, [int(y) for y in pack.table("eligibility")["surrendered_in_time_for"]]),
    )


def _holding(conn: Connection, state: State, subject: Subject, old: set[str]) -> int:
    """Available and held units of the old vintages on both of the subject's accounts."""
    numbers = [one.number for one in registry.instruments(conn) if one.code in old]
    total = 0
    for kind in HOLDING_ACCOUNTS:
        account = parties.account_of(conn, subject.id, kind)
        if account:
            cells = [state.cell(account.number, number) for number in numbers]
            total += sum(cell.available + cell.held for cell in cells)
    return total


def _pending(conn: Connection, subject: Subject, old: set[str]) -> int:
    """Units in surrender and cancellation applications that wait for approval."""
    numbers = {one.number for one in registry.instruments(conn) if one.code in old}
    waiting = [
        transaction
        for type in ("surrender", "voluntary-cancellation")
        for transaction in registry.transactions(
            conn, type=type, state=TransactionState.PENDING, subject_id=subject.id
        )
    ]
    return sum(
        line.quantity for transaction in waiting for line in transaction.lines if line.instrument in numbers
    )


def _was_late(conn: Connection, subject: Subject, years: Collection[int]) -> bool:
    for year in years:
        owed = obligations.owed(conn, subject, year)
        if not isinstance(owed, Refusal) and owed.late:
            return True
    return False
