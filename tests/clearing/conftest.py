"""A traded day before a clearing house: the market of the exchange's tests, copied for each test."""

from __future__ import annotations

import pytest

from tests.clearing.support import House
from tests.exchange.bridge.support import Trading
from tests.exchange.conftest import postgresql_tradings, sqlite_tradings, trading

__all__ = ["house", "postgresql_tradings", "sqlite_tradings", "trading"]


@pytest.fixture
def house(trading: Trading) -> House:
    return House(trading)
