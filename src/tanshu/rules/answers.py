"""Turns a `Refused` raised deep inside a calculation into the refusal its public verb returns."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from tanshu.base.refusal import Refusal, Refused

P = ParamSpec("P")
T = TypeVar("T")


def answering(verb: Callable[P, T]) -> Callable[P, T | Refusal]:
    """The verb, returning the refusal instead of raising it."""

    @wraps(verb)
    def answer(*args: P.args, **kwargs: P.kwargs) -> T | Refusal:
        try:
            return verb(*args, **kwargs)
        except Refused as no:
            return no.refusal

    return answer
