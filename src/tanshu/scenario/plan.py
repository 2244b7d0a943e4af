"""A scenario's year as planned commands: each with its actor, its time and its key, all known beforehand.

Key and time are pure functions of the scenario, its seed, the step and the command's number; so is every id
that derives from a key. A resumed run therefore repeats exactly what an undisturbed one does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time
from typing import Any

from sqlalchemy import Connection

from tanshu.base.clock import NS, shanghai_ns
from tanshu.base.ids import derived_id, scenario_key
from tanshu.base.text import Text
from tanshu.book.commit import Context, Outcome
from tanshu.parties import queries as parties
from tanshu.parties.model import AccountKind
from tanshu.registry.model import Decide
from tanshu.registry.service import approve

DAY_STARTS = time(9)
SECONDS_BETWEEN = 1


@dataclass(frozen=True, slots=True)
class Command:
    """One service verb to call: as whom, with what, on which business date."""

    actor: str
    verb: Callable[[Context, Any], Outcome]
    body: object
    day: date


@dataclass(frozen=True, slots=True)
class Step:
    """A named step of the year. `commands` is asked when the step runs, for it may need account codes."""

    name: str
    title: Text
    commands: Callable[[Desk], Sequence[Command]]


class Desk:
    """What planning a step may look at: account codes, which never change once given, and keys to come."""

    def __init__(self, conn: Connection, scenario: str, seed: str, step: str):
        self._conn = conn
        self._scope = (scenario, seed, step)
        self._codes: dict[tuple[str, AccountKind], str] = {}

    def account(self, handle: str, kind: AccountKind) -> str:
        """The code of a subject's account."""
        if not self._codes:
            handles = {subject.id: subject.handle for subject in parties.subjects(self._conn)}
            for account in parties.accounts(self._conn):
                self._codes[handles[account.subject_id], account.kind] = account.code
        return self._codes[handle, kind]

    def key(self, n: int) -> bytes:
        """The key of the step's n-th command."""
        return scenario_key(*self._scope, n)

    def transaction(self, n: int) -> str:
        """The id of the transaction that the step's n-th command proposes."""
        return derived_id("TX", self.key(n))


def instant(day: date, n: int) -> int:
    """The time of the n-th command of a step: the day from nine o'clock on, a few seconds apart."""
    return shanghai_ns(day, DAY_STARTS) + n * SECONDS_BETWEEN * NS


def with_approvals(
    desk: Desk, proposals: Iterable[Command], approvers: Callable[[Command], Sequence[str]]
) -> list[Command]:
    """Each proposal followed by the rest of its chain: `approvers` names who approves it, in order."""
    commands: list[Command] = []
    for proposal in proposals:
        id = desk.transaction(len(commands))
        commands.append(proposal)
        commands += [Command(actor, approve, Decide(id), proposal.day) for actor in approvers(proposal)]
    return commands
