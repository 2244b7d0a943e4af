"""What the book's entries say of markets: to be laid beside the entries of their own logs.

An entry that changes what a session holds, or a table of markets, is kept until the market's log has been
judged up to what was written with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from tanshu.audit.business.entries import RECEIVES, Done
from tanshu.audit.business.facts import Facts, Row
from tanshu.audit.business.sessions import SESSION
from tanshu.audit.business.verbs import DELIVER, EFFECT
from tanshu.book.reference import Record
from tanshu.book.rows import INSERT, UPDATE, Change
from tanshu.clearing.statements.tables import CLEARING_STATEMENT
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_DAY, CLEARING_FAIL, CLEARING_MARKET
from tanshu.exchange.bridge import tables as bridge
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_OPERATOR, MARKET_PARTY
from tanshu.parties.model import AccountKind, SubjectKind

TABLES = frozenset(
    table.name
    for table in (
        MARKET,
        MARKET_PARTY,
        MARKET_OPERATOR,
        MARKET_INSTRUMENT,
        MARKET_DAY,
        bridge.MARKET_DUE,
        bridge.MARKET_DELIVERY,
        bridge.MARKET_SUSPENSION,
        CLEARING_DAY,
        CLEARING_MARKET,
        CLEARING_BLOCK,
        CLEARING_FAIL,
        CLEARING_STATEMENT,
    )
)
SessionCell = tuple[str, int, int]
"""A session's name; account and instrument by book number."""


class Settled(NamedTuple):
    """A transaction that is told to deliver a trade, as it was proposed."""

    transaction: Row | None
    lines: Sequence[Row]


class Joint(NamedTuple):
    """What one entry of the book says of markets.

    held: what sessions hold in the cells it touched, after it. settled: by transaction. records: what the
    clearing house moves; fee_accounts: where it may put fees, by organisation.
    """

    seq: int
    key: bytes
    command: str
    changes: Sequence[Change]
    held: Mapping[SessionCell, int]
    settled: Mapping[str, Settled]
    records: Sequence[Record] = ()
    fee_accounts: Mapping[str, int] = {}

    def inserts(self, table: str) -> list[Mapping[str, object]]:
        """The rows it adds to a table."""
        return [one.values for one in self.changes if (one.kind, one.table) == (INSERT, table)]


def of(facts: Facts, done: Done, touched: Iterable[Row]) -> Joint | None:
    """facts: after the entry. touched: the claims it changed, as they are now; None before
    there is a market."""
    changes = [one for one in done.changes if one.table in TABLES]
    cells = {
        (claim["transaction_id"], claim["account"], claim["instrument"])
        for claim in touched
        if claim["cls"] == SESSION
    }
    if not facts.tables[MARKET.name].by_key:
        return None
    for one in changes:
        if (one.kind, one.table) == (UPDATE, MARKET_DAY.name):
            cells |= _of_day(facts, one)
    held = {cell: _held(facts, cell) for cell in sorted(cells)}
    told = [one.values["transaction_id"] for one in changes if (one.kind, one.table) == _DELIVERED]
    settled = {id: _settled(facts, id) for id in told}
    said = Joint(done.seq, done.entry.key, done.entry.command, changes, held, settled)
    if done.entry.command in (DELIVER, EFFECT):
        moved = [record for _, record in done.moves if record.op in RECEIVES]
        return said._replace(records=moved, fee_accounts=_fee_accounts(facts))
    return said


def _fee_accounts(facts: Facts) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for name, kind in (("exchange", SubjectKind.EXCHANGE), ("registry", SubjectKind.REGISTRY)):
        for one in facts.some("account", subject_id=facts.only(kind), kind=AccountKind.FEES)[:1]:
            found[name] = one["number"]
    return found


def _of_day(facts: Facts, change: Change) -> set[SessionCell]:
    """Every cell of a session whose day has changed."""
    market = facts.one(MARKET.name, change.where["log"])
    session = f"{market['name']} {change.where['day'].isoformat()}" if market else ""
    claims = facts.some("claim", transaction_id=session)
    return {(session, claim["account"], claim["instrument"]) for claim in claims}


def _held(facts: Facts, cell: SessionCell) -> int:
    session, account, instrument = cell
    found = facts.some("claim", account=account, instrument=instrument, transaction_id=session)
    return sum(one["held"] for one in found)


def _settled(facts: Facts, id: str) -> Settled:
    lines = facts.some("transaction_line", transaction_id=id)
    return Settled(facts.one("registry_transaction", id), lines)


_DELIVERED = (INSERT, bridge.MARKET_DELIVERY.name)
