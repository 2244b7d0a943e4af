"""How a room above takes part in the register's transactions: by checks and hooks it registers at start-up.

A transaction type names the room that owns it. The register runs that room's checks at proposal and again at
approval, and tells it what became of the transaction, in the same database transaction. Who looks after cells
rather than types watches every transaction (`watch`): a market does, for what its session holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tanshu.base.refusal import Refusal
from tanshu.book.commit import Act
from tanshu.registry.model import Proposed
from tanshu.registry.types import Whose

Check = Callable[[Act, Proposed], Refusal | None]
Hook = Callable[[Act, Proposed], None]


def _no_objection(_act: Act, _proposed: Proposed) -> Refusal | None:
    """The room has nothing to free."""


def _nothing(_act: Act, _proposed: Proposed) -> None:
    """The room keeps no rows of its own for this moment."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a room brings: per type code its checks, and what it does when one is proposed or has ended.

    before: asked at the proposal, before anybody looks whether the units are there; it may let claims of its
    own go, so that they are. A refusal takes that back with everything else. on_undone: by the type of the
    transaction that a reversal or correction gave back; it sees the latter.
    """

    name: str
    before: Mapping[str, Check] = field(default_factory=dict)
    checks: Mapping[str, tuple[Check, ...]] = field(default_factory=dict)
    on_proposed: Mapping[str, Hook] = field(default_factory=dict)
    on_effected: Mapping[str, Hook] = field(default_factory=dict)
    on_dropped: Mapping[str, Hook] = field(default_factory=dict)
    on_undone: Mapping[str, Hook] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watcher:
    """What somebody does about any transaction that touches what they look after.

    before: at the proposal, after the owning room's; it may free what the lines need, or refuse. taking: just
    before it takes effect; a refusal keeps it from doing so. dropping: just before what it held goes back to
    those who wait. effected, dropped: when it has.
    """

    name: str
    before: Check = _no_objection
    taking: Check = _no_objection
    effected: Hook = _nothing
    dropping: Hook = _nothing
    dropped: Hook = _nothing


_ROOMS: dict[str, Room] = {}
_WATCHERS: dict[str, Watcher] = {}


def register(room: Room) -> None:
    """Take a room's checks and hooks; registering it again replaces them."""
    _ROOMS[room.name] = room


def watch(watcher: Watcher) -> None:
    """From now on it is asked and told about every transaction; watching again replaces it."""
    _WATCHERS[watcher.name] = watcher


def registered() -> tuple[str, ...]:
    return tuple(_ROOMS)


def before(act: Act, proposed: Proposed) -> Refusal | None:
    """Let the owning room, then those who watch, free what they keep for this proposal, or refuse it."""
    asked = (_room(proposed).before.get(proposed.type.code, _no_objection), *_each("before"))
    return next((refused for one in asked if (refused := one(act, proposed))), None)


def taking(act: Act, proposed: Proposed) -> Refusal | None:
    """Those who watch, just before a transaction takes effect."""
    return next((refused for one in _each("taking") if (refused := one(act, proposed))), None)


def check(act: Act, proposed: Proposed) -> Refusal | None:
    """The first refusal of the owning room, or None."""
    for one in _room(proposed).checks.get(proposed.type.code, ()):
        refused = one(act, proposed)
        if refused:
            return refused
    return None


def proposed(act: Act, proposed: Proposed) -> None:
    _room(proposed).on_proposed.get(proposed.type.code, _nothing)(act, proposed)


def effected(act: Act, proposed: Proposed) -> None:
    _room(proposed).on_effected.get(proposed.type.code, _nothing)(act, proposed)
    before = proposed.original
    if before and proposed.type.whose is Whose.ORIGINAL:
        _ROOMS[before.type.room].on_undone.get(before.type.code, _nothing)(act, proposed)
    for one in _each("effected"):
        one(act, proposed)


def dropping(act: Act, proposed: Proposed) -> None:
    for one in _each("dropping"):
        one(act, proposed)


def dropped(act: Act, proposed: Proposed) -> None:
    _room(proposed).on_dropped.get(proposed.type.code, _nothing)(act, proposed)
    for one in _each("dropped"):
        one(act, proposed)


def _room(proposed: Proposed) -> Room:
    return _ROOMS[proposed.type.room]


def _each(moment: str) -> list[Callable[[Act, Proposed], Any]]:
    return [getattr(watcher, moment) for watcher in _WATCHERS.values()]
