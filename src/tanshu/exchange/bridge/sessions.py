"""What a session holds in the book: claims of the class `session`, on the cells of its participants.

A claim never grows. What joins a session during the day is a claim of its own; what leaves it comes off the
newest first. A cell may stand in the sessions of several markets (money does): each has claims of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, or_, select

from tanshu.base.refusal import Refusal
from tanshu.book.act import Act, LogAct
from tanshu.exchange import market as markets
from tanshu.exchange import timetable
from tanshu.exchange.bridge import checks
from tanshu.exchange.market import Market
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.parties.authority import may_for_kind
from tanshu.parties.model import Account, AccountKind, Person, Right, SubjectKind
from tanshu.registry.encumbrances import queries as claims
from tanshu.registry.encumbrances import queue
from tanshu.registry.encumbrances.model import Claim, Wanted
from tanshu.registry.types import TYPES, ClaimClass
from tanshu.rules.market_pack import MarketRules, market_rules

OPEN, CLOSED = "open", "closed"
CLEARING, SETTLED = "clearing", "settled"
"""A closed day that the clearing house took over; one that it has delivered."""
KINDS = (AccountKind.TRADING, AccountKind.CASH, AccountKind.PROVINCIAL)
"""Accounts whose cells can stand in a session."""
TAG = TYPES["trade-settlement"].number
"""What holds for a session are there for."""


@dataclass(frozen=True, slots=True)
class Session:
    """A trading day of a market. opened, closed: the market's entries; currency: the book's number."""

    log: int
    market: str
    pack: str
    currency: int
    day: date
    state: str
    opened: int
    closed: int | None

    @property
    def name(self) -> str:
        """What its claims go by."""
        return session_name(self.market, self.day)


@dataclass(frozen=True, slots=True)
class Stake:
    """A participant's cell in a session. instrument: the market's number, 0 for money; what: the book's."""

    session: Session
    party: int
    instrument: int
    account: int
    what: int


def session_name(market: str, day: date) -> str:
    return f"{market} {day.isoformat()}"


def by_exchange(act: LogAct, right: Right = Right.MAKER) -> Person | Refusal:
    """Who acts for the exchange."""
    return may_for_kind(act.conn, act.actor, right, SubjectKind.EXCHANGE)


def named(act: LogAct, name: str) -> Market | Refusal:
    """The market of this name, beside the book of this command; its steps that are due are taken."""
    market = markets.by_name(act.ctx.book, act.conn, name)
    if isinstance(market, Market):
        timetable.take_due(act, market)
    return market


def at(act: LogAct, log: int) -> Market:
    """The market with this log; the steps of its day that are due are taken."""
    market = markets.of(act.ctx.book, log)
    timetable.take_due(act, market)
    return market


def row_of(conn: Connection, log: int) -> Any:
    """What the register says of a market."""
    return conn.execute(select(MARKET).where(MARKET.c.log == log)).one()


def rules_of(act: LogAct, pack: str) -> MarketRules | Refusal:
    return market_rules(pack, allow_draft=act.ctx.allow_draft)


# -- days --------------------------------------------------------------------------------------------------


def last(conn: Connection, log: int) -> Session | None:
    """The newest day of a market."""
    found = _sessions(conn, MARKET.c.log == log)
    return found[0] if found else None


def of_day(conn: Connection, log: int, day: date, state: str) -> Session | Refusal:
    """A market's day, in this state. Refuses with EXC-8014, EXC-8015."""
    here = (MARKET.c.log == log, MARKET_DAY.c.day == day, MARKET_DAY.c.state == state)
    row = conn.execute(_DAYS.where(*here)).first()
    if row is None:
        kind = checks.DAY_NOT_OPEN if state == OPEN else checks.DAY_NOT_CLOSED
        return kind(field="day", market=row_of(conn, log).name, day=day)
    return Session(**row._mapping)


# -- cells -------------------------------------------------------------------------------------------------


def stakes(conn: Connection, account: Account, what: int) -> list[Stake]:
    """In which sessions this cell stands: the newest day of each market that admitted its owner."""
    if account.kind not in KINDS:
        return []
    parties_here = select(MARKET_PARTY).where(
        or_(MARKET_PARTY.c.units_account == account.number, MARKET_PARTY.c.cash_account == account.number)
    )
    found: list[Stake] = []
    for row in conn.execute(parties_here.order_by(MARKET_PARTY.c.log)):
        session = last(conn, row.log)
        if session is None:
            continue
        if account.number == row.cash_account and what == session.currency:
            found.append(Stake(session, row.number, 0, account.number, what))
        elif account.number == row.units_account:
            number = _number(conn, row.log, what)
            if number:
                found.append(Stake(session, row.number, number, account.number, what))
    return found


def wanted(stake: Stake, quantity: int) -> Wanted:
    """A session's claim on so much of a cell."""
    return Wanted(
        ClaimClass.SESSION, stake.account, stake.what, quantity, stake.session.name, 0, TAG, follows=False
    )


def held(conn: Connection, stake: Stake) -> int:
    """What the book holds for the session in this cell."""
    return sum(one.held for one in _claims(conn, stake))


def add(act: Act, stake: Stake, quantity: int) -> None:
    """Free units or money of a cell come to be held for the session."""
    queue.enter(act, wanted(stake, quantity))


def take(act: Act, stake: Stake, quantity: int) -> int:
    """Let so much of what is held for the session go, as far as there is: free for who asked, passed on to
    nobody. Returns how much."""
    left = quantity
    for one in reversed(_claims(act.conn, stake)):
        if left == 0:
            break
        left -= queue.shrink(act, one, min(one.held, left))
    return quantity - left


def keep(act: Act, session: Session, owed: dict[tuple[int, int], int]) -> None:
    """Let everything go that a closed day does not owe; those who wait for it take it first."""
    here = claims.of_root(act.conn, session.name)
    freed: list[tuple[Claim, int]] = []
    left = dict(owed)
    for one in here:
        cell = (one.account, one.instrument)
        kept = min(one.held, left.get(cell, 0))
        left[cell] = left.get(cell, 0) - kept
        if kept < one.ordered:
            freed.append((one, queue.shrink(act, one, one.ordered - kept)))
    for one, quantity in freed:
        queue.pass_on(act, one.account, one.instrument, quantity, one)


def _claims(conn: Connection, stake: Stake) -> list[Claim]:
    return claims.of_transaction_in_cell(conn, stake.session.name, stake.account, stake.what)


def _sessions(conn: Connection, *conditions: ColumnElement[bool]) -> list[Session]:
    return [
        Session(**row._mapping) for row in conn.execute(_DAYS.where(*conditions).order_by(_NEWEST).limit(1))
    ]


def _number(conn: Connection, log: int, what: int) -> int:
    query = select(MARKET_INSTRUMENT.c.number).where(
        MARKET_INSTRUMENT.c.log == log, MARKET_INSTRUMENT.c.instrument == what
    )
    return conn.execute(query).scalar() or 0


_DAYS = select(
    MARKET.c.log,
    MARKET.c.name.label("market"),
    MARKET.c.pack,
    MARKET.c.currency,
    MARKET_DAY.c.day,
    MARKET_DAY.c.state,
    MARKET_DAY.c.market_opened.label("opened"),
    MARKET_DAY.c.market_closed.label("closed"),
).join(MARKET_DAY, MARKET_DAY.c.log == MARKET.c.log)
_NEWEST = MARKET_DAY.c.day.desc()
