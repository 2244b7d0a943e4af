"""Answers remembered for the length of one command: what the many decisions of a batch ask again and again.

A question marked `remembered` is asked once inside `remembering()`, and every time outside of it. So only
questions whose answers the command itself does not change are asked inside: who somebody is, which account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_KNOWN: ContextVar[dict[Any, Any] | None] = ContextVar("known", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Remember answers until the block ends."""
    token = _KNOWN.set({})
    try:
        yield
    finally:
        _KNOWN.reset(token)


def remember(question: Callable[..., T], answers: Mapping[Any, T]) -> None:
    """Inside `remembering()`: the answers to a question, found together for all of these.

    They go by its argument after the connection; by a tuple where it has several.
    """
    known = _KNOWN.get()
    assert known is not None, "nothing is remembered outside of `remembering`"
    asked = getattr(question, "__wrapped__", question)
    for argument, answer in answers.items():
        known[asked, *(argument if isinstance(argument, tuple) else (argument,))] = answer


def remembered(question: Callable[P, T]) -> Callable[P, T]:
    """Mark a question `(conn, …) → answer` whose arguments after the connection can be told apart."""

    @wraps(question)
    def ask(*args: P.args, **named: P.kwargs) -> T:
        known = _KNOWN.get()
        if known is None:
            return question(*args, **named)
        key = (question, *args[1:], *sorted(named.items()))
        if key not in known:
            known[key] = question(*args, **named)
        return known[key]

    return ask
