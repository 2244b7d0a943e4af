"""How a market stands now: its day, the phase of each mode, what the timetable does next, who may not trade.

It only reads. A step of the timetable is written when the next command comes; what is due counts here
already, so what is told is what an order would find.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from tanshu.base.clock import shanghai_ns
from tanshu.base.refusal import need
from tanshu.base.text import Text
from tanshu.exchange import timetable
from tanshu.exchange.bridge import days, halts, sessions
from tanshu.exchange.bridge.sessions import CLEARING, CLOSED, OPEN, Session
from tanshu.exchange.bridge.tables import MARKET_SUSPENSION
from tanshu.exchange.day_terms import MODE_OF
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Phase
from tanshu.exchange.engine.state import CLOSE, LAST, LIVE, REFERENCE, VOLUME
from tanshu.exchange.figures.depth import SHOWN, Level, of_engine
from tanshu.exchange.market import Market, Names
from tanshu.exchange.timetable import Step
from tanshu.rules.market_pack import market_rules


@dataclass(frozen=True, slots=True)
class ModeNow:
    """A mode's phase by the timetable. halted: the products of it that are stopped; all: every one is."""

    mode: Mode
    phase: Phase
    halted: tuple[str, ...]
    all: bool


@dataclass(frozen=True, slots=True)
class ProductNow:
    """Best levels of one product in one mode; fen per tonne, tonnes.

    last: the day's last trade, 0 for none. close: 0 while the day is open. previous: the close before it,
    0 once there is one of today, for the engine then knows that alone.
    """

    instrument: str
    mode: Mode
    buy: Level | None
    sell: Level | None
    last: int
    volume: int
    previous: int
    close: int


@dataclass(frozen=True, slots=True)
class Stopped:
    """A participant that may not trade. asked_by: who has asked for the end, "" for nobody."""

    handle: str
    person: str
    why: str
    asked_by: str


@dataclass(frozen=True, slots=True)
class Halted:
    """A halt in force. mode, instrument: blank for all."""

    mode: str
    instrument: str
    emergency: bool
    person: str
    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """state: open, closed, or "" before the first day. settled: nothing of a closed day is left to deliver.

    next_at_ns: when the next step is due; resting: orders of all modes that rest.
    """

    market: str
    pack: str
    day: date | None
    state: str
    settled: bool
    modes: tuple[ModeNow, ...]
    next: Step | None
    next_at_ns: int
    products: tuple[ProductNow, ...]
    resting: int
    suspended: tuple[Stopped, ...]
    halts: tuple[Halted, ...]
    watermarks: tuple[Text, ...]
    """What every output must show: that the rules are a draft, or figures made up for an example."""


def status(conn: Connection, market: Market, now_ns: int) -> Status:
    """How the market stands at this moment. Raises Refused RULE-1xxx where its pack cannot be read."""
    about = sessions.row_of(conn, market.log)
    engine = market.catch_up(conn)
    names = market.names(conn)
    session = sessions.last(conn, market.log)
    rules = need(market_rules(about.pack, allow_draft=True))
    known = [MODE_OF[name] for name in rules.modes]
    left = _left(conn, market, session)
    phases = _phases(engine, known, session, [step for at, step in left if at <= now_ns])
    ahead = next(((at, step) for at, step in left if at > now_ns), (0, None))
    covered = halts.covered(conn, market.log)
    return Status(
        about.name,
        about.pack,
        session.day if session else None,
        session.state if session else "",
        session is None or session.state not in (CLOSED, CLEARING) or days.is_settled(conn, session),
        tuple(_mode(mode, phases[mode], covered, names) for mode in known),
        ahead[1],
        ahead[0],
        tuple(
            _product(engine, number, code, mode)
            for number, code in sorted(names.instruments.items())
            for mode in known
            if mode in SHOWN
        ),
        int(engine.arrays.day[LIVE]),
        tuple(_suspended(conn, market.log, names)),
        tuple(
            Halted(
                one.mode, names.instruments.get(one.instrument, ""), bool(one.emergency), one.person, one.why
            )
            for one in halts.in_force(conn, market.log)
        ),
        rules.watermarks,
    )


def _left(conn: Connection, market: Market, session: Session | None) -> list[tuple[int, Step]]:
    """The steps of the open day that were not taken, by their time."""
    if session is None or session.state != OPEN:
        return []
    steps = timetable.of_day(session.pack, session.day)
    steps += timetable.auctions_of_day(conn, market.log, session.day)
    left = [one for one in steps if timetable.taken_as(conn, market, session.day, one.n) is None]
    return sorted(((shanghai_ns(one.day, one.at), one) for one in left), key=lambda one: (one[0], one[1].n))


def _phases(engine: Engine, known: list[Mode], session: Session | None, due: list[Step]) -> dict[Mode, Phase]:
    """Each mode's phase by the timetable: what the log says, and what is due."""
    if session is None or session.state != OPEN:
        return dict.fromkeys(known, Phase.CLOSED)
    phases = {mode: Phase(int(engine.arrays.phases[0, mode])) for mode in known}
    phases |= {Mode[step.mode.upper()]: Phase[step.phase.upper()] for step in due if not step.auction}
    return phases


def _mode(mode: Mode, phase: Phase, covered: set[halts.Place], names: Names) -> ModeNow:
    everywhere = not covered.isdisjoint({(0, 0), (int(mode), 0)})
    stopped = tuple(
        code
        for number, code in sorted(names.instruments.items())
        if everywhere or not covered.isdisjoint({(0, number), (int(mode), number)})
    )
    return ModeNow(mode, phase, stopped, everywhere or 0 < len(names.instruments) == len(stopped))


def _product(engine: Engine, number: int, code: str, mode: Mode) -> ProductNow:
    a = engine.arrays
    buy, sell = of_engine(a, number, mode, 1)
    stats, facts = a.stats[number, mode], a.instruments[number]
    return ProductNow(
        code,
        mode,
        buy[0] if buy else None,
        sell[0] if sell else None,
        int(stats[LAST]),
        int(stats[VOLUME]),
        0 if facts[CLOSE] else int(facts[REFERENCE]),
        int(facts[CLOSE]),
    )


def _suspended(conn: Connection, log: int, names: Names) -> list[Stopped]:
    t = MARKET_SUSPENSION
    query = select(t).where(t.c.log == log, t.c.ended_seq.is_(None)).order_by(t.c.seq)
    rows: list[Any] = list(conn.execute(query))
    return [Stopped(names.parties[one.party], one.person, one.why, one.asked_by or "") for one in rows]
