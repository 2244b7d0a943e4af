"""While a day is being delivered nobody else reaches into the accounts from which it is.

What a sale brings may pay for a purchase of the same day: between two blocks it lies there as free money. And
what the sessions held is spent by the delivery, entry by entry. It takes seconds, or until somebody resumes.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, or_, select

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.clearing import checks, queries
from tanshu.clearing.model import DayState
from tanshu.clearing.tables import CLEARING_BLOCK, CLEARING_MARKET
from tanshu.exchange.bridge import sessions
from tanshu.exchange.bridge.days import check_before_opening
from tanshu.exchange.bridge.sessions import CLOSED, OPEN, Session, session_name
from tanshu.exchange.tables import MARKET, MARKET_PARTY
from tanshu.parties.model import Account
from tanshu.registry import rooms
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
    return (_busy(act, proposed) if takes else None) or _gathered(act, proposed)


def _busy(act: Act, proposed: Proposed) -> Refusal | None:
    """CLR-2004 where a line takes from an account of a market that is being delivered.

    Whether the session held anything of it says nothing: a seller without money has what the day brought it.
    """
    day = _delivered_now(act.conn)
    if day is None:
        return None
    for line in proposed.lines:
        session = _session_of(act.conn, day, line.debit)
        if session:
            return checks.UNDER_WAY(field="lines", account=line.debit.code, session=session)
    return None


def _gathered(act: Act, proposed: Proposed) -> Refusal | None:
    """CLR-2004 where another market's session would take all that is free in an account: what the delivery
    has brought there, too.
    """
    day = _delivered_now(act.conn)
    if day is None:
        return None
    for line in proposed.lines:
        for side in (line.debit, line.credit):
            session = _session_of(act.conn, day, side)
            stakes = sessions.stakes(act.conn, side, line.instrument.number) if session else []
            if any(stake.session.state in (OPEN, CLOSED) for stake in stakes):
                return checks.UNDER_WAY(field="lines", account=side.code, session=session)
    return None


def _delivered_now(conn: Connection) -> date | None:
    """The day whose delivery has begun and is not registered yet."""
    last = queries.last_day(conn)
    if last is None or last.state not in UNDER_WAY:
        return None
    begun = select(CLEARING_BLOCK.c.seq).where(CLEARING_BLOCK.c.day == last.day).limit(1)
    return last.day if conn.execute(begun).first() else None


def _session_of(conn: Connection, day: date, account: Account) -> str | None:
    """The session of a day in which an account takes part."""
    party = MARKET_PARTY.c
    query = (
        select(MARKET.c.name)
        .join(CLEARING_MARKET, CLEARING_MARKET.c.log == MARKET.c.log)
        .join(MARKET_PARTY, party.log == MARKET.c.log)
        .where(CLEARING_MARKET.c.day == day)
        .where(or_(party.units_account == account.number, party.cash_account == account.number))
    )
    name = conn.execute(query.order_by(MARKET.c.log).limit(1)).scalar()
    return None if name is None else session_name(name, day)


def _may_open(act: Act, session: Session) -> Refusal | None:
    """A market that the house settles opens on a day that the house has not begun, when all before it are
    sealed; any other, when nothing is being delivered: it would take what a delivery has brought.
    """
    last = queries.last_day(act.conn)
    if last is None:
        return None
    ours = not isinstance(pack_for(session.pack), Refusal)
    if last.state != DayState.SEALED and (ours or _delivered_now(act.conn)):
        return checks.DAY_UNSEALED(field="day", day=last.day, market=session.market)
    if ours and last.day >= session.day:
        return checks.DAY_GONE(field="day", day=session.day, last=last.day, market=session.market)
    return None
