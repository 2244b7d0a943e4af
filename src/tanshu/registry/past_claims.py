"""The claims of any past moment, from what the entries up to it told.

The table `claim` says how the queues stand now. What they were at an earlier entry is folded from the log:
only entries that changed a claim are read into anything.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select

from tanshu.book.rows import DELETE, INSERT
from tanshu.log import store
from tanshu.registry.encumbrances.tables import CLAIM

_MARK = f'"{CLAIM.name}"'.encode()
_NEVER_STANDS = "ended"


class PastClaim(NamedTuple):
    """A claim that stood at a moment: what it was for, what it could come to hold, what it held."""

    id: str
    cls: str
    account: int
    instrument: int
    ordered: int
    reach: int
    held: int
    state: str
    seq: int
    n: int
    transaction_id: str
    document: str
    expires_on: date | None

    @property
    def waiting(self) -> int:
        """What it still waited for."""
        return max(0, self.reach - self.held)


def standing(
    conn: Connection, log: int, seq: int, accounts: Collection[int] | None = None
) -> list[PastClaim]:
    """The claims that stood after entry `seq`, by account, instrument and time; of `accounts`, if given."""
    newest = store.tail(conn, log)
    now = newest is not None and newest[0] == seq
    rows = _stored(conn) if now else _folded(conn, log, seq)
    found = [
        PastClaim(*(row[name] for name in PastClaim._fields))
        for row in rows
        if row["state"] != _NEVER_STANDS and (accounts is None or row["account"] in accounts)
    ]
    return sorted(found, key=lambda one: (one.account, one.instrument, one.seq, one.n))


def _stored(conn: Connection) -> list[dict[str, Any]]:
    query = select(CLAIM).where(CLAIM.c.state != _NEVER_STANDS)
    return [dict(row._mapping) for row in conn.execute(query)]


def _folded(conn: Connection, log: int, seq: int) -> list[dict[str, Any]]:
    first = conn.execute(select(func.min(CLAIM.c.seq))).scalar()  # claims are ended, never struck out
    claims: dict[str, dict[str, Any]] = {}
    if first is None or first > seq:
        return []
    for _, told in store.rows(conn, log, first - 1, seq):
        if _MARK not in told:
            continue
        for kind, table, where, values in json.loads(told):
            if table != CLAIM.name:
                continue
            if kind == INSERT:
                claims[values["id"]] = dict(values)
            elif kind == DELETE:
                claims.pop(where["id"], None)
            else:
                claims[where["id"]].update(values)
    for row in claims.values():
        day = row["expires_on"]
        row["expires_on"] = None if day is None else date.fromisoformat(day)
    return list(claims.values())
