"""Properties that are told a thousand times in `make test`, and ten thousand times in `make soak`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

TIMES = [1_000, pytest.param(10_000, marks=pytest.mark.soak)]
_SETTINGS = settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)


def thousands(**drawn: SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Draw these arguments so often; the others are fixtures, made once for all examples."""

    def decorate(sentence: Callable[..., None]) -> Callable[..., None]:
        asked = [one for one in inspect.signature(sentence).parameters.values() if one.name not in drawn]

        @pytest.mark.parametrize("times", TIMES)
        def test(times: int, **fixtures: object) -> None:
            def told(**examples: object) -> None:
                sentence(**fixtures, **examples)

            told.__name__ = sentence.__name__  # what a failure is called, and kept under
            settings(_SETTINGS, max_examples=times)(given(**drawn)(told))()

        test.__name__, test.__doc__ = sentence.__name__, sentence.__doc__
        times = inspect.Parameter("times", inspect.Parameter.POSITIONAL_OR_KEYWORD)
        test.__signature__ = inspect.Signature([times, *asked])  # type: ignore[attr-defined]
        return test

    return decorate
