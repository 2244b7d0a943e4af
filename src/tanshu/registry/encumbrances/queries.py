"""Questions to the queues."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, func, select

from tanshu.base.refusal import Refusal
from tanshu.registry.encumbrances import checks
from tanshu.registry.encumbrances.model import Claim, ClaimClass, ClaimState, Portion
from tanshu.registry.encumbrances.tables import CLAIM, CLAIM_HOLD
from tanshu.rules.registry_pack import ClaimsPolicy

STANDING = (ClaimState.WAITING, ClaimState.IN_FORCE)

# What every command asks is built once: putting a statement together costs more than running it.
_STANDING = select(CLAIM).where(CLAIM.c.state.in_(STANDING))
_BY_ID = select(CLAIM).where(CLAIM.c.id == bindparam("id"))
_OF_CELL = _STANDING.where(
    CLAIM.c.account == bindparam("account"), CLAIM.c.instrument == bindparam("instrument")
)
_OF_BOTH = _OF_CELL.where(CLAIM.c.transaction_id == bindparam("transaction"))
_OF_TRANSACTION = _STANDING.where(CLAIM.c.transaction_id == bindparam("transaction"))
_PORTIONS = (
    select(CLAIM_HOLD)
    .where(CLAIM_HOLD.c.claim_id == bindparam("claim"), CLAIM_HOLD.c.quantity > 0)
    .order_by(CLAIM_HOLD.c.position)
)


def claim(conn: Connection, id: str) -> Claim | Refusal:
    row = conn.execute(_BY_ID, {"id": id.strip()}).first()
    return _claim(row) if row else checks.CLAIM_UNKNOWN(field="claim", id=id)


def of_cell(
    conn: Connection, account: int, instrument: int, policy: ClaimsPolicy | None = None
) -> list[Claim]:
    """The standing claims of a cell in the order of its queue: by class if the policy ranks it, by time."""
    here = _asked(conn, _OF_CELL, account=account, instrument=instrument)
    return sorted(here, key=lambda one: (tier(policy, one.cls), one.seq, one.n))


def of_account(conn: Connection, account: int, *, standing: bool = True) -> list[Claim]:
    """The claims on an account, by instrument and time; those that have ended too, if asked."""
    conditions = [CLAIM.c.account == account]
    if standing:
        conditions.append(CLAIM.c.state.in_(STANDING))
    return sorted(_some(conn, *conditions), key=lambda one: (one.instrument, one.seq, one.n))


def of_transaction(conn: Connection, transaction_id: str) -> list[Claim]:
    """The standing claims that a transaction made, by line."""
    return sorted(_asked(conn, _OF_TRANSACTION, transaction=transaction_id), key=lambda one: one.line)


def of_transaction_in_cell(
    conn: Connection, transaction_id: str, account: int, instrument: int
) -> list[Claim]:
    """The standing claims that a transaction, or a session, has in one cell, oldest first."""
    here = _asked(conn, _OF_BOTH, transaction=transaction_id, account=account, instrument=instrument)
    return sorted(here, key=lambda one: (one.seq, one.n))


def of_root(conn: Connection, root_id: str, *, standing: bool = True) -> list[Claim]:
    """The claims that belong together, oldest first."""
    conditions = [CLAIM.c.root_id == root_id]
    if standing:
        conditions.append(CLAIM.c.state.in_(STANDING))
    return sorted(_some(conn, *conditions), key=lambda one: (one.seq, one.n))


def of_root_in_cell(
    conn: Connection, root_id: str, account: int, instrument: int, *, but: str = ""
) -> Claim | None:
    """The oldest standing claim of a root in a cell; `but`: of another transaction than this."""
    for one in of_root(conn, root_id):
        if (one.account, one.instrument) == (account, instrument) and one.transaction_id != but:
            return one
    return None


def of_class(conn: Connection, cls: ClaimClass, *, standing: bool = True) -> list[Claim]:
    """Every claim of a class, oldest first."""
    conditions = [CLAIM.c.cls == cls]
    if standing:
        conditions.append(CLAIM.c.state.in_(STANDING))
    return sorted(_some(conn, *conditions), key=lambda one: (one.seq, one.n))


def found(
    conn: Connection,
    *,
    cls: ClaimClass | None = None,
    accounts: Collection[int] | None = None,
    instrument: int | None = None,
    standing: bool = True,
) -> list[Claim]:
    """The claims that match all that is asked, by account, instrument and time; standing ones, or all."""
    conditions: list[ColumnElement[bool]] = [CLAIM.c.state.in_(STANDING)] if standing else []
    if cls is not None:
        conditions.append(CLAIM.c.cls == cls)
    if accounts is not None:
        conditions.append(CLAIM.c.account.in_(accounts))
    if instrument is not None:
        conditions.append(CLAIM.c.instrument == instrument)
    return sorted(_some(conn, *conditions), key=lambda one: (one.account, one.instrument, one.seq, one.n))


def lapsed(conn: Connection, today: date, limit: int) -> list[Claim]:
    """Standing freezes whose last day is past, the oldest first."""
    courts = (CLAIM.c.cls == ClaimClass.COURT, CLAIM.c.state.in_(STANDING), CLAIM.c.expires_on < today)
    query = select(CLAIM).where(*courts).order_by(CLAIM.c.seq, CLAIM.c.n).limit(limit)
    return [_claim(row) for row in conn.execute(query)]


def somebody_waits(conn: Connection) -> bool:
    """Is there any claim at all that takes what arrives?"""
    short = (CLAIM.c.state.in_(STANDING), CLAIM.c.held < CLAIM.c.reach)
    return conn.execute(select(CLAIM.c.id).where(*short).limit(1)).first() is not None


def awaited(conn: Connection) -> dict[tuple[int, int], int]:
    """Of which cells somebody waits for what arrives, and for how much, in the instrument's minor unit."""
    short = func.sum(CLAIM.c.reach - CLAIM.c.held)
    waits = (CLAIM.c.state.in_(STANDING), CLAIM.c.held < CLAIM.c.reach, CLAIM.c.follows == 1)
    query = select(CLAIM.c.account, CLAIM.c.instrument, short).where(*waits)
    grouped = query.group_by(CLAIM.c.account, CLAIM.c.instrument)
    return {(row[0], row[1]): int(row[2]) for row in conn.execute(grouped)}


def held_by_class(conn: Connection) -> dict[tuple[int, int, ClaimClass], int]:
    """What is held in every cell, by class, in the instrument's minor unit."""
    total = func.sum(CLAIM.c.held)
    query = select(CLAIM.c.account, CLAIM.c.instrument, CLAIM.c.cls, total).where(
        CLAIM.c.state.in_((ClaimState.IN_FORCE, ClaimState.SETTLING))
    )
    grouped = query.group_by(CLAIM.c.account, CLAIM.c.instrument, CLAIM.c.cls)
    return {(row[0], row[1], ClaimClass(row[2])): int(row[3]) for row in conn.execute(grouped)}


def portions(conn: Connection, claim_id: str) -> list[Portion]:
    """The holds of a claim, oldest first."""
    return [Portion(row.position, row.quantity) for row in conn.execute(_PORTIONS, {"claim": claim_id})]


def holds(conn: Connection, claim_id: str) -> list[Portion]:
    """Every hold that a claim ever had, oldest first; of one that is used up nothing is left."""
    theirs = select(CLAIM_HOLD).where(CLAIM_HOLD.c.claim_id == claim_id)
    return [
        Portion(row.position, row.quantity) for row in conn.execute(theirs.order_by(CLAIM_HOLD.c.position))
    ]


def tier(policy: ClaimsPolicy | None, cls: ClaimClass) -> int:
    """Lower goes first. Without an order by class everybody is equal before time."""
    if policy is None or policy.rule != "by_class" or cls not in policy.order:
        return 0
    return 1 + policy.order.index(cls)


def _some(conn: Connection, *conditions: ColumnElement[bool]) -> Sequence[Claim]:
    return _asked(conn, select(CLAIM).where(*conditions))


def _asked(conn: Connection, query: Select[Any], **values: object) -> list[Claim]:
    return [_claim(row) for row in conn.execute(query, values)]


def _claim(row: Row[Any]) -> Claim:
    facts = dict(row._mapping)
    facts["cls"], facts["state"] = ClaimClass(facts["cls"]), ClaimState(facts["state"])
    facts["follows"] = bool(facts["follows"])
    return Claim(**facts)
