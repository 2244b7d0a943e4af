"""The small market, on SQLite and on PostgreSQL."""

from collections.abc import Iterator

import pytest

from tests.support.market import Market


@pytest.fixture
def market(database_url: str) -> Iterator[Market]:
    made = Market(database_url)
    yield made
    made.close()
