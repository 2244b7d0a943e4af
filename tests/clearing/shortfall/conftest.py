"""A traded day, and a house with money of its own."""

from __future__ import annotations

import pytest

from tests.clearing.shortfall.support import House
from tests.exchange.bridge.support import Trading


@pytest.fixture
def house(trading: Trading) -> House:
    return House(trading)
