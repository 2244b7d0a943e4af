"""The timetable kept: the steps of the day that are due are taken before anything else is decided.

Each is an entry of its own, by the market itself, at the moment the timetable names; its key follows from
market, day and step, so it is taken once, whoever comes first. A key that an order has used before it is
nobody's step: the next one that follows from the same serves. What is decided after a step's time, though it
was asked before, waits for the step (`late`): the times of a log and the phases in it agree.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, time
from itertools import count

from sqlalchemy import Connection, select

from tanshu.base.canonical import digest
from tanshu.base.clock import shanghai_ns, shanghai_text
from tanshu.base.ids import KEY_BYTES
from tanshu.base.refusal import Refusal, need
from tanshu.book.act import LogAct
from tanshu.book.writer import Context, Decision
from tanshu.exchange import checks, day_terms
from tanshu.exchange.auctions import windows
from tanshu.exchange.engine.codes import Code
from tanshu.exchange.engine.engine import Engine
from tanshu.exchange.engine.records import Mode, Op, Phase, Why, row
from tanshu.exchange.engine.state import DAY
from tanshu.exchange.market import Market, MarketAct, by_name
from tanshu.exchange.tables import MARKET
from tanshu.log import store
from tanshu.rules import market_pack

BY = "timetable"
"""Who takes the steps."""
NEVER = 1 << 62
"""Later than any clock: no step is left."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a day: n counts them. at: Shanghai time of day. mode, phase: by their names. auction: whose
    window opens or closes, 0 where it is the mode's own step."""

    day: date
    n: int
    at: time
    mode: str
    phase: str
    auction: int = 0


def keep(market: Market, now_ns: int) -> int:
    """Take the steps that are due. Returns how many were taken."""
    taken = 0
    while market.next_step_ns is None or now_ns >= market.next_step_ns:
        with market.reading() as (conn, engine):
            due = [one for one in _look_ahead(conn, market, engine) if one[0] <= now_ns]
        for at, key, step in due:
            ctx = Context(market, BY, key, clock=lambda at=at: at)
            need(ctx.commit("market.step", step, _take))
        if not due:
            break
        taken += len(due)
        market.next_step_ns = None
    return taken


def take_due(act: LogAct, market: Market) -> None:
    """Take the due steps of a market within a command of the book, before what that does to the market.

    A freeze or a suspension after a window has closed finds its auction over, whoever is the first to ask.
    """
    market.catch_up(act.conn)  # where a transaction came to nothing, its steps are due again
    if market.next_step_ns is not None and act.now_ns < market.next_step_ns:
        return
    store.lock(act.conn, market.log)
    due = [one for one in _look_ahead(act.conn, market, market.catch_up(act.conn)) if one[0] <= act.now_ns]
    for at, key, step in due:
        ctx = Context(market, BY, key, clock=lambda at=at: at)
        need(market.within(act.conn, ctx, at, "market.step", step, _take))
    if due:
        market.next_step_ns = None


def late(act: MarketAct) -> Refusal | None:
    """Was a step due before this is decided? Then it is asked again once the step was taken: EXC-1013."""
    if act.market.next_step_ns is None:
        _look_ahead(act.conn, act.market, act.engine)
    due = act.market.next_step_ns
    if due is None or act.now_ns < due:
        return None
    return checks.STEP_DUE(field="key", at=shanghai_text(due), due_ns=due)


def keep_of(ctx: Context, name: str) -> Market | Refusal:
    """Take the due steps of a market beside the book, before a command of the book that concerns it.

    Refuses with EXC-1001 where there is no such market.
    """
    with ctx.book.reading() as (conn, _):
        market = by_name(ctx.book, conn, name)
    if isinstance(market, Market):
        keep(market, ctx.clock())
    return market


def of_day(pack_name: str, day: date) -> list[Step]:
    """The steps of a day, in order, by the market's pack."""
    rules = need(market_pack.market_rules(pack_name))
    return [
        Step(day, n, at, Mode(mode).name.lower(), Phase(phase).name.lower())
        for n, (at, mode, phase) in enumerate(day_terms.timetable(rules, day))
    ]


def taken_as(conn: Connection, market: Market, day: date, n: int) -> int | None:
    """The entry of the market's log that took a step of a day; None where it was not taken."""
    return _place(conn, market, day, n)[1]


def auctions_of_day(conn: Connection, log: int, day: date) -> list[Step]:
    """When the windows of the day's auctions open and close."""
    return [
        Step(day, one.n, one.at, Mode.AUCTION.name.lower(), one.phase.name.lower(), one.auction)
        for one in windows.of_day(conn, log, day)
    ]


def _take(act: MarketAct, step: Step) -> Decision:
    """A step that the phase of the moment does not allow (the exchange has moved it) is passed over."""
    op = Op.AUCTION_PHASE if step.auction else Op.PHASE
    mode, phase = Mode[step.mode.upper()], Phase[step.phase.upper()]
    done = act.apply([row(op, mode=mode, kind=phase, order=step.auction, other=Why.TIMETABLE)])
    code = Code(int(done.codes[0]))
    return {"mode": step.mode, "phase": step.phase, _TAKEN: code is Code.OK, "code": code.name.lower()}


def key_of(market: Market, day: date, n: int, again: int = 0) -> bytes:
    """The key under which the market's log has a step of a day; where others have used it, the next ones."""
    more = f"\x1f{again}" if again else ""
    return digest(f"timetable\x1f{market.log}\x1f{day}\x1f{n}{more}".encode())[:KEY_BYTES]


def _look_ahead(conn: Connection, market: Market, engine: Engine) -> list[tuple[int, bytes, Step]]:
    """The steps of the open day that were not taken, in order: (when, key, step). The market notes when."""
    left: list[tuple[int, bytes, Step]] = []
    if engine.is_open:
        number = int(engine.arrays.day[DAY])
        pack_name = conn.execute(select(MARKET.c.pack).where(MARKET.c.log == market.log)).scalar_one()
        day = date(number // 10_000, number // 100 % 100, number % 100)
        for step in of_day(pack_name, day) + auctions_of_day(conn, market.log, day):
            key, seq = _place(conn, market, day, step.n)
            if seq is None:
                left.append((shanghai_ns(step.day, step.at), key, step))
    left.sort(key=lambda one: (one[0], one[2].n))
    market.next_step_ns = left[0][0] if left else NEVER
    return left


def _place(conn: Connection, market: Market, day: date, n: int) -> tuple[bytes, int | None]:
    """The key of a step, and the entry that took it, if it was taken."""
    for again in count():
        key = key_of(market, day, n, again)
        known = store.find(conn, market.log, key)
        if known is None:
            return key, None
        if _TAKEN in json.loads(known[2]):  # only a step is answered so
            return key, known[0]
    raise AssertionError("keys do not end")


_TAKEN = "taken"
