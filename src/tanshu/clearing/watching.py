"""While a day is being delivered nobody else reaches into the accounts from which it is.

What a sale brings may pay for a purchase of the same day: between two blocks it lies there as free money. And
what the sessions held is spent by the delivery, entry by entry. It takes seconds, or until somebody resumes.
"""

from __future__ import annotations

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.clearing import checks, queries
from tanshu.clearing.model import DayState
from tanshu.clearing.tables import CLEARING_BLOCK
from tanshu.exchange.bridge.days import check_before_opening
from tanshu.exchange.bridge.sessions import Session
from tanshu.registry import rooms
from tanshu.registry.encumbrances.model import ClaimState
from tanshu.registry.encumbrances.tables import CLAIM
from tanshu.registry.model import Proposed
from tanshu.registry.rooms import Watcher
from tanshu.registry.types import Effect
from tanshu.rules.clearing_pack import pack_for

UNDER_WAY = (DayState.APPROVED, DayState.DELIVERED)


def take_part() -> None:
    """From now on the register and the exchange wait for the house where they must."""
    rooms.watch(Watcher("clearing", before=_before, taking=_taking))
    check_before_opening("clearing", _may_open)


def _before(act: Act, proposed: Proposed) -> Refusal | None:
    return _busy(act, proposed) if proposed.type.held else None


def _taking(act: Act, proposed: Proposed) -> Refusal | None:
    takes = proposed.type.effect is Effect.ENCUMBER or not proposed.type.held
    return _busy(act, proposed) if takes else None


def _busy(act: Act, proposed: Proposed) -> Refusal | None:
    """CLR-2004 where a line takes from an account whose session is being delivered."""
    if not _is_delivering(act.conn):
        return None
    for line in proposed.lines:
        here = (CLAIM.c.account == line.debit.number, CLAIM.c.state == ClaimState.SETTLING)
        session = act.conn.execute(select(CLAIM.c.root_id).where(*here).limit(1)).scalar()
        if session:
            return checks.UNDER_WAY(field="lines", account=line.debit.code, session=session)
    return None


def _is_delivering(conn: Connection) -> bool:
    last = queries.last_day(conn)
    if last is None or last.state not in UNDER_WAY:
        return False
    begun = select(CLEARING_BLOCK.c.seq).where(CLEARING_BLOCK.c.day == last.day).limit(1)
    return conn.execute(begun).first() is not None


def _may_open(act: Act, session: Session) -> Refusal | None:
    """The next day of a market that the house settles opens when the house's day is sealed."""
    last = queries.last_day(act.conn)
    if last is None or last.state == DayState.SEALED or isinstance(pack_for(session.pack), Refusal):
        return None
    return checks.DAY_UNSEALED(field="day", day=last.day, market=session.market)
