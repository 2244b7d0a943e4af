"""A scenario's proposals with their chains of approvals, as planned commands."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from tanshu.job import Command, Desk
from tanshu.registry.model import Decide
from tanshu.registry.service import approve


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
