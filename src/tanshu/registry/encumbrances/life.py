"""The life of a claim, from what the entries told: entered, displaced, topped up, renewed, ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection

from tanshu.base.text import Text
from tanshu.book.rows import INSERT
from tanshu.log import store
from tanshu.registry.encumbrances.model import Claim, ClaimState
from tanshu.registry.encumbrances.tables import CLAIM


class Event(StrEnum):
    """What an entry did to a claim."""

    ENTERED = "entered"
    DISPLACED = "displaced"
    TOPPED_UP = "topped-up"
    SHRUNK = "shrunk"
    RENEWED = "renewed"
    NOTED = "noted"
    ENDED = "ended"


EVENT_LABELS = {
    Event.ENTERED: Text("登记", "entered"),
    Event.DISPLACED: Text("让位", "displaced"),
    Event.TOPPED_UP: Text("递补", "topped up"),
    Event.SHRUNK: Text("减少", "shrunk"),
    Event.RENEWED: Text("续期", "renewed"),
    Event.NOTED: Text("补记", "noted"),
    Event.ENDED: Text("终止", "ended"),
}


@dataclass(frozen=True, slots=True)
class Turn:
    """How a claim stood after an entry that touched it, and what that entry did. Minor units."""

    seq: int
    time_ns: int
    actor: str
    command: str
    event: Event
    ordered: int
    held: int


def life(conn: Connection, log: int, claim: Claim) -> Iterator[Turn]:
    """The turns of a claim, the oldest first. Entries that do not name it are not opened.

    Raises Refused LOG-1003 where an entry is not what its hash says.
    """
    mark, stands = claim.id.encode(), {}
    for seq, told in store.rows(conn, log, claim.seq - 1, claim.ended_seq):
        if mark not in told:
            continue
        before = dict(stands)
        for kind, table, where, values in json.loads(told):
            if table == CLAIM.name and {**where, **values}.get("id") == claim.id:
                stands = dict(values) if kind == INSERT else {**stands, **values}
        if stands != before:
            entry = next(store.read(conn, log, seq - 1, seq))
            event = _event(before, stands)
            held, ordered = stands["held"], stands["ordered"]
            yield Turn(seq, entry.time_ns, entry.actor, entry.command, event, ordered, held)


def _event(before: dict[str, Any], after: dict[str, Any]) -> Event:
    if not before:
        return Event.ENTERED
    if after["state"] == ClaimState.ENDED:
        return Event.ENDED
    if after["ordered"] < before["ordered"]:
        return Event.SHRUNK
    if after["held"] != before["held"]:
        return Event.TOPPED_UP if after["held"] > before["held"] else Event.DISPLACED
    return Event.RENEWED if after["expires_on"] != before["expires_on"] else Event.NOTED
