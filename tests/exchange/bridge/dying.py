"""A process that moves units in and out of a session until it is killed, or dies in mid-command."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import psycopg  # noqa: F401 - imported before the fork, or each child would do so

from tanshu import app
from tanshu.base.canonical import digest
from tanshu.book.commit import Answer, Context
from tanshu.exchange.market import Market
from tanshu.registry import effects, service
from tanshu.registry.model import Propose, ProposedLine
from tests.exchange.bridge.support import figures

FORKS = get_context("forkserver")
FORKS.set_forkserver_preload([__name__])


def move_for_ever(
    url: str, now_ns: int, sides: tuple[str, str], maker: str, dies: str, mouth: Connection
) -> None:
    """Move a tonne out, and back in; tell of each answer. dies: where it kills itself, blank for nowhere."""
    with figures():
        installation = app.open_installation(url)
        ticks = count(now_ns, 1_000_000)
        _arm(dies)
        for n in count():
            way = sides if n % 2 == 0 else sides[::-1]
            key = digest(f"dying {os.getpid()} {n}".encode())[:16]
            ctx = Context(installation.book, maker, key, clock=lambda: next(ticks))
            outcome = service.propose(ctx, Propose("position-transfer", (ProposedLine("CEA22", 1, *way),)))
            assert isinstance(outcome, Answer), outcome
            mouth.send((n, outcome.seq))


def _arm(dies: str) -> None:
    """At its second coming to this place the process is gone, as by a power cut."""
    place: dict[str, tuple[Any, str]] = {
        "in-the-join": (Market, "_run"),
        "after-the-join": (Market, "join"),
        "after-the-effect": (effects, "take_effect"),
    }
    if dies:
        owner, name = place[dies]
        setattr(owner, name, _deadly(getattr(owner, name)))


def _deadly(does: Callable[..., Any]) -> Callable[..., Any]:
    times = count(1)

    def dying(*args: Any, **named: Any) -> Any:
        done = does(*args, **named)
        if next(times) == 2:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return dying
