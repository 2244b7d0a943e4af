from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.databases import PostgresServer


@pytest.fixture(scope="module")
def register_server() -> Iterator[PostgresServer]:
    """A server with the settings of a register, to be stopped, filled and spoilt."""
    server = PostgresServer(durable=True)
    yield server
    server.stop()
