"""What is halted now: by the halts that were told and not ended, in the places where the engine has them.

A halt of a whole mode stands on each of its products, since the mode's own place is the timetable's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, select

from tanshu.exchange.bridge.tables import MARKET_HALT
from tanshu.exchange.day_terms import MODE_OF
from tanshu.exchange.engine.records import Op, Phase, Row, Why, row
from tanshu.exchange.tables import MARKET_INSTRUMENT

Place = tuple[int, int]
"""Mode and product by their numbers in the market, 0 for all."""


def in_force(conn: Connection, log: int) -> list[Any]:
    """The halts of a market that nobody has ended, oldest first."""
    open_ones = (MARKET_HALT.c.log == log, MARKET_HALT.c.ended_seq.is_(None))
    return list(conn.execute(select(MARKET_HALT).where(*open_ones).order_by(MARKET_HALT.c.seq)))


def covered(conn: Connection, log: int) -> set[Place]:
    """Every place that some halt covers."""
    return {place for one in in_force(conn, log) for place in places(conn, log, one.mode, one.instrument)}


def places(conn: Connection, log: int, mode: str, instrument: int) -> set[Place]:
    """The places that one halt covers."""
    if not mode or instrument:
        return {(int(MODE_OF[mode]) if mode else 0, instrument)}
    listed = select(MARKET_INSTRUMENT.c.number).where(MARKET_INSTRUMENT.c.log == log)
    return {(int(MODE_OF[mode]), number) for number in conn.execute(listed).scalars()}


def steps(where: Iterable[Place], phase: Phase, why: int) -> list[Row]:
    """The records that halt these places, or open them."""
    return [
        row(Op.PHASE, mode=mode, kind=phase, instrument=instrument, other=why)
        for mode, instrument in sorted(where)
    ]


def restated(conn: Connection, log: int) -> list[Row]:
    """What is halted stays so on a new day."""
    emergency = any(one.emergency for one in in_force(conn, log))
    return steps(covered(conn, log), Phase.HALTED, Why.EMERGENCY if emergency else Why.OPERATOR)
