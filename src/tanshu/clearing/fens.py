"""Which fen moves: money followed as numbered units are, first in, first out.

Money has no serial numbers in the book. To follow one fen all the same, the rule by which tonnes are numbered
(`book/serial_queues.py`) is applied to money while the log is read: every fen that a bank pays in gets a
number, and what leaves an account leaves in the order in which it came. Nothing is kept; it is worked out
from the log whenever somebody asks, by the same rule with the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from sqlalchemy import Connection

from tanshu.book.records import Op
from tanshu.book.replay import gather
from tanshu.book.serial_queues import Queues, Stretch
from tanshu.book.serials import Stay
from tanshu.log import store

_FIELDS = ("op", "instrument", "debit", "credit", "amount", "hold")
_MOVES = (Op.TRANSFER, Op.HOLD, Op.CAPTURE, Op.RELEASE)


def life(conn: Connection, log: int, instrument: int, n: int) -> list[Stay]:
    """Where fen n of an instrument was, from the record that paid it in on; empty where there is none."""
    found: list[Stretch] = []
    queues = Queues()
    for _ in _moving(conn, log, instrument, queues):
        found += [one for one in queues.left if one[1] <= n <= one[2]]
    found += [one for one in _standing(queues) if one[1] <= n <= one[2]]
    return [_stay(one) for one in found]


def moved_by(conn: Connection, log: int, instrument: int, record: int) -> int | None:
    """The first fen that the record at this position moved."""
    queues = Queues()
    for now in _moving(conn, log, instrument, queues, record):
        if now == record:
            return min(start for since, start in queues.came if since == now)
    return None


def held_by(conn: Connection, log: int, instrument: int, account: int) -> int | None:
    """Of what an account has, the fen that came first."""
    queues = Queues()
    for _ in _moving(conn, log, instrument, queues):
        pass
    mine = [(one[6], one[1]) for one in _standing(queues) if one[4] == account]
    return min(mine)[1] if mine else None


# -- steps -------------------------------------------------------------------------------------------------


def _moving(
    conn: Connection, log: int, instrument: int, queues: Queues, upto: int | None = None
) -> Iterator[int]:
    """Move record after record, each time with the changes that it alone made; give its position."""
    queues.define(instrument)
    for entry in store.read(conn, log):
        at, records, results = gather([entry])
        mine = (results == 0) & (records["instrument"] == instrument) & np.isin(records["op"], _MOVES)
        columns = (records[name][mine].tolist() for name in _FIELDS)
        for now, *fields in zip(at[mine].tolist(), *columns, strict=True):
            queues.forget_changes()
            queues.apply(now, *fields)
            yield now
            if now == upto:
                return


def _standing(queues: Queues) -> Iterator[Stretch]:
    """Every stretch that goes on."""
    for cell in queues.cells.values():
        places = [(0, cell.queue), *cell.holds.items()]
        for hold, pieces in places:
            for acquired, start, end, since in pieces:
                yield since, start, end, cell.instrument, cell.account, hold, acquired, None


def _stay(one: Stretch) -> Stay:
    since, start, end, _, account, hold, acquired, until = one
    return Stay(account, hold, since, until, acquired, start, end)
