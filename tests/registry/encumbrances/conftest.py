"""Whatever a test of the queues does, the second opinion has nothing to say against it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.judged import findings
from tests.support.market import Market


@pytest.fixture(autouse=True)
def _judged(market: Market, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The pack that a test put in force is still the law when its log is judged."""
    assert monkeypatch
    yield
    assert findings(market) == []
