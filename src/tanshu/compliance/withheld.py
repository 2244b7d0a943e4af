"""What is withheld for an entity in the provincial account: how much of it is left, and the claims on it.

The decision to withhold and the ways out are in `withholding`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act
from tanshu.compliance import checks, obligations, packs
from tanshu.compliance.duty_tables import WITHHELD, WITHHOLDING
from tanshu.parties import queries as parties
from tanshu.parties.model import Account, AccountKind, Subject
from tanshu.registry import checks as registry_checks
from tanshu.registry import queries as registry
from tanshu.registry.encumbrances import queries as encumbrances
from tanshu.registry.encumbrances import queue
from tanshu.registry.encumbrances.model import Wanted
from tanshu.registry.model import TransactionState
from tanshu.registry.types import TYPES, ClaimClass

FORCED, RELEASE = "forced-surrender", "withheld-release"
_DECISION = select(WITHHOLDING).where(
    WITHHOLDING.c.subject_id == bindparam("subject"), WITHHOLDING.c.year == bindparam("year")
)
"""Built once: every final allocation asks."""


class Withheld(NamedTuple):
    """What is withheld for an entity and a year. left_t: neither gone nor applied for."""

    id: str
    subject_id: str
    year: int
    account: int
    instrument: int
    quantity: int
    forced_t: int
    released_t: int
    pending_t: int

    @property
    def left_t(self) -> int:
        return self.quantity - self.forced_t - self.released_t - self.pending_t


def decision(conn: Connection, subject_id: str, year: int) -> Any | None:
    """The decision on an entity's year, confirmed or not."""
    return conn.execute(_DECISION, {"subject": subject_id, "year": year}).first()


def decisions(conn: Connection, year: int) -> list[Any]:
    """The decisions of a year, oldest first."""
    query = select(WITHHOLDING).where(WITHHOLDING.c.year == year)
    return list(conn.execute(query.order_by(WITHHOLDING.c.seq)))


def kept_for(conn: Connection, subject_id: str, year: int) -> Withheld | None:
    """What is withheld for an entity and a year, and what became of it."""
    query = select(WITHHELD).where(WITHHELD.c.subject_id == subject_id, WITHHELD.c.year == year)
    row = conn.execute(query).first()
    if row is None:
        return None
    gone = {FORCED: 0, RELEASE: 0}
    pending = 0
    taken_back = obligations.undone(conn, subject_id=subject_id)
    for made in registry.transactions(conn, subject_id=subject_id, year=year):
        if made.type.code in gone and made.state is TransactionState.EFFECTED:
            gone[made.type.code] += made.quantity - taken_back.get(made.id, 0)
        elif made.type.code in gone and made.state is TransactionState.PENDING:
            pending += made.quantity
    where = (row.account, row.instrument, row.quantity)
    return Withheld(row.withholding_id, subject_id, year, *where, gone[FORCED], gone[RELEASE], pending)


# -- holding it -------------------------------------------------------------------------------------------


def applies(conn: Connection, subject_id: str, year: int, stage: str = "final") -> bool:
    """Does what a stage issues to this entity stay in the provincial account? Only the final one may."""
    row = decision(conn, subject_id, year) if stage == "final" else None
    return bool(row and row.in_force)


def keep(act: Act, subject: Subject, year: int, quantity: int) -> Refusal | None:
    """Hold the units of a final allocation for the entity, in the provincial account.

    Refuses with REG-2005 where they are not free there.
    """
    row = decision(act.conn, subject.id, year)
    assert row and row.in_force
    account = need(provincial_account(act, subject))
    instrument = need(registry.instrument(act.conn, packs.instrument(act.conn, year)))
    free = queue.available(act, account.number, instrument.number)
    if free < quantity:
        return registry_checks.INSUFFICIENT(
            field="quantity",
            account=account.code,
            instrument=instrument.code,
            available=free,
            needed=quantity,
        )
    act.insert(
        WITHHELD,
        {
            "withholding_id": row.id,
            "subject_id": subject.id,
            "year": year,
            "account": account.number,
            "instrument": instrument.number,
            "quantity": quantity,
            "seq": act.seq,
        },
    )
    _claim(act, row.id, subject.id, account.number, instrument.number, quantity)
    return None


def hold_exactly(act: Act, found: Withheld, quantity: int) -> int:
    """Let the claims of a withholding hold so much; what is missing is claimed. Returns what was freed."""
    standing = encumbrances.of_root(act.conn, found.id)
    beyond = sum(one.held for one in standing) - quantity
    if beyond < 0:
        _claim(act, found.id, found.subject_id, found.account, found.instrument, -beyond)
    freed = 0
    for one in reversed(standing):
        if freed < beyond:
            freed += queue.shrink(act, one, min(one.ordered, beyond - freed))
    return freed


def _claim(act: Act, id: str, subject_id: str, account: int, instrument: int, quantity: int) -> None:
    wanted = Wanted(
        ClaimClass.HOLDER,
        account,
        instrument,
        quantity,
        id,
        0,
        TYPES[RELEASE].number,
        follows=False,
        beneficiary_id=subject_id,
    )
    queue.enter(act, wanted)


def province_of(act: Act, subject: Subject) -> Subject | Refusal:
    authority = parties.authority_of(act.conn, subject.region)
    return authority or checks.NO_AUTHORITY(field="subject", region=subject.region)


def provincial_account(act: Act, subject: Subject) -> Account | Refusal:
    authority = need(province_of(act, subject))
    account = parties.account_of(act.conn, authority.id, AccountKind.PROVINCIAL)
    return account or checks.NO_AUTHORITY(field="subject", region=subject.region)
