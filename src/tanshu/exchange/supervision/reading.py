"""A market's day as supervision reads it from the log: who its participants are, and what the rules find.

The rules look back over a few days, so reading begins some trading days before the one asked about; what was
already so then is not told again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from sqlalchemy import Connection, select

from tanshu.base.refusal import Refusal
from tanshu.exchange.supervision import checks
from tanshu.exchange.supervision.model import Alert, Known
from tanshu.exchange.supervision.stream import of_log
from tanshu.exchange.supervision.tables import SUPERVISION_OWNER
from tanshu.exchange.supervision.thresholds import Thresholds
from tanshu.exchange.supervision.watch import Supervision
from tanshu.exchange.tables import MARKET, MARKET_DAY, MARKET_INSTRUMENT, MARKET_PARTY
from tanshu.log import store
from tanshu.parties.tables import SUBJECT


class Found(NamedTuple):
    """What the rules found on a day, and the market's entry up to which was read."""

    alerts: tuple[Alert, ...]
    upto: int


def found_on(
    conn: Connection,
    log: int,
    day: date,
    thresholds: Thresholds,
    tick: Callable[[int], None] | None = None,
) -> Found | Refusal:
    """Read a market's log up to the close of a day. Refuses with EXC-7015. tick: told the entries read."""
    here = (MARKET_DAY.c.log == log, MARKET_DAY.c.day <= day)
    days = conn.execute(select(MARKET_DAY).where(*here).order_by(MARKET_DAY.c.day.desc())).all()
    if not days or days[0].day != day or days[0].market_closed is None:
        name = conn.execute(select(MARKET.c.name).where(MARKET.c.log == log)).scalar_one()
        return checks.DAY_NOT_CLOSED(field="day", market=name, day=day)
    back = days[: _look_back(thresholds) + 1]
    supervision = Supervision(thresholds, known(conn, log))
    _begin(conn, log, supervision)
    upto, found = int(days[0].market_closed), list[Alert]()
    entries = store.read(conn, log, after=int(back[-1].market_opened) - 1, upto=upto)
    for n, heard in enumerate(of_log(entries), 1):
        found += [alert for alert in supervision.hear(heard) if alert.day == day]
        if tick:
            tick(n)
    return Found(tuple(found), upto)


def known(conn: Connection, log: int) -> Known:
    """Owners, groups and names of a market's participants, by their numbers."""
    joined = MARKET_PARTY.join(SUBJECT, SUBJECT.c.id == MARKET_PARTY.c.subject_id)
    here = select(MARKET_PARTY.c.number, MARKET_PARTY.c.related, SUBJECT.c.id, SUBJECT.c.handle)
    rows = conn.execute(
        here.select_from(joined).where(MARKET_PARTY.c.log == log).order_by(MARKET_PARTY.c.number)
    ).all()
    owners = {row.number: owner_of(conn, row.id) for row in rows}
    return Known(
        _numbered(owners),
        _numbered({row.number: row.related for row in rows}),
        {row.number: row.handle for row in rows},
    )


def owner_of(conn: Connection, subject_id: str) -> str:
    """Who is on record as controlling a subject; blank where nobody is."""
    query = select(SUPERVISION_OWNER.c.owner).where(SUPERVISION_OWNER.c.subject_id == subject_id)
    return conn.execute(query.order_by(SUPERVISION_OWNER.c.seq.desc()).limit(1)).scalar() or ""


def _numbered(names: dict[int, str]) -> dict[int, int]:
    """The same with names replaced by numbers from 1; what has none is left out."""
    numbers = {name: n for n, name in enumerate(sorted({one for one in names.values() if one}), 1)}
    return {party: numbers[name] for party, name in names.items() if name}


def _begin(conn: Connection, log: int, supervision: Supervision) -> None:
    """What entries before the first one read have said: who takes part, and first references."""
    for row in conn.execute(select(MARKET_PARTY.c.number).where(MARKET_PARTY.c.log == log)):
        supervision.tape.groups[row.number] = 0
    listed = select(MARKET_INSTRUMENT.c.number, MARKET_INSTRUMENT.c.reference_fen)
    for row in conn.execute(listed.where(MARKET_INSTRUMENT.c.log == log)):
        supervision.tape.references[row.number] = row.reference_fen


def _look_back(thresholds: Thresholds) -> int:
    """Trading days before the one asked about that any rule looks at."""
    return max(thresholds.wash.days, thresholds.close.follow_days, thresholds.concentration.volume_days)
