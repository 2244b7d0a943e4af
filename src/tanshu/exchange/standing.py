"""Who may not trade, and what is not traded: suspensions of participants; halts of modes and products.

One person of the exchange stops at once. A suspension is lifted by two: one asks, another grants. A halt ends
by one; it outlasts the day, and stands again at the next opening.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal, need
from tanshu.book.commit import Act, Decision, verb
from tanshu.exchange import checks as market_checks
from tanshu.exchange.bridge import checks, halts, sessions
from tanshu.exchange.bridge.founding import party_of
from tanshu.exchange.bridge.sessions import OPEN
from tanshu.exchange.bridge.tables import MARKET_HALT, MARKET_SUSPENSION
from tanshu.exchange.day_terms import MODE_OF
from tanshu.exchange.engine.records import Op, Phase, Why, row
from tanshu.exchange.engine.state import SUSPENDED
from tanshu.exchange.market import Market, MarketAct
from tanshu.exchange.tables import MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.parties import queries as parties
from tanshu.parties.model import STATE_LABELS, Account, AccountState, Right

_BEFORE_LIFTING: dict[str, Callable[[Act, str], Refusal | None]] = {}
STOPPING = (AccountState.RESTRICTED, AccountState.BLOCKED)
"""States of an account that stop its owner on the market, too."""


@dataclass(frozen=True, slots=True)
class Suspend:
    """Stop a participant; its orders are cancelled and what they held is free."""

    market: str
    handle: str


@dataclass(frozen=True, slots=True)
class Lift:
    """Ask for the end of a suspension, or, as a second person, grant it."""

    market: str
    handle: str


@dataclass(frozen=True, slots=True)
class Halt:
    """Stop a mode (blank: all) of an instrument (blank: all). emergency: 紧急措施, for the whole market."""

    market: str
    mode: str = ""
    instrument: str = ""
    emergency: bool = False


@dataclass(frozen=True, slots=True)
class Resume:
    """Trade again what exactly such a halt stopped."""

    market: str
    mode: str = ""
    instrument: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """What a market's log is told: which participant; why, as `Why`."""

    party: int
    why: int


@dataclass(frozen=True, slots=True)
class Stop:
    """What a market's log is told: places (mode, product; 0 for all) that halt or open; why, as `Why`."""

    places: tuple[tuple[int, int], ...]
    why: int


@verb("exchange.suspend")
def suspend(act: Act, command: Suspend) -> Decision:
    """Suspend a participant: any maker or checker of the exchange, at once, saying why.

    Refuses with EXC-3002 (no participant), EXC-8021 (no reason), EXC-8022 (suspended already).
    """
    return decide_suspend(act, command, Why.OPERATOR)


def decide_suspend(act: Act, command: Suspend, why: Why) -> Decision:
    """The same, as part of another command: supervision's."""
    need(_anybody_of_exchange(act))
    reason = need(_why(act))
    market, party = need(_participant(act, command.market, command.handle))
    if standing(act.conn, market.log, party) is not None:
        return checks.SUSPENDED_ALREADY(field="handle", handle=command.handle)
    cancelled = need(_stop(act, market, party, reason, why))
    return {
        "market": command.market,
        "participant": command.handle,
        "suspended": True,
        "cancelled": cancelled,
    }


@verb("exchange.lift")
def lift(act: Act, command: Lift) -> Decision:
    """Lift a suspension in two steps: a maker of the exchange asks, with a reason; a checker grants it."""
    return decide_lift(act, command)


def decide_lift(act: Act, command: Lift) -> Decision:
    """The same, as part of another command.

    Refuses with EXC-8021, EXC-8023 (not suspended), EXC-8024, EXC-8030 (an account of it is stopped).
    """
    market, party = need(_participant(act, command.market, command.handle))
    row_ = standing(act.conn, market.log, party)
    if row_ is None:
        return checks.NOT_SUSPENDED(field="handle", handle=command.handle)
    this = {"log": market.log, "party": party, "seq": row_.seq}
    told = {"market": command.market, "participant": command.handle}
    need(_accounts_open(act, market, party, command.handle))
    subject = need(parties.subject(act.conn, command.handle))
    for ask in _BEFORE_LIFTING.values():
        if refused := ask(act, subject.id):
            return refused
    if row_.asked_by is None:
        need(sessions.by_exchange(act))
        why = need(_why(act))
        act.update(MARKET_SUSPENSION, this, asked_by=act.actor, asked_seq=act.seq, asked_why=why)
        return {**told, "suspended": True, "asked_by": act.actor}
    need(sessions.by_exchange(act, Right.CHECKER))
    if row_.asked_by == act.actor:
        return checks.LIFTED_BY_SELF(field="as", person=act.actor)
    need(_free(act, market, party, row_))
    return {**told, "suspended": False, "asked_by": row_.asked_by}


@verb("exchange.halt")
def halt(act: Act, command: Halt) -> Decision:
    """Halt trading: 停牌, 暂停交易, or 紧急措施. Any maker or checker of the exchange, saying why.

    Refuses with EXC-8021 (no reason), EXC-8025 (halted already), EXC-8027 (no such mode), EXC-2001 (no such
    product).
    """
    need(_anybody_of_exchange(act))
    reason = need(_why(act))
    market = need(sessions.named(act, command.market))
    instrument = need(_place(act, market, command))
    if _halted(act.conn, market.log, command.mode, instrument) is not None:
        return checks.HALTED_ALREADY(field="market")
    before = halts.covered(act.conn, market.log)
    new = halts.places(act.conn, market.log, command.mode, instrument) - before
    if new and _is_open(act, market):
        why = Why.EMERGENCY if command.emergency else Why.OPERATOR
        need(market.join(act, "market.halt", Stop(tuple(sorted(new)), why), _halt))
    act.insert(
        MARKET_HALT,
        {
            "log": market.log,
            "seq": act.seq,
            "mode": command.mode,
            "instrument": instrument,
            "emergency": int(command.emergency),
            "person": act.actor,
            "why": reason,
            "ended_by": None,
            "ended_why": None,
            "ended_seq": None,
        },
    )
    return {"market": command.market, "mode": command.mode, "instrument": command.instrument, "halted": True}


@verb("exchange.resume")
def resume(act: Act, command: Resume) -> Decision:
    """End a halt, saying why: a checker of the exchange.

    Refuses with EXC-8021 (no reason), EXC-8026 (not halted), EXC-8027, EXC-2001.
    """
    need(sessions.by_exchange(act, Right.CHECKER))
    reason = need(_why(act))
    market = need(sessions.named(act, command.market))
    instrument = need(_place(act, market, command))
    stopped = _halted(act.conn, market.log, command.mode, instrument)
    if stopped is None:
        return checks.NOT_HALTED(field="market")
    before = halts.covered(act.conn, market.log)
    this = {"log": market.log, "seq": stopped.seq}
    act.update(MARKET_HALT, this, ended_by=act.actor, ended_why=reason, ended_seq=act.seq)
    free = before - halts.covered(act.conn, market.log)
    if free and _is_open(act, market):
        need(market.join(act, "market.resume", Stop(tuple(sorted(free)), Why.OPERATOR), _resume))
    return {"market": command.market, "mode": command.mode, "instrument": command.instrument, "halted": False}


def standing(conn: Connection, log: int, party: int) -> Any | None:
    """The suspension in force of a participant."""
    here = (
        MARKET_SUSPENSION.c.log == log,
        MARKET_SUSPENSION.c.party == party,
        MARKET_SUSPENSION.c.ended_seq.is_(None),
    )
    return conn.execute(select(MARKET_SUSPENSION).where(*here)).first()


def account_comes_into(act: Act, account: Account, new: AccountState) -> None:
    """Whose account is restricted or blocked while a session holds it stops trading in that session, too."""
    if new not in STOPPING:
        return
    theirs = select(MARKET_PARTY).where(MARKET_PARTY.c.subject_id == account.subject_id)
    for one in act.conn.execute(theirs.order_by(MARKET_PARTY.c.log)).all():
        if account.number not in (one.units_account, one.cash_account):
            continue
        market = sessions.at(act, one.log)
        if _is_open(act, market) and standing(act.conn, one.log, one.number) is None:
            label = STATE_LABELS[new]
            need(_stop(act, market, one.number, f"{account.code} {label.zh} {label.en}", Why.OPERATOR))


def ask_before_lifting(room: str, ask: Callable[[Act, str], Refusal | None]) -> None:
    """From now on a room above may keep the suspension of a subject, by id, from being lifted."""
    _BEFORE_LIFTING[room] = ask


def suspend_everywhere(act: Act, subject_id: str, reason: str) -> tuple[str, ...]:
    """Suspend a subject on every market where it is a participant and trades; the names of those markets.

    For a room above, as part of its own command. It ends as every suspension does: by two of the exchange.
    """
    theirs = select(MARKET_PARTY).where(MARKET_PARTY.c.subject_id == subject_id).order_by(MARKET_PARTY.c.log)
    stopped: list[str] = []
    for one in act.conn.execute(theirs).all():
        market = sessions.at(act, one.log)
        if standing(act.conn, one.log, one.number) is None:
            need(_stop(act, market, one.number, reason, Why.OPERATOR))
            stopped.append(sessions.row_of(act.conn, one.log).name)
    return tuple(stopped)


def lift_everywhere(act: Act, subject_id: str, entries: Sequence[int]) -> tuple[str, ...]:
    """End the suspensions that these entries made; the names of the markets where the subject trades again.

    For a room above that takes back what `suspend_everywhere` did. Where an account of the subject is stopped
    its suspension stays, and ends as every other does.
    """
    theirs = select(MARKET_PARTY).where(MARKET_PARTY.c.subject_id == subject_id).order_by(MARKET_PARTY.c.log)
    handle = parties.subject_by_id(act.conn, subject_id).handle
    free: list[str] = []
    for one in act.conn.execute(theirs).all():
        market, row_ = sessions.at(act, one.log), standing(act.conn, one.log, one.number)
        stopped = row_ is None or row_.seq not in entries
        if stopped or isinstance(_accounts_open(act, market, one.number, handle), Refusal):
            continue
        need(_free(act, market, one.number, row_))
        free.append(sessions.row_of(act.conn, one.log).name)
    return tuple(free)


# -- in the market's log -----------------------------------------------------------------------------------


def _suspend(inner: MarketAct, told: Standing) -> Decision:
    done = inner.must([row(Op.SUSPEND, party=told.party, other=told.why)])
    return {"cancelled": len(done.outputs)}


def _lift(inner: MarketAct, told: Standing) -> Decision:
    inner.must([row(Op.LIFT, party=told.party, other=told.why)])
    return {"lifted": told.party}


def _halt(inner: MarketAct, stop: Stop) -> Decision:
    inner.must(halts.steps(stop.places, Phase.HALTED, stop.why))
    return {"halted": True}


def _resume(inner: MarketAct, stop: Stop) -> Decision:
    """A product that was listed after the halt of its mode stands under no halt in the engine."""
    phases = inner.engine.arrays.phases
    halted = [(mode, product) for mode, product in stop.places if phases[product, mode] == Phase.HALTED]
    inner.must(halts.steps(halted, Phase.OPEN, stop.why))
    return {"halted": False}


# -- steps -------------------------------------------------------------------------------------------------


def _stop(act: Act, market: Market, party: int, reason: str, why: Why) -> int | Refusal:
    """Suspend in both logs; how many orders were cancelled."""
    engine = market.catch_up(act.conn)
    assert not engine.arrays.parties[party, SUSPENDED], "the market has who the register has"
    told = market.join(act, "market.suspend", Standing(party, why), _suspend)
    if isinstance(told, Refusal):
        return told
    act.insert(
        MARKET_SUSPENSION,
        {
            "log": market.log, "party": party, "seq": act.seq, "person": act.actor, "why": reason,
            "asked_by": None, "asked_seq": None, "asked_why": None, "ended_by": None, "ended_seq": None,
        },
    )  # fmt: skip
    return told["cancelled"]


def _free(act: Act, market: Market, party: int, row_: Any) -> Any | Refusal:
    """End a suspension in both logs."""
    told = market.join(act, "market.lift", Standing(party, Why.OPERATOR), _lift)
    if not isinstance(told, Refusal):
        this = {"log": market.log, "party": party, "seq": row_.seq}
        act.update(MARKET_SUSPENSION, this, ended_by=act.actor, ended_seq=act.seq)
    return told


def _participant(act: Act, name: str, handle: str) -> tuple[Market, int] | Refusal:
    market = need(sessions.named(act, name))
    subject = need(parties.subject(act.conn, handle))
    return market, need(party_of(act.conn, market, name, subject))


def _anybody_of_exchange(act: Act) -> object:
    """A maker or a checker: whoever sees it first."""
    maker = sessions.by_exchange(act)
    return sessions.by_exchange(act, Right.CHECKER) if isinstance(maker, Refusal) else maker


def _accounts_open(act: Act, market: Market, party: int, handle: str) -> bool | Refusal:
    """Whom the register or the audit has stopped, the exchange does not let trade."""
    here = (MARKET_PARTY.c.log == market.log, MARKET_PARTY.c.number == party)
    one = act.conn.execute(select(MARKET_PARTY).where(*here)).one()
    for number in (one.units_account, one.cash_account):
        account = parties.account_by_number(act.conn, number)
        if account.state in STOPPING:
            label = STATE_LABELS[account.state]
            return checks.STILL_STOPPED(field="handle", handle=handle, account=account.code, state=label)
    return True


def _why(act: Act) -> str | Refusal:
    return act.ctx.reason.strip() or checks.WHY_NEEDED(field="reason")


def _is_open(act: Act, market: Market) -> bool:
    session = sessions.last(act.conn, market.log)
    return session is not None and session.state == OPEN


def _place(act: Act, market: Market, command: Halt | Resume) -> int | Refusal:
    """The product's number, 0 for all. Refuses with EXC-8027 (the mode), EXC-2001 (the product)."""
    mode, code = command.mode, command.instrument
    if mode and mode not in MODE_OF:
        return checks.NO_SUCH_MODE(field="mode", mode=mode, known=", ".join(MODE_OF))
    if not code:
        return 0
    here = select(MARKET_INSTRUMENT.c.code, MARKET_INSTRUMENT.c.number)
    listed = dict(act.conn.execute(here.where(MARKET_INSTRUMENT.c.log == market.log)).all())
    if code in listed:
        return listed[code]
    known = ", ".join(sorted(listed)) or "—"
    return market_checks.NO_INSTRUMENT(field="instrument", market=command.market, code=code, known=known)


def _halted(conn: Connection, log: int, mode: str, instrument: int) -> Any | None:
    here = (
        MARKET_HALT.c.log == log,
        MARKET_HALT.c.mode == mode,
        MARKET_HALT.c.instrument == instrument,
        MARKET_HALT.c.ended_seq.is_(None),
    )
    return conn.execute(select(MARKET_HALT).where(*here)).first()
